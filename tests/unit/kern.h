/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stands in for kmod/kern.h in user space. It is included first, by the
 * compiler's command line, and takes the other's guard.
 */
#ifndef MACH_KERN_H
#define MACH_KERN_H

#include <linux/mach_pager.h>

#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define u32	uint32_t
#define u64	uint64_t
#define pgoff_t	unsigned long

#define PAGE_SHIFT		12
#define PAGE_SIZE		(1UL << PAGE_SHIFT)
#define MAX_ERRNO		4095
#define ALIGN_DOWN(x, a)	((x) & ~((a) - 1))
#define IS_ALIGNED(x, a)	(!((x) & ((a) - 1)))

static inline bool is_power_of_2(unsigned long n)
{
	return n && !(n & (n - 1));
}

/* The first byte that is not @byte, or NULL. */
static inline const void *memchr_inv(const void *start, int byte, size_t bytes)
{
	const unsigned char *at = start;

	for (; bytes; bytes--, at++)
		if (*at != (unsigned char)byte)
			return at;
	return NULL;
}

#endif /* MACH_KERN_H */
