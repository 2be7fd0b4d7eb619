// SPDX-License-Identifier: GPL-2.0-only
/* An object's bytes by splice and sendfile: into pipes, files and sockets. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "direct.h"
#include "serve.h"
#include "tap.h"

#define SIZE	(64 * PAGE + 100)

static struct serve *s;
static char *got;

static void open_object(void)
{
	s = serve_new(SIZE, 4 * PAGE, 1);
	serve_start(s);
	got = shared_alloc(SIZE + PAGE);
}

/* All that comes out of a descriptor until its end */
static long drain(int fd)
{
	long n, done = 0;

	while ((n = RESULT(read(fd, got + done, SIZE + PAGE - done))) > 0)
		done += n;
	return n ?: done;
}

static void *do_drain(void *arg)
{
	return (void *)drain(*(int *)arg);
}

static long send_all(int to)
{
	long n, done = 0;

	while ((n = RESULT(sendfile(to, s->fd, NULL, SIZE))) > 0)
		done += n;
	return n ?: done;
}

/* Into @to, whose other end is @from */
static void into(int to, int from, long (*fill)(int to))
{
	pthread_t thread;
	void *drained;
	long sent;

	CHECK(!pthread_create(&thread, NULL, do_drain, &from), "no thread");
	sent = fill(to);
	close(to);
	pthread_join(thread, &drained);
	tap_is("sent", sent, SIZE);
	tap_is("arrived", (long)drained, SIZE);
	CHECK(pattern_is(got, 0, SIZE, 1), "wrong data");
}

static long splice_all(int to)
{
	long n, done = 0;

	while ((n = RESULT(splice(s->fd, NULL, to, NULL, SIZE, 0))) > 0)
		done += n;
	return n ?: done;
}

static void test_pipe(void)
{
	int fds[2];

	open_object();
	CHECK(!pipe(fds), "pipe: %m");
	into(fds[1], fds[0], splice_all);
}

static void test_sendfile_pipe(void)
{
	int fds[2];

	open_object();
	CHECK(!pipe(fds), "pipe: %m");
	into(fds[1], fds[0], send_all);
}

static void test_socket(void)
{
	int fds[2];

	open_object();
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, fds), "socketpair: %m");
	into(fds[1], fds[0], send_all);
}

static void test_file(void)
{
	int fd = memfd_create("copy", 0);

	open_object();
	tap_is("sent", send_all(fd), SIZE);
	tap_is("size", lseek(fd, 0, SEEK_END), SIZE);
	CHECK_IS(RESULT(pread(fd, got, SIZE, 0)), SIZE);
	CHECK(pattern_is(got, 0, SIZE, 1), "wrong data");
}

/* What is in the pipe stays what it was, also if the page is written or goes. */
static void test_kept(void)
{
	off_t offset = PAGE;
	uint8_t byte = 0x77;
	int fds[2];

	open_object();
	CHECK(!pipe(fds), "pipe: %m");
	CHECK_IS(RESULT(splice(s->fd, &offset, fds[1], NULL, PAGE, 0)), PAGE);
	CHECK_IS(RESULT(pwrite(s->fd, &byte, 1, PAGE)), 1);
	serve_stop(s);
	CHECK_IS(RESULT(read(fds[0], got, PAGE)), PAGE);
	CHECK(pattern_is(got, PAGE, PAGE, 1), "wrong data");
}

/* A page that moves out of the pipe into a file is not the object's. */
static void test_moved(void)
{
	int fd = memfd_create("moved", 0), fds[2];
	off_t offset = 2 * PAGE;
	uint8_t byte = 0x77;

	open_object();
	CHECK(!pipe(fds), "pipe: %m");
	CHECK_IS(RESULT(splice(s->fd, &offset, fds[1], NULL, PAGE,
			       SPLICE_F_MOVE)), PAGE);
	CHECK_IS(RESULT(splice(fds[0], NULL, fd, NULL, PAGE, SPLICE_F_MOVE)),
		 PAGE);
	CHECK_IS(RESULT(pwrite(fd, &byte, 1, 0)), 1);
	CHECK_IS(RESULT(pread(s->fd, got, PAGE, 2 * PAGE)), PAGE);
	CHECK(pattern_is(got, 2 * PAGE, PAGE, 1), "the object has changed");
}

static void test_error(void)
{
	int fds[2];

	open_object();
	s->fail_read = EIO;
	CHECK(!pipe(fds), "pipe: %m");
	tap_is("splice", RESULT(splice(s->fd, NULL, fds[1], NULL, PAGE, 0)),
	       -EIO);
	tap_is("sendfile", RESULT(sendfile(fds[1], s->fd, NULL, PAGE)), -EIO);
}

static const struct tap_test tests[] = {
	{ "pipe", test_pipe, 0, 0 },
	{ "sendfile-pipe", test_sendfile_pipe, 0, 0 },
	{ "socket", test_socket, 0, 0 },
	{ "file", test_file, 0, 0 },
	{ "kept", test_kept, 0, 0 },
	{ "moved", test_moved, 0, 0 },
	{ "error", test_error, 0, 0 },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
