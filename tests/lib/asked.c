// SPDX-License-Identifier: GPL-2.0-only
/* Directories that ask: made, what is asked read and answered, and clients. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "asked.h"
#include "place.h"
#include "tap.h"

static long list(const char *name)
{
	DIR *dir = opendir(node_path(name));
	long n = 0;

	if (!dir)
		return -errno;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n - 2;
}

static long set_times(const char *path, long seconds)
{
	const struct timespec times[2] = {
		{ .tv_sec = seconds, .tv_nsec = 7 },
		{ .tv_sec = seconds + 1, .tv_nsec = 8 },
	};

	return RESULT(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW));
}

static long open_new(const char *path, int flags, mode_t mode)
{
	return RESULT(open(path, O_CREAT | O_CLOEXEC | flags, mode));
}

long do_name(const uint64_t *arg)
{
	const char *name = (void *)(uintptr_t)arg[1];
	const char *to = (void *)(uintptr_t)arg[2];
	const char *path = name ? node_path(name) : NULL;
	const int flags = arg[3];
	const mode_t mode = arg[4];
	struct stat st;

	switch (arg[0]) {
	case DEED_CREATE:
		return opened(open_new(path, flags, mode));
	case DEED_OPEN:
		return open_new(path, flags, mode);
	case DEED_MKDIR:
		return RESULT(mkdir(path, mode));
	case DEED_SYMLINK:
		return RESULT(symlink(to, path));
	case DEED_UNLINK:
		return RESULT(unlink(path));
	case DEED_RMDIR:
		return RESULT(rmdir(path));
	case DEED_RENAME:
		return RESULT(renameat2(AT_FDCWD, path, AT_FDCWD,
					node_path(to), flags));
	case DEED_LINK:
		return RESULT(link(path, node_path(to)));
	case DEED_MKNOD:
		return RESULT(mknod(path, mode, 0));
	case DEED_CHMOD:
		return RESULT(chmod(path, mode));
	case DEED_CHOWN:
		return RESULT(lchown(path, mode, mode));
	case DEED_UTIMES:
		return set_times(path, mode);
	case DEED_STAT:
		return RESULT(lstat(path, &st));
	case DEED_LIST:
		return list(name);
	case DEED_TRUNCATE:
		return RESULT(truncate(path, mode));
	case DEED_BECOME:
		become(mode);
		return 0;
	case DEED_UMASK:
		umask(mode);
		return 0;
	}
	return -ENOSYS;
}

long directory_create(const struct test_pager *p, uint64_t cookie)
{
	struct mach_pager_create create = {
		.size = sizeof(create), .flags = MACH_CREATE_DIRECTORY,
		.cookie = cookie,
	};
	long err = vm_ioctl(p->fd, MACH_PAGER_CREATE, &create);

	if (err)
		return err;
	CHECK(create.fd == -1, "a directory has descriptor %d", create.fd);
	return create.object;
}

long directory_publish(const struct test_pager *p, const char *name,
		       unsigned int mode, unsigned int owner, uint32_t number)
{
	struct mach_pager_mkdir args = {
		.size = sizeof(args), .uid = owner, .gid = owner, .mode = mode,
		.name_length = strlen(name), .name = (uintptr_t)name,
		.object = number,
	};

	return vm_ioctl(p->fd, MACH_PAGER_MKDIR, &args);
}

long object_unname(const struct test_pager *p, uint32_t number)
{
	struct mach_pager_unpublish args = {
		.size = sizeof(args), .object = number,
	};

	return vm_ioctl(p->fd, MACH_PAGER_UNPUBLISH, &args);
}

long object_destroy(const struct test_pager *p, uint32_t number)
{
	struct mach_pager_destroy args = {
		.size = sizeof(args), .object = number,
	};

	return vm_ioctl(p->fd, MACH_PAGER_DESTROY, &args);
}

uint32_t directory_make(const struct test_pager *p, const char *name,
			unsigned int mode, uint64_t cookie)
{
	long number = directory_create(p, cookie);

	CHECK(number > 0, "CREATE: %s", tap_result(number));
	CHECK_IS(directory_publish(p, name, mode, 0, number), 0);
	return number;
}

/* Byte by byte where it begins: any range may be read. */
static void read_asked(struct test_pager *p, const struct test_request *r,
		       struct asked *asked)
{
	static char text[sizeof(*asked)];
	const uint64_t length = r->m.length;

	memset(asked, 0, sizeof(*asked));
	CHECK(length >= sizeof(asked->head) && length <= sizeof(text),
	      "%llu bytes are asked", r->m.length);
	CHECK_IS(pager_collect(p, r, 0, 4, text), 0);
	CHECK_IS(pager_collect(p, r, 4, length - 4, text + 4), 0);
	memcpy(&asked->head, text, sizeof(asked->head));
	CHECK(asked->head.size == sizeof(asked->head) &&
	      asked->head.size + asked->head.name_length +
	      asked->head.to_length == length, "size %u, names %u and %u of %llu",
	      asked->head.size, asked->head.name_length, asked->head.to_length,
	      r->m.length);
	memcpy(asked->name, text + asked->head.size, asked->head.name_length);
	memcpy(asked->to, text + asked->head.size + asked->head.name_length,
	       asked->head.to_length);
}

void asked_next(struct test_pager *p, struct test_request *r,
		struct asked *asked, int operation, uint32_t object,
		const char *name, const char *to)
{
	CHECK_IS(pager_next(p, r, WAIT_MS), 0);
	CHECK(r->m.operation == operation && r->m.object == object &&
	      !r->m.offset && !r->m.mandatory && !r->m.flags,
	      "op %u of %u, offset 0x%llx, not op %d of %u", r->m.operation,
	      r->m.object, r->m.offset, operation, object);
	read_asked(p, r, asked);
	CHECK(!strcmp(asked->name, name) && !strcmp(asked->to, to),
	      "\"%s\" to \"%s\", not \"%s\" to \"%s\"", asked->name, asked->to,
	      name, to);
}

long asked_done(struct test_pager *p, const struct test_request *r,
		uint64_t made)
{
	struct mach_part part = part_done(0, PAGE);

	part.source = made;
	return pager_reply(p, r, &part, 1, false);
}

long asked_error(struct test_pager *p, const struct test_request *r, int error)
{
	struct mach_part part = part_error(0, PAGE, error);

	return pager_reply(p, r, &part, 1, false);
}

const struct ask_how asks[ASKS] = {
	[ASK_CREATE] = { "create", DEED_CREATE, MACH_OP_CREATE, "d/new", "",
			 "", true },
	[ASK_MKDIR] = { "mkdir", DEED_MKDIR, MACH_OP_MKDIR, "d/new", "", "",
			true },
	[ASK_SYMLINK] = { "symlink", DEED_SYMLINK, MACH_OP_SYMLINK, "d/new",
			  "text", "text", true },
	[ASK_UNLINK] = { "unlink", DEED_UNLINK, MACH_OP_UNLINK, "d/f", "", "",
			 false },
	[ASK_UNLINK_LINK] = { "unlink-link", DEED_UNLINK, MACH_OP_UNLINK,
			      "d/l", "", "", false },
	[ASK_RMDIR] = { "rmdir", DEED_RMDIR, MACH_OP_RMDIR, "d/sub", "", "",
			false },
	[ASK_RENAME] = { "rename", DEED_RENAME, MACH_OP_RENAME, "d/f", "d/new",
			 "new", false },
	[ASK_RENAME_ONTO] = { "rename-onto", DEED_RENAME, MACH_OP_RENAME, "d/f",
			      "d/l", "l", false },
	[ASK_CHMOD] = { "chmod", DEED_CHMOD, MACH_OP_SET_ATTRIBUTES, "d/f", "",
			"", false },
};

void ask_begin(struct actor *a, struct test_pager *p, struct test_request *r,
	       struct asked *asked, uint32_t d, enum ask what)
{
	const struct ask_how *ask = &asks[what];

	actor_begin(a, 0, do_name,
		    NAME_ARGS(ask->deed, ask->path, ask->to, 0, 0700));
	asked_next(p, r, asked, ask->operation, d, ask->path + strlen("d/"),
		   ask->told);
}

static unsigned int digit_of(uint32_t mask)
{
	return mask == IN_CREATE ? 1 : mask == IN_MOVED_FROM ? 2 :
	       mask == IN_MOVED_TO ? 3 : mask == IN_DELETE ? 4 :
	       mask == IN_ATTRIB ? 5 : 15;
}

unsigned int watched(int watch)
{
	char events[4096] __attribute__((aligned(8)));
	long got = read(watch, events, sizeof(events));
	const struct inotify_event *event;
	unsigned int seen = 0;

	for (char *at = events; at < events + got;
	     at += sizeof(*event) + event->len) {
		event = (void *)at;
		seen = seen << 4 | digit_of(event->mask);
	}
	return seen;
}
