// SPDX-License-Identifier: GPL-2.0-only
/*
 * machbench - a pager on the bare interface: becoming one, and the answers.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"
#include "backend.h"
#include "raw.h"

static struct raw_pager pager;

/* A pager that goes on after an error would only hide it. */
void raw_die(const char *what, int error)
{
	bench_fail("machvm: pager: %s: %s", what, strerror(error));
	exit(1);
}

static void supply(struct raw_worker *worker, unsigned int tag,
		   const struct mach_message *message, struct mach_part *part)
{
	char *buffer = worker->buffers + tag * worker->pager->cluster;

	part->offset = message->offset;
	part->length = message->length;
	if (!worker->pager->copy) {
		part->kind = MACH_PART_FILE;
		part->fd = worker->pager->file;
		part->source = message->offset;
		return;
	}
	if (pread(worker->pager->file, buffer, message->length,
		  message->offset) != (ssize_t)message->length)
		raw_die("cannot read the store", errno);
	part->kind = MACH_PART_COPY;
	part->source = (uintptr_t)buffer;
}

static void collect(struct raw_worker *worker, unsigned int tag,
		    const struct mach_message *message)
{
	char *buffer = worker->buffers + tag * worker->pager->cluster;
	struct mach_pager_collect collect = {
		.size = sizeof(collect),
		.queue = worker->queue,
		.tag = tag,
		.generation = message->generation,
		.offset = message->offset,
		.length = message->length,
		.address = (uintptr_t)buffer,
	};

	if (ioctl(worker->pager->fd, MACH_PAGER_COLLECT, &collect))
		raw_die("MACH_PAGER_COLLECT", errno);
	if (pwrite(worker->pager->file, buffer, message->length,
		   message->offset) != (ssize_t)message->length)
		raw_die("cannot write the store", errno);
}

static void take(struct raw_worker *worker, unsigned int tag,
		 const struct mach_message *message, struct mach_part *part)
{
	part->offset = message->offset;
	part->length = message->length;
	if (worker->pager->copy) {
		collect(worker, tag, message);
		part->kind = MACH_PART_DONE;
		return;
	}
	part->kind = MACH_PART_FILE;
	part->fd = worker->pager->file;
	part->source = message->offset;
}

/* Set @part to the answer for @message; how many parts that makes. */
unsigned int raw_answer(struct raw_worker *worker, unsigned int tag,
			const struct mach_message *message,
			struct mach_part *part)
{
	memset(part, 0, sizeof(*part));
	switch (message->operation) {
	case MACH_OP_DATA_REQUEST:
		supply(worker, tag, message, part);
		return 1;
	case MACH_OP_DATA_RETURN:
		take(worker, tag, message, part);
		return 1;
	case MACH_OP_SYNCHRONIZE:
		if (fdatasync(worker->pager->file))
			raw_die("cannot sync the store", errno);
		part->kind = MACH_PART_DONE;
		return 1;
	case MACH_OP_LOCK_COMPLETED:
		sem_post(&worker->pager->flushed);
		return 0;
	default:
		return 0;
	}
}

static void pin(pthread_attr_t *attributes, unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	pthread_attr_setaffinity_np(attributes, sizeof(set), &set);
}

static void start_worker(unsigned int queue, const char *array, bool by_ioctl)
{
	struct raw_worker *worker = calloc(1, sizeof(*worker));
	pthread_attr_t attributes;
	pthread_t thread;
	int error;

	if (!worker)
		raw_die("worker", ENOMEM);
	worker->pager = &pager;
	worker->queue = queue;
	worker->messages = (const struct mach_message *)array;
	worker->buffers = aligned_alloc(BENCH_PAGE, RAW_DEPTH * pager.cluster);
	if (!worker->buffers)
		raw_die("buffers", ENOMEM);
	memset(worker->buffers, 0, RAW_DEPTH * pager.cluster);
	pthread_attr_init(&attributes);
	if (pager.queues == sysconf(_SC_NPROCESSORS_ONLN))
		pin(&attributes, queue);
	error = pthread_create(&thread, &attributes,
			       by_ioctl ? raw_ioctl_worker : raw_ring_worker,
			       worker);
	if (error)
		raw_die("thread", error);
	sem_wait(&pager.started);
}

static void start_workers(const struct mach_pager_register *reg, bool by_ioctl)
{
	unsigned int queue;
	void *array;

	for (queue = 0; queue < pager.queues; queue++) {
		array = mmap(NULL, reg->array_size, PROT_READ, MAP_SHARED,
			     pager.fd, queue * reg->array_stride);
		if (array == MAP_FAILED)
			raw_die("mapping the messages", errno);
		start_worker(queue, array, by_ioctl);
	}
}

static void open_files(const struct bench_pager_config *config)
{
	int flags = O_RDWR | O_CLOEXEC | (config->direct ? O_DIRECT : 0);

	pager.fd = open(MACH_VM_DEVICE, O_RDWR | O_CLOEXEC);
	if (pager.fd < 0)
		raw_die("cannot open " MACH_VM_DEVICE
			" (load the module with: insmod machvm.ko)", errno);
	pager.file = open(config->path, flags);
	if (pager.file < 0)
		raw_die(config->path, errno);
}

static unsigned int online_cpus(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	return cpus < MACH_PAGER_QUEUES_MAX ? cpus : MACH_PAGER_QUEUES_MAX;
}

static int raw_start(const struct bench_pager_config *config)
{
	struct mach_pager_register reg = {
		.size = sizeof(reg),
		.queues = config->queues ? config->queues : online_cpus(),
		.depth = RAW_DEPTH,
	};
	struct mach_pager_create create = {
		.size = sizeof(create),
		.object_size = config->size,
		.cluster = config->cluster,
	};

	open_files(config);
	pager.copy = config->copy;
	pager.cluster = config->cluster;
	pager.queues = reg.queues;
	sem_init(&pager.flushed, 0, 0);
	sem_init(&pager.started, 0, 0);
	if (ioctl(pager.fd, MACH_PAGER_REGISTER, &reg))
		raw_die("MACH_PAGER_REGISTER", errno);
	start_workers(&reg, config->ioctl);
	if (ioctl(pager.fd, MACH_PAGER_CREATE, &create))
		raw_die("MACH_PAGER_CREATE", errno);
	pager.object = create.object;
	return create.fd;
}

static int raw_flush(void)
{
	struct mach_pager_lock lock = {
		.size = sizeof(lock),
		.flags = MACH_LOCK_CLEAN | MACH_LOCK_FLUSH | MACH_LOCK_REPLY,
		.object = pager.object,
	};

	if (ioctl(pager.fd, MACH_PAGER_LOCK_REQUEST, &lock))
		return bench_fail("machvm: pager: MACH_PAGER_LOCK_REQUEST: %s",
				  strerror(errno));
	return sem_wait(&pager.flushed);
}

const struct bench_backend bench_backend_raw = {
	.start = raw_start,
	.flush = raw_flush,
};
