// SPDX-License-Identifier: GPL-2.0-only
/* What Linux's own calls do to a published object's name, and what a death does. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "place.h"
#include "tap.h"
#include "testpager.h"

#define SIZE	(16 * PAGE)
#define OWNER	1234
#define OTHER	4321

static struct test_pager p;
static struct test_object o;

static void setup(void)
{
	pager_open(&p, &(struct pager_setup){ .transport = BY_IOCTL });
	object_create(&p, &o, SIZE, 0, 0);
}

/* With an owner that is not root, and no rights for others. */
static void setup_owned(const char *name)
{
	setup();
	CHECK_IS(object_publish_as(&p, &o, name, 0600, OWNER), 0);
}

static void end(void)
{
	close(o.fd);
	pager_close(&p);
}

/* No other name, of no kind, leads to an object. */
static void test_other_names(void)
{
	char there[] = "/tmp/machvm-names", unpublished[160];

	setup();
	strcpy(unpublished, fd_path(o.fd));
	tap_is("link-unpublished",
	       RESULT(linkat(AT_FDCWD, unpublished, AT_FDCWD,
			     node_path("alias"), AT_SYMLINK_FOLLOW)), -EXDEV);
	CHECK_IS(object_publish(&p, &o, "first", 0), 0);
	tap_is("link", RESULT(link(node_path("first"), node_path("alias"))),
	       -EPERM);
	tap_is("link-away", RESULT(link(node_path("first"), there)), -EXDEV);
	tap_is("rename", RESULT(rename(node_path("first"),
				       node_path("alias"))), -EPERM);
	tap_is("rename-away", RESULT(rename(node_path("first"), there)),
	       -EXDEV);
	tap_is("symlink", RESULT(symlink("first", node_path("alias"))), -EPERM);
	tap_is("mkdir", RESULT(mkdir(node_path("alias"), 0700)), -EPERM);
	tap_is("fifo", RESULT(mkfifo(node_path("alias"), 0600)), -EPERM);
	tap_is("device", RESULT(mknod(node_path("alias"), S_IFCHR | 0600,
				      makedev(1, 3))), -EPERM);
	tap_is("file", RESULT(mknod(node_path("alias"), S_IFREG | 0600, 0)),
	       -EACCES);
	tap_is("create", node_open("alias", O_RDWR | O_CREAT), -EACCES);
	tap_is("create-new", node_open("alias", O_RDWR | O_CREAT | O_EXCL),
	       -EACCES);
	tap_is("temporary", RESULT(open(MACH_VM_NODE_DIR, O_RDWR | O_TMPFILE,
					0600)), -EOPNOTSUPP);
	tap_is("exists", node_open("first", O_RDWR | O_CREAT | O_EXCL),
	       -EEXIST);
	tap_is("none", RESULT(access(node_path("alias"), F_OK)), -ENOENT);
	tap_is("stays", opened(node_open("first", O_RDWR)), 0);
	end();
}

/* The same for who has no privilege, in a directory where all may publish. */
static void test_other_names_user(void)
{
	setup_owned("first");
	become(OWNER);
	tap_is("link", RESULT(link(node_path("first"), node_path("alias"))),
	       -EPERM);
	tap_is("rename", RESULT(rename(node_path("first"),
				       node_path("alias"))), -EPERM);
	tap_is("mkdir", RESULT(mkdir(node_path("alias"), 0700)), -EPERM);
	tap_is("symlink", RESULT(symlink("first", node_path("alias"))), -EPERM);
	tap_is("create", node_open("alias", O_RDWR | O_CREAT), -EACCES);
	become_root();
	end();
}

static bool is_published(void)
{
	return object_info(o.fd).state & MACH_OBJECT_PUBLISHED;
}

/* Unlinking takes the name away, and nothing else. */
static void test_unlink(void)
{
	struct stat st;
	long fd;

	setup();
	CHECK_IS(object_publish(&p, &o, "name", 0), 0);
	fd = node_open("name", O_RDWR);
	CHECK(fd >= 0, "open: %s", tap_result(fd));
	tap_is("unlink", RESULT(unlink(node_path("name"))), 0);
	tap_is("state", is_published(), 0);
	tap_is("alive", object_info(fd).state & MACH_OBJECT_ALIVE,
	       MACH_OBJECT_ALIVE);
	tap_is("open", node_open("name", O_RDONLY), -ENOENT);
	tap_is("unlisted", dir_lists(MACH_VM_NODE_DIR, "name"), 0);
	CHECK_IS(RESULT(fstat(fd, &st)), 0);
	tap_is("links", st.st_nlink, 0);
	tap_is("size", st.st_size, SIZE);
	tap_is("again", RESULT(unlink(node_path("name"))), -ENOENT);
	pager_expect_nothing(&p, 50);
	tap_is("reopen", opened(RESULT(open(fd_path(fd), O_RDWR))), 0);
	tap_is("publish", object_publish(&p, &o, "name", 0), 0);
	tap_is("published", is_published(), 1);
	tap_is("opens", opened(node_open("name", O_RDWR)), 0);
	CHECK_IS(RESULT(fstat(fd, &st)), 0);
	tap_is("links-again", st.st_nlink, 1);
	end();
}

/* The last of it: no descriptor, no name, and the pager is told. */
static void test_unlink_last(void)
{
	struct test_request r;

	setup();
	CHECK_IS(object_publish(&p, &o, "name", 0), 0);
	close(o.fd);
	pager_expect_nothing(&p, 50);
	CHECK_IS(RESULT(unlink(node_path("name"))), 0);
	CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
	CHECK_IS(r.m.operation, MACH_OP_TERMINATE);
	pager_reply_none(&p, &r);
	pager_close(&p);
}

/* The name is free for any other, and the first object is none of its. */
static void test_unlink_other(void)
{
	struct test_object second;
	struct stat first, now;

	setup();
	CHECK_IS(object_publish(&p, &o, "name", 0), 0);
	object_create(&p, &second, PAGE, 0, 0);
	CHECK_IS(object_publish(&p, &second, "name", 0), -EEXIST);
	CHECK_IS(RESULT(unlink(node_path("name"))), 0);
	CHECK_IS(object_publish(&p, &second, "name", 0), 0);
	CHECK_IS(RESULT(fstat(o.fd, &first)), 0);
	CHECK_IS(node_stat("name", &now), 0);
	tap_is("size", now.st_size, PAGE);
	tap_sub("file", now.st_ino != first.st_ino, "it is the first's file");
	tap_is("elsewhere", object_publish(&p, &o, "name-2", 0), 0);
	end();
	close(second.fd);
}

static void test_sticky(void)
{
	struct stat st;

	setup_owned("name");
	CHECK_IS(RESULT(stat(MACH_VM_NODE_DIR, &st)), 0);
	tap_is("directory", st.st_mode, S_IFDIR | 01777);
	become(OTHER);
	tap_is("other", RESULT(unlink(node_path("name"))), -EPERM);
	tap_is("other-rename", RESULT(rename(node_path("name"),
					     node_path("mine"))), -EPERM);
	become_root();
	tap_is("published", is_published(), 1);
	become(OWNER);
	tap_is("owner", RESULT(unlink(node_path("name"))), 0);
	become_root();
	tap_is("unpublished", is_published(), 0);
	CHECK_IS(object_publish(&p, &o, "name", 0), 0);
	tap_is("root", RESULT(unlink(node_path("name"))), 0);
	end();
}

static long set_times(const char *name, time_t seconds)
{
	struct timespec times[] = { { .tv_sec = seconds },
				    { .tv_sec = seconds } };

	return RESULT(utimensat(AT_FDCWD, node_path(name), times, 0));
}

/* Nobody else may change what a file says of itself. */
static void other_changes(void)
{
	become(OTHER);
	tap_is("chmod", RESULT(chmod(node_path("name"), 0666)), -EPERM);
	tap_is("chown", RESULT(chown(node_path("name"), OTHER, -1)), -EPERM);
	tap_is("chgrp", RESULT(chown(node_path("name"), -1, OTHER)), -EPERM);
	tap_is("times", set_times("name", 1000), -EPERM);
	tap_is("times-now", RESULT(utimensat(AT_FDCWD, node_path("name"), NULL,
					     0)), -EACCES);
	tap_is("open", node_open("name", O_RDONLY), -EACCES);
	become_root();
}

static void owner_changes(void)
{
	become(OWNER);
	tap_is("owner-chmod", RESULT(chmod(node_path("name"), 0640)), 0);
	tap_is("owner-chown", RESULT(chown(node_path("name"), OTHER, -1)),
	       -EPERM);
	tap_is("owner-chgrp-other", RESULT(chown(node_path("name"), -1, OTHER)),
	       -EPERM);
	tap_is("owner-chgrp-own", RESULT(chown(node_path("name"), -1, OWNER)),
	       0);
	tap_is("owner-times", set_times("name", 1000), 0);
	tap_is("owner-open", opened(node_open("name", O_RDWR)), 0);
	become_root();
}

static void test_attributes(void)
{
	struct stat st;

	setup_owned("name");
	other_changes();
	owner_changes();
	CHECK_IS(node_stat("name", &st), 0);
	tap_is("mode", st.st_mode, S_IFREG | 0640);
	tap_is("modified", st.st_mtime, 1000);
	tap_is("accessed", st.st_atime, 1000);
	tap_is("root-chown", RESULT(chown(node_path("name"), OTHER, OTHER)), 0);
	CHECK_IS(RESULT(fstat(o.fd, &st)), 0);
	tap_is("uid", st.st_uid, OTHER);
	tap_is("gid", st.st_gid, OTHER);
	become(OTHER);
	tap_is("new-owner", opened(node_open("name", O_RDWR)), 0);
	tap_is("new-owner-chmod", RESULT(chmod(node_path("name"), 0400)), 0);
	tap_is("no-write", node_open("name", O_RDWR), -EACCES);
	become(OWNER);
	tap_is("old-owner", node_open("name", O_RDONLY), -EACCES);
	become_root();
	end();
}

/* Data of a pager's is no program to run as somebody else. */
static void test_set_id(void)
{
	static const mode_t modes[] = { 04755, 02755, 06755, 04600 };
	struct stat st;

	setup_owned("name");
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		tap_is("root", RESULT(chmod(node_path("name"), modes[i])),
		       -EPERM);
		tap_is("descriptor", RESULT(fchmod(o.fd, modes[i])), -EPERM);
		become(OWNER);
		tap_is("owner", RESULT(chmod(node_path("name"), modes[i])),
		       -EPERM);
		become_root();
	}
	CHECK_IS(node_stat("name", &st), 0);
	tap_is("mode", st.st_mode, S_IFREG | 0600);
	tap_is("executable", RESULT(chmod(node_path("name"), 0755)), 0);
	end();
}

/* A descriptor of a dead pager leads nowhere, whoever has the name meanwhile. */
static void test_reopen_dead(void)
{
	struct test_object second;
	struct stat st;
	long old;

	setup();
	CHECK_IS(object_publish(&p, &o, "name", 0666), 0);
	old = node_open("name", O_RDWR);
	CHECK(old >= 0, "open: %s", tap_result(old));
	tap_is("alive", opened(RESULT(open(fd_path(old), O_RDWR))), 0);
	pager_close(&p);
	tap_is("dead", RESULT(open(fd_path(old), O_RDWR)), -ENXIO);
	tap_is("dead-unnamed", RESULT(open(fd_path(o.fd), O_RDONLY)), -ENXIO);

	pager_open(&p, &(struct pager_setup){ .transport = BY_IOCTL });
	object_create(&p, &second, PAGE, 0, 0);
	CHECK_IS(object_publish(&p, &second, "name", 0666), 0);
	tap_is("successor", RESULT(open(fd_path(old), O_RDWR)), -ENXIO);
	tap_is("successor-read", RESULT(open(fd_path(old), O_RDONLY)), -ENXIO);
	tap_is("successor-path", RESULT(open(fd_path(old), O_WRONLY)), -ENXIO);
	tap_is("read", RESULT(pread(old, &st, 1, 0)), -EIO);
	CHECK_IS(RESULT(fstat(old, &st)), 0);
	tap_is("size", st.st_size, SIZE);
	CHECK_IS(node_stat("name", &st), 0);
	tap_is("new-size", st.st_size, PAGE);
	end();
	close(second.fd);
}

/* The same for a path descriptor, which holds the name and opens nothing. */
static void test_reopen_path(void)
{
	struct test_object second;
	long path;

	setup();
	CHECK_IS(object_publish(&p, &o, "name", 0666), 0);
	path = node_open("name", O_PATH);
	CHECK(path >= 0, "open: %s", tap_result(path));
	tap_is("alive", opened(RESULT(open(fd_path(path), O_RDWR))), 0);
	end();
	tap_is("dead", RESULT(open(fd_path(path), O_RDWR)), -ENXIO);
	pager_open(&p, &(struct pager_setup){ .transport = BY_IOCTL });
	object_create(&p, &second, PAGE, 0, 0);
	CHECK_IS(object_publish(&p, &second, "name", 0666), 0);
	tap_is("successor", RESULT(open(fd_path(path), O_RDWR)), -ENXIO);
	close(second.fd);
	pager_close(&p);
}

/* With the pager its names end: no moment in which they lead to what is dead. */
static void test_death(void)
{
	struct test_object many[64];
	char name[16];
	struct stat st;

	pager_open(&p, &(struct pager_setup){ .transport = BY_IOCTL });
	for (size_t i = 0; i < ARRAY_SIZE(many); i++) {
		snprintf(name, sizeof(name), "many-%zu", i);
		object_create(&p, &many[i], PAGE, 0, 0);
		CHECK_IS(object_publish(&p, &many[i], name, 0), 0);
	}
	pager_close(&p);
	for (size_t i = 0; i < ARRAY_SIZE(many); i++) {
		snprintf(name, sizeof(name), "many-%zu", i);
		CHECK_IS(node_open(name, O_RDONLY), -ENOENT);
		CHECK_IS(node_stat(name, &st), -ENOENT);
		CHECK_IS(RESULT(unlink(node_path(name))), -ENOENT);
	}
	CHECK_WAIT(!dir_lists(MACH_VM_NODE_DIR, "many-63"), WAIT_MS,
		   "a dead pager's names stay in the directory");
}

static long do_getdents(const uint64_t *arg)
{
	return RESULT(syscall(SYS_getdents64, (int)arg[0], arg[1], arg[2]));
}

/*
 * Who lists the directory into memory that this pager has to bring holds up none of
 * what the pager does with names.
 */
static void test_listed_into(void)
{
	struct test_object other;
	struct test_request r;
	struct actor reader;
	long dir;
	char *map;

	setup();
	CHECK_IS(object_publish(&p, &o, "first", 0), 0);
	object_create(&p, &other, PAGE, 0, 0);
	map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, o.fd, 0);
	CHECK(map != MAP_FAILED, "mmap: %m");
	dir = RESULT(open(MACH_VM_NODE_DIR, O_RDONLY | O_DIRECTORY));
	CHECK(dir >= 0, "open: %s", tap_result(dir));
	actor_start(&reader, 1);
	actor_begin(&reader, 0, do_getdents, dir, (uintptr_t)map, PAGE);
	CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
	tap_is("publish", object_publish(&p, &other, "second", 0), 0);
	tap_is("open", opened(node_open("second", O_RDONLY)), 0);
	pager_reply_one(&p, &r, part_zero(r.m.offset, r.m.length));
	tap_sub("listed", actor_end(&reader, 0) > 0, "nothing is listed");
	actor_stop(&reader);
	munmap(map, SIZE);
	close(other.fd);
	end();
}

/* Directories of what is not there, and names longer than any. */
static void test_lookups(void)
{
	char name[260];

	memset(name, 'n', sizeof(name));
	name[255] = 0;
	setup();
	CHECK_IS(object_publish(&p, &o, "file", 0), 0);
	tap_is("below", node_open("file/x", O_RDONLY), -ENOTDIR);
	tap_is("as-directory", node_open("file/", O_RDONLY), -ENOTDIR);
	tap_is("rmdir", RESULT(rmdir(node_path("file"))), -ENOTDIR);
	tap_is("in-none", node_open("none/x", O_RDONLY), -ENOENT);
	tap_is("unlink-none", RESULT(unlink(node_path("none"))), -ENOENT);
	tap_is("eight-bit", node_open("caf\xc3\xa9", O_RDONLY), -ENOENT);
	tap_is("newline", node_open("a\nb", O_RDONLY), -ENOENT);
	CHECK_IS(RESULT(chdir(MACH_VM_NODE_DIR)), 0);
	tap_is("255", RESULT(open(name, O_RDONLY)), -ENOENT);
	name[255] = 'n';
	name[256] = 0;
	tap_is("256", RESULT(open(name, O_RDONLY)), -ENAMETOOLONG);
	tap_is("parent", RESULT(access("../machvm", F_OK)), 0);
	end();
}

static void test_statfs(void)
{
	struct statfs dir, file;

	setup();
	CHECK_IS(RESULT(statfs(MACH_VM_NODE_DIR, &dir)), 0);
	CHECK_IS(RESULT(fstatfs(o.fd, &file)), 0);
	tap_is("magic", dir.f_type, MACH_OBJECT_MAGIC);
	tap_is("magic-unpublished", file.f_type, MACH_OBJECT_MAGIC);
	tap_is("block", dir.f_bsize, PAGE);
	tap_is("name", dir.f_namelen, MACH_NAME_MAX);
	tap_sub("pool", dir.f_blocks > 0 && dir.f_bfree <= dir.f_blocks &&
		dir.f_bavail <= dir.f_bfree, "%lu of %lu blocks are free",
		dir.f_bfree, dir.f_blocks);
	end();
}

#define MANY		16384
#define NAMED		64	/* each so-manieth */
#define MAKING_MS	5000	/* at most; on a slow kernel there are fewer */

static uint64_t objects(int fd)
{
	struct mach_vm_statistics vm = { .size = sizeof(vm) };

	CHECK_IS(vm_ioctl(fd, MACH_VM_STATISTICS, &vm), 0);
	return vm.objects;
}

static void many_name(char *to, size_t room, unsigned int i)
{
	snprintf(to, room, MACH_VM_NODE_DIR "/many-%u", i);
}

/* Objects that nobody has open, and some of them a name. Return: how many. */
static unsigned int make_many(void)
{
	const long end = tap_now_ms() + MAKING_MS;
	char path[64];
	unsigned int i;

	for (i = 0; i < MANY && (i % NAMED || tap_now_ms() < end); i++) {
		object_create(&p, &o, PAGE, 0, 0);
		many_name(path, sizeof(path), i);
		if (!(i % NAMED))
			CHECK_IS(object_publish(&p, &o, strrchr(path, '/') + 1,
						0600), 0);
		close(o.fd);
	}
	return i;
}

/* Who closes a pager waits for a second, and not for the end of each object. */
static void test_close_many(void)
{
	const int device = vm_open();
	const uint64_t before = objects(device);
	long start = tap_now_ms(), making;
	char path[64];
	unsigned int n;

	pager_open(&p, &(struct pager_setup){ .transport = BY_IOCTL });
	n = make_many();
	making = tap_now_ms() - start;
	start = tap_now_ms();
	pager_close(&p);
	start = tap_now_ms() - start;
	tap_note("%u made in %ld ms, closed in %ld; %lu are left", n, making, start,
		 (unsigned long)(objects(device) - before));
	CHECK(start < 1500 + making / 3, "closed in %ld ms", start);
	/* no name is left, and a successor may have it */
	setup();
	for (unsigned int i = 0; i < n; i += NAMED) {
		many_name(path, sizeof(path), i);
		CHECK_IS(RESULT(open(path, O_RDONLY | O_CLOEXEC)), -ENOENT);
	}
	CHECK_IS(object_publish(&p, &o, strrchr(path, '/') + 1, 0600), 0);
	CHECK(open(path, O_RDONLY | O_CLOEXEC) >= 0, "the successor's: %m");
	CHECK_WAIT(objects(device) == before + 1, 20 * WAIT_MS,
		   "%lu are left", (unsigned long)(objects(device) - before));
}

static const struct tap_test tests[] = {
	{ .name = "other-names", .run = test_other_names },
	{ .name = "other-names-user", .run = test_other_names_user },
	{ .name = "unlink", .run = test_unlink },
	{ .name = "unlink-last", .run = test_unlink_last },
	{ .name = "unlink-other", .run = test_unlink_other },
	{ .name = "sticky", .run = test_sticky },
	{ .name = "attributes", .run = test_attributes },
	{ .name = "set-id", .run = test_set_id },
	{ .name = "reopen-dead", .run = test_reopen_dead },
	{ .name = "reopen-path", .run = test_reopen_path },
	{ .name = "death", .run = test_death },
	{ .name = "listed-into", .run = test_listed_into },
	{ .name = "lookups", .run = test_lookups },
	{ .name = "statfs", .run = test_statfs },
	{ .name = "close-many", .run = test_close_many, .seconds = 60 },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
