// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who waits for a pager waits like a citizen: signals are taken, debuggers attach,
 * the freezer freezes, nobody else is held up; and afterwards the access is made.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"
#include "testpager.h"

#define SOON	(1000 * tap_slow())	/* ms */
#define SEED	5

/* What the waiting process does */
enum access { LOAD, STORE, PREAD, PWRITE, BY_LINUX };

static struct test_pager p;
static struct test_object o;
static struct test_request held;
static volatile int *signals;	/* that the process has handled */

static void count_signal(int sig)
{
	(void)sig;
	++*signals;
}

static long access_now(enum access access, volatile uint8_t *map)
{
	uint8_t byte = 1;
	int ends[2];

	switch (access) {
	case LOAD:
		return map[0];
	case STORE:
		map[0] = 1;
		return 0;
	case PREAD:
		return RESULT(pread(o.fd, &byte, 1, 0));
	case PWRITE:
		return RESULT(pwrite(o.fd, &byte, 1, 0));
	case BY_LINUX:
		return pipe(ends) ?: RESULT(write(ends[1], (void *)map, 1));
	}
	return -EINVAL;
}

static bool access_right(enum access access, long result)
{
	uint8_t first;

	if (access == PREAD || access == PWRITE || access == BY_LINUX)
		return result == 1;
	if (access == STORE)
		return !result;
	pattern_fill(&first, 0, 1, SEED);
	return result == first;
}

/* The process that waits: its exit status is 0 if the access was made. */
static pid_t waiter(enum access access)
{
	struct sigaction action = {
		.sa_handler = count_signal, .sa_flags = SA_RESTART,
	};
	pid_t pid = fork();
	void *map;

	CHECK(pid >= 0, "fork: %m");
	if (pid)
		return pid;
	close(p.fd);
	munmap((void *)p.array[0], p.size);
	sigaction(SIGUSR1, &action, NULL);
	map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, o.fd, 0);
	CHECK(map != MAP_FAILED, "mmap: %m");
	_exit(!access_right(access, access_now(access, map)));
}

/* One has sent its request, which is held. */
static pid_t begin(enum access access)
{
	const struct pager_setup setup = { .transport = BY_IOCTL };
	pid_t pid;

	signals = shared_alloc(PAGE);
	pager_open(&p, &setup);
	object_create(&p, &o, PAGE, 0, 0);
	pid = waiter(access);
	pager_expect(&p, &held, MACH_OP_DATA_REQUEST, 0, PAGE);
	return pid;
}

static bool ended(pid_t pid, int *status)
{
	return waitpid(pid, status, WNOHANG) == pid;
}

static void answer_and_end(pid_t pid)
{
	int status;

	pager_reply_one(&p, &held, part_pattern(0, PAGE, SEED));
	CHECK_WAIT(ended(pid, &status), SOON, "it does not go on");
	CHECK(!status, "the access was not made: %#x", status);
}

/* The letter of its state, as ps shows it */
static char state_of(pid_t pid)
{
	char path[32], text[512] = "";
	char *paren;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY);
	if (fd >= 0 && read(fd, text, sizeof(text) - 1) < 0)
		text[0] = 0;
	close(fd);
	paren = strrchr(text, ')');
	return paren ? paren[2] : '?';
}

static void test_state(void)
{
	pid_t pid = begin(tap_variant);

	/* who sleeps so is no load, and nobody takes it for stuck */
	CHECK_WAIT(state_of(pid) == 'S', SOON, "state %c", state_of(pid));
	answer_and_end(pid);
}

/* The first number of /proc/loadavg, in hundredths */
static long load_average(void)
{
	FILE *file = fopen("/proc/loadavg", "re");
	float average;

	CHECK(file && fscanf(file, "%f", &average) == 1, "loadavg: %m");
	fclose(file);
	return average * 100;
}

#define MANY		24
#define SAMPLES_MS	16000	/* in which Linux looks three times */

/*
 * Those whom a signal cannot take out of it are no load, either: three looks would
 * count a fifth of them.
 */
static void test_load(void)
{
	pid_t pid[MANY];
	long before;

	pid[0] = begin(tap_variant);
	for (unsigned int i = 1; i < MANY; i++)
		pid[i] = waiter(tap_variant);
	before = load_average();
	tap_pause_ms(SAMPLES_MS);
	tap_note("%ld/100 after %ld", load_average(), before);
	CHECK(load_average() < before + 100 * MANY / 10, "%ld/100 after %ld",
	      load_average(), before);
	answer_and_end(pid[0]);
	for (unsigned int i = 1; i < MANY; i++) {
		int status;

		CHECK_WAIT(ended(pid[i], &status), SOON, "%u does not go on", i);
		CHECK(!status, "%u has not made the access: %#x", i, status);
	}
}

static void test_signal(void)
{
	pid_t pid = begin(tap_variant);

	for (int i = 1; i <= 3; i++) {
		CHECK(!kill(pid, SIGUSR1), "kill: %m");
		CHECK_WAIT(*signals == i, SOON, "signal %d is not handled", i);
	}
	answer_and_end(pid);
}

static void test_stop(void)
{
	pid_t pid = begin(tap_variant);

	CHECK(!kill(pid, SIGSTOP), "kill: %m");
	CHECK_WAIT(state_of(pid) == 'T', SOON, "state %c", state_of(pid));
	CHECK(!kill(pid, SIGCONT), "kill: %m");
	answer_and_end(pid);
}

/* As a debugger does */
static void test_attach(void)
{
	pid_t pid = begin(tap_variant);
	int status;

	CHECK(!ptrace(PTRACE_SEIZE, pid, NULL, NULL), "seize: %m");
	CHECK(!ptrace(PTRACE_INTERRUPT, pid, NULL, NULL), "interrupt: %m");
	CHECK_WAIT(waitpid(pid, &status, WNOHANG) == pid, SOON,
		   "it does not stop");
	CHECK(WIFSTOPPED(status), "status %#x", status);
	CHECK(!ptrace(PTRACE_DETACH, pid, NULL, NULL), "detach: %m");
	answer_and_end(pid);
}

static void test_kill(void)
{
	pid_t pid = begin(tap_variant);
	int status;

	CHECK(!kill(pid, SIGKILL), "kill: %m");
	CHECK_WAIT(ended(pid, &status), SOON, "it stays");
}

static bool file_says(const char *path, const char *what)
{
	char text[256] = "";
	int fd = open(path, O_RDONLY);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		text[0] = 0;
	close(fd);
	return strstr(text, what);
}

static void write_file(const char *path, const char *what)
{
	int fd = open(path, O_WRONLY);

	CHECK(fd >= 0, "%s: %m", path);
	CHECK(write(fd, what, strlen(what)) == (ssize_t)strlen(what),
	      "%s: %m", path);
	close(fd);
}

#define GROUPS	"/tmp/machvm-cgroup"
#define GROUP	GROUPS "/waiting"

static void test_freezer(void)
{
	char number[16];
	pid_t pid;

	mkdir(GROUPS, 0755);
	CHECK(!mount("none", GROUPS, "cgroup2", 0, NULL) || errno == EBUSY,
	      "mount: %m");
	CHECK(!mkdir(GROUP, 0755) || errno == EEXIST, "mkdir: %m");
	pid = begin(tap_variant);
	snprintf(number, sizeof(number), "%d", pid);
	write_file(GROUP "/cgroup.procs", number);
	write_file(GROUP "/cgroup.freeze", "1");
	CHECK_WAIT(file_says(GROUP "/cgroup.events", "frozen 1"), SOON,
		   "it is not frozen");
	write_file(GROUP "/cgroup.freeze", "0");
	answer_and_end(pid);
	rmdir(GROUP);
	umount2(GROUPS, MNT_DETACH);
}

#define PM_DELAY	"/sys/module/suspend/parameters/pm_test_delay"

/* All processes are frozen, as suspending begins, and thawed a moment later. */
static void test_suspend(void)
{
	pid_t pid;

	if (access("/sys/power/pm_test", W_OK))
		tap_skip("a kernel without CONFIG_PM_DEBUG");
	write_file(PM_DELAY, "1");
	write_file("/sys/power/pm_test", "freezer");
	pid = begin(tap_variant);
	write_file("/sys/power/state", "freeze");
	write_file("/sys/power/pm_test", "none");
	answer_and_end(pid);
}

static long read_memory(pid_t pid, uint64_t address)
{
	char path[32], byte;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY);
	CHECK(fd >= 0, "%s: %m", path);
	return RESULT(pread(fd, &byte, 1, address));
}

/* A process that reads the memory of another; its status is the errno. */
static pid_t reader_of(struct actor *a)
{
	uint64_t map;
	pid_t pid;

	pager_open(&p, &(struct pager_setup){ .transport = BY_IOCTL });
	object_create(&p, &o, PAGE, 0, 0);
	actor_start(a, 1);
	map = actor_do(a, do_map, o.fd, PAGE, PROT_READ, MAP_SHARED);
	pid = fork();
	CHECK(pid >= 0, "fork: %m");
	if (!pid) {
		long got = read_memory(a->pid, map);

		_exit(got == 1 ? 0 : -got);
	}
	pager_expect(&p, &held, MACH_OP_DATA_REQUEST, 0, PAGE);
	return pid;
}

/*
 * A reader of another's memory keeps the lock of its areas: it gets an error
 * before those who need that lock notice.
 */
static void test_locked(void)
{
	struct actor a;
	pid_t pid = reader_of(&a);
	int status;

	CHECK_WAIT(ended(pid, &status), 1000 + SOON, "it waits on");
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == EIO, "status %#x",
	      status);
	/* the request goes on: its answer is not refused */
	pager_reply_one(&p, &held, part_pattern(0, PAGE, SEED));
	actor_kill(&a);
}

/* One that has its page in time is served. */
static void test_locked_served(void)
{
	struct actor a;

	answer_and_end(reader_of(&a));
	actor_kill(&a);
}

#define EACH(what, fn)							\
	{ .name = what "-load", .run = fn, .variant = LOAD },		\
	{ .name = what "-store", .run = fn, .variant = STORE },		\
	{ .name = what "-pread", .run = fn, .variant = PREAD },		\
	{ .name = what "-pwrite", .run = fn, .variant = PWRITE }

static const struct tap_test tests[] = {
	EACH("state", test_state),
	EACH("signal", test_signal),
	EACH("stop", test_stop),
	EACH("attach", test_attach),
	EACH("kill", test_kill),
	EACH("freezer", test_freezer),
	{ .name = "kill-by-linux", .run = test_kill, .variant = BY_LINUX },
	{ .name = "load-by-linux", .run = test_load, .variant = BY_LINUX,
	  .seconds = 60 },
	{ .name = "load-store", .run = test_load, .variant = STORE,
	  .seconds = 60 },
	EACH("suspend", test_suspend),
	{ .name = "suspend-by-linux", .run = test_suspend, .variant = BY_LINUX,
	  .seconds = 60 },
	{ .name = "locked", .run = test_locked },
	{ .name = "locked-served", .run = test_locked_served },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
