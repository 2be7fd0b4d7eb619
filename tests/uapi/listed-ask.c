// SPDX-License-Identifier: GPL-2.0-only
/* Listed directories that ask: what is asked, and what the answer makes of the table. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "asked.h"
#include "listing.h"
#include "naming.h"
#include "place.h"
#include "pool.h"
#include "tap.h"

#define COOKIE	0x1157eda5cULL
#define OWNER	4321

static const struct test_name names[] = {
	{ .name = "file", .cookie = 11, .flags = MACH_LIST_RESIZABLE },
	{ .name = "b", .cookie = 12, .flags = MACH_LIST_RESIZABLE },
	{ .name = "link", .mode = S_IFLNK | 0777, .target = "file",
	  .cookie = 13 },
	{ .name = "dir", .mode = S_IFDIR | 0755, .cookie = 14 },
};

static struct test_pager p;
static struct actor a;
static struct test_request r;
static struct asked asked;
static uint32_t l, m;
static uint8_t *data;

/* Two directories, l with names and m without, and a client */
static void setup(void)
{
	pager_open(&p, &(struct pager_setup) { .transport = BY_IOCTL });
	data = shared_alloc(PAGE);
	l = listed_create_asking(&p, "l", COOKIE);
	m = listed_create_asking(&p, "m", COOKIE + 1);
	list_all(&p, l, names, ARRAY_SIZE(names));
	list_all(&p, m, NULL, 0);
	actor_hide_fd(p.fd);
	actor_start(&a, 4);
}

static void end(void)
{
	pager_expect_nothing(&p, 20);
	actor_stop(&a);
	pager_close(&p);
	CHECK_WAIT(node_there("l") == -ENOENT && node_there("m") == -ENOENT, WAIT_MS,
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

static long count(const char *name)
{
	return do_names((const uint64_t []) { (uintptr_t)name });
}

static void terminated(uint32_t number)
{
	CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
	CHECK(r.m.operation == MACH_OP_TERMINATE && r.m.object == number,
	      "op %u of %u, not the end of %u", r.m.operation, r.m.object,
	      number);
	pager_reply_none(&p, &r);
}

/* A page by the client's descriptor; of which object it was, with this cookie */
static uint32_t read_page(long fd, uint64_t cookie)
{
	actor_begin(&a, 1, do_pread, fd, (uintptr_t)data, PAGE, 0);
	CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
	CHECK(r.m.operation == MACH_OP_DATA_REQUEST && r.m.cookie == cookie,
	      "op %u of cookie %llu", r.m.operation, r.m.cookie);
	pager_reply_one(&p, &r, part_zero(r.m.offset, r.m.length));
	CHECK_IS(actor_end(&a, 1), PAGE);
	return r.m.object;
}

/* The next request, which must be this, done as of this cookie */
static void done(int operation, uint32_t object, const char *name,
		 const char *to, uint64_t cookie)
{
	asked_next(&p, &r, &asked, operation, object, name, to);
	CHECK_IS(asked_done(&p, &r, cookie), 0);
}

static void test_flags(void)
{
	struct mach_pager_create file = {
		.size = sizeof(file), .flags = MACH_CREATE_ASKS,
		.object_size = PAGE,
	};

	pager_open(&p, &(struct pager_setup) { .transport = BY_IOCTL });
	tap_is("not-listed", listed_number(&p, MACH_CREATE_ASKS, 0), -EINVAL);
	tap_is("a-file", vm_ioctl(p.fd, MACH_PAGER_CREATE, &file), -EINVAL);
	tap_is("read-only", listed_number(&p, MACH_CREATE_LISTED |
					  MACH_CREATE_ASKS |
					  MACH_CREATE_READ_ONLY, 0), -EINVAL);
	tap_is("both", listed_number(&p, MACH_CREATE_LISTED | MACH_CREATE_ASKS,
				     0) > 0, 1);
	pager_close(&p);
}

static void test_create(void)
{
	struct stat st;
	ino_t inode;
	long fd;

	setup();
	DO(DEED_UMASK, 0, 0, 0, 027);
	BEGIN(DEED_OPEN, "l/new", 0, O_RDWR | O_EXCL, 0666);
	asked_next(&p, &r, &asked, MACH_OP_CREATE, l, "new", "");
	tap_is("cookie", r.m.cookie == COOKIE, 1);
	tap_is("mode", asked.head.mode, S_IFREG | 0640);
	tap_is("flags", asked.head.flags, MACH_NAME_EXCLUSIVE);
	tap_is("not-yet", node_there("l/new"), -ENOENT);
	tap_is("waits", actor_waits(&a, 0, 50), 1);
	tap_is("done", asked_done(&p, &r, 77), 0);
	st = status("l/new");
	inode = st.st_ino;
	tap_is("file-mode", st.st_mode, S_IFREG | 0640);
	tap_is("links", st.st_nlink, 1);
	tap_is("size", st.st_size, 0);
	fd = END();
	tap_is("opened", fd >= 0, 1);
	tap_is("number", status("l/new").st_ino == inode, 1);
	tap_is("listed", count("l"), 5);
	actor_begin(&a, 0, do_truncate, fd, PAGE);
	pager_expect_size(&p, &r, PAGE);
	tap_is("object-cookie", r.m.cookie, 77);
	pager_size_done(&p, &r);
	CHECK_IS(END(), 0);
	read_page(fd, 77);
	tap_is("exists", DO(DEED_CREATE, "l/new", 0, O_RDWR | O_EXCL, 0600),
	       -EEXIST);
	tap_is("opens", DO(DEED_CREATE, "l/new", 0, O_RDWR, 0600), 0);
	tap_is("set-id", DO(DEED_CREATE, "l/s", 0, O_RDWR, 04755), -EPERM);
	tap_is("pipe", DO(DEED_MKNOD, "l/s", 0, 0, S_IFIFO | 0600), -EPERM);
	tap_is("link", DO(DEED_LINK, "l/new", "l/s", 0, 0), -EPERM);
	/* handed in as it is, it is the same file */
	CHECK_IS(list_names(&p, l, MACH_LIST_CHANGE, &(struct test_name) {
		.name = "new", .cookie = 77, .flags = MACH_LIST_RESIZABLE,
	}, 1), 0);
	tap_is("handed-in", status("l/new").st_ino == inode, 1);
	end();
}

/* Of the client's owner, as Linux has it */
static void test_owner(void)
{
	struct stat st;

	setup();
	CHECK_IS(RESULT(chmod(node_path("l"), 02777)), 0);
	CHECK_IS(RESULT(chown(node_path("l"), 5, 6)), 0);
	DO(DEED_BECOME, 0, 0, 0, OWNER);
	BEGIN(DEED_CREATE, "l/new", 0, O_RDWR, 0600);
	asked_next(&p, &r, &asked, MACH_OP_CREATE, l, "new", "");
	tap_is("uid", asked.head.uid, OWNER);
	tap_is("gid", asked.head.gid, 6);
	CHECK_IS(asked_done(&p, &r, 1), 0);
	CHECK_IS(END(), 0);
	st = status("l/new");
	tap_is("file-uid", st.st_uid, OWNER);
	tap_is("file-gid", st.st_gid, 6);
	CHECK_IS(RESULT(chmod(node_path("l"), 0755)), 0);
	tap_is("no-right", DO(DEED_MKDIR, "l/x", 0, 0, 0700), -EACCES);
	tap_is("no-right-unlink", DO(DEED_UNLINK, "l/file", 0, 0, 0), -EACCES);
	end();
}

/* A directory that is made is a listed one that asks. */
static void test_mkdir(void)
{
	uint32_t sub;

	setup();
	BEGIN(DEED_MKDIR, "l/sub", 0, 0, 0751);
	asked_next(&p, &r, &asked, MACH_OP_MKDIR, l, "sub", "");
	tap_is("mode", asked.head.mode, S_IFDIR | 0751);
	tap_is("done", asked_done(&p, &r, 88), 0);
	tap_is("directory", status("l/sub").st_mode, S_IFDIR | 0751);
	tap_is("links", status("l/sub").st_nlink, 1);
	tap_is("result", END(), 0);
	BEGIN(DEED_CREATE, "l/sub/in", 0, O_RDWR, 0600);
	CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
	tap_is("lists", r.m.operation, MACH_OP_LIST);
	tap_is("sub-cookie", r.m.cookie, 88);
	sub = r.m.object;
	list_all(&p, sub, NULL, 0);
	list_done(&p, &r);
	done(MACH_OP_CREATE, sub, "in", "", 89);
	tap_is("in", END(), 0);
	tap_is("full", DO(DEED_RMDIR, "l/sub", 0, 0, 0), -ENOTEMPTY);
	BEGIN(DEED_UNLINK, "l/sub/in", 0, 0, 0);
	done(MACH_OP_UNLINK, sub, "in", "", 0);
	CHECK_IS(END(), 0);
	/* the object of the file: it has had one, as it was opened */
	CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
	CHECK_IS(r.m.operation, MACH_OP_TERMINATE);
	pager_reply_none(&p, &r);
	BEGIN(DEED_RMDIR, "l/sub", 0, 0, 0);
	asked_next(&p, &r, &asked, MACH_OP_RMDIR, l, "sub", "");
	tap_is("number", asked.head.object, sub);
	tap_is("object-cookie", asked.head.object_cookie, 88);
	CHECK_IS(asked_done(&p, &r, 0), 0);
	tap_is("gone", node_there("l/sub"), -ENOENT);
	tap_is("rmdir", END(), 0);
	terminated(sub);
	BEGIN(DEED_RMDIR, "l/dir", 0, 0, 0);
	asked_next(&p, &r, &asked, MACH_OP_RMDIR, l, "dir", "");
	tap_is("no-number", asked.head.object, 0);
	tap_is("by-cookie", asked.head.object_cookie, 14);
	CHECK_IS(asked_done(&p, &r, 0), 0);
	tap_is("rmdir-unused", END(), 0);
	tap_is("left", count("l"), 3);
	end();
}

static void test_symlink(void)
{
	char target[MACH_PATH_MAX + 1], seen[MACH_PATH_MAX + 1];

	memset(target, 't', MACH_PATH_MAX);
	target[MACH_PATH_MAX] = 0;
	setup();
	/* one that knows the target */
	actor_stop(&a);
	actor_start(&a, 4);
	BEGIN(DEED_SYMLINK, "l/s", target, 0, 0);
	done(MACH_OP_SYMLINK, l, "s", target, 21);
	tap_is("result", END(), 0);
	tap_is("mode", status("l/s").st_mode, S_IFLNK | 0777);
	tap_is("says", RESULT(readlink(node_path("l/s"), seen, sizeof(seen))),
	       MACH_PATH_MAX);
	tap_is("target", !memcmp(seen, target, MACH_PATH_MAX), 1);
	BEGIN(DEED_RENAME, "l/s", "l/s2", 0, 0);
	asked_next(&p, &r, &asked, MACH_OP_RENAME, l, "s", "s2");
	tap_is("cookie", asked.head.object_cookie, 21);
	CHECK_IS(asked_done(&p, &r, 0), 0);
	CHECK_IS(END(), 0);
	memset(seen, 0, sizeof(seen));
	tap_is("moved-says", RESULT(readlink(node_path("l/s2"), seen,
					     sizeof(seen))), MACH_PATH_MAX);
	tap_is("moved-target", !memcmp(seen, target, MACH_PATH_MAX), 1);
	BEGIN(DEED_UNLINK, "l/link", 0, 0, 0);
	asked_next(&p, &r, &asked, MACH_OP_UNLINK, l, "link", "");
	tap_is("kind", asked.head.mode & S_IFMT, S_IFLNK);
	tap_is("link-cookie", asked.head.object_cookie, 13);
	CHECK_IS(asked_done(&p, &r, 0), 0);
	tap_is("unlink", END(), 0);
	tap_is("gone", node_there("l/link"), -ENOENT);
	end();
}

static void test_unlink(void)
{
	uint32_t object;
	long fd;

	setup();
	BEGIN(DEED_UNLINK, "l/b", 0, 0, 0);
	asked_next(&p, &r, &asked, MACH_OP_UNLINK, l, "b", "");
	tap_is("object", asked.head.object, 0);
	tap_is("cookie", asked.head.object_cookie, 12);
	tap_is("still", node_there("l/b"), 0);
	tap_is("done", asked_done(&p, &r, 0), 0);
	tap_is("gone", node_there("l/b"), -ENOENT);
	tap_is("result", END(), 0);
	tap_is("unlisted", count("l"), 3);
	fd = DO(DEED_OPEN, "l/file", 0, O_RDWR, 0);
	object = read_page(fd, 11);
	BEGIN(DEED_UNLINK, "l/file", 0, 0, 0);
	asked_next(&p, &r, &asked, MACH_OP_UNLINK, l, "file", "");
	tap_is("known", asked.head.object, object);
	tap_is("known-cookie", asked.head.object_cookie, 11);
	CHECK_IS(asked_done(&p, &r, 0), 0);
	CHECK_IS(END(), 0);
	tap_is("open-gone", node_there("l/file"), -ENOENT);
	actor_begin(&a, 1, do_pread, fd, (uintptr_t)data, PAGE, 0);
	tap_is("goes-on", actor_end(&a, 1), PAGE);
	CHECK_IS(actor_do(&a, do_close, fd), 0);
	terminated(object);
	/* the name is free */
	BEGIN(DEED_CREATE, "l/file", 0, O_RDWR | O_EXCL, 0600);
	done(MACH_OP_CREATE, l, "file", "", 31);
	tap_is("again", END(), 0);
	tap_is("listed", count("l"), 3);
	end();
}

/* The file is the same, wherever it goes: number, object, descriptors. */
static void test_rename(void)
{
	uint32_t object, replaced;
	long fd, fd2;
	ino_t inode;

	setup();
	inode = status("l/file").st_ino;
	BEGIN(DEED_RENAME, "l/file", "l/file2", RENAME_NOREPLACE, 0);
	asked_next(&p, &r, &asked, MACH_OP_RENAME, l, "file", "file2");
	tap_is("no-object", asked.head.object, 0);
	tap_is("cookie", asked.head.object_cookie, 11);
	tap_is("directory", asked.head.directory, l);
	tap_is("flags", asked.head.flags, MACH_NAME_NOREPLACE);
	CHECK_IS(asked_done(&p, &r, 0), 0);
	tap_is("old", node_there("l/file"), -ENOENT);
	tap_is("new", status("l/file2").st_ino == inode, 1);
	tap_is("result", END(), 0);
	fd = DO(DEED_OPEN, "l/file2", 0, O_RDWR, 0);
	object = read_page(fd, 11);
	BEGIN(DEED_RENAME, "l/file2", "m/f", 0, 0);
	asked_next(&p, &r, &asked, MACH_OP_RENAME, l, "file2", "f");
	tap_is("object", asked.head.object, object);
	tap_is("across", asked.head.directory, m);
	tap_is("across-cookie", asked.head.directory_cookie == COOKIE + 1, 1);
	CHECK_IS(asked_done(&p, &r, 0), 0);
	CHECK_IS(END(), 0);
	tap_is("there", status("m/f").st_ino == inode, 1);
	tap_is("from", count("l"), 3);
	tap_is("to", count("m"), 1);
	CHECK_IS(DO(DEED_CREATE, "m/f", 0, O_RDWR, 0), 0);
	/* back, onto a file that is open */
	fd2 = DO(DEED_OPEN, "l/b", 0, O_RDWR, 0);
	replaced = read_page(fd2, 12);
	BEGIN(DEED_RENAME, "m/f", "l/b", 0, 0);
	asked_next(&p, &r, &asked, MACH_OP_RENAME, m, "f", "b");
	tap_is("replaces", asked.head.replaces, 1);
	tap_is("replaced", asked.head.replaced, replaced);
	tap_is("replaced-cookie", asked.head.replaced_cookie, 12);
	CHECK_IS(asked_done(&p, &r, 0), 0);
	CHECK_IS(END(), 0);
	tap_is("onto", status("l/b").st_ino == inode, 1);
	tap_is("onto-left", count("l"), 3);
	CHECK_IS(actor_do(&a, do_close, fd2), 0);
	terminated(replaced);
	/* handed in under its name it is the same */
	CHECK_IS(list_names(&p, l, MACH_LIST_CHANGE, &(struct test_name) {
		.name = "b", .cookie = 11, .flags = MACH_LIST_RESIZABLE,
		.mode = S_IFREG | 0400,
	}, 1), 0);
	tap_is("changed", status("l/b").st_mode, S_IFREG | 0400);
	tap_is("same", status("l/b").st_ino == inode, 1);
	actor_begin(&a, 1, do_pread, fd, (uintptr_t)data, PAGE, 0);
	tap_is("goes-on", actor_end(&a, 1), PAGE);
	CHECK_IS(list_remove(&p, l, "b"), 0);
	CHECK_IS(actor_do(&a, do_close, fd), 0);
	terminated(object);
	end();
}

static void test_rename_refused(void)
{
	setup();
	directory_make(&p, "asks", 0755, 5);
	CHECK_IS(pager_mkdir(&p, "plain", 0755, 0), 0);
	tap_is("exchange", DO(DEED_RENAME, "l/file", "l/b", RENAME_EXCHANGE, 0),
	       -EINVAL);
	tap_is("noreplace", DO(DEED_RENAME, "l/file", "l/b", RENAME_NOREPLACE,
			       0), -EEXIST);
	tap_is("plain", DO(DEED_RENAME, "l/file", "plain/x", 0, 0), -EXDEV);
	tap_is("asks", DO(DEED_RENAME, "l/file", "asks/x", 0, 0), -EXDEV);
	tap_is("from-asks", DO(DEED_RENAME, "asks", "l/x", 0, 0), -EXDEV);
	tap_is("root", DO(DEED_RENAME, "l/file", "x", 0, 0), -EXDEV);
	list_all(&p, listed_create(&p, "silent", 6), names, 1);
	tap_is("not-asking", DO(DEED_RENAME, "l/file", "silent/x", 0, 0),
	       -EXDEV);
	tap_is("from-not-asking", DO(DEED_RENAME, "silent/file", "l/x", 0, 0),
	       -EPERM);
	end();
}

/* Directories move with what is in them. */
static void test_rename_directory(void)
{
	static const struct test_name inner = {
		.name = "deep", .cookie = 50, .flags = MACH_LIST_RESIZABLE,
	};
	uint32_t dir, object;
	long fd;

	setup();
	BEGIN(DEED_OPEN, "l/dir/deep", 0, O_RDWR, 0);
	CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
	CHECK_IS(r.m.operation, MACH_OP_LIST);
	dir = r.m.object;
	list_all(&p, dir, &inner, 1);
	list_done(&p, &r);
	fd = END();
	object = read_page(fd, 50);
	BEGIN(DEED_RENAME, "l/dir", "m/moved", 0, 0);
	asked_next(&p, &r, &asked, MACH_OP_RENAME, l, "dir", "moved");
	tap_is("object", asked.head.object, dir);
	CHECK_IS(asked_done(&p, &r, 0), 0);
	CHECK_IS(END(), 0);
	tap_is("there", node_there("m/moved/deep"), 0);
	tap_is("old", node_there("l/dir"), -ENOENT);
	BEGIN(DEED_CREATE, "m/moved/more", 0, O_RDWR, 0600);
	done(MACH_OP_CREATE, dir, "more", "", 51);
	tap_is("asks", END(), 0);
	tap_is("onto-full", DO(DEED_RMDIR, "m/moved", 0, 0, 0), -ENOTEMPTY);
	/* what is in l ends without it, and all of m with m */
	CHECK_IS(object_unname(&p, l), 0);
	terminated(l);
	tap_is("stays", node_there("m/moved/deep"), 0);
	actor_begin(&a, 1, do_pread, fd, (uintptr_t)data, PAGE, 0);
	tap_is("goes-on", actor_end(&a, 1), PAGE);
	CHECK_IS(actor_do(&a, do_close, fd), 0);
	CHECK_IS(object_unname(&p, m), 0);
	for (unsigned int seen = 0, i = 0; i < 4; i++) {
		CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
		CHECK_IS(r.m.operation, MACH_OP_TERMINATE);
		seen += r.m.object == m || r.m.object == dir ||
			r.m.object == object;
		CHECK(i < 3 || seen == 3, "another end than of these");
		pager_reply_none(&p, &r);
	}
	tap_is("ended", node_there("m"), -ENOENT);
	end();
}

static void test_attributes(void)
{
	setup();
	BEGIN(DEED_CHMOD, "l/file", 0, 0, 0600);
	asked_next(&p, &r, &asked, MACH_OP_SET_ATTRIBUTES, l, "file", "");
	tap_is("valid", asked.head.valid, MACH_ATTRIBUTE_MODE);
	tap_is("mode", asked.head.mode, S_IFREG | 0600);
	tap_is("cookie", asked.head.object_cookie, 11);
	CHECK_IS(asked_done(&p, &r, 0), 0);
	tap_is("after", status("l/file").st_mode, S_IFREG | 0600);
	tap_is("result", END(), 0);
	BEGIN(DEED_CHOWN, "l/link", 0, 0, OWNER);
	done(MACH_OP_SET_ATTRIBUTES, l, "link", "", 0);
	CHECK_IS(END(), 0);
	tap_is("link", status("l/link").st_uid, OWNER);
	/* a directory is its parent's, whether somebody has looked into it or not */
	for (int i = 0; i < 2; i++) {
		BEGIN(DEED_UTIMES, "l/dir", 0, 0, 1000 + i);
		asked_next(&p, &r, &asked, MACH_OP_SET_ATTRIBUTES, l, "dir",
			   "");
		tap_is("times", asked.head.valid, MACH_ATTRIBUTE_ATIME |
		       MACH_ATTRIBUTE_MTIME);
		tap_is("number", !asked.head.object, !i);
		CHECK_IS(asked_done(&p, &r, 0), 0);
		CHECK_IS(END(), 0);
		tap_is("directory", status("l/dir").st_mtime, 1001 + i);
		if (i)
			break;
		BEGIN(DEED_LIST, "l/dir", 0, 0, 0);
		CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
		CHECK_IS(r.m.operation, MACH_OP_LIST);
		list_all(&p, r.m.object, NULL, 0);
		list_done(&p, &r);
		CHECK_IS(END(), 0);
	}
	BEGIN(DEED_CHMOD, "l", 0, 0, 0700);
	asked_next(&p, &r, &asked, MACH_OP_SET_ATTRIBUTES, l, "", "");
	tap_is("itself", asked.head.object, l);
	CHECK_IS(asked_done(&p, &r, 0), 0);
	CHECK_IS(END(), 0);
	tap_is("top", status("l").st_mode, S_IFDIR | 0700);
	BEGIN(DEED_CHMOD, "l/b", 0, 0, 0600);
	asked_next(&p, &r, &asked, MACH_OP_SET_ATTRIBUTES, l, "b", "");
	CHECK_IS(asked_error(&p, &r, EROFS), 0);
	tap_is("refused", END(), -EROFS);
	tap_is("refused-same", status("l/b").st_mode, S_IFREG | 0640);
	tap_is("set-id", DO(DEED_CHMOD, "l/b", 0, 0, 04755), -EPERM);
	end();
}

/* The table has it: so it is when the object has been given back. */
static void test_attributes_kept(void)
{
	long fd;

	setup();
	BEGIN(DEED_CHMOD, "l/file", 0, 0, 0600);
	asked_next(&p, &r, &asked, MACH_OP_SET_ATTRIBUTES, l, "file", "");
	CHECK_IS(asked_done(&p, &r, 0), 0);
	CHECK_IS(END(), 0);
	pool_set_number("listed_objects", 0);
	fd = DO(DEED_OPEN, "l/b", 0, O_RDONLY, 0);
	CHECK(fd >= 0, "open: %s", tap_result(fd));
	CHECK_IS(DO(DEED_CREATE, "l/file", 0, O_RDONLY, 0), 0);
	do {
		CHECK_IS(DO(DEED_CREATE, "l/b", 0, O_RDONLY, 0), 0);
	} while (pager_next(&p, &r, 100) == -ETIMEDOUT);
	do {
		CHECK_IS(r.m.operation, MACH_OP_TERMINATE);
		pager_reply_none(&p, &r);
	} while (!pager_next(&p, &r, 100));
	tap_is("given-back", status("l/file").st_mode, S_IFREG | 0600);
	end();
	pool_restore();
}

/* The pager's own process tells, and is not asked. */
static void test_own(void)
{
	ino_t inode;

	setup();
	inode = status("l/file").st_ino;
	tap_is("create", opened(node_open("l/x", O_RDWR | O_CREAT)), -EACCES);
	tap_is("mkdir", RESULT(mkdir(node_path("l/x"), 0700)), -EPERM);
	tap_is("symlink", RESULT(symlink("f", node_path("l/x"))), -EPERM);
	tap_is("rename", RESULT(rename(node_path("l/file"), node_path("m/g"))),
	       0);
	tap_is("moved", status("m/g").st_ino == inode, 1);
	tap_is("old", node_there("l/file"), -ENOENT);
	tap_is("onto", RESULT(rename(node_path("m/g"), node_path("l/b"))), 0);
	tap_is("onto-is", status("l/b").st_ino == inode, 1);
	tap_is("chmod", RESULT(chmod(node_path("l/b"), 0600)), 0);
	tap_is("mode", status("l/b").st_mode, S_IFREG | 0600);
	tap_is("chown", RESULT(chown(node_path("l"), OWNER, OWNER)), 0);
	tap_is("owner", status("l").st_uid, OWNER);
	tap_is("utimes", RESULT(utimensat(AT_FDCWD, node_path("l/dir"), NULL,
					  0)), 0);
	tap_is("out", RESULT(rename(node_path("l/b"), node_path("g"))), -EXDEV);
	tap_is("unlink", RESULT(unlink(node_path("l/b"))), 0);
	tap_is("unlink-gone", node_there("l/b"), -ENOENT);
	tap_is("rmdir", RESULT(rmdir(node_path("l/dir"))), 0);
	tap_is("left", count("l"), 1);
	tap_is("left-m", count("m"), 0);
	end();
}

/* Who watches hears of each change once. */
static void test_watched(void)
{
	unsigned int seen;
	int watch;

	setup();
	watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	CHECK(inotify_add_watch(watch, node_path("l"), IN_CREATE | IN_DELETE |
				IN_MOVE | IN_ATTRIB | IN_ONLYDIR) >= 0,
	      "watch: %m");
	BEGIN(DEED_CREATE, "l/f", 0, O_RDWR, 0600);
	done(MACH_OP_CREATE, l, "f", "", 61);
	CHECK_IS(END(), 0);
	BEGIN(DEED_RENAME, "l/f", "l/g", 0, 0);
	done(MACH_OP_RENAME, l, "f", "g", 0);
	CHECK_IS(END(), 0);
	BEGIN(DEED_CHMOD, "l/b", 0, 0, 0600);
	done(MACH_OP_SET_ATTRIBUTES, l, "b", "", 0);
	CHECK_IS(END(), 0);
	BEGIN(DEED_UNLINK, "l/b", 0, 0, 0);
	done(MACH_OP_UNLINK, l, "b", "", 0);
	CHECK_IS(END(), 0);
	seen = watched(watch);
	tap_sub("events", seen == 0x12354, "%#x", seen);
	end();
}

static void test_fsync(void)
{
	long fd;

	setup();
	snprintf((char *)data, PAGE, "%s/l", MACH_VM_NODE_DIR);
	fd = actor_do(&a, do_open, (uintptr_t)data, O_RDONLY);
	CHECK(fd >= 0, "open: %s", tap_result(fd));
	actor_begin(&a, 0, do_fsync, fd);
	CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
	tap_is("asked", r.m.operation, MACH_OP_SYNCHRONIZE);
	tap_is("object", r.m.object, l);
	pager_reply_one(&p, &r, part_done(0, 0));
	tap_is("result", END(), 0);
	end();
}

#define STAYING	100
#define LISTED_BYTES	400	/* a part of a listing */

/* Each name that stays is seen once, whatever clients do with others meanwhile. */
static void test_listing(void)
{
	static char text[STAYING + 1][16];
	struct test_name some[50];
	unsigned int seen[STAYING] = {}, turn = 0;
	char *from, *to;
	int dir;

	setup();
	/* where the client sees them */
	from = (char *)data;
	to = from + PAGE / 2;
	for (unsigned int i = 0; i < STAYING; i++) {
		snprintf(text[i], sizeof(text[i]), "stays-%u", i);
		some[i % 50] = (struct test_name) { .name = text[i],
						    .cookie = i };
		if (i % 50 == 49)
			CHECK_IS(list_names(&p, l, i < 50 ? MACH_LIST_BEGIN : 0,
					    some, 50), 0);
	}
	some[0] = (struct test_name) { .name = "moves-0", .cookie = 1000 };
	CHECK_IS(list_names(&p, l, MACH_LIST_END, some, 1), 0);
	dir = open(node_path("l"), O_RDONLY | O_DIRECTORY);
	CHECK(dir >= 0, "open: %m");
	while (list_stays(dir, LISTED_BYTES, seen)) {
		/* it comes behind all others, each time */
		if (turn == 2 * STAYING)
			continue;
		snprintf(from, PAGE / 2, "l/moves-%u", turn);
		snprintf(to, PAGE / 2, "l/moves-%u", ++turn);
		BEGIN(DEED_RENAME, from, to, 0, 0);
		CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
		CHECK_IS(asked_done(&p, &r, 0), 0);
		CHECK_IS(END(), 0);
	}
	for (unsigned int i = 0; i < STAYING; i++)
		CHECK(seen[i] == 1, "name %u is seen %u times", i, seen[i]);
	CHECK_IS(count("l"), STAYING + 1);
	close(dir);
	end();
}

static const struct tap_test tests[] = {
	{ .name = "flags", .run = test_flags },
	{ .name = "create", .run = test_create },
	{ .name = "owner", .run = test_owner },
	{ .name = "mkdir", .run = test_mkdir },
	{ .name = "symlink", .run = test_symlink },
	{ .name = "unlink", .run = test_unlink },
	{ .name = "rename", .run = test_rename },
	{ .name = "rename-refused", .run = test_rename_refused },
	{ .name = "rename-directory", .run = test_rename_directory },
	{ .name = "attributes", .run = test_attributes },
	{ .name = "attributes-kept", .run = test_attributes_kept },
	{ .name = "own", .run = test_own },
	{ .name = "watched", .run = test_watched },
	{ .name = "fsync", .run = test_fsync },
	{ .name = "listing", .run = test_listing },
};

int main(int argc, char **argv)
{
	return pool_main(argc, argv, tests, ARRAY_SIZE(tests));
}
