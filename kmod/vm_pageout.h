/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Making room when no frame can be had: clean pages of any object go, by offset
 * and object in turn. Dirty pages stay until their pager has taken them.
 */
#ifndef MACH_VM_PAGEOUT_H
#define MACH_VM_PAGEOUT_H

#include "vm_object.h"

void mach_pageout_add(struct mach_object *object);
void mach_pageout_remove(struct mach_object *object);
bool mach_pageout_make_room(unsigned int pages);

#endif /* MACH_VM_PAGEOUT_H */
