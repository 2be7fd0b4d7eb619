// SPDX-License-Identifier: GPL-2.0-only
/* Repeating a deed with each of its allocations failing once. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include "sweep.h"
#include "tap.h"

#define NTH_MAX		3000

struct scene scene;
struct fail_call *sweep_call;

/* The pager's part of a client's deed. */

void sweep_answer(const struct test_request *q)
{
	static uint8_t taken[SWEEP_SIZE];

	switch (q->m.operation) {
	case MACH_OP_DATA_REQUEST:
		pager_reply_one(&scene.p, q, part_pattern(q->m.offset,
							  q->m.length, 1));
		break;
	case MACH_OP_DATA_RETURN:
		pager_take(&scene.p, q, taken);
		break;
	case MACH_OP_SYNCHRONIZE:
	case MACH_OP_SET_SIZE:
		pager_reply_one(&scene.p, q, part_done(0, PAGE));
		break;
	default:
		pager_reply_none(&scene.p, q);
	}
}

void sweep_serve(unsigned int thread)
{
	struct test_request q;
	long end = tap_now_ms() + WAIT_MS;

	while (actor_waits(&scene.a, thread, 1)) {
		CHECK(tap_now_ms() < end, "no end of what the client does");
		if (!pager_next(&scene.p, &q, 0))
			sweep_answer(&q);
	}
}

long sweep_client(actor_fn fn, const uint64_t *arg)
{
	actor_begin_args(&scene.a, 0, fn, arg);
	sweep_serve(0);
	return actor_end(&scene.a, 0);
}

/* Forget all pages, and what was written to them. */
void sweep_drop_all(void)
{
	struct mach_pager_lock l = {
		.size = sizeof(l), .object = scene.o.number,
		.flags = MACH_LOCK_FLUSH,
	};

	CHECK_IS(vm_ioctl(scene.p.fd, MACH_PAGER_LOCK_REQUEST, &l), 0);
	CHECK_WAIT(object_info(scene.o.fd).resident == 0, WAIT_MS,
		   "%llu pages stay", object_info(scene.o.fd).resident);
}

void sweep_after_drop(long result)
{
	(void)result;
	sweep_drop_all();
}

static void unmap_pages(void)
{
	CHECK_IS(SWEEP_CLIENT(do_madvise, scene.map, SWEEP_SIZE, MADV_DONTNEED), 0);
}

void sweep_supply(void)
{
	sweep_drop_all();
	scene_resident(&scene, 0, SWEEP_CLUSTER, 1);
	unmap_pages();
}

void sweep_dirty(void)
{
	sweep_supply();
	CHECK_IS(SWEEP_CLIENT(do_store, scene.map + PAGE, 7), 0);
}

/* The sweep itself. */

static long attempt(const struct sweep_op *op, unsigned int nth)
{
	memset(sweep_call, 0, sizeof(*sweep_call));
	sweep_call->fn = op->client ? op->client : op->fn;
	sweep_call->nth = nth;
	if (op->arg)
		op->arg(sweep_call->arg);
	if (op->client)
		CHECK_IS(SWEEP_CLIENT(do_fail_nth, (uintptr_t)sweep_call), 0);
	else
		fail_nth_call(sweep_call);
	return sweep_call->result;
}

static bool right(const struct sweep_op *op, long result)
{
	return op->right == SWEEP_ANY ? result >= 0 : result == op->right;
}

/* No memory, in the words of calls, of the ring, of faults; or a part only. */
static bool clean(const struct sweep_op *op, long result)
{
	return result == -ENOMEM || result == -EAGAIN ||
	       result == TAP_SIGNAL(SIGBUS) ||
	       (result == TAP_SIGNAL(SIGSEGV) && op->may_segv) ||
	       (result == -EFAULT && op->by_kernel) ||
	       (result > 0 && result < op->right);
}

static bool same_pages(const struct mach_object_info *a,
		       const struct mach_object_info *b)
{
	return a->resident == b->resident && a->dirty == b->dirty &&
	       a->state == b->state && a->pageins == b->pageins;
}

static void check_failure(const struct sweep_op *op, unsigned int nth,
			  const struct mach_object_info *was)
{
	struct mach_object_info is = object_info(scene.o.fd);
	long result = sweep_call->result;

	CHECK(sweep_call->injected && clean(op, result),
	      "%s with allocation %u %s", tap_result(result), nth,
	      sweep_call->injected ? "failing" : "still to come");
	/* where the pager has a part in it, pages may have come all the same */
	CHECK(same_pages(was, &is) || (op->client && op->before),
	      "%s at allocation %u, but %llu pages resident and %llu dirty, not %llu and %llu",
	      tap_result(result), nth, is.resident, is.dirty, was->resident,
	      was->dirty);
	CHECK(right(op, attempt(op, 0)), "%s the second time, after %s at %u",
	      tap_result(sweep_call->result), tap_result(result), nth);
}

void sweep(const struct sweep_op *op)
{
	struct mach_object_info was;
	unsigned int nth, failures = 0;
	bool injected = true;

	for (nth = 1; injected; nth = fail_next(nth)) {
		CHECK(nth < NTH_MAX, "no end after %d allocations", NTH_MAX);
		if (op->before)
			op->before();
		was = object_info(scene.o.fd);
		attempt(op, nth);
		injected = sweep_call->injected;
		if (!right(op, sweep_call->result)) {
			failures++;
			check_failure(op, nth, &was);
		}
		if (op->after)
			op->after(sweep_call->result);
	}
	tap_note("less than %u allocations, %u failures", nth, failures);
	sweep_drop_all();
	CHECK_IS(SWEEP_CLIENT(do_load, scene.map), *(uint8_t *)(uintptr_t)
		 part_pattern(0, PAGE, 1).source);
}

void sweep_open(enum transport transport)
{
	struct pager_setup setup = { .transport = transport };

	fail_nth_setup();
	sweep_call = shared_alloc(sizeof(*sweep_call));
	scene_open(&scene, &setup, SWEEP_SIZE, SWEEP_CLUSTER, 2);
}

void sweep_open_resizable(enum transport transport)
{
	struct pager_setup setup = { .transport = transport };

	fail_nth_setup();
	sweep_call = shared_alloc(sizeof(*sweep_call));
	scene_open_resizable(&scene, &setup, SWEEP_SIZE, SWEEP_SIZE,
			     SWEEP_CLUSTER, 2);
}
