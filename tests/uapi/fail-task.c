// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every call of a task, and faults on its memory, with their nth allocation
 * failing: each failure is clean, changes nothing, and can be done again.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fail_nth.h"
#include "task.h"
#include "tap.h"
#include "testpager.h"

#define RW		(MACH_PROT_READ | MACH_PROT_WRITE)
#define RX		(MACH_PROT_READ | MACH_PROT_EXECUTE)
#define NTH_MAX		500
#define SOURCE_PAGES	8

static struct test_task t;
static struct test_pager p;
static struct test_object o;
static struct fail_call *call;
static char *at;

/* Pages may be evicted for want of frames: then the copier asks for them. */
static void *serve(void *arg)
{
	static uint8_t page[PAGE];
	struct test_request r;

	for (;;) {
		if (pager_next(&p, &r, 1000))
			continue;
		pattern_fill(page, r.m.offset, PAGE, 2);
		pager_reply_one(&p, &r, part_copy(r.m.offset, PAGE, page));
	}
	return arg;
}

static void supply_all(void)
{
	for (unsigned int i = 0; i < SOURCE_PAGES; i++) {
		struct mach_pager_supply supply = {
			.size = sizeof(supply), .object = o.number,
			.part = part_pattern(i * PAGE, PAGE, 2),
		};
		long err = vm_ioctl(p.fd, MACH_PAGER_SUPPLY, &supply);

		CHECK(!err || err == -EEXIST, "supply: %s", tap_result(err));
	}
}

/* Three times four pages, the middle of which is a hole */
static void setup(void)
{
	task_open(&t, MIB);
	at = t.window;
	CHECK_IS(task_allocate_at(&t, at, 4 * PAGE), 0);
	CHECK_IS(task_allocate_at(&t, at + 8 * PAGE, 4 * PAGE), 0);
	pattern_fill(at, 0, 4 * PAGE, 1);
	pattern_fill(at + 8 * PAGE, 8 * PAGE, 4 * PAGE, 1);
}

static long op_allocate(const uint64_t *arg)
{
	(void)arg;
	return task_allocate_at(&t, at + 100 * PAGE, PAGE);
}

/* Two objects become one. */
static long op_fill_hole(const uint64_t *arg)
{
	(void)arg;
	return task_allocate_at(&t, at + 4 * PAGE, 4 * PAGE);
}

/* What is joined needs nodes in the other one's tree. */
static void apart(void)
{
	CHECK_IS(task_allocate_at(&t, at + 120 * PAGE, 4 * PAGE), 0);
	pattern_fill(at + 120 * PAGE, 120 * PAGE, 4 * PAGE, 1);
	CHECK_IS(task_allocate_at(&t, at + 125 * PAGE, 125 * PAGE), 0);
	at[249 * PAGE] = 3;
}

static long op_join_far(const uint64_t *arg)
{
	long err = task_allocate_at(&t, at + 124 * PAGE, PAGE);

	(void)arg;
	if (!err)
		CHECK(pattern_is(at + 120 * PAGE, 120 * PAGE, 4 * PAGE, 1) &&
		      at[249 * PAGE] == 3, "pages have changed");
	return err;
}

static long op_deallocate(const uint64_t *arg)
{
	(void)arg;
	return task_deallocate(&t, at + 9 * PAGE, PAGE);
}

static long op_protect(const uint64_t *arg)
{
	(void)arg;
	return task_protect(&t, at + PAGE, 9 * PAGE, MACH_PROT_READ);
}

/* Linux may have no memory for the area, when the entry is changed already. */
static long op_executable(const uint64_t *arg)
{
	(void)arg;
	return task_protect(&t, at + PAGE, PAGE, RX);
}

static long op_maximum(const uint64_t *arg)
{
	(void)arg;
	return task_set_maximum(&t, at + PAGE, PAGE, RW);
}

static long op_inherit(const uint64_t *arg)
{
	(void)arg;
	return task_inherit(&t, at + PAGE, PAGE, MACH_INHERIT_NONE);
}

static long op_behavior(const uint64_t *arg)
{
	(void)arg;
	return task_behavior(&t, at + PAGE, PAGE, MACH_BEHAVIOR_RANDOM);
}

static long op_wire(const uint64_t *arg)
{
	(void)arg;
	return task_wire(&t, at + PAGE, 2 * PAGE, RW);
}

static long op_unwire(const uint64_t *arg)
{
	(void)arg;
	return task_wire_all(&t, 0);
}

static void wired(void)
{
	CHECK_IS(op_wire(NULL), 0);
}

/* Wired memory that nobody may access: its pages come before the right does. */
static void asleep(void)
{
	wired();
	CHECK_IS(task_protect(&t, at + PAGE, 2 * PAGE, 0), 0);
}

static long op_rouse(const uint64_t *arg)
{
	(void)arg;
	return task_protect(&t, at, 4 * PAGE, MACH_PROT_READ);
}

static char bytes[2 * PAGE];

static long op_read(const uint64_t *arg)
{
	(void)arg;
	return task_read(&t, at + 5, sizeof(bytes), bytes);
}

/* What is written was there already. */
static long op_write(const uint64_t *arg)
{
	(void)arg;
	return task_write(&t, at, sizeof(bytes), bytes);
}

static void same_bytes(void)
{
	memcpy(bytes, at, sizeof(bytes));
}

static long op_copy(const uint64_t *arg)
{
	(void)arg;
	return task_copy(&t, at, PAGE, at);
}

static long op_map(const uint64_t *arg)
{
	struct mach_task_map args = {
		.size = sizeof(args), .flags = MACH_VM_ANYWHERE | arg[0],
		.length = SOURCE_PAGES * PAGE, .object = o.fd,
		.protection = RW, .max_protection = RW,
	};

	return task_call(&t, MACH_TASK_MAP, &args);
}

static long op_map_copy(const uint64_t *arg)
{
	const uint64_t flags = MACH_VM_COPY;

	(void)arg;
	return op_map(&flags);
}

static long remap(unsigned int flags)
{
	struct mach_task_remap args = {
		.size = sizeof(args), .flags = MACH_VM_ANYWHERE | flags,
		.length = 2 * PAGE, .source = -1,
		.source_address = (uintptr_t)at + PAGE,
	};

	return task_call(&t, MACH_TASK_REMAP, &args);
}

static long op_remap(const uint64_t *arg)
{
	(void)arg;
	return remap(0);
}

static long op_remap_copy(const uint64_t *arg)
{
	(void)arg;
	return remap(MACH_VM_COPY);
}

/* Onto itself */
static long op_overwrite(const uint64_t *arg)
{
	struct mach_task_remap args = {
		.size = sizeof(args),
		.flags = MACH_VM_OVERWRITE | MACH_VM_COPY | MACH_VM_ALL_RIGHTS,
		.address = (uintptr_t)at + PAGE, .length = 2 * PAGE,
		.source = -1, .source_address = (uintptr_t)at + PAGE,
	};

	(void)arg;
	return task_call(&t, MACH_TASK_REMAP, &args);
}

/* What is going to be overwritten, and all that is new comes wired. */
static void over(void)
{
	CHECK_IS(task_allocate_at(&t, at + 200 * PAGE, 4 * PAGE), 0);
	pattern_fill(at + 200 * PAGE, 0, 4 * PAGE, 3);
	CHECK_IS(task_inherit(&t, at + 201 * PAGE, PAGE, MACH_INHERIT_NONE), 0);
	CHECK_IS(task_wire_all(&t, MACH_WIRE_FUTURE), 0);
}

static void over_supplied(void)
{
	over();
	supply_all();
}

static long unless_lost(long err)
{
	CHECK(!err || pattern_is(at + 200 * PAGE, 0, 4 * PAGE, 3),
	      "what was there is lost");
	return err;
}

static long op_allocate_over(const uint64_t *arg)
{
	struct mach_task_allocate args = {
		.size = sizeof(args), .flags = MACH_VM_OVERWRITE,
		.address = (uintptr_t)at + 200 * PAGE, .length = 3 * PAGE,
	};

	(void)arg;
	return unless_lost(task_call(&t, MACH_TASK_ALLOCATE, &args));
}

static long op_map_over(const uint64_t *arg)
{
	struct mach_task_map args = {
		.size = sizeof(args), .flags = MACH_VM_OVERWRITE,
		.address = (uintptr_t)at + 200 * PAGE, .length = 3 * PAGE,
		.object = o.fd, .protection = RX | RW, .max_protection = RX | RW,
	};

	(void)arg;
	return unless_lost(task_call(&t, MACH_TASK_MAP, &args));
}

/* Several pieces, without the hole */
static long op_remap_over(const uint64_t *arg)
{
	struct mach_task_remap args = {
		.size = sizeof(args), .flags = MACH_VM_OVERWRITE,
		.address = (uintptr_t)at + 200 * PAGE, .length = 3 * PAGE,
		.source = -1, .source_address = (uintptr_t)at + PAGE,
	};

	(void)arg;
	return unless_lost(task_call(&t, MACH_TASK_REMAP, &args));
}

static void over_pieces(void)
{
	over();
	CHECK_IS(task_inherit(&t, at + 2 * PAGE, PAGE, MACH_INHERIT_NONE), 0);
}

static long op_entry_proxy(const uint64_t *arg)
{
	struct mach_task_proxy args = {
		.size = sizeof(args), .flags = MACH_PROXY_HERE,
		.address = (uintptr_t)at + PAGE, .length = PAGE,
	};
	long err = task_call(&t, MACH_TASK_PROXY, &args);

	(void)arg;
	if (!err)
		close(args.fd);
	return err;
}

static long op_name(const uint64_t *arg)
{
	struct mach_task_region r = {
		.size = sizeof(r), .flags = MACH_REGION_NAME,
		.address = (uintptr_t)at,
	};
	long err = task_call(&t, MACH_TASK_REGION, &r);

	(void)arg;
	if (!err)
		close(r.name);
	return err;
}

static long op_proxy(const uint64_t *arg)
{
	struct mach_object_proxy args = {
		.size = sizeof(args), .length = PAGE,
	};
	long err = vm_ioctl(o.fd, MACH_OBJECT_PROXY, &args);

	(void)arg;
	if (!err)
		close(args.fd);
	return err;
}

static long op_window(const uint64_t *arg)
{
	long fd = vm_open();
	void *window;

	(void)arg;
	if (fd < 0)
		return fd;
	window = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (window == MAP_FAILED)
		return -errno;
	munmap(window, MIB);
	return 0;
}

/* Memory that nobody has touched yet */
static void untouched(void)
{
	CHECK_IS(op_fill_hole(NULL), 0);
}

static long op_load(const uint64_t *arg)
{
	(void)arg;
	return *(volatile char *)(at + 5 * PAGE);
}

static long op_store(const uint64_t *arg)
{
	(void)arg;
	*(volatile char *)(at + 5 * PAGE) = 0;
	return 0;
}

/* The end of a run: the next touch brings pages ahead, as many as can be had. */
static void run_before(void)
{
	CHECK_IS(task_allocate_at(&t, at + 20 * PAGE, 200 * PAGE), 0);
	for (unsigned int i = 20; i < 120; i++)
		*(volatile char *)(at + i * PAGE) = 1;
}

static long op_store_behind(const uint64_t *arg)
{
	(void)arg;
	for (unsigned int i = 120; i < 200; i++) {
		volatile char *page = at + i * PAGE;

		page[0] = 1;
		CHECK(!page[1], "page %u is not zero", i);
	}
	return 0;
}

/* The same far from what is touched: it gets an object of its own. */
static void far_away(void)
{
	CHECK_IS(op_allocate(NULL), 0);
}

static long op_store_far(const uint64_t *arg)
{
	(void)arg;
	*(volatile char *)(at + 100 * PAGE) = 0;
	return 0;
}

/**
 * struct deed - Something to do with failing allocations
 * @name: of the test
 * @fn: does it
 * @before: what it needs
 * @partly: what was done before the failure may remain
 */
struct deed {
	const char *name;
	actor_fn fn;
	void (*before)(void);
	bool partly;
};

static const struct deed deeds[] = {
	{ "allocate", op_allocate, NULL, false },
	{ "fill-hole", op_fill_hole, NULL, false },
	{ "join-far", op_join_far, apart, false },
	{ "deallocate", op_deallocate, NULL, false },
	{ "protect", op_protect, NULL, false },
	{ "executable", op_executable, NULL, true },
	{ "maximum", op_maximum, NULL, false },
	{ "inherit", op_inherit, NULL, false },
	{ "behavior", op_behavior, NULL, false },
	{ "wire", op_wire, NULL, false },
	{ "unwire", op_unwire, wired, false },
	{ "rouse", op_rouse, asleep, false },
	{ "read", op_read, NULL, false },
	{ "write", op_write, same_bytes, false },
	{ "copy", op_copy, NULL, false },
	{ "map", op_map, NULL, false },
	{ "map-copy", op_map_copy, supply_all, false },
	{ "remap", op_remap, NULL, false },
	{ "remap-copy", op_remap_copy, NULL, false },
	{ "overwrite", op_overwrite, NULL, false },
	{ "allocate-over", op_allocate_over, over, false },
	{ "map-over", op_map_over, over_supplied, false },
	{ "remap-over", op_remap_over, over_pieces, false },
	{ "entry-proxy", op_entry_proxy, NULL, false },
	{ "name", op_name, NULL, false },
	{ "proxy", op_proxy, NULL, false },
	{ "window", op_window, NULL, false },
	{ "load", op_load, untouched, true },
	{ "store", op_store, untouched, true },
	{ "store-far", op_store_far, far_away, true },
	{ "store-behind", op_store_behind, run_before, true },
};

static void check_contents(const struct deed *d, unsigned int nth)
{
	for (unsigned int i = 0; i < 12; i++) {
		uint64_t offset = i * PAGE;

		if ((i / 4 == 1) || task_touch(at + offset, false))
			continue;
		CHECK(pattern_is(at + offset, offset, PAGE, 1),
		      "%s, allocation %u: page %u has changed", d->name, nth, i);
	}
}

static long attempt(const struct deed *d, unsigned int nth)
{
	memset(call, 0, sizeof(*call));
	call->fn = d->fn;
	call->nth = nth;
	fail_nth_call(call);
	return call->result;
}

static bool clean(const struct deed *d, long result)
{
	return result == -ENOMEM || (d->partly && result == TAP_SIGNAL(SIGBUS));
}

/* Return: was there an nth allocation? */
static bool fail_once(const struct deed *d, unsigned int nth)
{
	uint64_t was;
	bool injected;
	long result;

	setup();
	if (d->before)
		d->before();
	was = task_digest(&t);
	result = attempt(d, nth);
	injected = call->injected;
	check_contents(d, nth);
	if (result) {
		CHECK(injected && clean(d, result), "%s at allocation %u",
		      tap_result(result), nth);
		CHECK(d->partly || task_digest(&t) == was,
		      "allocation %u failed, and something has changed", nth);
		if (d->before == supply_all || d->before == over_supplied)
			supply_all();
		CHECK_IS(attempt(d, 0), 0);
		check_contents(d, nth);
	}
	CHECK_IS(task_deallocate(&t, t.window, t.size), 0);
	CHECK_IS(task_entries(&t), 0);
	task_close(&t);
	return injected;
}

static void test_deed(void)
{
	const struct deed *d = &deeds[tap_variant];
	struct pager_setup how = { .transport = BY_IOCTL };
	unsigned int nth = 1;
	pthread_t thread;

	fail_nth_setup();
	call = shared_alloc(sizeof(*call));
	pager_open(&p, &how);
	object_create(&p, &o, SOURCE_PAGES * PAGE, PAGE, 0);
	CHECK(!pthread_create(&thread, NULL, serve, NULL), "no thread");
	while (fail_once(d, nth))
		CHECK(nth++ < NTH_MAX, "no end after %d allocations", NTH_MAX);
	tap_note("%s: %u allocations", d->name, nth - 1);
}

int main(int argc, char **argv)
{
	static struct tap_test tests[ARRAY_SIZE(deeds)];

	for (size_t i = 0; i < ARRAY_SIZE(deeds); i++)
		tests[i] = (struct tap_test){
			.name = deeds[i].name, .run = test_deed, .variant = i,
		};
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
