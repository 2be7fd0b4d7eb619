// SPDX-License-Identifier: GPL-2.0-only
/*
 * machbench - a pager on the bare interface: requests by ioctl.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "bench.h"
#include "raw.h"

static void answer(struct raw_worker *worker,
		   struct mach_pager_receive *receive)
{
	const struct mach_message *message = &worker->messages[receive->tag];
	struct mach_pager_answer *reply = &receive->answer;

	memset(reply, 0, sizeof(*reply));
	reply->size = sizeof(*reply);
	reply->queue = worker->queue;
	reply->tag = receive->tag;
	reply->generation = message->generation;
	reply->nr_parts = raw_answer(worker, receive->tag, message,
				     &reply->part);
	receive->flags = MACH_RECEIVE_ANSWER;
	receive->tag = 0;
}

void *raw_ioctl_worker(void *argument)
{
	struct raw_worker *worker = argument;
	struct mach_pager_receive receive = {
		.size = sizeof(receive),
		.queue = worker->queue,
	};

	sem_post(&worker->pager->started);
	for (;;) {
		if (ioctl(worker->pager->fd, MACH_PAGER_RECEIVE, &receive))
			raw_die("MACH_PAGER_RECEIVE", errno);
		answer(worker, &receive);
	}
	return NULL;
}
