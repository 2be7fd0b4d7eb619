// SPDX-License-Identifier: GPL-2.0-only
#include "vm_fault.h"
#include "base/compat.h"
#include "map/vm_map.h"
#include "object/pmap.h"
#include "object/vm_resident.h"
#include "pool/vm_page.h"
#include "request/data_request.h"
#include "request/vm_pageout.h"
#include "zero_fill.h"

#include <linux/file.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>

/* Most pages that one fault maps; a whole leaf of small clusters. */
#define MACH_FAULT_MAP_MAX	64
/* What a fault on a page that is there maps at least, as Linux does. */
#define MACH_FAULT_AROUND	16

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

/* The pages that this fault may map, all in its area and near it. */
static struct mach_extent mach_fault_around(const struct mach_fault *fault)
{
	unsigned int pages = mach_fault_cluster(fault);
	pgoff_t end = min_t(pgoff_t, fault->end, fault->object->npages);

	if (!fault->asked && !fault->random)
		pages = max_t(unsigned int, pages, MACH_FAULT_AROUND);
	pages = min_t(unsigned int, pages, MACH_FAULT_MAP_MAX);
	return mach_extent_window(fault->index, pages, fault->first, end);
}

/*
 * Map resident pages around the fault. Those behind it come first: when one of
 * them has an entry already, the rest has as well.
 */
static vm_fault_t mach_fault_map(const struct mach_fault *fault,
				 const struct mach_extent *run,
				 struct page **pages)
{
	struct vm_area_struct *vma = fault->vmf->vma;
	unsigned int before = fault->index - run->first;
	unsigned long address = fault->vmf->address & PAGE_MASK;
	int (*enter)(struct vm_area_struct *vma, unsigned long address,
		     struct page **pages, unsigned int n);
	int err;

	enter = fault->free ? mach_pmap_enter_writable : mach_pmap_enter;
	err = enter(vma, address, pages + before, run->n - before);
	if (!err && before)
		err = enter(vma, address - before * PAGE_SIZE, pages, before);
	return err ? VM_FAULT_OOM : VM_FAULT_NOPAGE;
}

/* May the fault have the page as it is? */
static bool mach_fault_suits(const struct mach_fault *fault, struct page *page)
{
	switch (mach_page_state(page)) {
	case MACH_PAGE_RESIDENT:
		return true;
	case MACH_PAGE_RETURN:
		return !(fault->write && fault->share);
	case MACH_PAGE_BUSY:
		return false;
	}
	return false;
}

static vm_fault_t mach_fault_map_around(const struct mach_fault *fault,
					struct page *page)
{
	struct mach_extent run = mach_fault_around(fault);
	struct page *pages[MACH_FAULT_MAP_MAX];

	if (run.n == 1)
		return mach_fault_map(fault, &run, &page);
	mach_object_lock(fault->object);
	mach_object_resident_run(fault->object, &run, fault->index, pages);
	mach_object_unlock(fault->object);
	return mach_fault_map(fault, &run, pages);
}

/* May the page, which is there, be dirty? */
static bool mach_fault_may_dirty(struct mach_object *object, pgoff_t index)
{
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

	lockdep_assert_held(&fault->object->map_lock);
	if (fault->task) {
		mach_object_mark_dirty(fault->object, fault->index);
		return mach_pmap_enter_writable(vmf->vma,
						vmf->address & PAGE_MASK,
						&page, 1) ?
		       VM_FAULT_OOM : VM_FAULT_NOPAGE;
	}
	get_page(page);
	lock_page(page);
	vmf->page = page;
	return VM_FAULT_LOCKED;
}

/*
 * Look the page up and, if it is there, settle the fault.
 * Return: 0 if it is not; then *@request is the one it is in, if any, or the
 * fault has to hold.
 */
static vm_fault_t mach_fault_resident(struct mach_fault *fault,
				      struct mach_request **request)
{
	struct mach_object *object = fault->object;
	vm_fault_t ret = 0;
	struct page *page;

	*request = NULL;
	down_read(&object->map_lock);
	mach_object_lock(object);
	object->counts.faults += !fault->asked;
	page = mach_object_page(object, fault->index);
	if (page && !mach_fault_suits(fault, page)) {
		*request = mach_request_find(object, fault->index);
		page = NULL;
	} else if (page && fault->write && fault->share && !fault->free &&
		   !mach_fault_may_dirty(object, fault->index)) {
		fault->hold = MACH_FAULT_TOO_DIRTY;
		page = NULL;
	}
	mach_object_unlock(object);
	/* the map_lock keeps it resident */
	if (page && fault->write && !fault->free)
		ret = mach_fault_write(fault, page);
	else if (page)
		ret = mach_fault_map_around(fault, page);
	up_read(&object->map_lock);
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

/* Until it is worth looking again. */
static int mach_fault_sleep(const struct mach_fault *fault,
			    struct mach_request *request)
{
	switch (fault->hold) {
	case MACH_FAULT_NO_ROOM:
		return mach_pageout_wait(fault->object);
	case MACH_FAULT_TOO_DIRTY:
		return mach_pageout_throttle(fault->object);
	case MACH_FAULT_GO:
		break;
	}
	return mach_request_wait_page(request, fault->index);
}

/* Wait without Linux's lock. */
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
	if (!(vmf->flags & FAULT_FLAG_ALLOW_RETRY)) {
		/* this caller cannot let go of the lock */
		err = mach_fault_sleep(fault, request);
		return err ? VM_FAULT_SIGBUS : VM_FAULT_NOPAGE;
	}
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
static vm_fault_t mach_fault_bring(struct mach_fault *fault,
				   struct mach_request *request)
{
	struct mach_object *object = fault->object;
	vm_fault_t ret = 0;

	if (object->pager && mach_pager_is_self(object->pager))
		ret = VM_FAULT_SIGBUS;
	else if (!request && !fault->hold)
		ret = mach_fault_ask(fault, &request);
	if (!ret)
		ret = mach_fault_wait(fault, request);
	if (!IS_ERR_OR_NULL(request))
		mach_request_put(request);
	return ret;
}

static vm_fault_t mach_vm_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct mach_fault fault = {
		.vmf = vmf,
		.object = vma->vm_file->private_data,
		.index = vmf->pgoff,
		.first = vma->vm_pgoff,
		.end = vma->vm_pgoff + vma_pages(vma),
		.write = vmf->flags & FAULT_FLAG_WRITE,
		.share = vma->vm_flags & VM_SHARED,
		.random = vma->vm_flags & VM_RAND_READ,
		.asked = vmf->flags & FAULT_FLAG_TRIED,
	};
	struct mach_request *request;
	vm_fault_t ret;

	if (fault.index >= fault.object->npages ||
	    mach_object_is_dead(fault.object))
		return VM_FAULT_SIGBUS;
	ret = mach_fault_resident(&fault, &request);
	return ret ?: mach_fault_bring(&fault, request);
}

/*
 * First write to a page that is mapped read-only. Linux allows no waiting here:
 * a page in a data_return, or of an object with too many dirty pages, is
 * unmapped, so that the write comes as a fault.
 */
static vm_fault_t mach_vm_page_mkwrite(struct vm_fault *vmf)
{
	struct mach_object *object = vmf->vma->vm_file->private_data;
	struct page *page;
	bool writable;

	down_read(&object->map_lock);
	mach_object_lock(object);
	object->counts.faults++;
	page = mach_object_page(object, vmf->pgoff);
	writable = page == vmf->page && !object->dead &&
		   mach_page_state(page) == MACH_PAGE_RESIDENT &&
		   mach_fault_may_dirty(object, vmf->pgoff);
	mach_object_unlock(object);
	if (writable) {
		lock_page(page);
		mach_object_mark_dirty(object, vmf->pgoff);
	}
	up_read(&object->map_lock);
	if (writable)
		return VM_FAULT_LOCKED;
	mach_pmap_revoke(vmf->vma->vm_file->f_mapping, vmf->pgoff, 1);
	return VM_FAULT_NOPAGE;
}

/*
 * Maps nothing. Linux 6.12 has faults of areas without this operation retried
 * under the mmap lock.
 */
static vm_fault_t mach_vm_map_pages(struct vm_fault *vmf, pgoff_t first,
				    pgoff_t last)
{
	return 0;
}

const struct vm_operations_struct mach_vm_operations = {
	.fault = mach_vm_fault,
	.page_mkwrite = mach_vm_page_mkwrite,
	.map_pages = mach_vm_map_pages,
};

/* May the access be made? An entry's permission to write is one to read. */
static bool mach_task_fault_permitted(const struct vm_fault *vmf,
				      const struct mach_map_entry *entry)
{
	u32 needs = MACH_PROT_READ | MACH_PROT_WRITE;

	if (vmf->flags & FAULT_FLAG_WRITE)
		needs = MACH_PROT_WRITE;
	else if (vmf->flags & FAULT_FLAG_INSTRUCTION)
		needs = MACH_PROT_EXECUTE;
	if (!entry || !(entry->protection & needs))
		return false;
	/*
	 * In an executable area all pages can be executed. If they were only
	 * mapped otherwise, Linux would retry such an access for ever.
	 */
	return !(vmf->vma->vm_flags & VM_EXEC) ||
	       entry->protection & MACH_PROT_EXECUTE;
}

static void mach_task_fault_place(struct mach_fault *fault,
				  const struct mach_map_entry *entry)
{
	struct vm_area_struct *vma = fault->vmf->vma;
	s64 shift = (s64)mach_entry_delta(entry) >> PAGE_SHIFT;
	u64 start = max_t(u64, entry->start >> PAGE_SHIFT, vma->vm_pgoff);
	u64 end = min_t(u64, entry->end >> PAGE_SHIFT,
			vma->vm_pgoff + vma_pages(vma));

	fault->object = entry->object;
	fault->index = fault->vmf->pgoff - shift;
	fault->first = start - shift;
	fault->end = end - shift;
	fault->random = entry->behavior == MACH_BEHAVIOR_RANDOM;
	fault->free = mach_object_is_internal(entry->object) &&
		      entry->protection & MACH_PROT_WRITE;
}

/*
 * Settle a fault while the map cannot change. Return: 0 if the page has to be
 * brought; the object is referenced then.
 */
static vm_fault_t mach_task_fault_settle(struct mach_fault *fault,
					 struct mach_request **request)
{
	struct mach_object *object = fault->object;
	vm_fault_t ret;
	int err = 0;

	if (fault->index >= object->npages || mach_object_is_dead(object))
		return VM_FAULT_SIGBUS;
	do {
		ret = mach_fault_resident(fault, request);
		if (ret)
			return ret;
		if (!mach_object_is_internal(object))
			break;
		err = mach_internal_fill(object, fault->index);
		fault->asked = true;	/* it was counted */
	} while (!err);
	if (err == -EAGAIN)
		fault->hold = MACH_FAULT_NO_ROOM;
	else if (err)
		return VM_FAULT_SIGBUS;
	mach_object_get(object);
	return 0;
}

static vm_fault_t mach_task_fault(struct vm_fault *vmf)
{
	struct mach_map *map = mach_map_of(vmf->vma);
	u64 address = (u64)vmf->pgoff << PAGE_SHIFT;
	struct mach_fault fault = {
		.vmf = vmf,
		.write = vmf->flags & FAULT_FLAG_WRITE,
		.share = true,
		.task = true,
		.asked = vmf->flags & FAULT_FLAG_TRIED,
	};
	struct mach_request *request = NULL;
	struct mach_map_entry *entry;
	vm_fault_t ret;

	entry = mach_map_lookup(map, address);
	if (!mach_task_fault_permitted(vmf, entry)) {
		ret = VM_FAULT_SIGSEGV;
	} else if (!entry->object) {
		mach_map_unlock(map);
		return mach_map_make_object(map, address) ? VM_FAULT_SIGBUS :
							    VM_FAULT_NOPAGE;
	} else {
		mach_task_fault_place(&fault, entry);
		ret = mach_task_fault_settle(&fault, &request);
	}
	mach_map_unlock(map);
	if (ret)
		return ret;
	ret = mach_fault_bring(&fault, request);
	mach_object_put(fault.object);
	return ret;
}

/*
 * First write to a page that is mapped read-only. Linux would make the entry
 * writable when the map may have changed already: so the entry goes, and the
 * write comes back as a fault.
 */
static vm_fault_t mach_task_page_mkwrite(struct vm_fault *vmf)
{
	struct mach_map *map = mach_map_of(vmf->vma);
	struct mach_map_entry *entry;
	bool permitted;

	entry = mach_map_lookup(map, (u64)vmf->pgoff << PAGE_SHIFT);
	permitted = mach_task_fault_permitted(vmf, entry);
	mach_map_unlock(map);
	if (!permitted)
		return VM_FAULT_SIGSEGV;
	mach_pmap_revoke(vmf->vma->vm_file->f_mapping, vmf->pgoff, 1);
	return VM_FAULT_NOPAGE;
}

/* It cannot be moved, nor grow: its addresses are the map's. */
static int mach_task_mremap(struct vm_area_struct *vma)
{
	return -EINVAL;
}

const struct vm_operations_struct mach_task_operations = {
	.fault = mach_task_fault,
	.page_mkwrite = mach_task_page_mkwrite,
	.map_pages = mach_vm_map_pages,
	.mremap = mach_task_mremap,
};

static struct mach_request *mach_fault_request(struct mach_object *object,
					       pgoff_t index, u32 access)
{
	struct mach_request *request;

	mach_object_lock(object);
	request = mach_request_find(object, index);
	mach_object_unlock(object);
	if (request)
		return request;
	return mach_data_request(object, index, READ_ONCE(object->cluster),
				 access);
}

/* The resident page at @index, held; NULL if it has to be waited for. */
static struct page *mach_fault_lookup(struct mach_object *object, pgoff_t index,
				      u32 access)
{
	struct page *page;

	lockdep_assert_held(&object->map_lock);
	mach_object_lock(object);
	page = mach_object_page(object, index);
	if (page && (mach_page_state(page) == MACH_PAGE_BUSY ||
		     (access & MACH_ACCESS_WRITE &&
		      mach_page_state(page) == MACH_PAGE_RETURN)))
		page = NULL;
	if (page) {
		folio_set_referenced(page_folio(page));
		get_page(page);
	}
	mach_object_unlock(object);
	if (page && access & MACH_ACCESS_WRITE)
		lock_page(page);
	return page;
}

/* Wait for the page, or for what it takes to ask for it. */
static int mach_fault_await(struct mach_object *object, pgoff_t index,
			    u32 access)
{
	struct mach_request *request;
	int err;

	request = mach_fault_request(object, index, access);
	if (request == ERR_PTR(-EEXIST))
		return 0;
	if (request == ERR_PTR(-EAGAIN))
		return mach_pageout_wait(object);
	if (IS_ERR(request))
		return PTR_ERR(request);
	err = mach_request_wait_page(request, index);
	mach_request_put(request);
	return err;
}

/**
 * mach_fault_page - Have a page in memory, for calls that read and write
 * @object: no lock held
 * @index: inside the object
 * @access: MACH_ACCESS_*; with WRITE the page comes locked, and the caller
 *	marks it dirty before it unlocks
 * @wait: false: -EAGAIN when a pager would have to be asked, or a frame be made
 *	free
 *
 * Return: the page with a reference; -EIO or the pager's error, -EDEADLK,
 * -EINTR, -ENOMEM, -EAGAIN.
 */
struct page *mach_fault_page(struct mach_object *object, pgoff_t index,
			     u32 access, bool wait)
{
	struct page *page;
	int err = 0;

	if (access & MACH_ACCESS_WRITE && object->pager &&
	    !mach_pageout_may_dirty(object))
		err = wait ? mach_pageout_throttle(object) : -EAGAIN;
	while (!err) {
		if (mach_object_is_dead(object))
			return ERR_PTR(-EIO);
		down_read(&object->map_lock);
		page = mach_fault_lookup(object, index, access);
		up_read(&object->map_lock);
		if (page)
			return page;
		if (object->pager && mach_pager_is_self(object->pager))
			return ERR_PTR(-EDEADLK);
		if (mach_object_is_internal(object)) {
			err = mach_internal_fill(object, index);
			if (err == -EAGAIN && wait)
				err = mach_pageout_wait(object);
			continue;
		}
		if (!wait)
			return ERR_PTR(-EAGAIN);
		err = mach_fault_await(object, index, access);
	}
	return ERR_PTR(err);
}
