// SPDX-License-Identifier: GPL-2.0-only
/* A pager's calls on names. */
#include <string.h>

#include "naming.h"
#include "tap.h"

long pager_link(const struct test_pager *p, const char *name,
		const char *target, unsigned int owner)
{
	struct mach_pager_symlink args = {
		.size = sizeof(args), .uid = owner, .gid = owner,
		.name_length = strlen(name), .name = (uintptr_t)name,
		.target = (uintptr_t)target, .target_length = strlen(target),
	};

	return vm_ioctl(p->fd, MACH_PAGER_SYMLINK, &args);
}

long pager_mkdir(const struct test_pager *p, const char *name,
		 unsigned int mode, unsigned int owner)
{
	struct mach_pager_mkdir args = {
		.size = sizeof(args), .uid = owner, .gid = owner, .mode = mode,
		.name_length = strlen(name), .name = (uintptr_t)name,
	};

	return vm_ioctl(p->fd, MACH_PAGER_MKDIR, &args);
}

long pager_remove(const struct test_pager *p, const char *name)
{
	struct mach_pager_unpublish args = {
		.size = sizeof(args),
		.name_length = strlen(name), .name = (uintptr_t)name,
	};

	return vm_ioctl(p->fd, MACH_PAGER_UNPUBLISH, &args);
}

long object_unpublish(const struct test_pager *p, const struct test_object *o)
{
	struct mach_pager_unpublish args = {
		.size = sizeof(args), .object = o->number,
	};

	return vm_ioctl(p->fd, MACH_PAGER_UNPUBLISH, &args);
}
