// SPDX-License-Identifier: GPL-2.0-only
/*
 * A directory that others change, and in which clients ask for changes, and what
 * machpagerd shows of it: after every pause the same names, of the same kinds, each
 * object with its file's size. The library is a fake here, see tree_fake.c.
 */
#include "tree_fake.h"
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

/*
 * Who may change what: others alone; clients as well; clients, and nobody tells of it;
 * clients, all of whom get their answers
 */
enum mode { FOLLOW, ASK, ASK_UNWATCHED, CLIENTS };

static enum mode mode;

static char above[] = { "/tmp/tree-test-XXXXXX" };
static char where[sizeof(above) + sizeof(TOP)];
static struct config config = { .name = TOP, .open_files = 4 };
static struct tree *tree;
static int real;
static unsigned long contents;	/* grows, so that no two files are alike */

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

/* The tree waits for the kernel: it is not to be called. */
static bool busy;

/* By a name that is never looked at, a change of another's file is not told of. */
static bool is_known(int fd)
{
	struct pollfd poll_for = { .fd = tree_watch_fd(tree), .events = POLLIN };
	struct stat st;

	if (fstat(fd, &st) < 0 || st.st_nlink < 2)
		return true;
	if (busy)
		return false;
	while (poll(&poll_for, 1, 150) > 0)
		tree_check(tree);
	return true;
}

static void write_file(const char *path, int flags)
{
	int fd = openat(real, path, flags | O_WRONLY | O_NOFOLLOW |
			O_NONBLOCK, 0600);

	if (fd < 0)
		return;
	if (is_known(fd) && ftruncate(fd, ++contents % 10000) < 0)
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
		if (mode == FOLLOW || property_below(3))
			done = mkfifoat(real, path, 0600);
		else
			done = linkat(real, path, real, other, 0);
		break;
	default:
		done = renameat(real, path, real, other);
	}
	(void)done;
}

static void serve(enum mode wanted);

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
	object = fake_find(from);
	return object && object->kind == TREE_FILE &&
	       object->pager->size == (uint64_t)st->st_size;
}

static bool is_shown(const struct stat *st, const char *path, int type)
{
	const struct made *made = fake_find(path);
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
	snprintf(said, sizeof(said), "%s is not shown as it is: %o, %llu bytes, shown as %d",
		 name, st->st_mode, (unsigned long long)st->st_size,
		 fake_find(name) ? (int)fake_find(name)->kind : -1);
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

/* What is shown, and is not there */
static const char *find_surplus(void)
{
	static char said[600];
	struct made *made;
	struct stat st;
	char path[600];

	LIST_FOREACH(made, &fake_all, list) {
		snprintf(path, sizeof(path), ".%s", made->path + strlen(TOP));
		if (!fstatat(real, path, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		snprintf(said, sizeof(said), "%s is shown and is not there",
			 made->path);
		return said;
	}
	return "something is shown twice";
}

static bool check(void)
{
	struct made *made;
	int n = 0;

	wrong = fake_broken;
	seen = 0;
	if (!wrong)
		nftw(where, compare, 16, FTW_PHYS);
	LIST_FOREACH(made, &fake_all, list)
		n++;
	if (!wrong && n != seen)
		wrong = find_surplus();
	return !wrong || property_fail("%s (%d of %d)", wrong, n, seen);
}

/* Many changes at once, or one after the other; or nothing was told of them. */
static bool follow(void)
{
	int n = 1 + property_below(property_below(4) ? 6 : 60);

	serve(FOLLOW);
	while (n--) {
		change();
		if (!property_below(10))
			tree_check(tree);
		if (!property_below(5))
			fake_tell_of_ends();
	}
	if (property_below(10))
		settle();
	else
		tree_rescan(tree);
	/* it may be moved on while it is looked at */
	settle();
	return check();
}

static void path_of_client(char *path)
{
	strcpy(path, TOP "/");
	some_path(path + strlen(TOP "/"));
}

/* What happens while the tree waits for the kernel */
static void meanwhile(void)
{
	if (busy || property_below(3))
		return;
	busy = true;
	do {
		if (mode != ASK || property_below(8))
			fake_client(real, path_of_client);
		else
			change();
	} while (!property_below(3));
	busy = false;
}

/* What was unlinked while it was open can be read. */
static bool check_held(void)
{
	struct tree_file *file;
	struct pager *pager;
	struct stat st;
	int fd, err;

	LIST_FOREACH(pager, &fake_held, list) {
		file = pager->upi;
		if (!pager->sure)
			continue;
		err = tree_file_get_fd(file, &fd);
		if (err)
			return property_fail("an open file cannot be read: %s",
					     strerror(err));
		if (fstat(fd, &st) < 0 || st.st_ino != file->inode)
			return property_fail("an open file is another");
		tree_file_put_fd(file, fd);
	}
	return true;
}

static bool turn(unsigned int others)
{
	int n = 1 + property_below(property_below(4) ? 100 : 1000);

	while (n--) {
		if (property_below(3) < others)
			change();
		else
			fake_client(real, path_of_client);
		if (!property_below(10))
			tree_check(tree);
		if (!property_below(5))
			fake_tell_of_ends();
		if (!property_below(20))
			fake_close_some();
	}
	settle();
	fake_gap = NULL;
	settle();
	fake_gap = meanwhile;
	return check() && check_held();
}

/* Clients and others, who know nothing of each other */
static bool ask(void)
{
	serve(ASK);
	return turn(property_below(3));
}

/* What becomes of a request alone tells what is to be looked at. */
static bool ask_unwatched(void)
{
	serve(ASK_UNWATCHED);
	return turn(0);
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st;
	(void)type;
	return ftw->level ? remove(path) : 0;
}

static void clear(void)
{
	nftw(where, remove_one, 16, FTW_PHYS | FTW_DEPTH);
}

static void stop(void)
{
	struct made *made;

	fake_gap = meanwhile;
	/* as the end of a session does */
	while ((made = LIST_FIRST(&fake_all))) {
		if (made->kind == TREE_FILE)
			pager_unpublish(made->pager);
		else if (made->pager)
			pager_shutdown(made->pager, PAGER_NO_WAIT);
		else
			fake_forget(made);
	}
	while (!LIST_EMPTY(&fake_held))
		fake_close_some();
	fake_tell_of_ends();
	tree_close(tree);
	tree = NULL;
	fake_gap = NULL;
}

static void serve(enum mode wanted)
{
	if (tree && mode == wanted)
		return;
	if (tree)
		stop();
	mode = wanted;
	if (mode == CLIENTS)
		clear();
	fake_patient = mode == CLIENTS;
	config.writable = mode != FOLLOW;
	if (tree_open(&config, &tree) ||
	    tree_publish(tree, (struct pager_session *)1))
		abort();
	if (mode == ASK_UNWATCHED) {
		close(tree->inotify);
		tree->inotify = -1;
	}
	fake_gap = mode == FOLLOW ? NULL : meanwhile;
}

/*
 * What a client sets stays as it is: what is shown has the times of what is behind, here
 * since it is the same, and nobody sets them anew.
 */
static bool leave_times(void)
{
	unsigned int n = 100;

	if (mode != CLIENTS) {
		serve(CLIENTS);
		tree->objects = open(above, O_PATH | O_DIRECTORY);
	}
	settle();
	fake_dressed = 0;
	while (n--) {
		fake_client(real, path_of_client);
		if (!property_below(10))
			tree_check(tree);
	}
	settle();
	if (!check())
		return false;
	return !fake_dressed ||
	       property_fail("times were set %u times", fake_dressed);
}

int main(int argc, char **argv)
{
	static const struct property properties[] = {
		{ "tree-follows", 20, follow },
		{ "tree-asks", 15, ask },
		{ "tree-asks-unwatched", 10, ask_unwatched },
		{ "tree-leaves-times", 20, leave_times },
	};
	int err;

	if (!mkdtemp(above))
		return 2;
	sprintf(where, "%s/%s", above, TOP);
	mkdir(where, 0700);
	config.directory = where;
	real = open(where, O_RDONLY | O_DIRECTORY);
	if (real < 0)
		return 2;
	err = property_main(properties, 4, argc, argv);
	if (tree)
		stop();
	clear();
	rmdir(where);
	rmdir(above);
	return err;
}
