// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libuserpager - the file system of objects: mounted where it is not yet.
 */
#include <errno.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <userpager/pager.h>

static bool is_mounted(void)
{
	struct statfs fs;

	return !statfs(MACH_VM_NODE_DIR, &fs) && fs.f_type == MACH_OBJECT_MAGIC;
}

static int mount_there(void)
{
	if (!mount("machobj", MACH_VM_NODE_DIR, "machobj",
		   MS_NOSUID | MS_NODEV, NULL))
		return 0;
	return errno;
}

/* Who has no right to make the directory has none to mount, either. */
static int mount_anew(void)
{
	int err;

	if (mkdir(MACH_VM_NODE_DIR, 0755) < 0) {
		if (errno == EEXIST)
			return mount_there();
		return errno == EACCES ? EPERM : errno;
	}
	err = mount_there();
	/* if another has mounted it, it stays */
	if (err)
		rmdir(MACH_VM_NODE_DIR);
	return err;
}

int pager_mount(void)
{
	int err;

	if (is_mounted())
		return 0;
	err = mount_there();
	if (err == ENOENT)
		err = mount_anew();
	switch (err) {
	case EBUSY:
		/* Linux mounts no file system on itself: another was faster */
		return is_mounted() ? 0 : EBUSY;
	case ENODEV:
		/* no such type */
		return ENOENT;
	default:
		return err;
	}
}
