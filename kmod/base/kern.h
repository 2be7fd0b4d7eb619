/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All that pure files need of the kernel. tests/unit/kern.h stands in for it,
 * so that they run in user space under sanitizers.
 */
#ifndef MACH_KERN_H
#define MACH_KERN_H

#include <kunit/visibility.h>
#include <linux/align.h>
#include <linux/bitops.h>
#include <linux/build_bug.h>
#include <linux/container_of.h>
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/limits.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/mach_pager.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>

/* What the head page of a table that the address is in was given to keep */
static inline void *mach_kern_owner(const void *address)
{
	return (void *)page_private(virt_to_head_page(address));
}

/* Zeros, charged to the caller's memory cgroup, and not in one piece if they are many */
static inline void *mach_kern_alloc(size_t bytes)
{
	return kvzalloc(bytes, GFP_KERNEL_ACCOUNT);
}

static inline void mach_kern_free(void *memory)
{
	kvfree(memory);
}

/* Counted in user space, where tests hold algorithms to their bounds. */
static inline void mach_kern_step(void)
{
}

#endif /* MACH_KERN_H */
