// SPDX-License-Identifier: GPL-2.0-only
/* All pagers, by address space, and whether a thread would wait for itself. */
#include "pager.h"

#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>

/* All pagers, by mm, and how many there were; a leaf lock. */
static DEFINE_SPINLOCK(mach_pager_lock);
static struct rb_root mach_pagers = RB_ROOT;
static u32 mach_pagers_so_far;

static bool mach_pager_less(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct mach_pager, node)->mm <
	       rb_entry(b, struct mach_pager, node)->mm;
}

static int mach_pager_compare(const void *mm, const struct rb_node *node)
{
	const struct mach_pager *pager = rb_entry(node, struct mach_pager,
						  node);

	if (mm == pager->mm)
		return 0;
	return mm < (const void *)pager->mm ? -1 : 1;
}

/* The current process becomes a pager: it gets its number, and its name is kept. */
void mach_pager_enlist(struct mach_pager *pager)
{
	pager->pid = task_tgid_nr(current);
	get_task_comm(pager->comm, current->group_leader);
	spin_lock(&mach_pager_lock);
	pager->id = ++mach_pagers_so_far;
	rb_add(&pager->node, &mach_pagers, mach_pager_less);
	spin_unlock(&mach_pager_lock);
}

void mach_pager_delist(struct mach_pager *pager)
{
	spin_lock(&mach_pager_lock);
	if (!RB_EMPTY_NODE(&pager->node))
		rb_erase(&pager->node, &mach_pagers);
	spin_unlock(&mach_pager_lock);
}

/* Does the caller's process page for somebody? */
bool mach_pager_current(void)
{
	bool found;

	if (!current->mm)
		return false;
	spin_lock(&mach_pager_lock);
	found = rb_find(current->mm, &mach_pagers, mach_pager_compare);
	spin_unlock(&mach_pager_lock);
	return found;
}

/* An exit or exec of the whole process has ended its other threads. */
static bool mach_pager_is_ending(struct mach_pager *pager)
{
	return current->mm && current->mm == pager->mm &&
	       (READ_ONCE(current->signal->flags) & SIGNAL_GROUP_EXIT ||
		READ_ONCE(current->signal->group_exec_task));
}

/**
 * mach_pager_is_stuck - Would the current thread wait for itself?
 * @pager: whom it would have to wait for
 * @object: the number of the object that it needs something of, for the log
 *
 * Only a thread that works on one of the pager's requests would: all others of a
 * process that is its own pager are answered by those.
 */
bool mach_pager_is_stuck(struct mach_pager *pager, u32 object)
{
	if (mach_pager_is_ending(pager))
		return true;
	/* what the current thread holds it knows of */
	if (!READ_ONCE(pager->held) || !pager->ops->working(pager))
		return false;
	pr_warn_ratelimited("machvm: %s[%d]: thread %d works on a request and would wait for object %u of its own session: refused\n",
			    current->comm, task_tgid_nr(current),
			    task_pid_nr(current), object);
	return true;
}
