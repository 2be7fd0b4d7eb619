// SPDX-License-Identifier: GPL-2.0-only
/* The choice: which of the requests that wait goes to which of the slots that do. */
#include "pager_queue.h"

/*
 * Objects that are asked for a request that finds a slot. If any slot is ready, one
 * object at most has to leave it to others.
 */
#define MACH_TRIES		2
#define MACH_TRIES_ANYWAY	16

/* Jiffies; powers of two lead there from 1 */
#define MACH_PATIENCE_MOST	16

/* Does nobody look any more at the ring that the command is of? */
bool mach_command_ends(struct io_uring_cmd *command)
{
	mach_compat_stub(mach_command_ends, command);
	return mach_compat_ring_ends(command);
}
EXPORT_SYMBOL_IF_KUNIT(mach_command_ends);

static void mach_port_await_turn(struct mach_port *port,
				 struct mach_object *object)
{
	lockdep_assert_held(&port->lock);
	if (list_empty(&object->turn))
		list_add_tail(&object->turn, &port->asking);
}

/* The request waits for a slot, behind others of its object. */
void mach_port_ask(struct mach_port *port, struct mach_request *request)
{
	lockdep_assert_held(&port->lock);
	list_add_tail(&request->port_link, &request->object->asking);
	mach_port_await_turn(port, request->object);
}

/* The same before all others: it had a slot, whose thread could not be told. */
void mach_port_ask_again(struct mach_port *port, struct mach_request *request)
{
	struct mach_object *object = request->object;

	lockdep_assert_held(&port->lock);
	list_add(&request->port_link, &object->asking);
	list_move(&object->turn, &port->asking);
}

/* It waits no longer. The next one of its object does so behind other objects. */
void mach_port_unask(struct mach_port *port, struct mach_request *request)
{
	struct mach_object *object = request->object;

	lockdep_assert_held(&port->lock);
	list_del_init(&request->port_link);
	list_del_init(&object->turn);
	if (!list_empty(&object->asking))
		mach_port_await_turn(port, object);
}

/* This slot or a later one: not of who sent @sent, if any, nor of a ring that ends */
static struct mach_slot *mach_slot_suitable(const struct mach_port *port,
					    struct mach_slot *slot,
					    const struct mach_request *sent)
{
	lockdep_assert_held(&port->lock);
	hlist_for_each_entry_from(slot, link)
		if ((!sent || pid_nr(slot->worker.thread) != sent->sender) &&
		    (!slot->command || !mach_command_ends(slot->command)))
			return slot;
	return NULL;
}

static struct mach_slot *
mach_queue_armed_slot(const struct mach_port *port, struct mach_queue *queue,
		      const struct mach_request *sent)
{
	lockdep_assert_held(&port->lock);
	return mach_slot_suitable(port, hlist_entry_safe(queue->armed.first,
							 struct mach_slot,
							 link), sent);
}

static bool mach_slot_ready(const struct mach_port *port,
			    const struct mach_slot *slot)
{
	lockdep_assert_held(&port->lock);
	return !slot->queue->held || slot->queue->several || slot->receiver;
}

/* Can one more be begun in the queue, beside what goes into this slot? */
static bool mach_slot_has_peer(struct mach_port *port, struct mach_slot *slot,
			       const struct mach_request *sent)
{
	struct mach_queue *queue = slot->queue;

	lockdep_assert_held(&port->lock);
	/* threads that receive are workers each, unless one does while it works */
	if (slot->receiver &&
	    !mach_workers_find(&port->workers, slot->worker.thread))
		return mach_slot_suitable(port,
					  hlist_entry_safe(slot->link.next,
							   struct mach_slot,
							   link), sent);
	/* of a worker at several there may be as many as slots; else it is one */
	return (queue->held || queue->several) && queue->held + 1 < port->depth;
}

static bool mach_queue_has(const struct mach_port *port,
			   const struct mach_queue *queue,
			   const struct mach_object *object)
{
	unsigned int tag;

	lockdep_assert_held(&port->lock);
	for (tag = 0; tag < port->depth; tag++)
		if (queue->slots[tag].request &&
		    queue->slots[tag].request->object == object)
			return true;
	return false;
}

/* May a worker that is busy get one of the object's, to be begun some time? */
static bool mach_queue_may_have(const struct mach_port *port,
				const struct mach_queue *queue,
				const struct mach_object *object)
{
	lockdep_assert_held(&port->lock);
	return !object->held || mach_queue_has(port, queue, object);
}

/**
 * struct mach_choice - What was found in the queues
 * @ready: the slot of the queue that has the fewest requests
 * @busy: the slot of the queue that was heard of last
 * @nr_ready: how many there are, or more than one
 * @nr_busy: the same
 */
struct mach_choice {
	struct mach_slot *ready;
	struct mach_slot *busy;
	unsigned int nr_ready;
	unsigned int nr_busy;
};

static void mach_choice_weigh(const struct mach_port *port,
			      struct mach_choice *choice,
			      struct mach_slot *slot, bool peer)
{
	struct mach_slot **best;

	lockdep_assert_held(&port->lock);
	if (mach_slot_ready(port, slot)) {
		best = &choice->ready;
		choice->nr_ready += 1 + peer;
		if (!*best || slot->queue->held < (*best)->queue->held)
			*best = slot;
	} else {
		best = &choice->busy;
		choice->nr_busy += 1 + peer;
		if (!*best ||
		    time_after(slot->queue->heard, (*best)->queue->heard))
			*best = slot;
	}
}

/* @left: slots that the object has to leave to others */
static struct mach_slot *mach_choice_made(const struct mach_port *port,
					  const struct mach_choice *choice,
					  const struct mach_object *object,
					  unsigned int left)
{
	lockdep_assert_held(&port->lock);
	if (choice->nr_ready > left)
		return choice->ready;
	left = object->held ? 1 : 0;
	if (!choice->busy || choice->nr_ready + choice->nr_busy <= left ||
	    time_before(jiffies, choice->busy->queue->more_at))
		return NULL;
	return choice->busy;
}

/* Is all that is with workers of this object? */
static bool mach_object_holds_all(const struct mach_port *port,
				  const struct mach_object *object)
{
	lockdep_assert_held(&port->lock);
	return object->held && object->held == port->pager.held;
}

/* Usually the queue of this CPU has nothing: then it is taken. */
static struct mach_slot *mach_port_choose_here(struct mach_port *port,
					       const struct mach_request *request)
{
	unsigned int q = raw_smp_processor_id() % port->nr_queues;
	struct mach_queue *queue = &port->queues[q];

	lockdep_assert_held(&port->lock);
	if (queue->held || mach_object_holds_all(port, request->object))
		return NULL;
	return mach_queue_armed_slot(port, queue, request);
}

/* From the queue of this CPU on; @sent: whose sender does not get it, or NULL */
static struct mach_slot *
mach_port_choose_from(struct mach_port *port, struct mach_object *object,
		      bool anyway, const struct mach_request *sent)
{
	unsigned int i, left, q = raw_smp_processor_id() % port->nr_queues;
	struct mach_choice choice = {};
	struct mach_queue *queue;
	struct mach_slot *slot;

	lockdep_assert_held(&port->lock);
	left = mach_object_holds_all(port, object);
	for (i = 0; i < port->nr_queues; i++) {
		queue = &port->queues[q];
		slot = mach_queue_armed_slot(port, queue, sent);
		if (slot && (mach_slot_ready(port, slot) ||
			     (anyway && mach_queue_may_have(port, queue, object))))
			mach_choice_weigh(port, &choice, slot,
					  mach_slot_has_peer(port, slot, sent));
		if (++q == port->nr_queues)
			q = 0;
	}
	return mach_choice_made(port, &choice, object, left);
}

/**
 * mach_port_choose - Where a request goes
 * @port: its pager's, locked
 * @request: in no slot
 * @anyway: to who is busy, if nobody is ready and it is time
 *
 * A sender that waits takes nothing from its own ring meanwhile: another thread has
 * to. What it does not wait for it may get itself.
 *
 * Return: an armed slot; NULL: the request has to wait.
 */
struct mach_slot *mach_port_choose(struct mach_port *port,
				   const struct mach_request *request,
				   bool anyway)
{
	struct mach_slot *slot;

	lockdep_assert_held(&port->lock);
	slot = mach_port_choose_here(port, request) ?:
	       mach_port_choose_from(port, request->object, anyway, request);
	if (slot || request->waited)
		return slot;
	return mach_port_choose_from(port, request->object, anyway, NULL);
}

/**
 * mach_port_next - A request that waits, and where it goes
 * @port: locked
 * @anyway: as above
 * @slot: out: where
 *
 * Return: NULL if it is not known of any.
 */
struct mach_request *mach_port_next(struct mach_port *port, bool anyway,
				    struct mach_slot **slot)
{
	unsigned int tries = anyway ? MACH_TRIES_ANYWAY : MACH_TRIES;
	struct mach_request *request;
	struct mach_object *object;

	lockdep_assert_held(&port->lock);
	list_for_each_entry(object, &port->asking, turn) {
		request = list_first_entry(&object->asking, struct mach_request,
					   port_link);
		*slot = mach_port_choose(port, request, anyway);
		if (*slot)
			return request;
		if (!--tries)
			break;
	}
	return NULL;
}

/**
 * mach_port_learn - What an answer says of those who serve a queue
 * @port: locked
 * @slot: answered, and not free yet
 *
 * If all that the queue has is younger, it is the oldest. What was put back may hide
 * that it is not.
 */
void mach_port_learn(struct mach_port *port, const struct mach_slot *slot)
{
	struct mach_queue *queue = slot->queue;
	unsigned int oldest = queue->offers - queue->held + 1;

	lockdep_assert_held(&port->lock);
	if (queue->held == 1 || queue->several)
		return;
	if ((int)(slot->turn - oldest) > 0)
		queue->several = true;
	else if (queue->patience < MACH_PATIENCE_MOST)
		queue->patience *= 2;
}

/**
 * mach_queue_hand_off - Let the thread that was answered go on before the pager sleeps
 * @port: the pager's
 * @queue: for which it may pay
 *
 * Often it faults again, and finds a slot that waits.
 */
void mach_queue_hand_off(struct mach_port *port, struct mach_queue *queue)
{
	unsigned int offers = READ_ONCE(queue->offers);

	mach_compat_hand_off();
	if (READ_ONCE(queue->offers) == offers && !mach_port_asks(port))
		mach_hand_off_failed(&queue->hand_off);
}

/* The pager's object by its number, with a reference. */
struct mach_object *mach_port_object(struct mach_port *port, u32 id)
{
	struct mach_object *object;

	xa_lock(&port->objects);
	object = xa_load(&port->objects, id);
	if (object)
		mach_object_get(object);
	xa_unlock(&port->objects);
	return object ?: ERR_PTR(-ENOENT);
}
