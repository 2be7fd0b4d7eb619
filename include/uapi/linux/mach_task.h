/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * machvm - task maps: Mach's address-space calls.
 */
#ifndef _UAPI_LINUX_MACH_TASK_H
#define _UAPI_LINUX_MACH_TASK_H

#include <linux/mach_vm.h>

/**
 * DOC: tasks
 *
 * A task is an open file of /dev/machvm. Its first mmap, of any size, with
 * MAP_SHARED and offset 0, makes its *window*: the addresses that the calls
 * below act on are those of the process that made it. The window belongs to
 * that process, is empty at first, and is not inherited by fork(2); until there
 * is one, calls with an address fail with EADDRNOTAVAIL. Parts of it that were
 * unmapped can be mapped again where they were, with the address as the offset.
 *
 * What the window holds is said by *entries*. An access that no entry allows is
 * SIGSEGV; one that a pager cannot serve is SIGBUS. mmap's own protection is an
 * upper bound: give it PROT_READ | PROT_WRITE; PROT_EXEC is EINVAL. Execute
 * permission comes with an entry: the module maps such parts of the window
 * executable by itself, so entries with MACH_PROT_EXECUTE can only be made, lose
 * it, or be deallocated, by calls of the window's process (EPERM).
 *
 * Addresses are rounded down and ends up to whole pages, as Mach does; of a place
 * to be entered the length is rounded by itself. A length of 0 is no error and
 * does nothing, except where said. Holes in the range of deallocate, protect,
 * inherit and msync are passed over, unless a flag says otherwise.
 *
 * A call that would cut an entry in two is EAGAIN if the user has twice as many as one
 * user may have, whatever it does; one that takes away whole entries never is.
 *
 * Beside what <linux/mach_vm.h> says, here
 *
 * ==============  ============================================================
 * EADDRNOTAVAIL   part of the range is in no entry, or outside the window; so is
 *                 a range to be entered, read, written, copied or sent that goes
 *                 over the end of all addresses (EINVAL in the other calls)
 * ENOSPC          no such room in the map, or its size limit would be passed
 * EACCES          an entry's (maximum) protection, or the object's, forbids it
 * EPERM           it takes a privilege, or a call by the window's own process
 * EIO             a pager failed, whatever errno it has given (which read, write and
 *                 fsync of its object's file say), or the object ends before
 * EINTR           killed while it worked; what was done remains
 * ==============  ============================================================
 */

/* Accesses */
#define MACH_PROT_NONE		0x0
#define MACH_PROT_READ		0x1
#define MACH_PROT_WRITE		0x2
#define MACH_PROT_EXECUTE	0x4
#define MACH_PROT_ALL		0x7
#define MACH_PROT_NOTIFY	0x10	/* protect: kept and told, changes nothing */

/* What a task that is made from this one gets of an entry */
#define MACH_INHERIT_SHARE	0
#define MACH_INHERIT_COPY	1
#define MACH_INHERIT_NONE	2

/* How an entry will be used */
#define MACH_BEHAVIOR_DEFAULT	0
#define MACH_BEHAVIOR_RANDOM	1	/* one page at a time */
#define MACH_BEHAVIOR_SEQUENTIAL 2	/* upwards */
#define MACH_BEHAVIOR_REVERSE	3	/* downwards */

/* And what is done at once, and not remembered */
#define MACH_BEHAVIOR_WILLNEED	4	/* ask the pagers for it now */
#define MACH_BEHAVIOR_DONTNEED	5	/* it may go before what is in use */
#define MACH_BEHAVIOR_FREE	6	/* zero-filled memory: forget what is there */
#define MACH_BEHAVIOR_ZERO	12	/* fill it with zeros */

/*
 * define MACH_UNPRIVILEGED - As if the caller had no capability: a bit of wire's
 * value, and of the flags of a limit.
 */
#define MACH_UNPRIVILEGED	(1U << 31)

/* Flags of allocate, map and remap */
#define MACH_VM_ANYWHERE	(1U << 0)	/* the lowest room at or above @address */
#define MACH_VM_COPY		(1U << 1)	/* map, remap: a copy, not the thing */
#define MACH_VM_OVERWRITE	(1U << 2)	/* not ANYWHERE: what is there goes */
#define MACH_VM_ALL_RIGHTS	(1U << 3)	/* remap, with COPY: it may be given any */
#define MACH_VM_PROTECT		(1U << 4)	/* and these: its @protection */
#define MACH_VM_MAXIMUM		(1U << 5)	/* but no more than its @max_protection */

/**
 * struct mach_task_allocate - Zero-filled memory (MACH_TASK_ALLOCATE).
 * @size: sizeof(struct mach_task_allocate)
 * @flags: MACH_VM_ANYWHERE, MACH_VM_OVERWRITE
 * @address: where; out: where it is
 * @length: bytes
 *
 * Protection READ | WRITE, maximum ALL, inheritance COPY. ENOSPC: the place is
 * taken. Source: vm_allocate.
 */
struct mach_task_allocate {
	__u32 size;
	__u32 flags;
	__aligned_u64 address;
	__aligned_u64 length;
};

/**
 * struct mach_task_range - A range (MACH_TASK_DEALLOCATE).
 * @size: sizeof(struct mach_task_range)
 * @reserved: zero
 * @address: first byte
 * @length: bytes
 *
 * What lies in no entry is passed over. Pages that nobody else can reach are
 * free when it returns. An end that only rounding takes to 2^64 is no error, and
 * nothing is done. Source: vm_deallocate.
 */
struct mach_task_range {
	__u32 size;
	__u32 reserved;
	__aligned_u64 address;
	__aligned_u64 length;
};

/**
 * struct mach_task_map - Map an object (MACH_TASK_MAP).
 * @size: sizeof(struct mach_task_map)
 * @flags: MACH_VM_ANYWHERE, MACH_VM_COPY, MACH_VM_OVERWRITE
 * @address: where; out: where it is
 * @length: bytes, not 0
 * @mask: bits that must be zero in @address, as 0xffff for 64 KiB alignment;
 *	ENOSPC if they are not in an address that is rounded down
 * @offset: in the object, a multiple of the page size
 * @object: an object or proxy descriptor; -1: zero-filled memory
 * @protection: MACH_PROT_*; is cut to the maximum
 * @max_protection: MACH_PROT_*; is cut to what the descriptor allows
 * @inheritance: MACH_INHERIT_*
 *
 * What lies beyond the object's end is SIGBUS, and EIO to calls; all of the range
 * must lie in a proxy's window (EINVAL). A copy is made at once, page by page, and
 * is this task's alone: the descriptor must allow reading (EACCES), and all of it
 * must be there (EIO). Source: vm_map.
 */
struct mach_task_map {
	__u32 size;
	__u32 flags;
	__aligned_u64 address;
	__aligned_u64 length;
	__aligned_u64 mask;
	__aligned_u64 offset;
	__s32 object;
	__u32 protection;
	__u32 max_protection;
	__u32 inheritance;
};

/**
 * struct mach_task_protect - Change rights (MACH_TASK_PROTECT).
 * @size: sizeof(struct mach_task_protect)
 * @set_maximum: 1: the maximum, and cut the protection to it; 0: the protection
 * @address: first byte
 * @length: bytes
 * @protection: MACH_PROT_*, also MACH_PROT_NOTIFY, which is above no maximum
 * @flags: MACH_RANGE_WHOLE: holes are EADDRNOTAVAIL
 *
 * EACCES: more than the maximum of some entry. Entries that are wired are not
 * while their protection is NONE; given another, their pages are brought in first,
 * and what wire says then, this call says. Nothing has changed on error. Has taken
 * effect on all threads when it returns. Source: vm_protect.
 */
struct mach_task_protect {
	__u32 size;
	__u32 set_maximum;
	__aligned_u64 address;
	__aligned_u64 length;
	__u32 protection;
	__u32 flags;
};

#define MACH_RANGE_WHOLE	(1U << 0)

/**
 * struct mach_task_attribute - MACH_TASK_INHERIT, MACH_TASK_BEHAVIOR, MACH_TASK_WIRE.
 * @size: sizeof(struct mach_task_attribute)
 * @value: MACH_INHERIT_*; MACH_BEHAVIOR_*; for WIRE the MACH_PROT_* to have
 *	pages ready for, 0 to unwire, and MACH_UNPRIVILEGED
 * @address: first byte
 * @length: bytes
 *
 * Wiring brings the pages in and keeps them; it counts, per entry. It takes
 * CAP_IPC_LOCK, or the process's RLIMIT_MEMLOCK is the bound (EPERM); all that a user
 * has wired is bounded, too (EAGAIN). What is not wired is unwired without an error.
 *
 * BEHAVIOR: holes are EADDRNOTAVAIL, what is outside the window is ENOSPC. FREE
 * makes memory of other kinds inactive, and what is wired stays. ZERO wants the
 * right to write (EACCES). Source: vm_inherit, vm_behavior_set, vm_wire.
 */
struct mach_task_attribute {
	__u32 size;
	__u32 value;
	__aligned_u64 address;
	__aligned_u64 length;
};

#define MACH_WIRE_CURRENT	(1U << 0)	/* all entries there are */
#define MACH_WIRE_FUTURE	(1U << 1)	/* and all to come */

/**
 * struct mach_task_wire_all - Wire a whole map (MACH_TASK_WIRE_ALL).
 * @size: sizeof(struct mach_task_wire_all)
 * @flags: MACH_WIRE_*; 0: unwire all, and wire no more
 *
 * What may not be accessed is wired once it may. CURRENT alone says nothing of what is
 * to come. With CURRENT all is wired or, on error, nothing more than before; meanwhile
 * calls that change what is being wired wait.
 *
 * Source: vm_wire_all.
 */
struct mach_task_wire_all {
	__u32 size;
	__u32 flags;
};

/**
 * struct mach_task_data - MACH_TASK_READ, _WRITE, _COPY, _PAGES.
 * @size: sizeof(struct mach_task_data)
 * @flags: MACH_DATA_CHECK: do all checks, and nothing else; not for PAGES
 * @address: in the map, of any alignment
 * @length: bytes
 * @data: READ: where the caller wants them; WRITE: where he has them; COPY: the
 *	address in the map to copy to; PAGES: where he wants a byte of MACH_PAGES_*
 *	for each page of the range
 * @done: out, also on error: bytes done; of a COPY to an address above, within
 *	the range itself, they are the last ones; of PAGES those at @data
 *
 * EACCES: the entries forbid it; READ and COPY want MACH_PROT_READ, though the
 * processor lets who may write read. All of the range is checked before the first
 * byte is touched.
 *
 * PAGES brings nothing in. A page in no entry, or that nobody has touched, is 0. The
 * pages are not all told of at one moment. Source: vm_read, vm_write, vm_copy,
 * XNU's mach_vm_page_range_query.
 */
struct mach_task_data {
	__u32 size;
	__u32 flags;
	__aligned_u64 address;
	__aligned_u64 length;
	__aligned_u64 data;
	__aligned_u64 done;
};

#define MACH_DATA_CHECK		(1U << 0)

/* What is told of a page */
#define MACH_PAGES_RESIDENT	(1U << 0)	/* in memory, and what it will be */
#define MACH_PAGES_DIRTY	(1U << 1)	/* no pager has what it holds */
#define MACH_PAGES_EXTERNAL	(1U << 2)	/* of an object with a pager, there or not */

/**
 * struct mach_task_remap - Map what another range holds (MACH_TASK_REMAP).
 * @size: sizeof(struct mach_task_remap)
 * @flags: MACH_VM_ANYWHERE, MACH_VM_COPY, MACH_VM_OVERWRITE, MACH_VM_ALL_RIGHTS
 *	(EACCES for what may never be read), MACH_VM_PROTECT, MACH_VM_MAXIMUM
 * @address: where; out: where it is
 * @length: bytes, not 0
 * @mask: as of struct mach_task_map
 * @source: a task's descriptor; -1: this one
 * @inheritance: MACH_INHERIT_*
 * @source_address: first byte there; rounded down, and so is not the end
 * @protection: with MACH_VM_PROTECT what is new gets it; out: that all of the range
 *	has
 * @max_protection: with MACH_VM_MAXIMUM what is new may be given, to which what it has
 *	is cut; out: that all of the range may be given
 *
 * Without COPY both see what either writes. Source: vm_remap.
 */
struct mach_task_remap {
	__u32 size;
	__u32 flags;
	__aligned_u64 address;
	__aligned_u64 length;
	__aligned_u64 mask;
	__s32 source;
	__u32 inheritance;
	__aligned_u64 source_address;
	__u32 protection;
	__u32 max_protection;
};

#define MACH_REGION_NAME	(1U << 0)	/* make a name descriptor */

/* Bits of struct mach_task_region::state */
#define MACH_REGION_SHARED	(1U << 0)	/* others see what is written here */
#define MACH_REGION_INTERNAL	(1U << 1)	/* no pager: zero-filled memory */
#define MACH_REGION_NEEDS_COPY	(1U << 2)	/* copied before the first write */
#define MACH_REGION_IN_TRANSITION (1U << 3)	/* being wired or unwired */

/**
 * struct mach_task_region - The entry at or above an address (MACH_TASK_REGION).
 * @size: sizeof(struct mach_task_region)
 * @flags: MACH_REGION_NAME or 0
 * @address: where to look from; out: where the entry begins
 * @length: out: bytes
 * @offset: out: in the object; has no meaning without one
 * @protection: out: MACH_PROT_*
 * @max_protection: out: MACH_PROT_*
 * @inheritance: out: MACH_INHERIT_*
 * @behavior: out: MACH_BEHAVIOR_*
 * @wired: out: how often it is wired
 * @state: out: MACH_REGION_*
 * @name: out: a new name descriptor, close-on-exec, which authorises nothing but
 *	MACH_OBJECT_INFO and MACH_NAME_COMPARE; -1 if none was wanted or there is
 *	no object yet
 * @references: out: entries of any map, descriptors and names that hold the
 *	object; 0 without one
 * @object: out: the object's number, 0 without one: the same in any map as long
 *	as the object lives; good for telling objects apart and nothing else
 *
 * EADDRNOTAVAIL: there is no entry at or above it. Source: vm_region.
 */
struct mach_task_region {
	__u32 size;
	__u32 flags;
	__aligned_u64 address;
	__aligned_u64 length;
	__aligned_u64 offset;
	__u32 protection;
	__u32 max_protection;
	__u32 inheritance;
	__u32 behavior;
	__u32 wired;
	__u32 state;
	__s32 name;
	__u32 references;
	__aligned_u64 object;
};

/**
 * struct mach_task_info - A map as a whole (MACH_TASK_INFO).
 * @size: sizeof(struct mach_task_info)
 * @pid: out: process that made the window, 0 if it is gone or not seen from here
 * @start: out: first address of the window
 * @end: out: the address after its last
 * @entries: out: how many
 * @mapped: out: bytes in entries
 * @none: out: of them, bytes that may never be accessed
 * @wired: out: of them, bytes of wired entries
 * @merges: out: pairs of entries joined so far
 * @refusals: out: pairs tried and left apart so far
 * @entry_size: out: bytes that the module needs for an entry
 * @reserved: zero
 */
struct mach_task_info {
	__u32 size;
	__u32 pid;
	__aligned_u64 start;
	__aligned_u64 end;
	__aligned_u64 entries;
	__aligned_u64 mapped;
	__aligned_u64 none;
	__aligned_u64 wired;
	__aligned_u64 merges;
	__aligned_u64 refusals;
	__u32 entry_size;
	__u32 reserved;
};

#define MACH_SYNC_ASYNCHRONOUS	(1U << 0)	/* have it sent, wait for nothing */
#define MACH_SYNC_SYNCHRONOUS	(1U << 1)	/* wait until the pager has it */
#define MACH_SYNC_INVALIDATE	(1U << 2)	/* and forget it here */
#define MACH_SYNC_KILLPAGES	(1U << 3)	/* as MACH_BEHAVIOR_FREE, up to a hole */
#define MACH_SYNC_DEACTIVATE	(1U << 4)	/* as MACH_BEHAVIOR_DONTNEED */
#define MACH_SYNC_CONTIGUOUS	(1U << 5)	/* EADDRNOTAVAIL in the end, if there are holes */

/**
 * struct mach_task_msync - Send modified pages home (MACH_TASK_MSYNC, MACH_OBJECT_MSYNC).
 * @size: sizeof(struct mach_task_msync)
 * @flags: MACH_SYNC_*, not both of the first two (EINVAL, unless @length is 0)
 * @address: first byte
 * @length: bytes
 *
 * EIO: a pager did not take them. Zero-filled memory has no pager and is passed
 * over. INVALIDATE alone forgets pages with all that was written to them, if the
 * entry may be written to; what is only read of them goes in any case. With
 * KILLPAGES or DEACTIVATE nothing is sent.
 *
 * MACH_OBJECT_MSYNC is answered by descriptors of objects and by proxies: @address is
 * an offset, what lies beyond is left out, and the entry is the descriptor; of the
 * flags it knows the first three, and looks at them whatever @length is. Source:
 * vm_msync, vm_object_sync.
 */
struct mach_task_msync {
	__u32 size;
	__u32 flags;
	__aligned_u64 address;
	__aligned_u64 length;
};

/**
 * struct mach_task_limit - Size limits (MACH_TASK_SET_SIZE_LIMIT, _GET_SIZE_LIMIT).
 * @size: sizeof(struct mach_task_limit)
 * @flags: SET: MACH_UNPRIVILEGED; GET: zero
 * @current_limit: bytes in entries that may be had now
 * @maximum: that @current_limit may be set to; raising it takes CAP_SYS_RESOURCE
 *	(EPERM)
 *
 * Entries with maximum protection NONE do not count. Both are 2^64 - 1 at first.
 * EINVAL: @current_limit is more than @maximum. Source: vm_set_size_limit.
 */
struct mach_task_limit {
	__u32 size;
	__u32 flags;
	__aligned_u64 current_limit;
	__aligned_u64 maximum;
};

/**
 * struct mach_object_proxy - Lesser rights to an object (MACH_OBJECT_PROXY; object or proxy).
 * @size: sizeof(struct mach_object_proxy)
 * @max_protection: MACH_PROT_* that it may be mapped with; cut to what the
 *	descriptor itself allows
 * @start: first byte of the object that it shows, a multiple of the page size,
 *	before its end
 * @length: bytes, a multiple of the page size or up to the object's end, not 0;
 *	2^64 - 1: as far as the descriptor itself goes
 * @fd: out: the new descriptor, close-on-exec
 * @flags: zero
 *
 * Offsets of the proxy begin at @start. It can be mapped into a task, and be
 * asked (MACH_OBJECT_INFO, MACH_NAME_COMPARE). Source: memory_object_create_proxy.
 */
struct mach_object_proxy {
	__u32 size;
	__u32 max_protection;
	__aligned_u64 start;
	__aligned_u64 length;
	__s32 fd;
	__u32 flags;
};

#define MACH_PROXY_HERE		(1U << 0)	/* from @address on, as far as there is */

/**
 * struct mach_task_proxy - A right to what an entry shows (MACH_TASK_PROXY).
 * @size: sizeof(struct mach_task_proxy)
 * @flags: MACH_PROXY_HERE or 0
 * @address: where to look from, for an entry there or above; out: where the memory
 *	that it shows begins: with HERE at @address, else where the entry does
 * @length: bytes, not 0; out: of whole pages. With HERE cut to the entry, else EINVAL
 *	if there are less
 * @max_protection: MACH_PROT_*; cut to the entry's maximum
 * @fd: out: the new descriptor, a proxy, close-on-exec
 *
 * Zero-filled memory is shared from then on, and stays as long as somebody has it or
 * the proxy. EADDRNOTAVAIL: there is no entry. Source: vm_region_create_proxy,
 * mach_make_memory_entry.
 */
struct mach_task_proxy {
	__u32 size;
	__u32 flags;
	__aligned_u64 address;
	__aligned_u64 length;
	__u32 max_protection;
	__s32 fd;
};

#define MACH_TASK_ALLOCATE	_IOWR(MACH_VM_IOC, 0x20, struct mach_task_allocate)
#define MACH_TASK_DEALLOCATE	_IOW(MACH_VM_IOC, 0x21, struct mach_task_range)
#define MACH_TASK_MAP		_IOWR(MACH_VM_IOC, 0x22, struct mach_task_map)
#define MACH_TASK_PROTECT	_IOW(MACH_VM_IOC, 0x23, struct mach_task_protect)
#define MACH_TASK_INHERIT	_IOW(MACH_VM_IOC, 0x24, struct mach_task_attribute)
#define MACH_TASK_BEHAVIOR	_IOW(MACH_VM_IOC, 0x25, struct mach_task_attribute)
#define MACH_TASK_WIRE		_IOW(MACH_VM_IOC, 0x26, struct mach_task_attribute)
#define MACH_TASK_WIRE_ALL	_IOW(MACH_VM_IOC, 0x27, struct mach_task_wire_all)
#define MACH_TASK_READ		_IOWR(MACH_VM_IOC, 0x28, struct mach_task_data)
#define MACH_TASK_WRITE		_IOWR(MACH_VM_IOC, 0x29, struct mach_task_data)
#define MACH_TASK_COPY		_IOWR(MACH_VM_IOC, 0x2a, struct mach_task_data)
#define MACH_TASK_REMAP		_IOWR(MACH_VM_IOC, 0x2b, struct mach_task_remap)
#define MACH_TASK_REGION	_IOWR(MACH_VM_IOC, 0x2c, struct mach_task_region)
#define MACH_TASK_INFO		_IOWR(MACH_VM_IOC, 0x2d, struct mach_task_info)
#define MACH_TASK_MSYNC		_IOW(MACH_VM_IOC, 0x2e, struct mach_task_msync)
#define MACH_TASK_SET_SIZE_LIMIT _IOW(MACH_VM_IOC, 0x2f, struct mach_task_limit)
#define MACH_TASK_GET_SIZE_LIMIT _IOWR(MACH_VM_IOC, 0x30, struct mach_task_limit)
#define MACH_TASK_PROXY		_IOWR(MACH_VM_IOC, 0x31, struct mach_task_proxy)
#define MACH_TASK_PAGES		_IOWR(MACH_VM_IOC, 0x32, struct mach_task_data)
#define MACH_OBJECT_MSYNC	_IOW(MACH_VM_IOC, 0x14, struct mach_task_msync)
#define MACH_OBJECT_PROXY	_IOWR(MACH_VM_IOC, 0x13, struct mach_object_proxy)

#endif /* _UAPI_LINUX_MACH_TASK_H */
