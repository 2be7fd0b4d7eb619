// SPDX-License-Identifier: GPL-2.0-only
/*
 * machbench - what is measured: the cases, the subjects and the plan.
 */
#include <string.h>

#include "bench.h"

static const struct bench_case cases[] = {
	{ "cold-seq", BENCH_READ, BENCH_SEQUENTIAL, false },
	{ "cold-rand", BENCH_READ, BENCH_RANDOM, false },
	{ "sparse-rand", BENCH_READ, BENCH_SPARSE, false },
	{ "dirty-seq", BENCH_WRITE, BENCH_SEQUENTIAL, false },
	{ "disk-seq", BENCH_READ, BENCH_SEQUENTIAL, true },
	{ "disk-rand", BENCH_READ, BENCH_RANDOM, true },
	{ "warm-seq", BENCH_AGAIN, BENCH_SEQUENTIAL, false },
};

static const struct bench_subject *const subjects[] = {
	&bench_machvm, &bench_uffd, &bench_mmap, &bench_pread,
};

struct plan {
	const char *name;
	const struct bench_subject *subject;
	size_t cluster;
	bool quick;
};

/*
 * uffd has no warm-seq: its pages are anonymous and do not outlive the mapping.
 * pread has no dirty-seq: nothing there is paged out.
 */
static const struct plan plans[] = {
	{ "cold-seq", &bench_machvm, 1, false },
	{ "cold-seq", &bench_machvm, 16, false },
	{ "cold-seq", &bench_machvm, 64, true },
	{ "cold-seq", &bench_uffd, 1, false },
	{ "cold-seq", &bench_uffd, 16, false },
	{ "cold-seq", &bench_uffd, 64, true },
	{ "cold-seq", &bench_mmap, 0, true },
	{ "cold-seq", &bench_pread, 64, false },
	{ "cold-rand", &bench_machvm, 1, true },
	{ "cold-rand", &bench_uffd, 1, true },
	{ "cold-rand", &bench_mmap, 0, true },
	{ "cold-rand", &bench_pread, 1, false },
	{ "sparse-rand", &bench_machvm, 1, false },
	{ "sparse-rand", &bench_machvm, 16, false },
	{ "sparse-rand", &bench_uffd, 1, false },
	{ "sparse-rand", &bench_uffd, 16, false },
	{ "sparse-rand", &bench_mmap, 0, false },
	{ "sparse-rand", &bench_pread, 1, false },
	{ "dirty-seq", &bench_machvm, 64, false },
	{ "dirty-seq", &bench_uffd, 64, false },
	{ "dirty-seq", &bench_mmap, 0, false },
	{ "disk-seq", &bench_machvm, 64, false },
	{ "disk-seq", &bench_uffd, 64, false },
	{ "disk-seq", &bench_mmap, 0, false },
	{ "disk-seq", &bench_pread, 64, false },
	{ "disk-rand", &bench_machvm, 1, false },
	{ "disk-rand", &bench_uffd, 1, false },
	{ "disk-rand", &bench_mmap, 0, false },
	{ "disk-rand", &bench_pread, 1, false },
	{ "warm-seq", &bench_machvm, 64, true },
	{ "warm-seq", &bench_mmap, 0, true },
	{ "warm-seq", &bench_pread, 64, false },
};

#define NR(array) (sizeof(array) / sizeof((array)[0]))

const struct bench_case *bench_case_find(const char *name)
{
	size_t i;

	for (i = 0; i < NR(cases); i++)
		if (!strcmp(cases[i].name, name))
			return &cases[i];
	return NULL;
}

const struct bench_subject *bench_subject_find(const char *name)
{
	size_t i;

	for (i = 0; i < NR(subjects); i++)
		if (!strcmp(subjects[i]->name, name))
			return subjects[i];
	return NULL;
}

static bool wanted(const struct plan *plan, const struct bench_options *options)
{
	if (options->bc && strcmp(options->bc->name, plan->name))
		return false;
	if (options->subject && options->subject != plan->subject)
		return false;
	return plan->quick || !options->quick;
}

/* The rows that @options ask for, at most @max; how many. */
size_t bench_plan(struct bench_row *rows, size_t max,
		  const struct bench_options *options)
{
	size_t i, nr = 0;

	for (i = 0; i < NR(plans) && nr < max; i++) {
		if (!wanted(&plans[i], options))
			continue;
		rows[nr].bc = bench_case_find(plans[i].name);
		rows[nr].subject = plans[i].subject;
		rows[nr].cluster = plans[i].cluster;
		nr++;
	}
	return nr;
}
