/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Waiting for room. Requests that are under way make room when they end, and so do
 * pages that are freed: as long as one of them may come, waiting may help.
 *
 * Who waits for room on his user's account, or for one object, is told of what happens
 * to that user's objects: however many they are, others do not pay for waking them.
 * Who waits for a frame is one of all who do, a few of whom are told of each that
 * there may be. All look again now and then, told or not.
 */
#ifndef MACH_ROOM_H
#define MACH_ROOM_H

#include "base/manner.h"
#include "object/vm_object.h"

/**
 * struct mach_patience - How long to wait for others
 * @manner: of waiting
 * @started: jiffies
 * @alone: whose pager alone can help, or NULL
 * @errors: its errors by then
 * @freed: pages that had been freed when that last changed
 * @due: how many requests will have ended when all of that time have
 */
struct mach_patience {
	enum mach_manner manner;
	unsigned long started;
	struct mach_object *alone;
	u64 errors;
	int freed;
	int due;
};

void mach_room_begin(void);
void mach_room_end(struct mach_object *object);
void mach_room_gain(unsigned int pages);
void mach_room_wake(struct mach_object *object);
int mach_room_wait(struct mach_object *object, enum mach_manner manner);

struct mach_patience mach_patience_begin(struct mach_object *alone,
					 enum mach_manner manner);
int mach_patience_wait(struct mach_patience *patience,
		       struct mach_object *object);

#endif /* MACH_ROOM_H */
