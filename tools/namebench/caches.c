// SPDX-License-Identifier: GPL-2.0-only
/* What each cache of memory grows by, for a file. */
#include "caches.h"

#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/mach_vm.h>

#define OF_MODULE_MAX	64

static void add(struct caches *to, const char *owner, const char *name,
		unsigned long bytes)
{
	struct cache *cache = &to->cache[to->n];

	if (to->n == CACHES_MAX)
		errx(1, "more than %d caches", CACHES_MAX);
	snprintf(cache->name, sizeof(cache->name), "%s%.32s", owner, name);
	cache->bytes = bytes;
	to->n++;
}

static void read_linux(struct caches *to)
{
	FILE *file = fopen("/proc/slabinfo", "r");
	unsigned long pages, slabs;
	char line[512], name[64];
	const char *data;

	while (file && fgets(line, sizeof(line), file)) {
		data = strstr(line, ": slabdata");
		if (data &&
		    sscanf(line, "%63s %*u %*u %*u %*u %lu", name, &pages) == 2 &&
		    sscanf(data, ": slabdata %*u %lu", &slabs) == 1)
			add(to, "", name, slabs * pages * sysconf(_SC_PAGESIZE));
	}
	if (file)
		fclose(file);
}

static void read_module(struct caches *to, int device)
{
	struct mach_vm_cache own[OF_MODULE_MAX];
	struct mach_vm_array array = {
		.size = sizeof(array),
		.entry_size = sizeof(own[0]),
		.count = OF_MODULE_MAX,
		.address = (uintptr_t)own,
	};

	if (ioctl(device, MACH_VM_CACHES, &array))
		err(1, "MACH_VM_CACHES");
	for (unsigned int i = 0; i < array.count && i < OF_MODULE_MAX; i++)
		add(to, "machvm: ", own[i].name, own[i].slabs * own[i].slab_size);
}

void caches_read(struct caches *to, int device)
{
	to->n = 0;
	read_linux(to);
	read_module(to, device);
}

static unsigned long bytes_of(const struct caches *in, const char *name)
{
	for (unsigned int i = 0; i < in->n; i++)
		if (!strcmp(in->cache[i].name, name))
			return in->cache[i].bytes;
	return 0;
}

void caches_print_growth(const struct caches *before,
			 const struct caches *after, unsigned long n)
{
	for (unsigned int i = 0; i < after->n; i++) {
		const struct cache *cache = &after->cache[i];
		unsigned long was = bytes_of(before, cache->name);

		if (cache->bytes >= was + n)
			printf("  %-26s %26lu bytes each\n", cache->name,
			       (cache->bytes - was) / n);
	}
}
