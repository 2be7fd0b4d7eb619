/* SPDX-License-Identifier: GPL-2.0-only */
/* The first touch of anonymous memory: a page of zeros. */
#ifndef MACH_ZERO_FILL_H
#define MACH_ZERO_FILL_H

#include "object/vm_internal.h"

int mach_internal_fill(struct mach_object *object, pgoff_t index);

#endif /* MACH_ZERO_FILL_H */
