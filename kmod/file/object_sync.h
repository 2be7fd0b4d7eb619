/* SPDX-License-Identifier: GPL-2.0-only */
/* A range of an object, sent home or forgotten. */
#ifndef MACH_OBJECT_SYNC_H
#define MACH_OBJECT_SYNC_H

#include "object/vm_object.h"

int mach_object_msync(struct mach_object *object, pgoff_t first, pgoff_t end,
		      u32 flags, bool writable);

#endif /* MACH_OBJECT_SYNC_H */
