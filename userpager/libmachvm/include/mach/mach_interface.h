/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmachvm - Mach's address-space calls for programs on Linux with machvm.
 *
 * Names, types and numbers are GNU Mach's, so that source written for its calls
 * compiles: include <mach/mach.h>. XNU's are in <mach/mach_vm.h>.
 */
#ifndef _MACH_MACH_INTERFACE_H
#define _MACH_MACH_INTERFACE_H

#ifdef _MACH_VM_MAP_H
#error "<mach/vm_map.h> has XNU's calls of these names: a program has either"
#endif

#include <linux/mach_vm.h>

#include <mach/mach_types.h>
#include <mach/vm_statistics.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The library hides what is not declared here. */
#pragma GCC visibility push(default)

/**
 * DOC: tasks and ports
 *
 * A task is a *window* of the process's addresses; what the calls below do, they
 * do inside it, and everything outside remains Linux's. mach_task_self() makes
 * the first one when it is first asked for.
 *
 * A port is a descriptor: what open(2) gave for a file in /dev/machobj can be
 * mapped, and close(2) or mach_port_deallocate() gives up any of them. Number 0
 * is MACH_PORT_NULL; the library never makes a port of that number.
 *
 * Addresses, sizes and offsets are bytes. Addresses are rounded down and ends
 * up to whole pages, except by vm_read(), vm_write() and vm_copy(); where memory is
 * entered the size is rounded by itself. A size of 0 is no error and does nothing,
 * except where said.
 *
 * An access that no entry of the task allows is SIGSEGV, one that a pager cannot
 * serve SIGBUS. A pager's error is KERN_MEMORY_ERROR, whatever its errno; a thread that
 * works on a request of a pager and asks for what only that request's answer would give
 * is told KERN_FAILURE. A call that fails has changed nothing, except where said.
 * fork(2) does not pass memory of a task on: a child has a new, empty task as
 * mach_task_self(), and descriptors of the other tasks of its parent. All calls are
 * thread-safe; with a second task a thread can also work on the memory of another
 * process, which passed its task on (SCM_RIGHTS).
 */

/**
 * mach_task_self - The task of this process.
 *
 * Made at the first call, unless mach_task_create() has: of 64 TiB, or the
 * largest half, quarter and so on of it that Linux allows. It needs the right to
 * open MACH_VM_DEVICE.
 *
 * Return: its port, not to be deallocated; or MACH_PORT_NULL, errno says why.
 */
task_t mach_task_self(void);

/**
 * mach_host_self - The host, without any privilege.
 *
 * Return: a port that is no descriptor.
 */
host_t mach_host_self(void);

/**
 * host_get_host_priv_port - The host, with the privileges of this process.
 * @host: mach_host_self()
 * @host_priv: out: a port that is no descriptor
 *
 * Whoever uses it must have the capability himself: CAP_IPC_LOCK to wire beyond
 * RLIMIT_MEMLOCK, CAP_SYS_RESOURCE to raise a limit.
 *
 * Return: KERN_SUCCESS, _NO_ACCESS (neither capability), _INVALID_ARGUMENT.
 */
kern_return_t host_get_host_priv_port(host_t host, host_priv_t *host_priv);

/**
 * mach_task_create - Make a task.
 * @size: bytes of its window, not 0
 * @task: out: its port
 *
 * The first that a process makes is its mach_task_self(); others are apart.
 *
 * Return: KERN_SUCCESS, _NO_ACCESS (no right to MACH_VM_DEVICE), _INVALID_ARGUMENT,
 * _RESOURCE_SHORTAGE, _FAILURE (no module).
 */
kern_return_t mach_task_create(vm_size_t size, task_t *task);

/**
 * task_terminate - End a task.
 * @task: a task; it is deallocated
 *
 * If this process made it, its memory is gone at once and the window is Linux's
 * again. After that of mach_task_self() the next call of it makes a new one.
 *
 * Return: KERN_SUCCESS, _INVALID_ARGUMENT.
 */
kern_return_t task_terminate(task_t task);

/**
 * mach_port_deallocate - Give up a reference to a port; with the last it is closed.
 * @task: mach_task_self()
 * @name: the port
 *
 * Return: KERN_SUCCESS, _INVALID_TASK, _INVALID_NAME.
 */
kern_return_t mach_port_deallocate(ipc_space_t task, mach_port_name_t name);

/**
 * mach_port_mod_refs - Change how many references to a port there are.
 * @task: mach_task_self()
 * @name: the port; it begins with one
 * @right: MACH_PORT_RIGHT_SEND
 * @delta: how many more, or less; with none left it is closed
 *
 * Return: KERN_SUCCESS, _INVALID_TASK, _INVALID_NAME, _INVALID_RIGHT (another
 * right), _INVALID_VALUE (no such right, or fewer than none), _UREFS_OVERFLOW,
 * _RESOURCE_SHORTAGE.
 */
kern_return_t mach_port_mod_refs(ipc_space_t task, mach_port_name_t name,
				 mach_port_right_t right,
				 mach_port_delta_t delta);

/**
 * mach_port_insert_right - One more reference to a port.
 * @task: mach_task_self()
 * @name: the port
 * @right: the same
 * @right_poly: MACH_MSG_TYPE_MAKE_SEND, _COPY_SEND; _MOVE_SEND adds none
 *
 * Return: KERN_SUCCESS, _INVALID_TASK, _INVALID_NAME, _INVALID_VALUE,
 * _INVALID_CAPABILITY (@right is no port), _RIGHT_EXISTS (it has another number),
 * _UREFS_OVERFLOW, _RESOURCE_SHORTAGE.
 */
kern_return_t mach_port_insert_right(ipc_space_t task, mach_port_name_t name,
				     mach_port_t right,
				     mach_msg_type_name_t right_poly);

/**
 * mach_error_string - A kern_return_t in words.
 * @error: what a call returned
 *
 * Return: a text that is not to be freed.
 */
const char *mach_error_string(kern_return_t error);

/**
 * mach_error - Print one to stderr.
 * @prefix: what was tried
 * @error: what it returned
 */
void mach_error(const char *prefix, kern_return_t error);

/**
 * vm_allocate - Zero-filled memory.
 * @task: whose
 * @address: where; out: where it is
 * @size: bytes; for 0, *@address is 0 afterwards
 * @anywhere: TRUE: at the lowest place there is, whatever *@address says
 *
 * Return: KERN_SUCCESS, _NO_SPACE, _INVALID_ADDRESS (out of the window),
 * _INVALID_ARGUMENT (@size rounds to 0), _NO_ACCESS (it would come wired, and no right
 * to wire as much), _RESOURCE_SHORTAGE, _ABORTED.
 */
kern_return_t vm_allocate(vm_task_t task, vm_address_t *address, vm_size_t size,
			  boolean_t anywhere);

/**
 * vm_deallocate - Empty a range.
 * @task: whose
 * @address: first byte
 * @size: bytes
 *
 * What is empty already, or outside of the window, is passed over. If only
 * rounding takes the end over that of all addresses, nothing is done.
 *
 * Return: KERN_SUCCESS, _INVALID_ARGUMENT (the end is no address), _NO_ACCESS
 * (what can be executed, in the window of another process), _RESOURCE_SHORTAGE,
 * _ABORTED.
 */
kern_return_t vm_deallocate(vm_task_t task, vm_address_t address, vm_size_t size);

/**
 * vm_map - Map an object.
 * @task: into whose memory
 * @address: where, or from where to look upwards; out: where it is
 * @size: bytes, not 0
 * @mask: bits that must be 0 in the address
 * @anywhere: TRUE: at the lowest place from *@address on, or else the lowest
 * @memory_object: an object or proxy; MACH_PORT_NULL for zero-filled memory
 * @offset: in the object, a multiple of the page size
 * @copy: TRUE: a copy of its own
 * @cur_protection: VM_PROT_*; cut to the maximum
 * @max_protection: VM_PROT_* that it may ever get; cut to what the port allows
 * @inheritance: VM_INHERIT_*
 *
 * An access beyond the object's end is SIGBUS; all of the range must lie in a
 * proxy. A copy is made at once, of what is there.
 *
 * Return: KERN_SUCCESS, _NO_SPACE, _INVALID_ADDRESS, _INVALID_ARGUMENT,
 * _PROTECTION_FAILURE (a copy of what the port does not let read), _NO_ACCESS
 * (execution, into the window of another process; it would come wired, and no right to
 * wire as much), _MEMORY_ERROR, _MEMORY_FAILURE, _RESOURCE_SHORTAGE, _ABORTED.
 */
kern_return_t vm_map(vm_task_t task, vm_address_t *address, vm_size_t size,
		     vm_address_t mask, boolean_t anywhere,
		     memory_object_t memory_object, vm_offset_t offset,
		     boolean_t copy, vm_prot_t cur_protection,
		     vm_prot_t max_protection, vm_inherit_t inheritance);

/**
 * vm_protect - Change what accesses a range allows.
 * @task: whose
 * @address: first byte
 * @size: bytes
 * @set_maximum: TRUE: the maximum, and cut the present protection to it
 * @new_protection: VM_PROT_*; VM_PROT_NOTIFY is kept for vm_region() to tell
 *
 * It has taken effect on all threads at return. What is empty is passed over.
 * Wired memory is not while it allows nothing, and is wired again before it allows
 * something. Nothing has changed on failure.
 *
 * Return: KERN_SUCCESS, _PROTECTION_FAILURE (more than some maximum),
 * _INVALID_ARGUMENT, _NO_ACCESS (execution, in the window of another process; no
 * right to wire as much), _MEMORY_ERROR, _MEMORY_FAILURE, _RESOURCE_SHORTAGE,
 * _ABORTED.
 */
kern_return_t vm_protect(vm_task_t task, vm_address_t address, vm_size_t size,
			 boolean_t set_maximum, vm_prot_t new_protection);

/**
 * vm_inherit - Say what a task made from this one will have of a range.
 * @task: whose
 * @address: first byte
 * @size: bytes
 * @new_inheritance: VM_INHERIT_*
 *
 * What is empty is passed over.
 *
 * Return: KERN_SUCCESS, _INVALID_ARGUMENT, _RESOURCE_SHORTAGE, _ABORTED.
 */
kern_return_t vm_inherit(vm_task_t task, vm_address_t address, vm_size_t size,
			 vm_inherit_t new_inheritance);

/**
 * vm_behavior_set - Say how a range will be used.
 * @task: whose
 * @address: first byte
 * @size: bytes
 * @behavior: VM_BEHAVIOR_*; _WILLNEED (its pagers are asked now), _DONTNEED (it may
 *	go before what is in use), _FREE (the contents of memory without a pager are
 *	forgotten, if nobody else sees them) and _ZERO act at once
 *
 * Return: KERN_SUCCESS, _INVALID_ADDRESS (a hole), _NO_SPACE (out of the window),
 * _PROTECTION_FAILURE (_ZERO of what may not be written), _INVALID_ARGUMENT,
 * _RESOURCE_SHORTAGE, _MEMORY_ERROR, _MEMORY_FAILURE, _ABORTED.
 */
kern_return_t vm_behavior_set(vm_task_t task, vm_address_t address,
			      vm_size_t size, vm_behavior_t behavior);

/**
 * vm_read - Get bytes of a task.
 * @task: whose
 * @address: first byte, of any alignment
 * @size: bytes, less than 4 GiB
 * @data: out: where they are, in memory of mach_task_self() that was allocated
 *	for it, at the offset in the page that they have at @address:
 *	vm_deallocate() it
 * @data_count: out: @size
 *
 * Return: KERN_SUCCESS, _INVALID_ADDRESS, _PROTECTION_FAILURE, _NO_SPACE,
 * _NO_ACCESS (what is allocated would come wired, and no right to wire as much),
 * _MEMORY_ERROR, _INVALID_ARGUMENT, _RESOURCE_SHORTAGE, _ABORTED. Nothing is allocated
 * then.
 */
kern_return_t vm_read(vm_task_t task, vm_address_t address, vm_size_t size,
		      pointer_t *data, mach_msg_type_number_t *data_count);

/**
 * vm_write - Put bytes into a task.
 * @task: whose
 * @address: first byte, of any alignment
 * @data: where they are, anywhere in this process
 * @data_count: how many
 *
 * Return: KERN_SUCCESS, _INVALID_ADDRESS, _PROTECTION_FAILURE, _MEMORY_ERROR,
 * _RESOURCE_SHORTAGE, _INVALID_ARGUMENT, _ABORTED. After the last three, or _MEMORY_ERROR,
 * the first bytes may have been written.
 */
kern_return_t vm_write(vm_task_t task, vm_address_t address, pointer_t data,
		       mach_msg_type_number_t data_count);

/**
 * vm_copy - Copy bytes within a task.
 * @task: whose
 * @source_address: first byte, of any alignment
 * @size: bytes
 * @dest_address: where to, of any alignment; the ranges may overlap
 *
 * Return: as vm_write().
 */
kern_return_t vm_copy(vm_task_t task, vm_address_t source_address,
		      vm_size_t size, vm_address_t dest_address);

/**
 * vm_remap - Map what another range, of this or another task, holds.
 * @target_task: into whose memory
 * @target_address: where, or from where to look; out: where it is
 * @size: bytes, not 0
 * @mask: as of vm_map()
 * @anywhere: as of vm_map()
 * @source_task: a task
 * @source_address: first byte there
 * @copy: FALSE: either sees what the other writes
 * @cur_protection: out: what all of the range allows
 * @max_protection: out: what all of it may be given
 * @inheritance: VM_INHERIT_*
 *
 * Return: as vm_map(); _INVALID_ADDRESS also for the source.
 */
kern_return_t vm_remap(vm_task_t target_task, vm_address_t *target_address,
		       vm_size_t size, vm_address_t mask, boolean_t anywhere,
		       vm_task_t source_task, vm_address_t source_address,
		       boolean_t copy, vm_prot_t *cur_protection,
		       vm_prot_t *max_protection, vm_inherit_t inheritance);

/**
 * vm_region - Describe the entry at an address, or the next one above.
 * @task: whose
 * @address: where to look from; out: where the entry begins
 * @size: out: bytes
 * @protection: out: VM_PROT_*
 * @max_protection: out: VM_PROT_*
 * @inheritance: out: VM_INHERIT_*
 * @is_shared: out: do others see what is written here?
 * @object_name: out: a name of the object, to be deallocated, or MACH_PORT_NULL;
 *	here, not in Mach, NULL if none is wanted, which costs no descriptor
 * @offset: out: in the object
 *
 * Return: KERN_SUCCESS, _NO_SPACE (there is none), _RESOURCE_SHORTAGE,
 * _INVALID_ARGUMENT.
 */
kern_return_t vm_region(vm_task_t task, vm_address_t *address, vm_size_t *size,
			vm_prot_t *protection, vm_prot_t *max_protection,
			vm_inherit_t *inheritance, boolean_t *is_shared,
			memory_object_name_t *object_name, vm_offset_t *offset);

/**
 * vm_wire - Bring pages in and keep them.
 * @host: mach_host_self(), or the privileged one
 * @task: whose
 * @address: first byte
 * @size: bytes
 * @access: VM_PROT_* that must not fault; VM_PROT_NONE: undo one vm_wire()
 *
 * Return: KERN_SUCCESS, _INVALID_ADDRESS, _PROTECTION_FAILURE, _NO_ACCESS (more
 * than RLIMIT_MEMLOCK, and not the privileged host or no CAP_IPC_LOCK),
 * _RESOURCE_SHORTAGE, _MEMORY_ERROR, _MEMORY_FAILURE, _ABORTED, _INVALID_ARGUMENT,
 * _INVALID_HOST, _INVALID_TASK.
 */
kern_return_t vm_wire(host_t host, vm_task_t task, vm_address_t address,
		      vm_size_t size, vm_prot_t access);

/**
 * vm_wire_all - Wire all that a task has, or will have.
 * @host: the privileged one
 * @task: whose
 * @flags: VM_WIRE_CURRENT, VM_WIRE_FUTURE; VM_WIRE_NONE: unwire all
 *
 * What allows nothing is wired once it allows something.
 *
 * Return: as vm_wire(); nothing has changed then.
 */
kern_return_t vm_wire_all(host_t host, vm_task_t task, vm_wire_t flags);

/**
 * vm_msync - Send what was written to the pagers.
 * @task: whose
 * @address: first byte
 * @size: bytes
 * @flags: VM_SYNC_SYNCHRONOUS (wait until they have it) or VM_SYNC_ASYNCHRONOUS;
 *	VM_SYNC_INVALIDATE to forget it here then: without the other two what was
 *	written is lost. VM_SYNC_KILLPAGES and VM_SYNC_DEACTIVATE send nothing, and
 *	do what VM_BEHAVIOR_FREE, up to the first hole, and VM_BEHAVIOR_DONTNEED do.
 *
 * Holes are passed over. Return: KERN_SUCCESS, _INVALID_ADDRESS (there were holes,
 * and VM_SYNC_CONTIGUOUS was given; or the end is no address), _INVALID_ARGUMENT
 * (VM_SYNC_SYNCHRONOUS and VM_SYNC_ASYNCHRONOUS), _MEMORY_ERROR (a pager did not
 * take it), _RESOURCE_SHORTAGE, _ABORTED, _INVALID_TASK.
 */
kern_return_t vm_msync(vm_task_t task, vm_address_t address, vm_size_t size,
		       vm_sync_t flags);

/**
 * vm_set_size_limit - Bound what a task can have in entries.
 * @host: mach_host_self(), or the privileged one
 * @task: whose
 * @current_limit: bytes
 * @max_limit: bytes that @current_limit may be set to; raising it takes the
 *	privileged one, and CAP_SYS_RESOURCE
 *
 * Entries that may never be accessed do not count.
 *
 * Return: KERN_SUCCESS, _INVALID_ARGUMENT (@current_limit is more than
 * @max_limit), _NO_ACCESS, _INVALID_HOST, _INVALID_TASK.
 */
kern_return_t vm_set_size_limit(host_t host, vm_task_t task,
				vm_size_t current_limit, vm_size_t max_limit);

/**
 * vm_get_size_limit - Tell the bounds.
 * @task: whose
 * @current_limit: out: bytes
 * @max_limit: out: bytes
 *
 * Return: KERN_SUCCESS, _INVALID_TASK.
 */
kern_return_t vm_get_size_limit(vm_task_t task, vm_size_t *current_limit,
				vm_size_t *max_limit);

/**
 * vm_statistics - The module in numbers.
 * @task: any
 * @stats: out: see &lt;mach/vm_statistics.h&gt;
 *
 * Return: KERN_SUCCESS, _INVALID_ARGUMENT.
 */
kern_return_t vm_statistics(vm_task_t task, vm_statistics_data_t *stats);

/**
 * vm_cache_statistics - Memory objects and their pages in numbers.
 * @task: any
 * @stats: out: see &lt;mach/vm_statistics.h&gt;
 *
 * Return: KERN_SUCCESS, _INVALID_ARGUMENT.
 */
kern_return_t vm_cache_statistics(vm_task_t task,
				  vm_cache_statistics_data_t *stats);

/**
 * vm_machine_attribute - Change how processors cache a range.
 * @task: whose
 * @address: first byte
 * @size: bytes
 * @attribute: which
 * @value: to what
 *
 * Caches are coherent here: there is nothing to change. Return:
 * KERN_INVALID_ADDRESS, as from GNU Mach on x86; _INVALID_ARGUMENT.
 */
kern_return_t vm_machine_attribute(vm_task_t task, vm_address_t address,
				   vm_size_t size, natural_t attribute,
				   int *value);

/** typedef vm_object_info_data_t - What there is to know of an object. */
typedef struct mach_object_info vm_object_info_data_t;

/**
 * vm_object_info - State of an object.
 * @object_name: from vm_region(), or an object or proxy
 * @info: in: its size, as the caller was compiled; out: that much of struct
 *	mach_object_info
 *
 * Where Mach shows structures of its kernel, this is what &lt;linux/mach_vm.h&gt;
 * says.
 *
 * Return: KERN_SUCCESS, _INVALID_NAME; _INVALID_ARGUMENT for other sizes.
 */
kern_return_t vm_object_info(memory_object_name_t object_name,
			     vm_object_info_data_t *info);

/**
 * vm_object_sync - Have a range of an object sent to its pager, forgotten, or both.
 * @object: an object or a proxy; a name does not allow it
 * @offset: first byte
 * @size: bytes; all pages that they touch, as far as there are
 * @should_flush: forget the pages; without @should_return, if the port allows writing,
 *	with what was written to them, else only those that nobody has written to
 * @should_return: first have the pager take what was written
 * @should_iosync: nothing more: the call waits for the pager, and for its making the
 *	data durable, in any case
 *
 * Return: KERN_SUCCESS, _INVALID_ARGUMENT, _MEMORY_ERROR (the pager did not take it),
 * _RESOURCE_SHORTAGE, _ABORTED.
 */
kern_return_t vm_object_sync(memory_object_name_t object, vm_offset_t offset,
			     vm_size_t size, boolean_t should_flush,
			     boolean_t should_return, boolean_t should_iosync);

/**
 * memory_object_create_proxy - Lesser rights to an object.
 * @task: mach_task_self()
 * @max_protection: VM_PROT_* that it may be mapped with; cut to what the object's
 *	port allows
 * @object: the object, an array of one
 * @object_poly: MACH_MSG_TYPE_COPY_SEND; _MOVE_SEND: it is deallocated as well
 * @object_count: 1
 * @offset: { 0 }
 * @offset_count: 1
 * @start: first byte of the object that the proxy shows, a multiple of the page
 *	size, before its end
 * @start_count: 1
 * @len: bytes, a multiple of the page size or up to the object's end; ~0: all there
 *	is, or will be
 * @len_count: 1
 * @proxy: out: the new port
 *
 * Offsets of the proxy begin at *@start.
 *
 * Return: KERN_SUCCESS, _INVALID_ARGUMENT, _INVALID_NAME (not an object),
 * _RESOURCE_SHORTAGE, _INVALID_TASK.
 */
kern_return_t
memory_object_create_proxy(task_t task, vm_prot_t max_protection,
			   const memory_object_t *object,
			   mach_msg_type_name_t object_poly,
			   mach_msg_type_number_t object_count,
			   const vm_offset_t *offset,
			   mach_msg_type_number_t offset_count,
			   const vm_offset_t *start,
			   mach_msg_type_number_t start_count,
			   const vm_size_t *len,
			   mach_msg_type_number_t len_count,
			   mach_port_t *proxy);

/**
 * vm_region_create_proxy - A right to what an entry shows.
 * @task: whose
 * @address: in the entry, or below it
 * @max_protection: VM_PROT_* that it may be mapped with; cut to the entry's maximum
 * @len: bytes from the entry's start, not more than it has
 * @port: out: the new port
 *
 * Memory without a pager is shared from then on.
 *
 * Return: KERN_SUCCESS, _NO_SPACE (there is no entry), _INVALID_ARGUMENT,
 * _RESOURCE_SHORTAGE, _ABORTED.
 */
kern_return_t vm_region_create_proxy(vm_task_t task, vm_address_t address,
				     vm_prot_t max_protection, vm_size_t len,
				     mach_port_t *port);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* _MACH_MACH_INTERFACE_H */
