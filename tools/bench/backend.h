/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * machbench - the pager of the machvm subject, a process of its own: a process
 * cannot fault on an object it is the pager of.
 */
#ifndef BENCH_BACKEND_H
#define BENCH_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/**
 * struct bench_pager_config - What the pager is to do.
 * @path: the store
 * @size: bytes of it, and of the object
 * @cluster: bytes of a full request
 * @queues: queues, a thread each; 0 for one a CPU
 * @ioctl: receive by ioctl, not by ring
 * @copy: read into a buffer and supply that, instead of naming the file
 * @direct: read the store with O_DIRECT
 */
struct bench_pager_config {
	const char *path;
	size_t size;
	size_t cluster;
	unsigned int queues;
	bool ioctl;
	bool copy;
	bool direct;
};

/**
 * struct bench_pager - A running pager, seen from its client.
 * @pid: its process
 * @control: socket for commands to it
 * @object: descriptor of the object it serves
 */
struct bench_pager {
	pid_t pid;
	int control;
	int object;
};

/**
 * struct bench_backend - How the pager process does it.
 * @start: become a pager and serve; the object's descriptor, or -1 with the
 *	reason printed
 * @flush: have the kernel forget all pages; 0 when it has, or -1
 */
struct bench_backend {
	int (*start)(const struct bench_pager_config *config);
	int (*flush)(void);
};

extern const struct bench_backend bench_backend_lib;
extern const struct bench_backend bench_backend_raw;

int bench_pager_start(struct bench_pager *pager,
		      const struct bench_pager_config *config,
		      const struct bench_backend *backend);
int bench_pager_flush(struct bench_pager *pager);
void bench_pager_stop(struct bench_pager *pager);

#endif /* BENCH_BACKEND_H */
