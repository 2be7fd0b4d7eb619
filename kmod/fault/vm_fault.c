// SPDX-License-Identifier: GPL-2.0-only
/* What all faults share: finding a page, asking for it, waiting, mapping it. */
#include "vm_fault.h"
#include "base/compat.h"
#include "object/pmap.h"
#include "object/vm_resident.h"
#include "pool/vm_page.h"
#include "request/data_request.h"
#include "request/request_memory.h"
#include "request/vm_pageout.h"

#include <linux/file.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>

/* Most pages that one fault maps; a whole leaf of small clusters. */
#define MACH_FAULT_MAP_MAX	64
/* What a fault on a page that is there maps at least, as Linux does. */
#define MACH_FAULT_AROUND	16

static u32 mach_fault_access(const struct mach_fault *fault)
{
	return fault->write && fault->share ?
	       MACH_ACCESS_READ | MACH_ACCESS_WRITE : MACH_ACCESS_READ;
}

/* A program that has said "random" gets what it asks for. */
static unsigned int mach_fault_cluster(const struct mach_fault *fault)
{
	return fault->random ? 1 : READ_ONCE(fault->object->cluster);
}

/* Nothing but the page itself: what was asked for alone, and has come, or "random". */
static bool mach_fault_is_single(const struct mach_fault *fault)
{
	return fault->random ||
	       (fault->asked && READ_ONCE(fault->object->cluster) == 1);
}

/* The pages that this fault may map, all in its area and near it. */
static struct mach_run mach_fault_around(const struct mach_fault *fault)
{
	unsigned int pages = READ_ONCE(fault->object->cluster);
	pgoff_t end = min_t(pgoff_t, fault->end,
			    mach_object_npages(fault->object));

	if (!fault->asked)
		pages = max_t(unsigned int, pages, MACH_FAULT_AROUND);
	pages = min_t(unsigned int, pages, MACH_FAULT_MAP_MAX);
	return mach_run_window(fault->index, pages, fault->first, end);
}

/*
 * Map resident pages around the fault. Those behind it come first: when one of
 * them has an entry already, the rest has as well.
 */
static vm_fault_t mach_fault_map(const struct mach_fault *fault,
				 const struct mach_run *run,
				 struct page **pages)
{
	struct vm_area_struct *vma = fault->vmf->vma;
	unsigned int before = fault->index - run->first;
	unsigned long address = fault->vmf->address & PAGE_MASK;
	int (*enter)(struct vm_area_struct *vma, unsigned long address,
		     struct page **pages, unsigned int n);
	int err;

	lockdep_assert_held(&fault->object->residence);
	enter = fault->free ? mach_pmap_enter_writable : mach_pmap_enter;
	err = enter(vma, address, pages + before, run->n - before);
	if (!err && before)
		err = enter(vma, address - before * PAGE_SIZE, pages, before);
	return err ? VM_FAULT_OOM : VM_FAULT_NOPAGE;
}

/* Apart from the next: kernels may clear all that lies on the stack. */
static noinline_for_stack vm_fault_t
mach_fault_map_run(const struct mach_fault *fault, struct mach_run *run)
{
	struct page *pages[MACH_FAULT_MAP_MAX];

	lockdep_assert_held(&fault->object->residence);
	mach_object_lock(fault->object);
	mach_object_resident_run(fault->object, run, fault->index, pages);
	mach_object_unlock(fault->object);
	return mach_fault_map(fault, run, pages);
}

static vm_fault_t mach_fault_map_around(const struct mach_fault *fault,
					struct page *page)
{
	struct mach_run run = { .first = fault->index, .n = 1 };

	lockdep_assert_held(&fault->object->residence);
	if (mach_fault_is_single(fault))
		return mach_fault_map(fault, &run, &page);
	run = mach_fault_around(fault);
	return mach_fault_map_run(fault, &run);
}

/* May the page, which is there, be dirty? */
bool mach_fault_may_dirty(struct mach_object *object, pgoff_t index)
{
	lockdep_assert_held(&object->lock);
	return mach_pageout_may_dirty(object) ||
	       mach_object_is_dirty(object, index);
}

/*
 * The first write. Linux is told to make the entry of a node's area; a task's is
 * made here, while its map cannot change.
 */
static vm_fault_t mach_fault_write(const struct mach_fault *fault,
				   struct page *page)
{
	struct vm_fault *vmf = fault->vmf;

	lockdep_assert_held(&fault->object->residence);
	if (fault->task) {
		mach_object_mark_dirty(fault->object, fault->index);
		return mach_pmap_enter_writable(vmf->vma,
						vmf->address & PAGE_MASK,
						&page, 1) ?
		       VM_FAULT_OOM : VM_FAULT_NOPAGE;
	}
	get_page(page);
	lock_page(page);
	/* by which Linux would take it out of a cache that does not have it */
	if (unlikely(PageHWPoison(page))) {
		unlock_page(page);
		put_page(page);
		return VM_FAULT_HWPOISON;
	}
	vmf->page = page;
	return VM_FAULT_LOCKED;
}

/*
 * Look the page up and, if it is there or nowhere, settle the fault.
 * Return: 0 if it is not; then *@request is the one it is in, if any, or the
 * fault has to hold.
 */
vm_fault_t mach_fault_resident(struct mach_fault *fault,
			       struct mach_request **request)
{
	struct mach_object *object = fault->object;
	vm_fault_t ret = 0;
	struct page *page;

	*request = NULL;
	down_read(&object->residence);
	if (fault->index >= mach_object_npages(object)) {
		up_read(&object->residence);
		return VM_FAULT_SIGBUS;
	}
	mach_object_lock(object);
	mach_object_count(object, faults, !fault->asked);
	page = mach_object_page(object, fault->index);
	if (page && !mach_page_serves(page, fault->write && fault->share)) {
		*request = mach_request_find(object, fault->index);
		page = NULL;
	} else if (page && fault->write && fault->share && !fault->free &&
		   !mach_fault_may_dirty(object, fault->index)) {
		fault->hold = MACH_FAULT_TOO_DIRTY;
		page = NULL;
	}
	mach_object_unlock(object);
	/* the lock of residence keeps it there */
	if (page && fault->write && !fault->free)
		ret = mach_fault_write(fault, page);
	else if (page)
		ret = mach_fault_map_around(fault, page);
	up_read(&object->residence);
	return ret;
}

/**
 * mach_fault_map_new - Map pages that have just become resident
 * @fault: of the first one
 * @run: where, all of it where the fault may map
 * @pages: they
 *
 * Return: VM_FAULT_*, not 0.
 */
vm_fault_t mach_fault_map_new(struct mach_fault *fault,
			      const struct mach_run *run, struct page **pages)
{
	vm_fault_t ret;

	down_read(&fault->object->residence);
	ret = mach_fault_map(fault, run, pages);
	up_read(&fault->object->residence);
	return ret;
}

/*
 * The answer is there, and no lock is held. A read takes the lock back and maps
 * what came, which is cheaper than a second fault; a write may not, because
 * Linux goes on with page tables that it looked up before. A task's map may have
 * changed, too. An error is told under the lock as well.
 */
static vm_fault_t mach_fault_resume(struct mach_fault *fault,
				    struct mm_struct *mm, struct file *file,
				    int err)
{
	struct mach_request *other;
	vm_fault_t ret;

	if (err == -EINTR ||
	    (!err && (fault->write || fault->hold || fault->task)) ||
	    !mach_compat_fault_relock(fault->vmf, mm, file))
		return VM_FAULT_RETRY;
	if (err)
		return VM_FAULT_SIGBUS;
	fault->asked = true;
	ret = mach_fault_resident(fault, &other);
	if (other)
		mach_request_put(other);
	/* gone again: the next fault asks again */
	return (ret ?: VM_FAULT_NOPAGE) | VM_FAULT_MAJOR;
}

/*
 * An instruction of a program is simply executed again after a signal. Linux's own
 * access on its behalf would spin instead: it goes on until it has the page.
 */
static enum mach_manner mach_fault_manner(const struct vm_fault *vmf)
{
	if (!(vmf->flags & FAULT_FLAG_ALLOW_RETRY))
		return MACH_WAIT_LOCKED;
	if (vmf->flags & FAULT_FLAG_USER &&
	    vmf->flags & FAULT_FLAG_INTERRUPTIBLE)
		return MACH_WAIT_SIGNAL;
	return MACH_WAIT_KILLED;
}

/* Until it is worth looking again. */
static int mach_fault_sleep(const struct mach_fault *fault,
			    struct mach_request *request)
{
	enum mach_manner manner = mach_fault_manner(fault->vmf);

	switch (fault->hold) {
	case MACH_FAULT_NO_ROOM:
		return mach_pageout_wait(fault->object, manner);
	case MACH_FAULT_TOO_DIRTY:
		return mach_pageout_throttle(fault->object, manner);
	case MACH_FAULT_GO:
		break;
	}
	return mach_request_wait_page(request, fault->index, manner);
}

/*
 * The caller (ptrace, say, or /proc/PID/mem) cannot let go of Linux's lock. If it is
 * that of the pager's own memory, the pager may need it before it can answer.
 */
static vm_fault_t mach_fault_wait_locked(struct mach_fault *fault,
					 struct mach_request *request)
{
	struct mach_object *object = fault->object;

	if (object->pager && fault->vmf->vma->vm_mm == object->pager->mm) {
		pr_warn_ratelimited("machvm: %s[%d]: waits for object %u with the memory of its pager locked: refused\n",
				    current->comm, task_tgid_nr(current),
				    object->id);
		return VM_FAULT_SIGBUS;
	}
	return mach_fault_sleep(fault, request) ? VM_FAULT_SIGBUS :
						  VM_FAULT_NOPAGE;
}

/* Wait, and without Linux's lock if the fault may let go of it. */
static vm_fault_t mach_fault_wait(struct mach_fault *fault,
				  struct mach_request *request)
{
	struct vm_fault *vmf = fault->vmf;
	struct mm_struct *mm = vmf->vma->vm_mm;
	struct file *file;
	vm_fault_t ret;
	int err;

	if (vmf->flags & FAULT_FLAG_RETRY_NOWAIT)
		return VM_FAULT_RETRY;
	if (!(vmf->flags & FAULT_FLAG_ALLOW_RETRY))
		return mach_fault_wait_locked(fault, request);
	file = get_file(vmf->vma->vm_file);
	mach_compat_fault_unlock(vmf);
	err = mach_fault_sleep(fault, request);
	ret = mach_fault_resume(fault, mm, file, err);
	fput(file);
	return ret;
}

/* Nobody has asked for the page yet. */
static vm_fault_t mach_fault_ask(struct mach_fault *fault,
				 struct mach_request **request)
{
	*request = mach_data_request(fault->object, fault->index,
				     mach_fault_cluster(fault),
				     mach_fault_access(fault));
	if (!IS_ERR(*request))
		return 0;
	if (*request == ERR_PTR(-EEXIST))
		return VM_FAULT_NOPAGE;	/* it has come: look again */
	if (*request == ERR_PTR(-EAGAIN)) {
		fault->hold = MACH_FAULT_NO_ROOM;
		return 0;
	}
	/* -ENOMEM as well: VM_FAULT_OOM would have it tried for ever */
	return VM_FAULT_SIGBUS;
}

/* The page is not there: have it brought, if nobody does so yet. */
vm_fault_t mach_fault_bring(struct mach_fault *fault,
			    struct mach_request *request)
{
	struct mach_object *object = fault->object;
	vm_fault_t ret = 0;

	if (object->pager && mach_pager_is_stuck(object->pager, object->id))
		ret = VM_FAULT_SIGBUS;
	else if (!request && !fault->hold)
		ret = mach_fault_ask(fault, &request);
	if (!ret)
		ret = mach_fault_wait(fault, request);
	if (!IS_ERR_OR_NULL(request))
		mach_request_put(request);
	return ret;
}

/*
 * Maps nothing. Linux 6.12 has faults of areas without this operation retried
 * under the mmap lock.
 */
vm_fault_t mach_vm_map_pages(struct vm_fault *vmf, pgoff_t first,
			     pgoff_t last)
{
	return 0;
}
