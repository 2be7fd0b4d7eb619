/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The slots of a port: each holds one request while a thread of the pager works on
 * it. Both transports, ring and ioctl, arm slots here and answer from here.
 */
#ifndef MACH_PAGER_SLOT_H
#define MACH_PAGER_SLOT_H

#include "pager_queue.h"

static inline struct mach_port *mach_port_of(struct mach_pager *pager)
{
	return container_of(pager, struct mach_port, pager);
}

static inline struct mach_command *mach_command_of(struct io_uring_cmd *command)
{
	return (struct mach_command *)command->pdu;
}

extern struct workqueue_struct *mach_port_wq;

int mach_port_submit(struct mach_pager *pager, struct mach_request *request);
void mach_port_watch(struct mach_port *port, struct mach_request *request);
void mach_port_sweep_later(struct mach_port *port);
void mach_slot_disarm(struct mach_port *port, struct mach_slot *slot);
void mach_port_tick_later(struct mach_port *port);
void mach_port_tick(struct work_struct *work);

/* Before anyone can see it */
static inline void mach_command_init(struct io_uring_cmd *command,
				     struct mach_port *port)
{
	*mach_command_of(command) = (struct mach_command) { .port = port };
}

int mach_command_outcome(struct io_uring_cmd *command, int result);
void mach_command_done(struct io_uring_cmd *command, int result);
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
int mach_port_release_and_arm(struct mach_port *port, struct mach_slot *slot,
			      struct io_uring_cmd *command, struct pid *thread);
void mach_port_answers_apart(struct mach_port *port, unsigned int queue,
			     unsigned int tag, u32 generation);
void mach_port_match(struct mach_port *port);

#endif /* MACH_PAGER_SLOT_H */
