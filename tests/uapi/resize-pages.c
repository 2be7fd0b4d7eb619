// SPDX-License-Identifier: GPL-2.0-only
/* What is left of pages when their object is cut, and what comes when it grows again. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tap.h"
#include "task.h"
#include "testpager.h"

#define CLUSTER	(8 * PAGE)
#define SIZE	(8 * PAGE)
#define ROOM	SCENE_ROOM
#define CUT	(2 * PAGE + 10)		/* where it is cut, and */
#define LEFT	(3 * PAGE)		/* what pages are left then */

static struct scene s;
static struct test_request r;

/* @variant: of the test: who cuts */
enum { BY_PAGER = 2 };

static void open_scene(void)
{
	struct pager_setup setup = { .transport = tap_variant & 1 };

	scene_open_resizable(&s, &setup, SIZE, ROOM, CLUSTER, 4);
}

static void open_resident(void)
{
	open_scene();
	scene_resident(&s, 0, SIZE, 1);
}

/* The client writes pattern @seed through its mapping. */
static void modify(uint64_t offset, uint64_t length, uint32_t seed)
{
	pattern_fill(s.buf, offset, length, seed);
	CHECK_IS(actor_do(&s.a, do_copy, s.map + offset, (uintptr_t)s.buf,
			  length), 0);
}

/*
 * Who waited for a page when it was cut is told that there is none, or gets the page
 * that came in its place.
 */
static void end_load(uint64_t data)
{
	long got = scene_serve_until_end(&s, 0, data);

	tap_sub("load", !got || got == TAP_SIGNAL(SIGBUS), "%s",
		tap_result(got));
}

/* By the pager, or by a client: the two ways must leave the same. */
static void set_size(uint64_t size)
{
	scene_set_size(&s, tap_variant & BY_PAGER, size);
}

/* Read by a call what the object holds now; the store has data up to @data. */
static void read_all(uint64_t size, uint64_t data)
{
	memset(s.buf, 0x5a, ROOM);
	actor_begin(&s.a, 0, do_pread, s.o.fd, (uintptr_t)s.buf, ROOM, 0);
	CHECK_IS(scene_serve_until_end(&s, 0, data), size);
}

/* The pattern up to CUT, and then zeros */
static void check_cut(const char *sub, uint64_t size)
{
	read_all(size, CUT);
	tap_sub(sub, pattern_is(s.buf, 0, CUT, 1) &&
		zeros(s.buf + CUT, size - CUT), "wrong data");
}

static long load(uint64_t address)
{
	return actor_do(&s.a, do_load, address);
}

static void test_mapped(void)
{
	long private;

	open_resident();
	private = actor_do(&s.a, do_map, s.o.fd, SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE, 0);
	CHECK_IS(actor_do(&s.a, do_store, private + 5 * PAGE, 0x31), 0);
	CHECK_IS(actor_do(&s.a, do_store, private, 0x32), 0);
	for (uint64_t at = 0; at < SIZE; at += PAGE) {
		CHECK(load(s.map + at) > 0 && load(private + at) > 0,
		      "page 0x%llx", (unsigned long long)at);
		if (at == 6 * PAGE)
			CHECK_IS(actor_do(&s.a, do_store, s.map + at, 1), 0);
	}
	set_size(CUT);
	tap_is("left", load(s.map + CUT - 1) > 0, true);
	tap_is("own", load(private), 0x32);
	tap_is("shared", load(s.map + LEFT), TAP_SIGNAL(SIGBUS));
	tap_is("modified", load(s.map + 6 * PAGE), TAP_SIGNAL(SIGBUS));
	tap_is("private", load(private + LEFT), TAP_SIGNAL(SIGBUS));
	tap_is("private-own", load(private + 5 * PAGE), TAP_SIGNAL(SIGBUS));
	tap_is("store", actor_do(&s.a, do_store, s.map + LEFT, 1),
	       TAP_SIGNAL(SIGBUS));
	tap_is("resident", object_info(s.o.fd).resident, 3);
	tap_is("dirty", object_info(s.o.fd).dirty <= 1, true);
	pager_expect_nothing(&s.p, 0);
}

/* The rest of the last page is zero at once, and again after it was written to. */
static void tail(bool dirty)
{
	open_resident();
	if (dirty)
		modify(2 * PAGE, PAGE, 1);
	CHECK(scene_reads(&s, 0, SIZE, 1), "wrong data");
	set_size(CUT);
	CHECK_IS(actor_do(&s.a, do_copy, (uintptr_t)s.buf, s.map + 2 * PAGE,
			  PAGE), 0);
	tap_sub("data", pattern_is(s.buf, 2 * PAGE, 10, 1), "wrong data");
	tap_sub("rest", zeros(s.buf + 10, PAGE - 10), "it is not zero");
	CHECK_IS(actor_do(&s.a, do_store, s.map + 2 * PAGE + 500, 0x66), 0);
	set_size(SIZE);
	check_cut("grown", SIZE);
}

static void test_tail_clean(void)
{
	tail(false);
}

static void test_tail_modified(void)
{
	tail(true);
}

/* A clean last page is asked for again when its pager has more of it. */
static void test_tail_asked_again(void)
{
	open_scene();
	set_size(CUT);
	scene_resident(&s, 0, CUT, 1);
	CHECK(scene_reads(&s, 0, CUT, 1), "wrong data");
	set_size(4 * PAGE);
	actor_begin(&s.a, 0, do_load, s.map + CUT + 1);
	CHECK_IS(pager_next(&s.p, &r, WAIT_MS), 0);
	CHECK(r.m.operation == MACH_OP_DATA_REQUEST &&
	      r.m.mandatory == 2 * PAGE, "op %u, page 0x%llx", r.m.operation,
	      r.m.mandatory);
	tap_is("to-the-end", r.m.offset + r.m.length, 4 * PAGE);
	scene_answer(&s, &r, 4 * PAGE);
	tap_is("load", actor_end(&s.a, 0) > 0, true);
	tap_sub("data", scene_reads(&s, 0, 4 * PAGE, 1), "wrong data");
}

/* What was cut is gone: when the object grows again its pager is asked. */
static void test_regrown(void)
{
	open_resident();
	modify(4 * PAGE, 2 * PAGE, 1);
	set_size(CUT);
	set_size(SIZE);
	actor_begin(&s.a, 0, do_load, s.map + 5 * PAGE);
	CHECK_IS(pager_next(&s.p, &r, WAIT_MS), 0);
	tap_is("operation", r.m.operation, MACH_OP_DATA_REQUEST);
	tap_is("page", r.m.mandatory, 5 * PAGE);
	scene_answer(&s, &r, CUT);
	tap_is("load", actor_end(&s.a, 0), 0);
	check_cut("all", SIZE);
	tap_is("dirty", object_info(s.o.fd).dirty <= 1, true);
}

/* The client waits for page @page, and the request for all pages is held. */
static struct test_request hold_request(uint64_t page)
{
	open_scene();
	actor_begin(&s.a, 0, do_load, s.map + page * PAGE);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 0, SIZE);
	return r;
}

static void test_request_cut(void)
{
	struct test_request held = hold_request(5);
	struct mach_part part = part_pattern(0, SIZE, 1);

	set_size(CUT);
	tap_is("answer", pager_reply(&s.p, &held, &part, 1, true), 0);
	pager_reply_none(&s.p, &held);
	tap_is("load", scene_serve_until_end(&s, 0, CUT), TAP_SIGNAL(SIGBUS));
	tap_is("resident", object_info(s.o.fd).resident <= 3, true);
	check_cut("left", CUT);
	set_size(SIZE);
	check_cut("grown", SIZE);
}

/* Each part by itself: one that is all beyond, one across, one below the end */
static void test_request_parts(void)
{
	struct test_request held = hold_request(0);
	struct mach_part beyond = part_pattern(4 * PAGE, 4 * PAGE, 1);
	struct mach_part across = part_pattern(PAGE, 3 * PAGE, 1);

	set_size(CUT);
	tap_is("beyond", pager_reply(&s.p, &held, &beyond, 1, true), 0);
	tap_is("across", pager_reply(&s.p, &held, &across, 1, true), 0);
	pager_reply_one(&s.p, &held, part_pattern(0, PAGE, 1));
	tap_is("load", scene_serve_until_end(&s, 0, CUT) > 0, true);
	check_cut("left", CUT);
}

/* A file that ends where the object does now is not too short. */
static void test_request_file(void)
{
	struct test_request held = hold_request(0);
	int fd = pattern_file(CUT, 1);
	struct mach_part part = part_file(0, SIZE, fd, 0);

	set_size(CUT);
	tap_is("answer", pager_reply(&s.p, &held, &part, 1, true), 0);
	pager_reply_none(&s.p, &held);
	tap_is("load", scene_serve_until_end(&s, 0, CUT) > 0, true);
	check_cut("left", CUT);
}

/* The data that the pager had before must not show after cut and growth. */
static void test_request_regrown(void)
{
	struct test_request held = hold_request(5);
	struct mach_part part = part_pattern(0, SIZE, 1);

	set_size(CUT);
	set_size(SIZE);
	tap_is("answer", pager_reply(&s.p, &held, &part, 1, true), 0);
	pager_reply_none(&s.p, &held);
	end_load(CUT);
	check_cut("all", SIZE);
}

/* The same if the new pages were asked for before the old answer came. */
static void test_request_twice(void)
{
	struct test_request held = hold_request(5);
	struct mach_part part = part_pattern(0, SIZE, 1);
	long err;

	set_size(CUT);
	set_size(SIZE);
	actor_begin(&s.a, 1, do_load, s.map + 6 * PAGE);
	tap_is("second", scene_serve_until_end(&s, 1, CUT), 0);
	err = pager_reply(&s.p, &held, &part, 1, true);
	tap_sub("answer", !err || err == -EEXIST, "%s", tap_result(err));
	pager_reply_none(&s.p, &held);
	end_load(CUT);
	check_cut("all", SIZE);
}

/* A request is never for more than there is. */
static void test_request_range(void)
{
	open_scene();
	set_size(CUT);
	actor_begin(&s.a, 0, do_load, s.map);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 0, CUT);
	scene_answer(&s, &r, CUT);
	tap_is("load", actor_end(&s.a, 0) > 0, true);
	set_size(20 * PAGE);
	actor_begin(&s.a, 0, do_load, s.map + 17 * PAGE);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 16 * PAGE, 4 * PAGE);
	scene_answer(&s, &r, CUT);
	tap_is("grown", actor_end(&s.a, 0), 0);
}

static void supply_beyond(void)
{
	struct mach_pager_supply sup = {
		.size = sizeof(sup),
		.object = s.o.number,
		.part = part_pattern(4 * PAGE, PAGE, 1),
	};

	tap_is("supply", vm_ioctl(s.p.fd, MACH_PAGER_SUPPLY, &sup), -EINVAL);
}

static void test_supply(void)
{
	open_scene();
	set_size(CUT);
	supply_beyond();
	scene_resident(&s, 0, CUT, 1);
	check_cut("left", CUT);
	set_size(SIZE);
	scene_resident(&s, 4 * PAGE, 4 * PAGE, 1);
	CHECK(load(s.map + 4 * PAGE) > 0, "not supplied");
}

/* A frame that somebody holds keeps its data, and is no longer the object's. */
static long do_hold(const uint64_t *arg)
{
	struct iovec iov = { (void *)(uintptr_t)arg[1], arg[2] };

	return RESULT(vmsplice(arg[0], &iov, 1, 0));
}

static void test_held(void)
{
	uint8_t page[PAGE];
	int fds[2];

	open_scene();
	CHECK(!pipe(fds), "pipe: %m");
	actor_stop(&s.a);
	actor_start(&s.a, 4);
	s.map = actor_do(&s.a, do_map, s.o.fd, ROOM, PROT_READ | PROT_WRITE,
			 MAP_SHARED, 0);
	scene_resident(&s, 0, SIZE, 1);
	CHECK_IS(actor_do(&s.a, do_hold, fds[1], s.map + 5 * PAGE, PAGE), PAGE);
	modify(5 * PAGE, PAGE, 1);
	set_size(CUT);
	tap_is("load", load(s.map + 5 * PAGE), TAP_SIGNAL(SIGBUS));
	set_size(SIZE);
	check_cut("grown", SIZE);
	CHECK_IS(actor_do(&s.a, do_store, s.map + 5 * PAGE, 0x21), 0);
	CHECK_IS(RESULT(read(fds[0], page, PAGE)), PAGE);
	tap_sub("held", pattern_is(page, 5 * PAGE, PAGE, 1), "it has changed");
	tap_is("stored", load(s.map + 5 * PAGE), 0x21);
}

/* The window of a task: wired or not, beyond the end is beyond the end. */
static void window(bool wired)
{
	static struct test_task t;
	uint8_t byte;
	char *at;

	open_scene();
	task_open(&t, 64 * MIB);
	scene_resident(&s, 0, SIZE, 1);
	CHECK_IS(task_map(&t, s.o.fd, 0, SIZE,
			  MACH_PROT_READ | MACH_PROT_WRITE, MACH_VM_ANYWHERE,
			  &at), 0);
	if (wired)
		CHECK_IS(task_wire(&t, at, SIZE, MACH_PROT_READ), 0);
	CHECK_IS(task_touch(at + 5 * PAGE, true), 0);
	set_size(CUT);
	tap_is("left", task_touch(at + CUT - 1, false), 0);
	tap_is("beyond", task_touch(at + LEFT, false), TAP_SIGNAL(SIGBUS));
	tap_is("modified", task_touch(at + 5 * PAGE, true), TAP_SIGNAL(SIGBUS));
	tap_is("read", task_read(&t, at + 5 * PAGE, 1, &byte) < 0, true);
	set_size(SIZE);
	scene_resident(&s, LEFT, SIZE - LEFT, 1);
	tap_is("grown", task_touch(at + 5 * PAGE, true), 0);
	tap_is("read-grown", task_read(&t, at + 5 * PAGE, 1, &byte), 0);
	if (wired)
		tap_is("unwire", task_wire(&t, at, SIZE, 0), 0);
	tap_is("gone", task_deallocate(&t, at, SIZE), 0);
	task_close(&t);
}

static void test_window(void)
{
	window(false);
}

static void test_wired(void)
{
	window(true);
}

#define WAYS(n, fn)							\
	{ .name = n "-ring", .run = fn, BY_RING },			\
	{ .name = n "-ioctl", .run = fn, BY_IOCTL },			\
	{ .name = n "-by-pager", .run = fn, BY_PAGER | BY_IOCTL }

static const struct tap_test tests[] = {
	WAYS("mapped", test_mapped),
	WAYS("tail-clean", test_tail_clean),
	WAYS("tail-modified", test_tail_modified),
	{ .name = "tail-asked-again", .run = test_tail_asked_again,
	  BY_PAGER | BY_IOCTL },
	WAYS("regrown", test_regrown),
	WAYS("request-cut", test_request_cut),
	WAYS("request-parts", test_request_parts),
	WAYS("request-file", test_request_file),
	WAYS("request-regrown", test_request_regrown),
	WAYS("request-twice", test_request_twice),
	WAYS("request-range", test_request_range),
	WAYS("supply", test_supply),
	WAYS("held", test_held),
	WAYS("window", test_window),
	WAYS("wired", test_wired),
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
