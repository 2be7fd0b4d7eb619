// SPDX-License-Identifier: GPL-2.0-only
/*
 * machbench - no paging at all: pread of the store into a buffer.
 *
 * What a program pays that reads the file instead of mapping it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

static int pread_open(struct bench_run *run)
{
	if (run->bc->kind == BENCH_WRITE)
		return bench_fail("pread: does not write, there is no %s",
				  run->bc->name);
	if (!run->cluster)
		run->cluster = BENCH_PAGE;
	run->private = aligned_alloc(BENCH_PAGE, run->cluster);
	if (!run->private)
		return bench_fail("pread: out of memory");
	memset(run->private, 0, run->cluster);
	if (!run->bc->disk)
		return bench_store_warm(run->store);
	posix_fadvise(run->store->fd, 0, 0,
		      run->bc->order == BENCH_SEQUENTIAL ? POSIX_FADV_NORMAL :
							   POSIX_FADV_RANDOM);
	return 0;
}

static int pread_cool(struct bench_run *run)
{
	return run->bc->disk ? bench_store_drop(run->store) : 0;
}

static int pread_map(struct bench_run *run)
{
	(void)run;
	return 0;
}

static void pread_unmap(struct bench_run *run)
{
	(void)run;
}

/* The cluster with page @index; NULL if it cannot be read whole. */
static const char *pread_cluster(struct bench_run *run, size_t index)
{
	size_t start = index * BENCH_PAGE / run->cluster * run->cluster;
	size_t length = run->cluster;

	if (length > run->store->size - start)
		length = run->store->size - start;
	if (pread(run->store->fd, run->private, length, start) !=
	    (ssize_t)length)
		return NULL;
	return (char *)run->private + (index * BENCH_PAGE - start);
}

static size_t pread_touch(struct bench_run *run)
{
	size_t i, page, wrong = 0, last = SIZE_MAX;
	size_t pages = run->cluster / BENCH_PAGE;
	const char *buffer = run->private;

	for (i = 0; i < run->count; i++) {
		page = run->order[i];
		if (page / pages != last && !pread_cluster(run, page))
			return run->count;
		last = page / pages;
		wrong += *(const volatile uint64_t *)
			 (buffer + page % pages * BENCH_PAGE) !=
			 bench_store_word(run->store, page, 0);
	}
	return wrong;
}

static int pread_sync(struct bench_run *run)
{
	(void)run;
	return 0;
}

static const void *pread_page(struct bench_run *run, size_t index)
{
	return pread_cluster(run, index);
}

static void pread_close(struct bench_run *run)
{
	posix_fadvise(run->store->fd, 0, 0, POSIX_FADV_NORMAL);
	free(run->private);
}

const struct bench_subject bench_pread = {
	.name = "pread",
	.open = pread_open,
	.cool = pread_cool,
	.map = pread_map,
	.unmap = pread_unmap,
	.touch = pread_touch,
	.sync = pread_sync,
	.page = pread_page,
	.close = pread_close,
};
