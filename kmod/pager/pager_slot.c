// SPDX-License-Identifier: GPL-2.0-only
/* Slots: how a request comes to a thread of its pager. */
#include "pager_slot.h"
#include "base/compat.h"
#include "request/request_memory.h"

static_assert(sizeof(struct mach_command) <=
	      sizeof_field(struct io_uring_cmd, pdu));

/* Where io_uring tells nobody of a ring's end, how often to look for it */
#define MACH_SWEEP	(HZ / 2)

/* How long a request waits for a slot until one that is not ready may do */
#define MACH_TICK	1

struct workqueue_struct *mach_port_wq __ro_after_init;

void mach_port_sweep_later(struct mach_port *port)
{
	lockdep_assert_held(&port->lock);
	if (port->sweeping)
		return;
	port->sweeping = true;
	queue_delayed_work(mach_port_wq, &port->sweep, MACH_SWEEP);
}

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
	slot->queue->heard = jiffies;
	hlist_add_head(&slot->link, &slot->queue->armed);
	if (!command)
		return;
	mach_command_of(command)->slot = slot;
	if (!MACH_COMPAT_RING_CANCELS)
		mach_port_sweep_later(port);
}

void mach_slot_disarm(struct mach_port *port, struct mach_slot *slot)
{
	lockdep_assert_held(&port->lock);
	WARN_ON_ONCE(slot->state != MACH_SLOT_ARMED);
	if (slot->command)
		mach_command_of(slot->command)->slot = NULL;
	slot->state = MACH_SLOT_FREE;
	slot->command = NULL;
	slot->receiver = NULL;
	hlist_del(&slot->link);
}

static_assert(sizeof(struct mach_message) == MACH_MESSAGE_SIZE_VER0);

/* It is the same for many requests, and asking the clock is dear. */
static u64 mach_port_deadline_ns(struct mach_port *port, unsigned long deadline)
{
	/* the watchdog may be late, and the deadline over */
	long left = deadline - jiffies;

	lockdep_assert_held(&port->lock);
	if (deadline != port->told || !port->told_ns) {
		port->told = deadline;
		port->told_ns = ktime_get_coarse_ns() +
				jiffies64_to_nsecs(max(left, 0L));
	}
	return port->told_ns;
}

static void mach_message_fill(struct mach_port *port,
			      struct mach_message *message,
			      const struct mach_request *request,
			      u32 generation)
{
	lockdep_assert_held(&port->lock);
	message->generation = generation;
	message->operation = request->operation;
	message->flags = request->flags;
	message->object = request->object->id;
	message->access = request->access;
	message->cookie = request->cookie;
	message->offset = request->offset;
	message->length = request->length;
	message->mandatory = request->operation == MACH_OP_SET_SIZE ?
			     request->size :
			     (u64)request->mandatory << PAGE_SHIFT;
	message->deadline_ns = mach_port_deadline_ns(port, request->deadline);
}

/* The slot, free, takes over the request's reference. */
static inline void mach_slot_offer(struct mach_port *port,
				   struct mach_slot *slot,
				   struct mach_request *request)
{
	lockdep_assert_held(&port->lock);
	WARN_ON_ONCE(slot->state != MACH_SLOT_FREE);
	slot->state = MACH_SLOT_HELD;
	slot->request = request;
	mach_worker_begin(&port->workers, &slot->worker);
	/* looked at without the lock */
	WRITE_ONCE(slot->queue->offers, slot->queue->offers + 1);
	WRITE_ONCE(slot->queue->latest_near, request->near);
	slot->turn = slot->queue->offers;
	slot->queue->held++;
	WRITE_ONCE(port->pager.held, port->pager.held + 1);
	request->object->held++;
	slot->generation++;
	/* a field of a later version goes only into messages that have it */
	slot->message->size = port->message_size;
	mach_message_fill(port, slot->message, request, slot->generation);
	if (!list_empty(&request->port_link))
		mach_port_unask(port, request);
}

/* The slot has no request now. */
static inline void mach_slot_clear(struct mach_port *port,
				   struct mach_slot *slot)
{
	lockdep_assert_held(&port->lock);
	slot->queue->held--;
	WRITE_ONCE(port->pager.held, port->pager.held - 1);
	slot->request->object->held--;
	slot->state = MACH_SLOT_FREE;
	slot->request = NULL;
	mach_worker_end(&port->workers, &slot->worker);
}

/* To who waits in the slot. Return: the command to complete, if it is one. */
static struct io_uring_cmd *mach_slot_hand(struct mach_port *port,
					   struct mach_slot *slot,
					   struct mach_request *request)
{
	struct mach_receiver *receiver = slot->receiver;
	struct io_uring_cmd *command = slot->command;

	lockdep_assert_held(&port->lock);
	mach_slot_disarm(port, slot);
	mach_slot_offer(port, slot, request);
	if (command) {
		mach_command_of(command)->slot = slot;
		mach_command_of(command)->generation = slot->generation;
		return command;
	}
	WRITE_ONCE(receiver->done, true);
	wake_up_process(receiver->task);
	return NULL;
}

/* From now on the request has a deadline. All have as much time: so in order. */
void mach_port_watch(struct mach_port *port, struct mach_request *request)
{
	lockdep_assert_held(&port->lock);
	request->deadline = jiffies + port->deadline;
	list_add_tail(&request->due_link, &port->due);
	if (port->watching)
		return;
	port->watching = true;
	queue_delayed_work(mach_port_wq, &port->watchdog, port->deadline);
}

/* While requests wait, the tick comes. */
void mach_port_tick_later(struct mach_port *port)
{
	mach_compat_stub(mach_port_tick_later, port);
	lockdep_assert_held(&port->lock);
	if (port->ticking)
		return;
	port->ticking = true;
	queue_delayed_work(mach_port_wq, &port->tick, MACH_TICK);
}
EXPORT_SYMBOL_IF_KUNIT(mach_port_tick_later);

/* Return: the command to complete, if it goes to one. It waits behind others. */
static struct io_uring_cmd *mach_port_send(struct mach_port *port,
					   struct mach_request *request)
{
	struct mach_slot *slot = NULL;

	lockdep_assert_held(&port->lock);
	if (!mach_port_asks(port))
		slot = mach_port_choose(port, request, false);
	if (slot) {
		request->near = slot->cpu == raw_smp_processor_id();
		return mach_slot_hand(port, slot, request);
	}
	mach_port_ask(port, request);
	mach_port_tick_later(port);
	return NULL;
}

int mach_port_submit(struct mach_pager *pager,
		     struct mach_request *request)
{
	struct mach_port *port = mach_port_of(pager);
	struct io_uring_cmd *command;
	bool asks;

	spin_lock(&port->lock);
	if (port->dead) {
		spin_unlock(&port->lock);
		return -EIO;
	}
	mach_request_get(request);
	request->sender = task_pid_nr(current);
	mach_port_watch(port, request);
	command = mach_port_send(port, request);
	asks = mach_port_asks(port);
	spin_unlock(&port->lock);
	if (command)
		mach_command_done(command, 0);
	if (asks)
		mach_port_match(port);
	return 0;
}

static struct mach_slot *mach_port_slot(struct mach_port *port,
					unsigned int queue, unsigned int tag)
{
	if (queue >= port->nr_queues || tag >= port->depth)
		return NULL;
	return &port->queues[queue].slots[tag];
}

/* One of what waits, to who does. Return: false if nobody could get any. */
static bool mach_port_match_one(struct mach_port *port, bool anyway,
				struct io_uring_cmd **command)
{
	struct mach_request *request;
	struct mach_slot *slot;

	lockdep_assert_held(&port->lock);
	*command = NULL;
	request = mach_port_next(port, anyway, &slot);
	if (!request)
		return false;
	if (slot->queue->held)
		slot->queue->more_at = jiffies + slot->queue->patience;
	*command = mach_slot_hand(port, slot, request);
	return true;
}

/* Requests and slots that wait come together. */
void mach_port_match(struct mach_port *port)
{
	struct io_uring_cmd *command;
	bool more;

	do {
		spin_lock(&port->lock);
		more = mach_port_match_one(port, false, &command);
		spin_unlock(&port->lock);
		if (command)
			mach_command_done(command, 0);
	} while (more && mach_port_asks(port));
}
EXPORT_SYMBOL_IF_KUNIT(mach_port_match);

/**
 * struct mach_armed - What came of it that a command is to wait in a slot
 * @ret: as of mach_port_arm(), so far
 * @more: what waits was offered to who does: more may be possible
 * @near: the queue's hand-off is due
 * @got: a command to complete, which may be the same; or NULL
 *
 * With @more or @near it has a reference to the port: the command may have been completed
 * meanwhile, and the pager's file closed.
 */
struct mach_armed {
	int ret;
	bool more;
	bool near;
	struct io_uring_cmd *got;
};

static inline struct mach_armed mach_slot_arm(struct mach_port *port,
					      struct mach_slot *slot,
					      struct io_uring_cmd *command,
					      struct pid *thread)
{
	struct mach_armed armed = { .ret = -EIOCBQUEUED };

	lockdep_assert_held(&port->lock);
	if (port->dead) {
		armed.ret = -ENODEV;
	} else if (slot->state != MACH_SLOT_FREE) {
		armed.ret = -EBUSY;
	} else {
		mach_worker_claim(&port->workers, &slot->worker, thread);
		mach_slot_wait(port, slot, command, NULL);
		if (mach_port_asks(port))
			armed.more = mach_port_match_one(port, false,
							 &armed.got);
		armed.near = mach_queue_hands_off(port, slot->queue);
		if (armed.more || armed.near)
			mach_pager_get(&port->pager);
	}
	return armed;
}

/* The same, without the lock. Return: what the command ends with */
static inline int mach_slot_armed(struct mach_port *port,
				  struct mach_queue *queue,
				  struct io_uring_cmd *command,
				  const struct mach_armed *armed)
{
	int ret = armed->ret;

	if (armed->more) {
		if (armed->got == command)
			ret = 0;
		else if (armed->got)
			mach_command_done(armed->got, 0);
		mach_port_match(port);
	} else if (armed->near) {
		mach_queue_hand_off(port, queue);
	} else {
		return ret;
	}
	mach_pager_put(&port->pager);
	return ret;
}

/**
 * mach_port_arm - Fetch: have a command wait for a request
 * @port: the pager's
 * @queue: its queue
 * @tag: its slot
 * @command: to be completed when a request lies in the slot
 * @thread: who submitted it
 *
 * Return: 0 when a request lies there already, -EIOCBQUEUED when the command
 * waits, -ENOENT, -ENODEV, -EBUSY.
 */
int mach_port_arm(struct mach_port *port, unsigned int queue, unsigned int tag,
		  struct io_uring_cmd *command, struct pid *thread)
{
	struct mach_slot *slot = mach_port_slot(port, queue, tag);
	struct mach_armed armed;

	if (!slot)
		return -ENOENT;
	spin_lock(&port->lock);
	armed = mach_slot_arm(port, slot, command, thread);
	spin_unlock(&port->lock);
	return mach_slot_armed(port, &port->queues[queue], command, &armed);
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
		set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
		if (READ_ONCE(receiver->done) || signal_pending(current) ||
		    !left)
			break;
		left = schedule_timeout(left);
	}
	__set_current_state(TASK_RUNNING);
	return left ? -EINTR : -ETIMEDOUT;
}

/* Take what waits for a slot, or wait for what comes. */
static int mach_receiver_wait(struct mach_port *port,
			      struct mach_receiver *receiver,
			      unsigned int timeout_ms, bool block)
{
	if (mach_port_asks(port))
		mach_port_match(port);
	if (READ_ONCE(receiver->done))
		return 0;
	return block ? mach_receiver_sleep(receiver, timeout_ms) : -ETIMEDOUT;
}

/**
 * mach_port_receive - Wait for a request by ioctl
 * @port: the pager's
 * @queue: which queue's slot to use
 * @timeout_ms: 0 for ever
 * @block: false: only what is there now
 * @tag: out: the slot, in whose message the request lies
 * @generation: out: of the request
 *
 * Return: 0, -ENOENT, -ENODEV, -EBUSY when no slot is free, -ETIMEDOUT, -EINTR.
 */
int mach_port_receive(struct mach_port *port, unsigned int queue,
		      unsigned int timeout_ms, bool block, unsigned int *tag,
		      u32 *generation)
{
	struct mach_receiver receiver = { .task = current };
	struct mach_slot *slot;
	int err = 0;

	if (queue >= port->nr_queues)
		return -ENOENT;
	if (mach_queue_hands_off(port, &port->queues[queue]))
		mach_queue_hand_off(port, &port->queues[queue]);
	spin_lock(&port->lock);
	slot = mach_queue_free_slot(port, &port->queues[queue]);
	if (slot)
		mach_worker_claim(&port->workers, &slot->worker,
				  task_pid(current));
	if (port->dead) {
		err = -ENODEV;
	} else if (!slot) {
		err = -EBUSY;
	} else {
		mach_slot_wait(port, slot, NULL, &receiver);
		spin_unlock(&port->lock);
		err = mach_receiver_wait(port, &receiver, timeout_ms, block);
		spin_lock(&port->lock);
		if (receiver.done)
			err = receiver.error;
		else
			mach_slot_disarm(port, slot);
	}
	if (!err) {
		*tag = slot - port->queues[queue].slots;
		*generation = slot->generation;
	}
	spin_unlock(&port->lock);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(mach_port_receive);

/*
 * What waits goes to those who are busy, too: perhaps they work on several at a time,
 * or need it to go on.
 */
void mach_port_tick(struct work_struct *work)
{
	struct mach_port *port = container_of(work, struct mach_port, tick.work);
	struct io_uring_cmd *command;
	bool more;

	do {
		spin_lock(&port->lock);
		more = mach_port_match_one(port, true, &command);
		if (!more) {
			port->ticking = false;
			if (mach_port_asks(port) && !port->dead)
				mach_port_tick_later(port);
		}
		spin_unlock(&port->lock);
		if (command)
			mach_command_done(command, 0);
	} while (more);
}
EXPORT_SYMBOL_IF_KUNIT(mach_port_tick);

static void mach_slot_put_back(struct mach_port *port, struct mach_slot *slot,
			       u32 generation)
{
	struct mach_request *request = NULL;

	spin_lock(&port->lock);
	if (slot->state == MACH_SLOT_HELD && slot->generation == generation) {
		request = slot->request;
		mach_slot_clear(port, slot);
		/* one that is not due any more is just being ended */
		if (!port->dead && !list_empty(&request->due_link) &&
		    !mach_request_has_ended(request)) {
			request->near = false;
			mach_port_ask_again(port, request);
			mach_port_tick_later(port);
			request = NULL;
		} else {
			list_del_init(&request->due_link);
		}
	}
	spin_unlock(&port->lock);
	if (request)
		mach_request_put(request);
	mach_port_match(port);
}

/**
 * mach_port_put_back - Nobody could be told of a request that lies in a slot
 * @port: the pager's
 * @queue: its queue
 * @tag: its slot
 * @generation: which request: not one that came into the slot since
 *
 * Another thread gets it before all that wait.
 */
void mach_port_put_back(struct mach_port *port, unsigned int queue,
			unsigned int tag, u32 generation)
{
	mach_slot_put_back(port, mach_port_slot(port, queue, tag), generation);
}
EXPORT_SYMBOL_IF_KUNIT(mach_port_put_back);

/* Whoever answers works on it, also if another thread received it. */
static void mach_slot_answer(struct mach_port *port, struct mach_slot *slot)
{
	lockdep_assert_held(&port->lock);
	slot->state = MACH_SLOT_ANSWERING;
	mach_worker_claim(&port->workers, &slot->worker, task_pid(current));
}

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
		mach_slot_answer(port, slot);
	spin_unlock(&port->lock);
	return err ? ERR_PTR(err) : slot;
}
EXPORT_SYMBOL_IF_KUNIT(mach_port_hold);

/* The request has ended, and the slot is free. */
static inline void mach_slot_release(struct mach_port *port,
				     struct mach_slot *slot)
{
	lockdep_assert_held(&port->lock);
	slot->queue->heard = jiffies;
	mach_port_learn(port, slot);
	list_del_init(&slot->request->due_link);
	mach_slot_clear(port, slot);
}

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
	if (done)
		mach_slot_release(port, slot);
	else
		slot->state = MACH_SLOT_HELD;
	spin_unlock(&port->lock);
	if (done)
		mach_request_put(request);
}
EXPORT_SYMBOL_IF_KUNIT(mach_port_release);

/**
 * mach_port_release_and_arm - The request has ended; the slot waits for the next one
 * @port: the pager's
 * @slot: from mach_port_hold()
 * @command: as of mach_port_arm()
 * @thread: likewise
 *
 * As mach_port_release() and mach_port_arm(), and cheaper. Return: as that.
 */
int mach_port_release_and_arm(struct mach_port *port, struct mach_slot *slot,
			      struct io_uring_cmd *command, struct pid *thread)
{
	struct mach_request *request = slot->request;
	struct mach_queue *queue = slot->queue;
	struct mach_armed armed;

	spin_lock(&port->lock);
	mach_slot_release(port, slot);
	armed = mach_slot_arm(port, slot, command, thread);
	spin_unlock(&port->lock);
	mach_request_put(request);
	return mach_slot_armed(port, queue, command, &armed);
}

/**
 * mach_port_answers_apart - A call answers a request that perhaps another thread took
 * @port: the pager's
 * @queue: its queue
 * @tag: its slot
 * @generation: which request
 *
 * If so, who takes requests of the queue does not work on them.
 */
void mach_port_answers_apart(struct mach_port *port, unsigned int queue,
			     unsigned int tag, u32 generation)
{
	struct mach_slot *slot = mach_port_slot(port, queue, tag);

	if (!slot)
		return;
	spin_lock(&port->lock);
	if (slot->state == MACH_SLOT_HELD && slot->generation == generation &&
	    slot->worker.thread != task_pid(current))
		slot->queue->several = true;
	spin_unlock(&port->lock);
}
EXPORT_SYMBOL_IF_KUNIT(mach_port_answers_apart);

/**
 * mach_command_outcome - What to complete a command with
 * @command: out of its slot
 * @result: 0: a request lies there
 *
 * A request that nobody would be told of is put back. Return: @result, or -ECANCELED.
 */
int mach_command_outcome(struct io_uring_cmd *command, int result)
{
	struct mach_command *note = mach_command_of(command);

	if (result || !mach_command_ends(command))
		return result;
	mach_slot_put_back(note->port, note->slot, note->generation);
	return -ECANCELED;
}
EXPORT_SYMBOL_IF_KUNIT(mach_command_outcome);

/* Where io_uring lets the command complete */
static void mach_command_tell(struct io_uring_cmd *command,
			      unsigned int issue_flags)
{
	int result = mach_command_of(command)->result;

	io_uring_cmd_done(command, mach_command_outcome(command, result), 0,
			  issue_flags);
}

/* Complete a command that was taken out of its slot; no lock held. */
void mach_command_done(struct io_uring_cmd *command, int result)
{
	mach_compat_stub(mach_command_done, command, result);
	mach_command_of(command)->result = result;
	mach_compat_ring_tell(command, mach_command_tell);
}
EXPORT_SYMBOL_IF_KUNIT(mach_command_done);

/* Its ring ends. A command that has got a request is being completed already. */
void mach_port_cancel(struct mach_port *port, struct io_uring_cmd *command,
		      unsigned int issue_flags)
{
	struct mach_slot *slot;
	bool armed;

	spin_lock(&port->lock);
	slot = mach_command_of(command)->slot;
	armed = slot && slot->command == command;
	if (armed)
		mach_slot_disarm(port, slot);
	spin_unlock(&port->lock);
	if (armed)
		io_uring_cmd_done(command, -ECANCELED, 0, issue_flags);
}
