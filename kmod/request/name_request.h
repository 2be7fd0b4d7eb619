/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a client asks of the pager of a directory: a request with a text. What the
 * answer does is said above (file/asking.h).
 */
#ifndef MACH_NAME_REQUEST_H
#define MACH_NAME_REQUEST_H

#include "memory_object.h"

#include <linux/dcache.h>
#include <linux/mach_pager.h>

/**
 * struct mach_name_wish - What is asked
 * @operation: MACH_OP_CREATE to MACH_OP_SET_ATTRIBUTES
 * @head: but for sizes and lengths; ids are of the initial user namespace
 * @name: of what; empty: of the directory itself
 * @to: the new name, or what a link says; or empty
 */
struct mach_name_wish {
	u16 operation;
	struct mach_name_request head;
	struct qstr name;
	struct qstr to;
};

struct mach_request *mach_name_request(struct mach_object *object,
				       const struct mach_name_wish *wish);
int mach_name_collect(const struct mach_request *request,
		      const struct mach_pager_collect *args);

#endif /* MACH_NAME_REQUEST_H */
