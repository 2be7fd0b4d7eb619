/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * machpagerd - a client's request about a name in a tree.
 */
#ifndef MACHPAGERD_TREE_ASKED_H
#define MACHPAGERD_TREE_ASKED_H

#include "tree_priv.h"

/**
 * struct asked - A request while it is worked on.
 * @tree: its tree, the names of which are locked
 * @directory: in which something is asked for
 * @fd: the directory behind it, by O_PATH
 * @req: the request, until it is answered
 */
struct asked {
	struct tree *tree;
	struct tree_name *directory;
	int fd;
	struct pager_request *req;
};

/* What is done for one. Return: 0 or errno; ignored once it is answered. */
typedef int asked_deed(struct asked *asked, const struct pager_name *want);

/* With the names locked. Return: for the operation to return. */
int tree_asked_do(struct pager *pager, struct pager_request *req,
		  const struct pager_name *want, asked_deed *deed);
/* The names in a directory have changed; so has its time. */
void tree_asked_changed(struct asked *asked, struct tree_name *directory, int fd);
/* Whether the client has got it; the texts that it gave are not there any more. */
bool tree_asked_answer(struct asked *asked, struct pager *made);
/* @name is shown so; if that is not as it is to be, it is dressed later. */
void tree_check_dress(struct asked *asked, struct tree_name *name,
		      const struct tree_wish *shown);
/* Of a file that is about to get a mode, or has it */
void tree_keep_if_closed(struct tree_file *file, mode_t mode);

/* The operations, see struct pager_name_ops; those of tree_ask_make.c */
int tree_ask_create(struct pager *pager, struct pager_request *req,
		    const struct pager_name *want, struct pager **made);
int tree_ask_mkdir(struct pager *pager, struct pager_request *req,
		   const struct pager_name *want, struct pager **made);
int tree_ask_symlink(struct pager *pager, struct pager_request *req,
		     const struct pager_name *want);
/* tree_ask_move.c */
int tree_ask_unlink(struct pager *pager, struct pager_request *req,
		    const struct pager_name *want);
int tree_ask_rmdir(struct pager *pager, struct pager_request *req,
		   const struct pager_name *want);
int tree_ask_rename(struct pager *pager, struct pager_request *req,
		    const struct pager_name *want);
/* tree_ask_rights.c */
int tree_ask_attributes(struct pager *pager, struct pager_request *req,
			const struct pager_name *want);

#endif /* MACHPAGERD_TREE_ASKED_H */
