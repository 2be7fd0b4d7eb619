/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Objects without pages: what the map's code asks of objects when it joins
 * entries, answered as the module or as GNU Mach would.
 */
#ifndef VMREPLAY_OBJECT_H
#define VMREPLAY_OBJECT_H

#include "rules.h"

/* Entries that see the object at one place */
struct place {
	u64 delta;
	unsigned long entries;
};

/**
 * struct mach_object - What entries map
 * @number: of the trace; 0: anonymous memory
 * @copy: this is a copy of it
 * @n_places: how many there are
 * @places: where entries see it
 */
struct mach_object {
	u32 number;
	bool copy;
	unsigned int n_places;
	struct place *places;
};

extern const struct mach_entry_ops object_ops;

void object_touch(struct mach_entries *entries, struct mach_map_entry *entry,
		  bool write);
struct mach_object *object_new(u32 number, bool copy);

#endif /* VMREPLAY_OBJECT_H */
