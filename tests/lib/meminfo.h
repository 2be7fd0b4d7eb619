/* SPDX-License-Identifier: GPL-2.0-only */
/* What Linux says of memory. */
#ifndef MACHVM_TESTS_MEMINFO_H
#define MACHVM_TESTS_MEMINFO_H

/* A line of /proc/meminfo, in KiB: there must be one. */
unsigned long meminfo_kib(const char *name);

#endif /* MACHVM_TESTS_MEMINFO_H */
