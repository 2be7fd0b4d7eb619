/* SPDX-License-Identifier: GPL-2.0-only */
/* Everything that is done to files, each as a deed with a result. */
#ifndef MACHVM_TESTS_FILEOP_H
#define MACHVM_TESTS_FILEOP_H

#include <stdint.h>

#include "testpager.h"

#define FILEOP_SIZE	(37 * PAGE + 123)
#define FILEOP_NAME	"fileops"

/**
 * struct subject - What is operated on: a file of FILEOP_SIZE bytes
 * @dir: its directory
 * @path: its path, FILEOP_NAME in there
 * @other: the path of nothing
 * @fd: open for reading and writing
 * @elsewhere: a file of another file system
 */
struct subject {
	const char *dir;
	char path[80];
	char other[80];
	int fd;
	int elsewhere;
};

/**
 * struct fileop - One operation
 * @name: as in fileop.def
 * @run: does it; the result is a value or -errno
 */
struct fileop {
	const char *name;
	long (*run)(struct subject *s);
};

extern const struct fileop fileops[];
extern const size_t fileops_nr;

/* What they read into and write from: the same bytes for each, before it */
extern uint8_t fileop_buf[FILEOP_SIZE + PAGE];

#endif /* MACHVM_TESTS_FILEOP_H */
