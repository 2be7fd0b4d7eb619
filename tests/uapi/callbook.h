/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every ioctl with arguments that are right, for tests that make one of them
 * wrong.
 */
#ifndef MACHVM_TESTS_CALLBOOK_H
#define MACHVM_TESTS_CALLBOOK_H

#include "testpager.h"

/* What the right arguments speak of: page 0 of @o is resident. */
struct world {
	struct test_pager p;
	struct test_object o;
	int task;
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
	uint8_t bytes[512];
};

/**
 * struct call - One ioctl.
 * @name: for test names
 * @number: the ioctl
 * @size: of its structure
 * @kind: of descriptor that answers it
 * @fill: writes the right arguments
 * @right: what the call then says, each time
 */
struct call {
	const char *name;
	unsigned long number;
	size_t size;
	enum { ON_ANY, ON_TASK, ON_PAGER, ON_OBJECT } kind;
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
