/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Waiting for room. Requests that are under way make room when they end, and so do
 * pages that are freed: as long as one of them may come, waiting may help.
 */
#ifndef MACH_ROOM_H
#define MACH_ROOM_H

#include "base/manner.h"
#include "object/vm_object.h"

/**
 * struct mach_patience - How long to wait for others
 * @manner: of waiting
 * @started: jiffies
 * @object: whose pager alone can help, or NULL
 * @errors: its errors by then
 * @freed: pages that had been freed when that last changed
 * @due: how many requests will have ended when all of that time have
 */
struct mach_patience {
	enum mach_manner manner;
	unsigned long started;
	struct mach_object *object;
	u64 errors;
	int freed;
	int due;
};

void mach_room_begin(void);
void mach_room_end(void);
void mach_room_gain(unsigned int pages);
void mach_room_wake(void);
int mach_room_wait(enum mach_manner manner);

struct mach_patience mach_patience_begin(struct mach_object *object,
					 enum mach_manner manner);
int mach_patience_wait(struct mach_patience *patience);

#endif /* MACH_ROOM_H */
