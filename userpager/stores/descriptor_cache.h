/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Stores: descriptors of many files, of which few are open at once.
 */
#ifndef _USERPAGER_DESCRIPTOR_CACHE_H
#define _USERPAGER_DESCRIPTOR_CACHE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/**
 * struct descriptor - A file that is opened when it is wanted; in what it is of.
 * @newer: idle: the next that was let go after this one
 * @older: idle: the one before
 * @fd: the descriptor, or -1
 * @users: who have got it and not put it back
 * @opening: somebody opens it
 * @idle_since: as the clock of the cache says; while it is open and idle
 *
 * All under the cache's lock.
 */
struct descriptor {
	struct descriptor *newer;
	struct descriptor *older;
	int fd;
	unsigned int users;
	bool opening;
	int64_t idle_since;
};

/**
 * struct descriptor_cache - What all descriptors share.
 * @lock: guards what follows, and every struct descriptor
 * @changed: one was put back, opened or closed
 * @most: as many may be open at once
 * @open: as many are, or are about to be
 * @evicted: closed so far to make room
 * @idle: head of the ring of those that are open and idle, the newest first
 */
struct descriptor_cache {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned int most;
	unsigned int open;
	unsigned long evicted;
	struct descriptor idle;
};

void descriptor_cache_init(struct descriptor_cache *cache, unsigned int most);

/* No descriptor is open any more. */
void descriptor_cache_destroy(struct descriptor_cache *cache);

void descriptor_init(struct descriptor *descriptor);

/**
 * descriptor_get - A file's descriptor, which stays open until descriptor_put().
 * @cache: its cache
 * @descriptor: the file
 * @open: opens it: a descriptor or a negative errno; under no lock
 * @file: for @open
 * @fd: out: the descriptor
 *
 * Waits until there is room: a thread has one descriptor at a time, then that comes.
 *
 * Return: 0 or an errno of @open. EMFILE and ENFILE are returned only if no other
 * descriptor of the cache is open.
 */
int descriptor_get(struct descriptor_cache *cache,
		   struct descriptor *descriptor, int (*open)(void *file),
		   void *file, int *fd);

void descriptor_put(struct descriptor_cache *cache,
		    struct descriptor *descriptor);

/* Its file is about to go; nobody has got it. */
void descriptor_close(struct descriptor_cache *cache,
		      struct descriptor *descriptor);

/* Close what has been idle for @milliseconds. */
void descriptor_cache_trim(struct descriptor_cache *cache,
			   int64_t milliseconds);

#endif /* _USERPAGER_DESCRIPTOR_CACHE_H */
