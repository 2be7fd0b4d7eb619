// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random calls on a small window, beside a model that knows of pages only: each
 * result, every page's rights and contents, and that there are no more entries
 * than there have to be.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "task.h"
#include "tap.h"
#include "testpager.h"

#define PAGES		48
#define ROUNDS		100
#define STEPS		500
#define R		MACH_PROT_READ
#define W		MACH_PROT_WRITE
#define WORDS		(PAGE / 8)

/**
 * struct page - What the model knows of one
 * @cell: where its contents are; pages that are shared have the same
 */
struct page {
	bool mapped;
	bool shared;
	unsigned int protection;
	unsigned int maximum;
	unsigned int inheritance;
	unsigned int behavior;
	unsigned int wired;
	unsigned int cell;
};

/* First and last word of a page; the rest is as it was */
static struct cell {
	uint64_t first;
	uint64_t last;
} cells[STEPS * PAGES];

static unsigned int cells_used;
static struct page model[PAGES];
static struct test_task t;
static bool sharing;
static uint64_t random_state;
static char what[160];

static uint64_t random_word(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static unsigned int below(unsigned int n)
{
	return (random_word() >> 32) % n;
}

/* Pages [first, first + n) */
struct run {
	unsigned int first;
	unsigned int n;
};

static struct run random_run(void)
{
	struct run r = { .first = below(PAGES) };
	unsigned int most = below(4) ? 6 : PAGES;

	if (most > PAGES - r.first)
		most = PAGES - r.first;
	r.n = 1 + below(most);
	return r;
}

static char *at(const struct run *r)
{
	return t.window + r->first * PAGE;
}

static void expect(long got, long want)
{
	CHECK(got == want, "%s is %s, not %s", what, tap_result(got),
	      tap_result(want));
}

__attribute__((format(printf, 2, 3)))
static void say(const struct run *r, const char *fmt, ...)
{
	va_list ap;
	int n = snprintf(what, sizeof(what), "pages %u+%u: ", r->first, r->n);

	va_start(ap, fmt);
	vsnprintf(what + n, sizeof(what) - n, fmt, ap);
	va_end(ap);
}

static unsigned int new_cell(uint64_t first, uint64_t last)
{
	CHECK(cells_used < ARRAY_SIZE(cells), "out of cells");
	cells[cells_used] = (struct cell){ first, last };
	return cells_used++;
}

static struct page *first_of(const struct run *r)
{
	return &model[r->first];
}

static struct page *end_of(const struct run *r)
{
	return first_of(r) + r->n;
}

static bool any_mapped(const struct run *r)
{
	for (struct page *p = first_of(r); p < end_of(r); p++)
		if (p->mapped)
			return true;
	return false;
}

static bool all_mapped(const struct run *r)
{
	for (struct page *p = first_of(r); p < end_of(r); p++)
		if (!p->mapped)
			return false;
	return true;
}

/* What a call says that needs one of these rights everywhere */
static long access_result(const struct run *r, unsigned int one_of)
{
	if (!all_mapped(r))
		return -EADDRNOTAVAIL;
	for (struct page *p = first_of(r); p < end_of(r); p++)
		if (!(p->protection & one_of))
			return -EACCES;
	return 0;
}

/* The calls */

static void op_allocate(void)
{
	struct run r = random_run();

	say(&r, "allocate");
	expect(task_allocate_at(&t, at(&r), r.n * PAGE),
	       any_mapped(&r) ? -ENOSPC : 0);
	if (any_mapped(&r))
		return;
	for (struct page *p = first_of(&r); p < end_of(&r); p++)
		*p = (struct page){ .mapped = true, .protection = R | W,
			.maximum = MACH_PROT_ALL,
			.inheritance = MACH_INHERIT_COPY,
			.cell = new_cell(0, 0) };
}

static void op_map(void)
{
	struct run r = random_run();
	struct mach_task_map map = {
		.size = sizeof(map), .address = (uintptr_t)at(&r),
		.length = r.n * PAGE, .object = -1,
		.max_protection = below(3) ? R | W : R,
		.inheritance = below(3),
	};

	map.protection = below(4) & map.max_protection;
	say(&r, "map, protection %u", map.protection);
	expect(task_call(&t, MACH_TASK_MAP, &map),
	       any_mapped(&r) ? -ENOSPC : 0);
	if (any_mapped(&r))
		return;
	for (struct page *p = first_of(&r); p < end_of(&r); p++)
		*p = (struct page){ .mapped = true,
			.protection = map.protection,
			.maximum = map.max_protection,
			.inheritance = map.inheritance,
			.cell = new_cell(0, 0) };
}

static void op_deallocate(void)
{
	struct run r = random_run();

	say(&r, "deallocate");
	expect(task_deallocate(&t, at(&r), r.n * PAGE), 0);
	for (struct page *p = first_of(&r); p < end_of(&r); p++)
		*p = (struct page){};
}

static long protect_result(const struct run *r, unsigned int protection)
{
	for (struct page *p = first_of(r); p < end_of(r); p++)
		if (p->mapped && protection & ~p->maximum)
			return -EACCES;
	return 0;
}

static void op_protect(void)
{
	struct run r = random_run();
	unsigned int protection = below(4);
	long want = protect_result(&r, protection);

	say(&r, "protect %u", protection);
	expect(task_protect(&t, at(&r), r.n * PAGE, protection), want);
	for (struct page *p = first_of(&r); p < end_of(&r); p++)
		if (p->mapped && !want)
			p->protection = protection;
}

static void op_set_maximum(void)
{
	struct run r = random_run();
	unsigned int maximum = below(8);
	long want = protect_result(&r, maximum);

	say(&r, "set maximum %u", maximum);
	expect(task_set_maximum(&t, at(&r), r.n * PAGE, maximum), want);
	for (struct page *p = first_of(&r); p < end_of(&r); p++)
		if (p->mapped && !want) {
			p->maximum = maximum;
			p->protection &= maximum;
		}
}

static void op_inherit(void)
{
	struct run r = random_run();
	unsigned int inheritance = below(3);

	say(&r, "inherit %u", inheritance);
	expect(task_inherit(&t, at(&r), r.n * PAGE, inheritance), 0);
	for (struct page *p = first_of(&r); p < end_of(&r); p++)
		if (p->mapped)
			p->inheritance = inheritance;
}

static void op_behavior(void)
{
	struct run r = random_run();
	unsigned int behavior = below(2);

	say(&r, "behavior %u", behavior);
	expect(task_behavior(&t, at(&r), r.n * PAGE, behavior),
	       all_mapped(&r) ? 0 : -EADDRNOTAVAIL);
	if (!all_mapped(&r))
		return;
	for (struct page *p = first_of(&r); p < end_of(&r); p++)
		p->behavior = behavior;
}

static void op_wire(void)
{
	struct run r = random_run();
	long want = access_result(&r, R);

	say(&r, "wire");
	expect(task_wire(&t, at(&r), r.n * PAGE, R), want);
	for (struct page *p = first_of(&r); p < end_of(&r); p++)
		p->wired += !want;
}

static void op_unwire(void)
{
	struct run r = random_run();
	long want = all_mapped(&r) ? 0 : -EADDRNOTAVAIL;

	say(&r, "unwire");
	expect(task_wire(&t, at(&r), r.n * PAGE, 0), want);
	for (struct page *p = first_of(&r); p < end_of(&r); p++)
		if (!want && p->wired)
			p->wired--;
}

static uint64_t buffer[PAGES * WORDS];

static void op_write(void)
{
	struct run r = random_run();
	long want = access_result(&r, W);

	say(&r, "write");
	for (unsigned int i = 0; i < r.n; i++) {
		buffer[i * WORDS] = random_word();
		buffer[(i + 1) * WORDS - 1] = random_word();
	}
	expect(task_write(&t, at(&r), r.n * PAGE, buffer), want);
	for (unsigned int i = 0; i < r.n && !want; i++)
		cells[model[r.first + i].cell] = (struct cell){
			buffer[i * WORDS], buffer[(i + 1) * WORDS - 1] };
}

static void op_read(void)
{
	struct run r = random_run();
	long want = access_result(&r, R);

	say(&r, "read");
	expect(task_read(&t, at(&r), r.n * PAGE, buffer), want);
	for (unsigned int i = 0; i < r.n && !want; i++) {
		const struct cell *c = &cells[model[r.first + i].cell];

		CHECK(buffer[i * WORDS] == c->first &&
		      buffer[(i + 1) * WORDS - 1] == c->last,
		      "%s: page %u has other contents", what, r.first + i);
	}
}

/* A target for as many pages, that does not overlap */
static bool other_run(const struct run *r, struct run *to)
{
	*to = (struct run){ below(PAGES - r->n + 1), r->n };
	return to->first + to->n <= r->first || to->first >= r->first + r->n;
}

/* The source may be overwritten by what comes of it; not where pages are shared. */
static void op_copy(void)
{
	struct run r = random_run(), to;
	struct cell copied[PAGES];
	long want;

	if (!other_run(&r, &to) && sharing)
		return;
	want = access_result(&r, R) ?: access_result(&to, W);
	say(&r, "copy to %u", to.first);
	expect(task_copy(&t, at(&r), r.n * PAGE, at(&to)), want);
	for (unsigned int i = 0; i < r.n; i++)
		copied[i] = cells[model[r.first + i].cell];
	for (unsigned int i = 0; i < r.n && !want; i++)
		cells[model[to.first + i].cell] = copied[i];
}

static void op_remap(void)
{
	bool copy = !sharing || below(2);
	struct run r = random_run(), to;
	struct mach_task_remap args = {
		.size = sizeof(args), .source = -1,
		.flags = copy ? MACH_VM_COPY : 0,
		.inheritance = below(3),
	};
	long want;

	if (!other_run(&r, &to))
		return;
	args.length = r.n * PAGE;
	args.source_address = (uintptr_t)at(&r);
	args.address = (uintptr_t)at(&to);
	want = !all_mapped(&r) ? -EADDRNOTAVAIL : any_mapped(&to) ? -ENOSPC : 0;
	say(&r, "remap to %u%s", to.first, copy ? ", copy" : "");
	expect(task_call(&t, MACH_TASK_REMAP, &args), want);
	for (unsigned int i = 0; i < r.n && !want; i++) {
		struct page *from = &model[r.first + i];
		struct page *p = &model[to.first + i];

		from->shared |= !copy;
		*p = *from;
		p->shared = !copy;
		p->inheritance = args.inheritance;
		p->wired = 0;
		if (copy)
			p->cell = new_cell(cells[from->cell].first,
					   cells[from->cell].last);
	}
}

/* Straight to the memory */
static void op_access(void)
{
	struct run r = { below(PAGES), 1 };
	struct page *p = &model[r.first];
	volatile uint64_t *word = (uint64_t *)at(&r);
	bool write = below(2);
	unsigned int needs = write ? W : R | W;

	say(&r, "%s", write ? "store" : "load");
	if (!p->mapped || !(p->protection & needs)) {
		expect(task_touch((char *)word, write), TAP_SIGNAL(SIGSEGV));
	} else if (write) {
		word[0] = random_word();
		cells[p->cell].first = random_state;
	} else {
		CHECK(word[0] == cells[p->cell].first &&
		      word[WORDS - 1] == cells[p->cell].last,
		      "%s: other contents", what);
	}
}

static void (*const calls[])(void) = {
	op_allocate, op_allocate, op_allocate, op_map, op_deallocate,
	op_deallocate, op_protect, op_protect, op_protect, op_set_maximum,
	op_inherit, op_behavior, op_wire, op_unwire, op_unwire, op_write,
	op_read, op_copy, op_remap, op_remap, op_access, op_access, op_access,
	op_access,
};

/* How many entries there have to be, at least; or of them, not shared ones */
static long runs(bool all)
{
	long n = 0;

	for (unsigned int i = 0; i < PAGES; i++) {
		const struct page *p = &model[i], *prev = p - 1;

		if (!p->mapped || (p->shared && !all))
			continue;
		n += !i || !prev->mapped || p->protection != prev->protection ||
		     p->maximum != prev->maximum ||
		     p->inheritance != prev->inheritance ||
		     p->behavior != prev->behavior ||
		     p->wired != prev->wired || p->shared != prev->shared;
	}
	return n;
}

static void check_page(unsigned int i, const struct mach_task_region *region)
{
	const struct page *p = &model[i];
	uint64_t address = (uintptr_t)t.window + i * PAGE;
	bool mapped = region->address <= address &&
		      address < region->address + region->length;
	const uint64_t *word = (uint64_t *)address;

	CHECK(mapped == p->mapped, "after %s: page %u is %smapped", what, i,
	      mapped ? "" : "not ");
	if (!mapped)
		return;
	CHECK(region->protection == p->protection &&
	      region->max_protection == p->maximum,
	      "after %s: page %u has %u of %u, not %u of %u", what, i,
	      region->protection, region->max_protection, p->protection,
	      p->maximum);
	CHECK(region->inheritance == p->inheritance &&
	      region->behavior == p->behavior && region->wired == p->wired &&
	      !!(region->state & MACH_REGION_SHARED) == p->shared,
	      "after %s: page %u has inheritance %u, behavior %u, wired %u, state %u",
	      what, i, region->inheritance, region->behavior, region->wired,
	      region->state);
	CHECK(!p->protection || (word[0] == cells[p->cell].first &&
				 word[WORDS - 1] == cells[p->cell].last),
	      "after %s: page %u is %" PRIx64 " ... %" PRIx64 ", not %" PRIx64
	      " ... %" PRIx64, what, i, word[0], word[WORDS - 1],
	      cells[p->cell].first, cells[p->cell].last);
}

static void check_all(void)
{
	struct mach_task_region region = {};
	long private = 0;

	for (unsigned int i = 0; i < PAGES; i++) {
		uint64_t address = (uintptr_t)t.window + i * PAGE;

		if (address >= region.address + region.length &&
		    task_region(&t, (void *)address, &region))
			region.length = 0;
		check_page(i, &region);
		private += region.address == address && region.length &&
			   !(region.state & MACH_REGION_SHARED);
	}
	CHECK(private == runs(false), "after %s: %ld private entries for %ld runs",
	      what, private, runs(false));
}

static void check_entries(void)
{
	long entries = task_entries(&t), least = runs(true);

	CHECK(sharing ? entries >= least : entries == least,
	      "after %s: %ld entries for %ld runs", what, entries, least);
}

static void one_round(uint64_t seed, unsigned int round)
{
	random_state = seed + round * 0x9e3779b97f4a7c15ULL;
	random_state += !random_state;
	cells_used = 0;
	sharing = false;
	memset(model, 0, sizeof(model));
	task_open(&t, PAGES * PAGE);
	for (unsigned int i = 0; i < STEPS; i++) {
		if (i == STEPS / 2)
			sharing = round % 2;
		calls[below(ARRAY_SIZE(calls))]();
		check_entries();
		if (i % 16 == 15)
			check_all();
	}
	task_close(&t);
}

static void test_model(void)
{
	const char *given = getenv("MACHVM_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 0) : 20250921;

	tap_note("MACHVM_SEED=%" PRIu64 ", %d calls", seed, ROUNDS * STEPS);
	for (unsigned int round = 0; round < ROUNDS; round++)
		one_round(seed, round);
}

static const struct tap_test tests[] = {
	{ "model", test_model, 0, 120 },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
