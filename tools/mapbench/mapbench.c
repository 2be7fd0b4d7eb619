// SPDX-License-Identifier: GPL-2.0-only
/*
 * What calls on a map of N entries cost: machvm's beside the kernel's own, on a
 * machine whose clock counts instructions.
 *
 * The map is a region of which every second page may only be read. In its middle
 * is a hole of 64 KiB, the only one: allocating anywhere has to find it, and the
 * new entry is like neither neighbour. Protecting a page in the middle of an
 * entry of three splits it into three, and protecting it back glues them.
 */
#include "common/clock.h"
#include "common/options.h"
#include "common/rows.h"
#include "common/random.h"

#include <err.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <fcntl.h>
#include <unistd.h>

#include <linux/mach_task.h>

#define PAGE		4096UL
#define PAIR_BYTES	(16 * PAGE)
#define ROUNDS		20
#define CALLS		200
#define ENTRIES_MIN	10
#define ENTRIES_MAX	100000000

/**
 * struct subject - Whose map it is
 * @name: in the results
 * @open: make a region of so many bytes, readable and writable
 * @close: and let go of it
 * @protect: a range of it
 * @remove: a range of it
 * @allocate: PAIR_BYTES in the lowest room of the region's map
 * @lookup: say whether there is something at an address
 *
 * Each ends the program if it fails.
 */
struct subject {
	const char *name;
	char *(*open)(size_t bytes);
	void (*close)(char *region, size_t bytes);
	void (*protect)(char *at, size_t bytes, bool write);
	void (*remove)(char *at, size_t bytes);
	char *(*allocate)(void);
	void (*lookup)(char *at);
};

/* machvm: a task by itself, so that the window's size is the map's */
static int task;
static size_t window;

static void machvm_remove(char *at, size_t bytes)
{
	struct mach_task_range args = {
		.size = sizeof(args),
		.address = (uintptr_t)at,
		.length = bytes,
	};

	if (ioctl(task, MACH_TASK_DEALLOCATE, &args))
		err(1, "MACH_TASK_DEALLOCATE");
}

static char *machvm_allocate_bytes(size_t bytes)
{
	struct mach_task_allocate args = {
		.size = sizeof(args),
		.flags = MACH_VM_ANYWHERE,
		.length = bytes,
	};

	if (ioctl(task, MACH_TASK_ALLOCATE, &args))
		err(1, "MACH_TASK_ALLOCATE");
	return (char *)args.address;
}

static char *machvm_allocate(void)
{
	return machvm_allocate_bytes(PAIR_BYTES);
}

static char *machvm_open(size_t bytes)
{
	task = open(MACH_VM_DEVICE, O_RDWR | O_CLOEXEC);
	if (task < 0)
		err(1, MACH_VM_DEVICE);
	window = bytes;
	if (mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_NORESERVE, task, 0) == MAP_FAILED)
		err(1, "the window");
	return machvm_allocate_bytes(bytes);
}

static void machvm_close(char *region, size_t bytes)
{
	munmap(region, bytes);
	close(task);
}

static void machvm_protect(char *at, size_t bytes, bool write)
{
	struct mach_task_protect args = {
		.size = sizeof(args),
		.address = (uintptr_t)at,
		.length = bytes,
		.protection = MACH_PROT_READ | (write ? MACH_PROT_WRITE : 0),
	};

	if (ioctl(task, MACH_TASK_PROTECT, &args))
		err(1, "MACH_TASK_PROTECT");
}

static void machvm_lookup(char *at)
{
	struct mach_task_region args = {
		.size = sizeof(args),
		.address = (uintptr_t)at,
	};

	if (ioctl(task, MACH_TASK_REGION, &args))
		err(1, "MACH_TASK_REGION");
}

static char *kernel_open(size_t bytes)
{
	char *region = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (region == MAP_FAILED)
		err(1, "mmap");
	return region;
}

static void kernel_remove(char *at, size_t bytes)
{
	if (munmap(at, bytes))
		err(1, "munmap");
}

static void kernel_close(char *region, size_t bytes)
{
	kernel_remove(region, bytes);
}

static void kernel_protect(char *at, size_t bytes, bool write)
{
	if (mprotect(at, bytes, PROT_READ | (write ? PROT_WRITE : 0)))
		err(1, "mprotect (is vm.max_map_count large enough?)");
}

/* Linux takes the highest room: below the region, since there are no others. */
static char *kernel_allocate(void)
{
	char *at = mmap(NULL, PAIR_BYTES, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		err(1, "mmap");
	return at;
}

/* The cheapest call that looks an address up */
static void kernel_lookup(char *at)
{
	if (msync(at, PAGE, MS_ASYNC))
		err(1, "msync");
}

static const struct subject subjects[] = {
	{ "machvm", machvm_open, machvm_close, machvm_protect, machvm_remove,
	  machvm_allocate, machvm_lookup },
	{ "kernel", kernel_open, kernel_close, kernel_protect, kernel_remove,
	  kernel_allocate, kernel_lookup },
};

/**
 * struct layout - Where things are in a region of some entries
 * @entries: about how many
 * @bytes: of the region
 * @region: its first address
 * @middle: first page of an entry of three in the middle
 */
struct layout {
	unsigned long entries;
	size_t bytes;
	char *region;
	char *middle;
};

/*
 * Pages alternate, but in the middle: three alike, one that is not, the hole, and
 * one that may only be read again.
 */
static void lay_out(const struct subject *subject, struct layout *layout)
{
	unsigned long pages = layout->entries + PAIR_BYTES / PAGE + 8, i;
	unsigned long middle = layout->entries / 2 & ~1UL;
	unsigned long hole = middle + 4;

	layout->bytes = pages * PAGE;
	layout->region = subject->open(layout->bytes);
	layout->middle = layout->region + middle * PAGE;
	for (i = 1; i < pages; i += 2)
		if (i < middle || i > hole + PAIR_BYTES / PAGE)
			subject->protect(layout->region + i * PAGE, PAGE,
					 false);
	subject->protect(layout->middle + 3 * PAGE, PAGE, false);
	subject->protect(layout->region + hole * PAGE + PAIR_BYTES, PAGE,
			 false);
	subject->remove(layout->region + hole * PAGE, PAIR_BYTES);
}

static void allocate_pair(const struct subject *subject,
			  const struct layout *layout)
{
	(void)layout;
	subject->remove(subject->allocate(), PAIR_BYTES);
}

static void protect_pair(const struct subject *subject,
			 const struct layout *layout)
{
	subject->protect(layout->middle + PAGE, PAGE, false);
	subject->protect(layout->middle + PAGE, PAGE, true);
}

static void lookup(const struct subject *subject, const struct layout *layout)
{
	static uint64_t state = 88172645463325252ULL;
	uint64_t page = next_random(&state) % (layout->entries / 2 & ~1UL);

	subject->lookup(layout->region + page * PAGE);
}

static const struct {
	const char *name;
	void (*run)(const struct subject *subject, const struct layout *layout);
} cases[] = {
	{ "allocate-pair", allocate_pair },
	{ "protect-pair", protect_pair },
	{ "lookup", lookup },
};

/* The quickest round was not interrupted. */
static double measure(void (*run)(const struct subject *subject,
				  const struct layout *layout),
		      const struct subject *subject,
		      const struct layout *layout)
{
	uint64_t best = UINT64_MAX, start;
	int round, i;

	for (round = 0; round < ROUNDS; round++) {
		start = clock_ns();
		for (i = 0; i < CALLS; i++)
			run(subject, layout);
		start = clock_ns() - start;
		if (start < best)
			best = start;
	}
	return (double)best / CALLS;
}

static void bench(const struct subject *subject, unsigned long entries)
{
	struct layout layout = { .entries = entries };
	unsigned int i;
	char row[64];

	lay_out(subject, &layout);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		double cost = measure(cases[i].run, subject, &layout);

		printf("%-14s %8lu entries  %-7s %10.0f insn\n", cases[i].name,
		       entries, subject->name, cost);
		fflush(stdout);
		snprintf(row, sizeof(row), "map-%s-%lu", cases[i].name, entries);
		rows_add(subject->name, row, "insn_per_op", cost);
	}
	subject->close(layout.region, layout.bytes);
}

static void bench_both(unsigned long entries)
{
	unsigned int who;

	for (who = 0; who < sizeof(subjects) / sizeof(subjects[0]); who++)
		bench(&subjects[who], entries);
}

static const char usage[] =
"Usage: mapbench [--csv FILE] [--series NAME] [ENTRIES...]\n"
"What allocating and deallocating 64 KiB, protecting a page and back, and looking\n"
"an address up cost in a map of 10, 1000, 100000 and 1000000 entries (or ENTRIES):\n"
"on machvm's task maps and on the process's own. In nanoseconds, which are\n"
"instructions in\n"
"\n"
"  tests/vm/run --mode icount -- build/bin/mapbench\n"
"\n"
"FILE gets rows of kernel,mode,subject,case,cluster_pages,metric,value; NAME is the\n"
"kernel there.\n"
"Exit status: 0 ok, 1 failure, 2 usage.\n";

int main(int argc, char **argv)
{
	static const unsigned long usual[] = { 10, 1000, 100000, 1000000 };
	unsigned int i;

	rows_parse(argc, argv, usage);
	for (i = 0; optind == argc && i < sizeof(usual) / sizeof(usual[0]); i++)
		bench_both(usual[i]);
	for (; optind < argc; optind++)
		bench_both(parse_number(argv[optind], "a number of entries",
					ENTRIES_MIN, ENTRIES_MAX));
	rows_close();
	return 0;
}
