// SPDX-License-Identifier: GPL-2.0-only
/* The file system of objects, mounted nowhere, in two places, or not for all. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <linux/mach_task.h>

#include "place.h"
#include "tap.h"
#include "testpager.h"

#define USER	1234

static struct test_pager p;
static struct test_object o;

static void setup(void)
{
	pager_open(&p, &(struct pager_setup){ .transport = BY_IOCTL });
	object_create(&p, &o, PAGE, 0, 0);
}

static void end(void)
{
	close(o.fd);
	pager_close(&p);
}

static long stat_in(const char *place, const char *name, struct stat *st)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", place, name);
	return RESULT(stat(path, st));
}

/* Publishing needs no mount; who mounts later sees what is there. */
static void test_before(void)
{
	struct stat st;

	own_mounts();
	CHECK_IS(RESULT(umount2(MACH_VM_NODE_DIR, MNT_DETACH)), 0);
	setup();
	tap_is("publish", object_publish(&p, &o, "unseen", 0), 0);
	tap_is("published", object_info(o.fd).state & MACH_OBJECT_PUBLISHED,
	       MACH_OBJECT_PUBLISHED);
	tap_is("unseen", node_stat("unseen", &st), -ENOENT);
	tap_is("mount", mount_objects(MACH_VM_NODE_DIR), 0);
	tap_is("seen", node_stat("unseen", &st), 0);
	tap_is("size", st.st_size, PAGE);
	tap_is("opens", opened(node_open("unseen", O_RDWR)), 0);
	end();
	tap_is("gone", node_stat("unseen", &st), -ENOENT);
}

/* One file system, wherever it is seen. */
static void test_two(void)
{
	const char *second = new_directory();
	struct stat here, there;

	own_mounts();
	setup();
	CHECK_IS(object_publish(&p, &o, "both", 0), 0);
	tap_is("mount", mount_objects(second), 0);
	CHECK_IS(node_stat("both", &here), 0);
	CHECK_IS(stat_in(second, "both", &there), 0);
	tap_sub("same", here.st_ino == there.st_ino &&
		here.st_dev == there.st_dev, "two files of one object");
	CHECK_IS(RESULT(chmod(node_path("both"), 0640)), 0);
	CHECK_IS(stat_in(second, "both", &there), 0);
	tap_is("mode", there.st_mode, S_IFREG | 0640);
	CHECK_IS(RESULT(umount(second)), 0);
	tap_is("other-stays", node_stat("both", &here), 0);
	rmdir(second);
	end();
}

/* The directory that the module makes for who cannot make one in /dev. */
static void test_sysfs(void)
{
	struct stat st;

	own_mounts();
	setup();
	CHECK_IS(object_publish(&p, &o, "by-sysfs", 0), 0);
	CHECK_IS(RESULT(stat("/sys/fs/machobj", &st)), 0);
	tap_sub("directory", S_ISDIR(st.st_mode), "mode 0%o", st.st_mode);
	tap_is("mount", mount_objects("/sys/fs/machobj"), 0);
	tap_is("seen", stat_in("/sys/fs/machobj", "by-sysfs", &st), 0);
	CHECK_IS(RESULT(umount("/sys/fs/machobj")), 0);
	end();
}

/* Open files and their object do not need the mount. */
static void test_detached(void)
{
	struct stat st;
	long fd;

	own_mounts();
	setup();
	CHECK_IS(object_publish(&p, &o, "open", 0), 0);
	fd = node_open("open", O_RDWR);
	CHECK(fd >= 0, "open: %s", tap_result(fd));
	tap_is("busy", RESULT(umount(MACH_VM_NODE_DIR)), -EBUSY);
	tap_is("detach", RESULT(umount2(MACH_VM_NODE_DIR, MNT_DETACH)), 0);
	tap_is("object", object_info(fd).state,
	       MACH_OBJECT_ALIVE | MACH_OBJECT_PUBLISHED);
	tap_is("reopen", opened(RESULT(open(fd_path(fd), O_RDWR))), 0);
	tap_is("mount", mount_objects(MACH_VM_NODE_DIR), 0);
	tap_is("seen", node_stat("open", &st), 0);
	close(fd);
	end();
}

/* What is mounted on a file goes with the file. */
static void test_on_top(void)
{
	const char *below;
	struct stat st;

	own_mounts();
	setup();
	CHECK_IS(object_publish(&p, &o, "top", 0), 0);
	below = node_path("top");
	CHECK_IS(RESULT(mount("/etc/passwd", below, NULL, MS_BIND, NULL)), 0);
	tap_is("hidden", opened(node_open("top", O_RDONLY)), 0);
	tap_is("unlink", RESULT(unlink(node_path("top"))), -EBUSY);
	end();
	CHECK_WAIT(node_stat("top", &st) == -ENOENT, WAIT_MS,
		   "the mount keeps a dead pager's name");
	setup();
	tap_is("again", object_publish(&p, &o, "top", 0), 0);
	tap_is("new", node_stat("top", &st), 0);
	tap_is("size", st.st_size, PAGE);
	end();
}

static long open_in(const char *place, const char *name, int flags)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", place, name);
	return RESULT(open(path, flags | O_CLOEXEC));
}

/* A mount's own restrictions are of what is opened through it, and no more. */
static void test_restricted(void)
{
	const char *second = new_directory();
	char path[64];
	long fd;

	own_mounts();
	setup();
	CHECK_IS(object_publish(&p, &o, "both", 0755), 0);
	CHECK_IS(RESULT(mount("machobj", second, "machobj",
			      MS_RDONLY | MS_NOEXEC, NULL)), 0);
	tap_is("read-only", open_in(second, "both", O_RDWR), -EROFS);
	snprintf(path, sizeof(path), "%s/both", second);
	tap_is("read-only-unlink", RESULT(unlink(path)), -EROFS);
	tap_is("read-only-chmod", RESULT(chmod(path, 0600)), -EROFS);
	tap_is("no-run", RESULT(execl(path, path, NULL)), -EACCES);
	fd = open_in(second, "both", O_RDONLY);
	CHECK(fd >= 0, "open: %s", tap_result(fd));
	tap_is("no-right", object_info(fd).rights, MACH_PROT_READ);
	tap_is("no-execute", RESULT(mmap(NULL, PAGE, PROT_READ | PROT_EXEC,
					 MAP_PRIVATE, fd, 0)), -EPERM);
	close(fd);
	tap_is("other-writes", opened(node_open("both", O_RDWR)), 0);
	/* nor has it to be one mount that is meant */
	CHECK_IS(RESULT(mount(NULL, second, NULL, MS_REMOUNT | MS_RDONLY, NULL)),
		 0);
	tap_is("remounted", open_in(second, "both", O_RDWR), -EROFS);
	tap_is("other-still-writes", opened(node_open("both", O_RDWR)), 0);
	tap_is("publish", object_info(o.fd).state,
	       MACH_OBJECT_ALIVE | MACH_OBJECT_PUBLISHED);
	CHECK_IS(RESULT(umount(second)), 0);
	end();
}

/* The root directory is one: who mounts with options says it for all. */
static void test_root(void)
{
	const char *second = new_directory();
	struct stat st;

	own_mounts();
	setup();
	CHECK_IS(RESULT(mount("machobj", second, "machobj", 0,
			      "mode=0750,uid=1234,gid=5678")), 0);
	CHECK_IS(RESULT(stat(MACH_VM_NODE_DIR, &st)), 0);
	tap_is("mode", st.st_mode, S_IFDIR | 0750);
	tap_is("uid", st.st_uid, 1234);
	tap_is("gid", st.st_gid, 5678);
	CHECK_IS(RESULT(mount(NULL, second, NULL, MS_REMOUNT,
			      "mode=1777,uid=0,gid=0")), 0);
	CHECK_IS(RESULT(stat(MACH_VM_NODE_DIR, &st)), 0);
	tap_is("mode-again", st.st_mode, S_IFDIR | 01777);
	tap_is("owner-again", st.st_uid | st.st_gid, 0);
	CHECK_IS(RESULT(umount(second)), 0);
	CHECK_IS(mount_objects(second), 0);
	CHECK_IS(RESULT(stat(second, &st)), 0);
	tap_is("no-options", st.st_mode, S_IFDIR | 01777);
	end();
}

static void refused_mount(const char *sub, const char *options)
{
	char text[64];

	strcpy(text, options);
	tap_is(sub, RESULT(mount("machobj", new_directory(), "machobj", 0,
				 text)), -EINVAL);
}

static void test_options(void)
{
	struct statvfs st;

	own_mounts();
	refused_mount("unknown", "colour=red");
	refused_mount("mode-word", "mode=rw");
	refused_mount("mode-large", "mode=7777777777777");
	refused_mount("uid-word", "uid=nobody");
	refused_mount("gid-none", "gid=4294967295");
	tap_is("right", RESULT(mount("machobj", new_directory(), "machobj",
				     MS_NOSUID | MS_NODEV,
				     "mode=1777,uid=0,gid=0")), 0);
	/* whatever the mount says */
	CHECK_IS(RESULT(statvfs(MACH_VM_NODE_DIR, &st)), 0);
	tap_is("nosuid", st.f_flag & (ST_NOSUID | ST_NODEV),
	       ST_NOSUID | ST_NODEV);
}

static void test_user_mounts(void)
{
	const char *place = new_directory();

	own_mounts();
	become(USER);
	tap_is("user", mount_objects(place), -EPERM);
	become_root();
	rmdir(place);
}

/* Publishing is making a file: it takes the right to write to the directory. */
static void test_directory(void)
{
	long err;

	setup();
	CHECK_IS(RESULT(chmod(MACH_VM_NODE_DIR, 0755)), 0);
	become(USER);
	err = object_publish_as(&p, &o, "mine", 0, USER);
	become_root();
	CHECK_IS(RESULT(chmod(MACH_VM_NODE_DIR, 01777)), 0);
	tap_is("closed", err, -EACCES);
	tap_is("unpublished", object_info(o.fd).state, MACH_OBJECT_ALIVE);
	become(USER);
	err = object_publish_as(&p, &o, "mine", 0, USER);
	become_root();
	tap_is("open", err, 0);
	end();
}

static const struct tap_test tests[] = {
	{ .name = "before", .run = test_before },
	{ .name = "two", .run = test_two },
	{ .name = "sysfs", .run = test_sysfs },
	{ .name = "detached", .run = test_detached },
	{ .name = "on-top", .run = test_on_top },
	{ .name = "restricted", .run = test_restricted },
	{ .name = "root", .run = test_root },
	{ .name = "options", .run = test_options },
	{ .name = "user-mounts", .run = test_user_mounts },
	{ .name = "directory", .run = test_directory },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
