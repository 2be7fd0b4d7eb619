// SPDX-License-Identifier: GPL-2.0-only
/* read, write, lseek, fsync, stat of an object by its descriptor and by its name. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "place.h"
#include "serve.h"
#include "tap.h"

#define SIZE	(37 * PAGE + 123)

/* Where the tests read and write: variants of the descriptor. */
enum { RING_OBJECT, RING_NODE, IOCTL_OBJECT, IOCTL_NODE };

static struct serve *v;
static int fd;
static void *volatile nowhere = (void *)8;

static void open_served(void)
{
	int variant = tap_variant;

	tap_variant = variant < IOCTL_OBJECT ? BY_RING : BY_IOCTL;
	v = serve_new(SIZE, 4 * PAGE, 1);
	if (variant % 2)
		strcpy(v->name, "file-test");
	serve_start(v);
	fd = v->fd;
	if (variant % 2)
		fd = node_open("file-test", O_RDWR);
	CHECK(fd >= 0, "open: %s", tap_result(fd));
}

static void test_read(void)
{
	static uint8_t buf[SIZE + 2 * PAGE];
	size_t got = 0;
	ssize_t n;

	open_served();
	while ((n = read(fd, buf + got, 10000)) > 0)
		got += n;
	CHECK_IS(RESULT(n), 0);
	CHECK_IS(got, SIZE);
	CHECK(pattern_is(buf, 0, SIZE, 1), "wrong data");
	CHECK_IS(RESULT(read(fd, buf, 1)), 0);
	CHECK_IS(v->requests, 10);
}

static void test_pread(void)
{
	static const struct { uint64_t at; size_t length; long want; } t[] = {
		{ 0, 1, 1 }, { 1, PAGE, PAGE }, { PAGE - 1, 2, 2 },
		{ 5 * PAGE + 7, 9 * PAGE, 9 * PAGE },
		{ SIZE - 1, 1, 1 }, { SIZE - 1, 100, 1 }, { SIZE, 1, 0 },
		{ SIZE + 5 * PAGE, 10, 0 }, { INT64_MAX - 1, 1, 0 },
		{ 3, 0, 0 },
	};
	static uint8_t buf[16 * PAGE];
	char sub[64];

	open_served();
	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		long n = RESULT(pread(fd, buf, t[i].length, t[i].at));

		snprintf(sub, sizeof(sub), "0x%llx+0x%zx",
			 (unsigned long long)t[i].at, t[i].length);
		tap_is(sub, n, t[i].want);
		CHECK(n <= 0 || pattern_is(buf, t[i].at, n, 1), "wrong data");
	}
	tap_is("to-nowhere", RESULT(pread(fd, nowhere, 1, 0)), -EFAULT);
	tap_is("negative", RESULT(pread(fd, buf, 1, -1)), -EINVAL);
}

static void test_readv(void)
{
	uint8_t a[5], b[PAGE], c[11];
	struct iovec iov[] = { { a, 5 }, { b, sizeof(b) }, { c, 11 } };

	open_served();
	CHECK_IS(RESULT(preadv(fd, iov, 3, 2 * PAGE + 1)), PAGE + 16);
	CHECK(pattern_is(a, 2 * PAGE + 1, 5, 1) &&
	      pattern_is(b, 2 * PAGE + 6, PAGE, 1) &&
	      pattern_is(c, 3 * PAGE + 6, 11, 1), "wrong data");
}

static void test_lseek(void)
{
	uint8_t buf[8];

	open_served();
	tap_is("end", RESULT(lseek(fd, 0, SEEK_END)), SIZE);
	tap_is("read-at-end", RESULT(read(fd, buf, 1)), 0);
	tap_is("set", RESULT(lseek(fd, 3 * PAGE, SEEK_SET)), 3 * PAGE);
	tap_is("read", RESULT(read(fd, buf, 8)), 8);
	tap_sub("data", pattern_is(buf, 3 * PAGE, 8, 1), "wrong data");
	tap_is("cur", RESULT(lseek(fd, 2, SEEK_CUR)), 3 * PAGE + 10);
	tap_is("back-from-end", RESULT(lseek(fd, -1, SEEK_END)), SIZE - 1);
	tap_is("negative", RESULT(lseek(fd, -1, SEEK_SET)), -EINVAL);
	tap_is("whence", RESULT(lseek(fd, 0, 99)), -EINVAL);
	tap_is("stays", RESULT(lseek(fd, 0, SEEK_CUR)), SIZE - 1);
}

/* One extent of data: what is not resident is no hole. */
static void test_extent(void)
{
	open_served();
	tap_is("data", RESULT(lseek(fd, 0, SEEK_DATA)), 0);
	tap_is("data-within", RESULT(lseek(fd, 5 * PAGE + 1, SEEK_DATA)),
	       5 * PAGE + 1);
	tap_is("data-last", RESULT(lseek(fd, SIZE - 1, SEEK_DATA)), SIZE - 1);
	tap_is("data-end", RESULT(lseek(fd, SIZE, SEEK_DATA)), -ENXIO);
	tap_is("data-beyond", RESULT(lseek(fd, SIZE + PAGE, SEEK_DATA)),
	       -ENXIO);
	tap_is("stays", RESULT(lseek(fd, 0, SEEK_CUR)), SIZE - 1);
	tap_is("hole", RESULT(lseek(fd, 0, SEEK_HOLE)), SIZE);
	tap_is("hole-last", RESULT(lseek(fd, SIZE - 1, SEEK_HOLE)), SIZE);
	tap_is("hole-end", RESULT(lseek(fd, SIZE, SEEK_HOLE)), -ENXIO);
	tap_is("negative", RESULT(lseek(fd, -1, SEEK_DATA)), -ENXIO);
	tap_is("no-requests", v->requests, 0);
}

static void test_stat(void)
{
	struct stat st;

	open_served();
	CHECK_IS(RESULT(fstat(fd, &st)), 0);
	tap_sub("type", S_ISREG(st.st_mode), "mode 0%o", st.st_mode);
	tap_is("mode", st.st_mode & 07777, 0600);
	tap_is("size", st.st_size, SIZE);
	tap_is("blocks", st.st_blocks, (SIZE + 511) / 512);
	tap_is("block-size", st.st_blksize, PAGE);
	tap_is("device", st.st_rdev, 0);
	tap_is("owner", st.st_uid | st.st_gid, 0);
}

static bool later(struct timespec a, struct timespec b)
{
	return a.tv_sec > b.tv_sec ||
	       (a.tv_sec == b.tv_sec && a.tv_nsec > b.tv_nsec);
}

/* Has what the call before does moved both times? Files have a tick's. */
static void moved(const char *sub, struct stat *before, bool want)
{
	struct stat st;

	CHECK_IS(RESULT(fstat(fd, &st)), 0);
	tap_is(sub, later(st.st_mtim, before->st_mtim) &&
	       later(st.st_ctim, before->st_ctim), want);
	*before = st;
	tap_pause_ms(20);
}

static void test_times(void)
{
	struct timespec now;
	struct stat st;
	char *map;
	uint8_t byte;

	open_served();
	CHECK_IS(RESULT(fstat(fd, &st)), 0);
	clock_gettime(CLOCK_REALTIME, &now);
	tap_sub("made", now.tv_sec - st.st_mtime < 60 * tap_slow(),
		"modified %ld s ago", (long)(now.tv_sec - st.st_mtime));
	tap_pause_ms(20);
	CHECK_IS(RESULT(pread(fd, &byte, 1, 0)), 1);
	moved("read", &st, false);
	CHECK_IS(RESULT(pwrite(fd, "x", 1, 0)), 1);
	moved("write", &st, true);
	CHECK_IS(RESULT(fsync(fd)), 0);
	moved("fsync", &st, false);
	map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED, "mmap: %m");
	byte = *(volatile char *)map;
	moved("load", &st, false);
	*(volatile char *)map = byte + 1;
	CHECK_IS(RESULT(msync(map, PAGE, MS_SYNC)), 0);
	moved("store", &st, true);
}

static void test_write(void)
{
	static uint8_t buf[4 * PAGE], back[4 * PAGE];

	open_served();
	pattern_fill(buf, 0, sizeof(buf), 2);
	tap_is("bytes", RESULT(pwrite(fd, buf, 3 * PAGE + 7, 5 * PAGE + 11)),
	       3 * PAGE + 7);
	tap_is("read-back", RESULT(pread(fd, back, 3 * PAGE + 7,
					 5 * PAGE + 11)), 3 * PAGE + 7);
	tap_is("same", memcmp(buf, back, 3 * PAGE + 7), 0);
	tap_sub("not-yet", pattern_is(v->store + 6 * PAGE, 6 * PAGE, PAGE, 1),
		"the store changed before the return");
	tap_is("fsync", RESULT(fsync(fd)), 0);
	tap_is("stored", memcmp(v->store + 5 * PAGE + 11, buf, 3 * PAGE + 7),
	       0);
	tap_sub("before", pattern_is(v->store, 0, 5 * PAGE + 11, 1),
		"bytes before the write changed");
	tap_sub("after", pattern_is(v->store + 8 * PAGE + 18, 8 * PAGE + 18,
				    SIZE - 8 * PAGE - 18, 1),
		"bytes after the write changed");
	tap_sub("synchronized", v->syncs >= 1, "no SYNCHRONIZE");
	tap_is("dirty", object_info(fd).dirty, 0);
}

/* An object has one size for ever. */
static void test_write_end(void)
{
	uint8_t buf[2 * PAGE];

	open_served();
	pattern_fill(buf, 0, sizeof(buf), 2);
	tap_is("across", RESULT(pwrite(fd, buf, 100, SIZE - 40)), 40);
	tap_is("at", RESULT(pwrite(fd, buf, 1, SIZE)), -ENOSPC);
	tap_is("beyond", RESULT(pwrite(fd, buf, 1, SIZE + 5 * PAGE)), -ENOSPC);
	tap_is("nothing", RESULT(pwrite(fd, buf, 0, SIZE)), 0);
	tap_is("from-nowhere", RESULT(pwrite(fd, nowhere, 1, 0)), -EFAULT);
	tap_is("fsync", RESULT(fsync(fd)), 0);
	tap_is("stored", memcmp(v->store + SIZE - 40, buf, 40), 0);
	tap_is("size", object_info(fd).object_size, SIZE);
}

/* Refused before a byte is lost. */
static void test_truncate(void)
{
	static uint8_t buf[SIZE];
	struct stat st;

	open_served();
	CHECK_IS(RESULT(pread(fd, buf, SIZE, 0)), SIZE);
	CHECK_IS(RESULT(pwrite(fd, "kept", 4, SIZE - 4)), 4);
	tap_is("nothing", RESULT(ftruncate(fd, 0)), -EPERM);
	tap_is("shorter", RESULT(ftruncate(fd, SIZE - 1)), -EPERM);
	tap_is("longer", RESULT(ftruncate(fd, SIZE + 1)), -EPERM);
	tap_is("much-longer", RESULT(ftruncate(fd, 1LL << 40)), -EPERM);
	tap_is("same", RESULT(ftruncate(fd, SIZE)), 0);
	tap_is("negative", RESULT(ftruncate(fd, -1)), -EINVAL);
	tap_is("path", RESULT(truncate(fd_path(fd), PAGE)), -EPERM);
	tap_is("allocate", RESULT(fallocate(fd, 0, 0, PAGE)), -EOPNOTSUPP);
	tap_is("punch", RESULT(fallocate(fd, FALLOC_FL_PUNCH_HOLE |
					 FALLOC_FL_KEEP_SIZE, 0, PAGE)),
	       -EOPNOTSUPP);
	CHECK_IS(RESULT(fstat(fd, &st)), 0);
	tap_is("size", st.st_size, SIZE);
	CHECK_IS(RESULT(pread(fd, buf, SIZE, 0)), SIZE);
	tap_sub("data", pattern_is(buf, 0, SIZE - 4, 1) &&
		!memcmp(buf + SIZE - 4, "kept", 4), "data were lost");
}

/* Each write of it goes to the end, where there is no room. */
static void test_append_end(void)
{
	uint8_t buf[8];

	open_served();
	CHECK_IS(RESULT(fcntl(fd, F_SETFL, O_APPEND)), 0);
	tap_is("write", RESULT(write(fd, "one", 3)), -ENOSPC);
	CHECK_IS(RESULT(lseek(fd, PAGE, SEEK_SET)), PAGE);
	tap_is("write-within", RESULT(write(fd, "one", 3)), -ENOSPC);
	tap_is("pwrite", RESULT(pwrite(fd, "one", 3, 0)), -ENOSPC);
	CHECK_IS(RESULT(fcntl(fd, F_SETFL, 0)), 0);
	tap_is("flag", RESULT(pwritev2(fd, &(struct iovec){ "one", 3 }, 1, 0,
				       RWF_APPEND)), -ENOSPC);
	CHECK_IS(RESULT(pread(fd, buf, 8, 0)), 8);
	tap_sub("start", pattern_is(buf, 0, 8, 1), "written at the start");
	CHECK_IS(RESULT(pread(fd, buf, 8, PAGE)), 8);
	tap_sub("within", pattern_is(buf, PAGE, 8, 1), "written within");
	tap_is("again", RESULT(pwrite(fd, "one", 3, 0)), 3);
}

static void test_direct(void)
{
	uint8_t *buf = shared_alloc(4 * PAGE);

	open_served();
	tap_is("set", RESULT(fcntl(fd, F_SETFL, O_DIRECT)), 0);
	tap_is("read", RESULT(pread(fd, buf, 4 * PAGE, 8 * PAGE)), 4 * PAGE);
	tap_sub("data", pattern_is(buf, 8 * PAGE, 4 * PAGE, 1), "wrong data");
	pattern_fill(buf, 0, 2 * PAGE, 2);
	tap_is("write", RESULT(pwrite(fd, buf, 2 * PAGE, 9 * PAGE)), 2 * PAGE);
	tap_is("fsync", RESULT(fsync(fd)), 0);
	tap_is("stored", memcmp(v->store + 9 * PAGE, buf, 2 * PAGE), 0);
	tap_is("clear", RESULT(fcntl(fd, F_SETFL, 0)), 0);
	if (!v->name[0])
		return;
	fd = node_open(v->name, O_RDWR | O_DIRECT);
	tap_sub("open", fd >= 0, "%s", tap_result(fd));
	tap_is("read-opened", RESULT(pread(fd, buf, PAGE, 0)), PAGE);
	tap_sub("data-opened", pattern_is(buf, 0, PAGE, 1), "wrong data");
}

static long read_now(uint64_t at)
{
	uint8_t buf[16];

	return RESULT(preadv2(fd, &(struct iovec){ buf, sizeof(buf) }, 1, at,
			      RWF_NOWAIT));
}

static long write_now(uint64_t at)
{
	return RESULT(pwritev2(fd, &(struct iovec){ "now", 3 }, 1, at,
			       RWF_NOWAIT));
}

/* Who does not want to wait is not made to: the pager holds all that comes. */
static void test_nowait(void)
{
	uint8_t byte;

	open_served();
	CHECK_IS(RESULT(pread(fd, &byte, 1, 0)), 1);
	v->hold = SERVE_HOLD(MACH_OP_DATA_REQUEST);
	tap_is("present", read_now(1), 16);
	tap_is("absent", read_now(8 * PAGE), -EAGAIN);
	tap_is("part", read_now(4 * PAGE - 8), 8);
	tap_is("write-present", write_now(2), 3);
	tap_is("write-absent", write_now(8 * PAGE), -EAGAIN);
	tap_is("end", read_now(SIZE), 0);
	tap_is("write-synced", RESULT(pwritev2(fd, &(struct iovec){ "now", 3 }, 1,
					       2, RWF_NOWAIT | RWF_DSYNC)),
	       -EAGAIN);
	v->hold = 0;
	CHECK_IS(RESULT(pread(fd, &byte, 1, 8 * PAGE)), 1);
	tap_is("present-now", read_now(8 * PAGE), 16);
}

static void test_sequence(void)
{
	open_served();
	CHECK_IS(RESULT(lseek(fd, 2 * PAGE, SEEK_SET)), 2 * PAGE);
	CHECK_IS(RESULT(write(fd, "one", 3)), 3);
	CHECK_IS(RESULT(write(fd, "two", 3)), 3);
	CHECK_IS(RESULT(lseek(fd, 0, SEEK_CUR)), 2 * PAGE + 6);
	CHECK_IS(RESULT(fdatasync(fd)), 0);
	CHECK(!memcmp(v->store + 2 * PAGE, "onetwo", 6), "wrong data");
}

/* Writing and mapping are two ways to the same pages. */
static void test_coherent(void)
{
	volatile uint8_t *map;
	uint8_t byte;

	open_served();
	map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED, "mmap: %m");
	CHECK_IS(RESULT(pwrite(fd, "Q", 1, PAGE + 1)), 1);
	CHECK_IS(map[PAGE + 1], 'Q');
	map[PAGE + 1] = 'R';
	CHECK_IS(RESULT(pread(fd, &byte, 1, PAGE + 1)), 1);
	CHECK_IS(byte, 'R');
	CHECK_IS(RESULT(pwrite(fd, "S", 1, PAGE + 1)), 1);
	CHECK_IS(map[PAGE + 1], 'S');
	map[9 * PAGE] = 'T';
	CHECK_IS(RESULT(fsync(fd)), 0);
	CHECK(v->store[PAGE + 1] == 'S' && v->store[9 * PAGE] == 'T',
	      "fsync did not save it");
}

/* What a program writes behind the end, in the last page, is nobody's. */
static void test_tail(void)
{
	volatile uint8_t *map;

	open_served();
	map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED, "mmap: %m");
	for (uint64_t i = SIZE; i % PAGE; i++)
		CHECK(!map[i], "byte 0x%llx is %02x", (unsigned long long)i,
		      map[i]);
	map[SIZE - 1] = 'L';
	map[SIZE] = 'X';
	CHECK_IS(RESULT(fsync(fd)), 0);
	CHECK_IS(v->store[SIZE - 1], 'L');
	CHECK_IS(v->store[SIZE], 0);
}

static void test_errors(void)
{
	uint8_t buf[2 * PAGE];

	open_served();
	CHECK_IS(RESULT(pread(fd, buf, 1, 0)), 1);
	v->fail_read = ENXIO;
	tap_is("read", RESULT(pread(fd, buf, 1, 8 * PAGE)), -ENXIO);
	tap_is("write-part", RESULT(pwrite(fd, buf, 1, 8 * PAGE)), -ENXIO);
	tap_is("short-read", RESULT(pread(fd, buf, 2 * PAGE, 3 * PAGE)), PAGE);
	tap_is("resident", RESULT(pread(fd, buf, 1, 1)), 1);
	v->fail_read = 0;
	tap_is("again", RESULT(pread(fd, buf, 1, 8 * PAGE)), 1);
	tap_sub("data", pattern_is(buf, 8 * PAGE, 1, 1), "wrong data");
	CHECK_IS(RESULT(pwrite(fd, "w", 1, 0)), 1);
	v->fail_write = EIO;
	tap_is("fsync-lost", RESULT(fsync(fd)), -EIO);
	v->fail_write = 0;
	tap_is("fsync-again", RESULT(fsync(fd)), 0);
	tap_is("saved", v->store[0], 'w');
	CHECK_IS(RESULT(pwrite(fd, "z", 1, 0)), 1);
	v->fail_sync = ENOSPC;
	tap_is("sync-fails", RESULT(fsync(fd)), -ENOSPC);
	v->fail_sync = 0;
	tap_is("sync-again", RESULT(fsync(fd)), 0);
}

static void test_dead(void)
{
	uint8_t buf[8];

	open_served();
	CHECK_IS(RESULT(pread(fd, buf, 1, 0)), 1);
	serve_kill(v);
	tap_is("read", RESULT(pread(fd, buf, 1, 8 * PAGE)), -EIO);
	tap_is("read-resident", RESULT(pread(fd, buf, 1, 0)), -EIO);
	tap_is("write", RESULT(pwrite(fd, buf, 1, 0)), -EIO);
	tap_is("fsync", RESULT(fsync(fd)), -EIO);
}

static void test_modes(void)
{
	uint8_t byte;
	int ro, wo;

	tap_variant = RING_NODE;
	open_served();
	ro = node_open("file-test", O_RDONLY);
	wo = node_open("file-test", O_WRONLY);
	CHECK(ro >= 0 && wo >= 0, "open: %s, %s", tap_result(ro),
	      tap_result(wo));
	tap_is("read-only-write", RESULT(write(ro, "x", 1)), -EBADF);
	tap_is("write-only-read", RESULT(read(wo, &byte, 1)), -EBADF);
	tap_is("read-only-read", RESULT(read(ro, &byte, 1)), 1);
	tap_is("write-only-write", RESULT(pwrite(wo, "x", 1, 9 * PAGE)), 1);
	tap_is("truncating-open", node_open("file-test", O_RDWR | O_TRUNC),
	       -EPERM);
	tap_is("truncating-read", node_open("file-test", O_RDONLY | O_TRUNC),
	       -EPERM);
	tap_is("still-there", RESULT(pread(ro, &byte, 1, 9 * PAGE)), 1);
	tap_is("byte", byte, 'x');
}

#define ALL(n, fn)							\
	{ .name = n "-ring-object", .run = fn, RING_OBJECT },		\
	{ .name = n "-ring-node", .run = fn, RING_NODE },		\
	{ .name = n "-ioctl-node", .run = fn, IOCTL_NODE }

static const struct tap_test tests[] = {
	ALL("read", test_read),
	ALL("pread", test_pread),
	ALL("readv", test_readv),
	ALL("lseek", test_lseek),
	ALL("extent", test_extent),
	ALL("stat", test_stat),
	ALL("times", test_times),
	ALL("write", test_write),
	ALL("write-end", test_write_end),
	ALL("truncate", test_truncate),
	ALL("append-end", test_append_end),
	ALL("direct", test_direct),
	ALL("nowait", test_nowait),
	ALL("sequence", test_sequence),
	ALL("coherent", test_coherent),
	ALL("tail", test_tail),
	ALL("errors", test_errors),
	ALL("dead", test_dead),
	{ .name = "modes", .run = test_modes },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
