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

/* A name at which clients are at work all the time is looked at later. */
#define LOOK_TRIES	8

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

static void doom(struct tree *tree, struct tree_name *name)
{
	if (name->doomed)
		return;
	name->doomed = true;
	TAILQ_INSERT_TAIL(&tree->doomed, name, doom);
}

/* What was told by a name that has gone may be of a file that has not. */
static void pass_note_on(struct tree *tree, const struct tree_name *name,
			 const struct tree_file *file)
{
	struct tree_name *other = file->name ?: LIST_FIRST(&file->names);

	if (name->changed && other)
		tree_note(tree, other->parent, other->name, true);
}

/* Without a name and a user the object would end. */
static int hold_object(struct tree *tree, const struct tree_file *file)
{
	return file->name ? tree_open_shown(tree, file->name,
					    O_RDONLY | O_NONBLOCK) : -1;
}

static void let_object_go(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void drop_file_name(struct tree *tree, struct tree_name *name)
{
	struct tree_file *file = name->file.file;

	tree_file_get(file);
	tree_file_unlink(file, name);
	pass_note_on(tree, name, file);
	tree_file_put(file);
	tree_name_drop(tree, name);
}

/* Its object goes on to another of its names, if it has one. */
static void remove_file(struct tree *tree, struct tree_name *name)
{
	struct tree_file *file = name->file.file;
	int fd = -1;

	tree_file_get(file);
	if (file->name == name && LIST_NEXT(name, file.other))
		fd = hold_object(tree, file);
	tree_hide(tree, name);
	if (!name->gone && (!name->shown || !tree->session))
		drop_file_name(tree, name);
	tree_show_file(tree, file);
	let_object_go(fd);
	tree_file_put(file);
}

static bool has_children(const struct tree_name *name)
{
	return name->kind == TREE_DIRECTORY &&
	       !LIST_EMPTY(&name->directory.children);
}

/* One without children, if it can be had: clients make some in it, or move it. */
static void remove_one(struct tree *tree, struct tree_name *name)
{
	if (name->kind == TREE_FILE) {
		remove_file(tree, name);
		return;
	}
	tree_hide(tree, name);
	if (name->gone || (name->shown && tree->session) || has_children(name))
		return;
	if (name->kind == TREE_DIRECTORY)
		tree_unwatch_directory(tree, name);
	tree_name_drop(tree, name);
}

static struct tree_name *lowest(struct tree_name *name)
{
	while (has_children(name))
		name = LIST_FIRST(&name->directory.children);
	return name;
}

/* From below, however deep it is. */
void tree_remove(struct tree *tree, struct tree_name *top)
{
	struct tree_name *name;

	tree_name_get(top);
	while (!top->gone) {
		name = tree_name_get(lowest(top));
		remove_one(tree, name);
		tree_name_put(name);
	}
	tree_name_put(top);
}

/* A directory that is about to be shown is taken back then by who does so. */
void tree_forget(struct tree *tree, struct tree_name *top)
{
	struct tree_name *name;

	tree_name_get(top);
	while (!top->gone) {
		name = lowest(top);
		if (name->kind == TREE_FILE) {
			drop_file_name(tree, name);
			continue;
		}
		if (name->kind == TREE_DIRECTORY)
			tree_unwatch_directory(tree, name);
		tree_name_drop(tree, name);
	}
	tree_name_put(top);
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

static int show_file(struct tree *tree, struct tree_name *name,
		     struct tree_file *file)
{
	int err = tree_show(tree, name);

	return err ?: tree_show_file(tree, file);
}

/* The name that the object had is not there any more: @name is its. */
static int show_moved(struct tree *tree, struct tree_name *name,
		      struct tree_file *file)
{
	struct tree_name *old = file->name;
	struct tree_name *parent = tree_name_get(old->parent);
	int err, fd = hold_object(tree, file);

	tree_hide(tree, old);
	tree_file_unlink(file, old);
	tree_name_drop(tree, old);
	err = show_file(tree, name, file);
	let_object_go(fd);
	tree_dress_times(tree, parent);
	tree_name_put(parent);
	return err;
}

/* @name is new; if the file is not, what was told of it came by another name. */
static int add_file(struct tree *tree, struct tree_name *name, int fd,
		    const struct stat *st)
{
	struct tree_file *file = tree_file_find(tree, st);
	int err;

	name->changed = file;
	if (!file)
		file = tree_file_new(tree, st, may_write(tree, fd, name->name));
	if (!file)
		return ENOMEM;
	tree_file_link(file, name);
	tree_file_get(file);
	if (file->name && !still_there(tree, file))
		err = show_moved(tree, name, file);
	else
		err = show_file(tree, name, file);
	if (!err && name->changed && !name->gone)
		follow_file(tree, name, fd);
	tree_file_put(file);
	return err;
}

/* @target: TREE_PATH bytes */
static int read_target(int fd, const char *entry, char *target)
{
	ssize_t length = readlinkat(fd, entry, target, TREE_PATH - 1);

	if (length < 0)
		return errno;
	target[length] = '\0';
	return 0;
}

static int read_link(struct tree_name *name, int fd)
{
	char target[TREE_PATH];
	int err = read_target(fd, name->name, target);

	if (err)
		return err;
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
	if (!err && name->kind == TREE_DIRECTORY && !name->gone)
		tree_queue(tree, name);
	return err;
}

/* As long as it is the only one: not of a file without a name */
static void give_up(struct tree *tree, struct tree_name *name)
{
	if (name->gone)
		return;
	if (name->kind == TREE_FILE && !name->file.file)
		tree_name_drop(tree, name);
	else
		tree_remove(tree, name);
}

/* 0 or an errno, with a message; EAGAIN: clients have changed something meanwhile. */
static int add(struct tree *tree, struct tree_name *directory, int fd,
	       const char *entry, const struct stat *st)
{
	enum tree_kind kind = kind_of(st);
	struct tree_name *name;
	int err;

	if (kind == TREE_SPECIAL) {
		leave_out(tree, directory, entry,
			  "%s: is left out: neither a file, a directory nor a link",
			  0);
		return 0;
	}
	if (st->st_dev != directory->facts.device &&
	    is_mounted_on(tree, directory, entry)) {
		leave_out(tree, directory, entry,
			  "%s: is left out: another file system is mounted there",
			  0);
		return 0;
	}
	name = tree_name_new(entry, kind, st);
	if (!name) {
		leave_out(tree, directory, entry, LEFT_OUT, ENOMEM);
		return ENOMEM;
	}
	tree_name_insert(tree, directory, name);
	tree_name_get(name);
	err = make_known(tree, name, fd, st);
	if (err)
		give_up(tree, name);
	tree_name_put(name);
	return err;
}

/* A number may be used again at once: of files and directories what is in them tells. */
static bool is_same(const struct tree_name *name, int fd, const struct stat *st)
{
	char target[TREE_PATH];

	if (!tree_facts_are(&name->facts, st) || name->kind != kind_of(st))
		return false;
	return name->kind != TREE_LINK ||
	       (!read_target(fd, name->name, target) &&
		!strcmp(target, name->link.target));
}

static bool same_to_see(const struct tree_facts *facts, const struct stat *st)
{
	return tree_same_rights(facts, st) &&
	       tree_time_equal(&facts->modified, &st->st_mtim);
}

static int follow(struct tree *tree, struct tree_name *name, int fd,
		  const struct stat *st)
{
	int err = tree_show_again(tree, name);
	bool same;

	if (err || name->gone)
		return err;
	if (name->kind == TREE_FILE) {
		follow_file(tree, name, fd);
		return 0;
	}
	same = same_to_see(&name->facts, st);
	tree_facts_set(&name->facts, st);
	if (!same || name->undressed || tree->rescanning)
		tree_dress(tree, name);
	if (name->kind == TREE_DIRECTORY && tree->rescanning && !name->gone)
		tree_queue(tree, name);
	return 0;
}

/* @err: that of looking, in @st otherwise */
static int follow_entry(struct tree *tree, struct tree_name *directory, int fd,
			const char *entry, int err, const struct stat *st)
{
	struct tree_name *name = tree_name_find(tree, directory, entry);

	if (name)
		name->noted = false;
	if (!err && name && is_same(name, fd, st)) {
		name->seen = tree->serial;
		tree_name_spare(tree, name);
		tree_name_get(name);
		err = follow(tree, name, fd, st);
		tree_name_put(name);
		return err;
	}
	if (err && err != ENOENT && err != ENOTDIR) {
		leave_out(tree, directory, entry, LEFT_OUT, err);
		return err;
	}
	if (err) {
		if (name)
			doom(tree, name);
		return 0;
	}
	if (!name)
		return add(tree, directory, fd, entry, st);
	tree_remove(tree, name);
	return EAGAIN;
}

/* @fd: of the directory; again if a client was quicker */
void tree_look(struct tree *tree, struct tree_name *directory, int fd,
	       const char *entry)
{
	int tries, err = EAGAIN;
	struct stat st;

	for (tries = 0; tries < LOOK_TRIES && err == EAGAIN; tries++) {
		if (directory->gone)
			return;
		err = fstatat(fd, entry, &st, AT_SYMLINK_NOFOLLOW) < 0 ? errno :
									 0;
		err = follow_entry(tree, directory, fd, entry, err, &st);
	}
	if (err == EAGAIN && !directory->gone)
		tree_note(tree, directory, entry, true);
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

	tree->serial++;
	errno = 0;
	while ((entry = readdir(dir))) {
		if (!is_self(entry->d_name))
			tree_look(tree, directory, dirfd(dir), entry->d_name);
		tree_give_way(tree);
		errno = 0;
	}
	if (errno) {
		leave_out(tree, directory, NULL, LEFT_OUT, errno);
		return;
	}
	if (directory->gone)
		return;
	LIST_FOREACH(name, &directory->directory.children, sibling) {
		if (name->seen != tree->serial)
			doom(tree, name);
	}
}

static void read_directory(struct tree *tree, struct tree_name *directory)
{
	int fd = tree_open_directory(tree, directory, O_RDONLY);
	const unsigned long shows = tree->shows;
	DIR *dir = NULL;
	bool others;

	/* it was moved, and is found elsewhere */
	if (fd == -ENOENT && directory->parent) {
		tree_note(tree, directory->parent, directory->name, false);
		return;
	}
	if (fd >= 0) {
		/* before: what comes while it is read is told */
		tree_watch_directory(tree, directory, fd);
		dir = fdopendir(fd);
	}
	if (dir) {
		others = tree_directory_follow(directory, fd);
		read_entries(tree, directory, dir);
		closedir(dir);
		if (others || shows != tree->shows || tree->rescanning)
			tree_dress_times(tree, directory);
		return;
	}
	leave_out(tree, directory, NULL, LEFT_OUT, fd < 0 ? -fd : ENOMEM);
	if (fd >= 0)
		close(fd);
}

static void read_queued(struct tree *tree, struct tree_name *name)
{
	TAILQ_REMOVE(&tree->to_read, name, directory.queue);
	name->directory.queued = false;
	tree_name_get(name);
	read_directory(tree, name);
	tree_name_put(name);
}

static void remove_doomed(struct tree *tree, struct tree_name *name)
{
	struct tree_name *parent = tree_name_get(name->parent);

	tree_remove(tree, name);
	tree_dress_times(tree, parent);
	tree_name_put(parent);
	tree_give_way(tree);
}

void tree_settle(struct tree *tree)
{
	struct tree_name *name;

	do {
		while ((name = TAILQ_FIRST(&tree->to_read)))
			read_queued(tree, name);
		name = TAILQ_FIRST(&tree->doomed);
		if (name)
			remove_doomed(tree, name);
	} while (name);
	tree->rescanning = false;
}

void tree_read_all(struct tree *tree)
{
	tree->overflow = false;
	tree_drop_notes(tree);
	tree->rescanning = true;
	tree_queue(tree, tree->root);
	tree_settle(tree);
}
