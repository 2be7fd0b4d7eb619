/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What clients may change in the file system of objects. In a directory that asks they
 * wait for its pager, who says that it is so, or why not; what then becomes of names is
 * done by who answers, before his call returns (naming.h).
 */
#ifndef MACH_ASKING_H
#define MACH_ASKING_H

#include "base/compat.h"
#include "directory.h"
#include "request/memory_object.h"

struct iattr;

extern const struct mach_node_operations mach_node_operations;

int mach_asking_attributes(MACH_COMPAT_IDMAP *idmap, struct dentry *dentry,
			   struct iattr *attr);
int mach_asking_answer(struct mach_request *request, int error,
		       struct mach_object *made);

#endif /* MACH_ASKING_H */
