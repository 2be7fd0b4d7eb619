// SPDX-License-Identifier: GPL-2.0-only
/* How many pages a first touch brings: the more, the longer its run is already. */
#include "touch_run.h"

/**
 * mach_touch_pages - How many pages a first touch brings
 * @touched: pages of the run that ends right before it; 0: there is none
 * @most: pages that may come, not 0
 *
 * The page itself, and ahead of it one at most for every eight that were touched: so of
 * what a run has brought when it ends, a ninth at most was of no use. An odd number of
 * pages comes if it may: then no steps of an even number of pages lead to the page
 * behind, where they would be taken for touches of all of them. Return: not 0.
 */
unsigned int mach_touch_pages(u64 touched, u64 most)
{
	u64 n = 1 + (touched / MACH_TOUCH_SHARE & ~1ULL);

	n = min_t(u64, n, MACH_TOUCH_MOST);
	return min_t(u64, n, most);
}
