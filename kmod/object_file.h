/* SPDX-License-Identifier: GPL-2.0-only */
/* What object and name descriptors do: map, read, write, sync, tell. */
#ifndef MACH_OBJECT_FILE_H
#define MACH_OBJECT_FILE_H

#include "vm_object.h"

extern const struct file_operations mach_object_fops;

struct file *mach_object_file(struct mach_object *object);
int mach_object_file_open(struct mach_object *object, struct file *file);
void mach_object_file_set_open(int (*open)(struct inode *inode,
					   struct file *file));

#endif /* MACH_OBJECT_FILE_H */
