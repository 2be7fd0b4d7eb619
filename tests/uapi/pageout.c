// SPDX-License-Identifier: GPL-2.0-only
/* From dirty page to pager: msync, fsync, lost writes. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "serve.h"
#include "tap.h"

#define CLUSTER	(8 * PAGE)

static struct scene s;
static struct test_request r;

/* Pages 1 to 4 of the first cluster are dirty with pattern 2. */
static void open_dirty(void)
{
	scene_open(&s, NULL, 64 * PAGE, CLUSTER, 4);
	scene_resident(&s, 0, CLUSTER, 1);
	pattern_fill(s.buf, PAGE, 4 * PAGE, 2);
	CHECK_IS(actor_do(&s.a, do_copy, s.map + PAGE, (uintptr_t)s.buf,
			  4 * PAGE), 0);
	CHECK_IS(object_info(s.o.fd).dirty, 4);
}

static void begin_msync(unsigned int thread, uint64_t length)
{
	actor_begin(&s.a, thread, do_msync, s.map, length, MS_SYNC);
}

/* The held DATA_RETURN of the four pages. */
static void expect_return(void)
{
	pager_expect(&s.p, &r, MACH_OP_DATA_RETURN, PAGE, 4 * PAGE);
	CHECK(r.m.flags & MACH_MSG_DIRTY, "not said to be dirty");
}

static void expect_sync(void)
{
	CHECK_IS(pager_next(&s.p, &r, WAIT_MS), 0);
	CHECK_IS(r.m.operation, MACH_OP_SYNCHRONIZE);
}

static void sync_done(void)
{
	pager_reply_one(&s.p, &r, part_done(0, PAGE));
}

/* The end of a call that may, or may not, have a SYNCHRONIZE still to come. */
static long end_with_syncs(void)
{
	long end = tap_now_ms() + WAIT_MS;

	while (actor_waits(&s.a, 0, 10)) {
		CHECK(tap_now_ms() < end, "the call does not end");
		if (pager_next(&s.p, &r, 10))
			continue;
		CHECK_IS(r.m.operation, MACH_OP_SYNCHRONIZE);
		sync_done();
	}
	return actor_end(&s.a, 0);
}

/* Success means that the pager has committed: not earlier. */
static void test_msync(void)
{
	uint8_t *store = shared_alloc(CLUSTER);

	open_dirty();
	begin_msync(0, CLUSTER);
	expect_return();
	tap_sub("flag-sync", r.m.flags & MACH_MSG_SYNC, "flags %#x",
		r.m.flags);
	CHECK(actor_waits(&s.a, 0, 50), "msync did not wait for the return");
	CHECK_IS(pager_collect(&s.p, &r, PAGE, 4 * PAGE, store), 0);
	CHECK(pattern_is(store, PAGE, 4 * PAGE, 2), "wrong data returned");
	CHECK(actor_waits(&s.a, 0, 50), "msync did not wait for the commit");
	pager_reply_one(&s.p, &r, part_done(PAGE, 4 * PAGE));
	expect_sync();
	CHECK(actor_waits(&s.a, 0, 50), "msync did not wait for SYNCHRONIZE");
	sync_done();
	CHECK_IS(actor_end(&s.a, 0), 0);
	tap_is("dirty", object_info(s.o.fd).dirty, 0);
	tap_is("pageouts", object_info(s.o.fd).pageouts, 4);
	CHECK(scene_reads(&s, PAGE, 4 * PAGE, 2), "wrong data afterwards");
	pager_expect_nothing(&s.p, 0);
}

static void test_fsync(void)
{
	open_dirty();
	actor_begin(&s.a, 0, do_fsync, s.o.fd);
	expect_return();
	CHECK(actor_waits(&s.a, 0, 50), "fsync did not wait for the return");
	pager_take(&s.p, &r, s.buf);
	CHECK(pattern_is(s.buf, PAGE, 4 * PAGE, 2), "wrong data returned");
	expect_sync();
	CHECK(actor_waits(&s.a, 0, 50), "fsync did not wait for SYNCHRONIZE");
	sync_done();
	CHECK_IS(actor_end(&s.a, 0), 0);
	CHECK_IS(object_info(s.o.fd).dirty, 0);
}

/* The kernel writes to the pager's file itself. */
static void test_file(void)
{
	int fd = pattern_file(CLUSTER, 9);

	open_dirty();
	begin_msync(0, CLUSTER);
	expect_return();
	pager_reply_one(&s.p, &r, part_file(PAGE, 4 * PAGE, fd, PAGE));
	expect_sync();
	CHECK(pread(fd, s.buf, CLUSTER, 0) == (ssize_t)CLUSTER, "pread: %m");
	CHECK(pattern_is(s.buf, 0, PAGE, 9), "a clean page was written");
	CHECK(pattern_is(s.buf + PAGE, PAGE, 4 * PAGE, 2), "wrong data");
	CHECK(pattern_is(s.buf + 5 * PAGE, 5 * PAGE, 3 * PAGE, 9),
	      "a clean page was written");
	sync_done();
	CHECK_IS(actor_end(&s.a, 0), 0);
}

/* A return answered in parts; each is final. */
static void test_parts(void)
{
	struct mach_part part = part_done(PAGE, 2 * PAGE);

	open_dirty();
	begin_msync(0, CLUSTER);
	expect_return();
	CHECK_IS(pager_reply(&s.p, &r, &part, 1, true), 0);
	CHECK(actor_waits(&s.a, 0, 30), "msync did not wait for all");
	CHECK_IS(object_info(s.o.fd).dirty, 2);
	pager_reply_one(&s.p, &r, part_done(3 * PAGE, 2 * PAGE));
	expect_sync();
	sync_done();
	CHECK_IS(actor_end(&s.a, 0), 0);
	CHECK_IS(object_info(s.o.fd).dirty, 0);
}

/*
 * A lost write is reported once, by the first who asks; the page stays dirty,
 * and the next try can save it.
 */
static void lost(int error)
{
	open_dirty();
	actor_begin(&s.a, 0, do_fsync, s.o.fd);
	expect_return();
	pager_reply_one(&s.p, &r, part_error(PAGE, 4 * PAGE, error));
	tap_is("first", end_with_syncs(), -error);
	tap_is("dirty", object_info(s.o.fd).dirty, 4);
	CHECK(scene_reads(&s, PAGE, 4 * PAGE, 2), "what was written is gone");
	actor_begin(&s.a, 0, do_fsync, s.o.fd);
	expect_return();
	pager_take(&s.p, &r, s.buf);
	CHECK(pattern_is(s.buf, PAGE, 4 * PAGE, 2), "wrong data returned");
	expect_sync();
	sync_done();
	tap_is("second", actor_end(&s.a, 0), 0);
	tap_is("clean", object_info(s.o.fd).dirty, 0);
	actor_begin(&s.a, 0, do_fsync, s.o.fd);
	expect_sync();
	sync_done();
	tap_is("third", actor_end(&s.a, 0), 0);
}

static void test_lost_io(void)
{
	lost(EIO);
}

static void test_lost_space(void)
{
	lost(ENOSPC);
}

/* Pages that no part of the answer named count as not taken. */
static void test_unnamed(void)
{
	open_dirty();
	actor_begin(&s.a, 0, do_fsync, s.o.fd);
	expect_return();
	pager_reply_one(&s.p, &r, part_done(PAGE, PAGE));
	CHECK_IS(end_with_syncs(), -EIO);
	CHECK_IS(object_info(s.o.fd).dirty, 3);
}

/* The store takes the data, but cannot make it durable. */
static void test_sync_fails(void)
{
	open_dirty();
	actor_begin(&s.a, 0, do_fsync, s.o.fd);
	expect_return();
	pager_take(&s.p, &r, s.buf);
	expect_sync();
	pager_reply_one(&s.p, &r, part_error(0, PAGE, EIO));
	CHECK_IS(actor_end(&s.a, 0), -EIO);
}

/* Whatever the errno, it is told once. */
static void test_sync_fails_once(void)
{
	scene_open(&s, NULL, 64 * PAGE, CLUSTER, 1);
	actor_begin(&s.a, 0, do_fsync, s.o.fd);
	expect_sync();
	pager_reply_one(&s.p, &r, part_error(0, PAGE, EDEADLK));
	CHECK_IS(actor_end(&s.a, 0), -EDEADLK);
	actor_begin(&s.a, 0, do_fsync, s.o.fd);
	expect_sync();
	sync_done();
	CHECK_IS(actor_end(&s.a, 0), 0);
}

/* Nothing dirty: still the store is asked to make durable what it has. */
static void test_clean(void)
{
	scene_open(&s, NULL, 64 * PAGE, CLUSTER, 1);
	scene_resident(&s, 0, CLUSTER, 1);
	CHECK(scene_reads(&s, 0, CLUSTER, 1), "wrong data");
	begin_msync(0, CLUSTER);
	expect_sync();
	sync_done();
	CHECK_IS(actor_end(&s.a, 0), 0);
	CHECK_IS(object_info(s.o.fd).pageouts, 0);
}

/* While a page is on its way out it can be read, and a write waits. */
static void test_busy_out(void)
{
	open_dirty();
	begin_msync(0, CLUSTER);
	expect_return();
	actor_begin(&s.a, 1, do_load, s.map + PAGE);
	CHECK(actor_end(&s.a, 1) > 0, "wrong data");
	actor_begin(&s.a, 1, do_store, s.map + PAGE, 0x55);
	CHECK(actor_waits(&s.a, 1, 50),
	      "a page was written to while it was being returned");
	pager_take(&s.p, &r, s.buf);
	CHECK(pattern_is(s.buf, PAGE, 4 * PAGE, 2), "wrong data returned");
	CHECK_IS(actor_end(&s.a, 1), 0);
	expect_sync();
	sync_done();
	CHECK_IS(actor_end(&s.a, 0), 0);
	CHECK_IS(object_info(s.o.fd).dirty, 1);
	CHECK_IS(actor_do(&s.a, do_load, s.map + PAGE), 0x55);
}

/* What is written after a return comes with the next. */
static void test_again(void)
{
	uint8_t *store = shared_alloc(CLUSTER);

	open_dirty();
	for (int round = 0; round < 3; round++) {
		CHECK_IS(actor_do(&s.a, do_store, s.map + 2 * PAGE, round + 7),
			 0);
		begin_msync(0, CLUSTER);
		CHECK_IS(pager_next(&s.p, &r, WAIT_MS), 0);
		CHECK_IS(r.m.operation, MACH_OP_DATA_RETURN);
		CHECK(r.m.offset <= 2 * PAGE, "0x%llx", r.m.offset);
		pager_take(&s.p, &r, store + r.m.offset);
		CHECK_IS(store[2 * PAGE], round + 7);
		expect_sync();
		sync_done();
		CHECK_IS(actor_end(&s.a, 0), 0);
		CHECK_IS(object_info(s.o.fd).dirty, 0);
	}
}

/* Dirty neighbours go in one return; holes part them. */
static void test_clusters(void)
{
	uint64_t seen = 0;
	unsigned int returns = 0;

	scene_open(&s, NULL, 64 * PAGE, CLUSTER, 1);
	scene_resident(&s, 0, 64 * PAGE, 1);
	for (int page = 0; page < 64; page++)
		if (page % 8 != 5)
			CHECK_IS(actor_do(&s.a, do_store, s.map + page * PAGE,
					  3), 0);
	begin_msync(0, 64 * PAGE);
	for (;;) {
		CHECK_IS(pager_next(&s.p, &r, WAIT_MS), 0);
		if (r.m.operation != MACH_OP_DATA_RETURN)
			break;
		returns++;
		for (uint64_t p = r.m.offset; p < r.m.offset + r.m.length;
		     p += PAGE) {
			CHECK(!(seen & 1ULL << p / PAGE), "0x%llx came twice",
			      (unsigned long long)p);
			CHECK(p / PAGE % 8 != 5, "a clean page came");
			seen |= 1ULL << p / PAGE;
		}
		pager_take(&s.p, &r, s.buf);
	}
	CHECK_IS(r.m.operation, MACH_OP_SYNCHRONIZE);
	sync_done();
	CHECK_IS(actor_end(&s.a, 0), 0);
	CHECK_IS(__builtin_popcountll(seen), 56);
	CHECK(returns <= 16, "%u returns for 9 runs of dirty pages", returns);
}

static const struct mach_part *bad_answers(size_t *nr)
{
	static struct mach_part bad[5];

	bad[0] = part_copy(PAGE, PAGE, s.buf);
	bad[1] = part_zero(PAGE, PAGE);
	bad[2] = part_done(0, PAGE);
	bad[3] = part_done(5 * PAGE, PAGE);
	bad[4] = part_done(PAGE, -PAGE);
	*nr = ARRAY_SIZE(bad);
	return bad;
}

/* Answers that are no answer to a return, and change nothing. */
static void test_wrong(void)
{
	static const long want[] = {
		-EPROTO, -EPROTO, -ERANGE, -ERANGE, -ERANGE,
	};
	static const char * const what[] = {
		"copy", "unavailable", "before", "after", "wrap",
	};
	const struct mach_part *bad;
	size_t nr;

	open_dirty();
	begin_msync(0, CLUSTER);
	expect_return();
	bad = bad_answers(&nr);
	for (size_t i = 0; i < nr; i++)
		tap_is(what[i], pager_reply(&s.p, &r, &bad[i], 1, true),
		       want[i]);
	CHECK_IS(object_info(s.o.fd).dirty, 4);
	pager_take(&s.p, &r, s.buf);
	CHECK(pattern_is(s.buf, PAGE, 4 * PAGE, 2), "wrong data returned");
	expect_sync();
	bad = bad_answers(&nr);
	tap_is("sync-copy", pager_reply(&s.p, &r, &bad[0], 1, true), -EPROTO);
	tap_is("sync-zero", pager_reply(&s.p, &r, &bad[1], 1, true), -EPROTO);
	CHECK(actor_waits(&s.a, 0, 0), "msync was let go");
	sync_done();
	CHECK_IS(actor_end(&s.a, 0), 0);
}

/* Its time is over: the data is kept, the error told, the answer too late. */
static void test_deadline(void)
{
	struct pager_setup setup = {
		.transport = tap_variant, .deadline_ms = 600,
	};
	struct mach_part part = part_done(0, PAGE);

	scene_open(&s, &setup, 64 * PAGE, CLUSTER, 1);
	scene_resident(&s, 0, PAGE, 1);
	CHECK_IS(actor_do(&s.a, do_store, s.map, 0x31), 0);
	actor_begin(&s.a, 0, do_fsync, s.o.fd);
	pager_expect(&s.p, &r, MACH_OP_DATA_RETURN, 0, PAGE);
	CHECK_IS(actor_end(&s.a, 0), -EIO);
	tap_is("late-collect", pager_collect(&s.p, &r, 0, PAGE, s.buf),
	       -ESTALE);
	tap_is("late-answer", pager_reply(&s.p, &r, &part, 1, true), -ESTALE);
	tap_is("dirty", object_info(s.o.fd).dirty, 1);
	tap_is("kept", actor_do(&s.a, do_load, s.map), 0x31);
}

/* The pager's death is an error for who waits for durability. */
static void test_death(void)
{
	struct serve *v = serve_new(64 * PAGE, CLUSTER, 1);
	volatile uint8_t *map;

	serve_start(v);
	map = mmap(NULL, v->size, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd,
		   0);
	CHECK(map != MAP_FAILED, "mmap: %m");
	map[0] = 1;
	serve_kill(v);
	CHECK_IS(RESULT(fsync(v->fd)), -EIO);
	CHECK_IS(RESULT(msync((void *)map, PAGE, MS_SYNC)), -EIO);
}

#define BOTH(n, fn)							\
	{ .name = n "-ring", .run = fn, BY_RING },			\
	{ .name = n "-ioctl", .run = fn, BY_IOCTL }

static const struct tap_test tests[] = {
	BOTH("msync", test_msync),
	BOTH("fsync", test_fsync),
	BOTH("file", test_file),
	BOTH("parts", test_parts),
	BOTH("lost-io", test_lost_io),
	BOTH("lost-space", test_lost_space),
	BOTH("unnamed", test_unnamed),
	BOTH("sync-fails", test_sync_fails),
	BOTH("sync-fails-once", test_sync_fails_once),
	BOTH("clean", test_clean),
	BOTH("busy-out", test_busy_out),
	BOTH("again", test_again),
	BOTH("clusters", test_clusters),
	BOTH("wrong", test_wrong),
	BOTH("deadline", test_deadline),
	BOTH("death", test_death),
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
