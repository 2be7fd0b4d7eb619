/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls in which one allocation fails, where the kernel has fault injection:
 * /proc/thread-self/fail-nth counts the allocations of a thread - slabs, pages,
 * the module's pool - and has the nth one fail.
 */
#ifndef MACHVM_TESTS_FAIL_NTH_H
#define MACHVM_TESTS_FAIL_NTH_H

#include <stdbool.h>
#include <stdint.h>

#include "actor.h"

/**
 * struct fail_call - A call and what came of it; in shared memory for actors
 * @fn: what to do
 * @arg: with what
 * @nth: which place fails; 0: none
 * @result: value, -errno or TAP_SIGNAL()
 * @injected: the nth place was reached, and failed; otherwise there are fewer
 */
struct fail_call {
	actor_fn fn;
	uint64_t arg[ACTOR_ARGS];
	unsigned int nth;
	long result;
	bool injected;
};

/*
 * Have every allocation fail that can, and no copying from or to user space.
 * Ends the test as skipped where nothing can.
 */
void fail_nth_setup(void);

/* Which one is to fail after the nth: the next, or in a brief check of many a later one */
unsigned int fail_next(unsigned int nth);

/*
 * From now on every allocation of this thread fails, or of @everybody those of the
 * module as well; until it is over.
 */
void fail_all_begin(bool everybody);
void fail_all_end(void);

/* Do it in this thread, or in an actor's: the argument is the fail_call. */
void fail_nth_call(struct fail_call *c);
long do_fail_nth(const uint64_t *arg);

#endif /* MACHVM_TESTS_FAIL_NTH_H */
