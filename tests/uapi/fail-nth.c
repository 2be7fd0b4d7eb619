// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every call and fault with its 1st, 2nd, ... nth allocation failing, until it
 * succeeds with none: each failure is clean, changes nothing, and what failed
 * can be done again.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "callbook.h"
#include "fail_nth.h"
#include "tap.h"

#define CLUSTER		(8 * PAGE)
#define SIZE		(64 * PAGE)
#define NTH_MAX		3000
#define ANY		(-99999L)	/* any result that is no error */

/**
 * struct op - Something to do with failing allocations
 * @before: before each attempt, which repeats what failed
 * @fn: the deed, in the test's process, which is the pager
 * @client: the same, in the client's
 * @arg: for them
 * @after: undo it; told the result
 * @right: the result when nothing fails
 */
struct op {
	void (*before)(void);
	actor_fn fn;
	actor_fn client;
	void (*arg)(uint64_t *arg);
	void (*after)(long result);
	long right;
};

static struct scene s;
static struct fail_call *call;
static struct test_object other;
static struct test_request r;
static long fd;

/* The pager's part of a client's deed. */

static void answer(const struct test_request *q)
{
	static uint8_t taken[SIZE];

	switch (q->m.operation) {
	case MACH_OP_DATA_REQUEST:
		pager_reply_one(&s.p, q, part_pattern(q->m.offset, q->m.length,
						      1));
		break;
	case MACH_OP_DATA_RETURN:
		pager_take(&s.p, q, taken);
		break;
	case MACH_OP_SYNCHRONIZE:
		pager_reply_one(&s.p, q, part_done(0, PAGE));
		break;
	default:
		pager_reply_none(&s.p, q);
	}
}

static void serve_until_done(unsigned int thread)
{
	struct test_request q;
	long end = tap_now_ms() + WAIT_MS;

	while (actor_waits(&s.a, thread, 1)) {
		CHECK(tap_now_ms() < end, "no end of what the client does");
		if (!pager_next(&s.p, &q, 0))
			answer(&q);
	}
}

static long client_do(actor_fn fn, const uint64_t *arg)
{
	actor_begin_args(&s.a, 0, fn, arg);
	serve_until_done(0);
	return actor_end(&s.a, 0);
}

#define CLIENT(fn, ...)	client_do(fn, ACTOR_ARG_LIST(__VA_ARGS__))

/* Forget all pages, and what was written to them. */
static void drop_all(void)
{
	struct mach_pager_lock l = {
		.size = sizeof(l), .object = s.o.number,
		.flags = MACH_LOCK_FLUSH,
	};

	CHECK_IS(vm_ioctl(s.p.fd, MACH_PAGER_LOCK_REQUEST, &l), 0);
	CHECK_WAIT(object_info(s.o.fd).resident == 0, WAIT_MS,
		   "%llu pages stay", object_info(s.o.fd).resident);
}

static void after_drop(long result)
{
	(void)result;
	drop_all();
}

static void unmap_pages(void)
{
	CHECK_IS(CLIENT(do_madvise, s.map, SIZE, MADV_DONTNEED), 0);
}

static void supply_all(void)
{
	drop_all();
	scene_resident(&s, 0, CLUSTER, 1);
	unmap_pages();
}

static void dirty_some(void)
{
	supply_all();
	CHECK_IS(CLIENT(do_store, s.map + PAGE, 7), 0);
}

/* The sweep itself. */

static long attempt(const struct op *op, unsigned int nth)
{
	memset(call, 0, sizeof(*call));
	call->fn = op->client ? op->client : op->fn;
	call->nth = nth;
	if (op->arg)
		op->arg(call->arg);
	if (op->client)
		CHECK_IS(CLIENT(do_fail_nth, (uintptr_t)call), 0);
	else
		fail_nth_call(call);
	return call->result;
}

static bool right(const struct op *op, long result)
{
	return op->right == ANY ? result >= 0 : result == op->right;
}

/* No memory, in the words of calls, of the ring, of faults; or a part only. */
static bool clean(const struct op *op, long result)
{
	return result == -ENOMEM || result == -EAGAIN ||
	       result == TAP_SIGNAL(SIGBUS) ||
	       (result > 0 && result < op->right);
}

static bool same_pages(const struct mach_object_info *a,
		       const struct mach_object_info *b)
{
	return a->resident == b->resident && a->dirty == b->dirty &&
	       a->state == b->state && a->pageins == b->pageins;
}

static void check_failure(const struct op *op, unsigned int nth,
			  const struct mach_object_info *was)
{
	struct mach_object_info is = object_info(s.o.fd);
	long result = call->result;

	CHECK(call->injected && clean(op, result),
	      "%s with allocation %u %s", tap_result(result), nth,
	      call->injected ? "failing" : "still to come");
	CHECK(same_pages(was, &is) || op->client,
	      "%s at allocation %u, but %llu pages resident and %llu dirty, not %llu and %llu",
	      tap_result(result), nth, is.resident, is.dirty, was->resident,
	      was->dirty);
	CHECK(right(op, attempt(op, 0)), "%s the second time, after %s at %u",
	      tap_result(call->result), tap_result(result), nth);
}

static void sweep(const struct op *op)
{
	struct mach_object_info was;
	unsigned int nth, failures = 0;
	bool injected = true;

	for (nth = 1; injected; nth++) {
		CHECK(nth < NTH_MAX, "no end after %d allocations", NTH_MAX);
		if (op->before)
			op->before();
		was = object_info(s.o.fd);
		attempt(op, nth);
		injected = call->injected;
		if (!right(op, call->result)) {
			failures++;
			check_failure(op, nth, &was);
		}
		if (op->after)
			op->after(call->result);
	}
	tap_note("%u allocations, %u failures", nth - 2, failures);
	drop_all();
	CHECK_IS(CLIENT(do_load, s.map), *(uint8_t *)(uintptr_t)
		 part_pattern(0, PAGE, 1).source);
}

static void open_with(enum transport transport)
{
	struct pager_setup setup = { .transport = transport };

	fail_nth_setup();
	call = shared_alloc(sizeof(*call));
	scene_open(&s, &setup, SIZE, CLUSTER, 2);
}

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
	CHECK_IS(vm_ioctl(s.p.fd, MACH_PAGER_DESTROY, &d), 0);
	close(other.fd);
}

static long op_create(const uint64_t *arg)
{
	struct mach_pager_create c = {
		.size = sizeof(c), .object_size = SIZE, .cluster = CLUSTER,
	};
	long err = vm_ioctl(s.p.fd, MACH_PAGER_CREATE, &c);

	(void)arg;
	other.fd = c.fd;
	other.number = c.object;
	return err;
}

static void before_other(void)
{
	object_create(&s.p, &other, SIZE, CLUSTER, 0);
}

static long op_publish(const uint64_t *arg)
{
	static char name[32];

	(void)arg;
	snprintf(name, sizeof(name), "fail-nth-%u", call->nth);
	return object_publish(&s.p, &other, name, 0600);
}

static long op_destroy(const uint64_t *arg)
{
	struct mach_pager_destroy d = {
		.size = sizeof(d), .object = other.number,
	};

	(void)arg;
	return vm_ioctl(s.p.fd, MACH_PAGER_DESTROY, &d);
}

static void after_destroy(long result)
{
	(void)result;
	close(other.fd);
}

static long op_name(const uint64_t *arg)
{
	struct mach_object_name n = { .size = sizeof(n) };
	long err = vm_ioctl(s.o.fd, MACH_OBJECT_NAME, &n);

	(void)arg;
	return err ? err : n.fd;
}

/* Calls of the book that say 0 each time. */
static long op_book(const uint64_t *arg)
{
	struct world w = { .p = s.p, .o = s.o };
	const struct call *c = (const struct call *)(uintptr_t)arg[0];
	union any_call args = {};

	c->fill(&w, &args);
	return vm_ioctl(c->kind == ON_OBJECT ? s.o.fd : s.p.fd, c->number,
			&args);
}

static void test_book(void)
{
	static const char * const names[] = {
		"info", "compare", "get-attributes", "change-attributes",
	};

	open_with(BY_IOCTL);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct op op = { .fn = op_book };

		for (unsigned int nth = 1; nth < 4; nth++) {
			const struct call *c = call_named(names[i]);

			memset(call, 0, sizeof(*call));
			call->fn = op.fn;
			call->arg[0] = (uintptr_t)c;
			call->nth = nth;
			fail_nth_call(call);
			if (call->result && call->result != -ENOMEM)
				tap_fail("%s: %s", names[i],
					 tap_result(call->result));
		}
	}
}

/* Calls of a pager. */

static long supply(struct mach_part part)
{
	struct mach_pager_supply sup = {
		.size = sizeof(sup), .object = s.o.number, .part = part,
	};

	return vm_ioctl(s.p.fd, MACH_PAGER_SUPPLY, &sup);
}

static uint8_t copy_source[2 * CLUSTER];
static int file_source;

static void before_source(void)
{
	if (!file_source)
		file_source = pattern_file(2 * CLUSTER, 1);
	pattern_fill(copy_source, 0, sizeof(copy_source), 1);
}

static long op_supply_copy(const uint64_t *arg)
{
	(void)arg;
	return supply(part_copy(0, 2 * CLUSTER, copy_source));
}

static long op_supply_file(const uint64_t *arg)
{
	(void)arg;
	return supply(part_file(0, 2 * CLUSTER, file_source, 0));
}

static long op_supply_zero(const uint64_t *arg)
{
	(void)arg;
	return supply(part_zero(0, 2 * CLUSTER));
}

/* Have a request wait: thread 1 of the client reads a cluster. */
static void before_receive(void)
{
	unsigned long long sent = object_info(s.o.fd).requests;

	before_source();
	actor_begin(&s.a, 1, do_pread, s.o.fd, (uintptr_t)s.buf, CLUSTER, 0);
	CHECK_WAIT(object_info(s.o.fd).requests > sent, WAIT_MS,
		   "no request is sent");
}

static long op_receive(const uint64_t *arg)
{
	(void)arg;
	return pager_next(&s.p, &r, WAIT_MS);
}

static void after_receive(long result)
{
	(void)result;
	answer(&r);
	CHECK_IS(actor_end(&s.a, 1), CLUSTER);
	drop_all();
}

static void before_answer(void)
{
	before_receive();
	CHECK_IS(pager_next(&s.p, &r, WAIT_MS), 0);
}

static void after_answer(long result)
{
	(void)result;
	CHECK_IS(actor_end(&s.a, 1), CLUSTER);
	drop_all();
}

static void after_refusal(long result)
{
	(void)result;
	CHECK_IS(actor_end(&s.a, 1), -ENXIO);
}

static long op_answer_copy(const uint64_t *arg)
{
	struct mach_part part = part_copy(0, CLUSTER, copy_source);

	(void)arg;
	return pager_reply(&s.p, &r, &part, 1, false);
}

static long op_answer_file(const uint64_t *arg)
{
	struct mach_part part = part_file(0, CLUSTER, file_source, 0);

	(void)arg;
	return pager_reply(&s.p, &r, &part, 1, false);
}

static long op_answer_zero(const uint64_t *arg)
{
	struct mach_part part = part_zero(0, CLUSTER);

	(void)arg;
	return pager_reply(&s.p, &r, &part, 1, false);
}

static long op_answer_error(const uint64_t *arg)
{
	struct mach_part part = part_error(0, CLUSTER, ENXIO);

	(void)arg;
	return pager_reply(&s.p, &r, &part, 1, false);
}

/* Have data returned: thread 1 of the client wants it on disk. */
static void before_return(void)
{
	before_source();
	dirty_some();
	actor_begin(&s.a, 1, do_fsync, s.o.fd);
	pager_expect(&s.p, &r, MACH_OP_DATA_RETURN, PAGE, PAGE);
}

static long op_collect(const uint64_t *arg)
{
	(void)arg;
	return pager_collect(&s.p, &r, PAGE, PAGE, copy_source);
}

static long op_return_done(const uint64_t *arg)
{
	struct mach_part part = part_done(PAGE, PAGE);

	(void)arg;
	return pager_reply(&s.p, &r, &part, 1, false);
}

static long op_return_file(const uint64_t *arg)
{
	struct mach_part part = part_file(PAGE, PAGE, file_source, PAGE);

	(void)arg;
	return pager_reply(&s.p, &r, &part, 1, false);
}

static void after_return(long result)
{
	(void)result;
	serve_until_done(1);
	CHECK_IS(actor_end(&s.a, 1), 0);
	CHECK_IS(object_info(s.o.fd).dirty, 0);
}

static void after_collect(long result)
{
	CHECK_IS(op_return_done(NULL), 0);
	after_return(result);
}

static long op_lock(const uint64_t *arg)
{
	struct mach_pager_lock l = {
		.size = sizeof(l), .object = s.o.number, .flags = arg[0],
		.cookie = 1,
	};

	return vm_ioctl(s.p.fd, MACH_PAGER_LOCK_REQUEST, &l);
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
		CHECK_IS(pager_next(&s.p, &q, WAIT_MS), 0);
		answer(&q);
	} while (q.m.operation != MACH_OP_LOCK_COMPLETED);
	CHECK_IS(object_info(s.o.fd).dirty, 0);
}

/* Commands of a ring. What io_uring could not begin lies in the ring still. */

static bool queued;

static long ring_do(unsigned int op, const struct mach_ring_command *cmd)
{
	struct io_uring_cqe *cqe;
	long end = tap_now_ms() + WAIT_MS;
	int n;

	if (!queued) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&s.p.ring);

		CHECK(sqe, "the ring is full");
		memset(sqe, 0, 2 * sizeof(*sqe));
		sqe->opcode = IORING_OP_URING_CMD;
		sqe->fd = s.p.fd;
		sqe->cmd_op = op;
		memcpy(sqe->cmd, cmd, sizeof(*cmd));
	}
	n = io_uring_submit(&s.p.ring);
	queued = n != 1;
	if (queued)
		return n < 0 ? n : -EAGAIN;
	while (io_uring_peek_cqe(&s.p.ring, &cqe))
		if (tap_now_ms() > end)
			return -ETIMEDOUT;
	n = cqe->res;
	io_uring_cqe_seen(&s.p.ring, cqe);
	return n;
}

static long op_ring_fetch(const uint64_t *arg)
{
	struct mach_ring_command cmd = { .tag = 3 };

	(void)arg;
	return ring_do(MACH_RING_FETCH, &cmd);
}

static void after_ring_fetch(long result)
{
	r.queue = 0;
	r.tag = 3;
	r.m = s.p.array[0][3];
	after_receive(result);
}

static long op_ring_commit(const uint64_t *arg)
{
	struct mach_part part = part_copy(0, CLUSTER, copy_source);
	struct mach_ring_command cmd = ring_command(&r, &part, 1);

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
	CHECK_IS(pager_reply(&s.p, &r, NULL, 0, false), 0);
	after_answer(result);
}

/* What a client does. */

static void arg_open(uint64_t *arg)
{
	strcpy((char *)s.buf, MACH_VM_NODE_DIR "/fail-nth");
	arg[0] = (uintptr_t)s.buf;
	arg[1] = O_RDWR | O_CLOEXEC;
}

static void client_close(long result)
{
	CHECK_IS(CLIENT(do_close, result), 0);
}

static void arg_map(uint64_t *arg)
{
	arg[0] = s.o.fd;
	arg[1] = SIZE;
	arg[2] = PROT_READ | PROT_WRITE;
	arg[3] = MAP_SHARED;
}

static void client_unmap(long result)
{
	CHECK_IS(CLIENT(do_unmap, result, SIZE), 0);
}

static long do_fork(const uint64_t *arg)
{
	pid_t pid = RESULT(fork());
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

static void arg_first_page(uint64_t *arg)
{
	arg[0] = s.map;
	arg[1] = 9;
}

static void arg_buffer(uint64_t *arg)
{
	arg[0] = s.o.fd;
	arg[1] = (uintptr_t)s.buf;
	arg[2] = 2 * CLUSTER;
}

static void arg_object(uint64_t *arg)
{
	arg[0] = s.o.fd;
}

static void arg_msync(uint64_t *arg)
{
	arg[0] = s.map;
	arg[1] = SIZE;
	arg[2] = MS_SYNC;
}

/* A copy of its own of a page. */
static uint64_t private_map;

static void before_private(void)
{
	supply_all();
	if (!private_map)
		private_map = CLIENT(do_map, s.o.fd, SIZE,
				     PROT_READ | PROT_WRITE, MAP_PRIVATE);
	CHECK_IS(CLIENT(do_madvise, private_map, SIZE, MADV_DONTNEED), 0);
}

static void arg_private(uint64_t *arg)
{
	arg[0] = private_map;
	arg[1] = 9;
}

enum {
	OPEN, REGISTER, ARRAY, CREATE, PUBLISH, DESTROY, NAME,
	SUPPLY_COPY, SUPPLY_FILE, SUPPLY_ZERO, RECEIVE,
	ANSWER_COPY, ANSWER_FILE, ANSWER_ZERO, ANSWER_ERROR,
	COLLECT, RETURN_DONE, RETURN_FILE, LOCK_CLEAN, LOCK_FLUSH,
	RING_FETCH, RING_COMMIT, RING_ANSWER,
	NODE_OPEN, MAP, FORK, READ_FAULT_HERE, READ_FAULT_ABSENT,
	WRITE_FAULT_HERE, WRITE_FAULT_ABSENT, PRIVATE_FAULT,
	PREAD_HERE, PREAD_ABSENT, PWRITE_HERE, PWRITE_ABSENT, FSYNC, MSYNC,
};

static const struct op ops[] = {
	[OPEN] = { .fn = op_open, .after = close_fd, .right = ANY },
	[REGISTER] = { before_register, op_register, .after = after_register },
	[ARRAY] = { before_array, op_array, .after = after_array,
		    .right = ANY },
	[CREATE] = { .fn = op_create, .after = destroy_other },
	[PUBLISH] = { before_other, op_publish, .after = destroy_other },
	[DESTROY] = { before_other, op_destroy, .after = after_destroy },
	[NAME] = { .fn = op_name, .after = close_fd, .right = ANY },
	[SUPPLY_COPY] = { before_source, op_supply_copy, .after = after_drop },
	[SUPPLY_FILE] = { before_source, op_supply_file, .after = after_drop },
	[SUPPLY_ZERO] = { before_source, op_supply_zero, .after = after_drop },
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
	[LOCK_CLEAN] = { dirty_some, op_lock, .arg = arg_clean,
			 .after = after_lock },
	[LOCK_FLUSH] = { dirty_some, op_lock, .arg = arg_clean_flush,
			 .after = after_lock },
	[RING_FETCH] = { before_receive, op_ring_fetch,
			 .after = after_ring_fetch },
	[RING_COMMIT] = { before_answer, op_ring_commit, .arg = arg_commit,
			  .after = after_answer },
	[RING_ANSWER] = { before_answer, op_ring_commit, .arg = arg_answer,
			  .after = after_ring_answer },
	[NODE_OPEN] = { .client = do_open, .arg = arg_open,
			.after = client_close, .right = ANY },
	[MAP] = { .client = do_map, .arg = arg_map, .after = client_unmap,
		  .right = ANY },
	[FORK] = { .before = supply_all, .client = do_fork },
	[READ_FAULT_HERE] = { .before = supply_all, .client = do_load,
			      .arg = arg_first_page, .right = ANY },
	[READ_FAULT_ABSENT] = { .before = drop_all, .client = do_load,
				.arg = arg_first_page, .right = ANY },
	[WRITE_FAULT_HERE] = { .before = supply_all, .client = do_store,
			       .arg = arg_first_page },
	[WRITE_FAULT_ABSENT] = { .before = drop_all, .client = do_store,
				 .arg = arg_first_page },
	[PRIVATE_FAULT] = { .before = before_private, .client = do_store,
			    .arg = arg_private },
	[PREAD_HERE] = { .before = supply_all, .client = do_pread,
			 .arg = arg_buffer, .right = 2 * CLUSTER },
	[PREAD_ABSENT] = { .before = drop_all, .client = do_pread,
			   .arg = arg_buffer, .right = 2 * CLUSTER },
	[PWRITE_HERE] = { .before = supply_all, .client = do_pwrite,
			  .arg = arg_buffer, .right = 2 * CLUSTER },
	[PWRITE_ABSENT] = { .before = drop_all, .client = do_pwrite,
			    .arg = arg_buffer, .right = 2 * CLUSTER },
	[FSYNC] = { .before = dirty_some, .client = do_fsync,
		    .arg = arg_object },
	[MSYNC] = { .before = dirty_some, .client = do_msync,
		    .arg = arg_msync },
};

static void test_op(void)
{
	open_with(BY_IOCTL);
	if (tap_variant >= RING_FETCH && tap_variant <= RING_ANSWER)
		pager_ring_setup(&s.p);
	if (tap_variant == NODE_OPEN)
		CHECK_IS(object_publish(&s.p, &s.o, "fail-nth", 0666), 0);
	sweep(&ops[tap_variant]);
}

#define OP(n, v)	{ .name = n, .run = test_op, .variant = v }

static const struct tap_test tests[] = {
	OP("open", OPEN),
	OP("register", REGISTER),
	OP("array", ARRAY),
	OP("create", CREATE),
	OP("publish", PUBLISH),
	OP("destroy", DESTROY),
	OP("name", NAME),
	{ .name = "others", .run = test_book },
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
	OP("node-open", NODE_OPEN),
	OP("map", MAP),
	OP("fork", FORK),
	OP("read-fault-here", READ_FAULT_HERE),
	OP("read-fault-absent", READ_FAULT_ABSENT),
	OP("write-fault-here", WRITE_FAULT_HERE),
	OP("write-fault-absent", WRITE_FAULT_ABSENT),
	OP("private-fault", PRIVATE_FAULT),
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
