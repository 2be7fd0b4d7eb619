// SPDX-License-Identifier: GPL-2.0-only
/*
 * Object caches in the kernel: with magazines, as the module has them, and bare,
 * in debug mode. Their property tests run in user space.
 */
#include "fake_pager.h"
#include "pool/kmem.h"
#include "pool/slab.h"
#include "pool/vm_page.h"

#include <linux/sched.h>

#define SIZE		200
#define ALIGNMENT	64
#define NR_OBJECTS	600
#define MAGIC		0x6d616368766dULL

/**
 * struct thing - What the caches hold
 * @magic: set by the constructor, and still there when it is freed
 * @owner: of whoever has it
 * @rest: to SIZE bytes
 */
struct thing {
	u64 magic;
	u64 owner;
	u8 rest[SIZE - 2 * sizeof(u64)];
};

static void construct(void *object)
{
	struct thing *thing = object;

	thing->magic = MAGIC;
}

static struct mach_kmem *make_cache(struct kunit *test)
{
	struct mach_kmem *cache = mach_kmem_create("kunit", SIZE, ALIGNMENT,
						   construct);

	KUNIT_ASSERT_NOT_NULL(test, cache);
	return cache;
}

static void objects_are_constructed(struct kunit *test)
{
	struct mach_kmem *cache = make_cache(test);
	struct thing **things;
	unsigned int i, round;

	things = kunit_kcalloc(test, NR_OBJECTS, sizeof(*things), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, things);
	for (round = 0; round < 3; round++) {
		for (i = 0; i < NR_OBJECTS; i++) {
			things[i] = mach_kmem_alloc(cache, GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, things[i]);
			KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)
							   things[i],
							   ALIGNMENT));
			KUNIT_EXPECT_EQ(test, things[i]->magic, MAGIC);
			things[i]->owner = i;
			memset(things[i]->rest, i, sizeof(things[i]->rest));
		}
		for (i = 0; i < NR_OBJECTS; i++) {
			KUNIT_EXPECT_EQ(test, things[i]->owner, i);
			KUNIT_EXPECT_NULL(test, memchr_inv(things[i]->rest, i,
							   sizeof(things[i]->rest)));
			mach_kmem_free(cache, things[i]);
		}
		if (round == 1)
			mach_kmem_shrink();
	}
	mach_kmem_destroy(cache);
}

static void caches_of_all_sizes(struct kunit *test)
{
	static const unsigned int sizes[] = { 8, 24, 576, 4096, 8192 };
	struct mach_kmem *cache;
	unsigned int i;
	void *object;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		cache = mach_kmem_create("kunit", sizes[i], 8, NULL);
		KUNIT_ASSERT_NOT_NULL(test, cache);
		object = mach_kmem_alloc(cache, GFP_KERNEL);
		KUNIT_EXPECT_NOT_NULL(test, object);
		if (object) {
			memset(object, 0xa5, sizes[i]);
			mach_kmem_free(cache, object);
		}
		mach_kmem_destroy(cache);
	}
}

static const struct mach_slab_source slab_source = {
	.get = mach_page_block_get,
	.put = mach_page_block_put,
};

/* A cache without magazines, with one slab. */
static void open_bare(struct kunit *test, struct mach_slab_cache *cache,
		      unsigned int flags)
{
	struct mach_slab *slab;

	KUNIT_ASSERT_EQ(test, mach_slab_cache_init(cache, "kunit-bare", SIZE,
						   ALIGNMENT, flags, construct,
						   &slab_source), 0);
	slab = mach_slab_make(cache, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, slab);
	mach_slab_add(cache, slab);
}

static void double_free_is_caught(struct kunit *test)
{
	struct mach_slab_cache cache;
	void *object;

	open_bare(test, &cache, 0);
	KUNIT_ASSERT_EQ(test, mach_slab_alloc(&cache, &object, 1), 1);
	KUNIT_EXPECT_EQ(test, cache.nr_active, 1);
	KUNIT_EXPECT_EQ(test, mach_slab_free(&cache, &object, 1), 0);
	KUNIT_EXPECT_EQ(test, mach_slab_free(&cache, &object, 1), 1);
	KUNIT_EXPECT_EQ(test, cache.last_bad, MACH_SLAB_TWICE);
	object += 8;
	KUNIT_EXPECT_EQ(test, mach_slab_free(&cache, &object, 1), 1);
	KUNIT_EXPECT_EQ(test, cache.last_bad, MACH_SLAB_FOREIGN);
	KUNIT_EXPECT_EQ(test, cache.nr_active, 0);
	KUNIT_EXPECT_EQ(test, mach_slab_cache_destroy(&cache), 0);
}

static void overrun_is_caught(struct kunit *test)
{
	struct mach_slab_cache cache;
	u8 *object;

	open_bare(test, &cache, MACH_SLAB_DEBUG);
	KUNIT_ASSERT_EQ(test, mach_slab_alloc(&cache, (void **)&object, 1), 1);
	object[SIZE] ^= 1;
	KUNIT_EXPECT_EQ(test, mach_slab_free(&cache, (void **)&object, 1), 1);
	KUNIT_EXPECT_EQ(test, cache.last_bad, MACH_SLAB_OVERRUN);
	KUNIT_EXPECT_EQ(test, cache.nr_bad, 1);
	mach_slab_cache_destroy(&cache);
}

static void use_after_free_is_caught(struct kunit *test)
{
	struct mach_slab_cache cache;
	void **objects;
	unsigned int n;
	u8 *object;

	open_bare(test, &cache, MACH_SLAB_DEBUG);
	objects = kunit_kcalloc(test, cache.per_slab, sizeof(*objects),
				GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, objects);
	KUNIT_ASSERT_EQ(test, mach_slab_alloc(&cache, (void **)&object, 1), 1);
	KUNIT_ASSERT_EQ(test, mach_slab_free(&cache, (void **)&object, 1), 0);
	object[16] ^= 1;
	n = mach_slab_alloc(&cache, objects, cache.per_slab);
	KUNIT_EXPECT_EQ(test, n, cache.per_slab);
	KUNIT_EXPECT_EQ(test, cache.last_bad, MACH_SLAB_USED_FREE);
	KUNIT_EXPECT_EQ(test, cache.nr_bad, 1);
	mach_slab_free(&cache, objects, n);
	KUNIT_EXPECT_EQ(test, mach_slab_cache_destroy(&cache), 0);
}

#define NR_THREADS	3
#define NR_HELD		70

/**
 * struct consumer - A thread that uses a cache
 * @cache: which
 * @number: no other thread has it
 * @random: its own numbers
 * @things: what it has
 */
struct consumer {
	struct mach_kmem *cache;
	u32 number;
	struct rnd_state random;
	struct thing *things[NR_HELD];
};

/* Of threads: does anybody else have an object of ours? */
static int use_cache(void *data)
{
	struct consumer *u = data;
	unsigned int round, i;

	for (round = 0; round < 12000; round++) {
		i = mach_random(&u->random, NR_HELD);
		if (!u->things[i]) {
			u->things[i] = mach_kmem_alloc(u->cache, GFP_KERNEL);
			if (!u->things[i])
				return -ENOMEM;
			u->things[i]->owner = (u64)u->number << 32 | i;
			continue;
		}
		if (u->things[i]->magic != MAGIC ||
		    u->things[i]->owner != ((u64)u->number << 32 | i))
			return -EILSEQ;
		mach_kmem_free(u->cache, u->things[i]);
		u->things[i] = NULL;
		if (round % 1000 == 0)
			mach_kmem_shrink();
		cond_resched();
	}
	for (i = 0; i < NR_HELD; i++)
		if (u->things[i])
			mach_kmem_free(u->cache, u->things[i]);
	return 0;
}

static void threads_use_cache(struct kunit *test)
{
	struct mach_kmem *cache = make_cache(test);
	struct fake_thread threads[NR_THREADS];
	struct rnd_state random;
	struct consumer *users;
	int i;

	users = kunit_kcalloc(test, NR_THREADS, sizeof(*users), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, users);
	mach_random_init(test, &random);
	for (i = 0; i < NR_THREADS; i++) {
		users[i].cache = cache;
		users[i].number = i + 1;
		prandom_seed_state(&users[i].random,
				   prandom_u32_state(&random));
		fake_thread_start(test, &threads[i], use_cache, &users[i]);
	}
	for (i = 0; i < NR_THREADS; i++)
		KUNIT_EXPECT_EQ(test, fake_thread_end(test, &threads[i]), 0);
	mach_kmem_destroy(cache);
}

static struct kunit_case slab_cases[] = {
	KUNIT_CASE(objects_are_constructed),
	KUNIT_CASE(caches_of_all_sizes),
	KUNIT_CASE(double_free_is_caught),
	KUNIT_CASE(overrun_is_caught),
	KUNIT_CASE(use_after_free_is_caught),
	KUNIT_CASE_SLOW(threads_use_cache),
	{}
};

static struct kunit_suite slab_suite = {
	.name = "machvm_slab",
	.test_cases = slab_cases,
};

kunit_test_suite(slab_suite);
