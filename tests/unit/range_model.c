// SPDX-License-Identifier: GPL-2.0-only
/* A small map, its objects, and a model of its pages. */
#include "range_model.h"
#include "property.h"

#include <stdlib.h>

struct world *world;

/* Objects */

static bool object_is_private(const struct mach_object *object)
{
	unsigned int i, n = 0;

	for (i = 0; i < PLACES; i++)
		n += object->places[i].entries != 0;
	return !object->pager && !object->elsewhere && n <= 1;
}

struct place *object_place(struct mach_object *object, u64 delta)
{
	struct place *free = NULL;
	unsigned int i;

	for (i = 0; i < PLACES; i++) {
		if (!object->places[i].entries)
			free = &object->places[i];
		else if (object->places[i].delta == delta)
			return &object->places[i];
	}
	if (free)
		free->delta = delta;
	return free;
}

static bool object_is_used(const struct mach_object *object)
{
	unsigned int i, n = object->pager;

	for (i = 0; i < PLACES; i++)
		n += object->places[i].entries;
	return n;
}

static void object_release(struct mach_object *object)
{
	if (object_is_used(object))
		return;
	world->objects--;
	free(object);
}

unsigned int *object_slot(struct mach_object *object, u64 offset)
{
	u64 slot = (offset - object->base) / STEP;

	return offset >= object->base && slot < SLOTS ? &object->slots[slot] :
							NULL;
}

static void get(struct mach_entries *entries,
		const struct mach_map_entry *entry)
{
	(void)entries;
	object_place(entry->object, mach_entry_delta(entry))->entries++;
}

static void put(struct mach_entries *entries,
		const struct mach_map_entry *entry)
{
	struct mach_object *object = entry->object;
	bool was = object_is_private(object);
	struct place *place = object_place(object, mach_entry_delta(entry));

	(void)entries;
	if (!place || !place->entries)
		abort();
	place->entries--;
	world->relieved |= !was && object_is_private(object);
	object_release(object);
}

static bool pieces(struct mach_entries *entries,
		   const struct mach_map_entry *entry)
{
	unsigned int i, n = 0;

	(void)entries;
	for (i = 0; i < PLACES; i++)
		n += entry->object->places[i].entries;
	return n > 1;
}

static bool extends(struct mach_entries *entries,
		    const struct mach_map_entry *entry, u64 start, u64 end)
{
	u64 delta = mach_entry_delta(entry);

	(void)entries;
	return object_is_private(entry->object) &&
	       (start == end || (object_slot(entry->object, start - delta) &&
				 object_slot(entry->object, end - STEP - delta)));
}

static void extend(struct mach_entries *entries,
		   const struct mach_map_entry *entry, u64 start, u64 end)
{
	(void)entries;
	for (; start < end; start += STEP)
		*object_slot(entry->object, start - mach_entry_delta(entry)) = 0;
}

/* Refused now and then, if the other way round is possible. */
static bool absorb(struct mach_entries *entries,
		   const struct mach_map_entry *to,
		   const struct mach_map_entry *from)
{
	u64 at;

	if (property_below(4) == 0 &&
	    extends(entries, from, to->start, to->end) &&
	    mach_entry_size(from) <= mach_entry_size(to) && to < from)
		return false;
	for (at = from->start; at < from->end; at += STEP)
		*object_slot(to->object, at - mach_entry_delta(to)) =
			*object_slot(from->object, at - mach_entry_delta(from));
	return true;
}

const struct mach_entry_ops model_ops = {
	.get = get,
	.put = put,
	.pieces = pieces,
	.extends = extends,
	.extend = extend,
	.absorb = absorb,
};

struct mach_object *make_object(bool pager, u64 base)
{
	struct mach_object *object = calloc(1, sizeof(*object));

	object->pager = pager;
	object->base = base;
	return object;
}

/* An object at the first touch, as a fault makes it */
void entry_make_object(struct mach_map_entry *entry)
{
	bool early = !(world->entries.rules & MACH_MERGE_PIECES);

	if (entry->object)
		return;
	entry->offset = early ? 0 : MIDDLE + entry->start;
	entry->object = make_object(false, early ? 0 :
				    MIDDLE + BASE - (SLOTS - PAGES) / 2 * STEP);
	world->objects++;
	get(&world->entries, entry);
}

/* The model */

void page_clear(struct page *page)
{
	struct mach_object *const *pagers = world->pagers;
	struct cell *cell = page->cell;
	unsigned int i;

	if (cell && !--cell->pages) {
		for (i = 0; i < PAGERS; i++)
			if (cell >= pagers[i]->cells &&
			    cell < pagers[i]->cells + SLOTS)
				break;
		if (i == PAGERS)
			free(cell);
	}
	memset(page, 0, sizeof(*page));
}

void page_set(struct page *page, const struct mach_map_entry *like,
	      struct cell *cell)
{
	*page = (struct page){
		.cell = cell,
		.protection = like->protection,
		.max_protection = like->max_protection,
		.inheritance = like->inheritance,
		.behavior = like->behavior,
		.wired = like->wired,
		.shared = like->shared,
		.in_transition = like->in_transition,
	};
	cell->pages++;
}

static bool pages_alike(const struct page *a, const struct page *b)
{
	return a->protection == b->protection &&
	       a->max_protection == b->max_protection &&
	       a->inheritance == b->inheritance && a->behavior == b->behavior &&
	       a->wired == b->wired && a->shared == b->shared &&
	       a->in_transition == b->in_transition;
}

bool page_holds(unsigned int i, const struct mach_map_entry *entry)
{
	const struct page *page = &world->pages[i];
	struct cell none = {};
	unsigned int value = 0;
	struct page seen;

	if (!page->cell || !entry)
		return (!page->cell && !entry) ||
		       property_fail("page %u: %smapped", i, entry ? "" : "not ");
	page_set(&seen, entry, &none);
	if (!pages_alike(page, &seen))
		return property_fail("page %u: prot %u/%u inh %u beh %u wired %u shared %d trans %d; not %u/%u %u %u %u %d %d",
				     i, seen.protection, seen.max_protection,
				     seen.inheritance, seen.behavior, seen.wired,
				     seen.shared, seen.in_transition,
				     page->protection, page->max_protection,
				     page->inheritance, page->behavior,
				     page->wired, page->shared,
				     page->in_transition);
	if (entry->object)
		value = *object_slot(entry->object,
				     address_of(i) - mach_entry_delta(entry));
	return value == page->cell->value ||
	       property_fail("page %u: has %u, not %u", i, value,
			     page->cell->value);
}

/* Would the best of maps need no border between a page and the next one? */
static bool pages_join(unsigned int i, const struct mach_map_entry *low,
		       const struct mach_map_entry *high)
{
	const struct page *page = &world->pages[i];

	if (!page->cell || !page[1].cell || !pages_alike(page, page + 1) ||
	    (page->in_transition && low != high))
		return false;
	if (low->object == high->object)
		return !low->object ||
		       mach_entry_delta(low) == mach_entry_delta(high);
	return !page->shared &&
	       (!low->object || object_is_private(low->object)) &&
	       (!high->object || object_is_private(high->object));
}

/* All pages agree, and there are as few entries as the rules promise. */
bool map_holds(void)
{
	struct mach_entries *entries = &world->entries;
	const struct mach_map_entry *entry = NULL, *next = entries->first;
	unsigned long runs = 0, minimum;
	unsigned int i;

	for (i = 0; i < PAGES; i++) {
		const struct mach_map_entry *below = entry;

		if (entry && entry->end <= address_of(i))
			entry = NULL;
		if (!entry && next && next->start <= address_of(i)) {
			entry = next;
			next = next->next;
		}
		if (!page_holds(i, entry))
			return false;
		runs += entry && !(i && below && pages_join(i - 1, below, entry));
	}
	minimum = mach_entries_minimum(entries);
	if (minimum != runs)
		return property_fail("the minimum is %lu, not %lu", runs,
				     minimum);
	if (entries->rules == MACH_RULES_MACHVM && entries->n != runs)
		return property_fail("%lu entries, %lu would do", entries->n,
				     runs);
	return entries->n >= runs || property_fail("too few entries");
}
