// SPDX-License-Identifier: GPL-2.0-only
/* The ioctl transport: what is its alone. Answers are in answer.c. */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap.h"
#include "testpager.h"

static const struct pager_setup by_ioctl = { .transport = BY_IOCTL };

static long receive(struct test_pager *p, uint32_t flags, uint32_t timeout_ms)
{
	struct mach_pager_receive rec = {
		.size = sizeof(rec), .flags = flags, .timeout_ms = timeout_ms,
	};

	return vm_ioctl(p->fd, MACH_PAGER_RECEIVE, &rec);
}

static void test_timeout(void)
{
	struct test_pager p;
	long start;

	pager_open(&p, &by_ioctl);
	start = tap_now_ms();
	CHECK_IS(receive(&p, MACH_RECEIVE_NONBLOCK, 0), -ETIMEDOUT);
	CHECK(tap_now_ms() - start < 1000, "NONBLOCK waited %ld ms",
	      tap_now_ms() - start);
	start = tap_now_ms();
	/* in ticks; where they come late, as here, several come at once */
	CHECK_IS(receive(&p, 0, 200), -ETIMEDOUT);
	CHECK(tap_now_ms() - start >= 150, "gave up after %ld of 200 ms",
	      tap_now_ms() - start);
	pager_close(&p);
}

/* All slots are held, or posted by ring commands. */
static void test_no_slot(void)
{
	static const struct pager_setup one = {
		.transport = BY_IOCTL, .depth = 1,
	};
	struct test_request r;
	struct test_pager p;
	struct scene s;

	scene_open(&s, &one, 16 * PAGE, PAGE, 1);
	actor_begin(&s.a, 0, do_load, s.map);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 0, PAGE);
	tap_is("held", receive(&s.p, 0, 50), -EBUSY);
	tap_is("held-nonblock", receive(&s.p, MACH_RECEIVE_NONBLOCK, 0),
	       -EBUSY);
	pager_reply_one(&s.p, &r, part_pattern(0, PAGE, 2));
	CHECK(actor_end(&s.a, 0) > 0, "wrong data");
	pager_open(&p, &(struct pager_setup){ .transport = BY_RING });
	tap_is("posted", receive(&p, 0, 50), -EBUSY);
	pager_close(&p);
}

static void test_answer_fields(void)
{
	struct mach_part part = part_zero(0, PAGE);
	struct mach_pager_receive rec;
	struct test_request r;
	struct scene s;

	scene_open(&s, &by_ioctl, 16 * PAGE, PAGE, 1);
	actor_begin(&s.a, 0, do_load, s.map);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 0, PAGE);
#define WRONG(sub, field, value, want)					\
	do {								\
		memset(&rec, 0, sizeof(rec));				\
		rec.size = sizeof(rec);					\
		rec.flags = MACH_RECEIVE_ANSWER | MACH_RECEIVE_NONBLOCK; \
		rec.answer = pager_answer(&r, &part, 1);		\
		rec.field = value;					\
		tap_is(sub, vm_ioctl(s.p.fd, MACH_PAGER_RECEIVE, &rec),	\
		       want);						\
	} while (0)
	WRONG("size-0", answer.size, 0, -EINVAL);
	WRONG("size-3", answer.size, 3, -EINVAL);
	WRONG("flags-more", answer.flags, MACH_ANSWER_MORE, -EINVAL);
	WRONG("flags-2", answer.flags, 2, -EINVAL);
	WRONG("reserved", answer.reserved, 1, -EINVAL);
	WRONG("queue", queue, 1, -ENOENT);
	WRONG("flags-4", flags, 4 | MACH_RECEIVE_ANSWER, -EINVAL);
#undef WRONG
	CHECK(actor_waits(&s.a, 0, 0), "the waiter was let go");
	pager_reply_one(&s.p, &r, part_pattern(0, PAGE, 2));
	CHECK(actor_end(&s.a, 0) > 0, "wrong data");
	CHECK(scene_reads(&s, 0, PAGE, 2), "wrong data");
}

/* Answer and receive in one call, with a request already waiting. */
static void test_answer_and_receive(void)
{
	static const struct pager_setup one = {
		.transport = BY_IOCTL, .depth = 1,
	};
	struct mach_pager_receive rec;
	struct mach_part part;
	struct test_request r;
	struct scene s;

	scene_open(&s, &one, 16 * PAGE, PAGE, 4);
	for (int i = 0; i < 4; i++)
		actor_begin(&s.a, i, do_load, s.map + i * PAGE);
	CHECK_IS(pager_next(&s.p, &r, WAIT_MS), 0);
	for (int i = 0; i < 3; i++) {
		part = part_pattern(r.m.offset, PAGE, 2);
		memset(&rec, 0, sizeof(rec));
		rec.size = sizeof(rec);
		rec.flags = MACH_RECEIVE_ANSWER;
		rec.timeout_ms = WAIT_MS;
		rec.answer = pager_answer(&r, &part, 1);
		CHECK_IS(vm_ioctl(s.p.fd, MACH_PAGER_RECEIVE, &rec), 0);
		r.tag = rec.tag;
		r.m = *pager_message(&s.p, rec.queue, rec.tag);
	}
	pager_reply_one(&s.p, &r, part_pattern(r.m.offset, PAGE, 2));
	for (int i = 0; i < 4; i++)
		CHECK(actor_end(&s.a, i) > 0, "wrong data");
	CHECK(scene_reads(&s, 0, 4 * PAGE, 2), "wrong data");
}

static long receive_for_ever(const uint64_t *arg)
{
	struct test_pager *p = (struct test_pager *)(uintptr_t)arg[0];

	pager_open(p, &by_ioctl);
	return receive(p, 0, 0);
}

static void test_killable(void)
{
	static struct test_pager p;
	struct actor a;

	actor_start(&a, 1);
	actor_begin(&a, 0, receive_for_ever, (uintptr_t)&p);
	CHECK(actor_waits(&a, 0, 50), "receive ended: %s",
	      tap_result(actor_end(&a, 0)));
	actor_kill(&a);
}

/* One receiver on queue 0 sees the faults of every CPU. */
static void test_other_queue(void)
{
	static const struct pager_setup four = {
		.transport = BY_IOCTL, .queues = 4,
	};
	struct test_request r;
	struct scene s;

	scene_open(&s, &four, 16 * PAGE, PAGE, 4);
	for (int i = 0; i < 4; i++)
		actor_begin(&s.a, i, do_load, s.map + i * PAGE);
	for (int i = 0; i < 4; i++) {
		CHECK_IS(pager_next(&s.p, &r, WAIT_MS), 0);
		pager_reply_one(&s.p, &r, part_pattern(r.m.offset, PAGE, 2));
	}
	for (int i = 0; i < 4; i++)
		CHECK(actor_end(&s.a, i) > 0, "wrong data");
}

/* A request that could not be told goes to the next who asks. */
static void test_untold(void)
{
	struct mach_pager_receive *page;
	struct test_request r;
	struct scene s;

	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(page != MAP_FAILED, "mmap: %m");
	page->size = sizeof(*page);
	page->timeout_ms = WAIT_MS;
	CHECK(!mprotect(page, PAGE, PROT_READ), "mprotect: %m");
	scene_open(&s, &by_ioctl, 16 * PAGE, PAGE, 1);
	actor_begin(&s.a, 0, do_load, s.map);
	CHECK_IS(vm_ioctl(s.p.fd, MACH_PAGER_RECEIVE, page), -EFAULT);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 0, PAGE);
	pager_reply_one(&s.p, &r, part_pattern(0, PAGE, 2));
	CHECK(actor_end(&s.a, 0) > 0, "wrong data");
	CHECK(scene_reads(&s, 0, PAGE, 2), "wrong data");
}

/* The request waits until somebody receives: nothing is lost before. */
static void test_fault_first(void)
{
	struct test_request r;
	struct scene s;

	scene_open(&s, &by_ioctl, 16 * PAGE, PAGE, 1);
	actor_begin(&s.a, 0, do_load, s.map);
	CHECK(actor_waits(&s.a, 0, 30), "the fault did not wait");
	CHECK_IS(pager_next(&s.p, &r, 0), 0);
	pager_reply_one(&s.p, &r, part_pattern(0, PAGE, 2));
	CHECK(actor_end(&s.a, 0) > 0, "wrong data");
}

/* Who waits for a page can always be killed, whatever the pager does. */
static void test_faulter_killable(void)
{
	struct pager_setup setup = { .transport = tap_variant };
	struct test_request r;
	struct scene s;
	struct actor b;
	long map;

	scene_open(&s, &setup, 16 * PAGE, PAGE, 1);
	actor_start(&b, 1);
	map = actor_do(&b, do_map, s.o.fd, PAGE, PROT_READ, MAP_SHARED);
	CHECK(map > 0, "map: %s", tap_result(map));
	actor_begin(&s.a, 0, do_load, s.map);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 0, PAGE);
	actor_kill(&s.a);
	/* The request is still answered, and serves the next. */
	pager_reply_one(&s.p, &r, part_pattern(0, PAGE, 2));
	CHECK(actor_do(&b, do_load, map) > 0, "wrong data");
	CHECK_IS(object_info(s.o.fd).requests, 1);
}

static const struct tap_test tests[] = {
	{ .name = "timeout", .run = test_timeout },
	{ .name = "no-slot", .run = test_no_slot },
	{ .name = "answer-fields", .run = test_answer_fields },
	{ .name = "answer-and-receive", .run = test_answer_and_receive },
	{ .name = "killable", .run = test_killable },
	{ .name = "other-queue", .run = test_other_queue },
	{ .name = "untold", .run = test_untold },
	{ .name = "fault-first", .run = test_fault_first },
	{ .name = "faulter-killable-ring", .run = test_faulter_killable,
	  BY_RING },
	{ .name = "faulter-killable-ioctl", .run = test_faulter_killable,
	  BY_IOCTL },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
