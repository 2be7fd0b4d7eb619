// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libuserpager - requests by io_uring: one ring and one thread a queue, and in
 * the usual case one system call a request: the answer goes in with the same
 * io_uring_enter() that waits for the next request.
 */
#include <errno.h>
#include <liburing.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/eventfd.h>

#include "transport.h"

/* Index of the pager descriptor among the ring's registered files */
#define PAGER_FILE	0

/* The name of the read of the bell; those of commands are tags. */
#define BELL		UINT64_MAX

/* What the kernel has of a slot */
enum slot_state {
	SLOT_IDLE,		/* nothing posted, nothing held */
	SLOT_FETCHING,		/* FETCH is posted */
	SLOT_COMMITTING,	/* COMMIT_AND_FETCH is posted */
	SLOT_HELD,		/* a request is ours to answer */
};

/* A queue's ring; only its worker touches it. */
struct ring {
	struct pager_queue *queue;
	struct io_uring uring;
	unsigned int posted;	/* commands that will complete */
	bool bell_posted;	/* so will a read of the bell */
};

static int try_ring(struct io_uring *uring, unsigned int entries,
		    unsigned int flags)
{
	struct io_uring_params params = { .flags = flags };

	return -io_uring_queue_init_params(entries, uring, &params);
}

/* Best first; what is missing on this kernel is EINVAL. */
static int make_ring(struct io_uring *uring, unsigned int entries)
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
		err = try_ring(uring, entries, flags[i]);
	return err;
}

static int probe(void)
{
	struct io_uring uring;
	int err = make_ring(&uring, 1);

	if (!err)
		io_uring_queue_exit(&uring);
	return err;
}

static int open_ring(struct ring *ring)
{
	struct pager_session *session = ring->queue->session;
	int err;

	/* each slot has at most one command staged, and the bell one read */
	err = make_ring(&ring->uring, session->depth + 1);
	if (err)
		return err;
	err = -io_uring_register_files(&ring->uring, &session->fd, 1);
	if (err) {
		io_uring_queue_exit(&ring->uring);
		return err;
	}
	/* spares a descriptor look-up a call; without it all works the same */
	io_uring_register_ring_fd(&ring->uring);
	return 0;
}

/* A slot of a ring with 128-byte SQEs; liburing speaks of the first half. */
struct wide_sqe {
	union {
		struct io_uring_sqe sqe;
		struct io_uring_sqe halves[2];
		struct {
			char head[offsetof(struct io_uring_sqe, cmd)];
			struct mach_pager_answer command;
		};
	};
};

_Static_assert(sizeof(struct wide_sqe) == 2 * sizeof(struct io_uring_sqe),
	       "the command fits into a 128-byte SQE");

static struct wide_sqe *next_sqe(struct ring *ring)
{
	struct wide_sqe *wide = (void *)io_uring_get_sqe(&ring->uring);

	/* in two halves: one of 128 bytes becomes a slow string instruction */
	memset(&wide->halves[0], 0, sizeof(wide->halves[0]));
	memset(&wide->halves[1], 0, sizeof(wide->halves[1]));
	return wide;
}

static struct mach_pager_answer *stage(struct ring *ring,
				       const struct pager_request *req,
				       uint32_t op)
{
	struct wide_sqe *wide = next_sqe(ring);

	wide->sqe.opcode = IORING_OP_URING_CMD;
	wide->sqe.flags = IOSQE_FIXED_FILE;
	wide->sqe.fd = PAGER_FILE;
	wide->sqe.cmd_op = op;
	wide->sqe.user_data = req->tag;
	ring->posted++;
	return &wide->command;
}

static void stage_fetch(struct ring *ring, struct pager_request *req)
{
	struct mach_pager_answer *command = stage(ring, req, MACH_RING_FETCH);

	command->size = sizeof(*command);
	command->queue = ring->queue->index;
	command->tag = req->tag;
	req->state = SLOT_FETCHING;
}

static void stage_commit(struct ring *ring, struct pager_request *req)
{
	pager_request_fill(req, stage(ring, req, MACH_RING_COMMIT_AND_FETCH));
	req->state = SLOT_COMMITTING;
}

/*
 * The bell is only needed once requests are answered by other threads: then
 * a slot has to be armed again by us, who may be asleep.
 */
static void arm_bell(struct ring *ring)
{
	struct pager_queue *queue = ring->queue;
	struct io_uring_sqe *sqe;

	if (ring->bell_posted)
		return;
	sqe = &next_sqe(ring)->sqe;
	io_uring_prep_read(sqe, queue->bell, &queue->bell_value,
			   sizeof(queue->bell_value), 0);
	sqe->user_data = BELL;
	ring->bell_posted = true;
}

static void bell_rang(struct ring *ring)
{
	struct pager_queue *queue = ring->queue;
	uint64_t tags;
	unsigned int i;

	ring->bell_posted = false;
	if (pager_stopping(queue->session))
		return;
	for (i = 0; i < sizeof(queue->rearm) / sizeof(*queue->rearm); i++) {
		tags = atomic_exchange(&queue->rearm[i], 0);
		for (; tags; tags &= tags - 1)
			stage_fetch(ring, &queue->slots[i * 64 +
							__builtin_ctzll(tags)]);
	}
	arm_bell(ring);
}

static void request_came(struct ring *ring, struct pager_request *req)
{
	req->message = ring->queue->array[req->tag];
	req->state = SLOT_HELD;
	if (pager_dispatch(req))
		stage_commit(ring, req);
}

/*
 * A command ended without a request. A commit that failed because its request
 * is over leaves the slot free; after any other failure we still hold it.
 */
static void command_failed(struct ring *ring, struct pager_request *req, int err)
{
	bool committing = req->state == SLOT_COMMITTING;

	req->state = SLOT_IDLE;
	if (pager_stopping(ring->queue->session))
		return;
	if (!committing) {
		ring->queue->lost = err;
		return;
	}
	if (err == ESTALE || err == ENODEV) {
		stage_fetch(ring, req);
		return;
	}
	req->state = SLOT_HELD;
	if (pager_dispatch_refused(req, err))
		stage_commit(ring, req);
}

static void handle(struct ring *ring, const struct io_uring_cqe *cqe, bool more)
{
	struct pager_request *req;

	if (unlikely(cqe->user_data == BELL)) {
		bell_rang(ring);
		return;
	}
	req = &ring->queue->slots[cqe->user_data];
	ring->posted--;
	if (unlikely(cqe->res < 0))
		command_failed(ring, req, -cqe->res);
	else
		request_came(ring, req);
	/* who copies takes its time: do not let the first wait for the last */
	if (more && req->buffered)
		io_uring_submit(&ring->uring);
}

static void handle_all(struct ring *ring)
{
	struct io_uring_cqe *cqe;
	unsigned int head, count = 0;
	unsigned int ready = io_uring_cq_ready(&ring->uring);

	io_uring_for_each_cqe(&ring->uring, head, cqe) {
		handle(ring, cqe, ++count < ready);
		if (count == ready)
			break;
	}
	io_uring_cq_advance(&ring->uring, count);
}

static int submit_and_wait(struct ring *ring)
{
	int ret = io_uring_submit_and_wait(&ring->uring, 1);

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
static int run(struct ring *ring)
{
	struct pager_queue *queue = ring->queue;
	int err = 0;

	while (!err && (ring->posted ||
			(ring->bell_posted && !pager_stopping(queue->session)))) {
		err = submit_and_wait(ring);
		handle_all(ring);
	}
	return err ?: queue->lost ?: ENODEV;
}

static int fetch_all(struct ring *ring)
{
	unsigned int tag;
	int ret;

	for (tag = 0; tag < ring->queue->session->depth; tag++)
		stage_fetch(ring, &ring->queue->slots[tag]);
	ret = io_uring_submit(&ring->uring);
	return ret < 0 ? -ret : 0;
}

static int serve(struct pager_queue *queue)
{
	struct ring ring = { .queue = queue };
	int err;

	queue->transport = &ring;
	err = open_ring(&ring);
	if (err) {
		pager_worker_started(queue, err);
		return err;
	}
	err = fetch_all(&ring);
	pager_worker_started(queue, err);
	if (!err)
		err = run(&ring);
	io_uring_queue_exit(&ring.uring);
	return err;
}

static void detached(struct pager_queue *queue)
{
	arm_bell(queue->transport);
}

static void wake(struct pager_queue *queue)
{
	if (queue->bell >= 0)
		eventfd_write(queue->bell, 1);
}

static void rearm(struct pager_request *req)
{
	struct pager_queue *queue = req->queue;

	atomic_fetch_or(&queue->rearm[req->tag / 64], 1ULL << req->tag % 64);
	wake(queue);
}

const struct transport pager_ring_transport = {
	.kind = PAGER_TRANSPORT_RING,
	.probe = probe,
	.serve = serve,
	.rearm = rearm,
	.detached = detached,
	.wake = wake,
	.call = pager_ioctl,
};
