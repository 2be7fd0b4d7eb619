// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libuserpager - whether module and library can speak with each other.
 */
#include <errno.h>

#include "transport.h"

int pager_version_check(struct pager_session *session)
{
	struct mach_vm_version version = { .size = sizeof(version) };
	int err = pager_call(session, MACH_VM_VERSION, &version);

	if (err)
		return err;
	if (version.api < MACH_VM_API_VERSION)
		return E2BIG;
	if (version.api_oldest > MACH_VM_API_VERSION)
		return EPROTONOSUPPORT;
	return 0;
}
