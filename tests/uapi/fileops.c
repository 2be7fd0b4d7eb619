// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything that is done to files, done to one of tmpfs and to an object of the
 * same bytes, whose size is fixed or may change: where they differ there is a reason,
 * and the reasons are all here.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fileop.h"
#include "place.h"
#include "serve.h"
#include "tap.h"

#define SIZE		FILEOP_SIZE
#define ROOM		(2 * SIZE)
#define OTHER		"fileops-other"
#define PAST		1000		/* seconds, of a file not modified */

/* What an operation leaves */
struct state {
	mode_t mode;
	nlink_t links;
	uid_t uid;
	gid_t gid;
	off_t size;
	uint32_t sum;
	bool modified;
	bool named;
};

#define FIXED	"its size is its pager's"
#define HOLES	"a pager is not told of holes"
#define NAMED	"names are given by pagers"
#define PLAIN	"its pager's data have no such attributes"

/**
 * struct difference - What an object says that a file of tmpfs does not
 * @name: of the operation
 * @object: its result on an object
 * @reason: why it is right
 * @may: tmpfs of some kernels, or built otherwise, says the same
 */
struct difference {
	const char *name;
	long object;
	const char *reason;
	bool may;
};

static const struct difference of_fixed[] = {
	{ "open_truncating", -EPERM, FIXED, false },
	{ "open_read_truncating", -EPERM, FIXED, false },
	{ "reopen_truncating", -EPERM, FIXED, false },
	{ "write_across_end", 40, FIXED, false },
	{ "write_at_end", -ENOSPC, FIXED, false },
	{ "write_beyond", -ENOSPC, FIXED, false },
	{ "write_at_last", -ENOSPC, FIXED, false },
	{ "write_appending", -ENOSPC, FIXED, false },
	{ "truncate_all", -EPERM, FIXED, false },
	{ "truncate", -EPERM, FIXED, false },
	{ "truncate_more", -EPERM, FIXED, false },
	{ "truncate_path", -EPERM, FIXED, false },
	{ "allocate", -EOPNOTSUPP, FIXED, false },
	{ "allocate_posix", 0, "the C library looks, and has nothing to write", true },
	{ "allocate_beyond", -EOPNOTSUPP, FIXED, false },
	{ "allocate_keep", -EOPNOTSUPP, FIXED, false },
};

static const struct difference of_both[] = {
	{ "open_new", -EACCES, NAMED, false },
	{ "open_temporary", -EOPNOTSUPP, NAMED, false },
	{ "open_direct", 0, "as any disk's file", true },
	{ "set_direct", 0, "as any disk's file", true },
	{ "read_now", 10, "who does not want to wait is told", true },
	{ "write_nowhere", -EFAULT, "nothing was written", true },
	{ "punch", -EOPNOTSUPP, HOLES, false },
	{ "madvise_remove", -EOPNOTSUPP, HOLES, false },
	{ "link", -EPERM, NAMED, false },
	{ "link_opened", -EPERM, NAMED, false },
	{ "rename", -EPERM, NAMED, false },
	{ "symlink", -EPERM, NAMED, false },
	{ "mkdir", -EPERM, NAMED, false },
	{ "mkfifo", -EPERM, NAMED, false },
	{ "mknod_file", -EACCES, NAMED, false },
	{ "mknod_device", -EPERM, NAMED, false },
	{ "bind_socket", -EPERM, NAMED, false },
	{ "stranger_create", -EACCES, NAMED, false },
	{ "chmod_set_uid", -EPERM, "a pager's data run as no other user",
	  false },
	{ "chmod_set_gid", -EPERM, "a pager's data run as no other user",
	  false },
	{ "xattr_set", -EOPNOTSUPP, PLAIN, false },
	{ "xattr_get", -EOPNOTSUPP, PLAIN, false },
	{ "xattr_user", -EOPNOTSUPP, PLAIN, true },
	{ "acl_get", -EOPNOTSUPP, PLAIN, true },
	{ "flags_get", -ENOTTY, PLAIN, false },
	{ "stat_birth", 0, PLAIN, true },
	{ "handle", -EOPNOTSUPP, "its number ends with it", false },
	{ "seals", -EINVAL, "tmpfs alone has seals", false },
	{ "object_info", 0, "tmpfs has no objects", false },
	{ "stat_blocks", (SIZE + 511) / 512,
	  "no page is counted: what is not resident is no hole", false },
	{ "statfs_type", MACH_OBJECT_MAGIC, "another file system", false },
};

/* Is the object one whose size may change? */
static bool resizable;

static void tmpfs_begin(struct subject *s)
{
	s->fd = open(s->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	CHECK(s->fd >= 0, "%s: %m", s->path);
	pattern_fill(fileop_buf, 0, SIZE, 1);
	CHECK_IS(RESULT(write(s->fd, fileop_buf, SIZE)), SIZE);
	CHECK_IS(RESULT(lseek(s->fd, 0, SEEK_SET)), 0);
}

static struct serve *object_begin(struct subject *s)
{
	struct serve *v = resizable ? serve_resizable(SIZE, ROOM, 4 * PAGE, 1) :
				      serve_new(SIZE, 4 * PAGE, 1);

	strcpy(v->name, FILEOP_NAME);
	serve_start(v);
	/* what the last object lost is told to who syncs the file system next */
	syncfs(v->fd);
	s->fd = open(s->path, O_RDWR | O_CLOEXEC);
	CHECK(s->fd >= 0, "%s: %m", s->path);
	return v;
}

/* FNV-1a of all that can be read */
static uint32_t sum_of(int fd)
{
	uint32_t sum = 2166136261;
	off_t at = 0;
	long n;

	while ((n = RESULT(pread(fd, fileop_buf, sizeof(fileop_buf), at))) > 0) {
		for (long i = 0; i < n; i++)
			sum = (sum ^ fileop_buf[i]) * 16777619;
		at += n;
	}
	CHECK_IS(n, 0);
	return sum;
}

static struct state state_of(struct subject *s)
{
	struct stat st;

	CHECK_IS(RESULT(fstat(s->fd, &st)), 0);
	CHECK_IS(RESULT(fcntl(s->fd, F_SETFL, 0)), 0);
	return (struct state){
		.mode = st.st_mode,
		.links = st.st_nlink,
		.uid = st.st_uid,
		.gid = st.st_gid,
		.size = st.st_size,
		.sum = sum_of(s->fd),
		.modified = st.st_mtime != PAST,
		.named = !access(s->path, F_OK),
	};
}

static long run_on(const struct fileop *op, struct subject *s,
		   struct state *state)
{
	struct timespec past[] = { { .tv_sec = PAST }, { .tv_sec = PAST } };
	long result;

	s->elsewhere = memfd_create("elsewhere", 0);
	CHECK_IS(RESULT(ftruncate(s->elsewhere, SIZE)), 0);
	CHECK_IS(RESULT(futimens(s->fd, past)), 0);
	memset(fileop_buf, 0x5a, sizeof(fileop_buf));
	result = op->run(s);
	*state = state_of(s);
	close(s->elsewhere);
	close(s->fd);
	if (unlink(s->other))
		rmdir(s->other);
	return result;
}

static const struct difference *find(const struct difference *all, size_t nr,
				     const char *name)
{
	for (size_t i = 0; i < nr; i++)
		if (!strcmp(all[i].name, name))
			return &all[i];
	return NULL;
}

static const struct difference *difference_of(const struct fileop *op)
{
	const struct difference *found = NULL;

	if (!resizable)
		found = find(of_fixed, ARRAY_SIZE(of_fixed), op->name);
	return found ?: find(of_both, ARRAY_SIZE(of_both), op->name);
}

static bool same_state(const struct state *a, const struct state *b)
{
	return a->mode == b->mode && a->links == b->links && a->uid == b->uid &&
	       a->gid == b->gid && a->size == b->size && a->sum == b->sum &&
	       a->modified == b->modified && a->named == b->named;
}

static const char *state_text(const struct state *s, char *text, size_t size)
{
	snprintf(text, size, "0%o, %lu links, %u:%u, %ld bytes (%08x)%s%s",
		 s->mode, (long)s->links, s->uid, s->gid, (long)s->size, s->sum,
		 s->modified ? ", modified" : "", s->named ? "" : ", unnamed");
	return text;
}

/* Where there is a reason, and the result the same, it is for the time. */
static void judge_state(const struct fileop *op, struct state *file,
			const struct state *object)
{
	char text[2][96];

	if (difference_of(op))
		file->modified = object->modified;
	if (!same_state(file, object))
		tap_sub(op->name, false, "leaves of tmpfs %s; of an object %s",
			state_text(file, text[0], sizeof(text[0])),
			state_text(object, text[1], sizeof(text[1])));
}

static void judge(const struct fileop *op, long file, long object)
{
	const struct difference *known = difference_of(op);

	if (file != object)
		tap_note("%s: %s of tmpfs, %s of an object%s%s", op->name,
			 tap_result(file), tap_result(object),
			 known ? ": " : "", known ? known->reason : "");
	if (known && (file != object || !known->may))
		tap_sub(op->name, file != object && object == known->object,
			"%s of tmpfs, %s of an object; not %s",
			tap_result(file), tap_result(object),
			tap_result(known->object));
	else if (file != object)
		tap_sub(op->name, false, "%s of tmpfs, %s of an object",
			tap_result(file), tap_result(object));
}

static void compare(const struct fileop *op, struct subject *on_tmpfs,
		    struct subject *on_object)
{
	struct state left[2];
	long file, object;
	struct serve *v;

	tmpfs_begin(on_tmpfs);
	file = run_on(op, on_tmpfs, &left[0]);
	unlink(on_tmpfs->path);
	v = object_begin(on_object);
	object = run_on(op, on_object, &left[1]);
	close(v->fd);
	serve_stop(v);
	judge(op, file, object);
	if (file == object)
		judge_state(op, &left[0], &left[1]);
}

static void place(struct subject *s, const char *dir)
{
	s->dir = dir;
	snprintf(s->path, sizeof(s->path), "%s/" FILEOP_NAME, dir);
	snprintf(s->other, sizeof(s->other), "%s/" OTHER, dir);
}

static void test_differences(void)
{
	struct subject on_tmpfs, on_object;

	resizable = tap_variant;
	tap_variant = BY_IOCTL;
	signal(SIGIO, SIG_IGN);
	own_mounts();
	place(&on_tmpfs, new_directory());
	place(&on_object, MACH_VM_NODE_DIR);
	CHECK_IS(RESULT(mount("tmpfs", on_tmpfs.dir, "tmpfs",
			      MS_NOSUID | MS_NODEV, "mode=1777")), 0);
	for (size_t i = 0; i < fileops_nr; i++)
		compare(&fileops[i], &on_tmpfs, &on_object);
	tap_sub("all", true, "%zu operations", fileops_nr);
}

static void check_reasons(const struct difference *all, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		bool found = false;

		for (size_t j = 0; j < fileops_nr; j++)
			found |= !strcmp(all[i].name, fileops[j].name);
		CHECK(found, "no operation is %s", all[i].name);
	}
}

/* Every reason is of an operation that there is. */
static void test_reasons(void)
{
	check_reasons(of_fixed, ARRAY_SIZE(of_fixed));
	check_reasons(of_both, ARRAY_SIZE(of_both));
}

static const struct tap_test tests[] = {
	{ .name = "reasons", .run = test_reasons },
	{ "differences", test_differences, false, 120 },
	{ "differences-resizable", test_differences, true, 120 },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
