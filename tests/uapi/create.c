// SPDX-License-Identifier: GPL-2.0-only
/* Making, describing and ending objects. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tap.h"
#include "testpager.h"

static const struct pager_setup by_ioctl = { .transport = BY_IOCTL };

static void test_defaults(void)
{
	struct test_object o;
	struct mach_object_info info;
	struct test_pager p;

	pager_open(&p, &by_ioctl);
	object_create(&p, &o, 1, 0, 0);
	info = object_info(o.fd);
	tap_is("size", info.object_size, 1);
	tap_is("cluster", info.cluster, 64 * KIB);
	tap_is("state", info.state, MACH_OBJECT_ALIVE);
	tap_is("counters", info.resident | info.dirty | info.pageins |
	       info.pageouts | info.requests | info.errors, 0);
	tap_is("cloexec", fcntl(o.fd, F_GETFD), FD_CLOEXEC);
	tap_is("mode", fcntl(o.fd, F_GETFL) & O_ACCMODE, O_RDWR);
	pager_close(&p);
}

static void test_largest(void)
{
	struct test_object o;
	struct test_pager p;

	pager_open(&p, &by_ioctl);
	object_create(&p, &o, MACH_OBJECT_SIZE_MAX, MACH_CLUSTER_MAX, 0);
	CHECK(object_info(o.fd).object_size == MACH_OBJECT_SIZE_MAX,
	      "size is 0x%llx", object_info(o.fd).object_size);
	pager_close(&p);
}

static void test_read_only(void)
{
	const int rw = PROT_READ | PROT_WRITE;
	struct test_object o;
	struct test_pager p;
	void *map;

	pager_open(&p, &by_ioctl);
	object_create(&p, &o, 4 * PAGE, 0, MACH_CREATE_READ_ONLY);
	tap_is("state", object_info(o.fd).state,
	       MACH_OBJECT_ALIVE | MACH_OBJECT_READ_ONLY);
	tap_is("mode", fcntl(o.fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	tap_is("map-writable",
	       RESULT(mmap(NULL, PAGE, rw, MAP_SHARED, o.fd, 0)), -EACCES);
	tap_is("write", RESULT(pwrite(o.fd, "x", 1, 0)), -EBADF);
	map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, o.fd, 0);
	CHECK(map != MAP_FAILED, "mmap: %m");
	tap_is("upgrade", RESULT(mprotect(map, PAGE, rw)), -EACCES);
	map = mmap(NULL, PAGE, rw, MAP_PRIVATE, o.fd, 0);
	tap_is("map-private", map == MAP_FAILED, 0);
	pager_close(&p);
}

static void test_attributes(void)
{
	struct mach_pager_attributes at = { .size = sizeof(at) };
	struct test_request r;
	struct scene s;

	scene_open(&s, NULL, MIB, 16 * KIB, 1);
	at.object = s.o.number;
	CHECK_IS(vm_ioctl(s.p.fd, MACH_PAGER_GET_ATTRIBUTES, &at), 0);
	CHECK_IS(at.cluster, 16 * KIB);
	at.cluster = 256 * KIB;
	CHECK_IS(vm_ioctl(s.p.fd, MACH_PAGER_CHANGE_ATTRIBUTES, &at), 0);
	CHECK_IS(object_info(s.o.fd).cluster, 256 * KIB);
	actor_begin(&s.a, 0, do_load, s.map + 300 * KIB);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 256 * KIB, 256 * KIB);
	pager_reply_one(&s.p, &r, part_zero(256 * KIB, 256 * KIB));
	CHECK_IS(actor_end(&s.a, 0), 0);
}

static void test_numbers(void)
{
	struct test_object a, b;
	struct test_pager p;

	pager_open(&p, &by_ioctl);
	object_create(&p, &a, PAGE, 0, 0);
	object_create(&p, &b, PAGE, 0, 0);
	CHECK(a.number != b.number, "two objects with number %u", a.number);
	pager_close(&p);
}

/* No descriptor to be had: no object, and nobody hears of one. */
static void test_no_descriptor(void)
{
	struct mach_pager_create c = {
		.size = sizeof(c), .object_size = PAGE,
	};
	struct mach_object_name n = { .size = sizeof(n) };
	struct rlimit none = { 0, 0 }, old;
	struct test_object o;
	struct test_pager p;

	pager_open(&p, &by_ioctl);
	object_create(&p, &o, PAGE, 0, 0);
	CHECK(!getrlimit(RLIMIT_NOFILE, &old), "getrlimit: %m");
	none.rlim_max = old.rlim_max;
	CHECK(!setrlimit(RLIMIT_NOFILE, &none), "setrlimit: %m");
	tap_is("create", vm_ioctl(p.fd, MACH_PAGER_CREATE, &c), -EMFILE);
	tap_is("name", vm_ioctl(o.fd, MACH_OBJECT_NAME, &n), -EMFILE);
	CHECK(!setrlimit(RLIMIT_NOFILE, &old), "setrlimit: %m");
	pager_expect_nothing(&p, 30);
	tap_is("create-again", vm_ioctl(p.fd, MACH_PAGER_CREATE, &c), 0);
	pager_close(&p);
}

/* Another pager's number means nothing here, or an own object. */
static void test_foreign_number(void)
{
	struct mach_pager_destroy d = { .size = sizeof(d) };
	struct test_pager p, other;
	struct test_object o;

	pager_open(&p, &by_ioctl);
	pager_open(&other, &by_ioctl);
	object_create(&p, &o, PAGE, 0, 0);
	d.object = o.number;
	CHECK_IS(vm_ioctl(other.fd, MACH_PAGER_DESTROY, &d), -ENOENT);
	CHECK_IS(object_info(o.fd).state, MACH_OBJECT_ALIVE);
	pager_close(&other);
	pager_close(&p);
}

static void test_destroy(void)
{
	struct mach_pager_destroy d = { .size = sizeof(d) };
	struct mach_pager_attributes at = { .size = sizeof(at) };
	struct test_request r;
	struct scene s;

	scene_open(&s, NULL, 64 * PAGE, PAGE, 3);
	scene_resident(&s, 5 * PAGE, PAGE, 1);
	actor_begin(&s.a, 0, do_load, s.map);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 0, PAGE);
	actor_begin(&s.a, 1, do_load, s.map);
	actor_begin(&s.a, 2, do_pread, s.o.fd, (uintptr_t)s.buf, 8, 0);
	CHECK(actor_waits(&s.a, 1, 20), "a second fault did not wait");
	d.object = s.o.number;
	CHECK_IS(vm_ioctl(s.p.fd, MACH_PAGER_DESTROY, &d), 0);
	tap_is("waiter-1", actor_end_within(&s.a, 0, 2000),
	       TAP_SIGNAL(SIGBUS));
	tap_is("waiter-2", actor_end_within(&s.a, 1, 2000),
	       TAP_SIGNAL(SIGBUS));
	tap_is("reader", actor_end_within(&s.a, 2, 2000), -EIO);
	tap_is("resident-gone", actor_do(&s.a, do_load, s.map + 5 * PAGE),
	       TAP_SIGNAL(SIGBUS));
	tap_is("late-answer", pager_reply(&s.p, &r, NULL, 0, true), -ESTALE);
	tap_is("again", vm_ioctl(s.p.fd, MACH_PAGER_DESTROY, &d), -ENOENT);
	at.object = s.o.number;
	tap_is("attributes",
	       vm_ioctl(s.p.fd, MACH_PAGER_GET_ATTRIBUTES, &at), -ENOENT);
	tap_is("state", object_info(s.o.fd).state & MACH_OBJECT_ALIVE, 0);
	tap_is("info-resident", object_info(s.o.fd).resident, 0);
}

/* No TERMINATE after a destroy, and the pager goes on with others. */
static void test_destroy_quiet(void)
{
	struct mach_pager_destroy d = { .size = sizeof(d) };
	struct test_object other;
	struct test_request r;
	struct scene s;
	long map;

	scene_open(&s, NULL, 64 * PAGE, PAGE, 1);
	object_create(&s.p, &other, 64 * PAGE, PAGE, 0);
	d.object = other.number;
	CHECK_IS(vm_ioctl(s.p.fd, MACH_PAGER_DESTROY, &d), 0);
	close(other.fd);
	pager_expect_nothing(&s.p, 50);
	actor_begin(&s.a, 0, do_load, s.map);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 0, PAGE);
	pager_reply_one(&s.p, &r, part_zero(0, PAGE));
	CHECK_IS(actor_end(&s.a, 0), 0);
	map = actor_do(&s.a, do_map, s.o.fd, PAGE, PROT_READ, MAP_SHARED);
	CHECK(map > 0, "map: %s", tap_result(map));
}

static long attributes_of(struct test_pager *p, uint32_t number)
{
	struct mach_pager_attributes at = {
		.size = sizeof(at), .object = number,
	};

	return vm_ioctl(p->fd, MACH_PAGER_GET_ATTRIBUTES, &at);
}

/* The last descriptor and mapping go: TERMINATE, with dirty data before it. */
static void test_terminate(void)
{
	struct test_request r;
	struct scene s;

	scene_open(&s, NULL, 16 * PAGE, 4 * PAGE, 1);
	scene_resident(&s, 0, 4 * PAGE, 1);
	CHECK_IS(actor_do(&s.a, do_store, s.map + PAGE, 0x77), 0);
	close(s.o.fd);
	CHECK_IS(actor_do(&s.a, do_close, s.o.fd), 0);
	pager_expect_nothing(&s.p, 30);
	actor_begin(&s.a, 0, do_unmap, s.map, 16 * PAGE);
	CHECK_IS(actor_end(&s.a, 0), 0);
	CHECK_IS(pager_next(&s.p, &r, WAIT_MS), 0);
	CHECK(r.m.operation == MACH_OP_DATA_RETURN && r.m.offset <= PAGE &&
	      r.m.offset + r.m.length >= 2 * PAGE, "op %u of 0x%llx+0x%llx",
	      r.m.operation, r.m.offset, r.m.length);
	pager_take(&s.p, &r, s.buf + r.m.offset);
	CHECK(s.buf[PAGE] == 0x77, "what was written did not come back");
	CHECK_IS(pager_next(&s.p, &r, WAIT_MS), 0);
	CHECK_IS(r.m.operation, MACH_OP_TERMINATE);
	CHECK(r.m.object == s.o.number && r.m.cookie == 0xc00c1e,
	      "object %u, cookie 0x%llx", r.m.object, r.m.cookie);
	tap_is("number-until-commit", attributes_of(&s.p, s.o.number), 0);
	pager_reply_none(&s.p, &r);
	CHECK_WAIT(attributes_of(&s.p, s.o.number) == -ENOENT, WAIT_MS, "the number is not free after TERMINATE");
	pager_expect_nothing(&s.p, 20);
}

/* An unused object: nothing to return. */
static void test_terminate_clean(void)
{
	struct pager_setup setup = { .transport = tap_variant };
	struct test_request r;
	struct test_object o;
	struct test_pager p;

	pager_open(&p, &setup);
	object_create(&p, &o, 16 * PAGE, 0, 0);
	close(o.fd);
	CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
	CHECK_IS(r.m.operation, MACH_OP_TERMINATE);
	pager_reply_none(&p, &r);
	pager_expect_nothing(&p, 20);
	pager_close(&p);
}

static const struct tap_test tests[] = {
	{ .name = "defaults", .run = test_defaults },
	{ .name = "largest", .run = test_largest },
	{ .name = "read-only", .run = test_read_only },
	{ .name = "attributes", .run = test_attributes },
	{ .name = "numbers", .run = test_numbers },
	{ .name = "no-descriptor", .run = test_no_descriptor },
	{ .name = "foreign-number", .run = test_foreign_number },
	{ .name = "destroy-ring", .run = test_destroy, BY_RING },
	{ .name = "destroy-ioctl", .run = test_destroy, BY_IOCTL },
	{ .name = "destroy-quiet-ring", .run = test_destroy_quiet, BY_RING },
	{ .name = "destroy-quiet-ioctl", .run = test_destroy_quiet, BY_IOCTL },
	{ .name = "terminate-ring", .run = test_terminate, BY_RING },
	{ .name = "terminate-ioctl", .run = test_terminate, BY_IOCTL },
	{ .name = "terminate-clean-ring", .run = test_terminate_clean,
	  BY_RING },
	{ .name = "terminate-clean-ioctl", .run = test_terminate_clean,
	  BY_IOCTL },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
