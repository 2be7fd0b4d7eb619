/* SPDX-License-Identifier: GPL-2.0-only */
/* How a thread waits for others, which depends on what it holds meanwhile. */
#ifndef MACH_MANNER_H
#define MACH_MANNER_H

#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/wait.h>

/**
 * enum mach_manner - How a thread may wait
 * @MACH_WAIT_NEVER: not at all
 * @MACH_WAIT_KILLED: until it is killed: a call that cannot be begun again
 * @MACH_WAIT_SIGNAL: until a signal comes; what it did is done again afterwards
 * @MACH_WAIT_LOCKED: it keeps a lock that others need: until it is killed, or
 *	mach_locked_most() is over
 *
 * In none of them it counts as load, and in all but the last it can be frozen.
 */
enum mach_manner {
	MACH_WAIT_NEVER,
	MACH_WAIT_KILLED,
	MACH_WAIT_SIGNAL,
	MACH_WAIT_LOCKED,
};

unsigned long mach_locked_most(void);
unsigned int mach_deadline_most(void);

static inline unsigned int mach_wait_state(enum mach_manner manner)
{
	/* unsafe: a call may hold locks of its file, which none but its users need */
	if (manner == MACH_WAIT_SIGNAL)
		return TASK_INTERRUPTIBLE | TASK_FREEZABLE_UNSAFE;
	if (manner == MACH_WAIT_KILLED)
		return TASK_KILLABLE | TASK_NOLOAD | TASK_FREEZABLE_UNSAFE;
	return TASK_KILLABLE | TASK_NOLOAD;
}

static inline long mach_wait_most(enum mach_manner manner)
{
	return manner == MACH_WAIT_LOCKED ? mach_locked_most() :
					    MAX_SCHEDULE_TIMEOUT;
}

/**
 * mach_wait_event_most - Wait for a condition
 * @wq: woken when it may have changed
 * @condition: not true now; looked at again each time
 * @manner: not MACH_WAIT_NEVER
 * @most: jiffies
 * @one: it may be enough to wake others
 *
 * Return: 0, -EINTR, -ETIMEDOUT.
 */
#define mach_wait_event_most(wq, condition, manner, most, one)		\
({									\
	long __left;							\
									\
	might_sleep();							\
	__left = ___wait_event(wq, ___wait_cond_timeout(condition),	\
			       mach_wait_state(manner), one, most,	\
			       __ret = schedule_timeout(__ret));	\
	__left < 0 ? -EINTR : __left ? 0 : -ETIMEDOUT;			\
})

/* As mach_wait_event_most(), for as long as the manner allows */
#define mach_wait_event(wq, condition, manner)				\
({									\
	enum mach_manner __manner = (manner);				\
									\
	mach_wait_event_most(wq, condition, __manner,			\
			     mach_wait_most(__manner), 0);		\
})

/**
 * struct mach_waiters - Threads that look again when something may have changed
 * @queue: where they wait, each to be woken by itself
 * @events: atomic, how often that was said
 */
struct mach_waiters {
	wait_queue_head_t queue;
	atomic_t events;
};

#define MACH_WAITERS_INIT(name)						\
	{ .queue = __WAIT_QUEUE_HEAD_INITIALIZER((name).queue) }

#endif /* MACH_MANNER_H */
