/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An actor is a forked process that runs functions of the test program when
 * told to. A thread cannot answer its own fault, so whoever plays one part of
 * a test needs the other part played elsewhere.
 */
#ifndef MACHVM_TESTS_ACTOR_H
#define MACHVM_TESTS_ACTOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define ACTOR_THREADS	16
#define ACTOR_ARGS	5
/* ms for one call, generous for emulation */
#define ACTOR_TIMEOUT	(8000 * tap_slow())

/*
 * Runs in the actor; returns a value or -errno. A SIGBUS or SIGSEGV in it ends
 * the call alone and gives TAP_SIGNAL(sig).
 */
typedef long (*actor_fn)(const uint64_t *arg);

/**
 * struct actor - One process to command.
 * @pid: its process
 * @threads: how many of @sock are threads of it that take calls
 * @sock: the test's end
 */
struct actor {
	pid_t pid;
	unsigned int threads;
	int sock[ACTOR_THREADS];
};

/*
 * Start one. It sees what the test had mapped and open, but not what was given
 * to actor_hide_fd(): a client must not hold its pager's descriptors.
 */
void actor_start(struct actor *a, unsigned int threads);
void actor_hide_fd(int fd);
void actor_unhide_fd(int fd);
/* Ask it to exit; kill it. Both wait until it is gone. */
void actor_stop(struct actor *a);
void actor_kill(struct actor *a);

/* Missing arguments are zero. */
#define ACTOR_ARG_LIST(...)	((const uint64_t [ACTOR_ARGS]) { __VA_ARGS__ })
#define actor_begin(a, thread, fn, ...)					\
	actor_begin_args(a, thread, fn, ACTOR_ARG_LIST(__VA_ARGS__))
#define actor_do(a, fn, ...)						\
	actor_do_args(a, fn, ACTOR_ARG_LIST(__VA_ARGS__))

void actor_begin_args(struct actor *a, unsigned int thread, actor_fn fn,
		      const uint64_t *arg);
long actor_do_args(struct actor *a, actor_fn fn, const uint64_t *arg);
/* The result of what was begun; fails the test when it does not come. */
long actor_end(struct actor *a, unsigned int thread);
long actor_end_within(struct actor *a, unsigned int thread, int ms);
/* Has the call begun not ended after so many ms? */
bool actor_waits(struct actor *a, unsigned int thread, int ms);

/* A memory that test and actors share, at one address; allocate before start. */
void *shared_alloc(size_t size);

/* Functions for actors; arguments in order. */
long do_map(const uint64_t *arg);	/* fd, length, prot, flags, offset */
long do_unmap(const uint64_t *arg);	/* address, length */
long do_load(const uint64_t *arg);	/* address: the byte there */
long do_store(const uint64_t *arg);	/* address, byte */
long do_copy(const uint64_t *arg);	/* to, from, length */
long do_msync(const uint64_t *arg);	/* address, length, flags */
long do_madvise(const uint64_t *arg);	/* address, length, advice */
long do_mprotect(const uint64_t *arg);	/* address, length, prot */
long do_pread(const uint64_t *arg);	/* fd, address, length, offset */
long do_pwrite(const uint64_t *arg);	/* fd, address, length, offset */
long do_fsync(const uint64_t *arg);	/* fd */
long do_truncate(const uint64_t *arg);	/* fd, size */
long do_allocate(const uint64_t *arg);	/* fd, mode, offset, length */
long do_open(const uint64_t *arg);	/* path, flags */
long do_close(const uint64_t *arg);	/* fd */

/* Take a copy of an actor's descriptor. */
int actor_fd(struct actor *a, int fd);

#endif /* MACHVM_TESTS_ACTOR_H */
