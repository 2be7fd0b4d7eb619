// SPDX-License-Identifier: GPL-2.0-only
/* Objects that are larger than the pool: what goes, what stays, what is saved. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pool.h"

#define COLD	1	/* ids of objects */
#define HOT	2
#define BRIEFLY	tap_storm_ms(1000)	/* ms that a race goes on */

static struct serve *cold;
static uint8_t *cold_map;

static void open_cold_by(uint32_t cluster)
{
	pool_limit(POOL_MIB);
	cold = pool_object(LARGE, COLD);
	cold->cluster = cluster;
	cold_map = pool_start(cold);
}

static void open_cold(void)
{
	open_cold_by(CLUSTER);
}

/* Much is kept, never too much, and what went is asked for again. */
static void test_clean(void)
{
	static uint8_t page[PAGE];
	uint64_t most = 0, now;

	open_cold();
	for (uint64_t i = 0; i < LARGE_PAGES; i += 128) {
		pool_verify(cold_map, COLD, i, 128, 0);
		now = pool_resident(cold);
		most = now > most ? now : most;
	}
	for (uint64_t i = 0; i < LARGE_PAGES; i++) {
		CHECK_IS(RESULT(pread(cold->fd, page, PAGE, i * PAGE)), PAGE);
		CHECK(stamp_is(page, COLD, i, 0, 0), "wrong data");
	}
	tap_sub("filled", most >= POOL_PAGES / 2,
		"only %u of %u pages resident at a time", (unsigned int)most,
		(unsigned int)POOL_PAGES);
	tap_sub("asked-again", object_info(cold->fd).pageins >=
		2 * LARGE_PAGES - POOL_PAGES, "%llu pageins",
		object_info(cold->fd).pageins);
	tap_is("pageouts", object_info(cold->fd).pageouts, 0);
}

#define HOT_PAGES	(POOL_PAGES / 8)

/* Pageins of a small object that is used all the time, beside a large one. */
static unsigned int hot_pageins(const char *policy)
{
	struct serve *hot = pool_object(HOT_PAGES * PAGE, HOT);
	uint8_t *map = pool_start(hot);
	unsigned int pageins;

	CHECK_IS(pool_set("policy", policy), 0);
	for (uint64_t i = 0; i < LARGE_PAGES; i += POOL_PAGES / 8) {
		pool_verify(cold_map, COLD, i, POOL_PAGES / 8, 0);
		pool_verify(map, HOT, 0, HOT_PAGES, 0);
	}
	pageins = object_info(hot->fd).pageins;
	munmap(map, hot->size);
	close(hot->fd);
	serve_stop(hot);
	return pageins;
}

static void test_second_chance(void)
{
	unsigned int chance, fifo;

	open_cold();
	chance = hot_pageins("second-chance");
	fifo = hot_pageins("fifo");
	tap_sub("stays", chance < 2 * HOT_PAGES,
		"%u pageins of %u hot pages", chance,
		(unsigned int)HOT_PAGES);
	tap_sub("fifo-goes", fifo >= 2 * HOT_PAGES && fifo > chance,
		"%u pageins of %u hot pages, %u with second chance", fifo,
		(unsigned int)HOT_PAGES, chance);
}

static void test_policy(void)
{
	tap_is("unknown", pool_set("policy", "clairvoyant"), -EINVAL);
	tap_is("empty", pool_set("policy", "\n"), -EINVAL);
	tap_is("prefix", pool_set("policy", "fif"), -EINVAL);
	tap_is("fifo", pool_set("policy", "fifo"), 0);
	tap_is("newline", pool_set("policy", "second-chance\n"), 0);
}

/* The store has it all. */
static void check_saved(struct serve *s, unsigned int id,
			const unsigned int *generations)
{
	CHECK_IS(RESULT(fsync(s->fd)), 0);
	CHECK_IS(object_info(s->fd).dirty, 0);
	for (uint64_t i = 0; i < s->size / PAGE; i++)
		CHECK(stamp_is(s->store + i * PAGE, id, i, generations[i],
			       generations[i]), "lost in the store");
}

/* Neighbours that are dirty go together. */
static void test_clusters(void)
{
	static unsigned int generations[LARGE_PAGES];
	struct mach_object_info info;

	open_cold();
	for (uint64_t i = 0; i < LARGE_PAGES; i++) {
		stamp_page(cold_map + i * PAGE, COLD, i, 1);
		generations[i] = 1;
		if (i % 128 == 0)
			pool_resident(cold);
	}
	info = object_info(cold->fd);
	tap_sub("returned", info.pageouts >= LARGE_PAGES - POOL_PAGES,
		"only %llu pageouts", info.pageouts);
	tap_sub("together", info.pageouts >= 8 * cold->returns,
		"%llu pages in %u returns", info.pageouts, cold->returns);
	tap_is("lost", info.errors, 0);
	pool_verify(cold_map, COLD, 0, LARGE_PAGES, 1);
	check_saved(cold, COLD, generations);
}

#define WRITES	(LARGE_PAGES / 4)

static void write_page(uint64_t index, unsigned int generation)
{
	static uint8_t page[PAGE];

	if (rand() % 2) {
		stamp_page(cold_map + index * PAGE, COLD, index, generation);
		return;
	}
	stamp_page(page, COLD, index, generation);
	CHECK_IS(RESULT(pwrite(cold->fd, page, PAGE, index * PAGE)), PAGE);
}

/* By mapping and by write, anywhere: nothing is lost, nothing comes back. */
static void test_random_writes(void)
{
	static unsigned int generations[LARGE_PAGES];
	const char *again = getenv("MACHVM_SEED");
	unsigned int seed = again ? strtoul(again, NULL, 0) :
			    (unsigned long)tap_now_ms();

	tap_note("random-writes: MACHVM_SEED=%u", seed);
	srand(seed);
	open_cold_by(4 * PAGE);
	for (unsigned int n = 0; n < WRITES; n++) {
		uint64_t i = rand() % LARGE_PAGES;

		CHECK(stamp_is(cold_map + i * PAGE, COLD, i, generations[i],
			       generations[i]), "lost at write %u", n);
		write_page(i, ++generations[i]);
		if (n % 128 == 0)
			pool_resident(cold);
	}
	for (uint64_t i = 0; i < LARGE_PAGES; i++)
		CHECK(stamp_is(cold_map + i * PAGE, COLD, i, generations[i],
			       generations[i]), "lost after the writes");
	CHECK(cold->returns > 0, "nothing was returned");
	check_saved(cold, COLD, generations);
}

static void refuse(const char *sub, const char *value)
{
	unsigned long before = pool_max();

	tap_is(sub, pool_set("pool_max", value), -EINVAL);
	CHECK_IS(pool_max(), before);
}

static void test_bad_limits(void)
{
	unsigned long memory = sysconf(_SC_PHYS_PAGES) / (MIB / PAGE);
	char value[32];

	pool_limit(POOL_MIB);
	refuse("zero", "0");
	refuse("negative", "-8");
	refuse("empty", "\n");
	refuse("space", " ");
	refuse("text", "many");
	refuse("tail", "8x");
	refuse("fraction", "8.5");
	snprintf(value, sizeof(value), "%lu", (memory / 4 + 64) * 4);
	refuse("more-than-memory", value);
	refuse("wraps-bytes", "17592186044420");
	refuse("wraps-pages", "72057594037927940");
}

/* Smaller: pages go as soon as something is asked for. Larger: more fit. */
static void test_limit(void)
{
	uint64_t before;

	open_cold();
	pool_verify(cold_map, COLD, 0, LARGE_PAGES, 0);
	before = pool_resident(cold);
	pool_limit(2 * POOL_MIB);
	pool_verify(cold_map, COLD, 0, LARGE_PAGES, 0);
	tap_sub("more-fit", pool_resident(cold) >= before * 3 / 2,
		"%u pages resident, %u before",
		(unsigned int)pool_resident(cold), (unsigned int)before);
	for (uint64_t i = LARGE_PAGES / 2; i < LARGE_PAGES; i += 8)
		stamp_page(cold_map + i * PAGE, COLD, i, 1);
	pool_limit(POOL_MIB);
	for (uint64_t i = 0; i < 4; i++)
		pool_verify(cold_map, COLD, i * 16, 16, 0);
	CHECK_WAIT(object_info(cold->fd).resident <= POOL_PAGES, WAIT_MS,
		   "%llu pages are still resident",
		   object_info(cold->fd).resident);
	for (uint64_t i = 0; i < LARGE_PAGES; i++)
		pool_verify(cold_map, COLD, i, 1,
			    i >= LARGE_PAGES / 2 && i % 8 == 0);
	pool_resident(cold);
}

/* A pager whose own memory is another pager's object makes progress. */
static void test_stacked(void)
{
	static unsigned int generations[LARGE_PAGES];
	struct serve *upper;
	uint8_t *map;

	open_cold();
	upper = pool_object(LARGE / 2, COLD);
	munmap(upper->store, LARGE / 2);
	upper->store = cold_map;
	map = pool_start(upper);
	for (uint64_t i = 0; i < LARGE_PAGES / 2; i++) {
		CHECK(stamp_is(map + i * PAGE, COLD, i, 0, 0), "wrong data");
		if (i % 3)
			continue;
		stamp_page(map + i * PAGE, COLD, i, 1);
		generations[i] = 1;
	}
	for (uint64_t i = 0; i < LARGE_PAGES / 2; i++)
		pool_verify(map, COLD, i, 1, generations[i]);
	tap_is("errors", object_info(upper->fd).errors +
	       object_info(cold->fd).errors, 0);
	check_saved(upper, COLD, generations);
	check_saved(cold, COLD, generations);
}

/* Touch all of the large object for some time, writing a part. */
static long sweep(const uint64_t *arg)
{
	long end = tap_now_ms() + BRIEFLY;
	unsigned int seed = arg[0];

	while (tap_now_ms() < end) {
		uint64_t i = rand_r(&seed) % LARGE_PAGES;

		if (!stamp_is(cold_map + i * PAGE, COLD, i, 0, 0))
			return i + 1;
		if (i % 4 == 0)
			stamp_page(cold_map + i * PAGE, COLD, i, 0);
	}
	return 0;
}

#define SMALL_PAGES	(POOL_PAGES / 2)
#define PIECE		64	/* pages of it that are changed at a time */

static void verify_forked(const uint8_t *map)
{
	int status;
	pid_t pid = fork();

	CHECK(pid >= 0, "fork: %m");
	if (!pid) {
		pool_verify(map, HOT, rand() % (SMALL_PAGES - 16), 16, 0);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && !status,
	      "the child has ended with status %#x", status);
}

/* Other changes have cut it into areas, each of some pieces. */
static uint8_t *move(uint8_t *map)
{
	uint8_t *to = mmap(NULL, SMALL_PAGES * PAGE, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(to != MAP_FAILED, "mmap: %m");
	for (size_t at = 0; at < SMALL_PAGES * PAGE; at += PIECE * PAGE)
		CHECK(mremap(map + at, PIECE * PAGE, PIECE * PAGE,
			     MREMAP_MAYMOVE | MREMAP_FIXED, to + at) ==
		      to + at, "mremap: %m");
	return to;
}

/* One change of a mapping; the contents stay what they are. */
static uint8_t *change(uint8_t *map)
{
	static const int advices[] = {
		MADV_DONTNEED, MADV_RANDOM, MADV_NORMAL, MADV_SEQUENTIAL,
		MADV_WILLNEED, MADV_COLD, MADV_PAGEOUT,
	};
	uint64_t first = rand() % (SMALL_PAGES / PIECE) * PIECE;
	int advice;

	switch (rand() % 4) {
	case 0:
		return move(map);
	case 1:
		verify_forked(map);
		break;
	case 2:
		CHECK(!mprotect(map + first * PAGE, PIECE * PAGE,
				rand() % 2 ? PROT_READ :
				PROT_READ | PROT_WRITE), "mprotect: %m");
		break;
	case 3:
		advice = advices[rand() % ARRAY_SIZE(advices)];
		CHECK(!madvise(map + first * PAGE, PIECE * PAGE, advice) ||
		      errno == EINVAL, "madvise %d: %m", advice);
	}
	return map;
}

/* A mapping is moved, copied by fork and advised of while its pages go. */
static void test_mappings(void)
{
	struct serve *small = pool_object(SMALL_PAGES * PAGE, HOT);
	struct actor sweeper;
	unsigned int turns = 0;
	uint8_t *map;

	srand(1);
	open_cold();
	map = pool_start(small);
	actor_start(&sweeper, 2);
	actor_begin(&sweeper, 0, sweep, 1);
	actor_begin(&sweeper, 1, sweep, 2);
	while (actor_waits(&sweeper, 0, 0)) {
		map = change(map);
		pool_verify(map, HOT, rand() % (SMALL_PAGES - PIECE), PIECE, 0);
		turns++;
	}
	for (int i = 0; i < 2; i++)
		CHECK_IS(actor_end(&sweeper, i), 0);
	CHECK(turns >= 10, "only %u turns", turns);
	pool_verify(map, HOT, 0, SMALL_PAGES, 0);
	CHECK_IS(object_info(small->fd).errors, 0);
}

/* A copy of one's own is Linux's, and is there when the page it came from went. */
static void test_private(void)
{
	struct serve *small = pool_object(SMALL_PAGES * PAGE, HOT);
	uint8_t *map, *own;

	open_cold();
	map = pool_start(small);
	own = mmap(NULL, small->size, PROT_READ | PROT_WRITE, MAP_PRIVATE,
		   small->fd, 0);
	CHECK(own != MAP_FAILED, "mmap: %m");
	for (uint64_t i = 0; i < SMALL_PAGES; i += 2)
		stamp_page(own + i * PAGE, HOT, i, 1);
	pool_verify(cold_map, COLD, 0, LARGE_PAGES, 0);
	for (uint64_t i = 0; i < SMALL_PAGES; i++)
		pool_verify(own, HOT, i, 1, i % 2 == 0);
	pool_verify(map, HOT, 0, SMALL_PAGES, 0);
	CHECK_IS(object_info(small->fd).dirty, 0);
}

#define WRITERS	3

/*
 * How far the writing of each page has come, in memory of all processes: what
 * is read lies between what was finished before and what was begun after.
 */
struct progress {
	unsigned int begun[LARGE_PAGES];
	unsigned int finished[LARGE_PAGES];
};

static struct progress *progress;

static bool read_one(uint64_t i, bool by_call)
{
	unsigned int oldest = __atomic_load_n(&progress->finished[i],
					      __ATOMIC_SEQ_CST);
	uint8_t page[PAGE];

	if (by_call)
		CHECK_IS(RESULT(pread(cold->fd, page, PAGE, i * PAGE)), PAGE);
	else
		memcpy(page, cold_map + i * PAGE, PAGE);
	return stamp_is(page, COLD, i, oldest,
			__atomic_load_n(&progress->begun[i],
					__ATOMIC_SEQ_CST));
}

static void write_one(uint64_t i, bool by_call)
{
	unsigned int generation = progress->begun[i] + 1;
	uint8_t page[PAGE];

	__atomic_store_n(&progress->begun[i], generation, __ATOMIC_SEQ_CST);
	if (by_call) {
		stamp_page(page, COLD, i, generation);
		CHECK_IS(RESULT(pwrite(cold->fd, page, PAGE, i * PAGE)), PAGE);
	} else {
		stamp_page(cold_map + i * PAGE, COLD, i, generation);
	}
	__atomic_store_n(&progress->finished[i], generation, __ATOMIC_SEQ_CST);
}

/* Of the page that each writer has for itself and of all others. */
static long write_and_read(const uint64_t *arg)
{
	unsigned int seed = arg[0] + 1;
	uint64_t mine, other;

	for (unsigned int n = 0; n < WRITES / WRITERS; n++) {
		mine = rand_r(&seed) % (LARGE_PAGES / WRITERS) * WRITERS +
		       arg[0];
		other = rand_r(&seed) % LARGE_PAGES;
		write_one(mine, seed & 256);
		if (!read_one(other, seed & 512))
			return other + 1;
		if (!read_one(mine, seed & 1024))
			return mine + 1;
	}
	return 0;
}

static void test_processes(void)
{
	struct actor writers[WRITERS];

	open_cold_by(4 * PAGE);
	progress = shared_alloc(sizeof(*progress));
	for (int i = 0; i < WRITERS; i++) {
		actor_start(&writers[i], 1);
		actor_begin(&writers[i], 0, write_and_read, i);
	}
	for (int i = 0; i < WRITERS; i++)
		CHECK_IS(actor_end_within(&writers[i], 0, 5 * WAIT_MS), 0);
	CHECK(cold->returns > 10, "only %u returns", cold->returns);
	for (uint64_t i = 0; i < LARGE_PAGES; i++)
		pool_verify(cold_map, COLD, i, 1, progress->finished[i]);
	check_saved(cold, COLD, progress->finished);
}

#define BOTH(n, fn)							\
	{ .name = n "-ring", .run = fn, BY_RING, 60 },			\
	{ .name = n "-ioctl", .run = fn, BY_IOCTL, 60 }

static const struct tap_test tests[] = {
	BOTH("clean", test_clean),
	{ .name = "second-chance", .run = test_second_chance, .seconds = 60 },
	{ .name = "policy", .run = test_policy },
	BOTH("clusters", test_clusters),
	BOTH("random-writes", test_random_writes),
	{ .name = "bad-limits", .run = test_bad_limits },
	{ .name = "limit", .run = test_limit, .seconds = 60 },
	BOTH("stacked", test_stacked),
	BOTH("mappings", test_mappings),
	{ .name = "private", .run = test_private, .seconds = 60 },
	BOTH("processes", test_processes),
};

int main(int argc, char **argv)
{
	return pool_main(argc, argv, tests, ARRAY_SIZE(tests));
}
