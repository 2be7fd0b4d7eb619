/* SPDX-License-Identifier: GPL-2.0-only */
/* Lookups and listings of listed directories, and inodes of the names in them. */
#ifndef MACH_LISTED_NAME_H
#define MACH_LISTED_NAME_H

#include "listed.h"

struct inode;

extern const struct inode_operations mach_listed_inode_operations;
extern const struct file_operations mach_listed_file_operations;

void mach_listed_inode_update(struct inode *inode,
			      const struct mach_listing_entry *entry);

#endif /* MACH_LISTED_NAME_H */
