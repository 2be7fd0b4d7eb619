/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process that is its own pager: threads of the test serve an object out of
 * memory, and all other threads of the test are its users.
 */
#ifndef MACHVM_TESTS_SELF_H
#define MACHVM_TESTS_SELF_H

#include <pthread.h>

#include "testpager.h"

#define SELF_WORKERS	4

struct self;

struct self_worker {
	struct self *self;
	unsigned int index;
	pthread_t thread;
	struct test_pager p;
	uint8_t *buf;
};

/**
 * struct self - The process as a pager
 * @setup: how it registers
 * @workers: how many; set before self_start()
 * @spare: the first so many queues are not served
 * @size: bytes of the object
 * @cluster: as for MACH_PAGER_CREATE
 * @store: contents
 * @before: a worker runs it on each data request that it holds, or NULL
 * @p: the pager; each worker has a copy with a ring of its own
 * @o: the object
 * @map: all of it, for reading and writing
 * @worker: the threads
 */
struct self {
	struct pager_setup setup;
	unsigned int workers;
	unsigned int spare;
	uint64_t size;
	uint32_t cluster;
	uint8_t *store;
	void (*before)(struct self_worker *w, struct test_request *r);
	struct test_pager p;
	struct test_object o;
	char *map;
	struct self_worker worker[SELF_WORKERS];
};

/* With the pattern of @seed as contents; transport from tap_variant. */
void self_start(struct self *self, uint64_t size, uint32_t cluster,
		uint32_t seed);
/* Resign, and wait for the workers. */
void self_stop(struct self *self);
/* MACH_LOCK_* for a range, without waiting. */
long self_lock(struct self *self, uint64_t offset, uint64_t length,
	       uint32_t flags);
/* Have all pages of the object gone, the modified ones given back before. */
void self_empty(struct self *self);

#endif /* MACHVM_TESTS_SELF_H */
