// SPDX-License-Identifier: GPL-2.0-only
/* Tasks of another process: its descriptors of the device, taken over. */
#include "vminfo.h"
#include "common/array.h"
#include "common/module.h"

#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static dev_t device_number(void)
{
	struct stat status;

	if (!stat(MACH_VM_DEVICE, &status))
		return status.st_rdev;
	if (errno == ENOENT)
		errx(1, "no %s: %s", MACH_VM_DEVICE, LOAD_MODULE);
	err(1, "%s", MACH_VM_DEVICE);
}

static _Noreturn void no_permission(pid_t pid)
{
	errx(1, "process %d is not yours to look into: be root", pid);
}

static int process_open(pid_t pid)
{
	int fd = syscall(SYS_pidfd_open, pid, 0);

	if (fd < 0 && (errno == ESRCH || errno == EINVAL))
		errx(1, "no process %d", pid);
	if (fd < 0)
		err(1, "process %d", pid);
	return fd;
}

static DIR *descriptors_open(pid_t pid)
{
	char path[40];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	if (dir)
		return dir;
	if (errno == ENOENT)
		errx(1, "no process %d", pid);
	if (errno == EACCES || errno == EPERM)
		no_permission(pid);
	err(1, "%s", path);
}

static bool same_file(int a, int b)
{
	pid_t self = getpid();

	return syscall(SYS_kcmp, self, self, KCMP_FILE, a, b) == 0;
}

static bool is_known(const struct task *tasks, size_t n, int fd)
{
	while (n--)
		if (same_file(tasks[n].fd, fd))
			return true;
	return false;
}

/* Fills in @task if it is one with a window, and not among the @n before it. */
static bool task_take(struct task *task, size_t n, int process, pid_t pid,
		      int number)
{
	*task = (struct task){
		.fd = syscall(SYS_pidfd_getfd, process, number, 0),
		.number = number,
		.info.size = sizeof(task->info),
	};
	if (task->fd < 0 && errno == EPERM)
		no_permission(pid);
	if (task->fd < 0 && errno == ESRCH)
		errx(1, "process %d has ended", pid);
	if (task->fd < 0 && errno != EBADF)
		err(1, "descriptor %d of process %d", number, pid);
	if (task->fd < 0)	/* it has just closed it */
		return false;
	if (!is_known(task - n, n, task->fd) &&
	    !ioctl(task->fd, MACH_TASK_INFO, &task->info))
		return true;
	close(task->fd);
	return false;
}

/*
 * All tasks of a process that have a window. A pager has the device open as
 * well, and so has who did not map it yet.
 */
size_t tasks_find(pid_t pid, struct task **tasks)
{
	dev_t device = device_number();
	int process = process_open(pid);
	DIR *dir = descriptors_open(pid);
	struct task *found = NULL;
	struct dirent *entry;
	struct stat status;
	size_t n = 0;

	while ((entry = readdir(dir))) {
		if (!isdigit(*entry->d_name) ||
		    fstatat(dirfd(dir), entry->d_name, &status, 0) ||
		    !S_ISCHR(status.st_mode) || status.st_rdev != device)
			continue;
		found = reallocarray(found, n + 1, sizeof(*found));
		if (!found)
			err(1, "memory");
		n += task_take(&found[n], n, process, pid, atoi(entry->d_name));
	}
	closedir(dir);
	close(process);
	if (!n)
		errx(1, "process %d has no task: it did not map %s", pid,
		     MACH_VM_DEVICE);
	*tasks = found;
	return n;
}

static struct mach_task_region *entry_add(struct task *task)
{
	task->entries = array_grow(task->entries, task->nr_entries, &task->room,
				   sizeof(*task->entries));
	return &task->entries[task->nr_entries];
}

/* The entry at @first, or the next one, and all that begin until @last. */
void task_read(struct task *task, uint64_t first, uint64_t last)
{
	struct mach_task_region *entry;

	do {
		entry = entry_add(task);
		*entry = (struct mach_task_region){
			.size = sizeof(*entry),
			.address = first,
		};
		if (ioctl(task->fd, MACH_TASK_REGION, entry)) {
			if (errno == EADDRNOTAVAIL)
				return;
			err(1, "the module does not tell");
		}
		if (entry->address > last)
			return;
		task->nr_entries++;
		first = entry->address + entry->length;
	} while (first && first <= last);
}
