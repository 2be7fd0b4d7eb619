/* SPDX-License-Identifier: GPL-2.0-only */
/* Views: which maps show an object, and where. */
#ifndef MACH_VM_VIEW_H
#define MACH_VM_VIEW_H

#include "vm_object.h"

int mach_view_get(struct mach_object *object, struct address_space *mapping,
		  u64 delta);
void mach_view_put(struct mach_object *object, struct address_space *mapping,
		   u64 delta);
unsigned long mach_view_sole(struct mach_object *object);
unsigned int mach_object_users(struct mach_object *object);

int mach_view_init(void);
void mach_view_exit(void);

#endif /* MACH_VM_VIEW_H */
