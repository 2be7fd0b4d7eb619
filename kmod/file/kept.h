/* SPDX-License-Identifier: GPL-2.0-only */
/* What a pager keeps beside its objects: symbolic links, and directories. */
#ifndef MACH_KEPT_H
#define MACH_KEPT_H

#include "directory.h"

#include <linux/mach_pager.h>

void mach_keeper_init(struct mach_keeper *keeper,
		      const struct mach_pager *pager, struct dentry *root);
void mach_keeper_die(struct mach_keeper *keeper);
void mach_keeper_reap(struct mach_keeper *keeper);

int mach_node_keep(struct mach_node *node, struct mach_keeper *keeper,
		   struct mach_object *object);
int mach_keep_link(struct mach_keeper *keeper,
		   const struct mach_pager_symlink *args);
int mach_keep_directory(struct mach_keeper *keeper, struct mach_object *object,
			const struct mach_pager_mkdir *args);
bool mach_kept_disown(struct mach_object *object);
int mach_keep_no_more(struct mach_keeper *keeper,
		      const struct mach_pager_unpublish *args);

#endif /* MACH_KEPT_H */
