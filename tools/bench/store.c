// SPDX-License-Identifier: GPL-2.0-only
/*
 * machbench - the store: a file whose every word is known.
 *
 * No two words are alike, so a page that comes from the wrong place, or half of
 * one, is seen.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"

#define DROP_TRIES	5

static int store_fill(struct bench_store *store)
{
	uint64_t words[BENCH_PAGE_WORDS];
	size_t page, word;

	for (page = 0; page < store->size / BENCH_PAGE; page++) {
		for (word = 0; word < BENCH_PAGE_WORDS; word++)
			words[word] = bench_store_word(store, page, word);
		if (pwrite(store->fd, words, BENCH_PAGE, page * BENCH_PAGE) !=
		    (ssize_t)BENCH_PAGE)
			return bench_fail("%s: cannot write: %s", store->path,
					  strerror(errno));
	}
	if (fsync(store->fd))
		return bench_fail("%s: fsync: %s", store->path,
				  strerror(errno));
	return 0;
}

/* Never overwrite a file that somebody else needs. */
static int store_is_ours(struct bench_store *store)
{
	struct stat st;
	uint64_t first;

	if (fstat(store->fd, &st))
		return bench_fail("%s: %s", store->path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return bench_fail("%s: not a regular file", store->path);
	if (!st.st_size)
		return 0;
	if (pread(store->fd, &first, sizeof(first), 0) == sizeof(first) &&
	    first == bench_store_word(store, 0, 0))
		return 0;
	return bench_fail("%s: exists and is not a store of machbench; name another file",
			  store->path);
}

static int store_prepare(struct bench_store *store)
{
	if (store_is_ours(store))
		return -1;
	if (ftruncate(store->fd, store->size))
		return bench_fail("%s: cannot resize: %s", store->path,
				  strerror(errno));
	return store_fill(store);
}

/* Make the file @path of @size bytes, or take an earlier one; 0 or -1. */
int bench_store_open(struct bench_store *store, const char *path, size_t size)
{
	store->path = path;
	store->size = size;
	store->generation = 0;
	store->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (store->fd < 0)
		return bench_fail("%s: cannot open: %s", path, strerror(errno));
	if (!store_prepare(store))
		return 0;
	close(store->fd);
	return -1;
}

void bench_store_close(struct bench_store *store)
{
	close(store->fd);
}

/* Have all of the store in the page cache; 0 or -1. */
int bench_store_warm(const struct bench_store *store)
{
	return bench_store_verify(store);
}

/* Is the page as it should be, to the last word? 0 or -1. */
int bench_store_check(const struct bench_store *store, const void *page,
		      size_t index)
{
	const uint64_t *words = page;
	size_t word;

	for (word = 0; word < BENCH_PAGE_WORDS; word++)
		if (words[word] != bench_store_word(store, index, word))
			return bench_fail("page %zu, word %zu: %#llx instead of %#llx",
					  index, word,
					  (unsigned long long)words[word],
					  (unsigned long long)
					  bench_store_word(store, index, word));
	return 0;
}

/* Read the file itself and check all of it; 0 or -1. */
int bench_store_verify(const struct bench_store *store)
{
	uint64_t words[BENCH_PAGE_WORDS];
	size_t page;

	for (page = 0; page < store->size / BENCH_PAGE; page++) {
		if (pread(store->fd, words, BENCH_PAGE, page * BENCH_PAGE) !=
		    (ssize_t)BENCH_PAGE)
			return bench_fail("%s: cannot read page %zu: %s",
					  store->path, page, strerror(errno));
		if (bench_store_check(store, words, page))
			return bench_fail("%s: wrong contents", store->path);
	}
	return 0;
}

static long store_cached(const struct bench_store *store)
{
	size_t page, pages = store->size / BENCH_PAGE;
	unsigned char *present = malloc(pages);
	void *map;
	long count = -1;

	map = mmap(NULL, store->size, PROT_READ, MAP_SHARED, store->fd, 0);
	if (map != MAP_FAILED) {
		if (present && !mincore(map, store->size, present))
			for (page = 0, count = 0; page < pages; page++)
				count += present[page] & 1;
		munmap(map, store->size);
	}
	free(present);
	return count;
}

/* Have none of the store in the page cache, and make sure of it; 0 or -1. */
int bench_store_drop(const struct bench_store *store)
{
	long cached = -1;
	int try;

	for (try = 0; try < DROP_TRIES && cached; try++) {
		if (fdatasync(store->fd))
			return bench_fail("%s: fdatasync: %s", store->path,
					  strerror(errno));
		posix_fadvise(store->fd, 0, 0, POSIX_FADV_DONTNEED);
		cached = store_cached(store);
	}
	if (!cached)
		return 0;
	return bench_fail("%s: %ld pages stay in the page cache; the disk cases need a file on a disk, such as ext4 on a RAM disk",
			  store->path, cached);
}
