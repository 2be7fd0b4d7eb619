// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pool's memory is Linux's too: clean pages go when a program needs memory, and
 * what a program fills is charged to its memory cgroup.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/mach_vm.h>

#include "meminfo.h"
#include "pool.h"
#include "task.h"

#define CACHE_MIB	512	/* of clean pages */
#define LEFT_MIB	100	/* that a program leaves of all memory */
#define CGROUP_MIB	64

static struct scene s;

/* A line of /proc/meminfo, in MiB */
static long meminfo(const char *name)
{
	return meminfo_kib(name) / 1024;
}

/* So much of the object is resident, and clean. */
static void fill_cache(uint64_t mib)
{
	struct mach_pager_supply sup = {
		.size = sizeof(sup), .object = s.o.number,
		.part = part_zero(0, MIB),
	};

	for (; sup.part.offset < mib * MIB; sup.part.offset += MIB) {
		sup.supplied = 0;
		CHECK_IS(vm_ioctl(s.p.fd, MACH_PAGER_SUPPLY, &sup), 0);
	}
	CHECK_IS(object_info(s.o.fd).resident, mib * MIB / PAGE);
}

static void open_cache(void)
{
	if (meminfo("MemTotal") < 2 * CACHE_MIB)
		tap_skip("%ld MiB of memory are too few", meminfo("MemTotal"));
	pool_limit(CACHE_MIB + 64);
	scene_open(&s, NULL, CACHE_MIB * MIB, MIB, 1);
}

static void test_available(void)
{
	long before;

	open_cache();
	before = meminfo("MemAvailable");
	fill_cache(CACHE_MIB);
	CHECK(meminfo("MemFree") < before - CACHE_MIB / 2,
	      "the pool takes no memory");
	CHECK_WAIT(meminfo("MemAvailable") > before - CACHE_MIB / 8,
		   20000 * tap_slow(), "available were %ld MiB, and are %ld",
		   before, meminfo("MemAvailable"));
}

/* In a child, since it may be ended: its status */
static int take_memory(size_t mib)
{
	int status;
	pid_t pid = fork();

	CHECK(pid >= 0, "fork: %m");
	if (!pid) {
		char *map = mmap(NULL, mib * MIB, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
				 -1, 0);

		if (map == MAP_FAILED)
			_exit(1);
		for (size_t i = 0; i < mib * MIB; i += PAGE)
			map[i] = 1;
		_exit(0);
	}
	CHECK_IS(RESULT(waitpid(pid, &status, 0)), pid);
	return status;
}

/* Read through a mapping, so that page-table entries say used. */
static void use_cache(uint64_t mib)
{
	for (uint64_t at = 0; at < mib * MIB; at += MIB)
		CHECK_IS(actor_do(&s.a, do_copy, (uintptr_t)s.buf, s.map + at,
				  MIB), 0);
}

static void check_cache_goes(uint64_t used_mib)
{
	long all;
	int status;

	open_cache();
	all = meminfo("MemAvailable");
	fill_cache(CACHE_MIB);
	use_cache(used_mib);
	status = take_memory(all - LEFT_MIB);
	CHECK(!status, "a program that takes %ld of %ld MiB ends with 0x%x, %llu pages stay",
	      all - LEFT_MIB, all, status,
	      (unsigned long long)object_info(s.o.fd).resident);
	CHECK(object_info(s.o.fd).resident < CACHE_MIB * MIB / PAGE,
	      "it needed nothing of the pool");
}

static void test_cache_goes(void)
{
	check_cache_goes(tap_variant);
}

/* Memory cgroups */

static char cgroup_root[64], cgroup[128];

static void cgroup_write(const char *dir, const char *name, const char *text)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text),
	      "%s: %m", path);
	close(fd);
}

static long cgroup_current(void)
{
	char path[256];
	FILE *file;
	long bytes;

	snprintf(path, sizeof(path), "%s/memory.current", cgroup);
	file = fopen(path, "re");
	CHECK(file && fscanf(file, "%ld", &bytes) == 1, "%s: %m", path);
	fclose(file);
	return bytes;
}

static void cgroup_make(void)
{
	char limit[24];

	strcpy(cgroup_root, "/tmp/machvm-cgroup-XXXXXX");
	CHECK(mkdtemp(cgroup_root), "mkdtemp: %m");
	if (mount("none", cgroup_root, "cgroup2", 0, NULL))
		tap_skip("no cgroup2: %s", strerror(errno));
	cgroup_write(cgroup_root, "cgroup.subtree_control", "+memory");
	snprintf(cgroup, sizeof(cgroup), "%s/test", cgroup_root);
	CHECK(!mkdir(cgroup, 0755), "mkdir %s: %m", cgroup);
	snprintf(limit, sizeof(limit), "%dM", CGROUP_MIB);
	cgroup_write(cgroup, "memory.max", limit);
}

static void cgroup_remove(void)
{
	CHECK(!rmdir(cgroup), "rmdir: %m");
	CHECK(!umount(cgroup_root), "umount: %m");
	rmdir(cgroup_root);
}

static void cgroup_enter(void)
{
	cgroup_write(cgroup, "cgroup.procs", "0");
}

/* Touch so much of a task's memory; then say so, and wait to be ended. */
static pid_t fill_task(unsigned int mib, int *said)
{
	int words[2];
	pid_t pid;

	CHECK(!pipe(words), "pipe: %m");
	pid = fork();
	CHECK(pid >= 0, "fork: %m");
	if (!pid) {
		struct test_task t;

		cgroup_enter();
		task_open(&t, mib * MIB);
		CHECK_IS(task_allocate_at(&t, t.window, t.size), 0);
		for (uint64_t at = 0; at < t.size; at += PAGE)
			CHECK_IS(task_touch(t.window + at, true), 0);
		CHECK_IS(RESULT(write(words[1], "r", 1)), 1);
		pause();
	}
	close(words[1]);
	*said = words[0];
	return pid;
}

static void test_cgroup_charged(void)
{
	char word;
	int said;
	pid_t pid;

	cgroup_make();
	pid = fill_task(CGROUP_MIB / 2, &said);
	CHECK_IS(RESULT(read(said, &word, 1)), 1);
	CHECK(cgroup_current() >= (long)(CGROUP_MIB / 2 * MIB),
	      "%ld KiB are charged", cgroup_current() / 1024);
	kill(pid, SIGKILL);
	CHECK_IS(RESULT(waitpid(pid, NULL, 0)), pid);
	CHECK_WAIT(cgroup_current() < (long)(4 * MIB), 20000 * tap_slow(),
		   "%ld KiB stay charged", cgroup_current() / 1024);
	cgroup_remove();
}

/* The program alone is ended, and its neighbour has what it wants. */
static void test_cgroup_limit(void)
{
	struct test_task t;
	int status, said;
	char word;
	pid_t pid;

	pool_limit(4 * CGROUP_MIB);
	cgroup_make();
	cgroup_write("/dev", "kmsg", "machvm: a cgroup is full on purpose\n");
	pid = fill_task(2 * CGROUP_MIB, &said);
	CHECK_IS(RESULT(read(said, &word, 1)), 0);
	CHECK_IS(RESULT(waitpid(pid, &status, 0)), pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
	      "it ended with 0x%x", status);
	task_open(&t, 2 * CGROUP_MIB * MIB);
	CHECK_IS(task_allocate_at(&t, t.window, t.size), 0);
	for (uint64_t at = 0; at < t.size; at += PAGE)
		CHECK_IS(task_touch(t.window + at, true), 0);
	task_close(&t);
	CHECK_WAIT(cgroup_current() < (long)(4 * MIB), 20000 * tap_slow(),
		   "%ld KiB stay charged", cgroup_current() / 1024);
	cgroup_remove();
}

/*
 * In a cgroup, touch a task's memory until the end of it or one's own, and say how far
 * one has come.
 */
static unsigned int touch_until_killed(bool in_order)
{
	unsigned int pages = 2 * CGROUP_MIB * MIB / PAGE;
	volatile unsigned int *come = shared_alloc(PAGE);
	int status;
	pid_t pid = fork();

	CHECK(pid >= 0, "fork: %m");
	if (!pid) {
		struct test_task t;

		cgroup_enter();
		task_open(&t, pages * PAGE);
		CHECK_IS(task_allocate_at(&t, t.window, t.size), 0);
		for (; *come < pages; ++*come)
			t.window[(in_order ? *come : pages - 1 - *come) * PAGE] = 1;
		_exit(0);
	}
	CHECK_IS(RESULT(waitpid(pid, &status, 0)), pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
	      "it ended with 0x%x", status);
	return *come;
}

/* Nobody is ended for pages that come ahead of those he touches. */
static void test_cgroup_ahead(void)
{
	unsigned int in_order, backwards;

	pool_limit(4 * CGROUP_MIB);
	cgroup_make();
	cgroup_write("/dev", "kmsg", "machvm: a cgroup is full on purpose, twice\n");
	backwards = touch_until_killed(false);
	in_order = touch_until_killed(true);
	tap_note("%u pages in order, %u backwards", in_order, backwards);
	/* what else is charged differs a little from one program to the next */
	CHECK(in_order + 256 >= backwards, "%u pages in order, %u backwards",
	      in_order, backwards);
	CHECK_WAIT(cgroup_current() < (long)(4 * MIB), 20000 * tap_slow(),
		   "%ld KiB stay charged", cgroup_current() / 1024);
	cgroup_remove();
}

static void register_large(void)
{
	const struct pager_setup large = {
		.queues = MACH_PAGER_QUEUES_MAX, .depth = MACH_PAGER_DEPTH_MAX,
	};
	struct test_pager p = { .fd = vm_open() };
	long before = cgroup_current();

	CHECK_IS(pager_register(&p, &large), 0);
	CHECK(cgroup_current() - before > (long)(2 * MIB),
	      "%ld KiB are charged", (cgroup_current() - before) / 1024);
}

static void test_cgroup_queues(void)
{
	int status;
	pid_t pid;

	cgroup_make();
	pid = fork();
	CHECK(pid >= 0, "fork: %m");
	if (!pid) {
		cgroup_enter();
		register_large();
		_exit(0);
	}
	CHECK_IS(RESULT(waitpid(pid, &status, 0)), pid);
	CHECK(!status, "the pager ended with 0x%x", status);
	CHECK_WAIT(cgroup_current() < (long)MIB, 20000 * tap_slow(),
		   "%ld KiB stay charged", cgroup_current() / 1024);
	cgroup_remove();
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		{ "available", test_available, 0, 60 },
		{ "cache-goes", test_cache_goes, 0, 120 },
		{ "used-cache-goes", test_cache_goes, CACHE_MIB / 4, 120 },
		{ "cgroup-charged", test_cgroup_charged, 0, 60 },
		{ "cgroup-limit", test_cgroup_limit, 0, 60 },
		{ "cgroup-ahead", test_cgroup_ahead, 0, 120 },
		{ "cgroup-queues", test_cgroup_queues, 0, 60 },
	};

	return pool_main(argc, argv, tests, ARRAY_SIZE(tests));
}
