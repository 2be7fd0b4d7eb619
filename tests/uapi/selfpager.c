// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program that is its own pager: its threads use the object that others of its
 * threads serve, while it forks, maps, loads libraries and ends.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/mach_task.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "self.h"
#include "tap.h"
#include "task.h"

#define SIZE	(256 * PAGE)
#define CLUSTER	(4 * PAGE)
#define BRIEFLY	tap_storm_ms(1500)	/* ms that a storm goes on */
#define SOON	(3000 * tap_slow())	/* ms; a tenth of a deadline */

static struct self self;

static void open_kmsg(int *kmsg)
{
	*kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	CHECK(*kmsg >= 0 && lseek(*kmsg, 0, SEEK_END) >= 0, "/dev/kmsg: %m");
}

/* Has the log said since @kmsg was opened what a thread of ours did? */
static bool log_names_us(int kmsg, const char *what)
{
	char record[1024], object[32], pid[32];
	ssize_t len;

	snprintf(object, sizeof(object), "object %u ", self.o.number);
	snprintf(pid, sizeof(pid), "selfpager[%d]", getpid());
	while ((len = read(kmsg, record, sizeof(record) - 1)) > 0) {
		record[len] = 0;
		if (strstr(record, what) && strstr(record, object) &&
		    strstr(record, pid))
			return true;
	}
	return false;
}

static bool reads(uint64_t offset, size_t length, uint32_t seed)
{
	return pattern_is(self.map + offset, offset, length, seed);
}

/* What a process does with a file that it has mapped, absent or modified. */
static void test_use(void)
{
	char buf[2 * PAGE];
	struct iovec to = { buf, PAGE }, from;

	self_start(&self, SIZE, CLUSTER, 1);
	tap_sub("load", reads(0, 8 * PAGE, 1), "wrong contents");
	self.map[20 * PAGE] = 7;
	tap_is("fsync", RESULT(fsync(self.o.fd)), 0);
	tap_is("taken", self.store[20 * PAGE], 7);
	self.map[21 * PAGE] = 8;
	tap_is("msync", RESULT(msync(self.map, SIZE, MS_SYNC)), 0);
	tap_is("taken-by-msync", self.store[21 * PAGE], 8);
	self_empty(&self);
	tap_is("pread", RESULT(pread(self.o.fd, buf, 2 * PAGE, 4 * PAGE)),
	       2 * PAGE);
	tap_sub("pread-contents", pattern_is(buf, 4 * PAGE, 2 * PAGE, 1),
		"wrong contents");
	tap_is("pwrite", RESULT(pwrite(self.o.fd, "y", 1, 40 * PAGE)), 1);
	tap_is("written", self.map[40 * PAGE], 'y');
	from = (struct iovec){ self.map + 60 * PAGE, PAGE };
	tap_is("gup", RESULT(process_vm_readv(getpid(), &to, 1, &from, 1, 0)),
	       PAGE);
	tap_is("gup-contents", pattern_is(buf, 60 * PAGE, PAGE, 1), 1);
	tap_is("mlock", RESULT(mlock(self.map + 80 * PAGE, 4 * PAGE)), 0);
	tap_is("to-file", RESULT(write(memfd_create("to", 0),
				       self.map + 100 * PAGE, PAGE)), PAGE);
	self_stop(&self);
}

/* Mach's calls, by whoever does not work on a request. */
static void test_calls(void)
{
	char buf[PAGE], *at, *copy;
	struct test_task t;

	self_start(&self, SIZE, PAGE, 1);
	task_open(&t, MIB);
	CHECK_IS(task_map(&t, self.o.fd, 0, 64 * PAGE,
			  MACH_PROT_READ | MACH_PROT_WRITE, MACH_VM_ANYWHERE,
			  &at), 0);
	tap_sub("load", pattern_is(at, 0, PAGE, 1), "wrong contents");
	tap_is("read", task_read(&t, at + 8 * PAGE, PAGE, buf), 0);
	tap_is("read-contents", pattern_is(buf, 8 * PAGE, PAGE, 1), 1);
	tap_is("wire", task_wire(&t, at + 16 * PAGE, 4 * PAGE, MACH_PROT_READ),
	       0);
	tap_is("write", task_write(&t, at + 24 * PAGE, PAGE, buf), 0);
	tap_is("msync", task_msync(&t, at, 64 * PAGE, MACH_SYNC_SYNCHRONOUS),
	       0);
	tap_is("taken", memcmp(self.store + 24 * PAGE, buf, PAGE), 0);
	tap_is("map-copy", task_map(&t, self.o.fd, 128 * PAGE, 8 * PAGE,
				    MACH_PROT_READ | MACH_PROT_WRITE,
				    MACH_VM_ANYWHERE | MACH_VM_COPY, &copy), 0);
	tap_is("copy-contents", pattern_is(copy, 128 * PAGE, 8 * PAGE, 1), 1);
	task_close(&t);
	self_stop(&self);
}

/* Results of what a worker did when it held a request */
static struct {
	bool done;
	long read, write, fsync, gup, load, user, supply, answer;
} tried;

#define HELD	(8 * PAGE)	/* the request during which it does all that */
#define ABSENT	(64 * PAGE)

static void try_all(struct self_worker *w, struct test_request *r)
{
	struct mach_pager_supply supply = {
		.size = sizeof(supply), .object = self.o.number,
		.part = part_copy(32 * PAGE, PAGE, self.map + ABSENT),
	};
	struct mach_part part = part_copy(r->m.offset, PAGE, self.map + ABSENT);
	struct iovec to = { w->buf, PAGE }, from = { self.map + ABSENT, PAGE };
	struct mach_pager_answer answer = pager_answer(r, &part, 1);

	if (r->m.offset != HELD || tried.done)
		return;
	tried.read = RESULT(pread(self.o.fd, w->buf, 1, ABSENT));
	tried.write = RESULT(pwrite(self.o.fd, "x", 1, ABSENT));
	tried.fsync = RESULT(fsync(self.o.fd));
	tried.gup = RESULT(process_vm_readv(getpid(), &to, 1, &from, 1, 0));
	tried.user = RESULT(write(memfd_create("to", 0), from.iov_base, 1));
	tried.load = task_touch(from.iov_base, false);
	tried.supply = vm_ioctl(w->p.fd, MACH_PAGER_SUPPLY, &supply);
	answer.flags = MACH_ANSWER_MORE;
	tried.answer = vm_ioctl(w->p.fd, MACH_PAGER_ANSWER, &answer);
	tried.done = true;
}

/* It would wait for itself, though others could answer: no wait is begun. */
static void test_worker(void)
{
	int kmsg;

	open_kmsg(&kmsg);
	self.before = try_all;
	self_start(&self, SIZE, PAGE, 1);
	tap_sub("held", reads(HELD, PAGE, 1), "wrong contents");
	CHECK(tried.done, "the request did not come");
	tap_is("read", tried.read, -EDEADLK);
	tap_is("write", tried.write, -EDEADLK);
	tap_is("fsync", tried.fsync, -EDEADLK);
	tap_is("gup", tried.gup, -EFAULT);
	tap_is("user", tried.user, -EFAULT);
	tap_is("load", tried.load, TAP_SIGNAL(SIGBUS));
	tap_is("supply", tried.supply, -EFAULT);
	tap_is("answer", tried.answer, -EFAULT);
	tap_is("log", log_names_us(kmsg, "works on a request"), 1);
	tap_sub("others", reads(ABSENT, PAGE, 1), "wrong contents");
	self_stop(&self);
}

/*
 * Who could get a request, but has none, is answered by others: they get what it
 * asks for, not its own ring.
 */
static void test_poster(void)
{
	struct test_pager mine;
	char byte;

	self.workers = 2;
	self.spare = 2;
	self_start(&self, SIZE, PAGE, 1);
	mine = self.p;
	pager_ring_setup(&mine);
	for (unsigned int queue = 0; queue < self.spare; queue++) {
		struct mach_pager_answer fetch = pager_fetch(queue, 0);

		pager_post(&mine, MACH_RING_FETCH, &fetch);
	}
	for (uint64_t offset = 0; offset < SIZE; offset += PAGE)
		CHECK_IS(RESULT(pread(self.o.fd, &byte, 1, offset)), 1);
	pager_expect_nothing(&mine, 0);
	self_stop(&self);
	io_uring_queue_exit(&mine.ring);
}

/* Where nobody is left to answer, the deadline ends the wait. */
static void test_alone(void)
{
	struct pager_setup setup = {
		.transport = tap_variant, .deadline_ms = 200,
	};
	struct test_object o;
	struct test_pager p;
	char byte, *map;

	pager_open(&p, &setup);
	object_create(&p, &o, SIZE, PAGE, 0);
	map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, o.fd, 0);
	CHECK(map != MAP_FAILED, "mmap: %m");
	tap_is("read", RESULT(pread(o.fd, &byte, 1, 0)), -EIO);
	tap_is("load", task_touch(map, false), TAP_SIGNAL(SIGBUS));
	tap_is("store", task_touch(map + PAGE, true), TAP_SIGNAL(SIGBUS));
	pager_close(&p);
}

/* Supplying unasked what is an object's, of this pager, and not there. */
static void test_supply(void)
{
	struct mach_pager_supply supply = {
		.size = sizeof(supply),
		.part = part_copy(0, 16 * PAGE, NULL),
	};
	struct test_object other;
	char buf[PAGE];

	self_start(&self, SIZE, CLUSTER, 1);
	object_create(&self.p, &other, SIZE, PAGE, 0);
	supply.object = other.number;
	supply.part.source = (uintptr_t)self.map;
	tap_is("other", vm_ioctl(self.p.fd, MACH_PAGER_SUPPLY, &supply), 0);
	tap_is("read", RESULT(pread(other.fd, buf, PAGE, 15 * PAGE)), PAGE);
	tap_is("contents", pattern_is(buf, 15 * PAGE, PAGE, 1), 1);
	supply.object = self.o.number;
	supply.supplied = 0;
	supply.part.offset = 32 * PAGE;
	supply.part.source = (uintptr_t)self.map + 32 * PAGE;
	tap_is("itself", vm_ioctl(self.p.fd, MACH_PAGER_SUPPLY, &supply),
	       -EEXIST);
	self_stop(&self);
}

/*
 * A reader that keeps the memory of the pager locked would keep it from
 * answering: it is refused at once.
 */
static void test_locked(void)
{
	int mem = open("/proc/self/mem", O_RDONLY), kmsg;
	long start;
	char byte;

	CHECK(mem >= 0, "/proc/self/mem: %m");
	open_kmsg(&kmsg);
	self_start(&self, SIZE, PAGE, 1);
	start = tap_now_ms();
	tap_is("absent", RESULT(pread(mem, &byte, 1, (uintptr_t)self.map)),
	       -EIO);
	tap_sub("soon", tap_now_ms() - start < SOON, "after %ld ms",
		tap_now_ms() - start);
	tap_is("log", log_names_us(kmsg, "memory of its pager locked"), 1);
	tap_is("load", task_touch(self.map, false), 0);
	tap_is("there", RESULT(pread(mem, &byte, 1, (uintptr_t)self.map)), 1);
	self_stop(&self);
}

/* Storms: what goes on beside the users of the object. */

static volatile bool stop;

static void *storm_use(void *arg)
{
	unsigned int seed = (uintptr_t)arg;
	char buf[PAGE];

	while (!stop) {
		uint64_t offset = rand_r(&seed) % (SIZE / PAGE) * PAGE;

		if (rand_r(&seed) % 2) {
			CHECK(reads(offset, PAGE, 1), "wrong contents at %llu",
			      (unsigned long long)offset);
			continue;
		}
		CHECK_IS(RESULT(pread(self.o.fd, buf, PAGE, offset)), PAGE);
		CHECK(pattern_is(buf, offset, PAGE, 1), "wrong contents");
	}
	return NULL;
}

/* The same bytes again: the page is dirty and comes back. */
static void *storm_write(void *arg)
{
	unsigned int seed = (uintptr_t)arg;

	while (!stop) {
		uint64_t offset = rand_r(&seed) % (SIZE / PAGE) * PAGE;
		volatile char *at = self.map + offset;

		__atomic_fetch_or(at, 0, __ATOMIC_RELAXED);
		if (!(rand_r(&seed) % 64))
			CHECK_IS(RESULT(msync(self.map, SIZE, MS_SYNC)), 0);
	}
	return NULL;
}

static void *storm_flush(void *arg)
{
	unsigned int seed = (uintptr_t)arg;

	while (!stop) {
		CHECK_IS(self_lock(&self, rand_r(&seed) % 8 * SIZE / 8,
				   SIZE / 8,
				   MACH_LOCK_CLEAN | MACH_LOCK_FLUSH), 0);
		tap_pause_ms(2);
	}
	return NULL;
}

static void *storm_map(void *arg)
{
	unsigned int seed = (uintptr_t)arg;

	while (!stop) {
		size_t length = (1 + rand_r(&seed) % 64) * PAGE;
		char *at = mmap(NULL, length, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		char *view = mmap(NULL, SIZE, PROT_READ, MAP_SHARED,
				  self.o.fd, 0);

		CHECK(at != MAP_FAILED && view != MAP_FAILED, "mmap: %m");
		at[length - 1] = view[rand_r(&seed) % SIZE];
		CHECK(!mprotect(at, PAGE, PROT_READ), "mprotect: %m");
		CHECK(!munmap(at, length) && !munmap(view, SIZE), "munmap: %m");
		free(memset(malloc(length), 1, length));
	}
	return NULL;
}

static void fork_once(unsigned int seed)
{
	uint64_t offset = rand_r(&seed) % (SIZE / PAGE) * PAGE;
	pid_t child = fork();
	int status;

	CHECK(child >= 0, "fork: %m");
	if (!child)
		_exit(!reads(offset, PAGE, 1));
	CHECK(waitpid(child, &status, 0) == child, "waitpid: %m");
	CHECK(WIFEXITED(status) && !WEXITSTATUS(status), "the child: 0x%x",
	      status);
}

static void *storm_fork(void *arg)
{
	unsigned int seed = (uintptr_t)arg;

	while (!stop)
		fork_once(seed++);
	return NULL;
}

static void *storm_load(void *arg)
{
	(void)arg;
	while (!stop) {
		void *library = dlopen("libm.so.6", RTLD_NOW);

		CHECK(library, "dlopen: %s", dlerror());
		CHECK(dlsym(library, "cos"), "dlsym: %s", dlerror());
		dlclose(library);
	}
	return NULL;
}

/* A worker that answers does what programs do meanwhile, too. */
static void busy_worker(struct self_worker *w, struct test_request *r)
{
	size_t length = r->m.length;
	char *at = mmap(NULL, length, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)w;
	CHECK(at != MAP_FAILED, "mmap: %m");
	memcpy(at, self.store + r->m.offset, length);
	CHECK(!mprotect(at, length, PROT_READ), "mprotect: %m");
	CHECK(!munmap(at, length), "munmap: %m");
}

static void *(*const storms[])(void *) = {
	storm_use, storm_use, storm_use, storm_write, storm_flush, storm_map,
	storm_fork, storm_load,
};

static void test_storm(void)
{
	pthread_t threads[ARRAY_SIZE(storms)];

	self.before = busy_worker;
	self_start(&self, SIZE, CLUSTER, 1);
	for (uintptr_t i = 0; i < ARRAY_SIZE(storms); i++)
		CHECK(!pthread_create(&threads[i], NULL, storms[i],
				      (void *)(i + 1)), "no thread");
	tap_pause_ms(BRIEFLY);
	stop = true;
	for (unsigned int i = 0; i < ARRAY_SIZE(storms); i++)
		pthread_join(threads[i], NULL);
	CHECK_IS(object_info(self.o.fd).errors, 0);
	tap_note("storm: %llu requests",
		 (unsigned long long)object_info(self.o.fd).requests);
	self_stop(&self);
}

/* The ends of such a process: each while threads of it wait for it. */

static void never_answers(struct self_worker *w, struct test_request *r)
{
	(void)w;
	(void)r;
	for (;;)
		pause();
}

static void *touch(void *arg)
{
	return (void *)(long)*(volatile char *)arg;
}

static void begin_to_wait(void)
{
	pthread_t thread;

	self.before = never_answers;
	self_start(&self, SIZE, PAGE, 1);
	for (int i = 0; i < 4; i++)
		CHECK(!pthread_create(&thread, NULL, touch,
				      self.map + i * PAGE), "no thread");
	CHECK_WAIT(object_info(self.o.fd).requests >= 4, WAIT_MS, "nobody asks");
}

static void end_by_exit(void)
{
	_exit(3);
}

static void end_by_signal(void)
{
	kill(getpid(), SIGKILL);
}

/* The core has the memory in it, which nobody brings any more. */
static void end_by_core(void)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_CORE, &unlimited);
	CHECK(!chdir("/tmp"), "/tmp: %m");
	abort();
}

static void end_by_exec(void)
{
	execl("/bin/true", "true", NULL);
}

static void test_end(void)
{
	static const struct {
		const char *name;
		void (*end)(void);
		int status;
	} ends[] = {
		{ "exit", end_by_exit, 3 << 8 },
		{ "signal", end_by_signal, SIGKILL },
		{ "core", end_by_core, SIGABRT | 0x80 },
		{ "exec", end_by_exec, 0 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(ends); i++) {
		long start = tap_now_ms();
		int status = -1;
		pid_t child = fork();

		CHECK(child >= 0, "fork: %m");
		if (!child) {
			begin_to_wait();
			ends[i].end();
			_exit(99);
		}
		CHECK(waitpid(child, &status, 0) == child, "waitpid: %m");
		tap_is(ends[i].name, status & ~0x80, ends[i].status & ~0x80);
		tap_sub("soon", tap_now_ms() - start < SOON,
			"%s took %ld ms", ends[i].name, tap_now_ms() - start);
	}
}

/* The death of a pager by ioctl alone whose descriptor a child keeps. */

static struct {
	struct test_pager p;
	struct test_object o;
} *shared;

static void *sleep_on(void *arg)
{
	for (;;)
		pause();
	return arg;
}

/* Its descriptor is in a child, which sleeps. */
static long become_bare_pager(const uint64_t *arg)
{
	static const struct pager_setup setup = { .transport = BY_IOCTL };
	pthread_t thread;

	CHECK_IS(pager_register(&shared->p, &setup), 0);
	object_create(&shared->p, &shared->o, SIZE, PAGE, 0);
	CHECK(!fcntl(shared->p.fd, F_SETFD, 0), "fcntl: %m");
	if (arg[0]) {
		CHECK(!pthread_create(&thread, NULL, sleep_on, NULL),
		      "no thread");
		CHECK(!unshare(CLONE_FILES), "unshare: %m");
	}
	if (!fork())
		sleep_on(NULL);
	return shared->o.fd;
}

static long exec_sleep(const uint64_t *arg)
{
	(void)arg;
	execl("/bin/sleep", "sleep", "1000", NULL);
	return -errno;
}

static void check_bare(bool exec)
{
	struct actor a, client;
	long start;
	int fd;

	shared = shared_alloc(sizeof(*shared));
	actor_start(&a, 1);
	fd = actor_fd(&a, actor_do(&a, become_bare_pager, !exec));
	actor_start(&client, 1);
	actor_begin(&client, 0, do_pread, fd, (uintptr_t)shared_alloc(PAGE), 1,
		    0);
	CHECK(actor_waits(&client, 0, 100), "the reader does not wait: %s",
	      tap_result(actor_end(&client, 0)));
	start = tap_now_ms();
	if (exec)
		actor_begin(&a, 0, exec_sleep, 0);
	else
		actor_kill(&a);
	tap_is("reader", actor_end(&client, 0), -EIO);
	tap_sub("soon", tap_now_ms() - start < SOON, "after %ld ms",
		tap_now_ms() - start);
	if (exec)
		actor_kill(&a);
	actor_stop(&client);
}

static void test_unshare(void)
{
	check_bare(false);
}

/* Some kernels tell nobody of it: then the deadline ends the wait. */
static bool kernel_tells_of_exec(void)
{
	FILE *symbols = fopen("/proc/kallsyms", "r");
	char line[512];
	bool found = false;

	CHECK(symbols, "/proc/kallsyms: %m");
	while (!found && fgets(line, sizeof(line), symbols))
		found = strstr(line, " mmu_notifier_register\n");
	fclose(symbols);
	return found;
}

static void test_exec(void)
{
	if (!kernel_tells_of_exec())
		tap_skip("the kernel is without CONFIG_MMU_NOTIFIER");
	check_bare(true);
}

static const struct tap_test tests[] = {
	{ .name = "use-ring", .run = test_use, BY_RING },
	{ .name = "use-ioctl", .run = test_use, BY_IOCTL },
	{ .name = "calls-ring", .run = test_calls, BY_RING },
	{ .name = "calls-ioctl", .run = test_calls, BY_IOCTL },
	{ .name = "worker-ring", .run = test_worker, BY_RING },
	{ .name = "worker-ioctl", .run = test_worker, BY_IOCTL },
	{ .name = "poster-ring", .run = test_poster, BY_RING },
	{ .name = "poster-ioctl", .run = test_poster, BY_IOCTL },
	{ .name = "alone-ring", .run = test_alone, BY_RING },
	{ .name = "alone-ioctl", .run = test_alone, BY_IOCTL },
	{ .name = "supply-ring", .run = test_supply, BY_RING },
	{ .name = "supply-ioctl", .run = test_supply, BY_IOCTL },
	{ .name = "locked-ring", .run = test_locked, BY_RING },
	{ .name = "locked-ioctl", .run = test_locked, BY_IOCTL },
	{ .name = "storm-ring", .run = test_storm, BY_RING, 60 },
	{ .name = "storm-ioctl", .run = test_storm, BY_IOCTL, 60 },
	{ .name = "end-ring", .run = test_end, BY_RING, 60 },
	{ .name = "end-ioctl", .run = test_end, BY_IOCTL, 60 },
	{ .name = "unshare", .run = test_unshare },
	{ .name = "exec", .run = test_exec },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
