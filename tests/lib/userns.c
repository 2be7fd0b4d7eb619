// SPDX-License-Identifier: GPL-2.0-only
/* Users in namespaces of their own, which root says the numbers of. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tap.h"
#include "user.h"
#include "userns.h"

static int apart[2], mapped[2];
static void (*deed_apart)(void);

static void write_map(pid_t pid, const char *kind, const char *map)
{
	const ssize_t length = strlen(map);
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s_map", pid, kind);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	CHECK(fd >= 0, "%s: %m", path);
	CHECK_IS(RESULT(write(fd, map, length)), length);
	close(fd);
}

static void go_apart(void)
{
	char word;

	CHECK_IS(RESULT(unshare(CLONE_NEWUSER)), 0);
	CHECK_IS(RESULT(write(apart[1], "a", 1)), 1);
	CHECK_IS(RESULT(read(mapped[0], &word, 1)), 1);
	deed_apart();
}

void as_user_apart(uid_t uid, const char *map, void (*deed)(void))
{
	char word;
	pid_t pid;

	CHECK(!pipe(apart) && !pipe(mapped), "pipe: %m");
	deed_apart = deed;
	pid = user_begin(uid, go_apart);
	close(apart[1]);
	CHECK_IS(RESULT(read(apart[0], &word, 1)), 1);
	if (map) {
		write_map(pid, "uid", map);
		write_map(pid, "gid", map);
	}
	CHECK_IS(RESULT(write(mapped[1], "m", 1)), 1);
	user_end(pid);
	close(apart[0]);
	close(mapped[0]);
	close(mapped[1]);
}
