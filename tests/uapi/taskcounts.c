// SPDX-License-Identifier: GPL-2.0-only
/*
 * Task maps: what Linux counts of them: areas, of which execute permission needs
 * many, and locked memory.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "serve.h"
#include "task.h"
#include "tap.h"

#define RW	(MACH_PROT_READ | MACH_PROT_WRITE)
#define RX	(MACH_PROT_READ | MACH_PROT_EXECUTE)
#define SEGV	TAP_SIGNAL(SIGSEGV)

static struct test_task t;

/* Execute permission: areas */

/* Areas of the process that show the window */
static unsigned int areas(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long start, end;
	unsigned int n = 0;
	char line[512];

	CHECK(maps, "/proc/self/maps: %m");
	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx", &start, &end) == 2 &&
		    start >= (uintptr_t)t.window &&
		    end <= (uintptr_t)t.window + t.size)
			n++;
	fclose(maps);
	return n;
}

/* Every other one of @n pages is code, all of them functions. */
static char *stripes(int n)
{
	char *at;

	task_open(&t, 256 * MIB);
	at = task_allocate(&t, n * PAGE);
	for (int i = 0; i < n; i++)
		at[i * PAGE] = 0xc3;
	for (int i = 1; i < n; i += 2)
		CHECK_IS(task_protect(&t, at + i * PAGE, PAGE, RX), 0);
	return at;
}

static void test_areas(void)
{
	char *at = stripes(400);

	tap_is("stripes", areas(), 401);
	CHECK_IS(task_execute(at + 399 * PAGE), 0);
	for (int i = 1; i < 400; i += 2)
		CHECK_IS(task_deallocate(&t, at + i * PAGE, PAGE), 0);
	tap_is("deallocated", areas(), 1);
	CHECK(at[2 * PAGE] == (char)0xc3, "data is lost");
	tap_is("not-code", task_execute(at), SEGV);
	at = stripes(400);
	CHECK_IS(task_deallocate(&t, at, 400 * PAGE), 0);
	tap_is("at-once", areas(), 1);
	at = task_allocate(&t, 8 * PAGE);
	memset(at, 0xc3, 8 * PAGE);
	for (int i = 1; i < 7; i++)
		CHECK_IS(task_protect(&t, at + i * PAGE, PAGE, RX), 0);
	tap_is("code-joins", areas(), 3);
	CHECK_IS(task_execute(at + 3 * PAGE), 0);
	CHECK_IS(task_protect(&t, at + 3 * PAGE, PAGE, RW), 0);
	tap_is("split", areas(), 5);
	CHECK_IS(task_protect(&t, at + 3 * PAGE, PAGE, RX), 0);
	tap_is("joined-again", areas(), 3);
}

/* Between areas that are full it takes a while, and no more. */
static void test_areas_full(void)
{
	unsigned int most = 0;
	char *at;

	task_open(&t, 256 * MIB);
	at = task_allocate(&t, 4096 * PAGE);
	memset(at, 0xc3, 4096 * PAGE);
	for (int i = 1; i < 300; i++) {
		CHECK_IS(task_protect(&t, at + 12 * i * PAGE, PAGE, RX), 0);
		CHECK_IS(task_execute(at + 12 * i * PAGE), 0);
		CHECK_IS(task_protect(&t, at + 12 * i * PAGE, PAGE, RW), 0);
		most = areas() > most ? areas() : most;
	}
	tap_sub("bounded", most > 1 && most < 40, "%u areas", most);
	for (int i = 0; i < 4096; i++)
		CHECK(at[i * PAGE] == (char)0xc3, "page %d is lost", i);
}

static long max_map_count(long to)
{
	FILE *file = fopen("/proc/sys/vm/max_map_count", to ? "w" : "r");
	long was = 0;

	CHECK(file, "max_map_count: %m");
	if (to)
		fprintf(file, "%ld\n", to);
	else
		CHECK(fscanf(file, "%ld", &was) == 1, "no max_map_count");
	fclose(file);
	return was;
}

/* Does the kernel's log have a text since @fd was opened? */
static bool logged(int fd, const char *text)
{
	char line[1024];
	long n;

	while ((n = read(fd, line, sizeof(line) - 1)) > 0) {
		line[n] = 0;
		if (strstr(line, text))
			return true;
	}
	return false;
}

/* At Linux's limit only what needs one more area fails. */
static void test_areas_limit(void)
{
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	long was = max_map_count(0), err = 0;
	struct mach_task_region r;
	char *at, *other;
	int i;

	CHECK(log >= 0 && lseek(log, 0, SEEK_END) >= 0, "/dev/kmsg: %m");
	at = stripes(1000);
	CHECK_IS(task_protect(&t, at, 1000 * PAGE, RW), 0);
	max_map_count(300);
	for (i = 1; i < 1000 && !err; i += 2)
		err = task_protect(&t, at + i * PAGE, PAGE, RX);
	tap_is("limit", err, -ENOMEM);
	CHECK(task_region(&t, at + (i - 2) * PAGE, &r) == 0, "no entry");
	tap_is("unchanged", r.protection, RW);
	tap_sub("named", logged(log, "vm.max_map_count"), "not in the log");
	tap_is("allocate", (other = task_allocate(&t, PAGE)) == NULL, 0);
	tap_is("touch", task_touch(other, true), 0);
	tap_is("deallocate", task_deallocate(&t, other, PAGE), 0);
	tap_is("code", task_execute(at + PAGE), 0);
	tap_is("deallocate-code", task_deallocate(&t, at + PAGE, PAGE), 0);
	tap_is("gone", task_touch(at + PAGE, false), SEGV);
	tap_is("deallocate-all", task_deallocate(&t, at, 1000 * PAGE), 0);
	tap_is("areas", areas(), 1);
	max_map_count(was);
}

#ifndef PR_SET_MDWE
#define PR_SET_MDWE		65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

/* What the process has sworn not to do its task cannot do either. */
static void test_mdwe(void)
{
	uint64_t digest;
	char *at;

	task_open(&t, MIB);
	at = task_allocate(&t, 2 * PAGE);
	memset(at, 0xc3, 2 * PAGE);
	CHECK_IS(task_protect(&t, at, PAGE, RX), 0);
	if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0))
		tap_skip("no PR_SET_MDWE: %m");
	digest = task_digest(&t);
	tap_is("protect", task_protect(&t, at + PAGE, PAGE, RX), -EACCES);
	tap_sub("unchanged", digest == task_digest(&t), "entries have changed");
	tap_is("data", task_touch(at + PAGE, true), 0);
	tap_is("execute", task_execute(at + PAGE), SEGV);
	tap_is("before", task_execute(at), 0);
}

/* Locked memory */

/* A number of /proc/self/status, in KiB */
static long status_of(const char *name)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[256];
	long kib = -1;

	CHECK(status, "/proc/self/status: %m");
	while (fgets(line, sizeof(line), status))
		if (!strncmp(line, name, strlen(name)))
			sscanf(line + strlen(name), ": %ld", &kib);
	fclose(status);
	return kib;
}

static struct mach_vm_statistics statistics(void)
{
	struct mach_vm_statistics vm = { .size = sizeof(vm) };

	CHECK_IS(vm_ioctl(t.fd, MACH_VM_STATISTICS, &vm), 0);
	return vm;
}

/* All is counted, once, and what goes is not. */
static void test_wired_statistics(void)
{
	struct mach_vm_statistics at_first, before, after;
	struct serve *s = serve_new(64 * PAGE, 4 * PAGE, 1);
	char *object, *at;

	serve_start(s);
	task_open(&t, 16 * MIB);
	at_first = statistics();
	CHECK_IS(task_map(&t, s->fd, 0, 64 * PAGE, RW, 0, &object), 0);
	at = task_allocate(&t, 640 * PAGE);
	memset(at, 1, 640 * PAGE);
	before = statistics();
	CHECK_IS(task_wire(&t, at, 640 * PAGE, RW), 0);
	CHECK_IS(task_wire(&t, at, 8 * PAGE, RW), 0);
	after = statistics();
	tap_is("wired", after.wire_count - before.wire_count, 640);
	tap_is("internal", before.internal_count - after.internal_count, 640);
	tap_is("locked", status_of("VmLck"), 2560);
	CHECK_IS(task_wire(&t, object, 64 * PAGE, RW), 0);
	tap_is("object", status_of("VmLck"), 2560 + 256);
	CHECK_IS(task_wire(&t, at, 640 * PAGE, 0), 0);
	tap_is("twice", status_of("VmLck"), 32 + 256);
	CHECK_IS(task_deallocate(&t, object, 64 * PAGE), 0);
	tap_is("deallocated", status_of("VmLck"), 32);
	task_close(&t);
	CHECK_WAIT(!status_of("VmLck"), WAIT_MS, "%ld KiB locked",
		   status_of("VmLck"));
	task_open(&t, MIB);
	CHECK_WAIT(statistics().internal_count == 0, WAIT_MS,
		   "%lld internal pages, %lld of them before",
		   (long long)statistics().internal_count,
		   (long long)at_first.internal_count);
}

#define TASKS	40

/* All tasks of a process count together, and with what it has locked itself. */
static void test_lock_limit(void)
{
	struct rlimit limit = { 16 * PAGE, 16 * PAGE };
	struct test_task tasks[TASKS];
	char *at[TASKS], *own;
	int i, wired = 0;
	long err;

	for (i = 0; i < TASKS; i++) {
		task_open(&tasks[i], MIB);
		at[i] = task_allocate(&tasks[i], 16 * PAGE);
	}
	own = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(!setrlimit(RLIMIT_MEMLOCK, &limit), "setrlimit: %m");
	CHECK(!setresuid(65534, 65534, 65534), "setresuid: %m");
	tap_is("mlock", RESULT(mlock(own, 4 * PAGE)), 0);
	for (i = 0; i < TASKS; i++) {
		err = task_wire(&tasks[i], at[i], 3 * PAGE, RW);
		CHECK(!err || err == -EPERM, "%s", tap_result(err));
		wired += err ? 0 : 3;
	}
	tap_is("wired", wired, 12);
	tap_is("same-again", task_wire(&tasks[0], at[0], 3 * PAGE, RW), 0);
	tap_is("mlock-more", RESULT(mlock(at, PAGE)), -ENOMEM);
	tap_is("mlock-less", RESULT(munlock(own, 4 * PAGE)), 0);
	tap_is("then", task_wire(&tasks[9], at[9], 3 * PAGE, RW), 0);
	tap_is("over", task_wire(&tasks[10], at[10], 2 * PAGE, RW), -EPERM);
	task_close(&tasks[9]);
	tap_is("closed", task_wire(&tasks[10], at[10], 2 * PAGE, RW), 0);
}

static const struct tap_test tests[] = {
	{ "areas", test_areas, 0, 0 },
	{ "areas-full", test_areas_full, 0, 0 },
	{ "areas-limit", test_areas_limit, 0, 0 },
	{ "mdwe", test_mdwe, 0, 0 },
	{ "wired-statistics", test_wired_statistics, 0, 0 },
	{ "lock-limit", test_lock_limit, 0, 0 },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
