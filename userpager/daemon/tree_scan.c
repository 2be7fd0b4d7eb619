// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is in the directories of a tree: new names are made, others followed, those
 * that are not there any more removed at last, so that what was only moved is found
 * again under its new name.
 */
#include "log.h"
#include "tree_priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LEFT_OUT	"%s: is left out: %s"

static enum tree_kind kind_of(const struct stat *st)
{
	if (S_ISDIR(st->st_mode))
		return TREE_DIRECTORY;
	if (S_ISREG(st->st_mode))
		return TREE_FILE;
	return S_ISLNK(st->st_mode) ? TREE_LINK : TREE_SPECIAL;
}

/* @format: why, once in a while for each reason */
static void leave_out(struct tree *tree, struct tree_name *directory,
		      const char *name, const char *format, int err)
{
	char said[TREE_SHOWN];

	tree->left_out++;
	log_limited(format, tree_say(tree, directory, name, said),
		    strerror(err));
}

void tree_queue(struct tree *tree, struct tree_name *directory)
{
	if (directory->directory.queued)
		return;
	directory->directory.queued = true;
	TAILQ_INSERT_TAIL(&tree->to_read, directory, directory.queue);
}

static void doom(struct tree *tree, struct tree_name *name)
{
	if (name->doomed)
		return;
	name->doomed = true;
	TAILQ_INSERT_TAIL(&tree->doomed, name, doom);
}

static void spare(struct tree *tree, struct tree_name *name)
{
	if (!name->doomed)
		return;
	name->doomed = false;
	TAILQ_REMOVE(&tree->doomed, name, doom);
}

/* The further names of a file lead to the one that its object has now. */
static void lead_others(struct tree *tree, struct tree_file *file)
{
	struct tree_name *other;

	LIST_FOREACH(other, &file->names, file.other) {
		if (other == file->name || !other->shown)
			continue;
		tree_hide(tree, other);
		tree_show(tree, other);
	}
}

/* What was told by a name that has gone may be of a file that has not. */
static void pass_note_on(struct tree *tree, struct tree_name *name)
{
	struct tree_name *other = name->file.file->name;

	if (name->changed && other && other != name)
		tree_note(tree, other->parent, other->name, true);
}

/* Its object goes on to another of its names, if it has one. */
static void remove_file(struct tree *tree, struct tree_name *name)
{
	struct tree_file *file = name->file.file;
	struct tree_name *other;

	if (!file)
		return;
	other = LIST_NEXT(name, file.other);
	if (file->name != name || !other || !tree->session) {
		tree_hide(tree, name);
		pass_note_on(tree, name);
		tree_file_unlink(file, name);
		return;
	}
	tree_hide(tree, other);
	tree_show_moved(tree, name, other);
	pass_note_on(tree, name);
	tree_file_unlink(file, name);
	lead_others(tree, file);
}

/* One without children */
static void remove_one(struct tree *tree, struct tree_name *name)
{
	if (name->kind == TREE_DIRECTORY)
		tree_unwatch_directory(tree, name);
	if (name->kind == TREE_FILE)
		remove_file(tree, name);
	else
		tree_hide(tree, name);
	tree_name_free(tree, name);
}

/* From below, however deep it is. */
void tree_remove(struct tree *tree, struct tree_name *top)
{
	struct tree_name *name = top, *parent;
	bool last;

	do {
		while (name->kind == TREE_DIRECTORY &&
		       !LIST_EMPTY(&name->directory.children))
			name = LIST_FIRST(&name->directory.children);
		parent = name->parent;
		last = name == top;
		remove_one(tree, name);
		name = parent;
	} while (!last);
}

/* What is mounted on it is not ours to serve, and may be what we make. */
static bool is_mounted_on(struct tree *tree, struct tree_name *directory,
			  const char *name)
{
	char path[TREE_PATH + MACH_NAME_MAX + 1];
	int fd;

	if (!tree_path(directory, path))
		return false;
	strcat(strcat(path, "/"), name);
	fd = tree_open_below(tree, path, O_PATH);
	if (fd >= 0)
		close(fd);
	return fd == -EXDEV;
}

static bool may_write(struct tree *tree, int fd, const char *name)
{
	return tree->config->writable &&
	       !faccessat(fd, name, W_OK, AT_EACCESS | AT_SYMLINK_NOFOLLOW);
}

/* Is the name that the object has still one of this file? */
static bool still_there(struct tree *tree, const struct tree_file *file)
{
	char path[TREE_PATH];
	struct stat st;
	bool same;
	int fd;

	if (!file->name || !tree_path(file->name, path))
		return false;
	fd = tree_open_below(tree, path, O_PATH);
	if (fd < 0)
		return false;
	same = !fstat(fd, &st) && st.st_ino == file->inode &&
	       st.st_dev == file->device;
	close(fd);
	return same;
}

static void follow_file(struct tree *tree, struct tree_name *name, int fd)
{
	if (tree_file_follow(tree, name, fd))
		name->changed = false;
	else
		tree_note(tree, name->parent, name->name, true);
}

/* @name is new; if the file is not, what was told of it came by another name. */
static int add_file(struct tree *tree, struct tree_name *name, int fd,
		    const struct stat *st)
{
	struct tree_file *file = tree_file_find(tree, st);
	struct tree_name *old = file ? file->name : NULL;
	int err;

	name->changed = file;
	if (!file)
		file = tree_file_new(tree, st, may_write(tree, fd, name->name));
	if (!file)
		return ENOMEM;
	tree_file_link(file, name);
	if (!old || still_there(tree, file)) {
		err = tree_show(tree, name);
	} else {
		err = tree_show_moved(tree, old, name);
		tree_file_unlink(file, old);
		lead_others(tree, file);
	}
	if (!err && name->changed)
		follow_file(tree, name, fd);
	return err;
}

static int read_link(struct tree_name *name, int fd)
{
	char target[TREE_PATH];
	ssize_t length = readlinkat(fd, name->name, target, sizeof(target) - 1);

	if (length < 0)
		return errno;
	target[length] = '\0';
	name->link.target = strdup(target);
	return name->link.target ? 0 : ENOMEM;
}

static int make_known(struct tree *tree, struct tree_name *name, int fd,
		      const struct stat *st)
{
	int err = 0;

	if (name->kind == TREE_FILE)
		return add_file(tree, name, fd, st);
	if (name->kind == TREE_LINK)
		err = read_link(name, fd);
	if (!err)
		err = tree_show(tree, name);
	if (!err && name->kind == TREE_DIRECTORY)
		tree_queue(tree, name);
	return err;
}

static void add(struct tree *tree, struct tree_name *directory, int fd,
		const char *entry, const struct stat *st)
{
	enum tree_kind kind = kind_of(st);
	struct tree_name *name;

	if (kind == TREE_SPECIAL) {
		leave_out(tree, directory, entry,
			  "%s: is left out: neither a file, a directory nor a link",
			  0);
		return;
	}
	if (st->st_dev != directory->facts.device &&
	    is_mounted_on(tree, directory, entry)) {
		leave_out(tree, directory, entry,
			  "%s: is left out: another file system is mounted there",
			  0);
		return;
	}
	name = tree_name_add(tree, directory, entry, kind, st);
	if (!name) {
		leave_out(tree, directory, entry, LEFT_OUT, ENOMEM);
		return;
	}
	name->seen = tree->serial;
	if (make_known(tree, name, fd, st))
		remove_one(tree, name);
}

static bool is_same(const struct tree_name *name, const struct stat *st)
{
	return name->facts.inode == st->st_ino &&
	       name->facts.device == st->st_dev && name->kind == kind_of(st);
}

static void follow(struct tree *tree, struct tree_name *name, int fd,
		   const struct stat *st)
{
	if (name->kind == TREE_FILE) {
		follow_file(tree, name, fd);
		return;
	}
	tree_facts_set(&name->facts, st);
	tree_dress(tree, name);
	if (name->kind == TREE_DIRECTORY && tree->rescanning)
		tree_queue(tree, name);
}

/* @fd: of the directory */
void tree_look(struct tree *tree, struct tree_name *directory, int fd,
	       const char *entry)
{
	struct tree_name *name = tree_name_find(tree, directory, entry);
	struct stat st;
	int err;

	err = fstatat(fd, entry, &st, AT_SYMLINK_NOFOLLOW) < 0 ? errno : 0;
	if (name)
		name->noted = false;
	if (!err && name && is_same(name, &st)) {
		name->seen = tree->serial;
		spare(tree, name);
		follow(tree, name, fd, &st);
		return;
	}
	if (err && err != ENOENT && err != ENOTDIR) {
		leave_out(tree, directory, entry, LEFT_OUT, err);
		return;
	}
	if (err) {
		if (name)
			doom(tree, name);
		return;
	}
	if (name)
		tree_remove(tree, name);
	add(tree, directory, fd, entry, &st);
}

static bool is_self(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

static void read_entries(struct tree *tree, struct tree_name *directory,
			 DIR *dir)
{
	struct tree_name *name;
	struct dirent *entry;
	struct stat st;

	if (!fstat(dirfd(dir), &st))
		tree_facts_set(&directory->facts, &st);
	tree->serial++;
	errno = 0;
	while ((entry = readdir(dir))) {
		if (!is_self(entry->d_name))
			tree_look(tree, directory, dirfd(dir), entry->d_name);
		errno = 0;
	}
	if (errno) {
		leave_out(tree, directory, NULL, LEFT_OUT, errno);
		return;
	}
	LIST_FOREACH(name, &directory->directory.children, sibling) {
		if (name->seen != tree->serial)
			doom(tree, name);
	}
}

static void read_directory(struct tree *tree, struct tree_name *directory)
{
	char path[TREE_PATH];
	DIR *dir = NULL;
	int fd = -ENAMETOOLONG;

	if (tree_path(directory, path))
		fd = tree_open_below(tree, path, O_RDONLY | O_DIRECTORY);
	if (fd >= 0) {
		/* before: what comes while it is read is told */
		tree_watch_directory(tree, directory, fd);
		dir = fdopendir(fd);
	}
	if (dir) {
		read_entries(tree, directory, dir);
		closedir(dir);
		tree_dress_times(tree, directory);
		return;
	}
	leave_out(tree, directory, NULL, LEFT_OUT, fd < 0 ? -fd : ENOMEM);
	if (fd >= 0)
		close(fd);
}

void tree_settle(struct tree *tree)
{
	struct tree_name *name, *parent;

	do {
		while ((name = TAILQ_FIRST(&tree->to_read))) {
			TAILQ_REMOVE(&tree->to_read, name, directory.queue);
			name->directory.queued = false;
			read_directory(tree, name);
		}
		name = TAILQ_FIRST(&tree->doomed);
		if (name) {
			parent = name->parent;
			tree_remove(tree, name);
			tree_dress_times(tree, parent);
		}
	} while (name);
	tree->rescanning = false;
}

void tree_rescan(struct tree *tree)
{
	tree->overflow = false;
	tree_drop_notes(tree);
	tree->rescanning = true;
	tree_queue(tree, tree->root);
	tree_settle(tree);
}
