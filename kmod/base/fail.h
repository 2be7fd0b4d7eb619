/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Allocations that fail when a test says so. The pool's own would never fail
 * otherwise: Linux's failure points do not see them.
 */
#ifndef MACH_FAIL_H
#define MACH_FAIL_H

#include <linux/types.h>

#ifdef CONFIG_FAULT_INJECTION
bool mach_should_fail(size_t size);
void mach_fail_init(void);
void mach_fail_exit(void);
#else
static inline bool mach_should_fail(size_t size)
{
	return false;
}

static inline void mach_fail_init(void)
{
}

static inline void mach_fail_exit(void)
{
}
#endif

#endif /* MACH_FAIL_H */
