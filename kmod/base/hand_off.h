/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Handing the CPU over instead of sleeping.
 *
 * A faulting thread and its pager take turns. When both run on one CPU, who has
 * to wait lets the other run first and looks again: often the answer, or the
 * next request, is there, and a sleep and a wake-up are saved. Whether that
 * works depends on the scheduler and on who uses more time, so it is tried, and
 * after a failure not again for a while.
 */
#ifndef MACH_HAND_OFF_H
#define MACH_HAND_OFF_H

#include "compat.h"

#define MACH_HAND_OFF_PAUSE	64

/**
 * struct mach_hand_off - Does it pay?
 * @pause: turns to sit out; no lock, a lost update costs nothing
 */
struct mach_hand_off {
	int pause;
};

static inline bool mach_hand_off_pays(struct mach_hand_off *hand_off)
{
	int pause = READ_ONCE(hand_off->pause);

	if (!pause)
		return true;
	WRITE_ONCE(hand_off->pause, pause - 1);
	return false;
}

static inline void mach_hand_off_failed(struct mach_hand_off *hand_off)
{
	WRITE_ONCE(hand_off->pause, MACH_HAND_OFF_PAUSE);
}

#endif /* MACH_HAND_OFF_H */
