// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libmachvm - the host, and the port that stands for privileges.
 */
#include <linux/capability.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mach_priv.h"

host_t mach_host_self(void)
{
	return MACH_HOST;
}

static boolean_t capable(unsigned int capability)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};

	if (syscall(SYS_capget, &header, data))
		return FALSE;
	return data[CAP_TO_INDEX(capability)].effective &
	       CAP_TO_MASK(capability) ? TRUE : FALSE;
}

kern_return_t host_get_host_priv_port(host_t host, host_priv_t *host_priv)
{
	if (!mach_is_host(host))
		return KERN_INVALID_ARGUMENT;
	if (!capable(CAP_IPC_LOCK) && !capable(CAP_SYS_RESOURCE))
		return KERN_NO_ACCESS;
	*host_priv = MACH_HOST_PRIV;
	return KERN_SUCCESS;
}
