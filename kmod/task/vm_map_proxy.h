/* SPDX-License-Identifier: GPL-2.0-only */
/* A right to what an entry shows, as a descriptor. */
#ifndef MACH_VM_MAP_PROXY_H
#define MACH_VM_MAP_PROXY_H

#include "base/mach_call.h"

int mach_task_proxy(struct mach_call_context *context,
		    union mach_call_args *args);

#endif /* MACH_VM_MAP_PROXY_H */
