// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libuserpager - the table of objects, and references to them by cookie.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "pager_priv.h"

uint64_t pager_cookie(const struct pager *pager)
{
	return (atomic_load(&pager->word) & ~0xffffffffULL) | pager->index;
}

/*
 * A reference to the object of a message, or NULL if it has ended: the cookie
 * may be of a message that the kernel wrote before it heard of that.
 */
struct pager *pager_lookup(struct pager_session *session, uint64_t cookie)
{
	uint32_t index = (uint32_t)cookie;
	uint64_t word, generation = cookie >> 32;
	struct pager *chunk;

	if (index >= PAGER_CHUNKS * PAGER_CHUNK)
		return NULL;
	chunk = atomic_load_explicit(&session->chunks[index / PAGER_CHUNK],
				     memory_order_acquire);
	if (!chunk)
		return NULL;
	chunk += index % PAGER_CHUNK;
	word = atomic_load_explicit(&chunk->word, memory_order_relaxed);
	do {
		if (word >> 32 != generation || !(uint32_t)word)
			return NULL;
	} while (!atomic_compare_exchange_weak(&chunk->word, &word, word + 1));
	return chunk;
}

void pager_free(struct pager *pager)
{
	struct pager_session *session = pager->session;
	uint64_t word = atomic_load(&pager->word);
	uint64_t generation = ((word >> 32) + 1) & PAGER_GENERATION_MOST;

	pthread_mutex_lock(&session->lock);
	atomic_store(&pager->word, generation << 32);
	pager->next_free = session->free_pagers;
	session->free_pagers = pager;
	pthread_mutex_unlock(&session->lock);
}

void pager_drop_fd(struct pager *pager)
{
	int fd = pager->fd;

	pager->fd = -1;
	if (fd >= 0)
		close(fd);
}

void pager_put(struct pager *pager)
{
	if ((uint32_t)atomic_fetch_sub(&pager->word, 1) != 1)
		return;
	if (pager->ops->terminate)
		pager->ops->terminate(pager);
	pager_drop_fd(pager);
	pager_free(pager);
}

static struct pager **bucket_of(struct pager_session *session, uint32_t object)
{
	return &session->made[object % PAGER_MADE_BUCKETS];
}

void pager_made_enter(struct pager *pager)
{
	struct pager **bucket = bucket_of(pager->session, pager->object);

	pager->next_made = *bucket;
	*bucket = pager;
}

/* With a reference */
struct pager *pager_made_find(struct pager_session *session, uint32_t object)
{
	struct pager *pager = *bucket_of(session, object);

	while (pager && pager->object != object)
		pager = pager->next_made;
	return pager ? pager_lookup(session, pager_cookie(pager)) : NULL;
}

void pager_made_leave(struct pager *pager)
{
	struct pager_session *session = pager->session;
	struct pager **at;

	pthread_mutex_lock(&session->lock);
	at = bucket_of(session, pager->object);
	while (*at && *at != pager)
		at = &(*at)->next_made;
	if (*at)
		*at = pager->next_made;
	pthread_mutex_unlock(&session->lock);
}

void pager_free_table(struct pager_session *session)
{
	unsigned int i;

	for (i = 0; i < session->nr_chunks; i++)
		free(session->chunks[i]);
	free(session->made);
}

/* Under the session's lock. */
static int grow_table(struct pager_session *session)
{
	struct pager *chunk;
	unsigned int i;

	if (session->nr_chunks == PAGER_CHUNKS)
		return ENOMEM;
	chunk = calloc(PAGER_CHUNK, sizeof(*chunk));
	if (!chunk)
		return ENOMEM;
	for (i = PAGER_CHUNK; i-- > 0;) {
		chunk[i].session = session;
		chunk[i].index = session->nr_chunks * PAGER_CHUNK + i;
		chunk[i].next_free = session->free_pagers;
		session->free_pagers = &chunk[i];
	}
	atomic_store_explicit(&session->chunks[session->nr_chunks++], chunk,
			      memory_order_release);
	return 0;
}

int pager_alloc(struct pager_session *session, struct pager **out)
{
	struct pager *pager;
	int err = 0;

	pthread_mutex_lock(&session->lock);
	if (!session->free_pagers)
		err = grow_table(session);
	pager = session->free_pagers;
	if (!err)
		session->free_pagers = pager->next_free;
	pthread_mutex_unlock(&session->lock);
	*out = pager;
	return err;
}
