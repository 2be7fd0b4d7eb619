/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of published objects, in the file system of objects. */
#ifndef MACH_PUBLISH_H
#define MACH_PUBLISH_H

#include "object/vm_object.h"

#include <linux/mach_pager.h>

int mach_publish(struct mach_object *object,
		 const struct mach_pager_publish *args);
bool mach_unpublish(struct mach_object *object);
bool mach_unpublish_keep(struct mach_object *object);
void mach_published_modified(struct mach_object *object);
char *mach_published_path(struct mach_object *object, char *buffer);

#endif /* MACH_PUBLISH_H */
