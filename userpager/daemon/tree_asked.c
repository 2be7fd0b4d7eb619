// SPDX-License-Identifier: GPL-2.0-only
/*
 * A client's request about a name, from its beginning to its answer, under the lock of
 * the names: the next thread finds the tree as the kernel has it.
 */
#include "tree_asked.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Of what is about us a program need not know. */
static int public_errno(int err)
{
	if (err == EMFILE)
		return ENFILE;
	return err == EBADF || err == EFAULT || err == ENOSYS ? EIO : err;
}

/* 0 or errno; in both cases end() follows. */
static int begin(struct asked *asked, struct pager *pager,
		 struct pager_request *req)
{
	struct tree_name *directory = pager_get_upi(pager);
	struct tree *tree = directory->directory.tree;

	*asked = (struct asked){
		.tree = tree,
		.directory = directory,
		.req = req,
	};
	tree_enter(tree);
	asked->fd = tree_open_directory(tree, directory, O_PATH);
	if (asked->fd >= 0)
		return 0;
	/* it was removed, or moved, and that is not followed yet */
	if (directory->parent)
		tree_note(tree, directory->parent, directory->name, false);
	return -asked->fd;
}

static void end(struct asked *asked)
{
	if (asked->fd >= 0)
		close(asked->fd);
	tree_leave(asked->tree);
}

int tree_asked_do(struct pager *pager, struct pager_request *req,
		  const struct pager_name *want, asked_deed *deed)
{
	struct asked asked;
	int err = begin(&asked, pager, req);

	if (!err)
		err = deed(&asked, want);
	end(&asked);
	return public_errno(err);
}

/* The names in a directory have changed; so has its time. */
void tree_asked_changed(struct asked *asked, struct tree_name *directory,
			int fd)
{
	struct stat st;

	if (!fstat(fd, &st))
		tree_facts_set(&directory->facts, &st);
	directory->directory.changes++;
	asked->tree->changes++;
}

/* Whether the client has got it; the names that it gave are not there any more. */
bool tree_asked_answer(struct asked *asked, struct pager *made)
{
	tree_asked_changed(asked, asked->directory, asked->fd);
	pager_detach(asked->req);
	return !pager_answer_name(asked->req, made, 0);
}

/* It is shown as the client wants it, which need not be as the command line does. */
void tree_check_dress(struct asked *asked, struct tree_name *name,
		      const struct tree_wish *shown)
{
	const struct tree *tree = asked->tree;
	const struct tree_facts *facts = &name->facts;

	if ((shown->uid == (uid_t)-1 || shown->uid == tree_owner(tree, facts)) &&
	    (shown->gid == (gid_t)-1 || shown->gid == tree_group(tree, facts)) &&
	    (shown->mode == (mode_t)-1 || name->kind == TREE_LINK ||
	     (shown->mode & 01777) == tree_mode(tree, facts)))
		return;
	name->undressed = true;
	if (name->parent)
		tree_note(asked->tree, name->parent, name->name, false);
}

/* Who is not root may open a file as long as its mode lets him. */
void tree_keep_if_closed(struct tree_file *file, mode_t mode)
{
	if (geteuid() && (mode & 0600) != 0600)
		tree_file_keep(file);
}
