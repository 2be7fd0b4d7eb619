/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmachvm - what XNU's mach_vm_region() tells.
 */
#ifndef _MACH_VM_REGION_H
#define _MACH_VM_REGION_H

#include <stdint.h>

#include <mach/mach_types.h>

typedef int *vm_region_info_t;
typedef int *vm_region_info_64_t;
typedef int *vm_region_recurse_info_t;
typedef int vm_region_flavor_t;
typedef uint64_t memory_object_offset_t;
typedef uint64_t memory_object_size_t;

#define VM_REGION_BASIC_INFO_64	9
#define VM_REGION_BASIC_INFO	10
#define VM_REGION_TOP_INFO	12
#define VM_REGION_EXTENDED_INFO	13

#pragma pack(push, 4)

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

/* What the module does not know is 0, and so is what never is. */
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

/* Pages are those of the whole object, however little of it the entry shows. */
struct vm_region_top_info {
	unsigned int obj_id;
	unsigned int ref_count;
	unsigned int private_pages_resident;
	unsigned int shared_pages_resident;
	unsigned char share_mode;
};

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

typedef uint64_t vm_object_id_t;

struct vm_page_info_basic {
	int disposition;	/* VM_PAGE_QUERY_* */
	int ref_count;		/* of the object */
	vm_object_id_t object_id;
	memory_object_offset_t offset;
	int depth;		/* 0 */
	int __pad;
};

typedef struct vm_region_basic_info_64 vm_region_basic_info_data_64_t;
typedef struct vm_region_extended_info vm_region_extended_info_data_t;
typedef struct vm_region_top_info vm_region_top_info_data_t;
typedef struct vm_region_submap_info_64 vm_region_submap_info_data_64_t;

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

typedef int *vm_page_info_t;
typedef int vm_page_info_flavor_t;
typedef struct vm_page_info_basic *vm_page_info_basic_t;
typedef struct vm_page_info_basic vm_page_info_basic_data_t;

#define VM_PAGE_INFO_BASIC	1
#define VM_PAGE_INFO_BASIC_COUNT	\
	VM_REGION_COUNT(vm_page_info_basic_data_t)

#define SM_COW			1
#define SM_PRIVATE		2
#define SM_EMPTY		3
#define SM_SHARED		4

#define VM_REGION_LIST_MAX	256

typedef struct mach_vm_read_entry {
	uint64_t address;
	uint64_t size;
} mach_vm_read_entry_t[VM_REGION_LIST_MAX];

/* Flags of mach_make_memory_entry_64(), with VM_PROT_* */
#define MAP_MEM_NAMED_CREATE	0x020000
#define MAP_MEM_NAMED_REUSE	0x080000
#define MAP_MEM_VM_COPY		0x200000
#define MAP_MEM_VM_SHARE	0x400000

#endif /* _MACH_VM_REGION_H */
