/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * machpagerd - a store served as a memory object.
 */
#ifndef MACHPAGERD_SERVE_H
#define MACHPAGERD_SERVE_H

#include <pthread.h>
#include <stdatomic.h>

#include <userpager/pager.h>
#include <store.h>

/**
 * struct service - A store and its object.
 * @store: open
 * @copy: do not let the kernel read and write the store's file
 * @pager: the object, once made
 * @cleaning: a write-back is under way
 * @resizing: held while the store's size is changed
 */
struct service {
	struct store store;
	bool copy;
	struct pager *pager;
	atomic_bool cleaning;
	pthread_mutex_t resizing;
};

extern const struct pager_ops service_ops;

/* Another size is wanted, see pager_create_resizable(). */
int service_set_size(struct pager *pager, struct pager_request *req);

/* Begin to write modified data back, unless that is under way. 0 or errno. */
int service_clean(struct service *service);

/* Write all back and make it durable; errors are reported. 0 or errno. */
int service_finish(struct service *service, int timeout_ms);

#endif /* MACHPAGERD_SERVE_H */
