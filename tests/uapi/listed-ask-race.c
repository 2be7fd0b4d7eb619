// SPDX-License-Identifier: GPL-2.0-only
/*
 * Listed directories that ask with everything at once: clients that change, open, list
 * and are killed, a pager that answers as chance will have it, changes tables itself,
 * gives objects back, dies and has a successor. Each result is one that it can have,
 * what is listed can be found, and nothing hangs or is left.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "listing.h"
#include "namerace.h"
#include "place.h"
#include "pool.h"
#include "tap.h"

#define RACE_MS		tap_storm_ms(4000)
#define NAMES		6

static const char * const directories[] = {
	"race-la", "race-lb", "race-la/n0", "race-lb/n1",
};

/* Shared by all processes of the test */
static struct counts {
	unsigned long stale;	/* answers that nobody wanted any more */
	unsigned long used;	/* files that were written and read */
} *counts;

static uint32_t top[2];

/* A table by chance */
static long hand_in(uint32_t number, unsigned int flags, unsigned int *seed)
{
	struct test_name names[NAMES];
	char text[NAMES][8];
	unsigned int n = 0;

	for (unsigned int i = 0; i < NAMES; i++) {
		if (!race_chance(seed, 3))
			continue;
		snprintf(text[n], sizeof(text[n]), "n%u", i);
		names[n] = (struct test_name) {
			.name = text[n], .cookie = 1 + race_chance(seed, 3),
			.flags = MACH_LIST_RESIZABLE,
		};
		if (i < 2 || !race_chance(seed, 5)) {
			names[n].mode = S_IFDIR | 0755;
			names[n].flags = 0;
		}
		n++;
	}
	return list_names(&race_pager, number, flags, names, n);
}

static void answer_name(const struct test_request *r, unsigned int *seed)
{
	const uint64_t cookie = r->m.operation <= MACH_OP_SYMLINK ?
				1 + race_chance(seed, 3) : 0;
	long err = asked_done(&race_pager, r, cookie);

	if (!err)
		return;
	if (err == -ESTALE)
		__atomic_add_fetch(&counts->stale, 1, __ATOMIC_RELAXED);
	/* what has come meanwhile, or is in it */
	else if (err == -EEXIST || err == -ENOTEMPTY)
		asked_error(&race_pager, r, -err);
	else
		tap_fail("answer to operation %u: %s", r->m.operation,
			 tap_result(err));
}

static void answer_well(const struct test_request *r, unsigned int *seed)
{
	struct mach_part part = part_done(r->m.offset, r->m.length);

	switch (r->m.operation) {
	case MACH_OP_TERMINATE:
		pager_reply(&race_pager, r, NULL, 0, false);
		break;
	case MACH_OP_DATA_REQUEST:
		part = part_zero(r->m.offset, r->m.length);
		pager_reply(&race_pager, r, &part, 1, false);
		break;
	case MACH_OP_LIST:
		hand_in(r->m.object, MACH_LIST_BEGIN | MACH_LIST_END, seed);
		asked_done(&race_pager, r, 0);
		break;
	case MACH_OP_DATA_RETURN:
	case MACH_OP_SYNCHRONIZE:
	case MACH_OP_SET_SIZE:
		if (!part.length)
			part.length = PAGE;
		pager_reply(&race_pager, r, &part, 1, false);
		break;
	default:
		answer_name(r, seed);
	}
}

static void answer(const struct test_request *r, unsigned int *seed)
{
	switch (race_chance(seed, 40)) {
	case 0:
		/* until the deadline */
		return;
	case 1:
		pager_reply(&race_pager, r, NULL, 0, false);
		return;
	case 2:
	case 3:
		tap_pause_ms(race_chance(seed, 10));
		break;
	case 4:
	case 5:
		asked_error(&race_pager, r, ENOSPC);
		return;
	}
	answer_well(r, seed);
}

/* What it does to its own directories, as if the store had changed */
static void tell(unsigned int *seed)
{
	uint32_t number = top[race_chance(seed, 2)];
	char name[64], to[64];

	race_name(seed, name, sizeof(name));
	race_name(seed, to, sizeof(to));
	switch (race_chance(seed, 6)) {
	case 0:
		hand_in(number, MACH_LIST_BEGIN | MACH_LIST_END, seed);
		break;
	case 1:
		hand_in(number, MACH_LIST_CHANGE, seed);
		break;
	case 2:
		list_remove(&race_pager, number, strrchr(name, '/') + 1);
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
	tap_pause_ms(race_chance(seed, 4));
}

static void begin(void)
{
	for (int i = 0; i < 2; i++)
		top[i] = listed_create_asking(&race_pager, directories[i], 1);
}

static bool no_tops(void)
{
	return access(node_path(directories[0]), F_OK) &&
	       access(node_path(directories[1]), F_OK);
}

/* Files that are open while their names move, or go */
static void *use(void *arg)
{
	unsigned int seed = (uintptr_t)arg + 1;
	char name[64], byte = 'x';
	long fd;

	while (!raced->stop) {
		fd = node_open(race_name(&seed, name, sizeof(name)), O_RDWR);
		race_result(DEED_OPEN, name, fd);
		if (fd < 0)
			continue;
		if (pwrite(fd, &byte, 1, 0) == 1 && pread(fd, &byte, 1, 0) == 1)
			__atomic_add_fetch(&counts->used, 1, __ATOMIC_RELAXED);
		fchmod(fd, 0600);
		close(fd);
	}
	return NULL;
}

static void test_race(void)
{
	static const enum deed deeds[] = {
		DEED_CREATE, DEED_CREATE, DEED_CREATE, DEED_MKDIR, DEED_MKDIR,
		DEED_SYMLINK, DEED_UNLINK, DEED_RMDIR, DEED_RENAME, DEED_RENAME,
		DEED_RENAME, DEED_CHMOD, DEED_STAT, DEED_LIST,
	};
	static const long known[] = { -ENODEV, 0 };
	static const struct name_race race = {
		.directories = directories,
		.nr_directories = ARRAY_SIZE(directories),
		.nr_names = NAMES,
		.deeds = deeds,
		.nr_deeds = ARRAY_SIZE(deeds),
		.known = known,
		.begin = begin,
		.answer = answer,
		.tell = tell,
		.life_ms = 150,
		.more_ms = 500,
		.gone = no_tops,
		.gone_between = true,
		.also = use,
	};

	counts = shared_alloc(sizeof(*counts));
	pool_set_number("listed_objects", 3);
	race_run(&race, RACE_MS);
	pool_restore();
	tap_note("%lu files, %lu directories, %lu links made, %lu renamed, %lu and %lu gone, %lu changed; %lu uses, %lu lives, %lu killed, %lu stale",
		 raced->done[DEED_CREATE], raced->done[DEED_MKDIR],
		 raced->done[DEED_SYMLINK], raced->done[DEED_RENAME],
		 raced->done[DEED_UNLINK], raced->done[DEED_RMDIR],
		 raced->done[DEED_CHMOD], counts->used, raced->lives,
		 raced->killed, counts->stale);
	CHECK(raced->done[DEED_CREATE] && raced->done[DEED_MKDIR] &&
	      raced->done[DEED_RENAME] && counts->used && raced->lives,
	      "something never had its turn");
}

static const struct tap_test tests[] = {
	{ .name = "race", .run = test_race, .seconds = 90 },
};

int main(int argc, char **argv)
{
	return pool_main(argc, argv, tests, ARRAY_SIZE(tests));
}
