// SPDX-License-Identifier: GPL-2.0-only
/* A file system of one file, served by a process that reads no more than it must. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/fuse.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actor.h"
#include "slowfile.h"
#include "tap.h"

#define NODE		2	/* the file's; the directory is 1 */
#define FOREVER		1000000

static char request[256 * 1024];

static void reply(int fuse, uint64_t unique, int error, const void *data,
		  size_t size)
{
	static char answer[sizeof(struct fuse_out_header) + SLOWFILE_SIZE];
	struct fuse_out_header head = {
		.len = sizeof(head) + size, .error = error, .unique = unique,
	};

	memcpy(answer, &head, sizeof(head));
	memcpy(answer + sizeof(head), data, size);
	/* it may have been given up */
	if (write(fuse, answer, head.len) < 0 && errno != ENOENT)
		_exit(1);
}

static struct fuse_attr attributes(uint64_t node)
{
	return (struct fuse_attr) {
		.ino = node, .nlink = 1, .blksize = 4096,
		.size = node == NODE ? SLOWFILE_SIZE : 0,
		.mode = node == NODE ? S_IFREG | 0644 : S_IFDIR | 0755,
	};
}

static void serve_read(struct slowfile *s, int fuse, uint64_t unique,
		       const struct fuse_read_in *in)
{
	static const char zeros[SLOWFILE_SIZE];

	s->asked++;
	while (!s->go)
		usleep(1000);
	reply(fuse, unique, 0, zeros, in->size);
}

static void serve_one(struct slowfile *s, int fuse)
{
	const struct fuse_in_header *in = (void *)request;
	struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION, .minor = 31, .max_write = 4096,
	};
	struct fuse_entry_out entry = {
		.nodeid = NODE, .entry_valid = FOREVER, .attr_valid = FOREVER,
		.attr = attributes(NODE),
	};
	struct fuse_attr_out attr = {
		.attr_valid = FOREVER, .attr = attributes(in->nodeid),
	};
	struct fuse_open_out opened = { .fh = 1 };

	switch (in->opcode) {
	case FUSE_INIT:
		reply(fuse, in->unique, 0, &init, sizeof(init));
		break;
	case FUSE_LOOKUP:
		reply(fuse, in->unique, 0, &entry, sizeof(entry));
		break;
	case FUSE_GETATTR:
		reply(fuse, in->unique, 0, &attr, sizeof(attr));
		break;
	case FUSE_OPEN:
		reply(fuse, in->unique, 0, &opened, sizeof(opened));
		break;
	case FUSE_READ:
		serve_read(s, fuse, in->unique, (void *)(in + 1));
		break;
	case FUSE_FORGET:
	case FUSE_INTERRUPT:
		break;
	default:
		reply(fuse, in->unique, -ENOSYS, NULL, 0);
	}
}

static void serve(struct slowfile *s, int fuse)
{
	ssize_t n;

	while ((n = read(fuse, request, sizeof(request))) > 0 || errno == EINTR)
		if (n > 0)
			serve_one(s, fuse);
	_exit(0);
}

struct slowfile *slowfile_open(void)
{
	struct slowfile *s = shared_alloc(sizeof(*s));
	char dir[] = "/tmp/machvm-slow-XXXXXX", options[80], path[64];
	int fuse, pid;

	CHECK(mkdtemp(dir), "%s: %m", dir);
	/* it is refused, but loads the module, which makes the device */
	mount("slow", dir, "fuse", 0, NULL);
	fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fuse < 0)
		tap_skip("no FUSE: %m");
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0", fuse);
	if (mount("slow", dir, "fuse", MS_NOSUID | MS_NODEV, options))
		tap_skip("no FUSE: %m");
	pid = fork();
	CHECK(pid >= 0, "fork: %m");
	if (!pid)
		serve(s, fuse);
	/* shared: the child must not say that it is 0 */
	s->pid = pid;
	close(fuse);
	snprintf(path, sizeof(path), "%s/file", dir);
	s->fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(s->fd >= 0, "%s: %m", path);
	umount2(dir, MNT_DETACH);
	rmdir(dir);
	return s;
}

void slowfile_close(struct slowfile *s)
{
	kill(s->pid, SIGKILL);
	CHECK_IS(RESULT(waitpid(s->pid, NULL, 0)), s->pid);
	close(s->fd);
}
