// SPDX-License-Identifier: GPL-2.0-only
/* machvmstat - the command line. */
#include "vmstat.h"
#include "common/module.h"
#include "common/options.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#define ROWS_PER_HEADER	20

static const char usage[] =
"Usage: machvmstat [OPTION]... [INTERVAL [COUNT]]\n"
"Show what the machvm module does with its memory.\n"
"\n"
"  -s, --summary        only the pool and what has happened\n"
"  -g, --segments       only free memory by segment and size of block\n"
"  -c, --caches         only the caches of structures\n"
"  -j, --json           for programs: one line of JSON\n"
"  -d, --device PATH    ask PATH, a file in " MACH_VM_NODE_DIR " for instance,\n"
"                       and not " MACH_VM_DEVICE "\n"
"  -h, --help           print this\n"
"  -V, --version        print the versions of this program and of the module\n"
"\n"
"With INTERVAL, in seconds, one row each INTERVAL: memory now, and what happened\n"
"meanwhile; COUNT rows, or until interrupted.\n"
"Exit status: 0 ok, 1 failure, 2 usage. Manual: machvmstat(8)\n";

/**
 * struct settings - What to do
 * @device: to ask
 * @parts: SHOW_*
 * @json: for programs
 * @version: print the versions only
 * @interval: seconds, or 0 to show everything once
 * @count: rows; 0 for no end
 */
struct settings {
	const char *device;
	unsigned int parts;
	bool json;
	bool version;
	double interval;
	unsigned long count;
};

static const struct option options[] = {
	{ "summary", no_argument, NULL, 's' },
	{ "segments", no_argument, NULL, 'g' },
	{ "caches", no_argument, NULL, 'c' },
	{ "json", no_argument, NULL, 'j' },
	{ "device", required_argument, NULL, 'd' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ }
};

static void set_option(struct settings *settings, int key)
{
	switch (key) {
	case 's':
		settings->parts |= SHOW_STATISTICS;
		break;
	case 'g':
		settings->parts |= SHOW_SEGMENTS;
		break;
	case 'c':
		settings->parts |= SHOW_CACHES;
		break;
	case 'j':
		settings->json = true;
		break;
	case 'd':
		settings->device = optarg;
		break;
	case 'h':
		fputs(usage, stdout);
		exit(0);
	case 'V':
		settings->version = true;
		break;
	default:
		bad_usage(NULL);
	}
}

static void set_interval(struct settings *settings, const char *text)
{
	char *end;

	settings->interval = strtod(text, &end);
	if (end == text || *end || !(settings->interval >= 0.01) ||
	    settings->interval > 86400)
		bad_usage("%s: not an interval, 0.01 to 86400 seconds", text);
}

static struct settings parse(int argc, char **argv)
{
	struct settings settings = { .device = MACH_VM_DEVICE };
	int key;

	while ((key = getopt_long(argc, argv, "sgcjd:hV", options, NULL)) != -1)
		set_option(&settings, key);
	if (argc - optind > 2)
		bad_usage("%s: too many arguments", argv[optind + 2]);
	if (argc - optind > 0)
		set_interval(&settings, argv[optind]);
	if (argc - optind > 1)
		settings.count = parse_number(argv[optind + 1],
					      "a count of rows", 1, ULONG_MAX);
	if (settings.interval && !settings.json && settings.parts)
		bad_usage("rows are of everything: not with -s, -g or -c");
	if (!settings.parts)
		settings.parts = SHOW_ALL;
	return settings;
}

static int open_device(const char *path)
{
	struct mach_vm_version version = { .size = sizeof(version) };
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		errx(1, "no %s: %s", path, LOAD_MODULE);
	if (fd < 0)
		err(1, "%s", path);
	if (ioctl(fd, MACH_VM_VERSION, &version))
		errx(1, "%s: not a device of machvm", path);
	return fd;
}

static void show_features(unsigned long long features)
{
	static const char * const names[] = {
		"ring", "ioctl", "file", "task", "proxy", "pages", "names",
		"listed", "asks",
	};
	unsigned int i;

	for (i = 0; features; i++, features >>= 1) {
		if (!(features & 1))
			continue;
		if (i < sizeof(names) / sizeof(*names))
			printf(" %s", names[i]);
		else
			printf(" bit%u", i);
	}
}

/* The module's version has to be had even where its numbers cannot be. */
static void show_version(const char *path)
{
	struct mach_vm_version version = { .size = sizeof(version) };
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	printf("machvmstat (machvm), interface %d\n", MACH_VM_API_VERSION);
	if (fd < 0 || ioctl(fd, MACH_VM_VERSION, &version)) {
		printf("module: %s: %s\n", path, strerror(errno));
		return;
	}
	printf("module: interface %u, serves programs from %u, features:",
	       version.api, version.api_oldest);
	show_features(version.features);
	putchar('\n');
}

static void finish_output(void)
{
	if (fflush(stdout) || ferror(stdout))
		err(1, "standard output");
}

static void pause_for(double seconds)
{
	struct timespec time = { .tv_sec = seconds };

	time.tv_nsec = (seconds - time.tv_sec) * 1e9;
	while (nanosleep(&time, &time) && errno == EINTR)
		;
}

static void show_once(const struct settings *settings, int fd)
{
	struct sample sample;

	sample_read(&sample, fd, settings->parts);
	if (settings->json)
		show_json(&sample);
	else
		show_text(&sample);
	sample_free(&sample);
	finish_output();
}

static void follow_rates(const struct settings *settings, int fd)
{
	struct sample before, now;
	unsigned long row;

	sample_read(&before, fd, SHOW_STATISTICS);
	for (row = 0; !settings->count || row < settings->count; row++) {
		if (row % ROWS_PER_HEADER == 0)
			show_rates_header();
		finish_output();
		pause_for(settings->interval);
		sample_read(&now, fd, SHOW_STATISTICS);
		show_rates(&before, &now);
		finish_output();
		before = now;
	}
}

static void follow_json(const struct settings *settings, int fd)
{
	unsigned long row;

	for (row = 0; !settings->count || row < settings->count; row++) {
		if (row)
			pause_for(settings->interval);
		show_once(settings, fd);
	}
}

int main(int argc, char **argv)
{
	struct settings settings = parse(argc, argv);
	int fd;

	if (settings.version) {
		show_version(settings.device);
		finish_output();
		return 0;
	}
	fd = open_device(settings.device);
	if (!settings.interval)
		show_once(&settings, fd);
	else if (settings.json)
		follow_json(&settings, fd);
	else
		follow_rates(&settings, fd);
	return 0;
}
