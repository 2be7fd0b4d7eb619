// SPDX-License-Identifier: GPL-2.0-only
/* Supplying unasked, and reading returned data. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap.h"
#include "testpager.h"

static struct mach_pager_supply supply_of(const struct scene *s,
					  struct mach_part part)
{
	return (struct mach_pager_supply){
		.size = sizeof(struct mach_pager_supply),
		.object = s->o.number,
		.part = part,
	};
}

static long supply(struct scene *s, struct mach_part part)
{
	struct mach_pager_supply sup = supply_of(s, part);

	return vm_ioctl(s->p.fd, MACH_PAGER_SUPPLY, &sup);
}

/* Supplied pages are there without a request. */
static void test_kinds(void)
{
	int fd = pattern_file(64 * KIB, 5);
	struct scene s;

	scene_open(&s, NULL, 64 * PAGE, 4 * PAGE, 1);
	tap_is("copy", supply(&s, part_pattern(0, 3 * PAGE, 4)), 0);
	tap_is("file", supply(&s, part_file(5 * PAGE, 2 * PAGE, fd, 5 * PAGE)),
	       0);
	tap_is("unavailable", supply(&s, part_zero(9 * PAGE, PAGE)), 0);
	CHECK(scene_reads(&s, 0, 3 * PAGE, 4), "wrong data");
	CHECK(scene_reads(&s, 5 * PAGE, 2 * PAGE, 5), "wrong data");
	CHECK_IS(actor_do(&s.a, do_copy, (uintptr_t)s.buf, s.map + 9 * PAGE,
			  PAGE), 0);
	CHECK(zeros(s.buf, PAGE), "unavailable is not zero");
	tap_is("resident", object_info(s.o.fd).resident, 6);
	tap_is("requests", object_info(s.o.fd).requests, 0);
	tap_is("dirty", object_info(s.o.fd).dirty, 0);
	pager_expect_nothing(&s.p, 0);
}

static void test_largest(void)
{
	static uint8_t much[2 * MIB];
	struct scene s;

	scene_open(&s, NULL, 4 * MIB, 4 * PAGE, 1);
	pattern_fill(much, 0, sizeof(much), 6);
	tap_is("max", supply(&s, part_copy(0, MACH_CLUSTER_MAX, much)), 0);
	tap_is("over", supply(&s, part_copy(MIB, MACH_CLUSTER_MAX + PAGE,
					    much)), -EINVAL);
	CHECK(scene_reads(&s, 0, MIB, 6), "wrong data");
	CHECK_IS(object_info(s.o.fd).resident, MIB / PAGE);
}

static void test_kinds_wrong(void)
{
	struct scene s;

	scene_open(&s, NULL, 64 * PAGE, 4 * PAGE, 1);
	tap_is("error", supply(&s, part_error(0, PAGE, EIO)), -EPROTO);
	tap_is("done", supply(&s, part_done(0, PAGE)), -EPROTO);
	tap_is("copy-null", supply(&s, part_copy(0, PAGE, NULL)), -EFAULT);
	tap_is("closed-file", supply(&s, part_file(0, PAGE, 999, 0)), -EBADF);
	tap_is("own-object", supply(&s, part_file(0, PAGE, s.o.fd, 0)),
	       -ELOOP);
	tap_is("short-file", supply(&s, part_file(0, 2 * PAGE,
						  pattern_file(PAGE, 1), 0)),
	       -ENODATA);
	CHECK_IS(object_info(s.o.fd).dirty, 0);
}

/* Stops at a page that is there, and says how far it came. */
static void test_present(void)
{
	struct mach_pager_supply sup;
	struct scene s;

	scene_open(&s, NULL, 64 * PAGE, 4 * PAGE, 1);
	CHECK_IS(supply(&s, part_pattern(2 * PAGE, PAGE, 1)), 0);
	sup = supply_of(&s, part_pattern(0, 4 * PAGE, 2));
	tap_is("result", vm_ioctl(s.p.fd, MACH_PAGER_SUPPLY, &sup), -EEXIST);
	tap_is("supplied", sup.supplied, 2 * PAGE);
	CHECK(scene_reads(&s, 0, 2 * PAGE, 2), "wrong data");
	CHECK(scene_reads(&s, 2 * PAGE, PAGE, 1), "a present page changed");
	tap_is("resident", object_info(s.o.fd).resident, 3);
	sup = supply_of(&s, part_pattern(2 * PAGE, PAGE, 2));
	tap_is("first", vm_ioctl(s.p.fd, MACH_PAGER_SUPPLY, &sup), -EEXIST);
	tap_is("first-supplied", sup.supplied, 0);
}

/* A page that is asked for belongs to the request. */
static void test_asked_for(void)
{
	struct test_request r;
	struct scene s;

	scene_open(&s, NULL, 64 * PAGE, PAGE, 1);
	actor_begin(&s.a, 0, do_load, s.map);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 0, PAGE);
	CHECK_IS(supply(&s, part_pattern(0, PAGE, 1)), -EEXIST);
	CHECK(actor_waits(&s.a, 0, 0), "the waiter was let go");
	pager_reply_one(&s.p, &r, part_pattern(0, PAGE, 2));
	CHECK(actor_end(&s.a, 0) > 0, "wrong data");
	CHECK(scene_reads(&s, 0, PAGE, 2), "wrong data");
}

/* The last page of an object of bytes: its length, or whole pages. */
static void test_tail(void)
{
	struct scene s;

	scene_open(&s, NULL, 2 * PAGE + 100, 4 * PAGE, 1);
	tap_is("past-end", supply(&s, part_pattern(2 * PAGE, 101, 1)),
	       -EINVAL);
	tap_is("short", supply(&s, part_pattern(2 * PAGE, 99, 1)), -EINVAL);
	tap_is("bytes", supply(&s, part_pattern(PAGE, PAGE + 100, 1)), 0);
	CHECK(scene_reads(&s, PAGE, PAGE + 100, 1), "wrong data");
	CHECK_IS(actor_do(&s.a, do_copy, (uintptr_t)s.buf,
			  s.map + 2 * PAGE + 100, PAGE - 100), 0);
	CHECK(zeros(s.buf, PAGE - 100), "the tail is not zero");
}

static void make_dirty(struct scene *s, uint64_t offset, uint64_t length,
		       uint32_t seed)
{
	pattern_fill(s->buf, offset, length, seed);
	CHECK_IS(actor_do(&s->a, do_copy, s->map + offset, (uintptr_t)s->buf,
			  length), 0);
}

static long collect(struct scene *s, const struct mach_pager_collect *c)
{
	struct mach_pager_collect copy = *c;

	return vm_ioctl(s->p.fd, MACH_PAGER_COLLECT, &copy);
}

static void test_collect(void)
{
	struct mach_pager_lock l = {
		.size = sizeof(l), .flags = MACH_LOCK_CLEAN,
	};
	struct mach_pager_collect c, good;
	struct test_request r;
	struct scene s;

	scene_open(&s, NULL, 64 * PAGE, 4 * PAGE, 1);
	scene_resident(&s, 4 * PAGE, 4 * PAGE, 1);
	make_dirty(&s, 4 * PAGE, 4 * PAGE, 2);
	l.object = s.o.number;
	CHECK_IS(vm_ioctl(s.p.fd, MACH_PAGER_LOCK_REQUEST, &l), 0);
	pager_expect(&s.p, &r, MACH_OP_DATA_RETURN, 4 * PAGE, 4 * PAGE);
	good = (struct mach_pager_collect){
		.size = sizeof(good), .queue = r.queue, .tag = r.tag,
		.generation = r.m.generation, .offset = 5 * PAGE + 3,
		.length = PAGE, .address = (uintptr_t)s.buf,
	};
#define WRONG(sub, field, value, want)					\
	do {								\
		c = good;						\
		c.field = value;					\
		tap_is(sub, collect(&s, &c), want);			\
	} while (0)
	WRONG("before", offset, 4 * PAGE - 1, -ERANGE);
	WRONG("after", offset, 8 * PAGE, -ERANGE);
	WRONG("across-end", offset, 7 * PAGE + 1, -ERANGE);
	WRONG("offset-2^63", offset, 1ULL << 63, -ERANGE);
	WRONG("offset-max", offset, ~0ULL, -ERANGE);
	WRONG("length-over", length, 4 * PAGE, -ERANGE);
	WRONG("length-2^32", length, 1ULL << 32, -ERANGE);
	WRONG("length-max", length, ~0ULL, -ERANGE);
	WRONG("generation", generation, r.m.generation + 1, -ESTALE);
	WRONG("tag", tag, (r.tag + 1) % 8, -ESTALE);
	WRONG("address-null", address, 0, -EFAULT);
	WRONG("address-kernel", address, 0xffff888000000000ULL, -EFAULT);
#undef WRONG
	memset(s.buf, 0, 3 * PAGE);
	tap_is("bytes", collect(&s, &good), 0);
	CHECK(pattern_is(s.buf, 5 * PAGE + 3, PAGE, 2), "wrong data");
	CHECK(zeros(s.buf + PAGE, PAGE), "more than was asked for");
	pager_take(&s.p, &r, s.buf);
	CHECK(pattern_is(s.buf, 4 * PAGE, 4 * PAGE, 2), "wrong data");
	CHECK_IS(pager_collect(&s.p, &r, 4 * PAGE, PAGE, s.buf), -ESTALE);
}

/* Only a return has data. */
static void test_collect_request(void)
{
	struct test_request r;
	struct scene s;

	scene_open(&s, NULL, 64 * PAGE, PAGE, 1);
	actor_begin(&s.a, 0, do_load, s.map);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 0, PAGE);
	CHECK_IS(pager_collect(&s.p, &r, 0, PAGE, s.buf), -EPROTO);
	pager_reply_one(&s.p, &r, part_pattern(0, PAGE, 2));
	CHECK(actor_end(&s.a, 0) > 0, "wrong data");
}

#define BOTH(n, fn)							\
	{ .name = n "-ring", .run = fn, BY_RING },			\
	{ .name = n "-ioctl", .run = fn, BY_IOCTL }

static const struct tap_test tests[] = {
	{ .name = "kinds", .run = test_kinds },
	{ .name = "kinds-wrong", .run = test_kinds_wrong },
	{ .name = "largest", .run = test_largest },
	{ .name = "present", .run = test_present },
	BOTH("asked-for", test_asked_for),
	{ .name = "tail", .run = test_tail },
	BOTH("collect", test_collect),
	BOTH("collect-request", test_collect_request),
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
