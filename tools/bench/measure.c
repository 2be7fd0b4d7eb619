// SPDX-License-Identifier: GPL-2.0-only
/*
 * machbench - measuring one row.
 *
 * Each repeat starts from the same state. The first ones are thrown away until
 * two of them agree: memory that was never used and code that never ran would
 * be counted with the rest.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "common/clock.h"
#include "common/random.h"

#define WARM_UP_MAX	4
#define REPEATS_LATE	3
#define WARM_UP_AGREE	0.02
#define SPARSE_STEP	16

/* Each run touches the same pages in the same order. */
static void shuffle(size_t *order, size_t pages)
{
	uint64_t state = 0x2545f4914f6cdd1dULL;
	size_t i, other, page;

	for (i = pages - 1; i > 0; i--) {
		other = next_random(&state) % (i + 1);
		page = order[i];
		order[i] = order[other];
		order[other] = page;
	}
}

static size_t *make_order(const struct bench_run *run, size_t *count)
{
	size_t i, pages = run->store->size / BENCH_PAGE;
	size_t *order = calloc(pages, sizeof(*order));

	if (!order)
		return NULL;
	for (i = 0; i < pages; i++)
		order[i] = i;
	*count = pages;
	if (run->bc->order != BENCH_SEQUENTIAL)
		shuffle(order, pages);
	if (run->bc->order == BENCH_SPARSE)
		*count = pages / SPARSE_STEP;
	return order;
}

/*
 * Instructions that do nothing, which the profiling plug-in looks for. They are
 * always there, so that the plug-in changes nothing.
 */
static inline void mark_begin(void)
{
	asm volatile(".byte 0x0f, 0x1f, 0x80\n\t.long 0x6d616368" ::: "memory");
}

static inline void mark_end(void)
{
	asm volatile(".byte 0x0f, 0x1f, 0x80\n\t.long 0x686d6163" ::: "memory");
}

static int touch_all(struct bench_run *run)
{
	size_t wrong = run->subject->touch(run);

	if (!wrong)
		return 0;
	return bench_fail("%s %s: %zu of %zu pages hold wrong data",
			  run->bc->name, run->subject->name, wrong, run->count);
}

/* The timed part of a case; nanoseconds in @elapsed. */
static int timed(struct bench_run *run, uint64_t *elapsed)
{
	bool again = run->bc->kind == BENCH_AGAIN;
	uint64_t start;
	int error = 0;

	if (!again && run->subject->map(run))
		return -1;
	mark_begin();
	start = clock_ns();
	if (again)
		error = run->subject->map(run);
	if (!error)
		error = touch_all(run);
	if (!error && run->bc->kind == BENCH_WRITE)
		error = run->subject->sync(run);
	*elapsed = clock_ns() - start;
	mark_end();
	return error;
}

static int prepare(struct bench_run *run)
{
	int error;

	if (run->bc->kind == BENCH_WRITE)
		run->store->generation++;
	if (run->bc->kind != BENCH_AGAIN)
		return run->subject->cool(run);
	if (run->subject->map(run))
		return -1;
	error = touch_all(run);
	run->subject->unmap(run);
	return error;
}

static double per_page(const struct bench_run *run, uint64_t elapsed)
{
	double value = (double)elapsed / run->count;

	return run->options->icount ? value : value / 1000;
}

static int once(struct bench_run *run, double *value)
{
	uint64_t elapsed = 0;

	alarm(run->options->timeout);
	if (prepare(run) || timed(run, &elapsed)) {
		run->subject->unmap(run);
		return -1;
	}
	run->subject->unmap(run);
	*value = per_page(run, elapsed);
	if (run->bc->kind == BENCH_WRITE)
		return bench_store_verify(run->store);
	return 0;
}

/* Every word of every page that was touched, while it is still there. */
static int check_thoroughly(struct bench_run *run)
{
	size_t i;
	const void *page;
	int error = run->subject->map(run);

	for (i = 0; i < run->count && !error; i++) {
		page = run->subject->page(run, run->order[i]);
		error = page ? bench_store_check(run->store, page,
						 run->order[i]) :
			       bench_fail("cannot read page %zu",
					  run->order[i]);
	}
	run->subject->unmap(run);
	return error;
}

/* On a slow or busy machine few repeats must do, or even a single one. */
static bool late(const struct bench_run *run, uint64_t start, unsigned int times)
{
	return clock_ns() - start >
	       times * run->options->budget * 1000000000ULL;
}

static bool enough(const struct bench_run *run, uint64_t start, unsigned int nr)
{
	if (nr >= REPEATS_LATE)
		return late(run, start, 1);
	return nr && late(run, start, REPEATS_LATE);
}

static int warm_up(struct bench_run *run, uint64_t start)
{
	double before, value;
	int i;

	if (once(run, &value))
		return -1;
	for (i = 1; i < WARM_UP_MAX && !late(run, start, 1); i++) {
		before = value;
		if (once(run, &value))
			return -1;
		if (fabs(value - before) < WARM_UP_AGREE * before)
			break;
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static int repeat(struct bench_run *run, struct bench_row *row)
{
	unsigned int nr;
	double values[BENCH_REPEATS_MAX];
	uint64_t start = clock_ns();

	if (warm_up(run, start))
		return -1;
	for (nr = 0; nr < run->options->repeat; nr++) {
		if (enough(run, start, nr))
			break;
		if (once(run, &values[nr]))
			return -1;
	}
	qsort(values, nr, sizeof(*values), compare);
	row->low = values[0];
	row->high = values[nr - 1];
	row->value = (values[(nr - 1) / 2] + values[nr / 2]) / 2;
	return check_thoroughly(run);
}

/* Measure @row and set its values; 0, or -1 with the reason printed. */
int bench_measure(struct bench_row *row, const struct bench_options *options,
		  struct bench_store *store)
{
	struct bench_run run = {
		.options = options,
		.bc = row->bc,
		.subject = row->subject,
		.store = store,
		.cluster = row->cluster * BENCH_PAGE,
	};
	size_t *order = make_order(&run, &run.count);
	int error;

	if (!order)
		return bench_fail("out of memory");
	run.order = order;
	alarm(options->timeout);
	error = run.subject->open(&run);
	if (!error) {
		error = repeat(&run, row);
		run.subject->close(&run);
	}
	alarm(0);
	free(order);
	return error;
}
