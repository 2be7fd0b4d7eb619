// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which worker of a pager gets a request: nobody's lies behind a slow one while
 * another worker has nothing to do, and a slow object does not have all workers.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap.h"
#include "testpager.h"

#define QUICK		(50 * tap_slow())	/* ms */
#define WORKERS_MOST	4
#define STUCK		64
#define TIMES		20
#define SEED		7

static struct test_pager p;
static struct test_object slow, quick;
static struct actor crowd, client;
static uint64_t slow_of, quick_of;
static volatile bool released;
static int stuck, answered;

/* A worker sees the pager's queues by a ring of its own, or by RECEIVE. */
struct worker {
	pthread_t thread;
	unsigned int queue;
	struct test_pager view;
};

static struct worker workers[WORKERS_MOST];

static long do_pin(const uint64_t *arg)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(arg[0], &set);
	return RESULT(sched_setaffinity(0, sizeof(set), &set));
}

static void *load_page(void *at)
{
	return (void *)(uintptr_t)*(volatile uint8_t *)at;
}

/* A thread for each of the first pages of the object; all right? */
static long do_crowd(const uint64_t *arg)
{
	uint64_t map = arg[0], n = arg[1];
	pthread_t threads[STUCK];
	bool right = true;
	uint8_t want;
	void *got;

	for (unsigned int i = 0; i < n; i++)
		if (pthread_create(&threads[i], NULL, load_page,
				   (void *)(map + i * PAGE)))
			return -EAGAIN;
	for (unsigned int i = 0; i < n; i++) {
		pthread_join(threads[i], &got);
		pattern_fill(&want, i * PAGE, 1, SEED);
		right &= (uintptr_t)got == want;
	}
	return right;
}

static void answer(struct test_pager *view, const struct test_request *r)
{
	pager_reply_one(view, r, part_pattern(r->m.offset, r->m.length, SEED));
}

static void fetch_all(struct worker *w)
{
	for (unsigned int tag = 0; tag < p.depth; tag++) {
		struct mach_pager_answer cmd = pager_fetch(w->queue, tag);

		pager_post(&w->view, MACH_RING_FETCH, &cmd);
	}
}

/* What is asked of the slow object lies until it is released. */
static void *work(void *data)
{
	struct worker *w = data;
	struct test_pager *view = &w->view;
	struct test_request r;
	long err;

	if (view->transport == BY_RING)
		fetch_all(w);
	for (;;) {
		err = pager_next(view, &r, 200);
		if (err == -ENODEV || err == -ECANCELED)
			return NULL;
		if (err == -ETIMEDOUT)
			continue;
		CHECK_IS(err, 0);
		if (r.m.operation != MACH_OP_DATA_REQUEST) {
			pager_reply_none(view, &r);
			continue;
		}
		if (r.m.object == slow.number && !released) {
			__atomic_fetch_add(&stuck, 1, __ATOMIC_SEQ_CST);
			while (!released)
				usleep(1000);
		}
		__atomic_fetch_add(&answered, 1, __ATOMIC_SEQ_CST);
		answer(view, &r);
	}
}

static void worker_start(struct worker *w, unsigned int queue)
{
	w->view = p;
	w->queue = queue;
	if (p.transport == BY_RING)
		pager_ring_setup(&w->view);
	CHECK(!pthread_create(&w->thread, NULL, work, w), "a thread");
}

/* A pager with two objects, whose requests are of one page */
static void open_pager(enum transport transport, unsigned int queues)
{
	struct pager_setup setup = { .transport = transport, .queues = queues };

	CHECK_IS(pager_register(&p, &setup), 0);
	CHECK_IS(pager_map(&p), 0);
	object_create(&p, &slow, STUCK * PAGE, PAGE, 0);
	object_create(&p, &quick, STUCK * PAGE, PAGE, 0);
}

static uint64_t map_in(struct actor *a, const struct test_object *o)
{
	return actor_do(a, do_map, o->fd, o->size, PROT_READ, MAP_SHARED);
}

/* Workers: a queue each by ring, one queue for all by ioctl. Clients of both objects */
static void open_all(enum transport transport, unsigned int nr)
{
	open_pager(transport, transport == BY_RING ? nr : 1);
	actor_start(&crowd, 1);
	actor_start(&client, 1);
	slow_of = map_in(&client, &slow);
	quick_of = map_in(&client, &quick);
	for (unsigned int i = 0; i < nr; i++)
		worker_start(&workers[i], i);
}

/* So many threads ask for the slow object. */
static void begin_crowd(unsigned int n)
{
	actor_begin(&crowd, 0, do_crowd, map_in(&crowd, &slow), n);
}

static long load_quick(unsigned int i)
{
	long start = tap_now_ms();
	uint8_t want;

	pattern_fill(&want, i * PAGE, 1, SEED);
	actor_begin(&client, 0, do_load, quick_of + i * PAGE);
	CHECK_IS(actor_end(&client, 0), want);
	return tap_now_ms() - start;
}

static int longer(const void *a, const void *b)
{
	return *(const long *)a - *(const long *)b;
}

/* None waits for who is stuck; and the machine may hold up some, not most. */
static void check_quick(long *took)
{
	qsort(took, TIMES, sizeof(*took), longer);
	tap_note("%ld to %ld ms, half of them within %ld", took[0],
		 took[TIMES - 1], took[TIMES / 2]);
	CHECK(took[TIMES / 2] <= QUICK, "half took %ld ms or more",
	      took[TIMES / 2]);
}

/* One object's requests leave a worker to the other. */
static void test_slow_object(void)
{
	unsigned int nr = tap_variant / 2;
	long took[TIMES];
	int most = nr - 1;

	open_all(tap_variant % 2, nr);
	begin_crowd(STUCK);
	CHECK_WAIT(stuck == most, WAIT_MS, "%d of %u are stuck", stuck, nr);
	for (unsigned int i = 0; i < TIMES; i++) {
		tap_pause_ms(i % 4 * 5);
		took[i] = load_quick(i);
	}
	check_quick(took);
	CHECK(stuck == most, "%d of %u are stuck", stuck, nr);
	released = true;
	CHECK_IS(actor_end(&crowd, 0), true);
	CHECK(answered == STUCK + TIMES, "%d answers", answered);
}

/* Whichever CPU a fault comes from, it goes to the worker that has nothing. */
static void test_slow_worker(void)
{
	unsigned int cpus = sysconf(_SC_NPROCESSORS_ONLN);
	long took[TIMES];

	open_all(tap_variant, 2);
	begin_crowd(1);
	CHECK_WAIT(stuck == 1, WAIT_MS, "nobody is stuck");
	for (unsigned int i = 0; i < TIMES; i++) {
		CHECK_IS(actor_do(&client, do_pin, i % cpus), 0);
		took[i] = load_quick(i);
	}
	check_quick(took);
	released = true;
	CHECK_IS(actor_end(&crowd, 0), true);
}

/* The test itself is the only worker. */
static void open_alone(enum transport transport)
{
	open_pager(transport, 1);
	if (transport == BY_RING) {
		pager_ring_setup(&p);
		pager_fetch_all(&p);
	}
	actor_start(&client, 8);
	slow_of = map_in(&client, &slow);
	quick_of = map_in(&client, &quick);
}

/* Requests [0, n) of both objects in turn, from so many threads */
static void ask(struct test_request *r, unsigned int n, unsigned int round,
		int within)
{
	long end = tap_now_ms() + within;

	for (unsigned int i = 0; i < n; i++)
		actor_begin(&client, i, do_load, (i % 2 ? slow_of : quick_of) +
			    (round * 4 + i / 2) * PAGE);
	for (unsigned int i = 0; i < n; i++) {
		long left = end - tap_now_ms();

		CHECK(!pager_next(&p, &r[i], left > 1 ? left : 1),
		      "round %u: %u of %u came in %d ms", round, i, n, within);
	}
}

static void end_all(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		CHECK(actor_end(&client, i) >= 0, "load %u", i);
}

static void answer_in_order(const struct test_request *r, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		answer(&p, &r[i]);
	end_all(n);
}

/* Whoever answers none before it has got more gets more. */
static void test_nothing_stalls(void)
{
	struct test_request r[6];

	open_alone(tap_variant);
	ask(r, ARRAY_SIZE(r), 0, WAIT_MS);
	answer_in_order(r, ARRAY_SIZE(r));
}

/* A worker that does one after the other gets the next one late. */
static void do_in_order(unsigned int rounds)
{
	struct test_request r[2];

	for (unsigned int i = 0; i < rounds; i++) {
		ask(r, 2, i, WAIT_MS);
		answer_in_order(r, 2);
	}
}

#define LEARNING	8	/* rounds, after which a request is late */

static void test_out_of_order(void)
{
	struct test_request r[6];

	open_alone(BY_RING);
	do_in_order(LEARNING);
	ask(r, 2, LEARNING, WAIT_MS);
	answer(&p, &r[1]);
	answer(&p, &r[0]);
	end_all(2);
	ask(r, ARRAY_SIZE(r), LEARNING + 1, QUICK);
	answer_in_order(r, ARRAY_SIZE(r));
}

static void *answer_by_call(void *data)
{
	const struct test_request *r = data;
	struct mach_part part = part_pattern(r->m.offset, r->m.length, SEED);
	struct mach_pager_answer answer = pager_answer(r, &part, 1);

	CHECK_IS(vm_ioctl(p.fd, MACH_PAGER_ANSWER, &answer), 0);
	return NULL;
}

static void test_other_thread(void)
{
	struct test_request r[6];
	pthread_t thread;

	open_alone(BY_RING);
	do_in_order(LEARNING);
	ask(r, 1, LEARNING, WAIT_MS);
	CHECK(!pthread_create(&thread, NULL, answer_by_call, r), "a thread");
	CHECK(!pthread_join(thread, NULL), "the thread");
	end_all(1);
	ask(r, ARRAY_SIZE(r), LEARNING + 1, QUICK);
	answer_in_order(r, ARRAY_SIZE(r));
}

static const struct tap_test tests[] = {
	{ .name = "slow-object-2-ring", .run = test_slow_object,
	  .variant = 2 * 2 + BY_RING },
	{ .name = "slow-object-2-ioctl", .run = test_slow_object,
	  .variant = 2 * 2 + BY_IOCTL },
	{ .name = "slow-object-4-ring", .run = test_slow_object,
	  .variant = 4 * 2 + BY_RING },
	{ .name = "slow-object-4-ioctl", .run = test_slow_object,
	  .variant = 4 * 2 + BY_IOCTL },
	{ .name = "slow-worker-ring", .run = test_slow_worker,
	  .variant = BY_RING },
	{ .name = "slow-worker-ioctl", .run = test_slow_worker,
	  .variant = BY_IOCTL },
	{ .name = "nothing-stalls-ring", .run = test_nothing_stalls,
	  .variant = BY_RING },
	{ .name = "nothing-stalls-ioctl", .run = test_nothing_stalls,
	  .variant = BY_IOCTL },
	{ .name = "out-of-order", .run = test_out_of_order },
	{ .name = "other-thread", .run = test_other_thread },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
