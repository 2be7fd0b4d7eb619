// SPDX-License-Identifier: GPL-2.0-only
/*
 * Listed directories that ask with everything at once: clients that change, open, list
 * and are killed, a pager that answers as chance will have it, changes tables itself,
 * gives objects back, dies and has a successor. Each result is one that it can have,
 * what is listed can be found, and nothing hangs or is left.
 */
#define _GNU_SOURCE
#include <dirent.h>
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
#include "listing.h"
#include "place.h"
#include "pool.h"
#include "tap.h"

#define RACE_MS		(4000L * tap_slow())
#define NAMES		6

/* Shared by all processes of the test */
static struct shared {
	volatile bool stop;
	unsigned long done[DEED_UMASK + 1];	/* by deed */
	unsigned long lives;
	unsigned long killed;
	unsigned long stale;
	unsigned long used;
} *shared;

static const char * const directories[] = {
	"race-la", "race-lb", "race-la/n0", "race-lb/n1",
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
static uint32_t top[2];

/* A table by chance */
static long hand_in(uint32_t number, unsigned int flags, unsigned int *seed)
{
	struct test_name names[NAMES];
	char text[NAMES][8];
	unsigned int n = 0;

	for (unsigned int i = 0; i < NAMES; i++) {
		if (!chance(seed, 3))
			continue;
		snprintf(text[n], sizeof(text[n]), "n%u", i);
		names[n] = (struct test_name) {
			.name = text[n], .cookie = 1 + chance(seed, 3),
			.flags = MACH_LIST_RESIZABLE,
		};
		if (i < 2 || !chance(seed, 5)) {
			names[n].mode = S_IFDIR | 0755;
			names[n].flags = 0;
		}
		n++;
	}
	return list_names(&p, number, flags, names, n);
}

static void answer_name(const struct test_request *r, unsigned int *seed)
{
	const uint64_t cookie = r->m.operation <= MACH_OP_SYMLINK ?
				1 + chance(seed, 3) : 0;
	long err = asked_done(&p, r, cookie);

	if (!err)
		return;
	if (err == -ESTALE)
		__atomic_add_fetch(&shared->stale, 1, __ATOMIC_RELAXED);
	/* what has come meanwhile, or is in it */
	else if (err == -EEXIST || err == -ENOTEMPTY)
		asked_error(&p, r, -err);
	else
		tap_fail("answer to operation %u: %s", r->m.operation,
			 tap_result(err));
}

static void answer_well(const struct test_request *r, unsigned int *seed)
{
	struct mach_part part = part_done(r->m.offset, r->m.length);

	switch (r->m.operation) {
	case MACH_OP_TERMINATE:
		pager_reply(&p, r, NULL, 0, false);
		break;
	case MACH_OP_DATA_REQUEST:
		part = part_zero(r->m.offset, r->m.length);
		pager_reply(&p, r, &part, 1, false);
		break;
	case MACH_OP_LIST:
		hand_in(r->m.object, MACH_LIST_BEGIN | MACH_LIST_END, seed);
		asked_done(&p, r, 0);
		break;
	case MACH_OP_DATA_RETURN:
	case MACH_OP_SYNCHRONIZE:
	case MACH_OP_SET_SIZE:
		if (!part.length)
			part.length = PAGE;
		pager_reply(&p, r, &part, 1, false);
		break;
	default:
		answer_name(r, seed);
	}
}

static void answer(const struct test_request *r, unsigned int *seed)
{
	switch (chance(seed, 40)) {
	case 0:
		/* until the deadline */
		return;
	case 1:
		pager_reply(&p, r, NULL, 0, false);
		return;
	case 2:
	case 3:
		tap_pause_ms(chance(seed, 10));
		break;
	case 4:
	case 5:
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
	char name[64], to[64];
	uint32_t number;

	(void)arg;
	while (!shared->stop) {
		number = top[chance(&seed, 2)];
		some_name(&seed, name, sizeof(name));
		some_name(&seed, to, sizeof(to));
		switch (chance(&seed, 6)) {
		case 0:
			hand_in(number, MACH_LIST_BEGIN | MACH_LIST_END, &seed);
			break;
		case 1:
			hand_in(number, MACH_LIST_CHANGE, &seed);
			break;
		case 2:
			list_remove(&p, number, strrchr(name, '/') + 1);
			break;
		case 3:
			rename(node_path(name), node_path(to));
			break;
		case 4:
			unlink(node_path(name));
			break;
		case 5:
			chmod(node_path(name), 0700);
			break;
		}
		tap_pause_ms(chance(&seed, 4));
	}
	return NULL;
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
	for (int i = 0; i < 2; i++)
		top[i] = listed_create_asking(&p, directories[i], 1);
	for (uintptr_t i = 0; i < 2; i++)
		CHECK(!pthread_create(&thread, NULL, serve, (void *)i),
		      "thread: %m");
	CHECK(!pthread_create(&thread, NULL, tell, NULL), "thread: %m");
	tap_pause_ms((150 + chance(&seed, 500)) * tap_slow());
	_exit(0);
}

static bool no_tops(void)
{
	return access(node_path(directories[0]), F_OK) &&
	       access(node_path(directories[1]), F_OK);
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
		CHECK_WAIT(no_tops(), 5000, "a directory is left");
	}
	return NULL;
}

/* The clients. What they get is 0, or has a reason. */

static void check_known(long deed, const char *name, long got)
{
	static const long known[] = {
		-ENOENT, -EEXIST, -EIO, -ENOTEMPTY, -EISDIR, -ENOTDIR, -EACCES,
		-EPERM, -EXDEV, -ENOSPC, -ENXIO, -EINVAL, -ESTALE, -ENODEV,
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
		DEED_RENAME, DEED_CHMOD, DEED_STAT, DEED_LIST,
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

/* Files that are open while their names move, or go */
static void *use(void *arg)
{
	unsigned int seed = (uintptr_t)arg + 1;
	char name[64], byte = 'x';
	long fd;

	while (!shared->stop) {
		fd = node_open(some_name(&seed, name, sizeof(name)), O_RDWR);
		check_known(DEED_OPEN, name, fd);
		if (fd < 0)
			continue;
		if (pwrite(fd, &byte, 1, 0) == 1 && pread(fd, &byte, 1, 0) == 1)
			__atomic_add_fetch(&shared->used, 1, __ATOMIC_RELAXED);
		fchmod(fd, 0600);
		close(fd);
	}
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
	const crowd_deed deeds[] = {
		client, client, client, client, use, use, victims, pagers,
	};
	struct stat before, after;

	shared = shared_alloc(sizeof(*shared));
	pool_set_number("listed_objects", 3);
	CHECK_IS(RESULT(stat(MACH_VM_NODE_DIR, &before)), 0);
	crowd_run(deeds, ARRAY_SIZE(deeds), RACE_MS, &shared->stop);
	pool_restore();
	CHECK_WAIT(no_tops(), 5000, "a directory is left");
	CHECK_IS(RESULT(stat(MACH_VM_NODE_DIR, &after)), 0);
	CHECK_IS(after.st_nlink, before.st_nlink);
	tap_note("%lu files, %lu directories, %lu links made, %lu renamed, %lu and %lu gone, %lu changed; %lu uses, %lu lives, %lu killed, %lu stale",
		 shared->done[DEED_CREATE], shared->done[DEED_MKDIR],
		 shared->done[DEED_SYMLINK], shared->done[DEED_RENAME],
		 shared->done[DEED_UNLINK], shared->done[DEED_RMDIR],
		 shared->done[DEED_CHMOD], shared->used, shared->lives,
		 shared->killed, shared->stale);
	CHECK(shared->done[DEED_CREATE] && shared->done[DEED_MKDIR] &&
	      shared->done[DEED_RENAME] && shared->used && shared->lives,
	      "something never had its turn");
}

static const struct tap_test tests[] = {
	{ .name = "race", .run = test_race, .seconds = 90 },
};

int main(int argc, char **argv)
{
	return pool_main(argc, argv, tests, ARRAY_SIZE(tests));
}
