/* SPDX-License-Identifier: GPL-2.0-only */
/* How every ioctl comes in and goes out: one table, one copy each way. */
#ifndef MACH_CALL_H
#define MACH_CALL_H

#include <linux/fs.h>
#include <linux/mach_list.h>
#include <linux/mach_pager.h>
#include <linux/mach_task.h>
#include <linux/string.h>

/* All argument structures; each starts with its size. */
union mach_call_args {
	__u32 size;
	struct mach_vm_version version;
	struct mach_vm_statistics statistics;
	struct mach_vm_array array;
	struct mach_object_info info;
	struct mach_object_name name;
	struct mach_name_compare compare;
	struct mach_task_allocate allocate;
	struct mach_task_range range;
	struct mach_task_map map;
	struct mach_task_protect protect;
	struct mach_task_attribute attribute;
	struct mach_task_wire_all wire_all;
	struct mach_task_data data;
	struct mach_task_remap remap;
	struct mach_task_region region;
	struct mach_task_info task;
	struct mach_task_msync msync;
	struct mach_task_limit limit;
	struct mach_object_proxy proxy;
	struct mach_task_proxy entry_proxy;
	struct mach_pager_register reg;
	struct mach_pager_create create;
	struct mach_pager_publish publish;
	struct mach_pager_symlink symlink;
	struct mach_pager_mkdir mkdir;
	struct mach_pager_unpublish unpublish;
	struct mach_pager_receive receive;
	struct mach_pager_answer answer;
	struct mach_pager_collect collect;
	struct mach_pager_supply supply;
	struct mach_pager_lock lock;
	struct mach_pager_destroy destroy;
	struct mach_pager_attributes attributes;
	struct mach_pager_resize resize;
	struct mach_pager_list list;
};

/**
 * struct mach_call_context - One call under way
 * @self: what the descriptor stands for
 * @file: the descriptor's file
 * @fd: number reserved for @made
 * @made: file that becomes visible when the caller has been told its number
 * @generation: of the request that was received
 * @serial: of the object that was made
 */
struct mach_call_context {
	void *self;
	struct file *file;
	int fd;
	struct file *made;
	u32 generation;
	u64 serial;
};

/**
 * struct mach_call - One row of a descriptor's table
 * @command: MACH_*
 * @size: size of the structure now
 * @min_size: size of its first version, if that was smaller; or 0
 * @execute: does it; @args is checked for size only
 * @undo: takes it back when the caller cannot be told; may be NULL
 * @says_on_error: the arguments go back to the caller even then
 * @probe: it cannot be undone: see first whether the caller can be told
 */
struct mach_call {
	unsigned int command;
	unsigned int size;
	unsigned int min_size;
	int (*execute)(struct mach_call_context *context,
		       union mach_call_args *args);
	void (*undo)(struct mach_call_context *context,
		     union mach_call_args *args);
	bool says_on_error;
	bool probe;
};

/*
 * A row, at its command's number; what is said beyond command and function is said by
 * name.
 */
#define MACH_CALL(_command, _execute, ...)				\
[_IOC_NR(_command)] = {							\
	.command = (_command),						\
	.size = _IOC_SIZE(_command),					\
	.execute = (_execute),						\
	##__VA_ARGS__							\
}

/**
 * struct mach_call_table - What a kind of descriptor answers
 * @calls: rows, by number; those without @execute are none
 * @n: the number after the highest
 * @next: what it answers as well, or NULL
 */
struct mach_call_table {
	const struct mach_call *calls;
	unsigned int n;
	const struct mach_call_table *next;
};

#define MACH_CALL_TABLE(_calls, _next) {				\
	.calls = (_calls),						\
	.n = ARRAY_SIZE(_calls),					\
	.next = (_next),						\
}

/* Of a structure that is told the caller says its size, and nothing else. */
static inline bool mach_call_says_more(const union mach_call_args *args,
				       size_t size)
{
	return memchr_inv(&args->size + 1, 0, size - sizeof(args->size));
}

bool mach_call_knows(const struct mach_call_table *table, unsigned int command);
long mach_call_dispatch(const struct mach_call_table *table,
			struct mach_call_context *context,
			unsigned int command, unsigned long address);
int mach_call_make_fd(struct mach_call_context *context, struct file *file,
		      __s32 *fd);

#endif /* MACH_CALL_H */
