/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of a listed directory, from the memory of a pager. */
#ifndef MACH_LISTED_READ_H
#define MACH_LISTED_READ_H

#include "listed.h"

#include <linux/mach_list.h>

int mach_listed_read(const struct mach_pager_list *args,
		     struct mach_listing *names);

#endif /* MACH_LISTED_READ_H */
