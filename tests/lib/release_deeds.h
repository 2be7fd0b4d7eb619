/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What takes away, narrows, ends, makes clean, or reads what is there: none of it
 * may need memory that can be refused. The test is the client; the pager is a
 * process of its own.
 */
#ifndef MACHVM_TESTS_RELEASE_DEEDS_H
#define MACHVM_TESTS_RELEASE_DEEDS_H

#include "actor.h"
#include "serve.h"
#include "task.h"

/**
 * struct release_deed - Something that is never refused
 * @name: of the test
 * @before: what it needs, with memory to be had; or NULL
 * @fn: does it
 * @after: was it done? With memory to be had again; or NULL
 * @right: its result
 * @others: a part of it is done by the kernel or by the pager
 * @areas: Linux cuts an area, which it may lose when its own memory fails half-way
 */
struct release_deed {
	const char *name;
	void (*before)(void);
	actor_fn fn;
	void (*after)(void);
	long right;
	bool others;
	bool areas;
};

extern const struct release_deed release_deeds[];
extern const size_t release_deeds_nr;

/* What they are done to: a task with memory and an object, whose pages are dirty. */
void release_open(void);
void release_close(void);

#endif /* MACHVM_TESTS_RELEASE_DEEDS_H */
