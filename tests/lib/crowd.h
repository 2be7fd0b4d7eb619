/* SPDX-License-Identifier: GPL-2.0-only */
/* Threads that get in each other's way for a while. */
#ifndef MACHVM_TESTS_CROWD_H
#define MACHVM_TESTS_CROWD_H

#include <stdbool.h>
#include <stddef.h>

typedef void *(*crowd_deed)(void *id);

/* Each in a thread that gets its index; after @ms *@stop is set, and all have to end. */
void crowd_run(const crowd_deed *deeds, size_t n, long ms, volatile bool *stop);

#endif /* MACHVM_TESTS_CROWD_H */
