/* SPDX-License-Identifier: GPL-2.0-only */
/* What pages hold in tests, and the parts of answers that say so. */
#ifndef MACHVM_TESTS_PART_H
#define MACHVM_TESTS_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/mach_pager.h>

struct mach_part part_copy(uint64_t offset, uint64_t length, const void *from);
struct mach_part part_file(uint64_t offset, uint64_t length, int fd,
			   uint64_t from);
struct mach_part part_zero(uint64_t offset, uint64_t length);
struct mach_part part_error(uint64_t offset, uint64_t length, int error);
struct mach_part part_done(uint64_t offset, uint64_t length);

/* Contents that depend on place and seed, so that a mix-up shows. */
void pattern_fill(void *buf, uint64_t offset, size_t length, uint32_t seed);
bool pattern_is(const void *buf, uint64_t offset, size_t length, uint32_t seed);
bool zeros(const void *buf, size_t length);
/* A part of the pattern in memory that stays until 16 MiB later. */
struct mach_part part_pattern(uint64_t offset, uint64_t length, uint32_t seed);
/* An unlinked file of the pattern. */
int pattern_file(size_t length, uint32_t seed);

#endif /* MACHVM_TESTS_PART_H */
