/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmachvm - Mach's counters, and the flags of XNU's calls.
 */
#ifndef _MACH_VM_STATISTICS_H
#define _MACH_VM_STATISTICS_H

#include <mach/port.h>

/**
 * struct vm_statistics - What vm_statistics() tells of the module.
 * @pagesize: bytes in a page
 * @free_count: pages not in use
 * @active_count: pages of objects, used not long ago
 * @inactive_count: and those that go next
 * @wire_count: pages that stay
 * @zero_fill_count: pages that a pager had no data for, so far
 * @reactivations: pages spared because they were used, so far
 * @pageins: pages that came from pagers, so far
 * @pageouts: pages that pagers took back, so far
 * @faults: page faults, so far
 * @cow_faults: 0: copies are made at once
 * @lookups: 0: there is no cache of objects
 * @hits: 0, too
 *
 * They have 32 bits, as Mach's, and go round.
 */
struct vm_statistics {
	integer_t pagesize;
	integer_t free_count;
	integer_t active_count;
	integer_t inactive_count;
	integer_t wire_count;
	integer_t zero_fill_count;
	integer_t reactivations;
	integer_t pageins;
	integer_t pageouts;
	integer_t faults;
	integer_t cow_faults;
	integer_t lookups;
	integer_t hits;
};

typedef struct vm_statistics *vm_statistics_t;
typedef struct vm_statistics vm_statistics_data_t;

/**
 * struct vm_cache_statistics - What vm_cache_statistics() tells of the module.
 * @cache_object_count: memory objects
 * @cache_count: their pages in memory
 *
 * The others are 0, as in GNU Mach.
 */
struct vm_cache_statistics {
	integer_t cache_object_count;
	integer_t cache_count;
	/* private: */
	integer_t active_tmp_count;
	integer_t inactive_tmp_count;
	integer_t active_perm_count;
	integer_t inactive_perm_count;
	integer_t dirty_count;
	integer_t laundry_count;
	integer_t writeback_count;
	integer_t slab_count;
	integer_t slab_reclaim_count;
};

typedef struct vm_cache_statistics *vm_cache_statistics_t;
typedef struct vm_cache_statistics vm_cache_statistics_data_t;

/* Flags of mach_vm_allocate(), mach_vm_map() and mach_vm_remap() */
#define VM_FLAGS_FIXED		0x00000000
#define VM_FLAGS_ANYWHERE	0x00000001
#define VM_FLAGS_RANDOM_ADDR	0x00000008
#define VM_FLAGS_OVERWRITE	0x00004000
#define VM_FLAGS_RETURN_DATA_ADDR 0x00100000	/* not mach_vm_allocate() */
#define VM_FLAGS_ALIAS_MASK	0xff000000	/* a tag, which means nothing here */

/* What mach_vm_page_query() and its like tell; here never but the first, 8 and 0x80 */
#define VM_PAGE_QUERY_PAGE_PRESENT	0x001
#define VM_PAGE_QUERY_PAGE_FICTITIOUS	0x002
#define VM_PAGE_QUERY_PAGE_REF		0x004
#define VM_PAGE_QUERY_PAGE_DIRTY	0x008
#define VM_PAGE_QUERY_PAGE_PAGED_OUT	0x010
#define VM_PAGE_QUERY_PAGE_COPIED	0x020
#define VM_PAGE_QUERY_PAGE_SPECULATIVE	0x040
#define VM_PAGE_QUERY_PAGE_EXTERNAL	0x080

#define VM_MAKE_TAG(tag)	((tag) << 24)

#endif /* _MACH_VM_STATISTICS_H */
