// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libhurdpager - buckets, and the references of ports.
 */
#include <stdlib.h>

#include "hurd_priv.h"

struct port_bucket *ports_create_bucket(void)
{
	struct port_bucket *bucket = calloc(1, sizeof(*bucket));

	if (!bucket)
		return NULL;
	pthread_mutex_init(&bucket->lock, NULL);
	pthread_cond_init(&bucket->changed, NULL);
	pthread_cond_init(&bucket->work, NULL);
	hurd_queue_init(&bucket->ready);
	hurd_queue_init(&bucket->requests.later);
	bucket->requests.bucket = bucket;
	return bucket;
}

/* One queue, so that requests come in the order in which they were sent. */
error_t hurd_bucket_session(struct port_bucket *bucket)
{
	struct pager_config config = {
		.queues = 1,
		.depth = HURD_DEPTH,
		.no_pin = true,
	};
	error_t err = 0;

	pthread_mutex_lock(&bucket->lock);
	if (!bucket->session)
		err = session_open(&config, &bucket->session);
	pthread_mutex_unlock(&bucket->lock);
	return err;
}

void hurd_enter_port(struct pager *pager)
{
	struct port_bucket *bucket = pager->bucket;

	pthread_mutex_lock(&bucket->lock);
	while (bucket->closed)
		pthread_cond_wait(&bucket->changed, &bucket->lock);
	pager->next = bucket->pagers;
	bucket->pagers = pager;
	pthread_mutex_unlock(&bucket->lock);
}

/* Under the bucket's lock. */
static void leave_bucket(struct pager *pager)
{
	struct pager **link = &pager->bucket->pagers;

	while (*link != pager)
		link = &(*link)->next;
	*link = pager->next;
}

static void free_port(struct pager *pager)
{
	pager_clear_user_data(pager->upi);
	hurd_forget_errors(pager);
	pthread_mutex_destroy(&pager->errors_lock);
	pthread_rwlock_destroy(&pager->lock);
	free(pager);
}

/* Weak references may be given up. With the bucket's lock. */
static void ask_for_weak(struct pager *pager)
{
	pager->asking = true;
	pthread_mutex_unlock(&pager->bucket->lock);
	pager_dropweak(pager->upi);
	pthread_mutex_lock(&pager->bucket->lock);
	pager->asking = false;
}

/*
 * After a reference went. The object of a pager with weak references only may still
 * be in use, and nobody can tell: it stays.
 */
void hurd_settle(struct pager *pager)
{
	struct port_bucket *bucket = pager->bucket;

	if (!pager->hard && pager->weak && !pager->served && !pager->asking)
		ask_for_weak(pager);
	if (pager->hard || pager->weak || pager->asking) {
		pthread_mutex_unlock(&bucket->lock);
	} else if (!pager->served) {
		leave_bucket(pager);
		pthread_mutex_unlock(&bucket->lock);
		free_port(pager);
	} else {
		/* the last user's end is told to the pager's operations */
		struct session_object *object =
			pager->leaving ? NULL : pager->object;

		pager->leaving = true;
		if (object)
			session_drop_fd(object);
		pthread_mutex_unlock(&bucket->lock);
	}
}

static void change(struct pager *pager, unsigned int *count, int by)
{
	pthread_mutex_lock(&pager->bucket->lock);
	*count += by;
	if (by > 0)
		pthread_mutex_unlock(&pager->bucket->lock);
	else
		hurd_settle(pager);
}

void ports_port_ref(void *port)
{
	struct pager *pager = port;

	change(pager, &pager->hard, 1);
}

void ports_port_deref(void *port)
{
	struct pager *pager = port;

	change(pager, &pager->hard, -1);
}

void ports_port_ref_weak(void *port)
{
	struct pager *pager = port;

	change(pager, &pager->weak, 1);
}

void ports_port_deref_weak(void *port)
{
	struct pager *pager = port;

	change(pager, &pager->weak, -1);
}

/* Under the bucket's lock. */
static int count(const struct port_bucket *bucket)
{
	const struct pager *pager;
	int n = 0;

	for (pager = bucket->pagers; pager; pager = pager->next)
		n++;
	return n;
}

int ports_count_bucket(struct port_bucket *bucket)
{
	int n;

	pthread_mutex_lock(&bucket->lock);
	bucket->closed = true;
	n = count(bucket);
	pthread_mutex_unlock(&bucket->lock);
	return n;
}

void ports_enable_bucket(struct port_bucket *bucket)
{
	pthread_mutex_lock(&bucket->lock);
	bucket->closed = false;
	pthread_cond_broadcast(&bucket->changed);
	pthread_mutex_unlock(&bucket->lock);
}

/* All pagers, each with a reference. Under the bucket's lock. */
static struct pager **all(struct port_bucket *bucket, int n)
{
	struct pager **pagers = malloc((n + 1) * sizeof(*pagers));
	struct pager *pager;

	if (!pagers)
		return NULL;
	n = 0;
	for (pager = bucket->pagers; pager; pager = pager->next) {
		pager->hard++;
		pagers[n++] = pager;
	}
	return pagers;
}

error_t ports_bucket_iterate(struct port_bucket *bucket,
			     error_t (*fun)(void *port))
{
	struct pager **pagers;
	error_t err = 0;
	int i, n;

	pthread_mutex_lock(&bucket->lock);
	n = count(bucket);
	pagers = all(bucket, n);
	pthread_mutex_unlock(&bucket->lock);
	if (!pagers)
		return ENOMEM;
	for (i = 0; i < n; i++) {
		if (!err)
			err = fun(pagers[i]);
		ports_port_deref(pagers[i]);
	}
	free(pagers);
	return err;
}
