// SPDX-License-Identifier: GPL-2.0-only
/* Sizes that are none, and addresses that are none. Other versions are in grow.c. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "callbook.h"
#include "tap.h"

static struct world w;

static void with_size(const struct call *call, const char *sub, uint32_t size,
		      long want)
{
	union any_call c;

	call_fill(call, &w, &c);
	c.size = size;
	tap_is(sub, world_call(&w, call, &c), want);
}

static void zero(const struct call *call, const char *sub)
{
	with_size(call, sub, 0, -EINVAL);
}

static void three(const struct call *call, const char *sub)
{
	with_size(call, sub, 3, -EINVAL);
}

static void exact(const struct call *call, const char *sub)
{
	with_size(call, sub, call_size(call), call->right);
}

/* The structure's last byte is the last of the mapped memory, or beyond it. */
static long at_edge(const struct call *call, size_t beyond)
{
	uint8_t *two = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	union any_call c;
	uint8_t *at = two + PAGE - call_size(call) + beyond;
	long result;

	CHECK(two != MAP_FAILED && !munmap(two + PAGE, PAGE), "mmap: %m");
	call_fill(call, &w, &c);
	memcpy(at, &c, call_size(call) - beyond);
	result = world_call(&w, call, at);
	munmap(two, PAGE);
	return result;
}

static void edge(const struct call *call, const char *sub)
{
	tap_is(sub, at_edge(call, 0), call->right);
}

static void cut(const struct call *call, const char *sub)
{
	tap_is(sub, at_edge(call, 4), -EFAULT);
}

static void nowhere(const struct call *call, const char *sub)
{
	tap_is(sub, world_call(&w, call, (void *)8), -EFAULT);
}

/*
 * The answer cannot be told: then nothing may have come of the call. A call that
 * was refused anyway has nothing to tell.
 */
static void untold(const struct call *call, const char *sub)
{
	union any_call *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long want = call->right;

	CHECK(page != MAP_FAILED, "mmap: %m");
	call_fill(call, &w, page);
	CHECK(!mprotect(page, PAGE, PROT_READ), "mprotect: %m");
	if (_IOC_DIR(call->number) & _IOC_READ && !want)
		want = -EFAULT;
	if (call->number == MACH_PAGER_SUPPLY)
		want = -EEXIST;
	tap_is(sub, world_call(&w, call, page), want);
	munmap(page, PAGE);
}

#define EACH(what)							\
	static void test_##what(void)					\
	{								\
		world_each_call(&w, #what, what);			\
	}

EACH(zero)
EACH(three)
EACH(exact)
EACH(edge)
EACH(cut)
EACH(nowhere)
EACH(untold)

/* A task that was not told that it is a pager is none, and can become one. */
static void test_register_untold(void)
{
	struct mach_pager_register reg = {
		.size = sizeof(reg), .queues = 1, .depth = 1,
		.message_size = sizeof(struct mach_message),
	};
	struct mach_pager_register *page;
	long task = vm_open();

	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(page != MAP_FAILED, "mmap: %m");
	*page = reg;
	CHECK(!mprotect(page, PAGE, PROT_READ), "mprotect: %m");
	CHECK_IS(vm_ioctl(task, MACH_PAGER_REGISTER, page), -EFAULT);
	CHECK_IS(vm_ioctl(task, MACH_PAGER_REGISTER, &reg), 0);
}

static void test_unknown_call(void)
{
	uint64_t arg[8] = { sizeof(arg) };

	world_open(&w);
	tap_is("task", vm_ioctl(vm_open(), _IOWR(MACH_VM_IOC, 0x3f, arg), arg),
	       -ENOTTY);
	tap_is("task-next", vm_ioctl(vm_open(), _IOWR(MACH_VM_IOC, 4, arg),
				     arg), -ENOTTY);
	tap_is("pager", vm_ioctl(w.p.fd, _IOWR(MACH_VM_IOC, 0x7f, arg), arg),
	       -ENOTTY);
	tap_is("object", vm_ioctl(w.o.fd, _IOWR(MACH_VM_IOC, 0xff, arg), arg),
	       -ENOTTY);
	tap_is("other-type", vm_ioctl(w.p.fd, _IOWR('T', 0x41, arg), arg),
	       -ENOTTY);
	world_check(&w);
}

static void test_version(void)
{
	struct mach_vm_version v = { .size = sizeof(v) };

	world_open(&w);
	CHECK_IS(vm_ioctl(w.p.fd, MACH_VM_VERSION, &v), 0);
	CHECK(v.api == MACH_VM_API_VERSION && v.page_size == PAGE &&
	      v.cluster_max == MACH_CLUSTER_MAX && !v.reserved,
	      "api %u, page %u, cluster %u", v.api, v.page_size,
	      v.cluster_max);
	v = (struct mach_vm_version){ .size = sizeof(v) };
	CHECK_IS(vm_ioctl(w.o.fd, MACH_VM_VERSION, &v), 0);
	CHECK(v.api == MACH_VM_API_VERSION, "api %u from an object", v.api);
	CHECK_IS(v.api_oldest, MACH_VM_API_OLDEST);
	/* Both kernels of the tests have io_uring. */
	CHECK_IS(v.features, MACH_FEATURE_RING | MACH_FEATURE_IOCTL |
		 MACH_FEATURE_FILE | MACH_FEATURE_TASK | MACH_FEATURE_PROXY |
		 MACH_FEATURE_PAGES | MACH_FEATURE_NAMES | MACH_FEATURE_LISTED |
		 MACH_FEATURE_ASKS);
}

static const struct tap_test tests[] = {
	{ .name = "zero", .run = test_zero },
	{ .name = "three", .run = test_three },
	{ .name = "exact", .run = test_exact },
	{ .name = "edge", .run = test_edge },
	{ .name = "cut", .run = test_cut },
	{ .name = "nowhere", .run = test_nowhere },
	{ .name = "untold", .run = test_untold },
	{ .name = "register-untold", .run = test_register_untold },
	{ .name = "unknown-call", .run = test_unknown_call },
	{ .name = "version", .run = test_version },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
