// SPDX-License-Identifier: GPL-2.0-only
/*
 * What read(2) and write(2) of pages that are in memory cost on an object, beside what
 * they cost on a file of tmpfs, in turns. On a machine whose clock counts instructions
 * a nanosecond is one.
 */
#include "common/clock.h"
#include "common/options.h"
#include "common/rows.h"

#include <err.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <userpager/pager.h>

#define FILE_BYTES	(4UL << 20)
#define BYTES_MAX	(1UL << 20)
#define TURNS		11
#define TURNS_MAX	1001

#define NR(array)	(sizeof(array) / sizeof((array)[0]))

static char buffer[BYTES_MAX];
static unsigned long turns = TURNS;

/**
 * struct subject - A file, and how long calls on it took
 * @name: in the results
 * @fd: of it; FILE_BYTES long, all in memory
 * @ns: of each turn
 */
struct subject {
	const char *name;
	int fd;
	uint64_t ns[TURNS_MAX];
};

/**
 * struct call - What is measured
 * @name: in the results
 * @run: it moves so many bytes at a place of the file; returns how many
 */
struct call {
	const char *name;
	ssize_t (*run)(int fd, size_t bytes, off_t at);
};

static ssize_t call_read(int fd, size_t bytes, off_t at)
{
	return pread(fd, buffer, bytes, at);
}

static ssize_t call_write(int fd, size_t bytes, off_t at)
{
	return pwrite(fd, buffer, bytes, at);
}

/* Through all of the file once, in pieces */
static uint64_t pass(const struct call *call, int fd, size_t bytes)
{
	uint64_t since = clock_ns();

	for (size_t at = 0; at < FILE_BYTES; at += bytes)
		if (call->run(fd, bytes, at) != (ssize_t)bytes)
			err(1, "%s", call->name);
	return clock_ns() - since;
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Of one call, in the median */
static uint64_t median(struct subject *subject, size_t bytes)
{
	qsort(subject->ns, turns, sizeof(subject->ns[0]), by_size);
	return subject->ns[turns / 2] * bytes / FILE_BYTES;
}

static void add_row(const struct call *call, size_t bytes, const char *subject,
		    uint64_t value)
{
	char row[64];

	snprintf(row, sizeof(row), "file-%s-%zu", call->name, bytes >> 10);
	rows_add(subject, row, "insn_per_op", value);
}

static void compare(const struct call *call, size_t bytes,
		    struct subject *object, struct subject *tmpfs)
{
	uint64_t ours, theirs;

	pass(call, object->fd, bytes);
	pass(call, tmpfs->fd, bytes);
	for (unsigned long i = 0; i < turns; i++) {
		object->ns[i] = pass(call, object->fd, bytes);
		tmpfs->ns[i] = pass(call, tmpfs->fd, bytes);
	}
	ours = median(object, bytes);
	theirs = median(tmpfs, bytes);
	add_row(call, bytes, "machvm", ours);
	add_row(call, bytes, tmpfs->name, theirs);
	printf("%-6s %5zu KiB  %-7s %9" PRIu64 " ns  %s %9" PRIu64
	       " ns  %.2f times\n", call->name, bytes >> 10, object->name, ours,
	       tmpfs->name, theirs, (double)ours / theirs);
	fflush(stdout);
}

static void compare_all(struct subject *object, struct subject *tmpfs)
{
	static const struct call calls[] = {
		{ "read", call_read },
		{ "write", call_write },
	};
	static const size_t sizes[] = { 4096, 65536, BYTES_MAX };

	for (size_t i = 0; i < NR(calls); i++)
		for (size_t j = 0; j < NR(sizes); j++)
			compare(&calls[i], sizes[j], object, tmpfs);
}

static int zeros_read(struct pager *pager, struct pager_request *request)
{
	const struct mach_message *want = pager_message(request);

	(void)pager;
	return pager_unavailable(request, want->offset, want->length);
}

/* What was written is the measurement's own, and nobody wants it. */
static int nothing_written(struct pager *pager, struct pager_request *request)
{
	(void)pager;
	(void)request;
	return 0;
}

/* An object of a pager in this process */
static struct pager_session *serve(bool resizable, struct subject *subject)
{
	static const struct pager_ops ops = {
		.read = zeros_read,
		.write = nothing_written,
	};
	const struct pager_attributes attributes = { .size = FILE_BYTES };
	struct pager_session *session;
	struct pager *pager;
	int error = pager_open(NULL, &session);

	if (!error)
		error = pager_start_workers(session);
	if (!error && resizable)
		error = pager_create_resizable(session, &ops, NULL, NULL,
					       &attributes, &pager);
	else if (!error)
		error = pager_create(session, &ops, NULL, &attributes, &pager);
	if (!error)
		error = pager_get_fd(pager, &subject->fd);
	if (error)
		errx(1, "the object: %s", pager_strerror(error));
	return session;
}

static int file_of_tmpfs(void)
{
	int fd = memfd_create("filebench", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, FILE_BYTES))
		err(1, "a file of tmpfs");
	for (size_t at = 0; at < FILE_BYTES; at += BYTES_MAX)
		if (pwrite(fd, buffer, BYTES_MAX, at) != BYTES_MAX)
			err(1, "a file of tmpfs");
	return fd;
}

static const char usage[] =
"Usage: filebench [--turns N] [--resizable] [--csv FILE] [--series NAME]\n"
"Measure what read(2) and write(2) cost on an object and on a file of tmpfs, all of\n"
"which is in memory, in nanoseconds a call, which are instructions on a machine of\n"
"'tests/vm/run --mode icount'.\n"
"\n"
"  -r, --resizable   the object's size may change\n"
"  -t, --turns N     medians of N turns (11)\n"
"      --csv FILE    append rows of kernel,mode,subject,case,cluster_pages,metric,\n"
"                    value\n"
"      --series NAME the kernel in these rows\n"
"  -h, --help        print this help\n";

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "csv", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ "resizable", no_argument, NULL, 'r' },
		{ "series", required_argument, NULL, 's' },
		{ "turns", required_argument, NULL, 't' },
		{ 0 },
	};
	static struct subject object = { .name = "object" };
	static struct subject tmpfs = { .name = "tmpfs" };
	struct pager_session *session;
	bool resizable = false;
	int option;

	while ((option = getopt_long(argc, argv, "hrt:", options, NULL)) != -1)
		switch (option) {
		case 'c':
			rows_open(optarg);
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		case 's':
			rows_of(optarg);
			break;
		case 'r':
			resizable = true;
			break;
		case 't':
			turns = parse_number(optarg, "a number of turns", 1,
					     TURNS_MAX);
			break;
		default:
			bad_usage(NULL);
		}
	if (optind < argc)
		bad_usage("%s: one argument too many", argv[optind]);
	session = serve(resizable, &object);
	tmpfs.fd = file_of_tmpfs();
	compare_all(&object, &tmpfs);
	rows_close();
	pager_close(session);
	return 0;
}
