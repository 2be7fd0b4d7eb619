// SPDX-License-Identifier: GPL-2.0-only
/*
 * What clients remove and rename in a tree. What has lost its last name, and is open,
 * goes on by a descriptor that is kept.
 */
#include "tree_asked.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* So long the end of others who are open without a name may take: 2 s */
#define ROOM_PAUSE_NS	10000000
#define ROOM_TRIES	200

/* Under no lock: other workers are told of that end. */
static void await_room(struct pager *pager)
{
	static const struct timespec pause = { .tv_nsec = ROOM_PAUSE_NS };
	struct tree_name *directory = pager_get_upi(pager);
	struct tree *tree = directory->directory.tree;
	int tries;

	for (tries = 0; tries < ROOM_TRIES; tries++) {
		if (atomic_load(&tree->kept) < tree->most_kept)
			break;
		nanosleep(&pause, NULL);
	}
}

/* It is open for the moment in which the object has no name. */
static void open_now(struct tree_file *file)
{
	int fd;

	if (!tree_file_get_fd(file, &fd))
		tree_file_put_fd(file, fd);
}

/* What may be open goes on when its last name goes: 0 or ENFILE. */
static int keep_open(const struct tree_name *name)
{
	struct tree_file *file;

	if (!name || name->kind != TREE_FILE || name->file.file->name != name)
		return 0;
	file = name->file.file;
	if (LIST_NEXT(name, file.other)) {
		open_now(file);
		return 0;
	}
	/* one that we may not open nobody has read */
	return tree_file_keep(file) == ENFILE ? ENFILE : 0;
}

/*
 * Its name has gone; the next look gives the object another, if the file has one.
 * @ended: what the kernel has ended by that
 */
static void forget_removed(struct tree *tree, struct tree_name *name,
			   const struct pager *ended)
{
	struct tree_file *file = name->kind == TREE_FILE ? name->file.file :
							   NULL;
	struct tree_name *other;

	if (file)
		tree_file_get(file);
	if (name->kind == TREE_DIRECTORY && name->directory.pager == ended)
		name->directory.pager = NULL;
	tree_forget(tree, name);
	if (!file)
		return;
	other = LIST_FIRST(&file->names);
	if (other && !file->name)
		tree_note(tree, other->parent, other->name, false);
	tree_file_put(file);
}

static int take_away(struct asked *asked, const struct pager_name *want,
		     int flags)
{
	struct tree *tree = asked->tree;
	struct tree_name *name = tree_name_find(tree, asked->directory,
						want->name);
	const struct pager *ended = want->object;
	int err = keep_open(name);

	if (!err)
		err = tree_store_remove(asked->fd, want->name, flags);
	if (err) {
		tree_note(tree, asked->directory, want->name, false);
		return err;
	}
	if (!name) {
		tree_note(tree, asked->directory, want->name, false);
		tree_asked_answer(asked, NULL);
		return 0;
	}
	tree_name_get(name);
	if (tree_asked_answer(asked, NULL))
		forget_removed(tree, name, ended);
	else
		tree_note(tree, asked->directory, name->name, false);
	tree_name_put(name);
	return 0;
}

static int unlink_name(struct asked *asked, const struct pager_name *want)
{
	return take_away(asked, want, 0);
}

int tree_ask_unlink(struct pager *pager, struct pager_request *req,
		    const struct pager_name *want)
{
	await_room(pager);
	return tree_asked_do(pager, req, want, unlink_name);
}

static int remove_directory(struct asked *asked, const struct pager_name *want)
{
	return take_away(asked, want, AT_REMOVEDIR);
}

int tree_ask_rmdir(struct pager *pager, struct pager_request *req,
		   const struct pager_name *want)
{
	return tree_asked_do(pager, req, want, remove_directory);
}

/**
 * struct move - A renaming.
 * @name: what is to be moved
 * @replaced: what has the new name, or NULL
 * @ended: what the kernel ends by that, or NULL
 * @directory: where it goes to
 * @fd: that directory
 * @to: the new name; becomes that of @name
 */
struct move {
	struct tree_name *name;
	struct tree_name *replaced;
	const struct pager *ended;
	struct tree_name *directory;
	int fd;
	char *to;
};

/* Two names of one file rename(2) leaves as they are; here they are two things. */
static int move_in_store(const struct asked *asked, const struct move *move,
			 unsigned int flags)
{
	const struct tree_facts *facts = &move->name->facts;
	struct stat st;

	if (!flags &&
	    !fstatat(move->fd, move->to, &st, AT_SYMLINK_NOFOLLOW) &&
	    tree_facts_are(facts, &st))
		return tree_store_remove(asked->fd, move->name->name, 0);
	return tree_store_rename(asked->fd, move->name->name, move->fd,
				 move->to, flags);
}

/* Links to a file lead to its path, or are relative to their own. */
static void lead_anew(struct tree *tree, struct tree_file *file)
{
	struct tree_name *other;

	LIST_FOREACH(other, &file->names, file.other) {
		if (other == file->name)
			continue;
		other->misled = true;
		tree_note(tree, other->parent, other->name, false);
	}
}

static void lead_all_anew(struct tree *tree)
{
	struct tree_file *file;
	unsigned int i;

	for (i = 0; tree->others && i < TREE_BUCKETS; i++) {
		LIST_FOREACH(file, &tree->files[i], chain)
			lead_anew(tree, file);
	}
}

static void follow_move(struct asked *asked, struct move *move)
{
	struct tree *tree = asked->tree;
	struct tree_name *name = move->name;

	if (move->replaced)
		forget_removed(tree, move->replaced, move->ended);
	tree_name_move(tree, name, move->directory, move->to);
	move->to = NULL;
	if (name->kind == TREE_FILE)
		lead_anew(tree, name->file.file);
	if (name->kind != TREE_DIRECTORY)
		return;
	tree->moves++;
	lead_all_anew(tree);
}

/* Others may have changed what was moved, and it is not followed yet. */
static void check_moved(struct asked *asked, const struct move *move)
{
	struct stat st;

	if (fstatat(move->fd, move->to, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !tree_facts_are(&move->name->facts, &st))
		tree_note(asked->tree, move->directory, move->to, false);
}

static int do_move(struct asked *asked, struct move *move, unsigned int flags)
{
	struct tree *tree = asked->tree;
	struct tree_name *name = move->name;
	int err;

	err = move_in_store(asked, move, flags);
	if (err) {
		tree_note(tree, asked->directory, name->name, false);
		tree_note(tree, move->directory, move->to, false);
		return err;
	}
	check_moved(asked, move);
	tree_asked_changed(asked, move->directory, move->fd);
	if (tree_asked_answer(asked, NULL)) {
		follow_move(asked, move);
	} else {
		tree_note(tree, asked->directory, name->name, false);
		tree_note(tree, move->directory, move->to, false);
	}
	return 0;
}

static int prepare_move(struct asked *asked, struct move *move,
			const struct pager_name *want)
{
	struct tree *tree = asked->tree;

	move->name = tree_name_find(tree, asked->directory, want->name);
	move->replaced = tree_name_find(tree, move->directory, want->to);
	if (!move->name) {
		tree_note(tree, asked->directory, want->name, false);
		return ENOENT;
	}
	move->to = strdup(want->to);
	return move->to ? keep_open(move->replaced) : ENOMEM;
}

static int rename_in(struct asked *asked, struct move *move,
		     const struct pager_name *want)
{
	int err = prepare_move(asked, move, want);

	if (!err)
		err = do_move(asked, move, want->flags & MACH_NAME_NOREPLACE ?
			      RENAME_NOREPLACE : 0);
	free(move->to);
	return err;
}

static int rename_to(struct asked *asked, const struct pager_name *want)
{
	struct move move = { .fd = asked->fd, .ended = want->replaced };
	int err;

	if (!want->directory)
		return EXDEV;
	move.directory = pager_get_upi(want->directory);
	if (move.directory == asked->directory)
		return rename_in(asked, &move, want);
	move.fd = tree_open_directory(asked->tree, move.directory, O_PATH);
	if (move.fd < 0)
		return -move.fd;
	err = rename_in(asked, &move, want);
	close(move.fd);
	return err;
}

int tree_ask_rename(struct pager *pager, struct pager_request *req,
		    const struct pager_name *want)
{
	if (want->replaced)
		await_room(pager);
	return tree_asked_do(pager, req, want, rename_to);
}
