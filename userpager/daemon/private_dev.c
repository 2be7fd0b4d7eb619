// SPDX-License-Identifier: GPL-2.0-only
/*
 * machpagerd - whether /dev is a private one.
 */
#include "private_dev.h"

#include <errno.h>
#include <linux/mach_pager.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of sysfs, which goes by the module alone */
#define DEVICE_CLASS	"/sys/class/misc/machvm"

bool private_dev_hides_device(int err)
{
	return err == ENOENT && !access(DEVICE_CLASS, F_OK);
}

bool private_dev_hides_node(const char *name)
{
	char path[sizeof(MACH_VM_NODE_DIR) + MACH_NAME_MAX + 1];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", MACH_VM_NODE_DIR, name);
	if (stat(path, &st) < 0)
		return errno == ENOENT;
	return !S_ISCHR(st.st_mode);
}
