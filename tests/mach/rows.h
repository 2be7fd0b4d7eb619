/* SPDX-License-Identifier: GPL-2.0-only */
/* The tests of the rows in rows.def, and what they have in common. */
#ifndef MACHVM_TESTS_ROWS_H
#define MACHVM_TESTS_ROWS_H

#include <signal.h>
#include <string.h>

#include "machcall.h"
#include "testpager.h"

#define SELF		mach_task_self()
#define HOST		mach_host_self()
#define SEGV		TAP_SIGNAL(SIGSEGV)
#define BUS		TAP_SIGNAL(SIGBUS)
#define WRAPS		((vm_address_t)-PAGE)

typedef void row_test(void);

/* One declaration of them all */
row_test
#define TABLE(...)
#define ROW(test, ...)	row_##test,
#define SEEN(...)
#define NOTE(...)
#include "rows.def"
#undef TABLE
#undef ROW
#undef SEEN
#undef NOTE
	rows_end;

/* The port with the privileges of this process, which is root's */
host_priv_t rows_privileged(void);

/* As many pages of memory, of which the one in the middle is a hole */
vm_address_t rows_hole(vm_size_t pages);

/* vm_map() of an object or none, in the form that most rows want */
kern_return_t rows_map(vm_address_t *address, mach_port_t object,
		       vm_offset_t offset, vm_size_t size, vm_prot_t protection,
		       vm_prot_t maximum);

/* What the entry at an address has; there has to be one. */
struct mach_task_region rows_region(vm_address_t address);

#endif /* MACHVM_TESTS_ROWS_H */
