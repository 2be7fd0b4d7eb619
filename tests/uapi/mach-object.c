// SPDX-License-Identifier: GPL-2.0-only
/* Mach's calls on objects, names and proxies, through the library. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "machcall.h"
#include "serve.h"

#define SELF		mach_task_self()
#define HOST		mach_host_self()
#define NOT_READABLE	TAP_SIGNAL(SIGSEGV)
#define SIZE		(64 * PAGE)

static struct serve *v;

static void open_served(void)
{
	v = serve_new(SIZE, 4 * PAGE, 1);
	serve_start(v);
}

/* Map part of an object, or of what stands for it. */
static kern_return_t map_port(vm_address_t *address, mach_port_t port,
			      vm_offset_t offset, vm_size_t size,
			      vm_prot_t prot, vm_prot_t max)
{
	*address = 0;
	return vm_map(SELF, address, size, 0, TRUE, port, offset, FALSE, prot,
		      max, VM_INHERIT_SHARE);
}

static vm_address_t map_served(vm_offset_t offset, vm_size_t size)
{
	vm_address_t address;

	KERN_IS(map_port(&address, v->fd, offset, size, VM_PROT_DEFAULT,
			 VM_PROT_ALL), KERN_SUCCESS);
	return address;
}

/* Contents come from the pager, and go there. */
static void test_map_object(void)
{
	vm_address_t a, b;

	open_served();
	a = map_served(0, SIZE);
	b = map_served(8 * PAGE, 4 * PAGE);
	CHECK(pattern_is((void *)a, 0, SIZE, 1), "wrong data");
	CHECK(pattern_is((void *)b, 8 * PAGE, 4 * PAGE, 1), "wrong offset");
	memset((void *)(b + PAGE), 0xab, PAGE);
	CHECK(*(uint8_t *)(a + 9 * PAGE + 5) == 0xab, "not shared");
	KERN_IS(vm_msync(SELF, b, 4 * PAGE, VM_SYNC_SYNCHRONOUS), KERN_SUCCESS);
	CHECK(v->store[9 * PAGE + 77] == 0xab, "not with the pager");
	v->fail_write = EIO;
	*(uint8_t *)b = 1;
	KERN_IS(vm_msync(SELF, a, SIZE, VM_SYNC_SYNCHRONOUS),
		KERN_MEMORY_ERROR);
}

static void test_map_copy(void)
{
	vm_address_t a = 0, b;

	open_served();
	KERN_IS(vm_map(SELF, &a, 4 * PAGE, 0, TRUE, v->fd, 2 * PAGE, TRUE,
		       VM_PROT_DEFAULT, VM_PROT_ALL, VM_INHERIT_COPY),
		KERN_SUCCESS);
	b = map_served(2 * PAGE, 4 * PAGE);
	CHECK(pattern_is((void *)a, 2 * PAGE, 4 * PAGE, 1), "wrong data");
	memset((void *)a, 1, PAGE);
	CHECK(pattern_is((void *)b, 2 * PAGE, PAGE, 1), "the object changed");
	memset((void *)(b + PAGE), 2, PAGE);
	CHECK(pattern_is((void *)(a + PAGE), 3 * PAGE, PAGE, 1),
	      "the copy changed");
	KERN_IS(vm_msync(SELF, a, 4 * PAGE, VM_SYNC_SYNCHRONOUS), KERN_SUCCESS);
	CHECK(pattern_is(v->store, 0, 3 * PAGE, 1), "the pager was told");
	v->fail_read = EIO;
	KERN_IS(vm_map(SELF, &a, 4 * PAGE, 0, TRUE, v->fd, 32 * PAGE, TRUE,
		       VM_PROT_DEFAULT, VM_PROT_ALL, VM_INHERIT_COPY),
		KERN_MEMORY_ERROR);
}

/* The descriptor's rights bound the maximum. */
static void test_map_rights(void)
{
	struct mach_task_region r;
	char path[128];
	vm_address_t a;
	int fd;

	v = serve_new(SIZE, 4 * PAGE, 1);
	strcpy(v->name, "mach-object");
	serve_start(v);
	snprintf(path, sizeof(path), "%s/%s", MACH_VM_NODE_DIR, v->name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0, "%s: %m", path);
	KERN_IS(map_port(&a, fd, 0, PAGE, VM_PROT_DEFAULT, VM_PROT_ALL),
		KERN_SUCCESS);
	CHECK_IS(memory_region(SELF, a, &r), 0);
	CHECK(!(r.max_protection & VM_PROT_WRITE), "maximum %#x",
	      r.max_protection);
	KERN_IS(vm_protect(SELF, a, PAGE, FALSE, VM_PROT_DEFAULT),
		KERN_PROTECTION_FAILURE);
	CHECK(pattern_is((void *)a, 0, PAGE, 1), "wrong data");
	CHECK_IS(memory_store(a), NOT_READABLE);
}

static void test_map_offsets(void)
{
	static const struct {
		vm_offset_t offset;
		vm_size_t size;
		kern_return_t want;
	} rows[] = {
		{ 1, PAGE, KERN_INVALID_ARGUMENT },
		{ PAGE - 1, PAGE, KERN_INVALID_ARGUMENT },
		{ PAGE, PAGE, KERN_SUCCESS },
		{ SIZE - PAGE, PAGE, KERN_SUCCESS },
		{ 0, SIZE, KERN_SUCCESS },
		{ 0, SIZE + 1, KERN_SUCCESS },
		{ SIZE, PAGE, KERN_SUCCESS },
		{ SIZE - PAGE, 2 * PAGE, KERN_SUCCESS },
		{ 1UL << 31, PAGE, KERN_SUCCESS },
		{ (1UL << 60) - PAGE, PAGE, KERN_SUCCESS },
		{ (1UL << 60) - PAGE, 2 * PAGE, KERN_INVALID_ARGUMENT },
		{ 1UL << 60, PAGE, KERN_INVALID_ARGUMENT },
		{ -1UL, PAGE, KERN_INVALID_ARGUMENT },
		{ -PAGE, PAGE, KERN_INVALID_ARGUMENT },
		{ -PAGE, 2 * PAGE, KERN_INVALID_ARGUMENT },
		{ 1UL << 63, 1UL << 63, KERN_INVALID_ARGUMENT },
	};
	vm_address_t a, beyond;

	open_served();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char name[40];

		snprintf(name, sizeof(name), "offset %#lx", rows[i].offset);
		KERN_ROW_IS(name,
			    map_port(&a, v->fd, rows[i].offset, rows[i].size,
				     VM_PROT_READ, VM_PROT_READ),
			    rows[i].want);
		if (rows[i].want)
			continue;
		beyond = a + rows[i].size - 1;
		if (rows[i].offset + rows[i].size > SIZE) {
			CHECK_IS(memory_load(beyond), TAP_SIGNAL(SIGBUS));
			CHECK_IS(memory_store(beyond), TAP_SIGNAL(SIGBUS));
		} else {
			CHECK(pattern_is((void *)a, rows[i].offset,
					 rows[i].size, 1), "%s: wrong data",
			      name);
		}
	}
}

static void test_pager_error(void)
{
	mach_msg_type_number_t count;
	vm_address_t a;
	pointer_t data;

	open_served();
	v->fail_read = EIO;
	a = map_served(0, SIZE);
	CHECK_IS(memory_load(a), TAP_SIGNAL(SIGBUS));
	KERN_IS(vm_read(SELF, a, PAGE, &data, &count), KERN_MEMORY_ERROR);
	KERN_IS(vm_wire(HOST, SELF, a, PAGE, VM_PROT_READ), KERN_MEMORY_ERROR);
	v->fail_read = 0;
	CHECK_IS(memory_load(a), 0);
}

static void test_name(void)
{
	struct mach_name_compare c = { .size = sizeof(c) };
	vm_offset_t offset;
	vm_object_info_data_t info = { .size = sizeof(info) };
	vm_prot_t prot, max;
	vm_inherit_t inheritance;
	boolean_t shared;
	mach_port_t name = 0, none = 1;
	vm_size_t size;
	vm_address_t a, b, at;

	open_served();
	a = map_served(8 * PAGE, 4 * PAGE);
	at = a + PAGE;
	KERN_IS(vm_region(SELF, &at, &size, &prot, &max, &inheritance, &shared,
			  &name, &offset), KERN_SUCCESS);
	CHECK(at == a && size == 4 * PAGE && prot == VM_PROT_DEFAULT &&
	      inheritance == VM_INHERIT_SHARE && offset == 8 * PAGE,
	      "at %#lx size %#lx, offset %#lx", at, size, offset);
	c.fd = v->fd;
	CHECK_IS(vm_ioctl(name, MACH_NAME_COMPARE, &c), 0);
	CHECK(c.equal, "the name of something else");
	CHECK(fcntl(name, F_GETFD) == FD_CLOEXEC, "not close-on-exec");
	CHECK(!vm_object_info(name, &info), "no information");
	CHECK(info.object_size == SIZE, "size %llu", info.object_size);
	KERN_IS(map_port(&b, name, 0, PAGE, VM_PROT_READ, VM_PROT_READ),
		KERN_INVALID_ARGUMENT);
	KERN_IS(mach_port_deallocate(SELF, name), KERN_SUCCESS);
	KERN_IS(vm_object_info(name, &info), KERN_INVALID_NAME);
	KERN_IS(vm_region(SELF, &at, &size, &prot, &max, &inheritance, &shared,
			  NULL, &offset), KERN_SUCCESS);
	at = a + 4 * PAGE;
	KERN_IS(vm_region(SELF, &at, &size, &prot, &max, &inheritance, &shared,
			  &none, &offset), KERN_NO_SPACE);
	at = memory_allocate(PAGE);
	KERN_IS(vm_region(SELF, &at, &size, &prot, &max, &inheritance, &shared,
			  &none, &offset), KERN_SUCCESS);
	CHECK(none == MACH_PORT_NULL && !shared, "untouched memory has a name");
}

static void test_info_refused(void)
{
	const mach_port_t bad[] = {
		MACH_PORT_NULL, MACH_PORT_DEAD, SELF, HOST, 999,
		pattern_file(PAGE, 1),
	};
	vm_object_info_data_t info = { .size = sizeof(info) };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		KERN_ROW_IS(tap_result(i), vm_object_info(bad[i], &info),
			    KERN_INVALID_NAME);
}

/* A program that was compiled when there was less to tell gets no more. */
static void test_info_sizes(void)
{
	vm_object_info_data_t info;

	open_served();
	memset(&info, 0xee, sizeof(info));
	info.size = MACH_OBJECT_INFO_SIZE_VER0;
	CHECK(!vm_object_info(v->fd, &info), "no information");
	CHECK(info.object_size == SIZE, "size %llu", info.object_size);
	for (size_t i = info.size; i < sizeof(info); i++)
		CHECK(((uint8_t *)&info)[i] == 0xee, "byte %zu was written", i);
	info.size = MACH_OBJECT_INFO_SIZE_VER0 - 1;
	KERN_IS(vm_object_info(v->fd, &info), KERN_INVALID_ARGUMENT);
	info.size = 1 << 20;
	KERN_IS(vm_object_info(v->fd, &info), KERN_INVALID_ARGUMENT);
}

static kern_return_t make_proxy(mach_port_t object, vm_prot_t max,
				vm_offset_t start, vm_size_t len,
				mach_port_t *proxy)
{
	vm_offset_t offset = 0;

	return memory_object_create_proxy(SELF, max, &object,
					  MACH_MSG_TYPE_COPY_SEND, 1, &offset,
					  1, &start, 1, &len, 1, proxy);
}

static void test_proxy(void)
{
	mach_port_t p, q;
	vm_address_t a;

	open_served();
	KERN_IS(make_proxy(v->fd, VM_PROT_READ, 8 * PAGE, 4 * PAGE, &p),
		KERN_SUCCESS);
	KERN_IS(map_port(&a, p, PAGE, 3 * PAGE, VM_PROT_READ, VM_PROT_ALL),
		KERN_SUCCESS);
	CHECK(pattern_is((void *)a, 9 * PAGE, 3 * PAGE, 1), "wrong data");
	CHECK_IS(memory_store(a), NOT_READABLE);
	KERN_IS(vm_protect(SELF, a, PAGE, FALSE, VM_PROT_DEFAULT),
		KERN_PROTECTION_FAILURE);
	KERN_IS(map_port(&a, p, 0, PAGE, VM_PROT_DEFAULT, VM_PROT_ALL),
		KERN_SUCCESS);
	CHECK_IS(memory_store(a), NOT_READABLE);
	KERN_IS(make_proxy(p, VM_PROT_DEFAULT, PAGE, PAGE, &q), KERN_SUCCESS);
	KERN_IS(map_port(&a, q, 0, PAGE, VM_PROT_DEFAULT, VM_PROT_DEFAULT),
		KERN_SUCCESS);
	CHECK_IS(memory_store(a), NOT_READABLE);
	CHECK(pattern_is((void *)a, 9 * PAGE, PAGE, 1), "a proxy of a proxy");
	KERN_IS(map_port(&a, q, 0, 2 * PAGE, VM_PROT_READ, VM_PROT_READ),
		KERN_INVALID_ARGUMENT);
}

/* Nothing outside of the window, whatever the sum */
static void test_proxy_bounds(void)
{
	static const struct {
		vm_offset_t offset;
		vm_size_t size;
	} bad[] = {
		{ 4 * PAGE, PAGE }, { 3 * PAGE, 2 * PAGE }, { 0, 5 * PAGE },
		{ -8 * PAGE, PAGE }, { -PAGE, 2 * PAGE }, { 1UL << 63, PAGE },
		{ -8 * PAGE, 12 * PAGE },
	};
	mach_port_t p;
	vm_address_t a;

	open_served();
	KERN_IS(make_proxy(v->fd, VM_PROT_READ, 8 * PAGE, 4 * PAGE, &p),
		KERN_SUCCESS);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		KERN_ROW_IS(tap_result(i),
			    map_port(&a, p, bad[i].offset, bad[i].size,
				     VM_PROT_READ, VM_PROT_READ),
			    KERN_INVALID_ARGUMENT);
	KERN_IS(map_port(&a, p, 0, 4 * PAGE, VM_PROT_READ, VM_PROT_READ),
		KERN_SUCCESS);
}

static void test_proxy_arguments(void)
{
	mach_port_t p, object;
	vm_offset_t zero = 0, one = 1;
	vm_size_t len = ~0UL;
	vm_address_t a;

	open_served();
	KERN_IS(make_proxy(v->fd, VM_PROT_READ, 1, PAGE, &p),
		KERN_INVALID_ARGUMENT);
	KERN_IS(make_proxy(v->fd, VM_PROT_READ, 0, 0, &p),
		KERN_INVALID_ARGUMENT);
	KERN_IS(make_proxy(v->fd, VM_PROT_READ, SIZE, PAGE, &p),
		KERN_INVALID_ARGUMENT);
	KERN_IS(make_proxy(v->fd, VM_PROT_READ, -PAGE, PAGE, &p),
		KERN_INVALID_ARGUMENT);
	KERN_IS(make_proxy(v->fd, 8, 0, PAGE, &p), KERN_SUCCESS);
	KERN_IS(map_port(&a, p, 0, PAGE, VM_PROT_ALL, VM_PROT_ALL),
		KERN_SUCCESS);
	CHECK_IS(memory_load(a), NOT_READABLE);
	KERN_IS(make_proxy(v->fd, -1, 0, PAGE, &p), KERN_SUCCESS);
	KERN_IS(make_proxy(SELF, VM_PROT_READ, 0, PAGE, &p), KERN_INVALID_NAME);
	object = v->fd;
	KERN_IS(memory_object_create_proxy(SELF, 1, &object, 19, 1, &one, 1,
					   &zero, 1, &len, 1, &p),
		KERN_INVALID_ARGUMENT);
	KERN_IS(memory_object_create_proxy(SELF, 1, &object, 19, 2, &zero, 2,
					   &zero, 2, &len, 2, &p),
		KERN_INVALID_ARGUMENT);
	KERN_IS(memory_object_create_proxy(HOST, 1, &object, 19, 1, &zero, 1,
					   &zero, 1, &len, 1, &p),
		KERN_INVALID_TASK);
	KERN_IS(memory_object_create_proxy(SELF, 1, &object,
					   MACH_MSG_TYPE_MOVE_SEND, 1, &zero, 1,
					   &zero, 1, &len, 1, &p),
		KERN_SUCCESS);
	CHECK_IS(RESULT(fcntl(object, F_GETFD)), -EBADF);
	KERN_IS(map_port(&a, p, 0, SIZE, VM_PROT_READ, VM_PROT_READ),
		KERN_SUCCESS);
	CHECK(pattern_is((void *)a, 0, SIZE, 1), "wrong data");
}

/* The null port stays null, also when descriptor 0 is free. */
static void test_low_descriptors(void)
{
	vm_address_t a, at;
	vm_prot_t prot, max;
	vm_inherit_t inheritance;
	boolean_t shared;
	vm_offset_t offset;
	mach_port_t name;
	vm_size_t size;

	open_served();
	close(0);
	CHECK(SELF > 2, "the task is descriptor %u", SELF);
	a = map_served(0, PAGE);
	at = a;
	KERN_IS(vm_region(SELF, &at, &size, &prot, &max, &inheritance, &shared,
			  &name, &offset), KERN_SUCCESS);
	CHECK(name > 2, "the name is descriptor %u", name);
	KERN_IS(make_proxy(v->fd, VM_PROT_READ, 0, PAGE, &name), KERN_SUCCESS);
	CHECK(name > 2, "the proxy is descriptor %u", name);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		{ "map-object", test_map_object, 0, 0 },
		{ "map-copy", test_map_copy, 0, 0 },
		{ "map-rights", test_map_rights, 0, 0 },
		{ "map-offsets", test_map_offsets, 0, 0 },
		{ "pager-error", test_pager_error, 0, 0 },
		{ "name", test_name, 0, 0 },
		{ "info-refused", test_info_refused, 0, 0 },
		{ "info-sizes", test_info_sizes, 0, 0 },
		{ "proxy", test_proxy, 0, 0 },
		{ "proxy-bounds", test_proxy_bounds, 0, 0 },
		{ "proxy-arguments", test_proxy_arguments, 0, 0 },
		{ "low-descriptors", test_low_descriptors, 0, 0 },
	};

	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
