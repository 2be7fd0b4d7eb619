// SPDX-License-Identifier: GPL-2.0-only
/* Things that happen at the same time, many times over. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "serve.h"
#include "tap.h"

#define SIZE	(64 * PAGE)
#define WORKERS	4
#define BRIEFLY	700	/* ms that a race goes on at least */

static struct scene s;
static struct test_request r;

/* Two threads answer one request: one of them does, and only one. */
struct rival {
	pthread_t thread;
	pthread_barrier_t *start;
	long result;
};

static void *answer_at_once(void *arg)
{
	struct rival *me = arg;
	struct mach_part part = part_zero(r.m.offset, PAGE);
	struct mach_pager_answer a = pager_answer(&r, &part, 1);

	pthread_barrier_wait(me->start);
	me->result = vm_ioctl(s.p.fd, MACH_PAGER_ANSWER, &a);
	return NULL;
}

static void test_double_commit(void)
{
	pthread_barrier_t start;
	struct rival rivals[2];

	scene_open(&s, NULL, SIZE, PAGE, 1);
	pthread_barrier_init(&start, NULL, 2);
	for (uint64_t page = 0; page < SIZE / PAGE; page++) {
		long a, b;

		actor_begin(&s.a, 0, do_load, s.map + page * PAGE);
		pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, page * PAGE, PAGE);
		for (int i = 0; i < 2; i++) {
			rivals[i].start = &start;
			CHECK(!pthread_create(&rivals[i].thread, NULL,
					      answer_at_once, &rivals[i]),
			      "no thread");
		}
		for (int i = 0; i < 2; i++)
			pthread_join(rivals[i].thread, NULL);
		a = rivals[0].result;
		b = rivals[1].result;
		CHECK((!a && (b == -ESTALE || b == -EBUSY)) ||
		      (!b && (a == -ESTALE || a == -EBUSY)),
		      "page %d: %s and %s", (int)page, tap_result(a),
		      tap_result(b));
		CHECK_IS(actor_end(&s.a, 0), 0);
	}
}

/* The answer comes just when the time is over: it counts, or it does not. */
static void test_deadline(void)
{
	struct pager_setup setup = {
		.transport = BY_IOCTL, .deadline_ms = 20,
	};
	int in_time = 0, late = 0;

	scene_open(&s, &setup, SIZE, PAGE, 1);
	for (uint64_t page = 0; page < SIZE / PAGE; page++) {
		struct mach_part part = part_pattern(page * PAGE, PAGE, 1);
		struct mach_pager_answer a;
		struct timespec until;
		uint64_t ns;
		long got, told;

		actor_begin(&s.a, 0, do_load, s.map + page * PAGE);
		if (pager_next(&s.p, &r, 20)) {
			CHECK_IS(actor_end(&s.a, 0), TAP_SIGNAL(SIGBUS));
			continue;
		}
		/* From 2 ms before the end to 2 ms after it. */
		ns = r.m.deadline_ns - 2000000 + rand() % 4000000;
		until.tv_sec = ns / 1000000000;
		until.tv_nsec = ns % 1000000000;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
		a = pager_answer(&r, &part, 1);
		told = vm_ioctl(s.p.fd, MACH_PAGER_ANSWER, &a);
		got = actor_end(&s.a, 0);
		CHECK(told == 0 ? got > 0 :
		      told == -ESTALE && got == TAP_SIGNAL(SIGBUS),
		      "the pager was told %s, the client got %s",
		      tap_result(told), tap_result(got));
		in_time += !told;
		late += !!told;
	}
	tap_note("deadline: %d answers in time, %d too late", in_time, late);
}

/* Tells workers to end; shared with them. */
static volatile bool *stop;

static void race_open(struct actor *workers)
{
	stop = shared_alloc(PAGE);
	actor_start(workers, WORKERS);
}

/* All workers do it until what the pager counts is more than enough. */
static void race_run(struct actor *workers, actor_fn fn, long map,
		     const volatile unsigned int *count, unsigned int enough)
{
	for (int i = 0; i < WORKERS; i++)
		actor_begin(workers, i, fn, map, i + 1);
	tap_pause_ms(BRIEFLY);
	CHECK_WAIT(*count > enough, WAIT_MS, "only %u times", *count);
	*stop = true;
	for (int i = 0; i < WORKERS; i++)
		CHECK_IS(actor_end(workers, i), 0);
}

static long read_on(const uint64_t *arg)
{
	const uint8_t *map = (uint8_t *)(uintptr_t)arg[0];
	unsigned int seed = arg[1];

	while (!*stop) {
		uint64_t at = rand_r(&seed) % (SIZE / PAGE) * PAGE;

		if (!pattern_is(map + at, at, 128, 1))
			return at + 1;
	}
	return 0;
}

/* Pages are flushed while they are read: an old or strange page never shows. */
static void test_flush_read(void)
{
	struct serve *v = serve_new(SIZE, 4 * PAGE, 1);
	struct actor a;
	long map;

	v->harass = MACH_LOCK_FLUSH;
	serve_start(v);
	race_open(&a);
	map = actor_do(&a, do_map, v->fd, SIZE, PROT_READ, MAP_SHARED);
	/* more requests than the object has clusters: something was flushed */
	race_run(&a, read_on, map, &v->requests, 2 * SIZE / (4 * PAGE));
	actor_stop(&a);
	serve_stop(v);
}

/* Each writer counts in words of its own, and no count may ever go back. */
static long write_on(const uint64_t *arg)
{
	volatile uint64_t *map = (uint64_t *)(uintptr_t)arg[0];
	uint64_t count[SIZE / PAGE] = { 0 };
	unsigned int seed = arg[1];

	while (!*stop) {
		uint64_t page = rand_r(&seed) % (SIZE / PAGE);
		volatile uint64_t *word = map + page * PAGE / 8 + arg[1];

		if (*word != count[page])
			return page + 1;
		*word = ++count[page];
	}
	return 0;
}

static void test_clean_write(void)
{
	struct serve *v = serve_new(SIZE, 4 * PAGE, 1);
	struct actor a;
	long map;

	memset(v->store, 0, SIZE);
	v->harass = tap_variant == BY_RING ? MACH_LOCK_CLEAN :
		    MACH_LOCK_CLEAN | MACH_LOCK_FLUSH;
	serve_start(v);
	race_open(&a);
	map = actor_do(&a, do_map, v->fd, SIZE, PROT_READ | PROT_WRITE,
		       MAP_SHARED);
	race_run(&a, write_on, map, &v->returns, 2);
	v->harass = 0;
	CHECK_IS(RESULT(fsync(v->fd)), 0);
	actor_stop(&a);
	serve_stop(v);
}

/* Map, touch, unmap, until the object has gone. */
static long come_and_go(const uint64_t *arg)
{
	for (;;) {
		uint8_t *a = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
				  MAP_SHARED, arg[0], 0);

		if (a == MAP_FAILED)
			return -errno;
		a[arg[1] * 4 * PAGE] = 1;
		(void)*(volatile uint8_t *)(a + SIZE - PAGE);
		munmap(a, SIZE);
	}
}

/* The end is an error of mmap or of the touch. */
static void check_ended(struct actor *a)
{
	for (int i = 0; i < WORKERS; i++) {
		long got = actor_end(a, i);

		CHECK(got == -ENODEV || got == TAP_SIGNAL(SIGBUS), "got %s",
		      tap_result(got));
	}
}

static void test_destroy_map(void)
{
	struct pager_setup setup = { .transport = tap_variant };
	struct test_pager p;

	pager_open(&p, &setup);
	for (int round = 0; round < 10; round++) {
		struct mach_pager_destroy d = { .size = sizeof(d) };
		struct test_object o;
		struct actor a;

		object_create(&p, &o, SIZE, 4 * PAGE, 0);
		actor_start(&a, WORKERS);
		for (int i = 0; i < WORKERS; i++)
			actor_begin(&a, i, come_and_go, o.fd, i);
		for (int n = 0; n < round * 2; n++)
			if (!pager_next(&p, &r, 20))
				pager_reply_one(&p, &r,
						part_zero(r.m.offset,
							  r.m.length));
		d.object = o.number;
		CHECK_IS(vm_ioctl(p.fd, MACH_PAGER_DESTROY, &d), 0);
		check_ended(&a);
		actor_stop(&a);
		close(o.fd);
		while (!pager_next(&p, &r, 0))
			pager_reply(&p, &r, NULL, 0, false);
	}
	pager_close(&p);
}

static void test_kill_map(void)
{
	for (int round = 0; round < 6; round++) {
		struct serve *v = serve_new(SIZE, 4 * PAGE, 1);
		struct actor a;

		serve_start(v);
		actor_start(&a, WORKERS);
		for (int i = 0; i < WORKERS; i++)
			actor_begin(&a, i, come_and_go, v->fd, i);
		CHECK_WAIT(v->requests >= (unsigned int)round, WAIT_MS,
			   "no requests");
		serve_kill(v);
		check_ended(&a);
		actor_stop(&a);
		close(v->fd);
	}
}

/* The parts change under the kernel's eyes: it reads each once, or is fooled. */
static struct mach_part shifty[8];
static volatile bool shifty_end;

static void *shift(void *arg)
{
	(void)arg;
	while (!shifty_end)
		for (size_t i = 0; i < ARRAY_SIZE(shifty); i++) {
			volatile struct mach_part *p = &shifty[i];

			p->size = sizeof(*p) + 8;
			p->length = -PAGE;
			p->kind = MACH_PART_ERROR;
			p->offset = ~0ULL;
			p->offset = i * PAGE;
			p->kind = MACH_PART_UNAVAILABLE;
			p->length = PAGE;
			p->size = sizeof(*p);
		}
	return NULL;
}

static bool known_error(long err)
{
	return !err || err == -EINVAL || err == -ERANGE || err == -EEXIST ||
	       err == -EPROTO || err == -E2BIG;
}

static void test_shifty_parts(void)
{
	struct pager_setup setup = { .transport = BY_IOCTL };
	long end = tap_now_ms() + BRIEFLY;
	pthread_t thread;
	int calls = 0;

	scene_open(&s, &setup, SIZE, 8 * PAGE, 1);
	actor_begin(&s.a, 0, do_load, s.map);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 0, 8 * PAGE);
	CHECK(!pthread_create(&thread, NULL, shift, NULL), "no thread");
	while (tap_now_ms() < end || calls <= 10) {
		long err = pager_reply(&s.p, &r, shifty, 8, true);

		CHECK(known_error(err), "call %d: %s", calls, tap_result(err));
		calls++;
	}
	shifty_end = true;
	pthread_join(thread, NULL);
	CHECK_IS(pager_reply(&s.p, &r, NULL, 0, false), 0);
	CHECK(object_info(s.o.fd).resident <= 8, "%llu pages resident",
	      object_info(s.o.fd).resident);
}

#define BOTH(n, fn)							\
	{ .name = n "-ring", .run = fn, BY_RING },			\
	{ .name = n "-ioctl", .run = fn, BY_IOCTL }

static const struct tap_test tests[] = {
	{ .name = "double-commit", .run = test_double_commit, BY_IOCTL },
	{ .name = "deadline", .run = test_deadline, BY_IOCTL },
	BOTH("flush-read", test_flush_read),
	BOTH("clean-write", test_clean_write),
	BOTH("destroy-map", test_destroy_map),
	BOTH("kill-map", test_kill_map),
	{ .name = "shifty-parts", .run = test_shifty_parts },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
