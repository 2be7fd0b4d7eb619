/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * machbench - a pager on the bare interface: the least that user space must do.
 */
#ifndef BENCH_RAW_H
#define BENCH_RAW_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>

#include <linux/mach_pager.h>

#define RAW_DEPTH 8

/**
 * struct raw_pager - The pager.
 * @fd: the pager's descriptor
 * @file: the store
 * @copy: supply from a buffer, not from @file
 * @object: the object's number
 * @cluster: bytes of a full request
 * @queues: number of queues
 * @flushed: posted when a lock request is completed
 * @started: posted by each worker that is ready
 */
struct raw_pager {
	int fd;
	int file;
	bool copy;
	__u32 object;
	size_t cluster;
	unsigned int queues;
	sem_t flushed;
	sem_t started;
};

/**
 * struct raw_worker - A thread and its queue.
 * @pager: whose it is
 * @queue: number of the queue
 * @messages: the queue's array
 * @buffers: RAW_DEPTH clusters of memory, for copying
 */
struct raw_worker {
	struct raw_pager *pager;
	unsigned int queue;
	const struct mach_message *messages;
	char *buffers;
};

/* raw_answer.c */
void raw_die(const char *what, int error) __attribute__((noreturn));
unsigned int raw_answer(struct raw_worker *worker, unsigned int tag,
			const struct mach_message *message,
			struct mach_part *part);

/* raw_ring.c, raw_ioctl.c */
void *raw_ring_worker(void *worker);
void *raw_ioctl_worker(void *worker);

#endif /* BENCH_RAW_H */
