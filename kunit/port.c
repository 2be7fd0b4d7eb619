// SPDX-License-Identifier: GPL-2.0-only
/* What the tests of a port do over and over. */
#include "port.h"
#include "request/request_memory.h"

#include <linux/sched/task.h>

/* As another thread would, which requests of this one may wait for. */
int port_arm(struct port_context *c, unsigned int tag)
{
	return mach_port_arm(c->port, 0, tag,
			     &c->commands[tag].command, task_pid(&init_task));
}

struct mach_request *port_submit_for(struct kunit *test,
				     struct mach_object *object)
{
	struct mach_request *request;

	request = mach_request_create(object, MACH_OP_SYNCHRONIZE, 0);
	KUNIT_ASSERT_NOT_NULL(test, request);
	mach_request_submit(request);
	return request;
}

struct mach_request *port_submit_new(struct kunit *test)
{
	struct port_context *c = test->priv;

	return port_submit_for(test, c->object);
}

struct mach_object *port_other(struct kunit *test)
{
	struct mach_object_setup setup = { .size = PAGE_SIZE, .cluster = 1 };
	struct port_context *c = test->priv;

	setup.pager = &c->port->pager;
	KUNIT_ASSERT_EQ(test, mach_port_number(c->port, &setup.id), 0);
	c->other = mach_object_create(&setup);
	KUNIT_ASSERT_NOT_NULL(test, c->other);
	return c->other;
}

struct mach_slot *port_slot_of(struct port_context *c, unsigned int tag)
{
	return &c->port->queues[0].slots[tag];
}

struct mach_slot *port_hold(struct port_context *c, unsigned int tag)
{
	return mach_port_hold(c->port, 0, tag, port_slot_of(c, tag)->generation);
}

/* The caller's is the last reference. */
void port_drop(struct kunit *test, struct mach_request *request, int error)
{
	KUNIT_EXPECT_TRUE(test, request->ended);
	KUNIT_EXPECT_EQ(test, request->error, error);
	KUNIT_EXPECT_EQ(test, refcount_read(&request->ref), 1);
	mach_request_put(request);
}

int port_receive(struct port_context *c, unsigned int *tag)
{
	u32 generation;

	return mach_port_receive(c->port, 0, 0, false, tag, &generation);
}
