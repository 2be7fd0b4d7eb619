// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libuserpager - requests by ioctl, for hosts where io_uring is switched off.
 * Still one system call a request: each receive carries the answer before it.
 */
#include <errno.h>
#include <string.h>

#include "transport.h"

static void rearm(struct pager_request *req)
{
	struct pager_session *session = req->queue->session;

	pthread_mutex_lock(&session->lock);
	atomic_fetch_add(&req->queue->answers, 1);
	pthread_cond_broadcast(&session->changed);
	pthread_mutex_unlock(&session->lock);
}

/* Every slot is detached: wait until somebody answers. */
static void await_answer(struct pager_queue *queue, unsigned long before)
{
	struct pager_session *session = queue->session;

	pthread_mutex_lock(&session->lock);
	while (atomic_load(&queue->answers) == before &&
	       !pager_stopping(session))
		pthread_cond_wait(&session->changed, &session->lock);
	pthread_mutex_unlock(&session->lock);
}

/*
 * The next request, with the answer to @req (or NULL) on the way. EINTR is not
 * seen: if the answer had gone through, repeating it is ESTALE.
 */
static int receive(struct pager_queue *queue, const struct pager_request *req,
		   struct pager_request **next)
{
	struct mach_pager_receive receive;
	int err;

	memset(&receive, 0, sizeof(receive));
	receive.size = sizeof(receive);
	receive.queue = queue->index;
	if (req) {
		receive.flags = MACH_RECEIVE_ANSWER;
		pager_request_fill(req, &receive.answer);
	}
	err = pager_call(queue->session, MACH_PAGER_RECEIVE, &receive);
	if (err)
		return err;
	*next = &queue->slots[receive.tag];
	(*next)->message = queue->array[receive.tag];
	return 0;
}

/* What is to be answered next, after a receive that carried @req failed. */
static struct pager_request *after_refusal(struct pager_request *req, int err)
{
	if (err == ESTALE || err == ENODEV || err == EBUSY || err == ETIMEDOUT)
		return NULL;
	return pager_dispatch_refused(req, err) ? req : NULL;
}

static int serve(struct pager_queue *queue)
{
	struct pager_request *req = NULL, *next = NULL;
	unsigned long answers;
	int err;

	pager_worker_started(queue, 0);
	while (!pager_stopping(queue->session)) {
		answers = atomic_load(&queue->answers);
		err = receive(queue, req, &next);
		if (!err)
			req = pager_dispatch(next) ? next : NULL;
		else if (req)
			req = after_refusal(req, err);
		else if (err == EBUSY)
			await_answer(queue, answers);
		else
			return err;
	}
	return 0;
}

static int probe(void)
{
	return 0;
}

const struct transport pager_receive_transport = {
	.kind = PAGER_TRANSPORT_IOCTL,
	.probe = probe,
	.serve = serve,
	.rearm = rearm,
	.call = pager_ioctl,
};
