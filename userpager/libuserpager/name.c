// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libuserpager - names: of objects, links and directories, made and taken away.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "transport.h"

/*
 * Where machobj is not mounted, or something else over it, another file can have
 * the name. No file at all is no error: somebody may yet mount.
 */
static bool name_hidden(const struct pager *pager, const char *name)
{
	struct stat seen, own;
	int dir, err;

	/* its path from the root may be longer than Linux takes */
	dir = open(MACH_VM_NODE_DIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return false;
	err = fstatat(dir, name, &seen, AT_SYMLINK_NOFOLLOW);
	close(dir);
	if (err < 0 || fstat(pager->fd, &own) < 0)
		return false;
	return seen.st_dev != own.st_dev || seen.st_ino != own.st_ino;
}

int pager_publish(struct pager *pager, const char *name, uid_t uid, gid_t gid,
		  mode_t mode)
{
	struct mach_pager_publish publish = {
		.size = sizeof(publish),
		.object = pager->object,
		.uid = uid,
		.gid = gid,
		.mode = mode,
		.name_length = strlen(name),
		.name = (uintptr_t)name,
	};
	int err = pager_call(pager->session, MACH_PAGER_PUBLISH, &publish);

	return !err && name_hidden(pager, name) ? EEXIST : err;
}

int pager_unpublish(struct pager *pager)
{
	struct mach_pager_unpublish unpublish = {
		.size = sizeof(unpublish),
		.object = pager->object,
	};

	return pager_call(pager->session, MACH_PAGER_UNPUBLISH, &unpublish);
}

int pager_symlink(struct pager_session *session, const char *name,
		  const char *target, uid_t uid, gid_t gid)
{
	struct mach_pager_symlink symlink = {
		.size = sizeof(symlink),
		.uid = uid,
		.gid = gid,
		.name_length = strlen(name),
		.name = (uintptr_t)name,
		.target = (uintptr_t)target,
		.target_length = strlen(target),
	};

	return pager_call(session, MACH_PAGER_SYMLINK, &symlink);
}

int pager_name_directory(struct pager_session *session, uint32_t object,
			 const char *name, uid_t uid, gid_t gid, mode_t mode)
{
	struct mach_pager_mkdir mkdir = {
		.size = sizeof(mkdir),
		.object = object,
		.uid = uid,
		.gid = gid,
		.mode = mode,
		.name_length = strlen(name),
		.name = (uintptr_t)name,
	};

	return pager_call(session, MACH_PAGER_MKDIR, &mkdir);
}

int pager_mkdir(struct pager_session *session, const char *name, uid_t uid,
		gid_t gid, mode_t mode)
{
	return pager_name_directory(session, 0, name, uid, gid, mode);
}

int pager_remove(struct pager_session *session, const char *name)
{
	struct mach_pager_unpublish unpublish = {
		.size = sizeof(unpublish),
		.name_length = strlen(name),
		.name = (uintptr_t)name,
	};

	return pager_call(session, MACH_PAGER_UNPUBLISH, &unpublish);
}
