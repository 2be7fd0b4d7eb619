// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libuserpager - requests that another thread answers, after their operation.
 */
#include <errno.h>

#include "transport.h"

void pager_detach(struct pager_request *req)
{
	const struct transport *transport = req->queue->session->transport;

	req->queue->detached = true;
	if (transport->detached)
		transport->detached(req->queue);
}

static int end_request(struct pager_request *req)
{
	struct mach_pager_answer answer = { 0 };

	pager_request_fill(req, &answer);
	return pager_call(req->queue->session, MACH_PAGER_ANSWER, &answer);
}

int pager_take_over(struct pager_request *req)
{
	struct mach_pager_answer answer = { .flags = MACH_ANSWER_MORE };

	pager_request_name(req, &answer);
	return pager_call(req->queue->session, MACH_PAGER_ANSWER, &answer);
}

int pager_answer(struct pager_request *req, int err)
{
	struct pager_session *session = req->queue->session;
	struct pager *pager = req->pager;
	int last, first;

	pager_request_finish(req, err);
	/* a slot that was ended may at once hold another request */
	req->pager = NULL;
	first = end_request(req);
	last = first;
	while (last && last != ESTALE && last != ENODEV &&
	       ++req->refusals < PAGER_REFUSALS_MAX) {
		pager_request_refuse(req, first);
		last = end_request(req);
	}
	session->transport->rearm(req);
	pager_put(pager);
	return first;
}
