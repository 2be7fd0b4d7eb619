/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A deed with its 1st, 2nd, ... nth allocation failing, until it succeeds with
 * none. The test is the pager, as in struct scene, and a client may do the deed.
 */
#ifndef MACHVM_TESTS_SWEEP_H
#define MACHVM_TESTS_SWEEP_H

#include "fail_nth.h"
#include "testpager.h"

#define SWEEP_CLUSTER	(8 * PAGE)
#define SWEEP_SIZE	(64 * PAGE)
#define SWEEP_ANY	(-99999L)	/* any result that is no error */

/**
 * struct sweep_op - Something to do with failing allocations
 * @before: before each attempt, which repeats what failed
 * @fn: the deed, in the test's process, which is the pager
 * @client: the same, in the client's
 * @arg: for them
 * @after: undo it; told the result
 * @right: the result when nothing fails
 * @may_segv: Linux kills whom it cannot give back his own memory
 * @by_kernel: the kernel touches the pages: EFAULT instead of SIGBUS
 */
struct sweep_op {
	void (*before)(void);
	actor_fn fn;
	actor_fn client;
	void (*arg)(uint64_t *arg);
	void (*after)(long result);
	long right;
	bool may_segv;
	bool by_kernel;
};

/* Thread 0 of the client does the deeds. */
extern struct scene scene;
extern struct fail_call *sweep_call;

/* An object of SWEEP_SIZE bytes in clusters of SWEEP_CLUSTER. */
void sweep_open(enum transport transport);
/* One whose size may change */
void sweep_open_resizable(enum transport transport);
void sweep(const struct sweep_op *op);

/* Answer a request as a good pager; do so until the client's call has ended. */
void sweep_answer(const struct test_request *q);
void sweep_serve(unsigned int thread);
/* The client does something, and is served. */
long sweep_client(actor_fn fn, const uint64_t *arg);
#define SWEEP_CLIENT(fn, ...)	sweep_client(fn, ACTOR_ARG_LIST(__VA_ARGS__))

/* Forget all pages, and what was written to them. */
void sweep_drop_all(void);
void sweep_after_drop(long result);
/* Just the first cluster is there; and its second page is dirty. */
void sweep_supply(void);
void sweep_dirty(void);

#endif /* MACHVM_TESTS_SWEEP_H */
