/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A pager in a process of its own that serves one object out of memory, for
 * tests of what its clients see. The test itself is the client.
 */
#ifndef MACHVM_TESTS_SERVE_H
#define MACHVM_TESTS_SERVE_H

#include "testpager.h"

#define SERVE_HOLD(operation)	(1U << (operation))

/**
 * struct serve - The pager and what it does; in memory shared with it.
 * @setup: how it registers; set before serve_start()
 * @size: bytes of the object; of a resizable one those that it has now
 * @room: bytes that a resizable one can have
 * @cluster: as for MACH_PAGER_CREATE
 * @flags: MACH_CREATE_*
 * @name: to publish under, or empty
 * @store: contents, shared: what the pager supplies and takes back
 * @fail_read: errno to answer data requests with, or 0
 * @fail_write: errno to answer returns with, or 0
 * @fail_sync: errno to answer SYNCHRONIZE with, or 0
 * @fail_size: errno to answer SET_SIZE with, or 0
 * @harass: MACH_LOCK_* to say of a random range after each answer, or 0
 * @lock: MACH_LOCK_* to say of the whole object; 0 again when that is done
 * @resize: the pager makes the object @resize_to bytes large; false again when that
 *	is done
 * @resize_to: bytes
 * @hold: SERVE_HOLD() of operations not to be answered until this is cleared
 * @held: requests not answered so
 * @requests: data requests answered
 * @returns: returns answered
 * @syncs: SYNCHRONIZE answered
 * @sizes: SET_SIZE answered
 * @terminates: TERMINATE answered
 * @stop: tells the pager to end
 * @fd: the object's descriptor, in the test
 * @actor: the process
 */
struct serve {
	struct pager_setup setup;
	volatile uint64_t size;
	uint64_t room;
	uint32_t cluster;
	uint32_t flags;
	char name[64];
	uint8_t *store;
	volatile int fail_read;
	volatile int fail_write;
	volatile int fail_sync;
	volatile int fail_size;
	volatile uint32_t harass;
	volatile uint32_t lock;
	volatile bool resize;
	volatile uint64_t resize_to;
	volatile uint32_t hold;
	volatile unsigned int held;
	volatile unsigned int requests;
	volatile unsigned int returns;
	volatile unsigned int syncs;
	volatile unsigned int sizes;
	volatile unsigned int terminates;
	volatile bool stop;
	int fd;
	struct actor actor;
};

/* With the pattern of @seed as contents; transport from tap_variant. */
struct serve *serve_new(uint64_t size, uint32_t cluster, uint32_t seed);
/* The same, resizable; what is beyond the pattern's @size is zero. */
struct serve *serve_resizable(uint64_t size, uint64_t room, uint32_t cluster,
			      uint32_t seed);
void serve_start(struct serve *s);
/* Let it end in peace; or not. */
void serve_stop(struct serve *s);
void serve_kill(struct serve *s);

#endif /* MACHVM_TESTS_SERVE_H */
