// SPDX-License-Identifier: GPL-2.0-only
/* Random calls on a small map beside a model of its pages. */
#include "entries.h"
#include "range_model.h"

#include <stdlib.h>

struct range {
	unsigned int first;
	unsigned int end;
};

static struct range some_range(void)
{
	unsigned int most = property_below(4) ? 8 : PAGES;
	struct range range = { .first = property_below(PAGES) };

	range.end = range.first + 1 + property_below(most);
	if (range.end > PAGES)
		range.end = PAGES;
	return range;
}

/* Cut to what is free at its beginning; false if nothing is. */
static bool range_is_free(struct range *range)
{
	unsigned int i = range->first;

	while (i < range->end && !world->pages[i].cell)
		i++;
	range->end = i;
	return i > range->first;
}

static struct mach_map_entry some_attributes(void)
{
	struct mach_map_entry like = {
		.protection = property_below(8) ? 3 : 1,
		.max_protection = 7,
		.inheritance = property_below(8) == 0,
	};

	if (property_below(16) == 0) {
		like.protection = 0;
		like.max_protection = 0;
	}
	like.wired = property_below(16) == 0;
	return like;
}

/* What touches is like what is there, more often than not. */
static struct mach_map_entry attributes_at(unsigned int page)
{
	struct mach_map_entry like = some_attributes();
	const struct mach_map_entry *entry;

	if (property_below(2) || !page)
		return like;
	entry = mach_entry_lookup(&world->entries, address_of(page - 1));
	if (entry) {
		like = *entry;
		like.object = NULL;
		like.offset = 0;
		like.shared = 0;
		like.in_transition = 0;
	}
	return like;
}

static void call_enter(const struct range *range,
		       const struct mach_map_entry *like)
{
	entries_stock_fill(&world->stock, MACH_RANGE_STOCK);
	mach_range_enter(&world->entries, address_of(range->first),
			 address_of(range->end), like, &world->stock);
}

static void turn_allocate(struct range range)
{
	struct mach_map_entry like;
	unsigned int i;

	if (!range_is_free(&range))
		return;
	like = attributes_at(range.first);
	like.offset = property_below(PAGES) * STEP;	/* of nothing */
	call_enter(&range, &like);
	for (i = range.first; i < range.end; i++)
		page_set(&world->pages[i], &like, calloc(1, sizeof(struct cell)));
}

/* A pager's object, at one of few places, so that ranges often go on */
static void turn_map(struct range range)
{
	struct mach_object *object = world->pagers[property_below(PAGERS)];
	unsigned int i, slot;
	struct mach_map_entry like;

	if (!range_is_free(&range))
		return;
	slot = range.first + property_below(3) * PAGES;
	like = attributes_at(range.first);
	like.object = object;
	like.offset = object->base + slot * STEP;
	like.shared = property_below(8) == 0;
	call_enter(&range, &like);
	for (i = range.first; i < range.end; i++)
		page_set(&world->pages[i], &like,
			 &object->cells[slot + i - range.first]);
}

/* The same memory at two places */
static void turn_alias(struct range range)
{
	unsigned int to = property_below(PAGES), i, n;
	struct mach_map_entry *entry, like;
	struct range copy;

	entry = mach_entry_lookup(&world->entries, address_of(range.first));
	if (!entry || entry->in_transition)
		return;
	if (address_of(range.end) > entry->end)
		range.end = (entry->end - BASE) / STEP;
	copy = (struct range){ to, to + (range.end - range.first) };
	if (copy.end > PAGES)
		copy.end = PAGES;
	if (!range_is_free(&copy))
		return;
	entry_make_object(entry);
	if (!object_place(entry->object,
			  mach_entry_delta(entry) + address_of(copy.first) -
			  address_of(range.first)))
		return;
	like = *entry;
	like.offset += address_of(range.first) - entry->start;
	call_enter(&copy, &like);
	n = copy.end - copy.first;
	for (i = 0; i < n; i++)
		page_set(&world->pages[copy.first + i], &like,
			 world->pages[range.first + i].cell);
}

/* What was removed is all there was, and still maps what it mapped. */
static bool removed_holds(const struct range *range,
			  const struct mach_entry_stock *removed)
{
	const struct mach_map_entry *entry = removed->first;
	unsigned int left = removed->n, pages = 0, i;
	u64 at;

	for (i = range->first; i < range->end; i++)
		pages += !!world->pages[i].cell;
	for (; left--; entry = entry->next) {
		for (at = entry->start; at < entry->end; at += STEP, pages--)
			if (at < address_of(range->first) ||
			    !page_holds((at - BASE) / STEP, entry))
				return false;
		if (entry->end > address_of(range->end))
			return property_fail("removed up to %#lx", entry->end);
	}
	return !pages || property_fail("%d pages not removed", (int)pages);
}

static void put_all(struct mach_entry_stock *removed)
{
	struct mach_map_entry *entry;

	while (removed->n) {
		entry = mach_stock_take(removed);
		if (entry->object)
			model_ops.put(&world->entries, entry);
		free(entry);
	}
}

static bool turn_remove(struct range range)
{
	u64 at = address_of(range.first), end = address_of(range.end);
	struct mach_entry_stock removed = {};
	unsigned int i, most = 1 + property_below(4), n;
	bool holds;

	while (at < end) {
		entries_stock_fill(&world->stock, MACH_RANGE_STOCK);
		n = removed.n;
		at = mach_range_remove(&world->entries, at, end, most,
				       &world->stock, &removed);
		if (removed.n > n + most)
			return property_fail("%u at once", removed.n - n);
	}
	holds = removed_holds(&range, &removed);
	put_all(&removed);
	mach_range_heal(&world->entries, address_of(range.first), end,
			&world->stock);
	for (i = range.first; i < range.end; i++)
		page_clear(&world->pages[i]);
	return holds;
}

static struct mach_change some_change(void)
{
	static const u8 some[] = { 0, 1, 3, 3, 3, 3, 7 };
	struct mach_change change = {
		.what = 1U << property_below(6),
		.protection = some[property_below(sizeof(some))],
		.inheritance = property_below(4) == 0,
		.behavior = property_below(2),
		.wire = property_below(2) ? 1 : -1,
		.in_transition = property_below(3) == 0,
	};

	if (change.what == MACH_CHANGE_MAXIMUM && property_below(4))
		change.protection = 7;
	if (property_below(8) == 0)
		change.what |= 1U << property_below(6);
	if (property_below(16) == 0)
		change.what |= MACH_CHANGE_SHARED;
	return change;
}

static void page_change(struct page *page, const struct mach_change *change)
{
	if (change->what & MACH_CHANGE_PROTECTION)
		page->protection = change->protection;
	if (change->what & MACH_CHANGE_MAXIMUM) {
		page->max_protection = change->protection;
		page->protection &= change->protection;
	}
	if (change->what & MACH_CHANGE_INHERITANCE)
		page->inheritance = change->inheritance;
	if (change->what & MACH_CHANGE_BEHAVIOR)
		page->behavior = change->behavior;
	/* what is not wired is unwired all the same */
	if (change->what & MACH_CHANGE_WIRE && (change->wire > 0 || page->wired))
		page->wired += change->wire;
	if (change->what & MACH_CHANGE_TRANSITION)
		page->in_transition = change->in_transition;
	if (change->what & MACH_CHANGE_SHARED)
		page->shared = true;
}

static void turn_change(struct range range)
{
	struct mach_change change = some_change();
	unsigned int i;

	entries_stock_fill(&world->stock, MACH_RANGE_STOCK);
	mach_range_change(&world->entries, address_of(range.first),
			  address_of(range.end), &change, &world->stock);
	for (i = range.first; i < range.end; i++)
		if (world->pages[i].cell)
			page_change(&world->pages[i], &change);
}

static void turn_touch(struct range range)
{
	struct mach_map_entry *entry;
	unsigned int i;

	for (i = range.first; i < range.end; i++) {
		entry = mach_entry_lookup(&world->entries, address_of(i));
		if (!entry)
			continue;
		entry_make_object(entry);
		*object_slot(entry->object,
			     address_of(i) - mach_entry_delta(entry)) =
			++world->value;
		world->pages[i].cell->value = world->value;
	}
}

/* Somebody else takes an object, or lets go of it. */
static void turn_elsewhere(struct range range)
{
	struct mach_map_entry *entry =
		mach_entry_lookup(&world->entries, address_of(range.first));

	if (!entry || !entry->object || entry->object->pager)
		return;
	entry->object->elsewhere ^= 1;
	world->relieved = true;
}

/* A clip that somebody did for a while */
static bool turn_clip(struct range range)
{
	u64 at = address_of(range.first);
	struct mach_map_entry *entry = mach_entry_lookup(&world->entries, at);
	struct mach_map_entry *upper;

	if (!entry || entry->start == at)
		return true;
	entries_stock_fill(&world->stock, MACH_RANGE_STOCK);
	upper = mach_entry_clip(&world->entries, entry, at, &world->stock);
	if (entry->end != at || upper->start != at || entry->next != upper)
		return property_fail("page %u: a bad clip", range.first);
	if (!entries_hold(&world->entries))
		return false;
	mach_entries_glue(&world->entries, at, at, ~0U, &world->stock);
	return true;
}

static bool turn_any(void)
{
	struct range range = some_range();

	if (property_below(8) < world->fullness) {
		if (property_below(3))
			turn_allocate(range);
		else
			turn_map(range);
		return true;
	}
	switch (property_below(10)) {
	case 0:
		return turn_clip(range);
	case 1:
		turn_alias(range);
		return true;
	case 2:
		turn_elsewhere(range);
		return true;
	case 3 ... 4:
		turn_touch(range);
		return true;
	case 5 ... 6:
		return turn_remove(range);
	default:
		turn_change(range);
		return true;
	}
}

static void make_world(u32 rules)
{
	unsigned int i;

	world = calloc(1, sizeof(*world));
	mach_entries_init(&world->entries, BASE, address_of(PAGES), rules, &model_ops);
	for (i = 0; i < PAGERS; i++)
		world->pagers[i] = make_object(true, i * 16 * STEP);
}

static unsigned long end_world(void)
{
	struct range all = { 0, PAGES };
	unsigned long objects;
	unsigned int i;

	turn_remove(all);
	for (i = 0; i < PAGERS; i++)
		free(world->pagers[i]);
	entries_stock_drain(&world->stock);
	objects = world->objects;
	free(world);
	world = NULL;
	return objects;
}

/* What is left of a world: nothing, not even objects */
static bool at_end(void)
{
	unsigned long objects;

	if (!world)
		return true;
	objects = end_world();
	return !objects || property_fail("%lu objects are left", objects);
}

static bool turn(u32 rules)
{
	if (!world)
		make_world(rules);
	if (property_below(1000) == 0)
		world->fullness = 1 + property_below(4);
	world->relieved = false;
	if (!turn_any())
		return false;
	if (world->relieved)
		mach_entries_glue(&world->entries, BASE, address_of(PAGES),
				  ~0U, &world->stock);
	if (!entries_hold(&world->entries) || !map_holds())
		return false;
	return property_below(20000) || at_end();
}

static bool under_none(void)
{
	return turn(MACH_RULES_NONE);
}

static bool under_backward(void)
{
	return turn(MACH_RULES_BACKWARD);
}

static bool under_gnumach2023(void)
{
	return turn(MACH_RULES_GNUMACH2023);
}

static bool under_machvm(void)
{
	return turn(MACH_RULES_MACHVM);
}

int main(int argc, char **argv)
{
	static const struct property properties[] = {
		{ "vm_map_range-none", 100000, under_none },
		{ "vm_map_range-none-end", 1, at_end },
		{ "vm_map_range-backward", 100000, under_backward },
		{ "vm_map_range-backward-end", 1, at_end },
		{ "vm_map_range-gnumach2023", 200000, under_gnumach2023 },
		{ "vm_map_range-gnumach2023-end", 1, at_end },
		{ "vm_map_range-machvm", 1000000, under_machvm },
		{ "vm_map_range-machvm-end", 1, at_end },
	};

	return property_main(properties,
			     sizeof(properties) / sizeof(*properties), argc,
			     argv);
}
