// SPDX-License-Identifier: GPL-2.0-only
/* Listed directories for tests. */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "listing.h"
#include "place.h"
#include "tap.h"

#define NAMES_MOST	64

long listed_number(const struct test_pager *p, unsigned int flags,
		   uint64_t cookie)
{
	struct mach_pager_create create = {
		.size = sizeof(create),
		.flags = MACH_CREATE_DIRECTORY | flags, .cookie = cookie,
	};
	long err = vm_ioctl(p->fd, MACH_PAGER_CREATE, &create);

	return err ?: (long)create.object;
}

long listed_mkdir(const struct test_pager *p, const char *path, uint32_t number)
{
	struct mach_pager_mkdir args = {
		.size = sizeof(args), .object = number,
		.uid = getuid(), .gid = getgid(),
		.name_length = strlen(path), .name = (uintptr_t)path,
	};

	return vm_ioctl(p->fd, MACH_PAGER_MKDIR, &args);
}

static uint32_t create(const struct test_pager *p, const char *path,
		       unsigned int flags, uint64_t cookie)
{
	long number = listed_number(p, flags, cookie);

	CHECK(number > 0, "create: %s", tap_result(number));
	CHECK_IS(listed_mkdir(p, path, number), 0);
	return number;
}

uint32_t listed_create(const struct test_pager *p, const char *path,
		       uint64_t cookie)
{
	return create(p, path, MACH_CREATE_LISTED, cookie);
}

uint32_t listed_create_asking(const struct test_pager *p, const char *path,
			      uint64_t cookie)
{
	return create(p, path, MACH_CREATE_LISTED | MACH_CREATE_ASKS, cookie);
}

struct mach_list_entry list_entry(const struct test_name *name)
{
	unsigned int mode = name->mode ?: S_IFREG | 0640;

	return (struct mach_list_entry) {
		.size = sizeof(struct mach_list_entry),
		.mode = mode,
		.flags = name->flags,
		.uid = name->owner ?: LISTED_OWNER,
		.gid = name->owner ?: LISTED_OWNER,
		.name_length = strlen(name->name),
		.name = (uintptr_t)name->name,
		.target = (uintptr_t)name->target,
		.target_length = name->target ? strlen(name->target) : 0,
		.object_size = S_ISREG(mode) ? name->size ?: PAGE : 0,
		.cookie = name->cookie,
		.mtime_ns = name->mtime ?: LISTED_MTIME,
	};
}

long list_entries(const struct test_pager *p, uint32_t number,
		  unsigned int flags, const struct mach_list_entry *entries,
		  unsigned int nr)
{
	struct mach_pager_list args = {
		.size = sizeof(args), .object = number, .flags = flags,
		.nr_entries = nr, .entry_size = nr ? sizeof(*entries) : 0,
		.entries = nr ? (uintptr_t)entries : 0,
	};

	return vm_ioctl(p->fd, MACH_PAGER_LIST, &args);
}

long list_names(const struct test_pager *p, uint32_t number, unsigned int flags,
		const struct test_name *names, unsigned int nr)
{
	struct mach_list_entry entries[NAMES_MOST];

	for (unsigned int i = 0; i < nr; i++)
		entries[i] = list_entry(&names[i]);
	return list_entries(p, number, flags, entries, nr);
}

long list_remove(const struct test_pager *p, uint32_t number, const char *name)
{
	struct mach_list_entry entry = {
		.size = sizeof(entry),
		.name = (uintptr_t)name, .name_length = strlen(name),
	};

	return list_entries(p, number, MACH_LIST_REMOVE, &entry, 1);
}

void list_all(const struct test_pager *p, uint32_t number,
	      const struct test_name *names, unsigned int nr)
{
	CHECK_IS(list_names(p, number, MACH_LIST_BEGIN | MACH_LIST_END, names,
			    nr), 0);
}

void expect_list(struct test_pager *p, struct test_request *r, uint32_t number)
{
	CHECK_IS(pager_next(p, r, WAIT_MS), 0);
	CHECK(r->m.operation == MACH_OP_LIST && r->m.object == number &&
	      !r->m.offset && !r->m.length,
	      "operation %u of object %u, not of %u", r->m.operation,
	      r->m.object, number);
}

void list_done(struct test_pager *p, const struct test_request *r)
{
	pager_reply_one(p, r, part_done(0, 0));
}

long do_lstat(const uint64_t *arg)
{
	return RESULT(lstat(node_path((const char *)(uintptr_t)arg[0]),
			    (struct stat *)(uintptr_t)arg[1]));
}

long do_names(const uint64_t *arg)
{
	DIR *dir = opendir(node_path((const char *)(uintptr_t)arg[0]));
	struct dirent *entry;
	long n = 0;

	if (!dir)
		return -errno;
	errno = 0;
	while ((entry = readdir(dir)))
		n += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
	if (errno)
		n = -errno;
	closedir(dir);
	return n;
}

long list_stays(int dir, size_t bytes, unsigned int *seen)
{
	char buffer[4096];
	long at = 0, n;
	unsigned int i;

	CHECK(bytes <= sizeof(buffer), "%zu bytes", bytes);
	n = syscall(SYS_getdents64, dir, buffer, bytes);
	CHECK(n >= 0, "getdents64: %m");
	while (at < n) {
		const struct dirent64 *entry = (void *)(buffer + at);

		if (sscanf(entry->d_name, "stays-%u", &i) == 1)
			seen[i]++;
		at += entry->d_reclen;
	}
	return n;
}
