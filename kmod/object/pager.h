/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an object knows of its pager: where requests go, and who it is. The
 * pager's port fills this in; a fake pager may as well.
 */
#ifndef MACH_PAGER_H
#define MACH_PAGER_H

#include "base/hand_off.h"
#include "base/mach_types.h"
#include "pool/user.h"

#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/workqueue.h>

struct mach_object_setup;
struct mm_struct;

/**
 * struct mach_pager_ops - How to reach a pager
 * @submit: send @request, taking a reference of it. Never waits. -EIO when the
 *	pager is gone; then nothing was taken.
 * @queue: run work that may wait for this pager, and holds up no other's.
 * @forget: the object has terminated; its number is free again.
 * @terminate: work of an object: its last right went.
 * @launder: work of an object: send what is unsent, and let go of a reference.
 * @adopt: make an object, for whom the pager did not ask; its number is chosen here.
 *	With one right, the caller's; dead when the pager is. ERR_PTR(): -ENFILE when its
 *	user has too many, -ENOSPC, -ENOMEM.
 * @working: does the current thread work on a request of this pager?
 * @free: the last reference went.
 */
struct mach_pager_ops {
	int (*submit)(struct mach_pager *pager, struct mach_request *request);
	void (*queue)(struct mach_pager *pager, struct work_struct *work);
	void (*forget)(struct mach_pager *pager, struct mach_object *object);
	work_func_t terminate;
	work_func_t launder;
	struct mach_object *(*adopt)(struct mach_pager *pager,
				     struct mach_object_setup *setup);
	bool (*working)(struct mach_pager *pager);
	void (*free)(struct mach_pager *pager);
};

/**
 * struct mach_pager - The sending side of a pager
 * @ops: const
 * @mm: const, for comparison only (mmgrab): of the process that is the pager
 * @pid: const, of its process, for people
 * @comm: const, its name, for people
 * @request_pages: const, most pages of a request; 1 for a single-page pager
 * @user: const, referenced: whose it is; NULL: the kernel's
 * @exempt: const: its user may have what he wants
 * @died: its process has ended, and it had not resigned before. Set by the port, before
 *	anything of it is seen to be dead
 * @ref: atomic
 * @hand_off: of threads that wait for this pager; no lock: see there
 * @held: (its port's lock) requests that threads of it work on; looked at without
 * @id: const once enlisted; no other pager ever has the same
 * @node: among all pagers, of pager.c
 */
struct mach_pager {
	const struct mach_pager_ops *ops;
	struct mm_struct *mm;
	pid_t pid;
	char comm[TASK_COMM_LEN];
	unsigned int request_pages;
	struct mach_user *user;
	bool exempt;
	u8 died;
	refcount_t ref;
	struct mach_hand_off hand_off;
	unsigned int held;
	u32 id;
	struct rb_node node;
};

void mach_pager_enlist(struct mach_pager *pager);
void mach_pager_delist(struct mach_pager *pager);
bool mach_pager_current(void);
bool mach_pager_is_stuck(struct mach_pager *pager, u32 object);

static inline void mach_pager_get(struct mach_pager *pager)
{
	refcount_inc(&pager->ref);
}

static inline void mach_pager_put(struct mach_pager *pager)
{
	if (refcount_dec_and_test(&pager->ref))
		pager->ops->free(pager);
}

#endif /* MACH_PAGER_H */
