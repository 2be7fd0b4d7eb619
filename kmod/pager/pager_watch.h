/* SPDX-License-Identifier: GPL-2.0-only */
/* Deadlines of a port's requests. */
#ifndef MACH_PAGER_WATCH_H
#define MACH_PAGER_WATCH_H

#include "pager_slot.h"

void mach_port_watchdog(struct work_struct *work);
int mach_port_attend(struct mach_port *port, struct mach_request *request);
void mach_port_dismiss(struct mach_port *port, struct mach_request *request);
void mach_port_abort(struct mach_port *port);

#endif /* MACH_PAGER_WATCH_H */
