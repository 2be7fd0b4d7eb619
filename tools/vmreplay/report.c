// SPDX-License-Identifier: GPL-2.0-only
/* A table of what came of a trace under each set of rules, and its CSV lines. */
#include "report.h"
#include "kernel.h"
#include "replay.h"

#include "../../kmod/map/vm_map_range.h"

#include <err.h>
#include <inttypes.h>
#include <stdlib.h>

static const char *const refusals[MACH_REFUSALS] = {
	[MACH_REFUSED_RULE] = "rule",
	[MACH_REFUSED_ATTRIBUTES] = "rights",
	[MACH_REFUSED_SHARED] = "shared",
	[MACH_REFUSED_TRANSITION] = "transit",
	[MACH_REFUSED_OFFSETS] = "offset",
	[MACH_REFUSED_OBJECTS] = "object",
};

/**
 * struct run_of - One trace while it is replayed
 * @path: of the trace
 * @trace: its calls
 * @replays: one for each set of the settings
 * @runs: the model
 * @runs_peak: most runs so far
 * @kernel: of Linux, if it was asked
 */
struct run_of {
	const char *path;
	struct trace trace;
	struct replay replays[SETS_MAX];
	struct runs runs;
	unsigned long runs_peak;
	struct kernel_count kernel;
};

/* The file's name, without directory and what follows the first dot */
static void print_name(FILE *file, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	fprintf(file, "%.*s", (int)strcspn(name, "."), name);
}

static void check(const struct settings *settings, struct run_of *run,
		  unsigned long n)
{
	unsigned int i;

	for (i = 0; i < settings->n_sets; i++) {
		const struct rule_set *set = &settings->sets[i];
		struct replay *replay = &run->replays[i];
		const char *wrong = replay_differs(replay, &run->runs);

		if (!wrong && set->rules == rule_sets[RULE_SETS - 1].rules &&
		    mach_entries_minimum(&replay->entries) != run->runs.n)
			wrong = "the map's own minimum is not the model's";
		if (wrong)
			errx(1, "%s: call %lu, %s: %s", run->path, n,
			     set->name, wrong);
	}
}

static void print_sample(const struct settings *settings,
			 const struct run_of *run, unsigned long n)
{
	unsigned int i;

	fprintf(settings->series, "%lu", n);
	for (i = 0; i < settings->n_sets; i++)
		fprintf(settings->series, " %lu", run->replays[i].entries.n);
	fprintf(settings->series, " %lu", run->runs.n);
	if (settings->kernel && run->kernel.vmas[n])
		fprintf(settings->series, " %" PRIu32, run->kernel.vmas[n]);
	else
		fprintf(settings->series, " -");
	putc('\n', settings->series);
}

static void replay_all(const struct settings *settings, struct run_of *run)
{
	unsigned long n;
	unsigned int i;

	for (n = 0; n < run->trace.n; n++) {
		const struct call *call = &run->trace.calls[n];

		if (!runs_apply(&run->runs, call))
			errx(1, "%s: call %lu makes no sense", run->path, n);
		if (run->runs.n > run->runs_peak)
			run->runs_peak = run->runs.n;
		for (i = 0; i < settings->n_sets; i++)
			replay_call(&run->replays[i], call);
		if (settings->check)
			check(settings, run, n);
		if (settings->series)
			print_sample(settings, run, n);
	}
}

static void print_kernel(bool known, u32 n)
{
	if (known)
		printf("%" PRIu32, n);
	else
		putchar('-');
}

static void print_csv(const struct settings *settings, const struct run_of *run)
{
	unsigned int i;

	for (i = 0; i < settings->n_sets; i++) {
		const struct replay *replay = &run->replays[i];

		print_name(stdout, run->path);
		printf(",%s,%lu,%lu,%lu,", settings->sets[i].name,
		       replay->peak, replay->entries.n, run->runs.n);
		print_kernel(settings->kernel, run->kernel.end);
		putchar('\n');
	}
}

static void print_table(const struct settings *settings,
			const struct run_of *run)
{
	unsigned int i, reason;

	print_name(stdout, run->path);
	printf(": %lu calls\n%-20s %8s %8s %8s  not merged:", run->trace.n, "",
	       "peak", "end", "merges");
	for (reason = 0; reason < MACH_REFUSALS; reason++)
		printf(" %8s", refusals[reason]);
	putchar('\n');
	for (i = 0; i < settings->n_sets; i++) {
		const struct mach_entries *entries = &run->replays[i].entries;

		printf("%-20s %8lu %8lu %8" PRIu64 "             ",
		       settings->sets[i].name, run->replays[i].peak,
		       entries->n, entries->merges);
		for (reason = 0; reason < MACH_REFUSALS; reason++)
			printf(" %8" PRIu64, entries->refusals[reason]);
		putchar('\n');
	}
	printf("%-20s %8lu %8lu\n", "minimum", run->runs_peak, run->runs.n);
	if (settings->kernel)
		printf("%-20s %8" PRIu32 " %8" PRIu32 "\n", "Linux",
		       run->kernel.peak, run->kernel.end);
	putchar('\n');
}

/* Without its touches */
static void leave_alone(struct trace *trace)
{
	unsigned long i, n = 0;

	for (i = 0; i < trace->n; i++)
		if (trace->calls[i].op != CALL_TOUCH)
			trace->calls[n++] = trace->calls[i];
	trace->n = n;
}

/**
 * report_begin - Print what comes above the first trace
 * @settings: what to print
 */
void report_begin(const struct settings *settings)
{
	unsigned int i;

	if (settings->csv)
		puts("trace,rules,entries_peak,entries_end,minimum_end,kernel_vmas");
	else
		puts("Entries of the map (peak, end) by each set of rules: fewer is better\n");
	if (!settings->series)
		return;
	fprintf(settings->series, "call");
	for (i = 0; i < settings->n_sets; i++)
		fprintf(settings->series, " %s", settings->sets[i].name);
	fprintf(settings->series, " minimum Linux\n");
}

/**
 * report_trace - Replay a trace and print what came of it
 * @settings: how
 * @path: of the trace
 */
void report_trace(const struct settings *settings, const char *path)
{
	struct run_of run = { .path = path };
	unsigned int i;

	trace_read(path, &run.trace);
	if (settings->untouched)
		leave_alone(&run.trace);
	if (settings->kernel && !kernel_replay(&run.trace, &run.kernel))
		errx(1, "%s: try --no-kernel", path);
	for (i = 0; i < settings->n_sets; i++)
		replay_begin(&run.replays[i], settings->sets[i].rules);
	replay_all(settings, &run);
	if (settings->csv)
		print_csv(settings, &run);
	else
		print_table(settings, &run);
	for (i = 0; i < settings->n_sets; i++)
		replay_end(&run.replays[i]);
	runs_clear(&run.runs);
	trace_free(&run.trace);
	free(run.kernel.vmas);
}
