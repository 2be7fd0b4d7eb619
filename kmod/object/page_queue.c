// SPDX-License-Identifier: GPL-2.0-only
/* The active and the inactive queue, and the policies that order them. */
#include "page_queue.h"

#include <linux/module.h>
#include <linux/sysfs.h>

/* Pages that one call makes inactive at most: the queue lock is held. */
#define MACH_QUEUE_BALANCE	32
/* Pages of dying objects that one call passes over at most. */
#define MACH_QUEUE_TRIES	32
/* Pages that a search for another chunk passes over under the lock, and chunks */
#define MACH_QUEUE_VISITS	256
#define MACH_QUEUE_CHUNKS	256

static DEFINE_SPINLOCK(mach_queue_lock);
static struct mach_queues mach_queues = {
	.active = LIST_HEAD_INIT(mach_queues.active),
	.inactive = LIST_HEAD_INIT(mach_queues.inactive),
};

static void mach_queue_remove(struct mach_queues *queues,
			      struct mach_frame *frame)
{
	lockdep_assert_held(&mach_queue_lock);
	list_del(&frame->link);
	if (frame->place == MACH_PLACE_ACTIVE)
		queues->nr_active--;
	else
		queues->nr_inactive--;
}

static void mach_queue_activate(struct mach_queues *queues,
				struct mach_frame *frame)
{
	lockdep_assert_held(&mach_queue_lock);
	frame->place = MACH_PLACE_ACTIVE;
	list_add_tail(&frame->link, &queues->active);
	queues->nr_active++;
}

static void mach_queue_deactivate(struct mach_queues *queues,
				  struct mach_frame *frame)
{
	lockdep_assert_held(&mach_queue_lock);
	frame->place = MACH_PLACE_INACTIVE;
	list_add_tail(&frame->link, &queues->inactive);
	queues->nr_inactive++;
}

static struct mach_frame *mach_queue_first(struct list_head *queue)
{
	lockdep_assert_held(&mach_queue_lock);
	return list_first_entry_or_null(queue, struct mach_frame, link);
}

/* Make pages inactive until there are at most @ratio times as many active. */
static void mach_queue_balance(struct mach_queues *queues, unsigned int ratio)
{
	unsigned int i;

	lockdep_assert_held(&mach_queue_lock);
	for (i = 0; i < MACH_QUEUE_BALANCE &&
	     queues->nr_active > queues->nr_inactive * ratio; i++) {
		struct mach_frame *oldest = mach_queue_first(&queues->active);

		mach_queue_remove(queues, oldest);
		mach_queue_deactivate(queues, oldest);
	}
}

/*
 * Second chance, as in Mach: what somebody asked for is active, the rest of its
 * cluster has yet to be used. A third of all pages is inactive, oldest first;
 * one that was used when its turn comes is active again.
 */
static void mach_second_chance_enter(struct mach_queues *queues,
				     struct mach_frame *frame, bool asked)
{
	lockdep_assert_held(&mach_queue_lock);
	if (asked)
		mach_queue_activate(queues, frame);
	else
		mach_queue_deactivate(queues, frame);
}

static struct mach_frame *mach_second_chance_next(struct mach_queues *queues)
{
	lockdep_assert_held(&mach_queue_lock);
	mach_queue_balance(queues, 2);
	return mach_queue_first(&queues->inactive);
}

static void mach_second_chance_used(struct mach_queues *queues,
				    struct mach_frame *frame)
{
	lockdep_assert_held(&mach_queue_lock);
	mach_queue_remove(queues, frame);
	mach_queue_activate(queues, frame);
}

/* In the order in which they came, whether they are used or not. */
static void mach_fifo_enter(struct mach_queues *queues,
			    struct mach_frame *frame, bool asked)
{
	lockdep_assert_held(&mach_queue_lock);
	mach_queue_deactivate(queues, frame);
}

static struct mach_frame *mach_fifo_next(struct mach_queues *queues)
{
	lockdep_assert_held(&mach_queue_lock);
	/* what another policy has left */
	mach_queue_balance(queues, 0);
	return mach_queue_first(&queues->inactive);
}

static void mach_fifo_used(struct mach_queues *queues, struct mach_frame *frame)
{
	lockdep_assert_held(&mach_queue_lock);
}

static const struct mach_policy mach_policies[] = {
	{
		.name = "second-chance",
		.enter = mach_second_chance_enter,
		.next = mach_second_chance_next,
		.used = mach_second_chance_used,
	},
	{
		.name = "fifo",
		.enter = mach_fifo_enter,
		.next = mach_fifo_next,
		.used = mach_fifo_used,
	},
};

/* Guarded by the queue lock. */
static const struct mach_policy *mach_policy = &mach_policies[0];

static int mach_policy_set(const char *name, const struct kernel_param *param)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mach_policies); i++) {
		if (!sysfs_streq(name, mach_policies[i].name))
			continue;
		spin_lock(&mach_queue_lock);
		mach_policy = &mach_policies[i];
		spin_unlock(&mach_queue_lock);
		return 0;
	}
	return -EINVAL;
}

static int mach_policy_get(char *buffer, const struct kernel_param *param)
{
	return sysfs_emit(buffer, "%s\n", READ_ONCE(mach_policy)->name);
}

static const struct kernel_param_ops mach_policy_ops = {
	.set = mach_policy_set,
	.get = mach_policy_get,
};

module_param_cb(policy, &mach_policy_ops, NULL, 0644);
MODULE_PARM_DESC(policy,
		 "Page replacement: second-chance (default) or fifo");

/**
 * mach_queue_enter - Pages have become resident, or come back from a return
 * @frames: theirs, in an object that the caller has locked
 * @n: how many
 * @asked: the one that somebody waits for, or NULL
 */
void mach_queue_enter(const struct bio_vec *frames, unsigned int n,
		      const struct page *asked)
{
	unsigned int i;

	spin_lock(&mach_queue_lock);
	for (i = 0; i < n; i++)
		if (!mach_page_is_wired(frames[i].bv_page))
			mach_policy->enter(&mach_queues,
					   mach_page_frame(frames[i].bv_page),
					   frames[i].bv_page == asked);
	spin_unlock(&mach_queue_lock);
}

static bool mach_frame_queued(const struct mach_frame *frame)
{
	return frame->place == MACH_PLACE_ACTIVE ||
	       frame->place == MACH_PLACE_INACTIVE;
}

/* A page is no longer resident, or on its way out: nobody judges it. */
void mach_queue_leave(struct page *page)
{
	struct mach_frame *frame = mach_page_frame(page);

	spin_lock(&mach_queue_lock);
	if (mach_frame_queued(frame))
		mach_queue_remove(&mach_queues, frame);
	frame->place = 0;
	spin_unlock(&mach_queue_lock);
}

/* Wired pages that would be on a queue otherwise, and those that would not */
static atomic_long_t mach_queue_wired = ATOMIC_LONG_INIT(0);
static atomic_long_t mach_queue_wired_internal = ATOMIC_LONG_INIT(0);

static atomic_long_t *mach_queue_wired_count(bool judged)
{
	return judged ? &mach_queue_wired : &mach_queue_wired_internal;
}

unsigned long mach_queue_count_wired(bool judged)
{
	return atomic_long_read(mach_queue_wired_count(judged));
}
EXPORT_SYMBOL_IF_KUNIT(mach_queue_count_wired);

/**
 * mach_queue_wire - A page of an object, which is locked, may not be taken away
 * @page: in whatever state
 * @judged: it would belong on a queue otherwise
 *
 * Nothing is known here of the page's object, so its lock cannot be asserted. Counts,
 * and the page is on no queue. Source: Mach's vm_page_wire.
 */
void mach_queue_wire(struct page *page, bool judged)
{
	struct mach_frame *frame = mach_page_frame(page);

	if (!mach_page_is_wired(page)) {
		mach_queue_leave(page);
		frame->bits |= MACH_FRAME_WIRED;
		frame->wirings = 0;
		atomic_long_inc(mach_queue_wired_count(judged));
	}
	frame->wirings++;
}

/**
 * mach_queue_unwire - One reason less to keep a page
 * @page: wired, of an object that is locked
 * @judged: it belongs on a queue when the last reason went
 */
void mach_queue_unwire(struct page *page, bool judged)
{
	struct mach_frame *frame = mach_page_frame(page);
	struct bio_vec bvec = { .bv_page = page };

	if (--frame->wirings)
		return;
	frame->bits &= ~MACH_FRAME_WIRED;
	atomic_long_dec(mach_queue_wired_count(judged));
	/* one in a return enters when that ends */
	if (judged && mach_page_state(page) == MACH_PAGE_RESIDENT)
		mach_queue_enter(&bvec, 1, page);
}

bool mach_queue_inactive(struct page *page)
{
	/* may be judged; wrong for a moment at worst */
	return data_race(mach_page_frame(page)->place) == MACH_PLACE_INACTIVE;
}

/* A judged page stays: it was used, or its pager has to take it first. */
void mach_queue_used(struct page *page)
{
	if (mach_page_is_wired(page))
		return;
	spin_lock(&mach_queue_lock);
	mach_policy->used(&mach_queues, mach_page_frame(page));
	spin_unlock(&mach_queue_lock);
}

/* Nobody will want a page of an object, which is locked, soon. */
void mach_queue_unused(struct page *page)
{
	struct mach_frame *frame = mach_page_frame(page);

	folio_clear_referenced(page_folio(page));
	spin_lock(&mach_queue_lock);
	if (frame->place == MACH_PLACE_ACTIVE) {
		mach_queue_remove(&mach_queues, frame);
		mach_queue_deactivate(&mach_queues, frame);
	}
	spin_unlock(&mach_queue_lock);
}

/* A page that was to go is back, and clean: it is judged next. */
void mach_queue_enter_first(struct page *page)
{
	struct mach_frame *frame = mach_page_frame(page);

	if (mach_page_is_wired(page))
		return;
	spin_lock(&mach_queue_lock);
	mach_queue_deactivate(&mach_queues, frame);
	list_move(&frame->link, &mach_queues.inactive);
	spin_unlock(&mach_queue_lock);
}

/**
 * mach_queue_next - The page to be judged next
 * @grab: takes a reference of an object, if it still has any
 * @index: out: the page's
 *
 * The page goes to the end, so that the next call finds another one. Return:
 * its object, grabbed, or NULL.
 */
struct mach_object *mach_queue_next(bool (*grab)(struct mach_object *object),
				    pgoff_t *index)
{
	struct mach_object *object = NULL;
	struct mach_frame *frame;
	unsigned int i;

	spin_lock(&mach_queue_lock);
	for (i = 0; i < MACH_QUEUE_TRIES && !object; i++) {
		frame = mach_policy->next(&mach_queues);
		if (!frame)
			break;
		list_move_tail(&frame->link, &mach_queues.inactive);
		if (!grab(frame->object))
			continue;
		object = frame->object;
		*index = mach_frame_index(frame);
	}
	spin_unlock(&mach_queue_lock);
	return object;
}

/* Nobody but an object's queue has a frame of the chunk, and all are clean. */
static bool mach_queue_may_empty(const struct mach_chunk *chunk)
{
	unsigned int i;

	lockdep_assert_held(&mach_queue_lock);
	for (i = 0; i < MACH_CHUNK_FRAMES; i++) {
		const struct mach_frame *frame = &chunk->frames[i];
		/* of frames that are on no queue it may change meanwhile */
		u8 place = data_race(READ_ONCE(frame->place));
		/* a guess will do: it is judged under its object's lock */
		u8 bits = data_race(READ_ONCE(frame->bits));

		if (place <= MACH_CHUNK_ORDER || place == MACH_PLACE_ASIDE)
			return false;
		if ((place == MACH_PLACE_ACTIVE ||
		     place == MACH_PLACE_INACTIVE) && bits & MACH_FRAME_DIRTY)
			return false;
	}
	return true;
}

/*
 * The chunk of the next page that is in another one than @not; the pages on the way
 * go to the end. *@none: there are no pages.
 */
static struct mach_chunk *mach_queue_next_chunk(const struct mach_chunk *not,
						bool *none)
{
	struct mach_chunk *chunk;
	struct mach_frame *frame;
	unsigned int i;

	lockdep_assert_held(&mach_queue_lock);
	for (i = 0; i < MACH_QUEUE_VISITS; i++) {
		frame = mach_policy->next(&mach_queues);
		*none = !frame;
		if (!frame)
			break;
		list_move_tail(&frame->link, &mach_queues.inactive);
		chunk = mach_frame_chunk(frame);
		if (chunk != not)
			return chunk;
	}
	return NULL;
}

/**
 * mach_queue_oldest_chunk - The chunk with the oldest page, of those that can go
 *
 * The caller is the only one who gives chunks back. Return: NULL if none is found.
 */
struct mach_chunk *mach_queue_oldest_chunk(void)
{
	struct mach_chunk *chunk, *not = NULL;
	bool found = false, none = false;
	unsigned int i;

	for (i = 0; i < MACH_QUEUE_CHUNKS && !found && !none; i++) {
		spin_lock(&mach_queue_lock);
		chunk = mach_queue_next_chunk(not, &none);
		found = chunk && mach_queue_may_empty(chunk);
		spin_unlock(&mach_queue_lock);
		not = chunk ?: not;
		cond_resched();
	}
	return found ? chunk : NULL;
}

/**
 * mach_queue_next_in - The next page in a chunk
 * @chunk: is not given back meanwhile
 * @at: where to look from; out: where to look on
 * @grab: takes a reference of an object, if it still has any
 * @index: out: the page's
 *
 * It is inactive then. Return: its object, grabbed, or NULL.
 */
struct mach_object *mach_queue_next_in(struct mach_chunk *chunk,
				       unsigned int *at,
				       bool (*grab)(struct mach_object *object),
				       pgoff_t *index)
{
	struct mach_object *object = NULL;
	struct mach_frame *frame;

	spin_lock(&mach_queue_lock);
	for (; *at < MACH_CHUNK_FRAMES && !object; ++*at) {
		frame = &chunk->frames[*at];
		/* one that is on no queue comes on none while the lock is held */
		if (!data_race(mach_frame_queued(frame)) ||
		    !grab(frame->object))
			continue;
		object = frame->object;
		*index = mach_frame_index(frame);
		if (frame->place == MACH_PLACE_INACTIVE)
			continue;
		mach_queue_remove(&mach_queues, frame);
		mach_queue_deactivate(&mach_queues, frame);
	}
	spin_unlock(&mach_queue_lock);
	return object;
}

void mach_queue_count(unsigned long *active, unsigned long *inactive)
{
	spin_lock(&mach_queue_lock);
	*active = mach_queues.nr_active;
	*inactive = mach_queues.nr_inactive;
	spin_unlock(&mach_queue_lock);
}
