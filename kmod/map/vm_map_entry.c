// SPDX-License-Identifier: GPL-2.0-only
/* The list and the tree of entries: lookup, linking, clipping, and finding room. */
#include "vm_map_entry.h"

/* Gaps that are tried before one is looked for in which any alignment fits */
#define MACH_SPACE_TRIES	8

void mach_entries_init(struct mach_entries *entries, u64 min, u64 max,
		       u32 rules, const struct mach_entry_ops *ops)
{
	memset(entries, 0, sizeof(*entries));
	entries->min = min;
	entries->max = max;
	entries->rules = rules;
	entries->ops = ops;
}
EXPORT_SYMBOL_IF_KUNIT(mach_entries_init);

/* Bytes between an entry and the one below */
static u64 mach_entry_hole(const struct mach_entries *entries,
			   const struct mach_map_entry *entry)
{
	return entry->start - (entry->prev ? entry->prev->end : entries->min);
}

/* The tree */

static unsigned int mach_avl_height(const struct mach_map_entry *node)
{
	return node ? node->height : 0;
}

/* What a node says of its subtree, from its children, which are right */
static void mach_avl_update(const struct mach_entries *entries,
			    struct mach_map_entry *node)
{
	unsigned int left = mach_avl_height(node->left);
	unsigned int right = mach_avl_height(node->right);
	u64 room = mach_entry_hole(entries, node);

	if (node->left && node->left->room > room)
		room = node->left->room;
	if (node->right && node->right->room > room)
		room = node->right->room;
	node->room = room;
	node->height = 1 + (left > right ? left : right);
}

/* Hangs @by, or nothing, where @node hangs. */
static void mach_avl_replace(struct mach_entries *entries,
			     const struct mach_map_entry *node,
			      struct mach_map_entry *by)
{
	struct mach_map_entry *parent = node->parent;

	if (!parent)
		entries->root = by;
	else if (parent->left == node)
		parent->left = by;
	else
		parent->right = by;
	if (by)
		by->parent = parent;
}

/* Rotates a node into its parent's place. */
static void mach_avl_lift(struct mach_entries *entries,
			  struct mach_map_entry *node)
{
	struct mach_map_entry *parent = node->parent, *inner;

	mach_avl_replace(entries, parent, node);
	if (parent->left == node) {
		inner = node->right;
		parent->left = inner;
		node->right = parent;
	} else {
		inner = node->left;
		parent->right = inner;
		node->left = parent;
	}
	if (inner)
		inner->parent = parent;
	parent->parent = node;
	mach_avl_update(entries, parent);
	mach_avl_update(entries, node);
}

/* Returns the node that is at the top of @node's subtree then. */
static struct mach_map_entry *mach_avl_balance(struct mach_entries *entries,
					       struct mach_map_entry *node)
{
	int lean = mach_avl_height(node->left) - mach_avl_height(node->right);
	struct mach_map_entry *child, *inner, *outer;

	if (lean >= -1 && lean <= 1)
		return node;
	child = lean > 0 ? node->left : node->right;
	inner = lean > 0 ? child->right : child->left;
	outer = lean > 0 ? child->left : child->right;
	if (mach_avl_height(inner) > mach_avl_height(outer)) {
		mach_avl_lift(entries, inner);
		child = inner;
	}
	mach_avl_lift(entries, child);
	return child;
}

/* Something changed at @node: sets that right, and what is above. */
static void mach_avl_fix(struct mach_entries *entries,
			 struct mach_map_entry *node)
{
	while (node) {
		unsigned int height = node->height;
		u64 room = node->room;

		mach_kern_step();
		mach_avl_update(entries, node);
		node = mach_avl_balance(entries, node);
		if (node->height == height && node->room == room)
			return;
		node = node->parent;
	}
}

/* Into the tree, where the list has it already */
static void mach_avl_insert(struct mach_entries *entries,
			    struct mach_map_entry *node)
{
	struct mach_map_entry *prev = node->prev, *next = node->next;

	node->left = NULL;
	node->right = NULL;
	node->height = 0;
	node->room = 0;
	if (prev && !prev->right) {
		node->parent = prev;
		prev->right = node;
	} else {
		/* If there is anything right of prev, nothing is left of next. */
		node->parent = next;
		if (next)
			next->left = node;
		else
			entries->root = node;
	}
	mach_avl_fix(entries, node);
	mach_avl_fix(entries, next);
}

/* A node that has left and right to it out of the tree: @by comes there. */
static struct mach_map_entry *mach_avl_swap(struct mach_entries *entries,
					    struct mach_map_entry *node,
					     struct mach_map_entry *by)
{
	struct mach_map_entry *lowest = by;

	if (by != node->right) {
		lowest = by->parent;
		mach_avl_replace(entries, by, by->right);
		by->right = node->right;
		by->right->parent = by;
	}
	mach_avl_replace(entries, node, by);
	by->left = node->left;
	by->left->parent = by;
	by->height = node->height;
	by->room = node->room;
	return lowest;
}

/* Out of the tree; @node->next is what the list had there. */
static void mach_avl_remove(struct mach_entries *entries,
			    struct mach_map_entry *node)
{
	struct mach_map_entry *lowest = node->parent;

	if (node->left && node->right) {
		lowest = mach_avl_swap(entries, node, node->next);
	} else {
		mach_avl_replace(entries, node,
				 node->left ? node->left : node->right);
	}
	mach_avl_fix(entries, lowest);
	mach_avl_fix(entries, node->next);
}

/* The list */

static void mach_list_insert(struct mach_entries *entries,
			     struct mach_map_entry *prev,
			     struct mach_map_entry *entry)
{
	struct mach_map_entry *next = prev ? prev->next : entries->first;

	entry->prev = prev;
	entry->next = next;
	if (prev)
		prev->next = entry;
	else
		entries->first = entry;
	if (next)
		next->prev = entry;
	else
		entries->last = entry;
	entries->n++;
	entries->hint = entry;
}

static void mach_list_remove(struct mach_entries *entries,
			     struct mach_map_entry *entry)
{
	if (entry->prev)
		entry->prev->next = entry->next;
	else
		entries->first = entry->next;
	if (entry->next)
		entry->next->prev = entry->prev;
	else
		entries->last = entry->prev;
	entries->n--;
	if (entries->hint == entry)
		entries->hint = entry->next;
}

/* Looking up */

/**
 * mach_entry_lookup - The entry that holds an address
 * @entries: the entries
 * @address: the address
 *
 * Return: the entry, or NULL if there is none.
 */
struct mach_map_entry *mach_entry_lookup(const struct mach_entries *entries,
					 u64 address)
{
	struct mach_map_entry *node = entries->root;

	while (node) {
		mach_kern_step();
		if (address < node->start)
			node = node->left;
		else if (address >= node->end)
			node = node->right;
		else
			break;
	}
	return node;
}
EXPORT_SYMBOL_IF_KUNIT(mach_entry_lookup);

/* Is it the first entry that ends above @address? */
static bool mach_entry_is_from(const struct mach_map_entry *entry, u64 address)
{
	return entry && address < entry->end &&
	       (!entry->prev || address >= entry->prev->end);
}

/**
 * mach_entry_from - The first entry that ends above an address
 * @entries: the entries
 * @address: the address
 *
 * Return: the entry, or NULL if there is none.
 */
struct mach_map_entry *mach_entry_from(const struct mach_entries *entries,
				       u64 address)
{
	struct mach_map_entry *node = entries->root, *found = NULL;

	if (mach_entry_is_from(entries->hint, address))
		return entries->hint;
	while (node) {
		mach_kern_step();
		if (node->end > address) {
			found = node;
			node = node->left;
		} else {
			node = node->right;
		}
	}
	return found;
}

/**
 * mach_entries_cover - Is every address of a range in an entry?
 * @entries: the entries
 * @start: first address
 * @end: the address after the last, not below @start
 */
bool mach_entries_cover(const struct mach_entries *entries, u64 start, u64 end)
{
	const struct mach_map_entry *entry;

	if (start == end)
		return true;
	entry = mach_entry_lookup(entries, start);
	while (entry && entry->end < end) {
		if (!entry->next || entry->next->start != entry->end)
			return false;
		entry = entry->next;
	}
	return entry;
}
EXPORT_SYMBOL_IF_KUNIT(mach_entries_cover);

/* The lowest entry of a subtree, of enough room, with such a hole below it */
static struct mach_map_entry *
mach_avl_roomy(const struct mach_entries *entries, struct mach_map_entry *node,
	       u64 size)
{
	bool left;

	for (;;) {
		mach_kern_step();
		left = node->left && node->left->room >= size;
		if (!left && mach_entry_hole(entries, node) >= size)
			return node;
		node = left ? node->left : node->right;
	}
}

/* The next entry above a node with such a hole below it, or NULL */
static struct mach_map_entry *
mach_avl_next_roomy(const struct mach_entries *entries,
		    struct mach_map_entry *node, u64 size)
{
	struct mach_map_entry *below;

	if (node->right && node->right->room >= size)
		return mach_avl_roomy(entries, node->right, size);
	do {
		do {
			mach_kern_step();
			below = node;
			node = node->parent;
		} while (node && node->right == below);
		if (!node || mach_entry_hole(entries, node) >= size)
			return node;
	} while (!node->right || node->right->room < size);
	return mach_avl_roomy(entries, node->right, size);
}

/* A stretch of addresses */
struct mach_gap {
	u64 start;
	u64 end;
};

/*
 * The lowest gap from gap->start on with @size bytes, if that is in it, or else
 * with @most; false if there is none.
 */
static bool mach_gap_find(const struct mach_entries *entries,
			  struct mach_gap *gap, u64 size, u64 most)
{
	struct mach_map_entry *entry = mach_entry_from(entries, gap->start);

	if (entry) {
		if (entry->start > gap->start &&
		    entry->start - gap->start >= size) {
			gap->end = entry->start;
			return true;
		}
		entry = mach_avl_next_roomy(entries, entry, most);
		gap->start = entry ? entry->prev->end : entries->last->end;
	}
	gap->end = entry ? entry->start : entries->max;
	return gap->end > gap->start && gap->end - gap->start >= size;
}

/* The lowest address from @address on without bits of @mask; 0 if there is none. */
static u64 mach_address_align(u64 address, u64 mask)
{
	while (address & mask) {
		u64 low = ~0ULL >> (63 - ilog2(address & mask));

		address = (address | low) + 1;
	}
	return address;
}

/* Bytes that alignment can cost at most, where the mask asks for no more */
static u64 mach_mask_slack(u64 mask)
{
	u64 ones = mask | (PAGE_SIZE - 1);

	return ((ones ^ (ones + 1)) >> 1) - (PAGE_SIZE - 1);
}

/**
 * mach_entries_find_space - The lowest address with room
 * @entries: the entries
 * @from: no address below this one
 * @size: bytes, not 0
 * @mask: bits that must be 0 in the address
 * @address: where it is
 *
 * With a mask, only so many of the gaps that are wide enough are tried; then
 * those are, in which it fits wherever they begin. Return: 0 or -ENOSPC.
 */
int mach_entries_find_space(const struct mach_entries *entries, u64 from,
			    u64 size, u64 mask, u64 *address)
{
	struct mach_gap gap = {
		.start = from > entries->min ? from : entries->min,
	};
	u64 at, slack = mach_mask_slack(mask);
	unsigned int tries;

	/* Where there were that many gaps of a size, no sum overflows. */
	for (tries = 0; tries < 2 * MACH_SPACE_TRIES; tries++) {
		if (!mach_gap_find(entries, &gap, size,
				   tries < MACH_SPACE_TRIES ? size :
							      size + slack))
			return -ENOSPC;
		at = mach_address_align(gap.start, mask);
		if (at < gap.start)
			return -ENOSPC;
		if (at <= gap.end - size) {
			*address = at;
			return 0;
		}
		gap.start = at;
	}
	return -ENOSPC;
}
EXPORT_SYMBOL_IF_KUNIT(mach_entries_find_space);

/* Changes */

/* So many bytes more, or less, are like those of an entry. */
static void mach_entries_count(struct mach_entries *entries,
			       const struct mach_map_entry *entry, u64 bytes)
{
	entries->size += bytes;
	if (!entry->max_protection)
		entries->none += bytes;
	if (mach_entry_keeps(entry))
		entries->wired += bytes;
	else if (entry->wired)
		entries->asleep += bytes;
}

/**
 * mach_entry_link_after - Put an entry where its place is known to be
 * @entries: the entries
 * @prev: the entry below, NULL if there is none
 * @entry: with everything but its links; overlaps no other
 */
void mach_entry_link_after(struct mach_entries *entries,
			   struct mach_map_entry *prev,
			   struct mach_map_entry *entry)
{
	mach_list_insert(entries, prev, entry);
	mach_avl_insert(entries, entry);
	mach_entries_count(entries, entry, mach_entry_size(entry));
}

/**
 * mach_entry_unlink - Take an entry out
 * @entries: the entries
 * @entry: keeps everything but its links; its object still counts it
 */
void mach_entry_unlink(struct mach_entries *entries,
		       struct mach_map_entry *entry)
{
	mach_entries_count(entries, entry, -mach_entry_size(entry));
	mach_list_remove(entries, entry);
	mach_avl_remove(entries, entry);
}

/**
 * mach_entry_set_bounds - Let an entry begin or end elsewhere
 * @entries: the entries
 * @entry: one of them
 * @start: new first address
 * @end: new address after the last; the range overlaps no other entry
 * @offset: of @start in the object; 0 without one
 */
void mach_entry_set_bounds(struct mach_entries *entries,
			   struct mach_map_entry *entry, u64 start, u64 end,
			   u64 offset)
{
	bool lower = start != entry->start, upper = end != entry->end;

	mach_entries_count(entries, entry,
			   end - start - mach_entry_size(entry));
	entry->start = start;
	entry->end = end;
	entry->offset = offset;
	if (lower)
		mach_avl_fix(entries, entry);
	if (upper)
		mach_avl_fix(entries, entry->next);
}

/**
 * mach_entry_set - Give an entry attributes, which sums depend on
 * @entries: the entries
 * @entry: one of them
 * @like: has the attributes
 */
void mach_entry_set(struct mach_entries *entries, struct mach_map_entry *entry,
		    const struct mach_map_entry *like)
{
	mach_entries_count(entries, entry, -mach_entry_size(entry));
	entry->protection = like->protection;
	entry->max_protection = like->max_protection;
	entry->inheritance = like->inheritance;
	entry->behavior = like->behavior;
	entry->shared = like->shared;
	entry->in_transition = like->in_transition;
	entry->of_all = like->of_all;
	entry->wired = like->wired;
	mach_entries_count(entries, entry, mach_entry_size(entry));
}

/**
 * mach_entry_piece - A part of an entry as an entry of its own, not linked
 * @entries: the entries
 * @entry: what it is a part of
 * @start: first address
 * @end: the address after the last
 * @stock: where the memory is taken from
 *
 * Its object counts it. Return: the piece.
 */
struct mach_map_entry *mach_entry_piece(struct mach_entries *entries,
					const struct mach_map_entry *entry,
					u64 start, u64 end,
					struct mach_entry_stock *stock)
{
	struct mach_map_entry *piece = mach_stock_take(stock);

	*piece = *entry;
	piece->start = start;
	piece->end = end;
	if (piece->object) {
		piece->offset += start - entry->start;
		entries->ops->get(entries, piece);
	}
	return piece;
}

/**
 * mach_entry_clip - Make two entries of one
 * @entries: the entries
 * @entry: one of them; is the lower part then
 * @at: where the upper part begins, within @entry
 * @stock: where the memory for it is taken from
 *
 * Return: the upper part.
 */
struct mach_map_entry *mach_entry_clip(struct mach_entries *entries,
				       struct mach_map_entry *entry, u64 at,
				       struct mach_entry_stock *stock)
{
	struct mach_map_entry *upper = mach_entry_piece(entries, entry, at,
							entry->end, stock);

	entry->end = at;
	mach_list_insert(entries, entry, upper);
	mach_avl_insert(entries, upper);
	return upper;
}

/**
 * mach_entry_join - Make one entry of two, the reverse of a clip
 * @entries: the entries
 * @entry: one of them; the next one touches it
 *
 * What the entry maps and how is left to the caller. Return: what was the next
 * one, not linked any more.
 */
struct mach_map_entry *mach_entry_join(struct mach_entries *entries,
				       struct mach_map_entry *entry)
{
	struct mach_map_entry *upper = entry->next;

	entry->end = upper->end;
	mach_list_remove(entries, upper);
	mach_avl_remove(entries, upper);
	return upper;
}
