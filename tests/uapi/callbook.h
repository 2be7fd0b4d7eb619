/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every ioctl with arguments that are right, for tests that make one of them
 * wrong.
 */
#ifndef MACHVM_TESTS_CALLBOOK_H
#define MACHVM_TESTS_CALLBOOK_H

#include "task.h"
#include "testpager.h"

#define WORLD_WINDOW	(64 * MIB)

/*
 * What the right arguments speak of: page 0 of @o is resident, and the task has
 * 8 pages of memory at the beginning of its window.
 */
struct world {
	struct test_pager p;
	struct test_object o;
	struct test_task t;
};

union any_call {
	uint32_t size;
	struct mach_vm_version version;
	struct mach_vm_statistics statistics;
	struct mach_vm_array array;
	struct mach_object_info info;
	struct mach_object_name name;
	struct mach_name_compare compare;
	struct mach_pager_register reg;
	struct mach_pager_create create;
	struct mach_pager_publish publish;
	struct mach_pager_receive receive;
	struct mach_pager_answer answer;
	struct mach_pager_collect collect;
	struct mach_pager_supply supply;
	struct mach_pager_lock lock;
	struct mach_pager_destroy destroy;
	struct mach_pager_attributes attributes;
	struct mach_object_proxy proxy;
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
	uint8_t bytes[512];
};

/**
 * struct call - One ioctl.
 * @name: for test names
 * @number: the ioctl
 * @size: of its structure
 * @kind: of descriptor that answers it; ON_NEW: a task without a window
 * @fill: writes the right arguments
 * @right: what the call then says, each time
 */
struct call {
	const char *name;
	unsigned long number;
	size_t size;
	enum { ON_ANY, ON_NEW, ON_TASK, ON_PAGER, ON_OBJECT } kind;
	void (*fill)(const struct world *w, union any_call *c);
	long right;
};

extern const struct call callbook[];
extern const size_t callbook_entries;

void world_open(struct world *w);
/* Still as after world_open(), and still served? */
void world_check(struct world *w);
/* Call with @c; descriptors that it makes are closed again. */
long world_call(struct world *w, const struct call *call, union any_call *c);
const struct call *call_named(const char *name);

#endif /* MACHVM_TESTS_CALLBOOK_H */
