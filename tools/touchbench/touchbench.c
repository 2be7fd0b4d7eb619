// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the first touch of a page of a program's own memory costs, in order and at
 * random, by writing and by reading: in a task's window, beside the kernel's anonymous
 * memory with and without huge pages. On a machine whose clock counts instructions a
 * nanosecond is one.
 */
#include "common/clock.h"
#include "common/options.h"
#include "common/random.h"
#include "common/rows.h"

#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/mach_task.h>

#define PAGE		4096UL
#define WORDS		(PAGE / sizeof(uint64_t))
#define HUGE		(2UL << 20)
#define BYTES		(32UL << 20)
#define PAGES		(BYTES / PAGE)
#define ROUNDS		5
/* Of all pages, one in so many is touched at random: the rest must cost nothing. */
#define SPARSE		4

#define NR(array)	(sizeof(array) / sizeof((array)[0]))

/**
 * struct subject - Whose memory it is
 * @name: in the results
 * @open: BYTES of it that nobody has touched
 * @close: and let go of them
 *
 * Each ends the program if it fails.
 */
struct subject {
	const char *name;
	char *(*open)(void);
	void (*close)(char *region);
};

static int task;

static char *machvm_open(void)
{
	struct mach_task_allocate args = {
		.size = sizeof(args),
		.flags = MACH_VM_ANYWHERE,
		.length = BYTES,
	};

	task = open(MACH_VM_DEVICE, O_RDWR | O_CLOEXEC);
	if (task < 0)
		err(1, MACH_VM_DEVICE);
	if (mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
		 task, 0) == MAP_FAILED)
		err(1, "the window");
	if (ioctl(task, MACH_TASK_ALLOCATE, &args))
		err(1, "MACH_TASK_ALLOCATE");
	return (char *)args.address;
}

static void machvm_close(char *region)
{
	munmap(region, BYTES);
	close(task);
}

/* Of an area that is larger, so that a huge page fits wherever one could */
static char *area;

static char *kernel_open_advised(int advice)
{
	uintptr_t at;

	area = mmap(NULL, BYTES + HUGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (area == MAP_FAILED)
		err(1, "mmap");
	if (madvise(area, BYTES + HUGE, advice))
		err(1, "madvise");
	at = ((uintptr_t)area + HUGE - 1) & ~(HUGE - 1);
	return (char *)at;
}

static char *kernel_open(void)
{
	return kernel_open_advised(MADV_NOHUGEPAGE);
}

static char *kernel_huge_open(void)
{
	return kernel_open_advised(MADV_HUGEPAGE);
}

static void kernel_close(char *region)
{
	(void)region;
	munmap(area, BYTES + HUGE);
}

static const struct subject subjects[] = {
	{ "machvm", machvm_open, machvm_close },
	{ "kernel", kernel_open, kernel_close },
	{ "kernel-huge", kernel_huge_open, kernel_close },
};

/* Pages in the order in which they are touched */
static uint32_t order[PAGES];

static void set_in_order(void)
{
	for (uint32_t i = 0; i < PAGES; i++)
		order[i] = i;
}

static void set_at_random(void)
{
	uint64_t state = 88172645463325252ULL;

	set_in_order();
	for (uint32_t i = PAGES - 1; i; i--) {
		uint32_t other = next_random(&state) % (i + 1), was = order[i];

		order[i] = order[other];
		order[other] = was;
	}
}

static uint64_t *word_of(char *region, uint32_t page)
{
	return (uint64_t *)(region + page * PAGE);
}

static void touch_by_writing(char *region, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		*(volatile uint64_t *)word_of(region, order[i]) = order[i] + 1;
}

static void touch_by_reading(char *region, uint32_t n)
{
	uint64_t seen = 0;

	for (uint32_t i = 0; i < n; i++)
		seen |= *(volatile uint64_t *)word_of(region, order[i]);
	if (seen)
		errx(1, "memory that nobody has touched is not zero");
}

static const struct {
	const char *name;
	void (*set_order)(void);
	void (*touch)(char *region, uint32_t n);
	bool written;
	uint32_t n;
} cases[] = {
	{ "touch-seq", set_in_order, touch_by_writing, true, PAGES },
	{ "touch-seq-read", set_in_order, touch_by_reading, false, PAGES },
	{ "touch-rand", set_at_random, touch_by_writing, true, PAGES / SPARSE },
	{ "touch-rand-read", set_at_random, touch_by_reading, false,
	  PAGES / SPARSE },
};

/* All of what was touched: the word that was written, and zeros */
static void check(char *region, unsigned int which)
{
	for (uint32_t i = 0; i < cases[which].n; i++) {
		const uint64_t *word = word_of(region, order[i]);
		uint64_t rest = 0, first;

		for (size_t j = 1; j < WORDS; j++)
			rest |= word[j];
		first = order[i] + 1;
		if (!cases[which].written)
			first = 0;
		if (rest || *word != first)
			errx(1, "wrong data in page %u", order[i]);
	}
}

/* Pages of the region that are in memory */
static uint32_t resident(char *region)
{
	static unsigned char told[PAGES];
	uint32_t n = 0;

	struct mach_task_data args = {
		.size = sizeof(args),
		.address = (uintptr_t)region,
		.length = BYTES,
		.data = (uintptr_t)told,
	};

	if (ioctl(task, MACH_TASK_PAGES, &args))
		err(1, "MACH_TASK_PAGES");
	for (uint32_t i = 0; i < PAGES; i++)
		n += told[i] & MACH_PAGES_RESIDENT;
	return n;
}

static uint64_t round_of(const struct subject *subject, unsigned int which,
			 uint32_t *pages)
{
	char *region = subject->open();
	uint64_t since = clock_ns();

	cases[which].touch(region, cases[which].n);
	since = clock_ns() - since;
	if (subject->open == machvm_open)
		*pages = resident(region);
	check(region, which);
	subject->close(region);
	return since;
}

/* The quickest round was not interrupted, and had its memory at hand. */
static void measure(const struct subject *subject, unsigned int which)
{
	uint64_t best = UINT64_MAX, took;
	uint32_t n = cases[which].n, pages = 0;
	double cost;

	cases[which].set_order();
	for (int i = 0; i < ROUNDS; i++) {
		took = round_of(subject, which, &pages);
		if (took < best)
			best = took;
	}
	cost = (double)best / n;
	printf("%-16s %-12s %8.0f insn a page", cases[which].name,
	       subject->name, cost);
	if (pages)
		printf("  %u pages touched, %u in memory", n, pages);
	putchar('\n');
	fflush(stdout);
	rows_add(subject->name, cases[which].name, "insn_per_page", cost);
}

static const char usage[] =
"Usage: touchbench [--csv FILE] [--series NAME] [SUBJECT...]\n"
"What the first touch of a page of 32 MiB costs: in order and at random, by writing\n"
"and by reading. SUBJECT is machvm (a task's window), kernel (anonymous memory\n"
"without huge pages) or kernel-huge (with them); all of them if none is named. At\n"
"random a quarter of the pages is touched; of machvm it says how many are in memory\n"
"then. In nanoseconds, which are instructions in\n"
"\n"
"  tests/vm/run --mode icount -- build/bin/touchbench\n"
"\n"
"FILE gets rows of kernel,mode,subject,case,cluster_pages,metric,value; NAME is the\n"
"kernel there.\n"
"Exit status: 0 ok, 1 failure, 2 usage.\n";

static void measure_all(const struct subject *subject)
{
	for (unsigned int i = 0; i < NR(cases); i++)
		measure(subject, i);
}

static const struct subject *subject_named(const char *name)
{
	for (size_t i = 0; i < NR(subjects); i++)
		if (!strcmp(subjects[i].name, name))
			return &subjects[i];
	bad_usage("%s: no such subject", name);
}

int main(int argc, char **argv)
{
	rows_parse(argc, argv, usage);
	for (size_t i = 0; optind == argc && i < NR(subjects); i++)
		measure_all(&subjects[i]);
	for (; optind < argc; optind++)
		measure_all(subject_named(argv[optind]));
	rows_close();
	return 0;
}
