// SPDX-License-Identifier: GPL-2.0-only
/* Waiting for room: how long it is worth it, and what wakes who waits. */
#include "room.h"

/* How often who waits looks again: frames also come back without a word. */
#define MACH_ROOM_STEP	(HZ / 50)
/* How long a pin may take to go, without which there is no hope */
#define MACH_ROOM_PINS	HZ

/* Woken when a request has ended or frames were freed. */
static DECLARE_WAIT_QUEUE_HEAD(mach_room_waiters);
/* Requests with pages: under way, and ended so far; pages freed so far. */
static atomic_t mach_room_pending = ATOMIC_INIT(0);
static atomic_t mach_room_ended = ATOMIC_INIT(0);
static atomic_t mach_room_freed = ATOMIC_INIT(0);
static atomic_t mach_room_events = ATOMIC_INIT(0);

/* A request with pages is under way. */
void mach_room_begin(void)
{
	atomic_inc(&mach_room_pending);
}

/* Something has changed: who waits looks again. */
void mach_room_wake(void)
{
	atomic_inc(&mach_room_events);
	/* a waiter that is missed looks again by itself */
	if (waitqueue_active(&mach_room_waiters))
		wake_up_all(&mach_room_waiters);
}

/* So many pages were freed. */
void mach_room_gain(unsigned int pages)
{
	atomic_add(pages, &mach_room_freed);
	mach_room_wake();
}

/* A request with pages has ended. */
void mach_room_end(void)
{
	atomic_dec(&mach_room_pending);
	atomic_inc(&mach_room_ended);
	mach_room_wake();
}

/* Sleep until something may have changed. Return: 0, or -EINTR. */
int mach_room_wait(enum mach_manner manner)
{
	int events = atomic_read(&mach_room_events);
	int err = mach_wait_event_most(mach_room_waiters,
				       atomic_read(&mach_room_events) != events,
				       manner, MACH_ROOM_STEP);

	return err == -EINTR ? err : 0;
}

static void mach_patience_renew(struct mach_patience *patience)
{
	patience->freed = atomic_read(&mach_room_freed);
	patience->due = atomic_read(&mach_room_ended) +
			atomic_read(&mach_room_pending);
}

struct mach_patience mach_patience_begin(struct mach_object *object,
					 enum mach_manner manner)
{
	struct mach_patience patience = {
		.manner = manner,
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
	if (atomic_read(&mach_room_freed) != patience->freed)
		mach_patience_renew(patience);
	/* all answers that were due have come, and nothing came of them */
	return atomic_read(&mach_room_ended) - patience->due >= 0 &&
	       atomic_read(&mach_room_freed) == patience->freed;
}

/* In jiffies; with an answer due, a deadline can pass. */
static unsigned long mach_patience_most(struct mach_patience *patience)
{
	unsigned long most = mach_patience_hopeless(patience) ?
			     MACH_ROOM_PINS :
			     msecs_to_jiffies(mach_deadline_most());

	return min_t(unsigned long, most, mach_wait_most(patience->manner));
}

/* Wait for a change. Return: 0, -EINTR, or -ENOMEM when none is to come. */
int mach_patience_wait(struct mach_patience *patience)
{
	if (jiffies - patience->started >= mach_patience_most(patience))
		return -ENOMEM;
	return mach_room_wait(patience->manner);
}
