/* SPDX-License-Identifier: GPL-2.0-only */
/* The first touch of anonymous memory: pages of zeros. */
#ifndef MACH_ZERO_FILL_H
#define MACH_ZERO_FILL_H

#include "object/vm_internal.h"
#include "touch_run.h"

/**
 * struct mach_touch - The first touch of a page
 * @object: internal
 * @run: the page, and those that come ahead with it
 * @touched: pages that were touched right before it, one after the other; at first 0
 */
struct mach_touch {
	struct mach_object *object;
	struct mach_run run;
	u64 touched;
};

void mach_touch_begin(struct mach_touch *touch, pgoff_t first, pgoff_t end);
bool mach_touch_fill_run(struct mach_touch *touch, struct page **pages);
int mach_touch_fill(const struct mach_touch *touch, struct page **page);

int mach_internal_fill(struct mach_object *object, pgoff_t index);
unsigned long mach_touch_count_ahead(void);

#endif /* MACH_ZERO_FILL_H */
