// SPDX-License-Identifier: GPL-2.0-only
/* Many who want the same pages, and many queues to ask by. */
#define _GNU_SOURCE
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "serve.h"
#include "tap.h"

#define CLUSTER	(8 * PAGE)

/* Threads of one process that fault on one cluster make one request. */
static void test_threads(void)
{
	struct test_request r;
	struct scene s;

	scene_open(&s, NULL, 64 * PAGE, CLUSTER, 8);
	actor_begin(&s.a, 0, do_load, s.map);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 0, CLUSTER);
	for (int i = 1; i < 8; i++)
		actor_begin(&s.a, i, do_load, s.map + i % 4 * PAGE);
	pager_expect_nothing(&s.p, 100);
	for (int i = 0; i < 8; i++)
		CHECK(actor_waits(&s.a, i, 0), "read a page that is not there");
	pager_reply_one(&s.p, &r, part_pattern(0, CLUSTER, 1));
	for (int i = 0; i < 8; i++)
		CHECK(actor_end(&s.a, i) > 0, "wrong data");
	CHECK_IS(object_info(s.o.fd).requests, 1);
	CHECK(scene_reads(&s, 0, CLUSTER, 1), "wrong data");
}

/* So do two processes, and each sees what the other writes. */
static void test_processes(void)
{
	struct test_request r;
	struct actor b;
	struct scene s;
	long map;

	scene_open(&s, NULL, 64 * PAGE, CLUSTER, 1);
	actor_start(&b, 1);
	map = actor_do(&b, do_map, s.o.fd, 64 * PAGE, PROT_READ | PROT_WRITE,
		       MAP_SHARED);
	CHECK(map > 0, "map: %s", tap_result(map));
	actor_begin(&s.a, 0, do_load, s.map);
	actor_begin(&b, 0, do_load, map + PAGE);
	CHECK_IS(pager_next(&s.p, &r, WAIT_MS), 0);
	CHECK(actor_waits(&b, 0, 50), "read a page that is not there");
	pager_reply_one(&s.p, &r, part_pattern(0, CLUSTER, 1));
	CHECK(actor_end(&s.a, 0) > 0, "wrong data");
	CHECK(actor_end(&b, 0) > 0, "wrong data");
	CHECK_IS(object_info(s.o.fd).requests, 1);
	CHECK_IS(actor_do(&s.a, do_store, s.map + 5, 0x42), 0);
	CHECK_IS(actor_do(&b, do_load, map + 5), 0x42);
	CHECK_IS(actor_do(&b, do_store, map + 5, 0x43), 0);
	CHECK_IS(actor_do(&s.a, do_load, s.map + 5), 0x43);
	actor_stop(&b);
	CHECK_IS(actor_do(&s.a, do_load, s.map + 5), 0x43);
}

/* Writers that fault on one absent page, too. */
static void test_writers(void)
{
	struct test_request r;
	struct scene s;

	scene_open(&s, NULL, 64 * PAGE, CLUSTER, 8);
	for (int i = 0; i < 8; i++)
		actor_begin(&s.a, i, do_store, s.map + i, i + 1);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 0, CLUSTER);
	pager_expect_nothing(&s.p, 50);
	pager_reply_one(&s.p, &r, part_zero(0, CLUSTER));
	for (int i = 0; i < 8; i++)
		CHECK_IS(actor_end(&s.a, i), 0);
	for (int i = 0; i < 8; i++)
		CHECK_IS(actor_do(&s.a, do_load, s.map + i), i + 1);
	CHECK_IS(object_info(s.o.fd).requests, 1);
	CHECK_IS(object_info(s.o.fd).dirty, 1);
}

static long pin(const uint64_t *arg)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(arg[0], &set);
	return RESULT(sched_setaffinity(0, sizeof(set), &set));
}

/* A fault prefers the queue of its CPU, when a slot is armed there. */
static void test_queue_of_cpu(void)
{
	struct pager_setup setup = { .transport = BY_RING, .queues = 2 };
	struct test_request r;
	struct scene s;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		tap_skip("needs two CPUs");
	scene_open(&s, &setup, 64 * PAGE, PAGE, 1);
	for (int i = 0; i < 8; i++) {
		CHECK_IS(actor_do(&s.a, pin, i % 2), 0);
		actor_begin(&s.a, 0, do_load, s.map + i * PAGE);
		pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, i * PAGE, PAGE);
		CHECK(r.queue == i % 2, "CPU %d asked queue %u", i % 2,
		      r.queue);
		pager_reply_one(&s.p, &r, part_zero(i * PAGE, PAGE));
		CHECK_IS(actor_end(&s.a, 0), 0);
	}
}

/* When that one is busy another serves, and one is left to other objects. */
static void test_queue_busy(void)
{
	struct pager_setup setup = {
		.transport = BY_RING, .queues = 3, .depth = 1,
	};
	struct test_request r[2];
	struct scene s;

	scene_open(&s, &setup, 64 * PAGE, PAGE, 2);
	for (int i = 0; i < 2; i++) {
		actor_begin(&s.a, i, pin, 0);
		CHECK_IS(actor_end(&s.a, i), 0);
		actor_begin(&s.a, i, do_load, s.map + i * PAGE);
		pager_expect(&s.p, &r[i], MACH_OP_DATA_REQUEST, i * PAGE, PAGE);
	}
	CHECK(r[0].queue != r[1].queue, "both from queue %u", r[0].queue);
	for (int i = 0; i < 2; i++) {
		pager_reply_one(&s.p, &r[i], part_zero(i * PAGE, PAGE));
		CHECK_IS(actor_end(&s.a, i), 0);
	}
}

#define READERS	8

static long read_all(const uint64_t *arg)
{
	const uint8_t *map = (uint8_t *)(uintptr_t)arg[0];
	uint64_t pages = arg[1], step = arg[2];

	for (uint64_t i = 0; i < pages; i++) {
		uint64_t page = (i * step + arg[3]) % pages;

		if (!pattern_is(map + page * PAGE, page * PAGE, 64, arg[4]))
			return page + 1;
	}
	return 0;
}

/* Several threads over a whole object, each in an order of its own. */
static void crowd(unsigned int queues)
{
	struct serve *v = serve_new(2 * MIB, CLUSTER, 3);
	struct actor a;
	long map;

	v->setup.queues = queues;
	serve_start(v);
	actor_start(&a, READERS);
	map = actor_do(&a, do_map, v->fd, v->size, PROT_READ, MAP_SHARED);
	CHECK(map > 0, "map: %s", tap_result(map));
	for (int i = 0; i < READERS; i++)
		actor_begin(&a, i, read_all, map, v->size / PAGE, 2 * i + 1,
			    i * 61, 3);
	for (int i = 0; i < READERS; i++)
		CHECK_IS(actor_end(&a, i), 0);
	CHECK(v->requests <= v->size / PAGE && v->requests >=
	      v->size / CLUSTER, "%u requests", v->requests);
	CHECK_IS(object_info(v->fd).resident, v->size / PAGE);
	actor_stop(&a);
	serve_stop(v);
}

static void test_crowd(void)
{
	crowd(1);
}

static void test_crowd_queues(void)
{
	crowd(tap_variant == BY_RING ? 4 : 1);
}

#define BOTH(n, fn)							\
	{ .name = n "-ring", .run = fn, BY_RING },			\
	{ .name = n "-ioctl", .run = fn, BY_IOCTL }

static const struct tap_test tests[] = {
	BOTH("threads", test_threads),
	BOTH("processes", test_processes),
	BOTH("writers", test_writers),
	{ .name = "queue-of-cpu", .run = test_queue_of_cpu },
	{ .name = "queue-busy", .run = test_queue_busy },
	BOTH("crowd", test_crowd),
	{ .name = "crowd-queues", .run = test_crowd_queues, BY_RING },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
