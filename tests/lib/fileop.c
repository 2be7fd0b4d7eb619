// SPDX-License-Identifier: GPL-2.0-only
/* The deeds of fileop.def. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/futex.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fileop.h"
#include "place.h"
#include "tap.h"
#include "task.h"

#define SIZE	FILEOP_SIZE
#define NAME	FILEOP_NAME
#define STRANGER	4321

uint8_t fileop_buf[FILEOP_SIZE + PAGE];
static uint8_t * const buf = fileop_buf;
static const struct iovec vector[] = {
	{ fileop_buf, 10 }, { fileop_buf + PAGE, 5000 },
};

static const struct timespec times_past[] = { { .tv_sec = 5000 },
					      { .tv_sec = 6000 } };
static const struct timespec times_omitted[] = { { .tv_nsec = UTIME_OMIT },
						 { .tv_nsec = UTIME_OMIT } };

static void *volatile nowhere = (void *)8;

#define OPEN(flags)	opened(RESULT(open(s->path, (flags) | O_CLOEXEC, 0600)))

static long open_behind(struct subject *s, const char *end)
{
	char path[128];

	snprintf(path, sizeof(path), "%s%s", s->path, end);
	return opened(RESULT(open(path, O_RDONLY)));
}

static long open_beside(struct subject *s, size_t length)
{
	char path[400];
	int at = snprintf(path, sizeof(path), "%s/", s->dir);

	memset(path + at, 'n', length);
	path[at + length] = 0;
	return opened(RESULT(open(path, O_RDONLY)));
}

static long read_now(struct subject *s)
{
	CHECK_IS(RESULT(pread(s->fd, buf, 1, 0)), 1);
	return RESULT(preadv2(s->fd, vector, 1, 0, RWF_NOWAIT));
}

/* A result by another descriptor of the file */
#define BY_OTHER(flags, call)						\
	({								\
		int other_ = open(s->path, (flags) | O_CLOEXEC);	\
		long result_;						\
									\
		CHECK(other_ >= 0, "%s: %m", s->path);			\
		result_ = RESULT(call);					\
		close(other_);						\
		result_;						\
	})

static long read_write_only(struct subject *s)
{
	return BY_OTHER(O_WRONLY, read(other_, buf, 1));
}

static long write_read_only(struct subject *s)
{
	return BY_OTHER(O_RDONLY, write(other_, buf, 1));
}

static long write_appending(struct subject *s)
{
	return BY_OTHER(O_WRONLY | O_APPEND, pwrite(other_, buf, 10, 0));
}

static long truncate_read_only(struct subject *s)
{
	return BY_OTHER(O_RDONLY, ftruncate(other_, 0));
}

static long bind_socket(struct subject *s)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	long err;

	strcpy(name.sun_path, s->other);
	err = RESULT(bind(fd, (struct sockaddr *)&name, sizeof(name)));
	close(fd);
	return err;
}

enum { UNLINKED_AGAIN, UNLINKED_OPEN, UNLINKED_READ, UNLINKED_WRITE,
	UNLINKED_REOPEN };

static long unlink_then(struct subject *s, int what)
{
	CHECK_IS(RESULT(unlink(s->path)), 0);
	switch (what) {
	case UNLINKED_AGAIN:
		return RESULT(unlink(s->path));
	case UNLINKED_OPEN:
		return OPEN(O_RDONLY);
	case UNLINKED_READ:
		return RESULT(pread(s->fd, buf, 5000, 100));
	case UNLINKED_WRITE:
		return RESULT(pwrite(s->fd, buf, 5000, 100));
	default:
		return opened(RESULT(open(fd_path(s->fd), O_RDWR)));
	}
}

static long listed_type(struct subject *s)
{
	DIR *dir = opendir(s->dir);
	struct dirent *entry;
	long type = -ENOENT;

	CHECK(dir, "%s: %m", s->dir);
	while ((entry = readdir(dir)))
		if (!strcmp(entry->d_name, NAME))
			type = entry->d_type;
	closedir(dir);
	return type;
}

static long mount_on(struct subject *s)
{
	long err = RESULT(mount("/etc/passwd", s->path, NULL, MS_BIND, NULL));

	if (!err)
		CHECK_IS(RESULT(umount(s->path)), 0);
	return err;
}

enum { STRANGER_OPENS, STRANGER_CHMODS, STRANGER_CHOWNS, STRANGER_TIMES,
	STRANGER_UNLINKS, STRANGER_TRUNCATES, STRANGER_CREATES };

static long strange(struct subject *s, int what)
{
	switch (what) {
	case STRANGER_OPENS:
		return OPEN(O_RDONLY);
	case STRANGER_CHMODS:
		return RESULT(chmod(s->path, 0666));
	case STRANGER_CHOWNS:
		return RESULT(chown(s->path, STRANGER, -1));
	case STRANGER_TIMES:
		return RESULT(utimensat(AT_FDCWD, s->path, NULL, 0));
	case STRANGER_UNLINKS:
		return RESULT(unlink(s->path));
	case STRANGER_TRUNCATES:
		return RESULT(truncate(s->path, 0));
	default:
		return opened(RESULT(open(s->other, O_RDWR | O_CREAT, 0600)));
	}
}

/* Who has no privilege, nor any right to the file */
static long stranger(struct subject *s, int what)
{
	long result;

	become(STRANGER);
	result = strange(s, what);
	become_root();
	return result;
}

static long asked(struct subject *s, unsigned long call)
{
	int number = -1;
	long err = RESULT(ioctl(s->fd, call, &number));

	return err ?: number;
}

static long object_info_of(struct subject *s)
{
	struct mach_object_info info = { .size = sizeof(info) };

	return RESULT(ioctl(s->fd, MACH_OBJECT_INFO, &info));
}

static struct stat stat_of(struct subject *s)
{
	struct stat st;

	CHECK_IS(RESULT(fstat(s->fd, &st)), 0);
	return st;
}

static long stat_birth(struct subject *s)
{
	struct statx st;

	CHECK_IS(RESULT(statx(s->fd, "", AT_EMPTY_PATH, STATX_BTIME, &st)), 0);
	return !!(st.stx_mask & STATX_BTIME);
}

static long statfs_type(struct subject *s)
{
	struct statfs st;

	CHECK_IS(RESULT(fstatfs(s->fd, &st)), 0);
	return st.f_type;
}

static long handle(struct subject *s)
{
	struct {
		struct file_handle head;
		char room[MAX_HANDLE_SZ];
	} h = { .head.handle_bytes = MAX_HANDLE_SZ };
	int mount_id;

	return RESULT(name_to_handle_at(AT_FDCWD, s->path, &h.head, &mount_id,
					0));
}

static long flock_taken(struct subject *s)
{
	CHECK_IS(RESULT(flock(s->fd, LOCK_SH)), 0);
	return BY_OTHER(O_RDWR, flock(other_, LOCK_EX | LOCK_NB));
}

static long lock_range(int fd, int type)
{
	struct flock lock = { .l_type = type, .l_len = PAGE };

	return RESULT(fcntl(fd, F_OFD_SETLK, &lock));
}

static long lock_taken(struct subject *s)
{
	struct flock lock = { .l_type = F_RDLCK, .l_start = 10, .l_len = 1 };

	CHECK_IS(lock_range(s->fd, F_WRLCK), 0);
	return BY_OTHER(O_RDWR, fcntl(other_, F_OFD_SETLK, &lock));
}

/* Needs that nobody has it open for writing */
static long lease(struct subject *s)
{
	long err;

	close(s->fd);
	s->fd = open(s->path, O_RDONLY | O_CLOEXEC);
	err = RESULT(fcntl(s->fd, F_SETLEASE, F_RDLCK));
	fcntl(s->fd, F_SETLEASE, F_UNLCK);
	return err;
}

static long polled(struct subject *s)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN | POLLOUT };

	CHECK_IS(RESULT(poll(&p, 1, 0)), 1);
	return p.revents;
}

static long epolled(struct subject *s)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd = epoll_create1(EPOLL_CLOEXEC);
	long err = RESULT(epoll_ctl(fd, EPOLL_CTL_ADD, s->fd, &event));

	close(fd);
	return err;
}

static long watched(struct subject *s)
{
	int fd = inotify_init1(IN_CLOEXEC);
	long watch = RESULT(inotify_add_watch(fd, s->path, IN_ALL_EVENTS));

	close(fd);
	return watch;
}

/* 0 or why it cannot be mapped */
static long unmapped(void *map, size_t length)
{
	if (map == MAP_FAILED)
		return -errno;
	munmap(map, length);
	return 0;
}

static long mapped(struct subject *s, int prot, int flags)
{
	return unmapped(mmap(NULL, SIZE, prot, flags, s->fd, 0), SIZE);
}

static long mapped_part(struct subject *s, size_t length, off_t offset)
{
	return unmapped(mmap(NULL, length, PROT_READ, MAP_SHARED, s->fd,
			     offset), length);
}

static long mapped_by(int fd, int prot, int flags)
{
	return unmapped(mmap(NULL, SIZE, prot, flags, fd, 0), SIZE);
}

static long mapped_read_only(struct subject *s, int flags)
{
	int fd = open(s->path, O_RDONLY | O_CLOEXEC);
	long err = mapped_by(fd, PROT_READ | PROT_WRITE, flags);

	close(fd);
	return err;
}

static long mapped_write_only(struct subject *s)
{
	int fd = open(s->path, O_WRONLY | O_CLOEXEC);
	long err = mapped_by(fd, PROT_WRITE, MAP_SHARED);

	close(fd);
	return err;
}

static long with_map(struct subject *s, long (*deed)(uint8_t *map, int how),
		     int how)
{
	uint8_t *map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			    s->fd, 0);
	long result;

	CHECK(map != MAP_FAILED, "map: %m");
	result = deed(map, how);
	munmap(map, SIZE);
	return result;
}

static long touch_beyond(struct subject *s)
{
	char *map = mmap(NULL, 40 * PAGE, PROT_READ, MAP_SHARED, s->fd, 0);

	CHECK(map != MAP_FAILED, "map: %m");
	return task_touch(map + 38 * PAGE, false);
}

static long tail(uint8_t *map, int how)
{
	(void)how;
	return !zeros(map + SIZE, 38 * PAGE - SIZE);
}

static long touch_tail(struct subject *s)
{
	return with_map(s, tail, 0);
}

static long stored(struct subject *s, int flags)
{
	uint8_t *map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, flags, s->fd,
			    0);
	long err;

	CHECK(map != MAP_FAILED, "map: %m");
	*(volatile uint8_t *)(map + PAGE + 5) = 0x5a;
	err = RESULT(msync(map, SIZE, MS_SYNC));
	munmap(map, SIZE);
	return err;
}

static long remap(uint8_t *map, int how)
{
	(void)how;
	return unmapped(mremap(map, SIZE, 2 * SIZE, MREMAP_MAYMOVE), 2 * SIZE);
}

static long remap_pages(uint8_t *map, int how)
{
	(void)how;
	return RESULT(remap_file_pages(map, PAGE, 0, 1, 0));
}

static long protect(uint8_t *map, int how)
{
	return RESULT(mprotect(map, SIZE, how));
}

static long lock_memory(uint8_t *map, int how)
{
	(void)how;
	return RESULT(mlock(map, SIZE));
}

static long synchronize(uint8_t *map, int how)
{
	return RESULT(msync(map, SIZE, how));
}

static long advise(uint8_t *map, int how)
{
	return RESULT(madvise(map, SIZE, how));
}

/* Of a page that was touched, whether it is there */
static long resident(uint8_t *map, int how)
{
	unsigned char core[38];

	(void)how;
	(void)*(volatile uint8_t *)(map + 3 * PAGE);
	CHECK_IS(RESULT(mincore(map, SIZE, core)), 0);
	return core[3] & 1;
}

static long wake(uint8_t *map, int how)
{
	(void)how;
	return RESULT(syscall(SYS_futex, map + PAGE, FUTEX_WAKE, INT_MAX, NULL,
			      NULL, 0));
}

static long copy_range(struct subject *s, int from, int to)
{
	loff_t here = 0, there = 20 * PAGE;

	(void)s;
	return RESULT(copy_file_range(from, &here, to, &there, 5 * PAGE, 0));
}

static long send_range(struct subject *s, int from, int to)
{
	off_t here = 20 * PAGE;

	(void)s;
	return RESULT(sendfile(to, from, &here, 5 * PAGE));
}

static long splice_away(struct subject *s)
{
	int fds[2];
	long n;

	CHECK(!pipe(fds), "pipe: %m");
	n = RESULT(splice(s->fd, NULL, fds[1], NULL, 5000, 0));
	close(fds[0]);
	close(fds[1]);
	return n;
}

static long splice_here(struct subject *s)
{
	int fds[2];
	long n;

	CHECK(!pipe(fds), "pipe: %m");
	CHECK_IS(RESULT(write(fds[1], buf, 5000)), 5000);
	n = RESULT(splice(fds[0], NULL, s->fd, NULL, 5000, SPLICE_F_MOVE));
	close(fds[0]);
	close(fds[1]);
	return n;
}

#define OP(name, call)							\
	static long op_##name(struct subject *s)			\
	{								\
		return RESULT(call);					\
	}
#define DO(name, deed)							\
	static long op_##name(struct subject *s)			\
	{								\
		return deed;						\
	}
#include "fileop.def"
#undef OP
#undef DO

const struct fileop fileops[] = {
#define OP(name, ...)	{ #name, op_##name },
#define DO(name, ...)	{ #name, op_##name },
#include "fileop.def"
#undef OP
#undef DO
};

const size_t fileops_nr = ARRAY_SIZE(fileops);
