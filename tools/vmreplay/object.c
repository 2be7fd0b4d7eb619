// SPDX-License-Identifier: GPL-2.0-only
/* Objects without pages, whose entries are counted as the rules need it. */
#include "object.h"

#include <err.h>
#include <linux/mach_task.h>
#include <stdlib.h>

/* Where anonymous objects begin, so that there is room on both sides */
#define MIDDLE		(1ULL << 59)

struct mach_object *object_new(u32 number, bool copy)
{
	struct mach_object *object = calloc(1, sizeof(*object));

	if (!object)
		err(1, "memory for an object");
	object->number = number;
	object->copy = copy;
	return object;
}

static struct place *find_place(const struct mach_object *object, u64 delta)
{
	unsigned int i;

	for (i = 0; i < object->n_places; i++)
		if (object->places[i].delta == delta)
			return &object->places[i];
	return NULL;
}

static void object_get(struct mach_entries *entries,
		       const struct mach_map_entry *entry)
{
	struct mach_object *object = entry->object;
	u64 delta = mach_entry_delta(entry);
	struct place *place = find_place(object, delta);

	(void)entries;
	if (!place) {
		object->places = realloc(object->places, (object->n_places + 1) *
							 sizeof(*place));
		if (!object->places)
			err(1, "memory for a place");
		place = &object->places[object->n_places++];
		*place = (struct place){ .delta = delta };
	}
	place->entries++;
}

static void object_put(struct mach_entries *entries,
		       const struct mach_map_entry *entry)
{
	struct mach_object *object = entry->object;
	struct place *place = find_place(object, mach_entry_delta(entry));

	(void)entries;
	if (!place)
		errx(1, "an entry goes that no object knows: a bug in the map");
	if (--place->entries)
		return;
	*place = object->places[--object->n_places];
	if (object->n_places)
		return;
	free(object->places);
	object->places = NULL;
	if (!object->number || object->copy)
		free(object);
}

/* Anonymous, and nobody sees it at another place? */
static bool is_private(const struct mach_object *object)
{
	return !object->number && object->n_places == 1;
}

static bool object_pieces(struct mach_entries *entries,
			  const struct mach_map_entry *entry)
{
	const struct mach_object *object = entry->object;

	(void)entries;
	return object->n_places > 1 || object->places[0].entries > 1;
}

/* The room in front is what the object's offsets leave. */
static bool object_extends(struct mach_entries *entries,
			   const struct mach_map_entry *entry, u64 start,
			   u64 end)
{
	const struct mach_object *object = entry->object;

	(void)entries;
	if (!is_private(object))
		return false;
	return start >= entry->end || entry->offset >= end - start;
}

/* There are no pages that could be in the way. */
static void object_extend(struct mach_entries *entries,
			  const struct mach_map_entry *entry, u64 start,
			  u64 end)
{
	(void)entries;
	(void)entry;
	(void)start;
	(void)end;
}

/* As in the module, the other pieces of @from's object stay what they are. */
static bool object_absorb(struct mach_entries *entries,
			  const struct mach_map_entry *to,
			  const struct mach_map_entry *from)
{
	(void)entries;
	return is_private(to->object) && is_private(from->object);
}

const struct mach_entry_ops object_ops = {
	.get = object_get,
	.put = object_put,
	.pieces = object_pieces,
	.extends = object_extends,
	.extend = object_extend,
	.absorb = object_absorb,
};

/**
 * object_touch - Somebody accesses memory
 * @entries: of the map
 * @entry: with rights to do so
 * @write: he writes
 *
 * Zeros get an object then; what is mapped as a copy is one when it is written.
 */
void object_touch(struct mach_entries *entries, struct mach_map_entry *entry,
		  bool write)
{
	struct mach_map_entry old = *entry;

	if (!entry->object) {
		entry->object = object_new(0, false);
		if (entries->rules & RULE_MIDDLE)
			entry->offset = MIDDLE + entry->start;
		object_get(entries, entry);
	} else if (write && entry->needs_copy) {
		entry->object = object_new(entry->object->number, true);
		entry->needs_copy = 0;
		object_get(entries, entry);
		object_put(entries, &old);
	}
}
