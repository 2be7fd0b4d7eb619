// SPDX-License-Identifier: GPL-2.0-only
/* Rows of build/bench/results.csv, which tools/bench/run collects. */
#include "common/rows.h"
#include "common/options.h"

#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static FILE *file;
static const char *series = "?";

/**
 * rows_open - Rows that follow are appended to a file; without this they go nowhere
 * @path: of the file; the program ends if it cannot be written
 */
void rows_open(const char *path)
{
	file = fopen(path, "ae");
	if (!file)
		err(1, "%s", path);
}

/**
 * rows_of - What kernel stands in the rows that follow
 * @kernel: as "6.1"; it is not copied
 */
void rows_of(const char *kernel)
{
	series = kernel;
}

/**
 * rows_add - Write a row of something that is counted once, without clusters
 * @subject: what did it, as "machvm"
 * @thing: that was done: the case
 * @metric: as "insn_per_op"
 * @value: as many of them
 */
void rows_add(const char *subject, const char *thing, const char *metric,
	      double value)
{
	if (file)
		fprintf(file, "%s,icount,%s,%s,1,%s,%.0f\n", series, subject,
			thing, metric, value);
}

/**
 * rows_close - All rows are in the file, or the program ends
 */
void rows_close(void)
{
	if (file && fclose(file))
		err(1, "the results");
	file = NULL;
}

/**
 * rows_parse - The command line of a program that counts, up to its first argument
 * @argc: of main()
 * @argv: of main(); --csv and --series are taken, others end the program
 * @usage: what --help prints
 */
void rows_parse(int argc, char **argv, const char *usage)
{
	static const struct option options[] = {
		{ "csv", required_argument, NULL, 'c' },
		{ "series", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1)
		switch (option) {
		case 'c':
			rows_open(optarg);
			break;
		case 's':
			rows_of(optarg);
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			bad_usage(NULL);
		}
}
