// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clients change what is in directories that ask, whose pager answers as chance will
 * have it, changes names itself, dies and has a successor: nothing hangs or is left.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "namerace.h"
#include "naming.h"
#include "place.h"
#include "tap.h"

#define RACE_MS		tap_storm_ms(2500)

static const char * const directories[] = {
	"race/a", "race/b", "race/a/n0", "race/b/n1",
};

static void answer_create(const struct test_request *r)
{
	struct test_object o;

	object_create(&race_pager, &o, PAGE, 0, MACH_CREATE_RESIZABLE);
	if (asked_done(&race_pager, r, o.number))
		object_destroy(&race_pager, o.number);
	close(o.fd);
}

static void answer_mkdir(const struct test_request *r, unsigned int *seed)
{
	long number = race_chance(seed, 4) ? directory_create(&race_pager, 0) :
					     0;

	if (asked_done(&race_pager, r, number) && number > 0)
		object_destroy(&race_pager, number);
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
		pager_reply(&race_pager, r, NULL, 0, false);
		break;
	case MACH_OP_DATA_REQUEST:
		part = part_zero(r->m.offset, r->m.length);
		pager_reply(&race_pager, r, &part, 1, false);
		break;
	default:
		asked_done(&race_pager, r, 0);
	}
}

static void answer(const struct test_request *r, unsigned int *seed)
{
	switch (race_chance(seed, 40)) {
	case 0:
		/* until the deadline */
		return;
	case 1:
		asked_done(&race_pager, r, 1 + race_chance(seed, 50));
		break;
	case 2:
		pager_reply(&race_pager, r, NULL, 0, false);
		return;
	case 3:
	case 4:
		tap_pause_ms(race_chance(seed, 10));
		break;
	case 5:
	case 6:
	case 7:
		asked_error(&race_pager, r, ENOSPC);
		return;
	}
	answer_well(r, seed);
}

/* What it does to its own directories, as if the store had changed */
static void tell(unsigned int *seed)
{
	static struct test_object o = { .fd = -1 };
	char name[64], to[64];

	if (o.fd < 0)
		object_create(&race_pager, &o, PAGE, 0, 0);
	race_name(seed, name, sizeof(name));
	race_name(seed, to, sizeof(to));
	switch (race_chance(seed, 6)) {
	case 0:
		object_publish(&race_pager, &o, name, 0);
		break;
	case 1:
		object_unname(&race_pager, o.number);
		break;
	case 2:
		renameat2(AT_FDCWD, node_path(name), AT_FDCWD, node_path(to),
			  0);
		break;
	case 3:
		unlink(node_path(name));
		break;
	case 4:
		pager_remove(&race_pager, name);
		break;
	case 5:
		object_destroy(&race_pager, o.number);
		close(o.fd);
		o.fd = -1;
		break;
	}
}

static void take_over(const char *name)
{
	long number = directory_create(&race_pager, 0);

	CHECK(number > 0, "create: %s", tap_result(number));
	/* a client may have removed it, or the predecessor still be there */
	if (directory_publish(&race_pager, name, 0777, 0, number))
		object_destroy(&race_pager, number);
}

static void begin(void)
{
	take_over("race/a");
	take_over("race/b");
}

static bool gone(void)
{
	return RESULT(access(node_path("race"), F_OK)) == -ENOENT;
}

static void test_race(void)
{
	static const enum deed deeds[] = {
		DEED_CREATE, DEED_CREATE, DEED_CREATE, DEED_MKDIR, DEED_MKDIR,
		DEED_SYMLINK, DEED_UNLINK, DEED_RMDIR, DEED_RENAME, DEED_RENAME,
		DEED_CHMOD, DEED_STAT, DEED_LIST,
	};
	static const struct name_race race = {
		.directories = directories,
		.nr_directories = ARRAY_SIZE(directories),
		.nr_names = 5,
		.deeds = deeds,
		.nr_deeds = ARRAY_SIZE(deeds),
		.begin = begin,
		.answer = answer,
		.tell = tell,
		.life_ms = 100,
		.more_ms = 400,
		.gone = gone,
	};

	race_run(&race, RACE_MS);
	tap_note("%lu files, %lu directories, %lu links made, %lu renamed, %lu and %lu gone; %lu lives, %lu killed",
		 raced->done[DEED_CREATE], raced->done[DEED_MKDIR],
		 raced->done[DEED_SYMLINK], raced->done[DEED_RENAME],
		 raced->done[DEED_UNLINK], raced->done[DEED_RMDIR],
		 raced->lives, raced->killed);
	CHECK(raced->done[DEED_CREATE] && raced->done[DEED_MKDIR] &&
	      raced->done[DEED_RENAME] && raced->lives,
	      "something never had its turn");
}

static const struct tap_test tests[] = {
	{ .name = "race", .run = test_race, .seconds = 60 },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
