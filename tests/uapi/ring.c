// SPDX-License-Identifier: GPL-2.0-only
/* Ring commands: what is theirs alone. Answers are in answer.c. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap.h"
#include "testpager.h"

static const struct pager_setup by_ring = { .transport = BY_RING };

/* A pager with a ring, nothing posted. */
static void open_quiet(struct test_pager *p)
{
	CHECK_IS(pager_register(p, &by_ring), 0);
	CHECK_IS(pager_map(p), 0);
	pager_ring_setup(p);
}

struct wrong_command {
	const char *what;
	struct mach_pager_answer cmd;
	long want;
};

#define WRONG(name, error, ...)						\
	{								\
		.what = name, .want = error,				\
		.cmd = { .size = sizeof(struct mach_pager_answer), __VA_ARGS__ } \
	}

static const struct wrong_command wrong_fetches[] = {
	WRONG("queue", -ENOENT, .queue = 1),
	WRONG("queue-max", -ENOENT, .queue = 0xffff),
	WRONG("tag", -ENOENT, .tag = 8),
	WRONG("tag-max", -ENOENT, .tag = 0xffff),
	WRONG("generation", -EINVAL, .generation = 1),
	WRONG("nr-parts", -EINVAL, .nr_parts = 1),
	WRONG("flags", -EINVAL, .flags = 1),
	WRONG("flags-top", -EINVAL, .flags = 1U << 31),
	WRONG("parts", -EINVAL, .parts = 4096),
	WRONG("reserved", -EINVAL, .reserved = 1),
	WRONG("reserved-top", -EINVAL, .reserved = 1U << 31),
	WRONG("part-kind", -EINVAL, .part.kind = 1),
	WRONG("part-fd", -EINVAL, .part.fd = 1),
	WRONG("part-reserved", -EINVAL, .part.reserved = 1),
};

#undef WRONG

static void test_fetch(void)
{
	struct test_pager p;

	open_quiet(&p);
	for (size_t i = 0; i < ARRAY_SIZE(wrong_fetches); i++)
		tap_is(wrong_fetches[i].what,
		       pager_command(&p, MACH_RING_FETCH, &wrong_fetches[i].cmd,
				     WAIT_MS), wrong_fetches[i].want);
	/* No slot was taken by any of them. */
	pager_fetch_all(&p);
	pager_expect_nothing(&p, 30);
	pager_close(&p);
}

static void test_fetch_armed(void)
{
	struct mach_pager_answer cmd = pager_fetch(0, 3);
	struct test_pager p;

	open_quiet(&p);
	pager_fetch_all(&p);
	CHECK_IS(pager_command(&p, MACH_RING_FETCH, &cmd, WAIT_MS), -EBUSY);
	pager_expect_nothing(&p, 30);
	pager_close(&p);
}

static void test_fetch_held(void)
{
	struct mach_pager_answer cmd = pager_fetch(0, 0);
	struct test_request r;
	struct scene s;

	scene_open(&s, &by_ring, 16 * PAGE, PAGE, 1);
	actor_begin(&s.a, 0, do_load, s.map);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 0, PAGE);
	cmd.tag = r.tag;
	CHECK_IS(pager_command(&s.p, MACH_RING_FETCH, &cmd, WAIT_MS), -EBUSY);
	pager_reply_one(&s.p, &r, part_pattern(0, PAGE, 2));
	CHECK(actor_end(&s.a, 0) > 0, "wrong data");
	CHECK(scene_reads(&s, 0, PAGE, 2), "wrong data");
}

static void test_fields(void)
{
	static const struct { const char *name; unsigned int op; } ops[] = {
		{ "answer", MACH_RING_ANSWER },
		{ "commit", MACH_RING_COMMIT },
		{ "commit-and-fetch", MACH_RING_COMMIT_AND_FETCH },
	};
	struct mach_part part = part_zero(0, PAGE);
	struct mach_pager_answer cmd;
	struct test_request r;
	struct scene s;
	char sub[64];

	scene_open(&s, &by_ring, 16 * PAGE, PAGE, 1);
	actor_begin(&s.a, 0, do_load, s.map);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 0, PAGE);
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
#define WRONG(field, value)						\
		do {							\
			cmd = pager_answer(&r, &part, 1);		\
			cmd.field = value;				\
			snprintf(sub, sizeof(sub), "%s-" #field,	\
				 ops[i].name);				\
			tap_is(sub, pager_command(&s.p, ops[i].op, &cmd, \
						  WAIT_MS), -EINVAL);	\
		} while (0)
		WRONG(flags, 1);
		WRONG(flags, 1U << 31);
		WRONG(reserved, 1);
		WRONG(reserved, 1U << 31);
#undef WRONG
	}
	pager_reply_one(&s.p, &r, part_pattern(0, PAGE, 2));
	CHECK(actor_end(&s.a, 0) > 0, "wrong data");
	CHECK(scene_reads(&s, 0, PAGE, 2), "wrong data");
}

static void test_unknown_op(void)
{
	static const unsigned int ops[] = { 0, 1, 0x4d00, 0x4d05, ~0U };
	struct mach_pager_answer cmd = pager_fetch(0, 0);
	struct test_pager p;
	char sub[32];

	open_quiet(&p);
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		snprintf(sub, sizeof(sub), "%#x", ops[i]);
		tap_is(sub, pager_command(&p, ops[i], &cmd, WAIT_MS), -ENOTTY);
	}
	pager_fetch_all(&p);
	pager_expect_nothing(&p, 30);
	pager_close(&p);
}

/* Point a pager's ring at another descriptor. */
static long command_to(struct test_pager *p, int fd)
{
	struct mach_pager_answer cmd = pager_fetch(0, 0);
	int own = p->fd;
	long res;

	p->fd = fd;
	res = pager_command(p, MACH_RING_FETCH, &cmd, WAIT_MS);
	p->fd = own;
	return res;
}

static void test_other_fd(void)
{
	struct mach_object_name n = { .size = sizeof(n) };
	struct test_object o;
	struct test_pager p;
	long res;

	open_quiet(&p);
	object_create(&p, &o, PAGE, 0, 0);
	CHECK_IS(vm_ioctl(o.fd, MACH_OBJECT_NAME, &n), 0);
	tap_is("task", command_to(&p, vm_open()), -EPERM);
	/* io_uring itself refuses files without commands. */
	res = command_to(&p, o.fd);
	tap_sub("object", res == -ENOTTY || res == -EOPNOTSUPP, "got %s",
		tap_result(res));
	res = command_to(&p, n.fd);
	tap_sub("name", res == -ENOTTY || res == -EOPNOTSUPP, "got %s",
		tap_result(res));
	pager_close(&p);
}

/* In a ring of 64-byte entries half of the command would be another's. */
static void test_small_entries(void)
{
	struct mach_pager_answer cmd = pager_fetch(0, 0);
	struct io_uring_cqe *cqe;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct test_pager p;

	open_quiet(&p);
	CHECK_IS(io_uring_queue_init(8, &ring, 0), 0);
	sqe = io_uring_get_sqe(&ring);
	CHECK(sqe, "the ring is full");
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = p.fd;
	sqe->cmd_op = MACH_RING_FETCH;
	memcpy(sqe->cmd, &cmd, 16);
	CHECK_IS(io_uring_submit(&ring), 1);
	CHECK_IS(io_uring_wait_cqe(&ring, &cqe), 0);
	CHECK_IS(cqe->res, -EINVAL);
	io_uring_queue_exit(&ring);
	pager_fetch_all(&p);
	pager_expect_nothing(&p, 30);
	pager_close(&p);
}

/* Before its array is mapped nothing could end a FETCH. */
static void test_fetch_unmapped(void)
{
	const struct pager_setup setup = { .transport = BY_RING };
	struct mach_pager_answer cmd = pager_fetch(0, 0);
	struct test_pager p;

	CHECK_IS(pager_register(&p, &setup), 0);
	pager_ring_setup(&p);
	tap_is("refused", pager_command(&p, MACH_RING_FETCH, &cmd, WAIT_MS),
	       -ENODEV);
	tap_is("commit-refused",
	       pager_command(&p, MACH_RING_COMMIT_AND_FETCH, &cmd, WAIT_MS),
	       -ENODEV);
	CHECK_IS(pager_map(&p), 0);
	pager_fetch_all(&p);
	pager_expect_nothing(&p, 30);
	pager_close(&p);
}

/* The thread that polls a ring executes its commands like any other. */
static void test_polled(void)
{
	struct mach_pager_answer cmd = pager_fetch(0, 0);
	struct test_request r;
	struct test_object o;
	struct test_pager p;
	uint8_t *buf = shared_alloc(PAGE);
	struct actor a;

	open_quiet(&p);
	io_uring_queue_exit(&p.ring);
	CHECK_IS(io_uring_queue_init(8, &p.ring, IORING_SETUP_SQE128 |
				     IORING_SETUP_SQPOLL), 0);
	object_create(&p, &o, 2 * PAGE, PAGE, 0);
	actor_start(&a, 1);
	pager_post(&p, MACH_RING_FETCH, &cmd);
	for (int i = 0; i < 2; i++) {
		actor_begin(&a, 0, do_pread, o.fd, (uintptr_t)buf, 1, i * PAGE);
		CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
		pager_reply_one(&p, &r, part_pattern(i * PAGE, PAGE, 1));
		CHECK_IS(actor_end(&a, 0), 1);
	}
}

/* By a worker of io_uring a command is executed like any other. */
static void test_async(void)
{
	struct mach_pager_answer cmd = pager_fetch(0, 0);
	struct io_uring_sqe *sqe;
	struct test_object o;
	struct test_request r;
	struct test_pager p;
	uint8_t *buf = shared_alloc(PAGE);
	struct actor a;

	open_quiet(&p);
	object_create(&p, &o, PAGE, 0, 0);
	actor_start(&a, 1);
	sqe = io_uring_get_sqe(&p.ring);
	CHECK(sqe, "the ring is full");
	memset(sqe, 0, 2 * sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->flags = IOSQE_ASYNC;
	sqe->fd = p.fd;
	sqe->cmd_op = MACH_RING_FETCH;
	memcpy(sqe->cmd, &cmd, sizeof(cmd));
	CHECK_IS(io_uring_submit(&p.ring), 1);
	actor_begin(&a, 0, do_pread, o.fd, (uintptr_t)buf, 1, 0);
	CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
	pager_reply_one(&p, &r, part_zero(0, PAGE));
	CHECK_IS(actor_end(&a, 0), 1);
	pager_close(&p);
}

/* COMMIT leaves the slot free; a FETCH arms it again. */
static void test_commit_then_fetch(void)
{
	static const struct pager_setup one = {
		.transport = BY_RING, .depth = 1,
	};
	struct mach_pager_answer cmd;
	struct mach_part part;
	struct test_request r;
	struct scene s;

	scene_open(&s, &one, 16 * PAGE, PAGE, 1);
	for (int i = 0; i < 4; i++) {
		actor_begin(&s.a, 0, do_load, s.map + i * PAGE);
		pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, i * PAGE, PAGE);
		part = part_pattern(i * PAGE, PAGE, 1);
		cmd = pager_answer(&r, &part, 1);
		CHECK_IS(pager_command(&s.p, MACH_RING_COMMIT, &cmd, WAIT_MS),
			 0);
		CHECK(actor_end(&s.a, 0) > 0, "wrong data");
		cmd = pager_fetch(0, r.tag);
		pager_post(&s.p, MACH_RING_FETCH, &cmd);
	}
	CHECK(scene_reads(&s, 0, 4 * PAGE, 1), "wrong data");
}

/* A fault waits for a slot; the commit of one gives it the next request. */
static void test_one_slot(void)
{
	static const struct pager_setup one = {
		.transport = BY_RING, .depth = 1,
	};
	struct test_request r;
	struct scene s;

	scene_open(&s, &one, 16 * PAGE, PAGE, 8);
	for (int i = 0; i < 8; i++)
		actor_begin(&s.a, i, do_load, s.map + i * PAGE);
	for (int i = 0; i < 8; i++) {
		CHECK_IS(pager_next(&s.p, &r, WAIT_MS), 0);
		pager_reply_one(&s.p, &r,
				part_pattern(r.m.offset, PAGE, 1));
	}
	for (int i = 0; i < 8; i++)
		CHECK(actor_end(&s.a, i) > 0, "wrong data");
	CHECK(scene_reads(&s, 0, 8 * PAGE, 1), "wrong data");
}

/* Answers from the ioctl to what the ring fetched. */
static void test_mixed(void)
{
	struct mach_pager_answer fetch = pager_fetch(0, 0);
	struct mach_pager_answer a;
	struct mach_part part;
	struct test_request r;
	struct scene s;

	scene_open(&s, &by_ring, 16 * PAGE, PAGE, 1);
	for (int i = 0; i < 4; i++) {
		actor_begin(&s.a, 0, do_load, s.map + i * PAGE);
		pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, i * PAGE, PAGE);
		part = part_pattern(i * PAGE, PAGE, 1);
		a = pager_answer(&r, &part, 1);
		CHECK_IS(vm_ioctl(s.p.fd, MACH_PAGER_ANSWER, &a), 0);
		CHECK(actor_end(&s.a, 0) > 0, "wrong data");
		fetch.tag = r.tag;
		pager_post(&s.p, MACH_RING_FETCH, &fetch);
	}
	CHECK(scene_reads(&s, 0, 4 * PAGE, 1), "wrong data");
}

/* As many parts as there can be. */
static void test_parts_max(void)
{
	static struct mach_part parts[MACH_PARTS_MAX];
	struct test_request r;
	struct scene s;

	scene_open(&s, &by_ring, MIB, MACH_CLUSTER_MAX, 1);
	actor_begin(&s.a, 0, do_load, s.map);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 0, MIB);
	for (unsigned int i = 0; i < MACH_PARTS_MAX; i++)
		parts[i] = part_pattern(i * PAGE, PAGE, i);
	CHECK_IS(pager_reply(&s.p, &r, parts, MACH_PARTS_MAX, false), 0);
	CHECK(actor_end(&s.a, 0) > 0, "wrong data");
	for (unsigned int i = 0; i < MACH_PARTS_MAX; i++)
		CHECK(scene_reads(&s, i * PAGE, PAGE, i), "wrong data");
	CHECK_IS(object_info(s.o.fd).requests, 1);
}

static const struct tap_test tests[] = {
	{ .name = "fetch", .run = test_fetch },
	{ .name = "fetch-armed", .run = test_fetch_armed },
	{ .name = "fetch-held", .run = test_fetch_held },
	{ .name = "fields", .run = test_fields },
	{ .name = "unknown-op", .run = test_unknown_op },
	{ .name = "other-fd", .run = test_other_fd },
	{ .name = "fetch-unmapped", .run = test_fetch_unmapped },
	{ .name = "polled", .run = test_polled },
	{ .name = "async", .run = test_async },
	{ .name = "small-entries", .run = test_small_entries },
	{ .name = "commit-then-fetch", .run = test_commit_then_fetch },
	{ .name = "one-slot", .run = test_one_slot },
	{ .name = "mixed", .run = test_mixed },
	{ .name = "parts-max", .run = test_parts_max },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
