// SPDX-License-Identifier: GPL-2.0-only
/* Users, what each has, and the parameters that bound it. */
#include "user.h"
#include "pool.h"

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/hashtable.h>
#include <linux/module.h>
#include <linux/slab.h>

static DEFINE_SPINLOCK(mach_users_lock);
static DEFINE_HASHTABLE(mach_users, 6);

/* Frames that are held, and were nobody's */
static struct mach_aside mach_nobodys_aside = {
	.frames = LIST_HEAD_INIT(mach_nobodys_aside.frames),
};

/**
 * struct mach_user_rule - What holds for a kind
 * @name: const: of its column, for people
 * @max: how many a user may have; a module parameter: Linux writes it under
 *	kernel_param_lock, and it is read without. Const where there is none
 */
struct mach_user_rule {
	const char *name;
	unsigned long max;
};

static struct mach_user_rule mach_user_rules[MACH_USER_KINDS] = {
	[MACH_USER_TASKS] = { "tasks", 4096 },
	[MACH_USER_PAGERS] = { "pagers", 256 },
	[MACH_USER_QUEUES] = { "queues_kib", 65536 },
	[MACH_USER_OBJECTS] = { "objects", 65536 },
	[MACH_USER_NAMES] = { "names", 65536 },
	[MACH_USER_CLAIMS] = { "claims", ULONG_MAX },
	[MACH_USER_REQUESTS] = { "requests", 65536 },
	[MACH_USER_LOCKS] = { "locks", 4096 },
	[MACH_USER_ENTRIES] = { "entries", 262144 },
	[MACH_USER_BUSY] = { "busy", ULONG_MAX },
	[MACH_USER_DIRTY] = { "dirty", ULONG_MAX },
	[MACH_USER_ANONYMOUS] = { "anonymous", ULONG_MAX },
	[MACH_USER_WIRED] = { "wired", ULONG_MAX },
	[MACH_USER_HELD] = { "held", ULONG_MAX },
	[MACH_USER_NODES] = { "nodes", ULONG_MAX },
};

module_param_named(user_tasks, mach_user_rules[MACH_USER_TASKS].max, ulong, 0644);
MODULE_PARM_DESC(user_tasks,
		 "Most open descriptors of /dev/machvm of a user (default: 4096)");
module_param_named(user_pagers, mach_user_rules[MACH_USER_PAGERS].max, ulong, 0644);
MODULE_PARM_DESC(user_pagers,
		 "Most pagers of a user (default: 256)");
module_param_named(user_queues, mach_user_rules[MACH_USER_QUEUES].max, ulong, 0644);
MODULE_PARM_DESC(user_queues,
		 "Most KiB of queues of a user's pagers (default: 65536)");
module_param_named(user_objects, mach_user_rules[MACH_USER_OBJECTS].max, ulong, 0644);
MODULE_PARM_DESC(user_objects,
		 "Most objects of a user (default: 65536)");
module_param_named(user_names, mach_user_rules[MACH_USER_NAMES].max, ulong, 0644);
MODULE_PARM_DESC(user_names,
		 "Most published names of a user (default: 65536)");
module_param_named(user_requests, mach_user_rules[MACH_USER_REQUESTS].max, ulong, 0644);
MODULE_PARM_DESC(user_requests,
		 "Most unanswered requests of a user's pagers (default: 65536)");
module_param_named(user_locks, mach_user_rules[MACH_USER_LOCKS].max, ulong, 0644);
MODULE_PARM_DESC(user_locks,
		 "Most lock requests of a user under way (default: 4096)");
module_param_named(user_entries, mach_user_rules[MACH_USER_ENTRIES].max, ulong, 0644);
MODULE_PARM_DESC(user_entries,
		 "Most entries of a user's task maps (default: 262144)");

static unsigned long mach_user_memory = 50;
module_param_named(user_memory, mach_user_memory, ulong, 0644);
MODULE_PARM_DESC(user_memory,
		 "Most of the pool that only one user can give back, in percent (default: 50)");

static struct mach_user *mach_user_find(kuid_t uid)
{
	struct mach_user *user;

	lockdep_assert_held(&mach_users_lock);
	hash_for_each_possible(mach_users, user, node, __kuid_val(uid))
		if (uid_eq(user->uid, uid)) {
			refcount_inc(&user->ref);
			return user;
		}
	return NULL;
}

/* The calling process's user, with a reference; NULL if there is no memory. */
struct mach_user *mach_user_get_current(void)
{
	const kuid_t uid = current_uid();
	struct mach_user *user, *made;

	spin_lock(&mach_users_lock);
	user = mach_user_find(uid);
	spin_unlock(&mach_users_lock);
	if (user)
		return user;
	made = kzalloc(sizeof(*made), GFP_KERNEL_ACCOUNT);
	if (!made)
		return NULL;
	refcount_set(&made->ref, 1);
	made->uid = uid;
	mach_aside_init(&made->aside);
	init_waitqueue_head(&made->waiters.queue);
	INIT_LIST_HEAD(&made->claims);
	spin_lock(&mach_users_lock);
	user = mach_user_find(uid);
	if (!user)
		hash_add(mach_users, &made->node, __kuid_val(uid));
	spin_unlock(&mach_users_lock);
	if (!user)
		return made;
	kfree(made);
	return user;
}

void mach_user_put(struct mach_user *user)
{
	unsigned int i;
	bool last;

	if (!user || refcount_dec_not_one(&user->ref))
		return;
	spin_lock(&mach_users_lock);
	last = refcount_dec_and_test(&user->ref);
	if (last)
		hash_del(&user->node);
	spin_unlock(&mach_users_lock);
	if (!last)
		return;
	for (i = 0; i < MACH_USER_KINDS; i++)
		WARN_ONCE(atomic_long_read(&user->counts[i]),
			  "machvm: %ld %s of a user are left\n",
			  atomic_long_read(&user->counts[i]),
			  mach_user_rules[i].name);
	kfree(user);
}

/**
 * mach_user_next - Look at one user after the other
 * @user: NULL for the first one; else the caller's reference, taken over
 *
 * Return: the next one with a reference, or NULL. In no order but that of the table.
 */
struct mach_user *mach_user_next(struct mach_user *user)
{
	struct mach_user *next, *found = NULL;
	bool passed = !user;
	unsigned int bucket;

	spin_lock(&mach_users_lock);
	hash_for_each(mach_users, bucket, next, node) {
		if (passed && !found) {
			refcount_inc(&next->ref);
			found = next;
		}
		passed |= next == user;
	}
	spin_unlock(&mach_users_lock);
	mach_user_put(user);
	return found;
}

const char *mach_user_kind_name(enum mach_user_kind kind)
{
	return mach_user_rules[kind].name;
}

/* Is the caller, by privilege, never refused for what he has? */
bool mach_user_is_exempt(void)
{
	return has_capability_noaudit(current, CAP_SYS_RESOURCE);
}

/* May a user have @n more of a kind? Others may be as quick. */
bool mach_user_may(struct mach_user *user, enum mach_user_kind kind,
		   unsigned long n)
{
	unsigned long max = READ_ONCE(mach_user_rules[kind].max);

	return !user || atomic_long_read(&user->counts[kind]) + n <= max;
}

/* Bytes of the pool that a user alone may be able to give back */
static unsigned long mach_user_most(void)
{
	return mach_pool_limit() / 100 *
	       min(READ_ONCE(mach_user_memory), 100UL) * PAGE_SIZE;
}

/* Has he, or nobody in particular, so much left by what is counted? Under any lock */
bool mach_user_fits(const struct mach_user *user, unsigned long frames)
{
	return !user || atomic_long_read(&user->bytes) + frames * PAGE_SIZE <=
	       mach_user_most();
}

/* So many frames are held no more; with the last one the user may go. */
static void mach_user_release(struct mach_aside *aside, unsigned long n)
{
	struct mach_user *user = container_of(aside, struct mach_user, aside);

	if (aside == &mach_nobodys_aside || !n)
		return;
	mach_user_add(user, MACH_USER_HELD, -(long)n);
	while (n--)
		mach_user_put(user);
}

/**
 * mach_user_set_aside - A frame comes back that somebody else still holds
 * @user: on whose account it stays; or NULL
 * @page: frame
 *
 * Return: false if it is not in use.
 */
bool mach_user_set_aside(struct mach_user *user, struct page *page)
{
	struct mach_aside *aside = user ? &user->aside : &mach_nobodys_aside;

	/* before anybody can find it free */
	mach_user_get(user);
	mach_user_add(user, MACH_USER_HELD, 1);
	if (mach_aside_add(aside, page))
		return true;
	mach_user_release(aside, 1);
	return false;
}

/**
 * mach_user_look_aside - See which frames nobody holds any more, whosever they are
 * @scan: how many to look at; the next call looks at others
 */
void mach_user_look_aside(unsigned long scan)
{
	unsigned long left = min(scan, mach_aside_count());
	unsigned int looked = 1, freed;

	while (left && looked) {
		struct mach_aside *whose = NULL;

		freed = mach_aside_look(&whose, &looked);
		if (freed)
			mach_user_release(whose, freed);
		left -= min_t(unsigned long, left, looked);
	}
}
EXPORT_SYMBOL_IF_KUNIT(mach_user_look_aside);

/* Are there so many frames of a user that nobody holds any more? Looks at each once. */
static bool mach_user_recover(struct mach_user *user, unsigned long frames)
{
	struct mach_aside *aside = &user->aside;
	long left = READ_ONCE(aside->n);
	unsigned int looked = 1;

	while (left > 0 && looked && !mach_user_fits(user, frames)) {
		mach_user_release(aside, mach_aside_look(&aside, &looked));
		left -= looked;
		cond_resched();
	}
	return mach_user_fits(user, frames);
}

/**
 * mach_user_has_room - May a user have more of the pool?
 * @user: who; NULL: nobody in particular
 * @frames: how much, in frames; 0: is he below his bound?
 *
 * If not, it looks at all frames of his that were held: may sleep.
 */
bool mach_user_has_room(struct mach_user *user, unsigned long frames)
{
	return mach_user_fits(user, frames) || mach_user_recover(user, frames);
}

/* A mapping of a user's object, or one of all users', ends: see pool/aside.h. */
void mach_user_forget_names(struct mach_user *user,
			    const struct address_space *mapping)
{
	mach_aside_forget_names(mapping, user ? &user->aside : NULL);
}

/**
 * mach_user_may_split - May what a user has be cut into more entries?
 * @user: who
 *
 * By calls that change or take away what is there. They are refused later than those
 * that add to it: when he has twice the entries that he may have, or a quarter more of
 * the pool.
 */
bool mach_user_may_split(struct mach_user *user)
{
	unsigned long n = atomic_long_read(&user->counts[MACH_USER_ENTRIES]);
	long bytes = atomic_long_read(&user->bytes);
	long most = mach_user_most();

	return (n / 2 <= READ_ONCE(mach_user_rules[MACH_USER_ENTRIES].max) &&
		bytes <= most + most / 4) || mach_user_is_exempt();
}

/**
 * mach_user_check - May the calling process have more on a user's account?
 * @user: who, or NULL
 * @kind: of what
 * @n: how many
 *
 * Others may be as quick. Return: 0, -EAGAIN.
 */
int mach_user_check(struct mach_user *user, enum mach_user_kind kind,
		    unsigned long n)
{
	if ((mach_user_may(user, kind, n) &&
	     (!mach_user_kind_bytes(kind) || mach_user_has_room(user, 0))) ||
	    mach_user_is_exempt())
		return 0;
	return -EAGAIN;
}

/**
 * mach_user_charge - Count what a user gets, unless that is too much
 * @user: who, or NULL
 * @kind: of what
 * @n: how many
 *
 * For the process that asks for it. Return: 0; -EAGAIN, and nothing is counted.
 */
int mach_user_charge(struct mach_user *user, enum mach_user_kind kind,
		     unsigned long n)
{
	int err;

	mach_user_add(user, kind, n);
	err = mach_user_check(user, kind, 0);
	if (err)
		mach_user_add(user, kind, -(long)n);
	return err;
}

/* The module ends: who holds a frame still gives it back to Linux. */
void mach_user_exit(void)
{
	struct mach_aside *aside;
	unsigned long n;

	while ((aside = mach_aside_abandon(&n)))
		mach_user_release(aside, n);
}
