// SPDX-License-Identifier: GPL-2.0-only
/* Runs of pages: the aligned window that a page lies in. */
#include "page_run.h"

/**
 * mach_run_window - The window that a page lies in
 * @index: the page
 * @pages: size of a whole window, a power of two; windows are aligned to it
 * @first: no page before this one
 * @end: nor this one or any after it; first <= index < end
 *
 * Windows of one size do not overlap, so that two faults near each other ask
 * for the same pages or for different ones. Return: a window with @index.
 */
struct mach_run mach_run_window(pgoff_t index, unsigned int pages,
				pgoff_t first, pgoff_t end)
{
	pgoff_t from = ALIGN_DOWN(index, (pgoff_t)pages);
	pgoff_t left = end - from;
	struct mach_run window = { .first = index, .n = 1 };

	if (pages == 1)
		return window;
	window.first = from > first ? from : first;
	window.n = (left < pages ? left : pages) - (window.first - from);
	return window;
}
