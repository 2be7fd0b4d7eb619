// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clients change what is in directories that ask, whose pager answers as chance will
 * have it, changes names itself, dies and has a successor: nothing hangs or is left.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "asked.h"
#include "crowd.h"
#include "naming.h"
#include "place.h"
#include "tap.h"

#define RACE_MS		(2500L * tap_slow())
#define CLIENTS		4
#define NAMES		5

/* Shared by all processes of the test */
static struct shared {
	volatile bool stop;
	unsigned long done[16];		/* by deed */
	unsigned long lives;
	unsigned long killed;
} *shared;

static const char * const directories[] = {
	"race/a", "race/b", "race/a/n0", "race/b/n1",
};

static unsigned int chance(unsigned int *seed, unsigned int n)
{
	return rand_r(seed) % n;
}

static const char *some_name(unsigned int *seed, char *name, size_t size)
{
	snprintf(name, size, "%s/n%u",
		 directories[chance(seed, ARRAY_SIZE(directories))],
		 chance(seed, NAMES));
	return name;
}

/* The pager: two threads that answer, and one that tells. */

static struct test_pager p;

static void answer_create(const struct test_request *r)
{
	struct test_object o;

	object_create(&p, &o, PAGE, 0, MACH_CREATE_RESIZABLE);
	if (asked_done(&p, r, o.number))
		object_destroy(&p, o.number);
	close(o.fd);
}

static void answer_mkdir(const struct test_request *r, unsigned int *seed)
{
	long number = chance(seed, 4) ? directory_create(&p, 0) : 0;

	if (asked_done(&p, r, number) && number > 0)
		object_destroy(&p, number);
}

static void answer_well(const struct test_request *r, unsigned int *seed)
{
	struct mach_part part;

	switch (r->m.operation) {
	case MACH_OP_CREATE:
		answer_create(r);
		break;
	case MACH_OP_MKDIR:
		answer_mkdir(r, seed);
		break;
	case MACH_OP_TERMINATE:
		pager_reply(&p, r, NULL, 0, false);
		break;
	case MACH_OP_DATA_REQUEST:
		part = part_zero(r->m.offset, r->m.length);
		pager_reply(&p, r, &part, 1, false);
		break;
	default:
		asked_done(&p, r, 0);
	}
}

static void answer(const struct test_request *r, unsigned int *seed)
{
	switch (chance(seed, 40)) {
	case 0:
		/* until the deadline */
		return;
	case 1:
		asked_done(&p, r, 1 + chance(seed, 50));
		break;
	case 2:
		pager_reply(&p, r, NULL, 0, false);
		return;
	case 3:
	case 4:
		tap_pause_ms(chance(seed, 10));
		break;
	case 5:
	case 6:
	case 7:
		asked_error(&p, r, ENOSPC);
		return;
	}
	answer_well(r, seed);
}

static void *serve(void *arg)
{
	unsigned int seed = (uintptr_t)arg * 7919 + getpid();
	struct test_request r;

	while (!shared->stop)
		if (!pager_next(&p, &r, 20))
			answer(&r, &seed);
	return NULL;
}

/* What it does to its own directories, as if the store had changed */
static void *tell(void *arg)
{
	unsigned int seed = getpid();
	struct test_object o = { .fd = -1 };
	char name[64], to[64];

	(void)arg;
	while (!shared->stop) {
		if (o.fd < 0)
			object_create(&p, &o, PAGE, 0, 0);
		some_name(&seed, name, sizeof(name));
		some_name(&seed, to, sizeof(to));
		switch (chance(&seed, 6)) {
		case 0:
			object_publish(&p, &o, name, 0);
			break;
		case 1:
			object_unname(&p, o.number);
			break;
		case 2:
			renameat2(AT_FDCWD, node_path(name), AT_FDCWD,
				  node_path(to), 0);
			break;
		case 3:
			unlink(node_path(name));
			break;
		case 4:
			pager_remove(&p, name);
			break;
		case 5:
			object_destroy(&p, o.number);
			close(o.fd);
			o.fd = -1;
			break;
		}
	}
	return NULL;
}

static void take_over(const char *name)
{
	long number = directory_create(&p, 0);

	CHECK(number > 0, "create: %s", tap_result(number));
	/* a client may have removed it, or the predecessor still be there */
	if (directory_publish(&p, name, 0777, 0, number))
		object_destroy(&p, number);
}

static void live(void)
{
	static const struct pager_setup hasty = {
		.transport = BY_IOCTL, .depth = 64, .deadline_ms = 150,
	};
	unsigned int seed = getpid();
	pthread_t thread;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pager_open(&p, &hasty);
	take_over("race/a");
	take_over("race/b");
	for (uintptr_t i = 0; i < 2; i++)
		CHECK(!pthread_create(&thread, NULL, serve, (void *)i),
		      "thread: %m");
	CHECK(!pthread_create(&thread, NULL, tell, NULL), "thread: %m");
	tap_pause_ms((100 + chance(&seed, 400)) * tap_slow());
	_exit(0);
}

static void *pagers(void *arg)
{
	int status;
	pid_t pid;

	(void)arg;
	while (!shared->stop) {
		pid = fork();
		if (!pid)
			live();
		CHECK_IS(RESULT(waitpid(pid, &status, 0)), pid);
		CHECK(!status, "the pager ended with status 0x%x", status);
		shared->lives++;
	}
	return NULL;
}

/* The clients. What they get is 0, or has a reason. */

static void check_known(long deed, const char *name, long got)
{
	static const long known[] = {
		-ENOENT, -EEXIST, -EIO, -ENOTEMPTY, -EISDIR, -ENOTDIR, -EACCES,
		-EPERM, -EXDEV, -ENOSPC, -ENXIO, -EINVAL, -ESTALE,
	};

	if (got >= 0) {
		__atomic_add_fetch(&shared->done[deed], 1, __ATOMIC_RELAXED);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (got == known[i])
			return;
	tap_fail("deed %ld on %s: %s", deed, name, tap_result(got));
}

static void change(unsigned int *seed)
{
	static const enum deed deeds[] = {
		DEED_CREATE, DEED_CREATE, DEED_CREATE, DEED_MKDIR, DEED_MKDIR,
		DEED_SYMLINK, DEED_UNLINK, DEED_RMDIR, DEED_RENAME, DEED_RENAME,
		DEED_CHMOD, DEED_STAT, DEED_LIST,
	};
	const enum deed deed = deeds[chance(seed, ARRAY_SIZE(deeds))];
	const int flags = deed == DEED_CREATE ? O_RDWR : 0;
	char name[64], to[64];
	const uint64_t arg[] = { NAME_ARGS(deed, name, to, flags, 0700) };

	some_name(seed, name, sizeof(name));
	some_name(seed, to, sizeof(to));
	check_known(deed, name, do_name(arg));
}

static void *client(void *arg)
{
	unsigned int seed = (uintptr_t)arg;

	while (!shared->stop)
		change(&seed);
	return NULL;
}

/* Clients that are killed while they wait, perhaps */
static void *victims(void *arg)
{
	unsigned int seed = 99;
	pid_t pid;

	(void)arg;
	while (!shared->stop) {
		pid = fork();
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			seed = getpid();
			client((void *)(uintptr_t)seed);
			_exit(0);
		}
		tap_pause_ms(chance(&seed, 20) * tap_slow());
		kill(pid, SIGKILL);
		CHECK_IS(RESULT(waitpid(pid, NULL, 0)), pid);
		shared->killed++;
	}
	return NULL;
}

static void test_race(void)
{
	const crowd_deed deeds[CLIENTS + 2] = {
		client, client, client, client, victims, pagers,
	};
	struct stat before, after;

	shared = shared_alloc(sizeof(*shared));
	CHECK_IS(RESULT(stat(MACH_VM_NODE_DIR, &before)), 0);
	crowd_run(deeds, ARRAY_SIZE(deeds), RACE_MS, &shared->stop);
	CHECK_WAIT(RESULT(access(node_path("race"), F_OK)) == -ENOENT, 5000,
		   "a directory is left");
	CHECK_IS(RESULT(stat(MACH_VM_NODE_DIR, &after)), 0);
	CHECK_IS(after.st_nlink, before.st_nlink);
	tap_note("%lu files, %lu directories, %lu links made, %lu renamed, %lu and %lu gone; %lu lives, %lu killed",
		 shared->done[DEED_CREATE], shared->done[DEED_MKDIR],
		 shared->done[DEED_SYMLINK], shared->done[DEED_RENAME],
		 shared->done[DEED_UNLINK], shared->done[DEED_RMDIR],
		 shared->lives, shared->killed);
	CHECK(shared->done[DEED_CREATE] && shared->done[DEED_MKDIR] &&
	      shared->done[DEED_RENAME] && shared->lives,
	      "something never had its turn");
}

static const struct tap_test tests[] = {
	{ .name = "race", .run = test_race, .seconds = 60 },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
