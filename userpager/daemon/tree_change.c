// SPDX-License-Identifier: GPL-2.0-only
/*
 * What others have changed in a file of a tree: its size, its contents, its rights; and
 * the times of a directory.
 *
 * We are told of our own writes, too: what has the time of the last of them is ours.
 * Others who write in the same tick of the clock may be missed, so when none of ours
 * was lately, all that we are told of is theirs.
 */
#include "log.h"
#include "tree_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* So long after our own write or change of size it may be told of */
#define OWN_MS		2000
#define RESIZED_MS	500

static void say_failed(struct tree_file *file, const char *what, int err)
{
	char said[TREE_SHOWN];

	log_limited("%s: was changed, and %s: %s", tree_file_say(file, said),
		    what, pager_strerror(err));
}

/* Under the file's lock. */
static void follow_size(struct tree_file *file, uint64_t size)
{
	struct tree *tree = file->tree;
	int err = 0;

	pthread_mutex_lock(&tree->lock);
	if (file->pager)
		err = pager_resize(file->pager, size);
	pthread_mutex_unlock(&tree->lock);
	if (err)
		say_failed(file, "its object does not get its size", err);
	else
		file->size = size;
}

/* What programs have changed goes to the file, and the next access reads that. */
static void follow_contents(struct tree_file *file)
{
	uint32_t flags = MACH_LOCK_FLUSH;
	struct tree *tree = file->tree;
	int err = 0;

	if (file->writable)
		flags |= MACH_LOCK_CLEAN;
	pthread_mutex_lock(&tree->lock);
	if (file->pager && atomic_load(&file->touched))
		err = pager_lock_request(file->pager, 0, 0, flags, 0);
	pthread_mutex_unlock(&tree->lock);
	if (err)
		say_failed(file, "its object may have old pages", err);
}

static bool is_foreign(const struct tree_name *name,
		       const struct tree_file *file, const struct stat *st)
{
	if (!tree_time_equal(&file->modified, &st->st_mtim))
		return true;
	return name->changed && tree_now_ms() - file->own > OWN_MS;
}

/* What was written back is as old as it is for programs, whenever it came. */
void tree_file_stamp(struct tree_file *file)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };
	struct stat st;
	int fd, err = -1;

	if (!file->own || !file->name)
		return;
	fd = tree_open_shown(file->tree, file->name, O_PATH);
	if (fd >= 0) {
		err = fstat(fd, &st);
		close(fd);
	}
	if (err < 0 || tree_time_equal(&file->modified, &st.st_mtim) ||
	    tree_file_get_fd(file, &fd))
		return;
	times[1] = st.st_mtim;
	/* as its file system keeps it */
	if (!futimens(fd, times) && !fstat(fd, &st))
		file->modified = st.st_mtim;
	tree_file_put_fd(file, fd);
}

/* Under the file's lock; what we do ourselves is not under way. */
static void follow(struct tree_name *name, struct tree_file *file,
		   const struct stat *st)
{
	bool foreign = is_foreign(name, file, st);

	if ((uint64_t)st->st_size != file->size)
		follow_size(file, st->st_size);
	if (foreign)
		follow_contents(file);
	file->modified = st->st_mtim;
	if (!foreign)
		tree_file_stamp(file);
}

static void follow_rights(struct tree *tree, struct tree_name *name,
			  const struct stat *st, bool times)
{
	bool same = tree_same_rights(&name->facts, st);

	/* by whatever name it came, it is shown by the one that the object has */
	if (name->file.file->name)
		name = name->file.file->name;
	tree_facts_set(&name->facts, st);
	tree_name_get(name);
	if (!same || name->undressed)
		tree_dress(tree, name);
	else if (times)
		tree_dress_times(tree, name);
	tree_name_put(name);
}

static bool is_busy(const struct tree_file *file)
{
	return file->writing || tree_now_ms() - file->resized < RESIZED_MS;
}

bool tree_file_follow(struct tree *tree, struct tree_name *name, int directory)
{
	struct tree_file *file = name->file.file;
	bool foreign = false;
	struct stat st;

	/* looked at under the lock, or our own write could come between */
	pthread_mutex_lock(&file->lock);
	if (is_busy(file)) {
		pthread_mutex_unlock(&file->lock);
		return false;
	}
	if (!fstatat(directory, name->name, &st, AT_SYMLINK_NOFOLLOW) &&
	    st.st_ino == file->inode && st.st_dev == file->device) {
		foreign = !tree_time_equal(&file->modified, &st.st_mtim);
		follow(name, file, &st);
	} else {
		st.st_ino = 0;
	}
	pthread_mutex_unlock(&file->lock);
	if (st.st_ino)
		follow_rights(tree, name, &st, foreign);
	return true;
}

bool tree_directory_follow(struct tree_name *directory, int fd)
{
	struct timespec before = directory->facts.modified;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return false;
	tree_facts_set(&directory->facts, &st);
	return !tree_time_equal(&before, &st.st_mtim);
}
