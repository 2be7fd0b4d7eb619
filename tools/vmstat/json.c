// SPDX-License-Identifier: GPL-2.0-only
/* One line, with the names that the interface gives to the numbers. */
#include "vmstat.h"

#include <stdio.h>

#define NUMBER(from, name)						\
	printf("\"%s\":%llu,", #name, (unsigned long long)(from)->name)

/* Names come from the module, but what reads this is to be sure of it. */
static void text(const char *name, const char *value)
{
	printf("\"%s\":\"", name);
	for (; *value; value++)
		if (*value == '"' || *value == '\\')
			printf("\\%c", *value);
		else if ((unsigned char)*value < ' ')
			printf("\\u%04x", *value);
		else
			putchar(*value);
	putchar('"');
}

static void statistics(const struct mach_vm_statistics *vm)
{
	printf("\"statistics\":{");
	NUMBER(vm, page_size);
	NUMBER(vm, free_count);
	NUMBER(vm, active_count);
	NUMBER(vm, inactive_count);
	NUMBER(vm, wire_count);
	NUMBER(vm, busy_count);
	NUMBER(vm, dirty_count);
	NUMBER(vm, laundry_count);
	NUMBER(vm, aside_count);
	NUMBER(vm, cached_count);
	NUMBER(vm, faults);
	NUMBER(vm, pageins);
	NUMBER(vm, pageouts);
	NUMBER(vm, zero_fill_count);
	NUMBER(vm, reactivations);
	NUMBER(vm, evictions);
	NUMBER(vm, requests);
	NUMBER(vm, errors);
	NUMBER(vm, limit_count);
	NUMBER(vm, reserve_count);
	NUMBER(vm, chunk_count);
	NUMBER(vm, chunks);
	NUMBER(vm, chunks_taken);
	NUMBER(vm, chunks_returned);
	NUMBER(vm, chunks_refused);
	NUMBER(vm, overhead);
	printf("\"objects\":%llu}", (unsigned long long)vm->objects);
}

static void segment(const struct mach_vm_segment *segment)
{
	unsigned int i;

	putchar('{');
	NUMBER(segment, start);
	NUMBER(segment, end);
	NUMBER(segment, chunks);
	NUMBER(segment, page_count);
	NUMBER(segment, free_count);
	NUMBER(segment, largest_free);
	NUMBER(segment, fragmentation);
	printf("\"free_blocks\":[");
	for (i = 0; i < MACH_VM_ORDERS; i++)
		printf("%s%llu", i ? "," : "",
		       (unsigned long long)segment->free_blocks[i]);
	printf("]}");
}

static void cache(const struct mach_vm_cache *cache)
{
	putchar('{');
	NUMBER(cache, object_size);
	NUMBER(cache, stride);
	NUMBER(cache, slab_size);
	NUMBER(cache, per_slab);
	NUMBER(cache, slabs);
	NUMBER(cache, empty_slabs);
	NUMBER(cache, active);
	NUMBER(cache, cached);
	NUMBER(cache, freed_slabs);
	NUMBER(cache, misuses);
	text("name", cache->name);
	putchar('}');
}

void show_json(const struct sample *sample)
{
	const char *comma = "";
	unsigned int i;

	putchar('{');
	if (sample->parts & SHOW_STATISTICS) {
		statistics(&sample->vm);
		comma = ",";
	}
	if (sample->parts & SHOW_SEGMENTS) {
		printf("%s\"segments\":[", comma);
		for (i = 0; i < sample->nr_segments; i++) {
			printf("%s", i ? "," : "");
			segment(&sample->segments[i]);
		}
		putchar(']');
		comma = ",";
	}
	if (sample->parts & SHOW_CACHES) {
		printf("%s\"caches\":[", comma);
		for (i = 0; i < sample->nr_caches; i++) {
			printf("%s", i ? "," : "");
			cache(&sample->caches[i]);
		}
		putchar(']');
	}
	puts("}");
}
