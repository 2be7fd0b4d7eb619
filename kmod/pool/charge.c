// SPDX-License-Identifier: GPL-2.0-only
/* Charges of memory cgroups: gained with a page, moved to frames, given back. */
#include "charge.h"

#include <linux/percpu.h>
#include <linux/spinlock.h>

/* Charges that are gained or given back at a time: 2^order */
#define MACH_CHARGE_ORDER	3
#define MACH_CHARGE_BATCH	BIT(MACH_CHARGE_ORDER)
#define MACH_CHARGE_MAX		(4 * MACH_CHARGE_BATCH)

/**
 * struct mach_charge_stock - Charges of one cgroup that no frame has
 * @lock: others empty it, too
 * @charge: one of them, as a page has it; guarded by @lock
 * @n: how many; guarded by @lock
 */
struct mach_charge_stock {
	spinlock_t lock; /* see above */
	unsigned long charge;
	unsigned int n;
};

/* Not __ro_after_init: kmemleak would not look for the stocks there. */
static struct mach_charge_stock __percpu *mach_charge_stocks;

/*
 * A page that is freed at once takes charges along. It may be one of Linux's last.
 * False if there is not even that.
 */
static bool mach_charge_return(unsigned long charge, unsigned int order)
{
	struct page *page = alloc_pages(GFP_NOWAIT | __GFP_MEMALLOC |
					__GFP_NOWARN, order);

	if (!page)
		return false;
	mach_compat_set_charge(page, charge);
	mach_compat_merge_charges(charge, 1U << order);
	__free_pages(page, order);
	return true;
}

/* Give charges back until @keep are left. */
static void mach_stock_shrink(struct mach_charge_stock *stock,
			      unsigned int keep)
{
	lockdep_assert_held(&stock->lock);
	while (stock->n >= keep + MACH_CHARGE_BATCH &&
	       mach_charge_return(stock->charge, MACH_CHARGE_ORDER))
		stock->n -= MACH_CHARGE_BATCH;
	while (stock->n > keep && mach_charge_return(stock->charge, 0))
		stock->n--;
}

/* Put a charge into the stock; false if another one's are there and stay. */
static bool mach_stock_put(struct mach_charge_stock *stock,
			   unsigned long charge)
{
	lockdep_assert_held(&stock->lock);
	if (stock->n && stock->charge != charge)
		mach_stock_shrink(stock, 0);
	if (stock->n >= MACH_CHARGE_MAX)
		mach_stock_shrink(stock, MACH_CHARGE_MAX / 2);
	if (stock->n && (stock->charge != charge || stock->n >= MACH_CHARGE_MAX))
		return false;
	stock->charge = charge;
	stock->n++;
	return true;
}

/* A charge of the caller's cgroup, or 0 */
static unsigned long mach_stock_take(void)
{
	struct mach_charge_stock *stock = raw_cpu_ptr(mach_charge_stocks);
	unsigned long charge = 0;

	spin_lock(&stock->lock);
	if (stock->n && mach_compat_charge_is_mine(stock->charge)) {
		charge = stock->charge;
		stock->n--;
	}
	spin_unlock(&stock->lock);
	return charge;
}

/* A charge that is no frame's goes into the stock, or back. */
static bool mach_charge_keep(unsigned long charge)
{
	struct mach_charge_stock *stock = raw_cpu_ptr(mach_charge_stocks);
	bool kept;

	spin_lock(&stock->lock);
	kept = mach_stock_put(stock, charge);
	spin_unlock(&stock->lock);
	return kept || mach_charge_return(charge, 0);
}

/* Give all charges back that no frame has. */
void mach_charge_drain(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct mach_charge_stock *stock =
			per_cpu_ptr(mach_charge_stocks, cpu);

		spin_lock(&stock->lock);
		mach_stock_shrink(stock, 0);
		spin_unlock(&stock->lock);
	}
}

/* Free a page, but for its charge. */
static unsigned long mach_charge_strip(struct page *page)
{
	unsigned long charge = mach_compat_charge(page);

	mach_compat_set_charge(page, 0);
	__free_page(page);
	return charge;
}

/* Some charges of the caller's cgroup, without waiting; 0 if there are none. */
static unsigned long mach_charge_gain_some(void)
{
	unsigned long charge;
	struct page *pages;
	unsigned int i;

	pages = alloc_pages(GFP_NOWAIT | __GFP_ACCOUNT | __GFP_NOWARN,
			    MACH_CHARGE_ORDER);
	if (!pages)
		return 0;
	split_page(pages, MACH_CHARGE_ORDER);
	charge = mach_charge_strip(pages);
	for (i = 1; i < MACH_CHARGE_BATCH; i++) {
		/* what cannot be kept goes with its page */
		if (mach_page_charged(pages + i) &&
		    mach_charge_keep(mach_compat_charge(pages + i)))
			mach_compat_set_charge(pages + i, 0);
		__free_page(pages + i);
	}
	return charge;
}

/* The same, or one at least */
static int mach_charge_gain(unsigned long *charge)
{
	struct page *page;

	*charge = mach_charge_gain_some();
	if (*charge)
		return 0;
	mach_charge_drain();
	page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!page)
		return -ENOMEM;
	*charge = mach_charge_strip(page);
	return 0;
}

/**
 * mach_charge_page - Charge a frame to the calling process's memory cgroup
 * @page: frame that nobody else uses yet
 *
 * May sleep; at the cgroup's limit Linux makes room in it, or ends a process of it.
 * Return: 0, also if there is no cgroup that wants to know; -ENOMEM.
 */
int mach_charge_page(struct page *page)
{
	unsigned long charge;
	int err;

	if (!mach_compat_has_charges())
		return 0;
	charge = mach_stock_take();
	if (!charge) {
		err = mach_charge_gain(&charge);
		if (err)
			return err;
	}
	mach_compat_set_charge(page, charge);
	return 0;
}

/**
 * mach_charge_page_at_once - The same, if nobody has to make room for it
 * @page: frame that nobody else uses yet
 *
 * For what nobody has asked for yet. Return: false where mach_charge_page() may help.
 */
bool mach_charge_page_at_once(struct page *page)
{
	unsigned long charge;

	if (!mach_compat_has_charges())
		return true;
	charge = mach_stock_take() ?: mach_charge_gain_some();
	mach_compat_set_charge(page, charge);
	return charge;
}

/**
 * mach_uncharge_page - A charged frame is used no more
 * @page: frame
 *
 * Never sleeps. If Linux has not even one page, the frame keeps its charge until
 * it is freed again, or goes back to Linux.
 */
void mach_uncharge_page(struct page *page)
{
	if (mach_charge_keep(mach_compat_charge(page)))
		mach_compat_set_charge(page, 0);
}

int mach_charge_init(void)
{
	int cpu;

	mach_charge_stocks = alloc_percpu(struct mach_charge_stock);
	if (!mach_charge_stocks)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		spin_lock_init(&per_cpu_ptr(mach_charge_stocks, cpu)->lock);
	return 0;
}

void mach_charge_exit(void)
{
	mach_charge_drain();
	free_percpu(mach_charge_stocks);
}
