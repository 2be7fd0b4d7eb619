// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every call of a pager, by ioctl and ring, with its nth allocation failing:
 * each failure is clean, changes nothing, and what failed can be done again.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "callbook.h"
#include "place.h"
#include "naming.h"
#include "sweep.h"
#include "tap.h"

static struct test_object other;
static struct test_request r;
static long fd;

/* Calls that a process makes. */

static void close_fd(long result)
{
	close(result);
}

static long op_open(const uint64_t *arg)
{
	(void)arg;
	return vm_open();
}

static void before_register(void)
{
	fd = vm_open();
	CHECK(fd >= 0, "open: %s", tap_result(fd));
}

static long op_register(const uint64_t *arg)
{
	struct mach_pager_register reg = {
		.size = sizeof(reg), .queues = 2, .depth = 4,
		.message_size = sizeof(struct mach_message),
	};

	(void)arg;
	return vm_ioctl(fd, MACH_PAGER_REGISTER, &reg);
}

static void after_register(long result)
{
	(void)result;
	close(fd);
}

static void before_array(void)
{
	before_register();
	CHECK_IS(op_register(NULL), 0);
}

static long op_array(const uint64_t *arg)
{
	(void)arg;
	return RESULT(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0));
}

static void after_array(long result)
{
	munmap((void *)result, PAGE);
	close(fd);
}

static void destroy_other(long result)
{
	struct mach_pager_destroy d = {
		.size = sizeof(d), .object = other.number,
	};

	(void)result;
	CHECK_IS(vm_ioctl(scene.p.fd, MACH_PAGER_DESTROY, &d), 0);
	close(other.fd);
}

/* Half a path is no name. */
static void after_publish(long result)
{
	struct stat st;

	if (result)
		CHECK_IS(node_stat("fail-call", &st), -ENOENT);
	destroy_other(result);
	CHECK_IS(node_stat("fail-call", &st), -ENOENT);
}

static long op_create(const uint64_t *arg)
{
	struct mach_pager_create c = {
		.size = sizeof(c), .object_size = SWEEP_SIZE, .cluster = SWEEP_CLUSTER,
	};
	long err = vm_ioctl(scene.p.fd, MACH_PAGER_CREATE, &c);

	(void)arg;
	other.fd = c.fd;
	other.number = c.object;
	return err;
}

static void before_other(void)
{
	object_create(&scene.p, &other, SWEEP_SIZE, SWEEP_CLUSTER, 0);
}

static long op_publish(const uint64_t *arg)
{
	char name[64];

	(void)arg;
	snprintf(name, sizeof(name), "fail-call/%u/name", sweep_call->nth);
	return object_publish(&scene.p, &other, name, 0600);
}

static const char some_name[] = "fail-call/a/name";

static long op_symlink(const uint64_t *arg)
{
	(void)arg;
	return pager_link(&scene.p, some_name, "where", 0);
}

static long op_mkdir(const uint64_t *arg)
{
	(void)arg;
	return pager_mkdir(&scene.p, some_name, 0755, 0);
}

/* What failed has left nothing. */
static void after_naming(long result)
{
	CHECK_IS(pager_remove(&scene.p, some_name), result ? -ENOENT : 0);
}

static long op_destroy(const uint64_t *arg)
{
	struct mach_pager_destroy d = {
		.size = sizeof(d), .object = other.number,
	};

	(void)arg;
	return vm_ioctl(scene.p.fd, MACH_PAGER_DESTROY, &d);
}

static void after_destroy(long result)
{
	(void)result;
	close(other.fd);
}

static long op_name(const uint64_t *arg)
{
	struct mach_object_name n = { .size = sizeof(n) };
	long err = vm_ioctl(scene.o.fd, MACH_OBJECT_NAME, &n);

	(void)arg;
	return err ? err : n.fd;
}

/*
 * Every call of the book but those that make what has to be undone, and the
 * supply of a page that is there: it may be evicted to make room, and come.
 */
static const struct call *book_call;

static bool has_own_sweep(const struct call *c)
{
	return c->kind == ON_TASK || c->number == MACH_PAGER_CREATE ||
	       c->number == MACH_OBJECT_NAME ||
	       c->number == MACH_PAGER_SUPPLY || c->number == MACH_PAGER_RESIZE ||
	       c->number == MACH_PAGER_SYMLINK || c->number == MACH_PAGER_MKDIR;
}

static long op_book(const uint64_t *arg)
{
	struct world w = { .p = scene.p, .o = scene.o };
	union any_call args;

	(void)arg;
	call_fill(book_call, &w, &args);
	return world_call(&w, book_call, &args);
}

/* Once as it is: what the kernel writes to is not what fails then. */
static void before_book(void)
{
	sweep_supply();
	CHECK_IS(op_book(NULL), book_call->right);
}

static void test_book(void)
{
	sweep_open(BY_IOCTL);
	for (size_t i = 0; i < callbook_entries; i++) {
		struct sweep_op op = {
			.before = before_book, .fn = op_book,
			.right = callbook[i].right,
		};

		book_call = &callbook[i];
		if (!has_own_sweep(book_call))
			sweep(&op);
	}
}

/* Calls of a pager. */

static long supply(struct mach_part part)
{
	struct mach_pager_supply sup = {
		.size = sizeof(sup), .object = scene.o.number, .part = part,
	};

	return vm_ioctl(scene.p.fd, MACH_PAGER_SUPPLY, &sup);
}

static uint8_t copy_source[2 * SWEEP_CLUSTER];
static int file_source;

static void before_source(void)
{
	if (!file_source)
		file_source = pattern_file(2 * SWEEP_CLUSTER, 1);
	pattern_fill(copy_source, 0, sizeof(copy_source), 1);
}

static long op_supply_copy(const uint64_t *arg)
{
	(void)arg;
	return supply(part_copy(0, 2 * SWEEP_CLUSTER, copy_source));
}

static long op_supply_file(const uint64_t *arg)
{
	(void)arg;
	return supply(part_file(0, 2 * SWEEP_CLUSTER, file_source, 0));
}

static long op_supply_zero(const uint64_t *arg)
{
	(void)arg;
	return supply(part_zero(0, 2 * SWEEP_CLUSTER));
}

/* Have a request wait: thread 1 of the client reads a cluster. */
static void before_receive(void)
{
	unsigned long long sent = object_info(scene.o.fd).requests;

	before_source();
	actor_begin(&scene.a, 1, do_pread, scene.o.fd, (uintptr_t)scene.buf,
		    SWEEP_CLUSTER, 0);
	CHECK_WAIT(object_info(scene.o.fd).requests > sent, WAIT_MS,
		   "no request is sent");
}

static long op_receive(const uint64_t *arg)
{
	(void)arg;
	return pager_next(&scene.p, &r, WAIT_MS);
}

static void after_receive(long result)
{
	(void)result;
	sweep_answer(&r);
	CHECK_IS(actor_end(&scene.a, 1), SWEEP_CLUSTER);
	sweep_drop_all();
}

static void before_answer(void)
{
	before_receive();
	CHECK_IS(pager_next(&scene.p, &r, WAIT_MS), 0);
}

static void after_answer(long result)
{
	(void)result;
	CHECK_IS(actor_end(&scene.a, 1), SWEEP_CLUSTER);
	sweep_drop_all();
}

static void after_refusal(long result)
{
	(void)result;
	CHECK_IS(actor_end(&scene.a, 1), -ENXIO);
}

static long op_answer_copy(const uint64_t *arg)
{
	struct mach_part part = part_copy(0, SWEEP_CLUSTER, copy_source);

	(void)arg;
	return pager_reply(&scene.p, &r, &part, 1, false);
}

static long op_answer_file(const uint64_t *arg)
{
	struct mach_part part = part_file(0, SWEEP_CLUSTER, file_source, 0);

	(void)arg;
	return pager_reply(&scene.p, &r, &part, 1, false);
}

static long op_answer_zero(const uint64_t *arg)
{
	struct mach_part part = part_zero(0, SWEEP_CLUSTER);

	(void)arg;
	return pager_reply(&scene.p, &r, &part, 1, false);
}

static long op_answer_error(const uint64_t *arg)
{
	struct mach_part part = part_error(0, SWEEP_CLUSTER, ENXIO);

	(void)arg;
	return pager_reply(&scene.p, &r, &part, 1, false);
}

/* Have data returned: thread 1 of the client wants it on disk. */
static void before_return(void)
{
	before_source();
	sweep_dirty();
	actor_begin(&scene.a, 1, do_fsync, scene.o.fd);
	pager_expect(&scene.p, &r, MACH_OP_DATA_RETURN, PAGE, PAGE);
}

static long op_collect(const uint64_t *arg)
{
	(void)arg;
	return pager_collect(&scene.p, &r, PAGE, PAGE, copy_source);
}

static long op_return_done(const uint64_t *arg)
{
	struct mach_part part = part_done(PAGE, PAGE);

	(void)arg;
	return pager_reply(&scene.p, &r, &part, 1, false);
}

static long op_return_file(const uint64_t *arg)
{
	struct mach_part part = part_file(PAGE, PAGE, file_source, PAGE);

	(void)arg;
	return pager_reply(&scene.p, &r, &part, 1, false);
}

static void after_return(long result)
{
	(void)result;
	sweep_serve(1);
	CHECK_IS(actor_end(&scene.a, 1), 0);
	CHECK_IS(object_info(scene.o.fd).dirty, 0);
}

static void after_collect(long result)
{
	CHECK_IS(op_return_done(NULL), 0);
	after_return(result);
}

static long op_lock(const uint64_t *arg)
{
	struct mach_pager_lock l = {
		.size = sizeof(l), .object = scene.o.number, .flags = arg[0],
		.cookie = 1,
	};

	return vm_ioctl(scene.p.fd, MACH_PAGER_LOCK_REQUEST, &l);
}

static void arg_clean(uint64_t *arg)
{
	arg[0] = MACH_LOCK_CLEAN | MACH_LOCK_REPLY;
}

static void arg_clean_flush(uint64_t *arg)
{
	arg[0] = MACH_LOCK_CLEAN | MACH_LOCK_FLUSH | MACH_LOCK_REPLY;
}

static void after_lock(long result)
{
	struct test_request q;

	(void)result;
	do {
		CHECK_IS(pager_next(&scene.p, &q, WAIT_MS), 0);
		sweep_answer(&q);
	} while (q.m.operation != MACH_OP_LOCK_COMPLETED);
	CHECK_IS(object_info(scene.o.fd).dirty, 0);
}

/* Commands of a ring. What io_uring could not begin lies in the ring still. */

static bool queued;

static long ring_do(unsigned int op, const struct mach_pager_answer *cmd)
{
	struct io_uring_cqe *cqe;
	long end = tap_now_ms() + WAIT_MS;
	int n;

	if (!queued) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&scene.p.ring);

		CHECK(sqe, "the ring is full");
		memset(sqe, 0, 2 * sizeof(*sqe));
		sqe->opcode = IORING_OP_URING_CMD;
		sqe->fd = scene.p.fd;
		sqe->cmd_op = op;
		memcpy(sqe->cmd, cmd, sizeof(*cmd));
	}
	n = io_uring_submit(&scene.p.ring);
	queued = n != 1;
	if (queued)
		return n < 0 ? n : -EAGAIN;
	while (io_uring_peek_cqe(&scene.p.ring, &cqe))
		if (tap_now_ms() > end)
			return -ETIMEDOUT;
	n = cqe->res;
	io_uring_cqe_seen(&scene.p.ring, cqe);
	return n;
}

static long op_ring_fetch(const uint64_t *arg)
{
	struct mach_pager_answer cmd = pager_fetch(0, 3);

	(void)arg;
	return ring_do(MACH_RING_FETCH, &cmd);
}

static void after_ring_fetch(long result)
{
	r.queue = 0;
	r.tag = 3;
	r.m = *pager_message(&scene.p, 0, 3);
	after_receive(result);
}

static long op_ring_commit(const uint64_t *arg)
{
	struct mach_part part = part_copy(0, SWEEP_CLUSTER, copy_source);
	struct mach_pager_answer cmd = pager_answer(&r, &part, 1);

	return ring_do(arg[0], &cmd);
}

static void arg_commit(uint64_t *arg)
{
	arg[0] = MACH_RING_COMMIT;
}

static void arg_answer(uint64_t *arg)
{
	arg[0] = MACH_RING_ANSWER;
}

static void after_ring_answer(long result)
{
	CHECK_IS(pager_reply(&scene.p, &r, NULL, 0, false), 0);
	after_answer(result);
}

enum {
	OPEN,
	REGISTER,
	ARRAY,
	CREATE,
	PUBLISH,
	SYMLINK,
	MKDIR,
	DESTROY,
	NAME,
	SUPPLY_COPY,
	SUPPLY_FILE,
	SUPPLY_ZERO,
	RECEIVE,
	ANSWER_COPY,
	ANSWER_FILE,
	ANSWER_ZERO,
	ANSWER_ERROR,
	COLLECT,
	RETURN_DONE,
	RETURN_FILE,
	LOCK_CLEAN,
	LOCK_FLUSH,
	RING_FETCH,
	RING_COMMIT,
	RING_ANSWER,
};

static const struct sweep_op ops[] = {
	[OPEN] = { .fn = op_open, .after = close_fd, .right = SWEEP_ANY },
	[REGISTER] = { before_register, op_register, .after = after_register },
	[ARRAY] = { before_array, op_array, .after = after_array,
		    .right = SWEEP_ANY },
	[CREATE] = { .fn = op_create, .after = destroy_other },
	[PUBLISH] = { before_other, op_publish, .after = after_publish },
	[SYMLINK] = { NULL, op_symlink, .after = after_naming },
	[MKDIR] = { NULL, op_mkdir, .after = after_naming },
	[DESTROY] = { before_other, op_destroy, .after = after_destroy },
	[NAME] = { .fn = op_name, .after = close_fd, .right = SWEEP_ANY },
	[SUPPLY_COPY] = { before_source, op_supply_copy, .after = sweep_after_drop },
	[SUPPLY_FILE] = { before_source, op_supply_file, .after = sweep_after_drop },
	[SUPPLY_ZERO] = { before_source, op_supply_zero, .after = sweep_after_drop },
	[RECEIVE] = { before_receive, op_receive, .after = after_receive },
	[ANSWER_COPY] = { before_answer, op_answer_copy,
			  .after = after_answer },
	[ANSWER_FILE] = { before_answer, op_answer_file,
			  .after = after_answer },
	[ANSWER_ZERO] = { before_answer, op_answer_zero,
			  .after = after_answer },
	[ANSWER_ERROR] = { before_answer, op_answer_error,
			   .after = after_refusal },
	[COLLECT] = { before_return, op_collect, .after = after_collect },
	[RETURN_DONE] = { before_return, op_return_done,
			  .after = after_return },
	[RETURN_FILE] = { before_return, op_return_file,
			  .after = after_return },
	[LOCK_CLEAN] = { sweep_dirty, op_lock, .arg = arg_clean,
			 .after = after_lock },
	[LOCK_FLUSH] = { sweep_dirty, op_lock, .arg = arg_clean_flush,
			 .after = after_lock },
	[RING_FETCH] = { before_receive, op_ring_fetch,
			 .after = after_ring_fetch },
	[RING_COMMIT] = { before_answer, op_ring_commit, .arg = arg_commit,
			  .after = after_answer },
	[RING_ANSWER] = { before_answer, op_ring_commit, .arg = arg_answer,
			  .after = after_ring_answer },
};

static void test_op(void)
{
	sweep_open(BY_IOCTL);
	if (tap_variant >= RING_FETCH)
		pager_ring_setup(&scene.p);
	sweep(&ops[tap_variant]);
}

#define OP(n, v)	{ .name = n, .run = test_op, .variant = v }

static const struct tap_test tests[] = {
	OP("open", OPEN),
	OP("register", REGISTER),
	OP("array", ARRAY),
	OP("create", CREATE),
	OP("publish", PUBLISH),
	OP("symlink", SYMLINK),
	OP("mkdir", MKDIR),
	OP("destroy", DESTROY),
	OP("name", NAME),
	OP("supply-copy", SUPPLY_COPY),
	OP("supply-file", SUPPLY_FILE),
	OP("supply-zero", SUPPLY_ZERO),
	OP("receive", RECEIVE),
	OP("answer-copy", ANSWER_COPY),
	OP("answer-file", ANSWER_FILE),
	OP("answer-zero", ANSWER_ZERO),
	OP("answer-error", ANSWER_ERROR),
	OP("collect", COLLECT),
	OP("return-done", RETURN_DONE),
	OP("return-file", RETURN_FILE),
	OP("lock-clean", LOCK_CLEAN),
	OP("lock-flush", LOCK_FLUSH),
	OP("ring-fetch", RING_FETCH),
	OP("ring-commit", RING_COMMIT),
	OP("ring-answer", RING_ANSWER),
	{ .name = "others", .run = test_book },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
