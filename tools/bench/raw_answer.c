// SPDX-License-Identifier: GPL-2.0-only
/*
 * machbench - a pager on the bare interface: its answers.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench.h"
#include "raw.h"

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

	part->size = sizeof(*part);
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
	part->size = sizeof(*part);
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
		part->size = sizeof(*part);
		part->kind = MACH_PART_DONE;
		return 1;
	case MACH_OP_LOCK_COMPLETED:
		sem_post(&worker->pager->flushed);
		return 0;
	default:
		return 0;
	}
}
