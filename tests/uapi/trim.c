// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the module does not need goes back to Linux: when nobody has used it for
 * some time, and at once when Linux is short or the limit is cut. What somebody
 * holds stays.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "pool.h"

#define SIZE		(3 * POOL_MIB * MIB)	/* three chunks */
#define PERIOD		4500	/* ms; what was idle for longer goes anyway */
#define PAUSE		200	/* ms; what has just shrunk does not grow yet */
#define ROUNDS		8
#define HELD		3

static struct scene s;

static struct mach_vm_statistics statistics(void)
{
	struct mach_vm_statistics vm = { .size = sizeof(vm) };

	CHECK_IS(vm_ioctl(s.p.fd, MACH_VM_STATISTICS, &vm), 0);
	return vm;
}

static void fill(void)
{
	struct mach_pager_supply sup = {
		.size = sizeof(sup), .object = s.o.number,
		.part = part_zero(0, MIB),
	};
	unsigned long long resident, refused = statistics().chunks_refused;

	tap_pause_ms(PAUSE);
	for (; sup.part.offset < SIZE; sup.part.offset += MIB) {
		sup.supplied = 0;
		CHECK_IS(vm_ioctl(s.p.fd, MACH_PAGER_SUPPLY, &sup), 0);
	}
	resident = object_info(s.o.fd).resident;
	CHECK(resident == SIZE / PAGE,
	      "%llu pages stay, Linux has refused %llu chunks", resident,
	      statistics().chunks_refused - refused);
}

static void empty(void)
{
	struct mach_pager_lock l = {
		.size = sizeof(l), .object = s.o.number,
		.flags = MACH_LOCK_FLUSH,
	};

	CHECK_IS(vm_ioctl(s.p.fd, MACH_PAGER_LOCK_REQUEST, &l), 0);
	CHECK_WAIT(!object_info(s.o.fd).resident, WAIT_MS, "pages stay");
}

static void cut_limit(void)
{
	pool_limit(POOL_MIB);
}

/* Chunks that go back within @ms of having become idle and @deed */
static unsigned int go_back(void (*deed)(void), long ms)
{
	uint64_t before, gone;
	long start;

	fill();
	start = tap_now_ms();
	before = statistics().chunks_returned;
	empty();
	if (deed)
		deed();
	do {
		gone = statistics().chunks_returned - before;
	} while (gone < 2 && tap_now_ms() - start < ms);
	return gone;
}

/* Not by themselves: for that it is too early. */
static void check_at_once(void (*deed)(void))
{
	unsigned long limit = pool_max();
	long start;

	scene_open(&s, NULL, SIZE, CLUSTER, 1);
	for (int round = 0; round < ROUNDS; round++) {
		unsigned int gone;

		start = tap_now_ms();
		gone = go_back(deed, PERIOD);
		pool_limit(limit);
		if (tap_now_ms() - start < PERIOD) {
			CHECK(gone >= 2, "only %u chunks went back", gone);
			return;
		}
	}
	tap_fail("no chunk went back at once in %d rounds", ROUNDS);
}

static void test_shrinker(void)
{
	check_at_once(pool_shrink);
}

static void test_cut(void)
{
	check_at_once(cut_limit);
}

static void test_idle(void)
{
	scene_open(&s, NULL, SIZE, CLUSTER, 1);
	CHECK(go_back(NULL, 30000 * tap_slow()) >= 2,
	      "idle chunks are kept");
}

/* A pipe has a page of each chunk's worth, and nobody else any page. */
static void hold(int pipe_end)
{
	struct mach_pager_destroy d = {
		.size = sizeof(d), .object = s.o.number,
	};
	uint8_t *map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			    s.o.fd, 0);

	CHECK(map != MAP_FAILED, "mmap: %m");
	for (unsigned int i = 0; i < HELD; i++) {
		struct iovec iov = { map + (2 * i + 1) * SIZE / 6, PAGE };

		stamp_page(iov.iov_base, 1, i, 0);
		CHECK_IS(RESULT(vmsplice(pipe_end, &iov, 1, 0)), PAGE);
	}
	CHECK_IS(vm_ioctl(s.p.fd, MACH_PAGER_DESTROY, &d), 0);
	munmap(map, SIZE);
	CHECK_IS(actor_do(&s.a, do_unmap, s.map, SIZE), 0);
	CHECK_IS(actor_do(&s.a, do_close, s.o.fd), 0);
	close(s.o.fd);
}

/* Their chunks cannot go, however short Linux is, before they are let go. */
static void test_held(void)
{
	struct mach_vm_statistics vm;
	uint8_t page[PAGE];
	int ends[2];

	CHECK(!pipe(ends), "pipe: %m");
	scene_open(&s, NULL, SIZE, CLUSTER, 1);
	fill();
	hold(ends[1]);
	CHECK_WAIT((vm = statistics(), vm.aside_count == HELD), WAIT_MS,
		   "%llu pages aside, %llu objects", vm.aside_count,
		   vm.objects);
	pool_shrink();
	vm = statistics();
	CHECK(vm.aside_count == HELD && vm.chunks >= HELD,
	      "%llu pages aside, %llu chunks", vm.aside_count, vm.chunks);
	for (unsigned int i = 0; i < HELD; i++) {
		CHECK_IS(RESULT(read(ends[0], page, PAGE)), PAGE);
		CHECK(stamp_is(page, 1, i, 0, 0),
		      "a page that was held has changed");
	}
	pool_shrink();
	vm = statistics();
	CHECK(!vm.aside_count, "%llu pages aside that nobody holds",
	      vm.aside_count);
}

static const struct tap_test tests[] = {
	{ .name = "shrinker", .run = test_shrinker, .seconds = 60 },
	{ .name = "cut", .run = test_cut, .seconds = 60 },
	{ .name = "idle", .run = test_idle, .seconds = 60 },
	{ .name = "held", .run = test_held },
};

int main(int argc, char **argv)
{
	return pool_main(argc, argv, tests, ARRAY_SIZE(tests));
}
