// SPDX-License-Identifier: GPL-2.0-only
/* The first touch of a task's own memory: what comes is mapped at once. */
#include "task_touch.h"
#include "map/vm_map.h"
#include "zero_fill.h"

/* Apart from the next: kernels may clear all that lies on the stack. */
static noinline_for_stack vm_fault_t
mach_task_touch_run(struct mach_fault *fault, struct mach_touch *touch)
{
	struct page *pages[MACH_TOUCH_MOST];

	lockdep_assert_held(&mach_map_of(fault->vmf->vma)->lock);
	if (!mach_touch_fill_run(touch, pages))
		return 0;
	return mach_fault_map_new(fault, &touch->run, pages);
}

/**
 * mach_task_touch - Bring a page of anonymous memory, and those that come ahead
 * @fault: placed in an internal object, and the page was not there; the map is locked,
 *	so that what comes belongs to the entry
 * @ret: out: VM_FAULT_* if it is settled
 *
 * Return: 0; -EEXIST: the page is there by now; -EAGAIN: no frame; -ENOMEM.
 */
int mach_task_touch(struct mach_fault *fault, vm_fault_t *ret)
{
	struct mach_touch touch = {
		.object = fault->object,
		.run.first = fault->index,
	};
	const struct mach_run alone = { .first = fault->index, .n = 1 };
	struct page *page;
	int err;

	lockdep_assert_held(&mach_map_of(fault->vmf->vma)->lock);
	mach_touch_begin(&touch, fault->first,
			 fault->random ? fault->index + 1 : fault->end);
	if (touch.run.n > 1) {
		*ret = mach_task_touch_run(fault, &touch);
		if (*ret)
			return 0;
	}
	err = mach_touch_fill(&touch, &page);
	if (!err)
		*ret = mach_fault_map_new(fault, &alone, &page);
	return err;
}
