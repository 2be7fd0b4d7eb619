/* SPDX-License-Identifier: GPL-2.0-only */
/* The end of an object: what is dirty goes to its pager, or is lost with it. */
#ifndef MACH_OBJECT_END_H
#define MACH_OBJECT_END_H

#include "object/vm_object.h"

void mach_object_kill(struct mach_object *object);
void mach_object_terminate(struct work_struct *work);

#endif /* MACH_OBJECT_END_H */
