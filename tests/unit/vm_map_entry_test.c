// SPDX-License-Identifier: GPL-2.0-only
/* The tree of entries beside an array that says of each page whose it is. */
#include "entries.h"

#include <stdlib.h>

#define PAGES	512
#define STEP	((u64)PAGE_SIZE)
#define TRIES	8	/* of gaps, before find_space wants ample room */

struct mach_object {
	unsigned int entries;
};

static struct world {
	struct mach_entries entries;
	struct mach_entry_stock stock;
	struct mach_map_entry *owner[PAGES];
	struct mach_object object;
	u64 base;
	unsigned int widest;	/* pages of a new entry, at present */
} *world;

static void get(struct mach_entries *entries,
		const struct mach_map_entry *entry)
{
	(void)entries;
	entry->object->entries++;
}

static const struct mach_entry_ops ops = { .get = get };

static u64 address_of(unsigned int page)
{
	return world->base + page * STEP;
}

static void make_world(void)
{
	static const u64 bases[] = { 0, 1ULL << 47, -PAGES * STEP - STEP };

	world = calloc(1, sizeof(*world));
	world->base = bases[property_below(3)];
	mach_entries_init(&world->entries, world->base, address_of(PAGES), 0,
			  &ops);
}

static void end_world(void)
{
	struct mach_map_entry *entry;

	while ((entry = world->entries.root)) {
		mach_entry_unlink(&world->entries, entry);
		free(entry);
	}
	entries_stock_drain(&world->stock);
	free(world);
	world = NULL;
}

static void own(unsigned int first, unsigned int end,
		struct mach_map_entry *owner)
{
	while (first < end)
		world->owner[first++] = owner;
}

/* Free pages from one on, so many at most */
static unsigned int free_from(unsigned int first, unsigned int most)
{
	unsigned int n = 0;

	while (n < most && first + n < PAGES && !world->owner[first + n])
		n++;
	return n;
}

static unsigned int first_of(const struct mach_map_entry *entry)
{
	return (entry->start - world->base) / STEP;
}

static unsigned int end_of(const struct mach_map_entry *entry)
{
	return (entry->end - world->base) / STEP;
}

/* Calls */

static void turn_link(unsigned int page)
{
	unsigned int n = free_from(page, 1 + property_below(world->widest));
	struct mach_map_entry *entry, *prev = NULL;
	unsigned int below = page;

	if (!n)
		return;
	entries_stock_fill(&world->stock, 1);
	entry = mach_stock_take(&world->stock);
	memset(entry, 0, sizeof(*entry));
	entry->start = address_of(page);
	entry->end = address_of(page + n);
	entry->max_protection = property_below(4);
	entry->wired = property_below(3);
	if (property_below(2)) {
		entry->object = &world->object;
		entry->offset = property_below(PAGES) * STEP;
	}
	while (below && !prev)
		prev = world->owner[--below];
	own(page, page + n, entry);
	if (property_below(2))
		entries_link(&world->entries, entry);
	else
		mach_entry_link_after(&world->entries, prev, entry);
}

static void turn_unlink(struct mach_map_entry *entry)
{
	own(first_of(entry), end_of(entry), NULL);
	mach_entry_unlink(&world->entries, entry);
	memset(entry, 0xa5, sizeof(*entry));
	mach_stock_add(&world->stock, entry);
}

/* Other bounds, which may be far from where they were, if nothing is between. */
static bool turn_set_bounds(struct mach_map_entry *entry)
{
	unsigned int first = first_of(entry), end = end_of(entry), low, high;
	u64 offset = entry->object ? entry->offset + 3 * STEP : 0;

	own(first, end, NULL);
	for (low = first; low && !world->owner[low - 1];)
		low--;
	high = low + free_from(low, PAGES);
	low += property_below(high - low);
	high = low + 1 + property_below(high - low);
	own(low, high, entry);
	mach_entry_set_bounds(&world->entries, entry, address_of(low),
			      address_of(high), offset);
	return (first_of(entry) == low && end_of(entry) == high &&
		entry->offset == offset) || property_fail("not where it was put");
}

static bool turn_clip(struct mach_map_entry *entry, unsigned int page)
{
	unsigned int objects = world->object.entries + !!entry->object;
	struct mach_map_entry before = *entry, *upper;

	if (first_of(entry) == page)
		return true;
	entries_stock_fill(&world->stock, 1);
	own(page, end_of(entry), world->stock.first);
	upper = mach_entry_clip(&world->entries, entry, address_of(page),
				&world->stock);
	if (world->object.entries != objects)
		return property_fail("a clip: %u entries, not %u",
				     world->object.entries, objects);
	if (entry->start != before.start || entry->end != address_of(page) ||
	    upper->start != entry->end || upper->end != before.end ||
	    upper->max_protection != before.max_protection ||
	    upper->wired != before.wired)
		return property_fail("page %u: clipped into something else",
				     page);
	return entry->offset == before.offset &&
	       (!upper->object ||
		mach_entry_delta(upper) == mach_entry_delta(&before)) ? true :
	       property_fail("page %u: the offsets of a clip", page);
}

static void turn_join(struct mach_map_entry *entry)
{
	struct mach_map_entry *next = entry->next;

	if (!next || next->start != entry->end ||
	    !next->wired != !entry->wired ||
	    !next->max_protection != !entry->max_protection)
		return;
	own(first_of(next), end_of(next), entry);
	mach_entry_join(&world->entries, entry);
	memset(next, 0xa5, sizeof(*next));
	mach_stock_add(&world->stock, next);
}

static void turn_set(struct mach_map_entry *entry)
{
	struct mach_map_entry like = *entry;

	like.wired = property_below(2);
	like.max_protection = property_below(2);
	mach_entry_set(&world->entries, entry, &like);
}

/* Questions */

static bool check_lookup(void)
{
	bool inside = property_below(4);
	unsigned int page = property_below(PAGES), from = page;
	u64 address = inside ? address_of(page) + property_below(STEP) :
			       property_edge();
	struct mach_map_entry *expected = NULL, *first = NULL, *got;

	if (address >= world->base && address - world->base < PAGES * STEP) {
		from = (address - world->base) / STEP;
		expected = world->owner[from];
	} else {
		from = address < world->base ? 0 : PAGES;
	}
	while (!first && from < PAGES)
		first = world->owner[from++];
	got = mach_entry_lookup(&world->entries, address);
	if (got != expected)
		return property_fail("%#lx: looked up %p, not %p", address, got,
				     expected);
	got = mach_entry_from(&world->entries, address);
	return got == first || property_fail("from %#lx: %p, not %p", address,
					     got, first);
}

static bool check_cover(void)
{
	unsigned int first = property_below(PAGES);
	unsigned int end = first + property_below(PAGES - first + 1), i;
	bool covered = true, got;

	for (i = first; i < end; i++)
		covered &= !!world->owner[i];
	got = mach_entries_cover(&world->entries, address_of(first),
				 address_of(end));
	return got == covered || property_fail("pages %u to %u: covered: %d",
					       first, end, got);
}

/* What somebody may ask for */
struct wish {
	u64 from;
	u64 size;
	u64 mask;
};

static struct wish some_wish(void)
{
	struct wish wish = {
		.from = address_of(property_below(PAGES)),
		.size = (1 + property_below(1 + property_below(40))) * STEP,
	};

	if (property_below(8) == 0)
		wish.from = property_edge() & -STEP;
	if (property_below(8) == 0)
		wish.size = property_edge() & -STEP;
	switch (property_below(4)) {
	case 0:
		wish.mask = property_random() & property_random();
		break;
	case 1:
		wish.mask = property_edge();
		break;
	case 2:
		wish.mask = STEP * (1ULL << property_below(7)) - 1;
		break;
	}
	wish.mask &= ~(u64)(STEP - 1);
	if (!wish.size)
		wish.size = STEP;
	return wish;
}

static bool wish_fits(const struct wish *wish, u64 address)
{
	unsigned int page = (address - world->base) / STEP;
	u64 pages = wish->size / STEP;

	return address >= world->base && address >= wish->from &&
	       !(address & wish->mask) && page < PAGES &&
	       free_from(page, pages < PAGES ? pages : PAGES + 1) == pages;
}

/* Is there a gap of so many pages, from where it is wished on? */
static bool has_gap(const struct wish *wish, u64 pages)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		if (address_of(i) >= wish->from &&
		    free_from(i, PAGES) >= pages)
			return true;
	return false;
}

/*
 * How many gaps are tried in vain: from one that is too narrow for its alignment,
 * it goes on where an aligned address comes next.
 */
static unsigned int gaps_tried(const struct wish *wish)
{
	u64 pages = wish->size / STEP;
	unsigned int i = 0, run, n = 0;

	while (i < PAGES && address_of(i) < wish->from)
		i++;
	while (i < PAGES) {
		run = free_from(i, PAGES);
		if (run < pages) {
			i += run + 1;
			continue;
		}
		while (i < PAGES && address_of(i) & wish->mask) {
			i++;
			run -= run > 0;
		}
		if (run >= pages)
			break;
		n++;
	}
	return n;
}

/* For alignments to a power of two, enough is enough. */
static bool is_surely_there(const struct wish *wish)
{
	u64 ones = wish->mask | (STEP - 1);

	return !(ones & (ones + 1)) && ones < PAGES * STEP &&
	       wish->size <= PAGES * STEP &&
	       has_gap(wish, (wish->size + ones + 1) / STEP - 1);
}

static bool check_space(struct wish wish)
{
	unsigned int page = 0;
	u64 got = 0;
	int error = mach_entries_find_space(&world->entries, wish.from,
					    wish.size, wish.mask, &got);

	while (page < PAGES && !wish_fits(&wish, address_of(page)))
		page++;
	if (error ? page == PAGES : page < PAGES && got == address_of(page))
		return true;
	if (!error && !wish_fits(&wish, got))
		return property_fail("from %#lx size %#lx mask %#lx: %#lx",
				     wish.from, wish.size, wish.mask, got);
	if (wish.mask && gaps_tried(&wish) >= TRIES && !(error && is_surely_there(&wish)))
		return true;
	return property_fail("from %#lx size %#lx mask %#lx: %d, %#lx, not page %u",
			     wish.from, wish.size, wish.mask, error, got, page);
}

static bool turn_one(void)
{
	unsigned int page = property_below(PAGES);
	struct mach_map_entry *entry = world->owner[page];

	if (!entry) {
		turn_link(page);
		return true;
	}
	switch (property_below(7)) {
	case 0:
		return turn_clip(entry, page);
	case 1:
		return turn_set_bounds(entry);
	case 2:
		turn_join(entry);
		return true;
	case 3:
		turn_set(entry);
		return true;
	default:
		turn_unlink(entry);
		return true;
	}
}

static bool turn(void)
{
	if (!world)
		make_world();
	if (!world->widest || property_below(1000) == 0)
		world->widest = 1U << property_below(7);
	if (!turn_one() || !check_lookup() || !check_cover() || !check_space(some_wish()))
		return false;
	if (property_below(8) == 0 && !entries_hold(&world->entries))
		return false;
	if (property_below(5000) == 0)
		end_world();
	return true;
}

/* All orders of linking and unlinking that are likely to be special */
static bool in_order(void)
{
	unsigned int n = 1 + property_below(PAGES), i, k;
	bool up = property_below(2);

	if (world)
		end_world();
	make_world();
	world->widest = 1;
	for (i = 0; i < n; i++)
		turn_link(up ? i : n - 1 - i);
	if (world->entries.n != n)
		return property_fail("%lu linked, not %u", world->entries.n, n);
	if (!entries_hold(&world->entries))
		return false;
	up = property_below(2);
	for (i = 0; i < n; i++) {
		k = up ? i : n - 1 - i;
		turn_unlink(world->owner[k]);
		if (i % 16 == 0 && !entries_hold(&world->entries))
			return false;
	}
	return entries_hold(&world->entries);
}

/* Many gaps of one size, and some wider ones far up: few tries are not enough. */
static bool comb(void)
{
	unsigned int tooth = 1U << property_below(5), i;
	unsigned int wide = PAGES / 2 + property_below(PAGES);

	if (world)
		end_world();
	make_world();
	world->widest = 1;
	for (i = 0; i < PAGES; i++)
		if (!(i / tooth % 2) && i / (2 * tooth) != wide / (2 * tooth))
			turn_link(i);
	for (i = 0; i < 20; i++) {
		struct wish wish = {
			.from = address_of(property_below(PAGES / 8)),
			.size = (1 + property_below(tooth)) * STEP,
			.mask = STEP << property_below(6),
		};

		if (property_below(2))
			wish.mask = wish.mask * 2 - STEP;
		if (!check_space(wish))
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	static const struct property properties[] = {
		{ "vm_map_entry-in-order", 200, in_order },
		{ "vm_map_entry-comb", 1000, comb },
		{ "vm_map_entry", 1000000, turn },
	};

	return property_main(properties,
			     sizeof(properties) / sizeof(*properties), argc,
			     argv);
}
