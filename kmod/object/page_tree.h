/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A radix tree from page index to frame, with a mark on each entry. Pure.
 *
 * Nodes hold 64 entries and come from the caller, before it takes the lock that
 * guards the tree: an insertion takes from a stock of nodes and fails when that
 * has too few. What becomes free goes to the caller's stock as well. Whoever
 * looks into the tree holds its lock too.
 *
 * Three ways in: by index (load, insert, erase, mark); by run, for consecutive
 * entries, which walks to each leaf once; and by cursor, which keeps the leaf
 * and so goes from entry to entry without a walk:
 *
 *	struct mach_tree_cursor at = { .index = first };
 *
 *	for (entry = mach_tree_find(tree, &at, last); entry;
 *	     entry = mach_tree_next(tree, &at, last))
 *		if (mach_tree_cursor_mark(&at))
 *			...
 *
 * A cursor is good until something is erased; then mach_tree_find() makes it
 * good again, which uses its index only.
 */
#ifndef MACH_PAGE_TREE_H
#define MACH_PAGE_TREE_H

#include "base/kern.h"

#define MACH_TREE_SHIFT		6
#define MACH_TREE_FANOUT	64U
/* Nobody stores at an index beyond, but may look there. */
#define MACH_TREE_INDEX_MAX	(~0ULL >> 10)

static_assert(MACH_TREE_FANOUT >> MACH_TREE_SHIFT == 1);

/**
 * struct mach_tree_node - 64 entries
 * @parent: NULL in the root; of a node in a stock: the next one
 * @present: which entries there are
 * @marked: which of them are marked; above the leaves: have marks below
 * @slot: its number in @parent
 * @shift: bits of an index that lie below its slots: 0 in a leaf
 * @entries: nodes, or in a leaf what the user stored; NULL if not there
 *
 * One that comes into a stock or out of it has no entries and no marks.
 */
struct mach_tree_node {
	struct mach_tree_node *parent;
	u64 present;
	u64 marked;
	u8 slot;
	u8 shift;
	void *entries[MACH_TREE_FANOUT];
};

/**
 * struct mach_tree - Entries by index
 * @root: the least node that is above all entries, wherever they are: one leaf
 *	is a tree, and a tree of few levels reaches what is near it only
 * @base: first index that the root reaches
 */
struct mach_tree {
	struct mach_tree_node *root;
	u64 base;
};

/* Nodes at hand, linked by @parent */
struct mach_tree_stock {
	struct mach_tree_node *first;
	unsigned int n;
};

/**
 * struct mach_tree_cursor - A place in a tree
 * @index: where it is, or where to look from
 * @leaf: that holds the entry at @index, once one was found
 */
struct mach_tree_cursor {
	u64 index;
	struct mach_tree_node *leaf;
};

static inline void mach_tree_init(struct mach_tree *tree)
{
	tree->root = NULL;
}

void mach_tree_stock_add(struct mach_tree_stock *stock,
			 struct mach_tree_node *node);
struct mach_tree_node *mach_tree_stock_take(struct mach_tree_stock *stock);

void *mach_tree_load(const struct mach_tree *tree, u64 index);

unsigned int mach_tree_need(const struct mach_tree *tree, u64 index,
			    unsigned int n);
int mach_tree_insert_run(struct mach_tree *tree, u64 index, unsigned int n,
			 const void *entries, size_t stride,
			 struct mach_tree_stock *stock);
u64 mach_tree_erase_run(struct mach_tree *tree, u64 index, u64 n,
			struct mach_tree_stock *stock);

void *mach_tree_erase(struct mach_tree *tree, u64 index,
		      struct mach_tree_stock *stock);

/* Is there an entry with a mark? */
bool mach_tree_marked(const struct mach_tree *tree, u64 index);
/* At a cursor that stands on an entry: they tell whether that changed anything. */
bool mach_tree_cursor_mark(struct mach_tree_cursor *cursor);
bool mach_tree_cursor_unmark(struct mach_tree_cursor *cursor);

static inline bool mach_tree_cursor_marked(const struct mach_tree_cursor *cursor)
{
	return cursor->leaf->marked >> (cursor->index % MACH_TREE_FANOUT) & 1;
}

/* From cursor->index, that included, to @last */
void *mach_tree_find(const struct mach_tree *tree,
		     struct mach_tree_cursor *cursor, u64 last);
void *mach_tree_find_marked(const struct mach_tree *tree,
			    struct mach_tree_cursor *cursor, u64 last);

/* Behind an entry that was found; the next one is mostly its neighbour. */
static inline void *mach_tree_next(const struct mach_tree *tree,
				   struct mach_tree_cursor *cursor, u64 last)
{
	unsigned int slot = ++cursor->index % MACH_TREE_FANOUT;

	if (slot && cursor->index <= last && cursor->leaf->entries[slot])
		return cursor->leaf->entries[slot];
	return mach_tree_find(tree, cursor, last);
}

static inline void *mach_tree_next_marked(const struct mach_tree *tree,
					  struct mach_tree_cursor *cursor,
					  u64 last)
{
	unsigned int slot = ++cursor->index % MACH_TREE_FANOUT;

	if (slot && cursor->index <= last && cursor->leaf->marked >> slot & 1)
		return cursor->leaf->entries[slot];
	return mach_tree_find_marked(tree, cursor, last);
}

#endif /* MACH_PAGE_TREE_H */
