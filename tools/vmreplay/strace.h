/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines of strace -f -o FILE, put together and taken apart. */
#ifndef VMREPLAY_STRACE_H
#define VMREPLAY_STRACE_H

#include <stdio.h>
#include <sys/types.h>

#define ARGUMENTS_MAX	8

/**
 * struct event - A system call that has ended, or begun
 * @pid: who made it
 * @name: of the call
 * @arguments: as text
 * @n: how many
 * @result: what it returned
 * @failed: it failed, or nobody knows what it returned
 * @begun: only its beginning is known as yet: @arguments may be cut
 */
struct event {
	pid_t pid;
	char *name;
	char *arguments[ARGUMENTS_MAX];
	unsigned int n;
	u64 result;
	bool failed;
	bool begun;
};

struct strace;

struct strace *strace_open(const char *path);
bool strace_next(struct strace *strace, struct event *event);
void strace_close(struct strace *strace);

#endif /* VMREPLAY_STRACE_H */
