// SPDX-License-Identifier: GPL-2.0-only
/* Making a trace's calls on a map, and checking it with the runs of pages. */
#include "replay.h"

#include "../../kmod/map/vm_map_range.h"

#include <err.h>
#include <stdlib.h>

#define REMOVE_BATCH	64

static void fill_stock(struct mach_entry_stock *stock)
{
	while (stock->n < MACH_RANGE_STOCK) {
		struct mach_map_entry *entry = calloc(1, sizeof(*entry));

		if (!entry)
			err(1, "memory for an entry");
		mach_stock_add(stock, entry);
	}
}

void replay_begin(struct replay *replay, u32 rules)
{
	*replay = (struct replay){ };
	mach_entries_init(&replay->entries, 0, ADDRESS_END, rules, &object_ops);
}

static struct mach_object *numbered(struct replay *replay, u32 number)
{
	u32 n = replay->n_objects;

	if (number >= n) {
		replay->n_objects = number + 1;
		replay->objects = realloc(replay->objects,
					  replay->n_objects *
					  sizeof(*replay->objects));
		if (!replay->objects)
			err(1, "memory for objects");
		memset(&replay->objects[n], 0,
		       (replay->n_objects - n) * sizeof(*replay->objects));
	}
	if (!replay->objects[number])
		replay->objects[number] = object_new(number, false);
	return replay->objects[number];
}

static void enter(struct replay *replay, const struct call *call)
{
	struct mach_map_entry like = {
		.protection = call->protection,
		.max_protection = call->max_protection,
		.inheritance = call->inheritance,
		.needs_copy = call->what == WHAT_COPY,
	};

	if (call->what != WHAT_ZERO) {
		like.object = numbered(replay, call->object);
		like.offset = call->offset;
	}
	mach_range_enter(&replay->entries, call->start, call->end, &like,
			 &replay->stock);
}

static void removed_put(struct replay *replay, struct mach_entry_stock *removed)
{
	while (removed->n) {
		struct mach_map_entry *entry = mach_stock_take(removed);

		if (entry->object)
			object_ops.put(&replay->entries, entry);
		mach_stock_add(&replay->stock, entry);
	}
}

static void deallocate(struct replay *replay, u64 start, u64 end)
{
	struct mach_entry_stock removed = { };
	u64 at = start;

	while (at < end) {
		fill_stock(&replay->stock);
		at = mach_range_remove(&replay->entries, at, end, REMOVE_BATCH,
				       &replay->stock, &removed);
		removed_put(replay, &removed);
	}
	mach_range_heal(&replay->entries, start, end, &replay->stock);
}

static void change(struct replay *replay, const struct call *call)
{
	struct mach_change how = {
		.protection = call->protection,
		.inheritance = call->inheritance,
		.behavior = call->behavior,
		.wire = call->protection ? 1 : -1,
	};

	how.what = call->op == CALL_PROTECT ? MACH_CHANGE_PROTECTION :
		   call->op == CALL_INHERIT ? MACH_CHANGE_INHERITANCE :
		   call->op == CALL_BEHAVIOR ? MACH_CHANGE_BEHAVIOR :
					       MACH_CHANGE_WIRE;
	mach_range_change(&replay->entries, call->start, call->end, &how,
			  &replay->stock);
}

static void touch(struct replay *replay, const struct call *call)
{
	struct mach_map_entry *entry = mach_entry_from(&replay->entries,
						       call->start);

	for (; entry && entry->start < call->end; entry = entry->next)
		if (entry->protection)
			object_touch(&replay->entries, entry,
				     call->protection & entry->protection &
				     MACH_PROT_WRITE);
}

/**
 * replay_call - Make one call
 * @replay: of replay_begin()
 * @call: to which runs_apply() did not object
 */
void replay_call(struct replay *replay, const struct call *call)
{
	fill_stock(&replay->stock);
	switch (call->op) {
	case CALL_MAP:
		enter(replay, call);
		break;
	case CALL_DEALLOCATE:
		deallocate(replay, call->start, call->end);
		break;
	case CALL_TOUCH:
		touch(replay, call);
		break;
	default:
		change(replay, call);
	}
	if (replay->entries.n > replay->peak)
		replay->peak = replay->entries.n;
}

void replay_end(struct replay *replay)
{
	u32 i;

	deallocate(replay, replay->entries.min, replay->entries.max);
	while (replay->stock.n)
		free(mach_stock_take(&replay->stock));
	for (i = 0; i < replay->n_objects; i++)
		free(replay->objects[i]);
	free(replay->objects);
}

/* Does the entry say of its pages what the run says? */
static bool entry_agrees(const struct mach_map_entry *entry,
			 const struct run *run)
{
	const struct attributes *is = &run->attributes;
	u32 object = entry->object ? entry->object->number : 0;

	if (entry->protection != is->protection ||
	    entry->max_protection != is->max_protection ||
	    entry->inheritance != is->inheritance ||
	    entry->behavior != is->behavior || entry->wired != is->wired)
		return false;
	if (is->what == WHAT_ZERO)
		return !object;
	return object == is->object && mach_entry_delta(entry) == is->delta;
}

/**
 * replay_differs - Compare the map with the model
 * @replay: the map
 * @runs: the model, to which the same calls were made
 *
 * Return: what is wrong, or NULL.
 */
const char *replay_differs(const struct replay *replay, const struct runs *runs)
{
	const struct mach_map_entry *entry = replay->entries.first;
	unsigned long i, n = 0;
	u64 at;

	for (i = 0; i < runs->n; i++) {
		for (at = runs->runs[i].start; at < runs->runs[i].end;
		     at = entry->end, entry = entry->next, n++) {
			if (!entry || entry->start != at ||
			    entry->end > runs->runs[i].end)
				return "an entry is missing or too large";
			if (!entry_agrees(entry, &runs->runs[i]))
				return "an entry has wrong attributes";
		}
	}
	if (entry)
		return "there is an entry where nothing is";
	return n == replay->entries.n ? NULL : "entries are miscounted";
}
