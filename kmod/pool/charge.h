/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Charging frames to memory cgroups: what a program fills and only its exit gives
 * back is its cgroup's.
 *
 * Linux charges pages that are allocated with __GFP_ACCOUNT, and exports no other
 * way. So a page is allocated for its charge alone: the charge, a word in struct
 * page, is moved to the frame, and the page goes back at once. A frame that is no
 * longer used hands its charge to a page that is allocated to be freed with it.
 * Each processor keeps some charges of one cgroup, so that both happen eight at a
 * time.
 *
 * Lock: that of a processor's stock, a spinlock and a leaf.
 */
#ifndef MACH_CHARGE_H
#define MACH_CHARGE_H

#include "base/compat.h"
#include "base/mach_types.h"

static inline bool mach_page_charged(const struct page *page)
{
	return mach_compat_charge(page);
}

int mach_charge_page(struct page *page);
bool mach_charge_page_at_once(struct page *page);
void mach_uncharge_page(struct page *page);
void mach_charge_drain(void);

int mach_charge_init(void);
void mach_charge_exit(void);

#endif /* MACH_CHARGE_H */
