// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libuserpager - a session: the pager descriptor and its queues.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "transport.h"

static void choose_queues(struct pager_session *session,
			  const struct pager_config *config)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int queues = config->queues;

	if (cpus < 1)
		cpus = 1;
	if (!queues)
		queues = cpus < 2 ? 2 : cpus;
	if (!config->queues && queues > MACH_PAGER_QUEUES_MAX)
		queues = MACH_PAGER_QUEUES_MAX;
	session->nr_queues = queues;
	session->depth = config->depth ?: PAGER_DEPTH_DEFAULT;
	session->pin = !config->no_pin && queues == (unsigned long)cpus;
}

static int check_config(const struct pager_config *config)
{
	size_t i;

	if (config->queues > MACH_PAGER_QUEUES_MAX ||
	    config->depth > MACH_PAGER_DEPTH_MAX)
		return EINVAL;
	for (i = 0; i < sizeof(config->reserved); i++) {
		if (config->reserved[i])
			return EINVAL;
	}
	return 0;
}

static int map_array(struct pager_queue *queue, uint64_t stride)
{
	struct pager_session *session = queue->session;
	void *array;

	array = mmap(NULL, session->array_size, PROT_READ, MAP_SHARED,
		     session->fd, (off_t)(queue->index * stride));
	if (array == MAP_FAILED)
		return errno;
	queue->array = array;
	return 0;
}

static int make_queue(struct pager_session *session, unsigned int index,
		      uint64_t stride)
{
	struct pager_queue *queue = &session->queues[index];
	unsigned int tag;

	queue->session = session;
	queue->index = index;
	queue->bell = eventfd(0, EFD_CLOEXEC);
	if (queue->bell < 0)
		return errno;
	queue->slots = calloc(session->depth, sizeof(*queue->slots));
	if (!queue->slots)
		return ENOMEM;
	for (tag = 0; tag < session->depth; tag++) {
		queue->slots[tag].queue = queue;
		queue->slots[tag].tag = tag;
	}
	return map_array(queue, stride);
}

static int make_queues(struct pager_session *session, uint64_t stride)
{
	unsigned int i;
	int err = 0;

	session->queues = calloc(session->nr_queues, sizeof(*session->queues));
	if (!session->queues)
		return ENOMEM;
	for (i = 0; i < session->nr_queues; i++)
		session->queues[i].bell = -1;
	for (i = 0; i < session->nr_queues && !err; i++)
		err = make_queue(session, i, stride);
	return err;
}

static int become_pager(struct pager_session *session,
			const struct pager_config *config)
{
	struct mach_pager_register reg = {
		.size = sizeof(reg),
		.flags = config->single_page ? MACH_PAGER_SINGLE_PAGE : 0,
		.queues = session->nr_queues,
		.depth = session->depth,
		.deadline_ms = config->deadline_ms,
		.message_size = sizeof(struct mach_message),
	};
	int err;

	session->fd = open(MACH_VM_DEVICE, O_RDWR | O_CLOEXEC);
	if (session->fd < 0)
		return errno;
	err = pager_version_check(session) ?:
	      pager_call(session, MACH_PAGER_REGISTER, &reg);
	if (err)
		return err;
	session->array_size = reg.array_size;
	return make_queues(session, reg.array_stride);
}

static struct pager_session *alloc_session(void)
{
	struct pager_session *session = calloc(1, sizeof(*session));
	pthread_condattr_t attr;

	if (!session)
		return NULL;
	session->fd = -1;
	session->event_fd = -1;
	session->page_size = sysconf(_SC_PAGESIZE);
	pthread_mutex_init(&session->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&session->changed, &attr);
	pthread_condattr_destroy(&attr);
	return session;
}

int pager_open(const struct pager_config *config, struct pager_session **out)
{
	static const struct pager_config defaults;
	struct pager_session *session;
	int err;

	if (!config)
		config = &defaults;
	err = check_config(config);
	if (err)
		return err;
	session = alloc_session();
	if (!session)
		return ENOMEM;
	choose_queues(session, config);
	err = pager_transport_choose(config->transport, &session->transport);
	if (err)
		goto err_close;
	session->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (session->event_fd < 0) {
		err = errno;
		goto err_close;
	}
	err = become_pager(session, config);
	if (err)
		goto err_close;
	*out = session;
	return 0;

err_close:
	pager_close(session);
	return err;
}

static void free_queue(struct pager_queue *queue)
{
	unsigned int tag;

	for (tag = 0; queue->slots && tag < queue->session->depth; tag++) {
		struct pager_request *req = &queue->slots[tag];

		if (req->buffer)
			munmap(req->buffer, req->buffer_size);
	}
	free(queue->slots);
	if (queue->array)
		munmap((void *)queue->array, queue->session->array_size);
	if (queue->bell >= 0)
		close(queue->bell);
}

void pager_close(struct pager_session *session)
{
	unsigned int i;

	if (!session)
		return;
	pager_stop(session);
	pager_join_workers(session);
	pager_end_all(session);
	for (i = 0; session->queues && i < session->nr_queues; i++)
		free_queue(&session->queues[i]);
	free(session->queues);
	if (session->fd >= 0)
		close(session->fd);
	if (session->event_fd >= 0)
		close(session->event_fd);
	pager_free_table(session);
	pthread_cond_destroy(&session->changed);
	pthread_mutex_destroy(&session->lock);
	free(session);
}

int pager_event_fd(const struct pager_session *session)
{
	return session->event_fd;
}

enum pager_transport pager_transport_in_use(const struct pager_session *session)
{
	return session->transport->kind;
}

unsigned int pager_queues(const struct pager_session *session)
{
	return session->nr_queues;
}
