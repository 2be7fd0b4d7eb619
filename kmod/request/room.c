// SPDX-License-Identifier: GPL-2.0-only
/* Waiting for room: how long it is worth it, and what wakes who waits. */
#include "room.h"

/* How often who waits looks again: frames also come back without a word. */
#define MACH_ROOM_STEP	(HZ / 50)
/* How long a pin may take to go, without which there is no hope */
#define MACH_ROOM_PINS	HZ
/* So many of those who want a frame are told that a request has ended */
#define MACH_ROOM_FEW	4
/* or, at most, that so many pages were freed. */
#define MACH_ROOM_SOME	16U

/* Those who wait for a frame, whoever frees it, and for nobody's room */
static struct mach_waiters mach_room_frames =
	MACH_WAITERS_INIT(mach_room_frames);
static struct mach_waiters mach_room_nobodys =
	MACH_WAITERS_INIT(mach_room_nobodys);
/* Requests with pages: under way, and ended so far; pages freed so far. */
static atomic_t mach_room_pending = ATOMIC_INIT(0);
static atomic_t mach_room_ended = ATOMIC_INIT(0);
static atomic_t mach_room_freed = ATOMIC_INIT(0);

/* A request with pages is under way. */
void mach_room_begin(void)
{
	atomic_inc(&mach_room_pending);
}

/* Something has changed: @most of those who wait look again; 0: all. */
static void mach_waiters_tell(struct mach_waiters *waiters, int most)
{
	atomic_inc(&waiters->events);
	/* a waiter that is missed looks again by itself */
	if (waitqueue_active(&waiters->queue))
		wake_up_nr(&waiters->queue, most);
}

static struct mach_waiters *mach_room_of(struct mach_object *object)
{
	return object->user ? &object->user->waiters : &mach_room_nobodys;
}

/* Something has changed for who waits on the account of an object's user. */
void mach_room_wake(struct mach_object *object)
{
	mach_waiters_tell(mach_room_of(object), 0);
}

/* So many pages were freed. */
void mach_room_gain(unsigned int pages)
{
	atomic_add(pages, &mach_room_freed);
	mach_waiters_tell(&mach_room_frames, min(pages, MACH_ROOM_SOME));
}

/* A request with pages has ended. */
void mach_room_end(struct mach_object *object)
{
	atomic_dec(&mach_room_pending);
	atomic_inc(&mach_room_ended);
	mach_room_wake(object);
	mach_waiters_tell(&mach_room_frames, MACH_ROOM_FEW);
}

/**
 * mach_room_wait - Sleep until something may have changed
 * @object: on whose user's account there is no room; NULL: a frame is wanted
 * @manner: of waiting
 *
 * Return: 0, or -EINTR.
 */
int mach_room_wait(struct mach_object *object, enum mach_manner manner)
{
	struct mach_waiters *waiters = object ? mach_room_of(object) :
						&mach_room_frames;
	int events = atomic_read(&waiters->events);
	int err = mach_wait_event_most(waiters->queue,
				       atomic_read(&waiters->events) != events,
				       manner, MACH_ROOM_STEP, 1);

	return err == -EINTR ? err : 0;
}

static void mach_patience_renew(struct mach_patience *patience)
{
	patience->freed = atomic_read(&mach_room_freed);
	patience->due = atomic_read(&mach_room_ended) +
			atomic_read(&mach_room_pending);
}

struct mach_patience mach_patience_begin(struct mach_object *alone,
					 enum mach_manner manner)
{
	struct mach_patience patience = {
		.manner = manner,
		.started = jiffies,
		.alone = alone,
	};

	if (alone)
		/* a number that was right a moment ago will do */
		patience.errors = data_race(alone->counts.errors);
	mach_patience_renew(&patience);
	return patience;
}

/* Will no answer help any more? */
static bool mach_patience_hopeless(struct mach_patience *patience)
{
	struct mach_object *alone = patience->alone;

	if (alone)
		/* see mach_patience_begin() */
		return data_race(alone->counts.errors) != patience->errors;
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

/* As mach_room_wait(), and -ENOMEM when no change is to come. */
int mach_patience_wait(struct mach_patience *patience,
		       struct mach_object *object)
{
	if (jiffies - patience->started >= mach_patience_most(patience))
		return -ENOMEM;
	return mach_room_wait(object, patience->manner);
}
