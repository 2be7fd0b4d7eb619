// SPDX-License-Identifier: GPL-2.0-only
/* Actors: forking them, telling them what to do, and what came of it. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actor.h"
#include "tap.h"

struct actor_call {
	actor_fn fn;
	uint64_t arg[ACTOR_ARGS];
};

#define HIDDEN_MAX	32
static int hidden[HIDDEN_MAX];
static unsigned int nr_hidden;

static __thread sigjmp_buf on_signal;

void actor_hide_fd(int fd)
{
	CHECK(nr_hidden < HIDDEN_MAX, "more than %d hidden descriptors",
	      HIDDEN_MAX);
	hidden[nr_hidden++] = fd;
}

void actor_unhide_fd(int fd)
{
	for (unsigned int i = 0; i < nr_hidden; i++)
		if (hidden[i] == fd)
			hidden[i] = hidden[--nr_hidden];
}

static void caught(int sig)
{
	siglongjmp(on_signal, sig);
}

static long run(const struct actor_call *call)
{
	int sig = sigsetjmp(on_signal, 1);

	if (sig)
		return TAP_SIGNAL(sig);
	return call->fn(call->arg);
}

static void *serve(void *arg)
{
	int sock = (int)(intptr_t)arg;
	struct actor_call call;

	while (read(sock, &call, sizeof(call)) == sizeof(call)) {
		long result = run(&call);

		if (write(sock, &result, sizeof(result)) != sizeof(result))
			break;
	}
	return NULL;
}

static void in_actor(const struct actor *a, const int *sock)
{
	struct sigaction sa = { .sa_handler = caught };
	pthread_t thread;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigaction(SIGBUS, &sa, NULL);
	sigaction(SIGSEGV, &sa, NULL);
	for (unsigned int i = 0; i < nr_hidden; i++)
		close(hidden[i]);
	for (unsigned int i = 0; i < a->threads; i++)
		close(a->sock[i]);
	for (unsigned int i = 1; i < a->threads; i++)
		if (pthread_create(&thread, NULL, serve,
				   (void *)(intptr_t)sock[i]))
			tap_fail("cannot start a thread");
	serve((void *)(intptr_t)sock[0]);
	_exit(0);
}

void actor_start(struct actor *a, unsigned int threads)
{
	int theirs[ACTOR_THREADS];
	pid_t pid;

	CHECK(threads >= 1 && threads <= ACTOR_THREADS, "%u threads", threads);
	a->threads = threads;
	for (unsigned int i = 0; i < threads; i++) {
		int pair[2];

		CHECK(!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
				  pair), "socketpair: %m");
		a->sock[i] = pair[0];
		theirs[i] = pair[1];
	}
	/* Not at once to @a, which the child may share. */
	pid = fork();
	CHECK(pid >= 0, "fork: %m");
	if (!pid)
		in_actor(a, theirs);
	a->pid = pid;
	for (unsigned int i = 0; i < threads; i++) {
		close(theirs[i]);
		/* Later actors must not keep this one from seeing the end. */
		actor_hide_fd(a->sock[i]);
	}
}

static void reap(struct actor *a)
{
	long end = tap_now_ms() + ACTOR_TIMEOUT;

	while (waitpid(a->pid, NULL, WNOHANG) == 0) {
		CHECK(tap_now_ms() < end, "process %d does not end", a->pid);
		tap_pause_ms(1);
	}
	a->pid = 0;
}

static void hang_up(struct actor *a)
{
	for (unsigned int i = 0; i < a->threads; i++) {
		actor_unhide_fd(a->sock[i]);
		close(a->sock[i]);
	}
}

void actor_stop(struct actor *a)
{
	hang_up(a);
	reap(a);
}

void actor_kill(struct actor *a)
{
	CHECK(!kill(a->pid, SIGKILL), "kill: %m");
	hang_up(a);
	reap(a);
}

void actor_begin_args(struct actor *a, unsigned int thread, actor_fn fn,
		      const uint64_t *arg)
{
	struct actor_call call = { .fn = fn };

	memcpy(call.arg, arg, sizeof(call.arg));
	CHECK(write(a->sock[thread], &call, sizeof(call)) == sizeof(call),
	      "a process of the test has gone: %m");
}

bool actor_waits(struct actor *a, unsigned int thread, int ms)
{
	struct pollfd pfd = { .fd = a->sock[thread], .events = POLLIN };

	return poll(&pfd, 1, ms) == 0;
}

long actor_end_within(struct actor *a, unsigned int thread, int ms)
{
	long result;

	CHECK(!actor_waits(a, thread, ms),
	      "a call that should have ended did not, after %d ms", ms);
	CHECK(read(a->sock[thread], &result, sizeof(result)) == sizeof(result),
	      "a process of the test has died");
	return result;
}

long actor_end(struct actor *a, unsigned int thread)
{
	return actor_end_within(a, thread, ACTOR_TIMEOUT);
}

long actor_do_args(struct actor *a, actor_fn fn, const uint64_t *arg)
{
	actor_begin_args(a, 0, fn, arg);
	return actor_end(a, 0);
}

void *shared_alloc(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED, "cannot map %zu bytes: %m", size);
	return p;
}

int actor_fd(struct actor *a, int fd)
{
	int pidfd = syscall(SYS_pidfd_open, a->pid, 0);
	int copy;

	CHECK(pidfd >= 0, "pidfd_open: %m");
	copy = syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	CHECK(copy >= 0, "pidfd_getfd: %m");
	close(pidfd);
	return copy;
}
