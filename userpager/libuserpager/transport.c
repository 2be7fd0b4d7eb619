// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libuserpager - the transports that there are, and the choice among them.
 */
#include <errno.h>

#include "transport.h"

/* Best first: PAGER_TRANSPORT_AUTO takes the first that this host has. */
static const struct transport *const transports[] = {
	&pager_ring_transport,
	&pager_receive_transport,
};

int pager_transport_choose(enum pager_transport wish,
			   const struct transport **transport)
{
	size_t i;
	int err = EINVAL;

	for (i = 0; i < sizeof(transports) / sizeof(*transports) && err; i++) {
		*transport = transports[i];
		if (wish == PAGER_TRANSPORT_AUTO || wish == (*transport)->kind)
			err = (*transport)->probe();
	}
	return err;
}
