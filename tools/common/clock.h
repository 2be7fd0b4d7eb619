/* SPDX-License-Identifier: GPL-2.0-only */
/* Time as it is measured. */
#ifndef TOOLS_CLOCK_H
#define TOOLS_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Nanoseconds; where the machine counts instructions, instructions. */
static inline uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

#endif /* TOOLS_CLOCK_H */
