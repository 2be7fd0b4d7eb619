// SPDX-License-Identifier: GPL-2.0-only
/* Futexes that processes share, and a count under a mutex made of them. */
#define _GNU_SOURCE
#include <limits.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "futexcall.h"
#include "tap.h"
#include "testpager.h"

#define BATCH	16	/* additions between two short rests */

long futex_wait(const volatile void *word, uint32_t value, long ms)
{
	struct timespec most = { ms / 1000, ms % 1000 * 1000000 };

	return RESULT(syscall(SYS_futex, word, FUTEX_WAIT, value, &most, NULL,
			      0));
}

long futex_wake(const volatile void *word)
{
	return RESULT(syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL,
			      0));
}

long futex_move(const volatile void *word, const volatile void *to)
{
	return RESULT(syscall(SYS_futex, word, FUTEX_REQUEUE, 0, INT_MAX, to,
			      0));
}

/* They are moved to where they are. */
long futex_sleepers(const volatile void *word)
{
	return futex_move(word, word);
}

static void *sleep_there(void *arg)
{
	struct sleeper *s = arg;

	s->result = futex_wait(s->word, FUTEX_VALUE, FUTEX_MS);
	return NULL;
}

void sleeper_begin(struct sleeper *s, void *word)
{
	*(volatile uint32_t *)word = FUTEX_VALUE;
	s->word = word;
	CHECK(!pthread_create(&s->thread, NULL, sleep_there, s), "no thread");
	CHECK_WAIT(futex_sleepers(word) == 1, WAIT_MS, "%s sleep there",
		   tap_result(futex_sleepers(word)));
}

void sleeper_end(struct sleeper *s)
{
	pthread_join(s->thread, NULL);
	CHECK_IS(s->result, 0);
}

void sleeper_wakes(const char *how, struct sleeper *s, const void *word)
{
	tap_is(how, futex_wake(word), 1);
	sleeper_end(s);
}

long do_futex_wait(const uint64_t *arg)
{
	return futex_wait((void *)(uintptr_t)arg[0], arg[1],
			  arg[2] ? (long)arg[2] : FUTEX_MS);
}

long do_futex_calls(const uint64_t *arg)
{
	uint64_t times, pages = arg[2] ? arg[2] : 1;
	long end = tap_now_ms() + arg[1];

	for (times = 0; tap_now_ms() < end; times++) {
		const void *word = (void *)(uintptr_t)
				   (arg[0] + times % pages * PAGE);

		CHECK_IS(futex_wait(word, FUTEX_VALUE + 1, FUTEX_MS), -EAGAIN);
		CHECK_IS(futex_wake(word), 0);
	}
	return times;
}

void shared_count_init(struct shared_count *c, int protocol)
{
	pthread_mutexattr_t attr;

	memset(c, 0, sizeof(*c));
	pthread_mutexattr_init(&attr);
	CHECK(!pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED) &&
	      !pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST) &&
	      !pthread_mutexattr_setprotocol(&attr, protocol) &&
	      !pthread_mutex_init(&c->mutex, &attr), "no mutex");
	pthread_mutexattr_destroy(&attr);
}

long shared_count_lock(struct shared_count *c)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += FUTEX_MS / 1000;
	return -pthread_mutex_timedlock(&c->mutex, &until);
}

long do_lock(const uint64_t *arg)
{
	return shared_count_lock((void *)(uintptr_t)arg[0]);
}

long do_unlock(const uint64_t *arg)
{
	struct shared_count *c = (void *)(uintptr_t)arg[0];
	int err = arg[1] ? pthread_mutex_consistent(&c->mutex) : 0;

	return -(err ? err : pthread_mutex_unlock(&c->mutex));
}

static long add_one(struct shared_count *c)
{
	long err = shared_count_lock(c);

	if (err)
		return err;
	c->count = c->count + 1;
	return -pthread_mutex_unlock(&c->mutex);
}

long do_count(const uint64_t *arg)
{
	struct timespec rest = { .tv_nsec = 50000 };
	long err, times = 0, end = tap_now_ms() + arg[1];

	while (tap_now_ms() < end) {
		err = add_one((void *)(uintptr_t)arg[0]);
		if (err)
			return err;
		/* who takes the page away has to come to his turn, too */
		if (++times % BATCH == 0)
			nanosleep(&rest, NULL);
	}
	return times;
}
