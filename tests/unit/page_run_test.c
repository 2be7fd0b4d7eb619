// SPDX-License-Identifier: GPL-2.0-only
/* Windows of pages: each has its page, is aligned, and meets its neighbours. */
#include "../../kmod/base/page_run.h"
#include "property.h"

/* The pages of a window, found one by one. */
static struct mach_run model(pgoff_t index, unsigned int pages,
			     pgoff_t first, pgoff_t end)
{
	struct mach_run window = { .first = index, .n = 1 };

	while (window.first > first && window.first % pages != 0) {
		window.first--;
		window.n++;
	}
	while (window.first + window.n < end &&
	       (window.first + window.n) % pages != 0)
		window.n++;
	return window;
}

static bool window(void)
{
	unsigned int pages = 1U << property_below(9);
	pgoff_t base = property_below(2) ? 0 :
		       property_random() >> (PAGE_SHIFT + 2);
	pgoff_t first = base + property_below(600);
	pgoff_t end = first + 1 + property_below(600);
	pgoff_t index = first + property_below(end - first);
	struct mach_run got = mach_run_window(index, pages, first, end);
	struct mach_run expected = model(index, pages, first, end);

	if (got.first == expected.first && got.n == expected.n)
		return true;
	return property_fail("page %#lx by %u in %#lx..%#lx: %#lx+%u, not %#lx+%u",
			     index, pages, first, end, got.first, got.n,
			     expected.first, expected.n);
}

int main(int argc, char **argv)
{
	static const struct property properties[] = {
		{ "extent-window", 1000000, window },
	};

	return property_main(properties,
			     sizeof(properties) / sizeof(*properties), argc,
			     argv);
}
