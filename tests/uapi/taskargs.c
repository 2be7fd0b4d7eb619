// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every argument of every call of a task at its bounds: each with its result, and
 * what is refused changes nothing.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "callbook.h"
#include "tap.h"

#define RW	(MACH_PROT_READ | MACH_PROT_WRITE)
#define TOP	(1U << 31)

static struct world w;

static const struct call_change bounds[] = {
	{ "allocate", "flags-2", F(mach_task_allocate, flags), 3, -EINVAL },
	{ "allocate", "flags-top", F(mach_task_allocate, flags), TOP | 1,
	  -EINVAL },
	{ "allocate", "address-0", F(mach_task_allocate, address), 0, 0 },
	{ "allocate", "address-1", F(mach_task_allocate, address), 1, 0 },
	{ "allocate", "address-2^31", F(mach_task_allocate, address),
	  1ULL << 31, 0 },
	{ "allocate", "address-2^63", F(mach_task_allocate, address),
	  1ULL << 63, -ENOSPC },
	{ "allocate", "address-wrap", F(mach_task_allocate, address), -PAGE,
	  -ENOSPC },
	{ "allocate", "address-max", F(mach_task_allocate, address), -1,
	  -ENOSPC },
	{ "allocate", "length-0", F(mach_task_allocate, length), 0, 0 },
	{ "allocate", "length-1", F(mach_task_allocate, length), 1, 0 },
	{ "allocate", "length-page-1", F(mach_task_allocate, length), PAGE - 1,
	  0 },
	{ "allocate", "length-page+1", F(mach_task_allocate, length), PAGE + 1,
	  0 },
	{ "allocate", "length-all", F(mach_task_allocate, length),
	  WORLD_WINDOW - 8 * PAGE, 0 },
	{ "allocate", "length-over", F(mach_task_allocate, length),
	  WORLD_WINDOW - 8 * PAGE + 1, -ENOSPC },
	{ "allocate", "length-2^31", F(mach_task_allocate, length), 1ULL << 31,
	  -ENOSPC },
	{ "allocate", "length-2^32", F(mach_task_allocate, length), 1ULL << 32,
	  -ENOSPC },
	{ "allocate", "length-2^63", F(mach_task_allocate, length), 1ULL << 63,
	  -ENOSPC },
	{ "allocate", "length-max", F(mach_task_allocate, length), -1, -EINVAL },

	{ "deallocate", "reserved", F(mach_task_range, reserved), 1, -EINVAL },

	{ "map", "flags-4", F(mach_task_map, flags), 5, -EINVAL },
	{ "map", "flags-8", F(mach_task_map, flags), 9, -EINVAL },
	{ "map", "flags-top", F(mach_task_map, flags), TOP | 1, -EINVAL },
	{ "map", "length-0", F(mach_task_map, length), 0, -EINVAL },
	{ "map", "length-1", F(mach_task_map, length), 1, 0 },
	{ "map", "length-object", F(mach_task_map, length), 64 * PAGE, 0 },
	{ "map", "length-over", F(mach_task_map, length), 64 * PAGE + 1,
	  0 },
	{ "map", "length-2^32", F(mach_task_map, length), 1ULL << 32, -ENOSPC },
	{ "map", "length-2^63", F(mach_task_map, length), 1ULL << 63, -EINVAL },
	{ "map", "length-max", F(mach_task_map, length), -1, -EINVAL },
	{ "map", "address-max", F(mach_task_map, address), -1, -ENOSPC },
	{ "map", "address-2^63", F(mach_task_map, address), 1ULL << 63,
	  -ENOSPC },
	{ "map", "mask-1", F(mach_task_map, mask), 1, 0 },
	{ "map", "mask-page-1", F(mach_task_map, mask), PAGE - 1, 0 },
	{ "map", "mask-64k", F(mach_task_map, mask), 0xffff, 0 },
	{ "map", "mask-window", F(mach_task_map, mask), (1ULL << 40) - 1,
	  -ENOSPC },
	{ "map", "mask-2^63", F(mach_task_map, mask), 1ULL << 63, 0 },
	{ "map", "mask-max", F(mach_task_map, mask), -1, -ENOSPC },
	{ "map", "offset-1", F(mach_task_map, offset), 1, -EINVAL },
	{ "map", "offset-page-1", F(mach_task_map, offset), PAGE - 1, -EINVAL },
	{ "map", "offset-last", F(mach_task_map, offset), 63 * PAGE, 0 },
	{ "map", "offset-end", F(mach_task_map, offset), 64 * PAGE, 0 },
	{ "map", "offset-2^63", F(mach_task_map, offset), 1ULL << 63, -EINVAL },
	{ "map", "offset-wrap", F(mach_task_map, offset), -PAGE, -EINVAL },
	{ "map", "object-none", F(mach_task_map, object), -1, 0 },
	{ "map", "object-less", F(mach_task_map, object), -2, -EINVAL },
	{ "map", "object-min", F(mach_task_map, object), TOP, -EINVAL },
	{ "map", "object-closed", F(mach_task_map, object), 999, -EBADF },
	{ "map", "object-max", F(mach_task_map, object), TOP - 1, -EBADF },
	{ "map", "protection-over", F(mach_task_map, protection), 3, 0 },
	{ "map", "protection-8", F(mach_task_map, protection), 8, -EINVAL },
	{ "map", "protection-none", F(mach_task_map, protection), 0, 0 },
	{ "map", "maximum-less", F(mach_task_map, max_protection), 2, 0 },
	{ "map", "maximum-all", F(mach_task_map, max_protection), 7, 0 },
	{ "map", "maximum-8", F(mach_task_map, max_protection), 9, -EINVAL },
	{ "map", "maximum-top", F(mach_task_map, max_protection), TOP | 1,
	  -EINVAL },
	{ "map", "inheritance-none", F(mach_task_map, inheritance), 2, 0 },
	{ "map", "inheritance-3", F(mach_task_map, inheritance), 3, -EINVAL },
	{ "map", "inheritance-max", F(mach_task_map, inheritance), -1, -EINVAL },

	{ "protect", "maximum-2", F(mach_task_protect, set_maximum), 2,
	  -EINVAL },
	{ "protect", "maximum-top", F(mach_task_protect, set_maximum), TOP,
	  -EINVAL },
	{ "protect", "protection-8", F(mach_task_protect, protection), 8,
	  -EINVAL },
	{ "protect", "protection-notify", F(mach_task_protect, protection), 19,
	  0 },
	{ "protect", "protection-32", F(mach_task_protect, protection), 32,
	  -EINVAL },
	{ "protect", "protection-top", F(mach_task_protect, protection), TOP,
	  -EINVAL },
	{ "protect", "flags-1", F(mach_task_protect, flags), 1, 0 },
	{ "protect", "flags-2", F(mach_task_protect, flags), 2, -EINVAL },
	{ "inherit", "value-3", F(mach_task_attribute, value), 3, -EINVAL },
	{ "inherit", "value-max", F(mach_task_attribute, value), -1, -EINVAL },
	{ "behavior", "value-4", F(mach_task_attribute, value), 4, 0 },
	{ "behavior", "value-7", F(mach_task_attribute, value), 7, -EINVAL },
	{ "behavior", "value-11", F(mach_task_attribute, value), 11, -EINVAL },
	{ "behavior", "value-13", F(mach_task_attribute, value), 13, -EINVAL },
	{ "behavior", "value-max", F(mach_task_attribute, value), -1, -EINVAL },
	{ "wire", "value-0", F(mach_task_attribute, value), 0, 0 },
	{ "wire", "value-execute", F(mach_task_attribute, value), 4, -EACCES },
	{ "wire", "value-8", F(mach_task_attribute, value), 8, -EINVAL },
	{ "wire", "value-top", F(mach_task_attribute, value), TOP, 0 },
	{ "wire", "value-next", F(mach_task_attribute, value), TOP >> 1,
	  -EINVAL },
	{ "wire-all", "flags-4", F(mach_task_wire_all, flags), 4, -EINVAL },
	{ "wire-all", "flags-top", F(mach_task_wire_all, flags), TOP, -EINVAL },

	{ "read", "flags-2", F(mach_task_data, flags), 2, -EINVAL },
	{ "read", "done", F(mach_task_data, done), 1, -EINVAL },
	{ "read", "data-0", F(mach_task_data, data), 0, -EFAULT },
	{ "read", "data-kernel", F(mach_task_data, data), 1ULL << 63, -EFAULT },
	{ "read", "data-wrap", F(mach_task_data, data), -8, -EFAULT },
	{ "write", "flags-2", F(mach_task_data, flags), 2, -EINVAL },
	{ "write", "done", F(mach_task_data, done), -1, -EINVAL },
	{ "write", "data-0", F(mach_task_data, data), 0, -EFAULT },
	{ "write", "data-kernel", F(mach_task_data, data), 1ULL << 63,
	  -EFAULT },
	{ "write", "data-wrap", F(mach_task_data, data), -8, -EFAULT },
	{ "copy", "flags-2", F(mach_task_data, flags), 2, -EINVAL },
	{ "copy", "done", F(mach_task_data, done), 1, -EINVAL },
	{ "copy", "data-0", F(mach_task_data, data), 0, -EADDRNOTAVAIL },
	{ "copy", "data-2^63", F(mach_task_data, data), 1ULL << 63,
	  -EADDRNOTAVAIL },
	{ "copy", "data-wrap", F(mach_task_data, data), -8, -EADDRNOTAVAIL },

	{ "pages", "flags-1", F(mach_task_data, flags), 1, -EINVAL },
	{ "pages", "flags-top", F(mach_task_data, flags), TOP, -EINVAL },
	{ "pages", "done", F(mach_task_data, done), 1, -EINVAL },
	{ "pages", "data-0", F(mach_task_data, data), 0, -EFAULT },
	{ "pages", "data-kernel", F(mach_task_data, data), 1ULL << 63,
	  -EFAULT },
	{ "pages", "data-wrap", F(mach_task_data, data), -8, -EFAULT },
	{ "pages", "length-0", F(mach_task_data, length), 0, 0 },
	{ "pages", "length-1", F(mach_task_data, length), 1, 0 },

	{ "remap", "flags-4", F(mach_task_remap, flags), 5, -EINVAL },
	{ "remap", "flags-32", F(mach_task_remap, flags), 33, -EINVAL },
	{ "remap", "flags-top", F(mach_task_remap, flags), TOP | 1, -EINVAL },
	{ "remap", "length-0", F(mach_task_remap, length), 0, -EINVAL },
	{ "remap", "length-1", F(mach_task_remap, length), 1, 0 },
	{ "remap", "length-over", F(mach_task_remap, length), 5 * PAGE,
	  -EADDRNOTAVAIL },
	{ "remap", "length-2^63", F(mach_task_remap, length), 1ULL << 63,
	  -EADDRNOTAVAIL },
	{ "remap", "length-max", F(mach_task_remap, length), -1, -EINVAL },
	{ "remap", "address-max", F(mach_task_remap, address), -1, -ENOSPC },
	{ "remap", "mask-max", F(mach_task_remap, mask), -1, -ENOSPC },
	{ "remap", "source-less", F(mach_task_remap, source), -2, -EINVAL },
	{ "remap", "source-closed", F(mach_task_remap, source), 999, -EBADF },
	{ "remap", "source-file", F(mach_task_remap, source), 1, -EBADF },
	{ "remap", "inheritance-3", F(mach_task_remap, inheritance), 3,
	  -EINVAL },
	{ "remap", "protection", F(mach_task_remap, protection), 1, -EINVAL },
	{ "remap", "maximum", F(mach_task_remap, max_protection), 1, -EINVAL },

	{ "region", "flags-2", F(mach_task_region, flags), 2, -EINVAL },
	{ "region", "flags-top", F(mach_task_region, flags), TOP, -EINVAL },
	{ "region", "address-0", F(mach_task_region, address), 0, 0 },
	{ "region", "address-2^63", F(mach_task_region, address), 1ULL << 63,
	  -EADDRNOTAVAIL },
	{ "region", "address-max", F(mach_task_region, address), -1,
	  -EADDRNOTAVAIL },
	{ "region", "length", F(mach_task_region, length), 1, -EINVAL },
	{ "region", "name", F(mach_task_region, name), 1, -EINVAL },
	{ "region", "object", F(mach_task_region, object), 1ULL << 63, -EINVAL },
	{ "task-info", "pid", F(mach_task_info, pid), 1, -EINVAL },
	{ "task-info", "start", F(mach_task_info, start), 1ULL << 63, -EINVAL },
	{ "task-info", "reserved", F(mach_task_info, reserved), 1, -EINVAL },

	{ "msync", "flags-0", F(mach_task_msync, flags), 0, 0 },
	{ "msync", "flags-both", F(mach_task_msync, flags), 3, -EINVAL },
	{ "msync", "flags-invalidate", F(mach_task_msync, flags), 4, 0 },
	{ "msync", "flags-8", F(mach_task_msync, flags), 10, 0 },
	{ "msync", "flags-64", F(mach_task_msync, flags), 64, -EINVAL },
	{ "msync", "flags-top", F(mach_task_msync, flags), TOP | 2, -EINVAL },
	{ "object-msync", "flags-0", F(mach_task_msync, flags), 0, 0 },
	{ "object-msync", "flags-both", F(mach_task_msync, flags), 3, -EINVAL },
	{ "object-msync", "flags-8", F(mach_task_msync, flags), 9, -EINVAL },
	{ "object-msync", "flags-32", F(mach_task_msync, flags), 33, -EINVAL },
	{ "object-msync", "flags-top", F(mach_task_msync, flags), TOP | 2,
	  -EINVAL },
	{ "object-msync", "offset-1", F(mach_task_msync, address), 1, 0 },
	{ "object-msync", "offset-max", F(mach_task_msync, address), -1, 0 },
	{ "object-msync", "length-1", F(mach_task_msync, length), 1, 0 },
	{ "object-msync", "length-max", F(mach_task_msync, length), -1, 0 },
	{ "set-limit", "flags-1", F(mach_task_limit, flags), 1, -EINVAL },
	{ "set-limit", "maximum-less", F(mach_task_limit, maximum), -2,
	  -EINVAL },
	{ "set-limit", "maximum-0", F(mach_task_limit, maximum), 0, -EINVAL },
	{ "get-limit", "flags-1", F(mach_task_limit, flags), 1, -EINVAL },
	{ "get-limit", "limit", F(mach_task_limit, current_limit), 1, -EINVAL },
	{ "get-limit", "maximum", F(mach_task_limit, maximum), 1ULL << 63,
	  -EINVAL },

	{ "remap", "flags-8", F(mach_task_remap, flags), 9, -EINVAL },
	{ "entry-proxy", "flags-2", F(mach_task_proxy, flags), 2, -EINVAL },
	{ "entry-proxy", "flags-top", F(mach_task_proxy, flags), TOP, -EINVAL },
	{ "entry-proxy", "address-0", F(mach_task_proxy, address), 0,
	  -EADDRNOTAVAIL },
	{ "entry-proxy", "address-2^63", F(mach_task_proxy, address),
	  1ULL << 63, -EADDRNOTAVAIL },
	{ "entry-proxy", "address-max", F(mach_task_proxy, address), -1,
	  -EADDRNOTAVAIL },
	{ "entry-proxy", "length-0", F(mach_task_proxy, length), 0, -EINVAL },
	{ "entry-proxy", "length-1", F(mach_task_proxy, length), 1, 0 },
	{ "entry-proxy", "length-over", F(mach_task_proxy, length), 1ULL << 63,
	  0 },
	{ "entry-proxy", "length-max", F(mach_task_proxy, length), -1, -EINVAL },
	{ "entry-proxy", "maximum-8", F(mach_task_proxy, max_protection), 8,
	  -EINVAL },
	{ "entry-proxy", "maximum-0", F(mach_task_proxy, max_protection), 0, 0 },
	{ "entry-proxy", "fd", F(mach_task_proxy, fd), 1, -EINVAL },

	{ "proxy", "maximum-0", F(mach_object_proxy, max_protection), 0, 0 },
	{ "proxy", "maximum-8", F(mach_object_proxy, max_protection), 8,
	  -EINVAL },
	{ "proxy", "maximum-top", F(mach_object_proxy, max_protection), TOP,
	  -EINVAL },
	{ "proxy", "start-1", F(mach_object_proxy, start), 1, -EINVAL },
	{ "proxy", "start-end", F(mach_object_proxy, start), 64 * PAGE,
	  -EINVAL },
	{ "proxy", "start-wrap", F(mach_object_proxy, start), -PAGE, -EINVAL },
	{ "proxy", "length-0", F(mach_object_proxy, length), 0, -EINVAL },
	{ "proxy", "length-1", F(mach_object_proxy, length), 1, -EINVAL },
	{ "proxy", "length-over", F(mach_object_proxy, length), 65 * PAGE,
	  0 },
	{ "proxy", "length-2^32", F(mach_object_proxy, length), 1ULL << 32,
	  0 },
	{ "proxy", "length-most", F(mach_object_proxy, length), 1ULL << 60, 0 },
	{ "proxy", "length-more", F(mach_object_proxy, length),
	  (1ULL << 60) + PAGE, -EINVAL },
	{ "proxy", "length-max", F(mach_object_proxy, length), -PAGE, -EINVAL },
	{ "proxy", "length-open", F(mach_object_proxy, length), -1, 0 },
	{ "proxy", "fd", F(mach_object_proxy, fd), 1, -EINVAL },
	{ "proxy", "flags", F(mach_object_proxy, flags), 1, -EINVAL },
};

/* Entries, contents and limits of the task, in one number */
static uint64_t state(void)
{
	struct mach_task_limit limit = { .size = sizeof(limit) };
	uint64_t digest = task_digest(&w.t);

	CHECK_IS(task_call(&w.t, MACH_TASK_GET_SIZE_LIMIT, &limit), 0);
	for (unsigned int i = 0; i < 8 * PAGE; i++)
		digest = (digest ^ w.t.window[i]) * 0x100000001b3ULL;
	return digest ^ limit.current_limit ^ limit.maximum << 1;
}

static void open_world(void)
{
	world_open(&w);
	pattern_fill(w.t.window, 0, 8 * PAGE, 3);
}

static void test_fields(void)
{
	char sub[80];
	uint64_t was;

	open_world();
	was = state();
	for (size_t i = 0; i < ARRAY_SIZE(bounds); i++) {
		long result = world_change(&w, &bounds[i], sub, sizeof(sub));

		tap_is(sub, result, bounds[i].want);
		if (bounds[i].want)
			CHECK(state() == was, "%s has changed something", sub);
		was = state();
	}
	world_check(&w);
}

/* What becomes of addresses and lengths together; ROUNDS: only that takes it too far */
enum meaning { NOTHING, HOLE, WRAP, ROUNDS };

static const struct range {
	uint64_t address;
	uint64_t length;
	enum meaning meaning;
} ranges[] = {
	{ 0, 0, NOTHING }, { 1, 0, NOTHING }, { -1, 0, NOTHING },
	{ -PAGE, 0, NOTHING }, { 1ULL << 63, 0, NOTHING },
	{ 0, 1, HOLE }, { 1, PAGE, HOLE }, { PAGE - 1, 1, HOLE },
	{ PAGE - 1, 2, HOLE }, { PAGE + 1, PAGE - 1, HOLE },
	{ 1ULL << 31, 1ULL << 31, HOLE }, { 1ULL << 32, 1ULL << 32, HOLE },
	{ 0, 1ULL << 32, HOLE }, { 1ULL << 63, 1, HOLE },
	{ 1ULL << 63, (1ULL << 63) - PAGE, HOLE }, { -2 * PAGE, PAGE, HOLE },
	{ -2 * PAGE, 1, HOLE },
	{ 1ULL << 63, 1ULL << 63, WRAP }, { 1ULL << 63, -1, WRAP },
	{ 1ULL << 63, (1ULL << 63) - 1, ROUNDS }, { -PAGE, 1, ROUNDS },
	{ -PAGE, PAGE, WRAP }, { -PAGE, -1, WRAP }, { -1, 1, WRAP },
	{ -1, -1, WRAP }, { 1, -1, WRAP }, { 0, -1, ROUNDS },
	{ PAGE, -PAGE, WRAP }, { PAGE + 1, -PAGE, WRAP },
};

/* Where a call has its range, and what it says to each kind */
static const struct ranged {
	const char *call;
	size_t address;
	size_t length;
	long want[4];
} calls[] = {
	{ "deallocate", offsetof(struct mach_task_range, address),
	  offsetof(struct mach_task_range, length), { 0, 0, -EINVAL, 0 } },
	{ "protect", offsetof(struct mach_task_protect, address),
	  offsetof(struct mach_task_protect, length), { 0, 0, -EINVAL, -EINVAL } },
	{ "inherit", offsetof(struct mach_task_attribute, address),
	  offsetof(struct mach_task_attribute, length), { 0, 0, -EINVAL, -EINVAL } },
	{ "behavior", offsetof(struct mach_task_attribute, address),
	  offsetof(struct mach_task_attribute, length),
	  { 0, -ENOSPC, -EINVAL, -EINVAL } },
	{ "wire", offsetof(struct mach_task_attribute, address),
	  offsetof(struct mach_task_attribute, length),
	  { 0, -EADDRNOTAVAIL, -EINVAL, -EINVAL } },
	{ "read", offsetof(struct mach_task_data, address),
	  offsetof(struct mach_task_data, length),
	  { 0, -EADDRNOTAVAIL, -EADDRNOTAVAIL, -EADDRNOTAVAIL } },
	{ "write", offsetof(struct mach_task_data, address),
	  offsetof(struct mach_task_data, length),
	  { 0, -EADDRNOTAVAIL, -EADDRNOTAVAIL, -EADDRNOTAVAIL } },
	{ "copy", offsetof(struct mach_task_data, address),
	  offsetof(struct mach_task_data, length),
	  { 0, -EADDRNOTAVAIL, -EADDRNOTAVAIL, -EADDRNOTAVAIL } },
	{ "remap", offsetof(struct mach_task_remap, source_address),
	  offsetof(struct mach_task_remap, length),
	  { -EINVAL, -EADDRNOTAVAIL, -EINVAL, -EINVAL } },
	{ "msync", offsetof(struct mach_task_msync, address),
	  offsetof(struct mach_task_msync, length),
	  { 0, 0, -EADDRNOTAVAIL, -EADDRNOTAVAIL } },
};

static const char *place(char *sub, const char *call, const struct range *r)
{
	sprintf(sub, "%s-%llx+%llx", call, (unsigned long long)r->address,
		(unsigned long long)r->length);
	return sub;
}

static void range_at(union any_call *c, const struct ranged *call,
		     const struct range *r)
{
	memcpy(c->bytes + call->address, &r->address, sizeof(r->address));
	memcpy(c->bytes + call->length, &r->length, sizeof(r->length));
}

static void test_ranges(void)
{
	char sub[96];
	uint64_t was;

	open_world();
	was = state();
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		for (size_t j = 0; j < ARRAY_SIZE(ranges); j++) {
			const struct call *call = call_named(calls[i].call);
			union any_call c;

			call_fill(call, &w, &c);
			range_at(&c, &calls[i], &ranges[j]);
			place(sub, calls[i].call, &ranges[j]);
			tap_is(sub, world_call(&w, call, &c),
			       calls[i].want[ranges[j].meaning]);
			CHECK(state() == was, "%s has changed something", sub);
		}
	world_check(&w);
}

/* Address and length are rounded by themselves: no length is too much anywhere. */
static long place_result(const struct range *r, long nothing)
{
	if (!r->length)
		return nothing;
	return r->length > -PAGE ? -EINVAL : -EADDRNOTAVAIL;
}

/* The same of a place that is asked for. */
static void test_places(void)
{
	uint64_t was;
	char sub[80];

	open_world();
	was = state();
	for (size_t j = 0; j < ARRAY_SIZE(ranges); j++) {
		const struct range *r = &ranges[j];
		struct mach_task_allocate a = {
			.size = sizeof(a), .address = r->address,
			.length = r->length,
		};
		struct mach_task_map m = {
			.size = sizeof(m), .address = r->address,
			.length = r->length, .object = -1,
		};
		struct mach_task_remap remap = {
			.size = sizeof(remap), .address = r->address,
			.length = r->length, .source = -1,
			.source_address = (uintptr_t)w.t.window,
		};

		tap_is(place(sub, "allocate", r), task_call(&w.t, MACH_TASK_ALLOCATE, &a),
		       place_result(r, 0));
		tap_is(place(sub, "map", r), task_call(&w.t, MACH_TASK_MAP, &m),
		       place_result(r, -EINVAL));
		tap_is(place(sub, "remap", r), task_call(&w.t, MACH_TASK_REMAP, &remap),
		       /* nor is there so much from the source on */
		       r->length == -PAGE ? -EINVAL :
					    place_result(r, -EINVAL));
		CHECK(state() == was, "%s has changed something", sub);
	}
	world_check(&w);
}

/* Who cannot be told where it is does not get it. */
static void test_untold(void)
{
	static const char * const names[] = { "allocate", "map", "remap" };
	union any_call *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t was;

	CHECK(page != MAP_FAILED, "mmap: %m");
	open_world();
	was = state();
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct call *call = call_named(names[i]);

		call_fill(call, &w, page);
		CHECK(!mprotect(page, PAGE, PROT_READ), "mprotect: %m");
		tap_is(names[i], world_call(&w, call, page), -EFAULT);
		CHECK(!mprotect(page, PAGE, PROT_READ | PROT_WRITE),
		      "mprotect: %m");
		CHECK(state() == was, "%s has changed something", names[i]);
	}
}

static const struct tap_test tests[] = {
	{ "fields", test_fields, 0, 60 },
	{ "ranges", test_ranges, 0, 120 },
	{ "places", test_places, 0, 60 },
	{ "untold", test_untold, 0, 0 },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
