// SPDX-License-Identifier: GPL-2.0-only
/* Claims to names of pagers that have died: brought with the name, in force, and over. */
#include "claim.h"

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/hashtable.h>
#include <linux/jiffies.h>
#include <linux/moduleparam.h>
#include <linux/once.h>
#include <linux/random.h>
#include <linux/refcount.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <linux/workqueue.h>

/* So that @since, which has 32 bits, is never taken for later */
#define MACH_CLAIM_TIME_MAX	1000000

/* See directory.h */
DEFINE_MUTEX(mach_node_lock);

/* Written under kernel_param_lock, and read without */
static unsigned int mach_claim_time = 60;

/**
 * struct mach_claim - What a name leaves behind
 *
 * (a) atomic, (n) mach_node_lock, (f) the same, and only while it is in force
 *
 * @node: (n) among all that are in force
 * @link: (f) among those of the user, the oldest first
 * @directory: (f) of the directory that the name is in, referenced; NULL: the root
 * @name: (f) the name's hash, which nobody can guess
 * @user: (f) referenced: whose it is
 * @since: (f) jiffies
 * @ref: (a) of the name or of those in force, and of each in force to a name in it
 */
struct mach_claim {
	struct hlist_node node;
	struct list_head link;
	struct mach_claim *directory;
	u64 name;
	struct mach_user *user;
	u32 since;
	refcount_t ref;
};

/* Each file has one. */
static_assert(sizeof(struct mach_claim) <= 64);

/* All in force, by directory and name, and how many; with mach_node_lock */
static DEFINE_HASHTABLE(mach_claims, 12);
static unsigned long mach_claims_count;

static void mach_claims_prune(struct work_struct *work);
static DECLARE_DELAYED_WORK(mach_claims_work, mach_claims_prune);

static struct mach_claim *mach_claim_get(struct mach_claim *claim)
{
	if (claim)
		refcount_inc(&claim->ref);
	return claim;
}

static void mach_claim_put(struct mach_claim *claim)
{
	if (claim && refcount_dec_and_test(&claim->ref))
		kfree(claim);
}

/**
 * mach_claim_prepare - Have memory for the claim of a name that is to come
 * @dentry: of nothing when it was looked up; referenced
 *
 * It goes with the dentry. Return: 0, -ENOMEM.
 */
int mach_claim_prepare(struct dentry *dentry)
{
	struct mach_claim *claim = kzalloc(sizeof(*claim), GFP_KERNEL_ACCOUNT);
	bool wanted;

	if (!claim)
		return -ENOMEM;
	refcount_set(&claim->ref, 1);
	mutex_lock(&mach_node_lock);
	/* somebody else may want the name, or have it, or have lost it by a death */
	wanted = !dentry->d_fsdata && d_is_negative(dentry);
	if (wanted)
		dentry->d_fsdata = claim;
	mutex_unlock(&mach_node_lock);
	if (!wanted)
		kfree(claim);
	return 0;
}

/* Linux's d_release: under any lock */
void mach_claim_release(struct dentry *dentry)
{
	mach_claim_put(dentry->d_fsdata);
}

static u64 mach_claim_hash(const struct qstr *name)
{
	static siphash_key_t key;

	get_random_once(&key, sizeof(key));
	return siphash(name->name, name->len, &key);
}

static u64 mach_claim_key(const struct mach_claim *directory, u64 name)
{
	return name + (unsigned long)directory;
}

/* The claim to a name, in a directory that has not ended; or NULL */
static struct mach_claim *mach_claim_find(const struct dentry *dentry)
{
	const struct mach_claim *directory = dentry->d_parent->d_fsdata;
	struct mach_claim *claim;
	u64 name;

	lockdep_assert_held(&mach_node_lock);
	if (!mach_claims_count)
		return NULL;
	name = mach_claim_hash(&dentry->d_name);
	hash_for_each_possible(mach_claims, claim, node,
			       mach_claim_key(directory, name))
		if (claim->directory == directory && claim->name == name)
			return claim;
	return NULL;
}

static bool mach_claim_is_over(const struct mach_claim *claim)
{
	return (u32)jiffies - claim->since >= READ_ONCE(mach_claim_time) * HZ;
}

/* It is in force no more; the reference is the caller's. */
static void mach_claim_end(struct mach_claim *claim)
{
	lockdep_assert_held(&mach_node_lock);
	hash_del(&claim->node);
	list_del(&claim->link);
	mach_claims_count--;
	mach_user_add(claim->user, MACH_USER_CLAIMS, -1);
	mach_user_add(claim->user, MACH_USER_NAMES, -1);
	mach_user_put(claim->user);
	mach_claim_put(claim->directory);
}

static void mach_claim_drop(struct mach_claim *claim)
{
	lockdep_assert_held(&mach_node_lock);
	mach_claim_end(claim);
	mach_claim_put(claim);
}

/* By a privilege that reaches the user, as when a file's mode is changed. */
static bool mach_claim_is_overruled(const struct mach_claim *claim)
{
	struct user_namespace *ns = current_user_ns();

	return kuid_has_mapping(ns, claim->user->uid) &&
	       ns_capable(ns, CAP_FOWNER);
}

/**
 * mach_claim_bars - Does the claim of another keep a name from coming?
 * @dentry: free
 * @user: whose name it would be
 *
 * As of a name in a sticky directory: who might take it away may have it. With
 * mach_node_lock.
 */
bool mach_claim_bars(const struct dentry *dentry, const struct mach_user *user)
{
	const struct mach_claim *claim = mach_claim_find(dentry);

	lockdep_assert_held(&mach_node_lock);
	return claim && claim->user != user && !mach_claim_is_over(claim) &&
	       !uid_eq(current_fsuid(), d_inode(dentry->d_parent)->i_uid) &&
	       !mach_claim_is_overruled(claim);
}

/* A name comes, and with it what is left of the one before. With mach_node_lock */
void mach_claim_take(struct dentry *dentry)
{
	struct mach_claim *claim = mach_claim_find(dentry);

	lockdep_assert_held(&mach_node_lock);
	if (!claim)
		return;
	mach_claim_end(claim);
	mach_claim_put(dentry->d_fsdata);
	dentry->d_fsdata = claim;
}

/* Another name comes here, with its own. With mach_node_lock */
void mach_claim_forget(const struct dentry *dentry)
{
	struct mach_claim *claim = mach_claim_find(dentry);

	lockdep_assert_held(&mach_node_lock);
	if (claim)
		mach_claim_drop(claim);
}

/**
 * mach_claim_begin - A name goes by the death of its pager
 * @dentry: it, in a directory that has not ended
 * @user: whose the claim is to be; NULL: nobody's
 *
 * With mach_node_lock. Once for each name.
 */
void mach_claim_begin(struct dentry *dentry, struct mach_user *user)
{
	struct mach_claim *claim = dentry->d_fsdata;

	lockdep_assert_held(&mach_node_lock);
	if (!claim)
		return;
	dentry->d_fsdata = NULL;
	if (!user || !READ_ONCE(mach_claim_time)) {
		mach_claim_put(claim);
		return;
	}
	claim->directory = mach_claim_get(dentry->d_parent->d_fsdata);
	claim->name = mach_claim_hash(&dentry->d_name);
	claim->user = mach_user_get(user);
	claim->since = jiffies;
	hash_add(mach_claims, &claim->node,
		 mach_claim_key(claim->directory, claim->name));
	list_add_tail(&claim->link, &user->claims);
	mach_user_add(user, MACH_USER_NAMES, 1);
	mach_user_add(user, MACH_USER_CLAIMS, 1);
	if (!mach_claims_count++)
		schedule_delayed_work(&mach_claims_work, HZ);
}

/* Is a name in this directory claimed, that has none any more? With mach_node_lock */
bool mach_claim_is_in(const struct dentry *directory)
{
	const struct mach_claim *claim = directory->d_fsdata;

	lockdep_assert_held(&mach_node_lock);
	/* but for the directory's own these are the claims' */
	return claim && refcount_read(&claim->ref) > 1;
}

static struct mach_claim *mach_claim_oldest(struct mach_user *user)
{
	lockdep_assert_held(&mach_node_lock);
	return list_first_entry_or_null(&user->claims, struct mach_claim, link);
}

/**
 * mach_claim_yield - The oldest claim of a user makes room
 * @user: who
 * @n: names that he wants to have
 *
 * Return: false, and nothing has changed, if all that he has are not enough.
 */
bool mach_claim_yield(struct mach_user *user, unsigned long n)
{
	struct mach_claim *claim = NULL;

	mutex_lock(&mach_node_lock);
	n -= atomic_long_read(&user->counts[MACH_USER_CLAIMS]);
	if (mach_user_may(user, MACH_USER_NAMES, n))
		claim = mach_claim_oldest(user);
	if (claim)
		mach_claim_drop(claim);
	mutex_unlock(&mach_node_lock);
	return claim;
}

/* The oldest claim of a user, if it is over or all have to go. Return: was it? */
static bool mach_claim_prune(struct mach_user *user, bool all)
{
	struct mach_claim *claim;
	bool over;

	mutex_lock(&mach_node_lock);
	claim = mach_claim_oldest(user);
	over = claim && (all || mach_claim_is_over(claim));
	if (over)
		mach_claim_drop(claim);
	mutex_unlock(&mach_node_lock);
	return over;
}

static void mach_claims_prune_users(bool all)
{
	struct mach_user *user = NULL;

	while ((user = mach_user_next(user)))
		while (mach_claim_prune(user, all))
			cond_resched();
}

static void mach_claims_prune(struct work_struct *work)
{
	mach_claims_prune_users(false);
	mutex_lock(&mach_node_lock);
	if (mach_claims_count)
		schedule_delayed_work(&mach_claims_work, HZ);
	mutex_unlock(&mach_node_lock);
}

/* What is over by it is so from here on, whatever is written next. */
static int mach_claim_time_set(const char *text,
			       const struct kernel_param *param)
{
	int err = param_set_uint_minmax(text, param, 0, MACH_CLAIM_TIME_MAX);

	if (!err)
		mach_claims_prune_users(false);
	return err;
}

static const struct kernel_param_ops mach_claim_time_ops = {
	.set = mach_claim_time_set,
	.get = param_get_uint,
};

module_param_cb(claim_time, &mach_claim_time_ops, &mach_claim_time, 0644);
MODULE_PARM_DESC(claim_time,
		 "Seconds for which the name of a pager that has died is its user's (default: 60, 0: none)");

/* No pager is left. */
void mach_claim_exit(void)
{
	cancel_delayed_work_sync(&mach_claims_work);
	mach_claims_prune_users(true);
}
