// SPDX-License-Identifier: GPL-2.0-only
/* One line, with the names that the interface gives to the numbers. */
#include "vmstat.h"

#include <stdio.h>

static void number(const char *name, unsigned long long value)
{
	printf("\"%s\":%llu,", name, value);
}

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
	number("page_size", vm->page_size);
	number("free_count", vm->free_count);
	number("active_count", vm->active_count);
	number("inactive_count", vm->inactive_count);
	number("wire_count", vm->wire_count);
	number("busy_count", vm->busy_count);
	number("dirty_count", vm->dirty_count);
	number("laundry_count", vm->laundry_count);
	number("aside_count", vm->aside_count);
	number("cached_count", vm->cached_count);
	number("faults", vm->faults);
	number("pageins", vm->pageins);
	number("pageouts", vm->pageouts);
	number("zero_fill_count", vm->zero_fill_count);
	number("reactivations", vm->reactivations);
	number("evictions", vm->evictions);
	number("requests", vm->requests);
	number("errors", vm->errors);
	number("limit_count", vm->limit_count);
	number("reserve_count", vm->reserve_count);
	number("chunk_count", vm->chunk_count);
	number("chunks", vm->chunks);
	number("chunks_taken", vm->chunks_taken);
	number("chunks_returned", vm->chunks_returned);
	number("chunks_refused", vm->chunks_refused);
	number("overhead", vm->overhead);
	number("internal_count", vm->internal_count);
	printf("\"objects\":%llu}", (unsigned long long)vm->objects);
}

static void segment(const struct mach_vm_segment *segment)
{
	unsigned int i;

	putchar('{');
	number("start", segment->start);
	number("end", segment->end);
	number("chunks", segment->chunks);
	number("page_count", segment->page_count);
	number("free_count", segment->free_count);
	number("largest_free", segment->largest_free);
	number("fragmentation", segment->fragmentation);
	printf("\"free_blocks\":[");
	for (i = 0; i < MACH_VM_ORDERS; i++)
		printf("%s%llu", i ? "," : "",
		       (unsigned long long)segment->free_blocks[i]);
	printf("]}");
}

static void cache(const struct mach_vm_cache *cache)
{
	putchar('{');
	number("object_size", cache->object_size);
	number("stride", cache->stride);
	number("slab_size", cache->slab_size);
	number("per_slab", cache->per_slab);
	number("slabs", cache->slabs);
	number("empty_slabs", cache->empty_slabs);
	number("active", cache->active);
	number("cached", cache->cached);
	number("freed_slabs", cache->freed_slabs);
	number("misuses", cache->misuses);
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
