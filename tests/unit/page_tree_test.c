// SPDX-License-Identifier: GPL-2.0-only
/* The page tree beside an array of what was stored and marked. */
#include "../../kmod/object/page_tree.h"
#include "property.h"

#include <stdlib.h>

/*
 * The model: some windows of indices far from each other, in plain arrays. Only
 * there are entries. Each is chosen so that it lies across leaves, and often
 * across nodes of higher levels.
 */
#define WINDOWS		4
#define WINDOW		512
#define RUN_MAX		200
#define CHECK_TURNS	61
#define LIFE_TURNS	4000

static u64 base[WINDOWS];	/* ascending, WINDOW apart at least */
static void *model[WINDOWS][WINDOW];
static bool marked[WINDOWS][WINDOW];

static struct mach_tree tree;
static struct mach_tree_stock stock;
static unsigned int nodes;	/* in the tree and in the stock */

/* Nodes that were in use before come out first. */
static void set_stock(unsigned int n)
{
	while (stock.n < n) {
		mach_tree_stock_add(&stock,
				    calloc(1, sizeof(struct mach_tree_node)));
		nodes++;
	}
	while (stock.n > n) {
		free(mach_tree_stock_take(&stock));
		nodes--;
	}
}

/* What a node says of itself; the nodes below it are added to @n. */
static bool node_is_right(const struct mach_tree_node *node, unsigned int *n)
{
	unsigned int i;

	++*n;
	if (!node->present)
		return property_fail("an empty node is in the tree");
	for (i = 0; i < MACH_TREE_FANOUT; i++) {
		const struct mach_tree_node *child = node->entries[i];
		bool mark = node->marked >> i & 1;

		if (!!child != (node->present >> i & 1))
			return property_fail("present bit %u is wrong", i);
		if (mark && !child)
			return property_fail("mark %u of nothing", i);
		if (!child || !node->shift)
			continue;
		if (child->parent != node || child->slot != i ||
		    child->shift + MACH_TREE_SHIFT != node->shift)
			return property_fail("child %u is not linked well", i);
		if (mark != !!child->marked)
			return property_fail("mark %u does not sum up", i);
		if (!node_is_right(child, n))
			return false;
	}
	return true;
}

static bool stock_is_right(unsigned int *n)
{
	const struct mach_tree_node *node;
	unsigned int length = 0;

	for (node = stock.first; node; node = node->parent) {
		if (node->present || node->marked ||
		    memchr_inv(node->entries, 0, sizeof(node->entries)))
			return property_fail("a node in the stock has entries");
		length++;
	}
	*n += length;
	return length == stock.n || property_fail("the stock miscounts");
}

static bool structure_is_right(void)
{
	const struct mach_tree_node *root = tree.root;
	unsigned int n = 0;

	if (root && (root->parent || !node_is_right(root, &n)))
		return property_fail("the root has a parent or is wrong");
	if (root && root->shift && is_power_of_2(root->present))
		return property_fail("the tree is higher than it must be");
	if (root && tree.base & ~(~0ULL << root->shift << MACH_TREE_SHIFT))
		return property_fail("the root of shift %u begins at %#lx",
				     root->shift, tree.base);
	if (!stock_is_right(&n))
		return false;
	return n == nodes || property_fail("%u nodes of %u are left", n, nodes);
}

static bool contents_are_right(void)
{
	struct mach_tree_cursor at = {}, mark = {};
	void *entry = mach_tree_find(&tree, &at, ~0ULL);
	void *dirty = mach_tree_find_marked(&tree, &mark, ~0ULL);
	unsigned int w, i;

	for (w = 0; w < WINDOWS; w++) {
		for (i = 0; i < WINDOW; i++) {
			if (!model[w][i])
				continue;
			if (entry != model[w][i] || at.index != base[w] + i)
				return property_fail("entry %u of window %u is not next",
						     i, w);
			if (mach_tree_cursor_marked(&at) != marked[w][i])
				return property_fail("mark %u of window %u",
						     i, w);
			entry = mach_tree_next(&tree, &at, ~0ULL);
			if (!marked[w][i])
				continue;
			if (dirty != model[w][i] || mark.index != base[w] + i)
				return property_fail("mark %u of window %u is not next",
						     i, w);
			dirty = mach_tree_next_marked(&tree, &mark, ~0ULL);
		}
	}
	return (!entry && !dirty) || property_fail("entries from nowhere");
}

/* Where the windows are about: at 0, or near some power of two. */
static u64 random_origin(void)
{
	static const unsigned int bits[] = { 35, 36, 47, 48, 53 };

	switch (property_below(4)) {
	case 0:
		return 0;
	case 1:			/* as the pages of anonymous memory */
		return (1ULL << 47) + (property_random() >> 28);
	case 2:
		return 1ULL << bits[property_below(sizeof(bits) / sizeof(*bits))];
	}
	return 1ULL << property_below(54);
}

/* At @origin and above, below it, or on both sides of it */
static u64 random_base(u64 origin, unsigned int bits)
{
	u64 index = property_random() >> (64 - bits);

	switch (property_below(5)) {
	case 0:			/* across nodes of many levels */
		index &= ~0ULL << property_below(bits);
		break;
	case 1:
		index &= ~0ULL << MACH_TREE_SHIFT;
		return index + origin;
	case 2:
		index = 0;
		break;
	case 3:			/* others are not to wrap */
		index = -(index & (origin ? origin - 1 : 0));
	}
	index += origin;
	return index < WINDOW / 2 ? 0 : index - WINDOW / 2;
}

static int compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static bool windows_overlap(void)
{
	unsigned int w;

	for (w = 1; w < WINDOWS; w++)
		if (base[w] - base[w - 1] < WINDOW)
			return true;
	return base[WINDOWS - 1] > MACH_TREE_INDEX_MAX - WINDOW;
}

/* Empties the tree, in one go or by windows, and chooses others. */
static bool begin_life(void)
{
	unsigned int bits = 12 + property_below(43), w;
	u64 origin = random_origin();

	if (property_below(2))
		mach_tree_erase_run(&tree, 0, ~0ULL, &stock);
	for (w = 0; w < WINDOWS; w++)
		mach_tree_erase_run(&tree, base[w], WINDOW, &stock);
	if (tree.root || stock.n != nodes)
		return property_fail("nodes stay when all entries went");
	memset(model, 0, sizeof(model));
	memset(marked, 0, sizeof(marked));
	do {
		for (w = 0; w < WINDOWS; w++)
			base[w] = random_base(origin, bits);
		if (property_below(3) == 0)
			base[0] = 0;
		if (property_below(8) == 0)
			base[WINDOWS - 1] = MACH_TREE_INDEX_MAX - WINDOW;
		qsort(base, WINDOWS, sizeof(*base), compare);
	} while (windows_overlap());
	return true;
}

static bool model_has(unsigned int w, unsigned int i, unsigned int n)
{
	for (; n; n--)
		if (model[w][i++])
			return true;
	return false;
}

/* Entries are spread in an array, as they are in one of structures. */
static bool insert(unsigned int w, unsigned int i, unsigned int n)
{
	static char targets[1 << 16];
	static struct { u64 id; void *entry; u64 more; } spread[WINDOW];
	unsigned int need = mach_tree_need(&tree, base[w] + i, n), before, k;
	bool taken = model_has(w, i, n), poor = need && property_below(2);
	int expected = taken ? -EEXIST : poor ? -ENOMEM : 0, got;

	set_stock(poor ? property_below(need) : need + property_below(3));
	before = stock.n;
	for (k = 0; k < n; k++)
		spread[k].entry = targets + property_below(sizeof(targets));
	got = mach_tree_insert_run(&tree, base[w] + i, n, &spread->entry,
				   sizeof(*spread), &stock);
	if (got != expected)
		return property_fail("insertion of %u gives %d, not %d", n, got,
				     expected);
	if (stock.n != before - (got ? 0 : need))
		return property_fail("%u nodes were needed, %u taken (%d)", need,
				     before - stock.n, got);
	for (k = 0; !got && k < n; k++)
		model[w][i + k] = spread[k].entry;
	return true;
}

static bool erase(unsigned int w, unsigned int i)
{
	void *got = mach_tree_erase(&tree, base[w] + i, &stock);

	if (got != model[w][i])
		return property_fail("erasing %p, not %p", got, model[w][i]);
	model[w][i] = NULL;
	marked[w][i] = false;
	return true;
}

static bool erase_run(unsigned int w, unsigned int i, unsigned int n)
{
	u64 got = mach_tree_erase_run(&tree, base[w] + i, n, &stock);
	unsigned int expected = 0;

	for (; n; n--, i++) {
		expected += !!model[w][i];
		model[w][i] = NULL;
		marked[w][i] = false;
	}
	return got == expected ||
	       property_fail("erasing %lu, not %u", got, expected);
}

/* One window stays, so that the tree grows and shrinks. */
static bool erase_others(unsigned int w)
{
	unsigned int other;

	for (other = 0; other < WINDOWS; other++)
		if (other != w && !erase_run(other, 0, WINDOW))
			return false;
	return structure_is_right();
}

static bool look(unsigned int w, unsigned int i)
{
	u64 far = property_edge();

	if (mach_tree_load(&tree, base[w] + i) != model[w][i])
		return property_fail("%u of window %u", i, w);
	if (mach_tree_marked(&tree, base[w] + i) != marked[w][i])
		return property_fail("mark %u of window %u", i, w);
	for (w = 0; w < WINDOWS; w++)
		if (far - base[w] < WINDOW)
			return true;
	return (!mach_tree_load(&tree, far) && !mach_tree_marked(&tree, far)) ||
	       property_fail("an entry at %#lx", far);
}

static bool change_mark(unsigned int w, unsigned int i, bool on)
{
	struct mach_tree_cursor at = { .index = base[w] + i };
	bool was = marked[w][i], changed;

	if (!model[w][i])
		return true;
	changed = mach_tree_find(&tree, &at, at.index) &&
		  (on ? mach_tree_cursor_mark(&at) :
			mach_tree_cursor_unmark(&at));
	if (changed ? was == on : was != on)
		return property_fail("mark %u of window %u was not %d", i, w,
				     !on);
	marked[w][i] = on;
	return true;
}

/* All that is found from here to there, and marks changed on the way. */
static bool walk(unsigned int w, unsigned int i, unsigned int n)
{
	struct mach_tree_cursor at = { .index = base[w] + i };
	u64 last = base[w] + i + n - 1;
	bool on = property_below(2);
	void *entry;

	for (entry = mach_tree_find(&tree, &at, last); entry;
	     entry = mach_tree_next(&tree, &at, last)) {
		for (; i < at.index - base[w]; i++)
			if (model[w][i])
				return property_fail("%u was passed over", i);
		if (entry != model[w][i])
			return property_fail("%u is another one", i);
		if (property_below(4) == 0) {
			bool was = marked[w][i];
			bool changed = on ? mach_tree_cursor_mark(&at) :
					    mach_tree_cursor_unmark(&at);

			if (changed ? was == on : was != on)
				return property_fail("mark %u", i);
			marked[w][i] = on;
		}
		i++;
	}
	for (; i <= last - base[w]; i++)
		if (model[w][i])
			return property_fail("%u is not found", i);
	return true;
}

/* Unmarks what is marked, as cleaning does. */
static bool walk_marked(unsigned int w, unsigned int i, unsigned int n)
{
	struct mach_tree_cursor at = { .index = base[w] + i };
	u64 last = base[w] + i + n - 1;
	bool unmark = property_below(2);
	void *entry;

	for (entry = mach_tree_find_marked(&tree, &at, last); entry;
	     entry = mach_tree_next_marked(&tree, &at, last)) {
		for (; i < at.index - base[w]; i++)
			if (marked[w][i])
				return property_fail("mark %u was passed over", i);
		if (entry != model[w][i] || !marked[w][i])
			return property_fail("%u is not marked or another", i);
		if (unmark)
			marked[w][i] = !mach_tree_cursor_unmark(&at);
		i++;
	}
	for (; i <= last - base[w]; i++)
		if (marked[w][i])
			return property_fail("mark %u is not found", i);
	return true;
}

static bool change(void)
{
	unsigned int w = property_below(WINDOWS), i = property_below(WINDOW);
	unsigned int n = 1 + property_below(property_below(2) ? 17 : RUN_MAX);

	if (n > WINDOW - i)
		n = WINDOW - i;
	switch (property_below(11)) {
	case 0:
	case 1:
		return insert(w, i, n);
	case 2:
		return insert(w, i, 1);
	case 3:
		return property_below(8) ? erase_run(w, i, n) : erase_others(w);
	case 4:
		return erase(w, i);
	case 5:
		return walk(w, i, n);
	case 6:
		return walk_marked(w, i, n);
	case 7:
		return change_mark(w, i, true);
	case 8:
		return change_mark(w, i, false);
	case 9:		/* pages of one leaf, one after the other */
		for (; n && i < WINDOW; n--, i++)
			if (!(model[w][i] ? erase(w, i) : insert(w, i, 1)))
				return false;
		return true;
	}
	return look(w, i);
}

static bool operations(void)
{
	static unsigned long turn;

	if (turn++ % LIFE_TURNS == 0 && !begin_life())
		return false;
	if (!change())
		return false;
	return turn % CHECK_TURNS ||
	       (structure_is_right() && contents_are_right());
}

int main(int argc, char **argv)
{
	static const struct property properties[] = {
		{ "page-tree", 2000000, operations },
	};
	int failed = property_main(properties,
				   sizeof(properties) / sizeof(*properties),
				   argc, argv);

	mach_tree_erase_run(&tree, 0, ~0ULL, &stock);
	set_stock(0);
	return failed;
}
