/* SPDX-License-Identifier: GPL-2.0-only */
/* For tests of Mach's calls: what they return, and what memory then allows. */
#ifndef MACHVM_TESTS_MACHCALL_H
#define MACHVM_TESTS_MACHCALL_H

#include <stdint.h>

#include <mach/mach.h>

#include "tap.h"
#include "task.h"

/* Must return just this. */
#define KERN_IS(call, want)						\
	do {								\
		kern_return_t got_ = (call), want_ = (want);		\
									\
		CHECK(got_ == want_, "%s: %s (%d, %m), not %s", #call,	\
		      mach_error_string(got_), got_,			\
		      mach_error_string(want_));			\
	} while (0)

/* The same in a loop over rows of a table that has more to say. */
#define KERN_ROW_IS(row, call, want)					\
	do {								\
		kern_return_t got_ = (call), want_ = (want);		\
									\
		CHECK(got_ == want_, "%s, %s: %s (%d, %m), not %s", row, \
		      #call, mach_error_string(got_), got_,		\
		      mach_error_string(want_));			\
	} while (0)

/* An access by this thread: 0 or TAP_SIGNAL(). Bytes are left as they are. */
static inline long memory_load(vm_address_t address)
{
	return task_touch((char *)address, false);
}

static inline long memory_store(vm_address_t address)
{
	return task_touch((char *)address, true);
}

/* Call what is there: a function that returns. */
static inline long memory_execute(vm_address_t address)
{
	return task_execute((void *)address);
}

/* Memory that must be had; of the task of this process. */
vm_address_t memory_allocate(vm_size_t size);

/* The entry at or above @address: 0 or -errno. */
long memory_region(task_t task, vm_address_t address,
		   struct mach_task_region *region);
struct mach_task_info memory_info(task_t task);
/* Pages in memory of the object that is mapped there, if there is one */
uint64_t memory_resident(vm_address_t address);
/* How many entries begin in the range? */
unsigned int memory_entries(task_t task, vm_address_t address, vm_size_t size);

#endif /* MACHVM_TESTS_MACHCALL_H */
