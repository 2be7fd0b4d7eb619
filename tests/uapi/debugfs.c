// SPDX-License-Identifier: GPL-2.0-only
/* Who is who in debugfs and in tracepoints: the numbers of pagers and objects. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "naming.h"
#include "pool.h"

#define DEBUG_DIR "/sys/kernel/debug"
#define TRACE_DIR "/sys/kernel/tracing"

static const struct pager_setup by_ioctl = { .transport = BY_IOCTL };
static struct scene s;

/* What the line of an object says of who it is and whose */
struct object_line {
	unsigned long pager;
	unsigned long long object;
	long pid;
	char comm[80];
};

static struct object_line object_line(const char *name)
{
	struct object_line line = {};
	static char text[20000];
	FILE *file;
	int n = 0;

	if (access(DEBUG_DIR "/machvm", F_OK))
		mount("debugfs", DEBUG_DIR, "debugfs", 0, NULL);
	file = fopen(DEBUG_DIR "/machvm/objects", "r");
	CHECK(file, "debugfs: %m");
	while (fgets(text, sizeof(text), file))
		if (!strncmp(text, name, strlen(name)))
			n = sscanf(text, "%*s %lu %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu %ld %79[^\n]",
				   &line.pager, &line.object, &line.pid,
				   line.comm);
	fclose(file);
	CHECK(n == 4, "no line of %s: %d", name, n);
	return line;
}

/* Small numbers, never the same, and who it is */
static void test_numbers(void)
{
	struct object_line first, second, other;
	struct test_object o, o2;
	struct test_pager p;

	scene_open(&s, NULL, MIB, CLUSTER, 1);
	CHECK_IS(object_publish(&s.p, &s.o, "the-first", 0), 0);
	object_create(&s.p, &o, PAGE, 0, 0);
	CHECK_IS(object_publish(&s.p, &o, "the-second", 0), 0);
	pager_open(&p, &by_ioctl);
	object_create(&p, &o2, PAGE, 0, 0);
	CHECK_IS(object_publish(&p, &o2, "of-another", 0), 0);
	first = object_line("the-first");
	second = object_line("the-second");
	other = object_line("of-another");
	tap_is("same-pager", second.pager, first.pager);
	tap_sub("other-pager", other.pager > first.pager &&
		other.pager < 1000000, "%lu after %lu", other.pager,
		first.pager);
	tap_sub("object", first.object < second.object &&
		second.object < other.object, "%llu, %llu, %llu", first.object,
		second.object, other.object);
	tap_is("pid", first.pid, getpid());
	tap_sub("comm", !strcmp(first.comm, program_invocation_short_name),
		"%s", first.comm);
}

/* A path is one column of one line, whatever it is made of. */
static void test_paths(void)
{
	static const char nasty[] = "d ir/new\nline/\033[2J\\\x7f\xff\xc3\xa9";
	static const char plain[] = "d\\040ir/new\\012line/\\033[2J\\134\\177\xff\xc3\xa9";
	char deep[MACH_PATH_MAX + 1];
	struct object_line line;

	scene_open(&s, NULL, MIB, CLUSTER, 1);
	CHECK_IS(object_publish(&s.p, &s.o, nasty, 0), 0);
	line = object_line(plain);
	tap_is("pid", line.pid, getpid());
	memset(deep, 'd', sizeof(deep));
	for (size_t i = 1; i < MACH_PATH_MAX; i += 2)
		deep[i] = '/';
	deep[MACH_PATH_MAX] = 0;
	CHECK_IS(object_unpublish(&s.p, &s.o), 0);
	CHECK_IS(object_publish(&s.p, &s.o, deep, 0), 0);
	line = object_line(deep);
	tap_is("pid-deep", line.pid, getpid());
}

static void trace_switch(const char *on)
{
	int fd = open(TRACE_DIR "/events/machvm/enable", O_WRONLY);

	CHECK(fd >= 0 && write(fd, on, 1) == 1, "tracing: %m");
	close(fd);
}

/* The numbers in the trace are those in debugfs. */
static void test_tracepoints(void)
{
	char want[100], text[65536];
	struct object_line line;
	struct test_request r;
	long n, done = 0;
	int fd;

	if (access(TRACE_DIR "/events", F_OK))
		mount("tracefs", TRACE_DIR, "tracefs", 0, NULL);
	scene_open(&s, NULL, MIB, CLUSTER, 1);
	CHECK_IS(object_publish(&s.p, &s.o, "traced", 0), 0);
	line = object_line("traced");
	/* its buffer may not grow while it is being read */
	close(open(TRACE_DIR "/trace", O_WRONLY | O_TRUNC));
	trace_switch("1");
	actor_begin(&s.a, 0, do_load, s.map);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 0, CLUSTER);
	pager_reply_one(&s.p, &r, part_pattern(0, CLUSTER, 1));
	CHECK(actor_end(&s.a, 0) >= 0, "no data");
	trace_switch("0");
	fd = open(TRACE_DIR "/trace", O_RDONLY);
	CHECK(fd >= 0, "trace: %m");
	while ((n = read(fd, text + done, sizeof(text) - 1 - done)) > 0)
		done += n;
	text[done] = 0;
	snprintf(want, sizeof(want), "pager=%lu pid=%ld object=%llu page=0+",
		 line.pager, line.pid, line.object);
	tap_sub("request", strstr(text, "mach_request: ") &&
		strstr(text, want), "no \"%s\" in\n%s", want, text);
	tap_sub("answer", strstr(text, "mach_answer: "), "none in\n%s", text);
	close(fd);
}

static const struct tap_test tests[] = {
	{ .name = "paths", .run = test_paths },
	{ "numbers", test_numbers, 0, 0 },
	{ "tracepoints", test_tracepoints, 0, 0 },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
