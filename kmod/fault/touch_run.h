/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs of first touches, each right behind the one before it: how many pages one
 * brings. Pure.
 */
#ifndef MACH_TOUCH_RUN_H
#define MACH_TOUCH_RUN_H

#include "base/kern.h"

/* Most pages that one touch brings, an odd number */
#define MACH_TOUCH_MOST		31
/* One page at most comes ahead for so many that a run has touched. */
#define MACH_TOUCH_SHARE	8

unsigned int mach_touch_pages(u64 touched, u64 most);

#endif /* MACH_TOUCH_RUN_H */
