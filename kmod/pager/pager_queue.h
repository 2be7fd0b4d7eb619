/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a port consists of, and the choice: which request goes to which slot. Nothing
 * is moved here.
 *
 * A worker is a thread that takes requests; the module sees its slots only. A slot
 * is *ready* if who waits in it begins at once with what comes: it is a thread in
 * MACH_PAGER_RECEIVE; or its queue has no request; or the queue is known to work on
 * several at a time. A request that finds no ready slot waits, so that whoever is
 * ready first takes it.
 *
 * A queue that has a request and is not known may be of either kind. It gets another
 * one now and then: if it answers that one first it is known, if not it gets the next
 * one later. So nothing stalls, even if an answer depends on another request.
 *
 * One object never has all workers that there are, unless it is one: its requests
 * leave the last ready slot to others. Those take turns by object, and the requests
 * of one object go in order.
 */
#ifndef MACH_PAGER_QUEUE_H
#define MACH_PAGER_QUEUE_H

#include "base/compat.h"
#include "file/directory.h"
#include "pager_worker.h"
#include "request/memory_object.h"

#include <linux/llist.h>

struct io_uring_cmd;

/**
 * struct mach_command - What is noted in a command of a ring that waits
 * @port: (c) whose command it is
 * @slot: (p) armed by it; or NULL
 * @generation: (p) of the request that it has got
 * @result: to be completed with; of whoever takes it out of the slot
 * @link: so is this
 */
struct mach_command {
	struct mach_port *port;
	struct mach_slot *slot;
	u32 generation;
	int result;
	struct llist_node link;
};

/**
 * enum mach_slot_state - Who has the slot
 * @MACH_SLOT_FREE: the pager may arm it
 * @MACH_SLOT_ARMED: a command or a receiver waits in it for a request
 * @MACH_SLOT_HELD: the pager works on its request
 * @MACH_SLOT_ANSWERING: a call of the pager settles pages of its request
 */
enum mach_slot_state {
	MACH_SLOT_FREE,
	MACH_SLOT_ARMED,
	MACH_SLOT_HELD,
	MACH_SLOT_ANSWERING,
};

/**
 * struct mach_receiver - A thread in MACH_PAGER_RECEIVE; all (p)
 * @task: to wake
 * @done: bool: the slot is no longer armed: it holds a request, or @error is set
 * @error: -ENODEV when the pager has resigned
 */
struct mach_receiver {
	struct task_struct *task;
	u8 done;
	int error;
};

/**
 * struct mach_slot - Place for one request; all (p) unless noted
 * @state: see there
 * @cpu: armed: where the thread ran that did it
 * @generation: of the request held last
 * @command: armed by ring: what to complete
 * @receiver: armed by ioctl: whom to wake
 * @worker: the thread that armed it, received or answers its request
 * @turn: held or answering: which of its queue's requests it is
 * @request: held or answering: referenced; the answering call uses it freely
 * @queue: (c) whose slot it is
 * @message: (c) where the pager reads it
 * @link: armed: in queue->armed
 */
struct mach_slot {
	enum mach_slot_state state;
	unsigned int cpu;
	u32 generation;
	struct io_uring_cmd *command;
	struct mach_receiver *receiver;
	struct mach_worker worker;
	unsigned int turn;
	struct mach_request *request;
	struct mach_queue *queue;
	struct mach_message *message;
	struct hlist_node link;
};

/**
 * struct mach_queue - Slots that one pager thread serves
 *
 * (c) const, (p) the port's lock, (w) no lock: see struct mach_hand_off
 *
 * @messages: (c) the array that the pager maps: port->depth messages, each of the
 *	size that the pager wants
 * @slots: (c) array of port->depth
 * @armed: (p) slots that wait, latest first
 * @held: (p) slots that have a request
 * @several: (p) its requests are worked on at the same time, as far as is known
 * @heard: (p) jiffies when a slot was armed or answered last
 * @more_at: (p) jiffies from when on it may get a request beside what it has
 * @patience: (p) jiffies from one such request to the next
 * @offers: (p) requests it has got; looked at without the lock
 * @latest_near: (p) bool: that came from the CPU that its thread ran on; likewise
 * @hand_off: (w) of the thread that serves it
 */
struct mach_queue {
	void *messages;
	struct mach_slot *slots;
	struct hlist_head armed;
	unsigned int held;
	bool several;
	unsigned long heard;
	unsigned long more_at;
	unsigned long patience;
	unsigned int offers;
	u8 latest_near;
	struct mach_hand_off hand_off;
};

/**
 * struct mach_port - The receiving side of a pager
 *
 * (a) atomic, (c) const, (p) @lock, (x) its own lock
 *
 * @pager: its sending side
 * @lock: a leaf: no lock of the module is taken under it
 * @dead: (p) bool: resigned or closed
 * @watching: (p) the watchdog is due
 * @sweeping: (p) the sweep is due
 * @ticking: (p) the tick is due
 * @asking: (p) objects with requests that wait for a slot, in turn
 * @due: (p) all requests that may still pass their deadline, by it
 * @told: (p) the deadline that a message told last, in jiffies
 * @told_ns: (p) the same as messages tell it; 0: none yet
 * @mappings: (a) of message arrays
 * @locks: (a) lock requests that go on without their caller
 * @nr_queues: (c)
 * @depth: (c) slots of a queue
 * @deadline: (c) jiffies
 * @message_size: (c) bytes that are filled in of a message; what the pager has
 *	beyond stays zero
 * @array_size: (c) bytes of a queue's message array
 * @charged: (c) KiB of queues that its user is charged
 * @workers: (p) threads that hold a request
 * @owner: (c) the process that registered
 * @life: of its memory: followed by mach_port_follow(), before any call can find the
 *	port, and left by mach_port_shutdown(), when none can any more; between them it
 *	is Linux's
 * @objects: (x) by id, each referenced
 * @keeper: (x) its links and directories
 * @watchdog: ends requests whose deadline is over
 * @sweep: ends commands whose ring ends, where io_uring does not
 * @tick: gives what waits to those who work already
 * @reap: takes the objects down after death
 * @reaped: that is done; who closes waits for it here, for a while
 * @has_reaped: (p) bool: so; only ever set, and may be read at any time
 * @unwatched: (p) bool: nobody waits there any more, and @reap goes the rest of the way
 * @wq: (c) for work that waits for this pager
 * @free: when nobody knows the port any more, and nothing runs in @wq
 * @queues: (c)
 */
struct mach_port {
	struct mach_pager pager;
	spinlock_t lock;	/* see above */
	u8 dead;
	bool watching;
	bool sweeping;
	bool ticking;
	struct list_head asking;
	struct list_head due;
	unsigned long told;
	u64 told_ns;
	atomic_t mappings;
	atomic_t locks;
	unsigned int nr_queues;
	unsigned int depth;
	unsigned long deadline;
	u32 message_size;
	size_t array_size;
	unsigned long charged;
	struct mach_workers workers;
	struct pid *owner;
	struct mach_compat_life life;
	struct xarray objects;
	struct mach_keeper keeper;
	struct delayed_work watchdog;
	struct delayed_work sweep;
	struct delayed_work tick;
	struct work_struct reap;
	wait_queue_head_t reaped;
	u8 has_reaped;
	u8 unwatched;
	struct workqueue_struct *wq;
	struct work_struct free;
	struct mach_queue queues[];
};

bool mach_command_ends(struct io_uring_cmd *command);

void mach_port_ask(struct mach_port *port, struct mach_request *request);
void mach_port_ask_again(struct mach_port *port, struct mach_request *request);
void mach_port_unask(struct mach_port *port, struct mach_request *request);

struct mach_slot *mach_port_choose(struct mach_port *port,
				   const struct mach_request *request,
				   bool anyway);
struct mach_request *mach_port_next(struct mach_port *port, bool anyway,
				    struct mach_slot **slot);
void mach_port_learn(struct mach_port *port, const struct mach_slot *slot);
void mach_queue_hand_off(struct mach_port *port, struct mach_queue *queue);

struct mach_object *mach_port_object(struct mach_port *port, u32 id);

/* Does any request wait for a slot? Exact with the lock only */
static inline bool mach_port_asks(const struct mach_port *port)
{
	return !list_empty(&port->asking);
}

/* May a hand-off pay, as who was answered runs on this CPU? Once for each request */
static inline bool mach_queue_hands_off(const struct mach_port *port,
					struct mach_queue *queue)
{
	if (!READ_ONCE(queue->latest_near))
		return false;
	WRITE_ONCE(queue->latest_near, false);
	return !mach_port_asks(port) && mach_hand_off_pays(&queue->hand_off);
}

#endif /* MACH_PAGER_QUEUE_H */
