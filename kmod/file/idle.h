/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Objects of listed directories that nobody uses: given back when there are many, or
 * memory is short. Nobody but the pager hears of that. The name stays in the table, and
 * who opens it anew gets another object, once the pager has been told of the end of the
 * first one.
 *
 * Lock: mach_idle_lock, a spinlock and a leaf: the order in which such objects were
 * used, and those that have been given back and not ended yet.
 */
#ifndef MACH_IDLE_H
#define MACH_IDLE_H

#include "listed.h"

void mach_idle_used(struct mach_made *made);
void mach_idle_leave(struct mach_made *made);
void mach_idle_ended(struct mach_object *object);
bool mach_idle_has_ended(u64 number);
int mach_idle_wait(u64 number);

int mach_idle_init(void);
void mach_idle_exit(void);

#endif /* MACH_IDLE_H */
