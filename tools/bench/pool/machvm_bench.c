// SPDX-License-Identifier: GPL-2.0-only
/*
 * What allocating and freeing costs: the pool's frames and slabs beside the
 * kernel's own. Measured once, when the module is loaded; the results are its
 * parameters, in hundredths of a nanosecond for each pair. On a machine where an
 * instruction takes a nanosecond, these are instructions. And what memory it
 * takes to describe a frame.
 */
#include "pool/kmem.h"
#include "pool/vm_page.h"

#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#define BENCH_PAIRS	1000
#define BENCH_ROUNDS	50
#define BENCH_OBJECT	200
#define BENCH_FRAMES	16384

static struct mach_kmem *bench_machvm_cache;
static struct kmem_cache *bench_kernel_cache;
static unsigned int bench_failed;

static noinline void bench_nothing(void)
{
	barrier();
}

static noinline void bench_page_machvm(void)
{
	struct bio_vec frame;

	if (mach_page_get(&frame, 1, 0))
		bench_failed++;
	else
		mach_page_free(frame.bv_page);
}

static noinline void bench_page_kernel(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	if (page)
		__free_page(page);
	else
		bench_failed++;
}

static noinline void bench_slab_machvm(void)
{
	void *object = mach_kmem_alloc(bench_machvm_cache, GFP_KERNEL);

	if (object)
		mach_kmem_free(bench_machvm_cache, object);
	else
		bench_failed++;
}

static noinline void bench_slab_kernel(void)
{
	void *object = kmem_cache_alloc(bench_kernel_cache, GFP_KERNEL);

	if (object)
		kmem_cache_free(bench_kernel_cache, object);
	else
		bench_failed++;
}

static const struct bench_case {
	const char *name;
	void (*pair)(void);
} bench_cases[] = {
	{ "page_machvm", bench_page_machvm },
	{ "page_kernel", bench_page_kernel },
	{ "slab_machvm", bench_slab_machvm },
	{ "slab_kernel", bench_slab_kernel },
};

static unsigned int bench_results[ARRAY_SIZE(bench_cases)];
module_param_named(page_machvm, bench_results[0], uint, 0444);
MODULE_PARM_DESC(page_machvm, "result: a frame of the pool");
module_param_named(page_kernel, bench_results[1], uint, 0444);
MODULE_PARM_DESC(page_kernel, "result: alloc_page and __free_page");
module_param_named(slab_machvm, bench_results[2], uint, 0444);
MODULE_PARM_DESC(slab_machvm, "result: an object of 200 bytes of the pool");
module_param_named(slab_kernel, bench_results[3], uint, 0444);
MODULE_PARM_DESC(slab_kernel, "result: one of a kmem_cache");

static unsigned int bench_overhead;
module_param_named(overhead, bench_overhead, uint, 0444);
MODULE_PARM_DESC(overhead, "result: hundredths of a byte that describe a frame");

/* Nanoseconds for a round; the quickest one was not interrupted. */
static u64 bench_round(void (*pair)(void))
{
	u64 best = U64_MAX;
	unsigned int i, round;

	for (round = 0; round < BENCH_ROUNDS; round++) {
		u64 start = ktime_get_ns();

		for (i = 0; i < BENCH_PAIRS; i++)
			pair();
		best = min(best, ktime_get_ns() - start);
		cond_resched();
	}
	return best;
}

static void bench_run(void)
{
	u64 nothing = bench_round(bench_nothing);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bench_cases); i++) {
		u64 all = bench_round(bench_cases[i].pair);

		bench_results[i] = (all - min(all, nothing)) * 100 /
				   BENCH_PAIRS;
	}
}

/* Of a pool that has 64 MiB at least */
static int bench_measure_overhead(void)
{
	struct mach_page_counts counts;
	struct bio_vec *frames;
	unsigned int i;
	int err;

	frames = kvmalloc_array(BENCH_FRAMES, sizeof(*frames), GFP_KERNEL);
	if (!frames)
		return -ENOMEM;
	err = mach_page_get(frames, BENCH_FRAMES, 0);
	if (!err) {
		mach_page_get_counts(&counts);
		bench_overhead = (counts.overhead + mach_kmem_overhead()) *
				 100 / (counts.pool.chunks * MACH_CHUNK_FRAMES);
		for (i = 0; i < BENCH_FRAMES; i++)
			mach_page_free(frames[i].bv_page);
	}
	kvfree(frames);
	return err;
}

static void bench_destroy(void)
{
	mach_kmem_destroy(bench_machvm_cache);
	kmem_cache_destroy(bench_kernel_cache);
}

static int __init bench_init(void)
{
	bench_machvm_cache = mach_kmem_create("bench", BENCH_OBJECT, 8, NULL);
	bench_kernel_cache = kmem_cache_create("machvm_bench", BENCH_OBJECT, 8,
					       0, NULL);
	if (bench_machvm_cache && bench_kernel_cache) {
		bench_run();
		if (!bench_failed && !bench_measure_overhead())
			return 0;
	}
	bench_destroy();
	return -ENOMEM;
}

static void __exit bench_exit(void)
{
	bench_destroy();
}

module_init(bench_init);
module_exit(bench_exit);

MODULE_DESCRIPTION("The cost of machvm's allocators");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(MACHVM);
