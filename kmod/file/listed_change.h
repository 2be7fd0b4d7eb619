/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of a listed directory: handed in, changed, removed. */
#ifndef MACH_LISTED_CHANGE_H
#define MACH_LISTED_CHANGE_H

#include "listed.h"

#include <linux/mach_list.h>

int mach_listed_change(struct mach_object *object,
		       const struct mach_pager_list *args);

#endif /* MACH_LISTED_CHANGE_H */
