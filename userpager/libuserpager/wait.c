// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libuserpager - waiting for the session to change, and who must not wait.
 */
#include <pthread.h>
#include <sys/eventfd.h>
#include <time.h>

#include "pager_priv.h"

_Thread_local struct pager_queue *pager_this_worker;

/* CLOCK_MONOTONIC nanoseconds; UINT64_MAX is never. */
uint64_t pager_deadline(int timeout_ms)
{
	struct timespec now;

	if (timeout_ms < 0)
		return UINT64_MAX;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec +
		timeout_ms * 1000000ULL;
}

/* Under the session's lock. */
int pager_cond_wait(struct pager_session *session, uint64_t deadline)
{
	struct timespec until = {
		.tv_sec = deadline / 1000000000ULL,
		.tv_nsec = deadline % 1000000000ULL,
	};

	if (deadline == UINT64_MAX)
		return pthread_cond_wait(&session->changed, &session->lock);
	return pthread_cond_timedwait(&session->changed, &session->lock,
				      &until);
}

void pager_count_down(struct pager_session *session, unsigned int *count,
		      int err)
{
	pthread_mutex_lock(&session->lock);
	if (err && !session->error)
		session->error = err;
	--*count;
	if (!session->running)
		eventfd_write(session->event_fd, 1);
	pthread_cond_broadcast(&session->changed);
	pthread_mutex_unlock(&session->lock);
}

void pager_worker_started(struct pager_queue *queue, int err)
{
	pager_count_down(queue->session, &queue->session->starting, err);
}
