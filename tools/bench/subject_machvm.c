// SPDX-License-Identifier: GPL-2.0-only
/*
 * machbench - a memory object of machvm, served by another process.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <linux/mach_vm.h>

#include "bench.h"
#include "backend.h"

static int machvm_start(struct bench_pager *pager, struct bench_run *run)
{
	const struct bench_pager_config config = {
		.path = run->store->path,
		.size = run->store->size,
		.cluster = run->cluster,
		.queues = run->options->queues,
		.ioctl = run->options->ioctl,
		.copy = run->options->copy,
		.direct = run->bc->disk,
	};

	return bench_pager_start(pager, &config, run->options->raw ?
				 &bench_backend_raw : &bench_backend_lib);
}

static int machvm_open(struct bench_run *run)
{
	struct bench_pager *pager = calloc(1, sizeof(*pager));

	if (!pager)
		return bench_fail("machvm: out of memory");
	if (!run->cluster)
		run->cluster = BENCH_PAGE;
	if (!run->bc->disk && bench_store_warm(run->store))
		goto err_free;
	if (machvm_start(pager, run))
		goto err_free;
	run->private = pager;
	return 0;

err_free:
	free(pager);
	return -1;
}

/* A page that stayed would make the next run look cheap. */
static int machvm_is_cold(const struct bench_pager *pager)
{
	struct mach_object_info info = { .size = sizeof(info) };

	if (ioctl(pager->object, MACH_OBJECT_INFO, &info))
		return bench_fail("machvm: MACH_OBJECT_INFO: %s",
				  strerror(errno));
	if (!info.resident)
		return 0;
	return bench_fail("machvm: %llu pages stay resident after a flush",
			  (unsigned long long)info.resident);
}

static int machvm_cool(struct bench_run *run)
{
	if (bench_pager_flush(run->private) || machvm_is_cold(run->private))
		return -1;
	return run->bc->disk ? bench_store_drop(run->store) : 0;
}

static int machvm_map(struct bench_run *run)
{
	const struct bench_pager *pager = run->private;

	return bench_map_fd(run, pager->object);
}

static int machvm_sync(struct bench_run *run)
{
	if (msync(run->base, run->store->size, MS_SYNC))
		return bench_fail("machvm: msync: %s", strerror(errno));
	return 0;
}

static void machvm_close(struct bench_run *run)
{
	bench_pager_stop(run->private);
	free(run->private);
	run->private = NULL;
}

const struct bench_subject bench_machvm = {
	.name = "machvm",
	.open = machvm_open,
	.cool = machvm_cool,
	.map = machvm_map,
	.unmap = bench_unmap,
	.touch = bench_touch,
	.sync = machvm_sync,
	.page = bench_mapped_page,
	.close = machvm_close,
};
