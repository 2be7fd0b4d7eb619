// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a task's map and its objects do together: anonymous memory that grows,
 * merges, is shared, wired and let go. Nothing is mapped by a process.
 */
#include "fake_pager.h"
#include "fault/zero_fill.h"
#include "map/vm_map.h"
#include "map/vm_map_change.h"
#include "map/vm_map_enter.h"
#include "object/page_queue.h"
#include "object/vm_internal.h"
#include "object/vm_resident.h"
#include "object/vm_view.h"
#include "object/vm_wire.h"
#include "pool/vm_page.h"

#include <linux/sizes.h>

#define TASK_BASE	(1024ULL * SZ_1G)
#define TASK_PAGES	64

/**
 * struct task_context - What each test starts with
 * @map: empty
 * @before: pages of anonymous memory that were there before
 * @wired: of them, wired ones
 */
struct task_context {
	struct mach_map *map;
	unsigned long before;
	unsigned long wired;
};

static u64 address_of(unsigned int page)
{
	return TASK_BASE + ((u64)page << PAGE_SHIFT);
}

static struct mach_map *task_map_create(struct kunit *test)
{
	struct mach_map *map = mach_map_create();

	KUNIT_ASSERT_NOT_NULL(test, map);
	map->entries.min = TASK_BASE;
	map->entries.max = address_of(TASK_PAGES);
	return map;
}

static int task_test_init(struct kunit *test)
{
	struct task_context *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, c);
	c->before = mach_object_internal_pages();
	c->wired = mach_queue_count_wired(false);
	c->map = task_map_create(test);
	test->priv = c;
	return 0;
}

static void task_test_exit(struct kunit *test)
{
	struct task_context *c = test->priv;

	if (!c)
		return;
	mach_map_destroy(c->map);
	KUNIT_EXPECT_EQ(test, mach_object_internal_pages(), c->before);
	KUNIT_EXPECT_EQ(test, mach_queue_count_wired(false), c->wired);
}

static void task_allocate(struct kunit *test, unsigned int first,
			  unsigned int end)
{
	struct mach_piece piece = {
		.entry = {
			.end = (u64)(end - first) << PAGE_SHIFT,
			.protection = MACH_PROT_READ | MACH_PROT_WRITE,
			.max_protection = MACH_PROT_ALL,
			.inheritance = MACH_INHERIT_COPY,
		},
	};
	struct mach_map_place place = {
		.address = address_of(first),
		.length = piece.entry.end,
	};
	LIST_HEAD(pieces);
	struct mach_entering entering = {
		.place = &place, .pieces = &pieces,
	};
	struct task_context *c = test->priv;

	list_add(&piece.link, &pieces);
	KUNIT_ASSERT_EQ(test, mach_map_enter(c->map, &entering), 0);
}

static void task_deallocate(struct kunit *test, unsigned int first,
			    unsigned int end)
{
	struct task_context *c = test->priv;

	KUNIT_ASSERT_EQ(test, mach_map_remove(c->map, address_of(first),
					      address_of(end)), 0);
}

/* As a fault does it. The caller puts the object. */
static struct mach_spot task_touch(struct kunit *test, unsigned int page)
{
	struct task_context *c = test->priv;
	struct mach_spot spot = {};

	KUNIT_ASSERT_EQ(test, mach_map_make_object(c->map, address_of(page)), 0);
	KUNIT_ASSERT_TRUE(test, mach_map_spot(c->map, address_of(page), &spot));
	KUNIT_ASSERT_NOT_NULL(test, spot.object);
	KUNIT_ASSERT_EQ(test, mach_internal_fill(spot.object, spot.index), 0);
	return spot;
}

/* The frame that the map shows at a page, or NULL */
static struct page *task_page(struct kunit *test, unsigned int page)
{
	struct task_context *c = test->priv;
	struct mach_spot spot = {};
	struct page *frame = NULL;

	if (!mach_map_spot(c->map, address_of(page), &spot) || !spot.object)
		return NULL;
	mach_object_lock(spot.object);
	frame = mach_object_page(spot.object, spot.index);
	mach_object_unlock(spot.object);
	mach_object_put(spot.object);
	return frame;
}

static struct page *task_fill(struct kunit *test, unsigned int page)
{
	struct mach_spot spot = task_touch(test, page);

	mach_object_put(spot.object);
	return task_page(test, page);
}

/* Downward as well as upward, and what was there stays where it was. */
static void memory_grows_both_ways(struct kunit *test)
{
	struct task_context *c = test->priv;
	struct page *frame;

	task_allocate(test, 20, 24);
	frame = task_fill(test, 21);
	KUNIT_ASSERT_NOT_NULL(test, frame);
	task_allocate(test, 16, 20);
	task_allocate(test, 24, 28);
	KUNIT_EXPECT_EQ(test, c->map->entries.n, 1UL);
	KUNIT_EXPECT_PTR_EQ(test, task_page(test, 21), frame);
	KUNIT_EXPECT_NULL(test, task_page(test, 19));
	KUNIT_EXPECT_NOT_NULL(test, task_fill(test, 16));
	KUNIT_EXPECT_EQ(test, c->map->entries.n, 1UL);
}

/* Two objects, once the hole between them is filled */
static void objects_become_one(struct kunit *test)
{
	struct task_context *c = test->priv;
	struct page *low, *high;

	task_allocate(test, 8, 12);
	task_allocate(test, 16, 20);
	low = task_fill(test, 11);
	high = task_fill(test, 16);
	KUNIT_EXPECT_EQ(test, c->map->entries.n, 2UL);
	task_allocate(test, 12, 16);
	KUNIT_EXPECT_EQ(test, c->map->entries.n, 1UL);
	KUNIT_EXPECT_PTR_EQ(test, task_page(test, 11), low);
	KUNIT_EXPECT_PTR_EQ(test, task_page(test, 16), high);
	KUNIT_EXPECT_EQ(test, mach_object_internal_pages(), c->before + 2);
}

/* What another map sees does not grow, until it no longer does. */
static void shared_memory_does_not_grow(struct kunit *test)
{
	struct task_context *c = test->priv;
	struct mach_map *other = task_map_create(test);
	struct mach_spot spot;

	task_allocate(test, 8, 12);
	spot = task_touch(test, 8);
	KUNIT_EXPECT_EQ(test, mach_view_sole(spot.object), 1UL);
	KUNIT_EXPECT_EQ(test, mach_view_get(spot.object,
					    mach_map_mapping(other), 0), 0);
	KUNIT_EXPECT_EQ(test, mach_view_sole(spot.object), 0UL);
	KUNIT_EXPECT_EQ(test, mach_object_users(spot.object), 2U);
	task_allocate(test, 12, 16);
	KUNIT_EXPECT_EQ(test, c->map->entries.n, 2UL);
	mach_view_put(spot.object, mach_map_mapping(other), 0);
	KUNIT_EXPECT_EQ(test, mach_view_sole(spot.object), 1UL);
	task_allocate(test, 4, 8);
	KUNIT_EXPECT_EQ(test, c->map->entries.n, 2UL);
	mach_object_put(spot.object);
	mach_map_destroy(other);
}

/* A part goes: its pages are free at once, and come back as zeros. */
static void what_goes_is_free(struct kunit *test)
{
	struct task_context *c = test->priv;
	unsigned int page;

	task_allocate(test, 0, 16);
	for (page = 0; page < 16; page++)
		KUNIT_ASSERT_NOT_NULL(test, task_fill(test, page));
	KUNIT_EXPECT_EQ(test, mach_object_internal_pages(), c->before + 16);
	task_deallocate(test, 4, 12);
	KUNIT_EXPECT_EQ(test, c->map->entries.n, 2UL);
	KUNIT_EXPECT_EQ(test, mach_object_internal_pages(), c->before + 8);
	task_allocate(test, 4, 12);
	KUNIT_EXPECT_EQ(test, c->map->entries.n, 1UL);
	KUNIT_EXPECT_NULL(test, task_page(test, 4));
	KUNIT_EXPECT_NOT_NULL(test, task_page(test, 3));
}

static void wiring_counts(struct kunit *test)
{
	struct mach_spot spot;
	struct page *frame;
	pgoff_t end;

	task_allocate(test, 0, 4);
	spot = task_touch(test, 2);
	frame = task_page(test, 2);
	end = spot.index + 1;
	KUNIT_EXPECT_EQ(test, mach_object_wire(spot.object, end, 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, mach_object_wire(spot.object, spot.index, 2), 0);
	mach_object_unwire(spot.object, spot.index, end, 1);
	KUNIT_EXPECT_TRUE(test, mach_page_is_wired(frame));
	mach_object_unwire(spot.object, spot.index, end, 1);
	KUNIT_EXPECT_FALSE(test, mach_page_is_wired(frame));
	/* once too often is no harm */
	mach_object_unwire(spot.object, spot.index, end, 1);
	mach_object_put(spot.object);
}

/* A wired page that goes over to another object stays wired. */
static void moved_pages_stay_wired(struct kunit *test)
{
	struct mach_spot low, high;
	struct page *frame;

	task_allocate(test, 8, 9);
	task_allocate(test, 10, 20);
	low = task_touch(test, 8);
	high = task_touch(test, 10);
	frame = task_page(test, 8);
	KUNIT_EXPECT_EQ(test, mach_object_wire(low.object, low.index, 1), 0);
	mach_object_put(low.object);
	mach_object_put(high.object);
	task_allocate(test, 9, 10);
	KUNIT_EXPECT_PTR_EQ(test, task_page(test, 8), frame);
	KUNIT_EXPECT_TRUE(test, mach_page_is_wired(frame));
	high = task_touch(test, 8);
	mach_object_unwire(high.object, high.index, high.index + 1, 1);
	KUNIT_EXPECT_FALSE(test, mach_page_is_wired(frame));
	mach_object_put(high.object);
}

static struct kunit_case task_cases[] = {
	KUNIT_CASE(memory_grows_both_ways),
	KUNIT_CASE(objects_become_one),
	KUNIT_CASE(shared_memory_does_not_grow),
	KUNIT_CASE(what_goes_is_free),
	KUNIT_CASE(wiring_counts),
	KUNIT_CASE(moved_pages_stay_wired),
	{}
};

static struct kunit_suite task_suite = {
	.name = "machvm_task",
	.init = task_test_init,
	.exit = task_test_exit,
	.test_cases = task_cases,
};

kunit_test_suite(task_suite);
