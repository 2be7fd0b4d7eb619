// SPDX-License-Identifier: GPL-2.0-only
/* The calls of a pager as functions, and requests received and answered by hand. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap.h"
#include "testpager.h"

#define RING_ROOM	80		/* command bytes of a 128-byte SQE */
#define WAITED_FOR	(1ULL << 63)	/* user_data of pager_command() */

long vm_open(void)
{
	return RESULT(open(MACH_VM_DEVICE, O_RDWR | O_CLOEXEC));
}

long vm_ioctl(int fd, unsigned long call, void *arg)
{
	return RESULT(ioctl(fd, call, arg));
}

long pager_register(struct test_pager *p, const struct pager_setup *setup)
{
	struct mach_pager_register reg = {
		.size = sizeof(reg),
		.flags = setup->flags,
		.queues = setup->queues ? setup->queues : 1,
		.depth = setup->depth ? setup->depth : 8,
		.deadline_ms = setup->deadline_ms,
		.message_size = setup->message_size ? setup->message_size :
				sizeof(struct mach_message),
	};
	long fd = vm_open();
	long err;

	CHECK(fd >= 0, "cannot open %s (%s): load the module, be root",
	      MACH_VM_DEVICE, tap_result(fd));
	memset(p, 0, sizeof(*p));
	p->fd = fd;
	p->ring.ring_fd = -1;
	p->transport = setup->transport;
	p->queues = reg.queues;
	p->depth = reg.depth;
	err = vm_ioctl(p->fd, MACH_PAGER_REGISTER, &reg);
	p->stride = reg.array_stride;
	p->size = reg.array_size;
	p->message_size = reg.message_size;
	actor_hide_fd(p->fd);
	return err;
}

long pager_map(struct test_pager *p)
{
	for (unsigned int q = 0; q < p->queues; q++) {
		void *a = mmap(NULL, p->size, PROT_READ, MAP_SHARED, p->fd,
			       q * p->stride);

		if (a == MAP_FAILED)
			return -errno;
		p->array[q] = a;
	}
	return 0;
}

void pager_ring_setup(struct test_pager *p)
{
	int err = io_uring_queue_init(p->queues * p->depth + 8, &p->ring,
				      IORING_SETUP_SQE128);

	CHECK(!err, "no ring with 128-byte entries: %s", strerror(-err));
	actor_hide_fd(p->ring.ring_fd);
}

void pager_fetch_all(struct test_pager *p)
{
	for (unsigned int q = 0; q < p->queues; q++)
		for (unsigned int t = 0; t < p->depth; t++) {
			struct mach_pager_answer cmd = pager_fetch(q, t);

			pager_post(p, MACH_RING_FETCH, &cmd);
		}
}

void pager_open(struct test_pager *p, const struct pager_setup *setup)
{
	CHECK_IS(pager_register(p, setup), 0);
	CHECK_IS(pager_map(p), 0);
	if (p->transport == BY_IOCTL)
		return;
	pager_ring_setup(p);
	pager_fetch_all(p);
}

void pager_close(struct test_pager *p)
{
	for (unsigned int q = 0; q < p->queues; q++)
		if (p->array[q])
			munmap((void *)p->array[q], p->size);
	if (p->ring.ring_fd >= 0) {
		actor_unhide_fd(p->ring.ring_fd);
		io_uring_queue_exit(&p->ring);
		p->ring.ring_fd = -1;
	}
	actor_unhide_fd(p->fd);
	close(p->fd);
}

static void submit(struct test_pager *p, unsigned int op,
		   const struct mach_pager_answer *cmd, uint64_t user_data)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&p->ring);
	bool larger = cmd->size > sizeof(*cmd) && cmd->size <= RING_ROOM;
	int n;

	CHECK(sqe, "the ring is full");
	memset(sqe, 0, 2 * sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = p->fd;
	sqe->cmd_op = op;
	sqe->user_data = user_data;
	memcpy(sqe->cmd, cmd, larger ? cmd->size : sizeof(*cmd));
	n = io_uring_submit(&p->ring);
	CHECK(n == 1, "io_uring_submit: %s", tap_result(n));
}

void pager_post(struct test_pager *p, unsigned int op,
		const struct mach_pager_answer *cmd)
{
	submit(p, op, cmd, (uint64_t)cmd->queue << 16 | cmd->tag);
}

/* One completion from the ring to the stash; -ETIMEDOUT if none comes. */
static long gather(struct test_pager *p, int timeout_ms)
{
	struct __kernel_timespec ts = {
		timeout_ms / 1000, timeout_ms % 1000 * 1000000LL,
	};
	struct io_uring_cqe *cqe;
	int err;

	do {
		err = io_uring_wait_cqe_timeout(&p->ring, &cqe, &ts);
	} while (err == -EINTR);
	if (err == -ETIME)
		return -ETIMEDOUT;
	CHECK(!err, "io_uring_wait_cqe: %s", tap_result(err));
	CHECK(p->nr_stash < ARRAY_SIZE(p->stash), "too many completions");
	p->stash[p->nr_stash].user_data = cqe->user_data;
	p->stash[p->nr_stash++].res = cqe->res;
	io_uring_cqe_seen(&p->ring, cqe);
	return 0;
}

static int unstash(struct test_pager *p, unsigned int i, uint64_t *user_data)
{
	int res = p->stash[i].res;

	*user_data = p->stash[i].user_data;
	memmove(&p->stash[i], &p->stash[i + 1],
		(--p->nr_stash - i) * sizeof(p->stash[0]));
	return res;
}

long pager_command(struct test_pager *p, unsigned int op,
		   const struct mach_pager_answer *cmd, int timeout_ms)
{
	uint64_t me = WAITED_FOR | ++p->commands, user_data;
	long end = tap_now_ms() + timeout_ms;

	submit(p, op, cmd, me);
	for (;;) {
		long left = end - tap_now_ms();

		for (unsigned int i = 0; i < p->nr_stash; i++)
			if (p->stash[i].user_data == me)
				return unstash(p, i, &user_data);
		if (left < 0 || gather(p, left))
			return -ETIMEDOUT;
	}
}

const struct mach_message *pager_message(const struct test_pager *p,
					 unsigned int queue, unsigned int tag)
{
	const void *message = p->array[queue] + tag * p->message_size;

	return message;
}

static long next_by_ring(struct test_pager *p, struct test_request *r,
			 int timeout_ms)
{
	long end = tap_now_ms() + timeout_ms;
	uint64_t user_data;
	int res;

	for (;;) {
		long left = end - tap_now_ms();

		for (unsigned int i = 0; i < p->nr_stash; i++) {
			if (p->stash[i].user_data & WAITED_FOR)
				continue;
			res = unstash(p, i, &user_data);
			r->queue = user_data >> 16;
			r->tag = user_data;
			if (!res)
				r->m = *pager_message(p, r->queue, r->tag);
			return res;
		}
		if (gather(p, left > 0 ? left : 0))
			return -ETIMEDOUT;
	}
}

static long next_by_ioctl(struct test_pager *p, struct test_request *r,
			  int timeout_ms)
{
	struct mach_pager_receive rec = {
		.size = sizeof(rec),
		.flags = timeout_ms > 0 ? 0 : MACH_RECEIVE_NONBLOCK,
		.timeout_ms = timeout_ms > 0 ? timeout_ms : 0,
	};
	long err = vm_ioctl(p->fd, MACH_PAGER_RECEIVE, &rec);

	if (err)
		return err;
	r->queue = rec.queue;
	r->tag = rec.tag;
	r->m = *pager_message(p, r->queue, r->tag);
	return 0;
}

long pager_next(struct test_pager *p, struct test_request *r, int timeout_ms)
{
	if (p->transport == BY_IOCTL)
		return next_by_ioctl(p, r, timeout_ms);
	return next_by_ring(p, r, timeout_ms);
}

void pager_expect(struct test_pager *p, struct test_request *r, int operation,
		  uint64_t offset, uint64_t length)
{
	CHECK_IS(pager_next(p, r, WAIT_MS), 0);
	CHECK(r->m.operation == operation && r->m.offset == offset &&
	      r->m.length == length,
	      "request is op %u of 0x%llx+0x%llx, not op %d of 0x%llx+0x%llx",
	      r->m.operation, r->m.offset, r->m.length, operation,
	      (unsigned long long)offset, (unsigned long long)length);
}

void pager_expect_size(struct test_pager *p, struct test_request *r,
		       uint64_t size)
{
	pager_expect(p, r, MACH_OP_SET_SIZE, 0, 0);
	CHECK(r->m.mandatory == size && !r->m.flags,
	      "0x%llx bytes are wanted, flags %#x, not 0x%llx", r->m.mandatory,
	      r->m.flags, (unsigned long long)size);
}

void pager_size_done(struct test_pager *p, const struct test_request *r)
{
	pager_reply_one(p, r, part_done(0, PAGE));
}

void pager_expect_nothing(struct test_pager *p, int ms)
{
	struct test_request r;
	long err = pager_next(p, &r, ms);

	CHECK(err == -ETIMEDOUT,
	      "a request came that should not: %s, op %u of 0x%llx+0x%llx",
	      tap_result(err), r.m.operation, r.m.offset, r.m.length);
}

struct mach_pager_answer pager_fetch(unsigned int queue, unsigned int tag)
{
	struct mach_pager_answer cmd = {
		.size = sizeof(cmd), .queue = queue, .tag = tag,
	};

	return cmd;
}

struct mach_pager_answer pager_answer(const struct test_request *r,
				      const struct mach_part *parts,
				      unsigned int nr)
{
	struct mach_pager_answer a = {
		.size = sizeof(a),
		.queue = r->queue,
		.tag = r->tag,
		.generation = r->m.generation,
		.nr_parts = nr,
		.parts = nr > 1 ? (uintptr_t)parts : 0,
	};

	if (nr == 1)
		a.part = parts[0];
	return a;
}

long pager_reply(struct test_pager *p, const struct test_request *r,
		 const struct mach_part *parts, unsigned int nr, bool more)
{
	struct mach_pager_answer answer = pager_answer(r, parts, nr);

	if (p->transport == BY_IOCTL) {
		answer.flags = more ? MACH_ANSWER_MORE : 0;
		return vm_ioctl(p->fd, MACH_PAGER_ANSWER, &answer);
	}
	if (more)
		return pager_command(p, MACH_RING_ANSWER, &answer, WAIT_MS);
	pager_post(p, MACH_RING_COMMIT_AND_FETCH, &answer);
	return 0;
}

void pager_reply_one(struct test_pager *p, const struct test_request *r,
		     struct mach_part part)
{
	CHECK_IS(pager_reply(p, r, &part, 1, false), 0);
}

void pager_reply_none(struct test_pager *p, const struct test_request *r)
{
	CHECK_IS(pager_reply(p, r, NULL, 0, false), 0);
}

long pager_collect(struct test_pager *p, const struct test_request *r,
		   uint64_t offset, uint64_t length, void *to)
{
	struct mach_pager_collect c = {
		.size = sizeof(c),
		.queue = r->queue,
		.tag = r->tag,
		.generation = r->m.generation,
		.offset = offset,
		.length = length,
		.address = (uintptr_t)to,
	};

	return vm_ioctl(p->fd, MACH_PAGER_COLLECT, &c);
}

void pager_take(struct test_pager *p, const struct test_request *r, void *to)
{
	CHECK_IS(pager_collect(p, r, r->m.offset, r->m.length, to), 0);
	pager_reply_one(p, r, part_done(r->m.offset, r->m.length));
}
