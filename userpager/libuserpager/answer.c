// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libuserpager - requests that another thread answers, after their operation.
 */
#include <errno.h>

#include "pager_priv.h"

void pager_detach(struct pager_request *req)
{
	/* the worker has to hear when the slot can be armed again */
	req->queue->detached = true;
	if (req->queue->session->transport == PAGER_TRANSPORT_RING)
		pager_ring_arm_bell(req->queue);
}

static int end_by_ioctl(struct pager_request *req)
{
	struct mach_pager_answer answer;

	pager_request_fill(req, &answer);
	return pager_ioctl(req->queue->session->fd, MACH_PAGER_ANSWER, &answer);
}

int pager_answer(struct pager_request *req, int err)
{
	struct pager_session *session = req->queue->session;
	struct pager *pager = req->pager;
	int last, first;

	/* a slot that was ended may at once hold another request */
	req->pager = NULL;
	pager_request_finish(req, err);
	first = end_by_ioctl(req);
	last = first;
	while (last && last != ESTALE && last != ENODEV &&
	       ++req->refusals < PAGER_REFUSALS_MAX) {
		pager_request_refuse(req, first);
		last = end_by_ioctl(req);
	}
	if (session->transport == PAGER_TRANSPORT_RING)
		pager_ring_rearm(req);
	else
		pager_receive_rearm(req);
	pager_put(pager);
	return first;
}
