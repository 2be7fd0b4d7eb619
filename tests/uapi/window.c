// SPDX-License-Identifier: GPL-2.0-only
/*
 * Task maps at the window's edges: Linux's own calls on its areas, signals, forks
 * and debuggers.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "direct.h"
#include "serve.h"
#include "task.h"
#include "tap.h"

#define RW	(MACH_PROT_READ | MACH_PROT_WRITE)
#define RX	(MACH_PROT_READ | MACH_PROT_EXECUTE)
#define SEGV	TAP_SIGNAL(SIGSEGV)
#define SIZE	(64 * PAGE)

static struct test_task t;

/* Memory of a pager's object, 64 pages */
static char *object_memory(struct serve **s)
{
	char *at;

	*s = serve_new(SIZE, 4 * PAGE, 1);
	serve_start(*s);
	task_open(&t, 16 * MIB);
	CHECK_IS(task_map(&t, (*s)->fd, 0, SIZE, RW, 0, &at), 0);
	return at;
}

static int open_mem(void)
{
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);

	CHECK(fd >= 0, "/proc/self/mem: %m");
	return fd;
}

/* An area that is read-only */

static long remote_write(char *at)
{
	struct iovec local = { "x", 1 }, remote = { at, 1 };

	return RESULT(process_vm_writev(getpid(), &local, 1, &remote, 1, 0));
}

static void refused(char *at)
{
	int fd = pattern_file(PAGE, 6), mem = open_mem();

	CHECK(!mprotect(at, 16 * PAGE, PROT_READ), "mprotect: %m");
	tap_is("store", task_touch(at, true), SEGV);
	CHECK(!madvise(at, 16 * PAGE, MADV_DONTNEED), "madvise: %m");
	tap_is("load", task_touch(at + PAGE, false), 0);
	tap_is("store-then", task_touch(at + PAGE, true), SEGV);
	/* the load has mapped it too */
	tap_is("store-beside", task_touch(at + 2 * PAGE, true), SEGV);
	tap_is("read", RESULT(pread(fd, at + 2 * PAGE, 8, 0)), -EFAULT);
	tap_is("read-absent", RESULT(pread(fd, at + 9 * PAGE, 8, 0)), -EFAULT);
	tap_is("writev", remote_write(at + 2 * PAGE), -EFAULT);
	tap_is("mem", RESULT(pwrite(mem, "x", 1, (uintptr_t)at)), -EIO);
	CHECK(!mprotect(at, 16 * PAGE, PROT_READ | PROT_WRITE), "mprotect: %m");
	for (int i = 0; i < 16; i++)
		CHECK(at[i * PAGE] == 3, "page %d has changed", i);
	tap_is("again", task_touch(at + 2 * PAGE, true), 0);
}

static void test_read_only_memory(void)
{
	char *at;

	task_open(&t, 16 * MIB);
	at = task_allocate(&t, 16 * PAGE);
	memset(at, 3, 16 * PAGE);
	refused(at);
}

static void test_read_only_object(void)
{
	struct serve *s;
	char *at = object_memory(&s);

	memset(at, 3, 16 * PAGE);
	refused(at);
	CHECK_IS(task_msync(&t, at, 16 * PAGE, MACH_SYNC_SYNCHRONOUS), 0);
	refused(at);
}

static void test_read_only_node(void)
{
	struct serve *s = serve_new(SIZE, 4 * PAGE, 1);
	char *at;

	serve_start(s);
	at = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
	CHECK(at != MAP_FAILED, "mmap: %m");
	memset(at, 3, 16 * PAGE);
	refused(at);
	CHECK(!msync(at, SIZE, MS_SYNC), "msync: %m");
	refused(at);
}

/* What signals say */

static sigjmp_buf back;
static siginfo_t said;

static void catch(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	said = *info;
	siglongjmp(back, 1);
}

/* The si_code of what the access ends with, whose address has to be right; or 0 */
static int code_of(void (*access)(char *at), char *at)
{
	struct sigaction action = { .sa_sigaction = catch,
				    .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &action, NULL);
	memset(&said, 0, sizeof(said));
	if (!sigsetjmp(back, 1)) {
		access(at);
		return 0;
	}
	CHECK(said.si_addr == at, "at %p, not %p", said.si_addr, at);
	CHECK(sigpending(&action.sa_mask) == 0 &&
	      !sigismember(&action.sa_mask, SIGSEGV), "another one is pending");
	return said.si_code;
}

static void load(char *at)
{
	(void)*(volatile char *)at;
}

static void store(char *at)
{
	*(volatile char *)at = 1;
}

static void execute(char *at)
{
	((void (*)(void))at)();
}

/* One instruction that loads from a page and stores to it */
static void move(char *at)
{
	char *from = at + 64, *to = at;
	unsigned long n = 16;

	asm volatile("rep movsb" : "+S"(from), "+D"(to), "+c"(n) : : "memory");
}

static void test_codes(void)
{
	char *at;

	task_open(&t, 16 * MIB);
	at = task_allocate(&t, 8 * PAGE);
	memset(at, 0xc3, 3 * PAGE);
	CHECK_IS(task_protect(&t, at, 2 * PAGE, MACH_PROT_READ), 0);
	at += 24;
	tap_is("store", code_of(store, at), SEGV_ACCERR);
	load(at);
	tap_is("store-mapped", code_of(store, at), SEGV_ACCERR);
	tap_is("store-mapped-again", code_of(store, at), SEGV_ACCERR);
	tap_is("execute", code_of(execute, at), SEGV_ACCERR);
	CHECK_IS(task_protect(&t, at - 24, PAGE, 0), 0);
	tap_is("none", code_of(load, at), SEGV_ACCERR);
	CHECK_IS(task_deallocate(&t, at - 24, PAGE), 0);
	tap_is("hole", code_of(load, at), SEGV_MAPERR);
	tap_is("hole-store", code_of(store, at), SEGV_MAPERR);
	tap_is("writable", code_of(store, at + 2 * PAGE), 0);
	/* a system call gets an error and no signal */
	said.si_code = 0;
	tap_is("call", RESULT(pread(pattern_file(PAGE, 1), at + PAGE, 1, 0)),
	       -EFAULT);
	tap_is("no-signal", said.si_code, 0);
}

/* It ends, and it ends at once. */
static void test_load_and_store(void)
{
	char *at;
	int code;

	task_open(&t, 16 * MIB);
	at = task_allocate(&t, PAGE);
	at[64] = 7;
	CHECK_IS(task_protect(&t, at, PAGE, MACH_PROT_READ), 0);
	code = code_of(move, at);
	CHECK(code == SEGV_ACCERR || code == SEGV_MAPERR, "code %d", code);
	CHECK_IS(task_protect(&t, at, PAGE, RW), 0);
	move(at);
	tap_is("moved", at[0], 7);
}

/* Killed as by Linux: who blocks the signal, and who ignores it */
static void dies(const char *how, char *at, bool block)
{
	sigset_t set;
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		task_open(&t, 16 * MIB);
		at = task_allocate(&t, PAGE);
		CHECK_IS(task_protect(&t, at, PAGE, MACH_PROT_READ), 0);
		sigemptyset(&set);
		sigaddset(&set, SIGSEGV);
		if (block)
			sigprocmask(SIG_BLOCK, &set, NULL);
		else
			signal(SIGSEGV, SIG_IGN);
		store(at);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid, "wait: %m");
	tap_is(how, WIFSIGNALED(status) ? WTERMSIG(status) : 0, SIGSEGV);
}

static void test_signal_refused(void)
{
	dies("blocked", NULL, true);
	dies("ignored", NULL, false);
}

/* A page that is clean and mapped read-only: as on a node, the write ends. */
static void test_clean_load_and_store(void)
{
	struct serve *s;
	char *at = object_memory(&s);

	for (int i = 0; i < 20; i++) {
		char *page = at + i * PAGE;

		page[64] = i;
		CHECK_IS(task_msync(&t, page, PAGE, MACH_SYNC_SYNCHRONOUS), 0);
		load(page);
		move(page);
		CHECK(page[0] == i, "not moved");
	}
	tap_is("dirty", object_info(s->fd).dirty, 20);
	CHECK_IS(task_msync(&t, at, SIZE, MACH_SYNC_SYNCHRONOUS), 0);
	tap_is("saved", s->store[19 * PAGE], 19);
}

/* Forks */

static long do_child(const uint64_t *arg)
{
	char *at = (char *)(uintptr_t)arg[0];
	int status;
	pid_t pid;

	tap_is("load", task_touch(at, false), SEGV);
	tap_is("store", task_touch(at, true), SEGV);
	tap_is("read", RESULT(pread(pattern_file(PAGE, 1), at, 8, 0)), -EFAULT);
	tap_is("mem", RESULT(pwrite(open_mem(), "x", 1, (uintptr_t)at)), -EIO);
	madvise((void *)((uintptr_t)at & -PAGE), SIZE, MADV_DOFORK);
	pid = fork();
	if (!pid)
		_exit(task_touch(at, true) == SEGV ? 0 : 1);
	CHECK(waitpid(pid, &status, 0) == pid, "wait: %m");
	tap_is("grandchild", status, 0);
	return 0;
}

static void test_fork(void)
{
	struct actor a;
	char *at;

	task_open(&t, 16 * MIB);
	at = task_allocate(&t, SIZE);
	memset(at, 5, SIZE);
	CHECK(!madvise(t.window, t.size, MADV_DOFORK), "madvise: %m");
	actor_start(&a, 1);
	CHECK_IS(actor_do(&a, do_child, (uintptr_t)at), 0);
	at[1] = 6;
	CHECK_IS(actor_do(&a, do_load, (uintptr_t)at), SEGV);
	actor_stop(&a);
	for (long i = 0; i < (long)SIZE; i++)
		CHECK(at[i] == (i == 1 ? 6 : 5), "byte %ld is %d", i, at[i]);
}

/* msync and fsync */

static void test_msync(void)
{
	struct serve *s;
	char *at = object_memory(&s), *memory = task_allocate(&t, PAGE);

	memory[0] = 1;
	at[0] = 0x31;
	tap_is("nothing", RESULT(msync(memory, PAGE, MS_SYNC)), 0);
	tap_is("all", RESULT(msync(t.window, t.size, MS_SYNC)), 0);
	tap_is("saved", s->store[0], 0x31);
	at[5 * PAGE] = 0x32;
	at[9 * PAGE] = 0x33;
	tap_is("part", RESULT(msync(at + 5 * PAGE, PAGE, MS_SYNC)), 0);
	tap_is("saved-part", s->store[5 * PAGE], 0x32);
	tap_is("no-other", object_info(s->fd).dirty, 1);
	tap_is("fsync", RESULT(fsync(t.fd)), 0);
	tap_is("saved-rest", s->store[9 * PAGE], 0x33);
	at[0] = 1;
	s->fail_write = EIO;
	tap_is("error", RESULT(msync(t.window, t.size, MS_SYNC)), -EIO);
	s->fail_write = 0;
	tap_is("asynchronous", RESULT(msync(t.window, t.size, MS_ASYNC)), 0);
}

/* Debuggers */

static void test_breakpoint(void)
{
	int mem = open_mem();
	char byte, *at;

	task_open(&t, 16 * MIB);
	at = task_allocate(&t, 4 * PAGE);
	memset(at, 0xc3, PAGE);
	CHECK_IS(task_protect(&t, at, 2 * PAGE, RX), 0);
	CHECK_IS(task_execute(at), 0);
	tap_is("write", RESULT(pwrite(mem, "\xcc", 1, (uintptr_t)at)), 1);
	tap_is("written", (uint8_t)at[0], 0xcc);
	tap_is("restore", RESULT(pwrite(mem, "\xc3", 1, (uintptr_t)at)), 1);
	tap_is("execute", task_execute(at), 0);
	tap_is("store", task_touch(at, true), SEGV);
	tap_is("untouched", RESULT(pwrite(mem, "x", 1, (uintptr_t)at + PAGE)),
	       1);
	tap_is("touched", at[PAGE], 'x');
	tap_is("two-pages", RESULT(pwrite(mem, "ab", 2, (uintptr_t)at + PAGE -
					  1)), 2);
	tap_is("first", at[PAGE - 1], 'a');
	tap_is("second", at[PAGE], 'b');
	tap_is("writev", remote_write(at), -EFAULT);
	CHECK_IS(task_protect(&t, at, PAGE, 0), 0);
	tap_is("none", RESULT(pread(mem, &byte, 1, (uintptr_t)at)), 1);
	tap_is("content", (uint8_t)byte, 0xc3);
	CHECK_IS(task_set_maximum(&t, at + PAGE, PAGE, MACH_PROT_READ), 0);
	tap_is("maximum", RESULT(pwrite(mem, "x", 1, (uintptr_t)at + PAGE)),
	       -EIO);
	CHECK_IS(task_deallocate(&t, at, PAGE), 0);
	tap_is("hole", RESULT(pread(mem, &byte, 1, (uintptr_t)at)), -EIO);
}

static volatile bool racing;

static void *write_on(void *at)
{
	int mem = open_mem();

	while (racing)
		if (pwrite(mem, "x", 1, (uintptr_t)at) < 0)
			CHECK(errno == EIO, "pwrite: %m");
	return NULL;
}

/* The memory that a debugger writes to goes, and comes anew, meanwhile. */
static void test_breakpoint_race(void)
{
	unsigned int rounds = 3000 / tap_slow();
	pthread_t thread;
	char *at;

	task_open(&t, 16 * MIB);
	at = task_allocate(&t, PAGE);
	racing = true;
	CHECK(!pthread_create(&thread, NULL, write_on, at), "no thread");
	while (rounds--) {
		CHECK_IS(task_deallocate(&t, at, PAGE), 0);
		CHECK_IS(task_allocate_at(&t, at, PAGE), 0);
		CHECK_IS(task_protect(&t, at, PAGE, MACH_PROT_READ), 0);
	}
	racing = false;
	pthread_join(thread, NULL);
}

/* An area that the process has made executable is not what its entries say. */
static void test_own_area(void)
{
	char *at;

	task_open(&t, 16 * MIB);
	at = task_allocate(&t, 4 * PAGE);
	CHECK(mmap(at + PAGE, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
		   MAP_SHARED | MAP_FIXED, t.fd, (uintptr_t)at + PAGE) ==
	      at + PAGE, "mmap: %m");
	tap_is("store", task_touch(at + PAGE, true), 0);
	tap_is("execute", task_execute(at + PAGE), SEGV);
	tap_is("neighbour", task_touch(at, true), 0);
}

static void test_breakpoint_object(void)
{
	struct serve *s;
	char *at = object_memory(&s);
	int mem = open_mem();

	CHECK_IS(task_protect(&t, at, SIZE, MACH_PROT_READ), 0);
	tap_is("absent", RESULT(pwrite(mem, "y", 1, (uintptr_t)at + PAGE)), 1);
	tap_is("seen", at[PAGE], 'y');
	tap_is("dirty", object_info(s->fd).dirty, 1);
	CHECK_IS(task_msync(&t, at, SIZE, MACH_SYNC_SYNCHRONOUS), 0);
	tap_is("saved", s->store[PAGE], 'y');
	tap_is("clean", RESULT(pwrite(mem, "z", 1, (uintptr_t)at + PAGE)), 1);
	tap_is("seen-again", at[PAGE], 'z');
	s->fail_read = EIO;
	tap_is("error", RESULT(pwrite(mem, "z", 1, (uintptr_t)at + 40 * PAGE)),
	       -EIO);
}

/* By ptrace, of another process */
static void test_ptrace(void)
{
	char **at = shared_alloc(PAGE);
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		task_open(&t, 16 * MIB);
		*at = task_allocate(&t, PAGE);
		memset(*at, 0xc3, PAGE);
		CHECK_IS(task_protect(&t, *at, PAGE, RX), 0);
		raise(SIGSTOP);
		_exit((*at)[0] == 0x11 ? 0 : 1);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status), "no stop");
	tap_is("peek", (uint8_t)ptrace(PTRACE_PEEKDATA, pid, *at, NULL), 0xc3);
	tap_is("poke", RESULT(ptrace(PTRACE_POKEDATA, pid, *at, (void *)0x11)),
	       0);
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	CHECK(waitpid(pid, &status, 0) == pid, "wait: %m");
	tap_is("poked", status, 0);
}

/* A descriptor is a task or a pager */

struct contest {
	pthread_barrier_t start;
	int fd;
	long registered;
};

static void *do_register(void *arg)
{
	struct mach_pager_register reg = {
		.size = sizeof(reg), .queues = 1, .depth = 1,
		.message_size = sizeof(struct mach_message),
	};
	struct contest *c = arg;

	pthread_barrier_wait(&c->start);
	c->registered = vm_ioctl(c->fd, MACH_PAGER_REGISTER, &reg);
	return NULL;
}

/* Return: did the window win? */
static bool compete(int round)
{
	struct contest c;
	pthread_t thread;
	void *window;
	bool won;

	c.fd = vm_open();
	pthread_barrier_init(&c.start, NULL, 2);
	CHECK(!pthread_create(&thread, NULL, do_register, &c), "no thread");
	pthread_barrier_wait(&c.start);
	for (volatile int i = 0; i < round % 64 * 50; i++)
		;
	window = mmap(NULL, 64 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, c.fd,
		      0);
	pthread_join(thread, NULL);
	won = window != MAP_FAILED && c.registered == -EPERM;
	CHECK(won || !c.registered, "neither: %s", tap_result(c.registered));
	/* what a pager can map is no window, and only as large as its array */
	CHECK(won || window == MAP_FAILED, "a pager with a window in round %d",
	      round);
	if (window != MAP_FAILED)
		munmap(window, 64 * MIB);
	close(c.fd);
	return won;
}

static void test_register_or_window(void)
{
	int won = 0, rounds = 3000 / tap_slow();

	for (int i = 0; i < rounds; i++)
		won += compete(i);
	tap_note("%d of %d by the window", won, rounds);
}

static const struct tap_test tests[] = {
	{ "read-only-memory", test_read_only_memory, 0, 0 },
	{ "read-only-object", test_read_only_object, 0, 0 },
	{ "read-only-node", test_read_only_node, 0, 0 },
	{ "codes", test_codes, 0, 0 },
	{ "load-and-store", test_load_and_store, 0, 0 },
	{ "signal-refused", test_signal_refused, 0, 0 },
	{ "clean-load-and-store", test_clean_load_and_store, 0, 0 },
	{ "fork", test_fork, 0, 0 },
	{ "msync", test_msync, 0, 0 },
	{ "breakpoint", test_breakpoint, 0, 0 },
	{ "breakpoint-object", test_breakpoint_object, 0, 0 },
	{ "breakpoint-race", test_breakpoint_race, 0, 60 },
	{ "own-area", test_own_area, 0, 0 },
	{ "ptrace", test_ptrace, 0, 0 },
	{ "register-or-window", test_register_or_window, 0, 120 },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
