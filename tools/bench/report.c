// SPDX-License-Identifier: GPL-2.0-only
/*
 * machbench - results: a line for each row, a table, and the CSV file.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "bench.h"

static const struct bench_subject *const columns[] = {
	&bench_machvm, &bench_uffd, &bench_mmap, &bench_pread,
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static const char *unit(const struct bench_options *options)
{
	return options->icount ? "insn/page" : "us/page";
}

static int digits(const struct bench_options *options)
{
	return options->icount ? 0 : 3;
}

/* One finished row, as soon as it is known. */
void bench_report_row(const struct bench_row *row,
		      const struct bench_options *options)
{
	int after = digits(options);

	printf("%-12s %-7s cluster %-3zu %10.*f %s  (%.*f to %.*f)\n",
	       row->bc->name, row->subject->name, row->cluster, after,
	       row->value, unit(options), after, row->low, after, row->high);
	fflush(stdout);
}

/*
 * The result of @subject beside a line for @cluster. Who leaves the cluster to
 * the kernel, or has just one, stands beside every line of the case.
 */
static const struct bench_row *find(const struct bench_row *rows, size_t nr,
				    const struct bench_case *bc,
				    const struct bench_subject *subject,
				    size_t cluster)
{
	bool paged = subject == &bench_machvm || subject == &bench_uffd;
	size_t i;

	for (i = 0; i < nr; i++)
		if (rows[i].bc == bc && rows[i].subject == subject &&
		    (!paged || rows[i].cluster == cluster))
			return &rows[i];
	return NULL;
}

static void print_ratio(const struct bench_row *ours,
			const struct bench_row *theirs)
{
	if (ours && theirs)
		printf(" %8.2fx", theirs->value / ours->value);
	else
		printf(" %9s", "-");
}

static void print_line(const struct bench_row *rows, size_t nr,
		       const struct bench_row *line,
		       const struct bench_options *options)
{
	const struct bench_row *found[COLUMNS];
	size_t i;

	printf("%-12s %7zu", line->bc->name, line->cluster);
	for (i = 0; i < COLUMNS; i++) {
		found[i] = find(rows, nr, line->bc, columns[i], line->cluster);
		if (found[i])
			printf(" %9.*f", digits(options), found[i]->value);
		else
			printf(" %9s", "-");
	}
	print_ratio(found[0], found[1]);
	print_ratio(found[0], found[2]);
	putchar('\n');
}

static bool has_ours(const struct bench_row *rows, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (rows[i].subject == &bench_machvm)
			return true;
	return false;
}

/* All rows side by side: a line for each case and cluster of machvm's. */
void bench_report_table(const struct bench_row *rows, size_t nr,
			const struct bench_options *options)
{
	size_t i;

	if (!has_ours(rows, nr))
		return;
	printf("\n%s, medians; the last columns: how many times machvm's cost\n",
	       unit(options));
	printf("%-12s %7s", "case", "cluster");
	for (i = 0; i < COLUMNS; i++)
		printf(" %9s", columns[i]->name);
	printf(" %9s %9s\n", "uffd", "mmap");
	for (i = 0; i < nr; i++)
		if (rows[i].subject == &bench_machvm)
			print_line(rows, nr, &rows[i], options);
	fflush(stdout);
}

/* Append the results to the CSV file of @options; 0 or -1. */
int bench_report_csv(const struct bench_row *rows, size_t nr,
		     const struct bench_options *options)
{
	FILE *file = fopen(options->csv, "ae");
	struct utsname name;
	int major, minor;
	size_t i;

	if (!file)
		return bench_fail("%s: %s", options->csv, strerror(errno));
	uname(&name);
	if (sscanf(name.release, "%d.%d", &major, &minor) != 2) {
		fclose(file);
		return bench_fail("unknown kernel release %s", name.release);
	}
	for (i = 0; i < nr; i++)
		fprintf(file, "%d.%d,%s,%s,%s,%zu,%s,%.*f\n", major, minor,
			options->icount ? "icount" : "smp2",
			rows[i].subject->name, rows[i].bc->name,
			rows[i].cluster,
			options->icount ? "insn_per_page" : "us_per_page",
			digits(options), rows[i].value);
	if (fclose(file))
		return bench_fail("%s: %s", options->csv, strerror(errno));
	return 0;
}
