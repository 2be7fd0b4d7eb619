// SPDX-License-Identifier: GPL-2.0-only
/*
 * What clients want done in the directory behind a tree: each step in a directory that
 * is open, and on nothing that a link there leads to.
 *
 * What is made belongs to who wants it. Between the two only we can open it.
 */
#include "tree_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RIGHTS		01777U

static bool is_ours(uid_t uid, gid_t gid)
{
	return uid == geteuid() && gid == getegid();
}

static mode_t first_mode(const struct tree_wish *wish)
{
	return is_ours(wish->uid, wish->gid) ? wish->mode & RIGHTS :
					       wish->mode & 0700;
}

/* 0 or errno; the set-group-ID bit of a directory is that of the one above. */
static int give_rights(int fd, const struct tree_wish *wish, struct stat *st)
{
	if (fstat(fd, st) < 0)
		return errno;
	if ((st->st_uid != wish->uid || st->st_gid != wish->gid) &&
	    fchown(fd, wish->uid, wish->gid) < 0)
		return errno;
	if (((st->st_mode ^ wish->mode) & RIGHTS) &&
	    fchmod(fd, (wish->mode & RIGHTS) | (st->st_mode & S_ISGID)) < 0)
		return errno;
	return fstat(fd, st) < 0 ? errno : 0;
}

int tree_store_file(int directory, const char *name,
		    const struct tree_wish *wish, struct stat *st)
{
	int fd = openat(directory, name, O_RDWR | O_CREAT | O_EXCL |
			O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, first_mode(wish));
	int err;

	if (fd < 0)
		return -errno;
	err = give_rights(fd, wish, st);
	if (!err)
		return fd;
	close(fd);
	unlinkat(directory, name, 0);
	return -err;
}

/* Somebody may put another in its place, which is not ours to change. */
static int open_made(int directory, const char *name)
{
	int fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
			O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int tree_store_directory(int directory, const char *name,
			 const struct tree_wish *wish, struct stat *st)
{
	int fd, err;

	if (mkdirat(directory, name, first_mode(wish) | 0700) < 0)
		return -errno;
	fd = open_made(directory, name);
	if (fd < 0)
		return fd;
	err = give_rights(fd, wish, st);
	if (!err)
		return fd;
	close(fd);
	unlinkat(directory, name, AT_REMOVEDIR);
	return -err;
}

int tree_store_link(int directory, const char *name, const char *target,
		    const struct tree_wish *wish, struct stat *st)
{
	int err = 0;

	if (symlinkat(target, directory, name) < 0)
		return errno;
	if (!is_ours(wish->uid, wish->gid) &&
	    fchownat(directory, name, wish->uid, wish->gid,
		     AT_SYMLINK_NOFOLLOW) < 0)
		err = errno;
	if (!err && fstatat(directory, name, st, AT_SYMLINK_NOFOLLOW) < 0)
		err = errno;
	if (err)
		unlinkat(directory, name, 0);
	return err;
}

/* What is not there any more has gone as it was to. */
int tree_store_remove(int directory, const char *name, int flags)
{
	if (!unlinkat(directory, name, flags) || errno == ENOENT)
		return 0;
	return errno;
}

int tree_store_rename(int directory, const char *name, int to_directory,
		      const char *to, unsigned int flags)
{
	struct stat st;

	if (!renameat2(directory, name, to_directory, to, flags))
		return 0;
	/* a file system that cannot tell */
	if (errno != EINVAL || !(flags & RENAME_NOREPLACE))
		return errno;
	if (!fstatat(to_directory, to, &st, AT_SYMLINK_NOFOLLOW))
		return EEXIST;
	return renameat(directory, name, to_directory, to) < 0 ? errno : 0;
}

/* @fd: of what is to have them, by O_PATH */
int tree_store_change(int fd, const struct tree_wish *wish)
{
	char self[64];

	if ((wish->uid != (uid_t)-1 || wish->gid != (gid_t)-1) &&
	    fchownat(fd, "", wish->uid, wish->gid, AT_EMPTY_PATH) < 0)
		return errno;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (wish->mode != (mode_t)-1 && chmod(self, wish->mode & RIGHTS) < 0)
		return errno;
	if (utimensat(fd, "", wish->times, AT_EMPTY_PATH) < 0)
		return errno;
	return 0;
}

/*
 * A name is durable when its directory is, and the name of that: what clients have
 * changed on the way from the top. The first of it, or NULL:
 */
static struct tree_name *not_durable(struct tree_name *name)
{
	for (; name; name = name->parent) {
		if (name->directory.changes != name->directory.durable)
			return name;
	}
	return NULL;
}

/* One directory, with nobody waiting for the names meanwhile. */
static int sync_directory(struct tree *tree, struct tree_name *directory)
{
	unsigned long changes = directory->directory.changes;
	int fd = tree_open_directory(tree, directory, O_RDONLY);
	int err = fd < 0 ? -fd : 0;

	tree_name_get(directory);
	tree_leave(tree);
	if (fd >= 0) {
		err = fsync(fd) < 0 ? errno : 0;
		close(fd);
	}
	tree_enter(tree);
	/* where it cannot be asked for, or is no more */
	if (!err || err == EINVAL || err == ENOENT)
		directory->directory.durable = changes;
	tree_name_put(directory);
	return err == EINVAL || err == ENOENT ? 0 : err;
}

int tree_sync_names(struct tree *tree, struct tree_name *name)
{
	struct tree_name *directory;
	int err = 0;

	while (!err && (directory = not_durable(name)))
		err = sync_directory(tree, directory);
	return err;
}

int tree_sync_name(struct tree_file *file)
{
	struct tree *tree = file->tree;
	struct tree_name *parent;
	int err = 0;

	tree_enter(tree);
	parent = file->name ? tree_name_get(file->name->parent) : NULL;
	if (parent) {
		err = tree_sync_names(tree, parent);
		tree_name_put(parent);
	}
	tree_leave(tree);
	return err;
}
