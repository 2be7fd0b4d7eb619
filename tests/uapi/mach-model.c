// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random calls on a small task, through the library, beside a model that knows
 * each page by itself: what a call must return, what every page allows and
 * holds, and that no two neighbouring entries are left that could be one.
 *
 * MODEL_SEED and MODEL_TURNS in the environment make another run of it.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machcall.h"
#include "serve.h"

#define PAGES		96
#define OBJECTS		2
#define OBJECT_PAGES	32
#define WORDS		(PAGE / sizeof(uint64_t))
#define TURNS		6000
#define RUN_MAX		24
#define WIRED_MAX	3

/* Memory that pages may have in common */
struct cell {
	uint64_t value;
	unsigned int users;
};

/**
 * struct model - What the model knows of a page
 * @there: is it in an entry?
 * @prot: MACH_PROT_*
 * @max: MACH_PROT_*
 * @inheritance: MACH_INHERIT_*
 * @behavior: MACH_BEHAVIOR_*
 * @wired: how often
 * @object: which of the objects, or -1 for memory without a pager
 * @offset: its page there
 * @cell: contents
 */
struct model {
	bool there;
	unsigned int prot;
	unsigned int max;
	unsigned int inheritance;
	unsigned int behavior;
	unsigned int wired;
	int object;
	unsigned int offset;
	struct cell *cell;
};

/* What the test may do: bits of tap_variant */
#define WITH_OBJECTS	1
#define WITH_SHARING	2
#define WITH_WIRING	4

static struct model model[PAGES];
static struct serve *served[OBJECTS];
static uint64_t serial[OBJECTS];	/* as the kernel numbers them */
static struct cell contents[OBJECTS][OBJECT_PAGES];
static task_t task;
static vm_address_t base;
static uint64_t state, stamp = 1000;
static char doing[120];			/* the call, for who reads of a failure */

static uint64_t draw(uint64_t below)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (z ^ (z >> 31)) % below;
}

#define DOING(...)	snprintf(doing, sizeof(doing), __VA_ARGS__)

static void expect(kern_return_t got, kern_return_t want)
{
	CHECK(got == want, "%s: %s, not %s", doing, mach_error_string(got),
	      mach_error_string(want));
}

static vm_address_t at(unsigned int page)
{
	return base + page * PAGE;
}

static struct cell *cell_get(struct cell *cell)
{
	cell->users++;
	return cell;
}

static struct cell *cell_new(uint64_t value)
{
	struct cell *cell = calloc(1, sizeof(*cell));

	CHECK(cell, "memory");
	cell->value = value;
	return cell_get(cell);
}

static void page_clear(struct model *page)
{
	if (page->there && page->object < 0 && !--page->cell->users)
		free(page->cell);
	memset(page, 0, sizeof(*page));
}

/* First page of a run of @n free ones at or above @from, or -1 */
static int model_room(unsigned int from, unsigned int n)
{
	unsigned int i, run = 0;

	for (i = from; i < PAGES; i++) {
		run = model[i].there ? 0 : run + 1;
		if (run == n)
			return i + 1 - n;
	}
	return -1;
}

/* Where the call must put @n pages: fixed at @first, or anywhere, from it on at best */
static kern_return_t model_place(bool anywhere, unsigned int n, int *first)
{
	if (!anywhere && *first + n > PAGES)
		return KERN_INVALID_ADDRESS;
	if (!anywhere)
		return model_room(*first, n) == *first ? KERN_SUCCESS :
							 KERN_NO_SPACE;
	*first = model_room(*first, n);
	if (*first < 0)
		*first = model_room(0, n);
	return *first < 0 ? KERN_NO_SPACE : KERN_SUCCESS;
}

static bool model_covers(unsigned int first, unsigned int n)
{
	if (first + n > PAGES)
		return false;
	for (; n; n--, first++)
		if (!model[first].there)
			return false;
	return true;
}

/* Does every page allow some of the access? */
static bool model_allows(unsigned int first, unsigned int n, unsigned int some)
{
	for (; n; n--, first++)
		if (!(model[first].prot & some))
			return false;
	return true;
}

/* What a range must be for its bytes to be got at */
static kern_return_t model_access(unsigned int first, unsigned int n,
				  unsigned int some)
{
	if (!model_covers(first, n))
		return KERN_INVALID_ADDRESS;
	return model_allows(first, n, some) ? KERN_SUCCESS :
					      KERN_PROTECTION_FAILURE;
}

static unsigned int end_of(unsigned int first, unsigned int n)
{
	return first + n < PAGES ? first + n : PAGES;
}

static void try_allocate(unsigned int first, unsigned int n)
{
	bool anywhere = draw(3) == 0;
	int place = anywhere ? 0 : first;
	kern_return_t want = model_place(anywhere, n, &place);
	vm_address_t address = at(first) + draw(2) * draw(PAGE);
	/* rounding takes in the page that the end lies in */
	vm_size_t size = n * PAGE - address % PAGE;

	if (anywhere)
		size = n * PAGE - draw(PAGE);
	DOING("allocate %u pages %s %u", n, anywhere ? "anywhere" : "at", first);
	expect(vm_allocate(task, &address, size, anywhere), want);
	if (want)
		return;
	CHECK(address == at(place), "%s: at page %ld, not %d", doing,
	      (long)(address - base) / (long)PAGE, place);
	for (; n; n--, place++)
		model[place] = (struct model){
			.there = true,
			.prot = VM_PROT_DEFAULT,
			.max = VM_PROT_ALL,
			.inheritance = VM_INHERIT_COPY,
			.object = -1,
			.cell = cell_new(0),
		};
}

static void try_deallocate(unsigned int first, unsigned int n)
{
	unsigned int i;

	DOING("deallocate %u pages at %u", n, first);
	expect(vm_deallocate(task, at(first), n * PAGE), KERN_SUCCESS);
	for (i = first; i < end_of(first, n); i++)
		page_clear(&model[i]);
}

static void try_protect(unsigned int first, unsigned int n)
{
	unsigned int prot = draw(3) ? draw(4) : draw(8), i;
	bool maximum = draw(6) == 0;
	kern_return_t want = KERN_SUCCESS;

	if (maximum)
		prot |= VM_PROT_READ;
	for (i = first; i < end_of(first, n); i++)
		if (model[i].there && prot & ~model[i].max)
			want = KERN_PROTECTION_FAILURE;
	DOING("protect%s %u pages at %u: %u", maximum ? " for ever" : "", n,
	      first, prot);
	expect(vm_protect(task, at(first), n * PAGE, maximum, prot), want);
	for (i = first; !want && i < end_of(first, n); i++) {
		if (!model[i].there)
			continue;
		if (maximum)
			model[i].max = prot;
		model[i].prot = maximum ? model[i].prot & prot : prot;
	}
}

static void try_attribute(unsigned int first, unsigned int n)
{
	bool inherit = draw(2);
	unsigned int value = draw(inherit ? 3 : 4), i;
	kern_return_t want = KERN_SUCCESS;

	if (!inherit && first + n > PAGES)
		want = KERN_NO_SPACE;
	else if (!inherit && !model_covers(first, n))
		want = KERN_INVALID_ADDRESS;

	DOING("%s %u pages at %u: %u", inherit ? "inherit" : "behavior", n,
	      first, value);
	expect(inherit ? vm_inherit(task, at(first), n * PAGE, value) :
			 vm_behavior_set(task, at(first), n * PAGE, value),
	       want);
	for (i = first; !want && i < end_of(first, n); i++) {
		if (!model[i].there)
			continue;
		if (inherit)
			model[i].inheritance = value;
		else
			model[i].behavior = value;
	}
}

static void try_map(unsigned int first, unsigned int n)
{
	bool anywhere = draw(2), copy = draw(4) == 0;
	unsigned int object = draw(OBJECTS), offset = draw(OBJECT_PAGES - 1), i;
	unsigned int max = draw(8) | VM_PROT_READ, prot = draw(8) & max;
	unsigned int inheritance = draw(3);
	vm_address_t address = at(first);
	int place = first;
	kern_return_t want;

	if (n > OBJECT_PAGES - offset)
		n = OBJECT_PAGES - offset;
	want = model_place(anywhere, n, &place);
	DOING("map%s %u pages of object %u from %u %s %u", copy ? " a copy of" : "",
	      n, object, offset, anywhere ? "from" : "at", first);
	expect(vm_map(task, &address, n * PAGE, 0, anywhere, served[object]->fd,
		      offset * PAGE, copy, prot, max, inheritance), want);
	if (want)
		return;
	CHECK(address == at(place), "%s: at %#lx, not %#lx", doing, address,
	      at(place));
	for (i = 0; i < n; i++)
		model[place + i] = (struct model){
			.there = true,
			.prot = prot,
			.max = max,
			.inheritance = inheritance,
			.object = copy ? -1 : (int)object,
			.offset = offset + i,
			.cell = copy ? cell_new(contents[object][offset + i].value) :
				       &contents[object][offset + i],
		};
}

/* What a page shows elsewhere, in common or copied */
static struct model page_remapped(const struct model *page, bool copy,
				  unsigned int inheritance)
{
	struct model other = *page;

	other.wired = 0;
	other.inheritance = inheritance;
	if (copy) {
		other.object = -1;
		other.cell = cell_new(page->cell->value);
	} else if (page->object < 0) {
		cell_get(page->cell);
	}
	return other;
}

static void try_remap(unsigned int first, unsigned int n)
{
	bool anywhere = draw(2), copy = draw(2);
	unsigned int from = draw(PAGES), inheritance = draw(3), i;
	unsigned int all = VM_PROT_ALL, all_max = VM_PROT_ALL;
	vm_address_t address = at(first);
	int place = first, prot, max;
	kern_return_t want;

	want = model_covers(from, n) ? model_place(anywhere, n, &place) :
				       KERN_INVALID_ADDRESS;
	DOING("remap%s %u pages from %u %s %u", copy ? " a copy of" : "", n,
	      from, anywhere ? "from" : "at", first);
	expect(vm_remap(task, &address, n * PAGE, 0, anywhere, task,
			at(from), copy, &prot, &max, inheritance), want);
	if (want)
		return;
	CHECK(address == at(place), "%s: at %#lx, not %#lx", doing, address,
	      at(place));
	for (i = 0; i < n; i++) {
		model[place + i] = page_remapped(&model[from + i], copy,
						 inheritance);
		all &= model[from + i].prot;
		all_max &= model[from + i].max;
	}
	CHECK((unsigned int)prot == all && (unsigned int)max == all_max,
	      "%s: %d and %d, not %u and %u", doing, prot, max, all, all_max);
}

static void fill_page(uint64_t *page, uint64_t value)
{
	page[0] = value;
	page[WORDS - 1] = value;
}

static void try_write(unsigned int first, unsigned int n)
{
	static uint64_t pages[RUN_MAX * WORDS];
	kern_return_t want = model_access(first, n, VM_PROT_WRITE);
	unsigned int i;

	for (i = 0; i < n; i++)
		fill_page(pages + i * WORDS, stamp + i);
	DOING("write %u pages at %u", n, first);
	expect(vm_write(task, at(first), (pointer_t)pages, n * PAGE), want);
	for (i = 0; !want && i < n; i++)
		model[first + i].cell->value = stamp + i;
	stamp += n;
}

/* Stores of a program, one page each */
static void try_store(unsigned int first, unsigned int n)
{
	unsigned int i;

	DOING("store to %u pages at %u", n, first);
	for (i = first; i < end_of(first, n); i++) {
		bool may = model[i].there && model[i].prot & VM_PROT_WRITE;

		CHECK(memory_store(at(i)) == (may ? 0 : TAP_SIGNAL(SIGSEGV)),
		      "%s: page %u", doing, i);
		if (!may)
			continue;
		fill_page((uint64_t *)at(i), stamp);
		model[i].cell->value = stamp++;
	}
}

/*
 * Pages that are the same memory may be read and written in one call; what comes
 * of those is not defined, so the ranges have none in common but themselves.
 */
static bool model_tangled(unsigned int a, unsigned int b, unsigned int n)
{
	unsigned int i, j;

	for (i = a; i < a + n; i++)
		for (j = b; j < b + n; j++)
			if (i != j && model[i].cell == model[j].cell)
				return true;
	return false;
}

static void try_copy(unsigned int first, unsigned int n)
{
	uint64_t before[RUN_MAX];
	unsigned int to = draw(PAGES), i;
	kern_return_t want = model_access(first, n, VM_PROT_READ);

	if (!want)
		want = model_access(to, n, VM_PROT_WRITE);
	if (!want && model_tangled(first, to, n))
		return;
	DOING("copy %u pages from %u to %u", n, first, to);
	expect(vm_copy(task, at(first), n * PAGE, at(to)), want);
	if (want)
		return;
	for (i = 0; i < n; i++)
		before[i] = model[first + i].cell->value;
	for (i = 0; i < n; i++)
		model[to + i].cell->value = before[i];
}

static void try_read(unsigned int first, unsigned int n)
{
	kern_return_t want = model_access(first, n, VM_PROT_READ);
	mach_msg_type_number_t count;
	const uint64_t *words;
	pointer_t data;
	unsigned int i;

	DOING("read %u pages at %u", n, first);
	expect(vm_read(task, at(first), n * PAGE, &data, &count), want);
	if (want)
		return;
	words = (const uint64_t *)data;
	for (i = 0; i < n; i++, words += WORDS)
		CHECK(words[0] == model[first + i].cell->value &&
		      words[WORDS - 1] == words[0], "%s: page %u", doing, i);
	KERN_IS(vm_deallocate(mach_task_self(), data, count), KERN_SUCCESS);
}

static void try_wire(unsigned int first, unsigned int n)
{
	unsigned int access = draw(2) ? 1 + draw(3) : 0, i;
	kern_return_t want = model_covers(first, n) ? KERN_SUCCESS :
						      KERN_INVALID_ADDRESS;

	for (i = first; !want && i < first + n; i++) {
		if (access && model[i].wired == WIRED_MAX)
			return;
		if (access & ~model[i].prot)
			want = KERN_PROTECTION_FAILURE;
	}
	DOING("wire %u pages at %u for %u", n, first, access);
	expect(vm_wire(mach_host_self(), task, at(first), n * PAGE, access),
	       want);
	for (i = first; !want && i < first + n; i++) {
		if (access)
			model[i].wired++;
		else if (model[i].wired)
			model[i].wired--;
	}
}

static void step(void)
{
	static void (*const memory[])(unsigned int, unsigned int) = {
		try_allocate, try_allocate, try_allocate, try_deallocate,
		try_deallocate, try_protect, try_protect, try_protect, try_attribute,
		try_write, try_store, try_store, try_copy, try_read,
	};
	unsigned int first = draw(PAGES), n = 1 + draw(draw(3) ? 6 : RUN_MAX);

	switch (draw(8)) {
	case 0:
		if (tap_variant & WITH_OBJECTS) {
			try_map(first, n);
			return;
		}
		break;
	case 1:
		if (tap_variant & WITH_SHARING) {
			try_remap(first, n);
			return;
		}
		break;
	case 2:
		if (tap_variant & WITH_WIRING) {
			try_wire(first, n);
			return;
		}
		break;
	}
	memory[draw(ARRAY_SIZE(memory))](first, n);
}

/* Is @page what the entry says of it? */
static bool page_is(const struct model *page, const struct mach_task_region *r)
{
	return page->there && page->prot == r->protection &&
	       page->max == r->max_protection &&
	       page->inheritance == r->inheritance &&
	       page->behavior == r->behavior && page->wired == r->wired &&
	       (page->object < 0) == !!(r->state & MACH_REGION_INTERNAL);
}

static bool object_is(const struct model *page, unsigned int first,
		      unsigned int i, const struct mach_task_region *r)
{
	if (page->object < 0)
		return true;
	if (!serial[page->object])
		serial[page->object] = r->object;
	return serial[page->object] == r->object &&
	       page->offset * PAGE == r->offset + (i - first) * PAGE;
}

static void check_entry(const struct mach_task_region *r)
{
	unsigned int first = (r->address - base) / PAGE;
	unsigned int end = first + r->length / PAGE, i;

	CHECK(r->address % PAGE == 0 && r->length % PAGE == 0 && r->length &&
	      r->address >= base && end <= PAGES, "%s: an entry at %#llx",
	      doing, r->address);
	for (i = first; i < end; i++)
		CHECK(page_is(&model[i], r) &&
		      object_is(&model[i], first, i, r),
		      "%s: page %u is not as its entry, %u to %u, says", doing,
		      i, first, end);
}

/* Entries as the kernel has them */
static struct mach_task_region entries[PAGES];
static unsigned int nr_entries;

/* By number: is it, or was it, at several distances from its offsets? */
static bool *several;
static uint64_t nr_several;

static void note_several(uint64_t object)
{
	if (object >= nr_several) {
		uint64_t n = 2 * object + 64;

		several = realloc(several, n);
		CHECK(several, "memory");
		memset(several + nr_several, 0, n - nr_several);
		nr_several = n;
	}
	several[object] = true;
}

static void note_objects(void)
{
	unsigned int i, k;

	for (i = 0; i < nr_entries; i++)
		for (k = 0; k < i; k++)
			if (entries[i].object &&
			    entries[i].object == entries[k].object &&
			    entries[i].address - entries[i].offset !=
				    entries[k].address - entries[k].offset)
				note_several(entries[i].object);
}

/* Was that always the only place where the memory can be seen? */
static bool is_private(const struct mach_task_region *a)
{
	return a->state & MACH_REGION_INTERNAL &&
	       (a->object >= nr_several || !several[a->object]);
}

/*
 * Neighbours that nothing keeps apart. Objects that come to be private when they
 * go elsewhere may stay apart: nobody looks for their neighbours then.
 */
static bool could_be_one(const struct mach_task_region *a,
			 const struct mach_task_region *b)
{
	if (a->address + a->length != b->address ||
	    a->protection != b->protection ||
	    a->max_protection != b->max_protection ||
	    a->inheritance != b->inheritance || a->behavior != b->behavior ||
	    a->wired != b->wired || a->state != b->state)
		return false;
	if (a->object == b->object)
		return !a->object || a->offset + a->length == b->offset;
	return !(a->state & MACH_REGION_SHARED) && is_private(a) &&
	       is_private(b);
}

static void check_entries(void)
{
	vm_address_t from = base;
	unsigned int covered = 0, there = 0, i;

	for (nr_entries = 0; nr_entries < PAGES; nr_entries++) {
		struct mach_task_region *r = &entries[nr_entries];

		if (memory_region(task, from, r))
			break;
		check_entry(r);
		from = r->address + r->length;
		covered += r->length / PAGE;
	}
	note_objects();
	for (i = 1; i < nr_entries; i++)
		CHECK(!could_be_one(&entries[i - 1], &entries[i]),
		      "%s: entries of page %llu and %llu are apart", doing,
		      (entries[i - 1].address - base) / PAGE,
		      (entries[i].address - base) / PAGE);
	for (i = 0; i < PAGES; i++)
		there += model[i].there;
	CHECK(covered == there, "%s: entries of %u pages, not %u", doing,
	      covered, there);
}

static void check_contents(void)
{
	const uint64_t *words;
	unsigned int i;

	for (i = 0; i < PAGES; i++) {
		long want = model[i].there && model[i].prot ?
			    0 : TAP_SIGNAL(SIGSEGV);

		if (!(model[i].prot & VM_PROT_READ) && !want)
			continue;
		CHECK(memory_load(at(i)) == want, "%s: a load from page %u",
		      doing, i);
		words = (const uint64_t *)at(i);
		CHECK(want || (words[0] == model[i].cell->value &&
			       words[WORDS - 1] == words[0]),
		      "%s: page %u holds %lu, not %lu", doing, i, words[0],
		      model[i].cell->value);
	}
}

static void open_objects(void)
{
	unsigned int i, k;

	for (k = 0; k < OBJECTS; k++) {
		served[k] = serve_new(OBJECT_PAGES * PAGE, 4 * PAGE, 0);
		memset(served[k]->store, 0, OBJECT_PAGES * PAGE);
		for (i = 0; i < OBJECT_PAGES; i++) {
			contents[k][i].value = 1 + k * OBJECT_PAGES + i;
			fill_page((uint64_t *)served[k]->store + i * WORDS,
				  contents[k][i].value);
		}
		serve_start(served[k]);
	}
}

static unsigned long setting(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 0) : otherwise;
}

static void test_model(void)
{
	unsigned long seed = setting("MODEL_SEED", 1), turn;
	unsigned long turns = setting("MODEL_TURNS", TURNS);

	state = seed;
	if (tap_variant & WITH_OBJECTS)
		open_objects();
	CHECK(mach_task_self(), "no task: %m");
	KERN_IS(mach_task_create(PAGES * PAGE, &task), KERN_SUCCESS);
	base = memory_info(task).start;
	tap_note("seed %lu, %lu turns", seed, turns);
	for (turn = 0; turn < turns; turn++) {
		step();
		check_entries();
		if (turn % 16 == 0)
			check_contents();
	}
	DOING("terminate");
	KERN_IS(task_terminate(task), KERN_SUCCESS);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		{ "memory", test_model, 0, 120 },
		{ "wiring", test_model, WITH_WIRING, 120 },
		{ "objects", test_model, WITH_OBJECTS, 120 },
		{ "sharing", test_model, WITH_SHARING, 120 },
		{ "all", test_model, WITH_OBJECTS | WITH_SHARING | WITH_WIRING,
		  120 },
	};

	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
