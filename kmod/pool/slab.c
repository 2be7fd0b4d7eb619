// SPDX-License-Identifier: GPL-2.0-only
/* Slabs: objects of one size in blocks of frames, with checks for misuse. */
#include "slab.h"

#define MACH_SLAB_WORD		64U
#define MACH_SLAB_CACHE_LINE	64U
#define MACH_SLAB_ZONE		0xbb
#define MACH_SLAB_POISON	0x6b

static bool mach_slab_debug(const struct mach_slab_cache *cache)
{
	return cache->flags & MACH_SLAB_DEBUG;
}

static unsigned int mach_slab_bytes(const struct mach_slab_cache *cache)
{
	return PAGE_SIZE << cache->order;
}

static struct mach_slab *mach_slab_of(const struct mach_slab_cache *cache,
				      const void *object)
{
	unsigned long bytes = mach_slab_bytes(cache);

	return (struct mach_slab *)ALIGN_DOWN((unsigned long)object, bytes);
}

static void *mach_slab_object(const struct mach_slab_cache *cache,
			      struct mach_slab *slab, unsigned int i)
{
	return (void *)slab + slab->first + i * cache->stride;
}

/* Bytes of a red zone before an object; the one behind it is shorter. */
static unsigned int mach_slab_margin(const struct mach_slab_cache *cache)
{
	return mach_slab_debug(cache) ? cache->align : 0;
}

/* Where objects may begin behind the header of a slab of @n */
static unsigned int mach_slab_header(const struct mach_slab_cache *cache,
				     unsigned int n)
{
	unsigned int words = DIV_ROUND_UP(n, MACH_SLAB_WORD);

	return ALIGN(sizeof(struct mach_slab) + words * sizeof(u64),
		     (size_t)cache->align);
}

/* How far a colour is from the next */
static unsigned int mach_slab_colour_step(const struct mach_slab_cache *cache)
{
	return cache->align > MACH_SLAB_CACHE_LINE ? cache->align :
						     MACH_SLAB_CACHE_LINE;
}

/* The objects that go into a block of @bytes */
static unsigned int mach_slab_fit(const struct mach_slab_cache *cache,
				  unsigned int bytes)
{
	unsigned int n = bytes / cache->stride;

	while (n && mach_slab_header(cache, n) + n * cache->stride > bytes)
		n--;
	return n;
}

/*
 * The first order that wastes an eighth at most, or else the largest: twice the
 * block never wastes a larger part.
 */
static void mach_slab_choose_order(struct mach_slab_cache *cache)
{
	unsigned int order;

	for (order = 0; order <= MACH_SLAB_ORDER_MAX; order++) {
		unsigned int bytes = PAGE_SIZE << order;

		cache->order = order;
		cache->per_slab = mach_slab_fit(cache, bytes);
		if (bytes - cache->per_slab * cache->stride <= bytes / 8)
			return;
	}
}

/**
 * mach_slab_cache_init - Make a cache without slabs
 * @cache: the cache
 * @name: for people; stays the caller's
 * @size: bytes of an object, 1 to MACH_SLAB_SIZE_MAX
 * @align: of an object, a power of two from MACH_SLAB_ALIGN_MIN to
 *	MACH_SLAB_ALIGN_MAX
 * @flags: MACH_SLAB_*
 * @construct: makes a new object, with no lock held but the caller's own; or
 *	NULL
 * @source: of slabs
 *
 * Return: 0, or -EINVAL.
 */
int mach_slab_cache_init(struct mach_slab_cache *cache, const char *name,
			 unsigned int size, unsigned int align,
			 unsigned int flags, void (*construct)(void *object),
			 const struct mach_slab_source *source)
{
	unsigned int used, bytes;

	if (!size || size > MACH_SLAB_SIZE_MAX || !is_power_of_2(align) ||
	    align < MACH_SLAB_ALIGN_MIN || align > MACH_SLAB_ALIGN_MAX)
		return -EINVAL;
	memset(cache, 0, sizeof(*cache));
	cache->name = name;
	cache->size = size;
	cache->align = align;
	cache->flags = flags;
	cache->construct = construct;
	cache->source = source;
	bytes = size;
	if (mach_slab_debug(cache))
		bytes += mach_slab_margin(cache) + MACH_SLAB_ALIGN_MIN;
	cache->stride = ALIGN(bytes, align);
	mach_slab_choose_order(cache);
	used = mach_slab_header(cache, cache->per_slab) +
	       cache->per_slab * cache->stride;
	cache->colours = 1 + (mach_slab_bytes(cache) - used) /
				     mach_slab_colour_step(cache);
	INIT_LIST_HEAD(&cache->partial);
	INIT_LIST_HEAD(&cache->full);
	INIT_LIST_HEAD(&cache->empty);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(mach_slab_cache_init);

static void mach_slab_note(struct mach_slab_cache *cache,
			   enum mach_slab_misuse misuse, const void *object)
{
	if (misuse == MACH_SLAB_OK)
		return;
	cache->nr_bad++;
	cache->last_bad = misuse;
	cache->last_object = object;
}

static void mach_slab_set_zones(const struct mach_slab_cache *cache,
				void *object)
{
	unsigned int margin = mach_slab_margin(cache);

	memset(object - margin, MACH_SLAB_ZONE, margin);
	memset(object + cache->size, MACH_SLAB_ZONE,
	       cache->stride - margin - cache->size);
}

/* Zones that were broken are whole again afterwards, so each is seen once. */
static enum mach_slab_misuse
mach_slab_check_zones(const struct mach_slab_cache *cache, void *object)
{
	unsigned int margin = mach_slab_margin(cache);

	if (!memchr_inv(object - margin, MACH_SLAB_ZONE, margin) &&
	    !memchr_inv(object + cache->size, MACH_SLAB_ZONE,
			cache->stride - margin - cache->size))
		return MACH_SLAB_OK;
	mach_slab_set_zones(cache, object);
	return MACH_SLAB_OVERRUN;
}

static enum mach_slab_misuse
mach_slab_check_poison(const struct mach_slab_cache *cache, void *object)
{
	if (!memchr_inv(object, MACH_SLAB_POISON, cache->size))
		return MACH_SLAB_OK;
	memset(object, MACH_SLAB_POISON, cache->size);
	return MACH_SLAB_USED_FREE;
}

/* A free object of a debug cache; its zones may have been broken as well. */
static void mach_slab_check_free(struct mach_slab_cache *cache, void *object)
{
	mach_slab_note(cache, mach_slab_check_poison(cache, object), object);
	mach_slab_note(cache, mach_slab_check_zones(cache, object), object);
}

static void mach_slab_set_all_free(const struct mach_slab_cache *cache,
				   struct mach_slab *slab)
{
	unsigned int words = DIV_ROUND_UP(cache->per_slab, MACH_SLAB_WORD);

	memset(slab->free, 0xff, words * sizeof(u64));
	slab->free[words - 1] >>= words * MACH_SLAB_WORD - cache->per_slab;
	slab->nr_free = cache->per_slab;
}

/**
 * mach_slab_make - Make a slab for a cache
 * @cache: not locked
 * @gfp: for the source
 *
 * Its colour follows from its address: those of neighbours differ, and nobody
 * has to remember whose turn it is. Return: all its objects are constructed; or
 * NULL if there is no memory.
 */
struct mach_slab *mach_slab_make(struct mach_slab_cache *cache, gfp_t gfp)
{
	struct mach_slab *slab = cache->source->get(cache->order, gfp);
	unsigned int i, colour;

	if (!slab)
		return NULL;
	colour = (unsigned long)slab / mach_slab_bytes(cache) % cache->colours;
	slab->cache = cache;
	slab->first = mach_slab_header(cache, cache->per_slab) +
		      mach_slab_margin(cache) +
		      colour * mach_slab_colour_step(cache);
	mach_slab_set_all_free(cache, slab);
	for (i = 0; i < cache->per_slab; i++) {
		void *object = mach_slab_object(cache, slab, i);

		if (mach_slab_debug(cache)) {
			memset(object, MACH_SLAB_POISON, cache->size);
			mach_slab_set_zones(cache, object);
		} else if (cache->construct) {
			cache->construct(object);
		}
	}
	return slab;
}
EXPORT_SYMBOL_IF_KUNIT(mach_slab_make);

/* A slab that was just made for this cache, which is locked */
void mach_slab_add(struct mach_slab_cache *cache, struct mach_slab *slab)
{
	list_add(&slab->link, &cache->empty);
	cache->nr_slabs++;
	cache->nr_empty++;
}
EXPORT_SYMBOL_IF_KUNIT(mach_slab_add);

static bool mach_slab_partial(const struct mach_slab_cache *cache,
			      unsigned int nr_free)
{
	return nr_free && nr_free < cache->per_slab;
}

/* Which list a slab belongs in when it has so many free objects */
static struct list_head *mach_slab_list(struct mach_slab_cache *cache,
					unsigned int nr_free)
{
	if (mach_slab_partial(cache, nr_free))
		return &cache->partial;
	return nr_free ? &cache->empty : &cache->full;
}

/*
 * To the front: one that was full just now is filled up again first, so that
 * those with few objects in use become empty.
 */
static void mach_slab_set_nr_free(struct mach_slab_cache *cache,
				  struct mach_slab *slab, unsigned int nr_free)
{
	struct list_head *from, *to;

	if (mach_slab_partial(cache, slab->nr_free) &&
	    mach_slab_partial(cache, nr_free)) {
		slab->nr_free = nr_free;
		return;
	}
	from = mach_slab_list(cache, slab->nr_free);
	to = mach_slab_list(cache, nr_free);
	slab->nr_free = nr_free;
	list_move(&slab->link, to);
	cache->nr_empty += (to == &cache->empty) - (from == &cache->empty);
}

/* Takes free objects out of one slab, at most @n. */
static unsigned int mach_slab_take(struct mach_slab_cache *cache,
				   struct mach_slab *slab, void **objects,
				   unsigned int n)
{
	unsigned int got = 0, base = 0;
	u64 *word = slab->free;

	if (n > slab->nr_free)
		n = slab->nr_free;
	for (; got < n; word++, base += MACH_SLAB_WORD) {
		u64 bits = *word;

		for (; bits && got < n; bits &= bits - 1)
			objects[got++] = mach_slab_object(cache, slab,
							  base + __ffs64(bits));
		*word = bits;
	}
	mach_slab_set_nr_free(cache, slab, slab->nr_free - n);
	return n;
}

static void mach_slab_unseal(struct mach_slab_cache *cache, void **objects,
			     unsigned int n)
{
	for (; n; n--, objects++) {
		mach_slab_check_free(cache, *objects);
		if (cache->construct)
			cache->construct(*objects);
	}
}

/**
 * mach_slab_alloc - Hand out objects
 * @cache: locked
 * @objects: where to put their addresses
 * @n: how many are wanted
 *
 * Takes them out of slabs that are there. In debug mode, one that was written
 * to while it was free is counted in nr_bad and handed out all the same. Return:
 * how many; fewer than @n when the slabs have no more.
 */
unsigned int mach_slab_alloc(struct mach_slab_cache *cache, void **objects,
			     unsigned int n)
{
	unsigned int got = 0;

	while (got < n) {
		struct list_head *from = &cache->partial;

		if (list_empty(from))
			from = &cache->empty;
		if (list_empty(from))
			break;
		got += mach_slab_take(cache,
				      list_first_entry(from, struct mach_slab,
						       link),
				      objects + got, n - got);
	}
	cache->nr_active += got;
	if (mach_slab_debug(cache))
		mach_slab_unseal(cache, objects, got);
	return got;
}
EXPORT_SYMBOL_IF_KUNIT(mach_slab_alloc);

/* The two that leave the cache as it is are told apart from the third. */
static enum mach_slab_misuse mach_slab_give(struct mach_slab_cache *cache,
					    void *object)
{
	struct mach_slab *slab = mach_slab_of(cache, object);
	enum mach_slab_misuse misuse = MACH_SLAB_OK;
	unsigned int offset, i;
	u64 *word, bit;

	if (slab->cache != cache)
		return MACH_SLAB_FOREIGN;
	/* below the first object, this is huge */
	offset = object - (void *)slab - slab->first;
	i = offset / cache->stride;
	if (i >= cache->per_slab || i * cache->stride != offset)
		return MACH_SLAB_FOREIGN;
	word = &slab->free[i / MACH_SLAB_WORD];
	bit = 1ULL << i % MACH_SLAB_WORD;
	if (*word & bit)
		return MACH_SLAB_TWICE;
	if (mach_slab_debug(cache)) {
		misuse = mach_slab_check_zones(cache, object);
		memset(object, MACH_SLAB_POISON, cache->size);
	}
	*word |= bit;
	cache->nr_active--;
	mach_slab_set_nr_free(cache, slab, slab->nr_free + 1);
	return misuse;
}

/**
 * mach_slab_free - Take objects back
 * @cache: locked
 * @objects: addresses of mapped memory; without debug mode, as constructed
 * @n: how many
 *
 * What is not an object in use is left alone; an object with a broken red zone
 * is free afterwards. Return: how many were bad; nr_bad counts them, too.
 */
unsigned int mach_slab_free(struct mach_slab_cache *cache, void **objects,
			    unsigned int n)
{
	unsigned int bad = 0;

	for (; n; n--, objects++) {
		enum mach_slab_misuse misuse = mach_slab_give(cache, *objects);

		if (misuse == MACH_SLAB_OK)
			continue;
		mach_slab_note(cache, misuse, *objects);
		bad++;
	}
	return bad;
}
EXPORT_SYMBOL_IF_KUNIT(mach_slab_free);

/* Nothing wrote into a slab's free objects, nor beside them. */
static void mach_slab_check_empty(struct mach_slab_cache *cache,
				  struct mach_slab *slab)
{
	unsigned int i;

	for (i = 0; i < cache->per_slab; i++)
		mach_slab_check_free(cache, mach_slab_object(cache, slab, i));
}

/**
 * mach_slab_reap - Take empty slabs out
 * @cache: locked
 * @n: how many at most
 * @slabs: where to put them, for mach_slab_release()
 *
 * Return: how many.
 */
unsigned int mach_slab_reap(struct mach_slab_cache *cache, unsigned int n,
			    struct list_head *slabs)
{
	unsigned int reaped = 0;

	for (; reaped < n && !list_empty(&cache->empty); reaped++) {
		struct mach_slab *slab =
			list_first_entry(&cache->empty, struct mach_slab, link);

		if (mach_slab_debug(cache))
			mach_slab_check_empty(cache, slab);
		list_move(&slab->link, slabs);
	}
	cache->nr_slabs -= reaped;
	cache->nr_empty -= reaped;
	cache->nr_freed += reaped;
	return reaped;
}

/**
 * mach_slab_release - Give slabs back to the source
 * @cache: not locked
 * @slabs: from mach_slab_reap(); empty afterwards
 */
void mach_slab_release(struct mach_slab_cache *cache, struct list_head *slabs)
{
	while (!list_empty(slabs)) {
		struct mach_slab *slab =
			list_first_entry(slabs, struct mach_slab, link);

		list_del(&slab->link);
		/* a late free of one of its objects is a foreign one */
		slab->cache = NULL;
		cache->source->put(slab, cache->order);
	}
}

/**
 * mach_slab_cache_destroy - Give all slabs back
 * @cache: nobody else uses it
 *
 * Return: how many objects are still in use: then it does nothing.
 */
unsigned long mach_slab_cache_destroy(struct mach_slab_cache *cache)
{
	struct list_head slabs;

	if (cache->nr_active)
		return cache->nr_active;
	INIT_LIST_HEAD(&slabs);
	mach_slab_reap(cache, ~0U, &slabs);
	mach_slab_release(cache, &slabs);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(mach_slab_cache_destroy);
