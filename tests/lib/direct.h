/* SPDX-License-Identifier: GPL-2.0-only */
/* A file for direct transfers, which pin the pages that they reach. */
#ifndef MACHVM_TESTS_DIRECT_H
#define MACHVM_TESTS_DIRECT_H

#include <stddef.h>

/* An unlinked file with these contents, open for direct transfers. */
int direct_file(const void *contents, size_t length);
/*
 * A loop device on a file, open for direct transfers; it goes with its last
 * descriptor. @flags: LO_FLAGS_DIRECT_IO, or 0.
 */
int loop_device(int file, int flags);

#endif /* MACHVM_TESTS_DIRECT_H */
