/* SPDX-License-Identifier: GPL-2.0-only */
/* What object and name descriptors do: map, read, write, sync, tell. */
#ifndef MACH_OBJECT_FILE_H
#define MACH_OBJECT_FILE_H

#include "object/vm_object.h"

#include <linux/mach_task.h>

/**
 * struct mach_grant - What somebody may map of an object
 * @object: which
 * @protection: MACH_PROT_* at most
 * @start: first byte
 * @length: bytes from there
 */
struct mach_grant {
	struct mach_object *object;
	u32 protection;
	u64 start;
	u64 length;
};

extern const struct file_operations mach_object_fops;

int mach_grant_get(int fd, struct mach_grant *grant);
struct file *mach_object_name_file(struct mach_object *object);
struct file *mach_object_file(struct mach_object *object);
int mach_object_file_open(struct mach_object *object, struct file *file);

#endif /* MACH_OBJECT_FILE_H */
