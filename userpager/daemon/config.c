// SPDX-License-Identifier: GPL-2.0-only
/*
 * machpagerd - the command line.
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VERSION			"0.1"
#define SYNC_INTERVAL_DEFAULT	5
#define OPEN_FILES_DEFAULT	1024

enum option_key {
	OPT_NAME = 256, OPT_FILE, OPT_STORE, OPT_SIZE, OPT_CLUSTER,
	OPT_THREADS, OPT_DEPTH, OPT_READ_ONLY, OPT_DIRECT, OPT_TRANSPORT,
	OPT_COPY, OPT_MODE, OPT_OWNER, OPT_GROUP, OPT_SYNC_INTERVAL,
	OPT_DEADLINE, OPT_SINGLE_PAGE, OPT_NO_PIN, OPT_PIDFILE, OPT_RESIZABLE,
	OPT_DIR, OPT_WRITABLE, OPT_OPEN_FILES,
};

static const struct option options[] = {
	{ "name", required_argument, NULL, OPT_NAME },
	{ "file", required_argument, NULL, OPT_FILE },
	{ "dir", required_argument, NULL, OPT_DIR },
	{ "writable", no_argument, NULL, OPT_WRITABLE },
	{ "open-files", required_argument, NULL, OPT_OPEN_FILES },
	{ "store", required_argument, NULL, OPT_STORE },
	{ "size", required_argument, NULL, OPT_SIZE },
	{ "cluster", required_argument, NULL, OPT_CLUSTER },
	{ "threads", required_argument, NULL, OPT_THREADS },
	{ "depth", required_argument, NULL, OPT_DEPTH },
	{ "read-only", no_argument, NULL, OPT_READ_ONLY },
	{ "resizable", no_argument, NULL, OPT_RESIZABLE },
	{ "direct", no_argument, NULL, OPT_DIRECT },
	{ "transport", required_argument, NULL, OPT_TRANSPORT },
	{ "copy", no_argument, NULL, OPT_COPY },
	{ "mode", required_argument, NULL, OPT_MODE },
	{ "owner", required_argument, NULL, OPT_OWNER },
	{ "group", required_argument, NULL, OPT_GROUP },
	{ "sync-interval", required_argument, NULL, OPT_SYNC_INTERVAL },
	{ "deadline", required_argument, NULL, OPT_DEADLINE },
	{ "single-page", no_argument, NULL, OPT_SINGLE_PAGE },
	{ "no-pin", no_argument, NULL, OPT_NO_PIN },
	{ "pidfile", required_argument, NULL, OPT_PIDFILE },
	{ "foreground", no_argument, NULL, 'f' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ }
};

static const char usage[] =
"Usage: machpagerd [--name NAME] --file PATH [OPTION]...\n"
"       machpagerd [--name NAME] --dir PATH [--writable] [OPTION]...\n"
"Serve a file as the memory object /dev/machobj/NAME, for any program to map, or a\n"
"directory as a tree of them.\n"
"\n"
"What to serve:\n"
"  --name NAME           path of the object below /dev/machobj: 'disk', 'disks/a'\n"
"                        that of PATH if not given\n"
"  --file PATH           regular file or block device that holds the data\n"
"  --dir PATH            directory, with all that is below it; read-only unless\n"
"                        --writable\n"
"  --writable            with --dir: programs may write to its files, and make,\n"
"                        rename and remove some\n"
"  --open-files N        with --dir: files that are open at once (1024)\n"
"  --store KIND          kind of store, file if not given:\n";

static const char usage_rest[] =
"  --size N              bytes to serve, with k, M, G or T; all if not given\n"
"  --read-only           never write to it\n"
"  --resizable           programs may cut and extend it, and so the file\n"
"  --direct              read and write the store with O_DIRECT\n"
"\n"
"How to serve it:\n"
"  --cluster N           bytes of a full request: a power of two, 4k to 1M\n"
"                        (64k)\n"
"  --threads N           pager threads, 1 to 64 (one a CPU, at least 2)\n"
"  --depth N             requests that a thread can have open, 1 to 256 (8)\n"
"  --no-pin              do not pin the threads to CPUs\n"
"  --transport KIND      auto, ring (io_uring) or ioctl (auto)\n"
"  --copy                move data through the pager's memory; otherwise the\n"
"                        kernel reads and writes the file itself\n"
"  --single-page         one page a request (deprecated)\n"
"  --deadline SEC        time to answer a request (30)\n"
"  --sync-interval SEC   write modified data back this often, 0 never (5)\n"
"\n"
"The file in /dev/machobj:\n"
"  --mode MODE           octal permissions (0600)\n"
"  --owner USER          name or number (who starts the pager)\n"
"  --group GROUP         name or number (that of who starts the pager)\n"
"\n"
"The process:\n"
"  -f, --foreground      stay in the foreground, messages to stderr\n"
"      --pidfile PATH    write the process number there\n"
"  -v, --verbose         say more\n"
"  -h, --help            print this\n"
"  -V, --version         print the version\n"
"\n"
"In the background, the object is ready when machpagerd returns.\n"
"Exit status: 0 ok, 1 failure while serving, 2 usage, 3 store, 4 no module or\n"
"no permission, 5 object cannot be made. Manual: machpagerd(8)\n";

static void help(void)
{
	const struct store_class *const *class;

	fputs(usage, stdout);
	for (class = store_classes; *class; class++)
		printf("                          %-8s %s\n", (*class)->name,
		       (*class)->help);
	fputs(usage_rest, stdout);
	exit(EXIT_OK);
}

static void version(void)
{
	printf("machpagerd (machvm) %s, interface %d\n", VERSION,
	       MACH_VM_API_VERSION);
	exit(EXIT_OK);
}

static _Noreturn void bad(const char *option, const char *value,
			  const char *wanted)
{
	fprintf(stderr, "machpagerd: --%s %s: not %s\n", option, value, wanted);
	fputs("Try 'machpagerd --help'.\n", stderr);
	exit(EXIT_USAGE);
}

static _Noreturn void incomplete(const char *problem)
{
	fprintf(stderr, "machpagerd: %s\n", problem);
	fputs("Try 'machpagerd --help'.\n", stderr);
	exit(EXIT_USAGE);
}

static bool parse_number(const char *text, unsigned long most,
			 unsigned long *value)
{
	char *end;

	errno = 0;
	*value = strtoul(text, &end, 10);
	return !errno && end != text && !*end && isdigit((unsigned char)*text) &&
	       *value <= most;
}

/* @what: it counts, for the message */
static unsigned long number(const char *option, const char *text,
			    const char *what, unsigned long least,
			    unsigned long most)
{
	char wanted[80];
	unsigned long value;

	if (parse_number(text, most, &value) && value >= least)
		return value;
	snprintf(wanted, sizeof(wanted), "a plain number of %s from %lu to %lu",
		 what, least, most);
	bad(option, text, wanted);
}

/* Bytes, with an optional binary suffix. */
static uint64_t bytes(const char *option, const char *text)
{
	static const char suffixes[] = "kmgt";
	static const char wanted[] = "a size such as 4096, 64k or 10G";
	unsigned int shift = 0;
	const char *suffix;
	uint64_t value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || end == text || *text == '-')
		bad(option, text, wanted);
	suffix = *end ? strchr(suffixes, *end | 0x20) : NULL;
	if (suffix) {
		shift = 10 * (suffix - suffixes + 1);
		end++;
	}
	if (*end || value > MACH_OBJECT_SIZE_MAX >> shift)
		bad(option, text, wanted);
	return value << shift;
}

static uint64_t size(const char *text)
{
	uint64_t value = bytes("size", text);

	if (!value)
		bad("size", text, "at least one byte: leave it out to serve all of the file");
	return value;
}

static uint32_t cluster(const char *text)
{
	uint64_t value = bytes("cluster", text);

	if (value < 4096 || value > MACH_CLUSTER_MAX || value & (value - 1))
		bad("cluster", text, "a power of two from 4k to 1M");
	return value;
}

static enum pager_transport transport(const char *text)
{
	if (!strcmp(text, "ring"))
		return PAGER_TRANSPORT_RING;
	if (!strcmp(text, "ioctl"))
		return PAGER_TRANSPORT_IOCTL;
	if (strcmp(text, "auto"))
		bad("transport", text, "auto, ring or ioctl");
	return PAGER_TRANSPORT_AUTO;
}

static mode_t mode(const char *text)
{
	unsigned long value;
	char *end;

	value = strtoul(text, &end, 8);
	if (end == text || *end || !value || value > 0777)
		bad("mode", text, "octal permissions such as 0640");
	return value;
}

static uid_t owner(const char *text)
{
	struct passwd *user = getpwnam(text);
	unsigned long value;

	if (user)
		return user->pw_uid;
	if (!parse_number(text, UINT_MAX - 1, &value))
		bad("owner", text, "a user: give a name that 'getent passwd' knows, or a number");
	return value;
}

static gid_t group(const char *text)
{
	struct group *found = getgrnam(text);
	unsigned long value;

	if (found)
		return found->gr_gid;
	if (!parse_number(text, UINT_MAX - 1, &value))
		bad("group", text, "a group: give a name that 'getent group' knows, or a number");
	return value;
}

static const struct store_class *store(const char *text)
{
	const struct store_class *class = store_find_class(text);

	if (!class)
		bad("store", text, "a kind of store");
	return class;
}

/* One name of a path: is it too short, too long, or a way to another place? */
static bool is_no_name(const char *name, size_t length)
{
	return !length || length > MACH_NAME_MAX ||
	       (length <= 2 && !memcmp(name, "..", length));
}

static void check_name(const char *name)
{
	const char *at = name;
	size_t length;

	for (;;) {
		length = strcspn(at, "/");
		if (is_no_name(at, length) || strlen(name) > MACH_PATH_MAX)
			bad("name", name, "a path below " MACH_VM_NODE_DIR ": names of 1 to 255 bytes, one slash between two, none of them '.' or '..'");
		if (!at[length])
			break;
		at += length + 1;
	}
}

static bool set_store_option(struct config *config, int key, char *value)
{
	switch (key) {
	case OPT_FILE:
		config->store_options.path = value;
		return true;
	case OPT_STORE:
		config->store = store(value);
		return true;
	case OPT_SIZE:
		config->store_options.size = size(value);
		return true;
	case OPT_READ_ONLY:
		config->store_options.read_only = true;
		return true;
	case OPT_RESIZABLE:
		config->store_options.resizable = true;
		return true;
	case OPT_DIRECT:
		config->store_options.direct = true;
		return true;
	default:
		return false;
	}
}

static bool set_tree_option(struct config *config, int key, char *value)
{
	switch (key) {
	case OPT_DIR:
		config->directory = value;
		return true;
	case OPT_WRITABLE:
		config->writable = true;
		return true;
	case OPT_OPEN_FILES:
		config->open_files = number("open-files", value, "files", 1,
					    INT_MAX);
		return true;
	default:
		return false;
	}
}

static bool set_pager_option(struct config *config, int key, char *value)
{
	switch (key) {
	case OPT_THREADS:
		config->pager.queues = number("threads", value, "threads", 1,
					      MACH_PAGER_QUEUES_MAX);
		return true;
	case OPT_DEPTH:
		config->pager.depth = number("depth", value, "requests", 1,
					     MACH_PAGER_DEPTH_MAX);
		return true;
	case OPT_TRANSPORT:
		config->pager.transport = transport(value);
		return true;
	case OPT_DEADLINE:
		config->pager.deadline_ms = 1000 *
			number("deadline", value, "seconds", 1,
			       UINT_MAX / 1000);
		return true;
	case OPT_SINGLE_PAGE:
		config->pager.single_page = true;
		return true;
	case OPT_NO_PIN:
		config->pager.no_pin = true;
		return true;
	default:
		return false;
	}
}

static bool set_node_option(struct config *config, int key, char *value)
{
	switch (key) {
	case OPT_NAME:
		config->name = value;
		return true;
	case OPT_MODE:
		config->mode = mode(value);
		return true;
	case OPT_OWNER:
		config->owner = owner(value);
		config->owner_given = true;
		return true;
	case OPT_GROUP:
		config->group = group(value);
		config->group_given = true;
		return true;
	default:
		return false;
	}
}

static void set_other_option(struct config *config, int key, char *value)
{
	switch (key) {
	case OPT_CLUSTER:
		config->cluster = cluster(value);
		break;
	case OPT_COPY:
		config->copy = true;
		break;
	case OPT_SYNC_INTERVAL:
		config->sync_interval = number("sync-interval", value,
					       "seconds", 0,
					       INT_MAX / 1000);
		break;
	case OPT_PIDFILE:
		config->pidfile = value;
		break;
	case 'f':
		config->foreground = true;
		break;
	case 'v':
		config->verbose = true;
		break;
	case 'h':
		help();
		break;
	case 'V':
		version();
		break;
	default:
		/* getopt has said what is wrong */
		fputs("Try 'machpagerd --help'.\n", stderr);
		exit(EXIT_USAGE);
	}
}

/* The last part of @path, which may end in slashes; "" if it has none. */
static char *last_name(char *path)
{
	char *end = path + strlen(path), *at;

	while (end > path && end[-1] == '/')
		*--end = '\0';
	at = strrchr(path, '/');
	return at ? at + 1 : path;
}

/* As it was given, unless that is no name. */
static const char *name_of(const char *path)
{
	char *name = last_name(strdup(path) ?: "");

	if (strcmp(name, "") && strcmp(name, ".") && strcmp(name, ".."))
		return name;
	return last_name(realpath(path, NULL) ?: "");
}

static void choose_name(struct config *config)
{
	const char *path = config->directory ?: config->store_options.path;

	if (!config->name && path)
		config->name = name_of(path);
	if (!config->name || !*config->name)
		incomplete("--name NAME is missing: it names the object");
	check_name(config->name);
}

static void check_tree(const struct config *config)
{
	const struct store_options *store = &config->store_options;

	if (store->path || config->store != &store_file_class)
		incomplete("--dir serves a directory: leave out --file and --store");
	if (store->size || store->direct || store->resizable)
		incomplete("--size, --direct and --resizable are for a file, not for --dir");
	if (config->writable && store->read_only)
		incomplete("--writable and --read-only exclude each other");
}

static void check_store(const struct config *config)
{
	const struct store_options *store = &config->store_options;

	if (config->writable)
		incomplete("--writable goes with --dir: a file is writable unless --read-only");
	if (config->store->needs_path && !store->path)
		incomplete("--file PATH is missing: it holds the data; or --dir PATH");
	if (store->resizable && store->read_only)
		incomplete("--resizable and --read-only exclude each other");
	if (store->resizable && store->size)
		incomplete("--resizable and --size exclude each other: the size is the file's");
}

void config_parse(struct config *config, int argc, char **argv)
{
	int key;

	memset(config, 0, sizeof(*config));
	config->store = &store_file_class;
	config->open_files = OPEN_FILES_DEFAULT;
	config->owner = geteuid();
	config->group = getegid();
	config->sync_interval = SYNC_INTERVAL_DEFAULT;
	while ((key = getopt_long(argc, argv, "fvhV", options, NULL)) != -1) {
		if (!set_store_option(config, key, optarg) &&
		    !set_tree_option(config, key, optarg) &&
		    !set_pager_option(config, key, optarg) &&
		    !set_node_option(config, key, optarg))
			set_other_option(config, key, optarg);
	}
	if (optind < argc)
		incomplete("there are only options, no arguments: say --file PATH");
	if (config->directory)
		check_tree(config);
	else
		check_store(config);
	choose_name(config);
	if (!config->mode && !config->directory)
		config->mode = 0600;
}
