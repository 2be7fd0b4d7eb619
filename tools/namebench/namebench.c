// SPDX-License-Identifier: GPL-2.0-only
/*
 * What names of N objects cost: their publishing, opening and end, and the first touch
 * of an object. On a machine whose clock counts instructions a nanosecond is one.
 */
#include "caches.h"
#include "common/clock.h"
#include "common/options.h"
#include "common/rows.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <userpager/pager.h>

#define NAMES_MIN	1
#define NAMES_MAX	1000000
#define OBJECT_SIZE	65536

static void add_row(const char *what, unsigned long n, const char *metric,
		    double value)
{
	char row[64];

	snprintf(row, sizeof(row), "name-%s-%lu", what, n);
	rows_add("machvm", row, metric, value);
}

static void say(const char *what, unsigned long n, uint64_t since)
{
	uint64_t spent = clock_ns() - since;

	add_row(what, n, "insn_per_op", spent / n);
	printf("%-10s %9lu files  %9" PRIu64 " ns each  %8.3f s\n", what, n,
	       spent / n, spent / 1e9);
	fflush(stdout);
}

/* How many directories the names are spread over; 0: none */
static unsigned long directories;

static const char *path_of(unsigned long i)
{
	static char path[128];

	if (directories)
		snprintf(path, sizeof(path), MACH_VM_NODE_DIR "/bench-%lu/%lu",
			 i % directories, i);
	else
		snprintf(path, sizeof(path), MACH_VM_NODE_DIR "/bench-%lu", i);
	return path;
}

static const char *name_of(unsigned long i)
{
	return path_of(i) + strlen(MACH_VM_NODE_DIR "/");
}

/* A pager that answers nothing: its objects are there to be named. */
static int pager_bare(void)
{
	struct mach_pager_register reg = {
		.size = sizeof(reg),
		.queues = 1,
		.depth = 1,
		.message_size = sizeof(struct mach_message),
	};
	int fd = open(MACH_VM_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		err(1, MACH_VM_DEVICE);
	if (ioctl(fd, MACH_PAGER_REGISTER, &reg))
		err(1, "MACH_PAGER_REGISTER");
	return fd;
}

static void publish(int pager, uint32_t object, unsigned long i)
{
	const char *name = name_of(i);
	struct mach_pager_publish args = {
		.size = sizeof(args),
		.name_length = strlen(name),
		.name = (uintptr_t)name,
		.object = object,
		.uid = getuid(),
		.gid = getgid(),
		.mode = 0644,
	};

	if (ioctl(pager, MACH_PAGER_PUBLISH, &args))
		err(1, "MACH_PAGER_PUBLISH %s", name);
}

/* KiB of the kernel's that a line of /proc/meminfo tells */
static unsigned long kib_of(const char *what)
{
	FILE *file = fopen("/proc/meminfo", "r");
	unsigned long kib, found = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, what, strlen(what)) &&
		    sscanf(line + strlen(what), ": %lu", &kib) == 1)
			found = kib;
	if (file)
		fclose(file);
	return found;
}

static uint64_t objects(int device)
{
	struct mach_vm_statistics vm = { .size = sizeof(vm) };

	if (ioctl(device, MACH_VM_STATISTICS, &vm))
		err(1, "MACH_VM_STATISTICS");
	return vm.objects;
}

/* Bytes of structures: Linux's, and the module's own */
static unsigned long memory_used(int pager)
{
	struct mach_vm_statistics vm = { .size = sizeof(vm) };

	if (ioctl(pager, MACH_VM_STATISTICS, &vm))
		err(1, "MACH_VM_STATISTICS");
	return 1024 * kib_of("Slab") + vm.page_size * vm.wire_count;
}

/* Nanoseconds */
struct making {
	uint64_t creating;
	uint64_t publishing;
};

/* Each object has a descriptor only until it has its name. */
static struct making names_make(int pager, unsigned long n)
{
	struct mach_pager_create create;
	struct making took = { 0 };
	unsigned long i;
	uint64_t since;

	for (i = 0; i < n; i++) {
		create = (struct mach_pager_create){
			.size = sizeof(create),
			.object_size = OBJECT_SIZE,
		};
		since = clock_ns();
		if (ioctl(pager, MACH_PAGER_CREATE, &create))
			err(1, "MACH_PAGER_CREATE");
		took.creating += clock_ns() - since;
		since = clock_ns();
		publish(pager, create.object, i);
		took.publishing += clock_ns() - since;
		close(create.fd);
	}
	return took;
}

/* The first ones: what others leave of their slabs would not be counted. */
static void names_begin(int pager, unsigned long n)
{
	static struct caches before_caches, after_caches;
	unsigned long bytes, before = memory_used(pager);
	struct making took;

	caches_read(&before_caches, pager);
	took = names_make(pager, n);
	say("create", n, clock_ns() - took.creating);
	say("publish", n, clock_ns() - took.publishing);
	bytes = (memory_used(pager) - before) / n;
	add_row("memory", n, "bytes_per_file", bytes);
	printf("%-10s %9lu files  %9lu bytes each\n", "memory", n, bytes);
	caches_read(&after_caches, pager);
	caches_print_growth(&before_caches, &after_caches, n);
}

static void names_use(unsigned long n)
{
	struct stat st;
	unsigned long i;
	uint64_t since = clock_ns();
	int fd;

	for (i = 0; i < n; i++)
		if (stat(path_of(i), &st))
			err(1, "%s", path_of(i));
	say("stat", n, since);
	since = clock_ns();
	for (i = 0; i < n; i++) {
		fd = open(path_of(i), O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			err(1, "%s", path_of(i));
		close(fd);
	}
	say("open", n, since);
}

/* The close waits until all is gone, but not for ever. */
static void names_end(int pager, unsigned long n)
{
	int device = open(MACH_VM_DEVICE, O_RDWR | O_CLOEXEC);
	uint64_t since, left;

	if (device < 0)
		err(1, MACH_VM_DEVICE);
	left = objects(device) - n;
	since = clock_ns();
	close(pager);
	while (objects(device) > left)
		usleep(100);
	say("death", n, since);
	close(device);
	if (!access(path_of(n - 1), F_OK))
		errx(1, "%s outlives its pager", path_of(n - 1));
}

static void names_unlink(unsigned long n)
{
	uint64_t since = clock_ns();
	unsigned long i;

	for (i = 0; i < n; i++)
		if (unlink(path_of(i)))
			err(1, "%s", path_of(i));
	say("unlink", n, since);
}

static void bench_names(unsigned long n)
{
	int pager = pager_bare();

	names_begin(pager, n);
	names_use(n);
	names_end(pager, n);
	/* the objects of these wait for a word of their pager */
	pager = pager_bare();
	names_make(pager, n);
	names_unlink(n);
	close(pager);
}

static int zeros_read(struct pager *pager, struct pager_request *request)
{
	const struct mach_message *want = pager_message(request);

	(void)pager;
	return pager_unavailable(request, want->offset, want->length);
}

static void touch(unsigned long i)
{
	int fd = open(path_of(i), O_RDONLY | O_CLOEXEC);
	char byte;

	if (fd < 0 || pread(fd, &byte, 1, 0) != 1)
		err(1, "%s", path_of(i));
	close(fd);
}

/* A pager of which each object is opened and read once */
static void bench_touch(unsigned long n)
{
	static const struct pager_ops ops = { .read = zeros_read };
	struct pager_attributes attributes = { .size = OBJECT_SIZE };
	struct pager_session *session;
	struct pager *pager;
	uint64_t since;
	unsigned long i;
	int error = pager_open(NULL, &session);

	if (!error)
		error = pager_start_workers(session);
	since = clock_ns();
	for (i = 0; i < n && !error; i++) {
		error = pager_create(session, &ops, NULL, &attributes, &pager);
		if (!error)
			error = pager_publish(pager, name_of(i), getuid(),
					      getgid(), 0644);
	}
	if (error)
		errx(1, "object %lu: %s", i, pager_strerror(error));
	say("make", n, since);
	since = clock_ns();
	for (i = 0; i < n; i++)
		touch(i);
	say("touch", n, since);
	since = clock_ns();
	pager_close(session);
	say("close", n, since);
}

static const char usage[] =
"Usage: namebench [--directories N] [--csv FILE] [--series NAME] [N]...\n"
"Measure what names of N objects cost in nanoseconds, which are instructions on a\n"
"machine of 'tests/vm/run --mode icount'. Without N: 1000.\n"
"\n"
"  -d, --directories N   spread the names over N directories\n"
"      --csv FILE        append rows of kernel,mode,subject,case,cluster_pages,\n"
"                        metric,value\n"
"      --series NAME     the kernel in these rows\n"
"  -h, --help            print this help\n"
"\n"
"create, publish   a memory object, and its name\n"
"memory            bytes of an object with its name, besides pages, and the caches\n"
"                  that they are in\n"
"stat, open        of a name\n"
"death, unlink     of all names, by their pager's end or by hand\n"
"make, touch       objects of a pager that serves them, each read once\n";

static void bench(unsigned long n)
{
	/* descriptors: one an object, of the pager that serves */
	struct rlimit files = { n + 64, n + 64 };

	if (setrlimit(RLIMIT_NOFILE, &files))
		err(1, "%lu descriptors", n + 64);
	bench_names(n);
	bench_touch(n);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "csv", required_argument, NULL, 'c' },
		{ "directories", required_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ "series", required_argument, NULL, 's' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "d:h", options, NULL)) != -1)
		switch (option) {
		case 'c':
			rows_open(optarg);
			break;
		case 's':
			rows_of(optarg);
			break;
		case 'd':
			directories = parse_number(optarg,
						   "a number of directories",
						   NAMES_MIN, NAMES_MAX);
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			bad_usage(NULL);
		}
	if (optind == argc)
		bench(1000);
	for (; optind < argc; optind++)
		bench(parse_number(argv[optind], "a number of objects",
				   NAMES_MIN, NAMES_MAX));
	rows_close();
	return 0;
}
