/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of published objects, in the root of the file system. */
#ifndef MACH_PUBLISH_H
#define MACH_PUBLISH_H

#include "object/vm_object.h"

/* Of the directory that has the names */
extern const struct inode_operations mach_names_operations;

int mach_publish(struct mach_object *object,
		 const struct mach_pager_publish *args);
void mach_unpublish(struct mach_object *object);
void mach_published_modified(struct mach_object *object);
void mach_published_name(struct mach_object *object, char *name);

#endif /* MACH_PUBLISH_H */
