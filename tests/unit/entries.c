// SPDX-License-Identifier: GPL-2.0-only
/* Memory for entries in tests, and a check of list, tree and holes. */
#include "entries.h"

#include <stdlib.h>

/* Memory of the sanitizers' heap, so that they see what is used too late. */
void entries_stock_fill(struct mach_entry_stock *stock, unsigned int n)
{
	while (stock->n < n) {
		struct mach_map_entry *entry = malloc(sizeof(*entry));

		memset(entry, 0xa5, sizeof(*entry));
		mach_stock_add(stock, entry);
	}
}

void entries_stock_drain(struct mach_entry_stock *stock)
{
	while (stock->n)
		free(mach_stock_take(stock));
}

void entries_link(struct mach_entries *entries, struct mach_map_entry *entry)
{
	struct mach_map_entry *next = mach_entry_from(entries, entry->start);

	mach_entry_link_after(entries, next ? next->prev : entries->last,
			      entry);
}

/**
 * struct walk - What a walk through the tree finds
 * @entries: whose tree it is
 * @at: the next entry of the list
 * @n: entries so far
 */
struct walk {
	const struct mach_entries *entries;
	const struct mach_map_entry *at;
	unsigned long n;
};

static u64 hole_of(const struct walk *walk, const struct mach_map_entry *entry)
{
	return entry->start -
	       (entry->prev ? entry->prev->end : walk->entries->min);
}

static u64 greatest(u64 a, u64 b, u64 c)
{
	u64 greater = a > b ? a : b;

	return greater > c ? greater : c;
}

static bool node_holds(struct walk *walk, const struct mach_map_entry *node,
		       const struct mach_map_entry *parent, u64 *room,
		       int *height)
{
	u64 rooms[2];
	int heights[2];

	*room = 0;
	*height = 0;
	if (!node)
		return true;
	if (node->parent != parent)
		return property_fail("%#lx has a wrong parent", node->start);
	if (!node_holds(walk, node->left, node, &rooms[0], &heights[0]))
		return false;
	if (walk->at != node)
		return property_fail("%#lx: list and tree differ", node->start);
	walk->at = node->next;
	walk->n++;
	if (!node_holds(walk, node->right, node, &rooms[1], &heights[1]))
		return false;
	if (abs(heights[0] - heights[1]) > 1)
		return property_fail("%#lx is out of balance: %d and %d",
				     node->start, heights[0], heights[1]);
	*height = 1 + (heights[0] > heights[1] ? heights[0] : heights[1]);
	*room = greatest(hole_of(walk, node), rooms[0], rooms[1]);
	if (*height != node->height || *room != node->room)
		return property_fail("%#lx has height %d, room %#lx, not %d, %#lx",
				     node->start, node->height, node->room,
				     *height, *room);
	return true;
}

static bool list_holds(const struct mach_entries *entries)
{
	const struct mach_map_entry *entry, *prev = NULL;

	for (entry = entries->first; entry; entry = entry->next) {
		if (entry->prev != prev)
			return property_fail("%#lx has a wrong prev",
					     entry->start);
		if (entry->start < (prev ? prev->end : entries->min) ||
		    entry->end <= entry->start || entry->end > entries->max)
			return property_fail("%#lx..%#lx is out of order",
					     entry->start, entry->end);
		if (!entry->object && entry->offset)
			return property_fail("%#lx has offset %#lx of nothing",
					     entry->start, entry->offset);
		prev = entry;
	}
	return entries->last == prev || property_fail("the last one is wrong");
}

static bool sums_hold(const struct mach_entries *entries)
{
	u64 size = 0, none = 0, wired = 0, asleep = 0;
	const struct mach_map_entry *entry;

	for (entry = entries->first; entry; entry = entry->next) {
		size += mach_entry_size(entry);
		none += entry->max_protection ? 0 : mach_entry_size(entry);
		wired += mach_entry_keeps(entry) ? mach_entry_size(entry) : 0;
		asleep += mach_entry_asleep(entry) ? mach_entry_size(entry) : 0;
	}
	if (size == entries->size && none == entries->none &&
	    wired == entries->wired && asleep == entries->asleep)
		return true;
	return property_fail("sums %#lx %#lx %#lx %#lx, not %#lx %#lx %#lx %#lx",
			     entries->size, entries->none, entries->wired,
			     entries->asleep, size, none, wired, asleep);
}

bool entries_hold(const struct mach_entries *entries)
{
	struct walk walk = { .entries = entries, .at = entries->first };
	int height;
	u64 room;

	if (!list_holds(entries) ||
	    !node_holds(&walk, entries->root, NULL, &room, &height))
		return false;
	if (walk.at || walk.n != entries->n)
		return property_fail("%lu in the tree, %lu counted", walk.n,
				     entries->n);
	return sums_hold(entries);
}
