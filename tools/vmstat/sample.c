// SPDX-License-Identifier: GPL-2.0-only
/* Reading the module's numbers, and what happened between two readings. */
#include "vmstat.h"

#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>

/* The whole array, however long it is; it may grow between two calls. */
static void *array_read(int fd, unsigned long call, size_t entry_size,
			unsigned int *count)
{
	struct mach_vm_array array = { .count = 0 };
	void *entries = NULL;
	unsigned int room;

	do {
		room = array.count;
		entries = reallocarray(entries, room ? room : 1, entry_size);
		if (!entries)
			err(1, "memory");
		array = (struct mach_vm_array) {
			.size = sizeof(array),
			.entry_size = entry_size,
			.count = room,
			.address = (uintptr_t)entries,
		};
		if (ioctl(fd, call, &array))
			err(1, "the module does not tell");
	} while (array.count > room);
	*count = array.count;
	return entries;
}

void sample_read(struct sample *sample, int fd, unsigned int parts)
{
	struct timespec now;

	*sample = (struct sample) {
		.parts = parts,
		.vm.size = sizeof(sample->vm),
	};
	clock_gettime(CLOCK_MONOTONIC, &now);
	sample->seconds = now.tv_sec + now.tv_nsec / 1e9;
	if (ioctl(fd, MACH_VM_STATISTICS, &sample->vm))
		err(1, "the module does not tell");
	if (parts & SHOW_SEGMENTS)
		sample->segments = array_read(fd, MACH_VM_SEGMENTS,
					      sizeof(*sample->segments),
					      &sample->nr_segments);
	if (parts & SHOW_CACHES)
		sample->caches = array_read(fd, MACH_VM_CACHES,
					    sizeof(*sample->caches),
					    &sample->nr_caches);
}

void sample_free(struct sample *sample)
{
	free(sample->segments);
	free(sample->caches);
}
