// SPDX-License-Identifier: GPL-2.0-only
/*
 * A directory that others change, and what machpagerd shows of it: after every pause
 * the same names, of the same kinds, each object with its file's size. The library is
 * a fake here, which keeps a list of what was made.
 */
#include "../../userpager/daemon/tree_priv.h"
#include "../../userpager/daemon/log.h"
#include "property.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAMES		8
#define TOP		"top"

struct pager {
	LIST_ENTRY(pager) list;
	const struct pager_ops *ops;
	void *upi;
	uint64_t size;
	bool published;
	bool flushed;
};

/* Something in /dev/machobj */
struct made {
	LIST_ENTRY(made) list;
	char path[512];
	char target[512];
	struct pager *pager;
	enum tree_kind kind;
};

static LIST_HEAD(, made) all = LIST_HEAD_INITIALIZER(all);
static LIST_HEAD(, pager) ending = LIST_HEAD_INITIALIZER(ending);
static const char *broken;	/* a rule that the tree did not keep */

static struct made *find(const char *path)
{
	struct made *made;

	LIST_FOREACH(made, &all, list) {
		if (!strcmp(made->path, path))
			return made;
	}
	return NULL;
}

static int make(const char *path, enum tree_kind kind, struct made **out)
{
	struct made *made;
	char above[512];
	char *slash;

	if (find(path))
		return EEXIST;
	snprintf(above, sizeof(above), "%s", path);
	slash = strrchr(above, '/');
	if (slash) {
		*slash = '\0';
		made = find(above);
		if (!made || made->kind != TREE_DIRECTORY)
			broken = "a name in no directory";
	}
	made = calloc(1, sizeof(*made));
	snprintf(made->path, sizeof(made->path), "%s", path);
	made->kind = kind;
	LIST_INSERT_HEAD(&all, made, list);
	*out = made;
	return 0;
}

int pager_mkdir(struct pager_session *session, const char *name, uid_t uid,
		gid_t gid, mode_t mode)
{
	struct made *made;

	(void)session, (void)uid, (void)gid, (void)mode;
	return make(name, TREE_DIRECTORY, &made);
}

int pager_symlink(struct pager_session *session, const char *name,
		  const char *target, uid_t uid, gid_t gid)
{
	struct made *made;
	int err = make(name, TREE_LINK, &made);

	(void)session, (void)uid, (void)gid;
	if (!err)
		snprintf(made->target, sizeof(made->target), "%s", target);
	return err;
}

int pager_publish(struct pager *pager, const char *name, uid_t uid, gid_t gid,
		  mode_t mode)
{
	struct made *made;
	int err;

	(void)uid, (void)gid, (void)mode;
	if (pager->published)
		return EEXIST;
	/* it has ended, and that is not yet told */
	if (pager->list.le_prev)
		return ENODEV;
	err = make(name, TREE_FILE, &made);
	if (!err) {
		made->pager = pager;
		pager->published = true;
	}
	return err;
}

static void end_object(struct pager *pager)
{
	pager->published = false;
	LIST_INSERT_HEAD(&ending, pager, list);
}

int pager_unpublish(struct pager *pager)
{
	struct made *made;

	LIST_FOREACH(made, &all, list) {
		if (made->pager == pager)
			break;
	}
	if (!made)
		return ENOENT;
	LIST_REMOVE(made, list);
	free(made);
	end_object(pager);
	return 0;
}

int pager_remove(struct pager_session *session, const char *name)
{
	struct made *made = find(name), *other;
	size_t length = strlen(name);

	(void)session;
	if (!made || made->kind == TREE_FILE) {
		broken = "what is removed was not made";
		return ENOENT;
	}
	LIST_FOREACH(other, &all, list) {
		if (!strncmp(other->path, name, length) &&
		    other->path[length] == '/')
			broken = "a directory removed before what is in it";
	}
	LIST_REMOVE(made, list);
	free(made);
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

int pager_shutdown(struct pager *pager, int timeout_ms)
{
	(void)timeout_ms;
	pager->ops->terminate(pager);
	free(pager);
	return 0;
}

int pager_resize(struct pager *pager, uint64_t size)
{
	pager->size = size;
	return 0;
}

int pager_lock_request(struct pager *pager, uint64_t offset, uint64_t length,
		       uint32_t flags, uint64_t cookie)
{
	(void)offset, (void)length, (void)flags, (void)cookie;
	pager->flushed = true;
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
static void terminate(struct pager *pager)
{
	tree_file_end_object(pager_get_upi(pager), pager);
}

const struct pager_ops tree_file_ops = { .terminate = terminate };

int tree_set_size(struct pager *pager, struct pager_request *req)
{
	(void)pager;
	(void)req;
	return EPERM;
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

static char where[] = { "/tmp/tree-test-XXXXXX" };
static struct config config = { .name = TOP, .open_files = 4 };
static struct tree *tree;
static int real;
static unsigned long contents;	/* grows, so that no two files are alike */

static void tell_of_ends(void)
{
	struct pager *pager;

	while ((pager = LIST_FIRST(&ending))) {
		LIST_REMOVE(pager, list);
		pager->ops->terminate(pager);
		free(pager);
	}
}

/* A path of one to three names, few of which are ever there */
static void some_path(char *path)
{
	static const char *const names[NAMES] = {
		"a", "b", "c", "with space", "new\nline", "\xff\xfe", "-x", "..."
	};
	int parts = 1 + property_below(3);

	*path = '\0';
	while (parts--) {
		strcat(path, names[property_below(NAMES)]);
		if (parts)
			strcat(path, "/");
	}
}

static void write_file(const char *path, int flags)
{
	int fd = openat(real, path, flags | O_WRONLY | O_NOFOLLOW |
			O_NONBLOCK, 0600);

	if (fd < 0)
		return;
	if (ftruncate(fd, ++contents % 10000) < 0)
		abort();
	close(fd);
}

/* Errors are as good as successes. */
static void change(void)
{
	char path[64], other[64];
	int done = 0;

	some_path(path);
	some_path(other);
	switch (property_below(12)) {
	case 0 ... 1:
		write_file(path, O_CREAT);
		break;
	case 2:
		write_file(path, 0);
		break;
	case 3 ... 4:
		done = mkdirat(real, path, 0700);
		break;
	case 5:
		done = symlinkat(other, real, path);
		break;
	case 6:
		done = linkat(real, path, real, other, 0);
		break;
	case 7:
		done = unlinkat(real, path, 0);
		break;
	case 8:
		done = unlinkat(real, path, AT_REMOVEDIR);
		break;
	case 9:
		done = mkfifoat(real, path, 0600);
		break;
	default:
		done = renameat(real, path, real, other);
	}
	(void)done;
}

static const char *wrong;
static int seen;

/* A further name of a file is a link that leads to an object. */
static bool is_other_name(const struct made *made, const struct stat *st)
{
	char path[1024], *slash, *from = path;
	const char *target = made->target;
	const struct made *object;

	if (made->kind != TREE_LINK || st->st_nlink < 2)
		return false;
	snprintf(path, sizeof(path), "%s", made->path);
	slash = strrchr(path, '/');
	for (; !strncmp(target, "../", 3); target += 3) {
		*slash = '\0';
		slash = strrchr(path, '/');
	}
	strcpy(slash + 1, target);
	object = find(from);
	return object && object->kind == TREE_FILE &&
	       object->pager->size == (uint64_t)st->st_size;
}

static bool is_shown(const struct stat *st, const char *path, int type)
{
	const struct made *made = find(path);
	char target[512];
	ssize_t length;

	if (!made)
		return false;
	if (type == FTW_D)
		return made->kind == TREE_DIRECTORY;
	if (type != FTW_SL)
		return is_other_name(made, st) ||
		       (made->kind == TREE_FILE &&
			made->pager->size == (uint64_t)st->st_size);
	length = readlinkat(real, path + strlen(TOP "/"), target,
			    sizeof(target) - 1);
	target[length < 0 ? 0 : length] = '\0';
	return made->kind == TREE_LINK && !strcmp(made->target, target);
}

static int compare(const char *path, const struct stat *st, int type,
		   struct FTW *ftw)
{
	static char said[600];
	char name[512];

	(void)ftw;
	if (S_ISFIFO(st->st_mode))
		return 0;
	seen++;
	snprintf(name, sizeof(name), TOP "%s", path + strlen(where));
	if (is_shown(st, name, type))
		return 0;
	snprintf(said, sizeof(said), "%s is not shown as it is", name);
	wrong = said;
	return 1;
}

static void settle(void)
{
	struct pollfd poll_for = { .fd = tree_watch_fd(tree), .events = POLLIN };

	/* a pause is shorter than this */
	while (poll(&poll_for, 1, 150) > 0)
		tree_check(tree);
}

static bool check(void)
{
	struct made *made;
	int n = 0;

	wrong = broken;
	seen = 0;
	if (!wrong)
		nftw(where, compare, 16, FTW_PHYS);
	LIST_FOREACH(made, &all, list)
		n++;
	if (!wrong && n != seen)
		wrong = "something is shown that is not there";
	return !wrong || property_fail("%s (%d of %d)", wrong, n, seen);
}

/* Many changes at once, or one after the other; or nothing was told of them. */
static bool follow(void)
{
	int n = 1 + property_below(property_below(4) ? 6 : 60);

	while (n--) {
		change();
		if (!property_below(10))
			tree_check(tree);
		if (!property_below(5))
			tell_of_ends();
	}
	if (property_below(10))
		settle();
	else
		tree_rescan(tree);
	/* it may be moved on while it is looked at */
	settle();
	return check();
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static void end(void)
{
	tree_close(tree);
	nftw(where, remove_one, 16, FTW_PHYS | FTW_DEPTH);
}

int main(int argc, char **argv)
{
	static const struct property properties[] = {
		{ "tree-follows", 20, follow },
	};
	int err;

	config.directory = mkdtemp(where);
	real = open(where, O_RDONLY | O_DIRECTORY);
	if (real < 0 || tree_open(&config, &tree) ||
	    tree_publish(tree, (struct pager_session *)1))
		return 2;
	err = property_main(properties, 1, argc, argv);
	end();
	return err;
}
