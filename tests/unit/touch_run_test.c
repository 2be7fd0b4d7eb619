// SPDX-License-Identifier: GPL-2.0-only
/* Runs of first touches beside a memory in which pages are there or not. */
#include "../../kmod/fault/touch_run.h"
#include "property.h"

#define PAGES	8192

/**
 * struct memory - What a program has touched, and what is there
 * @there: has the page come?
 * @run: as of a frame: pages of the run that the page ends, or 0
 * @touched: pages that were touched
 * @present: pages that are there
 * @faults: touches that have brought something
 */
static struct memory {
	bool there[PAGES];
	u64 run[PAGES];
	unsigned int touched;
	unsigned int present;
	unsigned int faults;
} memory;

static void forget_all(void)
{
	memory = (struct memory) { 0 };
}

/* Pages from @index on that are not there, up to @end */
static unsigned int absent(unsigned int index, unsigned int end)
{
	unsigned int n = 0;

	while (index + n < end && !memory.there[index + n])
		n++;
	return n;
}

static void touch(unsigned int index)
{
	u64 run = index ? memory.run[index - 1] : 0;
	unsigned int i, n;

	memory.touched++;
	if (memory.there[index])
		return;
	n = mach_touch_pages(run, absent(index, PAGES));
	for (i = index; i < index + n; i++)
		memory.there[i] = true;
	memory.run[index + n - 1] = run + n;
	memory.present += n;
	memory.faults++;
}

static unsigned int wasted(void)
{
	return memory.present - memory.touched;
}

static bool pages(void)
{
	u64 touched = property_below(2) ? property_below(400) :
		      property_random();
	u64 most = 1 + (property_below(2) ? property_below(40) :
			property_random() >> 1);
	unsigned int got = mach_touch_pages(touched, most);

	if (got >= 1 && got <= MACH_TOUCH_MOST && got <= most &&
	    got - 1 <= touched / 8 && (got == most || got % 2) &&
	    (got == MACH_TOUCH_MOST || got == most || got + 1 > touched / 8))
		return true;
	return property_fail("after %#llx pages, at most %#llx: %u",
			     (unsigned long long)touched,
			     (unsigned long long)most, got);
}

/* Of what came an eighth is too much at most, and the longer the fewer faults. */
static bool in_order(void)
{
	unsigned int first = property_below(PAGES);
	unsigned int n = 1 + property_below(PAGES - first), i;

	forget_all();
	for (i = 0; i < n; i++)
		touch(first + i);
	if (wasted() > n / MACH_TOUCH_SHARE)
		return property_fail("%u pages from %u on: %u too many", n,
				     first, wasted());
	if (memory.faults > 48 + n / MACH_TOUCH_MOST)
		return property_fail("%u pages from %u on: %u faults", n,
				     first, memory.faults);
	return true;
}

static bool backwards(void)
{
	unsigned int n = 1 + property_below(PAGES), i;

	forget_all();
	for (i = n; i; i--)
		touch(i - 1);
	return !wasted() ||
	       property_fail("%u pages backwards: %u too many", n, wasted());
}

/* Behind a run as well, whose last touches it may be taken for, once. */
static bool in_steps(void)
{
	unsigned int run = property_below(2) ? property_below(PAGES / 2) : 0;
	unsigned int step = 2U << property_below(8), i;

	forget_all();
	for (i = 0; i < run; i++)
		touch(i);
	for (i = run + step; i < PAGES; i += step)
		touch(i);
	if (!run && wasted())
		return property_fail("steps of %u: %u too many", step,
				     wasted());
	return wasted() <= run / MACH_TOUCH_SHARE + MACH_TOUCH_MOST - 1 ||
	       property_fail("%u in order, then steps of %u: %u too many", run,
			     step, wasted());
}

/* That eight neighbours are touched in order by chance hardly ever happens. */
static bool at_random(void)
{
	unsigned int i, index;

	forget_all();
	for (i = 0; i < PAGES / 4; i++) {
		do {
			index = property_below(PAGES);
		} while (memory.there[index]);
		touch(index);
	}
	return wasted() <= 2 ||
	       property_fail("%u pages at random: %u too many", PAGES / 4,
			     wasted());
}

/* Several runs at a time do not hinder each other. */
static bool side_by_side(void)
{
	unsigned int streams = 2 + property_below(7);
	unsigned int apart = PAGES / streams, n = apart / 2, i, j;

	forget_all();
	for (i = 0; i < n; i++)
		for (j = 0; j < streams; j++)
			touch(j * apart + i);
	if (wasted() > streams * (n / MACH_TOUCH_SHARE))
		return property_fail("%u runs of %u: %u too many", streams, n,
				     wasted());
	return memory.faults <= streams * (48 + n / MACH_TOUCH_MOST) ||
	       property_fail("%u runs of %u: %u faults", streams, n,
			     memory.faults);
}

int main(int argc, char **argv)
{
	static const struct property properties[] = {
		{ "touch-pages", 1000000, pages },
		{ "touch-in-order", 1000, in_order },
		{ "touch-backwards", 200, backwards },
		{ "touch-in-steps", 1000, in_steps },
		{ "touch-at-random", 300, at_random },
		{ "touch-side-by-side", 500, side_by_side },
	};

	return property_main(properties,
			     sizeof(properties) / sizeof(*properties), argc,
			     argv);
}
