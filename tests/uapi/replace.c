// SPDX-License-Identifier: GPL-2.0-only
/*
 * A fault waits for its page while another thread puts something else at the
 * address: the page must not turn up there.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include "tap.h"
#include "testpager.h"

#define LENGTH	(16 * PAGE)	/* of the mapping */
#define FAR	(16 * PAGE)	/* other offset in the object */
#define ROUNDS	6

static struct scene s;
static struct test_request r;
static uint64_t at;

/* address, fd or -1 for anonymous memory, offset, flags */
static long do_replace(const uint64_t *arg)
{
	void *to = (void *)(uintptr_t)arg[0];
	int fd = arg[1];
	int flags = arg[3] | MAP_FIXED | (fd < 0 ? MAP_ANONYMOUS : 0);

	/* In two steps: the kernel may use the old area's memory again. */
	if (munmap(to, LENGTH))
		return -errno;
	if (mmap(to, LENGTH, PROT_READ | PROT_WRITE, flags, fd, arg[2]) != to)
		return -errno;
	return 0;
}

static void open_scene(void)
{
	struct pager_setup setup = { .transport = tap_variant };
	long map;

	scene_open(&s, &setup, 64 * PAGE, PAGE, 2);
	map = actor_do(&s.a, do_map, s.o.fd, LENGTH, PROT_READ | PROT_WRITE,
		       MAP_SHARED);
	CHECK(map > 0, "mmap: %s", tap_result(map));
	at = map;
}

/* Thread 0 waits for the page, whose request is then held. */
static void begin_fault(int page, bool write)
{
	if (write)
		actor_begin(&s.a, 0, do_store, at + page * PAGE, 0x5a);
	else
		actor_begin(&s.a, 0, do_load, at + page * PAGE);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, page * PAGE, PAGE);
}

static long meanwhile(actor_fn fn, uint64_t a, uint64_t b, uint64_t c,
		      uint64_t d)
{
	actor_begin(&s.a, 1, fn, a, b, c, d);
	return actor_end(&s.a, 1);
}

static uint8_t byte_of(uint64_t offset, uint32_t seed)
{
	uint8_t byte;

	pattern_fill(&byte, offset, 1, seed);
	return byte;
}

/* Another part of the same object. */
static void moved(int flags, bool write)
{
	open_scene();
	for (int page = 0; page < ROUNDS; page++) {
		uint64_t there = FAR + page * PAGE;
		long want = write ? 0 : byte_of(there, 1);

		CHECK_IS(meanwhile(do_replace, at, s.o.fd, 0, MAP_SHARED), 0);
		begin_fault(page, write);
		CHECK_IS(meanwhile(do_replace, at, s.o.fd, FAR, flags), 0);
		pager_reply_one(&s.p, &r, part_pattern(page * PAGE, PAGE, 2));
		pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, there, PAGE);
		pager_reply_one(&s.p, &r, part_pattern(there, PAGE, 1));
		CHECK_IS(actor_end(&s.a, 0), want);
		CHECK_IS(actor_do(&s.a, do_load, at + page * PAGE + 8),
			 byte_of(there + 8, 1));
	}
}

static void test_moved(void)
{
	moved(MAP_SHARED, false);
}

static void test_moved_write(void)
{
	moved(MAP_SHARED, true);
	CHECK_IS(object_info(s.o.fd).dirty, ROUNDS);
}

static void test_moved_private(void)
{
	moved(MAP_PRIVATE, true);
	CHECK_IS(object_info(s.o.fd).dirty, 0);
}

static void test_other_object(void)
{
	struct test_object other;
	struct actor b;

	open_scene();
	object_create(&s.p, &other, 64 * PAGE, PAGE, 0);
	actor_stop(&s.a);
	/* A client that has the new object, too. */
	actor_start(&b, 2);
	s.a = b;
	at = actor_do(&s.a, do_map, s.o.fd, LENGTH, PROT_READ | PROT_WRITE,
		      MAP_SHARED);
	for (int page = 0; page < ROUNDS; page++) {
		CHECK_IS(meanwhile(do_replace, at, s.o.fd, 0, MAP_SHARED), 0);
		begin_fault(page, false);
		CHECK_IS(meanwhile(do_replace, at, other.fd, 0, MAP_SHARED), 0);
		pager_reply_one(&s.p, &r, part_pattern(page * PAGE, PAGE, 2));
		pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, page * PAGE, PAGE);
		CHECK_IS(r.m.object, other.number);
		pager_reply_one(&s.p, &r, part_pattern(page * PAGE, PAGE, 3));
		CHECK_IS(actor_end(&s.a, 0), byte_of(page * PAGE, 3));
	}
}

static void test_anonymous(void)
{
	open_scene();
	for (int page = 0; page < ROUNDS; page++) {
		CHECK_IS(meanwhile(do_replace, at, s.o.fd, 0, MAP_SHARED), 0);
		begin_fault(page, false);
		CHECK_IS(meanwhile(do_replace, at, -1, 0, MAP_PRIVATE), 0);
		pager_reply_one(&s.p, &r, part_pattern(page * PAGE, PAGE, 2));
		CHECK_IS(actor_end(&s.a, 0), 0);
	}
}

static void test_unmapped(void)
{
	open_scene();
	begin_fault(3, false);
	CHECK_IS(meanwhile(do_unmap, at, LENGTH, 0, 0), 0);
	pager_reply_one(&s.p, &r, part_pattern(3 * PAGE, PAGE, 2));
	CHECK_IS(actor_end(&s.a, 0), TAP_SIGNAL(SIGSEGV));
	CHECK_IS(object_info(s.o.fd).resident, 1);
}

static void test_protected(void)
{
	open_scene();
	begin_fault(3, true);
	CHECK_IS(meanwhile(do_mprotect, at, LENGTH, PROT_READ, 0), 0);
	pager_reply_one(&s.p, &r, part_pattern(3 * PAGE, PAGE, 2));
	CHECK_IS(actor_end(&s.a, 0), TAP_SIGNAL(SIGSEGV));
	CHECK_IS(object_info(s.o.fd).dirty, 0);
	CHECK_IS(actor_do(&s.a, do_load, at + 3 * PAGE), byte_of(3 * PAGE, 2));
}

#define BOTH(n, fn)							\
	{ .name = n "-ring", .run = fn, BY_RING },			\
	{ .name = n "-ioctl", .run = fn, BY_IOCTL }

static const struct tap_test tests[] = {
	BOTH("unmapped", test_unmapped),
	BOTH("protected", test_protected),
	BOTH("anonymous", test_anonymous),
	BOTH("other-object", test_other_object),
	BOTH("moved", test_moved),
	BOTH("moved-write", test_moved_write),
	BOTH("moved-private", test_moved_private),
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
