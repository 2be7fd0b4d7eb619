// SPDX-License-Identifier: GPL-2.0-only
/*
 * machpagerd - whether /dev is a private one.
 */
#include "private_dev.h"

#include <errno.h>
#include <unistd.h>

/* Of sysfs, which goes by the module alone */
#define DEVICE_CLASS	"/sys/class/misc/machvm"

bool private_dev_hides_device(int err)
{
	return err == ENOENT && !access(DEVICE_CLASS, F_OK);
}
