// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clients that change names at random, some of whom are killed, and a pager that answers
 * them, changes names itself, dies and has a successor.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "namerace.h"
#include "tap.h"

#define CLIENTS		4
#define OTHERS		2

struct raced *raced;
struct test_pager race_pager;

static const struct name_race *race;

unsigned int race_chance(unsigned int *seed, unsigned int n)
{
	return rand_r(seed) % n;
}

const char *race_name(unsigned int *seed, char *name, size_t size)
{
	snprintf(name, size, "%s/n%u",
		 race->directories[race_chance(seed, race->nr_directories)],
		 race_chance(seed, race->nr_names));
	return name;
}

/* The pager: two threads that answer, and one that tells. */

static void *serve(void *arg)
{
	unsigned int seed = (uintptr_t)arg * 7919 + getpid();
	struct test_request r;

	while (!raced->stop)
		if (!pager_next(&race_pager, &r, 20))
			race->answer(&r, &seed);
	return NULL;
}

static void *tell(void *arg)
{
	unsigned int seed = getpid();

	(void)arg;
	while (!raced->stop)
		race->tell(&seed);
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
	pager_open(&race_pager, &hasty);
	race->begin();
	for (uintptr_t i = 0; i < 2; i++)
		CHECK(!pthread_create(&thread, NULL, serve, (void *)i),
		      "thread: %m");
	CHECK(!pthread_create(&thread, NULL, tell, NULL), "thread: %m");
	tap_pause_ms((race->life_ms + race_chance(&seed, race->more_ms)) *
		     tap_slow());
	_exit(0);
}

static void expect_gone(void)
{
	CHECK_WAIT(race->gone(), 5000, "a directory is left");
}

static void *pagers(void *arg)
{
	int status;
	pid_t pid;

	(void)arg;
	while (!raced->stop) {
		pid = fork();
		if (!pid)
			live();
		CHECK_IS(RESULT(waitpid(pid, &status, 0)), pid);
		CHECK(!status, "the pager ended with status 0x%x", status);
		raced->lives++;
		if (race->gone_between)
			expect_gone();
	}
	return NULL;
}

/* The clients. What they get is 0, or has a reason. */

static bool is_known(long got)
{
	static const long known[] = {
		-ENOENT, -EEXIST, -EIO, -ENOTEMPTY, -EISDIR, -ENOTDIR, -EACCES,
		-EPERM, -EXDEV, -ENOSPC, -ENXIO, -EINVAL, -ESTALE,
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (got == known[i])
			return true;
	for (const long *also = race->known; also && *also; also++)
		if (got == *also)
			return true;
	return false;
}

void race_result(enum deed deed, const char *name, long got)
{
	if (got >= 0)
		__atomic_add_fetch(&raced->done[deed], 1, __ATOMIC_RELAXED);
	else if (!is_known(got))
		tap_fail("deed %d on %s: %s", deed, name, tap_result(got));
}

static void change(unsigned int *seed)
{
	const enum deed deed = race->deeds[race_chance(seed, race->nr_deeds)];
	const int flags = deed == DEED_CREATE ? O_RDWR : 0;
	char name[64], to[64];
	const uint64_t arg[] = { NAME_ARGS(deed, name, to, flags, 0700) };

	race_name(seed, name, sizeof(name));
	race_name(seed, to, sizeof(to));
	race_result(deed, name, do_name(arg));
}

static void *client(void *arg)
{
	unsigned int seed = (uintptr_t)arg;

	while (!raced->stop)
		change(&seed);
	return NULL;
}

/* Clients that are killed while they wait, perhaps */
static void *victims(void *arg)
{
	unsigned int seed = 99;
	pid_t pid;

	(void)arg;
	while (!raced->stop) {
		pid = fork();
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			seed = getpid();
			client((void *)(uintptr_t)seed);
			_exit(0);
		}
		tap_pause_ms(race_chance(&seed, 20) * tap_slow());
		kill(pid, SIGKILL);
		CHECK_IS(RESULT(waitpid(pid, NULL, 0)), pid);
		raced->killed++;
	}
	return NULL;
}

static size_t crowd_of(crowd_deed *deeds)
{
	size_t n = 0;

	while (n < CLIENTS)
		deeds[n++] = client;
	while (race->also && n < CLIENTS + OTHERS)
		deeds[n++] = race->also;
	deeds[n++] = victims;
	deeds[n++] = pagers;
	return n;
}

void race_run(const struct name_race *what, long ms)
{
	crowd_deed deeds[CLIENTS + OTHERS + 2];
	struct stat before, after;

	race = what;
	raced = shared_alloc(sizeof(*raced));
	CHECK_IS(RESULT(stat(MACH_VM_NODE_DIR, &before)), 0);
	crowd_run(deeds, crowd_of(deeds), ms, &raced->stop);
	expect_gone();
	CHECK_IS(RESULT(stat(MACH_VM_NODE_DIR, &after)), 0);
	CHECK_IS(after.st_nlink, before.st_nlink);
}
