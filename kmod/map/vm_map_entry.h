/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The entries of a map: what each range of its addresses holds, and with which
 * rights. Pure.
 *
 * Entries do not overlap. They are in a list by address and in a balanced tree
 * (AVL) by address, in which each knows the largest hole below an entry of its
 * subtree. So looking up, linking, clipping and finding room are O(log n).
 *
 * Memory for entries comes from a stock that the caller has filled before it
 * changes anything: nothing here allocates or fails for want of memory.
 */
#ifndef MACH_VM_MAP_ENTRY_H
#define MACH_VM_MAP_ENTRY_H

#include "base/kern.h"

#include <linux/mach_task.h>

struct mach_object;
struct mach_entries;

/**
 * struct mach_map_entry - A range of addresses with one object and one set of rights
 * @prev: the entry below, NULL in the first one
 * @next: the entry above, NULL in the last one; in a stock or a list of removed
 *	entries: the next one there
 * @parent: in the tree
 * @left: below
 * @right: above
 * @start: first address
 * @end: the address after the last
 * @room: largest hole right below an entry of this subtree, in bytes
 * @object: what is mapped; NULL: zeros that nobody has touched yet
 * @offset: of @start in the object; 0 without an object
 * @protection: MACH_PROT_* that accesses have now
 * @max_protection: and may be given
 * @inheritance: VM_INHERIT_*
 * @behavior: MACH_BEHAVIOR_*
 * @shared: other maps see what is written here: never joined to what is not
 * @needs_copy: to be copied before the first write
 * @in_transition: somebody has let go of the lock while he works on it
 * @of_all: in transition, by who wires all of the map
 * @height: of this subtree
 * @wired: how often it was wired; its pages are, unless nobody may access them
 *
 * Guarded by the map's lock.
 */
struct mach_map_entry {
	struct mach_map_entry *prev;
	struct mach_map_entry *next;
	struct mach_map_entry *parent;
	struct mach_map_entry *left;
	struct mach_map_entry *right;
	u64 start;
	u64 end;
	u64 room;
	struct mach_object *object;
	u64 offset;
	u32 protection : 5;
	u32 max_protection : 5;
	u32 inheritance : 2;
	u32 behavior : 3;
	u32 shared : 1;
	u32 needs_copy : 1;
	u32 in_transition : 1;
	u32 of_all : 1;
	u32 height : 8;
	u32 wired;
};

static_assert(sizeof(struct mach_map_entry) <= 96, "GNU Mach's has 152");

/* Entries at hand, linked by @next */
struct mach_entry_stock {
	struct mach_map_entry *first;
	unsigned int n;
};

/**
 * struct mach_entry_ops - What entries need to know of objects
 * @get: one more entry maps the object of @entry, at entry->start - entry->offset
 * @put: one less does
 * @pieces: does more than one entry map the object? NULL where the rules have
 *	MACH_MERGE_PIECES and nobody asks.
 * @extends: may untouched zeros be joined to @entry, [start, end) being right
 *	below or above it? Says no where the object has a pager, is seen from
 *	elsewhere, or has no offsets left there; whatever the rules are. An empty
 *	range asks for the object alone.
 * @extend: they are joined: the object has no pages there from now on
 * @absorb: make the pages of @from pages of @to's object, at the offsets that
 *	they have by @to's place; both are anonymous and seen nowhere else, and
 *	@to extends there. False if that cannot be: then nothing has changed.
 *
 * They are called with entries that have an object, @from and @to too. Whether
 * an object may be glued to itself is a rule (vm_map_coalesce.h) and no question.
 */
struct mach_entry_ops {
	void (*get)(struct mach_entries *entries,
		    const struct mach_map_entry *entry);
	void (*put)(struct mach_entries *entries,
		    const struct mach_map_entry *entry);
	bool (*pieces)(struct mach_entries *entries,
		       const struct mach_map_entry *entry);
	bool (*extends)(struct mach_entries *entries,
			const struct mach_map_entry *entry, u64 start, u64 end);
	void (*extend)(struct mach_entries *entries,
		       const struct mach_map_entry *entry, u64 start, u64 end);
	bool (*absorb)(struct mach_entries *entries,
		       const struct mach_map_entry *to,
		       const struct mach_map_entry *from);
};

/**
 * enum mach_refusal - Why two entries that touch stay two
 * @MACH_REFUSED_RULE: they could be one, if the rules were others
 * @MACH_REFUSED_ATTRIBUTES: rights, inheritance, behavior or wiring differ
 * @MACH_REFUSED_SHARED: one is shared, or both are and the objects differ
 * @MACH_REFUSED_TRANSITION: one is in transition
 * @MACH_REFUSED_OFFSETS: one object, but the offsets do not meet
 * @MACH_REFUSED_OBJECTS: two objects that may not become one, or have no room
 * @MACH_REFUSALS: how many reasons there are
 *
 * Counted by struct mach_entries, for people (vmreplay, statistics).
 */
enum mach_refusal {
	MACH_REFUSED_RULE,
	MACH_REFUSED_ATTRIBUTES,
	MACH_REFUSED_SHARED,
	MACH_REFUSED_TRANSITION,
	MACH_REFUSED_OFFSETS,
	MACH_REFUSED_OBJECTS,
	MACH_REFUSALS
};

/**
 * struct mach_entries - The entries of one map
 * @root: of the tree
 * @first: with the lowest address
 * @last: with the highest one
 * @hint: one that was entered or looked for lately, or the one above, or NULL: what
 *	is done next is often done there
 * @min: first address that an entry may have
 * @max: the address after the last
 * @n: how many
 * @size: bytes that they cover
 * @none: of them, bytes that may never be accessed (max_protection 0)
 * @wired: bytes of entries whose pages are wired
 * @asleep: bytes of wired entries whose pages are not
 * @rules: MACH_MERGE_*, of vm_map_coalesce.h
 * @ops: of the objects
 * @merges: pairs that became one, so far
 * @refusals: pairs that did not, by reason
 */
struct mach_entries {
	struct mach_map_entry *root;
	struct mach_map_entry *first;
	struct mach_map_entry *last;
	struct mach_map_entry *hint;
	u64 min;
	u64 max;
	unsigned long n;
	u64 size;
	u64 none;
	u64 wired;
	u64 asleep;
	u32 rules;
	const struct mach_entry_ops *ops;
	u64 merges;
	u64 refusals[MACH_REFUSALS];
};

static inline u64 mach_entry_size(const struct mach_map_entry *entry)
{
	return entry->end - entry->start;
}

/* May anybody access it? */
static inline bool mach_entry_open(const struct mach_map_entry *entry)
{
	return entry->protection & MACH_PROT_ALL;
}

/* Is it wired, and are its pages? */
static inline bool mach_entry_keeps(const struct mach_map_entry *entry)
{
	return entry->wired && mach_entry_open(entry);
}

/* Is it wired, and are its pages not, as nobody may access them? */
static inline bool mach_entry_asleep(const struct mach_map_entry *entry)
{
	return entry->wired && !mach_entry_open(entry);
}

/* What turns an offset of the object into an address of the map; may wrap. */
static inline u64 mach_entry_delta(const struct mach_map_entry *entry)
{
	return entry->start - entry->offset;
}

static inline void mach_stock_add(struct mach_entry_stock *stock,
				  struct mach_map_entry *entry)
{
	entry->next = stock->first;
	stock->first = entry;
	stock->n++;
}

static inline struct mach_map_entry *
mach_stock_take(struct mach_entry_stock *stock)
{
	struct mach_map_entry *entry = stock->first;

	stock->first = entry->next;
	stock->n--;
	return entry;
}

void mach_entries_init(struct mach_entries *entries, u64 min, u64 max,
		       u32 rules, const struct mach_entry_ops *ops);

/* The entry that holds @address, or NULL */
struct mach_map_entry *mach_entry_lookup(const struct mach_entries *entries,
					 u64 address);
/* The first entry that ends above @address, or NULL */
struct mach_map_entry *mach_entry_from(const struct mach_entries *entries,
				       u64 address);
/* Is every address of [start, end) in an entry? */
bool mach_entries_cover(const struct mach_entries *entries, u64 start, u64 end);

int mach_entries_find_space(const struct mach_entries *entries, u64 from,
			    u64 size, u64 mask, u64 *address);

void mach_entry_link_after(struct mach_entries *entries,
			   struct mach_map_entry *prev,
			   struct mach_map_entry *entry);
void mach_entry_unlink(struct mach_entries *entries,
		       struct mach_map_entry *entry);
void mach_entry_set_bounds(struct mach_entries *entries,
			   struct mach_map_entry *entry, u64 start, u64 end,
			   u64 offset);
void mach_entry_set(struct mach_entries *entries, struct mach_map_entry *entry,
		    const struct mach_map_entry *like);
struct mach_map_entry *mach_entry_piece(struct mach_entries *entries,
					const struct mach_map_entry *entry,
					u64 start, u64 end,
					struct mach_entry_stock *stock);
struct mach_map_entry *mach_entry_clip(struct mach_entries *entries,
				       struct mach_map_entry *entry, u64 at,
				       struct mach_entry_stock *stock);
struct mach_map_entry *mach_entry_join(struct mach_entries *entries,
				       struct mach_map_entry *entry);

#endif /* MACH_VM_MAP_ENTRY_H */
