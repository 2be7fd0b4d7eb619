// SPDX-License-Identifier: GPL-2.0-only
/* Objects of names in listed directories: made at first use, given back, replaced. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <unistd.h>

#include "listing.h"
#include "place.h"
#include "pool.h"
#include "tap.h"
#include "user.h"

#define SIZE		(16 * PAGE)
#define USER		5678

static const struct test_name names[] = {
	{ .name = "file", .size = SIZE, .cookie = 11 },
	{ .name = "other", .size = SIZE, .cookie = 12 },
	{ .name = "grows", .size = PAGE, .cookie = 13,
	  .flags = MACH_LIST_RESIZABLE },
	{ .name = "fixed", .size = PAGE, .cookie = 14,
	  .flags = MACH_LIST_READ_ONLY },
	{ .name = "dir", .mode = S_IFDIR | 0755, .cookie = 15 },
};

/* In memory shared with clients */
struct room {
	char path[8][300];
	struct stat st;
	uint8_t data[SIZE];
};

static struct test_pager p;
static struct actor a;
static uint32_t number;
static struct room *room;

static void setup(unsigned long keep)
{
	pager_open(&p, &(struct pager_setup) { .transport = BY_IOCTL });
	room = shared_alloc(sizeof(*room));
	actor_hide_fd(p.fd);
	actor_start(&a, 8);
	pool_set_number("listed_objects", keep);
	number = listed_create(&p, "listed", 1);
	list_all(&p, number, names, ARRAY_SIZE(names));
}

static void end(void)
{
	actor_stop(&a);
	pager_close(&p);
	pool_restore();
	CHECK_WAIT(node_stat("listed", &room->st) == -ENOENT, WAIT_MS,
		   "the directory outlives its pager");
}

static void begin_open(unsigned int thread, const char *name, int flags)
{
	snprintf(room->path[thread], sizeof(*room->path), "%s/listed/%s",
		 MACH_VM_NODE_DIR, name);
	actor_begin(&a, thread, do_open, (uintptr_t)room->path[thread], flags);
}

static long client_open(const char *name, int flags)
{
	begin_open(0, name, flags);
	return actor_end(&a, 0);
}

static void client_close(long fd)
{
	CHECK_IS(actor_do(&a, do_close, fd), 0);
}

/* What is idle is looked at when something is opened: this is, all the time. */
static void look_at_idle(void)
{
	static long fd = -1;

	if (fd < 0)
		fd = client_open("other", O_RDONLY);
	CHECK(fd >= 0, "open: %s", tap_result(fd));
	client_close(client_open("other", O_RDONLY));
}

static void begin_read(unsigned int thread, long fd, uint64_t offset)
{
	actor_begin(&a, thread, do_pread, fd,
		    (uintptr_t)room->data + offset, PAGE, offset);
}

static uint64_t size_of(const char *name)
{
	char path[300];

	snprintf(path, sizeof(path), "listed/%s", name);
	CHECK_IS(node_stat(path, &room->st), 0);
	return room->st.st_size;
}

/* The next data request must be of this cookie; supplied by its pattern. */
static uint32_t supply(uint64_t cookie)
{
	struct test_request r;

	CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
	CHECK(r.m.operation == MACH_OP_DATA_REQUEST && r.m.cookie == cookie,
	      "operation %u of cookie %lu, not %lu", r.m.operation,
	      (long)r.m.cookie, (long)cookie);
	pager_reply_one(&p, &r, part_pattern(r.m.offset, r.m.length, cookie));
	return r.m.object;
}

static uint32_t read_page(long fd, uint64_t cookie)
{
	uint32_t object;

	begin_read(1, fd, 0);
	object = supply(cookie);
	CHECK_IS(actor_end(&a, 1), PAGE);
	CHECK(pattern_is(room->data, 0, PAGE, cookie), "other data");
	return object;
}

static void expect_end(struct test_request *r, uint32_t object)
{
	CHECK_IS(pager_next(&p, r, WAIT_MS), 0);
	CHECK(r->m.operation == MACH_OP_TERMINATE && r->m.object == object,
	      "operation %u of object %u, not of %u", r->m.operation,
	      r->m.object, object);
}

static void see_end(uint32_t object)
{
	struct test_request r;

	expect_end(&r, object);
	pager_reply_none(&p, &r);
}

static void test_made(void)
{
	struct test_request r;
	uint32_t object;
	long fd, again;

	setup(100);
	fd = client_open("file", O_RDWR);
	CHECK(fd >= 0, "open: %s", tap_result(fd));
	pager_expect_nothing(&p, 50);
	object = read_page(fd, 11);
	tap_sub("number", object && object != number, "%u", object);
	again = client_open("file", O_RDONLY);
	CHECK(again >= 0, "open: %s", tap_result(again));
	begin_read(1, again, 0);
	tap_is("resident", actor_end(&a, 1), PAGE);
	client_close(fd);
	client_close(again);
	pager_expect_nothing(&p, 50);
	tap_is("read-only", client_open("fixed", O_RDWR), -EACCES);
	again = client_open("file", O_RDONLY | O_CREAT);
	tap_sub("creat", again >= 0, "%s", tap_result(again));
	tap_is("truncate", client_open("file", O_RDWR | O_TRUNC), -EPERM);
	tap_is("directory", client_open("file", O_DIRECTORY), -ENOTDIR);
	tap_is("unpublish", vm_ioctl(p.fd, MACH_PAGER_UNPUBLISH,
				     &(struct mach_pager_unpublish) {
		.size = sizeof(struct mach_pager_unpublish),
		.object = object }), -EPERM);
	tap_is("publish", object_publish(&p, &(struct test_object) {
		.number = object }, "elsewhere", 0), -EEXIST);
	tap_is("destroy", vm_ioctl(p.fd, MACH_PAGER_DESTROY,
				   &(struct mach_pager_destroy) {
		.size = sizeof(struct mach_pager_destroy),
		.object = object }), 0);
	begin_read(1, again, 0);
	tap_is("ended", actor_end(&a, 1), -EIO);
	fd = client_open("file", O_RDONLY);
	CHECK(fd >= 0, "open: %s", tap_result(fd));
	read_page(fd, 11);
	tap_is("another", 0, 0);
	CHECK_IS(pager_next(&p, &r, 20), -ETIMEDOUT);
	end();
}

/* Whoever comes first: all have the same object. */
static void test_several(void)
{
	const unsigned int nr = 8;
	struct test_request r;
	uint32_t object = 0;
	long fd[8];

	setup(100);
	for (unsigned int turn = 0; turn < 2; turn++) {
		for (unsigned int i = 0; i < nr; i++)
			begin_open(i, turn ? "other" : "file", O_RDWR);
		for (unsigned int i = 0; i < nr; i++) {
			fd[i] = actor_end(&a, i);
			CHECK(fd[i] >= 0, "open: %s", tap_result(fd[i]));
		}
		for (unsigned int i = 0; i < nr; i++)
			begin_read(i, fd[i], i * PAGE);
		object = 0;
		for (unsigned int done = 0; done < SIZE / PAGE;) {
			CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
			CHECK(!object || r.m.object == object, "two objects");
			object = r.m.object;
			pager_reply_one(&p, &r,
					part_pattern(r.m.offset, r.m.length, 1));
			done += r.m.length / PAGE;
		}
		for (unsigned int i = 0; i < nr; i++)
			CHECK_IS(actor_end(&a, i), PAGE);
	}
	end();
}

/* What is modified goes home first, and the size stays; who opens it waits. */
static void test_given_back(void)
{
	struct test_request r;
	uint32_t object;
	uint8_t page[PAGE];
	long fd;

	setup(0);
	fd = client_open("grows", O_RDWR);
	actor_begin(&a, 1, do_truncate, fd, 2 * PAGE);
	pager_expect_size(&p, &r, 2 * PAGE);
	object = r.m.object;
	pager_size_done(&p, &r);
	CHECK_IS(actor_end(&a, 1), 0);
	memset(room->data, 'x', PAGE);
	actor_begin(&a, 1, do_pwrite, fd, (uintptr_t)room->data, PAGE - 1, 0);
	CHECK(supply(13) == object, "another object");
	CHECK_IS(actor_end(&a, 1), PAGE - 1);
	client_close(fd);
	look_at_idle();
	pager_expect(&p, &r, MACH_OP_DATA_RETURN, 0, PAGE);
	CHECK(r.m.object == object && r.m.cookie == 13, "another object");
	begin_open(2, "grows", O_RDONLY);
	tap_sub("waits-return", actor_waits(&a, 2, 50), "opened too early");
	tap_is("size", size_of("grows"), 2 * PAGE);
	pager_take(&p, &r, page);
	tap_sub("data", page[0] == 'x' && page[PAGE - 2] == 'x', "other data");
	expect_end(&r, object);
	tap_sub("waits-end", actor_waits(&a, 2, 50), "opened too early");
	pager_reply_none(&p, &r);
	fd = actor_end(&a, 2);
	tap_sub("opens", fd >= 0, "%s", tap_result(fd));
	/* of which nothing is there */
	read_page(fd, 13);
	tap_is("size-again", size_of("grows"), 2 * PAGE);
	end();
}

/* Open, used once, and closed: which object is it? */
static uint32_t use(const char *name, uint64_t cookie)
{
	long fd = client_open(name, O_RDONLY);
	uint32_t object;

	CHECK(fd >= 0, "open %s: %s", name, tap_result(fd));
	object = read_page(fd, cookie);
	client_close(fd);
	return object;
}

/* Use of any kind keeps it. */
static void test_in_use(void)
{
	struct test_request r;
	long mapped, path, watch;
	uint32_t object[3];
	char *map;

	setup(0);
	watch = inotify_init();
	mapped = open(node_path("listed/file"), O_RDONLY);
	CHECK(mapped >= 0, "open: %m");
	map = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, mapped, 0);
	CHECK(map != MAP_FAILED, "mmap: %m");
	close(mapped);
	CHECK(inotify_add_watch(watch, node_path("listed/grows"),
				IN_OPEN) > 0, "inotify: %m");
	path = open(node_path("listed/fixed"), O_PATH);
	CHECK(path >= 0, "O_PATH: %m");
	object[0] = use("file", 11);
	object[1] = use("grows", 13);
	object[2] = use("fixed", 14);
	for (unsigned int i = 0; i < 5; i++)
		look_at_idle();
	pager_expect_nothing(&p, 100);
	tap_is("path", opened(RESULT(open(fd_path(path), O_RDONLY))), 0);
	munmap(map, SIZE);
	look_at_idle();
	see_end(object[0]);
	tap_is("mapped", 0, 0);
	close(watch);
	/* Linux lets go of the inode a little later */
	do {
		look_at_idle();
	} while (pager_next(&p, &r, 100) == -ETIMEDOUT);
	CHECK_IS(r.m.operation, MACH_OP_TERMINATE);
	CHECK_IS(r.m.object, object[1]);
	pager_reply_none(&p, &r);
	tap_is("watched", 0, 0);
	close(path);
	look_at_idle();
	see_end(object[2]);
	end();
}

/* However few there are: when memory is short */
static void test_short(void)
{
	struct test_request r;
	uint32_t object;
	FILE *f;

	setup(100);
	object = use("file", 11);
	pager_expect_nothing(&p, 50);
	do {
		f = fopen("/proc/sys/vm/drop_caches", "w");
		CHECK(f && fputs("2", f) >= 0 && !fclose(f), "drop: %m");
	} while (pager_next(&p, &r, 200) == -ETIMEDOUT);
	CHECK_IS(r.m.operation, MACH_OP_TERMINATE);
	CHECK_IS(r.m.object, object);
	pager_reply_none(&p, &r);
	tap_is("back", opened(node_open("listed/file", O_RDONLY)), 0);
	end();
}

/* Directories below: asked for in turn, and given back when there is nothing in use. */
static void test_directory(void)
{
	static const struct test_name inner[] = {
		{ .name = "deep", .mode = S_IFDIR | 0700, .cookie = 21 },
		{ .name = "file", .size = PAGE, .cookie = 22 },
	};
	struct test_request r;
	uint32_t object[3];
	long fd;

	setup(0);
	begin_open(1, "dir/deep/file", O_RDONLY);
	CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
	CHECK(r.m.operation == MACH_OP_LIST && r.m.cookie == 15,
	      "operation %u, cookie %lu", r.m.operation, (long)r.m.cookie);
	object[0] = r.m.object;
	list_all(&p, r.m.object, inner, 2);
	list_done(&p, &r);
	CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
	CHECK(r.m.operation == MACH_OP_LIST && r.m.cookie == 21 &&
	      r.m.object != object[0], "operation %u, cookie %lu",
	      r.m.operation, (long)r.m.cookie);
	object[1] = r.m.object;
	list_all(&p, r.m.object, inner + 1, 1);
	list_done(&p, &r);
	fd = actor_end(&a, 1);
	CHECK(fd >= 0, "open: %s", tap_result(fd));
	object[2] = read_page(fd, 22);
	tap_is("made", 0, 0);
	look_at_idle();
	look_at_idle();
	pager_expect_nothing(&p, 100);
	client_close(fd);
	for (unsigned int i = 3; i-- > 0;) {
		look_at_idle();
		see_end(object[i]);
	}
	tap_is("given-back", 0, 0);
	begin_open(1, "dir/file", O_RDONLY);
	CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
	CHECK(r.m.operation == MACH_OP_LIST && r.m.cookie == 15,
	      "operation %u, cookie %lu", r.m.operation, (long)r.m.cookie);
	list_all(&p, r.m.object, inner, 2);
	list_done(&p, &r);
	fd = actor_end(&a, 1);
	tap_sub("again", fd >= 0, "%s", tap_result(fd));
	end();
}

/* A size by a path, of a file that nobody has open */
static void test_truncate(void)
{
	struct test_request r;

	setup(100);
	tap_is("fixed", RESULT(truncate(node_path("listed/file"), PAGE)),
	       -EPERM);
	tap_is("same", RESULT(truncate(node_path("listed/file"), SIZE)), 0);
	begin_open(1, "grows", O_RDWR | O_TRUNC);
	pager_expect_size(&p, &r, 0);
	CHECK_IS(r.m.cookie, 13);
	pager_size_done(&p, &r);
	tap_sub("truncates", actor_end(&a, 1) >= 0, "no descriptor");
	tap_is("size", size_of("grows"), 0);
	end();
}

/* What is removed or replaced goes on for who has it open. */
static void test_removed(void)
{
	struct test_name another = names[0];
	uint32_t object, number2;
	long fd, fd2;

	setup(100);
	fd = client_open("file", O_RDWR);
	object = read_page(fd, 11);
	another.cookie = 31;
	CHECK_IS(list_names(&p, number, MACH_LIST_CHANGE, &another, 1), 0);
	fd2 = client_open("file", O_RDWR);
	number2 = read_page(fd2, 31);
	tap_sub("another", number2 != object, "the same number");
	begin_read(1, fd, 0);
	tap_is("old-goes-on", actor_end(&a, 1), PAGE);
	CHECK(pattern_is(room->data, 0, PAGE, 11), "other data");
	client_close(fd);
	see_end(object);
	CHECK_IS(list_remove(&p, number, "file"), 0);
	tap_is("gone", client_open("file", O_RDONLY), -ENOENT);
	begin_read(1, fd2, 0);
	tap_is("goes-on", actor_end(&a, 1), PAGE);
	client_close(fd2);
	see_end(number2);
	/* unused as well */
	fd = client_open("other", O_RDONLY);
	object = read_page(fd, 12);
	client_close(fd);
	list_all(&p, number, names, 1);
	see_end(object);
	tap_is("other-gone", client_open("other", O_RDONLY), -ENOENT);
	fd = client_open("file", O_RDONLY);
	tap_sub("back", fd >= 0, "%s", tap_result(fd));
	end();
}

/* A directory that goes takes all in it along. */
static void test_removed_directory(void)
{
	static const struct test_name inner = { .name = "file", .cookie = 22 };
	struct test_request r;
	uint32_t object[2];
	long fd;

	setup(100);
	begin_open(1, "dir/file", O_RDONLY);
	CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
	object[0] = r.m.object;
	list_all(&p, r.m.object, &inner, 1);
	list_done(&p, &r);
	fd = actor_end(&a, 1);
	CHECK(fd >= 0, "open: %s", tap_result(fd));
	object[1] = read_page(fd, 22);
	CHECK_IS(list_remove(&p, number, "dir"), 0);
	see_end(object[0]);
	tap_is("gone", client_open("dir/file", O_RDONLY), -ENOENT);
	begin_read(1, fd, 0);
	tap_is("goes-on", actor_end(&a, 1), PAGE);
	client_close(fd);
	see_end(object[1]);
	end();
}

/* Attributes that change, of names that stay */
static void test_changed(void)
{
	struct test_name another = names[2];
	uint32_t object;
	long fd;

	setup(100);
	CHECK_IS(size_of("grows"), PAGE);
	another.size = 5 * PAGE;
	another.mode = S_IFREG | 0400;
	CHECK_IS(list_names(&p, number, MACH_LIST_CHANGE, &another, 1), 0);
	tap_is("size", size_of("grows"), 5 * PAGE);
	tap_is("mode", room->st.st_mode, S_IFREG | 0400);
	fd = client_open("grows", O_RDONLY);
	object = read_page(fd, 13);
	another.size = 9;
	another.mtime = 5000000000;
	CHECK_IS(list_names(&p, number, MACH_LIST_CHANGE, &another, 1), 0);
	tap_is("cut", size_of("grows"), 9);
	tap_is("time", room->st.st_mtim.tv_sec, 5);
	begin_read(1, fd, 0);
	tap_is("reads-cut", actor_end(&a, 1), 9);
	client_close(fd);
	fd = client_open("grows", O_RDONLY);
	begin_read(1, fd, 0);
	tap_is("same-object", actor_end(&a, 1), 9);
	/* a fixed size that changes is another file */
	another = names[1];
	another.size = PAGE;
	fd = client_open("other", O_RDONLY);
	CHECK(read_page(fd, 12) != object, "the same number");
	CHECK_IS(list_names(&p, number, MACH_LIST_CHANGE, &another, 1), 0);
	CHECK_IS(actor_do(&a, do_pread, fd, (uintptr_t)room->data, PAGE, 0),
		 PAGE);
	tap_is("fixed-size", size_of("other"), PAGE);
	end();
}

static int ready[2];
static const char * const names_of_user[] = {
	"listed/f0", "listed/f1", "listed/f2",
};

static void be_pager(void)
{
	struct test_name mine[4];
	char name[4][8];

	pager_open(&p, &(struct pager_setup) { .transport = BY_IOCTL });
	number = listed_create(&p, "listed", 1);
	for (unsigned int i = 0; i < 4; i++) {
		snprintf(name[i], sizeof(name[i]), "f%u", i);
		mine[i] = (struct test_name) { .name = name[i], .owner = USER };
	}
	list_all(&p, number, mine, 4);
	CHECK_IS(RESULT(write(ready[1], "r", 1)), 1);
	/* until the test ends */
	pause();
}

/* Of the pager's user, not of the client's: one is the directory. */
static void test_user(void)
{
	long result[3];
	char byte;
	pid_t pid;

	pool_set_number("user_objects", 3);
	CHECK_IS(RESULT(pipe(ready)), 0);
	pid = fork();
	CHECK(pid >= 0, "fork: %m");
	if (!pid) {
		as_user(USER, be_pager);
		_exit(0);
	}
	close(ready[1]);
	CHECK_IS(RESULT(read(ready[0], &byte, 1)), 1);
	for (unsigned int i = 0; i < 3; i++)
		result[i] = node_open(names_of_user[i], O_RDONLY);
	pool_restore();
	tap_sub("first", result[0] >= 0, "%s", tap_result(result[0]));
	tap_sub("second", result[1] >= 0, "%s", tap_result(result[1]));
	tap_is("third", result[2], -ENFILE);
	tap_sub("more", node_open("listed/f2", O_RDONLY) >= 0, "refused");
}

static const struct tap_test tests[] = {
	{ .name = "made", .run = test_made },
	{ .name = "several", .run = test_several },
	{ .name = "given-back", .run = test_given_back },
	{ .name = "in-use", .run = test_in_use },
	{ .name = "short", .run = test_short },
	{ .name = "directory", .run = test_directory },
	{ .name = "truncate", .run = test_truncate },
	{ .name = "removed", .run = test_removed },
	{ .name = "removed-directory", .run = test_removed_directory },
	{ .name = "changed", .run = test_changed },
	{ .name = "user", .run = test_user },
};

int main(int argc, char **argv)
{
	return pool_main(argc, argv, tests, ARRAY_SIZE(tests));
}
