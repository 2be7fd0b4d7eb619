// SPDX-License-Identifier: GPL-2.0-only
/* Object caches beside a model of what is allocated, with misuse on purpose. */
#include "../../kmod/pool/slab.h"
#include "property.h"

#include <stdlib.h>

/*
 * The model: of each cache the objects in use, in an array, and what they hold.
 * What an object holds when it is constructed, or when it was freed by a user
 * without a constructor, follows from its address; while it is in use, from a
 * number as well.
 */
#define CACHES		6
#define OBJECTS_MAX	600
#define BATCH		40
#define BLOCKS_MAX	8192
#define CHECK_TURNS	31
#define LIFE_TURNS	2500
#define FRESH		0xa5	/* what the source's memory holds */

struct object {
	unsigned char *at;
	unsigned char number;
};

static struct kind {
	struct mach_slab_cache cache;
	bool used;
	unsigned int n;
	unsigned int nr_free;	/* in slabs of the cache */
	unsigned long bad;
	unsigned long freed;
	struct object objects[OBJECTS_MAX];
} kinds[CACHES];

static struct { void *at; unsigned int order; } blocks[BLOCKS_MAX];
static unsigned int nr_blocks;
static unsigned int starve;	/* percent of the requests that fail */
static bool source_failed;

static void *source_get(unsigned int order, gfp_t gfp)
{
	size_t bytes = PAGE_SIZE << order;
	void *block;

	if (gfp != 7 || nr_blocks == BLOCKS_MAX || property_below(100) < starve)
		return NULL;
	block = aligned_alloc(bytes, bytes);
	memset(block, FRESH, bytes);
	blocks[nr_blocks].at = block;
	blocks[nr_blocks++].order = order;
	return block;
}

static void source_put(void *block, unsigned int order)
{
	unsigned int i;

	for (i = 0; i < nr_blocks; i++) {
		if (blocks[i].at != block)
			continue;
		source_failed |= blocks[i].order != order;
		blocks[i] = blocks[--nr_blocks];
		free(block);
		return;
	}
	source_failed = true;
}

static const struct mach_slab_source source = {
	.get = source_get,
	.put = source_put,
};

/* What byte @i of an object is when its number is @number; 0: constructed. */
static unsigned char byte_of(const unsigned char *at, unsigned int i,
			     unsigned char number)
{
	return ((uintptr_t)at >> 3) + i * 7 + number * 31;
}

/* The size of the objects being made: constructors are not told. */
static unsigned int size_now;

static void fill(unsigned char *at, unsigned int size, unsigned char number)
{
	unsigned int i;

	for (i = 0; i < size; i++)
		at[i] = byte_of(at, i, number);
}

static void construct(void *object)
{
	fill(object, size_now, 0);
}

static bool holds(const unsigned char *at, unsigned int size,
		  unsigned char number)
{
	unsigned int i;

	for (i = 0; i < size; i++)
		if (at[i] != byte_of(at, i, number))
			return false;
	return true;
}

static bool kind_debug(const struct kind *kind)
{
	return kind->cache.flags & MACH_SLAB_DEBUG;
}

static unsigned int random_size(void)
{
	switch (property_below(4)) {
	case 0:
		return 1 + property_below(MACH_SLAB_SIZE_MAX);
	case 1:
		return 1U << property_below(14);
	}
	return 1 + property_below(600);
}

/* What a slab of this order has no objects in */
static unsigned int waste_of(const struct mach_slab_cache *cache,
			     unsigned int order)
{
	size_t bytes = PAGE_SIZE << order, header, n = 0;

	do {
		header = sizeof(struct mach_slab) + (++n + 63) / 64 * 8;
		header = (header + cache->align - 1) / cache->align *
			 cache->align;
	} while (header + n * cache->stride <= bytes);
	return bytes - (n - 1) * cache->stride;
}

static bool geometry_is_right(const struct mach_slab_cache *cache)
{
	unsigned int bytes = PAGE_SIZE << cache->order, order;
	unsigned int waste = bytes - cache->per_slab * cache->stride;

	if (!cache->per_slab || cache->per_slab * cache->stride > bytes ||
	    cache->stride % cache->align || cache->stride < cache->size)
		return property_fail("%u objects by %u in order %u",
				     cache->per_slab, cache->stride,
				     cache->order);
	if (cache->order > MACH_SLAB_ORDER_MAX)
		return property_fail("order %u", cache->order);
	for (order = 0; order <= MACH_SLAB_ORDER_MAX; order++)
		if (waste_of(cache, order) <= PAGE_SIZE << order >> 3)
			break;
	if (order <= MACH_SLAB_ORDER_MAX)
		return order == cache->order ||
		       property_fail("order %u, not %u, for %u", cache->order,
				     order, cache->stride);
	/* an eighth is not possible: then no other order wastes less */
	for (order = 0; order <= MACH_SLAB_ORDER_MAX; order++)
		if (waste_of(cache, order) >> order < waste >> cache->order)
			return property_fail("order %u wastes %u with %u",
					     cache->order, waste,
					     cache->stride);
	return true;
}

static bool begin(struct kind *kind)
{
	unsigned int align = MACH_SLAB_ALIGN_MIN << property_below(4);
	unsigned int flags = property_below(3) ? 0 : MACH_SLAB_DEBUG;
	int err;

	if (property_below(8) == 0)
		align = MACH_SLAB_ALIGN_MIN << property_below(10);
	err = mach_slab_cache_init(&kind->cache, "test", random_size(), align,
				   flags, property_below(2) ? construct : NULL,
				   &source);
	if (err)
		return property_fail("no cache: %d", err);
	kind->used = true;
	kind->n = 0;
	kind->nr_free = 0;
	kind->bad = 0;
	kind->freed = 0;
	return geometry_is_right(&kind->cache);
}

static unsigned int list_count(const struct mach_slab_cache *cache,
			       struct list_head *list, unsigned int least,
			       unsigned int most, unsigned long *nr_free)
{
	unsigned int n = 0, bits, w;
	struct list_head *at;

	list_for_each(at, list) {
		struct mach_slab *slab = container_of(at, struct mach_slab, link);

		for (bits = 0, w = 0; w < DIV_ROUND_UP(cache->per_slab, 64); w++)
			bits += hweight64(slab->free[w]);
		if (slab->cache != cache || bits != slab->nr_free ||
		    bits < least || bits > most)
			return ~0U;
		*nr_free += bits;
		n++;
	}
	return n;
}

static bool kind_is_right(struct kind *kind)
{
	struct mach_slab_cache *cache = &kind->cache;
	unsigned int all = cache->per_slab;
	unsigned long nr_free = 0;
	unsigned int full = list_count(cache, &cache->full, 0, 0, &nr_free);
	unsigned int partial = list_count(cache, &cache->partial, 1, all - 1,
					  &nr_free);
	unsigned int empty = list_count(cache, &cache->empty, all, all,
					&nr_free);

	if (full == ~0U || partial == ~0U || empty == ~0U)
		return property_fail("a slab is in the wrong list");
	if (full + partial + empty != cache->nr_slabs ||
	    empty != cache->nr_empty)
		return property_fail("%lu slabs, %lu empty", cache->nr_slabs,
				     cache->nr_empty);
	if (cache->nr_active != kind->n || nr_free != kind->nr_free ||
	    cache->nr_slabs * all != kind->n + nr_free)
		return property_fail("%lu in use, %lu free; not %u, %u",
				     cache->nr_active, nr_free, kind->n,
				     kind->nr_free);
	if (cache->nr_freed != kind->freed)
		return property_fail("%lu slabs went back, not %lu",
				     cache->nr_freed, kind->freed);
	return cache->nr_bad == kind->bad ||
	       property_fail("%lu misuses, not %lu: %d", cache->nr_bad,
			     kind->bad, cache->last_bad);
}

static bool all_is_right(void)
{
	unsigned long slabs = 0;
	unsigned int i;

	for (i = 0; i < CACHES; i++) {
		if (!kinds[i].used)
			continue;
		if (!kind_is_right(&kinds[i]))
			return false;
		slabs += kinds[i].cache.nr_slabs;
	}
	if (source_failed)
		return property_fail("the source got something else back");
	return slabs == nr_blocks ||
	       property_fail("%lu slabs in %u blocks", slabs, nr_blocks);
}

static bool grow(struct kind *kind)
{
	unsigned int before = nr_blocks;
	struct mach_slab *slab;

	size_now = kind->cache.size;
	slab = mach_slab_make(&kind->cache, 7);
	if (!slab)
		return nr_blocks == before || property_fail("a block is lost");
	mach_slab_add(&kind->cache, slab);
	kind->nr_free += kind->cache.per_slab;
	return true;
}

/* An object that was just handed out is as it must be; then it is used. */
static bool take(struct kind *kind, unsigned char *at)
{
	unsigned int size = kind->cache.size, i;

	if ((uintptr_t)at % kind->cache.align)
		return property_fail("%p is not aligned to %u", at,
				     kind->cache.align);
	if (kind->cache.construct) {
		if (!holds(at, size, 0))
			return property_fail("an object is not constructed");
	} else if (!kind_debug(kind) && !holds(at, size, 0)) {
		for (i = 0; i < size; i++)
			if (at[i] != FRESH)
				return property_fail("free memory was written");
	}
	kind->objects[kind->n].at = at;
	kind->objects[kind->n].number = 1 + property_below(255);
	fill(at, size, kind->objects[kind->n].number);
	kind->n++;
	return true;
}

static bool allocate(struct kind *kind, unsigned int n)
{
	unsigned int got, expected, i;
	void *objects[BATCH];

	if (n > OBJECTS_MAX - kind->n)
		n = OBJECTS_MAX - kind->n;
	expected = min(n, kind->nr_free);
	size_now = kind->cache.size;
	got = mach_slab_alloc(&kind->cache, objects, n);
	if (got != expected)
		return property_fail("%u objects, not %u", got, expected);
	kind->nr_free -= got;
	for (i = 0; i < got; i++)
		if (!take(kind, objects[i]))
			return false;
	return true;
}

/* Takes an object out of the model, with what it must hold when it is freed. */
static void *drop(struct kind *kind, unsigned int i, bool *intact)
{
	struct object object = kind->objects[i];

	kind->objects[i] = kind->objects[--kind->n];
	kind->nr_free++;
	*intact &= holds(object.at, kind->cache.size, object.number);
	if (!kind_debug(kind))
		fill(object.at, kind->cache.size, 0);
	return object.at;
}

static bool give(struct kind *kind, unsigned int n)
{
	void *objects[BATCH];
	bool intact = true;
	unsigned int i, bad;

	if (n > kind->n)
		n = kind->n;
	for (i = 0; i < n; i++)
		objects[i] = drop(kind, property_below(kind->n), &intact);
	if (!intact)
		return property_fail("somebody else wrote into an object");
	bad = mach_slab_free(&kind->cache, objects, n);
	return !bad || property_fail("%u of %u objects are bad", bad, n);
}

static bool reap(struct kind *kind, unsigned int n)
{
	unsigned long empty = kind->cache.nr_empty;
	unsigned int before = nr_blocks, got;
	struct list_head slabs;

	INIT_LIST_HEAD(&slabs);
	got = mach_slab_reap(&kind->cache, n, &slabs);
	if (got != min(n, empty) || nr_blocks != before)
		return property_fail("%u slabs of %lu", got, empty);
	kind->nr_free -= got * kind->cache.per_slab;
	kind->freed += got;
	mach_slab_release(&kind->cache, &slabs);
	return nr_blocks == before - got || property_fail("slabs are kept");
}

static bool end(struct kind *kind)
{
	unsigned long left = mach_slab_cache_destroy(&kind->cache);

	if (left != kind->n)
		return property_fail("%lu objects in use, not %u", left, kind->n);
	if (left && !kind_is_right(kind))
		return false;
	while (kind->n)
		if (!give(kind, BATCH))
			return false;
	left = mach_slab_cache_destroy(&kind->cache);
	if (left || kind->cache.nr_slabs || kind->cache.nr_bad != kind->bad)
		return property_fail("%lu objects, %lu slabs, %lu bad", left,
				     kind->cache.nr_slabs, kind->cache.nr_bad);
	kind->used = false;
	return true;
}

/* What was misused last is what the cache says. */
static bool seen(struct kind *kind, enum mach_slab_misuse misuse,
		 const void *object)
{
	kind->bad++;
	if (kind->cache.nr_bad != kind->bad || kind->cache.last_bad != misuse ||
	    kind->cache.last_object != object)
		return property_fail("misuse %d is not seen: %lu, last %d",
				     misuse, kind->cache.nr_bad,
				     kind->cache.last_bad);
	return true;
}

static bool free_badly(struct kind *kind, void *object,
		       enum mach_slab_misuse misuse)
{
	if (mach_slab_free(&kind->cache, &object, 1) != 1)
		return property_fail("misuse %d is not counted", misuse);
	return seen(kind, misuse, object);
}

static bool free_twice(struct kind *kind)
{
	unsigned int i = property_below(kind->n);
	bool intact = true;
	void *objects[2];

	objects[0] = drop(kind, i, &intact);
	objects[1] = objects[0];
	if (mach_slab_free(&kind->cache, objects, 2) != 1)
		return property_fail("it is freed twice");
	return seen(kind, MACH_SLAB_TWICE, objects[0]) &&
	       free_badly(kind, objects[0], MACH_SLAB_TWICE);
}

/* A place in a slab where no object starts, or an object of another cache */
static bool free_foreign(struct kind *kind)
{
	unsigned char *at = kind->objects[property_below(kind->n)].at;
	uintptr_t bytes = PAGE_SIZE << kind->cache.order;
	unsigned char *slab = (unsigned char *)((uintptr_t)at & ~(bytes - 1));
	struct kind *other = &kinds[property_below(CACHES)];
	unsigned char *place;

	if (other != kind && other->used && other->n &&
	    other->cache.order >= kind->cache.order)
		return free_badly(kind, other->objects[0].at,
				  MACH_SLAB_FOREIGN);
	do {
		place = slab + property_below(bytes);
		if (property_below(2))
			place -= (uintptr_t)place % 8;
	} while ((at - place) % (long)kind->cache.stride == 0);
	return free_badly(kind, place, MACH_SLAB_FOREIGN);
}

/* Behind the last object of a slab one would fit, or before the first. */
static bool free_outside(struct kind *kind)
{
	unsigned char *at = kind->objects[property_below(kind->n)].at;
	struct mach_slab_cache *cache = &kind->cache;
	uintptr_t bytes = PAGE_SIZE << cache->order;
	struct mach_slab *slab = (void *)((uintptr_t)at & ~(bytes - 1));
	uintptr_t place = slab->first + cache->per_slab * cache->stride;

	if (property_below(2))
		place = slab->first - cache->stride;
	if (place >= bytes)
		return true;
	return free_badly(kind, (char *)slab + place, MACH_SLAB_FOREIGN);
}

static bool overrun(struct kind *kind)
{
	unsigned int i = property_below(kind->n), size = kind->cache.size;
	unsigned int margin = kind->cache.align;
	unsigned int behind = kind->cache.stride - margin - size;
	unsigned char *at = kind->objects[i].at;
	bool intact = true;

	if (behind < 8)
		return property_fail("no room behind an object");
	if (property_below(2))
		at[size + property_below(behind)] ^= 1 + property_below(255);
	else
		at[-1 - (int)property_below(margin)] ^= 1 + property_below(255);
	drop(kind, i, &intact);
	return free_badly(kind, at, MACH_SLAB_OVERRUN);
}

static bool unseen(const struct kind *kind)
{
	return kind->cache.nr_bad == kind->bad;
}

/* Written into after it was freed, or beside: seen when it is used again. */
static bool use_free(struct kind *kind)
{
	unsigned int i = property_below(kind->n), size = kind->cache.size;
	bool inside = property_below(4), intact = true;
	void *object = drop(kind, i, &intact);
	unsigned char *at = object;

	if (mach_slab_free(&kind->cache, &object, 1))
		return property_fail("an object is bad");
	at[inside ? property_below(size) : size] ^= 1 + property_below(255);
	if (property_below(2))
		while (unseen(kind) && kind->nr_free && kind->n < OBJECTS_MAX)
			if (!allocate(kind, 1))
				return false;
	while (unseen(kind) && kind->n)
		if (!give(kind, BATCH))
			return false;
	if (unseen(kind) && !reap(kind, ~0U))
		return false;
	return seen(kind, inside ? MACH_SLAB_USED_FREE : MACH_SLAB_OVERRUN,
		    object);
}

static bool misuse(struct kind *kind)
{
	if (!kind->n)
		return true;
	switch (property_below(kind_debug(kind) ? 5 : 3)) {
	case 0:
		return free_twice(kind);
	case 1:
		return free_foreign(kind);
	case 2:
		return free_outside(kind);
	case 3:
		return overrun(kind);
	}
	return use_free(kind);
}

static bool change(struct kind *kind)
{
	unsigned int n = 1 + property_below(BATCH);

	switch (property_below(128)) {
	case 0:
		starve = property_below(2) ? 0 : property_below(100);
		return end(kind);
	case 1:
	case 2:
		return reap(kind, property_below(4) ? n : ~0U);
	case 3:
	case 4:
		return misuse(kind);
	}
	/* it has many objects for a time, and then few */
	if (property_below(100) < (kind->objects[0].number % 2 ? 45 : 55))
		return give(kind, n);
	if (kind->nr_free < n && kind->n + kind->nr_free < OBJECTS_MAX &&
	    !grow(kind))
		return false;
	return allocate(kind, n);
}

static bool operations(void)
{
	struct kind *kind = &kinds[property_below(CACHES)];
	static unsigned long turn;

	if (!(kind->used ? change(kind) : begin(kind)))
		return false;
	return ++turn % CHECK_TURNS || all_is_right();
}

static bool end_all(void)
{
	unsigned int i;

	for (i = 0; i < CACHES; i++)
		if (kinds[i].used && !end(&kinds[i]))
			return false;
	return all_is_right();
}

/* An arena of blocks one behind the other, as a chunk's are */
#define ARENA_SLABS	64U

static char *arena;
static unsigned int arena_used;

static void *arena_get(unsigned int order, gfp_t gfp)
{
	(void)gfp;
	return arena + (PAGE_SIZE << order) * arena_used++;
}

static void arena_put(void *block, unsigned int order)
{
	(void)block;
	(void)order;
	arena_used--;
}

static const struct mach_slab_source in_arena = {
	.get = arena_get,
	.put = arena_put,
};

/* All colours come up, about as often as each other; no two neighbours' agree. */
static bool colours(void)
{
	unsigned int starts[PAGE_SIZE << MACH_SLAB_ORDER_MAX >> 3] = {};
	unsigned int align = MACH_SLAB_ALIGN_MIN << property_below(5);
	unsigned int i, seen_colours = 0, expected, most = 0, last = 0;
	struct mach_slab_cache cache;

	mach_slab_cache_init(&cache, "test", 1 + property_below(3000), align, 0,
			     NULL, &in_arena);
	for (i = 0; i < ARENA_SLABS; i++) {
		struct mach_slab *slab = mach_slab_make(&cache, 0);

		seen_colours += !starts[slab->first / 8]++;
		if (starts[slab->first / 8] > most)
			most = starts[slab->first / 8];
		if (i && cache.colours > 1 && slab->first == last)
			return property_fail("neighbours have one colour");
		last = slab->first;
		mach_slab_add(&cache, slab);
	}
	expected = min(cache.colours, ARENA_SLABS);
	if (seen_colours != expected ||
	    most > DIV_ROUND_UP(ARENA_SLABS, cache.colours) + 1)
		return property_fail("%u colours of %u, one of them %u times",
				     seen_colours, expected, most);
	mach_slab_cache_destroy(&cache);
	return !arena_used || property_fail("%u slabs are kept", arena_used);
}

/* Freed when its slab has gone back, but is memory still */
static bool late_free(void)
{
	struct mach_slab_cache cache;
	void *object;

	mach_slab_cache_init(&cache, "test", 1 + property_below(3000), 8, 0,
			     NULL, &in_arena);
	mach_slab_add(&cache, mach_slab_make(&cache, 0));
	if (mach_slab_alloc(&cache, &object, 1) != 1 ||
	    mach_slab_free(&cache, &object, 1) ||
	    mach_slab_cache_destroy(&cache))
		return property_fail("one object does not come and go");
	if (mach_slab_free(&cache, &object, 1) != 1 ||
	    cache.last_bad != MACH_SLAB_FOREIGN)
		return property_fail("a late free is not seen");
	return true;
}

static bool wrong_parameters(void)
{
	static const unsigned int wrong[][2] = {
		{ 0, 8 }, { MACH_SLAB_SIZE_MAX + 1, 8 }, { ~0U, 8 }, { 64, 0 },
		{ 64, 4 }, { 64, 24 }, { 64, 2 * MACH_SLAB_ALIGN_MAX },
	};
	struct mach_slab_cache cache;
	unsigned int i;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		if (mach_slab_cache_init(&cache, "test", wrong[i][0],
					 wrong[i][1], 0, NULL,
					 &source) != -EINVAL)
			return property_fail("size %u by %u is taken",
					     wrong[i][0], wrong[i][1]);
	return true;
}

int main(int argc, char **argv)
{
	static const struct property properties[] = {
		{ "slab", 200000, operations },
		{ "slab-end", 1, end_all },
		{ "slab-colours", 1000, colours },
		{ "slab-late-free", 100, late_free },
		{ "slab-wrong-parameters", 1, wrong_parameters },
	};
	size_t bytes = (PAGE_SIZE << MACH_SLAB_ORDER_MAX) * ARENA_SLABS;
	int failed;

	arena = aligned_alloc(PAGE_SIZE << MACH_SLAB_ORDER_MAX, bytes);
	failed = property_main(properties,
			       sizeof(properties) / sizeof(*properties), argc,
			       argv);
	free(arena);
	return failed;
}
