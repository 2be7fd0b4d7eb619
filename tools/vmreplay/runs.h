/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an address space holds, without any history: the longest runs of pages
 * with the same attributes, in an array. Their number is the least that merging
 * can reach; and what entries say can be compared to it.
 */
#ifndef VMREPLAY_RUNS_H
#define VMREPLAY_RUNS_H

#include "trace.h"

/**
 * struct attributes - What all pages of a run have in common
 * @protection: MACH_PROT_*
 * @max_protection: MACH_PROT_*
 * @inheritance: MACH_INHERIT_*
 * @behavior: MACH_BEHAVIOR_*
 * @what: anonymous memory is WHAT_ZERO, touched or not
 * @object: number of the object
 * @copy: number of the copy that was made of it when it was written to, or 0
 * @wired: how often
 * @delta: what turns offsets of the object into addresses
 */
struct attributes {
	u8 protection;
	u8 max_protection;
	u8 inheritance;
	u8 behavior;
	enum call_what what;
	u32 object;
	u32 copy;
	u32 wired;
	u64 delta;
};

struct run {
	u64 start;
	u64 end;
	struct attributes attributes;
};

/**
 * struct runs - An address space
 * @runs: @n of them, by address
 * @n: how many
 * @room: for how many there is memory
 * @copies: made so far
 */
struct runs {
	struct run *runs;
	unsigned long n;
	size_t room;
	u32 copies;
};

bool runs_apply(struct runs *runs, const struct call *call);
void runs_copy(struct runs *to, const struct runs *from);
void runs_clear(struct runs *runs);
unsigned long runs_from(const struct runs *runs, u64 address);
bool runs_cover(const struct runs *runs, u64 start, u64 end);

#endif /* VMREPLAY_RUNS_H */
