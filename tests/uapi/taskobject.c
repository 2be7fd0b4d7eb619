// SPDX-License-Identifier: GPL-2.0-only
/* Task maps: objects of pagers, and what names and proxies are good for. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "serve.h"
#include "task.h"
#include "tap.h"

#define RW	(MACH_PROT_READ | MACH_PROT_WRITE)
#define SEGV	TAP_SIGNAL(SIGSEGV)
#define BUS	TAP_SIGNAL(SIGBUS)
#define SIZE	(64 * PAGE)
#define SYNC	MACH_SYNC_SYNCHRONOUS

static struct test_task t;
static struct serve *s;
static char *at;

static void open_mapped(uint64_t size, uint32_t flags, unsigned int protection)
{
	s = serve_new(size, 4 * PAGE, 1);
	s->flags = flags;
	serve_start(s);
	task_open(&t, 1ULL << 30);
	CHECK_IS(task_map(&t, s->fd, 0, size, protection, 0, &at), 0);
}

static void test_read_write(void)
{
	struct mach_task_region r;

	open_mapped(SIZE, 0, RW);
	CHECK(pattern_is(at, 0, SIZE, 1), "wrong data");
	CHECK_IS(s->requests, SIZE / (4 * PAGE));
	pattern_fill(at + 5 * PAGE, 5 * PAGE, PAGE, 2);
	CHECK_IS(object_info(s->fd).dirty, 1);
	tap_is("sync", task_msync(&t, at, SIZE, SYNC), 0);
	CHECK(pattern_is(s->store + 5 * PAGE, 5 * PAGE, PAGE, 2), "not saved");
	tap_is("clean", object_info(s->fd).dirty, 0);
	/* it has to be noticed again */
	at[5 * PAGE] = 9;
	tap_is("dirty-again", object_info(s->fd).dirty, 1);
	tap_is("sync-again", task_msync(&t, at + 5 * PAGE, 1, SYNC), 0);
	tap_is("saved-again", s->store[5 * PAGE], 9);
	CHECK_IS(task_region(&t, at, &r), 0);
	tap_is("external", r.state, 0);
	CHECK_IS(task_protect(&t, at + PAGE, PAGE, MACH_PROT_READ), 0);
	tap_is("write", task_touch(at + PAGE, true), SEGV);
	tap_is("three", task_entries(&t), 3);
	CHECK_IS(task_protect(&t, at, SIZE, RW), 0);
	tap_is("one", task_entries(&t), 1);
}

/* The file's own calls see what the task has written, and the other way. */
static void test_coherent(void)
{
	uint8_t byte = 0x55, *map;

	open_mapped(SIZE, 0, RW);
	map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
	CHECK(map != MAP_FAILED, "mmap: %m");
	at[PAGE] = 0x33;
	tap_is("mmap", map[PAGE], 0x33);
	map[PAGE + 1] = 0x34;
	tap_is("from-mmap", at[PAGE + 1], 0x34);
	CHECK_IS(RESULT(pwrite(s->fd, &byte, 1, 2 * PAGE)), 1);
	tap_is("from-pwrite", at[2 * PAGE], 0x55);
	at[3 * PAGE] = 0x66;
	CHECK_IS(RESULT(pread(s->fd, &byte, 1, 3 * PAGE)), 1);
	tap_is("pread", byte, 0x66);
	CHECK_IS(RESULT(fsync(s->fd)), 0);
	tap_is("saved", s->store[3 * PAGE], 0x66);
}

/* What was written comes back to the pager even if the entry is gone. */
static void test_deallocated(void)
{
	open_mapped(SIZE, 0, RW);
	memset(at + 7 * PAGE, 0x77, PAGE);
	CHECK_IS(task_deallocate(&t, at, SIZE), 0);
	tap_is("gone", task_touch(at, false), SEGV);
	CHECK_IS(RESULT(fsync(s->fd)), 0);
	tap_is("saved", s->store[7 * PAGE + 5], 0x77);
	CHECK_IS(task_map(&t, s->fd, 0, SIZE, RW, 0, &at), 0);
	memset(at + 8 * PAGE, 0x78, PAGE);
	CHECK_IS(close(s->fd), 0);
	/* the entry has the last right: the object ends with it */
	tap_is("kept", at[8 * PAGE], 0x78);
	CHECK_IS(task_deallocate(&t, at, SIZE), 0);
	CHECK_WAIT(s->terminates, WAIT_MS, "no TERMINATE");
	tap_is("saved-last", s->store[8 * PAGE + 5], 0x78);
}

/* The task ends without a word. */
static void test_closed(void)
{
	open_mapped(SIZE, 0, RW);
	memset(at + 7 * PAGE, 0x77, PAGE);
	close(s->fd);
	task_close(&t);
	CHECK_WAIT(s->terminates, WAIT_MS, "no TERMINATE");
	tap_is("saved", s->store[7 * PAGE + 5], 0x77);
}

static void test_pager_errors(void)
{
	uint64_t done;
	char byte;
	struct mach_task_data data = {
		.size = sizeof(data), .length = 8 * PAGE,
	};

	open_mapped(SIZE, 0, RW);
	CHECK_IS(task_touch(at, false), 0);
	s->fail_read = ENXIO;
	tap_is("read", task_touch(at + 8 * PAGE, false), BUS);
	tap_is("write", task_touch(at + 12 * PAGE, true), BUS);
	tap_is("resident", task_touch(at + PAGE, true), 0);
	tap_is("vm-read", task_read(&t, at + 16 * PAGE, 1, &byte), -EIO);
	data.address = (uintptr_t)at;
	data.data = (uintptr_t)shared_alloc(8 * PAGE);
	tap_is("vm-read-part", task_call(&t, MACH_TASK_READ, &data), -EIO);
	done = data.done;
	tap_is("vm-read-done", done, 4 * PAGE);
	tap_is("wire", task_wire(&t, at, 8 * PAGE, RW), -EIO);
	tap_is("not-wired", task_info(&t).wired, 0);
	tap_is("one", task_entries(&t), 1);
	s->fail_read = 0;
	tap_is("again", task_touch(at + 8 * PAGE, false), 0);
	at[8 * PAGE] = 3;
	s->fail_write = EIO;
	tap_is("msync", task_msync(&t, at, SIZE, SYNC), -EIO);
	s->fail_write = 0;
	tap_is("msync-again", task_msync(&t, at, SIZE, SYNC), 0);
}

static void test_death(void)
{
	char byte;

	open_mapped(SIZE, 0, RW);
	CHECK_IS(task_touch(at, true), 0);
	serve_kill(s);
	CHECK_WAIT(task_touch(at, false) == BUS, WAIT_MS, "no SIGBUS");
	tap_is("write", task_touch(at + PAGE, true), BUS);
	tap_is("vm-read", task_read(&t, at, 1, &byte), -EIO);
	tap_is("msync", task_msync(&t, at, SIZE, SYNC), -EIO);
	tap_is("map", task_map(&t, s->fd, 0, PAGE, RW, 0, &at), -ENODEV);
	tap_is("deallocate", task_deallocate(&t, t.window, t.size), 0);
}

/* A waiting fault ends when the pager does, and so does the wired range. */
static void test_death_wired(void)
{
	open_mapped(SIZE, 0, RW);
	CHECK_IS(task_wire(&t, at, 4 * PAGE, RW), 0);
	serve_kill(s);
	CHECK_WAIT(task_touch(at, false) == BUS, WAIT_MS, "no SIGBUS");
	tap_is("unwire", task_wire(&t, at, 4 * PAGE, 0), 0);
	tap_is("deallocate", task_deallocate(&t, at, SIZE), 0);
	task_close(&t);
}

static void test_ends(void)
{
	char byte = 0;

	open_mapped(5 * PAGE + 100, 0, RW);
	tap_is("last-page", task_touch(at + 6 * PAGE - 1, true), 0);
	tap_is("behind", task_touch(at + 6 * PAGE, false), SEGV);
	tap_is("more", task_map(&t, s->fd, 0, 6 * PAGE + 1, RW, 0, &at), 0);
	tap_is("more-last", task_touch(at + 6 * PAGE - 1, true), 0);
	tap_is("more-read", task_touch(at + 6 * PAGE, false), BUS);
	tap_is("more-write", task_touch(at + 6 * PAGE, true), BUS);
	tap_is("more-vm-read", task_read(&t, at + 6 * PAGE, 1, &byte), -EIO);
	tap_is("more-vm-write", task_write(&t, at + 6 * PAGE, 1, &byte), -EIO);
	tap_is("more-wire", task_wire(&t, at, 7 * PAGE, RW), -EIO);
	tap_is("more-wired", task_info(&t).wired, 0);
	tap_is("more-msync", task_msync(&t, at, 7 * PAGE, SYNC), 0);
	tap_is("more-zero", task_behavior(&t, at, 7 * PAGE,
					  MACH_BEHAVIOR_ZERO), -EIO);
	tap_is("more-unneeded", task_behavior(&t, at, 7 * PAGE,
					      MACH_BEHAVIOR_DONTNEED), 0);
	tap_is("more-needed", task_behavior(&t, at, 7 * PAGE,
					    MACH_BEHAVIOR_WILLNEED), 0);
	tap_is("more-copy", task_map(&t, s->fd, 0, 7 * PAGE, RW, MACH_VM_COPY,
				     &at), -EIO);
	tap_is("offset", task_map(&t, s->fd, 6 * PAGE, PAGE, RW, 0, &at), 0);
	tap_is("offset-read", task_touch(at, false), BUS);
	tap_is("offset-far", task_map(&t, s->fd, -PAGE, PAGE, RW, 0, &at),
	       -EINVAL);
	tap_is("last", task_map(&t, s->fd, 5 * PAGE, PAGE, RW, 0, &at), 0);
	CHECK(zeros(at, 100), "not filled with zeros");
}

/* A right that the object does not give cannot be had from its map either. */
static void test_read_only(void)
{
	struct mach_task_region r;

	open_mapped(SIZE, MACH_CREATE_READ_ONLY, MACH_PROT_READ);
	CHECK_IS(task_region(&t, at, &r), 0);
	tap_is("maximum", r.max_protection, MACH_PROT_READ | MACH_PROT_EXECUTE);
	tap_is("read", task_touch(at, false), 0);
	tap_is("write", task_touch(at, true), SEGV);
	tap_is("vm-write", task_write(&t, at, 1, "x"), -EACCES);
	tap_is("protect", task_protect(&t, at, PAGE, RW), -EACCES);
	tap_is("map", task_map(&t, s->fd, 0, PAGE, RW, 0, &at), 0);
	tap_is("write-cut", task_touch(at, true), SEGV);
	tap_is("copy", task_map(&t, s->fd, PAGE, PAGE, RW, MACH_VM_COPY, &at), 0);
	CHECK(pattern_is(at, PAGE, PAGE, 1), "wrong data");
	tap_is("write-copy", task_touch(at, true), 0);
}

/* The same of a descriptor that was opened for reading, or for writing alone. */
static void test_opened(void)
{
	char name[] = MACH_VM_NODE_DIR "/taskobject";
	int fd;

	s = serve_new(SIZE, 4 * PAGE, 1);
	strcpy(s->name, "taskobject");
	serve_start(s);
	task_open(&t, 1ULL << 30);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0, "%s: %m", name);
	tap_is("write", task_map(&t, fd, 0, PAGE, RW, 0, &at), 0);
	tap_is("write-cut", task_touch(at, true), SEGV);
	tap_is("read", task_map(&t, fd, 0, PAGE, MACH_PROT_READ, 0, &at), 0);
	tap_is("raise", task_protect(&t, at, PAGE, RW), -EACCES);
	close(fd);
	fd = open(name, O_WRONLY | O_CLOEXEC);
	CHECK(fd >= 0, "%s: %m", name);
	tap_is("wo-read", task_map(&t, fd, 0, PAGE, RW, 0, &at), 0);
	tap_is("wo-vm-read", task_read(&t, at, 1, name), -EACCES);
	tap_is("wo-vm-copy", task_copy(&t, at, 1, at + 1), -EACCES);
	tap_is("wo-vm-write", task_write(&t, at, 1, name), 0);
	tap_is("wo-copy", task_map(&t, fd, 0, PAGE, RW, MACH_VM_COPY, &at),
	       -EACCES);
}

static void test_two_tasks(void)
{
	struct test_task other;
	char *there;

	open_mapped(SIZE, 0, RW);
	task_open(&other, 1ULL << 30);
	CHECK_IS(task_map(&other, s->fd, 2 * PAGE, 8 * PAGE, RW, 0, &there), 0);
	there[PAGE] = 0x11;
	tap_is("one-way", at[3 * PAGE], 0x11);
	at[4 * PAGE] = 0x12;
	tap_is("other-way", there[2 * PAGE], 0x12);
	CHECK_IS(task_protect(&other, there, 8 * PAGE, MACH_PROT_READ), 0);
	tap_is("theirs", task_touch(there, true), SEGV);
	tap_is("not-mine", task_touch(at + 2 * PAGE, true), 0);
	task_close(&t);
	tap_is("kept", there[2 * PAGE], 0x12);
	CHECK_IS(task_msync(&other, there, 8 * PAGE, SYNC), 0);
	tap_is("saved", s->store[4 * PAGE], 0x12);
}

static void lock(uint32_t flags)
{
	s->lock = flags;
	CHECK_WAIT(!s->lock, WAIT_MS, "the pager does not lock");
}

/* What the pager revokes is asked for again, through a task's map as well. */
static void test_flush(void)
{
	open_mapped(SIZE, 0, RW);
	CHECK_IS(task_touch(at, false), 0);
	memset(s->store, 0x42, PAGE);
	lock(MACH_LOCK_FLUSH);
	CHECK_WAIT(!object_info(s->fd).resident, WAIT_MS, "pages stay");
	tap_is("new", at[5], 0x42);
	at[6] = 0x43;
	lock(MACH_LOCK_CLEAN);
	CHECK_WAIT(s->store[6] == 0x43, WAIT_MS, "not cleaned");
	at[6] = 0x44;
	lock(MACH_LOCK_CLEAN | MACH_LOCK_FLUSH);
	CHECK_WAIT(s->store[6] == 0x44, WAIT_MS, "written, and not noticed");
	/* without CLEAN it is lost, as the pager wants it */
	at[6] = 0x45;
	lock(MACH_LOCK_FLUSH);
	CHECK_WAIT(!object_info(s->fd).resident, WAIT_MS, "pages stay");
	tap_is("lost", at[6], 0x44);
}

/* Wired pages stay, whoever wants them to go. */
static void test_flush_wired(void)
{
	open_mapped(SIZE, 0, RW);
	CHECK_IS(task_wire(&t, at, 8 * PAGE, RW), 0);
	CHECK_IS(object_info(s->fd).resident, 8);
	lock(MACH_LOCK_FLUSH);
	CHECK_IS(task_touch(at + 20 * PAGE, false), 0);
	lock(MACH_LOCK_FLUSH);
	CHECK_WAIT(object_info(s->fd).resident == 8, WAIT_MS, "%llu pages stay",
		   object_info(s->fd).resident);
	CHECK_IS(task_wire(&t, at, 8 * PAGE, 0), 0);
	lock(MACH_LOCK_FLUSH);
	CHECK_WAIT(!object_info(s->fd).resident, WAIT_MS, "%llu pages stay",
		   object_info(s->fd).resident);
}

static void test_copy(void)
{
	char *copy;

	open_mapped(SIZE, 0, RW);
	CHECK_IS(task_map(&t, s->fd, 3 * PAGE, 5 * PAGE, RW, MACH_VM_COPY,
			  &copy), 0);
	CHECK(pattern_is(copy, 3 * PAGE, 5 * PAGE, 1), "wrong data");
	memset(copy, 0x33, 5 * PAGE);
	CHECK(pattern_is(at, 0, SIZE, 1), "the object has changed");
	at[4 * PAGE] = 0x55;
	tap_is("apart", copy[PAGE], 0x33);
	tap_is("executable", task_protect(&t, copy, PAGE, MACH_PROT_ALL), 0);
	tap_is("remap", task_remap(&t, at + 4 * PAGE, PAGE, MACH_VM_COPY, &copy),
	       0);
	tap_is("remapped", copy[0], 0x55);
	s->fail_read = ENXIO;
	lock(MACH_LOCK_FLUSH);
	CHECK_WAIT(!object_info(s->fd).resident, WAIT_MS, "pages stay");
	tap_is("failing", task_map(&t, s->fd, 0, SIZE, RW, MACH_VM_COPY, &copy),
	       -EIO);
}

static int name_of(const char *address, uint64_t *number)
{
	struct mach_task_region r = {
		.size = sizeof(r), .flags = MACH_REGION_NAME,
		.address = (uintptr_t)address,
	};

	CHECK_IS(task_call(&t, MACH_TASK_REGION, &r), 0);
	CHECK(r.name >= 0 && fcntl(r.name, F_GETFD) == FD_CLOEXEC,
	      "name %d, not close-on-exec", r.name);
	*number = r.object;
	return r.name;
}

static long compare(int a, int b)
{
	struct mach_name_compare c = { .size = sizeof(c), .fd = b };
	long err = vm_ioctl(a, MACH_NAME_COMPARE, &c);

	return err ? err : c.equal;
}

static long make_proxy(int fd, uint64_t start, uint64_t length,
		       unsigned int protection, int *proxy)
{
	struct mach_object_proxy p = {
		.size = sizeof(p), .max_protection = protection,
		.start = start, .length = length,
	};
	long err = vm_ioctl(fd, MACH_OBJECT_PROXY, &p);

	*proxy = p.fd;
	return err;
}

/* A name says which object it is, and gives no right to it. */
static void test_names(void)
{
	struct mach_object_info info = { .size = sizeof(info) };
	uint64_t number, other;
	int name, memory, proxy;
	char *anonymous;

	open_mapped(SIZE, 0, RW);
	anonymous = task_allocate(&t, PAGE);
	anonymous[0] = 1;
	name = name_of(at, &number);
	memory = name_of(anonymous, &other);
	CHECK(number && other && number != other, "numbers %llu and %llu",
	      (unsigned long long)number, (unsigned long long)other);
	tap_is("same", compare(name, s->fd), 1);
	tap_is("differs", compare(name, memory), 0);
	CHECK_IS(vm_ioctl(memory, MACH_OBJECT_INFO, &info), 0);
	tap_is("internal", info.state & MACH_OBJECT_INTERNAL,
	       MACH_OBJECT_INTERNAL);
	tap_is("resident", info.resident, 1);
	tap_is("map", task_map(&t, name, 0, PAGE, MACH_PROT_READ, 0, &at),
	       -EBADF);
	tap_is("map-memory", task_map(&t, memory, 1ULL << 59, PAGE,
				      MACH_PROT_READ, 0, &at), -EBADF);
	tap_is("proxy", make_proxy(name, 0, PAGE, 0, &proxy), -ENOTTY);
	tap_is("mmap", RESULT(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, name, 0)),
	       -ENODEV);
	tap_is("read", RESULT(read(name, &number, 1)), -EINVAL);
	/* it keeps the object from being forgotten, not from ending */
	task_close(&t);
	close(s->fd);
	CHECK_WAIT(s->terminates, WAIT_MS, "no TERMINATE");
	tap_is("nothing-left", object_info(memory).resident, 0);
	tap_is("left", compare(name, name), 1);
}

static long map_proxy(int proxy, uint64_t offset, uint64_t length,
		      unsigned int protection)
{
	return task_map(&t, proxy, offset, length, protection, 0, &at);
}

static void test_proxy_rights(void)
{
	int reader, narrower, writer;

	open_mapped(SIZE, 0, RW);
	CHECK_IS(make_proxy(s->fd, 0, SIZE, MACH_PROT_READ, &reader), 0);
	CHECK(fcntl(reader, F_GETFD) == FD_CLOEXEC, "not close-on-exec");
	tap_is("read", map_proxy(reader, 0, PAGE, MACH_PROT_READ), 0);
	tap_is("maximum", task_protect(&t, at, PAGE, RW), -EACCES);
	tap_is("write", map_proxy(reader, 0, PAGE, RW), 0);
	tap_is("write-cut", task_touch(at, true), SEGV);
	tap_is("execute", map_proxy(reader, 0, PAGE, MACH_PROT_EXECUTE), 0);
	tap_is("execute-cut", task_touch(at, false), SEGV);
	tap_is("more", make_proxy(reader, 0, SIZE, RW, &writer), 0);
	tap_is("more-write", map_proxy(writer, 0, PAGE, RW), 0);
	tap_is("more-cut", task_touch(at, true), SEGV);
	tap_is("none", make_proxy(reader, 0, SIZE, 0, &narrower), 0);
	tap_is("map-none", map_proxy(narrower, 0, PAGE, 0), 0);
	tap_is("read-none", map_proxy(narrower, 0, PAGE, MACH_PROT_READ), 0);
	tap_is("none-cut", task_touch(at, false), SEGV);
	tap_is("unknown", make_proxy(s->fd, 0, SIZE, 8, &writer), -EINVAL);
	CHECK_IS(make_proxy(s->fd, 0, SIZE, MACH_PROT_WRITE, &writer), 0);
	tap_is("write-only", map_proxy(writer, 0, PAGE, MACH_PROT_WRITE), 0);
	tap_is("copy-unreadable", task_map(&t, writer, 0, PAGE, RW,
					   MACH_VM_COPY, &at), -EACCES);
	tap_is("same", compare(reader, s->fd), 1);
	tap_is("mmap", RESULT(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, reader, 0)),
	       -ENODEV);
	/* a proxy is a right: the object lives */
	close(s->fd);
	task_close(&t);
	task_open(&t, 1ULL << 30);
	CHECK_IS(map_proxy(reader, PAGE, PAGE, MACH_PROT_READ), 0);
	CHECK(pattern_is(at, PAGE, PAGE, 1), "wrong data");
	CHECK_IS(s->terminates, 0);
}

static void test_proxy_window(void)
{
	struct mach_task_map unaligned = {
		.size = sizeof(unaligned), .length = PAGE + 1,
		.protection = MACH_PROT_READ, .max_protection = MACH_PROT_READ,
	};
	int proxy, inner, fd;

	open_mapped(SIZE + 100, 0, RW);
	fd = s->fd;
	tap_is("start-unaligned", make_proxy(fd, 1, PAGE, 1, &proxy), -EINVAL);
	tap_is("length-unaligned", make_proxy(fd, 0, PAGE + 1, 1, &proxy),
	       -EINVAL);
	tap_is("length-0", make_proxy(fd, 0, 0, 1, &proxy), -EINVAL);
	tap_is("to-the-end", make_proxy(fd, SIZE, 100, 1, &proxy), 0);
	tap_is("over", make_proxy(fd, SIZE, 101, 1, &proxy), -EINVAL);
	tap_is("over-pages", make_proxy(fd, SIZE, 2 * PAGE, 1, &proxy), 0);
	tap_is("over-map", map_proxy(proxy, 0, 2 * PAGE, MACH_PROT_READ), 0);
	tap_is("over-first", task_touch(at, false), 0);
	tap_is("over-second", task_touch(at + PAGE, false), BUS);
	tap_is("start-end", make_proxy(fd, SIZE + PAGE, PAGE, 1, &proxy),
	       -EINVAL);
	tap_is("start-max", make_proxy(fd, -PAGE, PAGE, 1, &proxy), -EINVAL);
	tap_is("start-wrap", make_proxy(fd, -PAGE, 2 * PAGE, 1, &proxy),
	       -EINVAL);
	tap_is("length-wrap", make_proxy(fd, PAGE, -PAGE, 1, &proxy), -EINVAL);
	tap_is("open-end", make_proxy(fd, PAGE, ~0ULL, 1, &proxy), 0);
	tap_is("open-map", map_proxy(proxy, SIZE, PAGE, MACH_PROT_READ), 0);
	tap_is("open-behind", task_touch(at, false), BUS);
	tap_is("open-inner", make_proxy(proxy, 0, ~0ULL, 1, &inner), 0);
	tap_is("open-last", map_proxy(inner, SIZE - PAGE, PAGE, 1), 0);
	CHECK(pattern_is(at, SIZE, 100, 1), "wrong data");
	tap_is("start-2^63", make_proxy(fd, 1ULL << 63, 1ULL << 63, 1, &proxy),
	       -EINVAL);
	CHECK_IS(make_proxy(fd, 8 * PAGE, 8 * PAGE, 1, &proxy), 0);
	tap_is("inner-over", make_proxy(proxy, 4 * PAGE, 5 * PAGE, 1, &inner),
	       -EINVAL);
	tap_is("inner-open", make_proxy(proxy, 4 * PAGE, ~0ULL, 1, &inner), 0);
	tap_is("inner-end", map_proxy(inner, 3 * PAGE, 2 * PAGE, 1), -EINVAL);
	tap_is("inner-wrap", make_proxy(proxy, -8 * PAGE, 8 * PAGE, 1, &inner),
	       -EINVAL);
	CHECK_IS(make_proxy(proxy, 4 * PAGE, 4 * PAGE, 1, &inner), 0);
	CHECK_IS(map_proxy(inner, PAGE, 3 * PAGE, MACH_PROT_READ), 0);
	CHECK(pattern_is(at, 13 * PAGE, 3 * PAGE, 1), "wrong data");
	tap_is("map-over", map_proxy(inner, PAGE, 3 * PAGE + 1, 1), -EINVAL);
	tap_is("map-end", map_proxy(inner, 4 * PAGE, 1, 1), -EINVAL);
	tap_is("map-below", map_proxy(inner, -PAGE, PAGE, 1), -EINVAL);
	tap_is("map-wrap", map_proxy(inner, -4 * PAGE, 8 * PAGE, 1), -EINVAL);
	tap_is("map-max", map_proxy(inner, 0, -PAGE, 1), -EINVAL);
	/* two pages, and the window ends after the first */
	unaligned.object = inner;
	unaligned.offset = 3 * PAGE;
	unaligned.address = (uintptr_t)t.window + t.size / 2 + 1;
	tap_is("map-unaligned", task_call(&t, MACH_TASK_MAP, &unaligned),
	       -EINVAL);
	unaligned.flags = MACH_VM_COPY;
	tap_is("copy-unaligned", task_call(&t, MACH_TASK_MAP, &unaligned),
	       -EINVAL);
}

static void test_not_objects(void)
{
	struct mach_task_remap remap = {
		.size = sizeof(remap), .flags = MACH_VM_ANYWHERE,
		.length = PAGE,
	};

	open_mapped(SIZE, 0, RW);
	tap_is("map-task", task_map(&t, t.fd, 0, PAGE, RW, 0, &at), -EBADF);
	tap_is("map-file", task_map(&t, 1, 0, PAGE, RW, 0, &at), -EBADF);
	tap_is("map-closed", task_map(&t, 999, 0, PAGE, RW, 0, &at), -EBADF);
	remap.source_address = (uintptr_t)at;
	remap.source = s->fd;
	tap_is("remap-object", task_call(&t, MACH_TASK_REMAP, &remap), -EBADF);
	remap.source = 999;
	tap_is("remap-closed", task_call(&t, MACH_TASK_REMAP, &remap), -EBADF);
	remap.source = vm_open();
	tap_is("remap-empty", task_call(&t, MACH_TASK_REMAP, &remap),
	       -EADDRNOTAVAIL);
}

static const struct tap_test tests[] = {
	{ "read-write", test_read_write, 0, 0 },
	{ "coherent", test_coherent, 0, 0 },
	{ "deallocated", test_deallocated, 0, 0 },
	{ "closed", test_closed, 0, 0 },
	{ "pager-errors", test_pager_errors, 0, 0 },
	{ "death", test_death, 0, 0 },
	{ "death-wired", test_death_wired, 0, 0 },
	{ "ends", test_ends, 0, 0 },
	{ "read-only", test_read_only, 0, 0 },
	{ "opened", test_opened, 0, 0 },
	{ "two-tasks", test_two_tasks, 0, 0 },
	{ "flush", test_flush, 0, 0 },
	{ "flush-wired", test_flush_wired, 0, 0 },
	{ "copy", test_copy, 0, 0 },
	{ "names", test_names, 0, 0 },
	{ "proxy-rights", test_proxy_rights, 0, 0 },
	{ "proxy-window", test_proxy_window, 0, 0 },
	{ "not-objects", test_not_objects, 0, 0 },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
