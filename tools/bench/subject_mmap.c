// SPDX-License-Identifier: GPL-2.0-only
/*
 * machbench - the kernel's own mmap of the store.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "bench.h"

static int mmap_open(struct bench_run *run)
{
	return run->bc->disk ? 0 : bench_store_warm(run->store);
}

/* Without a disk, cold is what a new mapping of cached pages costs. */
static int mmap_cool(struct bench_run *run)
{
	return run->bc->disk ? bench_store_drop(run->store) : 0;
}

static int mmap_map(struct bench_run *run)
{
	if (bench_map_fd(run, run->store->fd))
		return -1;
	if (run->bc->disk && run->bc->order != BENCH_SEQUENTIAL &&
	    madvise(run->base, run->store->size, MADV_RANDOM))
		return bench_fail("mmap: madvise: %s", strerror(errno));
	return 0;
}

static int mmap_sync(struct bench_run *run)
{
	if (msync(run->base, run->store->size, MS_SYNC))
		return bench_fail("mmap: msync: %s", strerror(errno));
	return 0;
}

static void mmap_close(struct bench_run *run)
{
	(void)run;
}

const struct bench_subject bench_mmap = {
	.name = "mmap",
	.open = mmap_open,
	.cool = mmap_cool,
	.map = mmap_map,
	.unmap = bench_unmap,
	.touch = bench_touch,
	.sync = mmap_sync,
	.page = bench_mapped_page,
	.close = mmap_close,
};
