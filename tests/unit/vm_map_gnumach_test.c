// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random calls, under GNU Mach's rules, beside a model of what GNU Mach does: its
 * algorithms on an array of entries. The same entries must come out.
 */
#include "entries.h"
#include "plain_object.h"

#include <stdlib.h>

#define PAGES	48
#define STEP	((u64)PAGE_SIZE)
#define BASE	(1ULL << 32)
#define OBJECTS	64

static struct mach_object objects[OBJECTS];

/* An entry of the model */
struct row {
	u64 start;
	u64 end;
	struct mach_object *object;
	u64 offset;
	unsigned int protection;
	unsigned int max_protection;
	unsigned int inheritance;
	unsigned int wired;
	bool shared;
};

static struct world {
	struct mach_entries entries;
	struct mach_entry_stock stock;
	struct row rows[PAGES + 1];	/* one to look at */
	unsigned int references[OBJECTS];
	unsigned int n;
	bool forward;	/* as of 2023 */
} *world;

static u64 row_size(const struct row *row)
{
	return row->end - row->start;
}

static unsigned int *references(const struct mach_object *object)
{
	return &world->references[object - objects];
}

static bool row_may_grow(const struct row *row)
{
	return *references(row->object) == 1 && !row->object->pager;
}

/* vm_object_coalesce(): makes @low's object that of both. */
static bool gnu_objects(struct row *low, const struct row *high)
{
	if (!low->object && !high->object)
		return true;
	if (!world->forward && high->object)
		return false;
	if (low->object == high->object) {
		if (low->offset + row_size(low) != high->offset)
			return false;
		--*references(low->object);
		return true;
	}
	if (low->object && high->object)
		return false;
	if (low->object)
		return row_may_grow(low);
	if (!row_may_grow(high) || high->offset < row_size(low))
		return false;
	low->object = high->object;
	low->offset = high->offset - row_size(low);
	return true;
}

static bool rows_alike(const struct row *low, const struct row *high)
{
	return low->end == high->start && !low->shared && !high->shared &&
	       low->protection == high->protection &&
	       low->max_protection == high->max_protection &&
	       low->inheritance == high->inheritance &&
	       low->wired == high->wired;
}

static void row_insert(unsigned int i, const struct row *row)
{
	memmove(&world->rows[i + 1], &world->rows[i],
		(world->n - i) * sizeof(*row));
	world->rows[i] = *row;
	world->n++;
}

static void row_delete(unsigned int i)
{
	world->n--;
	memmove(&world->rows[i], &world->rows[i + 1],
		(world->n - i) * sizeof(struct row));
}

/* vm_map_coalesce_entry() */
static bool gnu_coalesce(unsigned int i)
{
	struct row *rows = world->rows;

	if (!i || i >= world->n || !rows_alike(&rows[i - 1], &rows[i]) ||
	    !gnu_objects(&rows[i - 1], &rows[i]))
		return false;
	rows[i - 1].end = rows[i].end;
	row_delete(i);
	return true;
}

/* vm_map_clip_start() */
static void gnu_clip(u64 at)
{
	unsigned int i;
	struct row low;

	for (i = 0; i < world->n; i++) {
		struct row *row = &world->rows[i];

		if (row->start >= at || row->end <= at)
			continue;
		low = *row;
		low.end = at;
		if (row->object) {
			row->offset += at - row->start;
			++*references(row->object);
		}
		row->start = at;
		row_insert(i, &low);
		return;
	}
}

static unsigned int row_from(u64 address)
{
	unsigned int i = 0;

	while (i < world->n && world->rows[i].end <= address)
		i++;
	return i;
}

/* vm_map_enter() */
static void gnu_enter(const struct row *row)
{
	unsigned int i = row_from(row->start);
	struct row *prev = i ? &world->rows[i - 1] : NULL;
	struct row *next = i < world->n ? &world->rows[i] : NULL, range = *row;

	if (range.object)
		++*references(range.object);
	if ((world->forward || !range.object) && prev &&
	    !prev->wired && rows_alike(prev, &range) &&
	    gnu_objects(prev, &range)) {
		prev->end = range.end;
		if (world->forward)
			gnu_coalesce(i);
		return;
	}
	if (world->forward && next && !next->wired &&
	    rows_alike(&range, next) && gnu_objects(&range, next)) {
		next->start = range.start;
		next->object = range.object;
		next->offset = range.offset;
		gnu_coalesce(i);
		return;
	}
	row_insert(i, row);
}

/* vm_map_delete() */
static void gnu_delete(u64 start, u64 end)
{
	unsigned int i = row_from(start);

	gnu_clip(start);
	gnu_clip(end);
	i = row_from(start);
	while (i < world->n && world->rows[i].start < end) {
		if (world->rows[i].object)
			--*references(world->rows[i].object);
		row_delete(i);
	}
}

static void row_change(struct row *row, const struct mach_change *change)
{
	if (change->what == MACH_CHANGE_MAXIMUM) {
		row->max_protection = change->protection;
		row->protection &= row->max_protection;
	} else if (change->what == MACH_CHANGE_PROTECTION) {
		row->protection = change->protection;
	} else if (change->what == MACH_CHANGE_INHERITANCE) {
		row->inheritance = change->inheritance;
	} else {
		row->wired += change->wire;
	}
}

/* vm_map_protect(), vm_map_inherit(), and vm_map_pageable(), which glues not */
static void gnu_change(u64 start, u64 end, const struct mach_change *change)
{
	bool glue = world->forward && change->what != MACH_CHANGE_WIRE;
	unsigned int i;

	gnu_clip(start);
	gnu_clip(end);
	i = row_from(start);
	while (i < world->n && world->rows[i].start < end) {
		row_change(&world->rows[i], change);
		if (!glue || !gnu_coalesce(i))
			i++;
	}
	if (glue)
		gnu_coalesce(i);
}

static const struct mach_entry_ops gnu_ops = {
	.get = plain_get,
	.put = plain_put,
	.pieces = plain_pieces,
	.extends = plain_extends,
	.extend = plain_extend,
};

static u64 address_of(unsigned int page)
{
	return BASE + page * STEP;
}

static bool row_holds(const struct row *row, const struct mach_map_entry *entry)
{
	if (row->start != entry->start || row->end != entry->end)
		return property_fail("%#lx..%#lx, not %#lx..%#lx", entry->start,
				     entry->end, row->start, row->end);
	if (row->object != entry->object ||
	    (row->object && row->offset != entry->offset))
		return property_fail("%#lx: object %ld at %#lx, not %ld at %#lx",
				     row->start,
				     entry->object ? entry->object - objects : -1,
				     entry->offset,
				     row->object ? row->object - objects : -1,
				     row->offset);
	if (row->object && *references(row->object) != row->object->entries)
		return property_fail("%#lx: %u references, not %u", row->start,
				     row->object->entries,
				     *references(row->object));
	return (row->protection == entry->protection &&
		row->max_protection == entry->max_protection &&
		row->inheritance == entry->inheritance &&
		row->wired == entry->wired && row->shared == entry->shared) ||
	       property_fail("%#lx: attributes", row->start);
}

static bool rows_hold(void)
{
	const struct mach_map_entry *entry = world->entries.first;
	unsigned int i;

	for (i = 0; i < world->n && entry; i++, entry = entry->next)
		if (!row_holds(&world->rows[i], entry))
			return false;
	return world->entries.n == world->n ||
	       property_fail("%lu entries, GNU Mach has %u", world->entries.n,
			     world->n);
}

/* Calls */

/* An anonymous object that no entry has; the first are pagers'. */
static struct mach_object *unused_object(void)
{
	unsigned int i;

	for (i = 0; i < OBJECTS; i++)
		if (!objects[i].pager && !objects[i].entries)
			return &objects[i];
	return NULL;
}

static struct row some_row(void)
{
	struct row row = {
		.protection = property_below(8) ? 3 : 1,
		.max_protection = property_below(8) ? 7 : 3,
		.inheritance = property_below(8) == 0,
	};

	switch (property_below(6)) {
	case 0:
		row.object = &objects[property_below(2)];
		row.shared = property_below(4) == 0;
		break;
	case 1:
		/* A copy somebody has made, or more of what is there */
		row.object = property_below(2) ? unused_object() :
						 &objects[property_below(8)];
		break;
	}
	if (row.object)
		row.offset = STEP * property_below(8);
	return row;
}

static void turn_enter(u64 start, u64 end)
{
	struct row row = some_row();
	const struct row *prev;
	unsigned int i = row_from(start);
	struct mach_map_entry like;

	if (i < world->n && world->rows[i].start < end)
		end = world->rows[i].start;
	if (end <= start)
		return;
	prev = i ? &world->rows[i - 1] : NULL;
	if (row.object && prev && prev->object && property_below(2)) {
		row.object = prev->object;
		row.offset = prev->offset + (start - prev->start);
	}
	row.start = start;
	row.end = end;
	gnu_enter(&row);
	like = (struct mach_map_entry){
		.object = row.object,
		.offset = row.offset,
		.protection = row.protection,
		.max_protection = row.max_protection,
		.inheritance = row.inheritance,
		.shared = row.shared,
	};
	entries_stock_fill(&world->stock, MACH_RANGE_STOCK);
	mach_range_enter(&world->entries, start, end, &like, &world->stock);
}

static void turn_remove(u64 start, u64 end)
{
	struct mach_entry_stock removed = {};

	gnu_delete(start, end);
	entries_stock_fill(&world->stock, MACH_RANGE_STOCK);
	mach_range_remove(&world->entries, start, end, PAGES, &world->stock,
			  &removed);
	while (removed.n) {
		struct mach_map_entry *entry = mach_stock_take(&removed);

		if (entry->object)
			plain_put(&world->entries, entry);
		free(entry);
	}
	mach_range_heal(&world->entries, start, end, &world->stock);
}

static void turn_change(u64 start, u64 end)
{
	static const u32 what[] = {
		MACH_CHANGE_PROTECTION, MACH_CHANGE_PROTECTION,
		MACH_CHANGE_MAXIMUM, MACH_CHANGE_INHERITANCE, MACH_CHANGE_WIRE,
	};
	struct mach_change change = {
		.what = what[property_below(5)],
		.protection = property_below(3) ? 3 : 1,
		.inheritance = property_below(3) == 0,
		.wire = property_below(3) ? -1 : 1,
	};
	unsigned int i;

	if (change.what == MACH_CHANGE_MAXIMUM && property_below(2))
		change.protection = 7;
	for (i = row_from(start); i < world->n; i++)
		if (change.what == MACH_CHANGE_WIRE && change.wire < 0 &&
		    world->rows[i].start < end && !world->rows[i].wired)
			return;
	gnu_change(start, end, &change);
	entries_stock_fill(&world->stock, MACH_RANGE_STOCK);
	mach_range_change(&world->entries, start, end, &change, &world->stock);
}

/* vm_map_lookup() makes an object of its own for an entry that has none. */
static void turn_touch(u64 address)
{
	struct mach_map_entry *entry = mach_entry_lookup(&world->entries,
							 address);
	struct row *row = &world->rows[row_from(address)];
	struct mach_object *object = unused_object();

	if (!entry || entry->object || !object)
		return;
	entry->object = object;
	plain_get(&world->entries, entry);
	row->object = object;
	row->offset = 0;
	*references(object) = 1;
}

/* When all is removed, no object is mapped any more. */
static bool at_end(void)
{
	unsigned int i;

	if (!world)
		return true;
	turn_remove(BASE, address_of(PAGES));
	if (world->entries.n)
		return property_fail("%lu entries are left", world->entries.n);
	for (i = 0; i < OBJECTS; i++)
		if (objects[i].entries)
			return property_fail("object %u is left", i);
	entries_stock_drain(&world->stock);
	free(world);
	world = NULL;
	return true;
}

static bool turn(u32 rules)
{
	u64 start = address_of(property_below(PAGES));
	u64 end = start + STEP * (1 + property_below(6));

	if (!world) {
		world = calloc(1, sizeof(*world));
		world->forward = rules == MACH_RULES_GNUMACH2023;
		mach_entries_init(&world->entries, BASE, address_of(PAGES),
				  rules, &gnu_ops);
		memset(objects, 0, sizeof(objects));
		objects[0].pager = true;
		objects[1].pager = true;
	}
	if (end > address_of(PAGES))
		end = address_of(PAGES);
	switch (property_below(6)) {
	case 0:
		turn_touch(start);
		break;
	case 1:
		turn_remove(start, end);
		break;
	case 2 ... 3:
		turn_change(start, end);
		break;
	default:
		turn_enter(start, end);
	}
	return rows_hold() && entries_hold(&world->entries);
}

static bool as_of_2022(void)
{
	return turn(MACH_RULES_BACKWARD);
}

static bool as_of_2023(void)
{
	return turn(MACH_RULES_GNUMACH2023);
}

int main(int argc, char **argv)
{
	static const struct property properties[] = {
		{ "vm_map_gnumach-2022", 300000, as_of_2022 },
		{ "vm_map_gnumach-2022-end", 1, at_end },
		{ "vm_map_gnumach-2023", 700000, as_of_2023 },
		{ "vm_map_gnumach-2023-end", 1, at_end },
	};

	return property_main(properties,
			     sizeof(properties) / sizeof(*properties), argc,
			     argv);
}
