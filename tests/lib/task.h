/* SPDX-License-Identifier: GPL-2.0-only */
/* A task and its calls, bare. Results are a value or -errno. */
#ifndef MACHVM_TESTS_TASK_H
#define MACHVM_TESTS_TASK_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/mach_task.h>

struct test_task {
	int fd;
	char *window;
	uint64_t size;
};

/* With a window of so many bytes; failing to is the test's failure. */
void task_open(struct test_task *t, uint64_t size);
void task_close(struct test_task *t);

/* Anywhere; failing to is the test's failure. */
char *task_allocate(struct test_task *t, uint64_t length);
long task_allocate_at(struct test_task *t, const void *at, uint64_t length);
long task_deallocate(struct test_task *t, const void *at, uint64_t length);
long task_protect(struct test_task *t, const void *at, uint64_t length,
		  unsigned int protection);
long task_set_maximum(struct test_task *t, const void *at, uint64_t length,
		      unsigned int protection);
long task_inherit(struct test_task *t, const void *at, uint64_t length,
		  unsigned int inheritance);
long task_behavior(struct test_task *t, const void *at, uint64_t length,
		   unsigned int behavior);
long task_wire(struct test_task *t, const void *at, uint64_t length,
	       unsigned int access);
long task_read(struct test_task *t, const void *at, uint64_t length, void *to);
long task_write(struct test_task *t, const void *at, uint64_t length,
		const void *from);
long task_copy(struct test_task *t, const void *at, uint64_t length,
	       const void *to);
/* Anywhere, inherited as a copy; *at becomes the address. */
long task_map(struct test_task *t, int object, uint64_t offset,
	      uint64_t length, unsigned int protection, unsigned int flags,
	      char **at);
long task_remap(struct test_task *t, const void *source, uint64_t length,
		unsigned int flags, char **at);
long task_region(struct test_task *t, const void *from,
		 struct mach_task_region *region);
struct mach_task_info task_info(struct test_task *t);
long task_entries(struct test_task *t);
long task_wire_all(struct test_task *t, unsigned int flags);
long task_msync(struct test_task *t, const void *at, uint64_t length,
		unsigned int flags);
long task_set_limit(struct test_task *t, uint64_t limit, uint64_t maximum);
long task_call(struct test_task *t, unsigned long command, void *args);

/* The map from address 0 on, in numbers: equal if no entry has changed. */
uint64_t task_digest(struct test_task *t);

/* What an access by this thread does: 0 or TAP_SIGNAL(). */
long task_touch(volatile char *at, bool write);
/* The same of executing what is there, which has to be a function. */
long task_execute(const void *at);

#endif /* MACHVM_TESTS_TASK_H */
