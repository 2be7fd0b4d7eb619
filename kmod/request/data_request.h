/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Asking for absent pages. Their frames lie busy in the object before the pager
 * hears of it, so that a page is asked for once.
 */
#ifndef MACH_DATA_REQUEST_H
#define MACH_DATA_REQUEST_H

#include "memory_object.h"

/**
 * struct mach_ask - What is to be asked for
 * @index: page that must be absent
 * @window: pages to ask for if they are absent, with @index
 * @access: MACH_ACCESS_* wanted
 * @waited: somebody waits for @index, the mandatory page
 */
struct mach_ask {
	pgoff_t index;
	struct mach_run window;
	u32 access;
	bool waited;
};

struct mach_request *mach_data_request_prepare(struct mach_object *object,
					       struct mach_ask *ask);
struct mach_request *mach_data_request(struct mach_object *object,
				       pgoff_t index, unsigned int pages,
				       u32 access);

#endif /* MACH_DATA_REQUEST_H */
