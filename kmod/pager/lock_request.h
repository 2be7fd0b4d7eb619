/* SPDX-License-Identifier: GPL-2.0-only */
/* Lock requests: clean and flush, which go on without their caller. */
#ifndef MACH_LOCK_REQUEST_H
#define MACH_LOCK_REQUEST_H

#include "base/mach_call.h"

int mach_pager_lock_request(struct mach_call_context *context,
			    union mach_call_args *args);

int mach_lock_init(void);
void mach_lock_exit(void);

#endif /* MACH_LOCK_REQUEST_H */
