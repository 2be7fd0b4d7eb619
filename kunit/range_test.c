// SPDX-License-Identifier: GPL-2.0-only
/*
 * Map entries in the kernel, beside the pages of a small map; property tests of
 * them run in user space. No object is looked into, so any address will do.
 */
#include "fake_pager.h"
#include "map/vm_map_range.h"

#include <linux/sizes.h>

#define NR_PAGES	128
#define MAP_BASE	(1024ULL * SZ_1G)

/**
 * struct map_context - What each test starts with
 * @entries: of a map that is empty
 * @stock: memory for entries
 * @removed: entries that were removed
 * @uses: how many entries map the object
 * @pages: what each page should be: 0, or page_state() of its entry
 */
struct map_context {
	struct mach_entries entries;
	struct mach_entry_stock stock;
	struct mach_entry_stock removed;
	unsigned int uses;
	u32 pages[NR_PAGES];
};

static struct map_context *context_of(struct mach_entries *entries)
{
	return container_of(entries, struct map_context, entries);
}

static void map_get(struct mach_entries *entries,
		    const struct mach_map_entry *entry)
{
	context_of(entries)->uses++;
}

static void map_put(struct mach_entries *entries,
		    const struct mach_map_entry *entry)
{
	context_of(entries)->uses--;
}

/* It is as an object with a pager. */
static bool map_extends(struct mach_entries *entries,
			const struct mach_map_entry *entry, u64 start, u64 end)
{
	return false;
}

static const struct mach_entry_ops map_ops = {
	.get = map_get,
	.put = map_put,
	.extends = map_extends,
};

static u64 address_of(unsigned int page)
{
	return MAP_BASE + page * PAGE_SIZE;
}

/* A number that is not 0, and the same for entries that are alike */
static u32 page_state(const struct mach_map_entry *entry)
{
	return 1 | entry->protection << 1 | entry->max_protection << 4 |
	       entry->inheritance << 7 | !!entry->object << 9 |
	       entry->wired << 10;
}

static void map_fill(struct kunit *test)
{
	struct map_context *c = test->priv;
	struct mach_map_entry *entry;

	while (c->stock.n < MACH_RANGE_STOCK) {
		entry = kunit_kzalloc(test, sizeof(*entry), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, entry);
		mach_stock_add(&c->stock, entry);
	}
}

static int map_test_init(struct kunit *test)
{
	struct map_context *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, c);
	test->priv = c;
	mach_entries_init(&c->entries, MAP_BASE, address_of(NR_PAGES),
			  MACH_RULES_MACHVM, &map_ops);
	return 0;
}

static void map_enter(struct kunit *test, unsigned int first, unsigned int end,
		      bool object)
{
	struct map_context *c = test->priv;
	struct mach_map_entry like = {
		.protection = 3,
		.max_protection = 7,
		.object = object ? (struct mach_object *)c : NULL,
		.offset = object ? first * PAGE_SIZE : 0,
	};

	map_fill(test);
	mach_range_enter(&c->entries, address_of(first), address_of(end), &like,
			 &c->stock);
	while (first < end)
		c->pages[first++] = page_state(&like);
}

static void map_remove(struct kunit *test, unsigned int first, unsigned int end)
{
	struct map_context *c = test->priv;
	struct mach_map_entry *entry;
	u64 at = address_of(first);

	while (at < address_of(end)) {
		map_fill(test);
		at = mach_range_remove(&c->entries, at, address_of(end), 4,
				       &c->stock, &c->removed);
	}
	while (c->removed.n) {
		entry = mach_stock_take(&c->removed);
		if (entry->object)
			map_put(&c->entries, entry);
		mach_stock_add(&c->stock, entry);
	}
	mach_range_heal(&c->entries, address_of(first), address_of(end),
			&c->stock);
	while (first < end)
		c->pages[first++] = 0;
}

static void map_protect(struct kunit *test, unsigned int first,
			unsigned int end, u8 protection)
{
	struct mach_change change = {
		.what = MACH_CHANGE_PROTECTION,
		.protection = protection,
	};
	struct map_context *c = test->priv;

	map_fill(test);
	mach_range_change(&c->entries, address_of(first), address_of(end),
			  &change, &c->stock);
	for (; first < end; first++)
		if (c->pages[first])
			c->pages[first] = (c->pages[first] & ~(7U << 1)) |
					  protection << 1;
}

/* Entries say of every page what they should, and there are no more than runs. */
static void map_check(struct kunit *test)
{
	struct map_context *c = test->priv;
	unsigned int i, runs = 0, uses = 0;
	struct mach_map_entry *entry;

	for (i = 0; i < NR_PAGES; i++) {
		entry = mach_entry_lookup(&c->entries, address_of(i));
		KUNIT_ASSERT_EQ(test, entry ? page_state(entry) : 0,
				c->pages[i]);
		if (!entry || (i && c->pages[i] == c->pages[i - 1]))
			continue;
		runs++;
		uses += !!entry->object;
	}
	KUNIT_ASSERT_EQ(test, c->entries.n, runs);
	KUNIT_ASSERT_EQ(test, mach_entries_minimum(&c->entries), runs);
	KUNIT_ASSERT_EQ(test, c->uses, uses);
}

static void neighbours_are_one(struct kunit *test)
{
	struct map_context *c = test->priv;

	map_enter(test, 0, 2, false);
	map_enter(test, 4, 6, false);
	KUNIT_EXPECT_EQ(test, c->entries.n, 2);
	map_enter(test, 2, 4, false);
	KUNIT_EXPECT_EQ(test, c->entries.n, 1);
	map_enter(test, 8, 9, true);
	map_enter(test, 7, 8, true);
	KUNIT_EXPECT_EQ(test, c->entries.n, 2);
	map_enter(test, 6, 7, false);
	KUNIT_EXPECT_EQ(test, c->entries.n, 2);
	map_check(test);
}

static void clips_are_undone(struct kunit *test)
{
	struct map_context *c = test->priv;

	map_enter(test, 0, 64, true);
	map_protect(test, 10, 20, 1);
	KUNIT_EXPECT_EQ(test, c->entries.n, 3);
	map_protect(test, 15, 30, 1);
	KUNIT_EXPECT_EQ(test, c->entries.n, 3);
	map_protect(test, 0, 64, 3);
	KUNIT_EXPECT_EQ(test, c->entries.n, 1);
	map_check(test);
}

static void room_is_found(struct kunit *test)
{
	struct map_context *c = test->priv;
	u64 address;

	map_enter(test, 0, 3, false);
	map_enter(test, 5, 9, false);
	map_enter(test, 12, NR_PAGES, false);
	KUNIT_EXPECT_EQ(test, mach_entries_find_space(&c->entries, 0, PAGE_SIZE,
						      0, &address), 0);
	KUNIT_EXPECT_EQ(test, address, address_of(3));
	KUNIT_EXPECT_EQ(test, mach_entries_find_space(&c->entries, 0,
						      3 * PAGE_SIZE, 0,
						      &address), 0);
	KUNIT_EXPECT_EQ(test, address, address_of(9));
	KUNIT_EXPECT_EQ(test, mach_entries_find_space(&c->entries, 0, PAGE_SIZE,
						      2 * PAGE_SIZE - 1,
						      &address), 0);
	KUNIT_EXPECT_EQ(test, address, address_of(4));
	KUNIT_EXPECT_EQ(test, mach_entries_find_space(&c->entries, 0,
						      4 * PAGE_SIZE, 0,
						      &address), -ENOSPC);
	KUNIT_EXPECT_TRUE(test, mach_entries_cover(&c->entries, address_of(5),
						   address_of(9)));
	KUNIT_EXPECT_FALSE(test, mach_entries_cover(&c->entries, address_of(5),
						    address_of(10)));
}

static void random_calls(struct kunit *test)
{
	struct map_context *c = test->priv;
	struct rnd_state random;
	unsigned int step, first, end;

	mach_random_init(test, &random);
	for (step = 0; step < 20000; step++) {
		first = mach_random(&random, NR_PAGES);
		end = first + 1 + mach_random(&random, 16);
		end = min_t(unsigned int, end, NR_PAGES);
		switch (mach_random(&random, 4)) {
		case 0:
			map_remove(test, first, end);
			break;
		case 1:
			map_protect(test, first, end,
				    mach_random(&random, 2) ? 1 : 3);
			break;
		default:
			if (c->pages[first])
				continue;
			for (end = first; end < NR_PAGES && !c->pages[end];)
				end++;
			end = first + 1 + mach_random(&random, end - first);
			map_enter(test, first, end, mach_random(&random, 2));
		}
		map_check(test);
	}
}

static struct kunit_case map_cases[] = {
	KUNIT_CASE(neighbours_are_one),
	KUNIT_CASE(clips_are_undone),
	KUNIT_CASE(room_is_found),
	KUNIT_CASE(random_calls),
	{}
};

static struct kunit_suite map_suite = {
	.name = "machvm_map",
	.init = map_test_init,
	.test_cases = map_cases,
};

kunit_test_suite(map_suite);
