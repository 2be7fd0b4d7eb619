// SPDX-License-Identifier: GPL-2.0-only
/* Page-out: judging pages when frames run short, and the limits of an object. */
#include "vm_pageout.h"
#include "data_return.h"
#include "object/page_queue.h"
#include "object/vm_drop.h"
#include "room.h"

#include <linux/workqueue.h>

/* Freed at a time at least: a revoke costs the same for one page or many. */
#define MACH_PAGEOUT_BATCH	MACH_CLUSTER_MAX_PAGES
/* Runs that one scan judges at most. */
#define MACH_PAGEOUT_TURNS	64

static void mach_pageout_work_fn(struct work_struct *work);
static DECLARE_WORK(mach_pageout_work, mach_pageout_work_fn);

/* The cluster around a dirty page, so that its neighbours go along. */
static void mach_pageout_launder_around(struct mach_object *object,
					pgoff_t index)
{
	pgoff_t first = round_down(index, MACH_CLUSTER_MAX_PAGES);
	pgoff_t end = min_t(pgoff_t, first + MACH_CLUSTER_MAX_PAGES,
			    mach_object_npages(object));

	mach_data_return_launder(object, first, end);
}

/* Judge pages until @wanted are free. Return: how many were freed. */
static unsigned int mach_pageout_scan(unsigned int wanted)
{
	unsigned int dropped = 0, turns = MACH_PAGEOUT_TURNS;
	struct mach_eviction eviction;
	struct mach_object *object;
	pgoff_t index;

	while (dropped < wanted && turns--) {
		object = mach_queue_next(mach_object_try_get, &index);
		if (!object)
			break;
		mach_object_evict(object, index, NULL, &eviction);
		dropped += eviction.dropped;
		if (eviction.dirty)
			mach_pageout_launder_around(object, index);
		mach_object_put(object);
		cond_resched();
	}
	if (dropped)
		mach_room_gain(dropped);
	return dropped;
}

/* Frames are short: free some before somebody has to wait. */
static void mach_pageout_work_fn(struct work_struct *work)
{
	while (mach_page_short() && mach_pageout_scan(MACH_PAGEOUT_BATCH))
		;
	/* still low: nothing can go now, and who needs a frame will look */
	mach_page_arm_low();
}

/* One turn over the pages of a chunk. Return: pages dropped. */
static unsigned int mach_pageout_judge_chunk(struct mach_chunk *chunk)
{
	unsigned int at = 0, dropped = 0;
	struct mach_eviction eviction;
	struct mach_object *object;
	pgoff_t index;

	while ((object = mach_queue_next_in(chunk, &at, mach_object_try_get,
					    &index))) {
		mach_object_evict(object, index, chunk, &eviction);
		dropped += eviction.dropped;
		mach_object_put_later(object);
	}
	return dropped;
}

/* The second turn takes also those that the first one has found used. */
static bool mach_pageout_empty(bool used)
{
	struct mach_chunk *chunk = mach_queue_oldest_chunk();
	unsigned int dropped;

	if (!chunk)
		return false;
	dropped = mach_pageout_judge_chunk(chunk);
	if (used)
		dropped += mach_pageout_judge_chunk(chunk);
	if (dropped)
		mach_room_gain(dropped);
	return true;
}

/* Clean pages that are on a queue, about */
static unsigned long mach_pageout_evictable(void)
{
	struct mach_object_counts sum;
	unsigned long active, inactive;

	mach_queue_count(&active, &inactive);
	mach_object_sum(&sum);
	return active + inactive - min_t(u64, sum.dirty, active + inactive);
}

static const struct mach_page_evictor mach_pageout_evictor = {
	.count = mach_pageout_evictable,
	.empty = mach_pageout_empty,
};

static void mach_pageout_low(void)
{
	mach_object_queue(&mach_pageout_work);
}

/**
 * mach_pageout_alloc - Get frames for a request, making room if need be
 * @frames: out: one whole page each
 * @n: how many
 *
 * Never waits for a pager. Pagers may use the reserve, because room is made by
 * them. Return: 0, or -EAGAIN when mach_pageout_wait() may help.
 */
int mach_pageout_alloc(struct bio_vec *frames, unsigned int n)
{
	if (!mach_page_get(frames, n, 0))
		return 0;
	mach_pageout_scan(max_t(unsigned int, n, MACH_PAGEOUT_BATCH));
	if (!mach_page_get(frames, n,
			   mach_pager_current() ? MACH_PAGE_RESERVE : 0))
		return 0;
	return -EAGAIN;
}

/*
 * May one more page of it be written? Its user may have to clean others first. Under any
 * lock; without one mach_pageout_has_room() finds more.
 */
bool mach_pageout_may_dirty(struct mach_object *object)
{
	/* a number that was right a moment ago will do */
	return data_race(object->counts.dirty) < mach_pool_limit() / 2 &&
	       mach_object_fits(object, 1);
}

/* The same, also if frames of its user are free that were held; under no lock */
bool mach_pageout_has_room(struct mach_object *object)
{
	return mach_object_has_room(object, 1) && mach_pageout_may_dirty(object);
}

/* May @n more frames wait for its data, as far as its user has room? */
bool mach_pageout_may_ask(struct mach_object *object, unsigned int n)
{
	/* a number that was right a moment ago will do */
	return data_race(object->counts.busy) + n <= mach_pool_limit() / 4 &&
	       (object->exempt ||
		mach_user_may(object->user, MACH_USER_REQUESTS, 1));
}

/**
 * mach_pageout_wait - Wait until an object may ask for a page
 * @object: for which there was no room
 * @manner: of waiting
 *
 * No lock of the module is held by the caller. Bounded by the time that pagers have.
 * Return: 0: try again; -EINTR; -ENOMEM: everything is dirty and not taken, or pinned.
 */
int mach_pageout_wait(struct mach_object *object, enum mach_manner manner)
{
	struct mach_patience patience = mach_patience_begin(NULL, manner);
	int err = 0;
	bool room;

	while (!err) {
		if (mach_object_is_dead(object))
			return 0;
		room = mach_pageout_may_ask(object, 1) &&
		       mach_object_has_room(object, 1);
		if (room && (mach_page_available() > mach_pool_reserve() ||
			     mach_pageout_scan(MACH_PAGEOUT_BATCH)))
			return 0;
		err = mach_patience_wait(&patience, room ? NULL : object);
	}
	return err;
}

/* If it is its user who has too many, dirty pages of his other objects go as well. */
static void mach_pageout_clean_others(struct mach_object *object)
{
	struct mach_object *other = NULL;

	if (mach_object_has_room(object, 1))
		return;
	while ((other = mach_object_next(other)))
		if (other != object && other->user == object->user &&
		    other->pager)
			mach_data_return_launder(other, 0, mach_object_npages(other));
}

/**
 * mach_pageout_throttle - Wait until a page of an object may be written
 * @object: with too many dirty pages; no lock is held
 * @manner: of waiting
 *
 * Return: as mach_pageout_wait().
 */
int mach_pageout_throttle(struct mach_object *object, enum mach_manner manner)
{
	struct mach_patience patience = mach_patience_begin(object, manner);
	int err = 0;

	mach_pageout_clean_others(object);
	while (!err && !mach_object_is_dead(object) &&
	       !mach_pageout_has_room(object)) {
		mach_data_return_launder(object, 0, mach_object_npages(object));
		err = mach_patience_wait(&patience, object);
	}
	return err;
}

void __init mach_pageout_init(void)
{
	mach_page_set_low_hook(mach_pageout_low);
	mach_page_set_evictor(&mach_pageout_evictor);
}

void mach_pageout_exit(void)
{
	mach_page_switch_low_off();
	cancel_work_sync(&mach_pageout_work);
}
