// SPDX-License-Identifier: GPL-2.0-only
/* Entering, removing and changing a range of entries, and gluing what then fits. */
#include "vm_map_range.h"

/**
 * mach_range_enter - Map something at addresses that are free
 * @entries: the entries
 * @start: first address
 * @end: the address after the last
 * @like: object, offset of @start and attributes
 * @stock: memory for entries
 *
 * An object counts the entry, if it is a new one.
 */
void mach_range_enter(struct mach_entries *entries, u64 start, u64 end,
		      const struct mach_map_entry *like,
		      struct mach_entry_stock *stock)
{
	struct mach_map_entry *next = mach_entry_from(entries, start), *entry;
	struct mach_map_entry *prev = next ? next->prev : entries->last;
	struct mach_map_entry range = *like;

	range.start = start;
	range.end = end;
	if (!range.object)
		range.offset = 0;
	if (mach_entry_extend(entries, prev, &range, stock))
		return;
	entry = mach_stock_take(stock);
	*entry = range;
	mach_entry_link_after(entries, prev, entry);
	if (!entry->object)
		return;
	entries->ops->get(entries, entry);
	mach_entry_coalesce(entries, entry, MACH_MERGE_ENTER_PREV, stock);
	if (next)
		mach_entry_coalesce(entries, next, MACH_MERGE_ENTER_NEXT,
				    stock);
}
EXPORT_SYMBOL_IF_KUNIT(mach_range_enter);

/* The part of an entry in [start, end), which leaves at most one other part */
static struct mach_map_entry *mach_range_cut(struct mach_entries *entries,
					     struct mach_map_entry *entry,
					     u64 start, u64 end,
					     struct mach_entry_stock *stock)
{
	struct mach_map_entry *piece;

	if (start == entry->start && end == entry->end) {
		mach_entry_unlink(entries, entry);
		return entry;
	}
	piece = mach_entry_piece(entries, entry, start, end, stock);
	if (start > entry->start)
		mach_entry_set_bounds(entries, entry, entry->start, start,
				      entry->offset);
	else
		mach_entry_set_bounds(entries, entry, end, entry->end,
				      entry->object ?
				      entry->offset + (end - start) : 0);
	return piece;
}

/**
 * mach_range_remove - Take away what a range holds
 * @entries: the entries
 * @start: first address
 * @end: the address after the last
 * @max: at most so many entries at once, not 0
 * @stock: memory for entries
 * @removed: gets entries with just what was there; their objects still count
 *	them: the caller puts them, and then calls mach_range_heal()
 *
 * Return: @end, or the address that it came to when there were @max.
 */
u64 mach_range_remove(struct mach_entries *entries, u64 start, u64 end,
		      unsigned int max, struct mach_entry_stock *stock,
		      struct mach_entry_stock *removed)
{
	struct mach_map_entry *entry = mach_entry_from(entries, start), *next;
	u64 from, to;

	for (; entry && entry->start < end; entry = next) {
		if (!max--)
			return entry->start;
		from = entry->start > start ? entry->start : start;
		to = entry->end < end ? entry->end : end;
		if (from > entry->start && to < entry->end)
			mach_entry_clip(entries, entry, to, stock);
		next = entry->next;
		mach_stock_add(removed, mach_range_cut(entries, entry, from, to,
						       stock));
		mach_kern_step();
		if (to == end)
			break;
	}
	return end;
}
EXPORT_SYMBOL_IF_KUNIT(mach_range_remove);

/**
 * mach_range_heal - Join what can be one when something is gone
 * @entries: the entries
 * @start: first address of what was removed
 * @end: the address after the last
 * @stock: gets the memory of entries
 *
 * Right below and above: an object of which the last other entry is gone may
 * grow from now on.
 */
void mach_range_heal(struct mach_entries *entries, u64 start, u64 end,
		     struct mach_entry_stock *stock)
{
	const struct mach_map_entry *above = mach_entry_from(entries, start);
	const struct mach_map_entry *below = above ? above->prev :
						     entries->last;

	mach_entries_glue(entries, below ? below->start : start,
			  above ? above->end : end, MACH_MERGE_DEALLOCATE,
			  stock);
}
EXPORT_SYMBOL_IF_KUNIT(mach_range_heal);

/* What an entry's attributes are after a change */
static void mach_change_apply(const struct mach_change *change,
			      struct mach_map_entry *entry)
{
	if (change->what & MACH_CHANGE_PROTECTION)
		entry->protection = change->protection;
	if (change->what & MACH_CHANGE_MAXIMUM) {
		entry->max_protection = change->protection;
		entry->protection &= change->protection;
	}
	if (change->what & MACH_CHANGE_INHERITANCE)
		entry->inheritance = change->inheritance;
	if (change->what & MACH_CHANGE_BEHAVIOR)
		entry->behavior = change->behavior;
	if (change->what & MACH_CHANGE_WIRE && (change->wire > 0 || entry->wired))
		entry->wired += change->wire;
	if (change->what & MACH_CHANGE_TRANSITION) {
		entry->in_transition = change->in_transition;
		entry->of_all = change->of_all;
	}
	if (change->what & MACH_CHANGE_SHARED)
		entry->shared = 1;
}

/* After which changes the rules would glue */
static u32 mach_change_rules(const struct mach_change *change)
{
	u32 rules = 0;

	if (change->what & (MACH_CHANGE_PROTECTION | MACH_CHANGE_MAXIMUM))
		rules |= MACH_MERGE_PROTECT;
	if (change->what & MACH_CHANGE_INHERITANCE)
		rules |= MACH_MERGE_INHERIT;
	if (change->what & (MACH_CHANGE_BEHAVIOR | MACH_CHANGE_SHARED))
		rules |= MACH_MERGE_ATTRIBUTES;
	if (change->what & (MACH_CHANGE_WIRE | MACH_CHANGE_TRANSITION))
		rules |= MACH_MERGE_WIRE;
	return rules;
}

/* Changes the part of an entry in [start, end); returns the last part of it. */
static struct mach_map_entry *
mach_change_entry(struct mach_entries *entries, struct mach_map_entry *entry,
		  u64 start, u64 end, const struct mach_change *change,
		  struct mach_entry_stock *stock)
{
	struct mach_map_entry changed = *entry;

	mach_change_apply(change, &changed);
	if (entries->rules & MACH_MERGE_LAZY_CLIP &&
	    changed.in_transition == entry->in_transition &&
	    changed.shared == entry->shared &&
	    mach_entry_alike(&changed, entry))
		return entry;
	if (entry->start < start)
		entry = mach_entry_clip(entries, entry, start, stock);
	if (entry->end > end)
		mach_entry_clip(entries, entry, end, stock);
	mach_entry_set(entries, entry, &changed);
	return entry;
}

/**
 * mach_range_change - Change attributes of what a range holds
 * @entries: the entries
 * @start: first address
 * @end: the address after the last, above @start
 * @change: what to change, and to what
 * @stock: memory for entries
 */
void mach_range_change(struct mach_entries *entries, u64 start, u64 end,
		       const struct mach_change *change,
		       struct mach_entry_stock *stock)
{
	struct mach_map_entry *entry = mach_entry_from(entries, start);

	for (; entry && entry->start < end; entry = entry->next) {
		mach_kern_step();
		entry = mach_change_entry(entries, entry, start, end, change,
					  stock);
	}
	mach_entries_glue(entries, start, end, mach_change_rules(change),
			  stock);
}
EXPORT_SYMBOL_IF_KUNIT(mach_range_change);
