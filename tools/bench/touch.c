// SPDX-License-Identifier: GPL-2.0-only
/*
 * machbench - touching what is mapped: the loop that is timed.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "bench.h"

static size_t touch_read(struct bench_run *run)
{
	size_t i, page, wrong = 0;

	for (i = 0; i < run->count; i++) {
		page = run->order[i];
		wrong += *(volatile uint64_t *)(run->base + page * BENCH_PAGE)
			 != bench_store_word(run->store, page, 0);
	}
	return wrong;
}

static size_t touch_write(struct bench_run *run)
{
	volatile uint64_t *words;
	size_t i, page;

	for (i = 0; i < run->count; i++) {
		page = run->order[i];
		words = (volatile uint64_t *)(run->base + page * BENCH_PAGE);
		words[1] = bench_store_word(run->store, page, 1);
	}
	return 0;
}

/* Touch the pages of @run in their order; the number of wrong ones. */
size_t bench_touch(struct bench_run *run)
{
	return run->bc->kind == BENCH_WRITE ? touch_write(run) :
					      touch_read(run);
}

const void *bench_mapped_page(struct bench_run *run, size_t index)
{
	return run->base + index * BENCH_PAGE;
}

/* Map @fd, for writing if the case writes; 0 or -1. */
int bench_map_fd(struct bench_run *run, int fd)
{
	int protection = PROT_READ;
	void *base;

	if (run->bc->kind == BENCH_WRITE)
		protection |= PROT_WRITE;
	base = mmap(NULL, run->store->size, protection, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED)
		return bench_fail("%s: cannot map: %s", run->subject->name,
				  strerror(errno));
	run->base = base;
	return 0;
}

void bench_unmap(struct bench_run *run)
{
	if (run->base)
		munmap(run->base, run->store->size);
	run->base = NULL;
}
