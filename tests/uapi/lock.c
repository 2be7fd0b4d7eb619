// SPDX-License-Identifier: GPL-2.0-only
/* MACH_PAGER_LOCK_REQUEST: clean and flush. Bad arguments are in fields.c. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/mach_task.h>

#include "tap.h"
#include "testpager.h"

#define CLUSTER	(8 * PAGE)

static struct scene s;
static struct test_request r;

/* Page 2 dirty with byte 9, the others of the first cluster as supplied. */
static void open_dirty(void)
{
	scene_open(&s, NULL, 64 * PAGE, CLUSTER, 2);
	scene_resident(&s, 0, CLUSTER, 1);
	CHECK_IS(actor_do(&s.a, do_store, s.map + 2 * PAGE, 9), 0);
}

static long lock(uint32_t flags, uint64_t offset, uint64_t length)
{
	struct mach_pager_lock l = {
		.size = sizeof(l), .flags = flags, .object = s.o.number,
		.offset = offset, .length = length, .cookie = 0x10cc,
	};

	return vm_ioctl(s.p.fd, MACH_PAGER_LOCK_REQUEST, &l);
}

static void expect_return(void)
{
	CHECK_IS(pager_next(&s.p, &r, WAIT_MS), 0);
	CHECK(r.m.operation == MACH_OP_DATA_RETURN && r.m.offset <= 2 * PAGE &&
	      r.m.offset + r.m.length >= 3 * PAGE, "op %u of 0x%llx+0x%llx",
	      r.m.operation, r.m.offset, r.m.length);
	CHECK(r.m.flags & MACH_MSG_DIRTY, "not said to be dirty");
}

static void expect_completed(void)
{
	CHECK_IS(pager_next(&s.p, &r, WAIT_MS), 0);
	CHECK(r.m.operation == MACH_OP_LOCK_COMPLETED && r.m.cookie == 0x10cc &&
	      r.m.object == s.o.number, "op %u, cookie 0x%llx, object %u",
	      r.m.operation, r.m.cookie, r.m.object);
}

/* Returns at once; the page comes as a request and stays in memory. */
static void test_clean(void)
{
	open_dirty();
	CHECK_IS(lock(MACH_LOCK_CLEAN, 0, 0), 0);
	expect_return();
	pager_take(&s.p, &r, s.buf + r.m.offset);
	CHECK_IS(s.buf[2 * PAGE], 9);
	CHECK_WAIT(!object_info(s.o.fd).dirty, WAIT_MS, "still dirty");
	CHECK_IS(object_info(s.o.fd).resident, 8);
	CHECK_IS(actor_do(&s.a, do_load, s.map + 2 * PAGE), 9);
	pager_expect_nothing(&s.p, 30);
}

static void test_clean_reply(void)
{
	struct mach_part part = part_done(0, PAGE);

	open_dirty();
	CHECK_IS(lock(MACH_LOCK_CLEAN | MACH_LOCK_REPLY, 0, 0), 0);
	expect_return();
	/* Completed is said when it is, not before. */
	pager_take(&s.p, &r, s.buf + r.m.offset);
	expect_completed();
	tap_is("no-parts", pager_reply(&s.p, &r, &part, 1, true), -EPROTO);
	CHECK_IS(object_info(s.o.fd).dirty, 0);
	pager_reply_none(&s.p, &r);
	pager_expect_nothing(&s.p, 30);
}

/* Nothing to do is completed too. */
static void test_reply_clean(void)
{
	scene_open(&s, NULL, 64 * PAGE, CLUSTER, 1);
	CHECK_IS(lock(MACH_LOCK_CLEAN | MACH_LOCK_REPLY, 0, 0), 0);
	expect_completed();
	pager_reply_none(&s.p, &r);
	CHECK_IS(lock(MACH_LOCK_FLUSH | MACH_LOCK_REPLY, PAGE, PAGE), 0);
	expect_completed();
	pager_reply_none(&s.p, &r);
	pager_expect_nothing(&s.p, 30);
}

/* Who answers nothing cannot ask for ever. */
static void test_many(void)
{
	open_dirty();
	for (int i = 0; i < MACH_LOCKS_MAX; i++)
		CHECK_IS(lock(MACH_LOCK_CLEAN, 0, 0), 0);
	CHECK_IS(lock(MACH_LOCK_CLEAN, 0, 0), -EAGAIN);
	CHECK_IS(lock(0, 0, 0), -EINVAL);
	expect_return();
	pager_take(&s.p, &r, s.buf + r.m.offset);
	CHECK_WAIT(!lock(MACH_LOCK_CLEAN, 0, 0), WAIT_MS, "refused for ever");
}

/* Clean pages are forgotten: the next touch asks again. */
static void test_flush(void)
{
	scene_open(&s, NULL, 64 * PAGE, CLUSTER, 1);
	scene_resident(&s, 0, CLUSTER, 1);
	CHECK(scene_reads(&s, 0, CLUSTER, 1), "wrong data");
	CHECK_IS(lock(MACH_LOCK_FLUSH | MACH_LOCK_REPLY, 0, 4 * PAGE), 0);
	expect_completed();
	pager_reply_none(&s.p, &r);
	CHECK_IS(object_info(s.o.fd).resident, 4);
	CHECK(scene_reads(&s, 4 * PAGE, 4 * PAGE, 1), "wrong data");
	actor_begin(&s.a, 0, do_load, s.map);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 0, 4 * PAGE);
	pager_reply_one(&s.p, &r, part_pattern(0, 4 * PAGE, 2));
	CHECK(actor_end(&s.a, 0) > 0, "wrong data");
	CHECK(scene_reads(&s, 0, 4 * PAGE, 2), "an old page was seen");
}

/* FLUSH alone throws what was written away. */
static void test_flush_dirty(void)
{
	open_dirty();
	CHECK_IS(lock(MACH_LOCK_FLUSH | MACH_LOCK_REPLY, 0, 0), 0);
	expect_completed();
	pager_reply_none(&s.p, &r);
	CHECK_IS(object_info(s.o.fd).dirty, 0);
	CHECK_IS(object_info(s.o.fd).resident, 0);
	actor_begin(&s.a, 0, do_load, s.map + 2 * PAGE);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 0, CLUSTER);
	pager_reply_one(&s.p, &r, part_pattern(0, CLUSTER, 3));
	CHECK(actor_end(&s.a, 0) >= 0, "no data");
	CHECK(scene_reads(&s, 0, CLUSTER, 3), "an old page was seen");
}

/* Return, then forget. */
static void test_clean_flush(void)
{
	open_dirty();
	CHECK_IS(lock(MACH_LOCK_CLEAN | MACH_LOCK_FLUSH | MACH_LOCK_REPLY, 0,
		      0), 0);
	expect_return();
	CHECK(object_info(s.o.fd).dirty >= 1, "forgotten before it was taken");
	pager_take(&s.p, &r, s.buf + r.m.offset);
	CHECK_IS(s.buf[2 * PAGE], 9);
	expect_completed();
	CHECK_IS(object_info(s.o.fd).resident, 0);
	pager_reply_none(&s.p, &r);
}

/* What could not be returned stays, even with FLUSH. */
static void test_return_fails(void)
{
	open_dirty();
	CHECK_IS(lock(MACH_LOCK_CLEAN | MACH_LOCK_FLUSH | MACH_LOCK_REPLY, 0,
		      0), 0);
	expect_return();
	pager_reply_one(&s.p, &r, part_error(r.m.offset, r.m.length, EIO));
	expect_completed();
	pager_reply_none(&s.p, &r);
	CHECK_IS(object_info(s.o.fd).dirty, 1);
	CHECK_IS(actor_do(&s.a, do_load, s.map + 2 * PAGE), 9);
}

/* Only the range. */
static void test_range(void)
{
	open_dirty();
	CHECK_IS(actor_do(&s.a, do_store, s.map + 6 * PAGE, 8), 0);
	CHECK_IS(lock(MACH_LOCK_CLEAN | MACH_LOCK_REPLY, 5 * PAGE, 3 * PAGE),
		 0);
	CHECK_IS(pager_next(&s.p, &r, WAIT_MS), 0);
	CHECK(r.m.operation == MACH_OP_DATA_RETURN && r.m.offset >= 5 * PAGE,
	      "op %u of 0x%llx+0x%llx", r.m.operation, r.m.offset, r.m.length);
	pager_take(&s.p, &r, s.buf + r.m.offset);
	CHECK_IS(s.buf[6 * PAGE], 8);
	expect_completed();
	pager_reply_none(&s.p, &r);
	CHECK_IS(object_info(s.o.fd).dirty, 1);
}

/* Pages count of which the range has a part, and none that the object has not. */
static void test_clamp(void)
{
	static const struct {
		uint64_t offset, length;
	} nothing[] = {
		{ 64 * PAGE, 0 }, { 64 * PAGE, PAGE }, { 64 * PAGE, 1 },
		{ 1ULL << 60, 1ULL << 60 }, { 1ULL << 63, 1ULL << 63 },
		{ -PAGE, PAGE }, { -PAGE, -PAGE }, { -1, -1 }, { -1, 0 },
	};

	open_dirty();
	for (unsigned int i = 0; i < ARRAY_SIZE(nothing); i++) {
		CHECK_IS(lock(MACH_LOCK_FLUSH | MACH_LOCK_REPLY,
			      nothing[i].offset, nothing[i].length), 0);
		expect_completed();
		pager_reply_none(&s.p, &r);
	}
	CHECK_IS(object_info(s.o.fd).resident, 8);
	CHECK_IS(lock(MACH_LOCK_CLEAN, 3 * PAGE - 1, 1), 0);
	expect_return();
	pager_take(&s.p, &r, s.buf + r.m.offset);
	CHECK_WAIT(!object_info(s.o.fd).dirty, WAIT_MS, "still dirty");
	CHECK_IS(lock(MACH_LOCK_FLUSH | MACH_LOCK_REPLY, PAGE - 1, 2), 0);
	expect_completed();
	pager_reply_none(&s.p, &r);
	CHECK_IS(object_info(s.o.fd).resident, 6);
	CHECK_IS(lock(MACH_LOCK_FLUSH | MACH_LOCK_REPLY, 5 * PAGE + 1, -1), 0);
	expect_completed();
	pager_reply_none(&s.p, &r);
	CHECK_IS(object_info(s.o.fd).resident, 3);
}

/*
 * A page that is asked for at the time is not harmed. The flush may take it
 * right after it came, and then it is asked for again.
 */
static void test_while_asked(void)
{
	struct test_request asked;

	open_dirty();
	actor_begin(&s.a, 0, do_load, s.map + 20 * PAGE);
	pager_expect(&s.p, &asked, MACH_OP_DATA_REQUEST, 16 * PAGE, CLUSTER);
	CHECK_IS(lock(MACH_LOCK_FLUSH, 16 * PAGE, CLUSTER), 0);
	do {
		pager_reply_one(&s.p, &asked, part_pattern(asked.m.offset,
							   asked.m.length, 4));
		while (actor_waits(&s.a, 0, 10))
			if (!pager_next(&s.p, &asked, 10))
				break;
	} while (actor_waits(&s.a, 0, 0));
	CHECK(actor_end(&s.a, 0) > 0, "wrong data");
}

/* A mapping with MAP_PRIVATE keeps its copies; the others are asked for. */
static void test_private(void)
{
	long map;

	scene_open(&s, NULL, 64 * PAGE, PAGE, 1);
	scene_resident(&s, 0, 2 * PAGE, 1);
	map = actor_do(&s.a, do_map, s.o.fd, CLUSTER, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE);
	CHECK(map > 0, "map: %s", tap_result(map));
	CHECK_IS(actor_do(&s.a, do_store, map, 77), 0);
	CHECK(actor_do(&s.a, do_load, map + PAGE) > 0, "wrong data");
	CHECK_IS(lock(MACH_LOCK_FLUSH | MACH_LOCK_REPLY, 0, 0), 0);
	expect_completed();
	pager_reply_none(&s.p, &r);
	CHECK_IS(actor_do(&s.a, do_load, map), 77);
	actor_begin(&s.a, 0, do_load, map + PAGE);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, PAGE, PAGE);
	pager_reply_one(&s.p, &r, part_zero(PAGE, PAGE));
	CHECK_IS(actor_end(&s.a, 0), 0);
}

/* What is not there takes no time, however large the object is. */
static void test_large(void)
{
	struct mach_task_msync args = {
		.size = sizeof(args), .flags = MACH_SYNC_INVALIDATE,
		.length = MACH_OBJECT_SIZE_MAX,
	};

	pager_open(&s.p, &(struct pager_setup){ .transport = tap_variant });
	object_create(&s.p, &s.o, MACH_OBJECT_SIZE_MAX, CLUSTER, 0);
	for (int way = 0; way < 2; way++) {
		scene_resident(&s, 0, PAGE, 1);
		scene_resident(&s, MACH_OBJECT_SIZE_MAX - PAGE, PAGE, 1);
		CHECK_IS(object_info(s.o.fd).resident, 2);
		if (way)
			CHECK_IS(lock(MACH_LOCK_FLUSH, 0, 0), 0);
		else
			CHECK_IS(vm_ioctl(s.o.fd, MACH_OBJECT_MSYNC, &args), 0);
		CHECK_WAIT(!object_info(s.o.fd).resident, WAIT_MS,
			   "%llu pages stay", object_info(s.o.fd).resident);
	}
}

#define BOTH(n, fn)							\
	{ .name = n "-ring", .run = fn, BY_RING },			\
	{ .name = n "-ioctl", .run = fn, BY_IOCTL }

static const struct tap_test tests[] = {
	BOTH("clean", test_clean),
	BOTH("clean-reply", test_clean_reply),
	BOTH("many", test_many),
	BOTH("reply-nothing", test_reply_clean),
	BOTH("flush", test_flush),
	BOTH("flush-dirty", test_flush_dirty),
	BOTH("clean-flush", test_clean_flush),
	BOTH("return-fails", test_return_fails),
	BOTH("range", test_range),
	BOTH("clamp", test_clamp),
	BOTH("while-asked", test_while_asked),
	BOTH("private", test_private),
	BOTH("large", test_large),
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
