// SPDX-License-Identifier: GPL-2.0-only
/* Publishing: the names, owners and modes it takes, and when names go. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "place.h"
#include "tap.h"
#include "testpager.h"

static struct test_pager p;
static struct test_object o;

static void setup(void)
{
	pager_open(&p, &(struct pager_setup){ .transport = BY_IOCTL });
	object_create(&p, &o, 16 * PAGE, 0, 0);
}

static long publish_raw(const char *name, size_t length)
{
	struct mach_pager_publish pub = {
		.size = sizeof(pub), .object = o.number,
		.name_length = length, .name = (uintptr_t)name,
	};

	return vm_ioctl(p.fd, MACH_PAGER_PUBLISH, &pub);
}

static void wrong_name(const char *sub, const char *name)
{
	tap_is(sub, publish_raw(name, strlen(name)), -EINVAL);
}

static void test_names_wrong(void)
{
	char path[MACH_PATH_MAX + 1];

	setup();
	memset(path, 'n', sizeof(path));
	wrong_name("empty", "");
	wrong_name("dot", ".");
	wrong_name("dot-dot", "..");
	wrong_name("slash", "/");
	wrong_name("slash-first", "/etc");
	wrong_name("slash-last", "a/");
	wrong_name("slashes", "a//b");
	wrong_name("parent", "../mem");
	wrong_name("parent-on-the-way", "a/../b");
	wrong_name("parent-last", "a/..");
	wrong_name("itself-on-the-way", "a/./b");
	wrong_name("itself-last", "a/.");
	tap_is("zero-byte", publish_raw("a\0b", 3), -EINVAL);
	tap_is("zero-byte-last", publish_raw("ab", 3), -EINVAL);
	tap_is("256", publish_raw(path, 256), -ENAMETOOLONG);
	path[256] = '/';
	tap_is("256-on-the-way", publish_raw(path, 258),
	       -ENAMETOOLONG);
	for (size_t i = 1; i < sizeof(path); i += 2)
		path[i] = '/';
	tap_is("4096", publish_raw(path, 4096), -ENAMETOOLONG);
	tap_is("huge", publish_raw(path, ~0U), -ENAMETOOLONG);
	tap_is("nowhere", publish_raw((char *)8, 5), -EFAULT);
	tap_is("unpublished", object_info(o.fd).state, MACH_OBJECT_ALIVE);
	pager_close(&p);
}

static void wrong_field(const char *sub, size_t at, uint32_t value, long want)
{
	struct mach_pager_publish pub = {
		.size = sizeof(pub), .object = o.number,
		.name_length = strlen("fields"), .name = (uintptr_t)"fields",
	};

	memcpy((char *)&pub + at, &value, sizeof(value));
	tap_is(sub, vm_ioctl(p.fd, MACH_PAGER_PUBLISH, &pub), want);
	tap_is(sub, RESULT(access(node_path("fields"), F_OK)), -ENOENT);
}

static void test_fields_wrong(void)
{
	setup();
	wrong_field("mode-sticky", offsetof(struct mach_pager_publish, mode),
		    01600, -EINVAL);
	wrong_field("mode-setuid", offsetof(struct mach_pager_publish, mode),
		    04600, -EINVAL);
	wrong_field("mode-type", offsetof(struct mach_pager_publish, mode),
		    0100600, -EINVAL);
	wrong_field("mode-top", offsetof(struct mach_pager_publish, mode),
		    1U << 31, -EINVAL);
	wrong_field("uid-none", offsetof(struct mach_pager_publish, uid), ~0U,
		    -EINVAL);
	wrong_field("gid-none", offsetof(struct mach_pager_publish, gid), ~0U,
		    -EINVAL);
	wrong_field("object", offsetof(struct mach_pager_publish, object), 4711,
		    -ENOENT);
	pager_close(&p);
}

static void check_node(const char *sub, const char *name, mode_t mode,
		       uid_t uid, gid_t gid)
{
	struct stat st;

	CHECK_IS(node_stat(name, &st), 0);
	tap_sub(sub, st.st_mode == (S_IFREG | mode) && st.st_uid == uid &&
		st.st_gid == gid && st.st_nlink == 1,
		"mode 0%o, owner %u:%u, %ld links", st.st_mode, st.st_uid,
		st.st_gid, (long)st.st_nlink);
}

#define TEN	"0123456789"
#define FIFTY	TEN TEN TEN TEN TEN
static const char name_255[] = FIFTY FIFTY FIFTY FIFTY FIFTY "01234";

static void test_names_right(void)
{
	static const char * const names[] = {
		"a", "0", "disk0", "A.b_c-9", "...", "-", ".hidden", "..a",
		"a b", "new\nline", "\n", " ", "!", "%s", "\\", "\x7f", "\x01",
		"caf\xc3\xa9", "\xff\xfe", "\x80", "*", "-rf", "\033[2J",
		name_255,
	};
	struct test_object each[ARRAY_SIZE(names)];

	pager_open(&p, &(struct pager_setup){ .transport = BY_IOCTL });
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		object_create(&p, &each[i], PAGE, 0, 0);
		tap_is(names[i], object_publish(&p, &each[i], names[i], 0), 0);
		check_node("node", names[i], 0600, 0, 0);
		CHECK_IS(object_info(each[i].fd).state,
			 MACH_OBJECT_ALIVE | MACH_OBJECT_PUBLISHED);
	}
	pager_close(&p);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		tap_is("gone", RESULT(access(node_path(names[i]), F_OK)),
		       -ENOENT);
		close(each[i].fd);
	}
}

static void test_taken(void)
{
	struct test_object other;
	struct test_pager p2;

	setup();
	CHECK_IS(object_publish(&p, &o, "taken", 0), 0);
	object_create(&p, &other, PAGE, 0, 0);
	tap_is("same-pager", object_publish(&p, &other, "taken", 0), -EEXIST);
	pager_open(&p2, &(struct pager_setup){ .transport = BY_IOCTL });
	object_create(&p2, &other, PAGE, 0, 0);
	tap_is("other-pager", object_publish(&p2, &other, "taken", 0),
	       -EEXIST);
	check_node("stays", "taken", 0600, 0, 0);
	pager_close(&p);
	CHECK_WAIT(!object_publish(&p2, &other, "taken", 0), 2000,
		   "the name does not become free with its pager");
	check_node("free-again", "taken", 0600, 0, 0);
	pager_close(&p2);
}

static void test_owner(void)
{
	struct mach_pager_publish pub = {
		.size = sizeof(pub), .uid = 1234, .gid = 4321, .mode = 0604,
		.name_length = strlen("owned"), .name = (uintptr_t)"owned",
	};

	setup();
	pub.object = o.number;
	CHECK_IS(vm_ioctl(p.fd, MACH_PAGER_PUBLISH, &pub), 0);
	check_node("node", "owned", 0604, 1234, 4321);
	pager_close(&p);
}

/* Only who may give files away may publish for others. */
static void test_owner_other(void)
{
	static const struct {
		const char *what;
		uid_t uid;
		gid_t gid;
		long want;
	} owners[] = {
		{ "root", 0, 4321, -EPERM },
		{ "root-group", 1234, 0, -EPERM },
		{ "another", 1235, 4321, -EPERM },
		{ "own", 1234, 4321, 0 },
	};
	struct mach_pager_publish pub = {
		.size = sizeof(pub),
		.name_length = strlen("owned"), .name = (uintptr_t)"owned",
	};

	setup();
	pub.object = o.number;
	CHECK_IS(RESULT(setgroups(0, NULL)), 0);
	CHECK_IS(RESULT(setresgid(4321, 4321, 4321)), 0);
	CHECK_IS(RESULT(setresuid(1234, 1234, 1234)), 0);
	for (size_t i = 0; i < ARRAY_SIZE(owners); i++) {
		pub.uid = owners[i].uid;
		pub.gid = owners[i].gid;
		tap_is(owners[i].what,
		       vm_ioctl(p.fd, MACH_PAGER_PUBLISH, &pub),
		       owners[i].want);
	}
	check_node("node", "owned", 0600, 1234, 4321);
	pager_close(&p);
}

/* A file of the object's size, and the same as its descriptor is of. */
static void test_file(void)
{
	static const uint64_t sizes[] = { 1, 511, 513, PAGE, 5 * PAGE + 123,
					  1ULL << 40 };
	char name[] = "file-0";
	struct stat by_name, by_fd;
	struct test_object each;

	pager_open(&p, &(struct pager_setup){ .transport = BY_IOCTL });
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		name[5] = '0' + i;
		object_create(&p, &each, sizes[i], 0, 0);
		CHECK_IS(RESULT(fstat(each.fd, &by_fd)), 0);
		tap_sub("unpublished", S_ISREG(by_fd.st_mode), "mode 0%o",
			by_fd.st_mode);
		CHECK_IS(object_publish(&p, &each, name, 0), 0);
		CHECK_IS(node_stat(name, &by_name), 0);
		CHECK_IS(RESULT(fstat(each.fd, &by_fd)), 0);
		tap_is("size", by_name.st_size, sizes[i]);
		tap_is("blocks", by_name.st_blocks, (sizes[i] + 511) / 512);
		tap_is("block-size", by_name.st_blksize, PAGE);
		tap_sub("same", by_name.st_ino == by_fd.st_ino &&
			by_name.st_dev == by_fd.st_dev &&
			by_name.st_mode == by_fd.st_mode,
			"not the file of the descriptor");
	}
	pager_close(&p);
}

/* No number of a file comes back for another object. */
static void test_numbers(void)
{
	struct stat first, second;
	struct test_object other;

	setup();
	object_create(&p, &other, PAGE, 0, 0);
	CHECK_IS(object_publish(&p, &o, "first", 0), 0);
	CHECK_IS(object_publish(&p, &other, "second", 0), 0);
	CHECK_IS(node_stat("first", &first), 0);
	CHECK_IS(node_stat("second", &second), 0);
	tap_sub("two", first.st_ino != second.st_ino, "two objects, one file");
	tap_is("one-device", first.st_dev == second.st_dev, 1);
	close(o.fd);
	close(other.fd);
	pager_close(&p);

	setup();
	CHECK_IS(object_publish(&p, &o, "first", 0), 0);
	CHECK_IS(node_stat("first", &second), 0);
	tap_sub("later", first.st_ino != second.st_ino,
		"a successor's file has the number of a dead one");
	pager_close(&p);
}

static void test_destroyed(void)
{
	struct mach_pager_destroy d = { .size = sizeof(d) };
	long fd;

	setup();
	CHECK_IS(object_publish(&p, &o, "doomed", 0), 0);
	fd = RESULT(open(node_path("doomed"), O_RDWR));
	CHECK(fd >= 0, "open: %s", tap_result(fd));
	d.object = o.number;
	CHECK_IS(vm_ioctl(p.fd, MACH_PAGER_DESTROY, &d), 0);
	tap_is("gone", RESULT(access(node_path("doomed"), F_OK)), -ENOENT);
	tap_is("unlisted", dir_lists(MACH_VM_NODE_DIR, "doomed"), 0);
	tap_is("state", object_info(fd).state & (MACH_OBJECT_ALIVE |
						 MACH_OBJECT_PUBLISHED), 0);
	tap_is("map", RESULT(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0)),
	       -ENODEV);
	pager_close(&p);
}

/* A published object stays when nobody has it open. */
static void test_keeps(void)
{
	struct test_request r;
	char *path = shared_alloc(PAGE), *buf = shared_alloc(PAGE);
	struct actor a;
	long fd;

	setup();
	strcpy(path, node_path("kept"));
	CHECK_IS(object_publish(&p, &o, "kept", 0), 0);
	close(o.fd);
	pager_expect_nothing(&p, 50);
	actor_start(&a, 1);
	fd = actor_do(&a, do_open, (uintptr_t)path, O_RDONLY);
	CHECK(fd >= 0, "open: %s", tap_result(fd));
	actor_begin(&a, 0, do_pread, fd, (uintptr_t)buf, 1, 0);
	CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
	pager_reply_one(&p, &r, part_zero(r.m.offset, r.m.length));
	CHECK_IS(actor_end(&a, 0), 1);
	pager_close(&p);
}

static void test_open_modes(void)
{
	struct test_object ro;
	void *map;
	long fd;

	setup();
	object_create(&p, &ro, PAGE, 0, MACH_CREATE_READ_ONLY);
	CHECK_IS(object_publish(&p, &o, "modes", 0666), 0);
	CHECK_IS(object_publish(&p, &ro, "modes-ro", 0666), 0);
	fd = RESULT(open(node_path("modes"), O_RDONLY));
	CHECK(fd >= 0, "open: %s", tap_result(fd));
	tap_is("map-shared-writable",
	       RESULT(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			   0)), -EACCES);
	map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED, "mmap: %m");
	tap_is("upgrade", RESULT(mprotect(map, PAGE, PROT_READ | PROT_WRITE)),
	       -EACCES);
	tap_is("write", RESULT(pwrite(fd, "x", 1, 0)), -EBADF);
	fd = RESULT(open(node_path("modes"), O_WRONLY));
	CHECK(fd >= 0, "open: %s", tap_result(fd));
	tap_is("read", RESULT(read(fd, &p, 1)), -EBADF);
	tap_is("map-write-only", RESULT(mmap(NULL, PAGE, PROT_READ, MAP_SHARED,
					     fd, 0)), -EACCES);
	tap_is("read-only-object",
	       RESULT(open(node_path("modes-ro"), O_RDWR)), -EACCES);
	fd = RESULT(open(node_path("modes-ro"), O_RDONLY));
	tap_sub("read-only-object-read", fd >= 0, "%s", tap_result(fd));
	pager_close(&p);
}

static const struct tap_test tests[] = {
	{ .name = "names-wrong", .run = test_names_wrong },
	{ .name = "fields-wrong", .run = test_fields_wrong },
	{ .name = "names-right", .run = test_names_right },
	{ .name = "taken", .run = test_taken },
	{ .name = "owner", .run = test_owner },
	{ .name = "owner-other", .run = test_owner_other },
	{ .name = "file", .run = test_file },
	{ .name = "numbers", .run = test_numbers },
	{ .name = "destroyed", .run = test_destroyed },
	{ .name = "keeps", .run = test_keeps },
	{ .name = "open-modes", .run = test_open_modes },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
