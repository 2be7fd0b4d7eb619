// SPDX-License-Identifier: GPL-2.0-only
/*
 * A posted command ends: whatever its ring is, and however its process goes, no
 * process, no pager and no slot is left behind.
 *
 * POSTED_ROUNDS says how often each kind meets each ending.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"
#include "testpager.h"

#define POSTED		4			/* commands of each ring */
#define SOON		(10000 * tap_slow())	/* ms */
#define AT_ONCE		25			/* processes */

/* A ring of some kind, and how commands are posted in it */
static const struct kind {
	const char *name;
	unsigned int setup;	/* IORING_SETUP_* */
	unsigned int flags;	/* IOSQE_* */
} kinds[] = {
	{ .name = "plain" },
	{ .name = "async", .flags = IOSQE_ASYNC },
	{ .name = "drain", .flags = IOSQE_IO_DRAIN },
	{ .name = "link", .flags = IOSQE_IO_LINK },
	{ .name = "hardlink", .flags = IOSQE_IO_HARDLINK },
	{ .name = "fixed", .flags = IOSQE_FIXED_FILE },
	{ .name = "fixed-async", .flags = IOSQE_FIXED_FILE | IOSQE_ASYNC },
	{ .name = "polled", .setup = IORING_SETUP_SQPOLL },
	{ .name = "polled-async", .setup = IORING_SETUP_SQPOLL, .flags = IOSQE_ASYNC },
	{ .name = "polled-fixed", .setup = IORING_SETUP_SQPOLL,
	  .flags = IOSQE_FIXED_FILE },
	{ .name = "defer", .setup = IORING_SETUP_SINGLE_ISSUER |
			    IORING_SETUP_DEFER_TASKRUN },
	{ .name = "coop", .setup = IORING_SETUP_COOP_TASKRUN },
};

enum ending { EXIT, KILLED, EXEC, EXEC_KILLED, CLOSED, ABANDONED, THREAD };

static struct test_pager p;

static void post(const struct kind *kind, unsigned int tag)
{
	struct mach_pager_answer cmd = pager_fetch(0, tag);
	struct io_uring_sqe *sqe = io_uring_get_sqe(&p.ring);

	CHECK(sqe, "the ring is full");
	memset(sqe, 0, 2 * sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->flags = kind->flags;
	sqe->fd = kind->flags & IOSQE_FIXED_FILE ? 0 : p.fd;
	sqe->cmd_op = MACH_RING_FETCH;
	sqe->user_data = tag;
	memcpy(sqe->cmd, &cmd, sizeof(cmd));
}

static void open_ring(const struct kind *kind)
{
	CHECK_IS(io_uring_queue_init(2 * POSTED, &p.ring, IORING_SETUP_SQE128 |
				     kind->setup), 0);
	if (kind->flags & IOSQE_FIXED_FILE)
		CHECK_IS(io_uring_register_files(&p.ring, &p.fd, 1), 0);
}

/* What was posted has a slot each: no command has ended. */
static void check_posted(const struct kind *kind)
{
	struct io_uring_cqe *cqe;

	if (kind->setup & IORING_SETUP_SQPOLL)
		CHECK_WAIT(!io_uring_sq_ready(&p.ring), SOON,
			   "the thread that polls takes nothing");
	CHECK(io_uring_peek_cqe(&p.ring, &cqe) == -EAGAIN,
	      "a command ended: %s", tap_result(cqe->res));
}

static void post_all(const struct kind *kind)
{
	for (unsigned int tag = 0; tag < POSTED; tag++)
		post(kind, tag);
	CHECK(io_uring_submit(&p.ring) >= 0, "submit");
	check_posted(kind);
}

static void *open_and_post(void *kind)
{
	open_ring(kind);
	post_all(kind);
	return NULL;
}

static void unmap_arrays(void)
{
	for (unsigned int q = 0; q < p.queues; q++)
		munmap((void *)p.array[q], p.size);
}

/* The slots can be armed again, by a ring of this thread. */
static void check_slots_free(void)
{
	struct mach_pager_answer cmd;

	pager_ring_setup(&p);
	for (unsigned int tag = 0; tag < POSTED; tag++) {
		cmd = pager_fetch(0, tag);
		/* -ETIMEDOUT: it waits for a request, which none brings */
		CHECK_WAIT(pager_command(&p, MACH_RING_FETCH, &cmd, 20) ==
			   -ETIMEDOUT, SOON, "slot %u stays armed", tag);
	}
}

/*
 * Who posted has ended; the ring is open. A request comes all the same: in the ring,
 * or, where that completes nothing without its thread, in another.
 */
static void check_served(const struct kind *kind)
{
	struct mach_pager_answer cmd = pager_fetch(1, 0);
	uint8_t *buf = shared_alloc(PAGE);
	struct test_request r;
	struct test_object o;
	struct actor a;

	if (kind->setup & IORING_SETUP_DEFER_TASKRUN) {
		pager_ring_setup(&p);
		pager_post(&p, MACH_RING_FETCH, &cmd);
	}
	object_create(&p, &o, PAGE, 0, 0);
	actor_start(&a, 1);
	actor_begin(&a, 0, do_pread, o.fd, (uintptr_t)buf, 1, 0);
	CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
	pager_reply_one(&p, &r, part_zero(0, PAGE));
	CHECK_IS(actor_end(&a, 0), 1);
	actor_kill(&a);
}

static void end_so(const struct kind *kind, enum ending ending)
{
	pthread_t thread;

	switch (ending) {
	case EXEC:
		execl("/bin/true", "true", NULL);
		tap_fail("exec: %m");
	case EXEC_KILLED:
		execl("/bin/sleep", "sleep", "1000", NULL);
		tap_fail("exec: %m");
	case CLOSED:
		io_uring_queue_exit(&p.ring);
		check_slots_free();
		break;
	case ABANDONED:
		io_uring_queue_exit(&p.ring);
		unmap_arrays();
		close(p.fd);
		break;
	case THREAD:
		CHECK(!pthread_create(&thread, NULL, open_and_post,
				      (void *)kind), "no thread");
		pthread_join(thread, NULL);
		check_served(kind);
		break;
	default:
		break;
	}
}

/* The process: posts, says that it has, and goes, or waits to be killed. */
static void child(const struct kind *kind, enum ending ending, int ready)
{
	struct pager_setup setup = {
		.transport = BY_RING, .queues = 2, .depth = POSTED,
	};

	CHECK_IS(pager_register(&p, &setup), 0);
	CHECK_IS(pager_map(&p), 0);
	if (ending != THREAD)
		open_and_post((void *)kind);
	if (ending != EXEC && ending != EXEC_KILLED)
		fcntl(ready, F_SETFD, FD_CLOEXEC);
	end_so(kind, ending);
	CHECK_IS(write(ready, "", 1), 1);
	if (ending == KILLED || ending == ABANDONED)
		pause();
	_exit(0);
}

static int pager_count(void)
{
	int count = -1;
	FILE *file = fopen("/sys/module/machvm/refcnt", "r");

	CHECK(file, "no module");
	CHECK_IS(fscanf(file, "%d", &count), 1);
	fclose(file);
	return count;
}

static pid_t start(const struct kind *kind, enum ending ending, int *ready)
{
	int pipes[2];
	pid_t pid;

	CHECK_IS(pipe2(pipes, O_CLOEXEC), 0);
	pid = fork();
	CHECK(pid >= 0, "fork: %m");
	if (!pid) {
		close(pipes[0]);
		child(kind, ending, pipes[1]);
	}
	close(pipes[1]);
	*ready = pipes[0];
	return pid;
}

static bool is_gone(pid_t pid, int *status)
{
	return waitpid(pid, status, WNOHANG) == pid;
}

/* One batch: the processes are gone soon, and their pagers before they are. */
static void batch(const struct kind *kind, enum ending ending, unsigned int n)
{
	bool stays = ending == KILLED || ending == ABANDONED;
	int ready[AT_ONCE], status, base = pager_count();
	pid_t pid[AT_ONCE];
	char byte;

	for (unsigned int i = 0; i < n; i++)
		pid[i] = start(kind, ending, &ready[i]);
	for (unsigned int i = 0; i < n; i++)
		/* exec closes it */
		CHECK(read(ready[i], &byte, 1) >= 0, "read: %m");
	if (ending == ABANDONED)
		CHECK_WAIT(pager_count() == base, SOON,
			   "%d pagers live without descriptors",
			   pager_count() - base);
	for (unsigned int i = 0; i < n; i++) {
		if (stays || ending == EXEC_KILLED)
			kill(pid[i], SIGKILL);
		CHECK_WAIT(is_gone(pid[i], &status), SOON,
			   "process %u stays", i);
		CHECK(stays || ending == EXEC_KILLED || !status,
		      "process %u failed: %#x", i, status);
		close(ready[i]);
	}
	CHECK_WAIT(pager_count() == base, SOON, "%d pagers stay",
		   pager_count() - base);
}

static unsigned int rounds(void)
{
	const char *text = getenv("POSTED_ROUNDS");

	return text ? strtoul(text, NULL, 10) : tap_slow() > 1 ? 1 : 4;
}

/*
 * Where 6.12 checks its own locks it takes the end of such a ring, whose thread lives,
 * for a completion by another thread: of each command that it cancels, whoever's.
 */
static bool kernel_complains(const struct kind *kind, enum ending ending)
{
	return kind->setup & IORING_SETUP_DEFER_TASKRUN &&
	       (ending == CLOSED || ending == ABANDONED) &&
	       !access("/proc/lockdep_stats", F_OK);
}

static void test_matrix(void)
{
	enum ending ending = tap_variant;

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		if (kernel_complains(&kinds[k], ending)) {
			tap_note("%s: not with a kernel that checks locks",
				 kinds[k].name);
			continue;
		}
		for (unsigned int done = 0; done < rounds(); done += AT_ONCE) {
			unsigned int left = rounds() - done;

			batch(&kinds[k], ending,
			      left < AT_ONCE ? left : AT_ONCE);
		}
		tap_sub(kinds[k].name, true, "%s", "");
	}
}

/* A ring for polled completions has no commands that wait. */
static void test_iopoll(void)
{
	struct mach_pager_answer cmd = pager_fetch(0, 0);
	struct pager_setup setup = { .transport = BY_RING };

	CHECK_IS(pager_register(&p, &setup), 0);
	CHECK_IS(pager_map(&p), 0);
	CHECK_IS(io_uring_queue_init(8, &p.ring, IORING_SETUP_SQE128 |
				     IORING_SETUP_IOPOLL), 0);
	CHECK_IS(pager_command(&p, MACH_RING_FETCH, &cmd, WAIT_MS), -EOPNOTSUPP);
}

/* A command that is cancelled by who posted it ends, and its slot is free. */
static void test_cancel(void)
{
	struct mach_pager_answer cmd = pager_fetch(0, 0);
	struct pager_setup setup = { .transport = BY_RING };
	struct io_uring_cqe *cqe;
	struct io_uring_sqe *sqe;
	long res;

	CHECK_IS(pager_register(&p, &setup), 0);
	CHECK_IS(pager_map(&p), 0);
	pager_ring_setup(&p);
	pager_post(&p, MACH_RING_FETCH, &cmd);
	sqe = io_uring_get_sqe(&p.ring);
	CHECK(sqe, "the ring is full");
	memset(sqe, 0, 2 * sizeof(*sqe));
	io_uring_prep_cancel64(sqe, 0, IORING_ASYNC_CANCEL_ANY);
	sqe->user_data = ~0ULL;
	CHECK_IS(io_uring_submit(&p.ring), 1);
	CHECK_IS(io_uring_wait_cqe(&p.ring, &cqe), 0);
	/* no kernel cancels single commands yet: 6.1 and 6.12 say so */
	res = cqe->res;
	CHECK(res == -EALREADY || res == -ENOENT || res == 0, "got %s",
	      tap_result(res));
}

#define RINGS	600

static struct test_pager silent;
static struct test_object mute;

/* A command in each of many rings, which are closed; the process lives on. */
static void close_many(void)
{
	struct pager_setup setup = {
		.transport = BY_RING, .queues = 3, .depth = 256,
	};
	static const struct kind plain = { .name = "plain" };

	CHECK_IS(pager_register(&p, &setup), 0);
	CHECK_IS(pager_map(&p), 0);
	for (unsigned int i = 0; i < RINGS; i++) {
		struct mach_pager_answer cmd = pager_fetch(i / 256, i % 256);

		open_ring(&plain);
		pager_post(&p, MACH_RING_FETCH, &cmd);
		io_uring_queue_exit(&p.ring);
	}
}

/*
 * Many rings of one user that end at once hold up nobody's deadlines: the kernel
 * waits for their commands in a queue that all its parts share.
 */
static void test_many_rings(void)
{
	struct pager_setup setup = { .transport = BY_IOCTL, .deadline_ms = 500 };
	struct actor a, client;
	uint8_t *buf = shared_alloc(PAGE);
	long begun;

	pager_open(&silent, &setup);
	object_create(&silent, &mute, PAGE, 0, 0);
	actor_start(&client, 1);
	actor_start(&a, 1);
	close_many();
	begun = tap_now_ms();
	actor_begin(&client, 0, do_pread, mute.fd, (uintptr_t)buf, 1, 0);
	CHECK_IS(actor_end_within(&client, 0, SOON), -EIO);
	CHECK(tap_now_ms() - begun < 500 + 3000 * tap_slow(),
	      "the deadline took %ld ms", tap_now_ms() - begun);
}

static const struct tap_test tests[] = {
	{ .name = "exit", .run = test_matrix, .variant = EXIT, .seconds = 600 },
	{ .name = "kill", .run = test_matrix, .variant = KILLED, .seconds = 600 },
	{ .name = "exec", .run = test_matrix, .variant = EXEC, .seconds = 600 },
	{ .name = "exec-kill", .run = test_matrix, .variant = EXEC_KILLED,
	  .seconds = 600 },
	{ .name = "close-ring", .run = test_matrix, .variant = CLOSED,
	  .seconds = 600 },
	{ .name = "close-all", .run = test_matrix, .variant = ABANDONED,
	  .seconds = 600 },
	{ .name = "thread", .run = test_matrix, .variant = THREAD,
	  .seconds = 600 },
	{ .name = "iopoll", .run = test_iopoll },
	{ .name = "cancel", .run = test_cancel },
	{ .name = "many-rings", .run = test_many_rings, .seconds = 120 },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
