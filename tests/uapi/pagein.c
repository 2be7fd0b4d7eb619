// SPDX-License-Identifier: GPL-2.0-only
/* From fault to page: what a request says, and what answers to it do. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "tap.h"
#include "testpager.h"

#define CLUSTER	(8 * PAGE)

static struct scene s;
static struct test_request r;

static void open_scene(void)
{
	scene_open(&s, NULL, 64 * PAGE, CLUSTER, 4);
}

/* Begin to read a byte, and hold the request for its cluster. */
static void fault(unsigned int thread, uint64_t page)
{
	actor_begin(&s.a, thread, do_load, s.map + page * PAGE);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST,
		     page * PAGE / CLUSTER * CLUSTER, CLUSTER);
	CHECK_IS(r.m.mandatory, page * PAGE);
}

static void test_message(void)
{
	struct timespec ts;
	long long now;

	open_scene();
	fault(0, 11);
	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = ts.tv_sec * 1000000000LL + ts.tv_nsec;
	tap_is("object", r.m.object, s.o.number);
	tap_is("cookie", r.m.cookie, 0xc00c1e);
	tap_is("access", r.m.access, MACH_ACCESS_READ);
	tap_is("flags", r.m.flags & ~MACH_MSG_SYNC, 0);
	tap_is("reserved", r.m.reserved, 0);
	tap_sub("deadline", (long long)r.m.deadline_ns > now &&
		(long long)r.m.deadline_ns <=
		now + MACH_DEADLINE_DEFAULT * 1000000LL,
		"deadline is %lld ns from now",
		(long long)r.m.deadline_ns - now);
	pager_reply_one(&s.p, &r, part_zero(CLUSTER, CLUSTER));
	CHECK_IS(actor_end(&s.a, 0), 0);
	actor_begin(&s.a, 0, do_store, s.map + 20 * PAGE, 1);
	CHECK_IS(pager_next(&s.p, &r, WAIT_MS), 0);
	tap_is("access-write", r.m.access & MACH_ACCESS_WRITE,
	       MACH_ACCESS_WRITE);
	pager_reply_one(&s.p, &r, part_zero(r.m.offset, r.m.length));
	CHECK_IS(actor_end(&s.a, 0), 0);
}

static void test_copy(void)
{
	open_scene();
	fault(0, 3);
	pager_reply_one(&s.p, &r, part_pattern(0, CLUSTER, 1));
	CHECK(actor_end(&s.a, 0) > 0, "wrong data");
	CHECK(scene_reads(&s, 0, CLUSTER, 1), "wrong data");
	pager_expect_nothing(&s.p, 0);
	CHECK_IS(object_info(s.o.fd).requests, 1);
	CHECK_IS(object_info(s.o.fd).pageins, CLUSTER / PAGE);
}

static void test_file(void)
{
	int fd = pattern_file(64 * PAGE, 2);

	open_scene();
	for (uint64_t page = 5; page < 64; page += CLUSTER / PAGE) {
		fault(0, page);
		pager_reply_one(&s.p, &r, part_file(r.m.offset, r.m.length, fd,
						    r.m.offset));
		CHECK(actor_end(&s.a, 0) > 0, "wrong data");
	}
	CHECK(scene_reads(&s, 0, 64 * PAGE, 2), "wrong data");
	CHECK_IS(object_info(s.o.fd).requests, 8);
}

static void test_unavailable(void)
{
	open_scene();
	fault(0, 3);
	pager_reply_one(&s.p, &r, part_zero(0, CLUSTER));
	CHECK_IS(actor_end(&s.a, 0), 0);
	CHECK_IS(actor_do(&s.a, do_copy, (uintptr_t)s.buf, s.map, CLUSTER), 0);
	CHECK(zeros(s.buf, CLUSTER), "not zero");
	CHECK_IS(object_info(s.o.fd).dirty, 0);
}

/* The error is that page's and that time's. */
static void test_error(void)
{
	struct mach_part parts[3];

	open_scene();
	fault(0, 3);
	parts[0] = part_pattern(0, 3 * PAGE, 1);
	parts[1] = part_error(3 * PAGE, PAGE, ENXIO);
	parts[2] = part_pattern(4 * PAGE, 4 * PAGE, 1);
	CHECK_IS(pager_reply(&s.p, &r, parts, 3, false), 0);
	tap_is("fault", actor_end(&s.a, 0), TAP_SIGNAL(SIGBUS));
	CHECK(scene_reads(&s, 0, 3 * PAGE, 1), "wrong data");
	CHECK(scene_reads(&s, 4 * PAGE, 4 * PAGE, 1), "wrong data");
	tap_is("count", object_info(s.o.fd).errors, 1);
	actor_begin(&s.a, 0, do_load, s.map + 3 * PAGE);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 3 * PAGE, PAGE);
	pager_reply_one(&s.p, &r, part_pattern(3 * PAGE, PAGE, 1));
	tap_sub("next", actor_end(&s.a, 0) > 0, "no data after the error");
	CHECK(scene_reads(&s, 0, CLUSTER, 1), "wrong data");
}

/* Calls report the very errno. */
static void test_error_call(void)
{
	static const int errors[] = { EIO, ENXIO, ENOSPC, EACCES, 1,
				      MACH_ERRNO_MAX };

	open_scene();
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		actor_begin(&s.a, 0, do_pread, s.o.fd, (uintptr_t)s.buf, 8, 0);
		pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 0, CLUSTER);
		pager_reply_one(&s.p, &r, part_error(0, PAGE, errors[i]));
		tap_is(tap_result(-errors[i]), actor_end(&s.a, 0), -errors[i]);
	}
}

/* An error for a neighbour is nobody's. */
static void test_error_neighbour(void)
{
	struct mach_part parts[2];

	open_scene();
	fault(0, 0);
	parts[0] = part_pattern(0, PAGE, 1);
	parts[1] = part_error(PAGE, 7 * PAGE, EIO);
	CHECK_IS(pager_reply(&s.p, &r, parts, 2, false), 0);
	CHECK(actor_end(&s.a, 0) > 0, "wrong data");
	actor_begin(&s.a, 0, do_load, s.map + PAGE);
	CHECK_IS(pager_next(&s.p, &r, WAIT_MS), 0);
	CHECK_IS(r.m.mandatory, PAGE);
	pager_reply_one(&s.p, &r, part_pattern(PAGE, PAGE, 1));
	CHECK(actor_end(&s.a, 0) > 0, "wrong data");
}

/* Only the mandatory page is owed; nobody waits for the rest. */
static void test_short(void)
{
	open_scene();
	fault(0, 3);
	actor_begin(&s.a, 1, do_load, s.map + 6 * PAGE);
	CHECK(actor_waits(&s.a, 1, 30), "read a page that is not there");
	pager_reply_one(&s.p, &r, part_pattern(3 * PAGE, PAGE, 1));
	CHECK(actor_end(&s.a, 0) > 0, "wrong data");
	/* Who wanted a neighbour now asks for himself. */
	CHECK_IS(pager_next(&s.p, &r, WAIT_MS), 0);
	CHECK(r.m.mandatory == 6 * PAGE && r.m.offset > 3 * PAGE &&
	      r.m.offset + r.m.length == CLUSTER,
	      "0x%llx+0x%llx, mandatory 0x%llx", r.m.offset, r.m.length,
	      r.m.mandatory);
	pager_reply_one(&s.p, &r, part_pattern(6 * PAGE, PAGE, 1));
	CHECK(actor_end(&s.a, 1) > 0, "wrong data");
	CHECK_IS(object_info(s.o.fd).resident, 2);
}

/* No part at all: EIO for the mandatory page. */
static void test_none(void)
{
	open_scene();
	fault(0, 3);
	pager_reply_none(&s.p, &r);
	tap_is("fault", actor_end(&s.a, 0), TAP_SIGNAL(SIGBUS));
	actor_begin(&s.a, 0, do_pread, s.o.fd, (uintptr_t)s.buf, 8, 0);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 0, CLUSTER);
	pager_reply_one(&s.p, &r, part_pattern(4 * PAGE, PAGE, 1));
	tap_is("read", actor_end(&s.a, 0), -EIO);
	actor_begin(&s.a, 0, do_load, s.map + 3 * PAGE);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 0, 4 * PAGE);
	pager_reply_one(&s.p, &r, part_pattern(3 * PAGE, PAGE, 1));
	tap_sub("next", actor_end(&s.a, 0) > 0, "no data");
}

/* Each part wakes its waiters, long before the request ends. */
static void test_parts(void)
{
	struct mach_part part;

	open_scene();
	fault(0, 3);
	actor_begin(&s.a, 1, do_load, s.map + 6 * PAGE);
	actor_begin(&s.a, 2, do_load, s.map);
	CHECK(actor_waits(&s.a, 1, 20), "read a page that is not there");
	part = part_pattern(6 * PAGE, 2 * PAGE, 1);
	CHECK_IS(pager_reply(&s.p, &r, &part, 1, true), 0);
	CHECK(actor_end(&s.a, 1) > 0, "wrong data");
	CHECK(actor_waits(&s.a, 0, 20), "read a page that is not there");
	part = part_pattern(2 * PAGE, 2 * PAGE, 1);
	CHECK_IS(pager_reply(&s.p, &r, &part, 1, true), 0);
	CHECK(actor_end(&s.a, 0) > 0, "wrong data");
	CHECK(actor_waits(&s.a, 2, 20), "read a page that is not there");
	CHECK_IS(pager_reply(&s.p, &r, NULL, 0, true), 0);
	part = part_pattern(0, 2 * PAGE, 1);
	CHECK_IS(pager_reply(&s.p, &r, &part, 1, false), 0);
	CHECK(actor_end(&s.a, 2) > 0, "wrong data");
	CHECK(scene_reads(&s, 0, 4 * PAGE, 1), "wrong data");
	CHECK(scene_reads(&s, 6 * PAGE, 2 * PAGE, 1), "wrong data");
	CHECK_IS(object_info(s.o.fd).requests, 1);
	CHECK_IS(object_info(s.o.fd).resident, 6);
}

/* Copy, file, zero and nothing for one request, in no order. */
static void test_mosaic(void)
{
	struct mach_part parts[3];
	int fd = pattern_file(CLUSTER, 2);

	open_scene();
	fault(0, 3);
	parts[0] = part_file(6 * PAGE, 2 * PAGE, fd, 6 * PAGE);
	parts[1] = part_zero(0, 2 * PAGE);
	parts[2] = part_pattern(3 * PAGE, 2 * PAGE, 1);
	CHECK_IS(pager_reply(&s.p, &r, parts, 3, false), 0);
	CHECK(actor_end(&s.a, 0) > 0, "wrong data");
	CHECK(scene_reads(&s, 6 * PAGE, 2 * PAGE, 2), "wrong data");
	CHECK(scene_reads(&s, 3 * PAGE, 2 * PAGE, 1), "wrong data");
	CHECK_IS(actor_do(&s.a, do_copy, (uintptr_t)s.buf, s.map, 2 * PAGE),
		 0);
	CHECK(zeros(s.buf, 2 * PAGE), "not zero");
	CHECK_IS(object_info(s.o.fd).resident, 6);
}

/* A request stops before what is there already, and before the end. */
static void test_clip(void)
{
	open_scene();
	scene_resident(&s, 5 * PAGE, PAGE, 1);
	actor_begin(&s.a, 0, do_load, s.map + 3 * PAGE);
	CHECK_IS(pager_next(&s.p, &r, WAIT_MS), 0);
	CHECK(r.m.offset <= 3 * PAGE && r.m.offset + r.m.length == 5 * PAGE,
	      "0x%llx+0x%llx", r.m.offset, r.m.length);
	pager_reply_one(&s.p, &r, part_pattern(3 * PAGE, PAGE, 1));
	CHECK(actor_end(&s.a, 0) > 0, "wrong data");
}

/* The last request ends with the object's last byte. */
static void test_end(void)
{
	scene_open(&s, NULL, 10 * PAGE + 123, CLUSTER, 1);
	actor_begin(&s.a, 0, do_load, s.map + 10 * PAGE);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, CLUSTER, 2 * PAGE + 123);
	pager_reply_one(&s.p, &r, part_pattern(CLUSTER, 2 * PAGE + 123, 1));
	CHECK(actor_end(&s.a, 0) > 0, "wrong data");
	CHECK(scene_reads(&s, CLUSTER, 2 * PAGE + 123, 1), "wrong data");
	CHECK_IS(actor_do(&s.a, do_copy, (uintptr_t)s.buf,
			  s.map + 10 * PAGE + 123, PAGE - 123), 0);
	CHECK(zeros(s.buf, PAGE - 123), "the tail is not zero");
}

/* Beyond the object there is SIGBUS and no request, as with a file. */
static void test_beyond(void)
{
	long map;

	scene_open(&s, NULL, 2 * PAGE + 1, CLUSTER, 1);
	map = actor_do(&s.a, do_map, s.o.fd, 8 * PAGE, PROT_READ | PROT_WRITE,
		       MAP_SHARED, 0);
	if (map > 0) {
		tap_is("load", actor_do(&s.a, do_load, map + 3 * PAGE),
		       TAP_SIGNAL(SIGBUS));
		tap_is("store", actor_do(&s.a, do_store, map + 7 * PAGE, 1),
		       TAP_SIGNAL(SIGBUS));
	} else {
		tap_is("map", map, -EINVAL);
	}
	pager_expect_nothing(&s.p, 0);
}

static void test_single_page(void)
{
	struct pager_setup setup = {
		.transport = tap_variant, .flags = MACH_PAGER_SINGLE_PAGE,
	};

	scene_open(&s, &setup, 64 * PAGE, CLUSTER, 1);
	for (uint64_t i = 0; i < CLUSTER; i += PAGE) {
		actor_begin(&s.a, 0, do_load, s.map + i);
		pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, i, PAGE);
		CHECK_IS(r.m.mandatory, i);
		pager_reply_one(&s.p, &r, part_pattern(i, PAGE, 1));
		CHECK(actor_end(&s.a, 0) > 0, "wrong data");
	}
	CHECK(scene_reads(&s, 0, CLUSTER, 1), "wrong data");
}

/* Lines of the kernel's log since @kmsg was opened that have the word. */
static int log_lines(int kmsg, const char *word)
{
	char record[8192];
	int found = 0;
	ssize_t len;

	while ((len = read(kmsg, record, sizeof(record) - 1)) > 0) {
		record[len] = 0;
		found += strstr(record, "machvm") && strstr(record, word);
	}
	return found;
}

static void test_deprecated(void)
{
	int kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);

	CHECK(kmsg >= 0 && lseek(kmsg, 0, SEEK_END) >= 0, "/dev/kmsg: %m");
	test_single_page();
	CHECK_IS(log_lines(kmsg, "deprecated"), 1);
}

/* A silent pager is an error when its time is over; its late answer is none. */
static void test_deadline(void)
{
	struct pager_setup setup = {
		.transport = tap_variant, .deadline_ms = 600,
	};
	struct mach_part part = part_pattern(0, CLUSTER, 1);
	long start, got;

	scene_open(&s, &setup, 64 * PAGE, CLUSTER, 2);
	start = tap_now_ms();
	fault(0, 0);
	actor_begin(&s.a, 1, do_pread, s.o.fd, (uintptr_t)s.buf, 8, 0);
	tap_is("fault", actor_end(&s.a, 0), TAP_SIGNAL(SIGBUS));
	tap_sub("not-early", tap_now_ms() - start >= 590, "after %ld ms",
		tap_now_ms() - start);
	tap_is("late", pager_reply(&s.p, &r, &part, 1, true), -ESTALE);
	/* The reader either shared that request or makes its own. */
	while (actor_waits(&s.a, 1, 10))
		if (!pager_next(&s.p, &r, 10))
			pager_reply_one(&s.p, &r, part);
	got = actor_end(&s.a, 1);
	tap_sub("reader", got == 8 || got == -EIO, "got %s", tap_result(got));
	if (got == -EIO) {
		fault(0, 1);
		pager_reply_one(&s.p, &r, part);
		tap_sub("again", actor_end(&s.a, 0) > 0, "no data");
	}
	CHECK(scene_reads(&s, 0, CLUSTER, 1), "wrong data");
}

/* Nobody fetches: the deadline holds for a request that was never seen. */
static void test_deadline_unseen(void)
{
	struct pager_setup setup = {
		.transport = BY_IOCTL, .deadline_ms = 200,
	};

	scene_open(&s, &setup, 64 * PAGE, CLUSTER, 1);
	actor_begin(&s.a, 0, do_load, s.map);
	CHECK_IS(actor_end(&s.a, 0), TAP_SIGNAL(SIGBUS));
}

#define BOTH(n, fn)							\
	{ .name = n "-ring", .run = fn, BY_RING },			\
	{ .name = n "-ioctl", .run = fn, BY_IOCTL }

static const struct tap_test tests[] = {
	BOTH("message", test_message),
	BOTH("copy", test_copy),
	BOTH("file", test_file),
	BOTH("unavailable", test_unavailable),
	BOTH("error", test_error),
	BOTH("error-call", test_error_call),
	BOTH("error-neighbour", test_error_neighbour),
	BOTH("short", test_short),
	BOTH("none", test_none),
	BOTH("parts", test_parts),
	BOTH("mosaic", test_mosaic),
	BOTH("clip", test_clip),
	BOTH("end", test_end),
	BOTH("beyond", test_beyond),
	BOTH("single-page", test_single_page),
	BOTH("deprecated", test_deprecated),
	BOTH("deadline", test_deadline),
	{ .name = "deadline-unseen", .run = test_deadline_unseen },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
