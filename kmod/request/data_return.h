/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Giving modified pages back to the pager, and the end of an object.
 */
#ifndef MACH_DATA_RETURN_H
#define MACH_DATA_RETURN_H

#include "memory_object.h"

int mach_data_return_range(struct mach_object *object, pgoff_t first,
			   pgoff_t end, u16 flags);
void mach_data_return_launder(struct mach_object *object, pgoff_t first,
			      pgoff_t end);
int mach_object_synchronize(struct mach_object *object);
void mach_object_kill(struct mach_object *object);
void mach_object_terminate(struct work_struct *work);

#endif /* MACH_DATA_RETURN_H */
