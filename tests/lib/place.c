// SPDX-License-Identifier: GPL-2.0-only
/* Paths of published objects, mounts of the test's own, and other users. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "place.h"
#include "tap.h"

/* Each thread has its own: they race. */
static __thread char paths[8][320];
static __thread unsigned int next_path;

const char *node_path(const char *name)
{
	char *path = paths[next_path++ % ARRAY_SIZE(paths)];

	snprintf(path, sizeof(paths[0]), "%s/%s", MACH_VM_NODE_DIR, name);
	return path;
}

const char *fd_path(int fd)
{
	char *path = paths[next_path++ % ARRAY_SIZE(paths)];

	snprintf(path, sizeof(paths[0]), "/proc/self/fd/%d", fd);
	return path;
}

long node_stat(const char *name, struct stat *st)
{
	return RESULT(stat(node_path(name), st));
}

long node_there(const char *name)
{
	struct stat st;

	return RESULT(lstat(node_path(name), &st));
}

long node_open(const char *name, int flags)
{
	return RESULT(open(node_path(name), flags | O_CLOEXEC, 0600));
}

long opened(long fd)
{
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

bool dir_lists(const char *path, const char *name)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool found = false;

	CHECK(dir, "%s: %m", path);
	while ((entry = readdir(dir)))
		found |= !strcmp(entry->d_name, name);
	closedir(dir);
	return found;
}

void become_root(void)
{
	CHECK_IS(RESULT(seteuid(0)), 0);
	CHECK_IS(RESULT(setegid(0)), 0);
}

void become(uid_t uid)
{
	become_root();
	CHECK_IS(RESULT(setgroups(0, NULL)), 0);
	CHECK_IS(RESULT(setegid(uid)), 0);
	CHECK_IS(RESULT(seteuid(uid)), 0);
}

void own_mounts(void)
{
	CHECK_IS(RESULT(unshare(CLONE_NEWNS)), 0);
	CHECK_IS(RESULT(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)), 0);
}

long mount_objects(const char *path)
{
	return RESULT(mount("machobj", path, "machobj", MS_NOSUID | MS_NODEV,
			    NULL));
}

const char *new_directory(void)
{
	static char path[32];

	strcpy(path, "/tmp/machvm-XXXXXX");
	CHECK(mkdtemp(path), "%s: %m", path);
	return path;
}
