/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libuserpager - a transport: how requests come to a worker, and how calls go to
 * the kernel.
 *
 * An implementation is a file with one constant table, and a line in transport.c.
 * What it keeps of a queue hangs on the queue's @transport.
 */
#ifndef _USERPAGER_TRANSPORT_H
#define _USERPAGER_TRANSPORT_H

#include "pager_priv.h"

/**
 * struct transport - One way for requests and answers.
 * @kind: what programs call it
 * @probe: 0, or the errno that says why this host does not have it
 * @serve: a worker's life: pager_worker_started() as soon as it can serve, or
 *	cannot; then pager_dispatch() with each request, until pager_stopping().
 *	0 or what made it give up
 * @rearm: another thread has answered the request, so that its slot can take
 *	the next. From any thread
 * @detached: the running operation has detached its request, so that @rearm will
 *	come. From the worker. May be NULL
 * @wake: the session stops: the worker must not sleep on. From any thread. May
 *	be NULL
 * @call: one of the module's calls; 0 or an errno. From any thread
 */
struct transport {
	enum pager_transport kind;
	int (*probe)(void);
	int (*serve)(struct pager_queue *queue);
	void (*rearm)(struct pager_request *req);
	void (*detached)(struct pager_queue *queue);
	void (*wake)(struct pager_queue *queue);
	int (*call)(int fd, unsigned long call, void *arg);
};

/* All that there are */
extern const struct transport pager_ring_transport;
extern const struct transport pager_receive_transport;

/* A call on the pager descriptor: 0 or an errno. */
static inline int pager_call(struct pager_session *session, unsigned long call,
			     void *arg)
{
	return session->transport->call(session->fd, call, arg);
}

/* transport.c: the one of that kind, or the best that this host has. */
int pager_transport_choose(enum pager_transport wish,
			   const struct transport **transport);

#endif /* _USERPAGER_TRANSPORT_H */
