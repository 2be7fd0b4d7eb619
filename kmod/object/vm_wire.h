/* SPDX-License-Identifier: GPL-2.0-only */
/* Pages of an object that may not be taken away. */
#ifndef MACH_VM_WIRE_H
#define MACH_VM_WIRE_H

#include "vm_object.h"

int mach_object_wire(struct mach_object *object, pgoff_t index, u32 times);
void mach_object_unwire(struct mach_object *object, pgoff_t first, pgoff_t end,
			u32 times);
void mach_object_wire_new(struct mach_object *object, pgoff_t first,
			  const struct bio_vec *frames, unsigned int n);

#endif /* MACH_VM_WIRE_H */
