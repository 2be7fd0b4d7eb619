// SPDX-License-Identifier: GPL-2.0-only
/* vminfo - the command line. */
#include "vminfo.h"
#include "common/options.h"

#include <err.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
"Usage: vminfo [OPTION]... PID [ADDRESS [SIZE]]\n"
"  or:  vminfo --users\n"
"Show what is in the Mach task of process PID, entry by entry; or who holds the\n"
"module, so that it cannot be unloaded.\n"
"\n"
"  -a, --addresses      addresses of entries\n"
"  -s, --sizes          sizes of entries\n"
"  -v, --verbose        with -a or -s: everything else, too\n"
"  -d, --decimal        decimal numbers\n"
"  -h, --holes          tell where nothing is\n"
"  -j, --json           for programs: one line of JSON\n"
"  -u, --users          processes with descriptors or mappings of the module\n"
"      --help           print this\n"
"  -V, --version        print the version\n"
"\n"
"With ADDRESS, only entries that have bytes from there to ADDRESS + SIZE; SIZE is\n"
"0 if it is not given. Without -a and -s, everything.\n"
"Exit status: 0 ok, 1 failure, 2 usage. Manual: vminfo(1)\n";

#define OPTION_HELP	256

static const struct option options[] = {
	{ "addresses", no_argument, NULL, 'a' },
	{ "sizes", no_argument, NULL, 's' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "decimal", no_argument, NULL, 'd' },
	{ "holes", no_argument, NULL, 'h' },
	{ "json", no_argument, NULL, 'j' },
	{ "users", no_argument, NULL, 'u' },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, 'V' },
	{ }
};

static void set_option(struct settings *settings, int key)
{
	switch (key) {
	case 'a':
		settings->parts |= SHOW_ADDRESSES;
		break;
	case 's':
		settings->parts |= SHOW_SIZES;
		break;
	case 'v':
		settings->parts |= SHOW_DETAILS;
		break;
	case 'd':
		settings->decimal = true;
		break;
	case 'h':
		settings->holes = true;
		break;
	case 'j':
		settings->json = true;
		break;
	case 'u':
		settings->users = true;
		break;
	case OPTION_HELP:
		fputs(usage, stdout);
		exit(0);
	case 'V':
		printf("vminfo (machvm), interface %d\n", MACH_VM_API_VERSION);
		exit(0);
	default:
		bad_usage(NULL);
	}
}

static void set_range(struct settings *settings, int argc, char **argv)
{
	uint64_t size = 0;

	settings->whole = argc < 2;
	settings->last = UINT64_MAX;
	if (settings->whole)
		return;
	settings->first = parse_address(argv[1], "an address");
	if (argc > 2)
		size = parse_address(argv[2], "a size");
	if (size < UINT64_MAX - settings->first)
		settings->last = settings->first + size;
}

static struct settings parse(int argc, char **argv)
{
	struct settings settings = { 0 };
	unsigned long pid;
	int key;

	while ((key = getopt_long(argc, argv, "asvdhjuV", options, NULL)) != -1)
		set_option(&settings, key);
	argc -= optind;
	argv += optind;
	if (settings.users) {
		if (argc)
			bad_usage("--users is of all processes");
		return settings;
	}
	if (argc < 1 || argc > 3)
		bad_usage(argc < 1 ? "which process?" : "too many arguments");
	pid = parse_number(argv[0], "a process", 0, ULONG_MAX);
	if (!pid || pid > INT_MAX)
		errx(1, "no process %s", argv[0]);
	settings.pid = pid;
	set_range(&settings, argc, argv);
	if (!(settings.parts & (SHOW_ADDRESSES | SHOW_SIZES)))
		settings.parts = SHOW_ALL;
	return settings;
}

/* A heading only where there are several, or it is another process's. */
static void show_tasks(const struct settings *settings,
		       const struct task *tasks, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		unsigned int owner = tasks[i].info.pid;

		if (n > 1 || owner != (unsigned int)settings->pid) {
			printf("%sdescriptor %d", i ? "\n" : "", tasks[i].number);
			if (owner != (unsigned int)settings->pid)
				printf(", task of process %u", owner);
			puts(":");
		}
		show_text(settings, &tasks[i]);
	}
}

static void show_process(const struct settings *settings)
{
	struct task *tasks;
	size_t n = tasks_find(settings->pid, &tasks), i;

	for (i = 0; i < n; i++)
		task_read(&tasks[i], settings->first, settings->last);
	if (settings->json)
		show_json(settings, tasks, n);
	else
		show_tasks(settings, tasks, n);
	for (i = 0; i < n; i++)
		free(tasks[i].entries);
	free(tasks);
}

int main(int argc, char **argv)
{
	struct settings settings = parse(argc, argv);

	if (settings.users)
		users_show();
	else
		show_process(&settings);
	if (fflush(stdout) || ferror(stdout))
		err(1, "standard output");
	return 0;
}
