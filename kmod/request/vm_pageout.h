/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Making room when frames run short: pages are judged in the order that the
 * policy gives (page_queue.h); clean ones that were not used go, dirty ones are
 * returned to their pager together with their dirty neighbours and go when they
 * come round again.
 *
 * An object may have half of the pool dirty, and wait for data in a quarter of
 * it, and all of a user's objects together may have what pool/user.h says: so a
 * pager that says nothing holds up those who use its objects, and nobody else.
 */
#ifndef MACH_VM_PAGEOUT_H
#define MACH_VM_PAGEOUT_H

#include "base/manner.h"
#include "object/vm_object.h"

int mach_pageout_alloc(struct bio_vec *frames, unsigned int n);
int mach_pageout_wait(struct mach_object *object, enum mach_manner manner);

bool mach_pageout_may_dirty(struct mach_object *object);
bool mach_pageout_has_room(struct mach_object *object);
bool mach_pageout_may_ask(struct mach_object *object, unsigned int n);
int mach_pageout_throttle(struct mach_object *object, enum mach_manner manner);

void mach_pageout_init(void);
void mach_pageout_exit(void);

#endif /* MACH_VM_PAGEOUT_H */
