/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Linux as all of us see it.
 *
 *	compat		what differs between kernels
 *	mach_types	types that every folder shares
 *	mach_trace	the tracepoints
 *	trace		the one place that makes them
 *	kern		all that pure files need of the kernel
 *	hand_off	the CPU handed over instead of sleeping
 *	fail		allocations that fail when a test says so
 *	manner		how a thread waits for others
 *	check		rules for arguments; pure
 *	page_run	runs of pages; pure
 *	mach_call	how an ioctl comes in and goes out
 *
 * There are no locks here.
 */
#ifndef MACH_TYPES_H
#define MACH_TYPES_H

#include <kunit/visibility.h>
#include <linux/mm.h>
#include <linux/types.h>
#include <linux/mach_pager.h>

struct mach_object;
struct mach_pager;
struct mach_request;

/*
 * For the module of tools/bench/pool, which measures the allocators in kernels as
 * they are, where EXPORT_SYMBOL_IF_KUNIT exports nothing. No other module needs
 * these, and without naming the namespace none gets them.
 */
#define EXPORT_SYMBOL_FOR_BENCH(symbol)	EXPORT_SYMBOL_NS_GPL(symbol, MACHVM)

#define MACH_CLUSTER_MAX_PAGES	(MACH_CLUSTER_MAX >> PAGE_SHIFT)

#endif /* MACH_TYPES_H */
