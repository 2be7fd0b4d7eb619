/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small map, its objects, and a model of its pages. In the model a page of memory
 * is a cell, and each page of the map knows its cell and its own attributes. What
 * the map says is read through its entries and objects.
 */
#ifndef RANGE_MODEL_H
#define RANGE_MODEL_H

#include "../../kmod/map/vm_map_range.h"

#define PAGES		96
#define BASE		(1ULL << 40)
#define MIDDLE		(1ULL << 59)
#define STEP		((u64)PAGE_SIZE)

/* What a page can hold */
struct cell {
	unsigned int pages;	/* of the map that show it */
	unsigned int value;	/* 0: zeros */
};

/* A page of the map */
struct page {
	struct cell *cell;	/* NULL: it is in no entry */
	unsigned int protection;
	unsigned int max_protection;
	unsigned int inheritance;
	unsigned int behavior;
	unsigned int wired;
	bool shared;
	bool in_transition;
};

/* Where, in this map, an object is seen */
struct place {
	u64 delta;
	unsigned int entries;
};

#define PLACES		8
#define SLOTS		(4 * PAGES)

struct mach_object {
	bool pager;		/* and cells of its own, in the model */
	bool elsewhere;		/* something else sees it, as long as it is here */
	u64 base;		/* offset of slot 0 */
	struct place places[PLACES];
	unsigned int slots[SLOTS];
	struct cell cells[SLOTS];
};

#define PAGERS		3

struct world {
	struct mach_entries entries;
	struct mach_entry_stock stock;
	struct page pages[PAGES];
	struct mach_object *pagers[PAGERS];
	unsigned int value;	/* last written */
	unsigned long objects;	/* anonymous ones */
	bool relieved;		/* an object has become private */
	unsigned int fullness;	/* calls of eight that enter, at present */
};

extern struct world *world;
extern const struct mach_entry_ops model_ops;

static inline u64 address_of(unsigned int page)
{
	return BASE + page * STEP;
}

struct place *object_place(struct mach_object *object, u64 delta);
unsigned int *object_slot(struct mach_object *object, u64 offset);
struct mach_object *make_object(bool pager, u64 base);
void entry_make_object(struct mach_map_entry *entry);
void page_clear(struct page *page);
void page_set(struct page *page, const struct mach_map_entry *like,
	      struct cell *cell);
bool page_holds(unsigned int i, const struct mach_map_entry *entry);
bool map_holds(void);

#endif /* RANGE_MODEL_H */
