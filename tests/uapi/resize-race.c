// SPDX-License-Identifier: GPL-2.0-only
/* An object that is cut and grows while everything else is done to it. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "place.h"
#include "serve.h"
#include "tap.h"

#define MOST	(32 * PAGE)
#define LEAST	(8 * PAGE)	/* what lies below is never cut */
#define CLUSTER	(4 * PAGE)
#define WORKERS	4
#define BRIEFLY	tap_storm_ms(700)	/* ms that a race goes on */
#define ENOUGH	20			/* sizes, at least */

static struct serve *v;
static struct actor workers;
static volatile bool *stop;
static long map;

static void race_open(uint32_t harass)
{
	stop = shared_alloc(PAGE);
	v = serve_resizable(MOST, MOST, CLUSTER, 1);
	v->harass = harass;
	serve_start(v);
	actor_start(&workers, WORKERS);
	map = actor_do(&workers, do_map, v->fd, MOST, PROT_READ | PROT_WRITE,
		       MAP_SHARED, 0);
	CHECK(map > 0, "mmap: %s", tap_result(map));
}

static uint64_t some_size(void)
{
	uint64_t size = LEAST + rand() % (MOST - LEAST + 1);

	return rand() % 2 ? size : size / PAGE * PAGE;
}

/* All workers do it while sizes come and go. */
static void race_run(actor_fn fn)
{
	long end = tap_now_ms() + BRIEFLY;
	unsigned int sizes = 0;

	for (int i = 0; i < WORKERS; i++)
		actor_begin(&workers, i, fn, map, i + 1, v->fd);
	for (; tap_now_ms() < end || sizes < ENOUGH; sizes++)
		CHECK_IS(RESULT(ftruncate(v->fd, some_size())), 0);
	*stop = true;
	for (int i = 0; i < WORKERS; i++)
		CHECK_IS(actor_end(&workers, i), 0);
	tap_note("%u sizes", sizes);
}

/* All that the object holds is what is stored; nothing was lost on the way. */
static void race_close(void)
{
	static uint8_t all[MOST];
	uint64_t size = v->size;
	struct stat st;

	v->harass = 0;
	CHECK_IS(RESULT(fsync(v->fd)), 0);
	CHECK_IS(RESULT(fstat(v->fd, &st)), 0);
	CHECK_IS(st.st_size, size);
	CHECK_IS(RESULT(pread(v->fd, all, MOST, 0)), size);
	for (uint64_t i = 0; i < size; i++)
		CHECK(all[i] == v->store[i],
		      "byte 0x%llx of 0x%llx is %02x, stored is %02x",
		      (unsigned long long)i, (unsigned long long)size, all[i],
		      v->store[i]);
	CHECK_IS(object_info(v->fd).dirty, 0);
	actor_stop(&workers);
	serve_stop(v);
}

/* Bytes as they were at first or, where they may have been cut, zeros */
static bool plausible(const uint8_t *bytes, uint64_t at, size_t length)
{
	uint8_t first[64];

	pattern_fill(first, at, length, 1);
	for (size_t i = 0; i < length; i++)
		if (bytes[i] != first[i] && (bytes[i] || at + i < LEAST))
			return false;
	return true;
}

static uint64_t some_place(unsigned int *seed, size_t length)
{
	return rand_r(seed) % (MOST - length);
}

/* Read through the mapping without a signal: 0, or -EFAULT where nothing is. */
static long peek(const int *ends, uint64_t from, uint8_t *to, size_t length)
{
	long n = RESULT(write(ends[1], (void *)(uintptr_t)from, length));

	if (n > 0 && RESULT(read(ends[0], to, n)) != n)
		return -EIO;
	return n == (long)length ? 0 : -EFAULT;
}

static long poke(const int *ends, uint64_t to, const void *from, size_t length)
{
	uint8_t rest[64];
	long n = RESULT(write(ends[1], from, length));

	if (n != (long)length)
		return -EIO;
	n = RESULT(read(ends[0], (void *)(uintptr_t)to, length));
	if (n == (long)length)
		return 0;
	/* the pipe is for the next one */
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	while (read(ends[0], rest, sizeof(rest)) > 0)
		;
	fcntl(ends[0], F_SETFL, 0);
	return -EFAULT;
}

static long load_on(const uint64_t *arg)
{
	unsigned int seed = arg[1];
	uint8_t bytes[64];
	int ends[2];

	if (pipe(ends))
		return -errno;
	while (!*stop) {
		uint64_t at = some_place(&seed, sizeof(bytes));
		long err = peek(ends, arg[0] + at, bytes, sizeof(bytes));

		if (err && (at + sizeof(bytes) <= LEAST || err != -EFAULT))
			return err;
		if (!err && !plausible(bytes, at, sizeof(bytes)))
			return at + 1;
	}
	return 0;
}

static void test_fault(void)
{
	race_open(0);
	race_run(load_on);
	race_close();
}

/* Pages go also because the pager has them flushed. */
static void test_flush(void)
{
	race_open(MACH_LOCK_FLUSH);
	race_run(load_on);
	race_close();
}

static long read_on(const uint64_t *arg)
{
	unsigned int seed = arg[1];
	uint8_t bytes[64];

	while (!*stop) {
		uint64_t at = some_place(&seed, sizeof(bytes));
		long n = RESULT(pread(arg[2], bytes, sizeof(bytes), at));

		if (n < 0 || (n < 64 && at + 64 <= LEAST))
			return n < 0 ? n : -EIO;
		if (!plausible(bytes, at, n))
			return at + 1;
	}
	return 0;
}

static void test_read(void)
{
	race_open(0);
	race_run(read_on);
	race_close();
}

/* Counts in words of its own, below what is cut: no count may ever go back. */
static long count_on(volatile uint64_t *words, unsigned int *seed,
		     unsigned int me, uint64_t *count)
{
	uint64_t page = rand_r(seed) % (LEAST / PAGE);
	volatile uint64_t *word = words + page * PAGE / 8 + me;

	/* the first time there is the pattern */
	if (count[page] && *word != count[page])
		return page + 1;
	*word = ++count[page];
	return 0;
}

static long store_on(const uint64_t *arg)
{
	volatile uint64_t *words = (uint64_t *)(uintptr_t)arg[0];
	uint64_t count[LEAST / PAGE] = { 0 }, zero = 0;
	unsigned int seed = arg[1];
	int ends[2];
	long err;

	if (pipe(ends))
		return -errno;
	while (!*stop) {
		err = count_on(words, &seed, arg[1], count);
		if (err)
			return err;
		err = poke(ends, arg[0] + LEAST + some_place(&seed, 8) / 2,
			   &zero, sizeof(zero));
		if (err && err != -EFAULT)
			return err;
	}
	return 0;
}

static long write_on(const uint64_t *arg)
{
	volatile uint64_t *words = (uint64_t *)(uintptr_t)arg[0];
	uint64_t count[LEAST / PAGE] = { 0 };
	unsigned int seed = arg[1];
	uint8_t bytes[64];
	long n;

	while (!*stop) {
		uint64_t at = LEAST + some_place(&seed, sizeof(bytes)) / 2;

		n = count_on(words, &seed, arg[1], count);
		if (n)
			return n;
		memset(bytes, arg[1], sizeof(bytes));
		n = RESULT(pwrite(arg[2], bytes, sizeof(bytes), at));
		if (n != sizeof(bytes))
			return n;
	}
	return 0;
}

/* Stores through the mapping, of which those beyond the end are refused. */
static void test_store(void)
{
	race_open(MACH_LOCK_CLEAN);
	race_run(store_on);
	race_close();
}

static void test_store_flush(void)
{
	race_open(MACH_LOCK_CLEAN | MACH_LOCK_FLUSH);
	race_run(store_on);
	race_close();
}

/* Writes make it grow again when they are beyond the end. */
static void test_write(void)
{
	race_open(MACH_LOCK_CLEAN | MACH_LOCK_FLUSH);
	race_run(write_on);
	race_close();
}

static long sync_on(const uint64_t *arg)
{
	unsigned int seed = arg[1];
	uint8_t byte = arg[1];
	int ends[2];
	long err = pipe(ends);

	while (!*stop && !err) {
		err = poke(ends, arg[0] + some_place(&seed, 1), &byte, 1);
		if (!err || err == -EFAULT)
			err = arg[1] % 2 ? RESULT(fsync(arg[2])) :
			      RESULT(msync((void *)(uintptr_t)arg[0], MOST,
					   MS_SYNC));
	}
	return err;
}

static void test_return(void)
{
	race_open(0);
	race_run(sync_on);
	race_close();
}

/* Whole lines, in whatever order, however often the object was emptied. */
#define LINE	64

static long append_on(const uint64_t *arg)
{
	int fd = open(fd_path(arg[2]), O_WRONLY | O_APPEND | O_CLOEXEC);
	char line[LINE];
	long n = LINE;

	memset(line, 'a' + arg[1], LINE);
	while (!*stop && n == LINE) {
		n = RESULT(write(fd, line, LINE));
		if (n == -ENOSPC)
			n = LINE;
	}
	close(fd);
	return n == LINE ? 0 : n;
}

static void check_lines(void)
{
	CHECK_IS(v->size % LINE, 0);
	for (uint64_t at = 0; at < v->size; at += LINE)
		for (unsigned int i = 0; i < LINE; i++)
			CHECK(v->store[at] > 'a' &&
			      v->store[at] <= 'a' + WORKERS &&
			      v->store[at + i] == v->store[at],
			      "byte %u of the line at 0x%llx is %02x", i,
			      (unsigned long long)at, v->store[at + i]);
}

static void test_append(void)
{
	long end = tap_now_ms() + BRIEFLY;
	unsigned int sizes = 0;

	race_open(0);
	CHECK_IS(RESULT(ftruncate(v->fd, 0)), 0);
	for (int i = 0; i < WORKERS; i++)
		actor_begin(&workers, i, append_on, map, i + 1, v->fd);
	for (; tap_now_ms() < end || sizes < ENOUGH; sizes++) {
		tap_pause_ms(rand() % 5);
		CHECK_IS(RESULT(ftruncate(v->fd, 0)), 0);
	}
	tap_pause_ms(20);
	*stop = true;
	for (int i = 0; i < WORKERS; i++)
		CHECK_IS(actor_end(&workers, i), 0);
	CHECK_IS(RESULT(fsync(v->fd)), 0);
	check_lines();
	race_close();
}

/* The pager dies in the middle of it. */
static long cut_on(const uint64_t *arg)
{
	unsigned int seed = arg[1];
	uint8_t byte;
	int ends[2];
	long err = pipe(ends);

	while (!err) {
		err = RESULT(ftruncate(arg[2], some_place(&seed, 1)));
		peek(ends, arg[0] + some_place(&seed, 1), &byte, 1);
	}
	return err;
}

static void test_death(void)
{
	for (unsigned int round = 0; round < 6; round++) {
		race_open(0);
		for (int i = 0; i < WORKERS; i++)
			actor_begin(&workers, i, cut_on, map, i + 1, v->fd);
		CHECK_WAIT(v->sizes > 3 * round, WAIT_MS, "no sizes");
		serve_kill(v);
		for (int i = 0; i < WORKERS; i++)
			CHECK_IS(actor_end(&workers, i), -EIO);
		actor_stop(&workers);
		close(v->fd);
	}
}

/* The pager cuts, supplies, cleans and flushes by threads, and clients cut, too. */
static struct scene s;
static volatile bool over;

static void *resize_on(void *unused)
{
	(void)unused;
	while (!over)
		CHECK_IS(object_resize(&s.p, &s.o, some_size() - LEAST), 0);
	return NULL;
}

static void *supply_on(void *unused)
{
	struct mach_pager_supply supply = {
		.size = sizeof(supply), .object = s.o.number,
	};
	static uint8_t page[PAGE];

	(void)unused;
	while (!over) {
		long err;

		supply.part = part_copy(rand() % (MOST / PAGE) * PAGE, PAGE,
					page);
		err = vm_ioctl(s.p.fd, MACH_PAGER_SUPPLY, &supply);
		CHECK(!err || err == -EEXIST || err == -EINVAL,
		      "a supply is %s", tap_result(err));
	}
	return NULL;
}

static void *lock_on(void *unused)
{
	(void)unused;
	while (!over) {
		struct mach_pager_lock lock = {
			.size = sizeof(lock),
			.flags = MACH_LOCK_CLEAN |
				 (rand() % 2 ? MACH_LOCK_FLUSH : 0),
			.object = s.o.number,
			.offset = rand() % (MOST / PAGE) * PAGE,
		};
		long err = vm_ioctl(s.p.fd, MACH_PAGER_LOCK_REQUEST, &lock);

		CHECK(!err || err == -EAGAIN, "a lock request is %s",
		      tap_result(err));
	}
	return NULL;
}

static long cut_and_touch(const uint64_t *arg)
{
	unsigned int seed = arg[1];
	uint8_t byte = 0;
	int ends[2];
	long err = pipe(ends);

	while (!*stop && !err) {
		uint64_t place = some_place(&seed, 1);

		if (rand_r(&seed) % 4 == 0)
			err = RESULT(ftruncate(arg[2], place));
		peek(ends, arg[0] + place, &byte, 1);
		poke(ends, arg[0] + place, &byte, 1);
	}
	return err;
}

static void answer_one(struct test_request *r)
{
	if (r->m.operation == MACH_OP_DATA_REQUEST)
		pager_reply_one(&s.p, r, part_zero(r->m.offset, r->m.length));
	else if (r->m.operation == MACH_OP_DATA_RETURN)
		pager_reply_one(&s.p, r, part_done(r->m.offset, r->m.length));
	else
		pager_reply_one(&s.p, r, part_done(0, PAGE));
}

static bool some_wait(void)
{
	for (int i = 0; i < WORKERS; i++)
		if (actor_waits(&s.a, i, 0))
			return true;
	return false;
}

static void serve_all(long until)
{
	struct test_request r;

	while (tap_now_ms() < until || (*stop && some_wait()))
		if (!pager_next(&s.p, &r, 5))
			answer_one(&r);
}

static void pager_threads(pthread_t *threads, bool begin)
{
	static void *(*const run[])(void *) = {
		resize_on, supply_on, lock_on,
	};

	for (size_t i = 0; i < ARRAY_SIZE(run); i++)
		CHECK(!(begin ? pthread_create(&threads[i], NULL, run[i], NULL) :
			pthread_join(threads[i], NULL)), "a thread: %m");
}

static void test_pager(void)
{
	struct pager_setup setup = { .transport = BY_IOCTL, .depth = 64 };
	struct mach_object_info info;
	pthread_t threads[3];

	stop = shared_alloc(PAGE);
	scene_open_resizable(&s, &setup, LEAST, MOST, CLUSTER, WORKERS);
	for (int i = 0; i < WORKERS; i++)
		actor_begin(&s.a, i, cut_and_touch, s.map, i + 1, s.o.fd);
	pager_threads(threads, true);
	serve_all(tap_now_ms() + BRIEFLY);
	*stop = true;
	serve_all(0);
	over = true;
	pager_threads(threads, false);
	serve_all(tap_now_ms() + 100);
	for (int i = 0; i < WORKERS; i++)
		CHECK_IS(actor_end(&s.a, i), 0);
	CHECK_IS(object_resize(&s.p, &s.o, 0), 0);
	info = object_info(s.o.fd);
	tap_is("resident", info.resident, 0);
	tap_is("dirty", info.dirty, 0);
	tap_is("busy", info.busy, 0);
	tap_is("size", info.object_size, 0);
}

#define BOTH(n, fn)							\
	{ .name = n "-ring", .run = fn, BY_RING, 120 },			\
	{ .name = n "-ioctl", .run = fn, BY_IOCTL, 120 }

static const struct tap_test tests[] = {
	BOTH("fault", test_fault),
	BOTH("flush", test_flush),
	BOTH("read", test_read),
	BOTH("store", test_store),
	BOTH("store-flush", test_store_flush),
	BOTH("write", test_write),
	BOTH("return", test_return),
	BOTH("append", test_append),
	BOTH("death", test_death),
	{ .name = "pager", .run = test_pager, BY_IOCTL, 120 },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
