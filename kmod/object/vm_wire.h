/* SPDX-License-Identifier: GPL-2.0-only */
/* Pages of an object that may not be taken away. */
#ifndef MACH_VM_WIRE_H
#define MACH_VM_WIRE_H

#include "vm_object.h"

bool mach_object_wire(struct mach_object *object, pgoff_t index);
void mach_object_unwire(struct mach_object *object, pgoff_t first, pgoff_t end,
			u32 times);

#endif /* MACH_VM_WIRE_H */
