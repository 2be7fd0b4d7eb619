// SPDX-License-Identifier: GPL-2.0-only
/*
 * machbench - what paging costs, in instructions or microseconds a page.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define ROWS_MAX 64

static void die(const char *message)
{
	/* What could be done about a failed write here? */
	if (write(STDERR_FILENO, message, strlen(message)) < 0)
		_exit(2);
	_exit(1);
}

static void on_alarm(int signal)
{
	(void)signal;
	die("machbench: the measurement hangs; is the pager alive? (--timeout)\n");
}

static void on_bus_error(int signal)
{
	(void)signal;
	die("machbench: SIGBUS: the pager failed or died\n");
}

static void catch_signals(void)
{
	struct sigaction alarm_action = { .sa_handler = on_alarm };
	struct sigaction bus_action = { .sa_handler = on_bus_error };

	sigaction(SIGALRM, &alarm_action, NULL);
	sigaction(SIGBUS, &bus_action, NULL);
}

/* Who looks at addresses from outside has to know where we are. */
static int copy_maps(const char *path)
{
	FILE *from = fopen("/proc/self/maps", "re");
	FILE *to = fopen(path, "we");
	char line[4096];
	int error = 0;

	while (from && to && fgets(line, sizeof(line), from))
		fputs(line, to);
	if (!from || !to || ferror(to))
		error = bench_fail("%s: cannot write", path);
	if (from)
		fclose(from);
	if (to && fclose(to))
		error = bench_fail("%s: cannot write", path);
	return error;
}

static size_t plan(struct bench_row *rows, const struct bench_options *options)
{
	if (!options->bc || !options->subject)
		return bench_plan(rows, ROWS_MAX, options);
	rows->bc = options->bc;
	rows->subject = options->subject;
	rows->cluster = options->subject == &bench_mmap ? 0 : options->cluster;
	return 1;
}

static int measure_all(struct bench_row *rows, size_t nr,
		       const struct bench_options *options,
		       struct bench_store *store)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (bench_measure(&rows[i], options, store))
			return bench_fail("%s on %s failed", rows[i].bc->name,
					  rows[i].subject->name);
		bench_report_row(&rows[i], options);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct bench_row rows[ROWS_MAX] = { 0 };
	struct bench_options options;
	struct bench_store store;
	size_t nr;
	int error;

	bench_options_parse(&options, argc, argv);
	catch_signals();
	nr = plan(rows, &options);
	if (options.maps && copy_maps(options.maps))
		return 1;
	if (bench_store_open(&store, options.file, options.size))
		return 1;
	if (options.settle)
		bench_settle();
	error = measure_all(rows, nr, &options, &store);
	if (!error && nr > 1)
		bench_report_table(rows, nr, &options);
	if (!error && options.csv)
		error = bench_report_csv(rows, nr, &options);
	bench_store_close(&store);
	return error ? 1 : 0;
}
