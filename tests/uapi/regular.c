// SPDX-License-Identifier: GPL-2.0-only
/* An object does for programs what a regular file does: copies, locks, and more. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/loop.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "direct.h"
#include "place.h"
#include "serve.h"
#include "tap.h"

#define SIZE	(64 * PAGE)
#define NAME	"regular"
#define RW	(PROT_READ | PROT_WRITE)

static struct serve *v;
static int fd;
static uint8_t *buf;

static int must_open(const char *name, int flags)
{
	long opened_fd = node_open(name, flags);

	CHECK(opened_fd >= 0, "open %s: %s", name, tap_result(opened_fd));
	return opened_fd;
}

static struct serve *serve_named(const char *name, uint32_t seed)
{
	struct serve *served = serve_new(SIZE, 4 * PAGE, seed);

	strcpy(served->name, name);
	serve_start(served);
	return served;
}

static void open_served(void)
{
	buf = shared_alloc(SIZE);
	v = serve_named(NAME, 1);
	fd = must_open(NAME, O_RDWR);
}

static uint8_t *map_all(int flags)
{
	uint8_t *map = mmap(NULL, SIZE, RW, flags, fd, 0);

	CHECK(map != MAP_FAILED, "mmap: %m");
	return map;
}

/* A descriptor of an object read whole: is it the pattern from @offset on? */
static bool file_is(int file, uint64_t offset, size_t length, uint32_t seed)
{
	CHECK_IS(RESULT(pread(file, buf, length, offset)), length);
	return pattern_is(buf, offset, length, seed);
}

static void test_map(void)
{
	uint8_t *shared, *private;

	open_served();
	shared = map_all(MAP_SHARED);
	private = map_all(MAP_PRIVATE);
	tap_sub("shared", pattern_is(shared, 0, SIZE, 1), "wrong data");
	tap_sub("private", pattern_is(private, 0, SIZE, 1), "wrong data");
	private[PAGE] ^= 0xff;
	tap_sub("own", pattern_is(shared, 0, SIZE, 1), "a private write shows");
	shared[2 * PAGE] ^= 0xff;
	tap_is("seen", private[2 * PAGE], shared[2 * PAGE]);
	tap_is("grow", RESULT(mremap(shared, SIZE, 2 * SIZE,
				     MREMAP_MAYMOVE)) > 0, 1);
	tap_is("dirty", object_info(fd).dirty, 1);
}

static void test_copy_range(void)
{
	int file = memfd_create("file", 0), other;
	loff_t from, to;

	open_served();
	CHECK_IS(RESULT(ftruncate(file, SIZE)), 0);
	serve_named("regular-2", 2);
	other = must_open("regular-2", O_RDWR);
	from = 3 * PAGE;
	to = 3 * PAGE;
	tap_is("between", RESULT(copy_file_range(fd, &from, other, &to,
						 9 * PAGE, 0)), 9 * PAGE);
	tap_sub("copied", file_is(other, 3 * PAGE, 9 * PAGE, 1), "wrong data");
	tap_sub("before", file_is(other, 0, 3 * PAGE, 2), "wrong data");
	tap_sub("after", file_is(other, 12 * PAGE, PAGE, 2), "wrong data");
	to = SIZE;
	tap_is("at-end", RESULT(copy_file_range(fd, &from, other, &to, PAGE,
						0)), -ENOSPC);
	from = 0;
	to = 0;
	tap_is("away", RESULT(copy_file_range(fd, &from, file, &to, PAGE, 0)),
	       -EXDEV);
	tap_is("from-elsewhere", RESULT(copy_file_range(file, &from, fd, &to,
							PAGE, 0)), -EXDEV);
}

static void test_sendfile(void)
{
	int file = memfd_create("file", 0);
	off_t from = 0;

	open_served();
	tap_is("out", RESULT(sendfile(file, fd, &from, SIZE)), SIZE);
	tap_sub("arrived", file_is(file, 0, SIZE, 1), "wrong data");
	pattern_fill(buf, 0, SIZE, 2);
	CHECK_IS(RESULT(pwrite(file, buf, SIZE, 0)), SIZE);
	from = 0;
	tap_is("in", RESULT(sendfile(fd, file, &from, SIZE)), SIZE);
	tap_sub("written", file_is(fd, 0, SIZE, 2), "wrong data");
	from = 0;
	tap_is("beyond", RESULT(sendfile(fd, file, &from, PAGE)), -ENOSPC);
	tap_is("fsync", RESULT(fsync(fd)), 0);
	tap_sub("stored", pattern_is(v->store, 0, SIZE, 2), "not stored");
}

static void test_splice_in(void)
{
	loff_t at = 5 * PAGE + 100;
	int fds[2];

	open_served();
	CHECK(!pipe(fds), "pipe: %m");
	pattern_fill(buf, at, 3 * PAGE, 2);
	CHECK_IS(RESULT(write(fds[1], buf, 3 * PAGE)), 3 * PAGE);
	tap_is("splice", RESULT(splice(fds[0], NULL, fd, &at, 3 * PAGE,
				       SPLICE_F_MOVE)), 3 * PAGE);
	tap_is("offset", at, 8 * PAGE + 100);
	tap_sub("written", file_is(fd, 5 * PAGE + 100, 3 * PAGE, 2),
		"wrong data");
	tap_sub("before", file_is(fd, 0, 5 * PAGE + 100, 1), "wrong data");
	tap_is("fsync", RESULT(fsync(fd)), 0);
	tap_sub("stored", pattern_is(v->store + 5 * PAGE + 100, 5 * PAGE + 100,
				     3 * PAGE, 2), "not stored");
}

static long ofd_lock(int file, int type, off_t start, off_t length)
{
	struct flock lock = {
		.l_type = type, .l_whence = SEEK_SET,
		.l_start = start, .l_len = length,
	};

	return RESULT(fcntl(file, F_OFD_SETLK, &lock));
}

/* By whatever descriptor: the lock is of the one file. */
static void test_locks(void)
{
	int other;

	open_served();
	other = must_open(NAME, O_RDWR);
	tap_is("flock", RESULT(flock(fd, LOCK_EX)), 0);
	tap_is("taken", RESULT(flock(other, LOCK_EX | LOCK_NB)), -EWOULDBLOCK);
	tap_is("descriptor", RESULT(flock(v->fd, LOCK_SH | LOCK_NB)),
	       -EWOULDBLOCK);
	tap_is("unlock", RESULT(flock(fd, LOCK_UN)), 0);
	tap_is("free", RESULT(flock(other, LOCK_EX | LOCK_NB)), 0);
	tap_is("range", ofd_lock(fd, F_WRLCK, 0, PAGE), 0);
	tap_is("range-taken", ofd_lock(other, F_RDLCK, 10, 1), -EAGAIN);
	tap_is("range-descriptor", ofd_lock(v->fd, F_WRLCK, 10, 1), -EAGAIN);
	tap_is("range-beside", ofd_lock(other, F_WRLCK, PAGE, PAGE), 0);
	close(fd);
	tap_is("range-closed", ofd_lock(other, F_WRLCK, 0, PAGE), 0);
}

/* Who wants to write must wait until the reader has given his lease back. */
static void test_lease(void)
{
	open_served();
	signal(SIGIO, SIG_IGN);
	close(fd);
	fd = must_open(NAME, O_RDONLY);
	tap_is("none", RESULT(fcntl(fd, F_GETLEASE)), F_UNLCK);
	tap_is("take", RESULT(fcntl(fd, F_SETLEASE, F_RDLCK)), 0);
	tap_is("has", RESULT(fcntl(fd, F_GETLEASE)), F_RDLCK);
	tap_is("reader", opened(node_open(NAME, O_RDONLY)), 0);
	tap_is("writer", node_open(NAME, O_RDWR | O_NONBLOCK), -EWOULDBLOCK);
	tap_is("broken", RESULT(fcntl(fd, F_GETLEASE)), F_UNLCK);
	tap_is("give-back", RESULT(fcntl(fd, F_SETLEASE, F_UNLCK)), 0);
	tap_is("writes", opened(node_open(NAME, O_RDWR | O_NONBLOCK)), 0);
}

/* Read events until one is of this watch and mask, and of this name if any. */
static bool event_comes(int events, int watch, uint32_t mask, const char *name)
{
	char room[4096] __attribute__((aligned(8)));
	long length = RESULT(read(events, room, sizeof(room)));
	const struct inotify_event *event;
	bool found = false;

	for (char *at = room; at < room + length;
	     at += sizeof(*event) + event->len) {
		event = (void *)at;
		found |= event->wd == watch && event->mask & mask &&
			 (!name || (event->len && !strcmp(event->name, name)));
	}
	return found;
}

#define EXPECT(events, watch, mask, name)				\
	CHECK_WAIT(event_comes(events, watch, mask, name), WAIT_MS,	\
		   "no " #mask)

static void test_inotify(void)
{
	int events = inotify_init1(IN_NONBLOCK), dir, file;
	uint8_t byte;

	CHECK(events >= 0, "inotify: %m");
	dir = inotify_add_watch(events, MACH_VM_NODE_DIR, IN_ALL_EVENTS);
	CHECK(dir >= 0, "watch: %m");
	v = serve_named(NAME, 1);
	EXPECT(events, dir, IN_CREATE, NAME);
	file = inotify_add_watch(events, node_path(NAME), IN_ALL_EVENTS);
	CHECK(file >= 0, "watch: %m");
	fd = must_open(NAME, O_RDWR);
	EXPECT(events, file, IN_OPEN, NULL);
	CHECK_IS(RESULT(pread(fd, &byte, 1, 0)), 1);
	EXPECT(events, file, IN_ACCESS, NULL);
	CHECK_IS(RESULT(pwrite(fd, &byte, 1, 0)), 1);
	EXPECT(events, file, IN_MODIFY, NULL);
	CHECK_IS(RESULT(chmod(node_path(NAME), 0640)), 0);
	EXPECT(events, dir, IN_ATTRIB, NAME);
	close(fd);
	EXPECT(events, file, IN_CLOSE_WRITE, NULL);
	CHECK_IS(RESULT(unlink(node_path(NAME))), 0);
	EXPECT(events, dir, IN_DELETE, NAME);
}

/* Also if the pager takes the name away, or dies of it. */
static void ends(bool by_unlink)
{
	int events = inotify_init1(IN_NONBLOCK), file;

	v = serve_named(NAME, 1);
	close(v->fd);
	file = inotify_add_watch(events, node_path(NAME), IN_ALL_EVENTS);
	CHECK(file >= 0, "watch: %m");
	if (by_unlink)
		CHECK_IS(RESULT(unlink(node_path(NAME))), 0);
	else
		serve_kill(v);
	EXPECT(events, file, IN_DELETE_SELF, NULL);
	close(events);
	if (by_unlink)
		serve_stop(v);
}

static void test_inotify_end(void)
{
	int events = inotify_init1(IN_NONBLOCK), dir;

	ends(true);
	dir = inotify_add_watch(events, MACH_VM_NODE_DIR, IN_DELETE);
	CHECK(dir >= 0, "watch: %m");
	ends(false);
	EXPECT(events, dir, IN_DELETE, NAME);
}

/* The line of /proc/self/maps for the mapping at @at: path and inode */
static bool find_map(const void *at, char *path, unsigned long *inode)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long start;
	bool found = false;
	char line[512];

	CHECK(maps, "maps: %m");
	while (!found && fgets(line, sizeof(line), maps))
		found = sscanf(line, "%lx-%*x %*s %*x %*x:%*x %lu %255[^\n]",
			       &start, inode, path) == 3 &&
			start == (uintptr_t)at;
	fclose(maps);
	return found;
}

static void test_maps(void)
{
	char path[256], link[256] = "";
	unsigned long inode;
	struct stat st;
	void *map;

	open_served();
	map = map_all(MAP_SHARED);
	CHECK(find_map(map, path, &inode), "the mapping is not in maps");
	tap_sub("path", !strcmp(path, node_path(NAME)), "%s", path);
	CHECK_IS(RESULT(stat(path, &st)), 0);
	tap_is("inode", st.st_ino == inode, 1);
	CHECK(readlink(fd_path(fd), link, sizeof(link) - 1) > 0, "%m");
	tap_sub("link", !strcmp(link, node_path(NAME)), "%s", link);
	CHECK_IS(RESULT(unlink(path)), 0);
	CHECK(find_map(map, path, &inode), "the mapping is not in maps");
	tap_sub("deleted", strstr(path, NAME " (deleted)"), "%s", path);
	tap_is("inode-stays", st.st_ino == inode, 1);
}

/* One command on registered file 0; its result */
static long ring_do(struct io_uring *ring, struct io_uring_sqe *sqe)
{
	struct io_uring_cqe *cqe;
	long res;

	sqe->flags |= IOSQE_FIXED_FILE;
	CHECK_IS(io_uring_submit_and_wait(ring, 1), 1);
	CHECK_IS(io_uring_wait_cqe(ring, &cqe), 0);
	res = cqe->res;
	io_uring_cqe_seen(ring, cqe);
	return res;
}

static long ring_write(struct io_uring *ring, size_t length, uint64_t at)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	io_uring_prep_write(sqe, 0, buf, length, at);
	return ring_do(ring, sqe);
}

static long ring_read(struct io_uring *ring, size_t length, uint64_t at)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	io_uring_prep_read(sqe, 0, buf, length, at);
	return ring_do(ring, sqe);
}

static long ring_fixed(struct io_uring *ring, size_t length, uint64_t at)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	io_uring_prep_read_fixed(sqe, 0, buf, length, at, 0);
	return ring_do(ring, sqe);
}

static void test_ring(void)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	struct iovec room;

	open_served();
	room = (struct iovec){ buf, SIZE };
	CHECK_IS(io_uring_queue_init(8, &ring, 0), 0);
	tap_is("register", io_uring_register_files(&ring, &fd, 1), 0);
	tap_is("buffers", io_uring_register_buffers(&ring, &room, 1), 0);
	close(fd);
	tap_is("read", ring_read(&ring, 8 * PAGE, 0), 8 * PAGE);
	tap_sub("data", pattern_is(buf, 0, 8 * PAGE, 1), "wrong data");
	tap_is("read-again", ring_read(&ring, 4 * PAGE, 2 * PAGE), 4 * PAGE);
	tap_sub("data-again", pattern_is(buf, 2 * PAGE, 4 * PAGE, 1),
		"wrong data");
	tap_is("read-fixed", ring_fixed(&ring, 9 * PAGE, 20 * PAGE), 9 * PAGE);
	tap_sub("data-fixed", pattern_is(buf, 20 * PAGE, 9 * PAGE, 1),
		"wrong data");
	pattern_fill(buf, 5 * PAGE, PAGE, 2);
	tap_is("write", ring_write(&ring, PAGE, 5 * PAGE), PAGE);
	tap_is("write-end", ring_write(&ring, PAGE, SIZE), -ENOSPC);
	tap_is("read-end", ring_read(&ring, PAGE, SIZE), 0);
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_fsync(sqe, 0, 0);
	tap_is("fsync", ring_do(&ring, sqe), 0);
	tap_sub("stored", pattern_is(v->store + 5 * PAGE, 5 * PAGE, PAGE, 2),
		"not stored");
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_fallocate(sqe, 0, 0, 0, PAGE);
	tap_is("allocate", ring_do(&ring, sqe), -EOPNOTSUPP);
	io_uring_queue_exit(&ring);
}

/* An object with the bytes of a program, which its owner may run */
static void serve_program(const char *program)
{
	int file = open(program, O_RDONLY | O_CLOEXEC);
	struct stat st;

	CHECK(file >= 0 && !fstat(file, &st), "%s: %m", program);
	v = serve_new(st.st_size, 16 * PAGE, 1);
	CHECK_IS(RESULT(pread(file, v->store, st.st_size, 0)), st.st_size);
	close(file);
	strcpy(v->name, NAME);
	serve_start(v);
	CHECK_IS(RESULT(chmod(node_path(NAME), 0755)), 0);
}

/* Begin to run it, between two pipes; the process */
static pid_t run_program(int *to, int *from)
{
	int in[2], out[2];
	pid_t pid;

	CHECK(!pipe2(in, O_CLOEXEC) && !pipe2(out, O_CLOEXEC), "pipe: %m");
	pid = fork();
	CHECK(pid >= 0, "fork: %m");
	if (!pid) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		execl(node_path(NAME), "cat", NULL);
		_exit(errno);
	}
	close(in[0]);
	close(out[1]);
	*to = in[1];
	*from = out[0];
	return pid;
}

static long end_program(pid_t pid, int to, int from)
{
	int status;

	close(to);
	close(from);
	CHECK_IS(RESULT(waitpid(pid, &status, 0)), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   TAP_SIGNAL(WTERMSIG(status));
}

static void test_execute(void)
{
	char echo[8] = "";
	int to, from;
	pid_t pid;

	serve_program("/bin/cat");
	pid = run_program(&to, &from);
	CHECK_IS(RESULT(write(to, "hello", 5)), 5);
	tap_is("runs", RESULT(read(from, echo, sizeof(echo))), 5);
	tap_sub("right", !memcmp(echo, "hello", 5), "it says %s", echo);
	tap_is("writer", node_open(NAME, O_WRONLY), -ETXTBSY);
	tap_is("reader", opened(node_open(NAME, O_RDONLY)), 0);
	tap_is("end", end_program(pid, to, from), 0);
	fd = must_open(NAME, O_RDWR);
	pid = run_program(&to, &from);
	tap_is("written", end_program(pid, to, from), ETXTBSY);
	close(fd);
	CHECK_IS(RESULT(chmod(node_path(NAME), 0644)), 0);
	pid = run_program(&to, &from);
	tap_is("no-program", end_program(pid, to, from), EACCES);
}

static void test_mincore(void)
{
	unsigned char core[SIZE / PAGE];
	uint8_t *map;

	open_served();
	map = map_all(MAP_SHARED);
	CHECK_IS(RESULT(mincore(map, SIZE, core)), 0);
	for (size_t i = 0; i < ARRAY_SIZE(core); i++)
		CHECK(!(core[i] & 1), "page %zu is there before its use", i);
	(void)*(volatile uint8_t *)map;
	(void)*(volatile uint8_t *)(map + 20 * PAGE);
	CHECK_IS(RESULT(mincore(map, SIZE, core)), 0);
	tap_is("read", core[0] & 1, 1);
	tap_is("read-too", core[20] & 1, 1);
	tap_is("other", core[40] & 1, 0);
}

static void on_loop(int flags)
{
	struct loop_info64 info;
	uint8_t *page;
	int loop;

	open_served();
	page = shared_alloc(PAGE);
	loop = loop_device(fd, flags);
	close(fd);
	CHECK_IS(RESULT(ioctl(loop, LOOP_GET_STATUS64, &info)), 0);
	tap_is("direct", info.lo_flags & LO_FLAGS_DIRECT_IO, flags);
	tap_is("size", RESULT(lseek(loop, 0, SEEK_END)), SIZE);
	tap_is("read", RESULT(pread(loop, buf, SIZE, 0)), SIZE);
	tap_sub("data", pattern_is(buf, 0, SIZE, 1), "wrong data");
	pattern_fill(page, 9 * PAGE, PAGE, 2);
	tap_is("write", RESULT(pwrite(loop, page, PAGE, 9 * PAGE)), PAGE);
	tap_is("fsync", RESULT(fsync(loop)), 0);
	tap_sub("stored", pattern_is(v->store + 9 * PAGE, 9 * PAGE, PAGE, 2),
		"not stored");
	close(loop);
}

static void test_loop(void)
{
	on_loop(tap_variant);
}

static long do_wait(const uint64_t *arg)
{
	struct timespec most = { .tv_sec = 5 * tap_slow() };

	return RESULT(syscall(SYS_futex, (uint32_t *)(uintptr_t)arg[0],
			      FUTEX_WAIT, arg[1], &most, NULL, 0));
}

static long wake(uint8_t *word)
{
	return RESULT(syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL,
			      0));
}

/* Who waits by one mapping is woken by another, and by another process. */
static void test_futex(void)
{
	uint8_t *here, *there;
	struct actor waiter;

	open_served();
	here = map_all(MAP_SHARED);
	there = map_all(MAP_SHARED);
	tap_is("nobody", wake(here + PAGE), 0);
	*(volatile uint32_t *)(here + PAGE) = 7;
	tap_is("other-value", do_wait(ACTOR_ARG_LIST((uintptr_t)there + PAGE,
						     8)), -EAGAIN);
	actor_start(&waiter, 1);
	actor_begin(&waiter, 0, do_wait, (uintptr_t)here + PAGE, 7);
	CHECK(actor_waits(&waiter, 0, 50), "it does not wait");
	tap_is("other-word", wake(there + PAGE + 4), 0);
	tap_is("wake", wake(there + PAGE), 1);
	tap_is("woken", actor_end(&waiter, 0), 0);
}

static const struct tap_test tests[] = {
	{ .name = "map", .run = test_map },
	{ .name = "copy-range", .run = test_copy_range },
	{ .name = "sendfile", .run = test_sendfile },
	{ .name = "splice-in", .run = test_splice_in },
	{ .name = "locks", .run = test_locks },
	{ .name = "lease", .run = test_lease },
	{ .name = "inotify", .run = test_inotify },
	{ .name = "inotify-end", .run = test_inotify_end },
	{ .name = "maps", .run = test_maps },
	{ .name = "ring", .run = test_ring },
	{ .name = "execute", .run = test_execute },
	{ .name = "mincore", .run = test_mincore },
	{ .name = "loop", .run = test_loop, 0 },
	{ .name = "loop-direct", .run = test_loop, LO_FLAGS_DIRECT_IO },
	{ .name = "futex", .run = test_futex },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
