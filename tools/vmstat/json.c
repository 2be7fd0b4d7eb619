// SPDX-License-Identifier: GPL-2.0-only
/* For programs: one line, with the names that the interface gives to the numbers. */
#include "vmstat.h"
#include "common/json.h"

#define VM(member)	JSON_FIELD(struct mach_vm_statistics, member)
static const struct json_field statistics_fields[] = {
	VM(page_size), VM(free_count), VM(active_count), VM(inactive_count),
	VM(wire_count), VM(busy_count), VM(dirty_count), VM(laundry_count),
	VM(aside_count), VM(cached_count), VM(faults), VM(pageins),
	VM(pageouts), VM(zero_fill_count), VM(reactivations), VM(evictions),
	VM(requests), VM(errors), VM(limit_count), VM(reserve_count),
	VM(chunk_count), VM(chunks), VM(chunks_taken), VM(chunks_returned),
	VM(chunks_refused), VM(overhead), VM(internal_count), VM(objects),
};

#define SEGMENT(member)	JSON_FIELD(struct mach_vm_segment, member)
static const struct json_field segment_fields[] = {
	SEGMENT(start), SEGMENT(end), SEGMENT(chunks), SEGMENT(page_count),
	SEGMENT(free_count), SEGMENT(largest_free), SEGMENT(fragmentation),
};

#define CACHE(member)	JSON_FIELD(struct mach_vm_cache, member)
static const struct json_field cache_fields[] = {
	CACHE(object_size), CACHE(stride), CACHE(slab_size), CACHE(per_slab),
	CACHE(slabs), CACHE(empty_slabs), CACHE(active), CACHE(cached),
	CACHE(freed_slabs), CACHE(misuses),
};

static void statistics_show(const struct mach_vm_statistics *vm)
{
	json_begin("statistics", '{');
	json_fields(vm, JSON_FIELDS(statistics_fields));
	json_end('}');
}

static void segment_show(const struct mach_vm_segment *segment)
{
	unsigned int i;

	json_begin(NULL, '{');
	json_fields(segment, JSON_FIELDS(segment_fields));
	json_begin("free_blocks", '[');
	for (i = 0; i < MACH_VM_ORDERS; i++)
		json_number(NULL, segment->free_blocks[i]);
	json_end(']');
	json_end('}');
}

static void cache_show(const struct mach_vm_cache *cache)
{
	json_begin(NULL, '{');
	json_fields(cache, JSON_FIELDS(cache_fields));
	json_text("name", cache->name);
	json_end('}');
}

void show_json(const struct sample *sample)
{
	unsigned int i;

	json_begin(NULL, '{');
	if (sample->parts & SHOW_STATISTICS)
		statistics_show(&sample->vm);
	if (sample->parts & SHOW_SEGMENTS) {
		json_begin("segments", '[');
		for (i = 0; i < sample->nr_segments; i++)
			segment_show(&sample->segments[i]);
		json_end(']');
	}
	if (sample->parts & SHOW_CACHES) {
		json_begin("caches", '[');
		for (i = 0; i < sample->nr_caches; i++)
			cache_show(&sample->caches[i]);
		json_end(']');
	}
	json_end('}');
}
