/* SPDX-License-Identifier: GPL-2.0-only */
/* Pagers of users without privilege that are there until they are killed, or told to end. */
#ifndef MACHVM_TESTS_SERVICE_H
#define MACHVM_TESTS_SERVICE_H

#include <sys/types.h>

#include "testpager.h"

/**
 * struct service - Such a pager
 * @pid: its process
 * @ready: it has what it wants
 * @go: tells it to do what it does in the end
 */
struct service {
	pid_t pid;
	int ready[2];
	int go[2];
};

/*
 * Until @begin has been done in a process of this user, in which @p is the pager; @end is
 * NULL if it is going to be killed.
 */
void service_start(struct service *s, struct test_pager *p, uid_t uid,
		   void (*begin)(void), void (*end)(void));
void service_kill(struct service *s);
/* What it does in the end has to succeed. */
void service_end(struct service *s);

#endif /* MACHVM_TESTS_SERVICE_H */
