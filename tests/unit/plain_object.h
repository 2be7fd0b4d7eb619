/* SPDX-License-Identifier: GPL-2.0-only */
/* Objects that only count the entries that map them; for tests of entries. */
#ifndef PLAIN_OBJECT_H
#define PLAIN_OBJECT_H

#include "../../kmod/map/vm_map_range.h"

#include <stdlib.h>

/**
 * struct mach_object - An object
 * @entries: that map it
 * @pager: it has a pager; others are anonymous and have offsets from 0 on
 */
struct mach_object {
	unsigned int entries;
	bool pager;
};

static inline void plain_get(struct mach_entries *entries,
			     const struct mach_map_entry *entry)
{
	(void)entries;
	entry->object->entries++;
}

static inline void plain_put(struct mach_entries *entries,
			     const struct mach_map_entry *entry)
{
	(void)entries;
	if (!entry->object->entries--)
		abort();
}

static inline bool plain_pieces(struct mach_entries *entries,
				const struct mach_map_entry *entry)
{
	(void)entries;
	return entry->object->entries > 1;
}

static inline bool plain_extends(struct mach_entries *entries,
				 const struct mach_map_entry *entry, u64 start,
				 u64 end)
{
	(void)entries;
	return !entry->object->pager &&
	       (start >= entry->start || entry->offset >= end - start);
}

static inline void plain_extend(struct mach_entries *entries,
				const struct mach_map_entry *entry, u64 start,
				u64 end)
{
	(void)entries;
	if (entry->object->pager || (start != entry->end && end != entry->start))
		abort();
}

#endif /* PLAIN_OBJECT_H */
