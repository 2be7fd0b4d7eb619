// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libhurdpager - queues of things that begin with a link.
 */
#include "hurd_priv.h"

void hurd_queue_init(struct hurd_queue *queue)
{
	queue->first = NULL;
	queue->last = &queue->first;
}

void hurd_queue_add(struct hurd_queue *queue, void *item)
{
	*(void **)item = NULL;
	*queue->last = item;
	queue->last = item;
}

void *hurd_queue_take(struct hurd_queue *queue)
{
	void **item = queue->first;

	if (!item)
		return NULL;
	queue->first = *item;
	if (!queue->first)
		queue->last = &queue->first;
	return item;
}
