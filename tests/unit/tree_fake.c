// SPDX-License-Identifier: GPL-2.0-only
/* What libuserpager and the kernel do for a tree, without either. */
#include "tree_fake.h"
#include "property.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fake_names fake_all = LIST_HEAD_INITIALIZER(fake_all);
struct fake_pagers fake_held = LIST_HEAD_INITIALIZER(fake_held);
static struct fake_pagers ending = LIST_HEAD_INITIALIZER(ending);
const char *fake_broken;
void (*fake_gap)(void);

struct made *fake_find(const char *path)
{
	struct made *made;

	LIST_FOREACH(made, &fake_all, list) {
		if (!strcmp(made->path, path))
			return made;
	}
	return NULL;
}

bool fake_is_below(const char *path, const char *top)
{
	size_t length = strlen(top);

	return !strncmp(path, top, length) && path[length] == '/';
}

bool fake_is_empty(const struct made *directory)
{
	struct made *made;

	LIST_FOREACH(made, &fake_all, list) {
		if (fake_is_below(made->path, directory->path))
			return false;
	}
	return true;
}

void fake_above_of(const char *path, char *above)
{
	char *slash;

	snprintf(above, 512, "%s", path);
	slash = strrchr(above, '/');
	if (slash)
		*slash = '\0';
	else
		*above = '\0';
}

struct made *fake_add(const char *path, enum tree_kind kind)
{
	struct made *made = calloc(1, sizeof(*made));

	snprintf(made->path, sizeof(made->path), "%s", path);
	made->kind = kind;
	LIST_INSERT_HEAD(&fake_all, made, list);
	return made;
}

void fake_end_pager(struct pager *pager)
{
	pager->published = false;
	pager->ended = true;
	LIST_INSERT_HEAD(&ending, pager, list);
}

void fake_take_out(struct made *made)
{
	char above[512];

	LIST_REMOVE(made, list);
	fake_above_of(made->path, above);
	free(made);
	/* what nobody made by hand goes with the last in it */
	made = fake_find(above);
	if (made && !made->kept && fake_is_empty(made))
		fake_take_out(made);
}

void fake_forget(struct made *made)
{
	LIST_REMOVE(made, list);
	free(made);
}

/* The kernel makes what is missing on the way. */
static int make(const char *path, enum tree_kind kind, struct made **out)
{
	struct made *made;
	char above[512];
	int err;

	if (fake_find(path))
		return EEXIST;
	fake_above_of(path, above);
	made = fake_find(above);
	if (*above && !made) {
		if (!fake_gap)
			fake_broken = "a name in no directory";
		err = make(above, TREE_DIRECTORY, &made);
		if (err)
			return err;
	}
	if (*above && made->kind != TREE_DIRECTORY)
		return ENOTDIR;
	*out = fake_add(path, kind);
	return 0;
}

static void gap(void)
{
	if (fake_gap)
		fake_gap();
}

static int make_directory(struct pager *pager, const char *path)
{
	struct made *made;
	int err;

	gap();
	made = fake_find(path);
	if (made && made->kind == TREE_DIRECTORY && !made->kept)
		err = 0;
	else
		err = make(path, TREE_DIRECTORY, &made);
	if (!err) {
		made->kept = true;
		made->pager = pager;
		if (pager)
			pager->published = true;
	}
	gap();
	return err;
}

int pager_mkdir(struct pager_session *session, const char *name, uid_t uid,
		gid_t gid, mode_t mode)
{
	(void)session, (void)uid, (void)gid, (void)mode;
	return make_directory(NULL, name);
}

int pager_publish_directory(struct pager *directory, const char *name,
			    uid_t uid, gid_t gid, mode_t mode)
{
	(void)uid, (void)gid, (void)mode;
	return make_directory(directory, name);
}

int pager_symlink(struct pager_session *session, const char *name,
		  const char *target, uid_t uid, gid_t gid)
{
	struct made *made;
	int err;

	(void)session, (void)uid, (void)gid;
	gap();
	err = make(name, TREE_LINK, &made);
	if (!err)
		snprintf(made->target, sizeof(made->target), "%s", target);
	gap();
	return err;
}

int pager_publish(struct pager *pager, const char *name, uid_t uid, gid_t gid,
		  mode_t mode)
{
	struct made *made;
	int err;

	(void)uid, (void)gid, (void)mode;
	gap();
	if (pager->published)
		return EEXIST;
	/* it has ended, and that is not yet told */
	if (pager->ended)
		return ENODEV;
	err = make(name, TREE_FILE, &made);
	if (!err) {
		made->pager = pager;
		pager->published = true;
		if (pager->held)
			LIST_REMOVE(pager, list);
		pager->held = false;
	}
	gap();
	return err;
}

static struct made *made_of(const struct pager *pager)
{
	struct made *made;

	LIST_FOREACH(made, &fake_all, list) {
		if (made->pager == pager)
			break;
	}
	return made;
}

void fake_lose_name(struct made *made)
{
	struct pager *pager = made->pager;

	fake_take_out(made);
	pager->published = false;
	if (property_below(3)) {
		fake_end_pager(pager);
	} else {
		pager->held = true;
		LIST_INSERT_HEAD(&fake_held, pager, list);
	}
}

int pager_unpublish(struct pager *pager)
{
	struct made *made = made_of(pager);

	if (!made)
		return ENOENT;
	fake_lose_name(made);
	pager->sure = false;
	return 0;
}

/* A directory goes, or is made by nobody from now on. */
static void give_up(struct made *made)
{
	made->kept = false;
	made->pager = NULL;
	if (fake_is_empty(made))
		fake_take_out(made);
	else if (!fake_gap)
		fake_broken = "a directory removed before what is in it";
}

/* As unlinkat() of a link, where machobj is mounted, if clients may be at work. */
int pager_remove(struct pager_session *session, const char *name)
{
	struct made *made;

	(void)session;
	gap();
	made = fake_find(name);
	if (!made || made->kind == TREE_FILE) {
		if (!fake_gap)
			fake_broken = "what is removed was not made";
		return ENOENT;
	}
	if (made->pager)
		return EPERM;
	if (made->kind == TREE_DIRECTORY)
		give_up(made);
	else
		fake_take_out(made);
	gap();
	return 0;
}

int pager_create_resizable(struct pager_session *session,
			   const struct pager_ops *ops,
			   int (*set_size)(struct pager *pager,
					   struct pager_request *req),
			   void *upi, const struct pager_attributes *attributes,
			   struct pager **out)
{
	struct pager *pager = calloc(1, sizeof(*pager));

	(void)session;
	(void)set_size;
	pager->ops = ops;
	pager->upi = upi;
	pager->size = attributes->size;
	*out = pager;
	return 0;
}

int pager_create_directory(struct pager_session *session,
			   const struct pager_name_ops *ops, void *upi,
			   struct pager **out)
{
	struct pager *pager = calloc(1, sizeof(*pager));

	(void)session;
	pager->names = ops;
	pager->upi = upi;
	*out = pager;
	return 0;
}

static void terminate(struct pager *pager)
{
	if (pager->names)
		pager->names->terminate(pager);
	else
		pager->ops->terminate(pager);
	free(pager);
}

int pager_shutdown(struct pager *pager, int timeout_ms)
{
	struct made *made = made_of(pager);

	(void)timeout_ms;
	if (made && pager->names)
		give_up(made);
	else if (made)
		fake_broken = "an object ended with its name";
	if (pager->held || pager->ended)
		LIST_REMOVE(pager, list);
	terminate(pager);
	return 0;
}

void fake_tell_of_ends(void)
{
	struct pager *pager;

	while ((pager = LIST_FIRST(&ending))) {
		LIST_REMOVE(pager, list);
		terminate(pager);
	}
}

void fake_close_some(void)
{
	struct pager *pager, *next;

	for (pager = LIST_FIRST(&fake_held); pager; pager = next) {
		next = LIST_NEXT(pager, list);
		if (property_below(2))
			continue;
		LIST_REMOVE(pager, list);
		pager->held = false;
		fake_end_pager(pager);
	}
}

int pager_resize(struct pager *pager, uint64_t size)
{
	pager->size = size;
	return 0;
}

int pager_lock_request(struct pager *pager, uint64_t offset, uint64_t length,
		       uint32_t flags, uint64_t cookie)
{
	(void)pager, (void)offset, (void)length, (void)flags, (void)cookie;
	return 0;
}

void *pager_get_upi(const struct pager *pager)
{
	return pager->upi;
}

int pager_get_fd(const struct pager *pager, int *fd)
{
	(void)pager;
	(void)fd;
	return EBADF;
}

void pager_drop_fd(struct pager *pager)
{
	(void)pager;
}

const char *pager_strerror(int err)
{
	return strerror(err);
}

int pager_sync(struct pager *pager, int timeout_ms)
{
	(void)pager;
	(void)timeout_ms;
	return 0;
}

/* Nothing is read or written here. */
static void file_ends(struct pager *pager)
{
	tree_file_end_object(pager_get_upi(pager), pager);
}

const struct pager_ops tree_file_ops = { .terminate = file_ends };

int tree_set_size(struct pager *pager, struct pager_request *req)
{
	(void)pager;
	(void)req;
	return EPERM;
}

void pager_detach(struct pager_request *req)
{
	req->detached = true;
}

/* A client that was killed has got nothing. */
int pager_answer_name(struct pager_request *req, struct pager *made, int err)
{
	if (!req->detached)
		fake_broken = "an answer to what was not detached";
	if (req->killed)
		return ESTALE;
	if (!err)
		req->done(req, made);
	return 0;
}

void log_error(const char *format, ...)
{
	(void)format;
}

void log_info(const char *format, ...)
{
	(void)format;
}

void log_debug(const char *format, ...)
{
	(void)format;
}

void log_limited(const char *format, ...)
{
	(void)format;
}
