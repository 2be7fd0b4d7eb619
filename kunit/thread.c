// SPDX-License-Identifier: GPL-2.0-only
/* Threads that a test starts and waits for. */
#include "thread.h"

#include <linux/kthread.h>

static int fake_thread_main(void *data)
{
	struct fake_thread *thread = data;

	thread->result = thread->fn(thread->data);
	kthread_complete_and_exit(&thread->done, 0);
}

void fake_thread_start(struct kunit *test, struct fake_thread *thread,
		       int (*fn)(void *data), void *data)
{
	thread->fn = fn;
	thread->data = data;
	init_completion(&thread->done);
	thread->task = kthread_run(fake_thread_main, thread, "machvm_kunit");
	KUNIT_ASSERT_FALSE(test, IS_ERR(thread->task));
}

int fake_thread_end(struct kunit *test, struct fake_thread *thread)
{
	if (!wait_for_completion_timeout(&thread->done, FAKE_PATIENCE))
		KUNIT_FAIL_AND_ABORT(test, "a thread does not end");
	return thread->result;
}
