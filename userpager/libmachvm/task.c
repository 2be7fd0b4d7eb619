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

/* With @self_lock held: 0, or an errno */
static int task_open(vm_size_t size, vm_size_t least, task_t *task)
{
	int err, fd = open(MACH_VM_DEVICE, O_RDWR | O_CLOEXEC);
	void *window = MAP_FAILED;

	if (fd < 0)
		return errno;
	err = mach_port_from_fd(fd, task);
	if (err)
		return err;
	for (; size >= least && window == MAP_FAILED; size /= 2)
		window = mmap(NULL, size, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_NORESERVE, *task, 0);
	if (window != MAP_FAILED)
		return 0;
	err = errno;
	close(*task);
	return err;
}

/* The same, the first being this process's own */
static int task_make(vm_size_t size, vm_size_t least, task_t *task)
{
	int err;

	pthread_once(&fork_once, fork_setup);
	err = fork_error ?: task_open(size, least, task);
	if (!err && !self)
		__atomic_store_n(&self, *task, __ATOMIC_RELEASE);
	return err;
}

task_t mach_task_self(void)
{
	task_t task = __atomic_load_n(&self, __ATOMIC_ACQUIRE);
	int err = 0;

	if (task)
		return task;
	pthread_mutex_lock(&self_lock);
	if (!self)
		err = task_make(WINDOW_MAX, WINDOW_MIN, &task);
	task = self;
	pthread_mutex_unlock(&self_lock);
	if (err)
		errno = err;
	return task;
}

kern_return_t mach_task_create(vm_size_t size, task_t *task)
{
	kern_return_t error;
	task_t made;
	int err;

	if (!size)
		return KERN_INVALID_ARGUMENT;
	pthread_mutex_lock(&self_lock);
	err = task_make(size, size, &made);
	pthread_mutex_unlock(&self_lock);
	if (err) {
		error = mach_error_from_errno(err);
		return err == EACCES ? KERN_NO_ACCESS : error;
	}
	*task = made;
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
