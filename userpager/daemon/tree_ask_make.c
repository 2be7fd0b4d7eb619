// SPDX-License-Identifier: GPL-2.0-only
/*
 * What clients make in a tree: made in the directory behind, then in the tree.
 *
 * Who asks may have been killed meanwhile, and has not got it: then it is as if others
 * had made it, and is shown as such.
 */
#include "tree_asked.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What others have done there is not shown yet: once that is so, it can be opened. */
static int say_there(struct asked *asked, const struct pager_name *want, int err)
{
	struct stat st;

	if (err != EEXIST)
		return err;
	tree_note(asked->tree, asked->directory, want->name, false);
	if (want->flags & MACH_NAME_EXCLUSIVE ||
	    fstatat(asked->fd, want->name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) ||
	      S_ISLNK(st.st_mode)))
		return err;
	return ESTALE;
}

static struct tree_wish shown_by(const struct pager_name *want)
{
	return (struct tree_wish){
		.mode = want->mode,
		.uid = want->uid,
		.gid = want->gid,
	};
}

/* What is made in a set-group-ID directory is of its group. */
static struct tree_wish wish_of(const struct asked *asked,
				const struct pager_name *want)
{
	const struct tree_facts *facts = &asked->directory->facts;
	struct tree_wish wish = shown_by(want);

	if (facts->mode & S_ISGID)
		wish.gid = facts->gid;
	return wish;
}

/* One that has the name, and is not shown, is not there any more. */
static struct tree_name *add_name(struct asked *asked, const char *name,
				  enum tree_kind kind, const struct stat *st)
{
	struct tree_name *new = tree_name_new(name, kind, st);
	struct tree_name *old;

	if (!new)
		return NULL;
	old = tree_name_find(asked->tree, asked->directory, name);
	if (old)
		tree_forget(asked->tree, old);
	tree_name_insert(asked->tree, asked->directory, new);
	return new;
}

/* @name is in the directory, and not in the tree: as if others had made it. */
static void leave_to_others(struct asked *asked, struct tree_name *name)
{
	tree_note(asked->tree, asked->directory, name->name, false);
	tree_forget(asked->tree, name);
}

static void give_to_client(struct asked *asked, struct tree_name *name,
			   const struct tree_wish *shown)
{
	name->shown = true;
	tree_check_dress(asked, name, shown);
}

/* @fd, which is taken over, is the file's. */
static int add_file(struct asked *asked, struct tree_name *name,
		    const struct stat *st, int fd)
{
	struct tree_file *file = tree_file_new(asked->tree, st, true);

	if (!file) {
		close(fd);
		return ENOMEM;
	}
	tree_file_link(file, name);
	tree_file_set_name(file, name);
	tree_file_give_fd(file, fd);
	tree_keep_if_closed(file, st->st_mode);
	return tree_make_object(file);
}

static int add_created(struct asked *asked, const char *entry,
		       const struct stat *st, int fd, struct tree_name **name)
{
	int err;

	*name = add_name(asked, entry, TREE_FILE, st);
	if (!*name) {
		close(fd);
		return ENOMEM;
	}
	err = add_file(asked, *name, st, fd);
	if (!err)
		return 0;
	if ((*name)->file.file)
		tree_forget(asked->tree, *name);
	else
		tree_name_drop(asked->tree, *name);
	return err;
}

static int create(struct asked *asked, const struct pager_name *want)
{
	const struct tree_wish wish = wish_of(asked, want);
	const struct tree_wish shown = shown_by(want);
	struct tree_name *name;
	struct pager *object;
	struct stat st;
	int err, fd;

	fd = tree_store_file(asked->fd, want->name, &wish, &st);
	if (fd < 0)
		return say_there(asked, want, -fd);
	err = add_created(asked, want->name, &st, fd, &name);
	if (err) {
		tree_store_remove(asked->fd, want->name, 0);
		return err;
	}
	object = name->file.file->pager;
	if (tree_asked_answer(asked, object)) {
		give_to_client(asked, name, &shown);
		pager_drop_fd(object);
	} else {
		leave_to_others(asked, name);
		pager_shutdown(object, PAGER_NO_WAIT);
	}
	return 0;
}

int tree_ask_create(struct pager *pager, struct pager_request *req,
		    const struct pager_name *want, struct pager **made)
{
	(void)made;
	return tree_asked_do(pager, req, want, create);
}

/* @fd: of the new directory */
static int add_directory(struct asked *asked, const char *entry,
			 const struct stat *st, struct tree_name **name)
{
	int err;

	*name = add_name(asked, entry, TREE_DIRECTORY, st);
	if (!*name)
		return ENOMEM;
	err = tree_make_asking(asked->tree, *name);
	if (err)
		tree_forget(asked->tree, *name);
	return err;
}

/* Others may make something in it before it is watched. */
static void watch_directory(struct asked *asked, struct tree_name *name, int fd)
{
	tree_watch_directory(asked->tree, name, fd);
	tree_queue(asked->tree, name);
}

static int make_directory(struct asked *asked, const struct pager_name *want)
{
	const struct tree_wish wish = wish_of(asked, want);
	const struct tree_wish shown = shown_by(want);
	struct tree_name *name;
	struct pager *object;
	struct stat st;
	int err, fd;

	fd = tree_store_directory(asked->fd, want->name, &wish, &st);
	if (fd < 0)
		return say_there(asked, want, -fd);
	err = add_directory(asked, want->name, &st, &name);
	if (err) {
		tree_store_remove(asked->fd, want->name, AT_REMOVEDIR);
		close(fd);
		return err;
	}
	object = name->directory.pager;
	if (tree_asked_answer(asked, object)) {
		watch_directory(asked, name, fd);
		give_to_client(asked, name, &shown);
	} else {
		name->directory.pager = NULL;
		leave_to_others(asked, name);
		pager_shutdown(object, PAGER_NO_WAIT);
	}
	close(fd);
	return 0;
}

int tree_ask_mkdir(struct pager *pager, struct pager_request *req,
		   const struct pager_name *want, struct pager **made)
{
	(void)made;
	return tree_asked_do(pager, req, want, make_directory);
}

static int add_link(struct asked *asked, const struct pager_name *want,
		    const struct stat *st, struct tree_name **name)
{
	char *target = strdup(want->to);

	*name = target ? add_name(asked, want->name, TREE_LINK, st) : NULL;
	if (!*name) {
		free(target);
		return ENOMEM;
	}
	(*name)->link.target = target;
	return 0;
}

static int make_link(struct asked *asked, const struct pager_name *want)
{
	const struct tree_wish wish = wish_of(asked, want);
	const struct tree_wish shown = shown_by(want);
	struct tree_name *name;
	struct stat st;
	int err;

	err = tree_store_link(asked->fd, want->name, want->to, &wish, &st);
	if (err)
		return say_there(asked, want, err);
	err = add_link(asked, want, &st, &name);
	if (err)
		tree_store_remove(asked->fd, want->name, 0);
	else if (tree_asked_answer(asked, NULL))
		give_to_client(asked, name, &shown);
	else
		leave_to_others(asked, name);
	return err;
}

int tree_ask_symlink(struct pager *pager, struct pager_request *req,
		     const struct pager_name *want)
{
	return tree_asked_do(pager, req, want, make_link);
}
