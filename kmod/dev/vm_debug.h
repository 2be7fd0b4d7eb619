/* SPDX-License-Identifier: GPL-2.0-only */
/* For people: the module's state as text in /sys/kernel/debug/machvm. */
#ifndef MACH_VM_DEBUG_H
#define MACH_VM_DEBUG_H

void mach_debug_init(void);
void mach_debug_exit(void);

#endif /* MACH_VM_DEBUG_H */
