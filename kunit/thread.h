/* SPDX-License-Identifier: GPL-2.0-only */
/* Threads that a test starts and waits for, so long and no longer. */
#ifndef MACH_KUNIT_THREAD_H
#define MACH_KUNIT_THREAD_H

#include <kunit/test.h>
#include <linux/completion.h>

/* Everything that has to happen at all has happened then. */
#define FAKE_PATIENCE	(60 * HZ)

/**
 * struct fake_thread - A thread that a test waits for
 * @fn: what it does; its result goes to @result
 * @data: for @fn
 * @result: valid once it is done
 * @task: for who looks at what it does
 * @done: completed at the end
 */
struct fake_thread {
	int (*fn)(void *data);
	void *data;
	int result;
	struct task_struct *task;
	struct completion done;
};

void fake_thread_start(struct kunit *test, struct fake_thread *thread,
		       int (*fn)(void *data), void *data);
int fake_thread_end(struct kunit *test, struct fake_thread *thread);

#endif /* MACH_KUNIT_THREAD_H */
