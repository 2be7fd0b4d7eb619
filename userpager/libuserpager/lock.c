// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libuserpager - lock requests: cleaning and flushing, and waiting for it.
 *
 * The kernel's LOCK_COMPLETED brings back a number, not an address: who waited
 * may have gone away meanwhile.
 */
#include <errno.h>
#include <stdlib.h>

#include "transport.h"

/*
 * Either somebody sleeps until @done (then it is on his stack), or it is
 * allocated and leads to the lock_completed operation.
 */
struct pager_lock_wait {
	struct pager_lock_wait *next;
	struct pager *pager;
	uint64_t id;
	uint64_t cookie;
	bool sleeper;
	bool done;
	int error;
};

static uint64_t link_wait(struct pager_session *session,
			  struct pager_lock_wait *wait)
{
	uint64_t id;

	pthread_mutex_lock(&session->lock);
	id = ++session->lock_serial;
	wait->id = id;
	wait->next = session->waits;
	session->waits = wait;
	pthread_mutex_unlock(&session->lock);
	return id;
}

/* Under the session's lock; by number, as the wait may be gone already. */
static struct pager_lock_wait *unlink_wait(struct pager_session *session,
					   uint64_t id)
{
	struct pager_lock_wait **link, *wait;

	for (link = &session->waits; *link; link = &(*link)->next) {
		wait = *link;
		if (wait->id == id) {
			*link = wait->next;
			return wait;
		}
	}
	return NULL;
}

static struct pager_lock_wait *take_wait(struct pager_session *session,
					 uint64_t id)
{
	struct pager_lock_wait *wait;

	pthread_mutex_lock(&session->lock);
	wait = unlink_wait(session, id);
	pthread_mutex_unlock(&session->lock);
	return wait;
}

/* Under the session's lock; the sleeper's memory is his again afterwards. */
static void wake_sleeper(struct pager_session *session,
			 struct pager_lock_wait *wait, int err)
{
	wait->error = err;
	wait->done = true;
	pthread_cond_broadcast(&session->changed);
}

void pager_lock_done(struct pager_session *session, uint64_t id)
{
	struct pager_lock_wait *wait;

	pthread_mutex_lock(&session->lock);
	wait = unlink_wait(session, id);
	if (wait && wait->sleeper) {
		wake_sleeper(session, wait, 0);
		wait = NULL;
	}
	pthread_mutex_unlock(&session->lock);
	if (!wait)
		return;
	wait->pager->ops->lock_completed(wait->pager, wait->cookie);
	pager_put(wait->pager);
	free(wait);
}

/* Removes one wait of the object, if there is one that must be freed. */
static struct pager_lock_wait *abort_one(struct pager *pager)
{
	struct pager_lock_wait *wait, *next;

	for (wait = pager->session->waits; wait; wait = next) {
		next = wait->next;
		if (wait->pager != pager)
			continue;
		unlink_wait(pager->session, wait->id);
		if (!wait->sleeper)
			return wait;
		wake_sleeper(pager->session, wait, ENODEV);
	}
	return NULL;
}

void pager_lock_abort(struct pager *pager)
{
	struct pager_lock_wait *wait;

	do {
		pthread_mutex_lock(&pager->session->lock);
		wait = abort_one(pager);
		pthread_mutex_unlock(&pager->session->lock);
		if (wait)
			pager_put(pager);
		free(wait);
	} while (wait);
}

static int send_lock(struct pager *pager, uint64_t offset, uint64_t length,
		     uint32_t flags, uint64_t id)
{
	struct mach_pager_lock lock = {
		.size = sizeof(lock),
		.flags = flags,
		.object = pager->object,
		.offset = offset,
		.length = length,
		.cookie = id,
	};

	return pager_call(pager->session, MACH_PAGER_LOCK_REQUEST, &lock);
}

static int sleep_on(struct pager_session *session, struct pager_lock_wait *wait,
		    uint64_t deadline)
{
	int err = 0;

	pthread_mutex_lock(&session->lock);
	while (!wait->done && !err && !pager_stopping(session))
		err = pager_cond_wait(session, deadline);
	if (wait->done)
		err = wait->error;
	else if (!err)
		err = ENODEV;
	unlink_wait(session, wait->id);
	pthread_mutex_unlock(&session->lock);
	return err;
}

static int lock_and_wait(struct pager *pager, uint64_t offset, uint64_t length,
			 uint32_t flags, int timeout_ms)
{
	struct pager_session *session = pager->session;
	struct pager_lock_wait wait = { .pager = pager, .sleeper = true };
	uint64_t id, deadline = pager_deadline(timeout_ms);
	int err;

	/* this worker might be the one that has to take the data */
	if (pager_this_worker && pager_this_worker->session == session)
		return EDEADLK;
	id = link_wait(session, &wait);
	err = send_lock(pager, offset, length, flags | MACH_LOCK_REPLY, id);
	if (!err)
		return sleep_on(session, &wait, deadline);
	take_wait(session, id);
	return err;
}

static int lock_range(struct pager *pager, uint64_t offset, uint64_t length,
		      uint32_t flags, int timeout_ms)
{
	if (timeout_ms == PAGER_NO_WAIT)
		return send_lock(pager, offset, length, flags, 0);
	return lock_and_wait(pager, offset, length, flags, timeout_ms);
}

int pager_lock_request(struct pager *pager, uint64_t offset, uint64_t length,
		       uint32_t flags, uint64_t cookie)
{
	struct pager_session *session = pager->session;
	struct pager_lock_wait *wait;
	uint64_t id;
	int err;

	if (!pager->ops->lock_completed)
		return send_lock(pager, offset, length, flags, 0);
	wait = calloc(1, sizeof(*wait));
	if (!wait)
		return ENOMEM;
	wait->pager = pager;
	wait->cookie = cookie;
	atomic_fetch_add(&pager->word, 1);
	id = link_wait(session, wait);
	err = send_lock(pager, offset, length, flags | MACH_LOCK_REPLY, id);
	if (!err)
		return 0;
	/* unless the object's end has already taken it */
	wait = take_wait(session, id);
	if (wait)
		pager_put(pager);
	free(wait);
	return err;
}

int pager_sync_some(struct pager *pager, uint64_t offset, uint64_t length,
		    int timeout_ms)
{
	return lock_range(pager, offset, length, MACH_LOCK_CLEAN, timeout_ms);
}

int pager_sync(struct pager *pager, int timeout_ms)
{
	return pager_sync_some(pager, 0, 0, timeout_ms);
}

int pager_flush_some(struct pager *pager, uint64_t offset, uint64_t length,
		     int timeout_ms)
{
	return lock_range(pager, offset, length, MACH_LOCK_FLUSH, timeout_ms);
}

int pager_flush(struct pager *pager, int timeout_ms)
{
	return pager_flush_some(pager, 0, 0, timeout_ms);
}

int pager_return_some(struct pager *pager, uint64_t offset, uint64_t length,
		      int timeout_ms)
{
	return lock_range(pager, offset, length,
			  MACH_LOCK_CLEAN | MACH_LOCK_FLUSH, timeout_ms);
}

int pager_return(struct pager *pager, int timeout_ms)
{
	return pager_return_some(pager, 0, 0, timeout_ms);
}
