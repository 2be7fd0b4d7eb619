// SPDX-License-Identifier: GPL-2.0-only
/* Reading, writing and copying what a map shows, page by page. */
#include "vm_map_data.h"
#include "fault/fault_page.h"
#include "map/vm_map_change.h"
#include "object/vm_resident.h"
#include "request/vm_pageout.h"

#include <linux/highmem.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

/* Bytes that are copied at a time where there is no memory for a page. */
#define MACH_DATA_SMALL	256

/**
 * mach_map_round_inside - The whole pages of a range that has to be in the map
 * @map: has a window?
 * @address: first byte
 * @length: bytes
 * @start: out: first address
 * @end: out: the address after the last
 *
 * Return: 0, or -EADDRNOTAVAIL, also for what goes over the end of all addresses.
 */
int mach_map_round_inside(const struct mach_map *map, u64 address, u64 length,
			  u64 *start, u64 *end)
{
	int err = mach_map_round(map, address, length, start, end);

	return err == -EINVAL ? -EADDRNOTAVAIL : err;
}

/**
 * mach_map_check_access - Does every entry of a range allow an access?
 * @map: not locked
 * @address: first byte
 * @length: bytes
 * @access: MACH_PROT_*
 *
 * Return: 0; -EADDRNOTAVAIL; -EACCES.
 */
int mach_map_check_access(struct mach_map *map, u64 address, u64 length,
			  u32 access)
{
	struct mach_map_entry *entry;
	u64 start, end;
	int err;

	err = mach_map_round_inside(map, address, length, &start, &end);
	if (err || start == end)
		return err;
	entry = mach_map_lookup(map, start);
	if (!mach_entries_cover(&map->entries, start, end))
		err = -EADDRNOTAVAIL;
	for (; !err && entry && entry->start < end; entry = entry->next)
		if (access & ~entry->protection)
			err = -EACCES;
	mach_map_unlock(map);
	return err;
}

/**
 * struct mach_data_page - What a map has at an address, while it is locked
 * @page: held, and locked for who writes; NULL: zeros that nobody has touched
 * @object: whose page it is
 * @index: and its index there
 */
struct mach_data_page {
	struct page *page;
	struct mach_object *object;
	pgoff_t index;
};

/* -EAGAIN: the object's page has to be waited for. */
static int mach_data_page_look(const struct mach_map_entry *entry, u64 address,
			       u32 access, struct mach_data_page *at)
{
	u32 needs = access & MACH_ACCESS_WRITE ? MACH_PROT_WRITE :
						 MACH_PROT_READ;

	*at = (struct mach_data_page) {};
	if (!entry)
		return -EADDRNOTAVAIL;
	if (!(entry->protection & needs))
		return -EACCES;
	if (!entry->object)
		return access & MACH_ACCESS_WRITE ? -EAGAIN : 0;
	at->object = entry->object;
	at->index = (address - mach_entry_delta(entry)) >> PAGE_SHIFT;
	if (at->index >= mach_object_npages(at->object))
		return -EIO;
	at->page = mach_fault_task_page(at->object, at->index, access,
					MACH_WAIT_NEVER);
	return PTR_ERR_OR_ZERO(at->page);
}

/* Until it is worth looking again; the map is not locked. */
static int mach_data_page_wait(struct mach_map *map, u64 address, u32 access,
			       const struct mach_data_page *at)
{
	struct page *page;

	if (!at->object)
		return mach_map_make_object(map, address);
	if (mach_object_is_internal(at->object))
		return mach_pageout_wait(at->object, MACH_WAIT_KILLED);
	page = mach_fault_task_page(at->object, at->index, access,
				    MACH_WAIT_KILLED);
	if (IS_ERR(page))
		return PTR_ERR(page);
	if (access & MACH_ACCESS_WRITE)
		unlock_page(page);
	put_page(page);
	return 0;
}

/*
 * The page at an address. On success the map stays locked until
 * mach_data_page_put(): so what the entry allows is allowed, and the page is not
 * moved to another object, until the bytes are copied.
 */
static int mach_data_page_get(struct mach_map *map, u64 address, u32 access,
			      struct mach_data_page *at)
{
	int err;

	do {
		err = mach_data_page_look(mach_map_lookup(map, address),
					  address, access, at);
		if (!err)
			return 0;
		if (at->object)
			mach_object_get(at->object);
		mach_map_unlock(map);
		if (err == -EAGAIN)
			err = mach_data_page_wait(map, address, access, at);
		if (at->object)
			mach_object_put(at->object);
	} while (!err);
	return err;
}

static void mach_data_page_put(struct mach_map *map,
			       const struct mach_data_page *at)
{
	if (at->page)
		put_page(at->page);
	mach_map_unlock(map);
}

static int mach_map_get_bytes(struct mach_map *map, u64 address, void *buffer,
			      size_t bytes)
{
	struct mach_data_page at;
	int err = mach_data_page_get(map, address, MACH_ACCESS_READ, &at);

	if (err)
		return err;
	if (at.page)
		memcpy_from_page(buffer, at.page, offset_in_page(address),
				 bytes);
	else
		memset(buffer, 0, bytes);
	mach_data_page_put(map, &at);
	return 0;
}

static int mach_map_put_bytes(struct mach_map *map, u64 address,
			      const void *buffer, size_t bytes)
{
	struct mach_data_page at;
	int err = mach_data_page_get(map, address,
				     MACH_ACCESS_READ | MACH_ACCESS_WRITE, &at);

	if (err)
		return err;
	memcpy_to_page(at.page, offset_in_page(address), buffer, bytes);
	if (at.object->pager)
		mach_object_mark_dirty(at.object, at.index);
	unlock_page(at.page);
	mach_data_page_put(map, &at);
	return 0;
}

/* One step, @bytes at @offset that lie in one page of the map, through @buffer */
typedef int (*mach_data_step)(struct mach_map *map,
			      const struct mach_task_data *data, u64 offset,
			      void *buffer, size_t bytes);

static int mach_data_read(struct mach_map *map,
			  const struct mach_task_data *data, u64 offset,
			  void *buffer, size_t bytes)
{
	int err = mach_map_get_bytes(map, data->address + offset, buffer,
				     bytes);

	if (!err && copy_to_user(u64_to_user_ptr(data->data + offset), buffer,
				 bytes))
		err = -EFAULT;
	return err;
}

static int mach_data_write(struct mach_map *map,
			   const struct mach_task_data *data, u64 offset,
			   void *buffer, size_t bytes)
{
	if (copy_from_user(buffer, u64_to_user_ptr(data->data + offset), bytes))
		return -EFAULT;
	return mach_map_put_bytes(map, data->address + offset, buffer, bytes);
}

static int mach_data_copy(struct mach_map *map,
			  const struct mach_task_data *data, u64 offset,
			  void *buffer, size_t bytes)
{
	return mach_map_get_bytes(map, data->address + offset, buffer,
				  bytes) ?:
	       mach_map_put_bytes(map, data->data + offset, buffer, bytes);
}

/* Bytes of a range that begin at @at and lie in one page */
static u64 mach_bytes_upward(u64 at)
{
	return PAGE_SIZE - offset_in_page(at);
}

/* The same of those that end at @end */
static u64 mach_bytes_downward(u64 end)
{
	return offset_in_page(end - 1) + 1;
}

/* The next step of a transfer, from its start or, @downward, from its end */
static u64 mach_data_next(const struct mach_task_data *data, bool copy,
			  bool downward, u64 most, u64 *offset)
{
	u64 left = data->length - data->done, bytes = min(left, most);

	if (downward) {
		bytes = min(bytes, mach_bytes_downward(data->address + left));
		bytes = min(bytes, mach_bytes_downward(data->data + left));
		*offset = left - bytes;
		return bytes;
	}
	*offset = data->done;
	bytes = min(bytes, mach_bytes_upward(data->address + *offset));
	if (copy)
		bytes = min(bytes, mach_bytes_upward(data->data + *offset));
	return bytes;
}

static int mach_map_transfer(struct mach_map *map, struct mach_task_data *data,
			     mach_data_step step)
{
	const bool copy = step == mach_data_copy;
	/* so that what is yet to be read is not overwritten */
	const bool downward = copy && data->data > data->address &&
			      data->data - data->address < data->length;
	u8 small[MACH_DATA_SMALL];
	u64 offset, bytes, most;
	u8 *buffer;
	int err = 0;

	if (data->flags & MACH_DATA_CHECK)
		return 0;
	buffer = kmalloc(PAGE_SIZE, GFP_KERNEL);
	most = buffer ? PAGE_SIZE : sizeof(small);
	while (!err && data->done < data->length) {
		bytes = mach_data_next(data, copy, downward, most, &offset);
		err = step(map, data, offset, buffer ?: small, bytes);
		if (!err)
			data->done += bytes;
		if (fatal_signal_pending(current))
			err = err ?: -EINTR;
		cond_resched();
	}
	kfree(buffer);
	return err;
}

/**
 * mach_map_read - Bytes of a map go to the caller
 * @map: not locked
 * @data: from where, how many and to where; @done grows
 *
 * Return: 0; -EADDRNOTAVAIL, -EACCES; -EFAULT; -EIO; -ENOMEM; -EINTR. Source:
 * Mach's vm_read.
 */
int mach_map_read(struct mach_map *map, struct mach_task_data *data)
{
	return mach_map_check_access(map, data->address, data->length,
				     MACH_PROT_READ) ?:
	       mach_map_transfer(map, data, mach_data_read);
}

/**
 * mach_map_write - Bytes of the caller go into a map
 * @map: not locked
 * @data: to where, how many and from where; @done grows
 *
 * Return: as mach_map_read(). Source: Mach's vm_write.
 */
int mach_map_write(struct mach_map *map, struct mach_task_data *data)
{
	return mach_map_check_access(map, data->address, data->length,
				     MACH_PROT_WRITE) ?:
	       mach_map_transfer(map, data, mach_data_write);
}

/**
 * mach_map_copy - Bytes of a map go elsewhere in it
 * @map: not locked
 * @data: from where, how many and to where; @done grows
 *
 * The ranges may overlap. Return: as mach_map_read(). Source: Mach's vm_copy.
 */
int mach_map_copy(struct mach_map *map, struct mach_task_data *data)
{
	return mach_map_check_access(map, data->address, data->length,
				     MACH_PROT_READ) ?:
	       mach_map_check_access(map, data->data, data->length,
				     MACH_PROT_WRITE) ?:
	       mach_map_transfer(map, data, mach_data_copy);
}

/* A page nobody has touched need not be copied. */
static bool mach_object_untouched(struct mach_object *object, pgoff_t index)
{
	bool untouched;

	if (object->pager)
		return false;
	mach_object_lock(object);
	untouched = !mach_object_page(object, index);
	mach_object_unlock(object);
	return untouched;
}

static bool mach_spot_untouched(const struct mach_spot *spot)
{
	return !spot->object ||
	       (spot->index < mach_object_npages(spot->object) &&
		mach_object_untouched(spot->object, spot->index));
}

/**
 * mach_map_zero - Fill a range with zeros
 * @map: not locked
 * @start: first address
 * @end: the address after the last
 *
 * Return: as mach_map_write().
 */
int mach_map_zero(struct mach_map *map, u64 start, u64 end)
{
	struct mach_spot spot;
	int err = 0;

	while (!err && start < end) {
		if (!mach_map_spot(map, start, &spot))
			return -EADDRNOTAVAIL;
		if (!mach_spot_untouched(&spot))
			err = mach_map_put_bytes(map, start,
						 page_address(ZERO_PAGE(0)),
						 PAGE_SIZE);
		start = spot.object ? start + PAGE_SIZE : spot.end;
		if (spot.object)
			mach_object_put(spot.object);
		if (fatal_signal_pending(current))
			err = err ?: -EINTR;
		cond_resched();
	}
	return err;
}

static int mach_object_copy_page(struct mach_object *from, pgoff_t index,
				 struct mach_object *to, pgoff_t to_index)
{
	struct page *source, *target;

	source = mach_fault_task_page(from, index, MACH_ACCESS_READ,
				      MACH_WAIT_KILLED);
	if (IS_ERR(source))
		return PTR_ERR(source);
	target = mach_fault_task_page(to, to_index,
				      MACH_ACCESS_READ | MACH_ACCESS_WRITE,
				      MACH_WAIT_KILLED);
	if (!IS_ERR(target)) {
		copy_highpage(target, source);
		unlock_page(target);
		put_page(target);
	}
	put_page(source);
	return PTR_ERR_OR_ZERO(target);
}

/**
 * mach_object_copy - Copy pages, at once
 * @from: any object
 * @first: its first page index
 * @n: how many pages
 * @to: internal, seen by nobody yet
 * @to_first: its first page index
 *
 * Return: 0; -EIO if the range is not all in the object, or its pager fails;
 * -ENOMEM; -EINTR.
 */
int mach_object_copy(struct mach_object *from, pgoff_t first, pgoff_t n,
		     struct mach_object *to, pgoff_t to_first)
{
	pgoff_t i, npages = mach_object_npages(from);
	int err = 0;

	if (first >= npages || n > npages - first)
		return -EIO;
	for (i = 0; i < n && !err; i++) {
		if (!mach_object_untouched(from, first + i))
			err = mach_object_copy_page(from, first + i, to,
						    to_first + i);
		if (fatal_signal_pending(current))
			err = err ?: -EINTR;
		cond_resched();
	}
	return err;
}
