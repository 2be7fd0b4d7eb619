// SPDX-License-Identifier: GPL-2.0-only
/* What pages hold in tests, and the parts of answers that say so. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap.h"
#include "testpager.h"

struct mach_part part_copy(uint64_t offset, uint64_t length, const void *from)
{
	return (struct mach_part){
		.size = sizeof(struct mach_part), .kind = MACH_PART_COPY,
		.offset = offset, .length = length,
		.source = (uintptr_t)from,
	};
}

struct mach_part part_file(uint64_t offset, uint64_t length, int fd,
			   uint64_t from)
{
	return (struct mach_part){
		.size = sizeof(struct mach_part), .kind = MACH_PART_FILE,
		.fd = fd, .offset = offset,
		.length = length, .source = from,
	};
}

struct mach_part part_zero(uint64_t offset, uint64_t length)
{
	return (struct mach_part){
		.size = sizeof(struct mach_part), .kind = MACH_PART_UNAVAILABLE,
		.offset = offset,
		.length = length,
	};
}

struct mach_part part_error(uint64_t offset, uint64_t length, int error)
{
	return (struct mach_part){
		.size = sizeof(struct mach_part), .kind = MACH_PART_ERROR,
		.offset = offset, .length = length,
		.source = error,
	};
}

struct mach_part part_done(uint64_t offset, uint64_t length)
{
	return (struct mach_part){
		.size = sizeof(struct mach_part), .kind = MACH_PART_DONE,
		.offset = offset, .length = length,
	};
}

static uint8_t pattern_byte(uint64_t at, uint32_t seed)
{
	uint64_t x = (at / 8 + 1) * 0x9e3779b97f4a7c15ULL ^
		     seed * 0xd1342543de82ef95ULL;

	/* Never zero: a byte that was not supplied must show. */
	return (x >> (8 * (at % 8))) | 1;
}

void pattern_fill(void *buf, uint64_t offset, size_t length, uint32_t seed)
{
	uint8_t *b = buf;

	for (size_t i = 0; i < length; i++)
		b[i] = pattern_byte(offset + i, seed);
}

bool pattern_is(const void *buf, uint64_t offset, size_t length, uint32_t seed)
{
	const uint8_t *b = buf;

	for (size_t i = 0; i < length; i++) {
		if (b[i] == pattern_byte(offset + i, seed))
			continue;
		tap_note("byte 0x%llx is %02x, not %02x",
			 (unsigned long long)(offset + i), b[i],
			 pattern_byte(offset + i, seed));
		return false;
	}
	return true;
}

bool zeros(const void *buf, size_t length)
{
	const uint8_t *b = buf;

	for (size_t i = 0; i < length; i++)
		if (b[i])
			return false;
	return true;
}

struct mach_part part_pattern(uint64_t offset, uint64_t length, uint32_t seed)
{
	static uint8_t arena[16 * MIB];
	static size_t used;

	CHECK(length <= MIB, "a part of 0x%llx bytes",
	      (unsigned long long)length);
	if (used + length > sizeof(arena))
		used = 0;
	used += length;
	pattern_fill(arena + used - length, offset, length, seed);
	return part_copy(offset, length, arena + used - length);
}

int pattern_file(size_t length, uint32_t seed)
{
	int fd = memfd_create("pattern", MFD_CLOEXEC);
	uint8_t *map;

	CHECK(fd >= 0 && !ftruncate(fd, length), "memfd: %m");
	map = mmap(NULL, length, PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED, "mmap: %m");
	pattern_fill(map, 0, length, seed);
	munmap(map, length);
	return fd;
}
