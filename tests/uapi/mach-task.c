// SPDX-License-Identifier: GPL-2.0-only
/* Mach's calls on tasks, own and others', and on ports that are none. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machcall.h"
#include "testpager.h"

#define SELF		mach_task_self()
#define HOST		mach_host_self()
#define NOT_READABLE	TAP_SIGNAL(SIGSEGV)

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
		KERN_ROW_IS(tap_result(i),
			    vm_remap(SELF, &b, PAGE, 0, TRUE, bad[i], a, FALSE,
				     &prot, &max, 1), KERN_INVALID_ARGUMENT);
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
	host_priv_t host;
	boolean_t shared;

	KERN_IS(host_get_host_priv_port(HOST, &host), KERN_SUCCESS);
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
			task_terminate(t),
			vm_wire(HOST, t, a, PAGE, 1),
			vm_wire_all(host, t, 0),
			vm_msync(t, a, PAGE, 2),
			vm_set_size_limit(HOST, t, PAGE, PAGE),
			vm_get_size_limit(t, &n, &m),
			mach_port_deallocate(t, 999),
		};

		for (size_t k = 0; k < ARRAY_SIZE(got); k++)
			CHECK(got[k] == (k < 12 ? KERN_INVALID_ARGUMENT :
						  KERN_INVALID_TASK),
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
		{ "remap", test_remap, 0, 0 },
		{ "remap-arguments", test_remap_arguments, 0, 0 },
		{ "self", test_self, 0, 0 },
		{ "create", test_create, 0, 0 },
		{ "fork", test_fork, 0, 0 },
		{ "foreign", test_foreign, 0, 0 },
		{ "orphan", test_orphan, 0, 0 },
		{ "no-task", test_no_task, 0, 0 },
		{ "port-deallocate", test_port_deallocate, 0, 0 },
		{ "words", test_words, 0, 0 },
	};

	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
