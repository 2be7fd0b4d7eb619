// SPDX-License-Identifier: GPL-2.0-only
/* A pager's worker threads in the process that uses its object. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "self.h"
#include "tap.h"

static void supply(struct self_worker *w, struct test_request *r)
{
	struct self *self = w->self;

	if (self->before)
		self->before(w, r);
	memcpy(w->buf, self->store + r->m.offset, r->m.length);
	pager_reply_one(&w->p, r,
			part_copy(r->m.offset, r->m.length, w->buf));
}

static void take(struct self_worker *w, struct test_request *r)
{
	CHECK_IS(pager_collect(&w->p, r, r->m.offset, r->m.length, w->buf), 0);
	memcpy(w->self->store + r->m.offset, w->buf, r->m.length);
	pager_reply_one(&w->p, r, part_done(r->m.offset, r->m.length));
}

static void serve(struct self_worker *w, struct test_request *r)
{
	if (r->m.operation == MACH_OP_DATA_REQUEST)
		supply(w, r);
	else if (r->m.operation == MACH_OP_DATA_RETURN)
		take(w, r);
	else if (r->m.operation == MACH_OP_SYNCHRONIZE)
		pager_reply_one(&w->p, r, part_done(0, PAGE));
	else
		pager_reply_none(&w->p, r);
}

static void open_ring(struct self_worker *w)
{
	pager_ring_setup(&w->p);
	for (unsigned int tag = 0; tag < w->p.depth; tag++) {
		struct mach_pager_answer fetch = pager_fetch(w->index, tag);

		pager_post(&w->p, MACH_RING_FETCH, &fetch);
	}
}

static void *work(void *arg)
{
	struct self_worker *w = arg;
	struct test_request r;
	long err;

	if (w->p.transport == BY_RING)
		open_ring(w);
	do {
		err = pager_next(&w->p, &r, 100);
		if (!err)
			serve(w, &r);
	} while (!err || err == -ETIMEDOUT || err == -EINTR);
	CHECK(err == -ENODEV, "a worker gives up: %s", tap_result(err));
	if (w->p.transport == BY_RING)
		io_uring_queue_exit(&w->p.ring);
	return NULL;
}

static void start_worker(struct self *self, unsigned int index)
{
	struct self_worker *w = &self->worker[index];

	w->self = self;
	w->index = self->spare + index;
	w->p = self->p;
	w->buf = malloc(2 * MIB);
	CHECK(w->buf && !pthread_create(&w->thread, NULL, work, w),
	      "no thread");
}

void self_start(struct self *self, uint64_t size, uint32_t cluster,
		uint32_t seed)
{
	self->setup.transport = tap_variant;
	if (!self->workers)
		self->workers = SELF_WORKERS;
	self->setup.queues = self->workers + self->spare;
	self->size = size;
	self->cluster = cluster;
	self->store = malloc(size);
	CHECK(self->store, "no memory");
	pattern_fill(self->store, 0, size, seed);
	CHECK_IS(pager_register(&self->p, &self->setup), 0);
	CHECK_IS(pager_map(&self->p), 0);
	object_create(&self->p, &self->o, size, cluster, 0);
	self->map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
			 self->o.fd, 0);
	CHECK(self->map != MAP_FAILED, "map: %m");
	for (unsigned int i = 0; i < self->workers; i++)
		start_worker(self, i);
}

/* A worker that is about to read a message finds zeros, and not SIGSEGV. */
void self_stop(struct self *self)
{
	for (unsigned int i = 0; i < self->p.queues; i++)
		CHECK(mmap((void *)self->p.array[i], self->p.size, PROT_READ,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) !=
		      MAP_FAILED, "mmap: %m");
	for (unsigned int i = 0; i < self->workers; i++) {
		pthread_join(self->worker[i].thread, NULL);
		free(self->worker[i].buf);
	}
	munmap(self->map, self->size);
	close(self->o.fd);
	close(self->p.fd);
	free(self->store);
}

long self_lock(struct self *self, uint64_t offset, uint64_t length,
	       uint32_t flags)
{
	struct mach_pager_lock lock = {
		.size = sizeof(lock), .object = self->o.number,
		.flags = flags, .offset = offset, .length = length,
	};

	return vm_ioctl(self->p.fd, MACH_PAGER_LOCK_REQUEST, &lock);
}

void self_empty(struct self *self)
{
	CHECK_IS(self_lock(self, 0, 0, MACH_LOCK_CLEAN | MACH_LOCK_FLUSH), 0);
	CHECK_WAIT(!object_info(self->o.fd).resident, WAIT_MS,
		   "pages stay resident");
}
