/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Futexes that processes share, bare. Each wait has an end, and who sleeps at a word
 * can be counted: so no test guesses when a sleeper sleeps.
 */
#ifndef MACHVM_TESTS_FUTEXCALL_H
#define MACHVM_TESTS_FUTEXCALL_H

#include <pthread.h>
#include <stdint.h>

#define FUTEX_VALUE	7	/* of the words that are slept at */
#define FUTEX_MS	(5000 * tap_slow())

/* Sleep while the word is @value, at most @ms: 0 when woken, or -errno. */
long futex_wait(const volatile void *word, uint32_t value, long ms);
/* Wake all that sleep there; move them to @to: how many, or -errno. */
long futex_wake(const volatile void *word);
long futex_move(const volatile void *word, const volatile void *to);
/* How many sleep there, who go on sleeping; or -errno. */
long futex_sleepers(const volatile void *word);

/**
 * struct sleeper - A thread that sleeps at a word
 * @thread: it
 * @word: where
 * @result: of its wait
 */
struct sleeper {
	pthread_t thread;
	void *word;
	long result;
};

/* Until it sleeps, and nobody else there, at a word that is FUTEX_VALUE from then on. */
void sleeper_begin(struct sleeper *s, void *word);
/* It has been woken. */
void sleeper_end(struct sleeper *s);
/* One sleeps there, and is woken by it. */
void sleeper_wakes(const char *how, struct sleeper *s, const void *word);

/* For actors; most is FUTEX_MS unless given. */
long do_futex_wait(const uint64_t *arg);	/* address, value, most */
/*
 * Wait for a wrong value and wake nobody, again and again for so long, at a word in
 * each of so many pages in turn. How often; an error is the test's failure.
 */
long do_futex_calls(const uint64_t *arg);	/* address, ms, pages: one */

/**
 * struct shared_count - What several add to, one at a time
 * @mutex: shared by processes, robust
 * @count: guarded by @mutex, and by nothing else
 */
struct shared_count {
	pthread_mutex_t mutex;
	volatile uint64_t count;
};

/* PTHREAD_PRIO_NONE or _INHERIT */
void shared_count_init(struct shared_count *c, int protocol);
/* Waits at most FUTEX_MS: 0 or -errno, as -EOWNERDEAD. */
long shared_count_lock(struct shared_count *c);
long do_lock(const uint64_t *arg);		/* address */
/* After -EOWNERDEAD, too */
long do_unlock(const uint64_t *arg);		/* address, owner was dead? */
/* Add one again and again for so long: how often, or -errno. */
long do_count(const uint64_t *arg);		/* address, ms */

#endif /* MACHVM_TESTS_FUTEXCALL_H */
