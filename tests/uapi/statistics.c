// SPDX-License-Identifier: GPL-2.0-only
/* MACH_VM_STATISTICS, _SEGMENTS and _CACHES: do the numbers tell what happens? */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/uio.h>
#include <unistd.h>

#include "pool.h"

#define ENTRIES		64
#define CANARY		0xa5
#define BIG_ORDER	9
#define DEBUG_DIR	"/sys/kernel/debug"

static struct scene s;
static struct test_request r;

static struct mach_vm_statistics statistics(void)
{
	struct mach_vm_statistics vm = { .size = sizeof(vm) };

	CHECK_IS(vm_ioctl(s.o.fd, MACH_VM_STATISTICS, &vm), 0);
	return vm;
}

/* How many entries there are; the first @count of them go to @to. */
static long array(unsigned long call, void *to, uint32_t entry_size,
		  uint32_t count)
{
	struct mach_vm_array a = {
		.size = sizeof(a), .entry_size = entry_size, .count = count,
		.address = (uintptr_t)to,
	};
	long err = vm_ioctl(s.o.fd, call, &a);

	CHECK(a.size == sizeof(a) && a.entry_size == entry_size &&
	      !a.reserved && a.address == (uintptr_t)to,
	      "the call has changed its arguments");
	return err ? err : a.count;
}

static unsigned int segments(struct mach_vm_segment *to)
{
	long n = array(MACH_VM_SEGMENTS, to, sizeof(*to), ENTRIES);

	CHECK(n > 0 && n <= ENTRIES, "%s segments", tap_result(n));
	return n;
}

static unsigned int caches(struct mach_vm_cache *to)
{
	long n = array(MACH_VM_CACHES, to, sizeof(*to), ENTRIES);

	CHECK(n > 0 && n <= ENTRIES, "%s caches", tap_result(n));
	return n;
}

/* Each page of the pool is somewhere, and in one place only. */
static bool adds_up(const struct mach_vm_statistics *vm)
{
	return vm->free_count + vm->active_count + vm->inactive_count +
	       vm->wire_count + vm->busy_count + vm->aside_count +
	       vm->internal_count ==
	       vm->chunks * vm->chunk_count;
}

/*
 * An object of a megabyte, and the module at rest: what earlier tests left goes
 * away by and by.
 */
static void open_quiet(void)
{
	struct mach_vm_statistics vm;

	scene_open(&s, NULL, MIB, CLUSTER, 2);
	CHECK_WAIT((vm = statistics(), vm.objects == 1 && !vm.busy_count &&
		    !vm.aside_count && adds_up(&vm)), WAIT_MS,
		   "%llu objects, %llu busy, %llu aside, %llu of %llu pages",
		   vm.objects, vm.busy_count, vm.aside_count,
		   vm.free_count + vm.active_count + vm.inactive_count +
		   vm.wire_count, vm.chunks * vm.chunk_count);
}

#define GREW(after, before, field, by)					\
	tap_is(#field, ((after).field) - ((before).field), by)

static uint64_t resident(const struct mach_vm_statistics *vm)
{
	return vm->active_count + vm->inactive_count;
}

static void test_plausible(void)
{
	struct mach_vm_statistics vm;

	open_quiet();
	scene_resident(&s, 0, CLUSTER, 1);
	vm = statistics();
	tap_is("size", vm.size, sizeof(vm));
	tap_is("page-size", vm.page_size, PAGE);
	tap_is("adds-up", adds_up(&vm), true);
	tap_is("chunks", vm.chunks, vm.chunks_taken - vm.chunks_returned);
	tap_is("limit", vm.limit_count,
	       pool_max() * MIB / PAGE / vm.chunk_count * vm.chunk_count);
	tap_sub("chunk", vm.chunk_count == 1024 && vm.chunks, "%llu of %llu",
		vm.chunks, vm.chunk_count);
	tap_sub("within-limit", vm.chunks * vm.chunk_count <= vm.limit_count,
		"%llu chunks, limit %llu pages", vm.chunks, vm.limit_count);
	tap_sub("reserve", vm.reserve_count &&
		vm.reserve_count < vm.limit_count / 4, "%llu of %llu",
		vm.reserve_count, vm.limit_count);
	tap_sub("cached", vm.cached_count <= vm.free_count, "%llu, free %llu",
		vm.cached_count, vm.free_count);
	/* A descriptor for each page, and a little for each chunk and processor. */
	tap_sub("overhead", vm.overhead > vm.chunks * vm.chunk_count * 24 &&
		vm.overhead < vm.chunks * vm.chunk_count * 40 + MIB,
		"%llu bytes for %llu chunks", vm.overhead, vm.chunks);
	tap_is("dirty", vm.dirty_count, 0);
	tap_is("laundry", vm.laundry_count, 0);
}

/* Pages that come unasked */
static void test_supply(void)
{
	struct mach_vm_statistics before, after;

	open_quiet();
	before = statistics();
	scene_resident(&s, 0, 5 * PAGE, 1);
	after = statistics();
	tap_is("resident", resident(&after) - resident(&before), 5);
	GREW(after, before, pageins, 5);
	GREW(after, before, zero_fill_count, 0);
	GREW(after, before, requests, 0);
	GREW(after, before, faults, 0);
	GREW(after, before, busy_count, 0);
	GREW(after, before, pageouts, 0);
	GREW(after, before, evictions, 0);
	GREW(after, before, errors, 0);
	tap_is("adds-up", adds_up(&after), true);
}

/* Pages that a fault asks for, part of them without data */
static void test_fault(void)
{
	struct mach_vm_statistics before, after;
	struct mach_part parts[2] = {
		part_pattern(0, 12 * PAGE, 1), part_zero(12 * PAGE, 4 * PAGE),
	};

	open_quiet();
	before = statistics();
	actor_begin(&s.a, 0, do_load, s.map);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 0, CLUSTER);
	after = statistics();
	GREW(after, before, busy_count, 16);
	GREW(after, before, requests, 1);
	GREW(after, before, faults, 1);
	GREW(after, before, pageins, 0);
	tap_is("adds-up-busy", adds_up(&after), true);
	CHECK_IS(pager_reply(&s.p, &r, parts, 2, false), 0);
	CHECK(actor_end(&s.a, 0) > 0, "wrong data");
	after = statistics();
	GREW(after, before, busy_count, 0);
	GREW(after, before, requests, 1);
	GREW(after, before, faults, 1);
	GREW(after, before, pageins, 16);
	GREW(after, before, zero_fill_count, 4);
	tap_is("resident", resident(&after) - resident(&before), 16);
	tap_is("adds-up", adds_up(&after), true);
}

/* A fault on what is there, and one that makes a page writable */
static void test_faults(void)
{
	struct mach_vm_statistics before, after;

	open_quiet();
	scene_resident(&s, 0, PAGE, 1);
	before = statistics();
	CHECK(actor_do(&s.a, do_load, s.map) > 0, "wrong data");
	after = statistics();
	tap_is("load", after.faults - before.faults, 1);
	CHECK(actor_do(&s.a, do_load, s.map) > 0, "wrong data");
	tap_is("load-again", statistics().faults - after.faults, 0);
	CHECK_IS(actor_do(&s.a, do_store, s.map, 1), 0);
	tap_is("store", statistics().faults - after.faults, 1);
	CHECK_IS(actor_do(&s.a, do_store, s.map, 2), 0);
	tap_is("store-again", statistics().faults - after.faults, 1);
}

/* From the first write until the pager has the page */
static void test_return(void)
{
	struct mach_vm_statistics before, after;

	open_quiet();
	scene_resident(&s, 0, 4 * PAGE, 1);
	before = statistics();
	for (unsigned int i = 0; i < 3; i++)
		CHECK_IS(actor_do(&s.a, do_store, s.map + i * PAGE, 1), 0);
	after = statistics();
	GREW(after, before, dirty_count, 3);
	GREW(after, before, laundry_count, 0);
	actor_begin(&s.a, 0, do_msync, s.map, MIB, MS_SYNC);
	pager_expect(&s.p, &r, MACH_OP_DATA_RETURN, 0, 3 * PAGE);
	after = statistics();
	tap_is("dirty-under-way", after.dirty_count - before.dirty_count, 3);
	GREW(after, before, laundry_count, 3);
	GREW(after, before, pageouts, 0);
	pager_take(&s.p, &r, s.buf);
	CHECK_IS(pager_next(&s.p, &r, WAIT_MS), 0);
	CHECK_IS(r.m.operation, MACH_OP_SYNCHRONIZE);
	pager_reply_one(&s.p, &r, part_done(0, PAGE));
	CHECK_IS(actor_end(&s.a, 0), 0);
	after = statistics();
	tap_is("dirty-taken", after.dirty_count - before.dirty_count, 0);
	tap_is("laundry-taken", after.laundry_count - before.laundry_count, 0);
	GREW(after, before, pageouts, 3);
	GREW(after, before, errors, 0);
	tap_is("resident", resident(&after) - resident(&before), 0);
}

/* Pages that a pager does not have, and one that it does not take */
static void test_errors(void)
{
	struct mach_vm_statistics before, after;

	open_quiet();
	scene_resident(&s, CLUSTER, PAGE, 1);
	before = statistics();
	actor_begin(&s.a, 0, do_load, s.map);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 0, CLUSTER);
	pager_reply_one(&s.p, &r, part_error(0, CLUSTER, EIO));
	CHECK_IS(actor_end(&s.a, 0), TAP_SIGNAL(SIGBUS));
	after = statistics();
	tap_is("refused", after.errors - before.errors, 16);
	GREW(after, before, pageins, 0);
	GREW(after, before, busy_count, 0);
	CHECK_IS(actor_do(&s.a, do_store, s.map + CLUSTER, 1), 0);
	actor_begin(&s.a, 0, do_msync, s.map, MIB, MS_SYNC);
	pager_expect(&s.p, &r, MACH_OP_DATA_RETURN, CLUSTER, PAGE);
	pager_reply_one(&s.p, &r, part_error(CLUSTER, PAGE, EIO));
	while (actor_waits(&s.a, 0, 10))
		if (!pager_next(&s.p, &r, 10))
			pager_reply_one(&s.p, &r, part_done(0, PAGE));
	CHECK_IS(actor_end(&s.a, 0), -EIO);
	after = statistics();
	tap_is("not-taken", after.errors - before.errors, 17);
	GREW(after, before, laundry_count, 0);
	GREW(after, before, pageouts, 0);
	tap_is("still-dirty", after.dirty_count, before.dirty_count + 1);
}

static void destroy(uint32_t number)
{
	struct mach_pager_destroy d = { .size = sizeof(d), .object = number };

	CHECK_IS(vm_ioctl(s.p.fd, MACH_PAGER_DESTROY, &d), 0);
}

/* Who has gone has still done what it did. */
static void test_gone(void)
{
	struct mach_vm_statistics before, after;
	struct mach_pager_supply sup = { .size = sizeof(sup) };
	struct test_object o;

	open_quiet();
	before = statistics();
	object_create(&s.p, &o, 64 * PAGE, 0, 0);
	sup.object = o.number;
	sup.part = part_pattern(0, 8 * PAGE, 1);
	CHECK_IS(vm_ioctl(s.p.fd, MACH_PAGER_SUPPLY, &sup), 0);
	after = statistics();
	GREW(after, before, objects, 1);
	tap_is("resident", resident(&after) - resident(&before), 8);
	destroy(o.number);
	close(o.fd);
	CHECK_WAIT((after = statistics(), after.objects == before.objects &&
		    adds_up(&after)), WAIT_MS, "%llu objects", after.objects);
	GREW(after, before, pageins, 8);
	tap_is("resident-gone", resident(&after) - resident(&before), 0);
}

static long do_vmsplice(const uint64_t *arg)
{
	struct iovec iov = { (void *)(uintptr_t)arg[1], PAGE };

	return RESULT(vmsplice(arg[0], &iov, 1, 0));
}

/* A page that its object gave up while somebody held it */
static void test_aside(void)
{
	struct mach_vm_statistics vm;
	int ends[2];

	CHECK(!pipe(ends), "pipe: %m");
	open_quiet();
	scene_resident(&s, 0, CLUSTER, 1);
	CHECK_IS(actor_do(&s.a, do_vmsplice, ends[1], s.map), PAGE);
	CHECK_IS(statistics().aside_count, 0);
	destroy(s.o.number);
	CHECK_IS(actor_do(&s.a, do_unmap, s.map, MIB), 0);
	CHECK_IS(actor_do(&s.a, do_close, s.o.fd), 0);
	close(s.o.fd);
	s.o.fd = vm_open();
	CHECK_WAIT((vm = statistics(), vm.aside_count == 1), WAIT_MS,
		   "%llu aside, %llu objects", vm.aside_count, vm.objects);
	CHECK_WAIT((vm = statistics(), adds_up(&vm)), WAIT_MS,
		   "the numbers do not add up");
	CHECK_IS(RESULT(read(ends[0], s.buf, PAGE)), PAGE);
	CHECK(pattern_is(s.buf, 0, PAGE, 1), "the page has changed");
	CHECK_WAIT(!statistics().aside_count, 2 * WAIT_MS,
		   "aside though nobody holds it");
}

/* More pages than there is room for; those that are in use stay for longer. */
static void test_evictions(void)
{
	struct mach_vm_statistics before, after;
	struct serve *v;
	uint8_t *map, byte;

	pool_limit(POOL_MIB);
	open_quiet();
	before = statistics();
	v = pool_object(LARGE, 1);
	map = pool_start(v);
	for (uint64_t i = 0; i < LARGE_PAGES; i++) {
		pool_verify(map, 1, i, 1, 0);
		CHECK_IS(RESULT(pread(v->fd, &byte, 1, 0)), 1);
	}
	after = statistics();
	tap_is("limit", after.limit_count, POOL_PAGES);
	tap_sub("within-limit", after.chunks * after.chunk_count <= POOL_PAGES,
		"%llu chunks", after.chunks);
	tap_sub("pageins", after.pageins - before.pageins >= LARGE_PAGES,
		"%llu of %llu", after.pageins - before.pageins, LARGE_PAGES);
	/* What came and is not there went; nothing else takes pages away here. */
	tap_is("evictions", after.evictions - before.evictions,
	       after.pageins - before.pageins -
	       (resident(&after) - resident(&before)));
	tap_sub("evicted-most", after.evictions - before.evictions >=
		LARGE_PAGES - POOL_PAGES, "%llu", after.evictions);
	tap_sub("reactivations", after.reactivations > before.reactivations,
		"a page that was always in use never came back");
	GREW(after, before, pageouts, 0);
	GREW(after, before, errors, 0);
	munmap(map, LARGE);
	serve_stop(v);
}

static void test_segments(void)
{
	struct mach_vm_segment seg[ENTRIES];
	struct mach_vm_statistics vm;
	uint64_t chunks = 0, next = 0, free = 0;
	unsigned int n;

	open_quiet();
	scene_resident(&s, 0, CLUSTER, 1);
	n = segments(seg);
	for (unsigned int i = 0; i < n; i++) {
		uint64_t blocks = 0, big = 0, largest = 0;

		for (unsigned int order = 0; order < MACH_VM_ORDERS; order++) {
			uint64_t pages = seg[i].free_blocks[order] << order;

			blocks += pages;
			big += order >= BIG_ORDER ? pages : 0;
			largest = pages ? PAGE << order : largest;
		}
		CHECK(seg[i].start == next && seg[i].end > next,
		      "segment %u is 0x%llx to 0x%llx", i, seg[i].start,
		      seg[i].end);
		next = seg[i].end + 1;
		CHECK_IS(blocks, seg[i].free_count);
		CHECK_IS(seg[i].largest_free, largest);
		CHECK_IS(seg[i].fragmentation, blocks ?
			 (blocks - big) * 1000 / blocks : 0);
		CHECK_IS(seg[i].page_count, seg[i].chunks * 1024);
		CHECK(seg[i].free_count <= seg[i].page_count,
		      "%llu of %llu free", seg[i].free_count,
		      seg[i].page_count);
		chunks += seg[i].chunks;
		free += seg[i].free_count;
	}
	CHECK(!next, "the last segment ends at 0x%llx", (unsigned long long)next);
	vm = statistics();
	tap_is("chunks", chunks, vm.chunks);
	tap_is("free", free, vm.free_count - vm.cached_count);
}

static const struct mach_vm_cache *cache_named(const struct mach_vm_cache *cache,
					       unsigned int n, const char *name)
{
	for (unsigned int i = 0; i < n; i++)
		if (!strcmp(cache[i].name, name))
			return &cache[i];
	tap_fail("no cache %s", name);
}

static void check_cache(const struct mach_vm_cache *c)
{
	CHECK(c->name[0] && memchr(c->name, 0, sizeof(c->name)),
	      "a cache without a name");
	CHECK(c->object_size && c->stride >= c->object_size &&
	      (uint64_t)c->stride * c->per_slab <= c->slab_size,
	      "%s: %u bytes, stride %u, %u in %u", c->name, c->object_size,
	      c->stride, c->per_slab, c->slab_size);
	CHECK(c->slab_size >= PAGE && !(c->slab_size & (c->slab_size - 1)),
	      "%s: slabs of %u bytes", c->name, c->slab_size);
	CHECK(c->empty_slabs <= c->slabs, "%s: %llu slabs, %llu empty",
	      c->name, c->slabs, c->empty_slabs);
	CHECK(c->active + c->cached <=
	      (c->slabs - c->empty_slabs) * c->per_slab,
	      "%s: %llu active, %llu cached, %llu slabs, %llu of them empty",
	      c->name, c->active, c->cached, c->slabs, c->empty_slabs);
	CHECK_IS(c->misuses, 0);
}

static void test_caches(void)
{
	struct mach_vm_cache cache[ENTRIES];
	struct test_object more[100];
	uint64_t wired = 0, objects;
	unsigned int n;

	open_quiet();
	n = caches(cache);
	for (unsigned int i = 0; i < n; i++) {
		check_cache(&cache[i]);
		wired += cache[i].slabs * cache[i].slab_size / PAGE;
	}
	tap_is("wired", wired, statistics().wire_count);
	objects = cache_named(cache, n, "object")->active;
	tap_is("objects", objects, 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(more); i++)
		object_create(&s.p, &more[i], PAGE, 0, 0);
	n = caches(cache);
	objects = cache_named(cache, n, "object")->active;
	tap_is("more-objects", objects, 1 + ARRAY_SIZE(more));
	for (unsigned int i = 0; i < ARRAY_SIZE(more); i++) {
		destroy(more[i].number);
		close(more[i].fd);
	}
	CHECK_WAIT((n = caches(cache),
		    cache_named(cache, n, "object")->active == 1), WAIT_MS,
		   "objects in use that nobody has");
}

/* Two entries are the same one: their sizes, and the words that never change. */
static bool same_entry(const uint8_t *a, const uint8_t *b)
{
	return !memcmp(a, b, sizeof(uint32_t)) && !memcmp(a + 8, b + 8, 16);
}

/* An array in parts: what is written, and what never is. */
static void check_array(unsigned long call, uint32_t size)
{
	static _Alignas(8) uint8_t all[ENTRIES * 512], some[ENTRIES * 512];
	long n;

	n = array(call, all, size, ENTRIES);
	CHECK(n > 0, "%s", tap_result(n));
	tap_is("count-only", array(call, NULL, size, 0), n);
	tap_is("nothing-mapped", array(call, (void *)8, size, 0), n);

	memset(some, CANARY, sizeof(some));
	tap_is("one", array(call, some, size, 1), n);
	tap_sub("one-first", same_entry(some, all), "another entry");
	tap_is("one-size", *(uint32_t *)some, size);
	tap_is("one-rest", some[size], CANARY);

	memset(some, CANARY, sizeof(some));
	tap_is("larger", array(call, some, size + 24, ENTRIES), n);
	for (long i = 0; i < n; i++)
		CHECK(zeros(some + i * (size + 24) + size, 24),
		      "what the kernel does not know is not zero");
	tap_is("larger-rest", some[n * (size + 24)], CANARY);
	for (long i = 0; i < n; i++)
		CHECK(same_entry(some + i * (size + 24), all + i * size),
		      "entry %ld is not where it should be", i);
}

static void test_array_segments(void)
{
	open_quiet();
	check_array(MACH_VM_SEGMENTS, sizeof(struct mach_vm_segment));
}

static void test_array_caches(void)
{
	open_quiet();
	check_array(MACH_VM_CACHES, sizeof(struct mach_vm_cache));
}

/* The array ends where memory does. */
static void check_edge(unsigned long call, uint32_t size)
{
	uint8_t *page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(page != MAP_FAILED && !munmap(page + PAGE, PAGE), "mmap: %m");
	tap_sub("inside", array(call, page + PAGE - size, size, 1) > 0,
		"not written");
	tap_is("across", array(call, page + PAGE - size + 4, size, 1),
	       -EFAULT);
	tap_is("zeros-across", array(call, page + PAGE - size, size + 8, 1),
	       -EFAULT);
	munmap(page, PAGE);
}

static void test_edge_segments(void)
{
	open_quiet();
	check_edge(MACH_VM_SEGMENTS, sizeof(struct mach_vm_segment));
}

static void test_edge_caches(void)
{
	open_quiet();
	check_edge(MACH_VM_CACHES, sizeof(struct mach_vm_cache));
}

/* The text of a debugfs file, until the next call */
static const char *debug_text(const char *name)
{
	static _Thread_local char text[64 * KIB];
	char path[80];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), DEBUG_DIR "/machvm/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0, "%s: %m", path);
	n = read(fd, text, sizeof(text) - 1);
	CHECK(n > 0, "%s: %s", path, n ? strerror(errno) : "nothing");
	text[n] = 0;
	close(fd);
	return text;
}

static uint64_t debug_number(const char *name)
{
	const char *line = debug_text("statistics");
	size_t length = strlen(name);

	while (line && (strncmp(line, name, length) || line[length] != ' '))
		line = (line = strchr(line, '\n')) ? line + 1 : NULL;
	CHECK(line, "no line %s", name);
	return strtoull(line + length, NULL, 10);
}

static unsigned int lines(const char *text)
{
	unsigned int n = 0;

	while ((text = strchr(text, '\n'))) {
		text++;
		n++;
	}
	return n;
}

static void open_debugfs(void)
{
	if (access(DEBUG_DIR "/machvm", F_OK))
		mount("debugfs", DEBUG_DIR, "debugfs", 0, NULL);
}

static void test_debugfs(void)
{
	struct mach_vm_cache cache[ENTRIES];
	struct mach_vm_segment seg[ENTRIES];
	struct mach_vm_statistics vm;
	unsigned long long size;
	char name[80];
	const char *text;

	open_debugfs();
	open_quiet();
	CHECK_IS(object_publish(&s.p, &s.o, "in-debugfs", 0), 0);
	scene_resident(&s, 0, CLUSTER, 1);
	vm = statistics();
	tap_is("pageins", debug_number("pageins"), vm.pageins);
	tap_is("chunks_taken", debug_number("chunks_taken"), vm.chunks_taken);
	tap_is("objects", debug_number("objects"), 1);
	/* with zeros_ahead, which is here alone */
	tap_is("lines", lines(debug_text("statistics")),
	       (sizeof(vm) - sizeof(vm.size) - sizeof(vm.page_size)) / 8 + 2);
	CHECK(strstr(debug_text("statistics"), "\nzeros_ahead "),
	      "zeros_ahead is not shown");
	tap_is("segments", lines(debug_text("segments")), 1 + segments(seg));
	tap_is("caches", lines(debug_text("caches")), 1 + caches(cache));
	text = debug_text("objects");
	tap_is("object-lines", lines(text), 2);
	text = strchr(text, '\n') + 1;
	CHECK(sscanf(text, "%79s %*s %*s %llu", name, &size) == 2,
	      "not an object's line: %s", text);
	tap_sub("object-name", !strcmp(name, "in-debugfs"), "%s", name);
	tap_is("object-size", size, MIB);
}

/* Looks until told to stop: how often, or -ERANGE when a sum has shrunk. */
static long do_watch(const uint64_t *arg)
{
	struct mach_vm_statistics before, after = statistics();
	volatile const uint8_t *stop = (void *)(uintptr_t)arg[0];
	struct mach_vm_cache cache[ENTRIES];
	struct mach_vm_segment seg[ENTRIES];
	long n;

	for (n = 0; !*stop || !n; n++) {
		before = after;
		after = statistics();
		if (after.pageins < before.pageins ||
		    after.faults < before.faults ||
		    after.requests < before.requests)
			return -ERANGE;
		segments(seg);
		caches(cache);
		debug_text("objects");
	}
	return n;
}

/* Objects come and go under the eyes of who counts them. */
static void test_meanwhile(void)
{
	struct mach_vm_statistics before, after;
	uint8_t *stop = shared_alloc(PAGE);
	struct test_object o;

	open_debugfs();
	open_quiet();
	before = statistics();
	actor_begin(&s.a, 0, do_watch, (uintptr_t)stop);
	actor_begin(&s.a, 1, do_watch, (uintptr_t)stop);
	for (unsigned int i = 0; i < 300; i++) {
		struct mach_pager_supply sup = { .size = sizeof(sup) };

		object_create(&s.p, &o, 64 * PAGE, 0, 0);
		sup.object = o.number;
		sup.part = part_zero(0, 3 * PAGE);
		CHECK_IS(vm_ioctl(s.p.fd, MACH_PAGER_SUPPLY, &sup), 0);
		destroy(o.number);
		close(o.fd);
	}
	*stop = 1;
	for (unsigned int thread = 0; thread < 2; thread++) {
		long looks = actor_end(&s.a, thread);

		CHECK(looks > 0, "%s looks", tap_result(looks));
	}
	CHECK_WAIT((after = statistics(), after.objects == 1 &&
		    adds_up(&after)), WAIT_MS, "%llu objects", after.objects);
	GREW(after, before, pageins, 900);
	GREW(after, before, zero_fill_count, 900);
	tap_is("resident", resident(&after) - resident(&before), 0);
}

static const struct tap_test tests[] = {
	{ .name = "plausible", .run = test_plausible },
	{ .name = "supply", .run = test_supply },
	{ .name = "fault", .run = test_fault },
	{ .name = "faults", .run = test_faults },
	{ .name = "return", .run = test_return },
	{ .name = "errors", .run = test_errors },
	{ .name = "gone", .run = test_gone },
	{ .name = "aside", .run = test_aside, .seconds = 60 },
	{ .name = "evictions", .run = test_evictions, .seconds = 120 },
	{ .name = "segments", .run = test_segments },
	{ .name = "caches", .run = test_caches },
	{ .name = "array-segments", .run = test_array_segments },
	{ .name = "array-caches", .run = test_array_caches },
	{ .name = "edge-segments", .run = test_edge_segments },
	{ .name = "edge-caches", .run = test_edge_caches },
	{ .name = "debugfs", .run = test_debugfs },
	{ .name = "meanwhile", .run = test_meanwhile, .seconds = 60 },
};

int main(int argc, char **argv)
{
	return pool_main(argc, argv, tests, ARRAY_SIZE(tests));
}
