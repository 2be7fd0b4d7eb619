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

/* Room for the arguments of any call, which all start with their size */
union any_call {
	uint32_t size;
	uint8_t bytes[512];
} __attribute__((aligned(8)));

enum call_kind { ON_ANY, ON_NEW, ON_TASK, ON_PAGER, ON_OBJECT };

/**
 * struct call - One ioctl.
 * @name: for test names
 * @number: the ioctl
 * @kind: of descriptor that answers it; ON_NEW: a task without a window
 * @fill: adds what the right arguments have of the world; may be NULL
 * @args: the right arguments but for that and the size; NULL: zeros
 * @right: what the call then says, each time
 */
struct call {
	const char *name;
	unsigned long number;
	enum call_kind kind;
	void (*fill)(const struct world *w, void *args);
	const void *args;
	long right;
};

/**
 * struct call_change - One field of an otherwise right call.
 * @call: name in the callbook
 * @what: for the test's name
 * @at: offset of the field
 * @width: bytes of it
 * @value: to put there
 * @want: result
 */
struct call_change {
	const char *call;
	const char *what;
	size_t at;
	size_t width;
	uint64_t value;
	long want;
};

/* A field of a structure, for struct call_change. */
#define F(str, field)							\
	offsetof(struct str, field), sizeof(((struct str *)0)->field)

extern const struct call callbook[];
extern const size_t callbook_entries;

void world_open(struct world *w);
/* Still as after world_open(), and still served? */
void world_check(struct world *w);
const struct call *call_named(const char *name);
size_t call_size(const struct call *call);
/* Write the right arguments. */
void call_fill(const struct call *call, const struct world *w,
	       union any_call *args);
/* Call with @args; descriptors that it makes are closed again. */
long world_call(struct world *w, const struct call *call, void *args);
/* Call with one field changed; @sub gets a name for that. */
long world_change(struct world *w, const struct call_change *change, char *sub,
		  size_t sub_size);

/* Do one thing with each call in a world of its own; its lines say @what. */
typedef void (*call_fn)(const struct call *call, const char *sub);
void world_each_call(struct world *w, const char *what, call_fn one);

#endif /* MACHVM_TESTS_CALLBOOK_H */
