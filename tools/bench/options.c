// SPDX-License-Identifier: GPL-2.0-only
/*
 * machbench - the command line.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "common/options.h"

#define DEFAULT_CLUSTER	64
#define DEFAULT_REPEAT	5
#define DEFAULT_SIZE_MB	32
#define QUICK_REPEAT	3
#define QUICK_SIZE_MB	16
#define DEFAULT_BUDGET	10
#define QUICK_BUDGET	3
#define DEFAULT_TIMEOUT	240

static const char help[] =
"Usage: machbench --file PATH [--quick] [OPTION...]\n"
"       machbench --file PATH --case CASE --subject SUBJECT [OPTION...]\n"
"\n"
"What does it cost to page a file in? Measures memory objects of machvm beside\n"
"userfaultfd, the kernel's mmap and pread, on one file, and checks every page.\n"
"Without --case or --subject all of them are measured, and printed as a table.\n"
"\n"
"  --file PATH       the store; made, or an earlier one of machbench overwritten\n"
"  --case CASE       cold-seq, cold-rand, sparse-rand, dirty-seq, disk-seq,\n"
"                    disk-rand or warm-seq (disk-*: PATH must be on a disk)\n"
"  --subject SUBJECT machvm, uffd, mmap or pread\n"
"  --cluster PAGES   pages asked for at a time, a power of two (64)\n"
"  --repeat N        timed repeats, of which the median is shown (5)\n"
"  --size MB         size of the store (32)\n"
"  --transport WAY   ring or ioctl: how machvm's pager is reached (ring)\n"
"  --supply WAY      file or copy: how machvm's pager supplies (file)\n"
"  --queues N        queues of machvm's pager (one a CPU)\n"
"  --pager WAY       lib or raw: machvm's pager uses libuserpager or nothing (lib)\n"
"  --mode MODE       icount if the clock counts instructions, otherwise smp2\n"
"  --quick           a small table: three cases, 16 MiB, 3 repeats, 3 seconds a row\n"
"  --csv FILE        append kernel,mode,subject,case,cluster_pages,metric,value\n"
"  --maps FILE       copy /proc/self/maps to FILE, for tools/bench/profile\n"
"  --budget SEC      after so long make do with few repeats of a row (10)\n"
"  --timeout SEC     give a row up after so long (240)\n"
"  --no-settle       do not wait until the machine is idle\n"
"  --help            this text\n"
"\n"
"Exit status: 0 all measured, 1 a measurement failed, 2 wrong usage.\n";

enum {
	OPT_FILE = 1, OPT_CASE, OPT_SUBJECT, OPT_CLUSTER, OPT_REPEAT, OPT_SIZE,
	OPT_TRANSPORT, OPT_SUPPLY, OPT_QUEUES, OPT_PAGER, OPT_MODE, OPT_QUICK,
	OPT_CSV, OPT_MAPS, OPT_BUDGET, OPT_TIMEOUT, OPT_NO_SETTLE, OPT_HELP,
};

static const struct option long_options[] = {
	{ "file", required_argument, NULL, OPT_FILE },
	{ "case", required_argument, NULL, OPT_CASE },
	{ "subject", required_argument, NULL, OPT_SUBJECT },
	{ "cluster", required_argument, NULL, OPT_CLUSTER },
	{ "repeat", required_argument, NULL, OPT_REPEAT },
	{ "size", required_argument, NULL, OPT_SIZE },
	{ "transport", required_argument, NULL, OPT_TRANSPORT },
	{ "supply", required_argument, NULL, OPT_SUPPLY },
	{ "queues", required_argument, NULL, OPT_QUEUES },
	{ "pager", required_argument, NULL, OPT_PAGER },
	{ "mode", required_argument, NULL, OPT_MODE },
	{ "quick", no_argument, NULL, OPT_QUICK },
	{ "csv", required_argument, NULL, OPT_CSV },
	{ "maps", required_argument, NULL, OPT_MAPS },
	{ "budget", required_argument, NULL, OPT_BUDGET },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "no-settle", no_argument, NULL, OPT_NO_SETTLE },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

/* Which of two words; true for @second. */
static bool choice(const char *what, const char *text, const char *first,
		   const char *second)
{
	if (!strcmp(text, second))
		return true;
	if (strcmp(text, first))
		bad_usage("%s: %s or %s, not %s", what, first, second, text);
	return false;
}

static size_t cluster(const char *text)
{
	size_t pages = parse_number(text, "a cluster", 1, 256);

	if (pages & (pages - 1))
		bad_usage("%s: not a power of two", text);
	return pages;
}

static void set_plan(struct bench_options *o, int option, const char *value)
{
	switch (option) {
	case OPT_CASE:
		o->bc = bench_case_find(value);
		if (!o->bc)
			bad_usage("%s: no such case", value);
		break;
	case OPT_SUBJECT:
		o->subject = bench_subject_find(value);
		if (!o->subject)
			bad_usage("%s: no such subject", value);
		break;
	case OPT_CLUSTER:
		o->cluster = cluster(value);
		break;
	case OPT_REPEAT:
		o->repeat = parse_number(value, "a number of repeats", 1,
					 BENCH_REPEATS_MAX);
		break;
	case OPT_SIZE:
		o->size = parse_number(value, "a size", 1, 1UL << 20) << 20;
		break;
	case OPT_QUICK:
		o->quick = true;
		break;
	}
}

static void set(struct bench_options *o, int option, const char *value)
{
	switch (option) {
	case OPT_FILE:
		o->file = value;
		break;
	case OPT_TRANSPORT:
		o->ioctl = choice("--transport", value, "ring", "ioctl");
		break;
	case OPT_SUPPLY:
		o->copy = choice("--supply", value, "file", "copy");
		break;
	case OPT_QUEUES:
		o->queues = parse_number(value, "a number of queues", 1, 64);
		break;
	case OPT_PAGER:
		o->raw = choice("--pager", value, "lib", "raw");
		break;
	case OPT_MODE:
		o->icount = choice("--mode", value, "smp2", "icount");
		break;
	case OPT_CSV:
		o->csv = value;
		break;
	case OPT_MAPS:
		o->maps = value;
		break;
	case OPT_BUDGET:
		o->budget = parse_number(value, "a budget", 1, 86400);
		break;
	case OPT_TIMEOUT:
		o->timeout = parse_number(value, "a timeout", 1, 3600);
		break;
	case OPT_NO_SETTLE:
		o->settle = false;
		break;
	case OPT_HELP:
		fputs(help, stdout);
		exit(0);
	case '?':
		bad_usage(NULL);
	default:
		set_plan(o, option, value);
	}
}

static void complete(struct bench_options *o)
{
	if (!o->file)
		bad_usage("--file PATH is missing, the store to measure with");
	if (o->cluster && (!o->bc || !o->subject))
		bad_usage("--cluster needs --case and --subject");
	if (!o->cluster)
		o->cluster = DEFAULT_CLUSTER;
	if (!o->repeat)
		o->repeat = o->quick ? QUICK_REPEAT : DEFAULT_REPEAT;
	if (!o->budget)
		o->budget = o->quick ? QUICK_BUDGET : DEFAULT_BUDGET;
	/* A clock of instructions leaps ahead whenever the machine is idle. */
	if (o->icount)
		o->timeout *= 100;
	if (!o->size)
		o->size = (o->quick ? QUICK_SIZE_MB : DEFAULT_SIZE_MB) << 20;
}

/* Fill @options; exits when they make no sense or only help is wanted. */
void bench_options_parse(struct bench_options *options, int argc, char **argv)
{
	int option;

	memset(options, 0, sizeof(*options));
	options->settle = true;
	options->timeout = DEFAULT_TIMEOUT;
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		set(options, option, optarg);
	if (optind < argc)
		bad_usage("%s: not an option", argv[optind]);
	complete(options);
}
