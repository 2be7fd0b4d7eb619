// SPDX-License-Identifier: GPL-2.0-only
/* Task maps: the address-space calls, and what accesses to memory then do. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "task.h"
#include "tap.h"
#include "testpager.h"

#define RW	(MACH_PROT_READ | MACH_PROT_WRITE)
#define SEGV	TAP_SIGNAL(SIGSEGV)

static struct test_task t;

static void test_allocate(void)
{
	char *at;

	task_open(&t, 1ULL << 40);
	at = task_allocate(&t, 64 * KIB);
	CHECK(at >= t.window && at < t.window + t.size, "outside the window");
	tap_is("zeros", at[12345], 0);
	memset(at, 7, 64 * KIB);
	tap_is("kept", at[64 * KIB - 1], 7);
	tap_is("taken", task_allocate_at(&t, at + 63 * KIB, PAGE), -ENOSPC);
	tap_is("deallocate", task_deallocate(&t, at, 64 * KIB), 0);
	tap_is("gone", task_touch(at, false), SEGV);
	tap_is("again", task_allocate_at(&t, at, 64 * KIB), 0);
	tap_is("zeros-again", at[12345], 0);
	tap_is("below", task_allocate_at(&t, t.window - PAGE, 2 * PAGE),
	       -EADDRNOTAVAIL);
	tap_is("above", task_allocate_at(&t, t.window + t.size - PAGE,
					 2 * PAGE), -EADDRNOTAVAIL);
	tap_is("last", task_allocate_at(&t, t.window + t.size - PAGE, PAGE), 0);
	tap_is("last-touched", task_touch(t.window + t.size - 1, true), 0);
	task_close(&t);
}

static uint64_t used_pages(void)
{
	struct mach_vm_statistics v = { .size = sizeof(v) };

	CHECK_IS(task_call(&t, MACH_VM_STATISTICS, &v), 0);
	return v.chunks * v.chunk_count - v.free_count;
}

/* Holes are passed over, and what was touched is free at once. */
static void test_deallocate(void)
{
	uint64_t used;
	char *at;

	task_open(&t, 1ULL << 30);
	at = task_allocate(&t, 4 * MIB);
	memset(at, 1, 4 * MIB);
	used = used_pages();
	tap_is("middle", task_deallocate(&t, at + MIB, 2 * MIB), 0);
	tap_is("two", task_entries(&t), 2);
	CHECK(used_pages() + 2 * MIB / PAGE <= used + 16,
	      "%llu pages in use, %llu before", (unsigned long long)used_pages(),
	      (unsigned long long)used);
	tap_is("below-kept", at[MIB - 1], 1);
	tap_is("above-kept", at[3 * MIB], 1);
	tap_is("first-gone", task_touch(at + MIB, false), SEGV);
	tap_is("last-gone", task_touch(at + 3 * MIB - 1, true), SEGV);
	tap_is("hole", task_deallocate(&t, at + 2 * MIB, 4 * MIB), 0);
	tap_is("one", task_entries(&t), 1);
	tap_is("window", task_deallocate(&t, t.window, t.size), 0);
	tap_is("none", task_entries(&t), 0);
	tap_is("mapped", task_info(&t).mapped, 0);
	task_close(&t);
}

static void test_protect(void)
{
	char *at, byte = 0;

	task_open(&t, 1ULL << 30);
	at = task_allocate(&t, 8 * PAGE);
	memset(at, 1, 8 * PAGE);
	tap_is("read-only", task_protect(&t, at + PAGE, PAGE, MACH_PROT_READ), 0);
	tap_is("write", task_touch(at + PAGE, true), SEGV);
	tap_is("read", task_touch(at + PAGE, false), 0);
	tap_is("beside", task_touch(at, true), 0);
	tap_is("three", task_entries(&t), 3);
	tap_is("none", task_protect(&t, at + PAGE, PAGE, 0), 0);
	tap_is("read-none", task_touch(at + PAGE, false), SEGV);
	tap_is("back", task_protect(&t, at + PAGE, PAGE, RW), 0);
	tap_is("one", task_entries(&t), 1);
	tap_is("kept", at[PAGE], 1);
	tap_is("written", task_touch(at + PAGE, true), 0);
	tap_is("write-only", task_protect(&t, at, 2 * PAGE, MACH_PROT_WRITE), 0);
	tap_is("write-only-write", task_touch(at, true), 0);
	tap_is("write-only-vm-read", task_read(&t, at, 1, &byte), -EACCES);
	tap_is("write-only-vm-copy", task_copy(&t, at, 1, at + 1), -EACCES);
	tap_is("write-only-vm-write", task_write(&t, at, 1, &byte), 0);
	task_close(&t);
}

/* A page that was only read so far is mapped without write permission. */
static void test_protect_untouched(void)
{
	char *at;

	task_open(&t, 1ULL << 30);
	at = task_allocate(&t, 64 * PAGE);
	CHECK_IS(task_protect(&t, at, 64 * PAGE, MACH_PROT_READ), 0);
	tap_is("read", task_touch(at + 5 * PAGE, false), 0);
	tap_is("write", task_touch(at + 5 * PAGE, true), SEGV);
	CHECK_IS(task_protect(&t, at, 64 * PAGE, RW), 0);
	tap_is("write-then", task_touch(at + 5 * PAGE, true), 0);
	tap_is("write-beside", task_touch(at + 6 * PAGE, true), 0);
	task_close(&t);
}

static void test_maximum(void)
{
	uint64_t digest;
	char *at;

	task_open(&t, 1ULL << 30);
	at = task_allocate(&t, 8 * PAGE);
	memset(at, 1, 8 * PAGE);
	tap_is("lower", task_set_maximum(&t, at + 4 * PAGE, 2 * PAGE,
					 MACH_PROT_READ), 0);
	tap_is("write", task_touch(at + 4 * PAGE, true), SEGV);
	tap_is("read", at[4 * PAGE], 1);
	digest = task_digest(&t);
	tap_is("raise", task_set_maximum(&t, at + 4 * PAGE, PAGE, RW), -EACCES);
	tap_is("over", task_protect(&t, at + 4 * PAGE, PAGE, RW), -EACCES);
	tap_is("over-part", task_protect(&t, at, 8 * PAGE, RW), -EACCES);
	tap_is("raise-part", task_set_maximum(&t, at, 8 * PAGE, RW), -EACCES);
	CHECK(digest == task_digest(&t), "what was refused has changed something");
	tap_is("never", task_set_maximum(&t, at + 4 * PAGE, 2 * PAGE, 0), 0);
	tap_is("none", task_info(&t).none, 2 * PAGE);
	tap_is("holes", task_protect(&t, t.window, t.size, MACH_PROT_READ),
	       -EACCES);
	CHECK_IS(task_deallocate(&t, at + 4 * PAGE, 2 * PAGE), 0);
	tap_is("hole-passed", task_protect(&t, at, 8 * PAGE, MACH_PROT_READ), 0);
	tap_is("beyond-hole", task_touch(at + 7 * PAGE, true), SEGV);
	task_close(&t);
}

static void test_attributes(void)
{
	struct mach_task_region r;
	char *at;

	task_open(&t, 1ULL << 30);
	at = task_allocate(&t, 8 * PAGE);
	CHECK_IS(task_region(&t, at, &r), 0);
	tap_is("inheritance", r.inheritance, MACH_INHERIT_COPY);
	tap_is("protection", r.protection, RW);
	tap_is("maximum", r.max_protection, MACH_PROT_ALL);
	tap_is("untouched", r.object, 0);
	tap_is("no-name", r.name, -1);
	CHECK_IS(task_inherit(&t, at + PAGE, PAGE, MACH_INHERIT_NONE), 0);
	CHECK_IS(task_behavior(&t, at + 4 * PAGE, 4 * PAGE,
			       MACH_BEHAVIOR_RANDOM), 0);
	tap_is("four", task_entries(&t), 4);
	CHECK_IS(task_region(&t, at + PAGE + 5, &r), 0);
	tap_is("inherit-none", r.inheritance, MACH_INHERIT_NONE);
	tap_is("clipped", r.address, (uintptr_t)(at + PAGE));
	tap_is("length", r.length, PAGE);
	CHECK_IS(task_region(&t, at + 5 * PAGE, &r), 0);
	tap_is("random", r.behavior, MACH_BEHAVIOR_RANDOM);
	CHECK_IS(task_inherit(&t, at, 2 * PAGE, MACH_INHERIT_COPY), 0);
	CHECK_IS(task_behavior(&t, t.window, t.size, MACH_BEHAVIOR_DEFAULT),
		 -EADDRNOTAVAIL);
	CHECK_IS(task_behavior(&t, at, 8 * PAGE, MACH_BEHAVIOR_DEFAULT), 0);
	tap_is("one", task_entries(&t), 1);
	tap_is("above-all", task_region(&t, at + 8 * PAGE, &r), -EADDRNOTAVAIL);
	task_close(&t);
}

/* What is next to each other becomes one, in whichever order it came. */
static void test_merge(void)
{
	static const int orders[][4] = {
		{ 0, 1, 2, 3 }, { 3, 2, 1, 0 }, { 0, 2, 1, 3 }, { 3, 1, 2, 0 },
		{ 0, 3, 1, 2 }, { 1, 3, 0, 2 },
	};
	char sub[32], *base;

	task_open(&t, 1ULL << 30);
	base = t.window + MIB;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(orders); i++) {
		const int *order = orders[i / 2];
		bool touch = i % 2;

		for (int j = 0; j < 4; j++) {
			char *at = base + order[j] * 4 * PAGE;

			CHECK_IS(task_allocate_at(&t, at, 4 * PAGE), 0);
			if (touch || order[j] == 2)
				memset(at, 10 + order[j], 4 * PAGE);
		}
		snprintf(sub, sizeof(sub), "%d%d%d%d-%s", order[0], order[1],
			 order[2], order[3], touch ? "touched" : "mixed");
		tap_is(sub, task_entries(&t), 1);
		for (int j = 0; j < 16; j++) {
			int want = touch || j / 4 == 2 ? 10 + j / 4 : 0;

			CHECK(base[j * PAGE + 5] == want, "page %d is %d", j,
			      base[j * PAGE + 5]);
		}
		CHECK_IS(task_deallocate(&t, base, 16 * PAGE), 0);
	}
	task_close(&t);
}

/* The pages of a hole that is filled again are zeros, not what was there. */
static void test_refill(void)
{
	char *at;

	task_open(&t, 1ULL << 30);
	at = task_allocate(&t, 16 * PAGE);
	memset(at, 5, 16 * PAGE);
	for (int i = 0; i < 8; i++) {
		CHECK_IS(task_deallocate(&t, at + 4 * PAGE, 2 * PAGE), 0);
		CHECK_IS(task_entries(&t), 2);
		CHECK_IS(task_allocate_at(&t, at + 4 * PAGE, 2 * PAGE), 0);
		CHECK_IS(task_entries(&t), 1);
		CHECK(zeros(at + 4 * PAGE, 2 * PAGE), "old data in new memory");
		memset(at + 4 * PAGE, 5, 2 * PAGE);
	}
	task_close(&t);
}

static long data(unsigned long command, const void *at, uint64_t length,
		 const void *other, uint64_t *done)
{
	struct mach_task_data args = {
		.size = sizeof(args),
		.address = (uintptr_t)at,
		.length = length,
		.data = (uintptr_t)other,
	};
	long result = task_call(&t, command, &args);

	*done = args.done;
	return result;
}

static void test_data(void)
{
	uint64_t size = 6 * PAGE + 123;
	char *at, *from = malloc(size), *to = malloc(size);

	task_open(&t, 1ULL << 30);
	at = task_allocate(&t, 16 * PAGE);
	pattern_fill(from, 0, size, 1);
	tap_is("write", task_write(&t, at + 77, size, from), 0);
	CHECK(!memcmp(at + 77, from, size), "something else was written");
	tap_is("read", task_read(&t, at + 77, size, to), 0);
	CHECK(!memcmp(to, from, size), "something else was read");
	tap_is("copy", task_copy(&t, at + 77, size, at + 8 * PAGE + 3), 0);
	CHECK(!memcmp(at + 8 * PAGE + 3, from, size), "something else copied");
	CHECK(zeros(at, 77) && zeros(at + 77 + size, PAGE), "beside it");
	tap_is("untouched", task_read(&t, at + 15 * PAGE, PAGE, to), 0);
	CHECK(zeros(to, PAGE), "untouched memory is not zeros");
	tap_is("nothing", task_read(&t, at, 0, NULL), 0);
	task_close(&t);
}

/* Everything is checked before the first byte; and @done says how far it came. */
static void test_data_refused(void)
{
	char *at, *from = shared_alloc(2 * PAGE);
	uint64_t done;

	task_open(&t, 1ULL << 30);
	at = task_allocate(&t, 4 * PAGE);
	CHECK_IS(task_allocate_at(&t, at + 5 * PAGE, PAGE), 0);
	memset(at, 1, 3 * PAGE);
	memset(from, 9, 2 * PAGE);
	CHECK_IS(task_protect(&t, at + PAGE, PAGE, MACH_PROT_READ), 0);
	tap_is("write", data(MACH_TASK_WRITE, at, 2 * PAGE, from, &done),
	       -EACCES);
	tap_is("write-done", done, 0);
	tap_is("written", at[0], 1);
	tap_is("copy", data(MACH_TASK_COPY, at + 2 * PAGE, PAGE, at + PAGE - 8,
			    &done), -EACCES);
	tap_is("copied", at[PAGE - 8], 1);
	CHECK_IS(task_protect(&t, at + PAGE, PAGE, 0), 0);
	tap_is("read", data(MACH_TASK_READ, at + PAGE - 1, 2, from, &done),
	       -EACCES);
	tap_is("read-first", from[0], 9);
	tap_is("copy-from", data(MACH_TASK_COPY, at + PAGE, 1, at, &done),
	       -EACCES);
	tap_is("hole", data(MACH_TASK_READ, at + 3 * PAGE, 3 * PAGE, from,
			    &done), -EADDRNOTAVAIL);
	CHECK(!munmap(from + PAGE, PAGE), "munmap: %m");
	CHECK_IS(task_protect(&t, at + PAGE, PAGE, RW), 0);
	tap_is("fault-from", data(MACH_TASK_WRITE, at, 2 * PAGE, from, &done),
	       -EFAULT);
	tap_is("fault-from-done", done, PAGE);
	tap_is("fault-to", data(MACH_TASK_READ, at + 8, 2 * PAGE - 8, from + 8,
				&done), -EFAULT);
	tap_is("fault-to-done", done, PAGE - 8);
	task_close(&t);
}

static void test_remap(void)
{
	struct mach_task_region r;
	char *at, *other;

	task_open(&t, 1ULL << 30);
	at = task_allocate(&t, 8 * PAGE);
	at[2 * PAGE] = 1;
	tap_is("share", task_remap(&t, at + PAGE, 4 * PAGE, 0, &other), 0);
	tap_is("same", other[PAGE], 1);
	other[3 * PAGE] = 2;
	tap_is("there", at[4 * PAGE], 2);
	at[PAGE] = 3;
	tap_is("and-back", other[0], 3);
	CHECK_IS(task_region(&t, other, &r), 0);
	tap_is("shared", r.state & MACH_REGION_SHARED, MACH_REGION_SHARED);
	CHECK_IS(task_region(&t, at + PAGE, &r), 0);
	tap_is("source-shared", r.state & MACH_REGION_SHARED, MACH_REGION_SHARED);
	tap_is("deallocate", task_deallocate(&t, at, 8 * PAGE), 0);
	tap_is("kept", other[3 * PAGE], 2);
	tap_is("copy", task_remap(&t, other, 4 * PAGE, MACH_VM_COPY, &at), 0);
	tap_is("copied", at[3 * PAGE], 2);
	at[0] = 9;
	tap_is("not-there", other[0], 3);
	tap_is("hole", task_remap(&t, other + 3 * PAGE, 8 * PAGE, 0, &at),
	       -EADDRNOTAVAIL);
	task_close(&t);
}

/* What is shared is an object of its own: its pages go with its last entry. */
static void test_remap_freed(void)
{
	char *at, *other;
	uint64_t used;

	task_open(&t, 1ULL << 30);
	at = task_allocate(&t, 2 * MIB);
	memset(at, 1, 2 * MIB);
	used = used_pages();
	CHECK_IS(task_remap(&t, at + MIB / 2, MIB, 0, &other), 0);
	tap_is("source", task_deallocate(&t, at + MIB / 2, MIB), 0);
	tap_is("kept", other[MIB - 1], 1);
	tap_is("target", task_deallocate(&t, other, MIB), 0);
	CHECK(used_pages() + MIB / PAGE <= used + 16,
	      "%llu pages in use, %llu before", (unsigned long long)used_pages(),
	      (unsigned long long)used);
	tap_is("below", at[MIB / 2 - 1], 1);
	tap_is("above", at[3 * MIB / 2], 1);
	task_close(&t);
}

/* And what lies beside it can still be joined to what comes. */
static void test_remap_beside(void)
{
	char *at, *other;

	task_open(&t, 1ULL << 30);
	at = t.window + MIB;
	CHECK_IS(task_allocate_at(&t, at, 12 * PAGE), 0);
	memset(at, 1, 12 * PAGE);
	CHECK_IS(task_remap(&t, at + 4 * PAGE, 4 * PAGE, 0, &other), 0);
	tap_is("four", task_entries(&t), 4);
	CHECK_IS(task_allocate_at(&t, at + 12 * PAGE, PAGE), 0);
	CHECK_IS(task_allocate_at(&t, at - PAGE, PAGE), 0);
	tap_is("still-four", task_entries(&t), 4);
	tap_is("taken", task_remap(&t, at, 20 * PAGE, 0, &other),
	       -EADDRNOTAVAIL);
	tap_is("four-again", task_entries(&t), 4);
	CHECK_IS(task_protect(&t, at + 5 * PAGE, PAGE, MACH_PROT_READ), 0);
	tap_is("parts", task_entries(&t), 6);
	CHECK_IS(task_protect(&t, at + 5 * PAGE, PAGE, RW), 0);
	tap_is("parts-joined", task_entries(&t), 4);
	task_close(&t);
}

static void test_remap_rights(void)
{
	struct mach_task_remap args = {
		.size = sizeof(args), .flags = MACH_VM_ANYWHERE, .source = -1,
	};
	char *at, *to;

	task_open(&t, 1ULL << 30);
	at = task_allocate(&t, 4 * PAGE);
	memset(at, 1, 4 * PAGE);
	CHECK_IS(task_protect(&t, at, PAGE, MACH_PROT_READ), 0);
	CHECK_IS(task_set_maximum(&t, at + PAGE, PAGE, RW), 0);
	args.length = 3 * PAGE;
	args.source_address = (uintptr_t)at;
	tap_is("remap", task_call(&t, MACH_TASK_REMAP, &args), 0);
	to = (char *)args.address;
	tap_is("protection", args.protection, MACH_PROT_READ);
	tap_is("maximum", args.max_protection, RW);
	tap_is("write", task_touch(to, true), SEGV);
	tap_is("write-next", task_touch(to + PAGE, true), 0);
	tap_is("over", task_protect(&t, to + PAGE, PAGE, MACH_PROT_ALL), -EACCES);
	tap_is("source", at[PAGE], 1);
	task_close(&t);
}

static void test_remap_between(void)
{
	struct test_task other;
	struct mach_task_remap args = {
		.size = sizeof(args), .flags = MACH_VM_ANYWHERE,
		.length = 4 * PAGE,
	};
	char *at, *to;

	task_open(&t, 1ULL << 30);
	task_open(&other, 1ULL << 30);
	at = task_allocate(&t, 4 * PAGE);
	memset(at, 4, 4 * PAGE);
	args.source = t.fd;
	args.source_address = (uintptr_t)at;
	tap_is("share", task_call(&other, MACH_TASK_REMAP, &args), 0);
	to = (char *)args.address;
	tap_is("read", to[PAGE], 4);
	to[0] = 5;
	tap_is("write", at[0], 5);
	tap_is("revoke", task_protect(&t, at, 4 * PAGE, 0), 0);
	tap_is("not-there", task_touch(to, true), 0);
	task_close(&t);
	tap_is("source-gone", to[0], 5);
	tap_is("allocate", task_allocate_at(&other, to + 4 * PAGE, PAGE), 0);
	tap_is("beside", to[4 * PAGE], 0);
	task_close(&other);
}

static void test_limit(void)
{
	struct mach_task_limit limit = { .size = sizeof(limit) };
	struct mach_task_map none = {
		.size = sizeof(none), .length = 1ULL << 32, .object = -1,
	};
	char *at;

	task_open(&t, 1ULL << 40);
	CHECK_IS(task_call(&t, MACH_TASK_GET_SIZE_LIMIT, &limit), 0);
	CHECK(!~limit.current_limit && !~limit.maximum, "there is a limit");
	at = task_allocate(&t, 4 * PAGE);
	tap_is("set", task_set_limit(&t, 8 * PAGE, 16 * PAGE), 0);
	tap_is("fits", task_allocate_at(&t, at + 4 * PAGE, 4 * PAGE), 0);
	tap_is("over", task_allocate_at(&t, at + 8 * PAGE, PAGE), -ENOSPC);
	none.address = (uintptr_t)at + MIB;
	tap_is("none-is-free", task_call(&t, MACH_TASK_MAP, &none), 0);
	tap_is("made-none", task_set_maximum(&t, at, 4 * PAGE, 0), 0);
	tap_is("so-it-fits", task_allocate_at(&t, at + 8 * PAGE, 4 * PAGE), 0);
	tap_is("over-again", task_allocate_at(&t, at + 12 * PAGE, 1), -ENOSPC);
	tap_is("remap-over", task_remap(&t, at + 8 * PAGE, PAGE, 0, &at),
	       -ENOSPC);
	tap_is("more", task_set_limit(&t, 16 * PAGE, 16 * PAGE), 0);
	tap_is("beyond-maximum", task_set_limit(&t, 17 * PAGE, 16 * PAGE),
	       -EINVAL);
	tap_is("less-than-used", task_set_limit(&t, PAGE, 16 * PAGE), 0);
	CHECK(!syscall(SYS_setresuid, 65534, 65534, 65534), "setresuid: %m");
	tap_is("raise", task_set_limit(&t, PAGE, 17 * PAGE), -EPERM);
	tap_is("up-to-it", task_set_limit(&t, 16 * PAGE, 16 * PAGE), 0);
	tap_is("lower", task_set_limit(&t, PAGE, 2 * PAGE), 0);
	tap_is("no-way-back", task_set_limit(&t, PAGE, 16 * PAGE), -EPERM);
	task_close(&t);
}

static void test_wire(void)
{
	struct mach_task_region r;
	char *at;

	task_open(&t, 1ULL << 30);
	at = task_allocate(&t, 8 * PAGE);
	tap_is("wire", task_wire(&t, at + 2 * PAGE, 2 * PAGE, RW), 0);
	tap_is("three", task_entries(&t), 3);
	tap_is("wired", task_info(&t).wired, 2 * PAGE);
	tap_is("twice", task_wire(&t, at + 2 * PAGE, 2 * PAGE, RW), 0);
	CHECK_IS(task_region(&t, at + 2 * PAGE, &r), 0);
	tap_is("count", r.wired, 2);
	tap_is("unwire", task_wire(&t, at + 2 * PAGE, 2 * PAGE, 0), 0);
	tap_is("still", task_info(&t).wired, 2 * PAGE);
	tap_is("not-all", task_wire(&t, at, 2 * PAGE, 0), 0);
	tap_is("as-before", task_info(&t).wired, 2 * PAGE);
	tap_is("hole", task_wire(&t, at + 4 * PAGE, 8 * PAGE, MACH_PROT_READ),
	       -EADDRNOTAVAIL);
	tap_is("forbidden", task_wire(&t, at, PAGE, MACH_PROT_EXECUTE),
	       -EACCES);
	tap_is("unwire-last", task_wire(&t, at + 2 * PAGE, 2 * PAGE, 0), 0);
	tap_is("one", task_entries(&t), 1);
	tap_is("none", task_info(&t).wired, 0);
	CHECK_IS(task_wire(&t, at, 4 * PAGE, RW), 0);
	tap_is("deallocate", task_deallocate(&t, at, 8 * PAGE), 0);
	tap_is("gone", task_info(&t).wired, 0);
	task_close(&t);
}

/* Pages of what is wired are there, and stay, as long as it can be accessed. */
static void test_wire_rights(void)
{
	char *at;

	task_open(&t, 1ULL << 30);
	at = task_allocate(&t, 8 * PAGE);
	CHECK_IS(task_wire(&t, at, 4 * PAGE, RW), 0);
	CHECK_IS(task_wire(&t, at + PAGE, PAGE, RW), 0);
	tap_is("none", task_protect(&t, at + PAGE, 2 * PAGE, 0), 0);
	tap_is("none-wired", task_info(&t).wired, 2 * PAGE);
	tap_is("again", task_protect(&t, at, 4 * PAGE, MACH_PROT_READ), 0);
	tap_is("again-wired", task_info(&t).wired, 4 * PAGE);
	tap_is("once-less", task_wire(&t, at, 4 * PAGE, 0), 0);
	tap_is("twice-wired", task_info(&t).wired, PAGE);
	tap_is("maximum", task_set_maximum(&t, at, 4 * PAGE, 0), 0);
	tap_is("maximum-wired", task_info(&t).wired, 0);
	tap_is("unwire", task_wire(&t, at, 8 * PAGE, 0), 0);
	tap_is("deallocate", task_deallocate(&t, at, 8 * PAGE), 0);
	CHECK_IS(task_wire_all(&t, MACH_WIRE_FUTURE), 0);
	tap_is("reserve", task_map(&t, -1, 0, 8 * PAGE, 0, 0, &at), 0);
	tap_is("reserve-wired", task_info(&t).wired, 0);
	tap_is("commit", task_protect(&t, at + PAGE, 2 * PAGE, RW), 0);
	tap_is("commit-wired", task_info(&t).wired, 2 * PAGE);
	tap_is("no-more", task_wire_all(&t, 0), 0);
	tap_is("none-wired-now", task_info(&t).wired, 0);
	tap_is("commit-more", task_protect(&t, at, 8 * PAGE, RW), 0);
	tap_is("not-wired", task_info(&t).wired, 0);
	tap_is("one", task_entries(&t), 1);
	task_close(&t);
}

static void test_wire_all(void)
{
	char *at, *more;

	task_open(&t, 1ULL << 30);
	at = task_allocate(&t, 4 * PAGE);
	CHECK_IS(task_allocate_at(&t, at + 8 * PAGE, 4 * PAGE), 0);
	CHECK_IS(task_protect(&t, at + PAGE, PAGE, 0), 0);
	tap_is("current", task_wire_all(&t, MACH_WIRE_CURRENT), 0);
	tap_is("but-none", task_info(&t).wired, 7 * PAGE);
	CHECK_IS(task_wire(&t, at + 8 * PAGE, PAGE, RW), 0);
	/* wired as it is, nobody may access it now: it can be unwired all the same */
	CHECK_IS(task_protect(&t, at + 9 * PAGE, PAGE, 0), 0);
	tap_is("none", task_wire_all(&t, 0), 0);
	tap_is("none-wired", task_info(&t).wired, 0);
	tap_is("future", task_wire_all(&t, MACH_WIRE_FUTURE), 0);
	tap_is("not-yet", task_info(&t).wired, 0);
	more = task_allocate(&t, 2 * PAGE);
	tap_is("to-come", task_info(&t).wired, 2 * PAGE);
	CHECK_IS(task_remap(&t, at, PAGE, 0, &more), 0);
	tap_is("remapped", task_info(&t).wired, 3 * PAGE);
	tap_is("no-more", task_wire_all(&t, 0), 0);
	task_allocate(&t, PAGE);
	tap_is("none-again", task_info(&t).wired, 0);
	task_close(&t);
}

/* Without privilege as much as the process may lock. */
static void test_wire_limit(void)
{
	struct rlimit limit = { 4 * PAGE, 4 * PAGE };
	uint64_t digest;
	char *at;

	task_open(&t, 1ULL << 30);
	at = task_allocate(&t, 64 * PAGE);
	CHECK(!setrlimit(RLIMIT_MEMLOCK, &limit), "setrlimit: %m");
	tap_is("privileged", task_wire(&t, at, 8 * PAGE, RW), 0);
	CHECK_IS(task_wire(&t, at, 8 * PAGE, 0), 0);
	CHECK(!syscall(SYS_setresuid, 65534, 65534, 65534), "setresuid: %m");
	tap_is("within", task_wire(&t, at, 3 * PAGE, RW), 0);
	digest = task_digest(&t);
	tap_is("over", task_wire(&t, at + 8 * PAGE, 2 * PAGE, RW), -EPERM);
	tap_is("all", task_wire_all(&t, MACH_WIRE_CURRENT), -EPERM);
	tap_is("all-to-come", task_wire_all(&t, MACH_WIRE_CURRENT |
						MACH_WIRE_FUTURE), -EPERM);
	tap_is("not-to-come", task_allocate_at(&t, at + 256 * PAGE, PAGE), 0);
	CHECK_IS(task_deallocate(&t, at + 256 * PAGE, PAGE), 0);
	CHECK(digest == task_digest(&t), "what was refused has changed something");
	tap_is("the-same-again", task_wire(&t, at, 3 * PAGE, RW), 0);
	tap_is("up-to-it", task_wire(&t, at + 8 * PAGE, PAGE, RW), 0);
	CHECK_IS(task_wire_all(&t, MACH_WIRE_FUTURE), 0);
	digest = task_digest(&t);
	tap_is("future", task_allocate_at(&t, at + 128 * PAGE, 2 * PAGE),
	       -EPERM);
	CHECK(digest == task_digest(&t), "what could not be wired is there");
	task_close(&t);
}

static const struct tap_test tests[] = {
	{ "allocate", test_allocate, 0, 0 },
	{ "deallocate", test_deallocate, 0, 0 },
	{ "protect", test_protect, 0, 0 },
	{ "protect-untouched", test_protect_untouched, 0, 0 },
	{ "maximum", test_maximum, 0, 0 },
	{ "attributes", test_attributes, 0, 0 },
	{ "merge", test_merge, 0, 0 },
	{ "refill", test_refill, 0, 0 },
	{ "data", test_data, 0, 0 },
	{ "data-refused", test_data_refused, 0, 0 },
	{ "remap", test_remap, 0, 0 },
	{ "remap-freed", test_remap_freed, 0, 0 },
	{ "remap-beside", test_remap_beside, 0, 0 },
	{ "remap-rights", test_remap_rights, 0, 0 },
	{ "remap-between", test_remap_between, 0, 0 },
	{ "limit", test_limit, 0, 0 },
	{ "wire", test_wire, 0, 0 },
	{ "wire-rights", test_wire_rights, 0, 0 },
	{ "wire-all", test_wire_all, 0, 0 },
	{ "wire-limit", test_wire_limit, 0, 0 },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
