// SPDX-License-Identifier: GPL-2.0-only
/* A port against a model, by random steps; and with many threads. */
#include "port.h"
#include "request/object_end.h"
#include "request/request_memory.h"

#define NR_REQUESTS	32

/**
 * struct model - What the port should be
 * @state: of each slot
 * @generation: of each slot
 * @request: of each slot
 * @mine: of each slot: this thread holds or received it last
 * @turn: of each slot
 * @turns: of all
 * @several: who serves them has answered out of order
 * @completed: how often each slot's command was
 * @armed: slots that wait, latest last
 * @nr_armed: how many
 * @pending: requests that wait, oldest first
 * @nr_pending: how many
 */
struct model {
	enum mach_slot_state state[PORT_DEPTH];
	u32 generation[PORT_DEPTH];
	struct mach_request *request[PORT_DEPTH];
	bool mine[PORT_DEPTH];
	unsigned int turn[PORT_DEPTH];
	unsigned int turns;
	bool several;
	unsigned int completed[PORT_DEPTH];
	unsigned int armed[PORT_DEPTH];
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
	m->turn[tag] = ++m->turns;
}

static unsigned int model_held(const struct model *m)
{
	unsigned int tag, n = 0;

	for (tag = 0; tag < PORT_DEPTH; tag++)
		n += m->state[tag] >= MACH_SLOT_HELD;
	return n;
}

static bool model_works(const struct model *m)
{
	unsigned int tag, n = 0;

	for (tag = 0; tag < PORT_DEPTH; tag++)
		n += m->state[tag] >= MACH_SLOT_HELD && m->mine[tag];
	return n;
}

static bool model_out_of_order(const struct model *m, unsigned int done)
{
	unsigned int tag, n = 0;

	for (tag = 0; tag < PORT_DEPTH; tag++)
		n += m->state[tag] >= MACH_SLOT_HELD &&
		     (int)(m->turn[tag] - m->turn[done]) < 0;
	return n;
}

static struct mach_request *model_next(struct model *m)
{
	struct mach_request *request = m->pending[0];

	m->nr_pending--;
	memmove(m->pending, m->pending + 1,
		m->nr_pending * sizeof(m->pending[0]));
	return request;
}

/* The slot armed last gets it. */
static void model_hand(struct model *m, struct mach_request *request)
{
	unsigned int tag = m->armed[--m->nr_armed];

	m->completed[tag]++;
	model_offer(m, tag, request);
}

/* Those who work on several get more, but for the last slot. */
static bool model_ready(const struct model *m)
{
	unsigned int held = model_held(m);

	return m->nr_armed && m->nr_pending &&
	       (!held || (m->several && held + 1 < PORT_DEPTH));
}

static void model_match(struct model *m)
{
	while (model_ready(m))
		model_hand(m, model_next(m));
}

static void try_submit(struct kunit *test, struct model *m)
{
	struct mach_request *request;

	if (m->nr_pending == NR_REQUESTS)
		return;
	request = port_submit_new(test);
	m->pending[m->nr_pending++] = request;
	model_match(m);
}

static void try_arm(struct kunit *test, struct model *m, unsigned int tag)
{
	int ret = port_arm(test->priv, tag);

	if (m->state[tag] != MACH_SLOT_FREE) {
		KUNIT_EXPECT_EQ(test, ret, -EBUSY);
	} else {
		m->mine[tag] = false;
		m->state[tag] = MACH_SLOT_ARMED;
		m->armed[m->nr_armed++] = tag;
		if (!model_ready(m)) {
			KUNIT_EXPECT_EQ(test, ret, -EIOCBQUEUED);
			return;
		}
		KUNIT_EXPECT_EQ(test, ret, 0);
		m->nr_armed--;
		model_offer(m, tag, model_next(m));
		model_match(m);
	}
}

/* Who receives is ready, but may not be the last who is. */
static bool model_receives(const struct model *m)
{
	unsigned int held = model_held(m);

	if (!m->nr_pending)
		return false;
	if (!held)
		return true;
	return model_works(m) ? held + 1 < PORT_DEPTH : m->nr_armed;
}

static void try_receive(struct kunit *test, struct model *m)
{
	unsigned int tag, got;
	int ret = port_receive(test->priv, &got);

	for (tag = 0; tag < PORT_DEPTH && m->state[tag] != MACH_SLOT_FREE; tag++)
		;
	if (tag == PORT_DEPTH) {
		KUNIT_EXPECT_EQ(test, ret, -EBUSY);
		return;
	}
	/* claimed in any case */
	m->mine[tag] = true;
	/* what this thread has sent goes to others rather than itself */
	model_match(m);
	if (!model_receives(m)) {
		KUNIT_EXPECT_EQ(test, ret, -ETIMEDOUT);
	} else {
		KUNIT_EXPECT_EQ(test, ret, 0);
		KUNIT_EXPECT_EQ(test, got, tag);
		model_offer(m, tag, model_next(m));
		model_match(m);
	}
}

static void try_put_back(struct kunit *test, struct model *m, unsigned int tag,
			 u32 generation)
{
	struct port_context *c = test->priv;

	if (m->nr_pending == NR_REQUESTS)
		return;
	mach_port_put_back(c->port, 0, tag, generation);
	if (m->state[tag] != MACH_SLOT_HELD ||
	    generation != m->generation[tag]) {
		model_match(m);
		return;
	}
	memmove(m->pending + 1, m->pending,
		m->nr_pending * sizeof(m->pending[0]));
	m->pending[0] = m->request[tag];
	m->nr_pending++;
	m->state[tag] = MACH_SLOT_FREE;
	m->request[tag] = NULL;
	model_match(m);
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
		KUNIT_EXPECT_PTR_EQ(test, slot, port_slot_of(c, tag));
		m->state[tag] = MACH_SLOT_ANSWERING;
		m->mine[tag] = true;
	}
}

/* What was put back may hide that it was out of order; nothing may invent it. */
static void model_learn(struct kunit *test, struct model *m, unsigned int tag)
{
	struct port_context *c = test->priv;
	bool several = c->port->queues[0].several;

	if (several && !m->several)
		KUNIT_EXPECT_TRUE(test, model_out_of_order(m, tag));
	m->several = several;
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
	mach_port_release(c->port, port_slot_of(c, tag), done);
	model_learn(test, m, tag);
	m->state[tag] = done ? MACH_SLOT_FREE : MACH_SLOT_HELD;
	if (done) {
		m->request[tag] = NULL;
		port_drop(test, request, 0);
	}
}

static void compare(struct kunit *test, struct model *m)
{
	struct port_context *c = test->priv;
	struct mach_request *request;
	struct mach_slot *slot;
	unsigned int i = 0;

	list_for_each_entry(request, &c->object->asking, port_link) {
		KUNIT_ASSERT_LT(test, i, m->nr_pending);
		KUNIT_ASSERT_PTR_EQ(test, request, m->pending[i]);
		i++;
	}
	KUNIT_ASSERT_EQ(test, i, m->nr_pending);
	KUNIT_ASSERT_EQ(test, mach_port_asks(c->port), i > 0);
	KUNIT_ASSERT_EQ(test, c->port->pager.held, model_held(m));
	KUNIT_ASSERT_EQ(test, c->object->held, model_held(m));
	i = m->nr_armed;
	hlist_for_each_entry(slot, &c->port->queues[0].armed, link) {
		KUNIT_ASSERT_GT(test, i, 0);
		KUNIT_ASSERT_PTR_EQ(test, slot, port_slot_of(c, m->armed[--i]));
	}
	KUNIT_ASSERT_EQ(test, i, 0);
	for (i = 0; i < PORT_DEPTH; i++) {
		slot = port_slot_of(c, i);
		KUNIT_ASSERT_EQ(test, slot->state, m->state[i]);
		KUNIT_ASSERT_EQ(test, slot->generation, m->generation[i]);
		KUNIT_ASSERT_PTR_EQ(test, slot->request, m->request[i]);
		KUNIT_ASSERT_EQ(test, c->commands[i].times, m->completed[i]);
	}
}

static void try_something(struct kunit *test, struct model *m,
			  struct rnd_state *random)
{
	unsigned int tag = mach_random(random, PORT_DEPTH);

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
		try_put_back(test, m, tag, m->generation[tag] -
			     !mach_random(random, 4));
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

void port_random_steps(struct kunit *test)
{
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	struct port_context *c = test->priv;
	struct rnd_state random;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, m);
	mach_random_init(test, &random);
	for (i = 0; i < 20000; i++) {
		/* forget it at times */
		m->several &= mach_random(&random, 256) > 0;
		c->port->queues[0].several = m->several;
		try_something(test, m, &random);
		compare(test, m);
	}
	mach_port_die(c->port);
	for (i = 0; i < m->nr_pending; i++)
		port_drop(test, m->pending[i], -EIO);
	for (i = 0; i < PORT_DEPTH; i++)
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
	struct mach_slot *slot;
	unsigned int tag;
	u32 generation;
	int err, n = 0;

	for (;;) {
		err = mach_port_receive(c->port, 0, n % 2 ? 1 : 0, true, &tag,
					&generation);
		if (err == -ENODEV)
			return n;
		if (err)
			continue;
		slot = mach_port_hold(c->port, 0, tag, generation);
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
		wait_event(request->wait, mach_request_has_ended(request));
		n += !READ_ONCE(request->error);
		mach_request_put(request);
	}
	return n;
}

void port_threads(struct kunit *test)
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
	for (i = 0; i < PORT_DEPTH; i++)
		KUNIT_EXPECT_EQ(test, port_slot_of(c, i)->state, MACH_SLOT_FREE);
}
