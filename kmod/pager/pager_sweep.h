/* SPDX-License-Identifier: GPL-2.0-only */
/* Who waits in a slot without hope is taken out of it. */
#ifndef MACH_PAGER_SWEEP_H
#define MACH_PAGER_SWEEP_H

#include "pager_slot.h"

void mach_port_disarm_all(struct mach_port *port, struct llist_head *commands);
void mach_commands_done(struct llist_head *commands, int result);
void mach_port_sweep(struct work_struct *work);

#endif /* MACH_PAGER_SWEEP_H */
