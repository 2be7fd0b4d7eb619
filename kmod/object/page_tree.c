// SPDX-License-Identifier: GPL-2.0-only
/* The radix tree of an object's pages: nodes come from the caller's stock. */
#include "page_tree.h"

static unsigned int mach_tree_slot(u64 index, unsigned int shift)
{
	return (index >> shift) % MACH_TREE_FANOUT;
}

/* Would the entry at @index lie outside the tree, which has a root? */
static bool mach_tree_beyond(const struct mach_tree *tree, u64 index)
{
	return (index ^ tree->base) >> tree->root->shift >= MACH_TREE_FANOUT;
}

/* The least shift of a node that two indices have in common */
static unsigned int mach_tree_common(u64 a, u64 b)
{
	unsigned int shift = 0;

	while ((a ^ b) >> shift >= MACH_TREE_FANOUT)
		shift += MACH_TREE_SHIFT;
	return shift;
}

/* The shift of the least root above a run and all that there is. */
static unsigned int mach_tree_top(const struct mach_tree *tree, u64 index,
				  u64 last)
{
	unsigned int run = mach_tree_common(index, last), old;

	if (!tree->root)
		return run;
	old = tree->root->shift;
	if (mach_tree_beyond(tree, index))
		old = mach_tree_common(index, tree->base);
	return old > run ? old : run;
}

/* The leaf for @index, or NULL if there is none. */
static struct mach_tree_node *mach_tree_leaf(const struct mach_tree *tree,
					     u64 index)
{
	struct mach_tree_node *node = tree->root;
	unsigned int shift;

	if (!node || mach_tree_beyond(tree, index))
		return NULL;
	for (shift = node->shift; shift && node; shift -= MACH_TREE_SHIFT)
		node = node->entries[mach_tree_slot(index, shift)];
	return node;
}

/* A node without entries and marks */
void mach_tree_stock_add(struct mach_tree_stock *stock,
			 struct mach_tree_node *node)
{
	node->parent = stock->first;
	stock->first = node;
	stock->n++;
}

/* NULL if there is none. */
struct mach_tree_node *mach_tree_stock_take(struct mach_tree_stock *stock)
{
	struct mach_tree_node *node = stock->first;

	if (!node)
		return NULL;
	stock->first = node->parent;
	stock->n--;
	node->parent = NULL;
	return node;
}

void *mach_tree_load(const struct mach_tree *tree, u64 index)
{
	struct mach_tree_node *leaf = mach_tree_leaf(tree, index);

	return leaf ? leaf->entries[index % MACH_TREE_FANOUT] : NULL;
}

static struct mach_tree_node *mach_tree_add_root(struct mach_tree *tree,
						 u64 index, unsigned int shift,
						 struct mach_tree_stock *stock)
{
	struct mach_tree_node *root = mach_tree_stock_take(stock);

	root->slot = 0;
	root->shift = shift;
	tree->root = root;
	tree->base = index & ~0ULL << shift << MACH_TREE_SHIFT;
	return root;
}

/* New roots above the old one until they reach the run, too. */
static void mach_tree_grow(struct mach_tree *tree, u64 index, u64 last,
			   struct mach_tree_stock *stock)
{
	unsigned int top = mach_tree_top(tree, index, last), slot;
	struct mach_tree_node *old = tree->root, *root;

	if (!old) {
		mach_tree_add_root(tree, index, top, stock);
		return;
	}
	for (; old->shift < top; old = root) {
		slot = mach_tree_slot(tree->base, old->shift + MACH_TREE_SHIFT);
		root = mach_tree_add_root(tree, tree->base,
					  old->shift + MACH_TREE_SHIFT, stock);
		root->entries[slot] = old;
		root->present = 1ULL << slot;
		root->marked = (u64)!!old->marked << slot;
		old->parent = root;
		old->slot = slot;
	}
}

/* The leaf for @index, which the root reaches, and what is above it. */
static struct mach_tree_node *mach_tree_make_leaf(struct mach_tree *tree,
						  u64 index,
						  struct mach_tree_stock *stock)
{
	struct mach_tree_node *node = tree->root, *child;

	for (; node->shift; node = child) {
		unsigned int slot = mach_tree_slot(index, node->shift);

		child = node->entries[slot];
		if (child)
			continue;
		child = mach_tree_stock_take(stock);
		child->parent = node;
		child->slot = slot;
		child->shift = node->shift - MACH_TREE_SHIFT;
		node->entries[slot] = child;
		node->present |= 1ULL << slot;
	}
	return node;
}

/*
 * How far down the nodes on the way to @index are there already: the shift of
 * the last one, for a root of shift @top that the tree has or will have.
 */
static unsigned int mach_tree_depth(const struct mach_tree *tree, u64 index,
				    unsigned int top)
{
	const struct mach_tree_node *node = tree->root, *child;

	if (!node)
		return top + MACH_TREE_SHIFT;
	if (mach_tree_beyond(tree, index))
		return mach_tree_common(index, tree->base);
	for (; node->shift; node = child) {
		child = node->entries[mach_tree_slot(index, node->shift)];
		if (!child)
			break;
	}
	return node->shift;
}

/**
 * mach_tree_need - The nodes that an insertion will take
 * @tree: the tree
 * @index: of the first entry
 * @n: how many entries, not 0
 *
 * Exact for as long as the lock is held. An insertion into leaves that are
 * there takes none, so try that first, and ask after an -ENOMEM.
 */
unsigned int mach_tree_need(const struct mach_tree *tree, u64 index,
			    unsigned int n)
{
	u64 leaf = index >> MACH_TREE_SHIFT;
	u64 last = (index + n - 1) >> MACH_TREE_SHIFT;
	unsigned int top = mach_tree_top(tree, index, index + n - 1);
	unsigned int absent, fresh, shifts = 0;

	/* roots above the old one */
	if (tree->root)
		shifts += top - tree->root->shift;
	absent = mach_tree_depth(tree, index, top);
	shifts += absent;
	while (leaf++ < last) {
		absent = mach_tree_depth(tree, leaf << MACH_TREE_SHIFT, top);
		/* higher ones are on the way to the leaf before, too */
		fresh = MACH_TREE_SHIFT;
		while (mach_tree_slot(leaf << MACH_TREE_SHIFT, fresh) == 0)
			fresh += MACH_TREE_SHIFT;
		shifts += absent < fresh ? absent : fresh;
	}
	return shifts / MACH_TREE_SHIFT;
}

/* Bits of @n slots, not 0, from one on */
static u64 mach_tree_mask(unsigned int slot, unsigned int n)
{
	return ~0ULL >> (MACH_TREE_FANOUT - n) << slot;
}

/* Stores at consecutive slots of a leaf, all free; returns what comes next. */
static const void *mach_tree_fill(struct mach_tree_node *leaf,
				  unsigned int slot, unsigned int n,
				  const void *entries, size_t stride)
{
	void **to = &leaf->entries[slot];

	leaf->present |= mach_tree_mask(slot, n);
	for (; n; n--) {
		*to++ = *(void *const *)entries;
		entries += stride;
	}
	return entries;
}

/* Out of line, so that the common case has few registers to save */
static noinline int
mach_tree_insert_leaves(struct mach_tree *tree, u64 index, unsigned int n,
			const void *entries, size_t stride,
			struct mach_tree_stock *stock)
{
	struct mach_tree_cursor cursor = { .index = index };
	u64 last = index + n - 1;

	if (mach_tree_find(tree, &cursor, last))
		return -EEXIST;
	if (stock->n < mach_tree_need(tree, index, n))
		return -ENOMEM;
	mach_tree_grow(tree, index, last, stock);
	while (n) {
		unsigned int slot = index % MACH_TREE_FANOUT;
		unsigned int here = MACH_TREE_FANOUT - slot;

		if (here > n)
			here = n;
		entries = mach_tree_fill(mach_tree_make_leaf(tree, index, stock),
					 slot, here, entries, stride);
		index += here;
		n -= here;
	}
	return 0;
}

/**
 * mach_tree_insert_run - Store consecutive entries, all or none
 * @tree: the tree
 * @index: of the first; that of the last one is MACH_TREE_INDEX_MAX at most
 * @n: how many, not 0
 * @entries: the first of the pointers to store, none is NULL
 * @stride: bytes from one of the pointers to the next
 * @stock: where nodes are taken from
 *
 * They are not marked. Return: 0; -EEXIST if there is an entry already; -ENOMEM
 * if @stock has fewer nodes than mach_tree_need(). Then nothing was changed.
 */
int mach_tree_insert_run(struct mach_tree *tree, u64 index, unsigned int n,
			 const void *entries, size_t stride,
			 struct mach_tree_stock *stock)
{
	struct mach_tree_node *leaf = mach_tree_leaf(tree, index);
	unsigned int slot = index % MACH_TREE_FANOUT;

	if (!leaf || n > MACH_TREE_FANOUT - slot)
		return mach_tree_insert_leaves(tree, index, n, entries, stride,
					       stock);
	if (leaf->present & mach_tree_mask(slot, n))
		return -EEXIST;
	mach_tree_fill(leaf, slot, n, entries, stride);
	return 0;
}

static void mach_tree_clear_marks(struct mach_tree_node *node, u64 marks)
{
	while ((node->marked & marks)) {
		node->marked &= ~marks;
		if (node->marked || !node->parent)
			return;
		marks = 1ULL << node->slot;
		node = node->parent;
	}
}

/* Out with a node that has no entries any more, and those above it. */
static void mach_tree_prune(struct mach_tree *tree, struct mach_tree_node *node,
			    struct mach_tree_stock *stock)
{
	while (!node->present) {
		struct mach_tree_node *parent = node->parent;

		if (parent) {
			parent->entries[node->slot] = NULL;
			parent->present &= ~(1ULL << node->slot);
		}
		mach_tree_stock_add(stock, node);
		if (!parent) {
			tree->root = NULL;
			return;
		}
		node = parent;
	}
}

/* Out with roots that have one child only. */
static void mach_tree_shrink(struct mach_tree *tree,
			     struct mach_tree_stock *stock)
{
	struct mach_tree_node *root = tree->root, *child;

	while (root && root->shift && is_power_of_2(root->present)) {
		child = root->entries[__ffs64(root->present)];
		tree->base |= (u64)child->slot << root->shift;
		tree->root = child;
		child->parent = NULL;
		root->entries[child->slot] = NULL;
		root->present = 0;
		root->marked = 0;
		mach_tree_stock_add(stock, root);
		root = child;
	}
}

/* Empties slots of a leaf; returns which of them had an entry. */
static u64 mach_tree_clear(struct mach_tree *tree, struct mach_tree_node *leaf,
			   unsigned int slot, unsigned int n,
			   struct mach_tree_stock *stock)
{
	u64 slots = leaf->present & mach_tree_mask(slot, n);
	void **end = &leaf->entries[slot + n], **at;

	for (at = &leaf->entries[slot]; at < end; at++)
		*at = NULL;
	mach_tree_clear_marks(leaf, slots);
	leaf->present &= ~slots;
	if (!leaf->present) {
		mach_tree_prune(tree, leaf, stock);
		mach_tree_shrink(tree, stock);
	}
	return slots;
}

/**
 * mach_tree_erase - Take an entry out
 * @tree: the tree
 * @index: where
 * @stock: gets the nodes that have no entry any more
 *
 * Return: what was there, or NULL.
 */
void *mach_tree_erase(struct mach_tree *tree, u64 index,
		      struct mach_tree_stock *stock)
{
	struct mach_tree_node *leaf = mach_tree_leaf(tree, index);
	unsigned int slot = index % MACH_TREE_FANOUT;
	void *entry = leaf ? leaf->entries[slot] : NULL;

	if (entry)
		mach_tree_clear(tree, leaf, slot, 1, stock);
	return entry;
}

/**
 * mach_tree_erase_run - Take out what there is in a run
 * @tree: the tree
 * @index: first index
 * @n: indices, not 0
 * @stock: gets the nodes that have no entry any more
 *
 * Return: how many entries there were.
 */
u64 mach_tree_erase_run(struct mach_tree *tree, u64 index, u64 n,
			struct mach_tree_stock *stock)
{
	struct mach_tree_cursor cursor = { .index = index };
	u64 last = index + n - 1, erased = 0;

	while (mach_tree_find(tree, &cursor, last)) {
		unsigned int slot = cursor.index % MACH_TREE_FANOUT;
		unsigned int here = MACH_TREE_FANOUT - slot;

		if (last - cursor.index < here)
			here = last - cursor.index + 1;
		erased += hweight64(mach_tree_clear(tree, cursor.leaf, slot,
						    here, stock));
		cursor.index += here;
		if (cursor.index > last)
			break;
	}
	return erased;
}

bool mach_tree_cursor_mark(struct mach_tree_cursor *cursor)
{
	struct mach_tree_node *node = cursor->leaf;
	u64 mark = 1ULL << cursor->index % MACH_TREE_FANOUT;
	u64 before = node->marked;

	if (before & mark)
		return false;
	node->marked |= mark;
	while (!before && node->parent) {
		mark = 1ULL << node->slot;
		node = node->parent;
		before = node->marked;
		node->marked |= mark;
	}
	return true;
}

bool mach_tree_cursor_unmark(struct mach_tree_cursor *cursor)
{
	if (!mach_tree_cursor_marked(cursor))
		return false;
	mach_tree_clear_marks(cursor->leaf,
			      1ULL << cursor->index % MACH_TREE_FANOUT);
	return true;
}

bool mach_tree_marked(const struct mach_tree *tree, u64 index)
{
	struct mach_tree_node *leaf = mach_tree_leaf(tree, index);

	return leaf && leaf->marked >> (index % MACH_TREE_FANOUT) & 1;
}

static u64 mach_tree_bits(const struct mach_tree_node *node, bool marked)
{
	return marked ? node->marked : node->present;
}

/*
 * Down as far as the way to the index is there, up until there is something
 * behind it, and down to the first of that. Inlined for either kind of bits.
 */
static __always_inline void *
mach_tree_search(const struct mach_tree *tree, struct mach_tree_cursor *cursor,
		 u64 last, bool marked)
{
	struct mach_tree_node *node = tree->root;
	u64 index = cursor->index, bits;
	unsigned int slot;

	if (!node || index > last)
		return NULL;
	if (mach_tree_beyond(tree, index)) {
		if (index > tree->base)
			return NULL;
		index = tree->base;
	}
	slot = mach_tree_slot(index, node->shift);
	while (node->shift && mach_tree_bits(node, marked) >> slot & 1) {
		node = node->entries[slot];
		slot = mach_tree_slot(index, node->shift);
	}
	bits = mach_tree_bits(node, marked) & ~0ULL << slot;
	while (!bits) {
		slot = node->slot;
		node = node->parent;
		if (!node)
			return NULL;
		bits = mach_tree_bits(node, marked) & ~1ULL << slot;
	}
	slot = __ffs64(bits);
	index &= ~0ULL << node->shift << MACH_TREE_SHIFT;
	index |= (u64)slot << node->shift;
	while (node->shift) {
		node = node->entries[slot];
		slot = __ffs64(mach_tree_bits(node, marked));
		index |= (u64)slot << node->shift;
	}
	if (index > last)
		return NULL;
	cursor->index = index;
	cursor->leaf = node;
	return node->entries[slot];
}

/**
 * mach_tree_find - The first entry from a place on
 * @tree: the tree
 * @cursor: in: index to look from; out: where the entry is, if there is one
 * @last: the last index to look at
 *
 * Return: the entry, or NULL.
 */
void *mach_tree_find(const struct mach_tree *tree,
		     struct mach_tree_cursor *cursor, u64 last)
{
	return mach_tree_search(tree, cursor, last, false);
}

/**
 * mach_tree_find_marked - The first marked entry from a place on
 * @tree: the tree
 * @cursor: in: index to look from; out: where the entry is, if there is one
 * @last: the last index to look at
 *
 * Return: the entry, or NULL.
 */
void *mach_tree_find_marked(const struct mach_tree *tree,
			    struct mach_tree_cursor *cursor, u64 last)
{
	return mach_tree_search(tree, cursor, last, true);
}
