/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Property tests: random operations beside a model too simple to be wrong. A
 * failure prints the seed; "PROGRAM SEED" repeats it.
 */
#ifndef PROPERTY_H
#define PROPERTY_H

#include <stdbool.h>
#include <stdint.h>

struct property {
	const char *name;
	unsigned long turns;
	/* One random operation; false after property_fail(). */
	bool (*turn)(void);
};

int property_main(const struct property *properties, unsigned int n, int argc,
		  char **argv);
bool property_fail(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

void property_seed(uint64_t seed);
uint64_t property_random(void);
uint64_t property_below(uint64_t limit);
uint64_t property_edge(void);

#endif /* PROPERTY_H */
