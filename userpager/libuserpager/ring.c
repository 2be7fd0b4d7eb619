// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libuserpager - requests by io_uring: one ring and one thread a queue, and in
 * the usual case one system call a request: the answer goes in with the same
 * io_uring_enter() that waits for the next request.
 */
#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/eventfd.h>

#include "pager_priv.h"

/* Index of the pager descriptor among the ring's registered files */
#define PAGER_FILE	0

static int try_ring(struct io_uring *ring, unsigned int entries,
		    unsigned int flags)
{
	struct io_uring_params params = { .flags = flags };

	return -io_uring_queue_init_params(entries, ring, &params);
}

/* Best first; what is missing on this kernel is EINVAL. */
static int make_ring(struct io_uring *ring, unsigned int entries)
{
	static const unsigned int flags[] = {
		IORING_SETUP_SQE128 | IORING_SETUP_SUBMIT_ALL |
			IORING_SETUP_COOP_TASKRUN |
			IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
		IORING_SETUP_SQE128 | IORING_SETUP_SUBMIT_ALL |
			IORING_SETUP_COOP_TASKRUN,
		IORING_SETUP_SQE128,
	};
	size_t i;
	int err = EINVAL;

	for (i = 0; i < sizeof(flags) / sizeof(*flags) && err == EINVAL; i++)
		err = try_ring(ring, entries, flags[i]);
	return err;
}

int pager_ring_probe(void)
{
	struct io_uring ring;
	int err = make_ring(&ring, 1);

	if (!err)
		io_uring_queue_exit(&ring);
	return err;
}

static int open_ring(struct pager_queue *queue)
{
	int err;

	/* each slot has at most one command staged, and the bell one read */
	err = make_ring(&queue->ring, queue->session->depth + 1);
	if (err)
		return err;
	err = -io_uring_register_files(&queue->ring, &queue->session->fd, 1);
	if (err) {
		io_uring_queue_exit(&queue->ring);
		return err;
	}
	/* spares a descriptor look-up a call; without it all works the same */
	io_uring_register_ring_fd(&queue->ring);
	return 0;
}

/* A slot of a ring with 128-byte SQEs; liburing speaks of the first half. */
struct wide_sqe {
	union {
		struct io_uring_sqe sqe;
		struct {
			char head[offsetof(struct io_uring_sqe, cmd)];
			struct mach_ring_command command;
		};
	};
};

_Static_assert(sizeof(struct wide_sqe) == 2 * sizeof(struct io_uring_sqe),
	       "the command fills a 128-byte SQE");

static struct wide_sqe *next_sqe(struct pager_queue *queue)
{
	struct wide_sqe *wide = (void *)io_uring_get_sqe(&queue->ring);

	/* in two halves: one of 128 bytes becomes a slow string instruction */
	memset(&wide->sqe, 0, sizeof(wide->sqe));
	memset(&wide->sqe + 1, 0, sizeof(wide->sqe));
	return wide;
}

static struct mach_ring_command *stage(struct pager_request *req, uint32_t op)
{
	struct pager_queue *queue = req->queue;
	struct wide_sqe *wide = next_sqe(queue);

	wide->sqe.opcode = IORING_OP_URING_CMD;
	wide->sqe.flags = IOSQE_FIXED_FILE;
	wide->sqe.fd = PAGER_FILE;
	wide->sqe.cmd_op = op;
	wide->sqe.user_data = req->tag;
	wide->command.queue = queue->index;
	wide->command.tag = req->tag;
	queue->posted++;
	return &wide->command;
}

static void stage_fetch(struct pager_request *req)
{
	stage(req, MACH_RING_FETCH);
	req->state = PAGER_SLOT_FETCHING;
}

static void stage_commit(struct pager_request *req)
{
	struct mach_ring_command *command;

	command = stage(req, MACH_RING_COMMIT_AND_FETCH);
	command->generation = req->message.generation;
	command->nr_parts = req->nr_parts;
	if (req->nr_parts == 1)
		command->part = req->parts[0];
	else if (req->nr_parts)
		command->parts = (uintptr_t)req->parts;
	req->state = PAGER_SLOT_COMMITTING;
}

/*
 * The bell is only needed once requests are answered by other threads: then
 * a slot has to be armed again by us, who may be asleep.
 */
void pager_ring_arm_bell(struct pager_queue *queue)
{
	struct io_uring_sqe *sqe;

	if (queue->bell_posted)
		return;
	sqe = &next_sqe(queue)->sqe;
	io_uring_prep_read(sqe, queue->bell, &queue->bell_value,
			   sizeof(queue->bell_value), 0);
	sqe->user_data = PAGER_BELL;
	queue->bell_posted = true;
}

void pager_ring_wake(struct pager_queue *queue)
{
	if (queue->bell >= 0)
		eventfd_write(queue->bell, 1);
}

void pager_ring_rearm(struct pager_request *req)
{
	struct pager_queue *queue = req->queue;

	atomic_fetch_or(&queue->rearm[req->tag / 64], 1ULL << req->tag % 64);
	pager_ring_wake(queue);
}

static void bell_rang(struct pager_queue *queue)
{
	uint64_t tags;
	unsigned int i;

	queue->bell_posted = false;
	if (pager_stopping(queue->session))
		return;
	for (i = 0; i < sizeof(queue->rearm) / sizeof(*queue->rearm); i++) {
		tags = atomic_exchange(&queue->rearm[i], 0);
		for (; tags; tags &= tags - 1)
			stage_fetch(&queue->slots[i * 64 +
						  __builtin_ctzll(tags)]);
	}
	pager_ring_arm_bell(queue);
}

static void request_came(struct pager_request *req)
{
	struct pager_queue *queue = req->queue;

	req->message = queue->array[req->tag];
	req->state = PAGER_SLOT_HELD;
	if (pager_dispatch(req))
		stage_commit(req);
}

/*
 * A command ended without a request. A commit that failed because its request
 * is over leaves the slot free; after any other failure we still hold it.
 */
static void command_failed(struct pager_request *req, int err)
{
	bool committing = req->state == PAGER_SLOT_COMMITTING;

	req->state = PAGER_SLOT_IDLE;
	if (pager_stopping(req->queue->session))
		return;
	if (!committing) {
		req->queue->lost = err;
		return;
	}
	if (err == ESTALE || err == ENODEV) {
		stage_fetch(req);
		return;
	}
	req->state = PAGER_SLOT_HELD;
	if (pager_dispatch_refused(req, err))
		stage_commit(req);
}

static void handle(struct pager_queue *queue, const struct io_uring_cqe *cqe,
		   bool more)
{
	struct pager_request *req;

	if (unlikely(cqe->user_data == PAGER_BELL)) {
		bell_rang(queue);
		return;
	}
	req = &queue->slots[cqe->user_data];
	queue->posted--;
	if (unlikely(cqe->res < 0))
		command_failed(req, -cqe->res);
	else
		request_came(req);
	/* who copies takes its time: do not let the first wait for the last */
	if (more && req->buffered)
		io_uring_submit(&queue->ring);
}

static void handle_all(struct pager_queue *queue)
{
	struct io_uring_cqe *cqe;
	unsigned int head, count = 0;
	unsigned int ready = io_uring_cq_ready(&queue->ring);

	io_uring_for_each_cqe(&queue->ring, head, cqe) {
		handle(queue, cqe, ++count < ready);
		if (count == ready)
			break;
	}
	io_uring_cq_advance(&queue->ring, count);
}

static int submit_and_wait(struct pager_queue *queue)
{
	int ret = io_uring_submit_and_wait(&queue->ring, 1);

	if (ret >= 0 || ret == -EINTR)
		return 0;
	if (ret == -EAGAIN || ret == -EBUSY) {
		/* out of memory for the moment, or completions to reap first */
		sched_yield();
		return 0;
	}
	return -ret;
}

/* Until the kernel has given every command back, or none will ever come. */
static int serve(struct pager_queue *queue)
{
	int err = 0;

	while (!err && (queue->posted ||
			(queue->bell_posted && !pager_stopping(queue->session)))) {
		err = submit_and_wait(queue);
		handle_all(queue);
	}
	return err ?: queue->lost ?: ENODEV;
}

int pager_ring_worker(struct pager_queue *queue)
{
	unsigned int tag;
	int ret, err;

	err = open_ring(queue);
	if (err) {
		pager_worker_started(queue, err);
		return err;
	}
	for (tag = 0; tag < queue->session->depth; tag++)
		stage_fetch(&queue->slots[tag]);
	ret = io_uring_submit(&queue->ring);
	if (ret < 0)
		err = -ret;
	pager_worker_started(queue, err);
	if (!err)
		err = serve(queue);
	io_uring_queue_exit(&queue->ring);
	return err;
}
