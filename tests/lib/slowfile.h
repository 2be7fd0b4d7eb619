/* SPDX-License-Identifier: GPL-2.0-only */
/* A file whose data comes when the test says so: of a FUSE server without data. */
#ifndef MACHVM_TESTS_SLOWFILE_H
#define MACHVM_TESTS_SLOWFILE_H

#include <stdint.h>

#define SLOWFILE_SIZE	(1024 * 1024U)

/**
 * struct slowfile - Shared with its server
 * @fd: the file, in the test
 * @asked: reads that were asked for
 * @go: they are answered, by zeros
 * @pid: the server
 */
struct slowfile {
	int fd;
	volatile unsigned int asked;
	volatile int go;
	int pid;
};

/* Where the kernel has no FUSE the test is skipped. */
struct slowfile *slowfile_open(void);
void slowfile_close(struct slowfile *s);

#endif /* MACHVM_TESTS_SLOWFILE_H */
