// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libuserpager - from a message to the operation of its object.
 */
#include <errno.h>

#include "pager_priv.h"

static int call_write(struct pager *pager, struct pager_request *req)
{
	return pager->ops->write ? pager->ops->write(pager, req) : EIO;
}

static int call_sync(struct pager *pager, struct pager_request *req)
{
	return pager->ops->sync ? pager->ops->sync(pager, req) : 0;
}

static int call_set_size(struct pager *pager, struct pager_request *req)
{
	return pager->set_size ? pager->set_size(pager, req) : EPERM;
}

static int call_operation(struct pager *pager, struct pager_request *req)
{
	switch (req->message.operation) {
	case MACH_OP_DATA_REQUEST:
		return pager->ops->read(pager, req);
	case MACH_OP_DATA_RETURN:
		return call_write(pager, req);
	case MACH_OP_SYNCHRONIZE:
		return call_sync(pager, req);
	case MACH_OP_SET_SIZE:
		return call_set_size(pager, req);
	case MACH_OP_TERMINATE:
		pager_end(pager);
		return 0;
	case MACH_OP_LIST:
		return pager_list(pager, req);
	default:
		return EIO;
	}
}

/* Whether the answer is in @req now; if not, another thread has the request. */
static bool answered(struct pager_request *req, int err)
{
	struct pager *pager;

	if (req->queue->detached) {
		req->queue->detached = false;
		return false;
	}
	pager = req->pager;
	pager_request_finish(req, err);
	req->pager = NULL;
	pager_put(pager);
	return true;
}

static bool is_name(uint16_t operation)
{
	return operation >= MACH_OP_CREATE && operation <= MACH_OP_SET_ATTRIBUTES;
}

static bool serve_name(struct pager_request *req)
{
	pager_serve_name(req);
	req->queue->detached = false;
	return false;
}

/* Of a listed name, which the module has made an object for; or it has gone. */
static bool dispatch_made(struct pager_request *req)
{
	struct pager_session *session = req->queue->session;
	int err;

	if (!(req->message.cookie & PAGER_COOKIE_LISTED) || !session->listed)
		return true;
	err = pager_made(session, &req->message, &req->pager);
	if (!req->pager) {
		/* an end of which nobody has to hear is answered by nothing */
		if (err != ENOENT)
			pager_request_finish(req, err);
		return true;
	}
	if (!err && is_name(req->message.operation))
		return serve_name(req);
	return answered(req, err ?: call_operation(req->pager, req));
}

bool pager_dispatch(struct pager_request *req)
{
	struct pager_session *session = req->queue->session;

	pager_request_begin(req);
	req->refusals = 0;
	if (req->message.operation == MACH_OP_LOCK_COMPLETED) {
		pager_lock_done(session, req->message.cookie);
		return true;
	}
	req->pager = pager_lookup(session, req->message.cookie);
	if (unlikely(!req->pager))
		return dispatch_made(req);
	if (is_name(req->message.operation))
		return serve_name(req);
	return answered(req, call_operation(req->pager, req));
}

static bool wants_to_know(struct pager *pager, struct pager_request *req)
{
	return pager->ops->refused && req->refusals == 1 &&
		(req->message.operation == MACH_OP_DATA_REQUEST ||
		 req->message.operation == MACH_OP_DATA_RETURN);
}

/* Whose request it is, with a reference; or NULL */
static struct pager *pager_of(struct pager_request *req)
{
	struct pager_session *session = req->queue->session;
	struct pager *pager;

	if (!(req->message.cookie & PAGER_COOKIE_LISTED))
		return pager_lookup(session, req->message.cookie);
	if (!session->listed)
		return NULL;
	pthread_mutex_lock(&session->lock);
	pager = pager_made_find(session, req->message.object);
	pthread_mutex_unlock(&session->lock);
	return pager;
}

/*
 * The kernel refused the answer with @err and the request is still held.
 * False if it is now another thread's, or hopeless.
 */
bool pager_dispatch_refused(struct pager_request *req, int err)
{
	struct pager *pager;

	if (++req->refusals >= PAGER_REFUSALS_MAX) {
		req->queue->lost = err;
		return false;
	}
	pager = pager_of(req);
	if (pager && wants_to_know(pager, req)) {
		pager_request_begin(req);
		req->pager = pager;
		return answered(req, pager->ops->refused(pager, req, err));
	}
	pager_request_refuse(req, err);
	if (pager)
		pager_put(pager);
	return true;
}
