// SPDX-License-Identifier: GPL-2.0-only
/* The module's own failure point: Linux's fault injection decides when it fails. */
#include "fail.h"

#include <linux/debugfs.h>
#include <linux/fault-inject.h>

/* Takes part in /proc/TASK/fail-nth; /sys/kernel/debug/fail_machvm has the rest. */
static DECLARE_FAULT_ATTR(mach_fail_attr);
static struct dentry *mach_fail_dir __ro_after_init;

/**
 * mach_should_fail - Shall this allocation fail?
 * @size: bytes
 */
bool mach_should_fail(size_t size)
{
	return should_fail(&mach_fail_attr, size);
}

void mach_fail_init(void)
{
	mach_fail_dir = fault_create_debugfs_attr("fail_machvm", NULL,
						  &mach_fail_attr);
}

void mach_fail_exit(void)
{
	debugfs_remove(mach_fail_dir);
}
