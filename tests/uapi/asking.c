// SPDX-License-Identifier: GPL-2.0-only
/* Directories that ask their pager: what is asked, and what the answer makes so. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "asked.h"
#include "naming.h"
#include "place.h"
#include "tap.h"

#define SIZE	(3 * PAGE)
#define OWNER	1234
#define COOKIE	0xd1cec00c1eULL

static const struct pager_setup by_ioctl = { .transport = BY_IOCTL };
static struct test_pager p;
static struct actor a;
static struct test_request r;
static struct asked asked;
static uint32_t d, e;

/* Two directories, d and e, and a client, who is nobody special if @owner is not 0. */
static void setup(unsigned int owner)
{
	pager_open(&p, &by_ioctl);
	d = directory_make(&p, "d", 0777, COOKIE);
	e = directory_make(&p, "e", 0777, COOKIE + 1);
	actor_start(&a, 3);
	if (owner)
		CHECK_IS(actor_do(&a, do_name, NAME_ARGS(DEED_BECOME, 0, 0, 0,
							 owner)), 0);
}

static void end(void)
{
	pager_expect_nothing(&p, 20);
	actor_stop(&a);
	pager_close(&p);
	CHECK_WAIT(RESULT(access(node_path("d"), F_OK)) == -ENOENT, WAIT_MS,
		   "a directory outlives its pager");
}

#define BEGIN(...)	actor_begin(&a, 0, do_name, NAME_ARGS(__VA_ARGS__))
#define DO(...)		actor_do(&a, do_name, NAME_ARGS(__VA_ARGS__))
#define END()		actor_end(&a, 0)

static struct stat status(const char *name)
{
	struct stat st;

	CHECK_IS(RESULT(lstat(node_path(name), &st)), 0);
	return st;
}

/* A file in d, with a descriptor of ours */
static struct test_object file(const char *name)
{
	struct test_object o;

	object_create(&p, &o, SIZE, 0, MACH_CREATE_RESIZABLE);
	CHECK_IS(object_publish_as(&p, &o, name, 0666, 0), 0);
	return o;
}

static void terminated(uint32_t number)
{
	CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
	CHECK(r.m.operation == MACH_OP_TERMINATE && r.m.object == number,
	      "op %u of %u, not the end of %u", r.m.operation, r.m.object,
	      number);
	pager_reply_none(&p, &r);
}

/* What stands for a directory, in the calls that have it */
static void test_object(void)
{
	struct mach_pager_attributes attributes = {
		.size = sizeof(attributes),
	};
	struct mach_pager_supply supply = {
		.size = sizeof(supply), .part = part_zero(0, PAGE),
	};
	struct mach_pager_lock lock = {
		.size = sizeof(lock), .flags = MACH_LOCK_CLEAN,
	};
	struct test_object o;
	long number;

	pager_open(&p, &by_ioctl);
	number = directory_create(&p, COOKIE);
	CHECK(number > 0, "create: %s", tap_result(number));
	o = (struct test_object) { .number = number };
	attributes.object = number;
	supply.object = number;
	lock.object = number;
	tap_is("publish", object_publish(&p, &o, "x", 0), -EINVAL);
	tap_is("resize", object_resize(&p, &o, PAGE), -EINVAL);
	tap_is("supply", vm_ioctl(p.fd, MACH_PAGER_SUPPLY, &supply), -EINVAL);
	tap_is("lock", vm_ioctl(p.fd, MACH_PAGER_LOCK_REQUEST, &lock), -EINVAL);
	tap_is("get", vm_ioctl(p.fd, MACH_PAGER_GET_ATTRIBUTES, &attributes),
	       -EINVAL);
	attributes.cluster = PAGE;
	tap_is("change", vm_ioctl(p.fd, MACH_PAGER_CHANGE_ATTRIBUTES,
				  &attributes), -EINVAL);
	tap_is("unpublish", object_unname(&p, number), -ENOENT);
	tap_is("none", directory_publish(&p, "d", 0, 0, 4711), -ENOENT);
	CHECK_IS(pager_mkdir(&p, "taken", 0, 0), 0);
	tap_is("taken", directory_publish(&p, "taken", 0, 0, number), -EEXIST);
	pager_expect_nothing(&p, 20);
	tap_is("mkdir", directory_publish(&p, "a/b/d", 0, 0, number), 0);
	tap_is("there", node_there("a/b/d"), 0);
	tap_is("second", directory_publish(&p, "other", 0, 0, number), -EEXIST);
	tap_is("same", directory_publish(&p, "a/b/d", 0, 0, number), -EEXIST);
	object_create(&p, &o, PAGE, 0, 0);
	tap_is("a-file", directory_publish(&p, "f", 0, 0, o.number), -EINVAL);
	close(o.fd);
	terminated(o.number);
	pager_close(&p);
}

/* Each way in which a directory ends; of most its pager is told. */
static void test_ends(void)
{
	uint32_t number;

	pager_open(&p, &by_ioctl);
	number = directory_make(&p, "d", 0, 1);
	tap_is("unpublish", object_unname(&p, number), 0);
	tap_is("gone", node_there("d"), -ENOENT);
	terminated(number);
	tap_is("number", object_unname(&p, number), -ENOENT);

	number = directory_make(&p, "d", 0, 2);
	tap_is("by-path", pager_remove(&p, "d"), 0);
	CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
	tap_is("again", directory_publish(&p, "d", 0, 0, number), -ENODEV);
	pager_reply_none(&p, &r);

	number = directory_make(&p, "d", 0, 3);
	tap_is("rmdir", RESULT(rmdir(node_path("d"))), 0);
	terminated(number);

	number = directory_make(&p, "d", 0, 4);
	CHECK_IS(pager_mkdir(&p, "d/in", 0, 0), 0);
	tap_is("full", object_unname(&p, number), 0);
	tap_is("stays", node_there("d/in"), 0);
	terminated(number);
	tap_is("asks-no-more", RESULT(mkdir(node_path("d/x"), 0700)), -EPERM);
	CHECK_IS(pager_remove(&p, "d/in"), 0);
	tap_is("last", node_there("d"), -ENOENT);

	number = directory_make(&p, "d", 0, 5);
	tap_is("destroy", object_destroy(&p, number), 0);
	tap_is("destroyed", node_there("d"), -ENOENT);
	number = directory_create(&p, 6);
	tap_is("destroy-unused", object_destroy(&p, number), 0);
	tap_is("destroy-again", object_destroy(&p, number), -ENOENT);
	pager_expect_nothing(&p, 20);
	number = directory_make(&p, "d", 0, 7);
	directory_create(&p, 8);
	pager_close(&p);
	CHECK_WAIT(node_there("d") == -ENOENT, WAIT_MS, "it outlives its pager");
}

static void test_create(void)
{
	struct test_object o;
	struct stat st;

	setup(OWNER);
	DO(DEED_UMASK, 0, 0, 0, 027);
	object_create(&p, &o, 0, 0, MACH_CREATE_RESIZABLE);
	tap_is("absent", node_there("d/new"), -ENOENT);
	BEGIN(DEED_OPEN, "d/new", 0, O_RDWR | O_EXCL, 0666);
	asked_next(&p, &r, &asked, MACH_OP_CREATE, d, "new", "");
	tap_is("cookie", r.m.cookie == COOKIE, 1);
	tap_is("mode", asked.head.mode, S_IFREG | 0640);
	tap_is("uid", asked.head.uid, OWNER);
	tap_is("gid", asked.head.gid, OWNER);
	tap_is("flags", asked.head.flags, MACH_NAME_EXCLUSIVE);
	tap_is("waits", actor_waits(&a, 0, 50), 1);
	tap_is("done", asked_done(&p, &r, o.number), 0);
	tap_is("there", node_there("d/new"), 0);
	st = status("d/new");
	tap_is("file-mode", st.st_mode, S_IFREG | 0640);
	tap_is("file-uid", st.st_uid, OWNER);
	tap_is("file-gid", st.st_gid, OWNER);
	tap_is("links", st.st_nlink, 1);
	tap_is("opened", END() >= 0, 1);
	tap_is("exists", DO(DEED_CREATE, "d/new", 0, O_RDWR | O_EXCL, 0600),
	       -EEXIST);
	tap_is("opens", DO(DEED_CREATE, "d/new", 0, O_RDWR, 0600), 0);
	tap_is("listed", DO(DEED_LIST, "d", 0, 0, 0), 1);
	tap_is("published", object_info(o.fd).state & MACH_OBJECT_PUBLISHED,
	       MACH_OBJECT_PUBLISHED);
	tap_is("set-id", DO(DEED_CREATE, "d/s", 0, O_RDWR, 04755), -EPERM);
	tap_is("pipe", DO(DEED_MKNOD, "d/s", 0, 0, S_IFIFO | 0600), -EPERM);
	BEGIN(DEED_MKNOD, "d/node", 0, 0, S_IFREG | 0600);
	asked_next(&p, &r, &asked, MACH_OP_CREATE, d, "node", "");
	tap_is("node-refused", asked_error(&p, &r, ENOSPC), 0);
	tap_is("node", END(), -ENOSPC);
	close(o.fd);
	end();
}

/* What need not be asked is not: all that is found, or may not be. */
static void test_not_asked(void)
{
	struct test_object o;

	setup(OWNER);
	o = file("d/f");
	tap_is("stat", DO(DEED_STAT, "d/none", 0, 0, 0), -ENOENT);
	tap_is("open", DO(DEED_CREATE, "d/f", 0, O_RDWR, 0600), 0);
	tap_is("mkdir", DO(DEED_MKDIR, "d/f", 0, 0, 0700), -EEXIST);
	tap_is("rmdir", DO(DEED_RMDIR, "d/f", 0, 0, 0), -ENOTDIR);
	tap_is("unlink", DO(DEED_UNLINK, "d/none", 0, 0, 0), -ENOENT);
	tap_is("link", DO(DEED_LINK, "d/f", "d/g", 0, 0), -EPERM);
	tap_is("chmod-other", DO(DEED_CHMOD, "d/f", 0, 0, 0644), -EPERM);
	tap_is("exchange", DO(DEED_RENAME, "d/f", "d/f2", RENAME_EXCHANGE, 0),
	       -ENOENT);
	tap_is("whiteout", DO(DEED_RENAME, "d/f", "d/f2", RENAME_WHITEOUT, 0),
	       -EINVAL);
	tap_is("out", DO(DEED_RENAME, "d/f", "f", 0, 0), -EXDEV);
	CHECK_IS(RESULT(chmod(node_path("d"), 0755)), 0);
	tap_is("no-right", DO(DEED_CREATE, "d/x", 0, O_RDWR, 0600), -EACCES);
	tap_is("no-right-unlink", DO(DEED_UNLINK, "d/f", 0, 0, 0), -EACCES);
	tap_is("root", DO(DEED_MKDIR, "x", 0, 0, 0700), -EPERM);
	tap_is("nothing", RESULT(access(node_path("d/f"), F_OK)), 0);
	close(o.fd);
	end();
}

static void test_mkdir(void)
{
	struct stat st;
	long inner;

	setup(OWNER);
	inner = directory_create(&p, 77);
	BEGIN(DEED_MKDIR, "d/sub", 0, 0, 0751);
	asked_next(&p, &r, &asked, MACH_OP_MKDIR, d, "sub", "");
	tap_is("mode", asked.head.mode, S_IFDIR | 0751);
	tap_is("done", asked_done(&p, &r, inner), 0);
	st = status("d/sub");
	tap_is("directory", st.st_mode, S_IFDIR | 0751);
	tap_is("owner", st.st_uid, OWNER);
	tap_is("links", status("d").st_nlink, 3);
	tap_is("result", END(), 0);
	BEGIN(DEED_MKDIR, "d/sub/subsub", 0, 0, 0700);
	asked_next(&p, &r, &asked, MACH_OP_MKDIR, inner, "subsub", "");
	tap_is("plain", asked_done(&p, &r, 0), 0);
	tap_is("plain-result", END(), 0);
	tap_is("plain-asks-not", DO(DEED_MKDIR, "d/sub/subsub/x", 0, 0, 0700),
	       -EPERM);
	tap_is("rmdir-full", DO(DEED_RMDIR, "d/sub", 0, 0, 0), -ENOTEMPTY);
	BEGIN(DEED_RMDIR, "d/sub/subsub", 0, 0, 0);
	asked_next(&p, &r, &asked, MACH_OP_RMDIR, inner, "subsub", "");
	tap_is("no-number", asked.head.object, 0);
	tap_is("rmdir", asked_done(&p, &r, 0), 0);
	tap_is("gone", node_there("d/sub/subsub"), -ENOENT);
	tap_is("rmdir-result", END(), 0);
	BEGIN(DEED_RMDIR, "d/sub", 0, 0, 0);
	asked_next(&p, &r, &asked, MACH_OP_RMDIR, d, "sub", "");
	tap_is("number", asked.head.object, inner);
	tap_is("object-cookie", asked.head.object_cookie, 77);
	tap_is("rmdir-asking", asked_done(&p, &r, 0), 0);
	tap_is("rmdir-asking-result", END(), 0);
	terminated(inner);
	tap_is("links-again", status("d").st_nlink, 2);
	end();
}

static void test_symlink(void)
{
	char target[MACH_PATH_MAX + 1], seen[MACH_PATH_MAX + 1];

	memset(target, 't', MACH_PATH_MAX);
	target[MACH_PATH_MAX] = 0;
	setup(OWNER);
	BEGIN(DEED_SYMLINK, "d/l", "../e/target", 0, 0);
	asked_next(&p, &r, &asked, MACH_OP_SYMLINK, d, "l", "../e/target");
	tap_is("mode", asked.head.mode, S_IFLNK | 0777);
	tap_is("done", asked_done(&p, &r, 0), 0);
	tap_is("owner", status("d/l").st_uid, OWNER);
	tap_is("size", status("d/l").st_size, 11);
	tap_is("result", END(), 0);
	tap_is("says", RESULT(readlink(node_path("d/l"), seen, 100)), 11);
	tap_is("target", !memcmp(seen, "../e/target", 11), 1);
	actor_stop(&a);
	actor_start(&a, 3);
	BEGIN(DEED_SYMLINK, "d/long", target, 0, 0);
	asked_next(&p, &r, &asked, MACH_OP_SYMLINK, d, "long", target);
	tap_is("long", asked_done(&p, &r, 0), 0);
	tap_is("long-result", END(), 0);
	tap_is("long-says", RESULT(readlink(node_path("d/long"), seen,
					    sizeof(seen))), MACH_PATH_MAX);
	BEGIN(DEED_UNLINK, "d/l", 0, 0, 0);
	asked_next(&p, &r, &asked, MACH_OP_UNLINK, d, "l", "");
	tap_is("kind", asked.head.mode & S_IFMT, S_IFLNK);
	tap_is("unlink", asked_done(&p, &r, 0), 0);
	tap_is("gone", node_there("d/l"), -ENOENT);
	tap_is("unlinked", END(), 0);
	end();
}

static void test_unlink(void)
{
	struct test_object o;
	long fd;

	setup(0);
	o = file("d/f");
	fd = node_open("d/f", O_RDWR);
	BEGIN(DEED_UNLINK, "d/f", 0, 0, 0);
	asked_next(&p, &r, &asked, MACH_OP_UNLINK, d, "f", "");
	tap_is("object", asked.head.object, o.number);
	tap_is("still", node_there("d/f"), 0);
	tap_is("done", asked_done(&p, &r, 0), 0);
	tap_is("gone", node_there("d/f"), -ENOENT);
	tap_is("result", END(), 0);
	tap_is("alive", object_info(fd).state, MACH_OBJECT_ALIVE);
	tap_is("unlisted", DO(DEED_LIST, "d", 0, 0, 0), 0);
	tap_is("again", object_publish(&p, &o, "d/f", 0), 0);
	BEGIN(DEED_UNLINK, "d/f", 0, 0, 0);
	asked_next(&p, &r, &asked, MACH_OP_UNLINK, d, "f", "");
	tap_is("taken-before", object_unname(&p, o.number), 0);
	tap_is("taken", asked_done(&p, &r, 0), 0);
	tap_is("taken-result", END(), 0);
	CHECK_IS(object_publish(&p, &o, "d/f", 0), 0);
	close(o.fd);
	close(fd);
	BEGIN(DEED_UNLINK, "d/f", 0, 0, 0);
	asked_next(&p, &r, &asked, MACH_OP_UNLINK, d, "f", "");
	tap_is("last", asked_done(&p, &r, 0), 0);
	tap_is("last-result", END(), 0);
	terminated(o.number);
	end();
}

/* Other names, within a directory, across, and onto what is there */
static void test_rename(void)
{
	struct test_object f, g;
	ino_t inode;

	setup(0);
	f = file("d/f");
	g = file("e/g");
	inode = status("d/f").st_ino;
	BEGIN(DEED_RENAME, "d/f", "d/f2", RENAME_NOREPLACE, 0);
	asked_next(&p, &r, &asked, MACH_OP_RENAME, d, "f", "f2");
	tap_is("object", asked.head.object, f.number);
	tap_is("directory", asked.head.directory, d);
	tap_is("flags", asked.head.flags, MACH_NAME_NOREPLACE);
	tap_is("replaces", asked.head.replaces, 0);
	tap_is("done", asked_done(&p, &r, 0), 0);
	tap_is("old", node_there("d/f"), -ENOENT);
	tap_is("new", status("d/f2").st_ino == inode, 1);
	tap_is("result", END(), 0);
	tap_is("noreplace", DO(DEED_RENAME, "d/f2", "e/g", RENAME_NOREPLACE, 0),
	       -EEXIST);
	tap_is("exchange", DO(DEED_RENAME, "d/f2", "e/g", RENAME_EXCHANGE, 0),
	       -EINVAL);

	BEGIN(DEED_RENAME, "d/f2", "e/g", 0, 0);
	asked_next(&p, &r, &asked, MACH_OP_RENAME, d, "f2", "g");
	tap_is("across", asked.head.directory, e);
	tap_is("across-cookie", asked.head.directory_cookie == COOKIE + 1, 1);
	tap_is("replaced", asked.head.replaced, g.number);
	tap_is("replaced-known", asked.head.replaces, 1);
	tap_is("across-done", asked_done(&p, &r, 0), 0);
	tap_is("onto", status("e/g").st_ino == inode, 1);
	tap_is("across-result", END(), 0);
	tap_is("from", DO(DEED_LIST, "d", 0, 0, 0), 0);
	tap_is("to", DO(DEED_LIST, "e", 0, 0, 0), 1);
	tap_is("replaced-alive", object_info(g.fd).state, MACH_OBJECT_ALIVE);
	tap_is("replaced-free", object_publish(&p, &g, "d/h", 0), 0);
	tap_is("moved-unpublish", object_unname(&p, f.number), 0);
	tap_is("moved-gone", node_there("e/g"), -ENOENT);
	close(f.fd);
	terminated(f.number);
	close(g.fd);
	end();
}

/* Directories move with what is in them. */
static void test_rename_directory(void)
{
	uint32_t sub, empty;
	struct test_object f;

	setup(0);
	sub = directory_make(&p, "d/sub", 0, 5);
	empty = directory_make(&p, "e/empty", 0, 6);
	f = file("d/sub/deep/f");
	tap_is("into-itself", DO(DEED_RENAME, "d/sub", "d/sub/x", 0, 0),
	       -EINVAL);
	BEGIN(DEED_RENAME, "d/sub", "e/empty", 0, 0);
	asked_next(&p, &r, &asked, MACH_OP_RENAME, d, "sub", "empty");
	tap_is("object", asked.head.object, sub);
	tap_is("replaced", asked.head.replaced, empty);
	tap_is("done", asked_done(&p, &r, 0), 0);
	tap_is("there", node_there("e/empty/deep/f"), 0);
	tap_is("result", END(), 0);
	terminated(empty);
	tap_is("links-from", status("d").st_nlink, 2);
	tap_is("links-to", status("e").st_nlink, 3);
	tap_is("onto-full", DO(DEED_RENAME, "e", "d", 0, 0), -EPERM);
	CHECK_IS(pager_mkdir(&p, "d/plain", 0, 0), 0);
	tap_is("onto-not-empty", DO(DEED_RENAME, "d/plain", "e/empty", 0, 0),
	       -ENOTEMPTY);
	BEGIN(DEED_RENAME, "d/plain", "e/p2", 0, 0);
	asked_next(&p, &r, &asked, MACH_OP_RENAME, d, "plain", "p2");
	tap_is("plain-number", asked.head.object, 0);
	tap_is("plain", asked_done(&p, &r, 0), 0);
	tap_is("plain-result", END(), 0);
	/* what is made on the way, and goes with what is below */
	tap_is("unpublish", object_unname(&p, f.number), 0);
	tap_is("deep-gone", node_there("e/empty/deep"), -ENOENT);
	tap_is("kept", node_there("e/empty"), 0);
	tap_is("by-new-path", pager_remove(&p, "e/p2"), 0);
	tap_is("asks-there", object_unname(&p, sub), 0);
	terminated(sub);
	close(f.fd);
	terminated(f.number);
	end();
}

static void test_attributes(void)
{
	struct test_object f;
	uint32_t sub;

	setup(0);
	f = file("d/f");
	CHECK_IS(pager_link(&p, "d/l", "f", 0), 0);
	sub = directory_make(&p, "d/sub", 0755, 9);
	BEGIN(DEED_CHMOD, "d/f", 0, 0, 0640);
	asked_next(&p, &r, &asked, MACH_OP_SET_ATTRIBUTES, d, "f", "");
	tap_is("valid", asked.head.valid, MACH_ATTRIBUTE_MODE);
	tap_is("mode", asked.head.mode, S_IFREG | 0640);
	tap_is("object", asked.head.object, f.number);
	tap_is("before", status("d/f").st_mode & 0777, 0666);
	tap_is("done", asked_done(&p, &r, 0), 0);
	tap_is("after", status("d/f").st_mode & 0777, 0640);
	tap_is("result", END(), 0);
	BEGIN(DEED_CHOWN, "d/l", 0, 0, OWNER);
	asked_next(&p, &r, &asked, MACH_OP_SET_ATTRIBUTES, d, "l", "");
	tap_is("owner", asked.head.valid, MACH_ATTRIBUTE_UID |
	       MACH_ATTRIBUTE_GID);
	tap_is("uid", asked.head.uid, OWNER);
	tap_is("gid", asked.head.gid, OWNER);
	tap_is("link", asked.head.object, 0);
	tap_is("chown", asked_done(&p, &r, 0), 0);
	tap_is("chown-result", END(), 0);
	tap_is("chown-done", status("d/l").st_uid, OWNER);
	BEGIN(DEED_UTIMES, "d/sub", 0, 0, 1000);
	asked_next(&p, &r, &asked, MACH_OP_SET_ATTRIBUTES, sub, "", "");
	tap_is("itself", asked.head.object, sub);
	tap_is("times", asked.head.valid, MACH_ATTRIBUTE_ATIME |
	       MACH_ATTRIBUTE_MTIME);
	tap_is("atime", asked.head.atime_ns == 1000000000007LL, 1);
	tap_is("mtime", asked.head.mtime_ns == 1001000000008LL, 1);
	tap_is("utimes", asked_done(&p, &r, 0), 0);
	tap_is("utimes-result", END(), 0);
	tap_is("utimes-done", status("d/sub").st_mtime, 1001);
	BEGIN(DEED_CHMOD, "d", 0, 0, 0700);
	asked_next(&p, &r, &asked, MACH_OP_SET_ATTRIBUTES, d, "", "");
	tap_is("refused", asked_error(&p, &r, EROFS), 0);
	tap_is("refused-result", END(), -EROFS);
	tap_is("refused-same", status("d").st_mode & 0777, 0777);
	tap_is("set-id", DO(DEED_CHMOD, "d/f", 0, 0, 04755), -EPERM);
	BEGIN(DEED_TRUNCATE, "d/f", 0, 0, PAGE);
	pager_expect_size(&p, &r, PAGE);
	pager_size_done(&p, &r);
	tap_is("truncate", END(), 0);
	close(f.fd);
	end();
}

/* The pager's own process tells, and is not asked. */
static void test_own(void)
{
	struct test_object f;

	setup(0);
	f = file("d/f");
	tap_is("create", node_open("d/x", O_RDWR | O_CREAT), -EACCES);
	tap_is("mkdir", RESULT(mkdir(node_path("d/x"), 0700)), -EPERM);
	tap_is("symlink", RESULT(symlink("f", node_path("d/x"))), -EPERM);
	tap_is("rename", RESULT(rename(node_path("d/f"), node_path("e/g"))), 0);
	tap_is("moved", node_there("e/g"), 0);
	tap_is("old", node_there("d/f"), -ENOENT);
	tap_is("chmod", RESULT(chmod(node_path("e/g"), 0600)), 0);
	tap_is("mode", status("e/g").st_mode & 0777, 0600);
	tap_is("chown", RESULT(chown(node_path("e"), OWNER, OWNER)), 0);
	tap_is("utimes", RESULT(utimensat(AT_FDCWD, node_path("e/g"), NULL,
					  0)), 0);
	tap_is("out", RESULT(rename(node_path("e/g"), node_path("g"))), -EXDEV);
	tap_is("unlink", RESULT(unlink(node_path("e/g"))), 0);
	CHECK_IS(pager_mkdir(&p, "d/sub", 0, 0), 0);
	CHECK_IS(pager_mkdir(&p, "e/sub", 0, 0), 0);
	CHECK_IS(pager_mkdir(&p, "e/sub/in", 0, 0), 0);
	tap_is("onto-full", RESULT(rename(node_path("d/sub"),
					  node_path("e/sub"))), -ENOTEMPTY);
	CHECK_IS(pager_remove(&p, "e/sub/in"), 0);
	tap_is("onto", RESULT(rename(node_path("d/sub"), node_path("e/sub"))),
	       0);
	tap_is("rmdir", RESULT(rmdir(node_path("e/sub"))), 0);
	tap_is("rmdir-gone", node_there("e/sub"), -ENOENT);
	tap_is("links-d", status("d").st_nlink, 2);
	tap_is("links-e", status("e").st_nlink, 2);
	close(f.fd);
	terminated(f.number);
	end();
}

/* What is mounted on what goes, or moves */
static void test_mounted(void)
{
	struct test_object f;

	own_mounts();
	setup(0);
	f = file("d/f");
	CHECK_IS(pager_mkdir(&p, "d/sub", 0, 0), 0);
	CHECK_IS(RESULT(mount("t", node_path("d/sub"), "tmpfs", 0, NULL)), 0);
	tap_is("busy", DO(DEED_RMDIR, "d/sub", 0, 0, 0), -EBUSY);
	tap_is("busy-rename", DO(DEED_RENAME, "d/sub", "e/sub", 0, 0), -EBUSY);
	actor_stop(&a);
	/* a client that does not see the mount */
	CHECK_IS(RESULT(umount2(node_path("d/sub"), MNT_DETACH)), 0);
	actor_start(&a, 1);
	actor_do(&a, do_name, NAME_ARGS(DEED_STAT, "d", 0, 0, 0));
	BEGIN(DEED_RMDIR, "d/sub", 0, 0, 0);
	asked_next(&p, &r, &asked, MACH_OP_RMDIR, d, "sub", "");
	tap_is("mount-meanwhile", RESULT(mount("t", node_path("d/f"), "tmpfs",
					       0, NULL)), -ENOTDIR);
	tap_is("done", asked_done(&p, &r, 0), 0);
	tap_is("result", END(), 0);
	close(f.fd);
	end();
}

/* Who watches hears of each change once. */
static void test_watched(void)
{
	struct test_object o;
	unsigned int seen;
	int watch;

	setup(0);
	object_create(&p, &o, PAGE, 0, 0);
	watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	CHECK(inotify_add_watch(watch, node_path("d"), IN_CREATE | IN_DELETE |
				IN_MOVE) >= 0, "watch: %m");
	BEGIN(DEED_CREATE, "d/f", 0, O_RDWR, 0600);
	asked_next(&p, &r, &asked, MACH_OP_CREATE, d, "f", "");
	CHECK_IS(asked_done(&p, &r, o.number), 0);
	CHECK_IS(END(), 0);
	BEGIN(DEED_RENAME, "d/f", "d/g", 0, 0);
	asked_next(&p, &r, &asked, MACH_OP_RENAME, d, "f", "g");
	CHECK_IS(asked_done(&p, &r, 0), 0);
	CHECK_IS(END(), 0);
	BEGIN(DEED_UNLINK, "d/g", 0, 0, 0);
	asked_next(&p, &r, &asked, MACH_OP_UNLINK, d, "g", "");
	CHECK_IS(asked_done(&p, &r, 0), 0);
	CHECK_IS(END(), 0);
	seen = watched(watch);
	tap_sub("events", seen == 0x1234, "%#x", seen);
	close(o.fd);
	terminated(o.number);
	end();
}

static const struct tap_test tests[] = {
	{ .name = "object", .run = test_object },
	{ .name = "ends", .run = test_ends },
	{ .name = "create", .run = test_create },
	{ .name = "not-asked", .run = test_not_asked },
	{ .name = "mkdir", .run = test_mkdir },
	{ .name = "symlink", .run = test_symlink },
	{ .name = "unlink", .run = test_unlink },
	{ .name = "rename", .run = test_rename },
	{ .name = "rename-directory", .run = test_rename_directory },
	{ .name = "attributes", .run = test_attributes },
	{ .name = "own", .run = test_own },
	{ .name = "mounted", .run = test_mounted },
	{ .name = "watched", .run = test_watched },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
