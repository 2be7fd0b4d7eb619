// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libmachvm - a descriptor as a port.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "mach_priv.h"

#define LOWEST_PORT	3	/* neither MACH_PORT_NULL nor a standard stream */

int mach_port_from_fd(int fd, mach_port_t *port)
{
	int moved = fd, err = 0;

	if (fd < LOWEST_PORT) {
		moved = fcntl(fd, F_DUPFD_CLOEXEC, LOWEST_PORT);
		err = moved < 0 ? errno : 0;
		close(fd);
	}
	if (!err)
		*port = moved;
	return err;
}
