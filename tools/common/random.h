/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers by chance that are the same ones in each run. */
#ifndef TOOLS_RANDOM_H
#define TOOLS_RANDOM_H

#include <stdint.h>

/**
 * next_random - The next number of a sequence
 * @state: where it is; any number but 0 begins one
 */
static inline uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

#endif /* TOOLS_RANDOM_H */
