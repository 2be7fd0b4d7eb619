/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmachvm - what XNU's mach_vm_region() tells, and what its like are told.
 */
#ifndef _MACH_VM_REGION_H
#define _MACH_VM_REGION_H

#include <stdint.h>

#include <mach/mach_types.h>

/**
 * DOC: structures of ints
 *
 * XNU's calls fill a structure that the caller has room for, passed as a pointer to int,
 * with a count of ints: VM_REGION_BASIC_INFO_COUNT_64 and so on. Names, layout and
 * numbers are those of XNU's &lt;mach/vm_region.h&gt;. What is said to be 0 is what the module
 * does not know or what never is. Pages are counted in the whole object, however little
 * of it the entry shows, and in 32 bits.
 */

/** typedef vm_region_info_t - Where mach_vm_region() puts its answer. */
typedef int *vm_region_info_t;
/** typedef vm_region_info_64_t - The same. */
typedef int *vm_region_info_64_t;
/** typedef vm_region_recurse_info_t - Where mach_vm_region_recurse() does. */
typedef int *vm_region_recurse_info_t;
/** typedef vm_region_flavor_t - Which structure: VM_REGION_BASIC_INFO and so on. */
typedef int vm_region_flavor_t;
/** typedef memory_object_offset_t - Bytes from an object's start. */
typedef uint64_t memory_object_offset_t;
/** typedef memory_object_size_t - Bytes of an object. */
typedef uint64_t memory_object_size_t;

/*
 * Flavors of mach_vm_region(). The first two both mean struct vm_region_basic_info_64.
 */
#define VM_REGION_BASIC_INFO_64	9
#define VM_REGION_BASIC_INFO	10
#define VM_REGION_TOP_INFO	12
#define VM_REGION_EXTENDED_INFO	13

#pragma pack(push, 4)

/**
 * struct vm_region_basic_info_64 - What an entry allows (VM_REGION_BASIC_INFO_64).
 * @protection: VM_PROT_*
 * @max_protection: VM_PROT_*
 * @inheritance: VM_INHERIT_*
 * @shared: TRUE: others see what is written here
 * @reserved: 0
 * @offset: bytes, in the object; has no meaning without one
 * @behavior: VM_BEHAVIOR_*
 * @user_wired_count: how often it is wired
 */
struct vm_region_basic_info_64 {
	vm_prot_t protection;
	vm_prot_t max_protection;
	vm_inherit_t inheritance;
	boolean_t shared;
	boolean_t reserved;
	memory_object_offset_t offset;
	vm_behavior_t behavior;
	unsigned short user_wired_count;
};

/**
 * struct vm_region_extended_info - Its object's pages (VM_REGION_EXTENDED_INFO).
 * @protection: VM_PROT_*
 * @user_tag: 0
 * @pages_resident: pages of the object in memory
 * @pages_shared_now_private: 0
 * @pages_swapped_out: 0
 * @pages_dirtied: of those in memory, pages that no pager has as they are
 * @ref_count: entries of any task, descriptors and names that hold the object; 0 without
 *	one
 * @shadow_depth: 0
 * @external_pager: 1 if the object has a pager, else 0
 * @share_mode: SM_*
 * @pages_reusable: 0
 */
struct vm_region_extended_info {
	vm_prot_t protection;
	unsigned int user_tag;
	unsigned int pages_resident;
	unsigned int pages_shared_now_private;
	unsigned int pages_swapped_out;
	unsigned int pages_dirtied;
	unsigned int ref_count;
	unsigned short shadow_depth;
	unsigned char external_pager;
	unsigned char share_mode;
	unsigned int pages_reusable;
};

/**
 * struct vm_region_top_info - Whose the pages are (VM_REGION_TOP_INFO).
 * @obj_id: a number of the object, 0 without one: to tell objects apart by, the lower 32
 *	bits of vm_object_id_t
 * @ref_count: as in struct vm_region_extended_info
 * @private_pages_resident: pages of the object in memory if @share_mode is SM_PRIVATE,
 *	else 0
 * @shared_pages_resident: the same of SM_SHARED
 * @share_mode: SM_*
 */
struct vm_region_top_info {
	unsigned int obj_id;
	unsigned int ref_count;
	unsigned int private_pages_resident;
	unsigned int shared_pages_resident;
	unsigned char share_mode;
};

/**
 * struct vm_region_submap_info_64 - What mach_vm_region_recurse() tells.
 * @protection: VM_PROT_*
 * @max_protection: VM_PROT_*
 * @inheritance: VM_INHERIT_*
 * @offset: bytes, in the object; has no meaning without one
 * @user_tag: 0
 * @pages_resident: pages of the object in memory
 * @pages_shared_now_private: 0
 * @pages_swapped_out: 0
 * @pages_dirtied: as in struct vm_region_extended_info
 * @ref_count: likewise
 * @shadow_depth: 0
 * @external_pager: 1 if the object has a pager, else 0
 * @share_mode: SM_*
 * @is_submap: FALSE: there are none
 * @behavior: VM_BEHAVIOR_*
 * @object_id: the lower 32 bits of @object_id_full
 * @user_wired_count: how often it is wired
 * @pages_reusable: 0
 * @object_id_full: a number of the object, as vm_object_id_t
 */
struct vm_region_submap_info_64 {
	vm_prot_t protection;
	vm_prot_t max_protection;
	vm_inherit_t inheritance;
	memory_object_offset_t offset;
	unsigned int user_tag;
	unsigned int pages_resident;
	unsigned int pages_shared_now_private;
	unsigned int pages_swapped_out;
	unsigned int pages_dirtied;
	unsigned int ref_count;
	unsigned short shadow_depth;
	unsigned char external_pager;
	unsigned char share_mode;
	boolean_t is_submap;
	vm_behavior_t behavior;
	uint32_t object_id;
	unsigned short user_wired_count;
	unsigned int pages_reusable;
	uint64_t object_id_full;
};

#pragma pack(pop)

/**
 * typedef vm_object_id_t - A number of an object, 0 for none.
 *
 * It is the same in any task as long as the object lives, and good for telling objects
 * apart alone.
 */
typedef uint64_t vm_object_id_t;

/**
 * struct vm_page_info_basic - What mach_vm_page_info() tells (VM_PAGE_INFO_BASIC).
 * @disposition: VM_PAGE_QUERY_*, as of mach_vm_page_query()
 * @ref_count: entries of any task, descriptors and names that hold the object; 0 without
 *	one
 * @object_id: of the object that it is a page of
 * @offset: of the page in the object, in bytes; has no meaning without one
 * @depth: 0: there are no shadow objects
 * @__pad: 0
 */
struct vm_page_info_basic {
	int disposition;
	int ref_count;
	vm_object_id_t object_id;
	memory_object_offset_t offset;
	int depth;
	int __pad;
};

typedef struct vm_region_basic_info_64 vm_region_basic_info_data_64_t;
typedef struct vm_region_extended_info vm_region_extended_info_data_t;
typedef struct vm_region_top_info vm_region_top_info_data_t;
typedef struct vm_region_submap_info_64 vm_region_submap_info_data_64_t;

/**
 * define VM_REGION_COUNT - How many ints a structure is.
 * @structure: its type
 *
 * The counts below are what the calls want for @count.
 */
#define VM_REGION_COUNT(structure)	\
	((mach_msg_type_number_t)(sizeof(structure) / sizeof(int)))
#define VM_REGION_BASIC_INFO_COUNT_64	\
	VM_REGION_COUNT(vm_region_basic_info_data_64_t)
#define VM_REGION_TOP_INFO_COUNT	\
	VM_REGION_COUNT(vm_region_top_info_data_t)
#define VM_REGION_EXTENDED_INFO_COUNT	\
	VM_REGION_COUNT(vm_region_extended_info_data_t)
#define VM_REGION_SUBMAP_INFO_COUNT_64	\
	VM_REGION_COUNT(vm_region_submap_info_data_64_t)

/** typedef vm_page_info_t - Where mach_vm_page_info() puts its answer. */
typedef int *vm_page_info_t;
/** typedef vm_page_info_flavor_t - Which structure: VM_PAGE_INFO_BASIC alone. */
typedef int vm_page_info_flavor_t;
typedef struct vm_page_info_basic *vm_page_info_basic_t;
typedef struct vm_page_info_basic vm_page_info_basic_data_t;

#define VM_PAGE_INFO_BASIC	1
#define VM_PAGE_INFO_BASIC_COUNT	\
	VM_REGION_COUNT(vm_page_info_basic_data_t)

/* share_mode: who else sees what is written to an entry's memory */
#define SM_COW			1	/* never here: copies are made at once */
#define SM_PRIVATE		2	/* nobody; the memory has no pager */
#define SM_EMPTY		3	/* there is no object yet: nobody has touched it */
#define SM_SHARED		4	/* others, or a pager */

/* Ranges that mach_vm_read_list() takes at most */
#define VM_REGION_LIST_MAX	256

/**
 * struct mach_vm_read_entry - A range for mach_vm_read_list(), and then its data.
 * @address: first byte; out: where the data is, 0 after a failure
 * @size: bytes, less than 4 GiB; 0: passed over; out: 0 after a failure
 */
typedef struct mach_vm_read_entry {
	uint64_t address;
	uint64_t size;
} mach_vm_read_entry_t[VM_REGION_LIST_MAX];

/* Flags of mach_make_memory_entry_64(), with VM_PROT_*: one at most */
#define MAP_MEM_NAMED_CREATE	0x020000	/* new zero-filled memory */
#define MAP_MEM_NAMED_REUSE	0x080000	/* the parent again, if it is the same */
#define MAP_MEM_VM_COPY		0x200000	/* a copy of the range */
#define MAP_MEM_VM_SHARE	0x400000	/* the range itself, as without a flag */

#endif /* _MACH_VM_REGION_H */
