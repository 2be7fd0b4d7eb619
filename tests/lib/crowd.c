// SPDX-License-Identifier: GPL-2.0-only
/* Threads that get in each other's way for a while. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>

#include "crowd.h"
#include "tap.h"

#define CROWD_MOST	16

void crowd_run(const crowd_deed *deeds, size_t n, long ms, volatile bool *stop)
{
	pthread_t threads[CROWD_MOST];

	CHECK(n <= CROWD_MOST, "%zu threads are too many", n);
	for (size_t i = 0; i < n; i++)
		CHECK(!pthread_create(&threads[i], NULL, deeds[i],
				      (void *)(uintptr_t)i), "thread: %m");
	tap_pause_ms(ms);
	*stop = true;
	for (size_t i = 0; i < n; i++)
		CHECK(!pthread_join(threads[i], NULL), "join");
}
