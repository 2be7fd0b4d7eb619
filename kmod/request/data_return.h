/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Giving modified pages back to the pager.
 */
#ifndef MACH_DATA_RETURN_H
#define MACH_DATA_RETURN_H

#include "memory_object.h"

int mach_data_return_range(struct mach_object *object, pgoff_t first,
			   pgoff_t end, u16 flags);
int mach_data_return_wait(struct mach_object *object, pgoff_t first,
			  pgoff_t end);
void mach_data_return_launder(struct mach_object *object, pgoff_t first,
			      pgoff_t end);
void mach_data_return_later(struct mach_object *object, pgoff_t first,
			    pgoff_t end);
void mach_data_return_work(struct work_struct *work);
int mach_object_synchronize(struct mach_object *object);
int mach_object_sync(struct mach_object *object, pgoff_t first, pgoff_t end);

#endif /* MACH_DATA_RETURN_H */
