/* SPDX-License-Identifier: GPL-2.0-only */
/* Rules that a caller's arguments have to keep. Pure. */
#ifndef MACH_CHECK_H
#define MACH_CHECK_H

#include "kern.h"

int mach_size_check(u32 size, u32 first, u32 most);
int mach_size_settle(void *copy, u32 first, u32 known, u32 most);
bool mach_cluster_valid(u32 bytes);
int mach_path_check(const char *path, size_t length);
bool mach_part_valid(const struct mach_part *part);

/* offset + length <= limit, in a form that cannot wrap */
static inline bool mach_range_fits(u64 offset, u64 length, u64 limit)
{
	return offset <= limit && length <= limit - offset;
}

/**
 * mach_range_aligned - Is a range of whole pages, as far as an object has them?
 * @offset: first byte
 * @length: bytes; the range fits into the object
 * @size: bytes of the object: its last page may end there
 */
static inline bool mach_range_aligned(u64 offset, u64 length, u64 size)
{
	if (!IS_ALIGNED(offset, PAGE_SIZE))
		return false;
	return IS_ALIGNED(length, PAGE_SIZE) || offset + length == size;
}

#endif /* MACH_CHECK_H */
