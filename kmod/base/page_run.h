/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs of pages. Pure. */
#ifndef MACH_PAGE_RUN_H
#define MACH_PAGE_RUN_H

#include "kern.h"

/**
 * struct mach_run - Consecutive pages of an object
 * @first: first page index
 * @n: how many
 */
struct mach_run {
	pgoff_t first;
	unsigned int n;
};

struct mach_run mach_run_window(pgoff_t index, unsigned int pages,
				pgoff_t first, pgoff_t end);

#endif /* MACH_PAGE_RUN_H */
