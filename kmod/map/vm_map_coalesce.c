// SPDX-License-Identifier: GPL-2.0-only
/* Joining entries: why two may not become one, and how a range extends one. */
#include "vm_map_coalesce.h"

#define MACH_NOT_REFUSED	MACH_REFUSALS

/* What is untouched has nothing to copy, and goes with either. */
static bool mach_pair_copies_alike(const struct mach_map_entry *low,
				   const struct mach_map_entry *high)
{
	return low->needs_copy == high->needs_copy || !low->object ||
	       !high->object;
}

/**
 * mach_entry_alike - Do two entries have the same attributes?
 * @a: one
 * @b: the other
 */
bool mach_entry_alike(const struct mach_map_entry *a,
		      const struct mach_map_entry *b)
{
	return a->protection == b->protection &&
	       a->max_protection == b->max_protection &&
	       a->inheritance == b->inheritance &&
	       a->behavior == b->behavior && a->wired == b->wired;
}

/* Is nothing but this map concerned by what happens to the object? */
static bool mach_entry_private(struct mach_entries *entries,
			       const struct mach_map_entry *entry)
{
	return !entry->object || entries->ops->extends(entries, entry,
						       entry->start,
						       entry->start);
}

/* What is not a question of objects: the same for any rules but one */
static enum mach_refusal mach_pair_differs(const struct mach_map_entry *low,
					   const struct mach_map_entry *high)
{
	if (low->in_transition || high->in_transition)
		return MACH_REFUSED_TRANSITION;
	if (!mach_entry_alike(low, high) || !mach_pair_copies_alike(low, high))
		return MACH_REFUSED_ATTRIBUTES;
	if (low->shared != high->shared ||
	    (low->shared && low->object != high->object))
		return MACH_REFUSED_SHARED;
	return MACH_NOT_REFUSED;
}

/* Zeros at [start, end) and an entry that touches them */
static enum mach_refusal mach_zeros_refused(struct mach_entries *entries,
					    const struct mach_map_entry *entry,
					    u64 start, u64 end)
{
	if (!entries->ops->extends(entries, entry, start, end))
		return MACH_REFUSED_OBJECTS;
	if (end == entry->start && !(entries->rules & MACH_MERGE_NULL_FRONT))
		return MACH_REFUSED_RULE;
	if (!(entries->rules & MACH_MERGE_PIECES) &&
	    entries->ops->pieces(entries, entry))
		return MACH_REFUSED_RULE;
	return MACH_NOT_REFUSED;
}

/* Two objects; then it is for absorb to say. */
static enum mach_refusal mach_objects_refused(struct mach_entries *entries,
					      const struct mach_map_entry *low,
					      const struct mach_map_entry *high)
{
	if (!mach_entry_private(entries, low) ||
	    !mach_entry_private(entries, high))
		return MACH_REFUSED_OBJECTS;
	return entries->rules & MACH_MERGE_OBJECTS ? MACH_NOT_REFUSED :
						     MACH_REFUSED_RULE;
}

static enum mach_refusal mach_pair_refused(struct mach_entries *entries,
					   const struct mach_map_entry *low,
					   const struct mach_map_entry *high)
{
	enum mach_refusal refusal = mach_pair_differs(low, high);

	if (refusal != MACH_NOT_REFUSED)
		return refusal;
	if (low->shared && !(entries->rules & MACH_MERGE_SHARED))
		return MACH_REFUSED_SHARED;
	if (!low->object && !high->object)
		return MACH_NOT_REFUSED;
	if (!low->object)
		return mach_zeros_refused(entries, high, low->start, low->end);
	if (!high->object)
		return mach_zeros_refused(entries, low, high->start, high->end);
	if (low->object != high->object)
		return mach_objects_refused(entries, low, high);
	if (mach_entry_delta(low) != mach_entry_delta(high))
		return MACH_REFUSED_OFFSETS;
	return entries->rules & MACH_MERGE_SAME_OBJECT ? MACH_NOT_REFUSED :
							 MACH_REFUSED_RULE;
}

/*
 * Counts a refusal; a pair that only the rules do not try to join is one, too.
 * Returns whether the pair may be joined.
 */
static bool mach_pair_may(struct mach_entries *entries,
			  const struct mach_map_entry *low,
			  const struct mach_map_entry *high, u32 rule)
{
	enum mach_refusal refusal = mach_pair_refused(entries, low, high);

	if (refusal == MACH_NOT_REFUSED && !(entries->rules & rule))
		refusal = MACH_REFUSED_RULE;
	if (refusal == MACH_NOT_REFUSED)
		return true;
	entries->refusals[refusal]++;
	return false;
}

/* Is there room for @from in @to's object, and does it go there? */
static bool mach_pair_absorb(struct mach_entries *entries,
			     const struct mach_map_entry *to,
			     const struct mach_map_entry *from)
{
	return entries->ops->extends(entries, to, from->start, from->end) &&
	       entries->ops->absorb(entries, to, from);
}

/*
 * Makes what two entries map one thing. Returns the one by whose object and
 * place it is mapped then, or NULL. The smaller one's pages move: it is likely to
 * have fewer, and none moves more often than the logarithm of their number.
 */
static const struct mach_map_entry *
mach_pair_unite(struct mach_entries *entries, const struct mach_map_entry *low,
		const struct mach_map_entry *high)
{
	const struct mach_map_entry *to = low, *from = high;

	if (low->object == high->object)
		return low;
	if (!high->object) {
		entries->ops->extend(entries, low, high->start, high->end);
		return low;
	}
	if (!low->object) {
		entries->ops->extend(entries, high, low->start, low->end);
		return high;
	}
	if (mach_entry_size(high) > mach_entry_size(low)) {
		to = high;
		from = low;
	}
	if (mach_pair_absorb(entries, to, from))
		return to;
	return mach_pair_absorb(entries, from, to) ? from : NULL;
}

/**
 * mach_entry_coalesce - Join an entry to the one below, if they touch
 * @entries: the entries
 * @entry: one of them
 * @rule: MACH_MERGE_*: one of these must be in force
 * @stock: gets the memory of an entry
 *
 * Return: whether @entry is a part of the one below now, and not there any more.
 */
bool mach_entry_coalesce(struct mach_entries *entries,
			 struct mach_map_entry *entry, u32 rule,
			 struct mach_entry_stock *stock)
{
	struct mach_map_entry *prev = entry->prev;
	const struct mach_map_entry *to, *from;

	if (!prev || prev->end != entry->start ||
	    !mach_pair_may(entries, prev, entry, rule))
		return false;
	to = mach_pair_unite(entries, prev, entry);
	if (!to) {
		entries->refusals[MACH_REFUSED_OBJECTS]++;
		return false;
	}
	from = to == prev ? entry : prev;
	if (from->object)
		entries->ops->put(entries, from);
	mach_entry_join(entries, prev);
	if (to == entry) {
		prev->object = entry->object;
		prev->offset = entry->offset - (entry->start - prev->start);
		prev->needs_copy = entry->needs_copy;
	}
	entries->merges++;
	mach_stock_add(stock, entry);
	return true;
}

/* By more of what @entry maps already, or by zeros; others take an entry first. */
static bool mach_extend_suits(const struct mach_map_entry *entry,
			      const struct mach_map_entry *range)
{
	return !range->object || range->object == entry->object;
}

static void mach_extend_up(struct mach_entries *entries,
			   struct mach_map_entry *entry,
			   const struct mach_map_entry *range)
{
	if (entry->object && !range->object)
		entries->ops->extend(entries, entry, range->start, range->end);
	mach_entry_set_bounds(entries, entry, entry->start, range->end,
			      entry->offset);
	entries->merges++;
}

static void mach_extend_down(struct mach_entries *entries,
			     struct mach_map_entry *entry,
			     const struct mach_map_entry *range)
{
	u64 offset = 0;

	if (entry->object) {
		offset = entry->offset - mach_entry_size(range);
		if (!range->object)
			entries->ops->extend(entries, entry, range->start,
					     range->end);
	}
	mach_entry_set_bounds(entries, entry, range->start, entry->end, offset);
	entries->merges++;
}

/**
 * mach_entry_extend - Let a neighbour have a new range, instead of a new entry
 * @entries: the entries
 * @prev: the entry below the range, NULL if there is none
 * @range: the range: its bounds and attributes, zeros or more of the neighbour's
 *	object
 * @stock: gets an entry's memory, if both neighbours become one
 *
 * Return: whether the range is in the map now.
 */
bool mach_entry_extend(struct mach_entries *entries,
		       struct mach_map_entry *prev,
		       const struct mach_map_entry *range,
		       struct mach_entry_stock *stock)
{
	struct mach_map_entry *next = prev ? prev->next : entries->first;

	if (next && next->start != range->end)
		next = NULL;
	if (prev && prev->end == range->start &&
	    mach_extend_suits(prev, range) &&
	    mach_pair_may(entries, prev, range, MACH_MERGE_ENTER_PREV)) {
		mach_extend_up(entries, prev, range);
	} else if (next && mach_extend_suits(next, range) &&
		   mach_pair_may(entries, range, next, MACH_MERGE_ENTER_NEXT)) {
		mach_extend_down(entries, next, range);
	} else {
		return false;
	}
	if (next)
		mach_entry_coalesce(entries, next, MACH_MERGE_ENTER_NEXT,
				    stock);
	return true;
}

/**
 * mach_entries_glue - Join what touches where a range begins, within, or ends
 * @entries: the entries
 * @start: first address at which entries may touch
 * @end: the last one
 * @rule: MACH_MERGE_*: one of these must be in force
 * @stock: gets the memory of entries
 */
void mach_entries_glue(struct mach_entries *entries, u64 start, u64 end,
		       u32 rule, struct mach_entry_stock *stock)
{
	struct mach_map_entry *entry = mach_entry_from(entries, start), *next;

	if (entry && entry->start < start)
		entry = entry->next;
	for (; entry && entry->start <= end; entry = next) {
		mach_kern_step();
		next = entry->next;
		mach_entry_coalesce(entries, entry, rule, stock);
	}
}

/* Could any merging join these, with any rules and with offsets chosen better? */
static bool mach_pair_could(struct mach_entries *entries,
			    const struct mach_map_entry *low,
			    const struct mach_map_entry *high)
{
	if (low->end != high->start ||
	    mach_pair_differs(low, high) != MACH_NOT_REFUSED)
		return false;
	if (low->object == high->object &&
	    (!low->object || mach_entry_delta(low) == mach_entry_delta(high)))
		return true;
	return mach_entry_private(entries, low) &&
	       mach_entry_private(entries, high);
}

/**
 * mach_entries_minimum - How many entries an ideal merging would leave
 * @entries: the entries
 *
 * For vmreplay and for tests: it looks at all of them. Return: how many.
 */
unsigned long mach_entries_minimum(struct mach_entries *entries)
{
	const struct mach_map_entry *entry = entries->first;
	unsigned long n = entries->n;

	for (; entry && entry->next; entry = entry->next)
		n -= mach_pair_could(entries, entry, entry->next);
	return n;
}
EXPORT_SYMBOL_IF_KUNIT(mach_entries_minimum);
