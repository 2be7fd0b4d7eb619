// SPDX-License-Identifier: GPL-2.0-only
/* Mappings: private ones, parts of them, moved ones, inherited ones. */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "serve.h"
#include "tap.h"

#define SIZE	(64 * PAGE)

static struct serve *v;
static uint8_t *map;

static void *map_at(int prot, int flags, uint64_t offset, uint64_t length)
{
	void *a = mmap(NULL, length, prot, flags, v->fd, offset);

	CHECK(a != MAP_FAILED, "mmap: %m");
	return a;
}

static void open_served(int flags)
{
	v = serve_new(SIZE, 4 * PAGE, 1);
	serve_start(v);
	map = map_at(PROT_READ | PROT_WRITE, flags, 0, SIZE);
}

/* Write to @a in a child; how did it end? */
static long in_child(void (*fn)(uint8_t *a), uint8_t *a)
{
	int status;
	pid_t pid = fork();

	CHECK(pid >= 0, "fork: %m");
	if (!pid) {
		fn(a);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid, "waitpid: %m");
	return WIFSIGNALED(status) ? TAP_SIGNAL(WTERMSIG(status)) :
				     WEXITSTATUS(status);
}

static void touch(uint8_t *a)
{
	(void)*(volatile uint8_t *)a;
}

static void scribble(uint8_t *a)
{
	*(volatile uint8_t *)a = 0xee;
}

static void test_private(void)
{
	uint8_t *shared;

	open_served(MAP_PRIVATE);
	shared = map_at(PROT_READ, MAP_SHARED, 0, SIZE);
	CHECK(pattern_is(map, 0, SIZE, 1), "wrong data");
	map[5 * PAGE] = 0xaa;
	memset(map + 9 * PAGE, 0xbb, 2 * PAGE);
	tap_is("own", map[5 * PAGE], 0xaa);
	tap_sub("shared", pattern_is(shared, 0, SIZE, 1),
		"a private write shows in a shared mapping");
	tap_is("fsync", RESULT(fsync(v->fd)), 0);
	tap_sub("store", pattern_is(v->store, 0, SIZE, 1),
		"a private write came to the pager");
	tap_is("dirty", object_info(v->fd).dirty, 0);
	tap_sub("rest", pattern_is(map + 6 * PAGE, 6 * PAGE, 3 * PAGE, 1),
		"wrong data");
}

/* The first touch is a write: copied from a page that was just supplied. */
static void test_private_write(void)
{
	open_served(MAP_PRIVATE);
	for (uint64_t i = 0; i < SIZE; i += PAGE)
		map[i + 3] = 0x11;
	for (uint64_t i = 0; i < SIZE; i += PAGE)
		CHECK(pattern_is(map + i, i, 3, 1) && map[i + 3] == 0x11 &&
		      pattern_is(map + i + 4, i + 4, PAGE - 4, 1),
		      "wrong data in page 0x%llx", (unsigned long long)i);
	CHECK_IS(object_info(v->fd).dirty, 0);
}

static void test_offset(void)
{
	uint8_t *part;

	open_served(MAP_SHARED);
	part = map_at(PROT_READ, MAP_SHARED, 7 * PAGE, 3 * PAGE);
	CHECK(pattern_is(part, 7 * PAGE, 3 * PAGE, 1), "wrong data");
	map[8 * PAGE] = 0x33;
	CHECK_IS(part[PAGE], 0x33);
}

static void test_map_wrong(void)
{
	const int rw = PROT_READ | PROT_WRITE;

	open_served(MAP_SHARED);
	/* A file may be mapped beyond its end, so an object may. */
	tap_is("beyond-end", in_child(touch, map_at(rw, MAP_SHARED, SIZE,
						    PAGE)),
	       TAP_SIGNAL(SIGBUS));
	tap_is("beyond-end-write", in_child(scribble, map_at(rw, MAP_SHARED,
							     SIZE + PAGE,
							     PAGE)),
	       TAP_SIGNAL(SIGBUS));
	tap_is("unaligned", RESULT(mmap(NULL, PAGE, PROT_READ, MAP_SHARED,
					v->fd, 100)), -EINVAL);
}

/* Every page can go by itself, and what is left works. */
static void test_unmap_parts(void)
{
	open_served(MAP_SHARED);
	CHECK(pattern_is(map, 0, SIZE / 2, 1), "wrong data");
	for (uint64_t i = PAGE; i < SIZE; i += 2 * PAGE)
		CHECK(!munmap(map + i, PAGE), "munmap: %m");
	for (uint64_t i = 0; i < SIZE; i += 2 * PAGE)
		CHECK(pattern_is(map + i, i, PAGE, 1), "wrong data");
	CHECK_IS(in_child(touch, map + PAGE), TAP_SIGNAL(SIGSEGV));
	map[2 * PAGE] = 0x22;
	CHECK(!msync(map + 2 * PAGE, PAGE, MS_SYNC), "msync: %m");
	CHECK_IS(v->store[2 * PAGE], 0x22);
}

static void test_protect_parts(void)
{
	open_served(MAP_SHARED);
	map[3 * PAGE] = 0x44;
	CHECK(!mprotect(map + 2 * PAGE, 4 * PAGE, PROT_READ), "mprotect: %m");
	tap_is("read-only", in_child(scribble, map + 3 * PAGE),
	       TAP_SIGNAL(SIGSEGV));
	tap_is("contents", map[3 * PAGE], 0x44);
	tap_is("before", in_child(scribble, map + PAGE), 0);
	tap_is("after", in_child(scribble, map + 6 * PAGE), 0);
	CHECK(!mprotect(map + 2 * PAGE, 4 * PAGE, PROT_READ | PROT_WRITE),
	      "mprotect: %m");
	tap_is("again", in_child(scribble, map + 3 * PAGE), 0);
	tap_is("seen", map[3 * PAGE], 0xee);
}

static void test_move(void)
{
	uint8_t *to;

	open_served(MAP_SHARED);
	CHECK(pattern_is(map, 0, 8 * PAGE, 1), "wrong data");
	map[PAGE] = 0x55;
	to = mmap(NULL, SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	to = mremap(map, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	CHECK(to != MAP_FAILED, "mremap: %m");
	CHECK_IS(to[PAGE], 0x55);
	CHECK(pattern_is(to + 2 * PAGE, 2 * PAGE, SIZE - 2 * PAGE, 1),
	      "wrong data");
	to[20 * PAGE] = 0x56;
	CHECK(!msync(to, SIZE, MS_SYNC), "msync: %m");
	CHECK(v->store[PAGE] == 0x55 && v->store[20 * PAGE] == 0x56,
	      "not saved");
}

static void test_move_part(void)
{
	uint8_t *to;

	open_served(MAP_SHARED);
	to = mmap(NULL, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		  0);
	to = mremap(map + 8 * PAGE, 4 * PAGE, 4 * PAGE,
		    MREMAP_MAYMOVE | MREMAP_FIXED, to);
	CHECK(to != MAP_FAILED, "mremap: %m");
	CHECK(pattern_is(to, 8 * PAGE, 4 * PAGE, 1), "wrong data");
	CHECK(pattern_is(map, 0, 8 * PAGE, 1), "wrong data");
	CHECK(pattern_is(map + 12 * PAGE, 12 * PAGE, SIZE - 12 * PAGE, 1),
	      "wrong data");
	CHECK_IS(in_child(touch, map + 8 * PAGE), TAP_SIGNAL(SIGSEGV));
}

/*
 * Some kernels do not grow an area of mixed pages in place (ENOMEM); one that
 * does, or moves it, must show the object there.
 */
static void test_shrink_grow(void)
{
	uint8_t *to;

	open_served(MAP_SHARED);
	CHECK(pattern_is(map, 0, SIZE, 1), "wrong data");
	CHECK(mremap(map, SIZE, 2 * PAGE, 0) == map, "mremap: %m");
	CHECK(pattern_is(map, 0, 2 * PAGE, 1), "wrong data");
	to = mremap(map, 2 * PAGE, SIZE, MREMAP_MAYMOVE);
	if (to != MAP_FAILED) {
		CHECK(pattern_is(to, 0, SIZE, 1), "wrong data");
		return;
	}
	CHECK_IS(-errno, -ENOMEM);
	CHECK(pattern_is(map, 0, 2 * PAGE, 1), "wrong data");
	CHECK_IS(in_child(touch, map + 2 * PAGE), TAP_SIGNAL(SIGSEGV));
}

static void test_dontneed(void)
{
	open_served(MAP_SHARED);
	map[PAGE] = 0x66;
	CHECK(pattern_is(map + 2 * PAGE, 2 * PAGE, 8 * PAGE, 1), "wrong data");
	CHECK(!madvise(map, SIZE, MADV_DONTNEED), "madvise: %m");
	CHECK_IS(map[PAGE], 0x66);
	CHECK(pattern_is(map + 2 * PAGE, 2 * PAGE, 8 * PAGE, 1), "wrong data");
	map[PAGE + 1] = 0x67;
	CHECK(!msync(map, SIZE, MS_SYNC), "msync: %m");
	CHECK(v->store[PAGE] == 0x66 && v->store[PAGE + 1] == 0x67,
	      "not saved");
}

/* Parent and child share the object's pages, each in its mapping. */
static void test_fork_shared(void)
{
	open_served(MAP_SHARED);
	map[0] = 0x10;
	CHECK_IS(in_child(scribble, map + 1), 0);
	CHECK_IS(map[1], 0xee);
	CHECK_IS(in_child(scribble, map + 30 * PAGE), 0);
	CHECK_IS(map[30 * PAGE], 0xee);
	CHECK_IS(RESULT(fsync(v->fd)), 0);
	CHECK(v->store[1] == 0xee && v->store[30 * PAGE] == 0xee, "not saved");
}

static void test_fork_private(void)
{
	open_served(MAP_PRIVATE);
	map[0] = 0x10;
	CHECK_IS(in_child(scribble, map), 0);
	CHECK_IS(map[0], 0x10);
	CHECK_IS(in_child(scribble, map + PAGE), 0);
	CHECK(pattern_is(map + PAGE, PAGE, PAGE, 1),
	      "a child's private write shows in the parent");
	CHECK(pattern_is(v->store, 0, SIZE, 1), "the store has changed");
}

/* A mapping keeps the object when all descriptors are closed. */
static void test_closed(void)
{
	open_served(MAP_SHARED);
	close(v->fd);
	CHECK(pattern_is(map, 0, SIZE, 1), "wrong data");
	map[0] = 0x77;
	CHECK(!msync(map, PAGE, MS_SYNC), "msync: %m");
	CHECK_IS(v->store[0], 0x77);
	map[1] = 0x78;
	CHECK_IS(v->terminates, 0);
	CHECK(!munmap(map, SIZE), "munmap: %m");
	CHECK_WAIT(v->terminates == 1, WAIT_MS, "no TERMINATE");
	CHECK_IS(v->store[1], 0x78);
	serve_stop(v);
}

static void test_two_maps(void)
{
	uint8_t *second;

	open_served(MAP_SHARED);
	second = map_at(PROT_READ | PROT_WRITE, MAP_SHARED, 0, SIZE);
	map[0] = 1;
	CHECK_IS(second[0], 1);
	second[SIZE - 1] = 2;
	CHECK_IS(map[SIZE - 1], 2);
	CHECK(!munmap(map, SIZE), "munmap: %m");
	CHECK_IS(second[0], 1);
	CHECK(!msync(second, SIZE, MS_SYNC), "msync: %m");
	CHECK(v->store[0] == 1 && v->store[SIZE - 1] == 2, "not saved");
}

/* Populate asks for everything at mmap. */
static void test_populate(void)
{
	v = serve_new(SIZE, 4 * PAGE, 1);
	serve_start(v);
	map = map_at(PROT_READ, MAP_SHARED | MAP_POPULATE, 0, SIZE);
	CHECK_IS(object_info(v->fd).resident, SIZE / PAGE);
	CHECK(pattern_is(map, 0, SIZE, 1), "wrong data");
	CHECK_IS(v->requests, SIZE / (4 * PAGE));
}

static void test_mlock(void)
{
	open_served(MAP_SHARED);
	if (mlock(map, 8 * PAGE))
		CHECK(errno == EINVAL || errno == ENOMEM || errno == EPERM,
		      "mlock: %m");
	CHECK(pattern_is(map, 0, 16 * PAGE, 1), "wrong data");
	munlock(map, 8 * PAGE);
}

#define BOTH(n, fn)							\
	{ .name = n "-ring", .run = fn, BY_RING },			\
	{ .name = n "-ioctl", .run = fn, BY_IOCTL }

static const struct tap_test tests[] = {
	BOTH("private", test_private),
	BOTH("private-write", test_private_write),
	BOTH("offset", test_offset),
	{ .name = "wrong", .run = test_map_wrong },
	BOTH("unmap-parts", test_unmap_parts),
	BOTH("protect-parts", test_protect_parts),
	BOTH("move", test_move),
	BOTH("move-part", test_move_part),
	BOTH("shrink-grow", test_shrink_grow),
	BOTH("dontneed", test_dontneed),
	BOTH("fork-shared", test_fork_shared),
	BOTH("fork-private", test_fork_private),
	BOTH("closed", test_closed),
	BOTH("two-maps", test_two_maps),
	BOTH("populate", test_populate),
	{ .name = "mlock", .run = test_mlock },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
