/* SPDX-License-Identifier: GPL-2.0-only */
/* /dev/machvm: tasks, and the pagers that they become. */
#ifndef MACH_DEV_H
#define MACH_DEV_H

int mach_dev_init(void);
void mach_dev_exit(void);

#endif /* MACH_DEV_H */
