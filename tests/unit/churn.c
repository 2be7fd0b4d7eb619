// SPDX-License-Identifier: GPL-2.0-only
/*
 * A day's churn, compressed: does memory that is freed come together again?
 *
 * Pages of objects come in clusters and go when they are old or their object
 * goes; the pool is always full of them. Structures, out of slabs, wired pages
 * and contiguous blocks come and go with the load, and some of them stay. At the
 * end everything that is movable or idle is freed: most of what is free then must
 * be in blocks of 2 MiB. The same with nothing kept apart shows that the load is
 * not harmless.
 */
#include "../../kmod/pool/buddy.h"
#include "../../kmod/pool/slab.h"
#include "property.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define CHUNKS		128
#define FRAMES		(CHUNKS * MACH_CHUNK_FRAMES)
#define BASE		(4ULL << 30)	/* all of it is in one segment */
#define LARGE_ORDER	9
#define LARGE_FRAMES	(1U << LARGE_ORDER)

#define CPUS		4
#define CACHE_MAX	64
#define BATCH		32
#define MAGAZINE_MAX	32	/* structures */
#define MAGAZINE_BATCH	16
#define TRIM_EVERY	579	/* operations; a day's have five seconds so often */

#define CLUSTERS_MAX	FRAMES
#define LASTINGS_MAX	FRAMES
#define SAMPLES		40
#define PERIODS		6		/* of high and low load */
#define LASTING_LOW	(FRAMES / 25 * PAGE_SIZE)	/* bytes at low load */
#define LASTING_HIGH	(FRAMES / 10 * PAGE_SIZE)
#define ROOM_LOW	(FRAMES / 50)	/* then pages are evicted ... */
#define ROOM_HIGH	(FRAMES / 25)	/* ... up to this */
#define WANTED		90		/* percent */

struct cluster {
	unsigned long used;	/* the operation that used it last */
	unsigned int n;
	struct mach_frame **frames;
};

struct magazine {
	unsigned int n;
	void *objects[MAGAZINE_MAX];
};

/* Structures of about the sizes that the module's have */
struct kind {
	const char *name;
	unsigned int size;
	struct mach_slab_cache slabs;
	struct magazine magazines[CPUS];
};

/* A structure, or if it has no kind a block of frames */
struct lasting {
	void *memory;
	struct kind *kind;
	unsigned int order;
	bool stays;
};

struct cache {
	unsigned int n;
	struct mach_frame *frames[CACHE_MAX];
};

static struct churn {
	struct mach_buddy buddy;
	struct mach_chunk chunks[CHUNKS];
	struct cache caches[CPUS];
	struct cluster clusters[CLUSTERS_MAX];
	unsigned long n_clusters;
	struct lasting lastings[LASTINGS_MAX];
	unsigned long n_lastings;
	unsigned long lasting_bytes;
	unsigned long lasting_frames;	/* of their blocks and slabs */
	unsigned long operations;	/* wanted */
	unsigned long operation;
	unsigned long trimmed;		/* the operation of the last time */
	unsigned long refused;
	bool mixed;	/* nothing is kept apart, for comparison */
	FILE *plot;
	char *memory;	/* of the chunks; only what slabs touch is there */
} churn;

static struct kind kinds[] = {
	{ .name = "object", .size = 400 },
	{ .name = "tree node", .size = 544 },
	{ .name = "request-1", .size = 240 },
	{ .name = "request-16", .size = 480 },
	{ .name = "request-64", .size = 1250 },
	{ .name = "request-256", .size = 4350 },
};

#define KINDS		(sizeof(kinds) / sizeof(kinds[0]))

static struct mach_segment *segment(void)
{
	return &churn.buddy.segments[MACH_SEGMENT_NORMAL];
}

static void die(const char *what)
{
	printf("not ok churn: operation %lu: %s\n", churn.operation, what);
	exit(1);
}

static void *memory_of(const struct mach_frame *frame)
{
	const struct mach_chunk *chunk = mach_frame_chunk(frame);

	return churn.memory + (chunk->address - BASE) +
	       (frame - chunk->frames) * PAGE_SIZE;
}

static struct mach_frame *frame_of(const void *memory)
{
	unsigned long i = ((const char *)memory - churn.memory) / PAGE_SIZE;

	return &churn.chunks[i / MACH_CHUNK_FRAMES]
			.frames[i % MACH_CHUNK_FRAMES];
}

static void give(struct mach_frame *frame, unsigned int order)
{
	frame->place = order;
	if (mach_buddy_free(&churn.buddy, frame, order))
		die("a block is not freed");
}

/* A page through its processor's cache */
static struct mach_frame *page_get(struct cache *cache)
{
	churn.operation++;
	if (!cache->n)
		cache->n = mach_buddy_alloc_frames(&churn.buddy,
						   MACH_SEGMENT_NORMAL,
						   cache->frames, BATCH);
	return cache->n ? cache->frames[--cache->n] : NULL;
}

static void page_put(struct cache *cache, struct mach_frame *frame)
{
	unsigned int i;

	churn.operation++;
	if (cache->n == CACHE_MAX) {
		/* the oldest, as these are not in the processor's cache */
		for (i = 0; i < BATCH; i++)
			give(cache->frames[i], 0);
		cache->n -= BATCH;
		memmove(cache->frames, cache->frames + BATCH,
			cache->n * sizeof(*cache->frames));
	}
	frame->place = MACH_PLACE_CACHED;
	cache->frames[cache->n++] = frame;
}

static void cluster_drop(struct cluster *cluster)
{
	struct cache *cache = &churn.caches[property_below(CPUS)];

	while (cluster->n)
		page_put(cache, cluster->frames[--cluster->n]);
	free(cluster->frames);
	*cluster = churn.clusters[--churn.n_clusters];
}

/* The oldest of some */
static bool evict(void)
{
	struct cluster *oldest = NULL, *at;
	unsigned int i;

	for (i = 0; churn.n_clusters && i < 16; i++) {
		at = &churn.clusters[property_below(churn.n_clusters)];
		if (!oldest || at->used < oldest->used)
			oldest = at;
	}
	if (oldest)
		cluster_drop(oldest);
	return oldest;
}

static void make_room(void)
{
	if (segment()->nr_free > ROOM_LOW)
		return;
	while (segment()->nr_free < ROOM_HIGH && evict())
		;
}

static void cluster_read(void)
{
	struct cache *cache = &churn.caches[property_below(CPUS)];
	unsigned int n = 1 + property_below(1U << property_below(9));
	struct cluster *cluster;

	make_room();
	cluster = &churn.clusters[churn.n_clusters];
	cluster->frames = calloc(n, sizeof(*cluster->frames));
	cluster->used = churn.operation;
	for (cluster->n = 0; cluster->n < n; cluster->n++) {
		cluster->frames[cluster->n] = page_get(cache);
		if (!cluster->frames[cluster->n])
			break;
	}
	churn.n_clusters++;
	if (!cluster->n)
		die("no page, although there is room");
}

static void cluster_use(void)
{
	if (churn.n_clusters)
		churn.clusters[property_below(churn.n_clusters)].used =
			churn.operation;
}

/* Blocks: of slabs, or for themselves */
static struct mach_frame *block_get(unsigned int order)
{
	struct mach_block block = {
		.order = order,
		.highest = MACH_SEGMENT_NORMAL,
		.lasting = !churn.mixed,
	};
	struct mach_frame *frame;
	unsigned int tries = 0;

	make_room();
	while (!(frame = mach_buddy_alloc(&churn.buddy, &block)))
		if (tries++ == 64 || !evict())
			break;
	if (frame)
		churn.lasting_frames += 1UL << order;
	else
		churn.refused++;
	return frame;
}

static void block_put(struct mach_frame *frame, unsigned int order)
{
	give(frame, order);
	churn.lasting_frames -= 1UL << order;
}

static void *slab_get(unsigned int order, gfp_t gfp)
{
	struct mach_frame *frame = block_get(order);

	(void)gfp;
	return frame ? memory_of(frame) : NULL;
}

static void slab_put(void *memory, unsigned int order)
{
	block_put(frame_of(memory), order);
}

static const struct mach_slab_source source = { slab_get, slab_put };

/* Structures through their processor's magazine, as kmem.c does it */
static void *structure_get(struct kind *kind)
{
	struct magazine *magazine = &kind->magazines[property_below(CPUS)];
	struct mach_slab *slab;

	while (!magazine->n) {
		magazine->n = mach_slab_alloc(&kind->slabs, magazine->objects,
					      MAGAZINE_BATCH);
		if (magazine->n)
			break;
		slab = mach_slab_make(&kind->slabs, 0);
		if (!slab)
			return NULL;
		mach_slab_add(&kind->slabs, slab);
	}
	return magazine->objects[--magazine->n];
}

static void spill(struct kind *kind, struct magazine *magazine, unsigned int n)
{
	if (mach_slab_free(&kind->slabs, magazine->objects, n))
		die("a structure is not freed");
	magazine->n -= n;
	memmove(magazine->objects, magazine->objects + n,
		magazine->n * sizeof(*magazine->objects));
}

static void structure_put(struct kind *kind, void *structure)
{
	struct magazine *magazine = &kind->magazines[property_below(CPUS)];

	if (magazine->n == MAGAZINE_MAX)
		spill(kind, magazine, MAGAZINE_BATCH);
	magazine->objects[magazine->n++] = structure;
}

/* Empty slabs go back, as every five seconds. */
static void trim(void)
{
	struct list_head slabs;
	struct kind *kind;
	unsigned int i;

	churn.trimmed = churn.operation;
	for (kind = kinds; kind < kinds + KINDS; kind++) {
		for (i = 0; i < CPUS; i++)
			spill(kind, &kind->magazines[i], kind->magazines[i].n);
		INIT_LIST_HEAD(&slabs);
		mach_slab_reap(&kind->slabs, ~0U, &slabs);
		mach_slab_release(&kind->slabs, &slabs);
	}
}

static unsigned long lasting_size(const struct lasting *lasting)
{
	return lasting->kind ? lasting->kind->size :
			       PAGE_SIZE << lasting->order;
}

/* What nobody else may write to */
static uint64_t stamp(const struct lasting *lasting)
{
	return (uintptr_t)lasting->memory * 0x9e3779b97f4a7c15ULL +
	       lasting->kind->size;
}

static bool lasting_get(struct lasting lasting)
{
	struct mach_frame *frame;

	churn.operation++;
	if (churn.n_lastings == LASTINGS_MAX)
		die("there is no end of what lasts");
	if (lasting.kind) {
		lasting.memory = structure_get(lasting.kind);
	} else {
		frame = block_get(lasting.order);
		lasting.memory = frame ? memory_of(frame) : NULL;
	}
	if (!lasting.memory)
		return false;
	if (lasting.kind)
		*(uint64_t *)lasting.memory = stamp(&lasting);
	churn.lastings[churn.n_lastings++] = lasting;
	churn.lasting_bytes += lasting_size(&lasting);
	return true;
}

static void lasting_drop(struct lasting *lasting)
{
	churn.operation++;
	churn.lasting_bytes -= lasting_size(lasting);
	if (lasting->kind) {
		if (*(uint64_t *)lasting->memory != stamp(lasting))
			die("a structure was overwritten");
		structure_put(lasting->kind, lasting->memory);
	} else {
		block_put(frame_of(lasting->memory), lasting->order);
	}
	*lasting = churn.lastings[--churn.n_lastings];
}

/* Mostly structures; now and then a wired page or a contiguous block */
static struct lasting lasting_some(void)
{
	struct lasting lasting = { .stays = property_below(8) == 0 };
	unsigned int what = property_below(512);

	if (what < 2)
		lasting.order = property_below(9);
	else if (what >= 32)
		lasting.kind = &kinds[property_below(KINDS)];
	return lasting;
}

/* What the load asks for at present: it rises and falls evenly. */
static unsigned long lasting_wanted(void)
{
	unsigned long half = churn.operations / PERIODS / 2 + 1;
	unsigned long at = churn.operation % (2 * half);
	unsigned long load = at < half ? at : 2 * half - at;

	return LASTING_LOW + (LASTING_HIGH - LASTING_LOW) * load / half;
}

static void lasting_step(void)
{
	struct lasting *lasting;

	if (churn.n_lastings && property_below(2)) {
		lasting = &churn.lastings[property_below(churn.n_lastings)];
		if (!lasting->stays)
			lasting_drop(lasting);
		else if (property_below(64) == 0)
			lasting->stays = false;
	}
	while (churn.lasting_bytes < lasting_wanted())
		if (!lasting_get(lasting_some()))
			break;
}

static void step(void)
{
	unsigned int what = property_below(64);

	if (churn.operation - churn.trimmed >= TRIM_EVERY)
		trim();
	if (what < 8)
		cluster_read();
	else if (what < 20)
		cluster_use();
	else if (what < 63)
		lasting_step();
	else if (churn.n_clusters)
		cluster_drop(&churn.clusters[property_below(churn.n_clusters)]);
}

static double percent(unsigned long part, unsigned long whole)
{
	return whole ? 100.0 * part / whole : 100;
}

/* Of what is free, how much is in large blocks */
static double large_now(void)
{
	struct mach_segment *s = segment();

	return percent(s->nr_blocks[9] * 512 + s->nr_blocks[10] * 1024,
		       s->nr_free);
}

/* Frames of the block or slab that it keeps, from *first on */
static unsigned int lasting_keeps(const struct lasting *lasting,
				  unsigned long *first)
{
	unsigned int order = lasting->kind ? lasting->kind->slabs.order :
					     lasting->order;

	*first = ((char *)lasting->memory - churn.memory) / PAGE_SIZE;
	*first &= ~0UL << order;
	return 1U << order;
}

/* The same once everything movable or idle were freed, going by what lasts */
static double large_then(void)
{
	static bool kept[FRAMES];
	unsigned long i, first, n_kept = 0, n_large = 0;

	memset(kept, 0, sizeof(kept));
	for (i = 0; i < churn.n_lastings; i++) {
		unsigned int n = lasting_keeps(&churn.lastings[i], &first);

		memset(kept + first, true, n);
	}
	for (i = 0; i < FRAMES; i += LARGE_FRAMES) {
		const bool *any = memchr(kept + i, true, LARGE_FRAMES);

		n_large += !any;
	}
	for (i = 0; i < FRAMES; i++)
		n_kept += kept[i];
	return percent(n_large * LARGE_FRAMES, FRAMES - n_kept);
}

static void sample(void)
{
	double unused = percent(segment()->nr_free, FRAMES);
	double lasting = percent(churn.lasting_frames, FRAMES);
	double now = large_now(), then = large_then();

	printf("# %9lu %7.1f %7.1f %7.1f %7.1f  %*s\n", churn.operation, unused,
	       lasting, now, then, (int)(then / 2) + 1, "*");
	if (churn.plot)
		fprintf(churn.plot, "%lu %.2f %.2f %.2f %.2f\n",
			churn.operation, unused, lasting, now, then);
}

static void start(unsigned long operations, bool mixed)
{
	struct mach_chunk *chunk;
	struct kind *kind;
	char *table;

	churn.operations = operations;
	churn.operation = 0;
	churn.trimmed = 0;
	churn.refused = 0;
	churn.mixed = mixed;
	mach_buddy_init(&churn.buddy);
	for (chunk = churn.chunks; chunk < churn.chunks + CHUNKS; chunk++) {
		table = aligned_alloc(MACH_KERN_TABLE, 2 * MACH_KERN_TABLE);
		*(void **)(table + MACH_KERN_TABLE) = chunk;
		chunk->frames = (struct mach_frame *)table;
		chunk->address = BASE + (chunk - churn.chunks) * MACH_CHUNK_SIZE;
		mach_buddy_add(&churn.buddy, chunk);
	}
	for (kind = kinds; kind < kinds + KINDS; kind++)
		if (mach_slab_cache_init(&kind->slabs, kind->name, kind->size,
					 MACH_SLAB_ALIGN_MIN, 0, NULL,
					 &source))
			die("a cache of structures is not made");
}

/* All that is movable or idle goes. */
static void free_movable(void)
{
	unsigned int i;

	while (churn.n_clusters)
		cluster_drop(&churn.clusters[0]);
	trim();
	for (i = 0; i < CPUS; i++)
		while (churn.caches[i].n)
			give(churn.caches[i].frames[--churn.caches[i].n], 0);
	if (segment()->nr_free != FRAMES - churn.lasting_frames)
		die("frames are lost");
	if (large_now() != large_then())
		die("what was freed has not come together");
}

static void finish(void)
{
	struct mach_chunk *chunk;
	struct kind *kind;

	while (churn.n_lastings)
		lasting_drop(&churn.lastings[0]);
	trim();
	for (kind = kinds; kind < kinds + KINDS; kind++)
		if (mach_slab_cache_destroy(&kind->slabs) ||
		    kind->slabs.nr_slabs)
			die("a slab is left, although all is freed");
	for (chunk = churn.chunks; chunk < churn.chunks + CHUNKS; chunk++) {
		if (mach_buddy_remove(&churn.buddy, chunk))
			die("a chunk is not idle, although all is freed");
		free(chunk->frames);
	}
}

/* How many percent of free memory are in large blocks at the end */
static double run(unsigned long operations, bool mixed)
{
	unsigned long next = 0;
	double large;

	start(operations, mixed);
	printf("# all in percent, %s\n",
	       mixed ? "nothing kept apart" : "what lasts kept apart");
	puts("# operation    free lasting   large  once freed");
	while (churn.operation < churn.operations) {
		if (churn.operation >= next) {
			sample();
			next += churn.operations / SAMPLES;
		}
		step();
	}
	free_movable();
	sample();
	large = large_now();
	printf("# %lu things last, in %lu frames; %lu blocks were refused\n",
	       churn.n_lastings, churn.lasting_frames, churn.refused);
	finish();
	return large;
}

static bool judge(const char *name, double large, bool good)
{
	printf("%s %s: %.1f %% of free memory in blocks of 2 MiB\n",
	       good ? "ok" : "not ok", name, large);
	return good;
}

/* Addresses at which blocks of all orders are aligned */
static void reserve_memory(void)
{
	size_t bytes = (CHUNKS + 1) * MACH_CHUNK_SIZE;
	char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED) {
		perror("churn: mmap");
		exit(2);
	}
	churn.memory = (char *)ALIGN((uintptr_t)at, MACH_CHUNK_SIZE);
}

static int usage(int status)
{
	fputs("usage: churn [--operations N] [--seed N] [--plot FILE]\n"
	      "  --plot FILE  for gnuplot: operation, and in percent: free,\n"
	      "               lasting, large, large once all movable is freed\n",
	      status ? stderr : stdout);
	return status;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "operations", required_argument, NULL, 'o' },
		{ "seed", required_argument, NULL, 's' },
		{ "plot", required_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned long operations = 10000000, seed = 1;
	double apart, mixed;
	bool good;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'o')
			operations = strtoul(optarg, NULL, 0);
		else if (c == 's')
			seed = strtoul(optarg, NULL, 0);
		else if (c == 'p')
			churn.plot = fopen(optarg, "w");
		else
			return usage(c == 'h' ? 0 : 2);
		if (c == 'p' && !churn.plot) {
			perror(optarg);
			return 2;
		}
	}
	printf("# seed %lu\n", seed);
	property_seed(seed);
	reserve_memory();
	mixed = run(operations / 10, true);
	if (churn.plot)
		fputs("\n\n", churn.plot);	/* gnuplot's next index */
	apart = run(operations, false);
	good = judge("churn-mixed, to compare", mixed, mixed < WANTED);
	good &= judge("churn", apart, apart >= WANTED);
	if (churn.plot)
		fclose(churn.plot);
	return !good;
}
