// SPDX-License-Identifier: GPL-2.0-only
/*
 * Listed directories that ask: answers that are refused, late, wrong or never come, and
 * a table that changes before they do.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "asked.h"
#include "listing.h"
#include "naming.h"
#include "place.h"
#include "pool.h"
#include "tap.h"
#include "user.h"

static const struct test_name names[] = {
	{ .name = "f", .cookie = 1, .flags = MACH_LIST_RESIZABLE },
	{ .name = "l", .mode = S_IFLNK | 0777, .target = "f", .cookie = 2 },
	{ .name = "sub", .mode = S_IFDIR | 0755, .cookie = 3 },
};

static struct test_pager p;
static struct actor a;
static struct test_request r;
static struct asked asked;
static uint32_t d;
static ino_t numbers[ARRAY_SIZE(names)];

static struct stat status(const char *name)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "d/%s", name);
	CHECK_IS(RESULT(lstat(node_path(path), &st)), 0);
	return st;
}

static void setup_with(const struct pager_setup *setup)
{
	pager_open(&p, setup);
	d = listed_create_asking(&p, "d", 99);
	list_all(&p, d, names, ARRAY_SIZE(names));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		numbers[i] = status(names[i].name).st_ino;
	actor_start(&a, 4);
}

static void setup(void)
{
	setup_with(&(struct pager_setup){ .transport = BY_IOCTL });
}

static void end(void)
{
	pager_expect_nothing(&p, 20);
	actor_stop(&a);
	pager_close(&p);
}

#define BEGIN_IN(thread, ...)						\
	actor_begin(&a, thread, do_name, NAME_ARGS(__VA_ARGS__))
#define BEGIN(...)	BEGIN_IN(0, __VA_ARGS__)
#define DO(...)		actor_do(&a, do_name, NAME_ARGS(__VA_ARGS__))
#define END()		actor_end(&a, 0)

static void begin_operation(enum ask what)
{
	ask_begin(&a, &p, &r, &asked, d, what);
}

/* As setup() made it: the same files, and no other */
static bool is_same(void)
{
	bool same = do_names((const uint64_t []){ (uintptr_t)"d" }) == 3 &&
		    node_there("d/new") == -ENOENT &&
		    status("f").st_mode == (S_IFREG | 0640);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		same &= status(names[i].name).st_ino == numbers[i] &&
			status(names[i].name).st_nlink == 1;
	return same;
}

static void check_same(const char *sub)
{
	tap_sub(sub, is_same(), "something has changed");
}

/* Each operation refused: nothing has changed. */
static void test_refused(void)
{
	setup();
	for (enum ask i = 0; i < ASKS; i++) {
		begin_operation(i);
		CHECK_IS(asked_error(&p, &r, EROFS), 0);
		tap_is(asks[i].sub, END(), -EROFS);
		check_same("same");
	}
	end();
}

/* A source is a cookie, of what comes alone. Any will do, also one that is in use. */
static void test_source(void)
{
	setup();
	for (enum ask i = 0; i < ASKS; i++) {
		if (asks[i].comes)
			continue;
		begin_operation(i);
		tap_is(asks[i].sub, asked_done(&p, &r, 7), -EINVAL);
		tap_is("waits", actor_waits(&a, 0, 20), 1);
		CHECK_IS(asked_error(&p, &r, EROFS), 0);
		CHECK_IS(END(), -EROFS);
		check_same("same");
	}
	begin_operation(ASK_CREATE);
	tap_is("in-use", asked_done(&p, &r, 1), 0);
	tap_is("in-use-result", END(), 0);
	tap_is("another", status("new").st_ino != numbers[0], 1);
	CHECK_IS(list_remove(&p, d, "new"), 0);
	CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
	CHECK_IS(r.m.operation, MACH_OP_TERMINATE);
	pager_reply_none(&p, &r);
	begin_operation(ASK_MKDIR);
	tap_is("any", asked_done(&p, &r, ~0ULL), 0);
	CHECK_IS(END(), 0);
	end();
}

static void test_parts(void)
{
	struct mach_part part = part_zero(0, PAGE);

	setup();
	begin_operation(ASK_CREATE);
	tap_is("zeros", pager_reply(&p, &r, &part, 1, false), -EPROTO);
	part = part_done(0, PAGE);
	part.fd = 1;
	tap_is("fd", pager_reply(&p, &r, &part, 1, false), -EINVAL);
	part.fd = 0;
	part.source = 5;
	tap_is("more", pager_reply(&p, &r, &part, 1, true), 0);
	tap_is("more-same", node_there("d/new"), -ENOENT);
	tap_is("waits", actor_waits(&a, 0, 50), 1);
	tap_is("none", pager_reply(&p, &r, NULL, 0, false), 0);
	tap_is("result", END(), -EIO);
	check_same("same");
	tap_is("again", asked_done(&p, &r, 5), -ESTALE);
	check_same("again-same");
	begin_operation(ASK_CREATE);
	CHECK_IS(asked_done(&p, &r, 5), 0);
	tap_is("twice", asked_done(&p, &r, 6), -ESTALE);
	CHECK_IS(END(), 0);
	end();
}

/* The pager hands in, before it answers, what has come. */
static void test_come(void)
{
	struct test_name new = {
		.name = "new", .cookie = 5, .flags = MACH_LIST_RESIZABLE,
		.size = 3,
	};

	setup();
	begin_operation(ASK_CREATE);
	CHECK_IS(list_names(&p, d, MACH_LIST_CHANGE, &new, 1), 0);
	tap_is("other-cookie", asked_done(&p, &r, 6), -EEXIST);
	tap_is("waits", actor_waits(&a, 0, 20), 1);
	tap_is("done", asked_done(&p, &r, 5), 0);
	tap_is("result", END(), 0);
	tap_is("as-handed-in", status("new").st_size, 3);
	CHECK_IS(list_remove(&p, d, "new"), 0);
	CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
	CHECK_IS(r.m.operation, MACH_OP_TERMINATE);
	pager_reply_none(&p, &r);
	check_same("same");
	/* of another kind, which then goes */
	begin_operation(ASK_MKDIR);
	CHECK_IS(list_names(&p, d, MACH_LIST_CHANGE, &new, 1), 0);
	tap_is("kind", asked_done(&p, &r, 5), -EEXIST);
	CHECK_IS(list_remove(&p, d, "new"), 0);
	tap_is("free", asked_done(&p, &r, 5), 0);
	CHECK_IS(END(), 0);
	tap_is("directory", status("new").st_mode, S_IFDIR | 0700);
	CHECK_IS(list_remove(&p, d, "new"), 0);
	begin_operation(ASK_SYMLINK);
	new = (struct test_name) { .name = "new", .mode = S_IFLNK | 0777,
				   .target = "texT", .cookie = 5 };
	CHECK_IS(list_names(&p, d, MACH_LIST_CHANGE, &new, 1), 0);
	tap_is("target", asked_done(&p, &r, 5), -EEXIST);
	tap_is("exists", asked_error(&p, &r, EEXIST), 0);
	CHECK_IS(END(), -EEXIST);
	end();
}

/* What goes has gone by the time of the answer, or is another. */
static void test_gone(void)
{
	struct test_name other = names[0];

	other.cookie = 44;
	setup();
	begin_operation(ASK_UNLINK);
	CHECK_IS(list_remove(&p, d, "f"), 0);
	tap_is("taken", asked_done(&p, &r, 0), 0);
	tap_is("taken-result", END(), 0);
	CHECK_IS(list_names(&p, d, MACH_LIST_CHANGE, names, 1), 0);
	begin_operation(ASK_UNLINK);
	CHECK_IS(list_names(&p, d, MACH_LIST_CHANGE, &other, 1), 0);
	tap_is("another", asked_done(&p, &r, 0), 0);
	tap_is("another-result", END(), 0);
	tap_is("another-stays", node_there("d/f"), 0);
	begin_operation(ASK_RENAME);
	CHECK_IS(list_remove(&p, d, "f"), 0);
	tap_is("moved", asked_done(&p, &r, 0), -ESTALE);
	tap_is("moved-result", END(), -ENOENT);
	CHECK_IS(list_names(&p, d, MACH_LIST_CHANGE, &other, 1), 0);
	begin_operation(ASK_CHMOD);
	CHECK_IS(list_names(&p, d, MACH_LIST_CHANGE, names, 1), 0);
	tap_is("changed", asked_done(&p, &r, 0), -ESTALE);
	tap_is("changed-result", END(), -ENOENT);
	tap_is("changed-not", status("f").st_mode, S_IFREG | 0640);
	/* where it was to move to */
	begin_operation(ASK_RENAME);
	other.name = "new";
	CHECK_IS(list_names(&p, d, MACH_LIST_CHANGE, &other, 1), 0);
	tap_is("come", asked_done(&p, &r, 0), -EEXIST);
	CHECK_IS(list_remove(&p, d, "new"), 0);
	tap_is("come-gone", asked_done(&p, &r, 0), 0);
	CHECK_IS(END(), 0);
	tap_is("come-there", node_there("d/new"), 0);
	CHECK_IS(list_remove(&p, d, "new"), 0);
	CHECK_IS(list_names(&p, d, MACH_LIST_CHANGE, names, 1), 0);
	begin_operation(ASK_RENAME_ONTO);
	CHECK_IS(list_remove(&p, d, "l"), 0);
	tap_is("replaced", asked_done(&p, &r, 0), 0);
	CHECK_IS(END(), 0);
	tap_is("replaced-is", status("l").st_mode, S_IFREG | 0640);
	end();
}

/* Names come into a directory that is to go. */
static void test_filled(void)
{
	uint32_t sub;

	setup();
	BEGIN(DEED_LIST, "d/sub", 0, 0, 0);
	CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
	sub = r.m.object;
	list_all(&p, sub, NULL, 0);
	list_done(&p, &r);
	CHECK_IS(END(), 0);
	begin_operation(ASK_RMDIR);
	CHECK_IS(list_names(&p, sub, MACH_LIST_CHANGE, names, 1), 0);
	tap_is("full", asked_done(&p, &r, 0), -ENOTEMPTY);
	tap_is("stays", node_there("d/sub"), 0);
	CHECK_IS(list_remove(&p, sub, "f"), 0);
	tap_is("empty", asked_done(&p, &r, 0), 0);
	CHECK_IS(END(), 0);
	CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
	tap_is("terminate", r.m.object, sub);
	pager_reply_none(&p, &r);
	end();
}

/* A table is handed in while something is asked: it is what counts. */
static void test_table(void)
{
	setup();
	CHECK_IS(list_names(&p, d, MACH_LIST_BEGIN, names, 2), 0);
	begin_operation(ASK_CREATE);
	CHECK_IS(asked_done(&p, &r, 5), 0);
	CHECK_IS(END(), 0);
	begin_operation(ASK_UNLINK);
	CHECK_IS(list_names(&p, d, MACH_LIST_END, names + 2, 1), 0);
	tap_is("same-file", status("f").st_ino == numbers[0], 1);
	CHECK_IS(asked_done(&p, &r, 0), 0);
	tap_is("gone", node_there("d/f"), -ENOENT);
	CHECK_IS(END(), 0);
	tap_is("forgotten", node_there("d/new"), -ENOENT);
	/* of what was opened */
	CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
	CHECK_IS(r.m.operation, MACH_OP_TERMINATE);
	pager_reply_none(&p, &r);
	end();
}

/* The directory itself goes, before the answer. */
static void test_given_up(void)
{
	setup();
	begin_operation(ASK_CREATE);
	CHECK_IS(object_unname(&p, d), 0);
	tap_is("create", asked_done(&p, &r, 5), -ESTALE);
	tap_is("create-result", END(), -ENOENT);
	CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
	tap_is("terminate", r.m.operation, MACH_OP_TERMINATE);
	pager_reply_none(&p, &r);
	actor_stop(&a);
	pager_close(&p);
	setup();
	begin_operation(ASK_RENAME);
	CHECK_IS(object_destroy(&p, d), 0);
	tap_is("destroyed", asked_done(&p, &r, 0), -ESTALE);
	tap_is("destroyed-result", END() < 0, 1);
	end();
}

/* A client that is killed is not waited for, and has changed nothing. */
static void test_killed(void)
{
	setup();
	for (enum ask i = 0; i < ASKS; i++) {
		begin_operation(i);
		actor_kill(&a);
		tap_is(asks[i].sub, asked_done(&p, &r, 0), -ESTALE);
		check_same("same");
		actor_start(&a, 4);
	}
	begin_operation(ASK_MKDIR);
	CHECK_IS(asked_done(&p, &r, 6), 0);
	tap_is("next", END(), 0);
	end();
}

static void test_deadline(void)
{
	setup_with(&(struct pager_setup) {
		.transport = BY_IOCTL, .deadline_ms = 200 * tap_slow(),
	});
	for (enum ask i = 0; i < ASKS; i++) {
		begin_operation(i);
		tap_is(asks[i].sub, END(), -EIO);
		tap_is("late", asked_done(&p, &r, 0), -ESTALE);
		check_same("same");
	}
	end();
}

static void test_death(void)
{
	setup();
	begin_operation(ASK_CREATE);
	BEGIN_IN(1, DEED_LIST, "d", 0, 0, 0);
	BEGIN_IN(2, DEED_CREATE, "d/other", 0, O_RDWR, 0600);
	tap_is("waits", actor_waits(&a, 2, 50), 1);
	pager_close(&p);
	tap_is("result", END(), -EIO);
	actor_end(&a, 1);
	tap_is("second", actor_end(&a, 2) < 0, 1);
	CHECK_WAIT(node_there("d") == -ENOENT, WAIT_MS, "d is left");
	actor_stop(&a);
}

/* Who looks at what is there, or is not yet, goes on; who changes something waits. */
static void test_others(void)
{
	setup();
	begin_operation(ASK_CREATE);
	BEGIN_IN(1, DEED_STAT, "d/f", 0, 0, 0);
	tap_is("stat", actor_end(&a, 1), 0);
	BEGIN_IN(1, DEED_STAT, "d/new", 0, 0, 0);
	tap_is("stat-asked", actor_end(&a, 1), -ENOENT);
	BEGIN_IN(2, DEED_UNLINK, "d/f", 0, 0, 0);
	tap_is("unlink-waits", actor_waits(&a, 2, 50), 1);
	pager_expect_nothing(&p, 50);
	tap_is("answer", asked_done(&p, &r, 5), 0);
	tap_is("result", END(), 0);
	asked_next(&p, &r, &asked, MACH_OP_UNLINK, d, "f", "");
	CHECK_IS(asked_error(&p, &r, EROFS), 0);
	tap_is("unlink", actor_end(&a, 2), -EROFS);
	end();
}

#define USER	5678

static void count_names(void)
{
	struct test_name mine = {
		.name = "one", .owner = USER, .cookie = 1,
		.mode = S_IFDIR | 0755,
	};

	pager_open(&p, &(struct pager_setup) { .transport = BY_IOCTL });
	d = listed_create_asking(&p, "d", 99);
	CHECK_IS(list_names(&p, d, MACH_LIST_BEGIN | MACH_LIST_END, &mine, 1),
		 0);
	for (int i = 0; i < 3; i++) {
		BEGIN(DEED_MKDIR, "d/two", 0, 0, 0700);
		asked_next(&p, &r, &asked, MACH_OP_MKDIR, d, "two", "");
		CHECK_IS(asked_done(&p, &r, 2), 0);
		CHECK_IS(END(), 0);
		CHECK_IS(DO(DEED_CREATE, "d/three", 0, O_RDWR, 0600), -EDQUOT);
		CHECK_IS(DO(DEED_MKDIR, "d/three", 0, 0, 0700), -EDQUOT);
		CHECK_IS(DO(DEED_SYMLINK, "d/three", "x", 0, 0), -EDQUOT);
		BEGIN(DEED_RENAME, "d/one", "d/two", 0, 0);
		asked_next(&p, &r, &asked, MACH_OP_RENAME, d, "one", "two");
		CHECK_IS(asked_done(&p, &r, 0), 0);
		CHECK_IS(END(), 0);
		BEGIN(DEED_MKDIR, "d/one", 0, 0, 0700);
		asked_next(&p, &r, &asked, MACH_OP_MKDIR, d, "one", "");
		/* it is counted while it is asked for */
		CHECK_IS(list_names(&p, d, MACH_LIST_CHANGE, &mine, 1),
			 -EDQUOT);
		CHECK_IS(asked_error(&p, &r, EROFS), 0);
		CHECK_IS(END(), -EROFS);
		CHECK_IS(list_names(&p, d, MACH_LIST_CHANGE, &mine, 1), 0);
		BEGIN(DEED_RMDIR, "d/two", 0, 0, 0);
		asked_next(&p, &r, &asked, MACH_OP_RMDIR, d, "two", "");
		CHECK_IS(asked_done(&p, &r, 0), 0);
		CHECK_IS(END(), 0);
	}
	pager_expect_nothing(&p, 20);
	pager_close(&p);
}

/* The pager's user has as many names as he may have; all come back. */
static void test_quota(void)
{
	pool_set_number("user_names", 3);
	/* the client stays root */
	actor_start(&a, 1);
	as_user(USER, count_names);
	as_user(USER, count_names);
	actor_stop(&a);
	pool_restore();
}

static const struct tap_test tests[] = {
	{ .name = "refused", .run = test_refused },
	{ .name = "source", .run = test_source },
	{ .name = "parts", .run = test_parts },
	{ .name = "come", .run = test_come },
	{ .name = "gone", .run = test_gone },
	{ .name = "filled", .run = test_filled },
	{ .name = "table", .run = test_table },
	{ .name = "given-up", .run = test_given_up },
	{ .name = "killed", .run = test_killed },
	{ .name = "deadline", .run = test_deadline, .seconds = 60 },
	{ .name = "death", .run = test_death },
	{ .name = "others", .run = test_others },
	{ .name = "quota", .run = test_quota },
};

int main(int argc, char **argv)
{
	return pool_main(argc, argv, tests, ARRAY_SIZE(tests));
}
