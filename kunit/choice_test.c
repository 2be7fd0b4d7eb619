// SPDX-License-Identifier: GPL-2.0-only
/*
 * The choice among several queues: who is ready, who is known to work on several
 * requests, and what one object leaves to others.
 */
#include "base/compat.h"
#include "fake_pager.h"
#include "pager/pager_port.h"
#include "request/object_end.h"
#include "request/request_memory.h"

#include <linux/mman.h>
#include <linux/sched/task.h>

#define QUEUES	3
#define DEPTH	4
#define OBJECTS	4

struct choice_context {
	struct mach_port *port;
	struct mach_object *objects[OBJECTS];
	struct io_uring_cmd commands[QUEUES][DEPTH];
};

static void no_command_done(struct io_uring_cmd *command, int result)
{
}

static bool no_command_ends(struct io_uring_cmd *command)
{
	return false;
}

static void no_tick_later(struct mach_port *port)
{
}

static void arm_all(struct kunit *test, unsigned int q)
{
	struct choice_context *c = test->priv;
	unsigned int tag;

	for (tag = 0; tag < DEPTH; tag++)
		KUNIT_ASSERT_EQ(test, mach_port_arm(c->port, q, tag,
						    &c->commands[q][tag],
						    task_pid(&init_task)),
				-EIOCBQUEUED);
}

static int choice_test_init(struct kunit *test)
{
	struct choice_context *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	struct mach_pager_register args = {
		.queues = QUEUES, .depth = DEPTH,
		.message_size = sizeof(struct mach_message),
	};
	struct mach_object_setup setup = { .size = PAGE_SIZE, .cluster = 1 };
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, c);
	test->priv = c;
	KUNIT_ASSERT_NE(test, kunit_vm_mmap(test, NULL, 0, PAGE_SIZE,
					    PROT_READ | PROT_WRITE,
					    MAP_ANONYMOUS | MAP_PRIVATE, 0), 0);
	kunit_activate_static_stub(test, mach_command_done, no_command_done);
	kunit_activate_static_stub(test, mach_command_ends, no_command_ends);
	kunit_activate_static_stub(test, mach_port_tick_later, no_tick_later);
	c->port = mach_port_create(&args);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, c->port);
	setup.pager = &c->port->pager;
	for (i = 0; i < OBJECTS; i++) {
		KUNIT_ASSERT_EQ(test, mach_port_number(c->port, &setup.id), 0);
		c->objects[i] = mach_object_create(&setup);
		KUNIT_ASSERT_NOT_NULL(test, c->objects[i]);
	}
	for (i = 0; i < QUEUES; i++)
		arm_all(test, i);
	return 0;
}

/* What is held is the pager's until its port goes. */
static void choice_test_exit(struct kunit *test)
{
	struct choice_context *c = test->priv;
	unsigned int i;

	if (!c || !c->port)
		return;
	mach_port_die(c->port);
	for (i = 0; i < OBJECTS && c->objects[i]; i++) {
		mach_object_kill(c->objects[i]);
		mach_object_put(c->objects[i]);
	}
	mach_port_shutdown(c->port);
}

static void ask(struct kunit *test, unsigned int object)
{
	struct choice_context *c = test->priv;
	struct mach_request *request;

	request = mach_request_create(c->objects[object], MACH_OP_SYNCHRONIZE,
				      0);
	KUNIT_ASSERT_NOT_NULL(test, request);
	mach_request_submit(request);
	mach_request_put(request);
}

static struct mach_queue *queue(struct kunit *test, unsigned int q)
{
	struct choice_context *c = test->priv;

	return &c->port->queues[q];
}

/* The queue's request of this object that it has had longest, or NULL */
static struct mach_slot *held(struct kunit *test, unsigned int q,
			      unsigned int object)
{
	struct choice_context *c = test->priv;
	struct mach_slot *slot, *oldest = NULL;
	unsigned int tag;

	for (tag = 0; tag < DEPTH; tag++) {
		slot = &queue(test, q)->slots[tag];
		if (slot->state >= MACH_SLOT_HELD &&
		    slot->request->object == c->objects[object] &&
		    (!oldest || slot->turn < oldest->turn))
			oldest = slot;
	}
	return oldest;
}

/* Which queue has one of the object's; QUEUES: none */
static unsigned int where(struct kunit *test, unsigned int object)
{
	unsigned int q;

	for (q = 0; q < QUEUES && !held(test, q, object); q++)
		;
	return q;
}

/* Answer by COMMIT_AND_FETCH. */
static void answer(struct kunit *test, unsigned int q, unsigned int object)
{
	struct mach_slot *slot = held(test, q, object);
	struct choice_context *c = test->priv;
	unsigned int tag;

	KUNIT_ASSERT_NOT_NULL(test, slot);
	tag = slot - queue(test, q)->slots;
	KUNIT_ASSERT_PTR_EQ(test, mach_port_hold(c->port, q, tag,
						 slot->generation), slot);
	mach_request_end(slot->request, 0);
	mach_port_release(c->port, slot, true);
	mach_port_arm(c->port, q, tag, &c->commands[q][tag],
		      task_pid(&init_task));
}

/* As if a tick had passed; nobody is called. */
static void tick(struct kunit *test)
{
	struct choice_context *c = test->priv;
	unsigned int q;

	for (q = 0; q < QUEUES; q++)
		queue(test, q)->more_at = jiffies;
	mach_port_tick(&c->port->tick.work);
}

static void idle_queue_comes_first(struct kunit *test)
{
	struct choice_context *c = test->priv;
	unsigned int i, q;

	for (i = 0; i < 8; i++) {
		ask(test, 0);
		ask(test, 1);
		ask(test, 2);
		for (q = 0; q < QUEUES; q++)
			KUNIT_EXPECT_EQ(test, queue(test, q)->held, 1);
		for (q = 0; q < QUEUES; q++)
			answer(test, where(test, q), q);
		KUNIT_EXPECT_EQ(test, c->port->pager.held, 0);
	}
}

/* It waits, and goes to who comes first. */
static void busy_queue_gets_nothing(struct kunit *test)
{
	struct choice_context *c = test->priv;
	unsigned int q;

	ask(test, 0);
	ask(test, 1);
	ask(test, 2);
	ask(test, 3);
	KUNIT_EXPECT_EQ(test, where(test, 3), QUEUES);
	KUNIT_EXPECT_TRUE(test, mach_port_asks(c->port));
	q = where(test, 1);
	answer(test, q, 1);
	KUNIT_EXPECT_EQ(test, where(test, 3), q);
	KUNIT_EXPECT_FALSE(test, mach_port_asks(c->port));
}

static void worker_at_several_gets_several(struct kunit *test)
{
	struct choice_context *c = test->priv;
	unsigned int q;

	for (q = 0; q < QUEUES; q++)
		ask(test, q);
	queue(test, 1)->several = true;
	ask(test, 3);
	ask(test, 3);
	KUNIT_EXPECT_EQ(test, queue(test, 1)->held, 3);
	queue(test, 2)->several = true;
	/* who has fewest */
	ask(test, 0);
	KUNIT_EXPECT_EQ(test, queue(test, 2)->held, 2);
	KUNIT_EXPECT_FALSE(test, mach_port_asks(c->port));
}

/* What was not known is by the order of answers. */
static void order_tells(struct kunit *test)
{
	unsigned int q;

	for (q = 0; q < QUEUES; q++)
		ask(test, q);
	q = where(test, 0);
	queue(test, q)->heard = jiffies + 1;
	ask(test, 3);
	tick(test);
	KUNIT_ASSERT_EQ(test, where(test, 3), q);
	answer(test, q, 0);
	KUNIT_EXPECT_FALSE(test, queue(test, q)->several);
	KUNIT_EXPECT_EQ(test, queue(test, q)->patience, 2);
	queue(test, q)->heard = jiffies + 1;
	ask(test, 0);
	KUNIT_EXPECT_EQ(test, where(test, 0), QUEUES);
	tick(test);
	KUNIT_ASSERT_EQ(test, where(test, 0), q);
	answer(test, q, 0);
	KUNIT_EXPECT_TRUE(test, queue(test, q)->several);
}

static void other_thread_tells(struct kunit *test)
{
	struct choice_context *c = test->priv;
	struct mach_slot *slot;
	unsigned int q, tag;

	ask(test, 0);
	q = where(test, 0);
	slot = held(test, q, 0);
	tag = slot - queue(test, q)->slots;
	mach_port_answers_apart(c->port, q, tag, slot->generation + 1);
	KUNIT_EXPECT_FALSE(test, queue(test, q)->several);
	mach_port_answers_apart(c->port, q, tag, slot->generation);
	KUNIT_EXPECT_TRUE(test, queue(test, q)->several);
	mach_port_answers_apart(c->port, QUEUES, tag, slot->generation);
}

static void object_leaves_one_worker(struct kunit *test)
{
	struct choice_context *c = test->priv;
	unsigned int i, q;

	for (i = 0; i < 2 * QUEUES; i++)
		ask(test, 0);
	KUNIT_EXPECT_EQ(test, c->objects[0]->held, QUEUES - 1);
	for (q = 0; queue(test, q)->held; q++)
		;
	for (i = 0; i < 4; i++) {
		ask(test, 1);
		KUNIT_EXPECT_EQ(test, where(test, 1), q);
		KUNIT_EXPECT_EQ(test, c->objects[0]->held, QUEUES - 1);
		answer(test, q, 1);
	}
	/* more of the same goes to those who have some already */
	for (i = 0; i < 2 * QUEUES; i++)
		tick(test);
	KUNIT_EXPECT_GT(test, c->objects[0]->held, QUEUES - 1);
	KUNIT_EXPECT_EQ(test, queue(test, q)->held, 0);
	ask(test, 1);
	for (i = 0; i < 2 * QUEUES; i++)
		tick(test);
	KUNIT_EXPECT_EQ(test, where(test, 1), q);
	KUNIT_EXPECT_EQ(test, queue(test, q)->held, 1);
}

static void objects_take_turns(struct kunit *test)
{
	unsigned int i, q;

	for (q = 0; q < QUEUES; q++)
		ask(test, q);
	q = where(test, 2);
	for (i = 0; i < 3; i++)
		ask(test, 0);
	ask(test, 3);
	ask(test, 3);
	answer(test, q, 2);
	KUNIT_ASSERT_NOT_NULL(test, held(test, q, 0));
	answer(test, q, 0);
	KUNIT_ASSERT_NOT_NULL(test, held(test, q, 3));
	answer(test, q, 3);
	KUNIT_ASSERT_NOT_NULL(test, held(test, q, 0));
	answer(test, q, 0);
	KUNIT_ASSERT_NOT_NULL(test, held(test, q, 3));
}

static struct kunit_case choice_cases[] = {
	KUNIT_CASE(idle_queue_comes_first),
	KUNIT_CASE(busy_queue_gets_nothing),
	KUNIT_CASE(worker_at_several_gets_several),
	KUNIT_CASE(order_tells),
	KUNIT_CASE(other_thread_tells),
	KUNIT_CASE(object_leaves_one_worker),
	KUNIT_CASE(objects_take_turns),
	{}
};

static struct kunit_suite choice_suite = {
	.name = "machvm_choice",
	.init = choice_test_init,
	.exit = choice_test_exit,
	.test_cases = choice_cases,
};

kunit_test_suite(choice_suite);
