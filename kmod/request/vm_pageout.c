// SPDX-License-Identifier: GPL-2.0-only
#include "vm_pageout.h"
#include "object/page_queue.h"
#include "object/vm_drop.h"

#include <linux/sched/signal.h>
#include <linux/wait.h>

/* Freed at a time at least: a revoke costs the same for one page or many. */
#define MACH_PAGEOUT_BATCH	MACH_CLUSTER_MAX_PAGES
/* Extents that one scan judges at most. */
#define MACH_PAGEOUT_TURNS	64
/* How often who waits looks again: frames also come back without a word. */
#define MACH_PAGEOUT_STEP	(HZ / 50)
/* Without hope only a pin can go; with an answer due, a deadline can pass. */
#define MACH_PAGEOUT_PINS	HZ
#define MACH_PAGEOUT_ANSWERS	msecs_to_jiffies(MACH_DEADLINE_DEFAULT)

static mach_launder_fn mach_pageout_launder;

/* Woken when a request has ended or frames were freed. */
static DECLARE_WAIT_QUEUE_HEAD(mach_pageout_waiters);
/* Requests with pages: under way, and ended so far; pages freed so far. */
static atomic_t mach_pageout_pending = ATOMIC_INIT(0);
static atomic_t mach_pageout_ended = ATOMIC_INIT(0);
static atomic_t mach_pageout_freed = ATOMIC_INIT(0);
static atomic_t mach_pageout_events = ATOMIC_INIT(0);

static void mach_pageout_work_fn(struct work_struct *work);
static DECLARE_WORK(mach_pageout_work, mach_pageout_work_fn);

/* A request with pages is under way. */
void mach_pageout_begin(void)
{
	atomic_inc(&mach_pageout_pending);
}

static void mach_pageout_wake(void)
{
	atomic_inc(&mach_pageout_events);
	/* a waiter that is missed looks again by itself */
	if (waitqueue_active(&mach_pageout_waiters))
		wake_up_all(&mach_pageout_waiters);
}

/* It has ended. */
void mach_pageout_end(void)
{
	atomic_dec(&mach_pageout_pending);
	atomic_inc(&mach_pageout_ended);
	mach_pageout_wake();
}

/* The cluster around a dirty page, so that its neighbours go along. */
static void mach_pageout_launder_around(struct mach_object *object,
					pgoff_t index)
{
	pgoff_t first = round_down(index, MACH_CLUSTER_MAX_PAGES);
	pgoff_t end = min_t(pgoff_t, first + MACH_CLUSTER_MAX_PAGES,
			    object->npages);

	mach_pageout_launder(object, first, end);
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
		mach_object_evict(object, index, &eviction);
		dropped += eviction.dropped;
		if (eviction.dirty)
			mach_pageout_launder_around(object, index);
		mach_object_put(object);
		cond_resched();
	}
	if (dropped) {
		atomic_add(dropped, &mach_pageout_freed);
		mach_pageout_wake();
	}
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

/* May one more page of it be written? */
bool mach_pageout_may_dirty(struct mach_object *object)
{
	/* a number that was right a moment ago will do */
	return data_race(object->counts.dirty) < mach_pool_limit() / 2;
}

/* May @n more frames wait for its data? */
bool mach_pageout_may_ask(struct mach_object *object, unsigned int n)
{
	/* a number that was right a moment ago will do */
	return data_race(object->counts.busy) + n <= mach_pool_limit() / 4;
}

/**
 * struct mach_patience - How long to wait for others
 * @started: jiffies
 * @object: whose pager alone can help, or NULL
 * @errors: its errors by then
 * @freed: pages that had been freed when that last changed
 * @due: how many requests will have ended when all of that time have
 */
struct mach_patience {
	unsigned long started;
	struct mach_object *object;
	u64 errors;
	int freed;
	int due;
};

static void mach_patience_renew(struct mach_patience *patience)
{
	patience->freed = atomic_read(&mach_pageout_freed);
	patience->due = atomic_read(&mach_pageout_ended) +
			atomic_read(&mach_pageout_pending);
}

static struct mach_patience mach_patience_begin(struct mach_object *object)
{
	struct mach_patience patience = {
		.started = jiffies,
		.object = object,
	};

	if (object)
		/* a number that was right a moment ago will do */
		patience.errors = data_race(object->counts.errors);
	mach_patience_renew(&patience);
	return patience;
}

/* Will no answer help any more? */
static bool mach_patience_hopeless(struct mach_patience *patience)
{
	struct mach_object *object = patience->object;

	if (object)
		/* see mach_patience_begin() */
		return data_race(object->counts.errors) != patience->errors;
	if (atomic_read(&mach_pageout_freed) != patience->freed)
		mach_patience_renew(patience);
	/* all answers that were due have come, and nothing came of them */
	return atomic_read(&mach_pageout_ended) - patience->due >= 0 &&
	       atomic_read(&mach_pageout_freed) == patience->freed;
}

/* Wait for a change. Return: 0, -EINTR, or -ENOMEM when none is to come. */
static int mach_patience_wait(struct mach_patience *patience)
{
	unsigned long waited = jiffies - patience->started;
	int events = atomic_read(&mach_pageout_events);

	if (waited >= (mach_patience_hopeless(patience) ?
		       MACH_PAGEOUT_PINS : MACH_PAGEOUT_ANSWERS))
		return -ENOMEM;
	if (wait_event_killable_timeout(mach_pageout_waiters,
					atomic_read(&mach_pageout_events) !=
					events, MACH_PAGEOUT_STEP) < 0)
		return -EINTR;
	return 0;
}

/**
 * mach_pageout_wait - Wait until an object may ask for a page
 * @object: for which there was no room
 *
 * No lock is held by the caller. Killable, and bounded by the time that pagers
 * have. Return: 0: try again; -EINTR; -ENOMEM: everything is dirty and not
 * taken, or pinned.
 */
int mach_pageout_wait(struct mach_object *object)
{
	struct mach_patience patience = mach_patience_begin(NULL);
	int err = 0;

	while (!err) {
		if (mach_object_is_dead(object))
			return 0;
		if (mach_pageout_may_ask(object, 1) &&
		    (mach_page_available() > mach_pool_reserve() ||
		     mach_pageout_scan(MACH_PAGEOUT_BATCH)))
			return 0;
		err = mach_patience_wait(&patience);
	}
	return err;
}

/**
 * mach_pageout_throttle - Wait until a page of an object may be written
 * @object: with too many dirty pages; no lock is held
 *
 * Return: as mach_pageout_wait().
 */
int mach_pageout_throttle(struct mach_object *object)
{
	struct mach_patience patience = mach_patience_begin(object);
	int err = 0;

	while (!err && !mach_pageout_may_dirty(object) &&
	       !mach_object_is_dead(object)) {
		mach_pageout_launder(object, 0, object->npages);
		err = mach_patience_wait(&patience);
	}
	return err;
}

void mach_pageout_init(mach_launder_fn launder)
{
	mach_pageout_launder = launder;
	mach_page_set_low_hook(mach_pageout_low);
}

void mach_pageout_exit(void)
{
	mach_page_set_low_hook(NULL);
	cancel_work_sync(&mach_pageout_work);
}
