/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libhurdpager - what its files share.
 *
 * A bucket has one session of libuserpager. The session's thread hands each request
 * to its pager's queue; ten workers take pagers that have requests, one request at
 * a time, so that those of one pager are served in order.
 *
 * The functions below stand as their files do, from the ground up.
 */
#ifndef _HURDPAGER_PRIV_H
#define _HURDPAGER_PRIV_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <hurd/pager.h>

#include "session.h"

#define HURD_WORKERS	10
#define HURD_DEPTH	128
#define HURD_PAGE	4096UL

/**
 * struct hurd_task - A request in its pager's queue
 * @next: the one after it
 * @pager: whose
 * @request: the request, detached
 */
struct hurd_task {
	struct hurd_task *next;
	struct pager *pager;
	struct pager_request *request;
};

/**
 * struct hurd_queue - Things in order, linked by their first member
 * @first: the next to go
 * @last: where to append
 */
struct hurd_queue {
	void *first;
	void **last;
};

/**
 * struct pager - A pager; a port
 * @next_ready: in the bucket's @ready, while @queued
 * @bucket: its bucket
 * @next: in the bucket's @pagers
 * @upi: the program's pointer
 * @hard: references; this and what follows under the bucket's lock
 * @weak: weak references
 * @served: the kernel has an object of it, and can send requests
 * @leaving: our right to the object is gone
 * @asking: pager_dropweak() runs
 * @tasks: requests to be served
 * @queued: it is in the bucket's @ready, or a worker has it
 * @lock: write: @object changes; read: it is used
 * @object: the session's object, made when it is first needed, or NULL
 * @shut: pager_shutdown() was called
 * @may_cache: as told
 * @copy_strategy: as told
 * @errors_lock: guards @errors
 * @errors: pages whose latest read failed, a tree of tsearch(3)
 */
struct pager {
	struct pager *next_ready;
	struct port_bucket *bucket;
	struct pager *next;
	struct user_pager_info *upi;

	unsigned int hard;
	unsigned int weak;
	bool served;
	bool leaving;
	bool asking;
	struct hurd_queue tasks;
	bool queued;

	pthread_rwlock_t lock;
	struct session_object *object;
	bool shut;
	boolean_t may_cache;
	memory_object_copy_strategy_t copy_strategy;

	pthread_mutex_t errors_lock;
	void *errors;
};

/**
 * struct pager_requests - The workers of a bucket; under its lock
 * @bucket: its bucket
 * @started: they run
 * @busy: requests that came before an inhibition and are not done
 * @inhibited: what comes now waits in @later
 * @later: pagers' requests, as struct hurd_task
 */
struct pager_requests {
	struct port_bucket *bucket;
	bool started;
	unsigned int busy;
	bool inhibited;
	struct hurd_queue later;
};

/**
 * struct port_bucket - Pagers and who serves them
 * @lock: guards what follows; no other lock is taken under it
 * @changed: something of it changed
 * @work: a pager was added to @ready
 * @session: made with the first pager or the workers, then constant
 * @pagers: all
 * @closed: ports_count_bucket(): no pager may be made
 * @ready: pagers with requests that no worker has
 * @requests: the workers
 */
struct port_bucket {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_cond_t work;
	struct pager_session *session;
	struct pager *pagers;
	bool closed;
	struct hurd_queue ready;
	struct pager_requests requests;
};

/* The pager whose function this thread runs, or NULL */
extern _Thread_local struct pager *hurd_serving;

/* queue.c */
void hurd_queue_init(struct hurd_queue *queue);
void hurd_queue_add(struct hurd_queue *queue, void *item);
void *hurd_queue_take(struct hurd_queue *queue);

/* errors.c: of an errno, what libpager keeps; and of a page, what was kept */
error_t hurd_plain_error(error_t err);
void hurd_mark_error(struct pager *pager, vm_offset_t page, error_t err);
void hurd_forget_errors(struct pager *pager);

/* ports.c; hurd_settle() with the bucket's lock, which it gives back */
void hurd_enter_port(struct pager *pager);
void hurd_settle(struct pager *pager);
error_t hurd_bucket_session(struct port_bucket *bucket);

/* serve.c: runs the program's functions */
void hurd_serve(struct pager *pager, struct pager_request *request);

/* demuxer.c */
extern const struct pager_ops hurd_pager_ops;

/* object.c: 0, with @pager's lock held for reading, or an errno without */
error_t hurd_use_object(struct pager *pager);
void hurd_release_object(struct pager *pager);

#endif /* _HURDPAGER_PRIV_H */
