// SPDX-License-Identifier: GPL-2.0-only
/* Which entries become one: pairs for each reason, calls for each rule. */
#include "entries.h"
#include "plain_object.h"

#define PAGES	48
#define STEP	((u64)PAGE_SIZE)
#define BASE	(1ULL << 32)

static struct mach_object objects[5];

static u64 address_of(unsigned int page)
{
	return BASE + page * STEP;
}

/* A pair of entries, and what becomes of it */

#define JOINED	MACH_REFUSALS

/* Objects of pairs: two of pagers, an anonymous one, another, one in pieces */
#define PAGER	(&objects[0])
#define PAGER2	(&objects[1])
#define ANON	(&objects[2])
#define ANON2	(&objects[3])
#define PARTS	(&objects[4])

struct pair {
	const char *name;
	struct mach_map_entry low;
	struct mach_map_entry high;
	u32 without;		/* these rules */
	bool late;		/* only absorb refuses */
	unsigned int expected;	/* a refusal, or JOINED */
	struct mach_object *object;
	u64 offset;		/* both as JOINED */
};

#define AT(o, page)	.object = (o), .offset = (page) * STEP
#define REFUSES(reason)	.expected = MACH_REFUSED_##reason
#define JOINS(o, page)	.expected = JOINED, .object = (o), .offset = (page)

/* The lower one has two pages, the upper one three. */
static const struct pair pairs[] = {
	{ "zeros", {}, {}, JOINS(NULL, 0) },
	{ "protection", {}, { .protection = 1 }, REFUSES(ATTRIBUTES) },
	{ "maximum", { .max_protection = 1 }, {}, REFUSES(ATTRIBUTES) },
	{ "inheritance", {}, { .inheritance = 1 }, REFUSES(ATTRIBUTES) },
	{ "behavior", { .behavior = 1 }, {}, REFUSES(ATTRIBUTES) },
	{ "wired", {}, { .wired = 1 }, REFUSES(ATTRIBUTES) },
	{ "wired more often", { .wired = 2 }, { .wired = 1 },
	  REFUSES(ATTRIBUTES) },
	{ "wired alike", { .wired = 2 }, { .wired = 2 }, JOINS(NULL, 0) },
	{ "low in transition", { .in_transition = 1 }, {},
	  REFUSES(TRANSITION) },
	{ "both in transition", { .in_transition = 1 }, { .in_transition = 1 },
	  REFUSES(TRANSITION) },
	{ "copies", { AT(ANON, 9), .needs_copy = 1 }, { AT(ANON, 11) },
	  REFUSES(ATTRIBUTES) },
	{ "copies alike", { AT(ANON, 9), .needs_copy = 1 },
	  { AT(ANON, 11), .needs_copy = 1 }, JOINS(ANON, 9) },
	{ "a copy and zeros", { AT(ANON, 9), .needs_copy = 1 }, {},
	  JOINS(ANON, 9) },
	{ "zeros and a copy", {}, { AT(ANON, 9), .needs_copy = 1 },
	  JOINS(ANON, 7) },

	{ "more of it", { AT(PAGER, 0) }, { AT(PAGER, 2) }, JOINS(PAGER, 0) },
	{ "more of it, forbidden", { AT(PAGER, 0) }, { AT(PAGER, 2) },
	  REFUSES(RULE), .without = MACH_MERGE_SAME_OBJECT },
	{ "not consecutive", { AT(PAGER, 0) }, { AT(PAGER, 3) },
	  REFUSES(OFFSETS) },
	{ "twice the same", { AT(PAGER, 2) }, { AT(PAGER, 2) },
	  REFUSES(OFFSETS) },
	{ "two pagers", { AT(PAGER, 0) }, { AT(PAGER2, 2) }, REFUSES(OBJECTS) },
	{ "a pager and zeros", { AT(PAGER, 0) }, {}, REFUSES(OBJECTS) },
	{ "zeros and a pager", {}, { AT(PAGER, 9) }, REFUSES(OBJECTS) },
	{ "a pager and not", { AT(PAGER, 9) }, { AT(ANON, 11) },
	  REFUSES(OBJECTS) },

	{ "zeros above", { AT(ANON, 0) }, {}, JOINS(ANON, 0) },
	{ "zeros below", {}, { AT(ANON, 2) }, JOINS(ANON, 0) },
	{ "zeros below, no offsets", {}, { AT(ANON, 1) }, REFUSES(OBJECTS) },
	{ "zeros above, nothing below allowed", { AT(ANON, 0) }, {},
	  JOINS(ANON, 0), .without = MACH_MERGE_NULL_FRONT },
	{ "zeros below, forbidden", {}, { AT(ANON, 2) }, REFUSES(RULE),
	  .without = MACH_MERGE_NULL_FRONT },
	{ "pieces", { AT(PARTS, 0) }, {}, JOINS(PARTS, 0) },
	{ "pieces, forbidden", { AT(PARTS, 0) }, {}, REFUSES(RULE),
	  .without = MACH_MERGE_PIECES },
	{ "pieces below, forbidden", {}, { AT(PARTS, 9) }, REFUSES(RULE),
	  .without = MACH_MERGE_PIECES },

	/* The smaller one goes to the larger one, if there is room. */
	{ "two objects", { AT(ANON, 9) }, { AT(ANON2, 9) }, JOINS(ANON2, 7) },
	{ "two objects, no offsets below", { AT(ANON, 9) }, { AT(ANON2, 1) },
	  JOINS(ANON, 9) },
	{ "two objects, forbidden", { AT(ANON, 9) }, { AT(ANON2, 9) },
	  REFUSES(RULE), .without = MACH_MERGE_OBJECTS },
	{ "two objects that will not", { AT(ANON, 9) }, { AT(PARTS, 9) },
	  REFUSES(OBJECTS), .late = true },

	{ "shared with not", { AT(PAGER, 0), .shared = 1 }, { AT(PAGER, 2) },
	  REFUSES(SHARED) },
	{ "shared", { AT(PAGER, 0), .shared = 1 },
	  { AT(PAGER, 2), .shared = 1 }, JOINS(PAGER, 0) },
	{ "shared, forbidden", { AT(PAGER, 0), .shared = 1 },
	  { AT(PAGER, 2), .shared = 1 }, REFUSES(SHARED),
	  .without = MACH_MERGE_SHARED },
	{ "shared, not the same", { AT(ANON, 9), .shared = 1 },
	  { AT(ANON2, 9), .shared = 1 }, REFUSES(SHARED) },
};

static unsigned int extended, absorbed;

static void pair_extend(struct mach_entries *entries,
			const struct mach_map_entry *entry, u64 start, u64 end)
{
	plain_extend(entries, entry, start, end);
	extended++;
}

static bool pair_absorb(struct mach_entries *entries,
			const struct mach_map_entry *to,
			const struct mach_map_entry *from)
{
	(void)entries;
	if (to->object == PARTS || from->object == PARTS)
		return false;
	absorbed++;
	return true;
}

static const struct mach_entry_ops pair_ops = {
	.get = plain_get,
	.put = plain_put,
	.pieces = plain_pieces,
	.extends = plain_extends,
	.extend = pair_extend,
	.absorb = pair_absorb,
};

static void pair_link(struct mach_entries *entries,
		      struct mach_entry_stock *stock,
		      const struct mach_map_entry *like, unsigned int first,
		      unsigned int end)
{
	struct mach_map_entry *entry = mach_stock_take(stock);

	*entry = *like;
	entry->start = address_of(first);
	entry->end = address_of(end);
	entry->protection ^= 3;
	entry->max_protection ^= 7;
	if (entry->object)
		plain_get(entries, entry);
	entries_link(entries, entry);
}

/* One entry maps what the joint one maps, and none the other object. */
static bool pair_counts(const struct pair *pair,
			const struct mach_object *object)
{
	unsigned int expected = object == pair->object;

	if (object == PARTS)
		expected++;
	return !object || object->entries == expected ||
	       property_fail("%s: %u references", pair->name, object->entries);
}

static bool pair_is_joined(const struct mach_entries *entries,
			   const struct pair *pair)
{
	const struct mach_map_entry *entry = entries->first;
	unsigned int copies = pair->low.needs_copy | pair->high.needs_copy;
	struct mach_object *low = pair->low.object, *high = pair->high.object;

	if (entries->n != 1 || entries->merges != 1 ||
	    mach_entry_size(entry) != 5 * STEP)
		return property_fail("%s: %lu entries", pair->name, entries->n);
	if (entry->object != pair->object ||
	    entry->offset != pair->offset * STEP || entry->needs_copy != copies)
		return property_fail("%s: object %ld, offset %#lx, copied %d",
				     pair->name, entry->object - objects,
				     entry->offset, entry->needs_copy);
	if (extended != (!low != !high) || absorbed != (low && high && low != high))
		return property_fail("%s: %u times extended, %u absorbed",
				     pair->name, extended, absorbed);
	return pair_counts(pair, low) && pair_counts(pair, high);
}

static bool pair_is_refused(const struct mach_entries *entries,
			    const struct pair *pair, unsigned int reason)
{
	unsigned int i;

	if (entries->n != 2 || entries->merges)
		return property_fail("%s: joined", pair->name);
	for (i = 0; i < MACH_REFUSALS; i++)
		if (entries->refusals[i] && i != reason)
			return property_fail("%s: %lu refused for reason %u, not %u",
					     pair->name, entries->refusals[i],
					     i, reason);
	if (entries->refusals[reason] != 1 || extended || absorbed)
		return property_fail("%s: %lu times refused for reason %u",
				     pair->name, entries->refusals[reason],
				     reason);
	return true;
}

/* With all rules but some; and where the rule that must be in force is not */
static bool pair_holds(const struct pair *pair, bool in_force)
{
	u32 rules = MACH_RULES_MACHVM & ~pair->without;
	struct mach_entry_stock stock = {};
	struct mach_entries entries;
	unsigned int expected = pair->expected;
	struct mach_map_entry *entry;
	bool joined, holds;

	memset(objects, 0, sizeof(objects));
	PAGER->pager = true;
	PAGER2->pager = true;
	PARTS->entries = 1;
	extended = 0;
	absorbed = 0;
	if (!in_force)
		rules &= ~MACH_MERGE_DEALLOCATE;
	mach_entries_init(&entries, BASE, address_of(PAGES), rules, &pair_ops);
	entries_stock_fill(&stock, 2);
	pair_link(&entries, &stock, &pair->low, 3, 5);
	pair_link(&entries, &stock, &pair->high, 5, 8);
	joined = mach_entry_coalesce(&entries, entries.last,
				     MACH_MERGE_DEALLOCATE, &stock);
	if ((expected == JOINED || pair->late) && !in_force)
		expected = MACH_REFUSED_RULE;
	holds = joined == (expected == JOINED) &&
		(joined ? pair_is_joined(&entries, pair) :
			  pair_is_refused(&entries, pair, expected));
	while ((entry = entries.first)) {
		mach_entry_unlink(&entries, entry);
		mach_stock_add(&stock, entry);
	}
	entries_stock_drain(&stock);
	return holds;
}

static bool one_pair(void)
{
	unsigned int n = sizeof(pairs) / sizeof(*pairs), i;

	for (i = 0; i < n; i++)
		if (!pair_holds(&pairs[i], true) || !pair_holds(&pairs[i], false))
			return false;
	return true;
}

/* Calls after which something is joined only if a rule says so */

static struct mach_entries calls_entries;
static struct mach_entry_stock calls_stock;

static void call_enter(unsigned int first, unsigned int end,
		       struct mach_object *object, u64 offset)
{
	struct mach_map_entry like = {
		.object = object,
		.offset = offset * STEP,
		.protection = 3,
		.max_protection = 7,
	};

	entries_stock_fill(&calls_stock, MACH_RANGE_STOCK);
	mach_range_enter(&calls_entries, address_of(first), address_of(end),
			 &like, &calls_stock);
}

static void call_change_range(unsigned int first, unsigned int end,
			      const struct mach_change *change)
{
	entries_stock_fill(&calls_stock, MACH_RANGE_STOCK);
	mach_range_change(&calls_entries, address_of(first), address_of(end),
			  change, &calls_stock);
}

static void call_change(u32 what, int value)
{
	struct mach_change change = {
		.what = what,
		.protection = value ? 1 : 3,
		.inheritance = value,
		.behavior = value,
		.wire = value ? 1 : -1,
		.in_transition = value,
	};

	call_change_range(2, 4, &change);
}

static void call_remove(unsigned int first, unsigned int end)
{
	struct mach_entry_stock removed = {};

	entries_stock_fill(&calls_stock, MACH_RANGE_STOCK);
	mach_range_remove(&calls_entries, address_of(first), address_of(end),
			  PAGES, &calls_stock, &removed);
	while (removed.n) {
		struct mach_map_entry *entry = mach_stock_take(&removed);

		if (entry->object)
			plain_put(&calls_entries, entry);
		mach_stock_add(&calls_stock, entry);
	}
	mach_range_heal(&calls_entries, address_of(first), address_of(end),
			&calls_stock);
}

/* An object in two pieces does not extend, as if it were seen at two places. */
static bool whole_extends(struct mach_entries *entries,
			  const struct mach_map_entry *entry, u64 start, u64 end)
{
	return plain_extends(entries, entry, start, end) &&
	       !plain_pieces(entries, entry);
}

static const struct mach_entry_ops calls_ops = {
	.get = plain_get,
	.put = plain_put,
	.pieces = plain_pieces,
	.extends = whole_extends,
	.extend = plain_extend,
};

static void calls_begin(u32 rules)
{
	memset(objects, 0, sizeof(objects));
	PAGER->pager = true;
	mach_entries_init(&calls_entries, BASE, address_of(PAGES), rules,
			  &calls_ops);
}

/* How many entries there are at the end */
static unsigned long calls_end(void)
{
	unsigned long n = calls_entries.n;

	call_remove(0, PAGES);
	entries_stock_drain(&calls_stock);
	return n;
}

static unsigned long change_and_back(u32 what)
{
	call_enter(0, 8, PAGER, 0);
	call_change(what, 1);
	if (calls_entries.n != 3)
		return 0;
	call_change(what, 0);
	return calls_end();
}

static unsigned long up(void)
{
	call_enter(0, 1, NULL, 0);
	call_enter(1, 2, NULL, 0);
	return calls_end();
}

static unsigned long down(void)
{
	call_enter(1, 2, PAGER, 1);
	call_enter(0, 1, PAGER, 0);
	return calls_end();
}

/* What cannot extend a neighbour but be joined to it */
static unsigned long object_up(void)
{
	call_enter(0, 1, NULL, 0);
	call_enter(1, 2, ANON, 9);
	return calls_end();
}

static unsigned long object_down(void)
{
	call_enter(1, 2, NULL, 0);
	call_enter(0, 1, ANON, 9);
	return calls_end();
}

static unsigned long hole(void)
{
	call_enter(0, 1, NULL, 0);
	call_enter(2, 3, NULL, 0);
	call_enter(1, 2, NULL, 0);
	return calls_end();
}

/* The same object at another place: it may grow when that is gone. */
static unsigned long second_place(unsigned int zeros, unsigned int first,
				  unsigned int other)
{
	call_enter(first, first + 1, ANON, 8);
	call_enter(other, other + 1, ANON, 20);
	call_enter(zeros, zeros + 1, NULL, 0);
	if (calls_entries.n != 3)
		return 0;
	call_remove(other, other + 1);
	return calls_end();
}

static unsigned long place_above(void)
{
	return second_place(0, 1, 2);
}

static unsigned long place_below(void)
{
	return second_place(2, 1, 0);
}

static unsigned long protect(void)
{
	return change_and_back(MACH_CHANGE_PROTECTION);
}

static unsigned long inherit(void)
{
	return change_and_back(MACH_CHANGE_INHERITANCE);
}

static unsigned long set_behavior(void)
{
	return change_and_back(MACH_CHANGE_BEHAVIOR);
}

static unsigned long wire(void)
{
	return change_and_back(MACH_CHANGE_WIRE);
}

static unsigned long transit(void)
{
	return change_and_back(MACH_CHANGE_TRANSITION);
}

/* One half after the other; the first is neither what it was nor the second. */
static unsigned long share(void)
{
	struct mach_change change = { .what = MACH_CHANGE_SHARED };

	call_enter(0, 8, PAGER, 0);
	call_change_range(0, 4, &change);
	if (calls_entries.n != 2)
		return 0;
	call_change_range(4, 8, &change);
	return calls_end();
}

/* What changes nothing */
static unsigned long idle(void)
{
	call_enter(0, 8, PAGER, 0);
	call_change(MACH_CHANGE_PROTECTION, 0);
	return calls_end();
}

static bool one_rule(void)
{
	static const struct {
		const char *name;
		unsigned long (*calls)(void);
		u32 rule;
		unsigned long without;	/* entries; with the rule 1 */
	} rules[] = {
		{ "up", up, MACH_MERGE_ENTER_PREV, 2 },
		{ "down", down, MACH_MERGE_ENTER_NEXT, 2 },
		{ "object up", object_up, MACH_MERGE_ENTER_PREV, 2 },
		{ "object down", object_down, MACH_MERGE_ENTER_NEXT, 2 },
		{ "hole", hole, MACH_MERGE_ENTER_NEXT, 2 },
		{ "place above", place_above, MACH_MERGE_DEALLOCATE, 2 },
		{ "place below", place_below, MACH_MERGE_DEALLOCATE, 2 },
		{ "protect", protect, MACH_MERGE_PROTECT, 3 },
		{ "inherit", inherit, MACH_MERGE_INHERIT, 3 },
		{ "behavior", set_behavior, MACH_MERGE_ATTRIBUTES, 3 },
		{ "wire", wire, MACH_MERGE_WIRE, 3 },
		{ "transition", transit, MACH_MERGE_WIRE, 3 },
		{ "share", share, MACH_MERGE_ATTRIBUTES, 2 },
		{ "idle", idle, MACH_MERGE_LAZY_CLIP | MACH_MERGE_PROTECT, 3 },
	};
	unsigned int i;

	for (i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		unsigned long with, without;

		calls_begin(MACH_RULES_MACHVM);
		with = rules[i].calls();
		calls_begin(MACH_RULES_MACHVM & ~rules[i].rule);
		without = rules[i].calls();
		if (with != 1 || without != rules[i].without)
			return property_fail("%s: %lu entries, without the rule %lu",
					     rules[i].name, with, without);
	}
	return true;
}

/* Gluing from page to page, where two entries touch at page 2 */
static bool glues(unsigned int first, unsigned int last, unsigned long expected)
{
	unsigned long n;

	calls_begin(MACH_RULES_MACHVM & ~MACH_MERGE_ENTER_PREV);
	call_enter(0, 2, NULL, 0);
	call_enter(2, 4, NULL, 0);
	mach_entries_glue(&calls_entries, address_of(first), address_of(last),
			  MACH_MERGE_PROTECT, &calls_stock);
	n = calls_end();
	return n == expected ||
	       property_fail("glued from %u to %u: %lu entries", first, last, n);
}

static bool glue(void)
{
	return glues(0, 1, 2) && glues(0, 2, 1) && glues(2, 2, 1) &&
	       glues(2, 9, 1) && glues(3, 9, 2);
}

int main(int argc, char **argv)
{
	static const struct property properties[] = {
		{ "vm_map_coalesce-pairs", 1, one_pair },
		{ "vm_map_coalesce-rules", 1, one_rule },
		{ "vm_map_coalesce-glue", 1, glue },
	};

	return property_main(properties,
			     sizeof(properties) / sizeof(*properties), argc,
			     argv);
}
