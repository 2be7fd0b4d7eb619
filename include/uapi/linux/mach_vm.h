/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * machvm - Mach's VM objects on Linux: what every descriptor answers.
 */
#ifndef _UAPI_LINUX_MACH_VM_H
#define _UAPI_LINUX_MACH_VM_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * DOC: descriptors and errors
 *
 * Each right is a descriptor; none can be guessed and none grows when it is
 * passed on (SCM_RIGHTS):
 *
 * ========  ==============================  ===================================
 * kind      made by                         lets its holder
 * ========  ==============================  ===================================
 * task      open("/dev/machvm")             everything in <linux/mach_task.h>, or
 *                                           become a pager
 * pager     MACH_PAGER_REGISTER on a task   everything in <linux/mach_pager.h>
 * object    MACH_PAGER_CREATE, or opening   mmap, read, write, fsync within the
 *           a file in /dev/machobj          descriptor's open mode
 * proxy     MACH_OBJECT_PROXY on an object  map a part of it (MACH_TASK_MAP), with
 *           or proxy, MACH_TASK_PROXY       rights of its own
 * name      MACH_OBJECT_NAME on an object   MACH_OBJECT_INFO, MACH_NAME_COMPARE
 * ========  ==============================  ===================================
 *
 * Every structure starts with its own size, so that a program and a module of
 * different versions understand each other:
 *
 * - One that is smaller than its first version is refused (EINVAL); otherwise
 *   what is missing is read as zeros, and is not written.
 * - One that is larger than the module knows is refused (E2BIG) unless the rest
 *   is zero; it stays zero.
 * - The size bits of an ioctl's number mean nothing.
 * - Of what the module fills in an array (messages, segments, caches) the program
 *   says the distance; the size in each is what the module has filled in, and the
 *   rest is zero.
 * - A structure that lies in another is the other's last member, and its size is
 *   what is left of the other's.
 *
 * Reserved fields, and those that only the kernel writes, must be zero.
 *
 * One errno has one meaning in every call and ring command:
 *
 * ==========  ================================================================
 * EINVAL      a size, flag, reserved field, alignment, range or name is wrong
 * E2BIG       a structure is larger than any, or than known and not zero there
 * EFAULT      an address cannot be read or written
 * ENOTTY      this kind of descriptor does not answer this call
 * EBADF       a descriptor argument is closed or of the wrong kind or mode
 * EPERM       not in this descriptor's role, or not without a privilege; the size
 *             of an object cannot be changed
 * EACCES      the descriptor's rights do not include the access, or the caller's
 *             to a directory of a path
 * ENOENT      this pager has no such queue, tag, object or name
 * ENOTDIR     what is on the way of a path is no directory
 * ENAMETOOLONG  a path, a name of it, or a link's target is too long
 * EADDRNOTAVAIL  nothing is there: an address in no entry of the map
 * EEXIST      the name is taken; a page of the range is there, or answered
 * EBUSY       the slot has a command posted or a request held
 * EOWNERDEAD  the pager that had the name has died: it is another user's for a while
 * ESTALE      the request is not, or no longer, this pager's to answer
 * ERANGE      a part of an answer lies outside its request
 * EPROTO      the answer does not fit the request's operation
 * ENODATA     the file given as source ended before the range was filled
 * ELOOP       a machvm descriptor cannot be a source or sink of pages
 * ENODEV      the pager has resigned, or the object was destroyed
 * EDEADLK     the caller works on a request of the pager that would answer
 * ETIMEDOUT   no request came within the time given
 * ENOSPC      no room: in a task's map, or behind the end of an object
 * EDQUOT      the caller's user has as many names and directories as one may have
 * ENOMEM      no memory, for this caller only
 * EMFILE      the caller has too many descriptors open (ENFILE: the system)
 * ENXIO       the object has ended: only of opening its descriptor again
 * EIO         the pager failed, died or stayed silent; data was not had
 * ==========  ================================================================
 */

#define MACH_VM_DEVICE		"/dev/machvm"
#define MACH_VM_NODE_DIR	"/dev/machobj"	/* file system of type machobj */
#define MACH_VM_IOC		0xB7

/**
 * define MACH_OBJECT_MAGIC - What statfs(2) says of objects, wherever they are seen.
 *
 * An object's descriptor is an open file of the file system machobj, also before the
 * object is published; a published one is a regular file there. st_dev and st_ino of
 * both are the same, and no other object ever has them. Anybody with CAP_SYS_ADMIN
 * may mount it; each mount shows the same files.
 */
#define MACH_OBJECT_MAGIC	0x4d616368

/**
 * DOC: versions
 *
 * A program asks at compile time what its headers know, by MACH_VM_API_VERSION and
 * by #ifdef of a call, flag or feature, and at run time what the module knows, by
 * MACH_VM_VERSION: its @api, and a bit of @features for what may be missing from one
 * that is old or on a kernel that lacks the means. A call that the module does not
 * know is ENOTTY.
 *
 * =  =========================================================================
 * 2  what the module tells says its size; features
 * 3  MACH_TASK_PROXY and _PAGES, MACH_OBJECT_MSYNC; behaviors that act,
 *    MACH_VM_OVERWRITE and _ALL_RIGHTS, MACH_UNPRIVILEGED; the number of an object
 *    from MACH_OBJECT_INFO; maps beyond an object's end; lock requests are rounded
 *    and cut to the object
 * 4  names of objects are paths, by address and length; MACH_PAGER_SYMLINK, _MKDIR
 *    and _UNPUBLISH. MACH_PAGER_PUBLISH as it was before is not served any more.
 *    MACH_VM_PROTECT and _MAXIMUM
 * 5  directories that ask their pager: MACH_CREATE_DIRECTORY, MACH_OP_CREATE to
 *    _SET_ATTRIBUTES; listed directories: MACH_CREATE_LISTED, MACH_PAGER_LIST, and
 *    MACH_CREATE_ASKS
 * =  =========================================================================
 */

/** define MACH_VM_API_VERSION - Raised when the interface changes visibly. */
#define MACH_VM_API_VERSION	5

/** define MACH_VM_API_OLDEST - What a module of today still serves. */
#define MACH_VM_API_OLDEST	4

/* Bits of struct mach_vm_version::features */
#define MACH_FEATURE_RING	(1ULL << 0)	/* MACH_RING_*: Linux has io_uring */
#define MACH_FEATURE_IOCTL	(1ULL << 1)	/* MACH_PAGER_RECEIVE */
#define MACH_FEATURE_FILE	(1ULL << 2)	/* MACH_PART_FILE */
#define MACH_FEATURE_TASK	(1ULL << 3)	/* MACH_TASK_* */
#define MACH_FEATURE_PROXY	(1ULL << 4)	/* MACH_OBJECT_PROXY */
#define MACH_FEATURE_PAGES	(1ULL << 5)	/* MACH_TASK_PAGES */
#define MACH_FEATURE_NAMES	(1ULL << 6)	/* MACH_CREATE_DIRECTORY */
#define MACH_FEATURE_LISTED	(1ULL << 7)	/* MACH_PAGER_LIST */
#define MACH_FEATURE_ASKS	(1ULL << 8)	/* MACH_CREATE_ASKS */

/**
 * struct mach_vm_version - What this module is (MACH_VM_VERSION, any kind).
 * @size: sizeof(struct mach_vm_version)
 * @api: out: MACH_VM_API_VERSION of the module
 * @page_size: out: bytes in a page
 * @cluster_max: out: largest request, in bytes
 * @features: out: MACH_FEATURE_*
 * @api_oldest: out: programs made for an older MACH_VM_API_VERSION than this are
 *	not understood; 0 from modules that do not know the field
 * @reserved: zero
 *
 * This call is understood by modules and programs of all versions.
 */
struct mach_vm_version {
	__u32 size;
	__u32 api;
	__u32 page_size;
	__u32 cluster_max;
	__aligned_u64 features;
	__u32 api_oldest;
	__u32 reserved;
};

#define MACH_VM_VERSION_SIZE_VER0	16	/* of the first version */

/* Bits of struct mach_object_info::state */
#define MACH_OBJECT_ALIVE	(1U << 0)	/* its pager serves it */
#define MACH_OBJECT_PUBLISHED	(1U << 1)	/* it has a name */
#define MACH_OBJECT_READ_ONLY	(1U << 2)	/* nobody may write to it */
#define MACH_OBJECT_INTERNAL	(1U << 3)	/* no pager: zero-filled memory */
#define MACH_OBJECT_BY_PROXY	(1U << 4)	/* asked of a proxy */

/**
 * struct mach_object_info - State of an object (MACH_OBJECT_INFO; object or name).
 * @size: sizeof(struct mach_object_info)
 * @state: out: MACH_OBJECT_* bits
 * @object_size: out: bytes; need not be a multiple of the page size
 * @cluster: out: bytes of a full request
 * @rights: out: MACH_PROT_* that it may be mapped with by this descriptor
 * @resident: out: pages in memory
 * @dirty: out: resident pages whose pager has not yet taken the contents
 * @pageins: out: pages supplied so far
 * @pageouts: out: pages taken back so far
 * @requests: out: data requests sent so far
 * @errors: out: pages that a pager refused, lost, or failed to take back
 * @object: out: its number, as in struct mach_task_region
 * @busy: out: pages that wait for their contents
 * @references: out: entries of any map, descriptors and names that hold it
 * @reserved: zero
 *
 * Source: Mach's vm_object_info and memory_object_get_attributes.
 */
struct mach_object_info {
	__u32 size;
	__u32 state;
	__aligned_u64 object_size;
	__u32 cluster;
	__u32 rights;
	__aligned_u64 resident;
	__aligned_u64 dirty;
	__aligned_u64 pageins;
	__aligned_u64 pageouts;
	__aligned_u64 requests;
	__aligned_u64 errors;
	__aligned_u64 object;
	__aligned_u64 busy;
	__u32 references;
	__u32 reserved;
};

#define MACH_OBJECT_INFO_SIZE_VER0	72	/* of the first version */

/**
 * struct mach_object_name - Make a name (MACH_OBJECT_NAME; object or name).
 * @size: sizeof(struct mach_object_name)
 * @flags: zero
 * @fd: out: the new descriptor, close-on-exec
 * @reserved: zero
 */
struct mach_object_name {
	__u32 size;
	__u32 flags;
	__s32 fd;
	__u32 reserved;
};

/**
 * struct mach_name_compare - Same object? (MACH_NAME_COMPARE; object or name).
 * @size: sizeof(struct mach_name_compare)
 * @flags: zero
 * @fd: an object or name descriptor
 * @equal: out: 1 if both mean the same object, else 0
 */
struct mach_name_compare {
	__u32 size;
	__u32 flags;
	__s32 fd;
	__u32 equal;
};

/**
 * struct mach_vm_statistics - The module in numbers (MACH_VM_STATISTICS, any kind).
 * @size: sizeof(struct mach_vm_statistics)
 * @page_size: out: bytes in a page, the unit of all that ends in _count
 * @free_count: out: in the pool and not in use, @cached_count among them
 * @active_count: out: of objects, used not long ago
 * @inactive_count: out: of objects, to be judged before the active ones
 * @wire_count: out: of structures of the module, and of objects that tasks have
 *	wired: never evicted
 * @busy_count: out: of objects, waiting for data from a pager
 * @dirty_count: out: of the active and inactive ones, not yet with their pager
 * @laundry_count: out: of the dirty ones, on their way to it
 * @aside_count: out: pinned by somebody when their object gave them up
 * @cached_count: out: free ones that a processor keeps for its next request
 * @faults: out: page faults on objects so far
 * @pageins: out: pages that came from pagers so far
 * @pageouts: out: pages that pagers took back so far
 * @zero_fill_count: out: of @pageins, those a pager had no data for
 * @reactivations: out: pages spared because they were used, so far
 * @evictions: out: clean pages taken from objects for want of room, so far
 * @requests: out: data requests sent so far
 * @errors: out: pages that pagers refused, lost or failed to take, so far
 * @limit_count: out: most pages that the pool may have
 * @reserve_count: out: of them, kept for what makes room
 * @chunk_count: out: pages in a chunk, which is what Linux lends
 * @chunks: out: chunks in the pool
 * @chunks_taken: out: from Linux so far
 * @chunks_returned: out: to Linux so far
 * @chunks_refused: out: times that Linux had none, so far
 * @overhead: out: bytes that the pool needs beside its pages
 * @objects: out: memory objects
 * @internal_count: out: of tasks' zero-filled memory: nobody can take them yet
 *
 * The numbers are not all of one moment. Source: Mach's vm_statistics, without
 * what Linux does here: copy on write, and the cache of unused objects.
 */
struct mach_vm_statistics {
	__u32 size;
	__u32 page_size;
	__aligned_u64 free_count;
	__aligned_u64 active_count;
	__aligned_u64 inactive_count;
	__aligned_u64 wire_count;
	__aligned_u64 busy_count;
	__aligned_u64 dirty_count;
	__aligned_u64 laundry_count;
	__aligned_u64 aside_count;
	__aligned_u64 cached_count;
	__aligned_u64 faults;
	__aligned_u64 pageins;
	__aligned_u64 pageouts;
	__aligned_u64 zero_fill_count;
	__aligned_u64 reactivations;
	__aligned_u64 evictions;
	__aligned_u64 requests;
	__aligned_u64 errors;
	__aligned_u64 limit_count;
	__aligned_u64 reserve_count;
	__aligned_u64 chunk_count;
	__aligned_u64 chunks;
	__aligned_u64 chunks_taken;
	__aligned_u64 chunks_returned;
	__aligned_u64 chunks_refused;
	__aligned_u64 overhead;
	__aligned_u64 objects;
	__aligned_u64 internal_count;
};

/**
 * struct mach_vm_array - Have an array filled (MACH_VM_SEGMENTS, MACH_VM_CACHES).
 * @size: sizeof(struct mach_vm_array)
 * @entry_size: bytes of the caller's entries, at least those of their first
 *	version and at most a page
 * @count: entries there is room for; out: entries there are, perhaps more
 * @reserved: zero
 * @address: of the array; looked at only if there is room
 */
struct mach_vm_array {
	__u32 size;
	__u32 entry_size;
	__u32 count;
	__u32 reserved;
	__aligned_u64 address;
};

/** define MACH_VM_ORDERS - Blocks of free pages have 2^0 to 2^10 of them. */
#define MACH_VM_ORDERS		11

/**
 * struct mach_vm_segment - A range of physical memory (MACH_VM_SEGMENTS, any kind).
 * @size: bytes filled in; what follows them is zero
 * @fragmentation: per mille of the free pages that lie in no free block of 2 MiB
 *	or more; 0 if nothing is free
 * @start: first address
 * @end: last address
 * @chunks: chunks that the pool has there
 * @page_count: pages in them
 * @free_count: of them, free in the pool itself, not in processors' caches
 * @largest_free: bytes of the largest free block, 0 if nothing is free
 * @free_blocks: free blocks of 2^i pages
 */
struct mach_vm_segment {
	__u32 size;
	__u32 fragmentation;
	__aligned_u64 start;
	__aligned_u64 end;
	__aligned_u64 chunks;
	__aligned_u64 page_count;
	__aligned_u64 free_count;
	__aligned_u64 largest_free;
	__aligned_u64 free_blocks[MACH_VM_ORDERS];
};

#define MACH_VM_SEGMENT_SIZE_VER0	144	/* of the first version */

#define MACH_VM_CACHE_NAME_MAX	31

/**
 * struct mach_vm_cache - A cache of structures (MACH_VM_CACHES, any kind).
 * @size: bytes filled in; what follows them is zero
 * @object_size: bytes of one
 * @stride: bytes from one to the next
 * @slab_size: bytes of a slab
 * @per_slab: structures in a slab
 * @reserved: zero
 * @name: what they are, ending in a zero byte
 * @slabs: slabs there are
 * @empty_slabs: of them, with no structure in use
 * @active: structures in use
 * @cached: free ones that a processor keeps for its next request
 * @freed_slabs: slabs given back to the pool so far
 * @misuses: wrong frees and overruns found so far
 *
 * Source: Mach's host_slab_info.
 */
struct mach_vm_cache {
	__u32 size;
	__u32 object_size;
	__u32 stride;
	__u32 slab_size;
	__u32 per_slab;
	__u32 reserved;
	char name[MACH_VM_CACHE_NAME_MAX + 1];
	__aligned_u64 slabs;
	__aligned_u64 empty_slabs;
	__aligned_u64 active;
	__aligned_u64 cached;
	__aligned_u64 freed_slabs;
	__aligned_u64 misuses;
};

#define MACH_VM_CACHE_SIZE_VER0	104	/* of the first version */

#define MACH_VM_VERSION		_IOWR(MACH_VM_IOC, 0x00, struct mach_vm_version)
#define MACH_VM_STATISTICS	_IOWR(MACH_VM_IOC, 0x01, struct mach_vm_statistics)
#define MACH_VM_SEGMENTS	_IOWR(MACH_VM_IOC, 0x02, struct mach_vm_array)
#define MACH_VM_CACHES		_IOWR(MACH_VM_IOC, 0x03, struct mach_vm_array)
#define MACH_OBJECT_INFO	_IOWR(MACH_VM_IOC, 0x10, struct mach_object_info)
#define MACH_OBJECT_NAME	_IOWR(MACH_VM_IOC, 0x11, struct mach_object_name)
#define MACH_NAME_COMPARE	_IOWR(MACH_VM_IOC, 0x12, struct mach_name_compare)

#endif /* _UAPI_LINUX_MACH_VM_H */
