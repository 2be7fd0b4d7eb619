// SPDX-License-Identifier: GPL-2.0-only
/* Who waits in a slot in vain: all when the pager dies, commands when a ring ends. */
#include "pager_sweep.h"

void mach_commands_done(struct llist_head *commands, int result)
{
	struct mach_command *note, *next;

	llist_for_each_entry_safe(note, next, llist_del_all(commands), link)
		mach_command_done(container_of((void *)note,
					       struct io_uring_cmd, pdu),
				  result);
}

static void mach_slot_take_command(struct mach_port *port,
				   struct mach_slot *slot,
				   struct llist_head *commands)
{
	struct io_uring_cmd *command = slot->command;

	lockdep_assert_held(&port->lock);
	mach_slot_disarm(port, slot);
	__llist_add(&mach_command_of(command)->link, commands);
}

void mach_port_disarm_all(struct mach_port *port, struct llist_head *commands)
{
	struct hlist_node *next;
	struct mach_slot *slot;
	unsigned int q;

	lockdep_assert_held(&port->lock);
	for (q = 0; q < port->nr_queues; q++) {
		hlist_for_each_entry_safe(slot, next, &port->queues[q].armed,
					  link) {
			struct mach_receiver *receiver = slot->receiver;

			if (slot->command) {
				mach_slot_take_command(port, slot, commands);
				continue;
			}
			mach_slot_disarm(port, slot);
			receiver->error = -ENODEV;
			WRITE_ONCE(receiver->done, true);
			wake_up_process(receiver->task);
		}
	}
}

/* Return: does a command of the queue wait on? */
static bool mach_queue_sweep(struct mach_port *port, struct mach_queue *queue)
{
	LLIST_HEAD(commands);
	struct hlist_node *next;
	struct mach_slot *slot;
	bool left = false;

	spin_lock(&port->lock);
	hlist_for_each_entry_safe(slot, next, &queue->armed, link) {
		if (!slot->command)
			continue;
		if (mach_command_ends(slot->command))
			mach_slot_take_command(port, slot, &commands);
		else
			left = true;
	}
	spin_unlock(&port->lock);
	mach_commands_done(&commands, -ECANCELED);
	return left;
}

/* End the commands whose ring ends; come again while others wait. */
void mach_port_sweep(struct work_struct *work)
{
	struct mach_port *port =
		container_of(work, struct mach_port, sweep.work);
	bool left = false;
	unsigned int q;

	spin_lock(&port->lock);
	port->sweeping = false;
	spin_unlock(&port->lock);
	for (q = 0; q < port->nr_queues; q++)
		left |= mach_queue_sweep(port, &port->queues[q]);
	spin_lock(&port->lock);
	if (left)
		mach_port_sweep_later(port);
	spin_unlock(&port->lock);
}
EXPORT_SYMBOL_IF_KUNIT(mach_port_sweep);
