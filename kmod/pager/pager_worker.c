// SPDX-License-Identifier: GPL-2.0-only
/* Threads that work on requests of a port, found by thread. */
#include "pager_worker.h"

/* The place is another thread's from now on, and so is the work that is done there. */
void mach_worker_replace(struct mach_workers *workers,
			 struct mach_worker *worker, struct pid *thread)
{
	lockdep_assert_held(workers->lock);
	put_pid(worker->thread);
	worker->thread = get_pid(thread);
	if (!hlist_unhashed(&worker->link)) {
		hlist_del_init(&worker->link);
		mach_worker_begin(workers, worker);
	}
}

/* Does this thread work? */
bool mach_workers_find(struct mach_workers *workers, struct pid *thread)
{
	struct mach_worker *worker;

	lockdep_assert_held(workers->lock);
	hlist_for_each_entry(worker, mach_workers_like(workers, thread), link)
		if (worker->thread == thread)
			return true;
	return false;
}

/**
 * mach_workers_have - Does this thread work?
 * @workers: not locked
 * @thread: the caller, which knows of its own work
 */
bool mach_workers_have(struct mach_workers *workers, struct pid *thread)
{
	struct hlist_head *list = mach_workers_like(workers, thread);
	bool found;

	/* nobody but the caller could add what is looked for */
	if (hlist_empty(list))
		return false;
	spin_lock(workers->lock);
	found = mach_workers_find(workers, thread);
	spin_unlock(workers->lock);
	return found;
}
