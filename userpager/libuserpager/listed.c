// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libuserpager - listed directories: names handed in, and the objects that the module
 * makes for them.
 *
 * The module's cookies of such names are the user's with one more bit, which no other
 * cookie of ours has. An object that it makes is known by its number from its first
 * message on, in a table of its own.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "transport.h"

/* What the structure had at first */
#define OPS_SIZE_VER0	offsetof(struct pager_listed_ops, names)

/* What clients may change, or NULL */
static const struct pager_name_ops *names_of(const struct pager_listed_ops *ops)
{
	return ops->size > OPS_SIZE_VER0 ? ops->names : NULL;
}

static void terminate_directory(struct pager *directory)
{
	const struct pager_listed_ops *ops = directory->session->listed;

	if (ops->terminate)
		ops->terminate(directory);
}

static int sync_directory(struct pager *directory, struct pager_request *req)
{
	const struct pager_name_ops *names = directory->names;

	return names && names->sync ? names->sync(directory, req) : 0;
}

/* It has no pages. */
static const struct pager_ops directory_ops = {
	.sync = sync_directory,
	.terminate = terminate_directory,
};

static int open_made(struct pager *pager, const struct mach_message *message)
{
	const struct pager_listed_ops *ops = pager->session->listed;
	struct pager_file file = { .upi = pager->session->listed_upi };
	int err;

	pager->upi = file.upi;
	if (message->operation == MACH_OP_LIST) {
		pager->ops = &directory_ops;
		pager->names = names_of(ops);
		return 0;
	}
	if (!ops->open)
		return EIO;
	err = ops->open(pager, message->cookie & ~PAGER_COOKIE_LISTED, &file);
	if (!err && (!file.ops || !file.ops->read))
		err = EIO;
	if (err)
		return err;
	pager->ops = file.ops;
	pager->set_size = file.set_size;
	pager->upi = file.upi;
	pager->size = file.size;
	return 0;
}

/* Nobody but the caller knows it yet. */
static struct pager *make(struct pager_session *session,
			  const struct mach_message *message)
{
	struct pager *pager;

	if (pager_alloc(session, &pager))
		return NULL;
	pager->ops = NULL;
	pager->names = NULL;
	pager->set_size = NULL;
	pager->object = message->object;
	pager->cluster = 0;
	pager->fd = -1;
	pager->opened = false;
	pager->failed = false;
	return pager;
}

/* With a reference of the table, and one of the caller */
static void begin(struct pager *pager)
{
	atomic_store(&pager->alive, true);
	atomic_fetch_add(&pager->word, 2);
}

/* One thread opens it; others that have messages of it wait for that. */
static struct pager *find_or_enter(struct pager_session *session,
				   struct pager *fresh)
{
	struct pager *pager;

	pthread_mutex_lock(&session->lock);
	pager = pager_made_find(session, fresh->object);
	if (!pager) {
		begin(fresh);
		pager_made_enter(fresh);
	}
	pthread_mutex_unlock(&session->lock);
	return pager;
}

static void opened(struct pager *pager, bool good)
{
	struct pager_session *session = pager->session;

	pthread_mutex_lock(&session->lock);
	pager->opened = true;
	pager->failed = !good;
	pthread_cond_broadcast(&session->changed);
	pthread_mutex_unlock(&session->lock);
}

static bool wait_opened(struct pager *pager)
{
	struct pager_session *session = pager->session;
	bool good;

	pthread_mutex_lock(&session->lock);
	while (!pager->opened)
		pthread_cond_wait(&session->changed, &session->lock);
	good = !pager->failed;
	pthread_mutex_unlock(&session->lock);
	return good;
}

/* What has not been opened has nothing that could be called. */
static const struct pager_ops no_ops;

static int begin_made(struct pager *pager, const struct mach_message *message)
{
	int err = open_made(pager, message);

	if (err)
		pager->ops = &no_ops;
	opened(pager, !err);
	/* the next message may have more luck */
	if (err)
		pager_end(pager);
	return err;
}

/*
 * The object that a message with a listed name's cookie is about, with a reference.
 * Return: 0; ENOENT when nothing has to be done; what the operation says.
 */
int pager_made(struct pager_session *session, const struct mach_message *message,
	       struct pager **pager)
{
	struct pager *fresh;

	pthread_mutex_lock(&session->lock);
	*pager = pager_made_find(session, message->object);
	pthread_mutex_unlock(&session->lock);
	if (*pager)
		return wait_opened(*pager) ? 0 : EIO;
	if (message->operation == MACH_OP_TERMINATE)
		return ENOENT;
	fresh = make(session, message);
	if (!fresh)
		return ENOMEM;
	*pager = find_or_enter(session, fresh);
	if (!*pager) {
		*pager = fresh;
		return begin_made(fresh, message);
	}
	pager_free(fresh);
	return wait_opened(*pager) ? 0 : EIO;
}

/* Asks the operation. Return: its errno */
int pager_list(struct pager *directory, struct pager_request *req)
{
	const struct pager_listed_ops *ops = directory->session->listed;

	if (!ops || !ops->list)
		return EIO;
	return ops->list(directory, req,
			 req->message.cookie & ~PAGER_COOKIE_LISTED);
}

int pager_set_listed(struct pager_session *session,
		     const struct pager_listed_ops *ops, void *upi)
{
	const struct pager_name_ops *names;

	if (!ops || ops->size < OPS_SIZE_VER0 || !ops->list)
		return EINVAL;
	names = names_of(ops);
	if (names && names->size < sizeof(*names))
		return EINVAL;
	if (session->listed)
		return EEXIST;
	session->made = calloc(PAGER_MADE_BUCKETS, sizeof(*session->made));
	if (!session->made)
		return ENOMEM;
	session->listed_upi = upi;
	session->listed = ops;
	return 0;
}

int pager_create_listed(struct pager_session *session, uint64_t cookie,
			struct pager **directory)
{
	const struct pager_name_ops *names;
	int err;

	if (!session->listed || cookie & PAGER_COOKIE_LISTED)
		return EINVAL;
	names = names_of(session->listed);
	err = pager_make(session, &(struct pager_setup) {
				 .ops = &directory_ops,
				 .names = names,
				 .upi = session->listed_upi,
				 .cookie = cookie | PAGER_COOKIE_LISTED,
				 .flags = MACH_CREATE_DIRECTORY |
					  MACH_CREATE_LISTED |
					  (names ? MACH_CREATE_ASKS : 0),
			 }, directory);
	if (err)
		return err;
	(*directory)->opened = true;
	pthread_mutex_lock(&session->lock);
	pager_made_enter(*directory);
	pthread_mutex_unlock(&session->lock);
	return 0;
}

static bool is_listed(const struct pager *directory)
{
	return directory->ops == &directory_ops;
}

int pager_publish_listed(struct pager *directory, const char *name, uid_t uid,
			 gid_t gid, mode_t mode)
{
	if (!is_listed(directory))
		return EINVAL;
	return pager_name_directory(directory->session, directory->object, name,
				    uid, gid, mode);
}

static int call_list(struct pager *directory, uint32_t flags,
		     const struct mach_list_entry *entries, uint32_t n)
{
	struct mach_pager_list list = {
		.size = sizeof(list),
		.object = directory->object,
		.flags = flags,
		.nr_entries = n,
		.entry_size = n ? sizeof(*entries) : 0,
		.entries = (uintptr_t)(n ? entries : NULL),
	};

	if (!is_listed(directory))
		return EINVAL;
	return pager_call(directory->session, MACH_PAGER_LIST, &list);
}

static struct mach_list_entry entry_of(const struct pager_listing *name)
{
	return (struct mach_list_entry) {
		.size = sizeof(struct mach_list_entry),
		.mode = name->mode,
		.flags = name->flags,
		.uid = name->uid,
		.gid = name->gid,
		.name_length = strlen(name->name),
		.name = (uintptr_t)name->name,
		.target_length = name->target ? strlen(name->target) : 0,
		.target = (uintptr_t)name->target,
		.object_size = name->file_size,
		.cookie = name->cookie | PAGER_COOKIE_LISTED,
		.mtime_ns = name->mtime_ns,
	};
}

static int list(struct pager *directory, uint32_t flags,
		const struct pager_listing *names, uint32_t n)
{
	struct mach_list_entry *entries = calloc(n, sizeof(*entries));
	uint32_t i;
	int err = 0;

	if (!entries && n)
		return ENOMEM;
	for (i = 0; i < n && !err; i++) {
		if (names[i].size != sizeof(*names) ||
		    names[i].cookie & PAGER_COOKIE_LISTED)
			err = EINVAL;
		else
			entries[i] = entry_of(&names[i]);
	}
	if (!err)
		err = call_list(directory, flags, entries, n);
	free(entries);
	return err;
}

int pager_list_begin(struct pager *directory)
{
	return call_list(directory, MACH_LIST_BEGIN, NULL, 0);
}

int pager_list_add(struct pager *directory, const struct pager_listing *names,
		   uint32_t n)
{
	return list(directory, 0, names, n);
}

int pager_list_end(struct pager *directory)
{
	return call_list(directory, MACH_LIST_END, NULL, 0);
}

int pager_list_change(struct pager *directory,
		      const struct pager_listing *names, uint32_t n)
{
	return list(directory, MACH_LIST_CHANGE, names, n);
}

int pager_list_remove(struct pager *directory, const char *name)
{
	const struct mach_list_entry entry = {
		.size = sizeof(entry),
		.name = (uintptr_t)name,
		.name_length = strlen(name),
	};

	return call_list(directory, MACH_LIST_REMOVE, &entry, 1);
}
