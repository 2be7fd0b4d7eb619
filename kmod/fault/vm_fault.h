/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An access that finds no page-table entry, or no page.
 *
 *	touch_run	how many pages a first touch brings; pure
 *	zero_fill	the first touch of anonymous memory
 *	vm_fault	what all faults share
 *	fault_page	a page for calls that read and write
 *	file_fault	faults in an area of a file of an object
 *	task_access	what a debugger may do in a window
 *	task_touch	the first touch of a task's own memory
 *	task_fault	faults in a task's window
 *
 * A fault that finds its page maps it and its resident neighbours. One that
 * does not sends a request, lets go of Linux's lock, waits, until a signal where
 * Linux can take one, and has the fault tried again. So no lock is held while a pager
 * works.
 *
 * There are no locks here: map->lock (for a task) and object->residence are held
 * for reading from the lookup to the page-table entry.
 */
#ifndef MACH_VM_FAULT_H
#define MACH_VM_FAULT_H

#include "request/memory_object.h"

#include <linux/mm.h>

enum mach_fault_hold {
	MACH_FAULT_GO,
	MACH_FAULT_NO_ROOM,	/* no frame is to be had */
	MACH_FAULT_TOO_DIRTY,	/* the object has too many dirty pages */
};

/**
 * struct mach_fault - One fault on an object
 * @vmf: Linux's
 * @object: the object
 * @index: its page
 * @first: first page of the object that may be mapped around it
 * @end: the page after the last
 * @write: the page is to be written, or copied for writing
 * @share: written pages go back to the pager
 * @random: neighbours are of no use
 * @task: it comes through a task's map
 * @free: nobody need notice the first write to a page
 * @asked: it has asked the pager: only what came with the answer is new
 * @hold: why it has to wait for something else than a request
 */
struct mach_fault {
	struct vm_fault *vmf;
	struct mach_object *object;
	pgoff_t index;
	pgoff_t first;
	pgoff_t end;
	bool write;
	bool share;
	bool random;
	bool task;
	bool free;
	bool asked;
	enum mach_fault_hold hold;
};

bool mach_fault_may_dirty(struct mach_object *object, pgoff_t index);
vm_fault_t mach_fault_resident(struct mach_fault *fault,
			       struct mach_request **request);
vm_fault_t mach_fault_map_new(struct mach_fault *fault,
			      const struct mach_run *run, struct page **pages);
vm_fault_t mach_fault_bring(struct mach_fault *fault,
			    struct mach_request *request);
vm_fault_t mach_vm_map_pages(struct vm_fault *vmf, pgoff_t first, pgoff_t last);

#endif /* MACH_VM_FAULT_H */
