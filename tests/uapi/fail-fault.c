// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything that clients do to an object, with the nth allocation failing: what
 * fails does so cleanly, and can be done again.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sweep.h"
#include "tap.h"

/* What a client does. */

static void arg_open(uint64_t *arg)
{
	strcpy((char *)scene.buf, MACH_VM_NODE_DIR "/fail-fault");
	arg[0] = (uintptr_t)scene.buf;
	arg[1] = O_RDWR | O_CLOEXEC;
}

static void client_close(long result)
{
	CHECK_IS(SWEEP_CLIENT(do_close, result), 0);
}

static void arg_map(uint64_t *arg)
{
	arg[0] = scene.o.fd;
	arg[1] = SWEEP_SIZE;
	arg[2] = PROT_READ | PROT_WRITE;
	arg[3] = MAP_SHARED;
}

static void client_unmap(long result)
{
	CHECK_IS(SWEEP_CLIENT(do_unmap, result, SWEEP_SIZE), 0);
}

/* Not the library's: a signal would leave its locks taken. */
static long do_fork(const uint64_t *arg)
{
	pid_t pid = RESULT(syscall(SYS_fork));
	int status;

	(void)arg;
	if (!pid)
		_exit(0);
	if (pid < 0)
		return pid;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* A mapping of its own, that is to be cut. */
static uint64_t cut_map;

static void before_cut(void)
{
	cut_map = SWEEP_CLIENT(do_map, scene.o.fd, SWEEP_SIZE,
			       PROT_READ | PROT_WRITE, MAP_SHARED);
	CHECK((long)cut_map > 0, "map: %s", tap_result(cut_map));
}

static void after_cut(long result)
{
	(void)result;
	client_unmap(cut_map);
}

static void arg_middle(uint64_t *arg)
{
	arg[0] = cut_map + SWEEP_SIZE / 4;
	arg[1] = SWEEP_SIZE / 2;
	arg[2] = PROT_READ;
}

/* The page is mapped, but not for writing. */
static void before_mkwrite(void)
{
	sweep_supply();
	SWEEP_CLIENT(do_load, scene.map);
}

static void arg_populate_read(uint64_t *arg)
{
	arg[0] = scene.map;
	arg[1] = 2 * SWEEP_CLUSTER;
	arg[2] = MADV_POPULATE_READ;
}

static void arg_populate_write(uint64_t *arg)
{
	arg_populate_read(arg);
	arg[2] = MADV_POPULATE_WRITE;
}

static int splice_pipe[2];

/* Object, length: into the pipe, from the beginning */
static long do_splice(const uint64_t *arg)
{
	loff_t from = 0;

	return RESULT(splice(arg[0], &from, splice_pipe[1], NULL, arg[1], 0));
}

static void arg_splice(uint64_t *arg)
{
	arg[0] = scene.o.fd;
	arg[1] = SWEEP_CLUSTER;
}

static void after_splice(long result)
{
	uint8_t *got = scene.buf + MIB;

	CHECK_IS(RESULT(read(splice_pipe[0], got, MIB)), result);
	CHECK(pattern_is(got, 0, result, 1), "wrong data");
}

static void arg_first_page(uint64_t *arg)
{
	arg[0] = scene.map;
	arg[1] = 9;
}

static void arg_buffer(uint64_t *arg)
{
	arg[0] = scene.o.fd;
	arg[1] = (uintptr_t)scene.buf;
	arg[2] = 2 * SWEEP_CLUSTER;
}

/* Where it reads to is there; only then is what fails the object's. */
static void before_pread(void)
{
	sweep_supply();
	CHECK_IS(SWEEP_CLIENT(do_copy, (uintptr_t)scene.buf,
			      (uintptr_t)scene.buf + MIB, 2 * SWEEP_CLUSTER), 0);
}

static void after_pread(long result)
{
	CHECK(pattern_is(scene.buf, 0, SWEEP_CLUSTER, 1) &&
	      pattern_is(scene.buf, 0, result, 1), "wrong data");
	memset(scene.buf, 0, 2 * SWEEP_CLUSTER);
}

static void arg_object(uint64_t *arg)
{
	arg[0] = scene.o.fd;
}

static void arg_msync(uint64_t *arg)
{
	arg[0] = scene.map;
	arg[1] = SWEEP_SIZE;
	arg[2] = MS_SYNC;
}

/* A copy of its own of a page. */
static uint64_t private_map;

static void before_private(void)
{
	sweep_supply();
	if (!private_map)
		private_map = SWEEP_CLIENT(do_map, scene.o.fd, SWEEP_SIZE,
					   PROT_READ | PROT_WRITE, MAP_PRIVATE);
	CHECK_IS(SWEEP_CLIENT(do_madvise, private_map, SWEEP_SIZE,
			      MADV_DONTNEED), 0);
}

static void arg_private(uint64_t *arg)
{
	arg[0] = private_map;
	arg[1] = 9;
}

enum {
	NODE_OPEN,
	MAP,
	UNMAP_PART,
	PROTECT_PART,
	FORK,
	READ_FAULT_HERE,
	READ_FAULT_ABSENT,
	WRITE_FAULT_HERE,
	WRITE_FAULT_ABSENT,
	MKWRITE,
	PRIVATE_FAULT,
	POPULATE_READ,
	POPULATE_WRITE,
	SPLICE_HERE,
	SPLICE_ABSENT,
	PREAD_HERE,
	PREAD_ABSENT,
	PWRITE_HERE,
	PWRITE_ABSENT,
	FSYNC,
	MSYNC,
};

static const struct sweep_op ops[] = {
	[NODE_OPEN] = { .client = do_open, .arg = arg_open,
			.after = client_close, .right = SWEEP_ANY },
	[MAP] = { .client = do_map, .arg = arg_map, .after = client_unmap,
		  .right = SWEEP_ANY },
	[UNMAP_PART] = { .before = before_cut, .client = do_unmap,
			 .arg = arg_middle, .after = after_cut },
	[PROTECT_PART] = { .before = before_cut, .client = do_mprotect,
			   .arg = arg_middle, .after = after_cut },
	[FORK] = { .client = do_fork, .may_segv = true },
	[READ_FAULT_HERE] = { .before = sweep_supply, .client = do_load,
			      .arg = arg_first_page, .right = SWEEP_ANY },
	[READ_FAULT_ABSENT] = { .before = sweep_drop_all, .client = do_load,
				.arg = arg_first_page, .right = SWEEP_ANY },
	[WRITE_FAULT_HERE] = { .before = sweep_supply, .client = do_store,
			       .arg = arg_first_page },
	[WRITE_FAULT_ABSENT] = { .before = sweep_drop_all, .client = do_store,
				 .arg = arg_first_page },
	[MKWRITE] = { .before = before_mkwrite, .client = do_store,
		      .arg = arg_first_page },
	[PRIVATE_FAULT] = { .before = before_private, .client = do_store,
			    .arg = arg_private },
	[POPULATE_READ] = { .before = sweep_drop_all, .client = do_madvise,
			    .arg = arg_populate_read, .by_kernel = true },
	[POPULATE_WRITE] = { .before = sweep_drop_all, .client = do_madvise,
			     .arg = arg_populate_write, .by_kernel = true },
	[SPLICE_HERE] = { .before = sweep_supply, .client = do_splice,
			  .arg = arg_splice, .after = after_splice,
			  .right = SWEEP_CLUSTER },
	[SPLICE_ABSENT] = { .before = sweep_drop_all, .client = do_splice,
			    .arg = arg_splice, .after = after_splice,
			    .right = SWEEP_CLUSTER },
	[PREAD_HERE] = { .before = before_pread, .client = do_pread,
			 .arg = arg_buffer, .after = after_pread,
			 .right = 2 * SWEEP_CLUSTER },
	[PREAD_ABSENT] = { .before = sweep_drop_all, .client = do_pread,
			   .arg = arg_buffer, .after = after_pread,
			   .right = 2 * SWEEP_CLUSTER },
	[PWRITE_HERE] = { .before = sweep_supply, .client = do_pwrite,
			  .arg = arg_buffer, .right = 2 * SWEEP_CLUSTER },
	[PWRITE_ABSENT] = { .before = sweep_drop_all, .client = do_pwrite,
			    .arg = arg_buffer, .right = 2 * SWEEP_CLUSTER },
	[FSYNC] = { .before = sweep_dirty, .client = do_fsync,
		    .arg = arg_object },
	[MSYNC] = { .before = sweep_dirty, .client = do_msync,
		    .arg = arg_msync },
};

static void test_op(void)
{
	CHECK(!pipe(splice_pipe), "pipe: %m");
	sweep_open(BY_IOCTL);
	if (tap_variant == NODE_OPEN)
		CHECK_IS(object_publish(&scene.p, &scene.o, "fail-fault", 0666),
			 0);
	sweep(&ops[tap_variant]);
}

#define OP(n, v)	{ .name = n, .run = test_op, .variant = v }

static const struct tap_test tests[] = {
	OP("node-open", NODE_OPEN),
	OP("map", MAP),
	OP("unmap-part", UNMAP_PART),
	OP("protect-part", PROTECT_PART),
	OP("fork", FORK),
	OP("read-fault-here", READ_FAULT_HERE),
	OP("read-fault-absent", READ_FAULT_ABSENT),
	OP("write-fault-here", WRITE_FAULT_HERE),
	OP("write-fault-absent", WRITE_FAULT_ABSENT),
	OP("mkwrite", MKWRITE),
	OP("private-fault", PRIVATE_FAULT),
	OP("populate-read", POPULATE_READ),
	OP("populate-write", POPULATE_WRITE),
	OP("splice-here", SPLICE_HERE),
	OP("splice-absent", SPLICE_ABSENT),
	OP("pread-here", PREAD_HERE),
	OP("pread-absent", PREAD_ABSENT),
	OP("pwrite-here", PWRITE_HERE),
	OP("pwrite-absent", PWRITE_ABSENT),
	OP("fsync", FSYNC),
	OP("msync", MSYNC),
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
