/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The slots of a port: each holds one request while a thread of the pager works on
 * it. Both transports, ring and ioctl, arm slots here and answer from here.
 */
#ifndef MACH_PAGER_SLOT_H
#define MACH_PAGER_SLOT_H

#include "base/compat.h"
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
	struct mach_request *request;
	struct mach_queue *queue;
	struct mach_message *message;
	struct hlist_node link;
};

/**
 * struct mach_queue - Slots that one pager thread serves
 * @messages: (c) the array that the pager maps: port->depth messages, each of the
 *	size that the pager wants
 * @slots: (c) array of port->depth
 * @armed: (p) slots that wait, latest first
 * @offers: (p) requests it has got; looked at without the lock
 * @near: (p) the latest came from the CPU that its thread ran on; likewise
 * @hand_off: of the thread that serves it
 */
struct mach_queue {
	void *messages;
	struct mach_slot *slots;
	struct hlist_head armed;
	unsigned int offers;
	bool near;
	struct mach_hand_off hand_off;
};

/**
 * struct mach_port - The receiving side of a pager
 *
 * (a) atomic, (c) const, (p) @lock, (x) its own lock
 *
 * @pager: its sending side
 * @lock: a leaf; nothing is called under it
 * @dead: (p) resigned or closed
 * @watching: (p) the watchdog is due
 * @sweeping: (p) the sweep is due
 * @pending: (p) requests that found no armed slot, oldest first
 * @due: (p) all requests that may still pass their deadline, by it
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
 * @life: of its memory
 * @objects: (x) by id, each referenced
 * @watchdog: ends requests whose deadline is over
 * @sweep: ends commands whose ring ends, where io_uring does not
 * @reap: takes the objects down after death
 * @wq: (c) for work that waits for this pager
 * @free: when nobody knows the port any more, and nothing runs in @wq
 * @queues: (c)
 */
struct mach_port {
	struct mach_pager pager;
	spinlock_t lock;	/* see above */
	bool dead;
	bool watching;
	bool sweeping;
	struct list_head pending;
	struct list_head due;
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
	struct delayed_work watchdog;
	struct delayed_work sweep;
	struct work_struct reap;
	struct workqueue_struct *wq;
	struct work_struct free;
	struct mach_queue queues[];
};

static inline struct mach_port *mach_port_of(struct mach_pager *pager)
{
	return container_of(pager, struct mach_port, pager);
}

extern struct workqueue_struct *mach_port_wq;

int mach_port_submit(struct mach_pager *pager, struct mach_request *request);
int mach_port_attend(struct mach_port *port, struct mach_request *request);
void mach_port_dismiss(struct mach_port *port, struct mach_request *request);
bool mach_port_working(struct mach_pager *pager);
void mach_port_disarm_all(struct mach_port *port, struct llist_head *commands);
void mach_port_sweep(struct work_struct *work);

void mach_command_init(struct io_uring_cmd *command, struct mach_port *port);
bool mach_command_ends(struct io_uring_cmd *command);
void mach_command_done(struct io_uring_cmd *command, int result);
void mach_commands_done(struct llist_head *commands, int result);
void mach_port_cancel(struct mach_port *port, struct io_uring_cmd *command,
		      unsigned int issue_flags);

int mach_port_arm(struct mach_port *port, unsigned int queue, unsigned int tag,
		  struct io_uring_cmd *command, struct pid *thread);
int mach_port_receive(struct mach_port *port, unsigned int queue,
		      unsigned int timeout_ms, bool block, unsigned int *tag,
		      u32 *generation);
void mach_port_put_back(struct mach_port *port, unsigned int queue,
			unsigned int tag, u32 generation);
struct mach_slot *mach_port_hold(struct mach_port *port, unsigned int queue,
				 unsigned int tag, u32 generation);
void mach_port_release(struct mach_port *port, struct mach_slot *slot,
		       bool done);

#endif /* MACH_PAGER_SLOT_H */
