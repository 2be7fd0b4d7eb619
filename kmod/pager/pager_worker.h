/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which threads work on requests of a port: those that hold a slot with one, or
 * supply pages unasked. Such a thread must not wait for the port's pager, which
 * would be itself; all others of its process may.
 */
#ifndef MACH_PAGER_WORKER_H
#define MACH_PAGER_WORKER_H

#include <linux/hash.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/pid.h>
#include <linux/spinlock.h>

#define MACH_WORKER_LISTS	32

/**
 * struct mach_worker - A thread in its place; both under @lock of the workers
 * @thread: who is there, or was last, with a reference
 * @link: while it works
 */
struct mach_worker {
	struct pid *thread;
	struct hlist_node link;
};

/**
 * struct mach_workers - Those of a port
 * @lock: const: the port's
 * @working: (@lock) by thread
 */
struct mach_workers {
	spinlock_t *lock;	/* see above */
	struct hlist_head working[MACH_WORKER_LISTS];
};

void mach_worker_replace(struct mach_workers *workers,
			 struct mach_worker *worker, struct pid *thread);
bool mach_workers_find(struct mach_workers *workers, struct pid *thread);
bool mach_workers_have(struct mach_workers *workers, struct pid *thread);

/* The place is this thread's from now on: usually it was before. */
static inline void mach_worker_claim(struct mach_workers *workers,
				     struct mach_worker *worker,
				     struct pid *thread)
{
	lockdep_assert_held(workers->lock);
	if (worker->thread != thread)
		mach_worker_replace(workers, worker, thread);
}

static inline struct hlist_head *
mach_workers_like(struct mach_workers *workers, struct pid *thread)
{
	return &workers->working[hash_ptr(thread, ilog2(MACH_WORKER_LISTS))];
}

/* There is work in the place, which is claimed. */
static inline void mach_worker_begin(struct mach_workers *workers,
				     struct mach_worker *worker)
{
	lockdep_assert_held(workers->lock);
	hlist_add_head(&worker->link,
		       mach_workers_like(workers, worker->thread));
}

static inline void mach_worker_end(struct mach_workers *workers,
				   struct mach_worker *worker)
{
	lockdep_assert_held(workers->lock);
	hlist_del_init(&worker->link);
}

#endif /* MACH_PAGER_WORKER_H */
