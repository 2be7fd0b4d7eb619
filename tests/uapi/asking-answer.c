// SPDX-License-Identifier: GPL-2.0-only
/* Directories that ask: answers that are refused, late, wrong, or never come. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "asked.h"
#include "naming.h"
#include "place.h"
#include "pool.h"
#include "tap.h"

#define OWNER	1234

static struct test_pager p;
static struct actor a;
static struct test_request r;
static struct asked asked;
static struct test_object f;
static uint32_t d;

static void setup_with(const struct pager_setup *setup)
{
	pager_open(&p, setup);
	d = directory_make(&p, "d", 0777, 1);
	object_create(&p, &f, PAGE, 0, MACH_CREATE_RESIZABLE);
	CHECK_IS(object_publish_as(&p, &f, "d/f", 0666, 0), 0);
	CHECK_IS(pager_mkdir(&p, "d/sub", 0777, 0), 0);
	CHECK_IS(pager_link(&p, "d/l", "f", 0), 0);
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
	close(f.fd);
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

/*
 * As setup() made it. While something is asked, who looks for a name that is not there
 * waits: only the others are looked at.
 */
static bool others_are_same(void)
{
	struct stat st;

	return !node_there("d/f") && !node_there("d/l") && !node_there("d/sub") &&
	       !stat(node_path("d/f"), &st) && (st.st_mode & 0777) == 0666 &&
	       st.st_nlink == 1 && !stat(node_path("d"), &st) &&
	       st.st_nlink == 3;
}

static void check_others(const char *sub)
{
	tap_sub(sub, others_are_same(), "something has changed");
}

static void check_same(const char *sub)
{
	tap_sub(sub, others_are_same() && node_there("d/new") == -ENOENT,
		"something has changed");
}

/* Each operation refused: nothing has changed */
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

/* Each errno that there is */
static void test_errnos(void)
{
	long got;

	setup();
	for (int error = 1; error <= MACH_ERRNO_MAX; error++) {
		BEGIN(DEED_UNLINK, "d/f", 0, 0, 0);
		asked_next(&p, &r, &asked, MACH_OP_UNLINK, d, "f", "");
		if (error == EINTR || error == EAGAIN) {
			CHECK_IS(asked_error(&p, &r, error), -EINVAL);
			CHECK_IS(asked_error(&p, &r, EIO), 0);
			CHECK_IS(END(), -EIO);
			continue;
		}
		CHECK_IS(asked_error(&p, &r, error), 0);
		/* Linux tries again by itself, once */
		if (error == ESTALE) {
			asked_next(&p, &r, &asked, MACH_OP_UNLINK, d, "f", "");
			CHECK_IS(asked_error(&p, &r, error), 0);
		}
		got = END();
		CHECK(got == -error, "%d: %s", error, tap_result(got));
	}
	check_same("same");
	end();
}

/* No answer but the end of the request, and answers that do not fit */
static void test_parts(void)
{
	struct mach_part parts[2] = { part_done(0, PAGE), part_done(0, PAGE) };

	setup();
	begin_operation(ASK_UNLINK);
	parts[0] = part_zero(0, PAGE);
	tap_is("zeros", pager_reply(&p, &r, parts, 1, false), -EPROTO);
	parts[0] = part_done(0, PAGE);
	parts[0].fd = 1;
	tap_is("fd", pager_reply(&p, &r, parts, 1, false), -EINVAL);
	parts[0].fd = 0;
	parts[0].reserved = 1;
	tap_is("reserved", pager_reply(&p, &r, parts, 1, false), -EINVAL);
	tap_is("errno-0", asked_error(&p, &r, 0), -EINVAL);
	tap_is("errno-over", asked_error(&p, &r, MACH_ERRNO_MAX + 1), -EINVAL);
	tap_is("source", asked_done(&p, &r, f.number), -EINVAL);
	check_others("same");
	parts[0].reserved = 0;
	tap_is("more", pager_reply(&p, &r, parts, 1, true), 0);
	check_others("more-same");
	tap_is("waits", actor_waits(&a, 0, 50), 1);
	tap_is("none", pager_reply(&p, &r, NULL, 0, false), 0);
	tap_is("result", END(), -EIO);
	tap_is("again", asked_done(&p, &r, 0), -ESTALE);
	begin_operation(ASK_UNLINK);
	parts[0] = part_error(0, PAGE, EROFS);
	tap_is("last-counts", pager_reply(&p, &r, parts, 2, false), 0);
	tap_is("last-result", END(), 0);
	end();
}

/* What reading a request may be asked for */
static void test_collect(void)
{
	char text[128];

	setup();
	begin_operation(ASK_UNLINK);
	tap_is("all", pager_collect(&p, &r, 0, r.m.length, text), 0);
	tap_is("over", pager_collect(&p, &r, 0, r.m.length + 1, text), -ERANGE);
	tap_is("behind", pager_collect(&p, &r, r.m.length, 1, text), -ERANGE);
	tap_is("far", pager_collect(&p, &r, ~0ULL, 2, text), -ERANGE);
	tap_is("nothing", pager_collect(&p, &r, 0, 0, text), -EINVAL);
	tap_is("fault", pager_collect(&p, &r, 0, 8, NULL), -EFAULT);
	tap_is("fault-name", pager_collect(&p, &r, r.m.length - 1, 1, NULL),
	       -EFAULT);
	tap_is("done", asked_done(&p, &r, 0), 0);
	tap_is("late", pager_collect(&p, &r, 0, 8, text), -ESTALE);
	tap_is("result", END(), 0);
	end();
}

/* What cannot become a file is refused, and the request is still held. */
static void test_create_hostile(void)
{
	struct test_pager q;
	struct test_object o, foreign, fixed;
	uint32_t number;

	setup();
	pager_open(&q, &(struct pager_setup){ .transport = BY_IOCTL });
	for (int i = 0; i < 40; i++)
		object_create(&q, &foreign, PAGE, 0, 0);
	object_create(&p, &o, PAGE, 0, 0);
	object_create(&p, &fixed, PAGE, 0, MACH_CREATE_READ_ONLY);
	number = o.number;
	BEGIN(DEED_CREATE, "d/new", 0, O_RDONLY, 0600);
	asked_next(&p, &r, &asked, MACH_OP_CREATE, d, "new", "");
	tap_is("none", asked_done(&p, &r, 0), -ENOENT);
	tap_is("unknown", asked_done(&p, &r, 4711), -ENOENT);
	tap_is("far", asked_done(&p, &r, (1ULL << 32) | number), -ENOENT);
	tap_is("foreign", asked_done(&p, &r, foreign.number), -ENOENT);
	tap_is("named", asked_done(&p, &r, f.number), -EEXIST);
	tap_is("directory", asked_done(&p, &r, d), -EINVAL);
	check_others("same");
	CHECK_IS(object_destroy(&p, number), 0);
	close(o.fd);
	tap_is("destroyed", asked_done(&p, &r, number), -ENOENT);
	tap_is("waits", actor_waits(&a, 0, 20), 1);
	tap_is("read-only", asked_done(&p, &r, fixed.number), 0);
	tap_is("read-only-opened", END(), 0);
	tap_is("read-only-write", DO(DEED_CREATE, "d/new", 0, O_RDWR, 0),
	       -EACCES);
	close(fixed.fd);
	pager_close(&q);
	end();
}

static void test_mkdir_hostile(void)
{
	long unused;

	setup();
	unused = directory_create(&p, 5);
	BEGIN(DEED_MKDIR, "d/new", 0, 0, 0700);
	asked_next(&p, &r, &asked, MACH_OP_MKDIR, d, "new", "");
	tap_is("unknown", asked_done(&p, &r, 4711), -ENOENT);
	tap_is("file", asked_done(&p, &r, f.number), -EINVAL);
	tap_is("used", asked_done(&p, &r, d), -EEXIST);
	check_others("same");
	tap_is("waits", actor_waits(&a, 0, 20), 1);
	tap_is("unused", asked_done(&p, &r, unused), 0);
	tap_is("result", END(), 0);
	CHECK_IS(object_destroy(&p, unused), 0);
	check_same("destroyed");
	end();
}

/* What it is about has gone by the time of the answer. */
static void test_gone(void)
{
	setup();
	CHECK_IS(pager_remove(&p, "d/l"), 0);
	CHECK_IS(pager_remove(&p, "d/sub"), 0);
	BEGIN(DEED_RENAME, "d/f", "d/new", 0, 0);
	asked_next(&p, &r, &asked, MACH_OP_RENAME, d, "f", "new");
	CHECK_IS(object_unname(&p, f.number), 0);
	tap_is("moved", asked_done(&p, &r, 0), -ESTALE);
	tap_is("moved-result", END(), -ENOENT);
	CHECK_IS(object_publish_as(&p, &f, "d/f", 0666, 0), 0);
	BEGIN(DEED_UNLINK, "d/f", 0, 0, 0);
	asked_next(&p, &r, &asked, MACH_OP_UNLINK, d, "f", "");
	CHECK_IS(object_unname(&p, f.number), 0);
	CHECK_IS(object_publish_as(&p, &f, "elsewhere", 0666, 0), 0);
	tap_is("another-name", asked_done(&p, &r, 0), 0);
	tap_is("another-name-result", END(), 0);
	tap_is("another-name-stays", node_there("elsewhere"), 0);
	CHECK_IS(object_unname(&p, f.number), 0);
	CHECK_IS(object_publish_as(&p, &f, "d/f", 0666, 0), 0);
	CHECK_IS(pager_link(&p, "d/l", "f", 0), 0);
	BEGIN(DEED_RENAME, "d/f", "d/l", 0, 0);
	asked_next(&p, &r, &asked, MACH_OP_RENAME, d, "f", "l");
	CHECK_IS(pager_remove(&p, "d/l"), 0);
	tap_is("replaced", asked_done(&p, &r, 0), 0);
	tap_is("replaced-result", END(), 0);
	tap_is("replaced-there", node_there("d/l"), 0);
	tap_is("listed", DO(DEED_LIST, "d", 0, 0, 0), 1);
	CHECK_IS(object_unname(&p, f.number), 0);
	/* the directory itself, which ends with what was in it */
	BEGIN(DEED_CREATE, "d/new", 0, O_RDWR, 0600);
	asked_next(&p, &r, &asked, MACH_OP_CREATE, d, "new", "");
	CHECK_IS(object_unname(&p, d), 0);
	tap_is("directory", asked_done(&p, &r, f.number), -ESTALE);
	tap_is("directory-result", END(), -ENOENT);
	CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
	tap_is("terminate", r.m.operation, MACH_OP_TERMINATE);
	pager_reply_none(&p, &r);
	end();
}

/* A client that is killed is not waited for, and its name does not come. */
static void test_killed(void)
{
	setup();
	for (enum ask i = 0; i < ASKS; i++) {
		begin_operation(i);
		actor_kill(&a);
		tap_is(asks[i].sub, asked_done(&p, &r, 0), -ESTALE);
		check_same("same");
		actor_start(&a, 1);
	}
	/* it is free for others at once */
	BEGIN(DEED_MKDIR, "d/new", 0, 0, 0700);
	asked_next(&p, &r, &asked, MACH_OP_MKDIR, d, "new", "");
	CHECK_IS(asked_done(&p, &r, 0), 0);
	tap_is("next", END(), 0);
	end();
}

static void test_deadline(void)
{
	const struct pager_setup hasty = {
		.transport = BY_IOCTL, .deadline_ms = 200 * tap_slow(),
	};

	setup_with(&hasty);
	for (enum ask i = 0; i < ASKS; i++) {
		begin_operation(i);
		tap_is(asks[i].sub, END(), -EIO);
		tap_is("late", asked_error(&p, &r, EROFS), -ESTALE);
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
	close(f.fd);
	pager_close(&p);
	tap_is("result", END(), -EIO);
	actor_end(&a, 1);
	/* either it was asked already, or there is no such directory any more */
	tap_is("second", actor_end(&a, 2) < 0, 1);
	CHECK_WAIT(node_there("d") == -ENOENT, WAIT_MS, "d is left");
	actor_stop(&a);
}

/* Who wants something else goes on, or waits for one answer. */
static void test_others(void)
{
	setup();
	begin_operation(ASK_CREATE);
	BEGIN_IN(1, DEED_STAT, "d/f", 0, 0, 0);
	tap_is("stat", actor_end(&a, 1), 0);
	BEGIN_IN(1, DEED_STAT, "d/none", 0, 0, 0);
	tap_is("stat-none-waits", actor_waits(&a, 1, 50), 1);
	BEGIN_IN(2, DEED_UNLINK, "d/f", 0, 0, 0);
	tap_is("unlink-waits", actor_waits(&a, 2, 50), 1);
	pager_expect_nothing(&p, 50);
	tap_is("answer", asked_error(&p, &r, EROFS), 0);
	tap_is("result", END(), -EROFS);
	tap_is("stat-none", actor_end(&a, 1), -ENOENT);
	asked_next(&p, &r, &asked, MACH_OP_UNLINK, d, "f", "");
	tap_is("unlink-answer", asked_done(&p, &r, 0), 0);
	tap_is("unlink", actor_end(&a, 2), 0);
	end();
}

/* A thread that holds the request would wait for itself. */
static void test_stuck(void)
{
	struct test_object o;
	long number;

	setup();
	object_create(&p, &o, PAGE, 0, 0);
	number = directory_create(&p, 9);
	begin_operation(ASK_CREATE);
	tap_is("publish", object_publish(&p, &o, "d/o", 0), -EDEADLK);
	tap_is("symlink", pager_link(&p, "d/o", "x", 0), -EDEADLK);
	tap_is("mkdir", pager_mkdir(&p, "d/o", 0, 0), -EDEADLK);
	tap_is("mkdir-asking", directory_publish(&p, "d/o", 0, 0, number),
	       -EDEADLK);
	tap_is("way", pager_mkdir(&p, "d/x/y", 0, 0), -EDEADLK);
	tap_is("elsewhere", object_publish(&p, &o, "o", 0), 0);
	tap_is("below", pager_mkdir(&p, "d/sub/in", 0, 0), 0);
	tap_is("below-removed", pager_remove(&p, "d/sub/in"), 0);
	tap_is("unpublish", object_unname(&p, f.number), 0);
	tap_is("remove", pager_remove(&p, "d/l"), 0);
	tap_is("done", asked_done(&p, &r, f.number), 0);
	tap_is("result", END(), 0);
	close(o.fd);
	CHECK_IS(object_destroy(&p, o.number), 0);
	end();
}

/* A thread that holds nothing waits until the name may be made. */
static long publish_later(const uint64_t *arg)
{
	return pager_mkdir(&p, (const char *)(uintptr_t)arg[0], 0, 0);
}

static void test_publisher_waits(void)
{
	struct actor other;

	setup();
	/* another process that has the pager's descriptor */
	actor_unhide_fd(p.fd);
	actor_start(&other, 1);
	begin_operation(ASK_CREATE);
	actor_begin(&other, 0, publish_later, (uintptr_t)"d/later");
	tap_is("waits", actor_waits(&other, 0, 50), 1);
	tap_is("answer", asked_error(&p, &r, EROFS), 0);
	tap_is("result", END(), -EROFS);
	tap_is("made", actor_end(&other, 0), 0);
	begin_operation(ASK_CREATE);
	actor_begin(&other, 0, publish_later, (uintptr_t)"d/killed");
	tap_is("waits-again", actor_waits(&other, 0, 50), 1);
	actor_kill(&other);
	tap_is("killed", asked_error(&p, &r, EROFS), 0);
	tap_is("killed-result", END(), -EROFS);
	end();
}

/* The pager's user has as many names as he may have. */
static void test_quota(void)
{
	static const struct pager_setup by_ioctl = { .transport = BY_IOCTL };

	CHECK_IS(RESULT(chmod("/dev/machvm", 0666)), 0);
	CHECK_IS(pool_set("user_names", "2"), 0);
	/* the client stays root */
	actor_start(&a, 1);
	CHECK_IS(RESULT(setresgid(OWNER, OWNER, OWNER)), 0);
	CHECK_IS(RESULT(setresuid(OWNER, OWNER, OWNER)), 0);
	pager_open(&p, &by_ioctl);
	d = directory_create(&p, 1);
	CHECK_IS(directory_publish(&p, "d", 0777, OWNER, d), 0);
	BEGIN(DEED_MKDIR, "d/one", 0, 0, 0700);
	asked_next(&p, &r, &asked, MACH_OP_MKDIR, d, "one", "");
	CHECK_IS(asked_done(&p, &r, 0), 0);
	tap_is("one", END(), 0);
	tap_is("create", DO(DEED_CREATE, "d/two", 0, O_RDWR, 0600), -EDQUOT);
	tap_is("mkdir", DO(DEED_MKDIR, "d/two", 0, 0, 0700), -EDQUOT);
	tap_is("symlink", DO(DEED_SYMLINK, "d/two", "x", 0, 0), -EDQUOT);
	pager_expect_nothing(&p, 20);
	for (int i = 0; i < 3; i++) {
		BEGIN(DEED_RMDIR, "d/one", 0, 0, 0);
		asked_next(&p, &r, &asked, MACH_OP_RMDIR, d, "one", "");
		CHECK_IS(asked_done(&p, &r, 0), 0);
		CHECK_IS(END(), 0);
		BEGIN(DEED_CREATE, "d/two", 0, O_RDWR, 0600);
		asked_next(&p, &r, &asked, MACH_OP_CREATE, d, "two", "");
		CHECK_IS(asked_error(&p, &r, ENOSPC), 0);
		CHECK_IS(END(), -ENOSPC);
		BEGIN(DEED_MKDIR, "d/one", 0, 0, 0700);
		asked_next(&p, &r, &asked, MACH_OP_MKDIR, d, "one", "");
		CHECK_IS(asked_done(&p, &r, 0), 0);
		CHECK_IS(END(), 0);
	}
	actor_stop(&a);
	pager_close(&p);
}

/* By ring: the answer to a killed client ends the command with ESTALE. */
static void test_ring(void)
{
	setup_with(&(struct pager_setup){ .transport = BY_RING });
	begin_operation(ASK_UNLINK);
	CHECK_IS(asked_done(&p, &r, 0), 0);
	tap_is("done", END(), 0);
	begin_operation(ASK_UNLINK_LINK);
	actor_kill(&a);
	CHECK_IS(asked_done(&p, &r, 0), 0);
	tap_is("late", pager_next(&p, &r, WAIT_MS), -ESTALE);
	tap_is("same", node_there("d/l"), 0);
	close(f.fd);
	pager_close(&p);
}

static const struct tap_test tests[] = {
	{ .name = "refused", .run = test_refused },
	{ .name = "errnos", .run = test_errnos },
	{ .name = "parts", .run = test_parts },
	{ .name = "collect", .run = test_collect },
	{ .name = "create-hostile", .run = test_create_hostile },
	{ .name = "mkdir-hostile", .run = test_mkdir_hostile },
	{ .name = "gone", .run = test_gone },
	{ .name = "killed", .run = test_killed },
	{ .name = "deadline", .run = test_deadline },
	{ .name = "death", .run = test_death },
	{ .name = "others", .run = test_others },
	{ .name = "stuck", .run = test_stuck },
	{ .name = "publisher-waits", .run = test_publisher_waits },
	{ .name = "quota", .run = test_quota },
	{ .name = "ring", .run = test_ring },
};

int main(int argc, char **argv)
{
	return pool_main(argc, argv, tests, ARRAY_SIZE(tests));
}
