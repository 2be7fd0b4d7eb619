// SPDX-License-Identifier: GPL-2.0-only
/* The calls that every descriptor answers, and the counts behind them. */
#include "vm_statistics.h"
#include "base/check.h"
#include "base/compat.h"
#include "object/page_queue.h"
#include "object/vm_object.h"
#include "pool/kmem.h"

#include <linux/uaccess.h>

#define MACH_BIG_ORDER	9	/* a block of 2 MiB */

static_assert(MACH_VM_ORDERS == MACH_CHUNK_ORDERS, "all of them are told");
static_assert(sizeof(struct mach_vm_segment) == MACH_VM_SEGMENT_SIZE_VER0);
static_assert(sizeof(struct mach_vm_cache) == MACH_VM_CACHE_SIZE_VER0);

static void mach_vm_tell_pool(struct mach_vm_statistics *vm)
{
	struct mach_page_counts counts;
	const struct mach_pool_counts *pool = &counts.pool;

	mach_page_get_counts(&counts);
	vm->free_count = pool->chunks * MACH_CHUNK_FRAMES - pool->used +
			 counts.cached;
	vm->aside_count = counts.aside;
	vm->cached_count = counts.cached;
	vm->limit_count = pool->limit;
	vm->reserve_count = counts.reserve;
	vm->chunk_count = MACH_CHUNK_FRAMES;
	vm->chunks = pool->chunks;
	vm->chunks_taken = pool->taken;
	vm->chunks_returned = pool->given_back;
	vm->chunks_refused = pool->refused;
	vm->overhead = counts.overhead + mach_kmem_overhead();
}

static void mach_vm_tell_objects(struct mach_vm_statistics *vm)
{
	struct mach_object_counts sum;

	vm->objects = mach_object_sum(&sum);
	vm->busy_count = sum.busy;
	vm->dirty_count = sum.dirty;
	vm->laundry_count = sum.laundry;
	vm->faults = sum.faults;
	vm->pageins = sum.pageins;
	vm->pageouts = sum.pageouts;
	vm->zero_fill_count = mach_object_zero_fills();
	vm->reactivations = sum.reactivations;
	vm->evictions = sum.evictions;
	vm->requests = sum.requests;
	vm->errors = sum.errors;
}

/* Frames in slabs */
static u64 mach_vm_wired(void)
{
	struct mach_kmem_counts counts;
	unsigned int i;
	u64 n = 0;

	for (i = 0; mach_kmem_get_counts(i, &counts); i++)
		n += (u64)counts.slabs * counts.slab_pages;
	return n;
}

/**
 * mach_vm_get_statistics - The module in numbers
 * @vm: out: all but its size
 *
 * Source: Mach's vm_statistics.
 */
void mach_vm_get_statistics(struct mach_vm_statistics *vm)
{
	unsigned long wired_internal = mach_queue_count_wired(false);
	unsigned long active, inactive;

	mach_queue_count(&active, &inactive);
	vm->page_size = PAGE_SIZE;
	vm->active_count = active;
	vm->inactive_count = inactive;
	vm->wire_count = mach_vm_wired() + mach_queue_count_wired(true) +
			 wired_internal;
	vm->internal_count = mach_object_internal_pages() - wired_internal;
	mach_vm_tell_pool(vm);
	mach_vm_tell_objects(vm);
}

static const u64 mach_segment_starts[MACH_SEGMENTS + 1] = {
	[MACH_SEGMENT_DMA] = 0,
	[MACH_SEGMENT_DMA32] = 1ULL << 24,
	[MACH_SEGMENT_NORMAL] = 1ULL << 32,
};

/* What of it is only to be had in pieces */
static void mach_segment_judge(struct mach_vm_segment *segment)
{
	u64 big = 0;
	int order;

	for (order = MACH_CHUNK_ORDER; order >= 0; order--) {
		u64 blocks = segment->free_blocks[order];

		if (blocks && !segment->largest_free)
			segment->largest_free = PAGE_SIZE << order;
		if (order >= MACH_BIG_ORDER)
			big += blocks << order;
	}
	if (segment->free_count)
		segment->fragmentation =
			div64_u64(1000 * (segment->free_count - big),
				  segment->free_count);
}

/**
 * mach_vm_get_segment - What the pool has in a range of addresses
 * @i: which, from 0
 * @segment: out
 *
 * Return: is there such a one?
 */
bool mach_vm_get_segment(unsigned int i, struct mach_vm_segment *segment)
{
	struct mach_pool_counts counts;
	unsigned int order;

	if (i >= MACH_SEGMENTS)
		return false;
	mach_pool_get_counts(&counts);
	*segment = (struct mach_vm_segment) {
		.start = mach_segment_starts[i],
		.end = mach_segment_starts[i + 1] - 1,
		.chunks = counts.segment_chunks[i],
		.page_count = counts.segment_chunks[i] * MACH_CHUNK_FRAMES,
		.free_count = counts.free[i],
	};
	for (order = 0; order < MACH_CHUNK_ORDERS; order++)
		segment->free_blocks[order] = counts.blocks[i][order];
	mach_segment_judge(segment);
	return true;
}

/**
 * mach_vm_get_cache - What a cache of structures has
 * @i: which, from 0
 * @cache: out
 *
 * Return: is there such a one?
 */
bool mach_vm_get_cache(unsigned int i, struct mach_vm_cache *cache)
{
	struct mach_kmem_counts counts;

	if (!mach_kmem_get_counts(i, &counts))
		return false;
	*cache = (struct mach_vm_cache) {
		.object_size = counts.size,
		.stride = counts.stride,
		.slab_size = PAGE_SIZE * counts.slab_pages,
		.per_slab = counts.per_slab,
		.slabs = counts.slabs,
		.empty_slabs = counts.empty,
		.active = counts.active,
		.cached = counts.cached,
		.freed_slabs = counts.freed,
		.misuses = counts.bad,
	};
	strscpy_pad(cache->name, counts.name, sizeof(cache->name));
	return true;
}

/* MACH_VM_STATISTICS, which every kind of descriptor answers */
static int mach_vm_statistics(struct mach_call_context *context,
			      union mach_call_args *args)
{
	struct mach_vm_statistics vm = { .size = args->size };

	if (mach_call_says_more(args, sizeof(vm)))
		return -EINVAL;
	mach_vm_get_statistics(&vm);
	args->statistics = vm;
	return 0;
}

/*
 * An entry, which starts with its size, as large as the caller's. What is not
 * known of it is zero.
 */
static int mach_array_put(const struct mach_vm_array *array, u32 i, void *entry,
			  u32 known)
{
	char __user *to = u64_to_user_ptr(array->address +
					  (u64)i * array->entry_size);
	u32 size = min(known, array->entry_size);

	*(u32 *)entry = size;
	if (copy_to_user(to, entry, size) ||
	    clear_user(to + size, array->entry_size - size))
		return -EFAULT;
	return 0;
}

static int mach_array_check(const struct mach_vm_array *array, u32 first)
{
	if (array->reserved)
		return -EINVAL;
	return mach_size_check(array->entry_size, first, PAGE_SIZE);
}

/* MACH_VM_SEGMENTS, which every kind of descriptor answers */
static int mach_vm_segments(struct mach_call_context *context,
			    union mach_call_args *args)
{
	struct mach_vm_array *array = &args->array;
	struct mach_vm_segment segment;
	unsigned int i;
	int err = mach_array_check(array, MACH_VM_SEGMENT_SIZE_VER0);

	if (err)
		return err;
	for (i = 0; mach_vm_get_segment(i, &segment); i++)
		if (i < array->count &&
		    mach_array_put(array, i, &segment, sizeof(segment)))
			return -EFAULT;
	array->count = i;
	return 0;
}

/* MACH_VM_CACHES, which every kind of descriptor answers */
static int mach_vm_caches(struct mach_call_context *context,
			  union mach_call_args *args)
{
	struct mach_vm_array *array = &args->array;
	struct mach_vm_cache cache;
	unsigned int i;
	int err = mach_array_check(array, MACH_VM_CACHE_SIZE_VER0);

	if (err)
		return err;
	for (i = 0; mach_vm_get_cache(i, &cache); i++)
		if (i < array->count &&
		    mach_array_put(array, i, &cache, sizeof(cache)))
			return -EFAULT;
	array->count = i;
	return 0;
}

static int mach_vm_version(struct mach_call_context *context,
			   union mach_call_args *args)
{
	struct mach_vm_version *version = &args->version;

	if (memchr_inv(&version->api, 0, sizeof(*version) - sizeof(u32)))
		return -EINVAL;
	version->api = MACH_VM_API_VERSION;
	version->page_size = PAGE_SIZE;
	version->cluster_max = MACH_CLUSTER_MAX;
	version->features = MACH_FEATURE_IOCTL | MACH_FEATURE_FILE |
			    MACH_FEATURE_TASK | MACH_FEATURE_PROXY |
			    MACH_FEATURE_PAGES | MACH_FEATURE_NAMES |
			    MACH_FEATURE_LISTED | MACH_FEATURE_ASKS;
	if (mach_compat_has_ring())
		version->features |= MACH_FEATURE_RING;
	version->api_oldest = MACH_VM_API_OLDEST;
	return 0;
}

static const struct mach_call mach_vm_calls[] = {
	MACH_CALL(MACH_VM_VERSION, mach_vm_version,
		  .min_size = MACH_VM_VERSION_SIZE_VER0),
	MACH_CALL(MACH_VM_STATISTICS, mach_vm_statistics),
	MACH_CALL(MACH_VM_SEGMENTS, mach_vm_segments),
	MACH_CALL(MACH_VM_CACHES, mach_vm_caches),
};

/* What every descriptor answers */
const struct mach_call_table mach_vm_table =
	MACH_CALL_TABLE(mach_vm_calls, NULL);
