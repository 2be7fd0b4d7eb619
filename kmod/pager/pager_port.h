/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A pager's port: its birth, its death, and the objects that it has made.
 */
#ifndef MACH_PAGER_PORT_H
#define MACH_PAGER_PORT_H

#include "pager_slot.h"

struct mach_port *mach_port_create(const struct mach_pager_register *args);
void mach_port_die(struct mach_port *port);
void mach_port_shutdown(struct mach_port *port);

struct mach_object *mach_pager_object(struct mach_port *port, u32 id);
int mach_port_number(struct mach_port *port, u32 *id);
void mach_port_unnumber(struct mach_port *port, u32 id);
int mach_pager_add_object(struct mach_port *port, struct mach_object *object);
void mach_pager_end_object(struct mach_port *port, struct mach_object *object);

#endif /* MACH_PAGER_PORT_H */
