// SPDX-License-Identifier: GPL-2.0-only
/*
 * Listed directories with the nth allocation failing: a table is handed in wholly or not
 * at all, and a name that could not be looked up or opened can be the next time.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "listing.h"
#include "place.h"
#include "sweep.h"
#include "tap.h"

#define NAMES	60
#define BOTH	(MACH_LIST_BEGIN | MACH_LIST_END)

static uint32_t number;
static char *path;
static struct stat *st;

/* Names that are others each time, and long, so that blocks are needed for them */
static long hand_in(unsigned int flags, unsigned int turn)
{
	struct test_name names[NAMES];
	static char text[NAMES][200];

	for (unsigned int i = 0; i < NAMES; i++) {
		snprintf(text[i], sizeof(text[i]), "%0*u-%u", 150, turn, i);
		names[i] = (struct test_name) { .name = text[i], .cookie = i };
	}
	return list_names(&scene.p, number, flags, names, NAMES);
}

static const char *some_name(unsigned int turn, unsigned int i)
{
	snprintf(path, PAGE, "fail-listed/%0*u-%u", 150, turn, i % NAMES);
	return path;
}

static void check_turn(unsigned int turn, bool there)
{
	CHECK_IS(node_stat(some_name(turn, 7), st), there ? 0 : -ENOENT);
}

static long op_whole(const uint64_t *arg)
{
	(void)arg;
	return hand_in(BOTH, sweep_call->nth);
}

/* What failed has changed nothing: the table is that of the turn before. */
static void after_whole(long result)
{
	check_turn(sweep_call->nth, !result);
	if (!result)
		CHECK_IS(hand_in(BOTH, 0), 0);
	check_turn(0, true);
}

static long op_change(const uint64_t *arg)
{
	(void)arg;
	return hand_in(MACH_LIST_CHANGE, sweep_call->nth);
}

static void before_begun(void)
{
	CHECK_IS(hand_in(MACH_LIST_BEGIN, 1000), 0);
}

static long op_end(const uint64_t *arg)
{
	(void)arg;
	return hand_in(MACH_LIST_END, sweep_call->nth);
}

static long op_remove(const uint64_t *arg)
{
	(void)arg;
	return list_remove(&scene.p, number,
			   some_name(0, 3) + strlen("fail-listed/"));
}

static void after_remove(long result)
{
	CHECK_IS(node_stat(some_name(0, 3), st), result ? 0 : -ENOENT);
	if (!result)
		CHECK_IS(hand_in(BOTH, 0), 0);
}

static void arg_lstat(uint64_t *arg)
{
	arg[0] = (uintptr_t)some_name(0, sweep_call->nth);
	arg[1] = (uintptr_t)st;
}

static long do_open_close(const uint64_t *arg)
{
	return opened(node_open((const char *)(uintptr_t)arg[0], O_RDONLY));
}

static void arg_count(uint64_t *arg)
{
	arg[0] = (uintptr_t)"fail-listed";
}

static void test_names(void)
{
	static const struct sweep_op deeds[] = {
		{ .fn = op_whole, .after = after_whole },
		{ .fn = op_change, .after = after_whole },
		{ .before = before_begun, .fn = op_end, .after = after_whole },
		{ .fn = op_remove, .after = after_remove },
		{ .client = do_lstat, .arg = arg_lstat },
		{ .client = do_open_close, .arg = arg_lstat },
		{ .client = do_names, .arg = arg_count, .right = NAMES },
	};

	path = shared_alloc(PAGE);
	st = shared_alloc(PAGE);
	sweep_open(BY_IOCTL);
	number = listed_create(&scene.p, "fail-listed", 1);
	CHECK_IS(hand_in(BOTH, 0), 0);
	sweep(&deeds[tap_variant]);
	pager_close(&scene.p);
}

static const struct tap_test tests[] = {
	{ .name = "whole", .run = test_names, .variant = 0 },
	{ .name = "change", .run = test_names, .variant = 1 },
	{ .name = "end", .run = test_names, .variant = 2 },
	{ .name = "remove", .run = test_names, .variant = 3 },
	{ .name = "lookup", .run = test_names, .variant = 4 },
	{ .name = "open", .run = test_names, .variant = 5 },
	{ .name = "listing", .run = test_names, .variant = 6 },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
