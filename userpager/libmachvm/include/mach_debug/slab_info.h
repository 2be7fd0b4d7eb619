/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmachvm - caches of structures, as the module has them.
 */
#ifndef _MACH_DEBUG_SLAB_INFO_H
#define _MACH_DEBUG_SLAB_INFO_H

#include <mach/mach_types.h>

#define CACHE_NAME_MAX_LEN	32

/**
 * struct cache_info - A cache of structures.
 * @flags: 0
 * @cpu_pool_size: structures that processors keep for their next requests
 * @obj_size: bytes of one
 * @align: bytes that one is aligned to, or 0
 * @buf_size: bytes from one to the next
 * @slab_size: bytes of a slab
 * @bufs_per_slab: structures in a slab
 * @nr_objs: structures in use
 * @nr_bufs: structures in all slabs
 * @nr_slabs: slabs
 * @nr_free_slabs: of them, with no structure in use
 * @name: what they are
 */
typedef struct cache_info {
	int flags;
	vm_size_t cpu_pool_size;
	vm_size_t obj_size;
	vm_size_t align;
	vm_size_t buf_size;
	vm_size_t slab_size;
	unsigned long bufs_per_slab;
	unsigned long nr_objs;
	unsigned long nr_bufs;
	unsigned long nr_slabs;
	unsigned long nr_free_slabs;
	char name[CACHE_NAME_MAX_LEN];
} cache_info_t;

typedef cache_info_t *cache_info_array_t;

#endif /* _MACH_DEBUG_SLAB_INFO_H */
