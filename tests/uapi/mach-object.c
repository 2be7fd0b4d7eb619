// SPDX-License-Identifier: GPL-2.0-only
/* Mach's calls on objects, names, proxies and tasks, through the library. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
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
	strcpy(v->name, "mach-port");
	serve_start(v);
	snprintf(path, sizeof(path), "%s/%s", MACH_VM_NODE_DIR, v->name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0, "%s: %m", path);
	KERN_IS(map_port(&a, fd, 0, PAGE, VM_PROT_DEFAULT, VM_PROT_ALL),
		KERN_PROTECTION_FAILURE);
	KERN_IS(map_port(&a, fd, 0, PAGE, VM_PROT_READ, VM_PROT_ALL),
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
		{ 0, SIZE + 1, KERN_INVALID_ARGUMENT },
		{ SIZE, PAGE, KERN_INVALID_ARGUMENT },
		{ SIZE - PAGE, 2 * PAGE, KERN_INVALID_ARGUMENT },
		{ 1UL << 31, PAGE, KERN_INVALID_ARGUMENT },
		{ 1UL << 32, PAGE, KERN_INVALID_ARGUMENT },
		{ -1UL, PAGE, KERN_INVALID_ARGUMENT },
		{ -PAGE, PAGE, KERN_INVALID_ARGUMENT },
		{ -PAGE, 2 * PAGE, KERN_INVALID_ARGUMENT },
		{ 1UL << 63, 1UL << 63, KERN_INVALID_ARGUMENT },
	};
	vm_address_t a;

	open_served();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char name[40];

		snprintf(name, sizeof(name), "offset %#lx", rows[i].offset);
		KERN_ROW_IS(name,
			    map_port(&a, v->fd, rows[i].offset, rows[i].size,
				     VM_PROT_READ, VM_PROT_READ),
			    rows[i].want);
		if (!rows[i].want)
			CHECK(pattern_is((void *)a, rows[i].offset,
					 rows[i].size, 1), "%s: wrong data",
			      name);
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
	vm_object_info_data_t info;
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
	vm_object_info_data_t info;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		KERN_ROW_IS(tap_result(i), vm_object_info(bad[i], &info),
			    KERN_INVALID_NAME);
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
		KERN_PROTECTION_FAILURE);
	KERN_IS(make_proxy(p, VM_PROT_DEFAULT, 0, PAGE, &q),
		KERN_PROTECTION_FAILURE);
	KERN_IS(make_proxy(p, VM_PROT_READ, PAGE, PAGE, &q), KERN_SUCCESS);
	KERN_IS(map_port(&a, q, 0, PAGE, VM_PROT_READ, VM_PROT_READ),
		KERN_SUCCESS);
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
	KERN_IS(make_proxy(v->fd, 8, 0, PAGE, &p), KERN_INVALID_ARGUMENT);
	KERN_IS(make_proxy(v->fd, -1, 0, PAGE, &p), KERN_INVALID_ARGUMENT);
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

static void test_remap(void)
{
	vm_address_t a = memory_allocate(4 * PAGE), b = 0, c = 0, d = 0;
	vm_prot_t prot, max;
	task_t other;

	memset((void *)a, 1, 4 * PAGE);
	KERN_IS(vm_protect(SELF, a + 3 * PAGE, PAGE, TRUE, VM_PROT_READ),
		KERN_SUCCESS);
	KERN_IS(vm_remap(SELF, &b, 4 * PAGE, 0, TRUE, SELF, a, FALSE, &prot,
			 &max, VM_INHERIT_COPY), KERN_SUCCESS);
	CHECK(prot == VM_PROT_READ && max == VM_PROT_READ,
	      "protection %d, maximum %d", prot, max);
	KERN_IS(vm_remap(SELF, &c, 2 * PAGE, 0xffff, TRUE, SELF, a, TRUE, &prot,
			 &max, VM_INHERIT_COPY), KERN_SUCCESS);
	CHECK(prot == VM_PROT_DEFAULT && max == VM_PROT_ALL && !(c & 0xffff),
	      "protection %d, maximum %d, at %#lx", prot, max, c);
	*(char *)a = 2;
	CHECK(*(char *)b == 2, "not shared");
	CHECK(*(char *)c == 1, "not a copy");
	KERN_IS(mach_task_create(1UL << 30, &other), KERN_SUCCESS);
	CHECK(other != SELF, "the same task");
	KERN_IS(vm_remap(other, &d, PAGE, 0, TRUE, SELF, a + 1, FALSE, &prot,
			 &max, VM_INHERIT_COPY), KERN_SUCCESS);
	*(char *)d = 3;
	CHECK(*(char *)a == 3, "not shared with the other task");
	KERN_IS(vm_deallocate(SELF, a, 4 * PAGE), KERN_SUCCESS);
	CHECK(*(char *)d == 3 && *(char *)b == 3, "gone with the first");
	KERN_IS(task_terminate(other), KERN_SUCCESS);
	CHECK_IS(memory_load(d), NOT_READABLE);
	CHECK(*(char *)b == 3, "gone with the other task");
}

static void test_remap_arguments(void)
{
	vm_address_t a = memory_allocate(4 * PAGE), b = 0;
	const task_t bad[] = { MACH_PORT_NULL, MACH_PORT_DEAD, HOST, 999 };
	vm_prot_t prot, max;

	KERN_IS(vm_remap(SELF, &b, 0, 0, TRUE, SELF, a, FALSE, &prot, &max, 1),
		KERN_INVALID_ARGUMENT);
	KERN_IS(vm_remap(SELF, &b, -1, 0, TRUE, SELF, a, FALSE, &prot, &max, 1),
		KERN_INVALID_ARGUMENT);
	KERN_IS(vm_remap(SELF, &b, PAGE, 0, TRUE, SELF, a, FALSE, &prot, &max,
			 3), KERN_INVALID_ARGUMENT);
	KERN_IS(vm_remap(SELF, &b, 5 * PAGE, 0, TRUE, SELF, a, FALSE, &prot,
			 &max, 1), KERN_INVALID_ADDRESS);
	KERN_IS(vm_remap(SELF, &b, PAGE, 0, TRUE, SELF, -PAGE, FALSE, &prot,
			 &max, 1), KERN_INVALID_ARGUMENT);
	b = a;
	KERN_IS(vm_remap(SELF, &b, PAGE, 0, FALSE, SELF, a, FALSE, &prot, &max,
			 1), KERN_NO_SPACE);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		kern_return_t want = MACH_PORT_VALID(bad[i]) ?
				     KERN_INVALID_ARGUMENT : KERN_INVALID_TASK;

		KERN_ROW_IS(tap_result(i),
			    vm_remap(SELF, &b, PAGE, 0, TRUE, bad[i], a, FALSE,
				     &prot, &max, 1), want);
	}
}

static void *ask_self(void *arg)
{
	pthread_barrier_wait(arg);
	return (void *)(uintptr_t)mach_task_self();
}

static void test_self(void)
{
	pthread_barrier_t barrier;
	pthread_t threads[8];
	void *got;

	pthread_barrier_init(&barrier, NULL, 8);
	for (int i = 0; i < 8; i++)
		CHECK(!pthread_create(&threads[i], NULL, ask_self, &barrier),
		      "a thread");
	for (int i = 0; i < 8; i++) {
		pthread_join(threads[i], &got);
		CHECK((uintptr_t)got == SELF && SELF, "two tasks");
	}
	CHECK(fcntl(SELF, F_GETFD) == FD_CLOEXEC, "not close-on-exec");
	CHECK(memory_info(SELF).end - memory_info(SELF).start >= 1UL << 40,
	      "a small window");
	CHECK(memory_info(SELF).pid == (unsigned int)getpid(), "of process %u",
	      memory_info(SELF).pid);
	KERN_IS(mach_port_deallocate(SELF, SELF), KERN_INVALID_NAME);
	KERN_IS(task_terminate(SELF), KERN_SUCCESS);
	CHECK_IS(memory_store(memory_allocate(PAGE)), 0);
}

/* The first that is made is the own one. */
static void test_create(void)
{
	task_t task, bad;

	KERN_IS(mach_task_create(0, &bad), KERN_INVALID_ARGUMENT);
	KERN_IS(mach_task_create(1UL << 63, &bad), KERN_RESOURCE_SHORTAGE);
	KERN_IS(mach_task_create(16 * PAGE, &task), KERN_SUCCESS);
	CHECK(task == SELF, "not the own one");
	memory_allocate(16 * PAGE);
	KERN_IS(vm_allocate(SELF, &(vm_address_t){ 0 }, PAGE, TRUE),
		KERN_NO_SPACE);
}

/* What a child sees: its exit status */
static int child_of(task_t before, vm_address_t a)
{
	struct mach_task_info info;
	task_t task;

	if (fcntl(before, F_GETFD) >= 0)
		return 1;
	if (memory_load(a) != NOT_READABLE)
		return 2;
	task = SELF;
	if (!task)
		return 3;
	info = memory_info(task);
	if (info.entries || info.pid != (unsigned int)getpid())
		return 4;
	return memory_store(memory_allocate(PAGE)) ? 5 : 0;
}

static void test_fork(void)
{
	task_t task = SELF;
	vm_address_t a = memory_allocate(PAGE);
	int status;
	pid_t pid;

	*(char *)a = 7;
	pid = fork();
	CHECK(pid >= 0, "fork: %m");
	if (!pid)
		_exit(child_of(task, a));
	CHECK(waitpid(pid, &status, 0) == pid, "waitpid: %m");
	CHECK(!status, "the child ended with %#x", status);
	CHECK(task == SELF && *(char *)a == 7, "the parent lost its own");
}

/* What another process can do to a task that it was given: its exit status */
static int act_on(task_t task, vm_address_t a)
{
	static char bytes[PAGE] = "from the child";
	mach_msg_type_number_t count;
	vm_address_t b = 0, mine = 0;
	vm_prot_t prot, max;
	pointer_t data;

	if (vm_write(task, a, (pointer_t)bytes, PAGE) ||
	    vm_read(task, a + PAGE, PAGE, &data, &count) ||
	    strcmp((char *)data, "from the parent"))
		return 1;
	if (vm_allocate(task, &b, PAGE, TRUE) || b != a + 4 * PAGE)
		return 2;
	if (vm_protect(task, a + 3 * PAGE, PAGE, FALSE, VM_PROT_READ))
		return 3;
	if (vm_protect(task, a, PAGE, FALSE, VM_PROT_ALL) != KERN_NO_ACCESS)
		return 4;
	if (vm_remap(SELF, &mine, PAGE, 0, TRUE, task, a + 2 * PAGE, FALSE,
		     &prot, &max, VM_INHERIT_COPY))
		return 5;
	strcpy((char *)mine, "in common");
	if (vm_wire(HOST, task, a, PAGE, VM_PROT_READ) ||
	    vm_deallocate(task, a + PAGE, PAGE))
		return 6;
	/* nothing of it was done to our own */
	return memory_entries(SELF, 0, -PAGE) == 2 ? 0 : 7;
}

static void test_foreign(void)
{
	vm_address_t a = memory_allocate(4 * PAGE);
	int task = dup(SELF), status;
	pid_t pid;

	strcpy((char *)a + PAGE, "from the parent");
	pid = fork();
	CHECK(pid >= 0, "fork: %m");
	if (!pid)
		_exit(act_on(task, a));
	CHECK(waitpid(pid, &status, 0) == pid, "waitpid: %m");
	CHECK(!status, "the child ended with %#x", status);
	CHECK(!strcmp((char *)a, "from the child"), "not written");
	CHECK_IS(memory_load(a + PAGE), NOT_READABLE);
	CHECK(!strcmp((char *)a + 2 * PAGE, "in common"), "not shared");
	CHECK_IS(memory_store(a + 3 * PAGE), NOT_READABLE);
	CHECK_IS(memory_store(a + 4 * PAGE), 0);
	CHECK(memory_info(SELF).wired == PAGE, "not wired");
	CHECK_IS(memory_execute(a), NOT_READABLE);
}

/* The process that made it has ended: what there was is still there. */
static int act_on_orphan(task_t task, vm_address_t a)
{
	static char bytes[PAGE] = "from the child";
	mach_msg_type_number_t count;
	vm_address_t b = 0, mine = 0;
	vm_prot_t prot, max;
	pointer_t data;

	if (memory_info(task).entries != 1)
		return 1;
	if (vm_read(task, a, PAGE, &data, &count) ||
	    strcmp((char *)data, "from the parent"))
		return 2;
	if (vm_write(task, a, (pointer_t)bytes, PAGE) ||
	    vm_remap(SELF, &mine, PAGE, 0, TRUE, task, a, FALSE, &prot, &max,
		     VM_INHERIT_COPY) ||
	    strcmp((char *)mine, "from the child"))
		return 3;
	if (vm_allocate(task, &b, PAGE, TRUE) ||
	    vm_protect(task, b, PAGE, FALSE, VM_PROT_READ) ||
	    vm_wire(HOST, task, b, PAGE, VM_PROT_READ) ||
	    vm_copy(task, b, PAGE, a + PAGE))
		return 4;
	if (vm_protect(task, a, PAGE, FALSE, VM_PROT_ALL) != KERN_NO_ACCESS)
		return 5;
	if (vm_deallocate(task, 0, 1UL << 47) || memory_info(task).entries)
		return 6;
	if (strcmp((char *)mine, "from the child"))
		return 7;
	return task_terminate(task) ? 8 : 0;
}

static void make_orphan(int report)
{
	vm_address_t a = memory_allocate(4 * PAGE);
	task_t task = dup(SELF);
	char status;

	strcpy((char *)a, "from the parent");
	if (fork())
		_exit(0);
	while (memory_info(task).pid)
		tap_pause_ms(1);
	status = act_on_orphan(task, a);
	_exit(write(report, &status, 1) != 1);
}

static void test_orphan(void)
{
	int ends[2];
	char status;
	pid_t pid;

	CHECK(!pipe(ends), "pipe: %m");
	pid = fork();
	CHECK(pid >= 0, "fork: %m");
	if (!pid)
		make_orphan(ends[1]);
	close(ends[1]);
	CHECK(waitpid(pid, NULL, 0) == pid, "waitpid: %m");
	CHECK(read(ends[0], &status, 1) == 1, "the child died");
	CHECK(!status, "the child ended with %d", status);
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

/* What every call says of a port that is no task */
static void test_no_task(void)
{
	const task_t bad[] = {
		MACH_PORT_NULL, MACH_PORT_DEAD, HOST, 999,
		pattern_file(PAGE, 1),
	};
	vm_address_t a = 0;
	vm_size_t n = 0, m;
	vm_prot_t prot, max;
	vm_inherit_t inheritance;
	mach_msg_type_number_t count;
	boolean_t shared;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const task_t t = bad[i];
		const kern_return_t got[] = {
			vm_allocate(t, &a, PAGE, TRUE),
			vm_deallocate(t, a, PAGE),
			vm_map(t, &a, PAGE, 0, TRUE, 0, 0, 0, 1, 1, 1),
			vm_protect(t, a, PAGE, FALSE, 1),
			vm_inherit(t, a, PAGE, 1),
			vm_behavior_set(t, a, PAGE, 1),
			vm_read(t, a, PAGE, &n, &count),
			vm_write(t, a, PAGE, PAGE),
			vm_copy(t, a, PAGE, a),
			vm_remap(t, &a, PAGE, 0, TRUE, SELF, a, 0, &prot, &max,
				 1),
			vm_region(t, &a, &n, &prot, &max, &inheritance,
				  &shared, &count, &m),
			vm_wire(HOST, t, a, PAGE, 1),
			vm_wire_all(HOST, t, 0),
			vm_msync(t, a, PAGE, 2),
			vm_set_size_limit(HOST, t, PAGE, PAGE),
			vm_get_size_limit(t, &n, &m),
			task_terminate(t),
			mach_port_deallocate(t, 999),
		};

		for (size_t k = 0; k < ARRAY_SIZE(got); k++)
			CHECK(got[k] == KERN_INVALID_TASK,
			      "port %zu, call %zu: %s", i, k,
			      mach_error_string(got[k]));
	}
}

static void test_port_deallocate(void)
{
	const mach_port_t bad[] = { MACH_PORT_NULL, MACH_PORT_DEAD, HOST, 999 };
	int file = pattern_file(PAGE, 1);

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		KERN_ROW_IS(tap_result(i), mach_port_deallocate(SELF, bad[i]),
			    KERN_INVALID_NAME);
	KERN_IS(mach_port_deallocate(SELF, file), KERN_SUCCESS);
	CHECK_IS(RESULT(fcntl(file, F_GETFD)), -EBADF);
}

static void test_words(void)
{
	static const kern_return_t known[] = {
		0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 14, 15, 16, 22,
	};
	const char *unknown = mach_error_string(1000);

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		CHECK(strcmp(mach_error_string(known[i]), unknown),
		      "no words for %d", known[i]);
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
		{ "proxy", test_proxy, 0, 0 },
		{ "proxy-bounds", test_proxy_bounds, 0, 0 },
		{ "proxy-arguments", test_proxy_arguments, 0, 0 },
		{ "remap", test_remap, 0, 0 },
		{ "remap-arguments", test_remap_arguments, 0, 0 },
		{ "self", test_self, 0, 0 },
		{ "create", test_create, 0, 0 },
		{ "fork", test_fork, 0, 0 },
		{ "foreign", test_foreign, 0, 0 },
		{ "orphan", test_orphan, 0, 0 },
		{ "low-descriptors", test_low_descriptors, 0, 0 },
		{ "no-task", test_no_task, 0, 0 },
		{ "port-deallocate", test_port_deallocate, 0, 0 },
		{ "words", test_words, 0, 0 },
	};

	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
