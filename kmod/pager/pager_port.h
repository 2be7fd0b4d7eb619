/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A pager: its port, its transports, its calls.
 *
 *	file_io		pages from and to a file of the pager
 *	pager_worker	threads that work on a request
 *	pager_queue	which request goes to which slot
 *	pager_slot	slots, each with one request that a thread works on
 *	pager_watch	deadlines
 *	pager_sweep	who waits in a slot in vain
 *	pager_answer	answers, checked and applied
 *	pager_ring	the io_uring transport
 *	pager_port	birth, death, and the objects of a pager
 *	lock_request	clean and flush, without their caller
 *	pager_array	message arrays, whose mappings tell of a death
 *	pager_call	the table of calls; with RECEIVE the other transport
 *
 * Locks:
 *
 *	port->lock		spinlock: slots, pending requests, death; a leaf
 *	lock of port->objects	spinlock: objects by number; an object's lock is
 *				taken under it when the pager dies
 */
#ifndef MACH_PAGER_PORT_H
#define MACH_PAGER_PORT_H

#include "pager_slot.h"

int mach_port_init(void);
void mach_port_exit(void);

struct mach_port *mach_port_create(const struct mach_pager_register *args);
int mach_port_follow(struct mach_port *port);
void mach_port_die(struct mach_port *port);
void mach_port_shutdown(struct mach_port *port);

int mach_port_number(struct mach_port *port, u32 *id);
void mach_port_unnumber(struct mach_port *port, u32 id);
int mach_port_add_object(struct mach_port *port, struct mach_object *object);
void mach_port_end_object(struct mach_port *port, struct mach_object *object);

#endif /* MACH_PAGER_PORT_H */
