// SPDX-License-Identifier: GPL-2.0-only
/* Chunks from Linux and back, and the frames in them. */
#include "pool.h"
#include "base/compat.h"

#include <linux/io.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

/* How long Linux is not asked again after it had no chunk */
#define MACH_POOL_PAUSE		(HZ / 10)
/* The same for a pool that has nothing, and so has nothing to make do with */
#define MACH_POOL_BREATH	(HZ / 100)

#define MACH_TABLE_ORDER \
	order_base_2(MACH_CHUNK_FRAMES * sizeof(struct mach_frame) / PAGE_SIZE)

/**
 * struct mach_pool - All chunks
 *
 * (l) @lock, (g) @growing, (r) written under @lock, read without
 *
 * @lock: of the buddy allocator and the counts
 * @growing: who asks Linux for a chunk
 * @grower: (g) the thread that does; looked at without it
 * @buddy: (l)
 * @nr_chunks: (l)
 * @nr_used: (l) frames that are not free
 * @limit: (r) most frames
 * @room: (r) frames that can be had, some perhaps from Linux
 * @idle: (l) fewest idle chunks since mach_pool_long_idle() was asked
 * @pause: (l) jiffies when Linux may be asked again
 * @breath: (l) the same, if there is no chunk
 * @told: (l) frames that Linux counts as reclaimable
 * @taken: (l) chunks ever
 * @given_back: (l) chunks ever
 * @refused: (l) chunks ever
 */
struct mach_pool {
	spinlock_t lock; /* see above */
	struct mutex growing; /* see above */
	struct task_struct *grower;
	struct mach_buddy buddy;
	unsigned long nr_chunks;
	unsigned long nr_used;
	unsigned long limit;
	long room;
	unsigned long idle;
	unsigned long pause;
	unsigned long breath;
	unsigned long told;
	unsigned long taken;
	unsigned long given_back;
	unsigned long refused;
};

static struct mach_pool mach_pool = {
	.lock = __SPIN_LOCK_UNLOCKED(mach_pool.lock),
	.growing = __MUTEX_INITIALIZER(mach_pool.growing),
};

/* Frames that are handed out for the sake of progress only */
static unsigned long mach_pool_reserve_of(unsigned long limit)
{
	return clamp(limit / 64, 64UL, 4096UL);
}

unsigned long mach_pool_reserve(void)
{
	return mach_pool_reserve_of(READ_ONCE(mach_pool.limit));
}

unsigned long mach_pool_limit(void)
{
	return READ_ONCE(mach_pool.limit);
}
EXPORT_SYMBOL_IF_KUNIT(mach_pool_limit);

/* Frames that can be had: free, or not yet asked for; below 0 after a cut. */
long mach_pool_room(void)
{
	return READ_ONCE(mach_pool.room);
}

static bool mach_pool_may_grow(void)
{
	lockdep_assert_held(&mach_pool.lock);
	return (mach_pool.nr_chunks + 1) * MACH_CHUNK_FRAMES <=
		       mach_pool.limit &&
	       time_after_eq(jiffies, mach_pool.nr_chunks ? mach_pool.pause :
							    mach_pool.breath);
}

static unsigned long mach_pool_idle_locked(void)
{
	unsigned long n = 0;
	unsigned int i;

	lockdep_assert_held(&mach_pool.lock);
	for (i = 0; i < MACH_SEGMENTS; i++)
		n += mach_pool.buddy.segments[i].nr_blocks[MACH_CHUNK_ORDER];
	return n;
}

/* After each change: what depends on the counts */
static void mach_pool_changed(void)
{
	long free = mach_pool.nr_chunks * MACH_CHUNK_FRAMES - mach_pool.nr_used;
	long room = mach_pool.limit - mach_pool.nr_used;

	lockdep_assert_held(&mach_pool.lock);
	if (!mach_pool_may_grow())
		room = min(room, free);
	WRITE_ONCE(mach_pool.room, room);
	mach_pool.idle = min(mach_pool.idle, mach_pool_idle_locked());
}

/*
 * So many frames could go back to Linux: it counts them as available. They are
 * told of at its first node, which is right in sum.
 */
static void mach_pool_tell_locked(unsigned long frames)
{
	lockdep_assert_held(&mach_pool.lock);
	mod_node_page_state(NODE_DATA(first_online_node),
			    NR_KERNEL_MISC_RECLAIMABLE,
			    (long)(frames - mach_pool.told));
	mach_pool.told = frames;
}

void mach_pool_tell(unsigned long frames)
{
	spin_lock(&mach_pool.lock);
	mach_pool_tell_locked(frames);
	spin_unlock(&mach_pool.lock);
}

/* Neighbours in one table are neighbours in memory. */
static void mach_pool_pages(struct mach_frame **frames, struct page **pages,
			    unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (i && frames[i] == frames[i - 1] + 1 &&
		    !IS_ALIGNED((unsigned long)frames[i],
				PAGE_SIZE << MACH_TABLE_ORDER))
			pages[i] = pages[i - 1] + 1;
		else
			pages[i] = mach_frame_page(frames[i]);
	}
}

/**
 * mach_pool_take - Take single frames out
 * @pages: where they go
 * @n: how many, at most MACH_POOL_BATCH
 * @reserve: the last ones as well
 *
 * Pages are put beside structures, whose chunks never become idle, only when the
 * pool cannot grow. Return: how many there were.
 */
unsigned int mach_pool_take(struct page **pages, unsigned int n, bool reserve)
{
	struct mach_frame *frames[MACH_POOL_BATCH];
	long allowed;

	spin_lock(&mach_pool.lock);
	allowed = mach_pool.limit - mach_pool.nr_used;
	if (!reserve)
		allowed -= mach_pool_reserve_of(mach_pool.limit);
	n = clamp_t(long, allowed, 0, n);
	if (mach_pool_may_grow() &&
	    mach_buddy_would_mix(&mach_pool.buddy, false, 0))
		n = 0;
	n = mach_buddy_alloc_frames(&mach_pool.buddy, MACH_SEGMENT_NORMAL,
				    frames, n);
	mach_pool.nr_used += n;
	mach_pool_changed();
	spin_unlock(&mach_pool.lock);
	mach_pool_pages(frames, pages, n);
	return n;
}

static bool mach_pool_give_locked(struct mach_frame *frame, unsigned int order)
{
	int err;

	lockdep_assert_held(&mach_pool.lock);
	err = mach_buddy_free(&mach_pool.buddy, frame, order);
	if (WARN_ONCE(err, "machvm: a block is freed that is not in use\n"))
		return false;
	mach_pool.nr_used -= 1UL << order;
	return true;
}

/**
 * mach_pool_give - Put single frames back
 * @pages: nobody else holds them
 * @n: how many
 */
void mach_pool_give(struct page **pages, unsigned int n)
{
	unsigned int i;

	spin_lock(&mach_pool.lock);
	for (i = 0; i < n; i++) {
		struct mach_frame *frame = mach_page_frame(pages[i]);

		frame->place = 0;
		mach_pool_give_locked(frame, 0);
	}
	mach_pool_changed();
	spin_unlock(&mach_pool.lock);
}

/**
 * mach_pool_take_block - Take neighbouring frames out
 * @block: which
 * @grow: the pool may grow rather than put it among others
 *
 * Return: the first, or NULL. The reserve is for these, too.
 */
struct page *mach_pool_take_block(const struct mach_block *block, bool grow)
{
	struct mach_frame *frame = NULL;
	bool mix;

	spin_lock(&mach_pool.lock);
	mix = !grow || !mach_pool_may_grow() ||
	      !mach_buddy_would_mix(&mach_pool.buddy, block->lasting,
				    block->order);
	/* while a cut limit is not reached yet, structures go on all the same */
	if (mix && (block->lasting ||
		    mach_pool.nr_used + (1UL << block->order) <=
			    mach_pool.limit))
		frame = mach_buddy_alloc(&mach_pool.buddy, block);
	if (frame)
		mach_pool.nr_used += 1UL << block->order;
	mach_pool_changed();
	spin_unlock(&mach_pool.lock);
	return frame ? mach_frame_page(frame) : NULL;
}

/* False if no such block is in use. */
bool mach_pool_give_block(struct page *page, unsigned int order)
{
	bool given;

	spin_lock(&mach_pool.lock);
	given = mach_pool_give_locked(mach_page_frame(page), order);
	mach_pool_changed();
	spin_unlock(&mach_pool.lock);
	return given;
}

/*
 * What is there first; then Linux may look for some, but not at all costs. kswapd is
 * not woken: it would take clean pages out of the pool, which is to grow.
 */
static struct page *mach_chunk_memory(void)
{
	const gfp_t gfp = (GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN) &
			  ~__GFP_KSWAPD_RECLAIM;
	struct page *page;

	page = alloc_pages(gfp & ~__GFP_RECLAIM, MACH_CHUNK_ORDER);
	if (!page)
		page = alloc_pages(gfp, MACH_CHUNK_ORDER);
	if (page)
		split_page(page, MACH_CHUNK_ORDER);
	return page;
}

static void mach_chunk_destroy(struct mach_chunk *chunk)
{
	struct page *page = chunk->memory;
	unsigned int i;

	for (i = 0; page && i < MACH_CHUNK_FRAMES; i++) {
		ClearPageChecked(page + i);
		folio_clear_active(page_folio(page + i));
		set_page_private(page + i, 0);
		/* whoever still pins it gives it back */
		__free_page(page + i);
	}
	if (chunk->frames) {
		page = virt_to_page(chunk->frames);
		set_page_private(page, 0);
		__free_pages(page, MACH_TABLE_ORDER);
	}
	kfree(chunk);
}

static struct mach_chunk *mach_chunk_create(void)
{
	gfp_t gfp = GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN | __GFP_ZERO;
	struct mach_chunk *chunk = kmalloc(sizeof(*chunk), gfp);
	struct page *table, *page;
	unsigned int i;

	if (!chunk)
		return NULL;
	table = alloc_pages(gfp | __GFP_COMP, MACH_TABLE_ORDER);
	page = table ? mach_chunk_memory() : NULL;
	if (table) {
		chunk->frames = page_address(table);
		set_page_private(table, (unsigned long)chunk);
	}
	if (!page) {
		mach_chunk_destroy(chunk);
		return NULL;
	}
	chunk->memory = page;
	chunk->address = page_to_phys(page);
	for (i = 0; i < MACH_CHUNK_FRAMES; i++) {
		set_page_private(page + i, (unsigned long)&chunk->frames[i]);
		SetPageChecked(page + i);
		/* or else Linux takes the reference mark back at a second use */
		folio_set_active(page_folio(page + i));
	}
	return chunk;
}

/* Asks Linux, unless somebody has just done so with success. */
static bool mach_pool_grow_one(unsigned long taken)
{
	struct mach_chunk *chunk;
	bool may, done;

	lockdep_assert_held(&mach_pool.growing);
	spin_lock(&mach_pool.lock);
	done = mach_pool.taken != taken;
	may = mach_pool_may_grow();
	spin_unlock(&mach_pool.lock);
	if (done || !may)
		return done;
	WRITE_ONCE(mach_pool.grower, current);
	chunk = mach_chunk_create();
	WRITE_ONCE(mach_pool.grower, NULL);
	spin_lock(&mach_pool.lock);
	if (chunk) {
		mach_buddy_add(&mach_pool.buddy, chunk);
		mach_pool.nr_chunks++;
		mach_pool.taken++;
		mach_pool_tell_locked(mach_pool.told + MACH_CHUNK_FRAMES);
	} else {
		mach_pool.pause = jiffies + MACH_POOL_PAUSE;
		mach_pool.breath = jiffies + MACH_POOL_BREATH;
		mach_pool.refused++;
	}
	mach_pool_changed();
	spin_unlock(&mach_pool.lock);
	return chunk;
}

/**
 * mach_pool_grow - Have Linux lend another chunk
 *
 * May sleep. Return: true when there is one more than before.
 */
bool mach_pool_grow(void)
{
	unsigned long taken;
	bool may, grown;

	spin_lock(&mach_pool.lock);
	taken = mach_pool.taken;
	may = mach_pool_may_grow();
	spin_unlock(&mach_pool.lock);
	if (!may || mutex_lock_killable(&mach_pool.growing))
		return false;
	grown = mach_pool_grow_one(taken);
	mutex_unlock(&mach_pool.growing);
	return grown;
}

/* Does the caller ask Linux for a chunk just now? */
bool mach_pool_is_growing(void)
{
	return READ_ONCE(mach_pool.grower) == current;
}

/* Linux is short: it is not asked for a while. */
void mach_pool_refrain(void)
{
	spin_lock(&mach_pool.lock);
	mach_pool.pause = jiffies + MACH_POOL_PAUSE;
	mach_pool_changed();
	spin_unlock(&mach_pool.lock);
}

/* Give one idle chunk back to Linux; false if there is none. */
bool mach_pool_release(void)
{
	struct mach_chunk *chunk;

	spin_lock(&mach_pool.lock);
	chunk = mach_buddy_idle(&mach_pool.buddy);
	if (chunk) {
		mach_buddy_remove(&mach_pool.buddy, chunk);
		mach_pool.nr_chunks--;
		mach_pool.given_back++;
		mach_pool_tell_locked(mach_pool.told -
				      min_t(unsigned long, mach_pool.told,
					    MACH_CHUNK_FRAMES));
		mach_pool_changed();
	}
	spin_unlock(&mach_pool.lock);
	if (chunk)
		mach_chunk_destroy(chunk);
	return chunk;
}

/* As many chunks were idle ever since the last call. */
unsigned long mach_pool_long_idle(void)
{
	unsigned long n;

	spin_lock(&mach_pool.lock);
	n = mach_pool.idle;
	mach_pool.idle = mach_pool_idle_locked();
	spin_unlock(&mach_pool.lock);
	return n;
}

/* Chunks beyond the limit, after it was cut */
unsigned long mach_pool_excess(void)
{
	unsigned long chunks, limit;

	spin_lock(&mach_pool.lock);
	chunks = mach_pool.nr_chunks;
	limit = mach_pool.limit / MACH_CHUNK_FRAMES;
	spin_unlock(&mach_pool.lock);
	return chunks > limit ? chunks - limit : 0;
}

void mach_pool_set_limit(unsigned long frames)
{
	spin_lock(&mach_pool.lock);
	WRITE_ONCE(mach_pool.limit, round_down(frames, MACH_CHUNK_FRAMES));
	mach_pool_changed();
	spin_unlock(&mach_pool.lock);
}
EXPORT_SYMBOL_IF_KUNIT(mach_pool_set_limit);

void mach_pool_get_counts(struct mach_pool_counts *counts)
{
	unsigned int i;

	spin_lock(&mach_pool.lock);
	counts->limit = mach_pool.limit;
	counts->chunks = mach_pool.nr_chunks;
	counts->used = mach_pool.nr_used;
	counts->taken = mach_pool.taken;
	counts->given_back = mach_pool.given_back;
	counts->refused = mach_pool.refused;
	for (i = 0; i < MACH_SEGMENTS; i++) {
		const struct mach_segment *segment =
			&mach_pool.buddy.segments[i];

		counts->segment_chunks[i] = segment->nr_chunks;
		counts->free[i] = segment->nr_free;
		memcpy(counts->blocks[i], segment->nr_blocks,
		       sizeof(counts->blocks[i]));
	}
	spin_unlock(&mach_pool.lock);
	counts->overhead = counts->chunks *
			   ((PAGE_SIZE << MACH_TABLE_ORDER) +
			    kmalloc_size_roundup(sizeof(struct mach_chunk)));
}

void mach_pool_init(void)
{
	mach_buddy_init(&mach_pool.buddy);
	mach_pool.pause = jiffies;
	mach_pool.breath = jiffies;
}

/* Everything goes back to Linux; nobody uses a frame any more, but who holds @aside. */
void mach_pool_exit(unsigned long aside)
{
	struct mach_chunk *chunk, *next;
	unsigned int i;

	mach_pool_tell(0);
	WARN(mach_pool.nr_used != aside, "machvm: %lu frames are left\n",
	     mach_pool.nr_used - aside);
	for (i = 0; i < MACH_SEGMENTS; i++)
		list_for_each_entry_safe(chunk, next,
					 &mach_pool.buddy.segments[i].chunks,
					 link)
			mach_chunk_destroy(chunk);
}
