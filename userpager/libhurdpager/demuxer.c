// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libhurdpager - requests are put into the queues of their pagers, and served by the
 * workers of the bucket.
 */
#include <signal.h>
#include <stdlib.h>

#include "hurd_priv.h"

/* Under the bucket's lock. */
static void make_ready(struct pager *pager)
{
	struct port_bucket *bucket = pager->bucket;

	if (pager->queued || !pager->tasks.first)
		return;
	pager->queued = true;
	hurd_queue_add(&bucket->ready, pager);
	pthread_cond_signal(&bucket->work);
}

/* Under the bucket's lock. */
static void enqueue(struct hurd_task *task)
{
	struct pager *pager = task->pager;

	pager->bucket->requests.busy++;
	hurd_queue_add(&pager->tasks, task);
	make_ready(pager);
}

/* The session's thread. The answer is the worker's from here on. */
static int receive(struct session_object *object, struct pager_request *request)
{
	struct pager *pager = session_get_upi(object);
	struct port_bucket *bucket = pager->bucket;
	struct hurd_task *task = malloc(sizeof(*task));

	if (!task)
		return ENOMEM;
	task->pager = pager;
	task->request = request;
	session_detach(request);
	pthread_mutex_lock(&bucket->lock);
	if (bucket->requests.inhibited)
		hurd_queue_add(&bucket->requests.later, task);
	else
		enqueue(task);
	pthread_mutex_unlock(&bucket->lock);
	return 0;
}

/* The last user of the object has gone, or it was shut down. */
static void terminate(struct session_object *object)
{
	struct pager *pager = session_get_upi(object);

	pthread_mutex_lock(&pager->bucket->lock);
	pager->served = false;
	hurd_settle(pager);
}

const struct pager_ops hurd_pager_ops = {
	.read = receive,
	.write = receive,
	.sync = receive,
	.terminate = terminate,
};

/* Under the bucket's lock, which it gives back meanwhile. */
static void serve_next(struct port_bucket *bucket)
{
	struct pager *pager = hurd_queue_take(&bucket->ready);
	struct hurd_task *task = hurd_queue_take(&pager->tasks);

	/* the pager stays: when its last request is answered it may go */
	pager->hard++;
	pthread_mutex_unlock(&bucket->lock);
	hurd_serve(pager, task->request);
	free(task);
	pthread_mutex_lock(&bucket->lock);
	pager->queued = false;
	make_ready(pager);
	if (!--bucket->requests.busy)
		pthread_cond_broadcast(&bucket->changed);
	pager->hard--;
	hurd_settle(pager);
	pthread_mutex_lock(&bucket->lock);
}

static void *work(void *arg)
{
	struct port_bucket *bucket = arg;

	pthread_mutex_lock(&bucket->lock);
	for (;;) {
		while (!bucket->ready.first)
			pthread_cond_wait(&bucket->work, &bucket->lock);
		serve_next(bucket);
	}
	return NULL;
}

static error_t start_threads(struct port_bucket *bucket)
{
	sigset_t every, old;
	pthread_t thread;
	error_t err = 0;
	int i;

	sigfillset(&every);
	pthread_sigmask(SIG_SETMASK, &every, &old);
	for (i = 0; i < HURD_WORKERS && !err; i++) {
		err = pthread_create(&thread, NULL, work, bucket);
		if (!err)
			pthread_detach(thread);
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	/* fewer will do */
	return i > 1 ? 0 : err;
}

error_t pager_start_workers(struct port_bucket *bucket,
			    struct pager_requests **requests)
{
	bool started;
	error_t err = hurd_bucket_session(bucket);

	if (err)
		return err;
	pthread_mutex_lock(&bucket->lock);
	started = bucket->requests.started;
	bucket->requests.started = true;
	pthread_mutex_unlock(&bucket->lock);
	if (started)
		return EBUSY;
	err = start_threads(bucket) ?: session_start_workers(bucket->session);
	if (err)
		return err;
	*requests = &bucket->requests;
	return 0;
}

void pager_inhibit_workers(struct pager_requests *requests)
{
	struct port_bucket *bucket = requests->bucket;

	pthread_mutex_lock(&bucket->lock);
	requests->inhibited = true;
	while (requests->busy)
		pthread_cond_wait(&bucket->changed, &bucket->lock);
	pthread_mutex_unlock(&bucket->lock);
}

void pager_resume_workers(struct pager_requests *requests)
{
	struct port_bucket *bucket = requests->bucket;
	struct hurd_task *task;

	pthread_mutex_lock(&bucket->lock);
	requests->inhibited = false;
	while ((task = hurd_queue_take(&requests->later)))
		enqueue(task);
	pthread_mutex_unlock(&bucket->lock);
}
