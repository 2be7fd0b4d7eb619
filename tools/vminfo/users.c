// SPDX-License-Identifier: GPL-2.0-only
/* Who holds the module: mounts, descriptors and mappings, process by process. */
#include "vminfo.h"
#include "common/array.h"

#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/**
 * struct holding - How a process holds one thing
 * @what: the name that the process has for it
 * @descriptors: how many are open
 * @areas: how many show it
 */
struct holding {
	char what[256];
	unsigned int descriptors;
	unsigned int areas;
};

/* What one process holds: @n of them */
struct holdings {
	struct holding *all;
	size_t n;
	size_t room;
};

/* What is no file of an object: the device, names and proxies */
static bool is_ours(const char *path)
{
	const char *name = strrchr(path, '/');

	if (!strncmp(path, "anon_inode:[mach", 16))
		return true;
	return name && (!strcmp(name, "/machvm") ||
			!strcmp(name, "/machvm (deleted)"));
}

/*
 * A name as it is told: control characters by their numbers, as /proc/PID/maps tells
 * some; of one that is too long the end, after dots.
 */
static void tell(char *to, size_t size, const char *what)
{
	char *text = malloc(4 * strlen(what) + 1), *at = text;
	size_t length;

	if (!text)
		err(1, "memory for a name");
	for (; *what; what++)
		if (iscntrl((unsigned char)*what))
			at += sprintf(at, "\\%03o", (unsigned char)*what);
		else
			*at++ = *what;
	*at = 0;
	length = at - text;
	if (length < size)
		memcpy(to, text, length + 1);
	else
		snprintf(to, size, "...%s", at - (size - sizeof("...")));
	free(text);
}

static struct holding *holding_of(struct holdings *holdings, const char *name)
{
	char what[sizeof(holdings->all->what)];
	struct holding *holding;
	size_t i;

	tell(what, sizeof(what), name);
	for (i = 0; i < holdings->n; i++)
		if (!strcmp(holdings->all[i].what, what))
			return &holdings->all[i];
	holdings->all = array_grow(holdings->all, holdings->n, &holdings->room,
				   sizeof(*holdings->all));
	holding = &holdings->all[holdings->n++];
	*holding = (struct holding){ 0 };
	strcpy(holding->what, what);
	return holding;
}

/*
 * What a descriptor that a pager got with its object is called by Linux: it is open
 * without a name, but the object may have one.
 */
#define NAMELESS	"/machobj (deleted)"

static const char *nameless(ino_t number)
{
	return object_name(number) ?: "object without a name";
}

/* The object at the end of a link, by what the link says */
static const char *name_of(int dir, const char *link, const char *target)
{
	struct stat st;

	if (strcmp(target, NAMELESS) || fstatat(dir, link, &st, 0))
		return target;
	return nameless(st.st_ino);
}

/* False: one may not look. A process that ends meanwhile holds nothing. */
static bool look_at_descriptors(const char *pid, struct holdings *holdings)
{
	char path[300], target[PATH_MAX + 1];
	struct dirent *entry;
	ssize_t length;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	dir = opendir(path);
	if (!dir)
		return access(path, F_OK) != 0;
	while ((entry = readdir(dir))) {
		length = readlinkat(dirfd(dir), entry->d_name, target,
				    sizeof(target) - 1);
		if (length < 0)
			continue;
		target[length] = 0;
		if (is_ours(target))
			holding_of(holdings, target)->descriptors++;
		else if (*target == '/' && file_is_object(dirfd(dir), entry->d_name))
			holding_of(holdings, name_of(dirfd(dir), entry->d_name,
						     target))->descriptors++;
	}
	closedir(dir);
	return true;
}

/* Only root may follow the links of map_files; others know what they have seen. */
static bool shows_object(int map_files, const char *line)
{
	unsigned long first, end;
	unsigned int major, minor;
	char name[64];

	if (sscanf(line, "%lx-%lx %*s %*s %x:%x", &first, &end, &major, &minor) != 4)
		return false;
	if (device_is_machobj(makedev(major, minor)))
		return true;
	snprintf(name, sizeof(name), "%lx-%lx", first, end);
	return file_is_object(map_files, name);
}

/* The object that a line shows, by the number that is there before the name */
static const char *area_of(const char *line, const char *name)
{
	unsigned long number;

	if (strcmp(name, NAMELESS) ||
	    sscanf(line, "%*s %*s %*s %*s %lu", &number) != 1)
		return name;
	return nameless(number);
}

static void read_areas(FILE *maps, int map_files, struct holdings *holdings)
{
	char *line = NULL, *name;
	size_t size = 0;

	while (getline(&line, &size, maps) > 0) {
		line[strcspn(line, "\n")] = 0;
		/* the last of six columns; no other has such letters */
		name = strstr(line, "anon_inode:") ?: strchr(line, '/');
		if (name && (is_ours(name) || shows_object(map_files, line)))
			holding_of(holdings, area_of(line, name))->areas++;
	}
	free(line);
}

static void look_at_areas(const char *pid, struct holdings *holdings)
{
	char path[300];
	int map_files;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%s/maps", pid);
	maps = fopen(path, "re");
	if (!maps)
		return;
	snprintf(path, sizeof(path), "/proc/%s/map_files", pid);
	map_files = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	read_areas(maps, map_files, holdings);
	if (map_files >= 0)
		close(map_files);
	fclose(maps);
}

static void add_mount(void *holdings, const char *place)
{
	char what[PATH_MAX + 32];

	snprintf(what, sizeof(what), "mount on %.*s", PATH_MAX, place);
	holding_of(holdings, what);
}

static void skip_mount(void *holdings, const char *place)
{
	(void)holdings;
	(void)place;
}

/* A mount is told with the first process of those that see it. */
static bool is_new_namespace(const char *pid)
{
	static ino_t *seen;
	static size_t nr_seen, room;
	struct stat st;
	char path[300];
	size_t i;

	snprintf(path, sizeof(path), "/proc/%s/ns/mnt", pid);
	if (stat(path, &st))
		return false;
	for (i = 0; i < nr_seen; i++)
		if (seen[i] == st.st_ino)
			return false;
	seen = array_grow(seen, nr_seen, &room, sizeof(*seen));
	seen[nr_seen++] = st.st_ino;
	return true;
}

static void show(const char *pid, const struct holdings *holdings)
{
	char path[300], command[64] = "?";
	FILE *file;
	size_t i;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	file = fopen(path, "re");
	if (file && fgets(command, sizeof(command), file))
		command[strcspn(command, "\n")] = 0;
	if (file)
		fclose(file);
	for (i = 0; i < holdings->n; i++)
		printf("%7s %-15s %11u %5u %s\n", pid, command,
		       holdings->all[i].descriptors, holdings->all[i].areas,
		       holdings->all[i].what);
}

/* All processes that may be looked into; what is not seen is told. */
void users_show(void)
{
	unsigned int hidden = 0;
	struct holdings holdings;
	struct dirent *entry;
	DIR *proc = opendir("/proc");

	if (!proc)
		err(1, "/proc");
	puts("    PID COMMAND         DESCRIPTORS AREAS WHAT");
	while ((entry = readdir(proc))) {
		if (!isdigit(*entry->d_name))
			continue;
		holdings = (struct holdings){ 0 };
		mounts_look(entry->d_name,
			    is_new_namespace(entry->d_name) ? add_mount : skip_mount,
			    &holdings);
		hidden += !look_at_descriptors(entry->d_name, &holdings);
		look_at_areas(entry->d_name, &holdings);
		show(entry->d_name, &holdings);
		free(holdings.all);
	}
	closedir(proc);
	if (hidden)
		warnx("%u processes are not yours to look into: be root", hidden);
}
