/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Anonymous memory: objects without a pager, whose pages are zeros until they
 * are written ("internal" in Mach's words). Nobody could take such pages, so
 * they are never judged: they stay until the last map lets go of them.
 */
#ifndef MACH_VM_INTERNAL_H
#define MACH_VM_INTERNAL_H

#include "vm_object.h"

/*
 * Offset of address 0 in an object that was made for the memory of a map. In the
 * middle: such memory can grow downward as well as upward, and as all of a map's
 * lies at the same distance from its address, neighbours always fit together.
 */
#define MACH_INTERNAL_MIDDLE	(MACH_OBJECT_SIZE_MAX / 2)

struct mach_object *mach_internal_create(void);
void mach_internal_discard(struct mach_object *object, pgoff_t first,
			   pgoff_t end);

#endif /* MACH_VM_INTERNAL_H */
