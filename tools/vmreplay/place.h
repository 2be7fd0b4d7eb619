/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls at other addresses than those that were recorded. Linux puts what may lie
 * anywhere below what is there already, Mach into the lowest room; which neighbours
 * meet depends on it.
 */
#ifndef VMREPLAY_PLACE_H
#define VMREPLAY_PLACE_H

#include "runs.h"

/* What was recorded at [start, end) lies @by higher; may wrap. */
struct move {
	u64 start;
	u64 end;
	u64 by;
};

/**
 * struct place_map - Where recorded addresses have gone
 * @moves: @n of them, by address; elsewhere nothing is moved
 * @n: how many
 * @placed: what lies where it has gone
 * @upward: put what may lie anywhere into the lowest room; else nothing moves
 */
struct place_map {
	struct move *moves;
	unsigned long n;
	struct runs placed;
	bool upward;
};

bool place_call(struct place_map *map, const struct call *call, bool anywhere,
		struct trace *trace);
void place_forget(struct place_map *map, u64 start, u64 end);
void place_copy(struct place_map *to, const struct place_map *from);
void place_clear(struct place_map *map);

#endif /* VMREPLAY_PLACE_H */
