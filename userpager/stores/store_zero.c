// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Stores without a file: zeros, and a computed pattern. Both are read-only,
 * for what is written would have nowhere to go.
 */
#include <errno.h>
#include <string.h>

#include "store.h"

static int open_computed(struct store *store,
			 const struct store_options *options)
{
	if (options->path)
		return store_fail(store, EINVAL, "the %s store has no file: leave out --file",
				  store->class->name);
	if (!options->size)
		return store_fail(store, EINVAL, "the %s store has no size of its own: give --size",
				  store->class->name);
	store->size = options->size;
	store->read_only = true;
	return 0;
}

static int map_zero(struct store *store, uint64_t offset, uint64_t length,
		    bool write, struct store_extent *extent)
{
	(void)store;
	(void)offset;
	if (write)
		return EROFS;
	extent->kind = STORE_ZERO;
	extent->length = length;
	return 0;
}

static long read_zero(struct store *store, void *buf, uint64_t offset,
		      uint64_t length)
{
	(void)store;
	(void)offset;
	memset(buf, 0, length);
	return length;
}

static int map_pattern(struct store *store, uint64_t offset, uint64_t length,
		       bool write, struct store_extent *extent)
{
	(void)store;
	(void)offset;
	if (write)
		return EROFS;
	extent->kind = STORE_MEMORY;
	extent->length = length;
	return 0;
}

/* Each 64-bit word holds its own offset, so that any misplaced byte shows. */
static long read_pattern(struct store *store, void *buf, uint64_t offset,
			 uint64_t length)
{
	uint64_t at, word;
	char *to = buf;

	(void)store;
	for (at = 0; at + sizeof(word) <= length; at += sizeof(word)) {
		word = offset + at;
		memcpy(to + at, &word, sizeof(word));
	}
	word = offset + at;
	memcpy(to + at, &word, length - at);
	return length;
}

static int write_nowhere(struct store *store, const void *buf, uint64_t offset,
			 uint64_t length)
{
	(void)store;
	(void)buf;
	(void)offset;
	(void)length;
	return EROFS;
}

static void close_computed(struct store *store)
{
	(void)store;
}

const struct store_class store_zero_class = {
	.name = "zero",
	.help = "zeros, of --size bytes; read-only",
	.open = open_computed,
	.map = map_zero,
	.read = read_zero,
	.write = write_nowhere,
	.close = close_computed,
};

const struct store_class store_pattern_class = {
	.name = "pattern",
	.help = "each 64-bit word holds its offset, of --size bytes; read-only",
	.open = open_computed,
	.map = map_pattern,
	.read = read_pattern,
	.write = write_nowhere,
	.close = close_computed,
};
