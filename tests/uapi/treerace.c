// SPDX-License-Identifier: GPL-2.0-only
/* Everything that can be done to one tree of names, at once: nothing is lost or left. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "crowd.h"
#include "naming.h"
#include "place.h"
#include "tap.h"

#define RACE_MS		tap_storm_ms(4000)
#define VICTIMS		6

static const struct pager_setup by_ioctl = { .transport = BY_IOCTL };
static volatile bool stop;
static const char * const directories[] = {
	"race", "race/x", "race/x/y", "race/k", "race/x/k",
};

/* How often each thread had what it wanted; its own */
static unsigned long had[10];

static void known(const char *what, const char *name, long got,
		  const long *right, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (got == right[i])
			return;
	CHECK(!got, "%s %s: %s", what, name, tap_result(got));
}

/* A result is 0 or one of these, whoever was faster. */
#define KNOWN(what, name, got, ...)					\
	known(what, name, got, (const long []){ __VA_ARGS__ },		\
	      ARRAY_SIZE(((const long []){ __VA_ARGS__ })))

static const char *some_directory(unsigned int i)
{
	return directories[i % ARRAY_SIZE(directories)];
}

/* Names that nobody else takes away are there until their pager does that. */
static void *publish_own(void *arg)
{
	const unsigned int id = (uintptr_t)arg;
	struct test_object o;
	struct test_pager p;
	char name[64];
	struct stat st;

	pager_open(&p, &by_ioctl);
	object_create(&p, &o, PAGE, 0, 0);
	for (unsigned int i = id; !stop; i++) {
		snprintf(name, sizeof(name), "%s/own-%u", some_directory(i),
			 id);
		CHECK_IS(object_publish(&p, &o, name, 0600), 0);
		CHECK_IS(node_stat(name, &st), 0);
		CHECK_IS(object_unpublish(&p, &o), 0);
		CHECK_IS(node_stat(name, &st), -ENOENT);
		CHECK_IS(pager_link(&p, name, "..", 0), 0);
		CHECK_IS(RESULT(lstat(node_path(name), &st)), 0);
		CHECK_IS(pager_remove(&p, name), 0);
		had[id]++;
	}
	close(o.fd);
	pager_close(&p);
	return NULL;
}

/* A pager that makes what others take away, and dies with the rest. */
static void *live_and_die(void *arg)
{
	const unsigned int id = (uintptr_t)arg;
	struct test_object o[VICTIMS];
	struct test_pager p;
	char name[64];

	while (!stop) {
		pager_open(&p, &by_ioctl);
		for (unsigned int i = 0; i < VICTIMS; i++) {
			object_create(&p, &o[i], PAGE, 0, 0);
			snprintf(name, sizeof(name), "%s/victim-%u",
				 some_directory(i), i);
			KNOWN("publish", name,
			      object_publish(&p, &o[i], name, 0600), -EEXIST);
			snprintf(name, sizeof(name), "%s/link-%u",
				 some_directory(i + 1), i);
			KNOWN("link", name, pager_link(&p, name, "..", 0),
			      -EEXIST);
			KNOWN("mkdir", some_directory(i),
			      pager_mkdir(&p, some_directory(i), 0755, 0),
			      -EEXIST);
			KNOWN("remove", name, pager_remove(&p, name), -ENOENT,
			      -EPERM);
			close(o[i].fd);
		}
		had[id]++;
		pager_close(&p);
	}
	return NULL;
}

static void *take_away(void *arg)
{
	const unsigned int id = (uintptr_t)arg;
	char name[64];

	for (unsigned int i = 0; !stop; i++) {
		snprintf(name, sizeof(name), "%s/%s-%u", some_directory(i / 7),
			 i % 2 ? "victim" : "link", i % VICTIMS);
		KNOWN("unlink", name, RESULT(unlink(node_path(name))), -ENOENT);
		KNOWN("rmdir", some_directory(i),
		      RESULT(rmdir(node_path(some_directory(i)))), -ENOENT,
		      -ENOTEMPTY);
		KNOWN("mkdir", name, RESULT(mkdir(node_path(name), 0700)),
		      -ENOENT, -EPERM, -EEXIST);
		/* as the root is, where a link may lead to */
		KNOWN("chmod", name, RESULT(chmod(node_path(name), 01777)),
		      -ENOENT);
		had[id]++;
	}
	return NULL;
}

static void list(const char *name)
{
	DIR *dir = opendir(node_path(name));
	struct dirent *entry;
	char path[600];
	struct stat st;

	if (!dir) {
		CHECK(errno == ENOENT, "opendir: %m");
		return;
	}
	errno = 0;
	while ((entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", name, entry->d_name);
		KNOWN("stat", path, RESULT(lstat(node_path(path), &st)),
		      -ENOENT);
		errno = 0;
	}
	CHECK(!errno || errno == ENOENT, "readdir: %m");
	closedir(dir);
}

static void *look(void *arg)
{
	const unsigned int id = (uintptr_t)arg;
	char name[64];

	for (unsigned int i = 0; !stop; i++) {
		list(some_directory(i));
		snprintf(name, sizeof(name), "%s/victim-%u",
			 some_directory(i), i % VICTIMS);
		KNOWN("open", name, opened(node_open(name, O_RDWR)), -ENOENT,
		      -ENXIO);
		had[id]++;
	}
	return NULL;
}

/* In a namespace of its own: it goes from there when the directory goes. */
static void *mount_on_top(void *arg)
{
	const unsigned int id = (uintptr_t)arg;
	const char *path;

	CHECK_IS(RESULT(unshare(CLONE_NEWNS)), 0);
	CHECK_IS(RESULT(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)), 0);
	for (unsigned int i = 0; !stop; i++) {
		path = node_path(some_directory(i));
		KNOWN("mount", path, RESULT(mount("t", path, "tmpfs", 0,
						  NULL)), -ENOENT, -EINVAL);
		if (i % 2)
			KNOWN("umount", path,
			      RESULT(umount2(path, MNT_DETACH)), -ENOENT,
			      -EINVAL);
		had[id]++;
	}
	return NULL;
}

static bool all_gone(void)
{
	struct stat st;

	return node_stat("race", &st) == -ENOENT;
}

static void test_tree(void)
{
	const crowd_deed deeds[] = {
		publish_own, publish_own, live_and_die, live_and_die,
		take_away, look, look, mount_on_top,
	};

	crowd_run(deeds, ARRAY_SIZE(deeds), RACE_MS, &stop);
	CHECK_WAIT(all_gone(), 5000, "a directory is left");
	for (size_t i = 0; i < ARRAY_SIZE(deeds); i++)
		CHECK(had[i], "thread %zu had no turn", i);
	tap_note("%lu and %lu names of their own, %lu lives, %lu looks",
		 had[0], had[1], had[2] + had[3], had[5] + had[6]);
}

static const struct tap_test tests[] = {
	{ .name = "tree", .run = test_tree, .seconds = 60 },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
