// SPDX-License-Identifier: GPL-2.0-only
/*
 * machbench - a pager on the bare interface: becoming one.
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
#include "common/module.h"

static struct raw_pager pager;

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
			" (" LOAD_MODULE ")", errno);
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
		.message_size = sizeof(struct mach_message),
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
