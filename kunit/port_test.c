// SPDX-License-Identifier: GPL-2.0-only
/*
 * The states of a port's slots: each transition and each refusal by itself, then
 * random operations against a model, then threads.
 */
#include "fake_pager.h"
#include "pager_answer.h"

#include <linux/delay.h>
#include <linux/mman.h>

#define DEPTH		4
#define NR_REQUESTS	32

/**
 * struct fake_command - Stands for a command of io_uring
 * @times: it was completed
 * @result: with that
 */
struct fake_command {
	unsigned int times;
	int result;
};

/**
 * struct port_context - What each test starts with
 * @port: one queue, DEPTH slots
 * @object: of the port
 * @commands: one a slot
 */
struct port_context {
	struct mach_port *port;
	struct mach_object *object;
	struct fake_command commands[DEPTH];
};

static atomic_t port_reaped;

static void port_reap(struct work_struct *work)
{
	atomic_inc(&port_reaped);
}

static void fake_command_done(struct io_uring_cmd *command, int result)
{
	struct fake_command *fake = (struct fake_command *)command;

	fake->times++;
	fake->result = result;
}

static void port_open(struct kunit *test, u32 deadline_ms)
{
	struct mach_pager_register args = {
		.queues = 1, .depth = DEPTH, .deadline_ms = deadline_ms,
	};
	struct port_context *c = test->priv;

	atomic_set(&port_reaped, 0);
	c->port = mach_port_create(&args, port_reap);
	KUNIT_ASSERT_NOT_NULL(test, c->port);
	c->object = mach_object_create(&c->port->pager, 16 * PAGE_SIZE,
				       0xc00c1e, false);
	KUNIT_ASSERT_NOT_NULL(test, c->object);
	c->object->id = 7;
	c->object->cluster = 8;
}

/* Nothing may refer to the port any more but the caller. */
static void port_close(struct kunit *test)
{
	struct port_context *c = test->priv;

	mach_object_kill(c->object);
	KUNIT_EXPECT_EQ(test, refcount_read(&c->object->ref), 1);
	mach_object_put(c->object);
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
	kunit_activate_static_stub(test, mach_port_command_done,
				   fake_command_done);
	port_open(test, 0);
	return 0;
}

static void port_test_exit(struct kunit *test)
{
	struct port_context *c = test->priv;

	if (c && c->port)
		port_close(test);
}

static int arm(struct port_context *c, unsigned int tag)
{
	return mach_port_arm(c->port, 0, tag,
			     (struct io_uring_cmd *)&c->commands[tag]);
}

static struct mach_request *new_request(struct kunit *test)
{
	struct port_context *c = test->priv;
	struct mach_request *request;

	request = mach_request_create(c->object, MACH_OP_SYNCHRONIZE, 0);
	KUNIT_ASSERT_NOT_NULL(test, request);
	return request;
}

static struct mach_request *submit_new(struct kunit *test)
{
	struct mach_request *request = new_request(test);

	mach_request_submit(request);
	return request;
}

static struct mach_slot *slot_of(struct port_context *c, unsigned int tag)
{
	return &c->port->queues[0].slots[tag];
}

static struct mach_slot *hold(struct port_context *c, unsigned int tag)
{
	return mach_port_hold(c->port, 0, tag, slot_of(c, tag)->generation);
}

/* Answer what the slot holds, and leave it free. */
static void commit(struct kunit *test, unsigned int tag)
{
	struct port_context *c = test->priv;
	struct mach_slot *slot = hold(c, tag);

	KUNIT_ASSERT_FALSE(test, IS_ERR(slot));
	mach_request_end(slot->request, 0);
	mach_port_release(c->port, slot, true);
}

/* The caller's is the last reference. */
static void drop(struct kunit *test, struct mach_request *request, int error)
{
	KUNIT_EXPECT_TRUE(test, request->ended);
	KUNIT_EXPECT_EQ(test, request->error, error);
	KUNIT_EXPECT_EQ(test, refcount_read(&request->ref), 1);
	mach_request_put(request);
}

static void armed_slot_takes_request(struct kunit *test)
{
	struct port_context *c = test->priv;
	struct mach_request *request;

	KUNIT_EXPECT_EQ(test, arm(c, 2), -EIOCBQUEUED);
	KUNIT_EXPECT_EQ(test, slot_of(c, 2)->state, MACH_SLOT_ARMED);
	KUNIT_EXPECT_EQ(test, arm(c, 2), -EBUSY);
	KUNIT_EXPECT_EQ(test, c->commands[2].times, 0);

	request = submit_new(test);
	KUNIT_EXPECT_EQ(test, c->commands[2].times, 1);
	KUNIT_EXPECT_EQ(test, c->commands[2].result, 0);
	KUNIT_EXPECT_EQ(test, slot_of(c, 2)->state, MACH_SLOT_HELD);
	KUNIT_EXPECT_PTR_EQ(test, slot_of(c, 2)->request, request);
	KUNIT_EXPECT_EQ(test, arm(c, 2), -EBUSY);
	commit(test, 2);
	KUNIT_EXPECT_EQ(test, slot_of(c, 2)->state, MACH_SLOT_FREE);
	KUNIT_EXPECT_EQ(test, arm(c, 2), -EIOCBQUEUED);
	drop(test, request, 0);
}

static void latest_armed_slot_comes_first(struct kunit *test)
{
	struct port_context *c = test->priv;
	struct mach_request *request;
	int tag;

	for (tag = 0; tag < DEPTH; tag++)
		KUNIT_EXPECT_EQ(test, arm(c, tag), -EIOCBQUEUED);
	for (tag = DEPTH - 1; tag >= 0; tag--) {
		request = submit_new(test);
		KUNIT_EXPECT_PTR_EQ(test, slot_of(c, tag)->request, request);
		commit(test, tag);
		drop(test, request, 0);
	}
}

static void requests_wait_in_order(struct kunit *test)
{
	struct mach_request *requests[DEPTH + 1];
	struct port_context *c = test->priv;
	unsigned int i;

	for (i = 0; i <= DEPTH; i++)
		requests[i] = submit_new(test);
	for (i = 0; i < DEPTH; i++) {
		KUNIT_EXPECT_EQ(test, arm(c, i), 0);
		KUNIT_EXPECT_PTR_EQ(test, slot_of(c, i)->request, requests[i]);
		KUNIT_EXPECT_EQ(test, c->commands[i].times, 0);
	}
	commit(test, 1);
	KUNIT_EXPECT_EQ(test, arm(c, 1), 0);
	KUNIT_EXPECT_PTR_EQ(test, slot_of(c, 1)->request, requests[DEPTH]);
	for (i = 0; i < DEPTH; i++)
		commit(test, i);
	for (i = 0; i <= DEPTH; i++)
		drop(test, requests[i], 0);
}

static void message_tells_request(struct kunit *test)
{
	struct port_context *c = test->priv;
	struct mach_request *request;
	struct mach_message *message = slot_of(c, 0)->message;
	u32 generation = message->generation;

	KUNIT_EXPECT_EQ(test, arm(c, 0), -EIOCBQUEUED);
	request = mach_data_request(c->object, 10, 8, MACH_ACCESS_WRITE);
	KUNIT_ASSERT_FALSE(test, IS_ERR(request));
	KUNIT_EXPECT_EQ(test, message->generation, generation + 1);
	KUNIT_EXPECT_EQ(test, message->operation, MACH_OP_DATA_REQUEST);
	KUNIT_EXPECT_EQ(test, message->flags, 0);
	KUNIT_EXPECT_EQ(test, message->object, 7);
	KUNIT_EXPECT_EQ(test, message->access, MACH_ACCESS_WRITE);
	KUNIT_EXPECT_EQ(test, message->cookie, 0xc00c1e);
	KUNIT_EXPECT_EQ(test, message->offset, 8 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, message->length, 8 * PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, message->mandatory, 10 * PAGE_SIZE);
	KUNIT_EXPECT_GT(test, message->deadline_ns, ktime_get_coarse_ns());
	KUNIT_EXPECT_EQ(test, message->reserved, 0);
	commit(test, 0);
	drop(test, request, -EIO);
}

static void hold_refuses(struct kunit *test)
{
	struct port_context *c = test->priv;
	struct mach_port *port = c->port;
	struct mach_request *request;
	struct mach_slot *slot;
	u32 generation;

	KUNIT_EXPECT_EQ(test, arm(c, 0), -EIOCBQUEUED);
	KUNIT_EXPECT_PTR_EQ(test, hold(c, 0), ERR_PTR(-ESTALE));
	KUNIT_EXPECT_PTR_EQ(test, hold(c, 1), ERR_PTR(-ESTALE));
	request = submit_new(test);
	generation = slot_of(c, 0)->generation;
	KUNIT_EXPECT_PTR_EQ(test, mach_port_hold(port, 1, 0, generation),
			    ERR_PTR(-ENOENT));
	KUNIT_EXPECT_PTR_EQ(test, mach_port_hold(port, 0, DEPTH, generation),
			    ERR_PTR(-ENOENT));
	KUNIT_EXPECT_PTR_EQ(test, mach_port_hold(port, 0, 0, generation - 1),
			    ERR_PTR(-ESTALE));
	KUNIT_EXPECT_PTR_EQ(test, mach_port_hold(port, 0, 0, generation + 1),
			    ERR_PTR(-ESTALE));
	slot = hold(c, 0);
	KUNIT_ASSERT_PTR_EQ(test, slot, slot_of(c, 0));
	KUNIT_EXPECT_EQ(test, slot->state, MACH_SLOT_ANSWERING);
	KUNIT_EXPECT_PTR_EQ(test, hold(c, 0), ERR_PTR(-EBUSY));
	KUNIT_EXPECT_EQ(test, arm(c, 0), -EBUSY);
	mach_port_release(port, slot, false);
	KUNIT_EXPECT_EQ(test, slot->state, MACH_SLOT_HELD);
	commit(test, 0);
	KUNIT_EXPECT_PTR_EQ(test, hold(c, 0), ERR_PTR(-ESTALE));
	drop(test, request, 0);
}

static void arm_refuses(struct kunit *test)
{
	struct port_context *c = test->priv;

	KUNIT_EXPECT_EQ(test, mach_port_arm(c->port, 1, 0, NULL), -ENOENT);
	KUNIT_EXPECT_EQ(test, mach_port_arm(c->port, 0, DEPTH, NULL), -ENOENT);
	KUNIT_EXPECT_EQ(test, mach_port_arm(c->port, UINT_MAX, UINT_MAX, NULL),
			-ENOENT);
}

static int receive(struct port_context *c, unsigned int *tag)
{
	struct mach_message message;

	return mach_port_receive(c->port, 0, 0, false, tag, &message);
}

static void receive_takes_what_waits(struct kunit *test)
{
	struct mach_request *requests[DEPTH + 1];
	struct port_context *c = test->priv;
	unsigned int i, tag;

	KUNIT_EXPECT_EQ(test, receive(c, &tag), -ETIMEDOUT);
	for (i = 0; i <= DEPTH; i++)
		requests[i] = submit_new(test);
	for (i = 0; i < DEPTH; i++) {
		KUNIT_ASSERT_EQ(test, receive(c, &tag), 0);
		KUNIT_EXPECT_EQ(test, tag, i);
		KUNIT_EXPECT_PTR_EQ(test, slot_of(c, i)->request, requests[i]);
	}
	KUNIT_EXPECT_EQ(test, receive(c, &tag), -EBUSY);
	/* the caller could not be told of the third: it comes again, first */
	mach_port_unreceive(c->port, 0, 2);
	KUNIT_EXPECT_EQ(test, slot_of(c, 2)->state, MACH_SLOT_FREE);
	KUNIT_ASSERT_EQ(test, receive(c, &tag), 0);
	KUNIT_EXPECT_EQ(test, tag, 2);
	KUNIT_EXPECT_PTR_EQ(test, slot_of(c, 2)->request, requests[2]);
	for (i = 0; i < DEPTH; i++)
		commit(test, i);
	KUNIT_ASSERT_EQ(test, receive(c, &tag), 0);
	commit(test, tag);
	for (i = 0; i <= DEPTH; i++)
		drop(test, requests[i], 0);
}

/* Of threads: receive once, for so many ms. */
static int receive_blocking(void *data)
{
	struct port_context *c = data;
	struct mach_message message;
	unsigned int tag;

	return mach_port_receive(c->port, 0, 100000, true, &tag, &message) ?:
	       tag + 1;
}

static void wait_armed(struct kunit *test, unsigned int tag)
{
	unsigned long end = jiffies + FAKE_PATIENCE;
	struct port_context *c = test->priv;

	while (READ_ONCE(slot_of(c, tag)->state) != MACH_SLOT_ARMED) {
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
	request = submit_new(test);
	KUNIT_EXPECT_EQ(test, fake_thread_end(test, &thread), 1);
	KUNIT_EXPECT_PTR_EQ(test, slot_of(c, 0)->request, request);
	commit(test, 0);
	drop(test, request, 0);
}

static void receiver_gives_up(struct kunit *test)
{
	struct port_context *c = test->priv;
	struct mach_message message;
	unsigned int tag;

	KUNIT_EXPECT_EQ(test, mach_port_receive(c->port, 0, 20, true, &tag,
						&message), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, slot_of(c, 0)->state, MACH_SLOT_FREE);
	KUNIT_EXPECT_TRUE(test, hlist_empty(&c->port->queues[0].armed));
}

static void death_ends_everything(struct kunit *test)
{
	struct mach_request *held, *answering, *pending, *late;
	struct port_context *c = test->priv;
	struct fake_thread thread;
	struct mach_slot *slot;
	unsigned int tag;

	held = submit_new(test);
	answering = submit_new(test);
	KUNIT_EXPECT_EQ(test, arm(c, 0), 0);
	KUNIT_EXPECT_EQ(test, arm(c, 1), 0);
	slot = hold(c, 1);
	pending = submit_new(test);
	KUNIT_EXPECT_FALSE(test, list_empty(&c->port->pending));
	mach_port_die(c->port);

	KUNIT_EXPECT_TRUE(test, held->ended);
	KUNIT_EXPECT_EQ(test, mach_request_end(slot->request, 0), -ESTALE);
	mach_port_release(c->port, slot, true);
	late = submit_new(test);
	KUNIT_EXPECT_EQ(test, arm(c, 3), -ENODEV);
	KUNIT_EXPECT_EQ(test, receive(c, &tag), -ENODEV);
	KUNIT_EXPECT_PTR_EQ(test, hold(c, 0), ERR_PTR(-ENODEV));
	fake_thread_start(test, &thread, receive_blocking, c);
	KUNIT_EXPECT_EQ(test, fake_thread_end(test, &thread), -ENODEV);
	mach_port_die(c->port);
	flush_work(&c->port->reap);
	KUNIT_EXPECT_EQ(test, atomic_read(&port_reaped), 1);
	/* the slot that was held keeps its reference until shutdown */
	KUNIT_EXPECT_EQ(test, refcount_read(&held->ref), 2);
	KUNIT_EXPECT_EQ(test, held->error, -EIO);
	mach_request_put(held);
	drop(test, answering, -EIO);
	drop(test, pending, -EIO);
	drop(test, late, -EIO);
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

	for (i = 1; i < DEPTH; i++)
		KUNIT_EXPECT_EQ(test, arm(c, i), -EIOCBQUEUED);
	fake_thread_start(test, &thread, receive_blocking, c);
	wait_armed(test, 0);
	mach_port_die(c->port);
	KUNIT_EXPECT_EQ(test, fake_thread_end(test, &thread), -ENODEV);
	for (i = 1; i < DEPTH; i++) {
		KUNIT_EXPECT_EQ(test, c->commands[i].times, 1);
		KUNIT_EXPECT_EQ(test, c->commands[i].result, -ENODEV);
		KUNIT_EXPECT_EQ(test, slot_of(c, i)->state, MACH_SLOT_FREE);
	}
}

static void deadline_ends_requests(struct kunit *test)
{
	struct mach_request *held, *pending;
	struct port_context *c = test->priv;
	struct mach_slot *slot;
	unsigned long start;

	port_close(test);
	port_open(test, 100);
	start = jiffies;
	held = submit_new(test);
	KUNIT_EXPECT_EQ(test, arm(c, 0), 0);
	pending = submit_new(test);
	KUNIT_EXPECT_TRUE(test, wait_event_timeout(pending->wait,
						   READ_ONCE(pending->ended),
						   FAKE_PATIENCE));
	KUNIT_EXPECT_TRUE(test, wait_event_timeout(held->wait,
						   READ_ONCE(held->ended),
						   FAKE_PATIENCE));
	KUNIT_EXPECT_TRUE(test, time_after_eq(jiffies, start + HZ / 10));
	/* what waited has gone; what is held stays the pager's, and is late */
	KUNIT_EXPECT_EQ(test, arm(c, 1), -EIOCBQUEUED);
	slot = hold(c, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(slot));
	KUNIT_EXPECT_EQ(test, mach_request_end(held, 0), -ESTALE);
	mach_port_release(c->port, slot, true);
	/* the watchdog lets go of it a moment later */
	flush_delayed_work(&c->port->watchdog);
	drop(test, held, -EIO);
	drop(test, pending, -EIO);
}

static int answer_part(struct port_context *c, u32 kind, pgoff_t first,
		       unsigned int n, u64 source, bool more)
{
	struct mach_part part = {
		.kind = kind, .offset = (u64)first << PAGE_SHIFT,
		.length = (u64)n << PAGE_SHIFT, .source = source,
	};
	struct mach_answer answer = {
		.generation = slot_of(c, 0)->generation, .nr_parts = 1,
		.part = &part, .more = more,
	};

	return mach_answer(c->port, &answer);
}

static void answers_move_the_slot(struct kunit *test)
{
	struct port_context *c = test->priv;
	struct mach_request *request;

	KUNIT_EXPECT_EQ(test, arm(c, 0), -EIOCBQUEUED);
	request = mach_data_request(c->object, 0, 8, MACH_ACCESS_READ);
	KUNIT_ASSERT_FALSE(test, IS_ERR(request));
	KUNIT_EXPECT_EQ(test, answer_part(c, MACH_PART_UNAVAILABLE, 0, 2, 0,
					  true), 0);
	KUNIT_EXPECT_EQ(test, slot_of(c, 0)->state, MACH_SLOT_HELD);
	KUNIT_EXPECT_EQ(test, c->object->counts.resident, 2);
	KUNIT_EXPECT_EQ(test, answer_part(c, MACH_PART_UNAVAILABLE, 1, 2, 0,
					  true), -EEXIST);
	KUNIT_EXPECT_EQ(test, answer_part(c, MACH_PART_UNAVAILABLE, 7, 2, 0,
					  true), -ERANGE);
	KUNIT_EXPECT_EQ(test, answer_part(c, MACH_PART_DONE, 2, 1, 0, true),
			-EPROTO);
	KUNIT_EXPECT_EQ(test, slot_of(c, 0)->state, MACH_SLOT_HELD);
	KUNIT_EXPECT_EQ(test, answer_part(c, MACH_PART_ERROR, 2, 1, ENXIO,
					  false), 0);
	KUNIT_EXPECT_EQ(test, slot_of(c, 0)->state, MACH_SLOT_FREE);
	KUNIT_EXPECT_EQ(test, answer_part(c, MACH_PART_ERROR, 2, 1, ENXIO,
					  false), -ESTALE);
	KUNIT_EXPECT_EQ(test, c->object->counts.resident, 2);
	KUNIT_EXPECT_EQ(test, c->object->counts.errors, 1);
	drop(test, request, 0);
}

/**
 * struct model - What the port should be
 * @state: of each slot
 * @generation: of each slot
 * @request: of each slot
 * @completed: how often each slot's command was
 * @armed: slots that wait, latest last
 * @nr_armed: how many
 * @pending: requests that wait, oldest first
 * @nr_pending: how many
 */
struct model {
	enum mach_slot_state state[DEPTH];
	u32 generation[DEPTH];
	struct mach_request *request[DEPTH];
	unsigned int completed[DEPTH];
	unsigned int armed[DEPTH];
	unsigned int nr_armed;
	struct mach_request *pending[NR_REQUESTS];
	unsigned int nr_pending;
};

static void model_offer(struct model *m, unsigned int tag,
			struct mach_request *request)
{
	m->state[tag] = MACH_SLOT_HELD;
	m->generation[tag]++;
	m->request[tag] = request;
}

static struct mach_request *model_next(struct model *m)
{
	struct mach_request *request = m->pending[0];

	m->nr_pending--;
	memmove(m->pending, m->pending + 1,
		m->nr_pending * sizeof(m->pending[0]));
	return request;
}

static void try_submit(struct kunit *test, struct model *m)
{
	struct mach_request *request;
	unsigned int tag;

	if (m->nr_pending == NR_REQUESTS)
		return;
	request = submit_new(test);
	if (!m->nr_armed) {
		m->pending[m->nr_pending++] = request;
		return;
	}
	tag = m->armed[--m->nr_armed];
	m->completed[tag]++;
	model_offer(m, tag, request);
}

static void try_arm(struct kunit *test, struct model *m, unsigned int tag)
{
	int ret = arm(test->priv, tag);

	if (m->state[tag] != MACH_SLOT_FREE) {
		KUNIT_EXPECT_EQ(test, ret, -EBUSY);
	} else if (m->nr_pending) {
		KUNIT_EXPECT_EQ(test, ret, 0);
		model_offer(m, tag, model_next(m));
	} else {
		KUNIT_EXPECT_EQ(test, ret, -EIOCBQUEUED);
		m->state[tag] = MACH_SLOT_ARMED;
		m->armed[m->nr_armed++] = tag;
	}
}

static void try_receive(struct kunit *test, struct model *m)
{
	unsigned int tag, got;
	int ret = receive(test->priv, &got);

	for (tag = 0; tag < DEPTH && m->state[tag] != MACH_SLOT_FREE; tag++)
		;
	if (tag == DEPTH) {
		KUNIT_EXPECT_EQ(test, ret, -EBUSY);
	} else if (!m->nr_pending) {
		KUNIT_EXPECT_EQ(test, ret, -ETIMEDOUT);
	} else {
		KUNIT_EXPECT_EQ(test, ret, 0);
		KUNIT_EXPECT_EQ(test, got, tag);
		model_offer(m, tag, model_next(m));
	}
}

static void try_unreceive(struct kunit *test, struct model *m,
			  unsigned int tag)
{
	struct port_context *c = test->priv;

	if (m->nr_pending == NR_REQUESTS)
		return;
	mach_port_unreceive(c->port, 0, tag);
	if (m->state[tag] != MACH_SLOT_HELD)
		return;
	memmove(m->pending + 1, m->pending,
		m->nr_pending * sizeof(m->pending[0]));
	m->pending[0] = m->request[tag];
	m->nr_pending++;
	m->state[tag] = MACH_SLOT_FREE;
	m->request[tag] = NULL;
}

static void try_hold(struct kunit *test, struct model *m, unsigned int tag,
		     u32 generation)
{
	struct port_context *c = test->priv;
	struct mach_slot *slot = mach_port_hold(c->port, 0, tag, generation);

	if (m->state[tag] < MACH_SLOT_HELD || generation != m->generation[tag]) {
		KUNIT_EXPECT_PTR_EQ(test, slot, ERR_PTR(-ESTALE));
	} else if (m->state[tag] == MACH_SLOT_ANSWERING) {
		KUNIT_EXPECT_PTR_EQ(test, slot, ERR_PTR(-EBUSY));
	} else {
		KUNIT_EXPECT_PTR_EQ(test, slot, slot_of(c, tag));
		m->state[tag] = MACH_SLOT_ANSWERING;
	}
}

static void try_release(struct kunit *test, struct model *m, unsigned int tag,
			bool done)
{
	struct mach_request *request = m->request[tag];
	struct port_context *c = test->priv;

	if (m->state[tag] != MACH_SLOT_ANSWERING)
		return;
	if (done)
		mach_request_end(request, 0);
	mach_port_release(c->port, slot_of(c, tag), done);
	m->state[tag] = done ? MACH_SLOT_FREE : MACH_SLOT_HELD;
	if (done) {
		m->request[tag] = NULL;
		drop(test, request, 0);
	}
}

static void compare(struct kunit *test, struct model *m)
{
	struct port_context *c = test->priv;
	struct mach_request *request;
	struct mach_slot *slot;
	unsigned int i = 0;

	list_for_each_entry(request, &c->port->pending, port_link) {
		KUNIT_ASSERT_LT(test, i, m->nr_pending);
		KUNIT_ASSERT_PTR_EQ(test, request, m->pending[i]);
		i++;
	}
	KUNIT_ASSERT_EQ(test, i, m->nr_pending);
	i = m->nr_armed;
	hlist_for_each_entry(slot, &c->port->queues[0].armed, link) {
		KUNIT_ASSERT_GT(test, i, 0);
		KUNIT_ASSERT_PTR_EQ(test, slot, slot_of(c, m->armed[--i]));
	}
	KUNIT_ASSERT_EQ(test, i, 0);
	for (i = 0; i < DEPTH; i++) {
		slot = slot_of(c, i);
		KUNIT_ASSERT_EQ(test, slot->state, m->state[i]);
		KUNIT_ASSERT_EQ(test, slot->generation, m->generation[i]);
		KUNIT_ASSERT_PTR_EQ(test, slot->request, m->request[i]);
		KUNIT_ASSERT_EQ(test, c->commands[i].times, m->completed[i]);
	}
}

static void try_something(struct kunit *test, struct model *m,
			  struct rnd_state *random)
{
	unsigned int tag = mach_random(random, DEPTH);

	switch (mach_random(random, 16)) {
	case 0 ... 3:
		try_submit(test, m);
		break;
	case 4 ... 6:
		try_arm(test, m, tag);
		break;
	case 7:
		try_receive(test, m);
		break;
	case 8:
		try_unreceive(test, m, tag);
		break;
	case 9 ... 11:
		try_hold(test, m, tag, m->generation[tag]);
		break;
	case 12:
		try_hold(test, m, tag, mach_random(random, 8));
		break;
	default:
		try_release(test, m, tag, mach_random(random, 4));
		break;
	}
}

static void random_steps(struct kunit *test)
{
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	struct port_context *c = test->priv;
	struct rnd_state random;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, m);
	mach_random_init(test, &random);
	for (i = 0; i < 20000; i++) {
		try_something(test, m, &random);
		compare(test, m);
	}
	mach_port_die(c->port);
	for (i = 0; i < m->nr_pending; i++)
		drop(test, m->pending[i], -EIO);
	for (i = 0; i < DEPTH; i++)
		if (m->request[i])
			mach_request_put(m->request[i]);
	mach_object_kill(c->object);
	mach_object_put(c->object);
	mach_port_shutdown(c->port);
	c->port = NULL;
}

#define NR_SERVERS	3
#define NR_CLIENTS	3
#define NR_EACH		400

/* Of threads: answer what comes until the port dies. Returns how many. */
static int serve(void *data)
{
	struct port_context *c = data;
	struct mach_message message;
	struct mach_slot *slot;
	unsigned int tag;
	int err, n = 0;

	for (;;) {
		err = mach_port_receive(c->port, 0, n % 2 ? 1 : 0, true, &tag,
					&message);
		if (err == -ENODEV)
			return n;
		if (err)
			continue;
		slot = mach_port_hold(c->port, 0, tag, message.generation);
		if (IS_ERR(slot))
			return PTR_ERR(slot);
		mach_request_end(slot->request, 0);
		mach_port_release(c->port, slot, true);
		n++;
	}
}

/* Of threads: send and wait. Returns how many ended well. */
static int ask(void *data)
{
	struct port_context *c = data;
	struct mach_request *request;
	int i, n = 0;

	for (i = 0; i < NR_EACH; i++) {
		request = mach_request_create(c->object, MACH_OP_SYNCHRONIZE,
					      0);
		if (!request)
			continue;
		mach_request_submit(request);
		wait_event(request->wait, READ_ONCE(request->ended));
		n += !READ_ONCE(request->error);
		mach_request_put(request);
	}
	return n;
}

static void threads_serve_threads(struct kunit *test)
{
	struct fake_thread servers[NR_SERVERS], clients[NR_CLIENTS];
	struct port_context *c = test->priv;
	int i, served = 0;

	for (i = 0; i < NR_SERVERS; i++)
		fake_thread_start(test, &servers[i], serve, c);
	for (i = 0; i < NR_CLIENTS; i++)
		fake_thread_start(test, &clients[i], ask, c);
	for (i = 0; i < NR_CLIENTS; i++)
		KUNIT_EXPECT_EQ(test, fake_thread_end(test, &clients[i]),
				NR_EACH);
	mach_port_die(c->port);
	for (i = 0; i < NR_SERVERS; i++)
		served += fake_thread_end(test, &servers[i]);
	KUNIT_EXPECT_EQ(test, served, NR_CLIENTS * NR_EACH);
	for (i = 0; i < DEPTH; i++)
		KUNIT_EXPECT_EQ(test, slot_of(c, i)->state, MACH_SLOT_FREE);
}

static struct kunit_case port_cases[] = {
	KUNIT_CASE(armed_slot_takes_request),
	KUNIT_CASE(latest_armed_slot_comes_first),
	KUNIT_CASE(requests_wait_in_order),
	KUNIT_CASE(message_tells_request),
	KUNIT_CASE(hold_refuses),
	KUNIT_CASE(arm_refuses),
	KUNIT_CASE(receive_takes_what_waits),
	KUNIT_CASE(receiver_is_woken),
	KUNIT_CASE(receiver_gives_up),
	KUNIT_CASE(death_ends_everything),
	KUNIT_CASE(death_completes_commands),
	KUNIT_CASE(deadline_ends_requests),
	KUNIT_CASE(answers_move_the_slot),
	KUNIT_CASE_SLOW(random_steps),
	KUNIT_CASE_SLOW(threads_serve_threads),
	{}
};

static struct kunit_suite port_suite = {
	.name = "machvm_port",
	.init = port_test_init,
	.exit = port_test_exit,
	.test_cases = port_cases,
};

kunit_test_suite(port_suite);
