// SPDX-License-Identifier: GPL-2.0-only
/* What clients may ask for in a tree. */
#include "tree_asked.h"

#include <errno.h>

static int sync_directory(struct pager *pager, struct pager_request *req)
{
	struct tree_name *directory = pager_get_upi(pager);
	struct tree *tree = directory->directory.tree;
	int err;

	(void)req;
	tree_enter(tree);
	err = tree_sync_names(tree, directory);
	tree_leave(tree);
	return err ? EIO : 0;
}

static void tree_directory_ends(struct pager *pager)
{
	tree_name_put(pager_get_upi(pager));
}

const struct pager_name_ops tree_ask_ops = {
	.size = sizeof(tree_ask_ops),
	.create = tree_ask_create,
	.mkdir = tree_ask_mkdir,
	.symlink = tree_ask_symlink,
	.unlink = tree_ask_unlink,
	.rmdir = tree_ask_rmdir,
	.rename = tree_ask_rename,
	.set_attributes = tree_ask_attributes,
	.sync = sync_directory,
	.terminate = tree_directory_ends,
};
