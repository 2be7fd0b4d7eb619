// SPDX-License-Identifier: GPL-2.0-only
/* Rows about memory objects that no test of the interface has. */
#include "rows.h"

static void flush(struct scene *s)
{
	struct mach_pager_lock lock = {
		.size = sizeof(lock), .object = s->o.number,
		.flags = MACH_LOCK_FLUSH | MACH_LOCK_REPLY,
	};
	struct test_request r;

	CHECK_IS(vm_ioctl(s->p.fd, MACH_PAGER_LOCK_REQUEST, &lock), 0);
	pager_expect(&s->p, &r, MACH_OP_LOCK_COMPLETED, 0, 0);
	pager_reply_none(&s->p, &r);
}

void row_lock_wired(void)
{
	struct scene s;
	vm_address_t a;

	scene_open(&s, NULL, 4 * PAGE, PAGE, 1);
	for (int i = 0; i < 3; i++)
		scene_resident(&s, i * PAGE, PAGE, 1);
	KERN_IS(rows_map(&a, s.o.fd, 0, 3 * PAGE, VM_PROT_DEFAULT, VM_PROT_ALL),
		KERN_SUCCESS);
	KERN_IS(vm_wire(rows_privileged(), SELF, a + PAGE, PAGE, VM_PROT_READ),
		KERN_SUCCESS);
	flush(&s);
	CHECK_IS(object_info(s.o.fd).resident, 1);
	CHECK_IS(memory_load(a + PAGE), 0);
	KERN_IS(vm_wire(HOST, SELF, a + PAGE, PAGE, VM_PROT_NONE),
		KERN_SUCCESS);
	flush(&s);
	CHECK_IS(object_info(s.o.fd).resident, 0);
}
