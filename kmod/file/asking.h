/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Clients that ask for changes in the file system of objects. In a directory that asks
 * they wait for its pager, who says that it is so, or why not; what then becomes of
 * names is done by who answers, before his call returns (naming.h, listed_naming.h).
 */
#ifndef MACH_ASKING_H
#define MACH_ASKING_H

#include "naming.h"
#include "request/memory_object.h"

struct mach_name_wish;

/* Directories that one call may have locked */
#define MACH_ASKING_LOCKED	4

/**
 * struct mach_asking - A client that waits for a pager's answer
 *
 * (c) const while it waits, (n) mach_node_lock; of a listed directory that and @calls of
 * its table
 *
 * @naming: (c) what is to be done, (n) and what is left over
 * @object: (c) of the directory, if that asks, with a right; or NULL
 * @to: (c) likewise of the one that a name moves to
 * @asks: (c) the pager is asked: there is one, and it is not the caller itself
 * @locked: (c) directories that the caller has locked, or NULL
 * @answered: (n) there is a @result
 * @result: (n) 0: @naming is done; -errno
 */
struct mach_asking {
	struct mach_naming naming;
	struct mach_object *object;
	struct mach_object *to;
	bool asks;
	struct inode *locked[MACH_ASKING_LOCKED];
	bool answered;
	int result;
};

struct mach_object *mach_asking_object(const struct mach_node *node);
void mach_asking_of(struct mach_asking *asking, const struct mach_node *node);
int mach_asking_begin(struct mach_asking *asking, struct inode *dir);
void mach_asking_end(struct mach_asking *asking);
int mach_ask(struct mach_asking *asking, const struct mach_name_wish *wish);
int mach_asking_at_once(struct mach_asking *asking);
int mach_asking_answer(struct mach_request *request, int error,
		       struct mach_object *made, u64 cookie);

#endif /* MACH_ASKING_H */
