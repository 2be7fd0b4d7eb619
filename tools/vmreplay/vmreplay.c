// SPDX-License-Identifier: GPL-2.0-only
/* vmreplay - the command line. */
#include "common/options.h"
#include "convert.h"
#include "generate.h"
#include "report.h"

#include <err.h>
#include <getopt.h>
#include <stdlib.h>

#define SCALE		20
#define SCALE_MAX	80	/* what fits into the heap */
#define SEED		1

static const char usage[] =
"Usage: vmreplay [OPTION]... TRACE...\n"
"       vmreplay --convert STRACE [--process PID | --program NAME] [--upward]\n"
"       vmreplay --generate ext2fs-grep [--scale N] [--seed N] [--remap]\n"
"Make a program's address-space calls on a Mach map, and count its entries.\n"
"\n"
"  -r, --rules LIST     of none,backward,gnumach2023,machvm (all); also\n"
"                       with rules taken away or added: machvm-pieces\n"
"  -c, --csv            for programs: a line for each trace and set of rules\n"
"  -s, --series FILE    write the numbers after each call; one TRACE only\n"
"  -k, --check          compare the maps with a model after each call\n"
"  -u, --untouched      as if nobody touched the memory\n"
"  -n, --no-kernel      do not count Linux's own VMAs\n"
"      --convert FILE   print a trace: what strace -f -y wrote, as Mach's calls\n"
"      --process PID    of this process, not of the one with the most calls\n"
"      --program NAME   of one whose program's path ends so\n"
"      --upward         with addresses as Mach chooses them: the lowest room\n"
"      --generate NAME  print the trace of a program that does not run here\n"
"      --scale N        so many thousand files\n"
"      --seed N         of chance\n"
"      --remap          the heap gives pages back as glibc's on the Hurd does\n"
"  -h, --help           print this\n"
"\n"
"A TRACE whose name ends in .gz is decompressed; - is the standard input.\n"
"Exit status: 0 ok, 1 failure, 2 usage. Manual: vmreplay(1)\n";

enum { CONVERT = 256, PROCESS, PROGRAM, UPWARD, GENERATE, SCALE_OF, SEED_OF, REMAP };

static const struct option options[] = {
	{ "rules", required_argument, NULL, 'r' },
	{ "csv", no_argument, NULL, 'c' },
	{ "series", required_argument, NULL, 's' },
	{ "check", no_argument, NULL, 'k' },
	{ "untouched", no_argument, NULL, 'u' },
	{ "no-kernel", no_argument, NULL, 'n' },
	{ "convert", required_argument, NULL, CONVERT },
	{ "process", required_argument, NULL, PROCESS },
	{ "program", required_argument, NULL, PROGRAM },
	{ "upward", no_argument, NULL, UPWARD },
	{ "generate", required_argument, NULL, GENERATE },
	{ "scale", required_argument, NULL, SCALE_OF },
	{ "seed", required_argument, NULL, SEED_OF },
	{ "remap", no_argument, NULL, REMAP },
	{ "help", no_argument, NULL, 'h' },
	{ }
};

/* What the command line says */
struct command {
	struct settings settings;
	struct generate generate;
	const char *convert;	/* or NULL */
	struct wanted wanted;
	bool generates;
};

static void set_rules(struct settings *settings, char *list)
{
	char *name;

	settings->n_sets = 0;
	while ((name = strsep(&list, ","))) {
		if (settings->n_sets == SETS_MAX ||
		    !rules_parse(name, &settings->sets[settings->n_sets]))
			bad_usage("--rules: what is '%s'?", name);
		settings->n_sets++;
	}
}

static void set_generate(struct command *command, const char *name)
{
	if (strcmp(name, "ext2fs-grep"))
		bad_usage("there is only ext2fs-grep to generate");
	command->generates = true;
}

static FILE *open_series(const char *path)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "w") : stdout;

	if (!file)
		err(1, "%s", path);
	return file;
}

/* An option of replaying; false if it is none. */
static bool replay_option(struct settings *settings, int option, char *value)
{
	switch (option) {
	case 'r':
		set_rules(settings, value);
		return true;
	case 'c':
		settings->csv = true;
		return true;
	case 's':
		settings->series = open_series(value);
		return true;
	case 'k':
		settings->check = true;
		return true;
	case 'u':
		settings->untouched = true;
		return true;
	case 'n':
		settings->kernel = false;
		return true;
	default:
		return false;
	}
}

/* One that makes traces, or none of either */
static void make_option(struct command *command, int option, const char *value)
{
	switch (option) {
	case CONVERT:
		command->convert = value;
		break;
	case PROCESS:
		command->wanted.pid = parse_number(value, "a process", 1, INT_MAX);
		break;
	case PROGRAM:
		command->wanted.program = value;
		break;
	case UPWARD:
		command->wanted.upward = true;
		break;
	case GENERATE:
		set_generate(command, value);
		break;
	case SCALE_OF:
		command->generate.scale = parse_number(value, "a scale", 0,
						       SCALE_MAX);
		break;
	case SEED_OF:
		command->generate.seed = parse_number(value, "a seed", 0,
						      ULONG_MAX);
		break;
	case REMAP:
		command->generate.remap = true;
		break;
	case 'h':
		fputs(usage, stdout);
		exit(0);
	default:
		bad_usage(NULL);
	}
}

static void parse(struct command *command, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "r:cs:kunh", options,
				     NULL)) >= 0)
		if (!replay_option(&command->settings, option, optarg))
			make_option(command, option, optarg);
	if (command->convert && command->generates)
		bad_usage("--convert or --generate, not both");
	if (command->convert || command->generates) {
		if (optind != argc)
			bad_usage("%s: one trace is made at a time",
				  argv[optind]);
	} else if (optind == argc) {
		bad_usage("which trace?");
	} else if (command->settings.series && argc - optind > 1) {
		bad_usage("--series takes one trace");
	}
}

static void generate(const struct generate *how)
{
	struct trace trace = { };

	generate_ext2fs_grep(how, &trace);
	printf("# ext2fs-grep: scale %lu, seed %lu%s\n", how->scale, how->seed,
	       how->remap ? ", remap" : "");
	trace_write(stdout, &trace);
	trace_free(&trace);
}

int main(int argc, char **argv)
{
	struct command command = {
		.settings = { .n_sets = RULE_SETS, .kernel = true },
		.generate = { .scale = SCALE, .seed = SEED },
	};

	memcpy(command.settings.sets, rule_sets, sizeof(rule_sets));
	parse(&command, argc, argv);
	if (command.convert) {
		convert(command.convert, &command.wanted);
	} else if (command.generates) {
		generate(&command.generate);
	} else {
		report_begin(&command.settings);
		for (; optind < argc; optind++)
			report_trace(&command.settings, argv[optind]);
		if (command.settings.series &&
		    fflush(command.settings.series))
			err(1, "writing the series");
	}
	if (fflush(stdout) || ferror(stdout))
		err(1, "writing");
	return 0;
}
