/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A radix tree from page index to frame, with a mark on each entry.
 *
 * Nodes hold 64 entries and come from the caller, before it takes the lock that
 * guards the tree: an insertion takes from a stock of nodes and fails when it is
 * empty. What becomes free goes to the caller's stock as well.
 */
#ifndef MACH_PAGE_TREE_H
#define MACH_PAGE_TREE_H

#include "kern.h"

#define MACH_TREE_SHIFT		6
#define MACH_TREE_FANOUT	(1U << MACH_TREE_SHIFT)
/* Nodes that one insertion of consecutive entries may need at most, see .c */

/**
 * struct mach_tree_node - 64 entries
 * @parent: NULL in the root; of a node in a stock: the next one
 * @present: which entries there are
 * @marked: which of them are marked; above the leaves: have marks below
 * @slot: its number in @parent
 * @level: 0 in a leaf
 * @entries: nodes, or in a leaf what the user stored
 */
struct mach_tree_node {
	struct mach_tree_node *parent;
	u64 present;
	u64 marked;
	u8 slot;
	u8 level;
	void *entries[MACH_TREE_FANOUT];
};

struct mach_tree {
	struct mach_tree_node *root;
};

/* Nodes at hand, linked by @parent */
struct mach_tree_stock {
	struct mach_tree_node *first;
	unsigned int n;
};

static inline void mach_tree_init(struct mach_tree *tree)
{
	tree->root = NULL;
}

/* The most nodes that storing @n consecutive entries at @index can take. */
unsigned int mach_tree_need(const struct mach_tree *tree, u64 index,
			    unsigned int n);
void mach_tree_stock_add(struct mach_tree_stock *stock,
			 struct mach_tree_node *node);
struct mach_tree_node *mach_tree_stock_take(struct mach_tree_stock *stock);

void *mach_tree_load(const struct mach_tree *tree, u64 index);
/* 0, -EEXIST, or -ENOMEM when the stock is too small; then nothing changed. */
int mach_tree_insert(struct mach_tree *tree, u64 index, void *entry,
		     struct mach_tree_stock *stock);
/* What was there, or NULL; empty nodes go to the stock. */
void *mach_tree_erase(struct mach_tree *tree, u64 index,
		      struct mach_tree_stock *stock);

bool mach_tree_marked(const struct mach_tree *tree, u64 index);
/* The entry must be there. */
void mach_tree_mark(struct mach_tree *tree, u64 index);
void mach_tree_unmark(struct mach_tree *tree, u64 index);

/* The first entry in [*index, last], or the first marked one; sets *index. */
void *mach_tree_find(const struct mach_tree *tree, u64 *index, u64 last);
void *mach_tree_find_marked(const struct mach_tree *tree, u64 *index, u64 last);

#endif /* MACH_PAGE_TREE_H */
