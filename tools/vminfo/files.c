// SPDX-License-Identifier: GPL-2.0-only
/* Which files are memory objects, and where their file system is mounted. */
#include "vminfo.h"
#include "common/array.h"

#include <fcntl.h>
#include <linux/mach_vm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

/**
 * struct file_system - One that was seen
 * @device: st_dev of its files
 * @ours: it is machobj
 */
struct file_system {
	dev_t device;
	bool ours;
};

static struct file_system *known;
static size_t nr_known;
static size_t room;

static const struct file_system *find(dev_t device)
{
	size_t i;

	for (i = 0; i < nr_known; i++)
		if (known[i].device == device)
			return &known[i];
	return NULL;
}

static void learn(dev_t device, bool ours)
{
	if (find(device))
		return;
	known = array_grow(known, nr_known, &room, sizeof(*known));
	known[nr_known++] = (struct file_system){ device, ours };
}

bool device_is_machobj(dev_t device)
{
	const struct file_system *one = find(device);

	return one && one->ours;
}

/*
 * A descriptor's or a mapping's file. Most are on what is mounted, and known. The
 * others are asked: what nobody has mounted has no server that could be silent.
 */
bool file_is_object(int dir, const char *name)
{
	char path[64];
	struct statx st;
	struct statfs fs;
	dev_t device;

	if (statx(dir, name, AT_STATX_DONT_SYNC, STATX_TYPE, &st) ||
	    !S_ISREG(st.stx_mode))
		return false;
	device = makedev(st.stx_dev_major, st.stx_dev_minor);
	if (!find(device)) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dir, name);
		if (statfs(path, &fs))
			return false;
		learn(device, fs.f_type == MACH_OBJECT_MAGIC);
	}
	return device_is_machobj(device);
}

/* A line of mountinfo: number, parent, device, root, place, ... - type ... */
static void take_mount(const char *line, void (*show)(void *arg, const char *place),
		       void *arg)
{
	const char *type = strstr(line, " - ");
	unsigned int major, minor;
	char place[256];
	bool ours;

	if (!type || sscanf(line, "%*d %*d %u:%u %*s %255s", &major, &minor,
			    place) != 3)
		return;
	ours = !strncmp(type + 3, "machobj ", 8);
	learn(makedev(major, minor), ours);
	if (ours)
		show(arg, place);
}

void mounts_look(const char *pid, void (*show)(void *arg, const char *place),
		 void *arg)
{
	char path[300], *line = NULL;
	size_t size = 0;
	FILE *mounts;

	snprintf(path, sizeof(path), "/proc/%s/mountinfo", pid);
	mounts = fopen(path, "re");
	if (!mounts)
		return;
	while (getline(&line, &size, mounts) > 0)
		take_mount(line, show, arg);
	free(line);
	fclose(mounts);
}
