// SPDX-License-Identifier: GPL-2.0-only
/*
 * The states of a port's slots: each transition and each refusal by itself.
 */
#include "pager/pager_answer.h"
#include "port.h"
#include "request/data_request.h"
#include "request/object_end.h"
#include "request/request_memory.h"

#include <linux/delay.h>
#include <linux/sched/task.h>
#include <linux/mman.h>

#define LAST	(PORT_DEPTH - 1)

static void fake_command_done(struct io_uring_cmd *command, int result)
{
	struct fake_command *fake =
		container_of(command, struct fake_command, command);

	fake->times++;
	fake->result = result;
}

static bool fake_command_ends(struct io_uring_cmd *command)
{
	return container_of(command, struct fake_command, command)->ends;
}

/* The tests tick themselves. */
static void fake_tick_later(struct mach_port *port)
{
}

static void port_open(struct kunit *test, u32 deadline_ms, u32 message_size)
{
	struct mach_pager_register args = {
		.queues = 1, .depth = PORT_DEPTH, .deadline_ms = deadline_ms,
		.message_size = message_size,
	};
	struct mach_object_setup setup = {
		.size = 16 * PAGE_SIZE, .cookie = 0xc00c1e, .cluster = 8,
	};
	struct port_context *c = test->priv;

	c->port = mach_port_create(&args);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, c->port);
	setup.pager = &c->port->pager;
	KUNIT_ASSERT_EQ(test, mach_port_number(c->port, &setup.id), 0);
	c->object = mach_object_create(&setup);
	KUNIT_ASSERT_NOT_NULL(test, c->object);
}

/* Nothing may refer to the port any more but the caller. */
static void port_close(struct kunit *test)
{
	struct port_context *c = test->priv;

	mach_object_kill(c->object);
	KUNIT_EXPECT_EQ(test, refcount_read(&c->object->ref), 1);
	mach_object_put(c->object);
	if (c->other) {
		mach_object_kill(c->other);
		KUNIT_EXPECT_EQ(test, refcount_read(&c->other->ref), 1);
		mach_object_put(c->other);
		c->other = NULL;
	}
	KUNIT_EXPECT_EQ(test, refcount_read(&c->port->pager.ref), 1);
	mach_port_shutdown(c->port);
	c->port = NULL;
}

static int port_test_init(struct kunit *test)
{
	struct port_context *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, c);
	test->priv = c;
	/* the port belongs to a process; this gives the thread a memory */
	KUNIT_ASSERT_NE(test, kunit_vm_mmap(test, NULL, 0, PAGE_SIZE,
					    PROT_READ | PROT_WRITE,
					    MAP_ANONYMOUS | MAP_PRIVATE, 0), 0);
	kunit_activate_static_stub(test, mach_command_done, fake_command_done);
	kunit_activate_static_stub(test, mach_command_ends, fake_command_ends);
	kunit_activate_static_stub(test, mach_port_tick_later, fake_tick_later);
	port_open(test, 0, sizeof(struct mach_message));
	return 0;
}

static void port_test_exit(struct kunit *test)
{
	struct port_context *c = test->priv;

	if (c && c->port)
		port_close(test);
}

/* Answer what the slot holds, and leave it free. */
static void commit(struct kunit *test, unsigned int tag)
{
	struct port_context *c = test->priv;
	struct mach_slot *slot = port_hold(c, tag);

	KUNIT_ASSERT_FALSE(test, IS_ERR(slot));
	mach_request_end(slot->request, 0);
	mach_port_release(c->port, slot, true);
}

static void armed_slot_takes_request(struct kunit *test)
{
	struct port_context *c = test->priv;
	struct mach_request *request;

	KUNIT_EXPECT_EQ(test, port_arm(c, 2), -EIOCBQUEUED);
	KUNIT_EXPECT_EQ(test, port_slot_of(c, 2)->state, MACH_SLOT_ARMED);
	KUNIT_EXPECT_EQ(test, port_arm(c, 2), -EBUSY);
	KUNIT_EXPECT_EQ(test, c->commands[2].times, 0);

	request = port_submit_new(test);
	KUNIT_EXPECT_EQ(test, c->commands[2].times, 1);
	KUNIT_EXPECT_EQ(test, c->commands[2].result, 0);
	KUNIT_EXPECT_EQ(test, port_slot_of(c, 2)->state, MACH_SLOT_HELD);
	KUNIT_EXPECT_PTR_EQ(test, port_slot_of(c, 2)->request, request);
	KUNIT_EXPECT_EQ(test, port_arm(c, 2), -EBUSY);
	commit(test, 2);
	KUNIT_EXPECT_EQ(test, port_slot_of(c, 2)->state, MACH_SLOT_FREE);
	KUNIT_EXPECT_EQ(test, port_arm(c, 2), -EIOCBQUEUED);
	port_drop(test, request, 0);
}

static void latest_armed_slot_comes_first(struct kunit *test)
{
	struct port_context *c = test->priv;
	struct mach_request *request;
	int tag;

	for (tag = 0; tag < PORT_DEPTH; tag++)
		KUNIT_EXPECT_EQ(test, port_arm(c, tag), -EIOCBQUEUED);
	for (tag = PORT_DEPTH - 1; tag >= 0; tag--) {
		request = port_submit_new(test);
		KUNIT_EXPECT_PTR_EQ(test, port_slot_of(c, tag)->request, request);
		commit(test, tag);
		port_drop(test, request, 0);
	}
}

static void requests_wait_in_order(struct kunit *test)
{
	struct mach_request *requests[PORT_DEPTH + 1];
	struct port_context *c = test->priv;
	unsigned int i;

	c->port->queues[0].several = true;
	for (i = 0; i <= PORT_DEPTH; i++)
		requests[i] = port_submit_new(test);
	for (i = 0; i < LAST; i++) {
		KUNIT_EXPECT_EQ(test, port_arm(c, i), 0);
		KUNIT_EXPECT_PTR_EQ(test, port_slot_of(c, i)->request, requests[i]);
		KUNIT_EXPECT_EQ(test, c->commands[i].times, 0);
	}
	/* the last one is for other objects */
	KUNIT_EXPECT_EQ(test, port_arm(c, LAST), -EIOCBQUEUED);
	commit(test, 1);
	KUNIT_EXPECT_EQ(test, port_arm(c, 1), 0);
	KUNIT_EXPECT_PTR_EQ(test, port_slot_of(c, 1)->request, requests[LAST]);
	for (i = 0; i < LAST; i++)
		commit(test, i);
	mach_port_match(c->port);
	KUNIT_EXPECT_EQ(test, c->commands[LAST].times, 1);
	KUNIT_EXPECT_PTR_EQ(test, port_slot_of(c, LAST)->request,
			    requests[PORT_DEPTH]);
	commit(test, LAST);
	for (i = 0; i <= PORT_DEPTH; i++)
		port_drop(test, requests[i], 0);
}

static void message_tells_request(struct kunit *test)
{
	struct port_context *c = test->priv;
	struct mach_request *request;
	struct mach_message *message = port_slot_of(c, 0)->message;
	u32 generation = message->generation;

	KUNIT_EXPECT_EQ(test, port_arm(c, 0), -EIOCBQUEUED);
	request = mach_data_request(c->object, 10, 8, MACH_ACCESS_WRITE);
	KUNIT_ASSERT_FALSE(test, IS_ERR(request));
	KUNIT_EXPECT_EQ(test, message->size, sizeof(*message));
	KUNIT_EXPECT_EQ(test, message->generation, generation + 1);
	KUNIT_EXPECT_EQ(test, message->operation, MACH_OP_DATA_REQUEST);
	KUNIT_EXPECT_EQ(test, message->flags, 0);
	KUNIT_EXPECT_EQ(test, message->object, c->object->id);
	KUNIT_EXPECT_EQ(test, message->access, MACH_ACCESS_WRITE);
	KUNIT_EXPECT_EQ(test, message->cookie, 0xc00c1e);
	KUNIT_EXPECT_EQ(test, message->offset, 8 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, message->length, 8 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, message->mandatory, 10 * PAGE_SIZE);
	KUNIT_EXPECT_GT(test, message->deadline_ns, ktime_get_coarse_ns());
	KUNIT_EXPECT_EQ(test, message->reserved, 0);
	commit(test, 0);
	port_drop(test, request, -EIO);
}

/* Where a pager of a later version looks for them, and no further */
static void messages_have_the_pagers_size(struct kunit *test)
{
	const u32 size = sizeof(struct mach_message) + 24;
	struct port_context *c = test->priv;
	struct mach_request *request;
	char *messages;
	unsigned int i;

	port_close(test);
	port_open(test, 0, size);
	messages = c->port->queues[0].messages;
	for (i = 0; i < PORT_DEPTH; i++) {
		struct mach_message *message = port_slot_of(c, i)->message;

		KUNIT_EXPECT_PTR_EQ(test, (char *)message, messages + i * size);
		request = port_submit_new(test);
		KUNIT_EXPECT_EQ(test, port_arm(c, i), 0);
		KUNIT_EXPECT_EQ(test, message->size, sizeof(*message));
		KUNIT_EXPECT_EQ(test, message->generation, 1);
		KUNIT_EXPECT_NULL(test, memchr_inv(message + 1, 0, 24));
		commit(test, i);
		port_drop(test, request, 0);
	}
}

/* By when the pager should have answered what it is just told of */
static u64 told_deadline(struct kunit *test, unsigned long deadline)
{
	struct mach_request *request = port_submit_new(test);
	struct port_context *c = test->priv;
	u64 told;

	request->deadline = deadline;
	KUNIT_EXPECT_EQ(test, port_arm(c, 0), 0);
	told = port_slot_of(c, 0)->message->deadline_ns;
	commit(test, 0);
	port_drop(test, request, 0);
	return told;
}

static void message_tells_deadline(struct kunit *test)
{
	const u64 hour = 3600ULL * NSEC_PER_SEC;
	u64 now = ktime_get_coarse_ns();

	KUNIT_EXPECT_GE(test, told_deadline(test, jiffies + 48 * 3600 * HZ),
			now + 47 * hour);
	KUNIT_EXPECT_LE(test, told_deadline(test, jiffies - 5),
			ktime_get_coarse_ns());
}

static void hold_refuses(struct kunit *test)
{
	struct port_context *c = test->priv;
	struct mach_port *port = c->port;
	struct mach_request *request;
	struct mach_slot *slot;
	u32 generation;

	KUNIT_EXPECT_EQ(test, port_arm(c, 0), -EIOCBQUEUED);
	KUNIT_EXPECT_PTR_EQ(test, port_hold(c, 0), ERR_PTR(-ESTALE));
	KUNIT_EXPECT_PTR_EQ(test, port_hold(c, 1), ERR_PTR(-ESTALE));
	request = port_submit_new(test);
	generation = port_slot_of(c, 0)->generation;
	KUNIT_EXPECT_PTR_EQ(test, mach_port_hold(port, 1, 0, generation),
			    ERR_PTR(-ENOENT));
	KUNIT_EXPECT_PTR_EQ(test, mach_port_hold(port, 0, PORT_DEPTH, generation),
			    ERR_PTR(-ENOENT));
	KUNIT_EXPECT_PTR_EQ(test, mach_port_hold(port, 0, 0, generation - 1),
			    ERR_PTR(-ESTALE));
	KUNIT_EXPECT_PTR_EQ(test, mach_port_hold(port, 0, 0, generation + 1),
			    ERR_PTR(-ESTALE));
	slot = port_hold(c, 0);
	KUNIT_ASSERT_PTR_EQ(test, slot, port_slot_of(c, 0));
	KUNIT_EXPECT_EQ(test, slot->state, MACH_SLOT_ANSWERING);
	KUNIT_EXPECT_PTR_EQ(test, port_hold(c, 0), ERR_PTR(-EBUSY));
	KUNIT_EXPECT_EQ(test, port_arm(c, 0), -EBUSY);
	mach_port_release(port, slot, false);
	KUNIT_EXPECT_EQ(test, slot->state, MACH_SLOT_HELD);
	commit(test, 0);
	KUNIT_EXPECT_PTR_EQ(test, port_hold(c, 0), ERR_PTR(-ESTALE));
	port_drop(test, request, 0);
}

static void arm_refuses(struct kunit *test)
{
	struct port_context *c = test->priv;

	KUNIT_EXPECT_EQ(test, mach_port_arm(c->port, 1, 0, NULL, NULL), -ENOENT);
	KUNIT_EXPECT_EQ(test, mach_port_arm(c->port, 0, PORT_DEPTH, NULL, NULL),
			-ENOENT);
	KUNIT_EXPECT_EQ(test, mach_port_arm(c->port, UINT_MAX, UINT_MAX, NULL, NULL),
			-ENOENT);
}

static void receive_takes_what_waits(struct kunit *test)
{
	struct mach_request *requests[PORT_DEPTH + 1];
	struct port_context *c = test->priv;
	unsigned int i, tag;

	KUNIT_EXPECT_EQ(test, port_receive(c, &tag), -ETIMEDOUT);
	for (i = 0; i < PORT_DEPTH; i++)
		requests[i] = port_submit_new(test);
	for (i = 0; i < LAST; i++) {
		KUNIT_ASSERT_EQ(test, port_receive(c, &tag), 0);
		KUNIT_EXPECT_EQ(test, tag, i);
		KUNIT_EXPECT_PTR_EQ(test, port_slot_of(c, i)->request, requests[i]);
	}
	/* the last slot is for other objects */
	KUNIT_EXPECT_EQ(test, port_receive(c, &tag), -ETIMEDOUT);
	requests[PORT_DEPTH] = port_submit_for(test, port_other(test));
	KUNIT_ASSERT_EQ(test, port_receive(c, &tag), 0);
	KUNIT_EXPECT_PTR_EQ(test, port_slot_of(c, tag)->request,
			    requests[PORT_DEPTH]);
	KUNIT_EXPECT_EQ(test, port_receive(c, &tag), -EBUSY);
	/* the caller could not be told of the third: it comes again, first */
	mach_port_put_back(c->port, 0, 2, port_slot_of(c, 2)->generation);
	KUNIT_EXPECT_EQ(test, port_slot_of(c, 2)->state, MACH_SLOT_FREE);
	KUNIT_ASSERT_EQ(test, port_receive(c, &tag), 0);
	KUNIT_EXPECT_EQ(test, tag, 2);
	KUNIT_EXPECT_PTR_EQ(test, port_slot_of(c, 2)->request, requests[2]);
	for (i = 0; i < PORT_DEPTH; i++)
		commit(test, i);
	KUNIT_ASSERT_EQ(test, port_receive(c, &tag), 0);
	commit(test, tag);
	for (i = 0; i <= PORT_DEPTH; i++)
		port_drop(test, requests[i], 0);
}

/* What came into the slot since is not the caller's to put back. */
static void put_back_knows_its_request(struct kunit *test)
{
	struct mach_request *first, *second;
	struct port_context *c = test->priv;
	u32 generation;

	first = port_submit_new(test);
	KUNIT_EXPECT_EQ(test, port_arm(c, 0), 0);
	generation = port_slot_of(c, 0)->generation;
	commit(test, 0);
	second = port_submit_new(test);
	KUNIT_EXPECT_EQ(test, port_arm(c, 0), 0);
	mach_port_put_back(c->port, 0, 0, generation);
	KUNIT_EXPECT_EQ(test, port_slot_of(c, 0)->state, MACH_SLOT_HELD);
	KUNIT_EXPECT_PTR_EQ(test, port_slot_of(c, 0)->request, second);
	commit(test, 0);
	port_drop(test, first, 0);
	port_drop(test, second, 0);
}

/* It goes to who waits meanwhile; one that has ended goes to nobody. */
static void put_back_passes_on(struct kunit *test)
{
	struct port_context *c = test->priv;
	struct mach_request *request;

	KUNIT_EXPECT_EQ(test, port_arm(c, 0), -EIOCBQUEUED);
	request = port_submit_new(test);
	KUNIT_EXPECT_EQ(test, port_arm(c, 1), -EIOCBQUEUED);
	mach_port_put_back(c->port, 0, 0, port_slot_of(c, 0)->generation);
	KUNIT_EXPECT_EQ(test, port_slot_of(c, 0)->state, MACH_SLOT_FREE);
	KUNIT_EXPECT_PTR_EQ(test, port_slot_of(c, 1)->request, request);
	KUNIT_EXPECT_EQ(test, c->commands[1].times, 1);
	KUNIT_EXPECT_EQ(test, mach_request_end(request, -EIO), 0);
	mach_port_put_back(c->port, 0, 1, port_slot_of(c, 1)->generation);
	KUNIT_EXPECT_EQ(test, port_slot_of(c, 1)->state, MACH_SLOT_FREE);
	KUNIT_EXPECT_FALSE(test, mach_port_asks(c->port));
	port_drop(test, request, -EIO);
}

/* Who has sent it waits for it, and takes nothing from his own ring meanwhile. */
static void put_back_avoids_its_sender(struct kunit *test)
{
	struct port_context *c = test->priv;
	struct mach_request *request;

	KUNIT_EXPECT_EQ(test, port_arm(c, 0), -EIOCBQUEUED);
	KUNIT_EXPECT_EQ(test, mach_port_arm(c->port, 0, 1, &c->commands[1].command,
					    task_pid(current)), -EIOCBQUEUED);
	request = mach_request_create(c->object, MACH_OP_SYNCHRONIZE, 0);
	KUNIT_ASSERT_NOT_NULL(test, request);
	request->waited = true;
	mach_request_submit(request);
	KUNIT_EXPECT_PTR_EQ(test, port_slot_of(c, 0)->request, request);
	mach_port_put_back(c->port, 0, 0, port_slot_of(c, 0)->generation);
	KUNIT_EXPECT_EQ(test, port_slot_of(c, 1)->state, MACH_SLOT_ARMED);
	KUNIT_EXPECT_EQ(test, port_arm(c, 2), 0);
	KUNIT_EXPECT_PTR_EQ(test, port_slot_of(c, 2)->request, request);
	commit(test, 2);
	port_drop(test, request, 0);
}

/* A command that got a request at once, when its ring had begun to end */
static void request_of_ending_command_is_put_back(struct kunit *test)
{
	struct port_context *c = test->priv;
	struct mach_request *request = port_submit_new(test);
	struct io_uring_cmd *command = &c->commands[0].command;

	mach_command_init(command, c->port);
	KUNIT_EXPECT_EQ(test, port_arm(c, 0), 0);
	WRITE_ONCE(c->commands[0].ends, true);
	KUNIT_EXPECT_EQ(test, mach_command_outcome(command, 0), -ECANCELED);
	KUNIT_EXPECT_EQ(test, port_slot_of(c, 0)->state, MACH_SLOT_FREE);
	KUNIT_EXPECT_EQ(test, port_arm(c, 1), 0);
	KUNIT_EXPECT_PTR_EQ(test, port_slot_of(c, 1)->request, request);
	commit(test, 1);
	port_drop(test, request, 0);
}

/* The watchdog has taken it already, and is about to end it. */
static void put_back_of_what_is_ending(struct kunit *test)
{
	struct port_context *c = test->priv;
	struct mach_request *request;

	KUNIT_EXPECT_EQ(test, port_arm(c, 0), -EIOCBQUEUED);
	request = port_submit_new(test);
	list_del_init(&request->due_link);
	mach_port_put_back(c->port, 0, 0, port_slot_of(c, 0)->generation);
	KUNIT_EXPECT_EQ(test, port_slot_of(c, 0)->state, MACH_SLOT_FREE);
	KUNIT_EXPECT_FALSE(test, mach_port_asks(c->port));
	KUNIT_EXPECT_EQ(test, mach_request_end(request, -EIO), 0);
	port_drop(test, request, -EIO);
}

/* A command whose ring ends gets no request. */
static void ending_command_is_passed_over(struct kunit *test)
{
	struct port_context *c = test->priv;
	struct mach_request *request;
	unsigned int i;

	for (i = 0; i < PORT_DEPTH; i++)
		KUNIT_EXPECT_EQ(test, port_arm(c, i), -EIOCBQUEUED);
	for (i = 1; i < PORT_DEPTH; i++)
		WRITE_ONCE(c->commands[i].ends, true);
	request = port_submit_new(test);
	KUNIT_EXPECT_PTR_EQ(test, port_slot_of(c, 0)->request, request);
	for (i = 1; i < PORT_DEPTH; i++)
		KUNIT_EXPECT_PTR_EQ(test, port_slot_of(c, i)->request, NULL);
	commit(test, 0);
	port_drop(test, request, 0);
}

/* The sweep takes what ends out of its slot, and nothing else. */
static void sweep_ends_commands(struct kunit *test)
{
	struct port_context *c = test->priv;

	KUNIT_EXPECT_EQ(test, port_arm(c, 0), -EIOCBQUEUED);
	KUNIT_EXPECT_EQ(test, port_arm(c, 1), -EIOCBQUEUED);
	WRITE_ONCE(c->commands[1].ends, true);
	mach_port_sweep(&c->port->sweep.work);
	KUNIT_EXPECT_EQ(test, c->commands[0].times, 0);
	KUNIT_EXPECT_EQ(test, c->commands[1].times, 1);
	KUNIT_EXPECT_EQ(test, c->commands[1].result, -ECANCELED);
	KUNIT_EXPECT_EQ(test, port_slot_of(c, 0)->state, MACH_SLOT_ARMED);
	KUNIT_EXPECT_EQ(test, port_slot_of(c, 1)->state, MACH_SLOT_FREE);
	/* comes again as long as one waits; not here: no stub is active there */
	KUNIT_EXPECT_TRUE(test, cancel_delayed_work_sync(&c->port->sweep));
	WRITE_ONCE(c->commands[0].ends, true);
	mach_port_sweep(&c->port->sweep.work);
	KUNIT_EXPECT_EQ(test, c->commands[0].times, 1);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&c->port->sweep));
}

/* Of threads: receive once, for so many ms. */
static int receive_blocking(void *data)
{
	struct port_context *c = data;
	unsigned int tag;
	u32 generation;

	return mach_port_receive(c->port, 0, 100000, true, &tag,
				 &generation) ?: tag + 1;
}

static void wait_armed(struct kunit *test, unsigned int tag)
{
	unsigned long end = jiffies + FAKE_PATIENCE;
	struct port_context *c = test->priv;

	while (READ_ONCE(port_slot_of(c, tag)->state) != MACH_SLOT_ARMED) {
		KUNIT_ASSERT_TRUE(test, time_before(jiffies, end));
		usleep_range(100, 200);
	}
}

static void receiver_is_woken(struct kunit *test)
{
	struct port_context *c = test->priv;
	struct mach_request *request;
	struct fake_thread thread;

	fake_thread_start(test, &thread, receive_blocking, c);
	wait_armed(test, 0);
	request = port_submit_new(test);
	KUNIT_EXPECT_EQ(test, fake_thread_end(test, &thread), 1);
	KUNIT_EXPECT_PTR_EQ(test, port_slot_of(c, 0)->request, request);
	commit(test, 0);
	port_drop(test, request, 0);
}

static void receiver_gives_up(struct kunit *test)
{
	struct port_context *c = test->priv;
	unsigned int tag;
	u32 generation;

	KUNIT_EXPECT_EQ(test, mach_port_receive(c->port, 0, 20, true, &tag,
						&generation), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, port_slot_of(c, 0)->state, MACH_SLOT_FREE);
	KUNIT_EXPECT_TRUE(test, hlist_empty(&c->port->queues[0].armed));
}

static void death_ends_everything(struct kunit *test)
{
	struct mach_request *held, *answering, *pending, *late;
	struct port_context *c = test->priv;
	struct fake_thread thread;
	struct mach_slot *slot;
	unsigned int tag;

	mach_object_get(c->object);
	KUNIT_ASSERT_EQ(test, mach_port_add_object(c->port, c->object), 0);
	c->port->queues[0].several = true;
	held = port_submit_new(test);
	answering = port_submit_new(test);
	KUNIT_EXPECT_EQ(test, port_arm(c, 0), 0);
	KUNIT_EXPECT_EQ(test, port_arm(c, 1), 0);
	slot = port_hold(c, 1);
	pending = port_submit_new(test);
	KUNIT_EXPECT_TRUE(test, mach_port_asks(c->port));
	mach_port_die(c->port);

	KUNIT_EXPECT_TRUE(test, held->ended);
	KUNIT_EXPECT_EQ(test, mach_request_end(slot->request, 0), -ESTALE);
	mach_port_release(c->port, slot, true);
	late = port_submit_new(test);
	KUNIT_EXPECT_EQ(test, port_arm(c, 3), -ENODEV);
	KUNIT_EXPECT_EQ(test, port_receive(c, &tag), -ENODEV);
	KUNIT_EXPECT_PTR_EQ(test, port_hold(c, 0), ERR_PTR(-ENODEV));
	fake_thread_start(test, &thread, receive_blocking, c);
	KUNIT_EXPECT_EQ(test, fake_thread_end(test, &thread), -ENODEV);
	mach_port_die(c->port);
	flush_work(&c->port->reap);
	/* the reaper has taken its requests, so that it could end it */
	KUNIT_EXPECT_TRUE(test, mach_object_is_dead(c->object));
	KUNIT_EXPECT_TRUE(test, RB_EMPTY_ROOT(&c->object->requests.rb_root));
	/* the slot that was held keeps its reference until shutdown */
	KUNIT_EXPECT_EQ(test, refcount_read(&held->ref), 2);
	KUNIT_EXPECT_EQ(test, held->error, -EIO);
	mach_request_put(held);
	port_drop(test, answering, -EIO);
	port_drop(test, pending, -EIO);
	port_drop(test, late, -EIO);
	mach_object_kill(c->object);
	mach_object_put(c->object);
	mach_port_shutdown(c->port);
	c->port = NULL;
}

static void death_completes_commands(struct kunit *test)
{
	struct port_context *c = test->priv;
	struct fake_thread thread;
	unsigned int i;

	for (i = 1; i < PORT_DEPTH; i++)
		KUNIT_EXPECT_EQ(test, port_arm(c, i), -EIOCBQUEUED);
	fake_thread_start(test, &thread, receive_blocking, c);
	wait_armed(test, 0);
	mach_port_die(c->port);
	KUNIT_EXPECT_EQ(test, fake_thread_end(test, &thread), -ENODEV);
	for (i = 1; i < PORT_DEPTH; i++) {
		KUNIT_EXPECT_EQ(test, c->commands[i].times, 1);
		KUNIT_EXPECT_EQ(test, c->commands[i].result, -ENODEV);
		KUNIT_EXPECT_EQ(test, port_slot_of(c, i)->state, MACH_SLOT_FREE);
	}
}

static void deadline_ends_requests(struct kunit *test)
{
	struct mach_request *held, *pending;
	struct port_context *c = test->priv;
	struct mach_slot *slot;
	unsigned long start;

	port_close(test);
	port_open(test, 100, sizeof(struct mach_message));
	start = jiffies;
	held = port_submit_new(test);
	KUNIT_EXPECT_EQ(test, port_arm(c, 0), 0);
	pending = port_submit_new(test);
	KUNIT_EXPECT_TRUE(test, wait_event_timeout(pending->wait,
						   mach_request_has_ended(pending),
						   FAKE_PATIENCE));
	KUNIT_EXPECT_TRUE(test, wait_event_timeout(held->wait,
						   mach_request_has_ended(held),
						   FAKE_PATIENCE));
	KUNIT_EXPECT_TRUE(test, time_after_eq(jiffies, start + HZ / 10));
	/* what waited has gone; what is held stays the pager's, and is late */
	KUNIT_EXPECT_EQ(test, port_arm(c, 1), -EIOCBQUEUED);
	slot = port_hold(c, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(slot));
	KUNIT_EXPECT_EQ(test, mach_request_end(held, 0), -ESTALE);
	mach_port_release(c->port, slot, true);
	/* the watchdog lets go of it a moment later */
	flush_delayed_work(&c->port->watchdog);
	port_drop(test, held, -EIO);
	port_drop(test, pending, -EIO);
}

static int answer_part(struct port_context *c, u32 kind, pgoff_t first,
		       unsigned int n, u64 source, bool more)
{
	struct mach_pager_answer answer = {
		.size = sizeof(answer),
		.generation = port_slot_of(c, 0)->generation, .nr_parts = 1,
		.part = {
			.size = sizeof(answer.part), .kind = kind,
			.offset = (u64)first << PAGE_SHIFT,
			.length = (u64)n << PAGE_SHIFT, .source = source,
		},
	};

	return mach_answer(c->port, &answer, more);
}

static void answers_move_the_slot(struct kunit *test)
{
	struct port_context *c = test->priv;
	struct mach_request *request;

	KUNIT_EXPECT_EQ(test, port_arm(c, 0), -EIOCBQUEUED);
	request = mach_data_request(c->object, 0, 8, MACH_ACCESS_READ);
	KUNIT_ASSERT_FALSE(test, IS_ERR(request));
	KUNIT_EXPECT_EQ(test, answer_part(c, MACH_PART_UNAVAILABLE, 0, 2, 0,
					  true), 0);
	KUNIT_EXPECT_EQ(test, port_slot_of(c, 0)->state, MACH_SLOT_HELD);
	KUNIT_EXPECT_EQ(test, c->object->counts.resident, 2);
	KUNIT_EXPECT_EQ(test, answer_part(c, MACH_PART_UNAVAILABLE, 1, 2, 0,
					  true), -EEXIST);
	KUNIT_EXPECT_EQ(test, answer_part(c, MACH_PART_UNAVAILABLE, 7, 2, 0,
					  true), -ERANGE);
	KUNIT_EXPECT_EQ(test, answer_part(c, MACH_PART_DONE, 2, 1, 0, true),
			-EPROTO);
	KUNIT_EXPECT_EQ(test, port_slot_of(c, 0)->state, MACH_SLOT_HELD);
	KUNIT_EXPECT_EQ(test, answer_part(c, MACH_PART_ERROR, 2, 1, ENXIO,
					  false), 0);
	KUNIT_EXPECT_EQ(test, port_slot_of(c, 0)->state, MACH_SLOT_FREE);
	KUNIT_EXPECT_EQ(test, answer_part(c, MACH_PART_ERROR, 2, 1, ENXIO,
					  false), -ESTALE);
	KUNIT_EXPECT_EQ(test, c->object->counts.resident, 2);
	KUNIT_EXPECT_EQ(test, c->object->counts.errors, 1);
	port_drop(test, request, 0);
}

static struct kunit_case port_cases[] = {
	KUNIT_CASE(armed_slot_takes_request),
	KUNIT_CASE(latest_armed_slot_comes_first),
	KUNIT_CASE(requests_wait_in_order),
	KUNIT_CASE(message_tells_request),
	KUNIT_CASE(messages_have_the_pagers_size),
	KUNIT_CASE(message_tells_deadline),
	KUNIT_CASE(hold_refuses),
	KUNIT_CASE(arm_refuses),
	KUNIT_CASE(receive_takes_what_waits),
	KUNIT_CASE(put_back_knows_its_request),
	KUNIT_CASE(put_back_passes_on),
	KUNIT_CASE(put_back_avoids_its_sender),
	KUNIT_CASE(put_back_of_what_is_ending),
	KUNIT_CASE(request_of_ending_command_is_put_back),
	KUNIT_CASE(ending_command_is_passed_over),
	KUNIT_CASE(sweep_ends_commands),
	KUNIT_CASE(receiver_is_woken),
	KUNIT_CASE(receiver_gives_up),
	KUNIT_CASE(death_ends_everything),
	KUNIT_CASE(death_completes_commands),
	KUNIT_CASE(deadline_ends_requests),
	KUNIT_CASE(answers_move_the_slot),
	KUNIT_CASE_SLOW(port_random_steps),
	KUNIT_CASE_SLOW(port_threads),
	{}
};

static struct kunit_suite port_suite = {
	.name = "machvm_port",
	.init = port_test_init,
	.exit = port_test_exit,
	.test_cases = port_cases,
};

kunit_test_suite(port_suite);
