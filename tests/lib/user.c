// SPDX-License-Identifier: GPL-2.0-only
/* Processes of users without privilege. */
#define _GNU_SOURCE
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/mach_vm.h>

#include "tap.h"
#include "user.h"

void user_become(uid_t uid)
{
	CHECK_IS(RESULT(setresgid(uid, uid, uid)), 0);
	CHECK_IS(RESULT(setresuid(uid, uid, uid)), 0);
	/* his processes take descriptors from each other */
	CHECK_IS(RESULT(prctl(PR_SET_DUMPABLE, 1)), 0);
}

pid_t user_begin(uid_t uid, void (*deed)(void))
{
	pid_t pid;

	CHECK_IS(RESULT(chmod(MACH_VM_DEVICE, 0666)), 0);
	pid = fork();
	CHECK(pid >= 0, "fork: %m");
	if (!pid) {
		user_become(uid);
		deed();
		_exit(0);
	}
	return pid;
}

void user_end(pid_t pid)
{
	int status;

	CHECK_IS(RESULT(waitpid(pid, &status, 0)), pid);
	CHECK(!status, "a user has failed: status %#x", status);
}

void as_user(uid_t uid, void (*deed)(void))
{
	user_end(user_begin(uid, deed));
}

static int ready[2], go[2];

void hold(void)
{
	char word;

	CHECK_IS(RESULT(write(ready[1], "r", 1)), 1);
	CHECK_IS(RESULT(read(go[0], &word, 1)), 1);
}

pid_t greedy_begin(void (*take)(void))
{
	char word;
	pid_t pid;

	CHECK(!pipe(ready) && !pipe(go), "pipe: %m");
	pid = user_begin(GREEDY, take);
	close(ready[1]);
	CHECK_IS(RESULT(read(ready[0], &word, 1)), 1);
	return pid;
}

void greedy_end(pid_t pid)
{
	CHECK_IS(RESULT(write(go[1], "g", 1)), 1);
	user_end(pid);
}
