// SPDX-License-Identifier: GPL-2.0-only
/* For people: bytes with units, shares in per cent, tables. */
#include "vmstat.h"

#include <stdio.h>

#define MIB	(1024.0 * 1024)

/* Bytes in at most ten characters; good until 8 calls later. */
static const char *bytes(double value)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	static char texts[8][16];
	static unsigned int next;
	char *text = texts[next++ % 8];
	unsigned int unit = 0;

	while (value >= 1024 && unit < 4) {
		value /= 1024;
		unit++;
	}
	snprintf(text, sizeof(texts[0]), "%.*f %s", unit ? 1 : 0, value,
		 units[unit]);
	return text;
}

static double share(double part, double whole)
{
	return whole ? 100 * part / whole : 0;
}

static void line(const char *name, const char *value, const char *note)
{
	printf("  %-14s %12s%s%s\n", name, value, *note ? "  " : "", note);
}

static void number(const char *name, unsigned long long value, const char *note)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", value);
	line(name, text, note);
}

static void show_pool(const struct mach_vm_statistics *vm)
{
	double page = vm->page_size;
	double lent = vm->chunks * vm->chunk_count * page;
	char note[160];

	puts("Pool");
	line("limit", bytes(vm->limit_count * page), "");
	snprintf(note, sizeof(note),
		 "%llu chunks of %s; %llu taken, %llu returned, %llu refused",
		 vm->chunks, bytes(vm->chunk_count * page), vm->chunks_taken,
		 vm->chunks_returned, vm->chunks_refused);
	line("from Linux", bytes(lent), note);
	snprintf(note, sizeof(note), "%.2f %% of that", share(vm->overhead, lent));
	line("overhead", bytes(vm->overhead), note);
	snprintf(note, sizeof(note), "of it %s in processors' caches",
		 bytes(vm->cached_count * page));
	line("free", bytes(vm->free_count * page), note);
	line("active", bytes(vm->active_count * page), "used not long ago");
	line("inactive", bytes(vm->inactive_count * page), "goes first");
	snprintf(note, sizeof(note),
		 "of the two before, %s on the way to pagers",
		 bytes(vm->laundry_count * page));
	line("dirty", bytes(vm->dirty_count * page), note);
	line("internal", bytes(vm->internal_count * page),
	     "zero-filled memory of tasks");
	line("busy", bytes(vm->busy_count * page), "waits for data");
	line("aside", bytes(vm->aside_count * page), "pinned by others");
	line("wired", bytes(vm->wire_count * page), "structures, and what tasks have wired");
	line("reserve", bytes(vm->reserve_count * page),
	     "of the limit, for making room");
}

static void show_events(const struct mach_vm_statistics *vm)
{
	char note[80];

	puts("\nSince the module was loaded");
	number("faults", vm->faults, "of mappings; calls make none");
	snprintf(note, sizeof(note), "pages; %llu of them zeros",
		 vm->zero_fill_count);
	number("page-ins", vm->pageins, note);
	snprintf(note, sizeof(note), "%.1f pages each on average",
		 vm->requests ? (double)vm->pageins / vm->requests : 0);
	number("requests", vm->requests, vm->requests ? note : "");
	number("page-outs", vm->pageouts, "pages");
	number("reclaimed", vm->evictions, "clean pages, evicted");
	number("reactivated", vm->reactivations, "pages, spared for being used");
	number("errors", vm->errors, "pages");
	printf("\nObjects          %12llu\n", vm->objects);
}

static const char *range(const struct mach_vm_segment *segment)
{
	static char text[40];

	if (segment->end == ~0ULL)
		snprintf(text, sizeof(text), "from %s", bytes(segment->start));
	else
		snprintf(text, sizeof(text), "below %s",
			 bytes(segment->end + 1.0));
	return text;
}

static void show_segments(const struct sample *sample)
{
	double page = sample->vm.page_size;
	unsigned int i, order;

	printf("%-17s %6s %10s %10s %10s %6s   free blocks of\n", "Segment",
	       "chunks", "memory", "free", "largest", "frag");
	printf("%66s", "");
	for (order = 0; order < MACH_VM_ORDERS; order++) {
		double kib = page * (1U << order) / 1024;

		printf(kib < 1024 ? " %4.0fK" : " %4.0fM",
		       kib < 1024 ? kib : kib / 1024);
	}
	putchar('\n');
	for (i = 0; i < sample->nr_segments; i++) {
		const struct mach_vm_segment *s = &sample->segments[i];

		printf("%-17s %6llu %10s %10s %10s %4.1f %%", range(s),
		       s->chunks, bytes(s->page_count * page),
		       bytes(s->free_count * page), bytes(s->largest_free),
		       s->fragmentation / 10.0);
		for (order = 0; order < MACH_VM_ORDERS; order++)
			printf(" %5llu", s->free_blocks[order]);
		putchar('\n');
	}
}

static void show_caches(const struct sample *sample)
{
	unsigned int i;

	printf("%-20s %6s %6s %9s %6s %6s %9s %7s %5s %10s %6s\n", "Cache",
	       "size", "stride", "slab", "slabs", "empty", "in use", "cached",
	       "use", "memory", "misuse");
	for (i = 0; i < sample->nr_caches; i++) {
		const struct mach_vm_cache *c = &sample->caches[i];
		double memory = (double)c->slabs * c->slab_size;

		printf("%-20s %6u %6u %9s %6llu %6llu %9llu %7llu %3.0f %% %10s %6llu\n",
		       c->name, c->object_size, c->stride, bytes(c->slab_size),
		       c->slabs, c->empty_slabs, c->active, c->cached,
		       share((double)c->active * c->object_size, memory),
		       bytes(memory), c->misuses);
	}
}

void show_text(const struct sample *sample)
{
	const char *gap = "";

	if (sample->parts & SHOW_STATISTICS) {
		show_pool(&sample->vm);
		show_events(&sample->vm);
		gap = "\n";
	}
	if (sample->parts & SHOW_SEGMENTS) {
		printf("%s", gap);
		show_segments(sample);
		gap = "\n";
	}
	if (sample->parts & SHOW_CACHES) {
		printf("%s", gap);
		show_caches(sample);
	}
}

void show_rates_header(void)
{
	puts("------------------ MiB ------------------ ----------------- pages a second -----------------");
	puts("  free active  inact  dirty   busy  wired  faults     in    out  evict  react  errors requests");
}

void show_rates(const struct sample *before, const struct sample *now)
{
	double seconds = now->seconds - before->seconds;
	const struct mach_vm_statistics *a = &before->vm, *b = &now->vm;
	double mib = b->page_size / MIB;

	printf("%6.1f %6.1f %6.1f %6.1f %6.1f %6.1f", b->free_count * mib,
	       b->active_count * mib, b->inactive_count * mib,
	       b->dirty_count * mib, b->busy_count * mib, b->wire_count * mib);
	printf(" %7.0f %6.0f %6.0f %6.0f %6.0f %7.0f %8.0f\n",
	       (b->faults - a->faults) / seconds,
	       (b->pageins - a->pageins) / seconds,
	       (b->pageouts - a->pageouts) / seconds,
	       (b->evictions - a->evictions) / seconds,
	       (b->reactivations - a->reactivations) / seconds,
	       (b->errors - a->errors) / seconds,
	       (b->requests - a->requests) / seconds);
}
