/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What each user has: counted by kind, and bounded, so that nobody's greed is
 * another one's error.
 *
 * A user is the real user ID of whoever opened, registered, made or asked. What is
 * made for a pager (objects, requests, names, frames that wait or are dirty) is its
 * user's, whoever touches it; what is wired is the user's whose task keeps it. A frame
 * that a pipe, a device or a request still holds when its object has given it up stays
 * on the account of the object's user until it is free. Each kind has a cap, a module
 * parameter. All of it together that lies in the pool, and that nobody else can give
 * back, is bounded by a part of the pool.
 *
 * Who has CAP_SYS_RESOURCE is counted and never refused.
 *
 * Lock: mach_users_lock, a spinlock and a leaf: the table. Counts are atomic. Frames
 * aside are guarded as pool/aside.h says.
 */
#ifndef MACH_USER_H
#define MACH_USER_H

#include "base/manner.h"
#include "base/mach_types.h"
#include "aside.h"

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/uidgid.h>

/**
 * enum mach_user_kind - What is counted
 * @MACH_USER_TASKS: open descriptors of the device
 * @MACH_USER_PAGERS: ports
 * @MACH_USER_QUEUES: KiB of message arrays and slots
 * @MACH_USER_OBJECTS: objects, until they are freed
 * @MACH_USER_NAMES: published ones, and claims
 * @MACH_USER_CLAIMS: names of his pagers that have died, which he may have again
 * @MACH_USER_REQUESTS: messages that no pager has answered
 * @MACH_USER_LOCKS: lock requests under way
 * @MACH_USER_ENTRIES: of task maps
 * @MACH_USER_BUSY: frames that wait for his pagers' data
 * @MACH_USER_DIRTY: frames whose data his pagers have to take
 * @MACH_USER_ANONYMOUS: frames of memory without a pager
 * @MACH_USER_WIRED: frames that his tasks keep, whosever they are
 * @MACH_USER_HELD: frames that his objects have given up, and somebody holds, or a
 *	request that his pager has not let go of
 * @MACH_USER_NODES: of the trees of pages of his objects without a pager, and at hand
 * @MACH_USER_KINDS: how many kinds there are
 */
enum mach_user_kind {
	MACH_USER_TASKS,
	MACH_USER_PAGERS,
	MACH_USER_QUEUES,
	MACH_USER_OBJECTS,
	MACH_USER_NAMES,
	MACH_USER_CLAIMS,
	MACH_USER_REQUESTS,
	MACH_USER_LOCKS,
	MACH_USER_ENTRIES,
	MACH_USER_BUSY,
	MACH_USER_DIRTY,
	MACH_USER_ANONYMOUS,
	MACH_USER_WIRED,
	MACH_USER_HELD,
	MACH_USER_NODES,
	MACH_USER_KINDS,
};

/**
 * struct mach_user - One user
 * @node: in the table, guarded by mach_users_lock
 * @ref: atomic
 * @uid: const
 * @bytes: atomic, of the pool, that the user alone can give back
 * @counts: atomic, by enum mach_user_kind
 * @aside: frames that are held, each with a reference of the user
 * @waiters: for room on his account
 * @claims: the oldest first, with the lock of names (file/claim.h)
 */
struct mach_user {
	struct hlist_node node;
	refcount_t ref;
	kuid_t uid;
	atomic_long_t bytes;
	atomic_long_t counts[MACH_USER_KINDS];
	struct mach_aside aside;
	struct mach_waiters waiters;
	struct list_head claims;
};

/* What one of a kind takes of the pool, about */
static inline unsigned int mach_user_kind_bytes(enum mach_user_kind kind)
{
	switch (kind) {
	case MACH_USER_OBJECTS:
		return 768;
	case MACH_USER_NODES:
		return 576;
	case MACH_USER_REQUESTS:
		return 512;
	case MACH_USER_LOCKS:
	case MACH_USER_ENTRIES:
		return 128;
	case MACH_USER_BUSY:
	case MACH_USER_DIRTY:
	case MACH_USER_ANONYMOUS:
	case MACH_USER_WIRED:
	case MACH_USER_HELD:
		return PAGE_SIZE;
	default:
		return 0;
	}
}

struct mach_user *mach_user_get_current(void);
struct mach_user *mach_user_next(struct mach_user *user);
void mach_user_put(struct mach_user *user);

static inline struct mach_user *mach_user_get(struct mach_user *user)
{
	if (user)
		refcount_inc(&user->ref);
	return user;
}

bool mach_user_is_exempt(void);
bool mach_user_may(struct mach_user *user, enum mach_user_kind kind,
		   unsigned long n);
bool mach_user_fits(const struct mach_user *user, unsigned long frames);
bool mach_user_has_room(struct mach_user *user, unsigned long frames);
bool mach_user_may_split(struct mach_user *user);
int mach_user_check(struct mach_user *user, enum mach_user_kind kind,
		    unsigned long n);
int mach_user_charge(struct mach_user *user, enum mach_user_kind kind,
		     unsigned long n);
bool mach_user_set_aside(struct mach_user *user, struct page *page);
void mach_user_look_aside(unsigned long scan);
void mach_user_forget_names(struct mach_user *user,
			    const struct address_space *mapping);
void mach_user_exit(void);

/* What is there counts, even if it is more than may be. Nobody: NULL */
static inline void mach_user_add(struct mach_user *user,
				 enum mach_user_kind kind, long n)
{
	if (!user)
		return;
	atomic_long_add(n, &user->counts[kind]);
	if (mach_user_kind_bytes(kind))
		atomic_long_add(n * mach_user_kind_bytes(kind), &user->bytes);
}

const char *mach_user_kind_name(enum mach_user_kind kind);

#endif /* MACH_USER_H */
