// SPDX-License-Identifier: GPL-2.0-only
/* The calls of a task as functions, without a library. */
#define _GNU_SOURCE
#include "task.h"
#include "tap.h"
#include "testpager.h"

#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

void task_open(struct test_task *t, uint64_t size)
{
	t->fd = vm_open();
	CHECK(t->fd >= 0, "no task: %s", tap_result(t->fd));
	t->size = size;
	t->window = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_NORESERVE, t->fd, 0);
	CHECK(t->window != MAP_FAILED, "no window: %s", tap_result(-errno));
}

void task_close(struct test_task *t)
{
	munmap(t->window, t->size);
	close(t->fd);
}

long task_call(struct test_task *t, unsigned long command, void *args)
{
	return RESULT(ioctl(t->fd, command, args));
}

char *task_allocate(struct test_task *t, uint64_t length)
{
	struct mach_task_allocate args = {
		.size = sizeof(args),
		.flags = MACH_VM_ANYWHERE,
		.length = length,
	};

	CHECK_IS(task_call(t, MACH_TASK_ALLOCATE, &args), 0);
	return (char *)args.address;
}

long task_allocate_at(struct test_task *t, const void *at, uint64_t length)
{
	struct mach_task_allocate args = {
		.size = sizeof(args),
		.address = (uintptr_t)at,
		.length = length,
	};

	return task_call(t, MACH_TASK_ALLOCATE, &args);
}

long task_deallocate(struct test_task *t, const void *at, uint64_t length)
{
	struct mach_task_range args = {
		.size = sizeof(args),
		.address = (uintptr_t)at,
		.length = length,
	};

	return task_call(t, MACH_TASK_DEALLOCATE, &args);
}

static long protect(struct test_task *t, const void *at, uint64_t length,
		    unsigned int protection, bool maximum)
{
	struct mach_task_protect args = {
		.size = sizeof(args),
		.set_maximum = maximum,
		.address = (uintptr_t)at,
		.length = length,
		.protection = protection,
	};

	return task_call(t, MACH_TASK_PROTECT, &args);
}

long task_protect(struct test_task *t, const void *at, uint64_t length,
		  unsigned int protection)
{
	return protect(t, at, length, protection, false);
}

long task_set_maximum(struct test_task *t, const void *at, uint64_t length,
		      unsigned int protection)
{
	return protect(t, at, length, protection, true);
}

static long attribute(struct test_task *t, unsigned long command,
		      const void *at, uint64_t length, unsigned int value)
{
	struct mach_task_attribute args = {
		.size = sizeof(args),
		.value = value,
		.address = (uintptr_t)at,
		.length = length,
	};

	return task_call(t, command, &args);
}

long task_inherit(struct test_task *t, const void *at, uint64_t length,
		  unsigned int inheritance)
{
	return attribute(t, MACH_TASK_INHERIT, at, length, inheritance);
}

long task_behavior(struct test_task *t, const void *at, uint64_t length,
		   unsigned int behavior)
{
	return attribute(t, MACH_TASK_BEHAVIOR, at, length, behavior);
}

long task_wire(struct test_task *t, const void *at, uint64_t length,
	       unsigned int access)
{
	return attribute(t, MACH_TASK_WIRE, at, length, access);
}

static long data(struct test_task *t, unsigned long command, const void *at,
		 uint64_t length, const void *other)
{
	struct mach_task_data args = {
		.size = sizeof(args),
		.address = (uintptr_t)at,
		.length = length,
		.data = (uintptr_t)other,
	};
	long result = task_call(t, command, &args);

	CHECK(result || args.done == length, "%llu bytes done, not %llu",
	      (unsigned long long)args.done, (unsigned long long)length);
	return result;
}

long task_read(struct test_task *t, const void *at, uint64_t length, void *to)
{
	return data(t, MACH_TASK_READ, at, length, to);
}

long task_write(struct test_task *t, const void *at, uint64_t length,
		const void *from)
{
	return data(t, MACH_TASK_WRITE, at, length, from);
}

long task_copy(struct test_task *t, const void *at, uint64_t length,
	       const void *to)
{
	return data(t, MACH_TASK_COPY, at, length, to);
}

long task_map(struct test_task *t, int object, uint64_t offset,
	      uint64_t length, unsigned int protection, unsigned int flags,
	      char **at)
{
	struct mach_task_map args = {
		.size = sizeof(args),
		.flags = flags | MACH_VM_ANYWHERE,
		.length = length,
		.offset = offset,
		.object = object,
		.protection = protection,
		.max_protection = MACH_PROT_ALL,
		.inheritance = MACH_INHERIT_COPY,
	};
	long result = task_call(t, MACH_TASK_MAP, &args);

	*at = (char *)args.address;
	return result;
}

long task_remap(struct test_task *t, const void *source, uint64_t length,
		unsigned int flags, char **at)
{
	struct mach_task_remap args = {
		.size = sizeof(args),
		.flags = flags | MACH_VM_ANYWHERE,
		.length = length,
		.source = -1,
		.inheritance = MACH_INHERIT_SHARE,
		.source_address = (uintptr_t)source,
	};
	long result = task_call(t, MACH_TASK_REMAP, &args);

	*at = (char *)args.address;
	return result;
}

long task_region(struct test_task *t, const void *from,
		 struct mach_task_region *region)
{
	*region = (struct mach_task_region) {
		.size = sizeof(*region),
		.address = (uintptr_t)from,
	};
	return task_call(t, MACH_TASK_REGION, region);
}

struct mach_task_info task_info(struct test_task *t)
{
	struct mach_task_info info = { .size = sizeof(info) };

	CHECK_IS(task_call(t, MACH_TASK_INFO, &info), 0);
	return info;
}

long task_entries(struct test_task *t)
{
	return task_info(t).entries;
}

long task_wire_all(struct test_task *t, unsigned int flags)
{
	struct mach_task_wire_all args = {
		.size = sizeof(args),
		.flags = flags,
	};

	return task_call(t, MACH_TASK_WIRE_ALL, &args);
}

long task_msync(struct test_task *t, const void *at, uint64_t length,
		unsigned int flags)
{
	struct mach_task_msync args = {
		.size = sizeof(args),
		.flags = flags,
		.address = (uintptr_t)at,
		.length = length,
	};

	return task_call(t, MACH_TASK_MSYNC, &args);
}

long task_set_limit(struct test_task *t, uint64_t limit, uint64_t maximum)
{
	struct mach_task_limit args = {
		.size = sizeof(args),
		.current_limit = limit,
		.maximum = maximum,
	};

	return task_call(t, MACH_TASK_SET_SIZE_LIMIT, &args);
}

uint64_t task_digest(struct test_task *t)
{
	struct mach_task_region r = {};
	uint64_t digest = 0xcbf29ce484222325ULL;

	while (!task_region(t, (void *)(r.address + r.length), &r)) {
		const uint8_t *bytes = (const uint8_t *)&r;

		/* which object it is, and who else holds it, may change */
		r.references = 0;
		r.object = !!r.object;
		for (size_t i = 0; i < sizeof(r); i++)
			digest = (digest ^ bytes[i]) * 0x100000001b3ULL;
	}
	return digest;
}

static __thread sigjmp_buf back;
static __thread int caught;

static void catch(int signal)
{
	caught = signal;
	siglongjmp(back, 1);
}

static long attempt(void (*access)(void *at), void *at)
{
	struct sigaction action = { .sa_handler = catch }, segv, bus;

	sigaction(SIGSEGV, &action, &segv);
	sigaction(SIGBUS, &action, &bus);
	caught = 0;
	if (!sigsetjmp(back, 1))
		access(at);
	sigaction(SIGSEGV, &segv, NULL);
	sigaction(SIGBUS, &bus, NULL);
	return caught ? TAP_SIGNAL(caught) : 0;
}

static void read_byte(void *at)
{
	(void)*(volatile char *)at;
}

static void write_byte(void *at)
{
	volatile char *byte = at;

	*byte = *byte;
}

static void call(void *at)
{
	((void (*)(void))at)();
}

long task_touch(volatile char *at, bool write)
{
	return attempt(write ? write_byte : read_byte, (void *)at);
}

long task_execute(const void *at)
{
	return attempt(call, (void *)at);
}
