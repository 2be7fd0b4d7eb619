// SPDX-License-Identifier: GPL-2.0-only
/*
 * What calls say when a pager fails: a task's that it failed, whatever the pager
 * says, as an error of the module's own means something else there; a file's what it
 * says.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <mach/mach.h>
#include <mach/mach_vm.h>

#include "serve.h"
#include "task.h"
#include "tap.h"

#define RW	(MACH_PROT_READ | MACH_PROT_WRITE)
#define SIZE	(64 * PAGE)
#define SYNC	MACH_SYNC_SYNCHRONOUS
#define ABSENT	(at + 8 * PAGE)

/* Each of them means something when the module itself says it. */
static const int errors[] = {
	EIO, EPERM, ENXIO, EBADF, ENOMEM, EACCES, EFAULT, EEXIST, ENODEV, EINVAL,
	EMFILE, ENOSPC, EDEADLK, EADDRNOTAVAIL, ETIMEDOUT, ESTALE, EDQUOT,
};

static struct test_task t;
static struct serve *s;
static char *at, *other;
static char bytes[2 * PAGE];

/* The task is the library's; the first cluster of the object is there. */
static void open_mapped(void)
{
	s = serve_new(SIZE, 4 * PAGE, 1);
	serve_start(s);
	t.fd = mach_task_self();
	CHECK_IS(task_map(&t, s->fd, 0, SIZE, RW, 0, &at), 0);
	other = task_allocate(&t, SIZE);
	CHECK_IS(task_touch(at, true), 0);
}

static long call_read(void)
{
	return task_read(&t, at + 3 * PAGE + 7, PAGE, bytes);
}

static long call_write(void)
{
	return task_write(&t, ABSENT, 1, bytes);
}

static long call_copy_from(void)
{
	return task_copy(&t, ABSENT, PAGE, other);
}

static long call_copy_to(void)
{
	return task_copy(&t, other, PAGE, ABSENT);
}

static long call_zero(void)
{
	return task_behavior(&t, ABSENT, PAGE, MACH_BEHAVIOR_ZERO);
}

static long call_wire(void)
{
	return task_wire(&t, at, 12 * PAGE, RW);
}

static long call_wire_all(void)
{
	return task_wire_all(&t, MACH_WIRE_CURRENT | MACH_WIRE_FUTURE);
}

/* Wired memory that nobody may access: its pages come before the right does. */
static void asleep(void)
{
	CHECK_IS(task_wire(&t, ABSENT, 4 * PAGE, RW), 0);
	CHECK_IS(task_protect(&t, ABSENT, 4 * PAGE, 0), 0);
	CHECK_IS(task_msync(&t, at, SIZE, SYNC), 0);
	s->lock = MACH_LOCK_FLUSH;
	CHECK_WAIT(!object_info(s->fd).resident, WAIT_MS, "pages stay");
}

static long call_protect(void)
{
	return task_protect(&t, at, SIZE, RW);
}

static long call_map_copy(void)
{
	char *to;

	return task_map(&t, s->fd, 0, SIZE, RW, MACH_VM_COPY, &to);
}

static void future(void)
{
	CHECK_IS(task_wire_all(&t, MACH_WIRE_FUTURE), 0);
}

static long call_map(void)
{
	char *to;

	return task_map(&t, s->fd, 0, SIZE, RW, 0, &to);
}

static long call_remap(void)
{
	char *to;

	return task_remap(&t, at, SIZE, 0, &to);
}

static long call_remap_copy(void)
{
	char *to;

	return task_remap(&t, at, SIZE, MACH_VM_COPY, &to);
}

static void dirty(void)
{
	at[1] = 3;
}

static long call_msync(void)
{
	return task_msync(&t, at, SIZE, SYNC);
}

static long call_object_sync(void)
{
	struct mach_task_msync args = {
		.size = sizeof(args), .flags = SYNC, .length = SIZE,
	};

	return vm_ioctl(s->fd, MACH_OBJECT_MSYNC, &args);
}

static long file_read(void)
{
	return RESULT(pread(s->fd, bytes, 1, 8 * PAGE));
}

static long file_write(void)
{
	return RESULT(pwrite(s->fd, bytes, 1, 8 * PAGE));
}

static long file_sync(void)
{
	return RESULT(fsync(s->fd));
}

/**
 * struct deed - A call that meets a failing pager
 * @name: of the test
 * @call: does it
 * @before: what it needs, while the pager is good
 * @each: before each error
 * @fails: SERVE_HOLD() of the operations that the pager refuses
 * @as_it_is: it gives the pager's error
 */
struct deed {
	const char *name;
	long (*call)(void);
	void (*before)(void);
	void (*each)(void);
	unsigned int fails;
	bool as_it_is;
};

#define READS	SERVE_HOLD(MACH_OP_DATA_REQUEST)
#define WRITES	SERVE_HOLD(MACH_OP_DATA_RETURN)
#define SYNCS	SERVE_HOLD(MACH_OP_SYNCHRONIZE)

static const struct deed deeds[] = {
	{ "read", call_read, NULL, NULL, READS, false },
	{ "write", call_write, NULL, NULL, READS, false },
	{ "copy-from", call_copy_from, NULL, NULL, READS, false },
	{ "copy-to", call_copy_to, NULL, NULL, READS, false },
	{ "zero", call_zero, NULL, NULL, READS, false },
	{ "wire", call_wire, NULL, NULL, READS, false },
	{ "wire-all", call_wire_all, NULL, NULL, READS, false },
	{ "protect", call_protect, asleep, NULL, READS, false },
	{ "map-copy", call_map_copy, NULL, NULL, READS, false },
	{ "map-wired", call_map, future, NULL, READS, false },
	{ "remap-wired", call_remap, future, NULL, READS, false },
	{ "remap-copy", call_remap_copy, NULL, NULL, READS, false },
	{ "msync", call_msync, NULL, dirty, WRITES, false },
	{ "msync-durable", call_msync, NULL, dirty, SYNCS, false },
	{ "object-sync", call_object_sync, NULL, dirty, WRITES, false },
	{ "object-sync-durable", call_object_sync, NULL, dirty, SYNCS, false },
	{ "file-read", file_read, NULL, NULL, READS, true },
	{ "file-write", file_write, NULL, NULL, READS, true },
	{ "file-sync", file_sync, NULL, dirty, WRITES, true },
	{ "file-sync-durable", file_sync, NULL, dirty, SYNCS, true },
};

static void fail(unsigned int operations, int err)
{
	s->fail_read = operations & READS ? err : 0;
	s->fail_write = operations & WRITES ? err : 0;
	s->fail_sync = operations & SYNCS ? err : 0;
}

static void test_deed(void)
{
	const struct deed *d = &deeds[tap_variant];
	uint64_t was;

	tap_variant = 0;
	open_mapped();
	if (d->before)
		d->before();
	was = task_digest(&t);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		if (d->each)
			d->each();
		fail(d->fails, errors[i]);
		tap_is(strerrorname_np(errors[i]), d->call(),
		       d->as_it_is ? -errors[i] : -EIO);
		fail(0, 0);
	}
	CHECK(task_digest(&t) == was, "entries have changed");
	CHECK_IS(d->call() < 0, false);
}

/* Mach's word for it, of its own calls */
static void test_mach(void)
{
	mach_msg_type_number_t count;
	mach_vm_size_t size;
	vm_address_t to = 0;
	pointer_t data;
	host_priv_t host;

	open_mapped();
	CHECK_IS(host_get_host_priv_port(mach_host_self(), &host), 0);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		const vm_address_t absent = (vm_address_t)ABSENT;
		const vm_address_t from = (vm_address_t)at;

		fail(READS, errors[i]);
		const kern_return_t got[] = {
			vm_read(t.fd, absent, 1, &data, &count),
			vm_write(t.fd, absent, (pointer_t)bytes, 1),
			vm_copy(t.fd, absent, 1, (vm_address_t)other),
			vm_wire(host, t.fd, from, SIZE, VM_PROT_READ),
			vm_wire_all(host, t.fd, VM_WIRE_CURRENT),
			vm_map(t.fd, &to, SIZE, 0, TRUE, s->fd, 0, TRUE, RW, RW,
			       VM_INHERIT_COPY),
			mach_vm_read_overwrite(t.fd, absent, 1,
					       (vm_address_t)bytes, &size),
			mach_vm_protect(t.fd, from, SIZE, FALSE,
					VM_PROT_COPY | RW),
		};

		for (size_t k = 0; k < ARRAY_SIZE(got); k++)
			CHECK(got[k] == KERN_MEMORY_ERROR, "%s, call %zu: %s",
			      strerrorname_np(errors[i]), k,
			      mach_error_string(got[k]));
		fail(WRITES, errors[i]);
		dirty();
		CHECK_IS(vm_msync(t.fd, from, SIZE, VM_SYNC_SYNCHRONOUS),
			 KERN_MEMORY_ERROR);
		CHECK_IS(vm_object_sync(s->fd, 0, SIZE, FALSE, TRUE, TRUE),
			 KERN_MEMORY_ERROR);
	}
}

/* A debugger: what is there can be had, and the rest is EIO, whatever was said. */
static void test_debugger(void)
{
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);

	CHECK(fd >= 0, "/proc/self/mem: %m");
	open_mapped();
	CHECK_IS(task_protect(&t, at, SIZE, MACH_PROT_READ), 0);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		fail(READS, errors[i]);
		CHECK_IS(RESULT(pread(fd, bytes, 1, (off_t)at)), 1);
		CHECK_IS(RESULT(pread(fd, bytes, 1, (off_t)ABSENT)), -EIO);
		CHECK_IS(RESULT(pwrite(fd, bytes, 1, (off_t)ABSENT)), -EIO);
	}
	fail(0, 0);
	CHECK_IS(RESULT(pwrite(fd, bytes, 1, (off_t)ABSENT)), 1);
}

int main(int argc, char **argv)
{
	static struct tap_test tests[ARRAY_SIZE(deeds) + 2];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(deeds); i++)
		tests[i] = (struct tap_test){
			.name = deeds[i].name, .run = test_deed, .variant = i,
		};
	tests[i++] = (struct tap_test){ .name = "mach", .run = test_mach };
	tests[i] = (struct tap_test){ .name = "debugger", .run = test_debugger };
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
