// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls that put something where something is: when they fail, whatever is the
 * cause, what was there is there, and nothing else has changed.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <mach/mach.h>
#include <mach/mach_vm.h>

#include "serve.h"
#include "task.h"
#include "tap.h"

#define RW	(MACH_PROT_READ | MACH_PROT_WRITE)
#define RX	(MACH_PROT_READ | MACH_PROT_EXECUTE)
#define SIZE	(64 * PAGE)
#define PLACE	(16 * PAGE)	/* that is overwritten */

static struct test_task t;
static struct serve *s;
static char *object, *at, *source;

/*
 * An object, of which the first cluster is there; memory that was written to, in
 * three entries, with code at its end; and more of it to be shown there.
 */
static void open_all(void)
{
	s = serve_new(SIZE, 4 * PAGE, 1);
	serve_start(s);
	CHECK_IS(task_map(&t, s->fd, 0, SIZE, RW, 0, &object), 0);
	at = task_allocate(&t, 4 * PLACE) + PLACE;
	source = at + 2 * PLACE;
	CHECK_IS(task_touch(object, true), 0);
	pattern_fill(at - PLACE, 0, 4 * PLACE, 7);
	at[PLACE - PAGE] = 0xc3;
	CHECK_IS(task_inherit(&t, at + 3 * PAGE, PAGE, MACH_INHERIT_NONE), 0);
}

static void code(void)
{
	CHECK_IS(task_protect(&t, at + PLACE - PAGE, PAGE, RX), 0);
}

static bool as_it_was(void)
{
	return pattern_is(at - PLACE, 0, 2 * PLACE - PAGE, 7) &&
	       at[PLACE - PAGE] == (char)0xc3 &&
	       pattern_is(at + PLACE, 2 * PLACE, 2 * PLACE, 7);
}

static long call_allocate(void)
{
	struct mach_task_allocate args = {
		.size = sizeof(args), .flags = MACH_VM_OVERWRITE,
		.address = (uintptr_t)at, .length = PLACE,
	};

	return task_call(&t, MACH_TASK_ALLOCATE, &args);
}

static long map_there(int fd, unsigned int protection, unsigned int flags)
{
	struct mach_task_map args = {
		.size = sizeof(args), .flags = MACH_VM_OVERWRITE | flags,
		.address = (uintptr_t)at, .length = PLACE, .object = fd,
		.protection = protection, .max_protection = MACH_PROT_ALL,
	};

	return task_call(&t, MACH_TASK_MAP, &args);
}

static long call_map(void)
{
	return map_there(-1, RW, 0);
}

static long call_map_code(void)
{
	return map_there(-1, RX, 0);
}

static long call_map_object(void)
{
	return map_there(s->fd, RW, 0);
}

static long call_map_copy(void)
{
	return map_there(s->fd, RW, MACH_VM_COPY);
}

static long remap_there(const void *from, unsigned int flags)
{
	struct mach_task_remap args = {
		.size = sizeof(args), .flags = MACH_VM_OVERWRITE | flags,
		.address = (uintptr_t)at, .length = PLACE, .source = -1,
		.source_address = (uintptr_t)from,
	};

	return task_call(&t, MACH_TASK_REMAP, &args);
}

static long call_remap(void)
{
	return remap_there(source, 0);
}

static long call_remap_copy(void)
{
	return remap_there(source, MACH_VM_COPY);
}

static long call_remap_object(void)
{
	return remap_there(object, 0);
}

/* The source has several entries, and so has what comes of it. */
static long call_remap_pieces(void)
{
	return remap_there(source - PLACE, MACH_VM_COPY);
}

static long protect_copy(unsigned int protection)
{
	switch (mach_vm_protect(t.fd, (uintptr_t)at, PLACE, FALSE,
				VM_PROT_COPY | protection)) {
	case KERN_SUCCESS:
		return 0;
	case KERN_NO_ACCESS:
		return -EPERM;
	case KERN_RESOURCE_SHORTAGE:
		return -ENOMEM;
	}
	return -EIO;
}

static long call_protect_copy(void)
{
	return protect_copy(RW);
}

/* The copy could be made, but there is no area for what it is given. */
static long call_protect_copy_code(void)
{
	return protect_copy(RX);
}

/* Causes */

static void future(void)
{
	CHECK_IS(task_wire_all(&t, MACH_WIRE_FUTURE), 0);
}

/* Less may be locked than the place has; and the task cannot do without. */
static void memlock(void)
{
	struct rlimit limit = { 8 * PAGE, 8 * PAGE };

	future();
	CHECK(!setrlimit(RLIMIT_MEMLOCK, &limit), "setrlimit: %m");
	CHECK(!setresuid(65534, 65534, 65534), "setresuid: %m");
}

static void no_memlock(void)
{
	CHECK_IS(task_wire_all(&t, 0), 0);
}

static void refuse(void)
{
	future();
	s->fail_read = ENXIO;
}

static void give(void)
{
	s->fail_read = 0;
}

static void max_map_count(long to)
{
	FILE *file = fopen("/proc/sys/vm/max_map_count", "w");

	CHECK(file && fprintf(file, "%ld\n", to) > 0 && !fclose(file),
	      "max_map_count: %m");
}

/* No area more for Linux to make executable */
static void no_areas(void)
{
	code();
	max_map_count(0);
}

static void areas(void)
{
	max_map_count(65530);
}

/* Room for less than what is entered, as code counts and NONE does not */
static void limit(void)
{
	code();
	CHECK_IS(task_set_maximum(&t, at, PLACE / 2, 0), 0);
	CHECK_IS(task_set_limit(&t, task_info(&t).mapped - PLACE / 2,
				~0ULL), 0);
}

static void no_limit(void)
{
	CHECK_IS(task_set_limit(&t, ~0ULL, ~0ULL), 0);
}

/**
 * struct deed - A call that fails
 * @name: of the test
 * @call: does it
 * @cause: makes it fail
 * @right: says so
 * @mend: then it succeeds; NULL: it never does
 * @killed: name of the test that kills who waits in it; or NULL
 */
struct deed {
	const char *name;
	long (*call)(void);
	void (*cause)(void);
	long right;
	void (*mend)(void);
	const char *killed;
};

#define MEMLOCK(n, fn)	{ n "-memlock", fn, memlock, -EPERM, no_memlock, NULL }
#define PAGER(n, fn)	{ n "-pager", fn, refuse, -EIO, give, n "-killed" }
#define LIMIT(n, fn)	{ n "-limit", fn, limit, -ENOSPC, no_limit, NULL }
#define AREAS(n, fn)	{ n "-areas", fn, no_areas, -ENOMEM, areas, NULL }

static const struct deed deeds[] = {
	MEMLOCK("allocate", call_allocate),
	MEMLOCK("map", call_map),
	MEMLOCK("map-object", call_map_object),
	MEMLOCK("map-copy", call_map_copy),
	MEMLOCK("remap", call_remap),
	MEMLOCK("remap-copy", call_remap_copy),
	MEMLOCK("remap-pieces", call_remap_pieces),
	MEMLOCK("protect-copy", call_protect_copy),
	PAGER("map-object", call_map_object),
	PAGER("map-copy", call_map_copy),
	PAGER("remap-object", call_remap_object),
	LIMIT("allocate", call_allocate),
	LIMIT("map-object", call_map_object),
	LIMIT("remap", call_remap),
	LIMIT("remap-pieces", call_remap_pieces),
	AREAS("map-code", call_map_code),
	AREAS("protect-copy-code", call_protect_copy_code),
};

static bool maximum_none(void)
{
	struct mach_task_region r;

	return !task_region(&t, at, &r) && !r.max_protection;
}

static void test_deed(void)
{
	const struct deed *d = &deeds[tap_variant];
	bool none, executable;
	uint64_t was;

	tap_variant = 0;
	t.fd = mach_task_self();
	open_all();
	d->cause();
	none = maximum_none();
	executable = !task_execute(at + PLACE - PAGE);
	was = task_digest(&t);
	for (int i = 0; i < 3; i++) {
		tap_is("fails", d->call(), d->right);
		CHECK(task_digest(&t) == was, "entries have changed");
		CHECK(none || as_it_was(), "memory has changed");
		CHECK(!executable || !task_execute(at + PLACE - PAGE),
		      "code is no longer executable");
	}
	if (!d->mend)
		return;
	d->mend();
	tap_is("succeeds", d->call(), 0);
	CHECK(task_digest(&t) != was, "entries have not changed");
}

static long do_call(const uint64_t *arg)
{
	return deeds[arg[0]].call();
}

/* Another process has the task as well, and is killed while it waits to wire. */
static void test_killed(void)
{
	const unsigned int deed = tap_variant;
	struct actor user;
	uint64_t was;

	tap_variant = 0;
	/* a descriptor that a fork inherits, unlike the library's */
	task_open(&t, 256 * MIB);
	open_all();
	future();
	actor_start(&user, 1);
	was = task_digest(&t);
	s->hold = SERVE_HOLD(MACH_OP_DATA_REQUEST);
	actor_begin(&user, 0, do_call, deed);
	CHECK_WAIT(s->held, WAIT_MS, "nothing is asked for");
	actor_kill(&user);
	CHECK(task_digest(&t) == was, "entries have changed");
	s->hold = 0;
	CHECK(as_it_was(), "memory has changed");
	CHECK_IS(task_info(&t).wired, 0);
	CHECK_IS(deeds[deed].call(), 0);
	CHECK_IS(task_info(&t).wired, PLACE);
}

/* Which of the calls that the library makes fails, as if the caller had been killed */
static int call_to_fail;

int ioctl(int fd, unsigned long call, ...)
{
	va_list list;
	void *arg;

	va_start(list, call);
	arg = va_arg(list, void *);
	va_end(list);
	if (call_to_fail && !--call_to_fail) {
		errno = EINTR;
		return -1;
	}
	return syscall(SYS_ioctl, fd, call, arg);
}

/* Copy and maximum are one thing: no call leaves one without the other. */
static void test_maximum_at_once(void)
{
	struct mach_task_region region = {};
	kern_return_t error;
	uint64_t was;
	int n = 0;

	t.fd = mach_task_self();
	open_all();
	CHECK_IS(task_protect(&t, at, PAGE, 0), 0);
	was = task_digest(&t);
	do {
		CHECK(task_digest(&t) == was, "call %d fails, and there is a copy", n);
		call_to_fail = ++n;
		error = mach_vm_protect(t.fd, (uintptr_t)at, PLACE, TRUE,
					VM_PROT_COPY | VM_PROT_READ);
	} while (error && n < 10);
	CHECK(!error && call_to_fail, "%d calls, and no end", n);
	call_to_fail = 0;
	for (char *page = at; page < at + PLACE; page = (char *)region.address + region.length) {
		CHECK_IS(task_region(&t, page, &region), 0);
		tap_is("maximum", region.max_protection, MACH_PROT_READ);
		tap_is("protection", region.protection,
		       page == at ? 0 : MACH_PROT_READ);
	}
	CHECK(pattern_is(at + PAGE, PLACE + PAGE, PLACE - 2 * PAGE, 7), "wrong data");
	CHECK_IS(task_protect(&t, at, PLACE, RW), -EACCES);
	/* what may never be read is not copied */
	CHECK_IS(mach_vm_protect(t.fd, (uintptr_t)at, PLACE, TRUE,
				 VM_PROT_COPY), KERN_SUCCESS);
	CHECK_IS(mach_vm_protect(t.fd, (uintptr_t)at, PLACE, TRUE,
				 VM_PROT_COPY | VM_PROT_READ),
		 KERN_PROTECTION_FAILURE);
}

int main(int argc, char **argv)
{
	static struct tap_test tests[2 * ARRAY_SIZE(deeds) + 1];
	size_t i, n = ARRAY_SIZE(deeds);

	for (i = 0; i < n; i++)
		tests[i] = (struct tap_test){
			.name = deeds[i].name, .run = test_deed, .variant = i,
		};
	for (i = 0; i < ARRAY_SIZE(deeds); i++)
		if (deeds[i].killed)
			tests[n++] = (struct tap_test){
				.name = deeds[i].killed, .run = test_killed,
				.variant = i,
			};
	tests[n++] = (struct tap_test){
		.name = "maximum-at-once", .run = test_maximum_at_once,
	};
	return tap_main(argc, argv, tests, n);
}
