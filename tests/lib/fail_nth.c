// SPDX-License-Identifier: GPL-2.0-only
/* Failing the nth allocation of a thread, by its file in /proc. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fail_nth.h"
#include "tap.h"

#define FAIL_NTH	"/proc/thread-self/fail-nth"
#define FAIL_ALL	"/proc/thread-self/make-it-fail"
#define DEBUGFS		"/sys/kernel/debug/"

/* What can fail; of the first it is said below when it does. */
static const char * const points[] = {
	"fail_usercopy", "failslab", "fail_page_alloc", "fail_machvm",
};

static __thread sigjmp_buf on_signal;
static int fail_all_fd = -1;

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written;

	if (fd < 0)
		return false;
	written = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return written;
}

static void set(const char *point, const char *option, const char *value)
{
	char path[200];

	snprintf(path, sizeof(path), DEBUGFS "%s/%s", point, option);
	CHECK(write_file(path, value), "cannot write %s: %m", path);
}

void fail_nth_setup(void)
{
	if (access(FAIL_NTH, W_OK))
		tap_skip("this kernel has no fault injection");
	CHECK(write_file("/dev/kmsg", "machvm: allocations fail on purpose\n"),
	      "/dev/kmsg: %m");
	for (size_t i = 0; i < ARRAY_SIZE(points); i++)
		set(points[i], "verbose", "0");
	/* a place that no call stack leads through */
	set("fail_usercopy", "require-start", "1");
	set("fail_usercopy", "require-end", "2");
	set("failslab", "cache-filter", "N");
	set("failslab", "ignore-gfp-wait", "N");
	set("fail_page_alloc", "ignore-gfp-wait", "N");
	set("fail_page_alloc", "ignore-gfp-highmem", "N");
	set("fail_page_alloc", "min-order", "0");
	/* what the test itself touches must not be what fails */
	CHECK(!mlockall(MCL_CURRENT), "mlockall: %m");
}

unsigned int fail_next(unsigned int nth)
{
	return nth < 12 || !tap_brief() ? nth + 1 : nth + 3;
}

void fail_all_begin(bool everybody)
{
	fail_all_fd = open(FAIL_ALL, O_WRONLY | O_CLOEXEC);
	CHECK(fail_all_fd >= 0, "%s: %m", FAIL_ALL);
	for (size_t i = 1; i < ARRAY_SIZE(points); i++) {
		set(points[i], "task-filter", "Y");
		set(points[i], "interval", "1");
		set(points[i], "times", "-1");
		set(points[i], "probability", "100");
	}
	if (everybody)
		set("fail_machvm", "task-filter", "N");
	CHECK(pwrite(fail_all_fd, "1", 1, 0) == 1, "%s: %m", FAIL_ALL);
}

void fail_all_end(void)
{
	CHECK(pwrite(fail_all_fd, "0", 1, 0) == 1, "%s: %m", FAIL_ALL);
	for (size_t i = 1; i < ARRAY_SIZE(points); i++)
		set(points[i], "probability", "0");
	close(fail_all_fd);
}

static void caught(int sig)
{
	siglongjmp(on_signal, sig);
}

/* A signal ends the call alone. */
static long run(actor_fn fn, const uint64_t *arg)
{
	int sig = sigsetjmp(on_signal, 1);

	return sig ? TAP_SIGNAL(sig) : fn(arg);
}

/* Is the place still to come? */
static bool disarm(int fd)
{
	char text[16] = "";
	ssize_t got = pread(fd, text, sizeof(text) - 1, 0);
	int saved = errno;

	if (pwrite(fd, "0", 1, 0) != 1)
		tap_fail("writing fail-nth: %m");
	if (got < 0)
		tap_fail("reading fail-nth: %s", strerror(saved));
	return atoi(text) > 0;
}

void fail_nth_call(struct fail_call *c)
{
	struct sigaction sa = { .sa_handler = caught }, bus, segv;
	int fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	char text[16];
	int length;

	CHECK(fd >= 0, "%s: %m", FAIL_NTH);
	sigaction(SIGBUS, &sa, &bus);
	sigaction(SIGSEGV, &sa, &segv);
	length = snprintf(text, sizeof(text), "%u", c->nth);
	CHECK(pwrite(fd, text, length, 0) == length, "%s: %m", FAIL_NTH);
	c->result = run(c->fn, c->arg);
	c->injected = c->nth && !disarm(fd);
	sigaction(SIGBUS, &bus, NULL);
	sigaction(SIGSEGV, &segv, NULL);
	close(fd);
}

long do_fail_nth(const uint64_t *arg)
{
	fail_nth_call((struct fail_call *)(uintptr_t)arg[0]);
	return 0;
}
