// SPDX-License-Identifier: GPL-2.0-only
/* A process that reads an object all the time, and changes nothing. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bystander.h"
#include "place.h"
#include "tap.h"
#include "testpager.h"

#define AT_ONCE		(4 * PAGE)

static int fd, ends[2];
static uint64_t room, state;
static uint8_t *map, buf[AT_ONCE];
static sigjmp_buf beyond_end;

static uint64_t below(uint64_t n)
{
	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (state >> 33) % n;
}

static void on_bus(int signal)
{
	siglongjmp(beyond_end, signal);
}

static void look(uint64_t at, uint64_t length)
{
	for (uint64_t i = 0; i < length; i += 512)
		(void)*(volatile uint8_t *)(map + at + i);
}

static void by_call(uint64_t at, uint64_t length)
{
	long n = RESULT(pread(fd, buf, length, at));

	CHECK(n >= 0, "pread: %s", tap_result(n));
}

/* A pipe holds the pages themselves. */
static void by_pipe(uint64_t at, uint64_t length)
{
	struct iovec from = { map + at, length };
	long n = RESULT(vmsplice(ends[1], &from, 1, SPLICE_F_NONBLOCK));

	CHECK(n >= 0 || n == -EFAULT || n == -EAGAIN, "vmsplice: %s",
	      tap_result(n));
	if (below(2))
		while (read(ends[0], buf, sizeof(buf)) > 0)
			;
}

static void forget(uint64_t at, uint64_t length)
{
	CHECK_IS(RESULT(madvise(map + at / PAGE * PAGE, length,
				MADV_DONTNEED)), 0);
}

static void look_again(void)
{
	uint64_t at = below(room - AT_ONCE), length = 1 + below(AT_ONCE);

	switch (below(5)) {
	case 0:
		by_call(at, length);
		break;
	case 1:
		by_pipe(at, length);
		break;
	case 2:
		forget(at, length);
		break;
	default:
		/* what was cut off is not there */
		if (!sigsetjmp(beyond_end, 1))
			look(at, length);
	}
	usleep(below(500));
}

static void stand_by(void)
{
	signal(SIGBUS, on_bus);
	fd = open(fd_path(fd), O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0, "open: %m");
	map = mmap(NULL, room, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED, "mmap: %m");
	CHECK(!pipe2(ends, O_NONBLOCK), "pipe: %m");
	for (;;)
		look_again();
}

pid_t bystander_start(int object, uint64_t length, uint64_t seed)
{
	pid_t pid = fork();

	CHECK(pid >= 0, "fork: %m");
	if (pid)
		return pid;
	fd = object;
	room = length;
	state = seed;
	stand_by();
	return 0;
}

void bystander_stop(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	CHECK_IS(RESULT(waitpid(pid, &status, 0)), pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
	      "the bystander: status %d", status);
}
