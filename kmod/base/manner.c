// SPDX-License-Identifier: GPL-2.0-only
/* How long others may be kept waiting: what the host's owner allows. */
#include "manner.h"

#include <linux/jiffies.h>
#include <linux/mach_pager.h>
#include <linux/module.h>

static unsigned int mach_deadline_max = MACH_DEADLINE_DEFAULT;
module_param_named(deadline_max, mach_deadline_max, uint, 0644);
MODULE_PARM_DESC(deadline_max,
		 "Longest deadline that a pager may set, in ms (default: 30000)");

static unsigned int mach_locked_max = 1000;
module_param_named(locked_max, mach_locked_max, uint, 0644);
MODULE_PARM_DESC(locked_max,
		 "Longest wait for a pager with a lock of Linux held, in ms (default: 1000)");

/* In jiffies. A day is for ever to who waits for the lock. */
unsigned long mach_locked_most(void)
{
	return msecs_to_jiffies(min_t(unsigned int, READ_ONCE(mach_locked_max),
				      24 * 60 * 60 * MSEC_PER_SEC)) ?: 1;
}

/* In ms; Linux takes more than 24 days for ever, which is no date. */
unsigned int mach_deadline_most(void)
{
	return min_t(unsigned int, READ_ONCE(mach_deadline_max), INT_MAX);
}
