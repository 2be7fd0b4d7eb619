/* SPDX-License-Identifier: GPL-2.0-only */
/* A map to which the calls of a trace are made. */
#ifndef VMREPLAY_REPLAY_H
#define VMREPLAY_REPLAY_H

#include "object.h"
#include "runs.h"

/**
 * struct replay - One replay of a trace
 * @entries: the map
 * @stock: spare entries
 * @objects: of the trace, by number
 * @n_objects: for how many numbers there is room
 * @peak: most entries so far
 */
struct replay {
	struct mach_entries entries;
	struct mach_entry_stock stock;
	struct mach_object **objects;
	u32 n_objects;
	unsigned long peak;
};

void replay_begin(struct replay *replay, u32 rules);
void replay_call(struct replay *replay, const struct call *call);
void replay_end(struct replay *replay);
const char *replay_differs(const struct replay *replay, const struct runs *runs);

#endif /* VMREPLAY_REPLAY_H */
