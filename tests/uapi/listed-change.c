// SPDX-License-Identifier: GPL-2.0-only
/* The calls that change listed directories: what they refuse, and what readers see. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

#include "listing.h"
#include "meminfo.h"
#include "naming.h"
#include "place.h"
#include "pool.h"
#include "tap.h"
#include "user.h"

#define USER		5678
#define BOTH		(MACH_LIST_BEGIN | MACH_LIST_END)
#define MANY		(getenv("MACHVM_STEPS") ?			\
			 (unsigned int)atoi(getenv("MACHVM_STEPS")) :	\
			 20000U / tap_slow())
#define AT_ONCE		1000

static struct test_pager p;
static uint32_t number;

static void setup(void)
{
	pager_open(&p, &(struct pager_setup) { .transport = BY_IOCTL });
	number = listed_create(&p, "listed", 1);
}

static void end(void)
{
	struct stat st;

	pager_close(&p);
	CHECK_WAIT(node_stat("listed", &st) == -ENOENT, WAIT_MS,
		   "the directory outlives its pager");
}

static long one(unsigned int flags, const struct mach_list_entry *entry)
{
	return list_entries(&p, number, flags, entry, 1);
}

static struct mach_list_entry plain(const char *name)
{
	return list_entry(&(struct test_name) { .name = name });
}

#define TRY(sub, want, field, value)					\
	do {								\
		struct mach_list_entry e_ = plain("name");		\
									\
		e_.field = (value);					\
		tap_is(sub, one(BOTH, &e_), want);			\
	} while (0)

/* Each field of an entry that is a file */
static void test_entries(void)
{
	struct mach_list_entry e;

	setup();
	TRY("size-0", -EINVAL, size, 0);
	TRY("size-less", -EINVAL, size, sizeof(e) - 8);
	TRY("size-more", -EINVAL, size, sizeof(e) + 8);
	TRY("reserved", -EINVAL, reserved, 1);
	TRY("kind-none", -EINVAL, mode, 0644);
	TRY("kind-device", -EINVAL, mode, S_IFCHR | 0644);
	TRY("kind-fifo", -EINVAL, mode, S_IFIFO | 0644);
	TRY("set-uid", -EINVAL, mode, S_IFREG | 04755);
	TRY("set-gid-dir", -EINVAL, mode, S_IFDIR | 02755);
	TRY("sticky-file", -EINVAL, mode, S_IFREG | 01755);
	TRY("mode-bits", -EINVAL, mode, S_IFREG | 0644 | 1U << 20);
	TRY("flags", -EINVAL, flags, 1U << 2);
	TRY("no-uid", -EINVAL, uid, -1);
	TRY("no-gid", -EINVAL, gid, -1);
	TRY("size", -EINVAL, object_size, MACH_OBJECT_SIZE_MAX + 1);
	TRY("name-none", -EINVAL, name_length, 0);
	TRY("name-nowhere", -EFAULT, name, 4096);
	TRY("name-long", -ENAMETOOLONG, name_length, 256);
	TRY("name-longest", -ENAMETOOLONG, name_length, ~0U);
	TRY("name-zero", -EINVAL, name_length, 5);
	TRY("name-slash", -EINVAL, name, (uintptr_t)"na/e");
	TRY("name-ends-so", -EINVAL, name, (uintptr_t)"nam/");
	TRY("target-of-file", -EINVAL, target, (uintptr_t)"x");
	TRY("target-length", -EINVAL, target_length, 1);
	e = plain(".");
	tap_is("dot", one(BOTH, &e), -EINVAL);
	e = plain("..");
	tap_is("dots", one(BOTH, &e), -EINVAL);
	e = plain("name");
	e.object_size = 0;
	e.mtime_ns = -1;
	tap_is("nothing-in-it", one(BOTH, &e), 0);
	tap_is("remove-more", one(MACH_LIST_REMOVE, &e), -EINVAL);
	end();
}

/* And of others */
static void test_kinds(void)
{
	static const struct test_name link = {
		.name = "l", .mode = S_IFLNK | 0777, .target = "t",
	};
	static const struct test_name directory = {
		.name = "d", .mode = S_IFDIR | 01777,
	};
	static char longest[5000];
	struct mach_list_entry e;

	memset(longest, 'x', sizeof(longest));
	setup();
	e = list_entry(&link);
	tap_is("link", one(BOTH, &e), 0);
	e.target_length = 0;
	tap_is("link-empty", one(BOTH, &e), -EINVAL);
	e.target_length = 2;
	tap_is("link-zero", one(BOTH, &e), -EINVAL);
	e.target = (uintptr_t)longest;
	e.target_length = 4096;
	tap_is("link-long", one(BOTH, &e), -ENAMETOOLONG);
	e.target_length = 4095;
	tap_is("link-longest", one(BOTH, &e), 0);
	e.object_size = 1;
	tap_is("link-size", one(BOTH, &e), -EINVAL);
	e = plain("name");
	e.name = (uintptr_t)longest;
	e.name_length = 255;
	tap_is("name-255", one(BOTH, &e), 0);
	e = list_entry(&directory);
	tap_is("directory", one(BOTH, &e), 0);
	e.object_size = 1;
	tap_is("directory-size", one(BOTH, &e), -EINVAL);
	e.object_size = 0;
	e.flags = MACH_LIST_READ_ONLY;
	tap_is("directory-flags", one(BOTH, &e), -EINVAL);
	end();
}

static long call(struct mach_pager_list args)
{
	if (!args.size)
		args.size = sizeof(args);
	return vm_ioctl(p.fd, MACH_PAGER_LIST, &args);
}

/* The call's own fields */
static void test_call(void)
{
	struct mach_list_entry e[2] = { plain("a"), plain("b") };
	struct mach_pager_list good = {
		.object = 0, .flags = BOTH, .nr_entries = 2,
		.entry_size = sizeof(e[0]), .entries = (uintptr_t)e,
	}, args;
	struct { struct mach_list_entry e; uint64_t more; } later[2] = {
		{ .e = e[0] }, { .e = e[1] },
	};
	char *page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct test_object o;
	long plain_directory;

	setup();
	good.object = number;
	object_create(&p, &o, PAGE, 0, 0);
	plain_directory = listed_number(&p, 0, 0);
#define TRY_CALL(sub, want, field, value)				\
	do {								\
		args = good;						\
		args.field = (value);					\
		tap_is(sub, call(args), want);				\
	} while (0)
	TRY_CALL("no-object", -ENOENT, object, 4711);
	TRY_CALL("a-file", -EINVAL, object, o.number);
	TRY_CALL("not-listed", -EINVAL, object, plain_directory);
	TRY_CALL("reserved", -EINVAL, reserved, 1);
	TRY_CALL("flags", -EINVAL, flags, 1U << 4);
	TRY_CALL("change-begin", -EINVAL, flags,
		 MACH_LIST_CHANGE | MACH_LIST_BEGIN);
	TRY_CALL("change-remove", -EINVAL, flags,
		 MACH_LIST_CHANGE | MACH_LIST_REMOVE);
	TRY_CALL("not-begun", -EINVAL, flags, 0);
	TRY_CALL("not-begun-end", -EINVAL, flags, MACH_LIST_END);
	TRY_CALL("change-none", -ENODATA, flags, MACH_LIST_CHANGE);
	TRY_CALL("entry-small", -EINVAL, entry_size, sizeof(e[0]) - 8);
	TRY_CALL("entry-large", -E2BIG, entry_size, PAGE + 8);
	TRY_CALL("nowhere", -EFAULT, entries, 4096);
	TRY_CALL("none-at", -EINVAL, nr_entries, 0);
	CHECK(page != MAP_FAILED, "mmap: %m");
	CHECK_IS(RESULT(munmap(page + PAGE, PAGE)), 0);
	args = good;
	args.entries = (uintptr_t)memcpy(page + PAGE - sizeof(e), e, sizeof(e));
	args.nr_entries = 1U << 30;
	tap_is("too-many", call(args), -EFAULT);
	tap_is("good", call(good), 0);
	args = good;
	args.entry_size = sizeof(later[0]);
	args.entries = (uintptr_t)later;
	tap_is("later-unsaid", call(args), -EINVAL);
	later[0].e.size = sizeof(later[0]);
	tap_is("later-another", call(args), -EINVAL);
	later[1].e.size = sizeof(later[1]);
	tap_is("later", call(args), 0);
	later[1].more = 1;
	tap_is("later-says", call(args), -E2BIG);
	TRY_CALL("remove-more", -EINVAL, flags, MACH_LIST_REMOVE);
	close(o.fd);
	end();
}

/* What cannot be made a listed directory */
static void test_create(void)
{
	struct mach_pager_create file = {
		.size = sizeof(file), .flags = MACH_CREATE_LISTED,
		.object_size = PAGE,
	};

	setup();
	tap_is("create-read-only",
	       listed_number(&p, MACH_CREATE_LISTED | MACH_CREATE_READ_ONLY, 0),
	       -EINVAL);
	tap_is("create-file", vm_ioctl(p.fd, MACH_PAGER_CREATE, &file),
	       -EINVAL);
	end();
}

static long there(const char *name)
{
	char path[300];

	snprintf(path, sizeof(path), "listed/%s", name);
	return node_there(path);
}

/* A name twice, or not there: nothing of the call happens. */
static void test_twice(void)
{
	static const struct test_name ab[] = { { .name = "a" }, { .name = "b" } };
	static const struct test_name aca[] = {
		{ .name = "a", .mode = S_IFREG | 0400 }, { .name = "c" },
		{ .name = "a" },
	};
	struct mach_list_entry gone[2] = {
		{ .size = sizeof(gone[0]), .name = (uintptr_t)"a",
		  .name_length = 1 },
		{ .size = sizeof(gone[0]), .name = (uintptr_t)"x",
		  .name_length = 1 },
	};
	struct stat st;

	setup();
	tap_is("begin", list_names(&p, number, BOTH, aca, 3), -EEXIST);
	CHECK_IS(list_names(&p, number, BOTH, ab, 2), 0);
	tap_is("whole", list_names(&p, number, BOTH, aca, 3), -EEXIST);
	tap_is("change", list_names(&p, number, MACH_LIST_CHANGE, aca, 3),
	       -EEXIST);
	CHECK_IS(node_stat("listed/a", &st), 0);
	tap_is("as-it-was", st.st_mode, S_IFREG | 0640);
	tap_is("not-there", there("c"), -ENOENT);
	CHECK_IS(list_names(&p, number, MACH_LIST_BEGIN, ab, 2), 0);
	tap_is("second-call", list_names(&p, number, 0, aca, 1), -EEXIST);
	tap_is("second-end", list_names(&p, number, MACH_LIST_END, aca, 2),
	       -EEXIST);
	tap_is("not-in-sight", there("c"), -ENOENT);
	tap_is("goes-on", list_names(&p, number, MACH_LIST_END, aca + 1, 1), 0);
	tap_is("in-sight", there("c"), 0);
	tap_is("remove-none", list_entries(&p, number, MACH_LIST_REMOVE, gone,
					   2), -ENOENT);
	tap_is("still", there("a"), 0);
	gone[1] = gone[0];
	tap_is("remove-twice", list_entries(&p, number, MACH_LIST_REMOVE, gone,
					    2), -EEXIST);
	tap_is("remove", list_remove(&p, number, "a"), 0);
	tap_is("gone", there("a"), -ENOENT);
	tap_is("remove-again", list_remove(&p, number, "a"), -ENOENT);
	/* a table that is begun anew */
	CHECK_IS(list_names(&p, number, MACH_LIST_BEGIN, ab, 1), 0);
	CHECK_IS(list_names(&p, number, MACH_LIST_BEGIN, ab + 1, 1), 0);
	CHECK_IS(list_names(&p, number, MACH_LIST_CHANGE, ab, 1), 0);
	tap_is("change-meanwhile", there("a"), 0);
	CHECK_IS(list_names(&p, number, MACH_LIST_END, NULL, 0), 0);
	tap_is("forgotten", there("a"), -ENOENT);
	tap_is("anew", there("b"), 0);
	end();
}

/* What a negative answer was, and what was there, is right afterwards. */
static void test_in_sight(void)
{
	static const struct test_name ab[] = { { .name = "a" }, { .name = "b" } };
	int held, mounted;

	setup();
	CHECK_IS(list_names(&p, number, BOTH, ab, 1), 0);
	for (unsigned int i = 0; i < 3; i++) {
		CHECK_IS(there("b"), -ENOENT);
		CHECK_IS(list_names(&p, number, MACH_LIST_CHANGE, ab + 1, 1), 0);
		CHECK_IS(there("b"), 0);
		held = open(node_path("listed/b"), O_PATH);
		CHECK_IS(list_remove(&p, number, "b"), 0);
		CHECK_IS(there("b"), -ENOENT);
		CHECK_IS(opened(RESULT(open(fd_path(held), O_RDONLY))), -ENXIO);
		close(held);
	}
	tap_is("names", 0, 0);
	own_mounts();
	mounted = mount(node_path("listed/a"), node_path("listed/a"), NULL,
			MS_BIND, NULL);
	CHECK(!mounted, "mount: %m");
	CHECK_IS(list_remove(&p, number, "a"), 0);
	tap_is("mounted", there("a"), -ENOENT);
	CHECK_IS(list_names(&p, number, MACH_LIST_CHANGE, ab, 1), 0);
	tap_is("again", there("a"), 0);
	tap_is("unmounted", RESULT(umount(node_path("listed/a"))), -EINVAL);
	end();
}

static void expect_event(int watch, uint32_t mask, const char *name)
{
	/* room for one: its name is of 16 bytes with what follows it */
	char buffer[sizeof(struct inotify_event) + 16];
	struct inotify_event *event = (void *)buffer;

	CHECK(read(watch, buffer, sizeof(buffer)) > 0,
	      "no event %#x of %s: %m", mask, name);
	CHECK(event->mask == mask && !strcmp(event->name, name),
	      "event %#x of %s, not %#x of %s", event->mask, event->name, mask,
	      name);
}

static void test_watched(void)
{
	struct test_name name[3] = {
		{ .name = "a" }, { .name = "b" },
		{ .name = "d", .mode = S_IFDIR | 0755 },
	};
	int watch = inotify_init1(IN_NONBLOCK);

	setup();
	CHECK(inotify_add_watch(watch, node_path("listed"), IN_CREATE |
				IN_DELETE | IN_ATTRIB | IN_ONLYDIR) > 0,
	      "inotify: %m");
	CHECK_IS(list_names(&p, number, BOTH, name, 3), 0);
	expect_event(watch, IN_CREATE, "a");
	expect_event(watch, IN_CREATE, "b");
	expect_event(watch, IN_CREATE | IN_ISDIR, "d");
	tap_is("create", 0, 0);
	CHECK_IS(there("b"), 0);
	name[1].owner = 5;
	CHECK_IS(list_names(&p, number, MACH_LIST_CHANGE, name, 3), 0);
	expect_event(watch, IN_ATTRIB, "b");
	tap_is("attrib", 0, 0);
	CHECK_IS(opened(RESULT(open(node_path("listed/a"), O_RDONLY))), 0);
	CHECK_IS(list_remove(&p, number, "a"), 0);
	expect_event(watch, IN_DELETE, "a");
	CHECK_IS(list_names(&p, number, BOTH, name, 2), 0);
	expect_event(watch, IN_DELETE | IN_ISDIR, "d");
	expect_event(watch, IN_CREATE, "a");
	tap_is("delete", 0, 0);
	close(watch);
	end();
}

#define STAYING	200
#define LISTED_BYTES	600	/* a part of a listing */

static const char *numbered(const char *kind, unsigned int i)
{
	static char name[64][32];
	static unsigned int turn;
	char *text = name[turn++ % 64];

	snprintf(text, sizeof(*name), "%s-%u", kind, i);
	return text;
}

/* A change that concerns other names, of which there are new ones each time */
static void change_others(unsigned int turn)
{
	struct test_name some[40];

	for (unsigned int i = 0; i < 40; i++)
		some[i] = (struct test_name) {
			.name = numbered("comes", (turn * 17 + i) % STAYING),
			.cookie = turn,
		};
	CHECK_IS(list_names(&p, number, MACH_LIST_CHANGE, some, 40), 0);
	CHECK_IS(list_remove(&p, number, some[3].name), 0);
}

static void list_staying(unsigned int cookie)
{
	struct test_name some[40];

	for (unsigned int from = 0; from < STAYING; from += 40) {
		for (unsigned int i = 0; i < 40; i++)
			some[i] = (struct test_name) {
				.name = numbered("stays",
						 STAYING - 1 - from - i),
				.owner = 1 + cookie % 7,
			};
		CHECK_IS(list_names(&p, number, from ? 0 : MACH_LIST_BEGIN,
				    some, 40), 0);
	}
	CHECK_IS(list_names(&p, number, MACH_LIST_END, NULL, 0), 0);
}

/* Each name that stays is seen exactly once, whatever comes and goes meanwhile. */
static void test_listing(void)
{
	unsigned int seen[STAYING] = {}, turn = 0;
	int dir;

	setup();
	list_staying(0);
	dir = open(node_path("listed"), O_RDONLY | O_DIRECTORY);
	CHECK(dir >= 0, "open: %m");
	while (list_stays(dir, LISTED_BYTES, seen)) {
		if (turn % 4 == 3)
			list_staying(turn);
		else
			change_others(turn);
		turn++;
	}
	for (unsigned int i = 0; i < STAYING; i++)
		CHECK(seen[i] == 1, "name %u is seen %u times", i, seen[i]);
	tap_is("once", 0, 0);
	memset(seen, 0, sizeof(seen));
	CHECK(lseek(dir, 0, SEEK_SET) == 0, "lseek: %m");
	while (list_stays(dir, LISTED_BYTES, seen))
		continue;
	for (unsigned int i = 0; i < STAYING; i++)
		CHECK(seen[i] == 1, "name %u is seen %u times", i, seen[i]);
	tap_is("again", 0, 0);
	close(dir);
	end();
}

static void names_come_back(void)
{
	static const struct test_name abcd[] = {
		{ .name = "a", .owner = USER }, { .name = "b", .owner = USER },
		{ .name = "c", .owner = USER }, { .name = "d", .owner = USER },
	};
	struct mach_list_entry e = list_entry(&abcd[0]);

	for (unsigned int i = 0; i < 3; i++) {
		setup();
		/* the directory is one */
		CHECK_IS(list_names(&p, number, BOTH, abcd, 4), -EDQUOT);
		CHECK_IS(list_names(&p, number, BOTH, abcd, 3), 0);
		CHECK_IS(list_names(&p, number, MACH_LIST_CHANGE, abcd + 3, 1),
			 -EDQUOT);
		CHECK_IS(list_remove(&p, number, "a"), 0);
		CHECK_IS(list_names(&p, number, MACH_LIST_CHANGE, abcd + 3, 1),
			 0);
		CHECK_IS(list_names(&p, number, BOTH, NULL, 0), 0);
		CHECK_IS(list_names(&p, number, MACH_LIST_BEGIN, abcd, 3), 0);
		CHECK_IS(list_names(&p, number, 0, abcd + 3, 1), -EDQUOT);
		CHECK_IS(list_names(&p, number, MACH_LIST_BEGIN, NULL, 0), 0);
		CHECK_IS(list_names(&p, number, 0, abcd, 3), 0);
		CHECK_IS(list_names(&p, number, MACH_LIST_END, NULL, 0), 0);
		CHECK_IS(list_names(&p, number, BOTH, NULL, 0), 0);
		e.uid = 0;
		CHECK_IS(one(BOTH, &e), -EPERM);
		e.uid = USER;
		e.gid = 0;
		CHECK_IS(one(BOTH, &e), -EPERM);
		end();
		e.gid = USER;
	}
}

/* Names are the user's, whether in sight or not; all come back. */
static void test_user(void)
{
	pool_set_number("user_names", 4);
	as_user(USER, names_come_back);
	as_user(USER, names_come_back);
	pool_restore();
}

/* Of structures */
static unsigned long structures_kib(void)
{
	return meminfo_kib("Slab") + meminfo_kib("VmallocUsed");
}

/* So many names, a thousand at a time; what they cost, and that all are there. */
static void test_many(void)
{
	const unsigned int many = MANY;
	struct mach_list_entry *e = calloc(AT_ONCE, sizeof(*e));
	char (*name)[20] = calloc(AT_ONCE, sizeof(*name));
	unsigned long before, after;
	long start, whole, listed;
	char path[40];

	CHECK(e && name, "memory");
	setup();
	before = structures_kib();
	start = tap_now_ms();
	for (unsigned int i = 0; i < many; i++) {
		unsigned int at = i % AT_ONCE;

		snprintf(name[at], sizeof(*name), "file-%07u", i);
		e[at] = plain(name[at]);
		if (at == AT_ONCE - 1 || i == many - 1)
			CHECK_IS(list_entries(&p, number, i < AT_ONCE ?
					      MACH_LIST_BEGIN : 0, e, at + 1),
				 0);
	}
	CHECK_IS(list_names(&p, number, MACH_LIST_END, NULL, 0), 0);
	whole = tap_now_ms() - start;
	after = structures_kib();
	start = tap_now_ms();
	CHECK_IS(do_names((const uint64_t []) { (uintptr_t)"listed" }), many);
	listed = tap_now_ms() - start;
	for (unsigned int i = 0; i < 300; i++) {
		snprintf(path, sizeof(path), "file-%07u", i * 7919 % many);
		CHECK_IS(there(path), 0);
	}
	CHECK_IS(there("file-"), -ENOENT);
	tap_note("%u names in %ld ms, listed in %ld ms; %ld bytes a name of 12",
		 many, whole, listed,
		 ((long)after - (long)before) * 1024 / (long)many);
	/* the same again, but for one, and without memory for both for long */
	start = tap_now_ms();
	CHECK_IS(list_remove(&p, number, "file-0000000"), 0);
	CHECK_IS(do_names((const uint64_t []) { (uintptr_t)"listed" }),
		 many - 1);
	CHECK_IS(list_names(&p, number, BOTH, NULL, 0), 0);
	tap_note("all gone in %ld ms", tap_now_ms() - start);
	CHECK_IS(do_names((const uint64_t []) { (uintptr_t)"listed" }), 0);
	free(e);
	free(name);
	end();
}

static const struct tap_test tests[] = {
	{ .name = "entries", .run = test_entries },
	{ .name = "kinds", .run = test_kinds },
	{ .name = "call", .run = test_call },
	{ .name = "create", .run = test_create },
	{ .name = "twice", .run = test_twice },
	{ .name = "in-sight", .run = test_in_sight },
	{ .name = "watched", .run = test_watched },
	{ .name = "listing", .run = test_listing },
	{ .name = "user", .run = test_user },
	{ .name = "many", .run = test_many, .seconds = 300 },
};

int main(int argc, char **argv)
{
	return pool_main(argc, argv, tests, ARRAY_SIZE(tests));
}
