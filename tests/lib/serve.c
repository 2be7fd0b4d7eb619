// SPDX-License-Identifier: GPL-2.0-only
/* A pager in a process of its own, and the object in memory that it serves. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "serve.h"
#include "tap.h"

/* In the pager's process. */
static struct test_pager pager;
static struct test_object object;
static struct test_request held[MACH_PAGER_DEPTH_MAX];
static bool told;		/* the size that it has is the pager's own word */

static uint64_t round_page(uint64_t bytes)
{
	return (bytes + PAGE - 1) / PAGE * PAGE;
}

struct serve *serve_resizable(uint64_t size, uint64_t room, uint32_t cluster,
			      uint32_t seed)
{
	struct serve *s = shared_alloc(sizeof(*s));

	s->setup.transport = tap_variant;
	s->size = size;
	s->room = round_page(room);
	s->cluster = cluster;
	s->flags = MACH_CREATE_RESIZABLE;
	s->store = shared_alloc(s->room);
	pattern_fill(s->store, 0, size, seed);
	return s;
}

struct serve *serve_new(uint64_t size, uint32_t cluster, uint32_t seed)
{
	struct serve *s = serve_resizable(size, size, cluster, seed);

	s->flags = 0;
	return s;
}

static bool is_late(const struct test_request *r)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec >= r->m.deadline_ns;
}

/* What was held may have ended at its deadline. */
static void check_answer(const struct test_request *r, long err)
{
	CHECK(!err || (err == -ESTALE && is_late(r)), "an answer: %s",
	      tap_result(err));
}

static void reply(const struct test_request *r, struct mach_part part)
{
	check_answer(r, pager_reply(&pager, r, &part, 1, false));
}

/* Counted before they are answered: who sees the answer sees the count. */
static void supply(struct serve *s, const struct test_request *r)
{
	s->requests++;
	if (s->fail_read)
		reply(r, part_error(r->m.mandatory / PAGE * PAGE, PAGE,
				    s->fail_read));
	else
		reply(r, part_copy(r->m.offset, r->m.length,
				   s->store + r->m.offset));
}

/* But for what was cut since it was sent */
static void collect(struct serve *s, const struct test_request *r)
{
	uint64_t length = 0;

	if (r->m.offset < s->size)
		length = s->size - r->m.offset;
	if (length > r->m.length)
		length = r->m.length;
	if (length)
		check_answer(r, pager_collect(&pager, r, r->m.offset, length,
					      s->store + r->m.offset));
	reply(r, part_done(r->m.offset, r->m.length));
}

/* Before a client's wish to cut is sent, what may be cut off has come home. */
static void check_return(const struct serve *s, const struct test_request *r)
{
	uint64_t end = r->m.offset + r->m.length;

	CHECK(told || end <= s->size || is_late(r),
	      "a return up to 0x%llx of 0x%llx", (unsigned long long)end,
	      (unsigned long long)s->size);
}

static void take(struct serve *s, const struct test_request *r)
{
	check_return(s, r);
	s->returns++;
	if (s->fail_write)
		reply(r, part_error(r->m.offset, r->m.length, s->fail_write));
	else
		collect(s, r);
}

static void synchronize(struct serve *s, const struct test_request *r)
{
	struct mach_part part = part_done(0, PAGE);

	s->syncs++;
	if (s->fail_sync)
		part = part_error(0, PAGE, s->fail_sync);
	reply(r, part);
}

static void cut_store(struct serve *s, uint64_t size)
{
	if (size < s->size)
		memset(s->store + size, 0, s->room - size);
	s->size = size;
}

static void set_size(struct serve *s, const struct test_request *r)
{
	uint64_t most = r->m.mandatory;
	int err = s->fail_size;

	if (r->m.flags & MACH_MSG_ALLOCATE && r->m.offset + r->m.length > most)
		most = r->m.offset + r->m.length;
	if (!err && most > s->room)
		err = ENOSPC;
	if (!err) {
		told = told && r->m.mandatory >= s->size;
		cut_store(s, r->m.mandatory);
	}
	s->sizes++;
	reply(r, err ? part_error(0, PAGE, err) : part_done(0, PAGE));
}

static void resize(struct serve *s)
{
	CHECK_IS(object_resize(&pager, &object, s->resize_to), 0);
	cut_store(s, s->resize_to);
	told = true;
	s->resize = false;
}

static void answer(struct serve *s, const struct test_request *r)
{
	switch (r->m.operation) {
	case MACH_OP_DATA_REQUEST:
		supply(s, r);
		break;
	case MACH_OP_DATA_RETURN:
		take(s, r);
		break;
	case MACH_OP_SYNCHRONIZE:
		synchronize(s, r);
		break;
	case MACH_OP_SET_SIZE:
		set_size(s, r);
		break;
	case MACH_OP_TERMINATE:
		s->terminates++;
		pager_reply_none(&pager, r);
		break;
	default:
		pager_reply_none(&pager, r);
	}
}

static bool is_held(const struct serve *s, const struct test_request *r)
{
	return s->hold & SERVE_HOLD(r->m.operation);
}

static void answer_or_hold(struct serve *s, const struct test_request *r)
{
	if (is_held(s, r))
		held[s->held++] = *r;
	else
		answer(s, r);
}

static void let_go(struct serve *s)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < s->held; i++)
		if (is_held(s, &held[i]))
			held[kept++] = held[i];
		else
			answer(s, &held[i]);
	s->held = kept;
}

/* More are asked for than are served at a time: some are refused. */
static void harass(const struct serve *s)
{
	uint64_t pages = s->room / PAGE;
	struct mach_pager_lock l = {
		.size = sizeof(l),
		.flags = s->harass,
		.object = object.number,
		.offset = rand() % pages * PAGE,
	};
	long err;

	err = vm_ioctl(pager.fd, MACH_PAGER_LOCK_REQUEST, &l);
	CHECK(!err || err == -EAGAIN, "a lock request is %ld", err);
}

static void lock_all(struct serve *s)
{
	struct mach_pager_lock l = {
		.size = sizeof(l),
		.flags = s->lock,
		.object = object.number,
	};

	CHECK_IS(vm_ioctl(pager.fd, MACH_PAGER_LOCK_REQUEST, &l), 0);
	s->lock = 0;
}

static long serve_open(const uint64_t *arg)
{
	struct serve *s = (struct serve *)(uintptr_t)arg[0];

	pager_open(&pager, &s->setup);
	object_create(&pager, &object, s->size, s->cluster, s->flags);
	/* The name may still be that of a pager that is dying. */
	if (s->name[0])
		CHECK_WAIT(!object_publish(&pager, &object, s->name, 0), 2000,
			   "cannot publish %s", s->name);
	return object.fd;
}

/* A late answer's end on the ring, which leaves the slot free. */
static void fetch_again(const struct test_request *r)
{
	struct mach_pager_answer cmd = pager_fetch(r->queue, r->tag);

	pager_post(&pager, MACH_RING_FETCH, &cmd);
}

static long serve_next(struct serve *s)
{
	struct test_request r;
	long err;

	/* without a free slot RECEIVE would not wait */
	if (s->held == pager.queues * pager.depth) {
		tap_pause_ms(1);
		return -ETIMEDOUT;
	}
	err = pager_next(&pager, &r, 20);
	if (!err)
		answer_or_hold(s, &r);
	if (err == -ESTALE && pager.transport == BY_RING) {
		fetch_again(&r);
		return 0;
	}
	return err;
}

static long serve_loop(const uint64_t *arg)
{
	struct serve *s = (struct serve *)(uintptr_t)arg[0];
	long err;

	/* It must not keep the object from being terminated. */
	close(object.fd);
	while (!s->stop) {
		err = serve_next(s);
		if (!err && s->harass)
			harass(s);
		else if (err && err != -ETIMEDOUT)
			return err;
		if (s->lock)
			lock_all(s);
		if (s->resize)
			resize(s);
		let_go(s);
	}
	pager_close(&pager);
	return 0;
}

void serve_start(struct serve *s)
{
	long fd;

	actor_start(&s->actor, 1);
	fd = actor_do(&s->actor, serve_open, (uintptr_t)s);
	CHECK(fd >= 0, "the pager did not start: %s", tap_result(fd));
	s->fd = actor_fd(&s->actor, fd);
	actor_begin(&s->actor, 0, serve_loop, (uintptr_t)s);
}

void serve_stop(struct serve *s)
{
	s->stop = true;
	CHECK_IS(actor_end(&s->actor, 0), 0);
	actor_stop(&s->actor);
}

void serve_kill(struct serve *s)
{
	actor_kill(&s->actor);
}
