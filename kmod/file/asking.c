// SPDX-License-Identifier: GPL-2.0-only
/* Clients that ask a pager for changes of names: they wait, and are answered. */
#include "asking.h"
#include "listed_naming.h"
#include "request/name_request.h"
#include "request/request_memory.h"

#include <linux/fs.h>

/* Is the calling process the pager? It tells, and is not asked. */
static bool mach_pager_is_caller(const struct mach_pager *pager)
{
	return task_tgid_nr(current) == pager->pid;
}

/**
 * mach_asking_object - What a directory asks by
 * @node: of a directory; NULL: the root's
 *
 * With mach_node_lock. Return: it, or NULL if it does not ask.
 */
struct mach_object *mach_asking_object(const struct mach_node *node)
{
	struct mach_object *object = node ? node->object : NULL;

	lockdep_assert_held(&mach_node_lock);
	return object && object->listed && !object->listed->asks ? NULL : object;
}

/* With mach_node_lock: who decides of what is in a directory */
void mach_asking_of(struct mach_asking *asking, const struct mach_node *node)
{
	struct mach_object *object = mach_asking_object(node);

	lockdep_assert_held(&mach_node_lock);
	if (!object || !mach_object_right_try_get(object))
		return;
	asking->object = object;
	asking->asks = !mach_pager_is_caller(object->pager);
	asking->naming.keeper = node->keeper;
	asking->naming.answered = asking->asks;
	if (object->listed)
		asking->naming.directory = object;
}

/**
 * mach_asking_begin - Find out who decides of a name in a directory
 * @asking: zeros but for its naming; to be ended in any case
 * @dir: the directory, which the caller has locked
 *
 * Return: 0; -EPERM when it is a listed one that does not ask.
 */
int mach_asking_begin(struct mach_asking *asking, struct inode *dir)
{
	const struct mach_node *node = dir->i_private;

	lockdep_assert_held_write(&dir->i_rwsem);
	asking->locked[0] = dir;
	mutex_lock(&mach_node_lock);
	mach_asking_of(asking, node);
	mutex_unlock(&mach_node_lock);
	return node && node->listed && !asking->object ? -EPERM : 0;
}

void mach_asking_end(struct mach_asking *asking)
{
	mach_listing_clear(&asking->naming.comes);
	if (asking->to)
		mach_object_right_put(asking->to);
	if (asking->object)
		mach_object_right_put(asking->object);
}

/* Who makes something in these meanwhile waits for the answer, or is who owes it. */
static void mach_asking_mark(const struct mach_asking *asking,
			     struct mach_object *object)
{
	struct mach_node *node;
	unsigned int i;

	lockdep_assert_held(&mach_node_lock);
	for (i = 0; i < MACH_ASKING_LOCKED; i++) {
		if (!asking->locked[i])
			continue;
		node = asking->locked[i]->i_private;
		node->awaits = object;
	}
}

static void mach_asking_send(struct mach_asking *asking,
			     struct mach_request *request)
{
	mutex_lock(&mach_node_lock);
	request->asking = asking;
	mach_asking_mark(asking, asking->object);
	mutex_unlock(&mach_node_lock);
	mach_request_submit(request);
}

/* Nobody waits from here on: what is done by now is done. */
static int mach_asking_leave(struct mach_asking *asking,
			     struct mach_request *request, int err)
{
	struct mach_listed *listed = asking->object->listed;

	/* who answers has it until all is done */
	if (listed)
		mutex_lock(&listed->calls);
	mutex_lock(&mach_node_lock);
	request->asking = NULL;
	mach_asking_mark(asking, NULL);
	if (asking->answered)
		err = asking->result;
	mutex_unlock(&mach_node_lock);
	if (listed)
		mutex_unlock(&listed->calls);
	/* it was given up, unless it has ended */
	mach_request_end(request, -EINTR);
	mach_request_put(request);
	mach_naming_finish(&asking->naming);
	/* the deadline, or the pager's death */
	return err > 0 ? -EIO : err;
}

/**
 * mach_ask - Have a pager do it
 * @asking: who asks; its naming complete
 * @wish: what to ask
 *
 * Waits killably. Return: 0: it is done; what the pager says; -EINTR; -EIO; as
 * mach_name_request().
 */
int mach_ask(struct mach_asking *asking, const struct mach_name_wish *wish)
{
	struct mach_request *request = mach_name_request(asking->object, wish);
	int err;

	if (IS_ERR(request))
		return PTR_ERR(request);
	mach_asking_send(asking, request);
	err = mach_request_wait_end(request) ?: 1;
	return mach_asking_leave(asking, request, err);
}

static int mach_asking_apply(struct mach_naming *naming)
{
	int err;

	mutex_lock(&mach_node_lock);
	err = naming->apply(naming, NULL);
	mutex_unlock(&mach_node_lock);
	return err;
}

/* What moves is in no change of the table that it leaves. */
static int mach_asking_apply_listed(struct mach_naming *naming)
{
	struct mach_listed *listed = naming->directory->listed;
	int err;

	if (mutex_lock_killable(&listed->calls))
		return -EINTR;
	err = mach_listed_naming_begin(naming);
	if (!err) {
		err = mach_asking_apply(naming);
		mach_listed_naming_end(naming);
	}
	mutex_unlock(&listed->calls);
	return err;
}

/* Nobody is to be asked. Return: 0, or why it cannot be. */
int mach_asking_at_once(struct mach_asking *asking)
{
	struct mach_naming *naming = &asking->naming;
	int err = naming->directory ? mach_asking_apply_listed(naming) :
				      mach_asking_apply(naming);

	mach_naming_finish(naming);
	return err;
}

/* With what guards the names: it is so, if somebody waits for that. */
static int mach_asking_take(struct mach_request *request, int error,
			    struct mach_object *made)
{
	struct mach_asking *asking;
	int err = -ESTALE;

	mutex_lock(&mach_node_lock);
	asking = request->asking;
	if (asking && !asking->answered && !mach_request_has_ended(request)) {
		err = error ? 0 : asking->naming.apply(&asking->naming, made);
		if (err == -ENOENT)
			err = -ESTALE;
		asking->answered = !err || err == -ESTALE;
		asking->result = err ? -ENOENT : error;
	}
	mutex_unlock(&mach_node_lock);
	return err;
}

/* Tables come before mach_node_lock, and who waits stays for as long as he is held. */
static int mach_asking_take_listed(struct mach_request *request, int error,
				   u64 cookie)
{
	struct mach_listed *listed = request->object->listed;
	struct mach_asking *asking;
	int err = 0;

	if (mutex_lock_killable(&listed->calls))
		return -EINTR;
	asking = error ? NULL : request->asking;
	if (asking) {
		asking->naming.cookie = cookie;
		err = mach_listed_naming_begin(&asking->naming);
	}
	if (!err) {
		err = mach_asking_take(request, error, NULL);
		if (asking)
			mach_listed_naming_end(&asking->naming);
	}
	mutex_unlock(&listed->calls);
	return err;
}

/**
 * mach_asking_answer - What the pager says to a request about a name
 * @request: it
 * @error: 0: it is so now; -errno
 * @made: referenced: what the answer names, or NULL
 * @cookie: of what comes into a table
 *
 * Takes no lock that a client holds while it waits. Return: 0; -ESTALE when nobody waits
 * any more, or what it is about has gone; otherwise why @made will not do, or that there
 * is no memory: then the request goes on, while in the other cases it has ended.
 */
int mach_asking_answer(struct mach_request *request, int error,
		       struct mach_object *made, u64 cookie)
{
	int err = request->object->listed ?
		  mach_asking_take_listed(request, error, cookie) :
		  mach_asking_take(request, error, made);

	if (!err || err == -ESTALE)
		mach_request_end(request, 0);
	return err;
}
