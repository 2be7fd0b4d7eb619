// SPDX-License-Identifier: GPL-2.0-only
/* All pagers, by address space: so it is known whether the current process is one. */
#include "pager.h"

#include <linux/spinlock.h>

/* All pagers, by mm; a leaf lock. */
static DEFINE_SPINLOCK(mach_pager_lock);
static struct rb_root mach_pagers = RB_ROOT;

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

/* The current process is it. */
void mach_pager_enlist(struct mach_pager *pager)
{
	pager->pid = task_tgid_nr(current);
	get_task_comm(pager->comm, current);
	spin_lock(&mach_pager_lock);
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
