// SPDX-License-Identifier: GPL-2.0-only
/*
 * A day's churn, compressed: does memory that is freed come together again?
 *
 * Pages of objects come in clusters and go when they are old or their object
 * goes; the pool is always full of them. Slabs, wired pages and contiguous
 * blocks come and go with the load, and some of them stay. At the end everything
 * that is movable or idle is freed: most of what is free then must be in blocks
 * of 2 MiB. The same with nothing kept apart shows that the load is not harmless.
 */
#include "../../kmod/buddy.h"
#include "property.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#define CHUNKS		128
#define FRAMES		(CHUNKS * MACH_CHUNK_FRAMES)
#define BASE		(4ULL << 30)	/* all of it is in one segment */
#define LARGE_ORDER	9
#define LARGE_FRAMES	(1U << LARGE_ORDER)

#define CPUS		4
#define CACHE_MAX	64
#define BATCH		32

#define CLUSTERS_MAX	FRAMES
#define LASTINGS_MAX	FRAMES
#define SAMPLES		40
#define PERIODS		6		/* of high and low load */
#define LASTING_LOW	(FRAMES / 25)	/* frames at low load */
#define LASTING_HIGH	(FRAMES / 10)
#define ROOM_LOW	(FRAMES / 50)	/* then pages are evicted ... */
#define ROOM_HIGH	(FRAMES / 25)	/* ... up to this */
#define WANTED		90		/* percent */

struct cluster {
	unsigned long used;	/* the operation that used it last */
	unsigned int n;
	struct mach_frame **frames;
};

struct lasting {
	struct mach_frame *frame;
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
	unsigned long lasting_frames;
	unsigned long operations;	/* wanted */
	unsigned long operation;
	unsigned long refused;
	bool mixed;	/* nothing is kept apart, for comparison */
	FILE *plot;
} churn;

static struct mach_segment *segment(void)
{
	return &churn.buddy.segments[MACH_SEGMENT_NORMAL];
}

static void die(const char *what)
{
	printf("not ok churn: operation %lu: %s\n", churn.operation, what);
	exit(1);
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

static bool lasting_get(unsigned int order, bool stays)
{
	struct mach_block block = {
		.order = order,
		.highest = MACH_SEGMENT_NORMAL,
		.lasting = !churn.mixed,
	};
	struct mach_frame *frame;
	unsigned int tries = 0;

	churn.operation++;
	make_room();
	while (!(frame = mach_buddy_alloc(&churn.buddy, &block)))
		if (tries++ == 64 || !evict())
			break;
	if (!frame) {
		churn.refused++;
		return false;
	}
	churn.lastings[churn.n_lastings++] = (struct lasting){
		frame, order, stays,
	};
	churn.lasting_frames += 1UL << order;
	return true;
}

static void lasting_drop(struct lasting *lasting)
{
	churn.operation++;
	give(lasting->frame, lasting->order);
	churn.lasting_frames -= 1UL << lasting->order;
	*lasting = churn.lastings[--churn.n_lastings];
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
	while (churn.lasting_frames < lasting_wanted())
		/* slabs and wired pages, and now and then a contiguous block */
		if (!lasting_get(property_below(32) ? property_below(4) :
				 property_below(9), property_below(8) == 0))
			break;
}

static void step(void)
{
	unsigned int what = property_below(64);

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

/* The same once everything movable were freed, going by what lasts */
static double large_then(void)
{
	static bool spoilt[FRAMES / LARGE_FRAMES];
	unsigned long i, n = 0;

	memset(spoilt, 0, sizeof(spoilt));
	for (i = 0; i < churn.n_lastings; i++) {
		struct mach_frame *frame = churn.lastings[i].frame;
		struct mach_chunk *chunk = mach_frame_chunk(frame);

		spoilt[(chunk - churn.chunks) * 2 +
		       (frame - chunk->frames) / LARGE_FRAMES] = true;
	}
	for (i = 0; i < FRAMES / LARGE_FRAMES; i++)
		n += !spoilt[i];
	return percent(n * LARGE_FRAMES, FRAMES - churn.lasting_frames);
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
	char *table;

	churn.operations = operations;
	churn.operation = 0;
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
}

/* All that is movable or idle goes. */
static void free_movable(void)
{
	unsigned int i;

	while (churn.n_clusters)
		cluster_drop(&churn.clusters[0]);
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

	while (churn.n_lastings)
		lasting_drop(&churn.lastings[0]);
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
	printf("# %lu lasting blocks were refused\n", churn.refused);
	finish();
	return large;
}

static bool judge(const char *name, double large, bool good)
{
	printf("%s %s: %.1f %% of free memory in blocks of 2 MiB\n",
	       good ? "ok" : "not ok", name, large);
	return good;
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
