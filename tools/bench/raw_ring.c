// SPDX-License-Identifier: GPL-2.0-only
/*
 * machbench - a pager on the bare interface: requests by ring.
 */
#include <errno.h>
#include <liburing.h>
#include <string.h>

#include "bench.h"
#include "raw.h"

static void post(struct io_uring *ring, const struct raw_worker *worker,
		 unsigned int op, const struct mach_pager_answer *command)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe)
		raw_die("submission queue", ENOSPC);
	memset(sqe, 0, 2 * sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = worker->pager->fd;
	sqe->cmd_op = op;
	sqe->user_data = command->tag;
	memcpy(sqe->cmd, command, sizeof(*command));
}

static void fetch(struct io_uring *ring, struct raw_worker *worker,
		  unsigned int tag)
{
	const struct mach_pager_answer command = {
		.size = sizeof(command),
		.queue = worker->queue,
		.tag = tag,
	};

	post(ring, worker, MACH_RING_FETCH, &command);
}

static void serve(struct io_uring *ring, struct raw_worker *worker,
		  unsigned int tag)
{
	const struct mach_message *message = &worker->messages[tag];
	struct mach_pager_answer command = {
		.size = sizeof(command),
		.queue = worker->queue,
		.tag = tag,
		.generation = message->generation,
	};

	command.nr_parts = raw_answer(worker, tag, message, &command.part);
	post(ring, worker, MACH_RING_COMMIT_AND_FETCH, &command);
}

static void completed(struct io_uring *ring, struct raw_worker *worker)
{
	struct io_uring_cqe *cqe;
	unsigned int head, nr = 0;

	io_uring_for_each_cqe(ring, head, cqe) {
		if (cqe->res < 0)
			raw_die("a ring command was refused", -cqe->res);
		serve(ring, worker, cqe->user_data);
		nr++;
	}
	io_uring_cq_advance(ring, nr);
}

static void make_ring(struct io_uring *ring)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_SQE128 | IORING_SETUP_SINGLE_ISSUER |
			 IORING_SETUP_DEFER_TASKRUN,
	};
	int error = io_uring_queue_init_params(RAW_DEPTH, ring, &params);

	if (error)
		raw_die("io_uring", -error);
	if (io_uring_register_ring_fd(ring) < 0)
		bench_say("machvm: pager: the ring is not registered");
}

void *raw_ring_worker(void *argument)
{
	struct raw_worker *worker = argument;
	struct io_uring ring;
	unsigned int tag;
	int error;

	make_ring(&ring);
	for (tag = 0; tag < RAW_DEPTH; tag++)
		fetch(&ring, worker, tag);
	error = io_uring_submit(&ring);
	if (error < 0)
		raw_die("io_uring_submit", -error);
	sem_post(&worker->pager->started);
	for (;;) {
		error = io_uring_submit_and_wait(&ring, 1);
		if (error < 0 && error != -EINTR)
			raw_die("io_uring_enter", -error);
		completed(&ring, worker);
	}
	return NULL;
}
