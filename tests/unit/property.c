// SPDX-License-Identifier: GPL-2.0-only
/* The command line and the random numbers of property tests. */
#include "property.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

unsigned long mach_kern_steps;
static uint64_t property_state;
static char property_message[512];

/* splitmix64: every seed is as good as any other */
uint64_t property_random(void)
{
	uint64_t z = property_state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

void property_seed(uint64_t seed)
{
	property_state = seed;
}

uint64_t property_below(uint64_t limit)
{
	return property_random() % limit;
}

/* Numbers where arithmetic goes wrong, and some that are just numbers. */
uint64_t property_edge(void)
{
	static const uint64_t edges[] = {
		0, 1, 4095, 4096, 4097, 1ULL << 31, 1ULL << 32, 1ULL << 62,
		1ULL << 63, ~0ULL,
	};
	uint64_t edge = edges[property_below(sizeof(edges) / sizeof(*edges))];

	switch (property_below(4)) {
	case 0:
		return edge;
	case 1:
		return edge + property_below(5) - 2;
	case 2:
		return property_below(64) * 4096;
	}
	return property_random();
}

bool property_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(property_message, sizeof(property_message), format, args);
	va_end(args);
	return false;
}

static bool property_holds(const struct property *property, uint64_t seed)
{
	unsigned long i;

	property_seed(seed);
	for (i = 0; i < property->turns; i++) {
		if (property->turn())
			continue;
		printf("not ok %s: turn %lu of seed %llu: %s\n", property->name,
		       i, (unsigned long long)seed, property_message);
		return false;
	}
	printf("ok %s\n", property->name);
	return true;
}

int property_main(const struct property *properties, unsigned int n, int argc,
		  char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) :
				   (uint64_t)time(NULL);
	bool failed = false;
	unsigned int i;

	for (i = 0; i < n; i++)
		failed |= !property_holds(&properties[i], seed);
	return failed;
}
