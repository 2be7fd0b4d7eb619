// SPDX-License-Identifier: GPL-2.0-only
/* Listed directories: asked for once, read without the pager, and what is refused. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "listing.h"
#include "naming.h"
#include "place.h"
#include "tap.h"

#define COOKIE	0x1157ed0001ULL

static const struct test_name names[] = {
	{ .name = "file", .size = 3 * PAGE + 5, .cookie = 11 },
	{ .name = "empty", .size = 1, .cookie = 12, .mode = S_IFREG },
	{ .name = "link", .mode = S_IFLNK | 0777, .target = "file" },
	{ .name = "dir", .mode = S_IFDIR | 01755, .cookie = 13 },
	{ .name = "\n\x7f\xff*", .cookie = 14 },
};

static struct test_pager p;
static struct actor a;
static uint32_t number;
static struct stat *st;

/* A pager, a client, and a directory that has no table yet */
static void setup(unsigned int deadline_ms)
{
	pager_open(&p, &(struct pager_setup) {
		.transport = BY_IOCTL, .deadline_ms = deadline_ms,
	});
	st = shared_alloc(PAGE);
	actor_hide_fd(p.fd);
	actor_start(&a, 4);
	number = listed_create(&p, "listed", COOKIE);
}

static void setup_names(void)
{
	setup(0);
	list_all(&p, number, names, ARRAY_SIZE(names));
}

static void end(void)
{
	actor_stop(&a);
	pager_close(&p);
	CHECK_WAIT(node_stat("listed", st) == -ENOENT, WAIT_MS,
		   "the directory outlives its pager");
}

#define BEGIN_LSTAT(thread, path) \
	actor_begin(&a, thread, do_lstat, (uintptr_t)(path), (uintptr_t)st)
#define LSTAT(path)	\
	actor_do(&a, do_lstat, (uintptr_t)(path), (uintptr_t)st)
#define COUNT(path)	actor_do(&a, do_names, (uintptr_t)(path))

static void check_stat(const char *sub, mode_t mode, off_t size)
{
	tap_sub(sub, st->st_mode == mode && st->st_uid == LISTED_OWNER &&
		st->st_gid == LISTED_OWNER && st->st_size == size &&
		st->st_nlink == 1 &&
		st->st_mtim.tv_sec == LISTED_MTIME / 1000000000 &&
		st->st_mtim.tv_nsec == LISTED_MTIME % 1000000000,
		"mode 0%o, %ld bytes, owner %u:%u, %ld links, since %ld.%09ld",
		st->st_mode, (long)st->st_size, st->st_uid, st->st_gid,
		(long)st->st_nlink, (long)st->st_mtim.tv_sec,
		(long)st->st_mtim.tv_nsec);
}

/* The first who looks has the pager asked, for all; then nobody is. */
static void test_first(void)
{
	struct test_request r;

	setup(0);
	BEGIN_LSTAT(0, "listed/file");
	expect_list(&p, &r, number);
	tap_is("cookie", r.m.cookie, COOKIE);
	actor_begin(&a, 1, do_names, (uintptr_t)"listed");
	BEGIN_LSTAT(2, "listed/none");
	pager_expect_nothing(&p, 100);
	tap_is("begin", list_names(&p, number, MACH_LIST_BEGIN, names, 2), 0);
	tap_is("more", list_names(&p, number, 0, names + 2, 2), 0);
	tap_sub("waits", actor_waits(&a, 0, 20), "a name was in sight too early");
	tap_is("end", list_names(&p, number, MACH_LIST_END, names + 4, 1), 0);
	list_done(&p, &r);
	tap_is("lstat", actor_end(&a, 0), 0);
	tap_is("count", actor_end(&a, 1), 5);
	tap_is("none", actor_end(&a, 2), -ENOENT);
	tap_is("again", LSTAT("listed/file"), 0);
	check_stat("file", S_IFREG | 0640, 3 * PAGE + 5);
	tap_is("empty", LSTAT("listed/empty"), 0);
	check_stat("empty-is", S_IFREG, 1);
	tap_is("odd", LSTAT("listed/\n\x7f\xff*"), 0);
	tap_is("dir", LSTAT("listed/dir"), 0);
	check_stat("dir-is", S_IFDIR | 01755, 0);
	tap_is("link", LSTAT("listed/link"), 0);
	check_stat("link-is", S_IFLNK | 0777, 4);
	tap_is("count-again", COUNT("listed"), 5);
	tap_is("below-file", LSTAT("listed/file/x"), -ENOTDIR);
	pager_expect_nothing(&p, 50);
	end();
}

static void test_numbers(void)
{
	unsigned long numbers[ARRAY_SIZE(names)];
	struct test_name changed[ARRAY_SIZE(names)];
	char path[300];

	setup_names();
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "listed/%s", names[i].name);
		CHECK_IS(node_stat("listed", st), 0);
		CHECK_IS(RESULT(lstat(node_path(path), st)), 0);
		numbers[i] = st->st_ino;
		for (size_t j = 0; j < i; j++)
			CHECK(numbers[i] != numbers[j], "a number twice");
		changed[i] = names[i];
		changed[i].owner = 77;
	}
	changed[3].cookie++;
	list_all(&p, number, changed, ARRAY_SIZE(names));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "listed/%s", names[i].name);
		CHECK_IS(RESULT(lstat(node_path(path), st)), 0);
		CHECK((st->st_ino == numbers[i]) == (i != 3),
		      "%s: another number, or none", names[i].name);
		CHECK(st->st_uid == 77, "%s: owner %u", names[i].name,
		      st->st_uid);
	}
	end();
}

/* What the pager says of the wait, or does not say. */
static void test_answers(void)
{
	struct test_request r;

	setup(0);
	BEGIN_LSTAT(0, "listed/file");
	expect_list(&p, &r, number);
	pager_reply_one(&p, &r, part_error(0, 0, EMFILE));
	tap_is("refuse", actor_end(&a, 0), -EMFILE);
	BEGIN_LSTAT(0, "listed/file");
	expect_list(&p, &r, number);
	pager_reply_one(&p, &r, part_error(0, 0, ENOSPC));
	tap_is("error", actor_end(&a, 0), -ENOSPC);
	BEGIN_LSTAT(0, "listed/file");
	expect_list(&p, &r, number);
	tap_is("wrong", pager_reply(&p, &r, (struct mach_part []) {
		part_zero(0, PAGE) }, 1, false), -EPROTO);
	tap_is("with-source", pager_reply(&p, &r, (struct mach_part []) {
		{ .size = sizeof(struct mach_part), .kind = MACH_PART_DONE,
		  .source = 1 } }, 1, false), -EINVAL);
	list_done(&p, &r);
	tap_is("no-table", actor_end(&a, 0), -EIO);
	BEGIN_LSTAT(0, "listed/file");
	expect_list(&p, &r, number);
	pager_reply_none(&p, &r);
	tap_is("nothing", actor_end(&a, 0), -EIO);
	BEGIN_LSTAT(0, "listed/file");
	expect_list(&p, &r, number);
	list_all(&p, number, names, 1);
	/* in sight, also for who has not waited */
	actor_begin(&a, 1, do_names, (uintptr_t)"listed");
	tap_is("meanwhile", actor_end(&a, 1), 1);
	list_done(&p, &r);
	tap_is("at-last", actor_end(&a, 0), 0);
	tap_is("twice", pager_reply(&p, &r, NULL, 0, false), -ESTALE);
	end();
}

static void test_deadline(void)
{
	struct test_request r;

	setup(300);
	BEGIN_LSTAT(0, "listed/file");
	actor_begin(&a, 1, do_names, (uintptr_t)"listed");
	expect_list(&p, &r, number);
	CHECK(actor_waits(&a, 0, 50) && actor_waits(&a, 1, 50), "no wait");
	tap_is("lstat", actor_end(&a, 0), -EIO);
	tap_is("count", actor_end(&a, 1), -EIO);
	list_all(&p, number, names, ARRAY_SIZE(names));
	tap_is("late", pager_reply(&p, &r, NULL, 0, false), -ESTALE);
	tap_is("there", LSTAT("listed/file"), 0);
	end();
}

/* A client that is killed leaves the request to others. */
static void test_killed(void)
{
	struct test_request r;
	struct actor b;

	setup(0);
	actor_start(&b, 1);
	actor_begin(&b, 0, do_lstat, (uintptr_t)"listed/file", (uintptr_t)st);
	expect_list(&p, &r, number);
	BEGIN_LSTAT(0, "listed/file");
	CHECK(actor_waits(&a, 0, 50), "no wait");
	actor_kill(&b);
	CHECK(actor_waits(&a, 0, 50), "no wait");
	list_all(&p, number, names, ARRAY_SIZE(names));
	list_done(&p, &r);
	tap_is("other", actor_end(&a, 0), 0);
	end();
}

static void test_death(void)
{
	struct test_request r;
	int fd;

	setup(0);
	BEGIN_LSTAT(0, "listed/file");
	actor_begin(&a, 1, do_names, (uintptr_t)"listed");
	expect_list(&p, &r, number);
	CHECK(actor_waits(&a, 0, 100) && actor_waits(&a, 1, 100), "no wait");
	pager_close(&p);
	tap_is("lstat", actor_end(&a, 0), -EIO);
	tap_is("count", actor_end(&a, 1), -EIO);
	actor_stop(&a);

	setup_names();
	CHECK_IS(LSTAT("listed/file"), 0);
	fd = open(node_path("listed"), O_RDONLY | O_DIRECTORY);
	CHECK(fd >= 0, "open: %m");
	pager_close(&p);
	tap_is("gone", LSTAT("listed/file"), -ENOENT);
	tap_is("all-gone", LSTAT("listed"), -ENOENT);
	tap_is("in-open", RESULT(fstatat(fd, "file", st, 0)), -ENOENT);
	tap_is("new-in-open", RESULT(fstatat(fd, "empty", st, 0)), -ENOENT);
	actor_stop(&a);
	setup_names();
	tap_is("successor", LSTAT("listed/file"), 0);
	close(fd);
	end();
}

/* The pager's own threads ask as others do, but for one that works on a request. */
static void test_stuck(void)
{
	struct test_request r;

	setup(0);
	BEGIN_LSTAT(0, "listed/file");
	expect_list(&p, &r, number);
	/* another name: for one that is looked up already Linux waits itself */
	tap_is("lookup", RESULT(lstat(node_path("listed/link"), st)), -EDEADLK);
	tap_is("listing", do_names((const uint64_t []) { (uintptr_t)"listed" }),
	       -EDEADLK);
	list_all(&p, number, names, ARRAY_SIZE(names));
	tap_is("then", RESULT(lstat(node_path("listed/dir"), st)), 0);
	list_done(&p, &r);
	CHECK_IS(actor_end(&a, 0), 0);
	end();
}

/* Names are the table's: nobody makes, moves or takes away any other way. */
static void test_refused(void)
{
	const char *file = node_path("listed/file");
	const struct timespec times[2] = {};
	struct test_object o;

	setup_names();
	object_create(&p, &o, PAGE, 0, 0);
	tap_is("publish", object_publish(&p, &o, "listed/x", 0), -EPERM);
	tap_is("publish-deep", object_publish(&p, &o, "listed/dir/x", 0),
	       -EPERM);
	tap_is("link", pager_link(&p, "listed/x", ".", 0), -EPERM);
	tap_is("mkdir", pager_mkdir(&p, "listed/x", 0, 0), -EPERM);
	tap_is("mkdir-deep", pager_mkdir(&p, "listed/dir/x", 0, 0), -EPERM);
	tap_is("remove", pager_remove(&p, "listed/link"), -EPERM);
	tap_is("over", pager_mkdir(&p, "listed", 0, 0), -EEXIST);
	tap_is("creat", opened(RESULT(open(node_path("listed/new"),
					   O_CREAT | O_RDWR, 0600))), -EACCES);
	tap_is("mkdir-2", RESULT(mkdir(node_path("listed/new"), 0700)), -EPERM);
	tap_is("symlink-2", RESULT(symlink("x", node_path("listed/new"))),
	       -EPERM);
	tap_is("unlink", RESULT(unlink(file)), -EPERM);
	tap_is("rmdir", RESULT(rmdir(node_path("listed/dir"))), -EPERM);
	tap_is("rename", RESULT(rename(file, node_path("listed/new"))), -EPERM);
	tap_is("hard-link", RESULT(link(file, node_path("listed/new"))),
	       -EPERM);
	tap_is("chmod", RESULT(chmod(file, 0600)), -EPERM);
	tap_is("chmod-dir", RESULT(chmod(node_path("listed/dir"), 0700)),
	       -EPERM);
	tap_is("chmod-top", RESULT(chmod(node_path("listed"), 0700)), -EPERM);
	tap_is("chown", RESULT(chown(file, 1, 1)), -EPERM);
	tap_is("chown-link", RESULT(lchown(node_path("listed/link"), 1, 1)),
	       -EPERM);
	tap_is("times", RESULT(utimensat(AT_FDCWD, file, times, 0)), -EPERM);
	tap_is("xattr", RESULT(setxattr(file, "user.x", "y", 1, 0)),
	       -EOPNOTSUPP);
	tap_is("tmpfile", opened(RESULT(open(node_path("listed"),
					     O_TMPFILE | O_RDWR, 0600))),
	       -EOPNOTSUPP);
	tap_is("rmdir-top", RESULT(rmdir(node_path("listed"))), -ENOTEMPTY);
	pager_expect_nothing(&p, 50);
	close(o.fd);
	end();
}

/* Of the directory as a whole: who may have it, and how it goes. */
static void test_whole(void)
{
	struct test_request r;
	long other;

	setup_names();
	other = listed_number(&p, MACH_CREATE_LISTED, 0);
	CHECK(other > 0, "create: %s", tap_result(other));
	tap_is("table-first", list_names(&p, other,
					 MACH_LIST_BEGIN | MACH_LIST_END,
					 names, 2), 0);
	tap_is("taken", listed_mkdir(&p, "listed", other), -EEXIST);
	CHECK_IS(pager_mkdir(&p, "made", 0, 0), 0);
	tap_is("kept", listed_mkdir(&p, "made", other), -EEXIST);
	CHECK_IS(pager_remove(&p, "made"), 0);
	tap_is("mkdir", listed_mkdir(&p, "made", other), 0);
	tap_is("at-once", COUNT("made"), 2);
	tap_is("twice", listed_mkdir(&p, "made-2", other), -EEXIST);
	tap_is("unpublish", pager_remove(&p, "made"), 0);
	CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
	tap_is("terminate", r.m.operation, MACH_OP_TERMINATE);
	tap_is("of-it", r.m.object, other);
	tap_is("gone", LSTAT("made/file"), -ENOENT);
	pager_reply_none(&p, &r);
	/* an empty one its owner removes */
	list_all(&p, number, NULL, 0);
	tap_is("rmdir", RESULT(rmdir(node_path("listed"))), 0);
	CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
	tap_is("terminate-2", r.m.operation, MACH_OP_TERMINATE);
	pager_reply_none(&p, &r);
	CHECK_WAIT(list_names(&p, number, MACH_LIST_CHANGE, names, 1) ==
		   -ENOENT, WAIT_MS, "the number does not become free");
	end();
}

static const struct tap_test tests[] = {
	{ .name = "first", .run = test_first },
	{ .name = "numbers", .run = test_numbers },
	{ .name = "answers", .run = test_answers },
	{ .name = "deadline", .run = test_deadline },
	{ .name = "killed", .run = test_killed },
	{ .name = "death", .run = test_death },
	{ .name = "stuck", .run = test_stuck },
	{ .name = "refused", .run = test_refused },
	{ .name = "whole", .run = test_whole },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
