/* SPDX-License-Identifier: GPL-2.0-only */
/* Published objects: /dev/machobj/NAME. */
#ifndef MACH_PUBLISH_H
#define MACH_PUBLISH_H

#include "object/vm_object.h"

int mach_publish(struct mach_object *object,
		 const struct mach_pager_publish *args);
void mach_unpublish(struct mach_object *object);
void mach_published_name(struct mach_object *object, char *name);

int mach_publish_init(void);
void mach_publish_exit(void);

#endif /* MACH_PUBLISH_H */
