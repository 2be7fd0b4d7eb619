// SPDX-License-Identifier: GPL-2.0-only
/*
 * The operations of a tree's objects: each answers while it has the descriptor, so
 * that this can be closed afterwards.
 */
#include "log.h"
#include "tree_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PAGE_MASK	4095ULL

/* What a program understands; the rest is about us. */
static int public_errno(int err)
{
	static const int public[] = {
		ENOSPC, EDQUOT, EFBIG, EACCES, EPERM, EROFS, ETXTBSY,
		EOPNOTSUPP,
	};
	size_t i;

	for (i = 0; i < sizeof(public) / sizeof(*public); i++) {
		if (err == public[i])
			return err;
	}
	return EIO;
}

/* Not to be done in another way, as nobody waits any more */
static bool is_over(int err)
{
	return err == ESTALE || err == ENODEV;
}

static int get_fd(struct tree_file *file, int *fd)
{
	char said[TREE_SHOWN];
	int err = tree_file_get_fd(file, fd);

	if (!err)
		return 0;
	log_limited("%s: cannot be opened: %s", tree_file_say(file, said),
		    err == ESTALE ? "another file has its name" :
				    strerror(err));
	return public_errno(err);
}

static uint64_t read_all(int fd, char *buffer, uint64_t offset,
			 uint64_t length, int *err)
{
	uint64_t done = 0;
	ssize_t got;

	*err = 0;
	while (done < length) {
		got = pread(fd, buffer + done, length - done, offset + done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			*err = got < 0 ? errno : ENODATA;
			break;
		}
		done += got;
	}
	return done;
}

/* The part that fails is named, as something may have been answered before. */
static int read_copy(struct tree_file *file, struct pager_request *req, int fd)
{
	const struct mach_message *want = pager_message(req);
	char said[TREE_SHOWN], *buffer = pager_buffer(req);
	uint64_t got;
	int err;

	if (!buffer)
		return pager_error(req, want->offset, want->length, ENOMEM);
	got = read_all(fd, buffer, want->offset, want->length, &err);
	if (got == want->length)
		return pager_supply(req, want->offset, got, buffer);
	log_limited("%s: cannot be read at %llu: %s", tree_file_say(file, said),
		    (unsigned long long)(want->offset + got),
		    err == ENODATA ? "it was cut" : strerror(err));
	/* a page that is there in part is not there */
	got &= ~PAGE_MASK;
	err = got ? pager_supply(req, want->offset, got, buffer) : 0;
	return err ?: pager_error(req, want->offset + got, want->length - got,
				  EIO);
}

static int tree_read(struct pager *pager, struct pager_request *req)
{
	struct tree_file *file = pager_get_upi(pager);
	const struct mach_message *want = pager_message(req);
	bool copy = file->tree->config->copy;
	int fd, err;

	atomic_store_explicit(&file->touched, true, memory_order_relaxed);
	err = get_fd(file, &fd);
	if (err)
		return err;
	if (!copy)
		err = pager_supply_file(req, want->offset, want->length, fd,
					want->offset) ?:
		      pager_flush_answer(req);
	if (copy || (err && !is_over(err)))
		err = read_copy(file, req, fd);
	tree_file_put_fd(file, fd);
	return err;
}

/* A file that others have cut must not grow back. */
static int check_room(struct tree_file *file, int fd, uint64_t end)
{
	char said[TREE_SHOWN];
	struct stat st;

	if (fstat(fd, &st) < 0)
		return errno;
	if ((uint64_t)st.st_size >= end)
		return 0;
	log_limited("%s: was cut to %llu bytes: changes behind are lost",
		    tree_file_say(file, said), (unsigned long long)st.st_size);
	return EIO;
}

static int write_all(int fd, const char *buffer, uint64_t offset,
		     uint64_t length)
{
	uint64_t done = 0;
	ssize_t put;

	while (done < length) {
		put = pwrite(fd, buffer + done, length - done, offset + done);
		if (put < 0 && errno != EINTR)
			return errno;
		if (put > 0)
			done += put;
	}
	return 0;
}

static int write_copy(struct pager_request *req, int fd)
{
	const struct mach_message *have = pager_message(req);
	char *buffer = pager_buffer(req);
	int err;

	if (!buffer)
		return ENOMEM;
	err = pager_collect(req, have->offset, have->length, buffer) ?:
	      write_all(fd, buffer, have->offset, have->length);
	return err ?: pager_done(req, have->offset, have->length) ?:
	       pager_flush_answer(req);
}

static int write_back(struct tree_file *file, struct pager_request *req, int fd)
{
	const struct mach_message *have = pager_message(req);
	bool copy = file->tree->config->copy;
	int err = check_room(file, fd, have->offset + have->length);

	if (err)
		return err;
	if (!copy)
		err = pager_write_file(req, have->offset, have->length, fd,
				       have->offset) ?:
		      pager_flush_answer(req);
	if (copy || (err && !is_over(err)))
		err = write_copy(req, fd);
	return err;
}

/* From here to end_own() what happens to the file is ours. */
static void begin_own(struct tree_file *file)
{
	pthread_mutex_lock(&file->lock);
	file->writing++;
	pthread_mutex_unlock(&file->lock);
	atomic_store(&file->unsynced, true);
}

/* Under the file's lock. */
static void know_time(struct tree_file *file, int fd)
{
	struct stat st;

	if (!fstat(fd, &st))
		file->modified = st.st_mtim;
	file->own = tree_now_ms();
}

static void end_own(struct tree_file *file, int fd)
{
	pthread_mutex_lock(&file->lock);
	know_time(file, fd);
	file->writing--;
	pthread_mutex_unlock(&file->lock);
}

static int say_not_written(struct tree_file *file, struct pager_request *req,
			   int err)
{
	const struct mach_message *have = pager_message(req);
	char said[TREE_SHOWN];

	log_limited("%s: cannot be written at %llu: %s",
		    tree_file_say(file, said),
		    (unsigned long long)have->offset, strerror(err));
	return pager_error(req, have->offset, have->length, public_errno(err));
}

static int tree_write(struct pager *pager, struct pager_request *req)
{
	struct tree_file *file = pager_get_upi(pager);
	int fd, err = get_fd(file, &fd);

	if (!err) {
		begin_own(file);
		err = write_back(file, req, fd);
		end_own(file, fd);
		tree_file_put_fd(file, fd);
	}
	atomic_store(&file->failed, err);
	return err && !is_over(err) ? say_not_written(file, req, err) : err;
}

static int sync_data(struct tree_file *file)
{
	int fd, err;

	if (!atomic_exchange(&file->unsynced, false))
		return 0;
	err = tree_file_get_fd(file, &fd);
	if (!err) {
		err = fdatasync(fd) < 0 ? errno : 0;
		tree_file_put_fd(file, fd);
	}
	if (err)
		atomic_store(&file->unsynced, true);
	return err;
}

/* What is in it first, then that it is there. */
static int tree_sync(struct pager *pager, struct pager_request *req)
{
	struct tree_file *file = pager_get_upi(pager);
	char said[TREE_SHOWN];
	int err = sync_data(file) ?: tree_sync_name(file);

	(void)req;
	if (!err)
		return 0;
	log_limited("%s: cannot be made durable: %s", tree_file_say(file, said),
		    strerror(err));
	return public_errno(err);
}

static int make_room(int fd, const struct mach_message *want)
{
	if (!(want->flags & MACH_MSG_ALLOCATE))
		return 0;
	return fallocate(fd, FALLOC_FL_KEEP_SIZE, want->offset,
			 want->length) < 0 ? errno : 0;
}

/* Under the file's lock. */
static int set_size(struct tree_file *file, const struct mach_message *want,
		    int fd)
{
	int err = make_room(fd, want);

	if (!err && want->mandatory != file->size)
		err = ftruncate(fd, want->mandatory) < 0 ? errno : 0;
	if (err)
		return err;
	file->size = want->mandatory;
	file->resized = tree_now_ms();
	know_time(file, fd);
	return 0;
}

static bool is_late(const struct mach_message *message)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec > message->deadline_ns;
}

/*
 * One after the other, and none while it is looked what others have done. The kernel
 * has given up one that is late, and is told what has come of it.
 */
int tree_set_size(struct pager *pager, struct pager_request *req)
{
	struct tree_file *file = pager_get_upi(pager);
	const struct mach_message *want = pager_message(req);
	int fd, err = get_fd(file, &fd);

	if (err)
		return err;
	atomic_store(&file->unsynced, true);
	atomic_store(&file->touched, true);
	pthread_mutex_lock(&file->lock);
	err = set_size(file, want, fd);
	if (!err && is_late(want))
		pager_resize(pager, file->size);
	pthread_mutex_unlock(&file->lock);
	tree_file_put_fd(file, fd);
	return err ? public_errno(err) : 0;
}

static void tree_terminate(struct pager *pager)
{
	tree_file_end_object(pager_get_upi(pager), pager);
}

const struct pager_ops tree_file_ops = {
	.read = tree_read,
	.write = tree_write,
	.sync = tree_sync,
	.terminate = tree_terminate,
};
