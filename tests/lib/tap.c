// SPDX-License-Identifier: GPL-2.0-only
/* Running tests in processes of their own, and a line for each. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

#define TAP_SECONDS	20

/* What a test's process tells its parent, whichever of its threads ends it. */
struct tap_report {
	char message[1024];
	int subs;
	int subs_failed;
	int skipped;
};

int tap_variant;

static struct tap_report *report;
static const char *program;
static char test_name[160];

static void line(const char *word, const char *name, const char *why)
{
	if (why && *why)
		printf("%s %s: %s\n", word, name, why);
	else
		printf("%s %s\n", word, name);
	fflush(stdout);
}

static void vmessage(const char *prefix, const char *fmt, va_list ap)
{
	int used;

	/* The first failure explains the ones that follow from it. */
	if (report->message[0])
		return;
	used = snprintf(report->message, sizeof(report->message), "%s",
			prefix);
	vsnprintf(report->message + used, sizeof(report->message) - used, fmt,
		  ap);
}

void tap_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vmessage("", fmt, ap);
	va_end(ap);
	_exit(1);
}

void tap_fail_at(const char *file, int line_nr, const char *fmt, ...)
{
	const char *base = strrchr(file, '/');
	char prefix[80];
	va_list ap;

	snprintf(prefix, sizeof(prefix), "%s:%d: ", base ? base + 1 : file,
		 line_nr);
	va_start(ap, fmt);
	vmessage(prefix, fmt, ap);
	va_end(ap);
	_exit(1);
}

void tap_skip(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vmessage("", fmt, ap);
	va_end(ap);
	report->skipped = 1;
	_exit(0);
}

void tap_sub(const char *sub, bool passed, const char *fmt, ...)
{
	char name[256], why[256] = "";
	va_list ap;

	snprintf(name, sizeof(name), "%s/%s", test_name, sub);
	if (!passed) {
		va_start(ap, fmt);
		vsnprintf(why, sizeof(why), fmt, ap);
		va_end(ap);
	}
	report->subs++;
	report->subs_failed += !passed;
	line(passed ? "ok" : "not ok", name, why);
}

void tap_is(const char *sub, long got, long want)
{
	tap_sub(sub, got == want, "got %s, not %s", tap_result(got),
		tap_result(want));
}

void tap_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("# ");
	vprintf(fmt, ap);
	printf("\n");
	va_end(ap);
	fflush(stdout);
}

const char *tap_result(long value)
{
	static char text[8][32];
	static unsigned int next;
	char *t = text[next++ % 8];
	const char *name = NULL;

	if (value < 0 && value > -4096)
		name = strerrorname_np(-value);
	else if (value <= TAP_SIGNAL(1) && value >= TAP_SIGNAL(64))
		name = sigabbrev_np(TAP_SIGNAL(0) - value);
	if (!name)
		snprintf(t, sizeof(text[0]), "%ld", value);
	else if (value <= TAP_SIGNAL(1))
		snprintf(t, sizeof(text[0]), "SIG%s", name);
	else
		snprintf(t, sizeof(text[0]), "%s", name);
	return t;
}

int tap_slow(void)
{
	const char *slow = getenv("MACHVM_SLOW");
	int factor = slow ? atoi(slow) : 1;

	return factor > 0 ? factor : 1;
}

bool tap_brief(void)
{
	return getenv("MACHVM_BRIEF");
}

long tap_storm_ms(long ms)
{
	return tap_brief() ? ms * tap_slow() / 3 : ms * tap_slow();
}

long tap_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void tap_pause_ms(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

/* Where a thread of the hung test is: the kernel's own stack of it. */
static void show_stack(const char *pid, const char *tid)
{
	char path[600], text[2048];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/task/%s/stack", pid, tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len <= 0)
		return;
	text[len] = 0;
	printf("# kernel stack of %s/%s:\n", pid, tid);
	for (char *s = strtok(text, "\n"); s; s = strtok(NULL, "\n"))
		printf("#   %s\n", s);
}

static void show_threads(const char *pid)
{
	struct dirent *d;
	char path[300];
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%s/task", pid);
	tasks = opendir(path);
	while (tasks && (d = readdir(tasks)))
		if (atoi(d->d_name) > 0)
			show_stack(pid, d->d_name);
	if (tasks)
		closedir(tasks);
}

static void show_group(pid_t group)
{
	DIR *proc = opendir("/proc");
	struct dirent *d;

	while (proc && (d = readdir(proc))) {
		pid_t pid = atoi(d->d_name);

		if (pid > 0 && getpgid(pid) == group)
			show_threads(d->d_name);
	}
	if (proc)
		closedir(proc);
	fflush(stdout);
}

static void in_child(const struct tap_test *t)
{
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	tap_variant = t->variant;
	t->run();
	_exit(report->subs_failed ? 1 : 0);
}

/* Returns the wait status, or -1 when the time was over. */
static int wait_child(pid_t pid, unsigned int seconds)
{
	long end = tap_now_ms() + seconds * 1000L;
	struct timespec ts;
	sigset_t set;
	int status;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	for (;;) {
		long left = end - tap_now_ms();

		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		if (left <= 0)
			return -1;
		ts.tv_sec = left / 1000;
		ts.tv_nsec = left % 1000 * 1000000;
		sigtimedwait(&set, NULL, &ts);
	}
}

/* End what the test has left of its group, and wait until it is gone. */
static void end_group(pid_t group)
{
	long end = tap_now_ms() + 5000 * tap_slow();

	kill(-group, SIGKILL);
	while (waitpid(-group, NULL, WNOHANG) >= 0) {
		if (tap_now_ms() > end) {
			tap_note("%s cannot even be killed", test_name);
			return;
		}
		tap_pause_ms(1);
	}
}

static const char *why_not(int status, unsigned int seconds)
{
	static char text[1100];

	if (report->message[0])
		return report->message;
	if (status == -1)
		snprintf(text, sizeof(text), "not done after %u s", seconds);
	else if (WIFSIGNALED(status))
		snprintf(text, sizeof(text), "died of %s",
			 strsignal(WTERMSIG(status)));
	else if (report->subs_failed)
		snprintf(text, sizeof(text), "%d of %d checks failed",
			 report->subs_failed, report->subs);
	else
		snprintf(text, sizeof(text), "ended with status %d",
			 WEXITSTATUS(status));
	return text;
}

static bool run_one(const struct tap_test *t)
{
	unsigned int seconds = (t->seconds ? t->seconds : TAP_SECONDS) *
			       tap_slow();
	int status;
	bool ok;
	pid_t pid;

	memset(report, 0, sizeof(*report));
	snprintf(test_name, sizeof(test_name), "%s/%s", program, t->name);
	pid = fork();
	if (pid < 0) {
		line("not ok", test_name, "cannot fork");
		return false;
	}
	if (!pid)
		in_child(t);
	status = wait_child(pid, seconds);
	if (status == -1)
		show_group(pid);
	end_group(pid);
	ok = status == 0;
	if (ok && report->skipped)
		line("skip", test_name, report->message);
	else
		line(ok ? "ok" : "not ok", test_name,
		     ok ? "" : why_not(status, seconds));
	return ok;
}

static void usage(FILE *out)
{
	fprintf(out,
		"usage: %s [--list] [--help] [TEST...]\n"
		"Runs the tests named (all, or those that start so), prints one\n"
		"line for each, and fails if one of them failed.\n",
		program);
}

static bool wanted(int argc, char **argv, const char *name)
{
	if (argc < 2)
		return true;
	for (int i = 1; i < argc; i++)
		if (!strncmp(argv[i], name, strlen(argv[i])))
			return true;
	return false;
}

static void setup(void)
{
	sigset_t set;

	report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (report == MAP_FAILED) {
		perror(program);
		exit(2);
	}
	/* What a test forgot comes to us, to be waited for. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int tap_main(int argc, char **argv, const struct tap_test *tests, size_t nr)
{
	int failed = 0, ran = 0;

	program = strrchr(argv[0], '/');
	program = program ? program + 1 : argv[0];
	if (argc > 1 && !strcmp(argv[1], "--help")) {
		usage(stdout);
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "--list")) {
		for (size_t i = 0; i < nr; i++)
			puts(tests[i].name);
		return 0;
	}
	setup();
	for (size_t i = 0; i < nr; i++) {
		if (!wanted(argc, argv, tests[i].name))
			continue;
		ran++;
		failed += !run_one(&tests[i]);
	}
	if (!ran) {
		usage(stderr);
		return 2;
	}
	return failed ? 1 : 0;
}
