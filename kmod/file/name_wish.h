/* SPDX-License-Identifier: GPL-2.0-only */
/* What clients ask of a directory's pager, in the pager's words: ids, numbers, cookies. */
#ifndef MACH_NAME_WISH_H
#define MACH_NAME_WISH_H

#include "asking.h"
#include "request/name_request.h"

struct mach_object *mach_known_object(struct mach_pager *pager,
				      struct inode *inode);
void mach_wish_owner(struct mach_name_wish *wish, struct mach_naming *naming,
		     kuid_t uid, kgid_t gid);
void mach_wish_object(struct mach_name_wish *wish,
		      const struct mach_asking *asking,
		      const struct dentry *dentry);
void mach_wish_replaced(struct mach_name_wish *wish,
			const struct mach_asking *asking,
			const struct dentry *dentry);
void mach_wish_attributes(struct mach_name_wish *wish, struct inode *inode,
			  const struct iattr *attr);

#endif /* MACH_NAME_WISH_H */
