// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libuserpager - one call on a descriptor of the module.
 */
#include <errno.h>
#include <sys/ioctl.h>

#include "pager_priv.h"

int pager_ioctl(int fd, unsigned long call, void *arg)
{
	while (ioctl(fd, call, arg) < 0) {
		if (errno != EINTR)
			return errno;
	}
	return 0;
}
