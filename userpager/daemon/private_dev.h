/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * machpagerd - a private /dev, as containers have: the module's device is made
 * in the kernel's devtmpfs, and is not to be seen there.
 */
#ifndef MACHPAGERD_PRIVATE_DEV_H
#define MACHPAGERD_PRIVATE_DEV_H

#include <stdbool.h>

/* For messages: what to do about it */
#define PRIVATE_DEV_HELP						\
	"this /dev is private (a container, PrivateDevices=): run "	\
	"machpagerd outside of it, or 'mount -t devtmpfs dev /dev' in it"

/* Whether that is why the device could not be opened; @err: what came instead. */
bool private_dev_hides_device(int err);

#endif /* MACHPAGERD_PRIVATE_DEV_H */
