// SPDX-License-Identifier: GPL-2.0-only
/*
 * Listed directories with everything at once: opens, listings, changes, objects given
 * back, answers by chance, deaths. Each result is one that it can have, and all comes
 * to an end.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "crowd.h"
#include "listing.h"
#include "place.h"
#include "pool.h"
#include "tap.h"

#define RACE_MS		tap_storm_ms(4000)
#define FILES		12

static volatile bool stop;
/* How often each thread had what it wanted; its own */
static unsigned long had[8];

/**
 * struct life - One pager, from opening to death
 * @p: it
 * @number: of the directory at the top
 * @over: its threads are to end
 */
struct life {
	struct test_pager p;
	uint32_t number;
	volatile bool over;
};

static void known(const char *what, const char *name, long got)
{
	static const long right[] = {
		-ENOENT, -EIO, -ENXIO, -ESTALE, -ENOTDIR, -ENODEV,
	};

	for (size_t i = 0; i < ARRAY_SIZE(right); i++)
		if (got == right[i])
			return;
	CHECK(got >= 0, "%s %s: %s", what, name, tap_result(got));
}

static const char *some_name(unsigned int i)
{
	static const char * const directories[] = {
		"race-l", "race-l/d", "race-l/d/d", "race-l/d/d/d",
	};
	static _Thread_local char name[64];

	snprintf(name, sizeof(name), "%s/f%u", directories[i / 3 % 4],
		 i % FILES);
	return name;
}

/* A table by chance: some of the files, of cookies that change, and a directory */
static long hand_in(struct life *life, uint32_t number, unsigned int flags,
		    unsigned int *seed)
{
	struct test_name names[FILES + 1];
	char text[FILES][8];
	unsigned int n = 0;

	for (unsigned int i = 0; i < FILES; i++) {
		if (rand_r(seed) % 4 == 0)
			continue;
		snprintf(text[i], sizeof(text[i]), "f%u", i);
		names[n++] = (struct test_name) {
			.name = text[i], .cookie = rand_r(seed) % 3,
			.flags = MACH_LIST_RESIZABLE,
			.owner = 1 + rand_r(seed) % 2,
		};
	}
	names[n++] = (struct test_name) {
		.name = "d", .mode = S_IFDIR | 0755,
		.cookie = rand_r(seed) % 8 == 0,
	};
	return list_names(&life->p, number, flags, names, n);
}

static void answer(struct life *life, const struct test_request *r,
		   unsigned int *seed)
{
	struct mach_part part = part_done(r->m.offset, r->m.length);
	unsigned int chance = rand_r(seed) % 16;

	switch (r->m.operation) {
	case MACH_OP_TERMINATE:
		pager_reply(&life->p, r, NULL, 0, false);
		return;
	case MACH_OP_DATA_REQUEST:
		part = part_zero(r->m.offset, r->m.length);
		break;
	case MACH_OP_LIST:
		part = part_done(0, PAGE);
		if (chance > 2)
			hand_in(life, r->m.object,
				MACH_LIST_BEGIN | MACH_LIST_END, seed);
		break;
	default:
		if (!part.length)
			part.length = PAGE;
	}
	if (chance == 0)
		part = part_error(r->m.offset, r->m.length ?: PAGE, ENOSPC);
	pager_reply(&life->p, r, &part, chance != 1, false);
}

static void *serve(void *arg)
{
	struct life *life = arg;
	unsigned int seed = life->number;
	struct test_request r;

	while (!life->over)
		if (!pager_next(&life->p, &r, 10))
			answer(life, &r, &seed);
	return NULL;
}

static void change(struct life *life, unsigned int *seed)
{
	static const unsigned int flags[] = {
		MACH_LIST_BEGIN | MACH_LIST_END, MACH_LIST_CHANGE,
		MACH_LIST_CHANGE,
	};
	char name[8];
	long err;

	err = hand_in(life, life->number, flags[rand_r(seed) % 3], seed);
	CHECK(!err || err == -ENODATA, "list: %s", tap_result(err));
	snprintf(name, sizeof(name), "f%u", rand_r(seed) % FILES);
	err = list_remove(&life->p, life->number, name);
	CHECK(!err || err == -ENODATA || err == -ENOENT, "remove: %s",
	      tap_result(err));
}

/* Pagers one after the other: each serves and changes for a while, and dies. */
static void *live_and_die(void *arg)
{
	const unsigned int id = (uintptr_t)arg;
	unsigned int seed = id + 1;
	struct life life;
	pthread_t thread;

	while (!stop) {
		life.over = false;
		pager_open(&life.p, &(struct pager_setup) {
			.transport = BY_IOCTL });
		life.number = listed_create(&life.p, "race-l", 1);
		CHECK(!pthread_create(&thread, NULL, serve, &life), "thread");
		for (unsigned int i = 0; i < 60 && !stop; i++) {
			change(&life, &seed);
			tap_pause_ms(rand_r(&seed) % 8);
		}
		life.over = true;
		CHECK(!pthread_join(thread, NULL), "join");
		had[id]++;
		pager_close(&life.p);
	}
	return NULL;
}

static void *use(void *arg)
{
	const unsigned int id = (uintptr_t)arg;
	unsigned int seed = id + 1;
	const char *name;
	char byte = 'x';
	long fd;

	while (!stop) {
		name = some_name(rand_r(&seed));
		fd = node_open(name, rand_r(&seed) % 8 ? O_RDWR :
			       O_RDWR | O_TRUNC);
		if (fd == -ENOSPC)
			continue;
		known("open", name, fd);
		if (fd < 0)
			continue;
		/* errors of a pager that answers by chance, whatever they are */
		if (pwrite(fd, &byte, 1, rand_r(&seed) % PAGE) == 1 &&
		    pread(fd, &byte, 1, 0) == 1)
			had[id]++;
		close(fd);
	}
	return NULL;
}

static void *look(void *arg)
{
	const unsigned int id = (uintptr_t)arg;
	unsigned int seed = id + 1;
	struct dirent *entry;
	struct stat st;
	long err;
	DIR *dir;

	while (!stop) {
		const char *name = some_name(rand_r(&seed));
		char path[64];

		err = RESULT(lstat(node_path(name), &st));
		if (err != -ENOSPC)
			known("lstat", name, err);
		snprintf(path, sizeof(path), "%.*s",
			 (int)(strrchr(name, '/') - name), name);
		dir = opendir(node_path(path));
		if (!dir)
			continue;
		while ((entry = readdir(dir)))
			had[id]++;
		closedir(dir);
	}
	return NULL;
}

static bool all_gone(void)
{
	struct stat st;

	return node_stat("race-l", &st) == -ENOENT;
}

static void test_all(void)
{
	const crowd_deed deeds[] = {
		live_and_die, use, use, use, look, look,
	};

	crowd_run(deeds, ARRAY_SIZE(deeds), RACE_MS, &stop);
	pool_restore();
	CHECK_WAIT(all_gone(), 5000, "a directory is left");
	for (size_t i = 0; i < ARRAY_SIZE(deeds); i++)
		CHECK(had[i], "thread %zu had no turn", i);
	tap_note("%lu lives, %lu uses, %lu names seen", had[0],
		 had[1] + had[2] + had[3], had[4] + had[5]);
}

static const struct tap_test tests[] = {
	{ .name = "all", .run = test_all, .seconds = 90 },
};

int main(int argc, char **argv)
{
	return pool_main(argc, argv, tests, ARRAY_SIZE(tests));
}
