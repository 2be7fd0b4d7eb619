// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Stores: descriptors of many files, of which few are open at once.
 *
 * Who needs room closes the one that has been idle for longest. Opening and closing
 * may take long, and are done without the lock; what is being opened or closed
 * counts as open meanwhile.
 */
#include "descriptor_cache.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

void descriptor_cache_init(struct descriptor_cache *cache, unsigned int most)
{
	pthread_mutex_init(&cache->lock, NULL);
	pthread_cond_init(&cache->changed, NULL);
	cache->most = most ? most : 1;
	cache->open = 0;
	cache->evicted = 0;
	cache->idle.newer = &cache->idle;
	cache->idle.older = &cache->idle;
}

void descriptor_cache_destroy(struct descriptor_cache *cache)
{
	pthread_cond_destroy(&cache->changed);
	pthread_mutex_destroy(&cache->lock);
}

void descriptor_init(struct descriptor *descriptor)
{
	*descriptor = (struct descriptor){ .fd = -1 };
}

static void become_idle(struct descriptor_cache *cache,
			struct descriptor *descriptor)
{
	struct descriptor *head = &cache->idle;

	descriptor->idle_since = now_ms();
	descriptor->newer = head;
	descriptor->older = head->older;
	head->older->newer = descriptor;
	head->older = descriptor;
}

static void leave_idle(struct descriptor *descriptor)
{
	descriptor->newer->older = descriptor->older;
	descriptor->older->newer = descriptor->newer;
}

/* The one that has been idle for longest, or NULL */
static struct descriptor *oldest(struct descriptor_cache *cache)
{
	struct descriptor *last = cache->idle.newer;

	return last == &cache->idle ? NULL : last;
}

/* An idle one; the lock is dropped meanwhile. */
static void close_one(struct descriptor_cache *cache,
		      struct descriptor *descriptor)
{
	int fd = descriptor->fd;

	leave_idle(descriptor);
	descriptor->fd = -1;
	pthread_mutex_unlock(&cache->lock);
	close(fd);
	pthread_mutex_lock(&cache->lock);
	cache->open--;
	pthread_cond_broadcast(&cache->changed);
}

/* Close the oldest, or wait until another has gone or is idle. */
static void wait_for_room(struct descriptor_cache *cache)
{
	struct descriptor *victim = oldest(cache);

	if (victim) {
		cache->evicted++;
		close_one(cache, victim);
	} else {
		pthread_cond_wait(&cache->changed, &cache->lock);
	}
}

static bool no_descriptors(int fd)
{
	return fd == -EMFILE || fd == -ENFILE;
}

/* Its place is taken; the lock is dropped meanwhile. */
static int open_one(struct descriptor_cache *cache, int (*open)(void *file),
		    void *file)
{
	int fd;

	for (;;) {
		pthread_mutex_unlock(&cache->lock);
		fd = open(file);
		pthread_mutex_lock(&cache->lock);
		/* there are fewer than was thought: do with those of others */
		if (!no_descriptors(fd) || cache->open == 1)
			return fd;
		cache->open--;
		do {
			wait_for_room(cache);
		} while (cache->open >= cache->most);
		cache->open++;
	}
}

static int open_in_its_place(struct descriptor_cache *cache,
			     struct descriptor *descriptor,
			     int (*open)(void *file), void *file)
{
	int fd;

	descriptor->opening = true;
	while (cache->open >= cache->most)
		wait_for_room(cache);
	cache->open++;
	fd = open_one(cache, open, file);
	descriptor->opening = false;
	if (fd < 0)
		cache->open--;
	else
		descriptor->fd = fd;
	pthread_cond_broadcast(&cache->changed);
	return fd < 0 ? -fd : 0;
}

int descriptor_get(struct descriptor_cache *cache,
		   struct descriptor *descriptor, int (*open)(void *file),
		   void *file, int *fd)
{
	int err = 0;

	pthread_mutex_lock(&cache->lock);
	while (descriptor->opening)
		pthread_cond_wait(&cache->changed, &cache->lock);
	if (descriptor->fd < 0)
		err = open_in_its_place(cache, descriptor, open, file);
	else if (!descriptor->users)
		leave_idle(descriptor);
	if (!err) {
		descriptor->users++;
		*fd = descriptor->fd;
	}
	pthread_mutex_unlock(&cache->lock);
	return err;
}

void descriptor_put(struct descriptor_cache *cache,
		    struct descriptor *descriptor)
{
	pthread_mutex_lock(&cache->lock);
	if (!--descriptor->users) {
		become_idle(cache, descriptor);
		pthread_cond_broadcast(&cache->changed);
	}
	pthread_mutex_unlock(&cache->lock);
}

void descriptor_close(struct descriptor_cache *cache,
		      struct descriptor *descriptor)
{
	pthread_mutex_lock(&cache->lock);
	if (descriptor->fd >= 0)
		close_one(cache, descriptor);
	pthread_mutex_unlock(&cache->lock);
}

void descriptor_cache_trim(struct descriptor_cache *cache,
			   int64_t milliseconds)
{
	int64_t before = now_ms() - milliseconds;
	struct descriptor *victim;

	pthread_mutex_lock(&cache->lock);
	for (;;) {
		victim = oldest(cache);
		if (!victim || victim->idle_since > before)
			break;
		close_one(cache, victim);
	}
	pthread_mutex_unlock(&cache->lock);
}
