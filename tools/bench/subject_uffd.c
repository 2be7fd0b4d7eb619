// SPDX-License-Identifier: GPL-2.0-only
/*
 * machbench - userfaultfd with a good hand-written handler.
 *
 * One thread blocks in read, fills a cluster with pread and places it with one
 * UFFDIO_COPY. To write back it must know which pages changed: clusters arrive
 * write-protected and each first write is one more message. Pages live in
 * anonymous memory, as in most users of userfaultfd.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

struct uffd {
	struct bench_run *run;
	int fd;
	int file;
	char *base;
	char *buffer;
	bool *dirty;
	bool writing;
	bool serving;
	pthread_t handler;
};

static int uffd_protect(struct uffd *uffd, size_t offset, size_t length,
			bool protect)
{
	struct uffdio_writeprotect wp = {
		.range.start = (uintptr_t)uffd->base + offset,
		.range.len = length,
		.mode = protect ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	if (ioctl(uffd->fd, UFFDIO_WRITEPROTECT, &wp))
		return bench_fail("uffd: UFFDIO_WRITEPROTECT: %s",
				  strerror(errno));
	return 0;
}

/* A page is written to for the first time since it was last clean. */
static int uffd_dirty(struct uffd *uffd, size_t offset)
{
	uffd->dirty[offset / BENCH_PAGE] = true;
	return uffd_protect(uffd, offset, BENCH_PAGE, false);
}

static int uffd_fill(struct uffd *uffd, size_t offset, bool write)
{
	size_t cluster = uffd->run->cluster;
	size_t start = offset / cluster * cluster;
	size_t length = cluster;
	struct uffdio_copy copy = {
		.dst = (uintptr_t)uffd->base + start,
		.src = (uintptr_t)uffd->buffer,
	};

	if (length > uffd->run->store->size - start)
		length = uffd->run->store->size - start;
	if (pread(uffd->file, uffd->buffer, length, start) != (ssize_t)length)
		return bench_fail("uffd: cannot read the store: %s",
				  strerror(errno));
	copy.len = length;
	if (uffd->writing)
		copy.mode |= UFFDIO_COPY_MODE_WP;
	if (write)
		copy.mode |= UFFDIO_COPY_MODE_DONTWAKE;
	if (ioctl(uffd->fd, UFFDIO_COPY, &copy))
		return bench_fail("uffd: UFFDIO_COPY: %s", strerror(errno));
	return write ? uffd_dirty(uffd, offset) : 0;
}

static int uffd_message(struct uffd *uffd, const struct uffd_msg *message)
{
	uint64_t flags = message->arg.pagefault.flags;
	size_t offset = message->arg.pagefault.address - (uintptr_t)uffd->base;

	if (message->event != UFFD_EVENT_PAGEFAULT)
		return bench_fail("uffd: unexpected event %u", message->event);
	offset -= offset % BENCH_PAGE;
	if (flags & UFFD_PAGEFAULT_FLAG_WP)
		return uffd_dirty(uffd, offset);
	return uffd_fill(uffd, offset,
			 uffd->writing && flags & UFFD_PAGEFAULT_FLAG_WRITE);
}

/* A handler that gives up leaves the client waiting: end the program. */
static void *uffd_serve(void *argument)
{
	struct uffd *uffd = argument;
	struct uffd_msg message;

	while (read(uffd->fd, &message, sizeof(message)) == sizeof(message))
		if (uffd_message(uffd, &message))
			exit(1);
	bench_fail("uffd: cannot read a message: %s", strerror(errno));
	exit(1);
}

static int uffd_register(struct uffd *uffd)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = {
		.range.start = (uintptr_t)uffd->base,
		.range.len = uffd->run->store->size,
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	if (uffd->writing) {
		api.features = UFFD_FEATURE_PAGEFAULT_FLAG_WP;
		range.mode |= UFFDIO_REGISTER_MODE_WP;
	}
	uffd->fd = syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	if (uffd->fd < 0)
		return bench_fail("uffd: userfaultfd: %s", strerror(errno));
	if (ioctl(uffd->fd, UFFDIO_API, &api))
		return bench_fail("uffd: UFFDIO_API: %s", strerror(errno));
	if (ioctl(uffd->fd, UFFDIO_REGISTER, &range))
		return bench_fail("uffd: UFFDIO_REGISTER: %s", strerror(errno));
	return 0;
}

static int uffd_memory(struct uffd *uffd)
{
	const struct bench_run *run = uffd->run;

	uffd->buffer = aligned_alloc(BENCH_PAGE, run->cluster);
	uffd->dirty = calloc(run->store->size / BENCH_PAGE, sizeof(bool));
	uffd->base = mmap(NULL, run->store->size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (uffd->base == MAP_FAILED)
		uffd->base = NULL;
	if (!uffd->buffer || !uffd->dirty || !uffd->base)
		return bench_fail("uffd: out of memory");
	memset(uffd->buffer, 0, run->cluster);
	return 0;
}

static int uffd_start(struct uffd *uffd)
{
	int flags = O_RDWR | O_CLOEXEC;
	int error;

	if (uffd->run->bc->disk)
		flags |= O_DIRECT;
	uffd->file = open(uffd->run->store->path, flags);
	if (uffd->file < 0)
		return bench_fail("%s: cannot open%s: %s",
				  uffd->run->store->path,
				  flags & O_DIRECT ? " with O_DIRECT" : "",
				  strerror(errno));
	if (uffd_memory(uffd) || uffd_register(uffd))
		return -1;
	error = pthread_create(&uffd->handler, NULL, uffd_serve, uffd);
	if (error)
		return bench_fail("uffd: no thread: %s", strerror(error));
	uffd->serving = true;
	return 0;
}

static void uffd_close(struct bench_run *run)
{
	struct uffd *uffd = run->private;

	if (!uffd)
		return;
	if (uffd->serving) {
		pthread_cancel(uffd->handler);
		pthread_join(uffd->handler, NULL);
	}
	if (uffd->fd >= 0)
		close(uffd->fd);
	if (uffd->file >= 0)
		close(uffd->file);
	if (uffd->base)
		munmap(uffd->base, run->store->size);
	free(uffd->buffer);
	free(uffd->dirty);
	free(uffd);
	run->private = NULL;
}

static int uffd_open(struct bench_run *run)
{
	struct uffd *uffd;

	if (run->bc->kind == BENCH_AGAIN)
		return bench_fail("uffd: its pages go with their mapping, there is no %s",
				  run->bc->name);
	uffd = calloc(1, sizeof(*uffd));
	if (!uffd)
		return bench_fail("uffd: out of memory");
	if (!run->cluster)
		run->cluster = BENCH_PAGE;
	uffd->run = run;
	uffd->fd = -1;
	uffd->file = -1;
	uffd->writing = run->bc->kind == BENCH_WRITE;
	run->private = uffd;
	if (uffd_start(uffd)) {
		uffd_close(run);
		return -1;
	}
	return run->bc->disk ? 0 : bench_store_warm(run->store);
}

static int uffd_cool(struct bench_run *run)
{
	struct uffd *uffd = run->private;

	if (madvise(uffd->base, run->store->size, MADV_DONTNEED))
		return bench_fail("uffd: madvise: %s", strerror(errno));
	return run->bc->disk ? bench_store_drop(run->store) : 0;
}

static int uffd_map(struct bench_run *run)
{
	struct uffd *uffd = run->private;

	run->base = uffd->base;
	return 0;
}

static void uffd_unmap(struct bench_run *run)
{
	run->base = NULL;
}

/* Protect, then write: what changes in between is dirty again. */
static int uffd_write_back(struct uffd *uffd, size_t start, size_t end)
{
	size_t length = end - start;

	if (uffd_protect(uffd, start, length, true))
		return -1;
	memset(uffd->dirty + start / BENCH_PAGE, 0, length / BENCH_PAGE);
	if (pwrite(uffd->file, uffd->base + start, length, start) !=
	    (ssize_t)length)
		return bench_fail("uffd: cannot write the store: %s",
				  strerror(errno));
	return 0;
}

static int uffd_sync(struct bench_run *run)
{
	struct uffd *uffd = run->private;
	size_t pages = run->store->size / BENCH_PAGE;
	size_t most = run->cluster / BENCH_PAGE;
	size_t start, end;

	for (start = 0; start < pages; start = end) {
		end = start + 1;
		if (!uffd->dirty[start])
			continue;
		while (end < pages && end - start < most && uffd->dirty[end])
			end++;
		if (uffd_write_back(uffd, start * BENCH_PAGE, end * BENCH_PAGE))
			return -1;
	}
	if (fdatasync(uffd->file))
		return bench_fail("uffd: fdatasync: %s", strerror(errno));
	return 0;
}

const struct bench_subject bench_uffd = {
	.name = "uffd",
	.open = uffd_open,
	.cool = uffd_cool,
	.map = uffd_map,
	.unmap = uffd_unmap,
	.touch = bench_touch,
	.sync = uffd_sync,
	.page = bench_mapped_page,
	.close = uffd_close,
};
