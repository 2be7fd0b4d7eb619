// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that use a task's memory while others change what may be done with it:
 * a change has taken effect on all of them when its call returns.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pool.h"
#include "task.h"
#include "tap.h"

#define RW		(MACH_PROT_READ | MACH_PROT_WRITE)
#define RX		(MACH_PROT_READ | MACH_PROT_EXECUTE)
#define PAGES		64
#define THREADS		4
#define STORM_MS	1000

static struct test_task t;
static char *at;

/* Accesses of any thread */

static __thread sigjmp_buf back;

static void caught(int signal)
{
	siglongjmp(back, signal);
}

static void catch_faults(void)
{
	struct sigaction action = {
		.sa_handler = caught, .sa_flags = SA_NODEFER,
	};

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
}

enum access { LOAD, STORE, EXECUTE };

/* Return: 0 or the signal */
static int use(volatile char *byte, enum access access)
{
	int signal = sigsetjmp(back, 0);

	if (signal)
		return signal;
	if (access == LOAD)
		(void)*byte;
	else if (access == STORE)
		*byte = (char)0xc3;
	else
		((void (*)(void))byte)();
	return 0;
}

/*
 * Changes are told in four phases: while it is OPEN all accesses succeed, while
 * it is CLOSED all fail, and in between either may be. An access tells something
 * if one phase lasted from before it to after it.
 */
enum { OPEN, CLOSING, CLOSED, OPENING };

static atomic_uint phase;
static atomic_bool stop;
static atomic_uint told[4];

/**
 * struct storm - What is done to the memory while it is used
 * @access: what the threads do
 * @close: has such accesses fail
 * @open: has them succeed again
 */
struct storm {
	enum access access;
	long (*close)(void);
	long (*open)(void);
};

static void use_once(const struct storm *s, unsigned int *seed)
{
	volatile char *byte = at + rand_r(seed) % PAGES * PAGE;
	unsigned int before = atomic_load(&phase);
	int signal = use(byte, s->access);

	if (atomic_load(&phase) != before)
		return;
	CHECK(before % 4 != CLOSED || signal == SIGSEGV,
	      "an access succeeded after the call that forbids it");
	CHECK(before % 4 != OPEN || !signal,
	      "an access that is allowed: signal %d", signal);
	atomic_fetch_add(&told[before % 4], 1);
}

static const struct storm *storm;

static void *user(void *arg)
{
	unsigned int seed = (uintptr_t)arg;

	while (!atomic_load(&stop))
		use_once(storm, &seed);
	return NULL;
}

/* Until threads have used it in this phase */
static void next_phase(void)
{
	unsigned int is = atomic_fetch_add(&phase, 1) + 1;
	unsigned int had = atomic_load(&told[is % 4]);
	long end = tap_now_ms() + WAIT_MS;

	while (is % 2 == 0 && atomic_load(&told[is % 4]) - had < THREADS) {
		CHECK(tap_now_ms() < end, "nobody uses the memory");
		usleep(20);
	}
}

static void blow(const struct storm *s)
{
	long end = tap_now_ms() + STORM_MS;
	pthread_t threads[THREADS];

	storm = s;
	catch_faults();
	for (uintptr_t i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, user, (void *)i),
		      "no thread");
	while (tap_now_ms() < end) {
		next_phase();
		CHECK_IS(s->close(), 0);
		next_phase();
		next_phase();
		CHECK_IS(s->open(), 0);
		next_phase();
	}
	atomic_store(&stop, true);
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	tap_note("%u times, %u accesses denied", atomic_load(&phase) / 4,
		 atomic_load(&told[CLOSED]));
}

static long read_only(void)
{
	return task_protect(&t, at, PAGES * PAGE, MACH_PROT_READ);
}

static long nothing(void)
{
	return task_protect(&t, at, PAGES * PAGE, 0);
}

static long read_write(void)
{
	return task_protect(&t, at, PAGES * PAGE, RW);
}

static long deallocate(void)
{
	return task_deallocate(&t, at, PAGES * PAGE);
}

static long allocate(void)
{
	return task_allocate_at(&t, at, PAGES * PAGE);
}

static long executable(void)
{
	return task_protect(&t, at, PAGES * PAGE, RX);
}

/* In parts, so that entries are clipped and joined all the time */
static long forbid_parts(void)
{
	long err = 0;

	for (unsigned int i = 0; i < PAGES && !err; i += 2)
		err = task_protect(&t, at + i * PAGE, PAGE, MACH_PROT_READ);
	for (unsigned int i = 1; i < PAGES && !err; i += 2)
		err = task_protect(&t, at + i * PAGE, PAGE, 0);
	return err;
}

static const struct storm storms[] = {
	{ STORE, read_only, read_write },
	{ LOAD, nothing, read_write },
	{ STORE, deallocate, allocate },
	{ STORE, forbid_parts, read_write },
	{ EXECUTE, read_only, executable },
};

static void test_storm(void)
{
	task_open(&t, 64 * MIB);
	at = task_allocate(&t, PAGES * PAGE);
	memset(at, 0xc3, PAGES * PAGE);
	if (storms[tap_variant].access == EXECUTE)
		CHECK_IS(executable(), 0);
	blow(&storms[tap_variant]);
	task_close(&t);
}

/* Memory of a pager, which drops it all the time */
static void test_flushed(void)
{
	struct serve *s = serve_new(PAGES * PAGE, 4 * PAGE, 1);

	s->setup.depth = 32;
	s->harass = MACH_LOCK_CLEAN | MACH_LOCK_FLUSH;
	serve_start(s);
	task_open(&t, 64 * MIB);
	CHECK_IS(task_map(&t, s->fd, 0, PAGES * PAGE, RW, 0, &at), 0);
	blow(&storms[tap_variant]);
	CHECK(s->requests > PAGES / 4, "nothing was flushed");
}

static void read_through(void)
{
	for (unsigned int i = 0; i < LARGE_PAGES; i++)
		CHECK_IS(use(at + i * PAGE, LOAD), 0);
}

static struct serve *larger_than_pool(void)
{
	struct serve *s = serve_new(LARGE, CLUSTER, 0);

	pool_limit(POOL_MIB);
	s->setup.depth = 32;
	serve_start(s);
	task_open(&t, 64 * MIB);
	CHECK_IS(task_map(&t, s->fd, 0, LARGE, RW, 0, &at), 0);
	catch_faults();
	return s;
}

/*
 * An object that is larger than the pool: what was written, and what was refused
 * is not, comes back from the pager.
 */

static uint32_t written[LARGE_PAGES];

static long store_word(volatile uint32_t *word, uint32_t value)
{
	int signal = sigsetjmp(back, 0);

	if (signal)
		return signal;
	*word = value;
	return 0;
}

static void *writer(void *arg)
{
	unsigned int me = (uintptr_t)arg, seed = me;

	while (!atomic_load(&stop)) {
		unsigned int i = rand_r(&seed) % (LARGE_PAGES / THREADS) *
				 THREADS + me;
		uint32_t value = written[i] + 1;
		long signal = store_word((uint32_t *)(at + i * PAGE), value);

		CHECK(!signal || signal == SIGSEGV, "signal %ld", signal);
		if (!signal)
			written[i] = value;
	}
	return NULL;
}

static void protect_at_random(unsigned int *seed)
{
	uint64_t first = rand_r(seed) % LARGE_PAGES;
	uint64_t n = 1 + rand_r(seed) % 64;

	if (n > LARGE_PAGES - first)
		n = LARGE_PAGES - first;
	CHECK_IS(task_protect(&t, at + first * PAGE, n * PAGE,
			      rand_r(seed) % 2 ? RW : MACH_PROT_READ), 0);
}

static void test_evicted(void)
{
	struct serve *s = larger_than_pool();
	long end = tap_now_ms() + 2 * STORM_MS;
	unsigned int seed = 1, wrote = 0;
	pthread_t threads[THREADS];

	memset(s->store, 0, LARGE);
	for (uintptr_t i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, writer, (void *)i),
		      "no thread");
	while (tap_now_ms() < end)
		protect_at_random(&seed);
	atomic_store(&stop, true);
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	CHECK_IS(task_msync(&t, at, LARGE, MACH_SYNC_SYNCHRONOUS), 0);
	for (unsigned int i = 0; i < LARGE_PAGES; i++) {
		CHECK(*(uint32_t *)(s->store + i * PAGE) == written[i],
		      "page %u is %u, not %u", i,
		      *(uint32_t *)(s->store + i * PAGE), written[i]);
		wrote += written[i];
	}
	CHECK(s->returns && wrote, "nothing was written");
	tap_note("%u words written, %u returns", wrote, s->returns);
}

/* Wired pages stay, however short frames are. */
static void test_wired(void)
{
	struct serve *s = larger_than_pool();
	unsigned int requests;

	CHECK_IS(task_wire(&t, at + 3 * CLUSTER, 2 * CLUSTER, RW), 0);
	read_through();
	read_through();
	requests = s->requests;
	CHECK(requests > 2 * (LARGE - POOL_MIB * MIB) / CLUSTER,
	      "%u requests: nothing was evicted", requests);
	for (unsigned int i = 0; i < 2 * CLUSTER / PAGE; i++)
		CHECK_IS(use(at + 3 * CLUSTER + i * PAGE, STORE), 0);
	CHECK(s->requests == requests, "%u wired pages were asked for again",
	      s->requests - requests);
	CHECK_IS(task_wire(&t, at + 3 * CLUSTER, 2 * CLUSTER, 0), 0);
	read_through();
	requests = s->requests;
	CHECK_IS(use(at + 3 * CLUSTER, LOAD), 0);
	CHECK(s->requests > requests, "an unwired page was not evicted");
}

/* New memory is to be had where a pager's pages can go for it. */
static void test_anonymous(void)
{
	struct serve *s = larger_than_pool();
	char *memory = t.window + 32 * MIB;

	read_through();
	for (unsigned int i = 0; i < 256; i++) {
		CHECK_IS(task_allocate_at(&t, memory + 2 * i * PAGE, PAGE), 0);
		CHECK(!use(memory + 2 * i * PAGE, STORE),
		      "no memory for region %u", i);
	}
	read_through();
	for (unsigned int i = 0; i < 256; i++)
		CHECK(memory[2 * i * PAGE] == (char)0xc3,
		      "what region %u had is lost", i);
	CHECK(s->requests > 2 * (LARGE - POOL_MIB * MIB) / CLUSTER,
	      "nothing was evicted");
}

/* Nobody can take it: so there is a bound, and who is over it is told. */
static void test_full(void)
{
	unsigned int i, n = 2 * POOL_PAGES;
	struct serve *s = larger_than_pool();
	char *memory = t.window + 32 * MIB;
	int signal = 0;

	CHECK_IS(task_allocate_at(&t, memory, n * PAGE), 0);
	for (i = 0; i < n && !signal; i++)
		signal = use(memory + i * PAGE, STORE);
	CHECK(signal == SIGBUS, "signal %d after %u pages", signal, i);
	CHECK(i > POOL_PAGES / 2, "only %u pages to be had", i);
	/* what a pager can take still has room */
	read_through();
	CHECK_IS(task_deallocate(&t, memory, n * PAGE), 0);
	CHECK_IS(task_allocate_at(&t, memory, n * PAGE), 0);
	CHECK_IS(use(memory + (n - 1) * PAGE, STORE), 0);
	CHECK(s->requests, "nothing was asked for");
}

/*
 * Two pages that are moved to another object again and again, because it is
 * larger and they touch: what is written to them stays, whichever way.
 */

#define OTHER_PAGES	8

static _Atomic uint64_t copied;

static void *counts_by_call(void *arg)
{
	uint64_t count = 0, is;

	(void)arg;
	while (!atomic_load(&stop)) {
		CHECK_IS(task_read(&t, at, sizeof(is), &is), 0);
		CHECK(is == count, "vm_read gives %llu, not %llu",
		      (unsigned long long)is, (unsigned long long)count);
		count++;
		CHECK_IS(task_write(&t, at, sizeof(count), &count), 0);
	}
	return NULL;
}

static void *counts_itself(void *arg)
{
	volatile uint64_t *word = (uint64_t *)(at + PAGE);
	uint64_t count = 0;

	(void)arg;
	while (!atomic_load(&stop)) {
		CHECK(*word == count, "a load gives %llu, not %llu",
		      (unsigned long long)*word, (unsigned long long)count);
		*word = ++count;
	}
	return NULL;
}

static void *copies(void *arg)
{
	const volatile uint64_t *word = (uint64_t *)(at + PAGE);

	(void)arg;
	while (!atomic_load(&stop)) {
		uint64_t before = *word, is;
		char *copy;

		CHECK_IS(task_remap(&t, at, 2 * PAGE, MACH_VM_COPY, &copy), 0);
		is = *(uint64_t *)(copy + PAGE);
		CHECK(before <= is && is <= *word, "a copy has %llu, not %llu",
		      (unsigned long long)is, (unsigned long long)before);
		CHECK_IS(task_deallocate(&t, copy, 2 * PAGE), 0);
		copied++;
	}
	return NULL;
}

static void test_moved(void)
{
	static void *(* const users[])(void *arg) = {
		counts_by_call, counts_itself, copies,
	};
	long end = tap_now_ms() + 2 * STORM_MS;
	pthread_t threads[ARRAY_SIZE(users)];
	unsigned int moved = 0;
	char *other;

	task_open(&t, 64 * MIB);
	at = t.window + 32 * MIB;
	other = at + 3 * PAGE;
	CHECK_IS(task_allocate_at(&t, at, 2 * PAGE), 0);
	CHECK_IS(task_touch(at, true), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(users); i++)
		CHECK(!pthread_create(&threads[i], NULL, users[i], NULL),
		      "no thread");
	for (; tap_now_ms() < end || copied < 10; moved++) {
		CHECK_IS(task_allocate_at(&t, other, OTHER_PAGES * PAGE), 0);
		memset(other, 1, OTHER_PAGES * PAGE);
		CHECK_IS(task_allocate_at(&t, at + 2 * PAGE, PAGE), 0);
		CHECK_IS(task_deallocate(&t, at + 2 * PAGE,
					 (1 + OTHER_PAGES) * PAGE), 0);
	}
	atomic_store(&stop, true);
	for (unsigned int i = 0; i < ARRAY_SIZE(users); i++)
		pthread_join(threads[i], NULL);
	tap_note("%u times, %llu copies", moved, (unsigned long long)copied);
}

/* Any call at any time, by any thread */

static struct test_task two[2];

static char *any_page(unsigned int *seed)
{
	return two[rand_r(seed) % 2].window + rand_r(seed) % PAGES * PAGE;
}

static void remap_any(struct test_task *task, unsigned int *seed)
{
	struct mach_task_remap args = {
		.size = sizeof(args),
		.flags = rand_r(seed) % 2 ? MACH_VM_COPY : 0,
		.source = two[rand_r(seed) % 2].fd,
		.address = (uintptr_t)task->window + rand_r(seed) % PAGES * PAGE,
		.length = (1 + rand_r(seed) % 8) * PAGE,
		.source_address = (uintptr_t)any_page(seed),
	};

	task_call(task, MACH_TASK_REMAP, &args);
}

static void call_any(unsigned int *seed)
{
	static __thread char bytes[3 * PAGE];
	struct test_task *task = &two[rand_r(seed) % 2];
	char *page = any_page(seed);
	uint64_t length = (1 + rand_r(seed) % 16) * PAGE;

	switch (rand_r(seed) % 14) {
	case 0:
	case 1:
		task_allocate_at(task, page, length);
		break;
	case 2:
		task_deallocate(task, page, length);
		break;
	case 3:
		task_protect(task, page, length, rand_r(seed) % 4);
		break;
	case 4:
		task_protect(task, page, length, RX);
		break;
	case 5:
		task_inherit(task, page, length, rand_r(seed) % 3);
		break;
	case 6:
		task_wire(task, page, length, MACH_PROT_READ);
		break;
	case 7:
		task_wire(task, page, length, 0);
		break;
	case 8:
		task_read(task, page, sizeof(bytes), bytes);
		break;
	case 9:
		task_write(task, page, sizeof(bytes), bytes);
		break;
	case 10:
		task_copy(task, page, length, any_page(seed));
		break;
	case 11:
		remap_any(task, seed);
		break;
	case 12:
		use(page, STORE);
		break;
	default:
		use(page, LOAD);
	}
}

static void *caller(void *arg)
{
	unsigned int seed = (uintptr_t)arg;

	while (!atomic_load(&stop))
		call_any(&seed);
	return NULL;
}

static void start_callers(pthread_t *threads, unsigned int seed)
{
	catch_faults();
	task_open(&two[0], PAGES * PAGE);
	task_open(&two[1], PAGES * PAGE);
	for (unsigned int i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, caller,
				      (void *)(uintptr_t)(seed + i)),
		      "no thread");
}

static uint64_t objects(void)
{
	struct mach_vm_statistics v = { .size = sizeof(v) };
	long fd = vm_open();

	CHECK_IS(vm_ioctl(fd, MACH_VM_STATISTICS, &v), 0);
	close(fd);
	return v.objects;
}

/* When all is deallocated nothing is left. */
static void test_calls(void)
{
	long end = tap_now_ms() + 2 * STORM_MS;
	uint64_t before = objects();
	pthread_t threads[THREADS];

	start_callers(threads, 1);
	while (tap_now_ms() < end)
		tap_pause_ms(10);
	atomic_store(&stop, true);
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (unsigned int i = 0; i < 2; i++) {
		struct mach_task_info info;

		CHECK_IS(task_deallocate(&two[i], two[i].window, two[i].size), 0);
		info = task_info(&two[i]);
		CHECK(!info.entries && !info.mapped && !info.none && !info.wired,
		      "%llu entries, %llu bytes, %llu none, %llu wired are left",
		      info.entries, info.mapped, info.none, info.wired);
	}
	CHECK(objects() == before, "%llu objects, %llu before",
	      (unsigned long long)objects(), (unsigned long long)before);
}

static void test_killed(void)
{
	uint64_t before = objects();
	pthread_t threads[THREADS];
	pid_t pid;

	for (unsigned int i = 0; i < 20; i++) {
		pid = fork();
		CHECK(pid >= 0, "fork: %m");
		if (!pid) {
			start_callers(threads, i);
			for (;;)
				pause();
		}
		tap_pause_ms(20 + i * 7);
		CHECK(!kill(pid, SIGKILL), "kill: %m");
		CHECK(waitpid(pid, NULL, 0) == pid, "waitpid: %m");
	}
	CHECK_WAIT(objects() == before, WAIT_MS, "%llu objects, %llu before",
		   (unsigned long long)objects(), (unsigned long long)before);
}

static const struct tap_test tests[] = {
	{ "read-only", test_storm, 0, 0 },
	{ "none", test_storm, 1, 0 },
	{ "deallocate", test_storm, 2, 0 },
	{ "parts", test_storm, 3, 0 },
	{ "execute", test_storm, 4, 0 },
	{ "flushed-read-only", test_flushed, 0, 0 },
	{ "flushed-none", test_flushed, 1, 0 },
	{ "evicted", test_evicted, 0, 60 },
	{ "wired", test_wired, 0, 60 },
	{ "anonymous", test_anonymous, 0, 60 },
	{ "full", test_full, 0, 60 },
	{ "moved", test_moved, 0, 60 },
	{ "calls", test_calls, 0, 0 },
	{ "killed", test_killed, 0, 60 },
};

int main(int argc, char **argv)
{
	return pool_main(argc, argv, tests, ARRAY_SIZE(tests));
}
