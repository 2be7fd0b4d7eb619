/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Asking for absent pages. Their frames lie busy in the object before the pager
 * hears of it, so that a page is asked for once.
 */
#ifndef MACH_DATA_REQUEST_H
#define MACH_DATA_REQUEST_H

#include "memory_object.h"

struct mach_request *mach_data_request_prepare(struct mach_object *object,
					       pgoff_t index, pgoff_t mandatory,
					       struct mach_extent *window);
struct mach_request *mach_data_request(struct mach_object *object,
				       pgoff_t index, unsigned int pages,
				       u32 access);

#endif /* MACH_DATA_REQUEST_H */
