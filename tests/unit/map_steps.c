// SPDX-License-Identifier: GPL-2.0-only
/*
 * How much calls look at in maps of 10 to 1,000,000 entries: a few times as much
 * as the tree is high. And what costs one entry after the other: no more for
 * each than that.
 */
#include "../../kmod/map/vm_map_range.h"
#include "property.h"

#include <stdio.h>
#include <stdlib.h>

#define STEP		((u64)PAGE_SIZE)
#define BASE		((1ULL << 40) + STEP)
#define MOST		1000000
#define TURNS		2000
/* Pages of an entry, and from one entry to the next but for what is left free */
#define PAGES		8
#define PITCH		10

/* An AVL tree of n nodes is at most 1.44 log2(n) high. */
#define HEIGHTS(n, times, more)	((times) * 3 * ilog2(n) / 2 + (more))

static struct mach_map_entry *memory;
static struct mach_entry_stock stock;
static struct mach_entries entries;
static unsigned long n;

static bool extends(struct mach_entries *of, const struct mach_map_entry *entry,
		    u64 start, u64 end)
{
	(void)of;
	(void)entry;
	(void)start;
	(void)end;
	abort();	/* there are no objects */
}

static const struct mach_entry_ops ops = { .extends = extends };

static const struct mach_map_entry zeros = {
	.protection = 3,
	.max_protection = 7,
};

static u64 address_of(unsigned long i)
{
	return BASE + i * PITCH * STEP;
}

/* Every entry has a hole of two pages above it; one in the middle has of nine. */
static void make_map(void)
{
	unsigned long i;
	u64 start;

	stock = (struct mach_entry_stock){};
	for (i = 0; i < MOST + MACH_RANGE_STOCK; i++)
		mach_stock_add(&stock, &memory[i]);
	mach_entries_init(&entries, BASE, address_of(n), MACH_RULES_MACHVM,
			  &ops);
	for (i = 0; i < n; i++) {
		start = address_of(i);
		if (i == n / 2)
			start += (PAGES - 1) * STEP;
		mach_range_enter(&entries, start, address_of(i) + PAGES * STEP,
				 &zeros, &stock);
	}
}

/* Of an entry of eight pages */
static u64 some_address(void)
{
	unsigned long i = property_below(n);

	return address_of(i == n / 2 ? 0 : i);
}

/* Calls, each of which leaves the map as it was */

static void do_lookup(void)
{
	mach_entry_lookup(&entries, some_address() + property_below(PITCH) * STEP);
}

static void do_find_space(void)
{
	u64 address;

	if (mach_entries_find_space(&entries, BASE, 9 * STEP, 0, &address) ||
	    address != address_of(n / 2) - 2 * STEP)
		abort();
}

/* All gaps but one begin at an odd page, and have no page to spare. */
static void do_find_aligned(void)
{
	u64 address;

	if (mach_entries_find_space(&entries, BASE, 2 * STEP, STEP, &address) ||
	    address != address_of(n / 2) - STEP)
		abort();
}

static void do_protect_pair(void)
{
	struct mach_change change = {
		.what = MACH_CHANGE_PROTECTION,
		.protection = 1,
	};
	u64 start = some_address() + 2 * STEP;

	mach_range_change(&entries, start, start + 3 * STEP, &change, &stock);
	change.protection = 3;
	mach_range_change(&entries, start, start + 3 * STEP, &change, &stock);
}

static void do_remove_and_enter(void)
{
	struct mach_entry_stock removed = {};
	u64 start = some_address() + PAGES / 2 * STEP;
	u64 end = start + 2 * STEP;

	mach_range_remove(&entries, start, end, 1, &stock, &removed);
	mach_stock_add(&stock, mach_stock_take(&removed));
	mach_range_heal(&entries, start, end, &stock);
	mach_range_enter(&entries, start, end, &zeros, &stock);
}

/* An entry of its own, in a hole, not touching others */
static void do_enter_and_remove(void)
{
	struct mach_entry_stock removed = {};
	struct mach_map_entry like = zeros;
	u64 start = some_address() + PAGES * STEP;

	like.inheritance = 1;
	mach_range_enter(&entries, start, start + STEP, &like, &stock);
	mach_range_remove(&entries, start, start + STEP, 1, &stock, &removed);
	mach_stock_add(&stock, mach_stock_take(&removed));
}

static const struct {
	const char *name;
	void (*call)(void);
	unsigned int heights;	/* of the tree, at most */
	unsigned int more;
} calls[] = {
	{ "lookup", do_lookup, 1, 2 },
	{ "find-space", do_find_space, 2, 5 },
	{ "find-aligned", do_find_aligned, 8, 30 },
	{ "protect-pair", do_protect_pair, 5, 30 },
	{ "remove-and-enter", do_remove_and_enter, 5, 20 },
	{ "enter-and-remove", do_enter_and_remove, 3, 15 },
};

#define CALLS	(sizeof(calls) / sizeof(*calls))

static unsigned long most_steps(void (*call)(void))
{
	unsigned long steps, most = 0;
	unsigned int i;

	for (i = 0; i < TURNS; i++) {
		steps = mach_kern_steps;
		call();
		steps = mach_kern_steps - steps;
		if (steps > most)
			most = steps;
	}
	return most;
}

static bool each_call(void)
{
	unsigned long steps, most;
	unsigned int i;

	for (i = 0; i < CALLS; i++) {
		steps = most_steps(calls[i].call);
		if (getenv("MAP_STEPS"))
			printf("# %lu entries: %s: %lu steps\n", n,
			       calls[i].name, steps);
		most = HEIGHTS(n, calls[i].heights, calls[i].more);
		if (!steps || steps > most)
			return property_fail("%lu entries: %s takes %lu steps, not %lu",
					     n, calls[i].name, steps, most);
		if (entries.n != n)
			return property_fail("%s: %lu entries, not %lu",
					     calls[i].name, entries.n, n);
	}
	return true;
}

/* All of it: a change, and taking it away in parts */
static bool whole_map(void)
{
	struct mach_change change = {
		.what = MACH_CHANGE_INHERITANCE,
		.inheritance = 1,
	};
	struct mach_entry_stock removed = {};
	unsigned long steps = mach_kern_steps, parts = 0;
	u64 at = BASE;

	mach_range_change(&entries, BASE, entries.max, &change, &stock);
	steps = mach_kern_steps - steps;
	if (steps > 2 * n + HEIGHTS(n, 2, 20))
		return property_fail("%lu entries: to change all takes %lu steps",
				     n, steps);
	steps = mach_kern_steps;
	while (at < entries.max) {
		at = mach_range_remove(&entries, at, entries.max, 64, &stock,
				       &removed);
		if (++parts > n / 64 + 1 || removed.n > parts * 64)
			return property_fail("%lu entries: %lu parts", n, parts);
	}
	steps = mach_kern_steps - steps;
	if (entries.n || removed.n != n)
		return property_fail("%lu entries: removed %u", n, removed.n);
	return steps <= n * HEIGHTS(n, 1, 6) ||
	       property_fail("%lu entries: to remove all takes %lu steps", n,
			     steps);
}

static bool map_steps(void)
{
	static const unsigned long sizes[] = { 10, 1000, 100000, MOST };
	unsigned int i;
	bool holds = true;

	memory = calloc(MOST + MACH_RANGE_STOCK, sizeof(*memory));
	for (i = 0; holds && i < sizeof(sizes) / sizeof(*sizes); i++) {
		n = sizes[i];
		make_map();
		holds = (entries.n == n || property_fail("%lu entries, not %lu",
							 entries.n, n)) &&
			each_call() && whole_map();
	}
	free(memory);
	return holds;
}

int main(int argc, char **argv)
{
	static const struct property properties[] = {
		{ "map-steps", 1, map_steps },
	};

	return property_main(properties,
			     sizeof(properties) / sizeof(*properties), argc,
			     argv);
}
