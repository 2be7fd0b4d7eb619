// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The file store: a regular file or a block device.
 *
 * Nothing is invented: where the file has ended, or is not there any more,
 * readers get an error and not zeros, and writers do not make it grow again.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/mach_vm.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "store.h"

/* Multiples of this suit every O_DIRECT; only an object's tail is not one. */
#define DIRECT_ALIGN	4096

/* So long a pager that was killed may take to let go of the file: 2 s */
#define LOCK_PAUSE_MS	20
#define LOCK_TRIES	100

/**
 * struct file_store - The private part.
 * @path: for messages; absolute, as the pager may change directory
 * @fd: the file
 * @direct: the same with O_DIRECT, or -1
 * @watch: inotify descriptor, or -1
 * @regular: a file that can be cut or removed, and not a device
 * @gone: its last name was removed
 */
struct file_store {
	char *path;
	int fd;
	int direct;
	int watch;
	bool regular;
	atomic_bool gone;
};

static int check_kind(struct store *store, const char *path, bool *regular)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return store_fail(store, errno, errno == ENOENT ?
				  "%s: %s: create it first, say with 'truncate -s 64M'" :
				  "%s: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return store_fail(store, EISDIR, "%s: is a directory, not a file or a block device",
				  path);
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return store_fail(store, EINVAL, "%s: is neither a regular file nor a block device",
				  path);
	*regular = S_ISREG(st.st_mode);
	return 0;
}

/* Its pages would come from a pager, which may be this one. */
static int refuse_object(struct store *store, const struct file_store *file)
{
	struct statfs fs;

	if (fstatfs(file->fd, &fs) < 0)
		return store_fail(store, errno, "%s: %s", file->path,
				  strerror(errno));
	if (fs.f_type != MACH_OBJECT_MAGIC)
		return 0;
	return store_fail(store, ELOOP, "%s: is a memory object, which has a pager already: serve the file behind it",
			  file->path);
}

static int open_plain(struct store *store, struct file_store *file)
{
	int flags = store->read_only ? O_RDONLY : O_RDWR;

	file->fd = open(file->path, flags | O_CLOEXEC);
	if (file->fd >= 0)
		return 0;
	if (!store->read_only && (errno == EACCES || errno == EROFS))
		return store_fail(store, errno, "%s: cannot be opened to write: %s: say --read-only?",
				  file->path, strerror(errno));
	return store_fail(store, errno, "%s: cannot be opened: %s", file->path,
			  strerror(errno));
}

/*
 * One who writes, or any number who only read. The lock belongs to the open
 * file, and so lives on in the background; that of a pager who was killed goes
 * when the kernel has done the last I/O for it.
 */
static int lock_file(struct store *store, struct file_store *file)
{
	static const struct timespec pause = { .tv_nsec = LOCK_PAUSE_MS * 1000000 };
	struct flock lock = {
		.l_type = store->read_only ? F_RDLCK : F_WRLCK,
		.l_whence = SEEK_SET,
	};
	int tries, err = EAGAIN;

	for (tries = 0; tries < LOCK_TRIES && err == EAGAIN; tries++) {
		if (tries)
			nanosleep(&pause, NULL);
		err = fcntl(file->fd, F_OFD_SETLK, &lock) < 0 ? errno : 0;
		if (err == EACCES)
			err = EAGAIN;
	}
	if (err == EAGAIN && store->read_only)
		return store_fail(store, EBUSY, "%s: another pager serves it and may write to it: end that one, or start it with --read-only too",
				  file->path);
	if (err == EAGAIN)
		return store_fail(store, EBUSY, "%s: another pager serves it: end that one, or start both with --read-only",
				  file->path);
	if (err)
		store_complain(store, "%s: cannot be locked: %s: see to it that no other pager serves it",
			       file->path, strerror(err));
	return 0;
}

static int open_direct(struct store *store, struct file_store *file)
{
	int flags = store->read_only ? O_RDONLY : O_RDWR;

	file->direct = open(file->path, flags | O_DIRECT | O_CLOEXEC);
	if (file->direct >= 0)
		return 0;
	return store_fail(store, errno, "%s: no O_DIRECT here: %s: leave out --direct?",
			  file->path, strerror(errno));
}

static int file_size(const struct file_store *file, uint64_t *size)
{
	struct stat st;

	if (!file->regular)
		return ioctl(file->fd, BLKGETSIZE64, size) < 0 ? errno : 0;
	if (fstat(file->fd, &st) < 0)
		return errno;
	*size = st.st_size;
	return 0;
}

static int check_size(struct store *store, struct file_store *file,
		      uint64_t wanted)
{
	uint64_t size;
	int err = file_size(file, &size);

	if (err)
		return store_fail(store, err, "%s: its size cannot be had: %s",
				  file->path, strerror(err));
	if (store->resizable && !file->regular)
		return store_fail(store, EINVAL, "%s: is a block device, whose size is fixed: leave out --resizable",
				  file->path);
	if (!size && !store->resizable)
		return store_fail(store, EINVAL, "%s: is empty: extend it with 'truncate -s 64M'",
				  file->path);
	if (wanted > size)
		return store_fail(store, EINVAL, "%s: has %llu bytes, shorter than the object of %llu: extend it or lower --size",
				  file->path, (unsigned long long)size,
				  (unsigned long long)wanted);
	store->size = wanted ? wanted : size;
	return 0;
}

/* Best effort: without inotify, a removed file is served until we end. */
static void watch_names(struct file_store *file)
{
	char self[64];

	if (!file->regular)
		return;
	file->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (file->watch < 0)
		return;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", file->fd);
	if (inotify_add_watch(file->watch, self, IN_ATTRIB) < 0) {
		close(file->watch);
		file->watch = -1;
	}
}

static int open_file(struct store *store, const struct store_options *options)
{
	struct file_store *file = calloc(1, sizeof(*file));
	int err;

	if (!file)
		return store_fail(store, ENOMEM, "out of memory");
	store->private = file;
	file->fd = -1;
	file->direct = -1;
	file->watch = -1;
	err = check_kind(store, options->path, &file->regular);
	if (err)
		return err;
	file->path = realpath(options->path, NULL);
	if (!file->path)
		return store_fail(store, errno, "%s: %s", options->path,
				  strerror(errno));
	err = open_plain(store, file);
	if (!err)
		err = refuse_object(store, file);
	if (!err)
		err = lock_file(store, file);
	if (!err && options->direct)
		err = open_direct(store, file);
	if (!err)
		err = check_size(store, file, options->size);
	if (!err)
		watch_names(file);
	return err;
}

static int best_fd(const struct file_store *file, uint64_t length)
{
	return file->direct >= 0 && length % DIRECT_ALIGN == 0 ?
		file->direct : file->fd;
}

/* A write must not make a file grow back that was cut behind our back. */
static int check_room(struct store *store, uint64_t end)
{
	struct file_store *file = store->private;
	uint64_t size;
	int err;

	if (!file->regular)
		return 0;
	err = file_size(file, &size);
	if (err || size >= end)
		return err;
	store_complain(store, "%s: was cut to %llu bytes while it is served: extend it, or changes are lost",
		       file->path, (unsigned long long)size);
	return EIO;
}

static int map_file(struct store *store, uint64_t offset, uint64_t length,
		    bool write, struct store_extent *extent)
{
	struct file_store *file = store->private;
	int err;

	if (atomic_load_explicit(&file->gone, memory_order_relaxed))
		return EIO;
	if (write) {
		err = check_room(store, offset + length);
		if (err)
			return err;
	}
	extent->kind = STORE_FILE;
	extent->fd = best_fd(file, length);
	extent->file_offset = offset;
	extent->length = length;
	return 0;
}

static long read_file(struct store *store, void *buf, uint64_t offset,
		      uint64_t length)
{
	struct file_store *file = store->private;
	int fd = best_fd(file, length);
	uint64_t done = 0;
	ssize_t got;

	if (atomic_load(&file->gone))
		return -EIO;
	while (done < length) {
		got = pread(fd, (char *)buf + done, length - done,
			    offset + done);
		/* it is being cut, or was, by who will have no use for these */
		if (!got && offset + done >= store->size) {
			memset((char *)buf + done, 0, length - done);
			return length;
		}
		if (!got) {
			store_complain(store, "%s: was cut while it is served: programs get errors behind its end",
				       file->path);
			break;
		}
		if (got < 0 && errno != EINTR) {
			store_complain(store, "%s: cannot be read at %llu: %s",
				       file->path,
				       (unsigned long long)(offset + done),
				       strerror(errno));
			return -EIO;
		}
		if (got > 0)
			done += got;
		/* the rest of a short direct read need not be aligned */
		if (done % DIRECT_ALIGN)
			fd = file->fd;
	}
	return done;
}

static int write_file(struct store *store, const void *buf, uint64_t offset,
		      uint64_t length)
{
	struct file_store *file = store->private;
	int fd = best_fd(file, length);
	uint64_t done = 0;
	ssize_t put;

	if (atomic_load(&file->gone))
		return EIO;
	while (done < length) {
		put = pwrite(fd, (const char *)buf + done, length - done,
			     offset + done);
		if (put < 0 && errno != EINTR) {
			int err = errno;

			store_complain(store, "%s: cannot be written at %llu: %s",
				       file->path,
				       (unsigned long long)(offset + done),
				       strerror(err));
			return err == ENOSPC || err == EDQUOT ? err : EIO;
		}
		if (put > 0)
			done += put;
		if (done % DIRECT_ALIGN)
			fd = file->fd;
	}
	return 0;
}

static int sync_file(struct store *store)
{
	struct file_store *file = store->private;
	int err;

	if (atomic_load(&file->gone))
		return EIO;
	if (!fdatasync(file->fd))
		return 0;
	err = errno;
	store_complain(store, "%s: cannot be made durable: %s", file->path,
		       strerror(err));
	return err == ENOSPC || err == EDQUOT ? err : EIO;
}

/* Readers have to know first what may be missing, and last what may not. */
static int resize_file(struct store *store, uint64_t size)
{
	struct file_store *file = store->private;
	uint64_t before = store->size;
	int err;

	if (atomic_load(&file->gone))
		return EIO;
	if (size < before)
		store->size = size;
	if (!ftruncate(file->fd, size)) {
		store->size = size;
		return 0;
	}
	err = errno;
	store->size = before;
	store_complain(store, "%s: cannot be made %llu bytes large: %s",
		       file->path, (unsigned long long)size, strerror(err));
	return err;
}

static int allocate_file(struct store *store, uint64_t offset, uint64_t length)
{
	struct file_store *file = store->private;

	if (atomic_load(&file->gone))
		return EIO;
	return fallocate(file->fd, FALLOC_FL_KEEP_SIZE, offset, length) < 0 ?
		errno : 0;
}

static int watch_file(const struct store *store)
{
	const struct file_store *file = store->private;

	return file->watch;
}

static void check_file(struct store *store)
{
	struct file_store *file = store->private;
	char events[4096];
	struct stat st;

	while (read(file->watch, events, sizeof(events)) > 0)
		;
	if (fstat(file->fd, &st) < 0 || st.st_nlink)
		return;
	if (!atomic_exchange(&file->gone, true))
		store_complain(store, "%s: was removed while it is served: programs get errors now",
			       file->path);
}

static void close_file(struct store *store)
{
	struct file_store *file = store->private;

	if (!file)
		return;
	if (file->fd >= 0)
		close(file->fd);
	if (file->direct >= 0)
		close(file->direct);
	if (file->watch >= 0)
		close(file->watch);
	free(file->path);
	free(file);
}

const struct store_class store_file_class = {
	.name = "file",
	.help = "a regular file or block device, --file PATH",
	.needs_path = true,
	.open = open_file,
	.map = map_file,
	.read = read_file,
	.write = write_file,
	.sync = sync_file,
	.resize = resize_file,
	.allocate = allocate_file,
	.watch_fd = watch_file,
	.check = check_file,
	.close = close_file,
};
