// SPDX-License-Identifier: GPL-2.0-only
/* The list of all pagers, which answers whether the current process is one. */
#include "pager.h"

#include <linux/list.h>
#include <linux/spinlock.h>

/* All pagers; a leaf lock. */
static DEFINE_SPINLOCK(mach_pager_lock);
static LIST_HEAD(mach_pagers);

void mach_pager_enlist(struct mach_pager *pager)
{
	spin_lock(&mach_pager_lock);
	list_add(&pager->link, &mach_pagers);
	spin_unlock(&mach_pager_lock);
}

void mach_pager_delist(struct mach_pager *pager)
{
	spin_lock(&mach_pager_lock);
	list_del(&pager->link);
	spin_unlock(&mach_pager_lock);
}

/* Does the caller's process page for somebody? */
bool mach_pager_current(void)
{
	struct mach_pager *pager;
	bool found = false;

	spin_lock(&mach_pager_lock);
	list_for_each_entry(pager, &mach_pagers, link)
		found |= mach_pager_is_self(pager);
	spin_unlock(&mach_pager_lock);
	return found;
}
