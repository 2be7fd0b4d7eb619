// SPDX-License-Identifier: GPL-2.0-only
/* Slots: how a request comes to a thread of its pager, and how long it may stay. */
#include "pager_slot.h"
#include "base/compat.h"
#include "base/mach_trace.h"

/* Complete a command that waited in a slot; no lock held. */
void mach_port_command_done(struct io_uring_cmd *command, int result)
{
	mach_compat_stub(mach_port_command_done, command, result);
	io_uring_cmd_done(command, result, 0, IO_URING_F_UNLOCKED);
}
EXPORT_SYMBOL_IF_KUNIT(mach_port_command_done);

/* Slot transitions. Each holds the lock and moves state and list together. */

static void mach_slot_wait(struct mach_port *port, struct mach_slot *slot,
			   struct io_uring_cmd *command,
			   struct mach_receiver *receiver)
{
	lockdep_assert_held(&port->lock);
	WARN_ON_ONCE(slot->state != MACH_SLOT_FREE);
	slot->state = MACH_SLOT_ARMED;
	slot->cpu = raw_smp_processor_id();
	slot->command = command;
	slot->receiver = receiver;
	hlist_add_head(&slot->link, &slot->queue->armed);
}

static void mach_slot_disarm(struct mach_port *port, struct mach_slot *slot)
{
	lockdep_assert_held(&port->lock);
	WARN_ON_ONCE(slot->state != MACH_SLOT_ARMED);
	slot->state = MACH_SLOT_FREE;
	slot->command = NULL;
	slot->receiver = NULL;
	hlist_del(&slot->link);
}

static_assert(sizeof(struct mach_message) == MACH_MESSAGE_SIZE_VER0);

static void mach_message_fill(struct mach_message *message,
			      const struct mach_request *request,
			      u32 generation)
{
	struct mach_object *object = request->object;
	/* the watchdog may be late, and the deadline over */
	long left = request->deadline - jiffies;

	message->generation = generation;
	message->operation = request->operation;
	message->flags = request->flags;
	message->object = object->id;
	message->access = request->access;
	message->cookie = request->cookie;
	message->offset = (u64)request->first << PAGE_SHIFT;
	message->length = request->n ? mach_object_bytes(object, request->first,
							 request->n) : 0;
	message->mandatory = (u64)request->mandatory << PAGE_SHIFT;
	message->deadline_ns = ktime_get_coarse_ns() +
			       jiffies64_to_nsecs(max(left, 0L));
}

/* The slot, free, takes over the request's reference. */
static void mach_slot_offer(struct mach_port *port, struct mach_slot *slot,
			    struct mach_request *request)
{
	lockdep_assert_held(&port->lock);
	WARN_ON_ONCE(slot->state != MACH_SLOT_FREE);
	slot->state = MACH_SLOT_HELD;
	slot->request = request;
	/* looked at without the lock */
	WRITE_ONCE(slot->queue->offers, slot->queue->offers + 1);
	WRITE_ONCE(slot->queue->near, request->near);
	slot->generation++;
	/* a field of a later version goes only into messages that have it */
	slot->message->size = port->message_size;
	mach_message_fill(slot->message, request, slot->generation);
	if (!list_empty(&request->port_link))
		list_del_init(&request->port_link);
}

static struct mach_slot *mach_port_armed_slot(struct mach_port *port)
{
	unsigned int i, q = raw_smp_processor_id() % port->nr_queues;

	lockdep_assert_held(&port->lock);
	for (i = 0; i < port->nr_queues; i++) {
		struct mach_slot *slot =
			hlist_entry_safe(port->queues[q].armed.first,
					 struct mach_slot, link);

		if (slot)
			return slot;
		if (++q == port->nr_queues)
			q = 0;
	}
	return NULL;
}

static void mach_port_watch(struct mach_port *port, unsigned long deadline)
{
	lockdep_assert_held(&port->lock);
	if (port->watching)
		return;
	port->watching = true;
	port->next = deadline;
	queue_delayed_work(system_unbound_wq, &port->watchdog, port->deadline);
}

int mach_port_submit(struct mach_pager *pager,
		     struct mach_request *request)
{
	struct mach_port *port = mach_port_of(pager);
	struct io_uring_cmd *command = NULL;
	struct mach_slot *slot;

	spin_lock(&port->lock);
	if (port->dead) {
		spin_unlock(&port->lock);
		return -EIO;
	}
	mach_request_get(request);
	request->deadline = jiffies + port->deadline;
	mach_port_watch(port, request->deadline);
	slot = mach_port_armed_slot(port);
	if (slot) {
		struct mach_receiver *receiver = slot->receiver;

		command = slot->command;
		request->near = slot->cpu == raw_smp_processor_id();
		mach_slot_disarm(port, slot);
		mach_slot_offer(port, slot, request);
		if (receiver) {
			WRITE_ONCE(receiver->done, true);
			wake_up_process(receiver->task);
		}
	} else {
		list_add_tail(&request->port_link, &port->pending);
	}
	spin_unlock(&port->lock);
	if (command)
		mach_port_command_done(command, 0);
	return 0;
}

/* The oldest request that waits for a slot and has not ended meanwhile. */
static struct mach_request *mach_port_next(struct mach_port *port)
{
	lockdep_assert_held(&port->lock);
	return list_first_entry_or_null(&port->pending, struct mach_request,
					port_link);
}

static struct mach_slot *mach_port_slot(struct mach_port *port,
					unsigned int queue, unsigned int tag)
{
	if (queue >= port->nr_queues || tag >= port->depth)
		return NULL;
	return &port->queues[queue].slots[tag];
}

/*
 * The thread that was answered runs on this CPU: let it go on before the pager
 * sleeps. Often it faults again.
 */
static void mach_queue_hand_off(struct mach_port *port,
				struct mach_queue *queue)
{
	unsigned int offers = READ_ONCE(queue->offers);

	if (!READ_ONCE(queue->near))
		return;
	WRITE_ONCE(queue->near, false);
	if (!list_empty(&port->pending) ||
	    !mach_hand_off_pays(&queue->hand_off))
		return;
	mach_compat_hand_off();
	if (READ_ONCE(queue->offers) == offers && list_empty(&port->pending))
		mach_hand_off_failed(&queue->hand_off);
}

/**
 * mach_port_arm - Fetch: have a command wait for a request
 * @port: the pager's
 * @queue: its queue
 * @tag: its slot
 * @command: to be completed when a request lies in the slot
 *
 * Return: 0 when a request lies there already, -EIOCBQUEUED when the command
 * waits, -ENOENT, -ENODEV, -EBUSY.
 */
int mach_port_arm(struct mach_port *port, unsigned int queue, unsigned int tag,
		  struct io_uring_cmd *command)
{
	struct mach_slot *slot = mach_port_slot(port, queue, tag);
	struct mach_request *request;
	int ret = 0;

	if (!slot)
		return -ENOENT;
	mach_queue_hand_off(port, &port->queues[queue]);
	spin_lock(&port->lock);
	request = mach_port_next(port);
	if (port->dead) {
		ret = -ENODEV;
	} else if (slot->state != MACH_SLOT_FREE) {
		ret = -EBUSY;
	} else if (request) {
		mach_slot_offer(port, slot, request);
	} else {
		mach_slot_wait(port, slot, command, NULL);
		ret = -EIOCBQUEUED;
	}
	spin_unlock(&port->lock);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(mach_port_arm);

static struct mach_slot *mach_queue_free_slot(struct mach_port *port,
					      struct mach_queue *queue)
{
	unsigned int tag;

	lockdep_assert_held(&port->lock);
	for (tag = 0; tag < port->depth; tag++)
		if (queue->slots[tag].state == MACH_SLOT_FREE)
			return &queue->slots[tag];
	return NULL;
}

/* Sleep until a request lies in the slot that @receiver has armed. */
static int mach_receiver_sleep(struct mach_receiver *receiver,
			       unsigned int timeout_ms)
{
	/* the tick that is under way does not count */
	long left = timeout_ms ? msecs_to_jiffies(timeout_ms) + 1 :
				 MAX_SCHEDULE_TIMEOUT;

	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (READ_ONCE(receiver->done) || signal_pending(current) ||
		    !left)
			break;
		left = schedule_timeout(left);
	}
	__set_current_state(TASK_RUNNING);
	return left ? -EINTR : -ETIMEDOUT;
}

/**
 * mach_port_receive - Wait for a request by ioctl
 * @port: the pager's
 * @queue: which queue's slot to use
 * @timeout_ms: 0 for ever
 * @block: false: only what is there now
 * @tag: out: the slot, in whose message the request lies
 *
 * Return: 0, -ENOENT, -ENODEV, -EBUSY when no slot is free, -ETIMEDOUT, -EINTR.
 */
int mach_port_receive(struct mach_port *port, unsigned int queue,
		      unsigned int timeout_ms, bool block, unsigned int *tag)
{
	struct mach_receiver receiver = { .task = current };
	struct mach_request *request;
	struct mach_slot *slot;
	int err = 0;

	if (queue >= port->nr_queues)
		return -ENOENT;
	mach_queue_hand_off(port, &port->queues[queue]);
	spin_lock(&port->lock);
	slot = mach_queue_free_slot(port, &port->queues[queue]);
	request = mach_port_next(port);
	if (port->dead) {
		err = -ENODEV;
	} else if (!slot) {
		err = -EBUSY;
	} else if (request) {
		mach_slot_offer(port, slot, request);
	} else if (!block) {
		err = -ETIMEDOUT;
	} else {
		mach_slot_wait(port, slot, NULL, &receiver);
		spin_unlock(&port->lock);
		err = mach_receiver_sleep(&receiver, timeout_ms);
		spin_lock(&port->lock);
		if (receiver.done)
			err = receiver.error;
		else
			mach_slot_disarm(port, slot);
	}
	if (!err)
		*tag = slot - port->queues[queue].slots;
	spin_unlock(&port->lock);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(mach_port_receive);

/* The receiver could not be told: the request goes back to the front. */
void mach_port_unreceive(struct mach_port *port, unsigned int queue,
			 unsigned int tag)
{
	struct mach_slot *slot = mach_port_slot(port, queue, tag);
	struct mach_request *request = NULL;

	spin_lock(&port->lock);
	if (slot->state == MACH_SLOT_HELD) {
		request = slot->request;
		slot->state = MACH_SLOT_FREE;
		slot->request = NULL;
		if (!port->dead) {
			list_add(&request->port_link, &port->pending);
			request = NULL;
		}
	}
	spin_unlock(&port->lock);
	if (request)
		mach_request_put(request);
}
EXPORT_SYMBOL_IF_KUNIT(mach_port_unreceive);

/**
 * mach_port_hold - Begin to answer a held request
 * @port: the pager's
 * @queue: its queue
 * @tag: its slot
 * @generation: which request
 *
 * Until mach_port_release() no other call can answer it. Return: the slot, or
 * -ENOENT, -ENODEV, -EBUSY when another call answers it now, -ESTALE.
 */
struct mach_slot *mach_port_hold(struct mach_port *port, unsigned int queue,
				 unsigned int tag, u32 generation)
{
	struct mach_slot *slot = mach_port_slot(port, queue, tag);
	int err = 0;

	if (!slot)
		return ERR_PTR(-ENOENT);
	spin_lock(&port->lock);
	if (port->dead)
		err = -ENODEV;
	else if (slot->state < MACH_SLOT_HELD ||
		 slot->generation != generation)
		err = -ESTALE;
	else if (slot->state == MACH_SLOT_ANSWERING)
		err = -EBUSY;
	else
		slot->state = MACH_SLOT_ANSWERING;
	spin_unlock(&port->lock);
	return err ? ERR_PTR(err) : slot;
}
EXPORT_SYMBOL_IF_KUNIT(mach_port_hold);

/**
 * mach_port_release - Answering is over, for now or for good
 * @port: the pager's
 * @slot: from mach_port_hold()
 * @done: the request has ended; the slot is free
 */
void mach_port_release(struct mach_port *port, struct mach_slot *slot,
		       bool done)
{
	struct mach_request *request = slot->request;

	spin_lock(&port->lock);
	if (done) {
		slot->state = MACH_SLOT_FREE;
		slot->request = NULL;
	} else {
		slot->state = MACH_SLOT_HELD;
	}
	spin_unlock(&port->lock);
	if (done)
		mach_request_put(request);
}
EXPORT_SYMBOL_IF_KUNIT(mach_port_release);

/* Is the deadline over, or does @all mean it anyway? Notes the earliest left. */
static bool mach_port_overdue(struct mach_port *port,
			      struct mach_request *request, bool all)
{
	lockdep_assert_held(&port->lock);
	if (all || time_after_eq(jiffies, request->deadline))
		return true;
	if (!port->watching || time_before(request->deadline, port->next))
		port->next = request->deadline;
	port->watching = true;
	return false;
}

/* A request to be ended now, with a reference. Held slots stay the pager's. */
static struct mach_request *mach_port_pick(struct mach_port *port, bool all)
{
	struct mach_request *request = mach_port_next(port);
	struct mach_slot *slot;
	unsigned int i;

	lockdep_assert_held(&port->lock);
	if (request && mach_port_overdue(port, request, all)) {
		list_del_init(&request->port_link);
		return request;
	}
	for (i = 0; i < port->nr_queues * port->depth; i++) {
		slot = &port->queues[i / port->depth].slots[i % port->depth];
		request = slot->request;
		if (!request || mach_request_has_ended(request) ||
		    !mach_port_overdue(port, request, all))
			continue;
		mach_request_get(request);
		return request;
	}
	return NULL;
}

/* End requests that are overdue, or all. */
void mach_port_abort(struct mach_port *port, bool all)
{
	struct mach_request *request;

	for (;;) {
		spin_lock(&port->lock);
		request = mach_port_pick(port, all);
		spin_unlock(&port->lock);
		if (!request)
			break;
		trace_mach_abort(request->operation, request->object->id,
				 request->first, request->n);
		mach_request_end(request, -EIO);
		mach_request_put(request);
	}
}

void mach_port_watchdog(struct work_struct *work)
{
	struct mach_port *port =
		container_of(work, struct mach_port, watchdog.work);

	spin_lock(&port->lock);
	port->watching = false;
	spin_unlock(&port->lock);
	mach_port_abort(port, false);
	spin_lock(&port->lock);
	if (port->watching && !port->dead)
		mod_delayed_work(system_unbound_wq, &port->watchdog,
				 max_t(long, port->next - jiffies, 1));
	spin_unlock(&port->lock);
}

void mach_port_disarm_all(struct mach_port *port,
			  struct hlist_head *commands)
{
	struct hlist_node *next;
	struct mach_slot *slot;
	unsigned int q;

	lockdep_assert_held(&port->lock);
	for (q = 0; q < port->nr_queues; q++) {
		hlist_for_each_entry_safe(slot, next, &port->queues[q].armed,
					  link) {
			struct io_uring_cmd *command = slot->command;
			struct mach_receiver *receiver = slot->receiver;

			mach_slot_disarm(port, slot);
			slot->command = command;
			if (command) {
				hlist_add_head(&slot->link, commands);
				continue;
			}
			receiver->error = -ENODEV;
			WRITE_ONCE(receiver->done, true);
			wake_up_process(receiver->task);
		}
	}
}
