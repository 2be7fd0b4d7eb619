/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /dev/machvm: an open file is a task or a pager.
 *
 *	vm_debug	the module's state as text, for people
 *	dev		file operations, and REGISTER
 *
 * There are no locks here: under the lock of its map a file becomes a pager's, once.
 */
#ifndef MACH_DEV_H
#define MACH_DEV_H

int mach_dev_init(void);
void mach_dev_exit(void);

#endif /* MACH_DEV_H */
