/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmachvm - XNU's calls on memory, with its types, flags and codes.
 *
 * Beside the calls of <mach/mach.h>, which are GNU Mach's; what is not said here is
 * as there.
 */
#ifndef _MACH_MACH_VM_H
#define _MACH_MACH_VM_H

#include <mach/mach_types.h>
#include <mach/vm_region.h>
#include <mach/vm_statistics.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The library hides what is not declared here. */
#pragma GCC visibility push(default)

/**
 * DOC: XNU's calls
 *
 * Tasks, ports and rounding are as &lt;mach/mach_interface.h&gt; says. A port that a call
 * gives is the caller's: mach_port_deallocate() it. A port that a call is given stays
 * the caller's. What is "out" is set on success alone, except where said.
 *
 * Only the process of a window can have executable entries made or taken away in it;
 * others get KERN_NO_ACCESS. If memory to come is wired (vm_wire_all()), a call that
 * enters some also answers what vm_wire() does, and has entered none then. A pager
 * whose call would have to wait for itself gets KERN_FAILURE, and EDEADLK in errno.
 *
 * If @task is no task the answer is KERN_INVALID_ARGUMENT; from mach_vm_wire() and
 * mach_vm_msync() it is KERN_INVALID_TASK. If it has no window it is
 * KERN_INVALID_ADDRESS.
 */

/** typedef mach_vm_address_t - An address in a task. */
typedef uint64_t mach_vm_address_t;

/** typedef mach_vm_offset_t - A distance in bytes, or bits of an address. */
typedef uint64_t mach_vm_offset_t;

/** typedef mach_vm_size_t - Bytes. */
typedef uint64_t mach_vm_size_t;

/** typedef mem_entry_name_port_t - A memory entry: here a proxy, or an object. */
typedef mach_port_t mem_entry_name_port_t;

/**
 * mach_vm_allocate - Zero-filled memory.
 * @task: whose
 * @address: where, rounded down; out: where it is; 0 if @size is 0
 * @size: bytes, rounded up by itself
 * @flags: VM_FLAGS_FIXED: at *@address; VM_FLAGS_ANYWHERE: at the lowest place there
 *	is, whatever *@address says, or with VM_FLAGS_RANDOM_ADDR from a random one on;
 *	VM_FLAGS_OVERWRITE: not ANYWHERE: what is there goes; VM_MAKE_TAG(), which means
 *	nothing
 *
 * It has VM_PROT_DEFAULT, at most VM_PROT_ALL, and VM_INHERIT_DEFAULT.
 *
 * Return: KERN_SUCCESS, _NO_SPACE (taken, no room, or the size limit), _INVALID_ADDRESS
 * (out of the window), _INVALID_ARGUMENT (other flags; @size rounds to 0), _NO_ACCESS,
 * _RESOURCE_SHORTAGE, _ABORTED. Source: XNU's mach_vm_allocate.
 */
kern_return_t mach_vm_allocate(vm_map_t task, mach_vm_address_t *address,
			       mach_vm_size_t size, int flags);

/**
 * mach_vm_deallocate - Empty a range.
 * @task: whose
 * @address: first byte
 * @size: bytes
 *
 * The same as vm_deallocate(): what is empty, or outside of the window, is passed over;
 * if only rounding takes the end over that of all addresses, nothing is done.
 *
 * Return: KERN_SUCCESS, _INVALID_ARGUMENT (the end is no address), _NO_ACCESS,
 * _RESOURCE_SHORTAGE, _ABORTED. Source: XNU's mach_vm_deallocate.
 */
kern_return_t mach_vm_deallocate(vm_map_t task, mach_vm_address_t address,
				 mach_vm_size_t size);

/**
 * mach_vm_protect - Change what accesses a range allows.
 * @task: whose
 * @address: first byte
 * @size: bytes
 * @set_maximum: TRUE: the maximum, and cut the present protection to it
 * @new_protection: VM_PROT_*; with VM_PROT_COPY the range becomes a copy of itself
 *	first, which may be given any right
 *
 * All of the range must be in entries, where vm_protect() passes holes over. It has
 * taken effect on all threads at return. A copy has VM_INHERIT_DEFAULT. Nothing has
 * changed on failure; but who is killed while he sets the maximum of a copy may leave
 * the copy.
 *
 * Return: KERN_SUCCESS, _INVALID_ADDRESS (a hole, or out of the window),
 * _PROTECTION_FAILURE (more than some maximum; a copy of what may never be read),
 * _INVALID_ARGUMENT (other bits; the end is no address, if only by rounding),
 * _NO_ACCESS, _RESOURCE_SHORTAGE, _MEMORY_ERROR, _MEMORY_FAILURE, _ABORTED; _NO_SPACE
 * (a copy that the size limit has no room for). Source: XNU's mach_vm_protect.
 */
kern_return_t mach_vm_protect(vm_map_t task, mach_vm_address_t address,
			      mach_vm_size_t size, boolean_t set_maximum,
			      vm_prot_t new_protection);

/**
 * mach_vm_inherit - Say what a task made from this one will have of a range.
 * @task: whose
 * @address: first byte
 * @size: bytes
 * @new_inheritance: VM_INHERIT_*
 *
 * The same as vm_inherit(): what is empty is passed over.
 *
 * Return: KERN_SUCCESS, _INVALID_ARGUMENT (another value; the end is no address),
 * _RESOURCE_SHORTAGE, _ABORTED. Source: XNU's mach_vm_inherit.
 */
kern_return_t mach_vm_inherit(vm_map_t task, mach_vm_address_t address,
			      mach_vm_size_t size,
			      vm_inherit_t new_inheritance);

/**
 * mach_vm_read - Get bytes of a task.
 * @task: whose
 * @address: first byte, of any alignment
 * @size: bytes, less than 4 GiB
 * @data: out: where they are, in memory of mach_task_self() that was allocated for it,
 *	as vm_read() does: the caller's to mach_vm_deallocate(); 0 if @size is 0
 * @data_count: out: @size
 *
 * Return: as vm_read(), but _INVALID_ARGUMENT for any larger @size. Source: XNU's
 * mach_vm_read.
 */
kern_return_t mach_vm_read(vm_map_t task, mach_vm_address_t address,
			   mach_vm_size_t size, vm_offset_t *data,
			   mach_msg_type_number_t *data_count);

/**
 * mach_vm_read_list - mach_vm_read() of several ranges.
 * @task: whose
 * @list: in: address and bytes of each, less than 4 GiB; out: address and bytes of its
 *	data, each the caller's to mach_vm_deallocate(); 0 and 0 where it failed. Those of
 *	no bytes stay as they are.
 * @count: how many, at most VM_REGION_LIST_MAX
 *
 * It goes on after a failure: @list is out in any case.
 *
 * Return: what the last one of any bytes was answered, as mach_vm_read(); KERN_SUCCESS
 * if there is none; KERN_INVALID_ARGUMENT (@count is more; @list is as it was). Source:
 * XNU's mach_vm_read_list.
 */
kern_return_t mach_vm_read_list(vm_map_t task, mach_vm_read_entry_t list,
				natural_t count);

/**
 * mach_vm_write - Put bytes into a task.
 * @task: whose
 * @address: first byte, of any alignment
 * @data: where they are, anywhere in this process
 * @data_count: how many
 *
 * The same as vm_write(): the rights to all of the range are checked before the first
 * byte is written.
 *
 * Return: as vm_write(). Source: XNU's mach_vm_write.
 */
kern_return_t mach_vm_write(vm_map_t task, mach_vm_address_t address,
			    vm_offset_t data,
			    mach_msg_type_number_t data_count);

/**
 * mach_vm_copy - Copy bytes within a task.
 * @task: whose
 * @source: first byte, of any alignment
 * @size: bytes
 * @target: where to, of any alignment; the ranges may overlap
 *
 * The same as vm_copy(): the rights to both are checked before the first byte is
 * written.
 *
 * Return: as vm_write(). Source: XNU's mach_vm_copy.
 */
kern_return_t mach_vm_copy(vm_map_t task, mach_vm_address_t source,
			   mach_vm_size_t size, mach_vm_address_t target);

/**
 * mach_vm_read_overwrite - Get bytes of a task, to memory that is there.
 * @task: whose
 * @address: first byte, of any alignment
 * @size: bytes
 * @data: where to, anywhere in this process, of any alignment
 * @out_size: out: @size
 *
 * The rights to all of the range are checked first. After a failure that comes later the
 * first bytes may have been written to @data.
 *
 * Return: KERN_SUCCESS, _INVALID_ADDRESS (a hole, out of the window, an end that is no
 * address, or @data that cannot be written), _PROTECTION_FAILURE (what may not be read),
 * _MEMORY_ERROR, _MEMORY_FAILURE, _RESOURCE_SHORTAGE, _ABORTED. Source: XNU's
 * mach_vm_read_overwrite.
 */
kern_return_t mach_vm_read_overwrite(vm_map_t task, mach_vm_address_t address,
				     mach_vm_size_t size,
				     mach_vm_address_t data,
				     mach_vm_size_t *out_size);

/**
 * mach_vm_msync - Send what was written to the pagers.
 * @task: whose
 * @address: first byte
 * @size: bytes; with 0 nothing is done
 * @flags: VM_SYNC_*, as of vm_msync(); unknown bits are ignored
 *
 * Return: as vm_msync(). Source: XNU's mach_vm_msync.
 */
kern_return_t mach_vm_msync(vm_map_t task, mach_vm_address_t address,
			    mach_vm_size_t size, vm_sync_t flags);

/**
 * mach_vm_behavior_set - Say how a range will be used.
 * @task: whose
 * @address: first byte
 * @size: bytes
 * @behavior: VM_BEHAVIOR_*, as of vm_behavior_set()
 *
 * Return: as vm_behavior_set(). Source: XNU's mach_vm_behavior_set.
 */
kern_return_t mach_vm_behavior_set(vm_map_t task, mach_vm_address_t address,
				   mach_vm_size_t size, vm_behavior_t behavior);

/**
 * mach_vm_map - Map an object, or zero-filled memory.
 * @task: into whose memory
 * @address: where, rounded down, or from where to look upwards; out: where it is
 * @size: bytes, not 0, rounded up by itself
 * @mask: bits that must be 0 in the address
 * @flags: VM_FLAGS_FIXED: at *@address; VM_FLAGS_ANYWHERE: at the lowest place from
 *	*@address on, or with VM_FLAGS_RANDOM_ADDR from a random one on, or else the
 *	lowest; VM_FLAGS_OVERWRITE: not ANYWHERE: what is there goes;
 *	VM_FLAGS_RETURN_DATA_ADDR and VM_MAKE_TAG(), which mean nothing here
 * @object: an object, a proxy or a memory entry; MACH_PORT_NULL for zero-filled memory
 * @offset: in it, a multiple of the page size; without an object it means nothing
 * @copy: TRUE: a copy of its own, made at once, of what is there
 * @cur_protection: VM_PROT_*; cut to the maximum
 * @max_protection: VM_PROT_* that it may ever get; cut to what an object's port allows
 * @inheritance: VM_INHERIT_*
 *
 * A proxy or memory entry must give all rights of either protection, also for a copy;
 * with VM_PROT_IS_MASK in one of them both are cut to what it gives, but those of a copy
 * are not. All of the range must lie in it. Beyond an object's end an access is SIGBUS.
 * The entry keeps the object; @object can be deallocated.
 *
 * Return: KERN_SUCCESS, _NO_SPACE (taken, bits of @mask in a fixed address, no room from
 * there on, or the size limit), _INVALID_ADDRESS (out of the window), _INVALID_RIGHT
 * (the memory entry gives less), _PROTECTION_FAILURE (a copy of what the port does not
 * let read), _INVALID_ARGUMENT (also a fixed range that goes over the end of all
 * addresses), _NO_ACCESS, _MEMORY_ERROR (a copy of what the pager does not give, or
 * beyond the end), _MEMORY_FAILURE, _RESOURCE_SHORTAGE, _ABORTED. Source: XNU's
 * mach_vm_map.
 */
kern_return_t mach_vm_map(vm_map_t task, mach_vm_address_t *address,
			  mach_vm_size_t size, mach_vm_offset_t mask, int flags,
			  mem_entry_name_port_t object,
			  memory_object_offset_t offset, boolean_t copy,
			  vm_prot_t cur_protection, vm_prot_t max_protection,
			  vm_inherit_t inheritance);

/**
 * mach_vm_remap - Map what another range, of this or another task, holds.
 * @target_task: into whose memory
 * @target: where, rounded down, or from where to look upwards; out: where it is
 * @size: bytes, not 0; rounded up by itself
 * @mask: bits that must be 0 in the address
 * @flags: VM_FLAGS_FIXED; VM_FLAGS_ANYWHERE: at the lowest place from *@target on, or
 *	with VM_FLAGS_RANDOM_ADDR from a random one on, or else the lowest;
 *	VM_FLAGS_OVERWRITE: not ANYWHERE: what is there goes; VM_FLAGS_RETURN_DATA_ADDR:
 *	*@target becomes where @source itself is shown, and all pages that the range
 *	touches are mapped; VM_MAKE_TAG(), which means nothing
 * @source_task: a task
 * @source: first byte there, rounded down
 * @copy: TRUE: a copy, made at once; FALSE: either sees what the other writes
 * @cur_protection: out: VM_PROT_* that all of the range allows
 * @max_protection: out: VM_PROT_* that all of it may be given
 * @inheritance: VM_INHERIT_*
 *
 * Nothing has changed on failure.
 *
 * Return: KERN_SUCCESS, _INVALID_ADDRESS (a hole in the source; the target is out of the
 * window), _NO_SPACE (as of mach_vm_map()), _INVALID_ARGUMENT (either is no task;
 * @source's end is no address, or that of a fixed target), _NO_ACCESS, _MEMORY_ERROR,
 * _MEMORY_FAILURE, _RESOURCE_SHORTAGE, _ABORTED. Source: XNU's mach_vm_remap.
 */
kern_return_t mach_vm_remap(vm_map_t target_task, mach_vm_address_t *target,
			    mach_vm_size_t size, mach_vm_offset_t mask,
			    int flags, vm_map_t source_task,
			    mach_vm_address_t source, boolean_t copy,
			    vm_prot_t *cur_protection,
			    vm_prot_t *max_protection,
			    vm_inherit_t inheritance);

/**
 * mach_vm_wire - Bring pages in and keep them.
 * @host: from host_get_host_priv_port(); mach_host_self() will not do
 * @task: whose
 * @address: first byte
 * @size: bytes
 * @access: VM_PROT_* that must not fault; VM_PROT_NONE: undo one mach_vm_wire()
 *
 * All of the range is wired, or nothing of it.
 *
 * Return: KERN_SUCCESS, _INVALID_HOST, _INVALID_TASK, _INVALID_ADDRESS (a hole),
 * _PROTECTION_FAILURE, _INVALID_ARGUMENT, _RESOURCE_SHORTAGE (also for more than
 * RLIMIT_MEMLOCK without CAP_IPC_LOCK), _MEMORY_ERROR, _MEMORY_FAILURE, _ABORTED.
 * Source: XNU's mach_vm_wire.
 */
kern_return_t mach_vm_wire(host_priv_t host, vm_map_t task,
			   mach_vm_address_t address, mach_vm_size_t size,
			   vm_prot_t access);

/**
 * mach_vm_region - Describe the entry at an address, or the next one above.
 * @task: whose
 * @address: where to look from; out: where the entry begins
 * @size: out: bytes of the entry
 * @flavor: VM_REGION_BASIC_INFO_64 or _BASIC_INFO, _TOP_INFO, _EXTENDED_INFO
 * @info: out: the structure of that flavor
 * @count: in: ints that @info has room for; out: ints of the structure
 * @object_name: out: MACH_PORT_NULL, as in XNU; may be NULL
 *
 * TOP_INFO and EXTENDED_INFO take a descriptor while they work.
 *
 * Return: KERN_SUCCESS, _INVALID_ADDRESS (there is no entry at or above),
 * _INVALID_ARGUMENT (another flavor; *@count is too small), _RESOURCE_SHORTAGE. Source:
 * XNU's mach_vm_region.
 */
kern_return_t mach_vm_region(vm_map_t task, mach_vm_address_t *address,
			     mach_vm_size_t *size, vm_region_flavor_t flavor,
			     vm_region_info_t info,
			     mach_msg_type_number_t *count,
			     mach_port_t *object_name);

/**
 * mach_vm_region_recurse - The same, with submaps, of which there are none.
 * @task: whose
 * @address: where to look from; out: where the entry begins
 * @size: out: bytes of the entry
 * @depth: out: 0; what is in it does not matter
 * @info: out: struct vm_region_submap_info_64
 * @count: in: ints that @info has room for, VM_REGION_SUBMAP_INFO_COUNT_64 at least;
 *	out: that
 *
 * It takes a descriptor while it works.
 *
 * Return: KERN_SUCCESS, _INVALID_ADDRESS (there is no entry at or above),
 * _INVALID_ARGUMENT (*@count is too small), _RESOURCE_SHORTAGE. Source: XNU's
 * mach_vm_region_recurse.
 */
kern_return_t mach_vm_region_recurse(vm_map_t task, mach_vm_address_t *address,
				     mach_vm_size_t *size, natural_t *depth,
				     vm_region_recurse_info_t info,
				     mach_msg_type_number_t *count);

/**
 * mach_vm_page_query - Is a page there?
 * @task: whose
 * @offset: an address in it
 * @disposition: out: VM_PAGE_QUERY_PAGE_PRESENT: it is in memory, and is what it will be;
 *	_DIRTY: and no pager has what it holds; _EXTERNAL: of an object with a pager,
 *	there or not
 * @ref_count: out: what holds the object: entries of any task, descriptors, names
 *
 * Nothing is brought in. In no entry both are 0.
 *
 * Return: KERN_SUCCESS, _INVALID_ARGUMENT, _ABORTED. Source: XNU's mach_vm_page_query.
 */
kern_return_t mach_vm_page_query(vm_map_t task, mach_vm_offset_t offset,
				 integer_t *disposition, integer_t *ref_count);

/**
 * mach_vm_page_info - The same of a page in a structure.
 * @task: whose
 * @address: in it
 * @flavor: VM_PAGE_INFO_BASIC
 * @info: out: struct vm_page_info_basic; all 0 in no entry
 * @count: VM_PAGE_INFO_BASIC_COUNT, just so; it stays
 *
 * Return: KERN_SUCCESS, _INVALID_ARGUMENT (also another flavor or count), _ABORTED.
 * Source: XNU's mach_vm_page_info.
 */
kern_return_t mach_vm_page_info(vm_map_t task, mach_vm_address_t address,
				vm_page_info_flavor_t flavor,
				vm_page_info_t info,
				mach_msg_type_number_t *count);

/**
 * mach_vm_page_range_query - Which pages of a range are there?
 * @task: whose
 * @address: first byte
 * @size: bytes; all pages that they touch are told of
 * @dispositions: address in this process of an array of int, which becomes each page's
 *	disposition, as of mach_vm_page_query()
 * @dispositions_count: in: ints that there is room for; out: pages told of, the first
 *	ones of the range
 *
 * An array that cannot be written is SIGSEGV. The pages are not all told of at one
 * moment; after a failure the first ones may have been.
 *
 * Return: KERN_SUCCESS, _INVALID_ARGUMENT (the end is no address, if only by rounding),
 * _ABORTED. Source: XNU's mach_vm_page_range_query.
 */
kern_return_t mach_vm_page_range_query(vm_map_t task, mach_vm_address_t address,
				       mach_vm_size_t size,
				       mach_vm_address_t dispositions,
				       mach_vm_size_t *dispositions_count);

/**
 * mach_make_memory_entry_64 - A right to memory, for mach_vm_map().
 * @task: whose; with @parent it does not matter
 * @size: bytes, not 0; out: what the memory entry shows, of whole pages
 * @offset: an address in @task; with @parent an offset in that, a multiple of the page
 *	size; with MAP_MEM_NAMED_CREATE it means nothing
 * @permission: VM_PROT_* that it is to give; VM_PROT_IS_MASK: or as much of them as there
 *	is; and one of MAP_MEM_*
 * @handle: out: the memory entry, a proxy: the caller's
 * @parent: a memory entry, proxy or object that this one is to be a part of;
 *	MACH_PORT_NULL: of @task. It means nothing with MAP_MEM_NAMED_CREATE and
 *	MAP_MEM_VM_COPY.
 *
 * Without a parent it shows what one entry of the task does from @offset on, rounded
 * down, at most to that entry's end; memory without a pager is shared from then on, and
 * stays as long as the memory entry does. What there is of rights is what the entry
 * allows now, or what @parent gives.
 *
 * MAP_MEM_NAMED_CREATE: new zero-filled memory, which only the memory entry has.
 * MAP_MEM_VM_COPY: a copy of the range, made at once, which may be written to. Either
 * needs room in @task while it is made. MAP_MEM_VM_SHARE: as without.
 * MAP_MEM_NAMED_REUSE: of @task also with @parent, which XNU may give again if it is the
 * same; here it is always a new one.
 *
 * Return: KERN_SUCCESS, _INVALID_ADDRESS (a hole), _PROTECTION_FAILURE (@permission is
 * more than there is), _INVALID_ARGUMENT (also other flags;
 * beyond @parent, or that is no object), _NO_SPACE, _NO_ACCESS, _MEMORY_ERROR,
 * _MEMORY_FAILURE, _RESOURCE_SHORTAGE, _ABORTED. Source: XNU's
 * mach_make_memory_entry_64.
 */
kern_return_t mach_make_memory_entry_64(vm_map_t task,
					memory_object_size_t *size,
					memory_object_offset_t offset,
					vm_prot_t permission,
					mem_entry_name_port_t *handle,
					mem_entry_name_port_t parent);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* _MACH_MACH_VM_H */
