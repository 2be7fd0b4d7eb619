// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libmachvm - tasks: windows of this process, and which of them is its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mach_priv.h"

/* Of mach_task_self(), unless it must be less */
#define WINDOW_MAX	(1UL << 46)
#define WINDOW_MIN	(1UL << 24)

/* Changed under @self_lock; 0 until there is one */
static task_t self;
static pthread_mutex_t self_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;
static int fork_error;

vm_size_t vm_page_size = 4096;

static void fork_prepare(void)
{
	pthread_mutex_lock(&self_lock);
}

static void fork_parent(void)
{
	pthread_mutex_unlock(&self_lock);
}

/* The window stayed with the parent, and so does the task. */
static void fork_child(void)
{
	if (self)
		close(self);
	self = MACH_PORT_NULL;
	pthread_mutex_unlock(&self_lock);
}

static void fork_setup(void)
{
	fork_error = pthread_atfork(fork_prepare, fork_parent, fork_child);
}

/* With @self_lock held: a port, or -1 */
static int task_open(vm_size_t size, vm_size_t least)
{
	int port = mach_port_from_fd(open(MACH_VM_DEVICE, O_RDWR | O_CLOEXEC));
	void *window = MAP_FAILED;
	int err;

	if (port < 0)
		return -1;
	for (; size >= least && window == MAP_FAILED; size /= 2)
		window = mmap(NULL, size, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_NORESERVE, port, 0);
	if (window != MAP_FAILED)
		return port;
	err = errno;
	close(port);
	errno = err;
	return -1;
}

/* The same, the first being this process's own */
static int task_make(vm_size_t size, vm_size_t least)
{
	int port;

	pthread_once(&fork_once, fork_setup);
	if (fork_error) {
		errno = fork_error;
		return -1;
	}
	port = task_open(size, least);
	if (port >= 0 && !self)
		__atomic_store_n(&self, port, __ATOMIC_RELEASE);
	return port;
}

task_t mach_task_self(void)
{
	task_t task = __atomic_load_n(&self, __ATOMIC_ACQUIRE);

	if (task)
		return task;
	pthread_mutex_lock(&self_lock);
	if (!self)
		task_make(WINDOW_MAX, WINDOW_MIN);
	task = self;
	pthread_mutex_unlock(&self_lock);
	return task;
}

host_t mach_host_self(void)
{
	return MACH_HOST;
}

kern_return_t mach_task_create(vm_size_t size, task_t *task)
{
	int port;

	if (!size)
		return KERN_INVALID_ARGUMENT;
	pthread_mutex_lock(&self_lock);
	port = task_make(size, size);
	pthread_mutex_unlock(&self_lock);
	if (port < 0)
		return errno == EACCES ? KERN_NO_ACCESS : mach_error_from_errno();
	*task = port;
	return KERN_SUCCESS;
}

kern_return_t task_terminate(task_t task)
{
	struct mach_task_info info = { .size = sizeof(info) };
	kern_return_t error = mach_task_call(task, MACH_TASK_INFO, &info);

	/* without a window there is nothing to tell */
	if (error && error != KERN_INVALID_ADDRESS)
		return error;
	if (!error && info.pid == (unsigned int)getpid())
		munmap((void *)info.start, info.end - info.start);
	pthread_mutex_lock(&self_lock);
	if (self == task)
		__atomic_store_n(&self, MACH_PORT_NULL, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&self_lock);
	close(task);
	return KERN_SUCCESS;
}

kern_return_t mach_port_deallocate(task_t task, mach_port_t name)
{
	if (!task || task != mach_task_self())
		return KERN_INVALID_TASK;
	if (!MACH_PORT_VALID(name) || name == MACH_HOST || name == task ||
	    fcntl(name, F_GETFD) < 0)
		return KERN_INVALID_NAME;
	close(name);
	return KERN_SUCCESS;
}
