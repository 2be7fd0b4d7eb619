/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process that reads an object all the time, in every way there is, while a test
 * changes it: it brings pages, maps them and holds them, and changes nothing.
 */
#ifndef MACHVM_TESTS_BYSTANDER_H
#define MACHVM_TESTS_BYSTANDER_H

#include <stdint.h>
#include <sys/types.h>

/* Of the first @room bytes, whatever its size is; @seed chooses what it does. */
pid_t bystander_start(int fd, uint64_t room, uint64_t seed);
/* It must not have failed by then. */
void bystander_stop(pid_t pid);

#endif /* MACHVM_TESTS_BYSTANDER_H */
