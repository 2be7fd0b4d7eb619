/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an object asks of its pager and gives back to it.
 *
 *	room		waiting for room
 *	memory_object	requests: sent, found, settled, ended
 *	request_memory	requests: made and freed
 *	data_return	modified pages go back
 *	vm_pageout	making room when frames run short
 *	object_size	the size of an object: wished for, changed
 *	name_request	what is asked about names
 *	list_request	the names of a listed directory are asked for
 *	data_request	absent pages are asked for
 *	object_end	what is dirty goes to the pager, or is lost with it
 *
 * A request belongs to the kernel: its slot, its waiters and whoever fills its
 * frames hold references. It ends once, by the pager's commit, its deadline or
 * the pager's death; what it did not settle by then is dropped.
 *
 * Locks: mach_size_locks, mutexes: who changes the size of an object has one; the
 * object's residence, and all below it, is taken under it. The object's own lock guards
 * its requests. A request is sent, and waited for, without any of these.
 */
#ifndef MACH_MEMORY_OBJECT_H
#define MACH_MEMORY_OBJECT_H

#include "base/manner.h"
#include "object/vm_object.h"

#include <linux/bvec.h>
#include <linux/wait.h>

struct mach_asking;
struct mach_name_request;

/**
 * struct mach_request - One message to a pager and what came of it
 *
 * (a) atomic, (c) const once submitted, (o) object lock, (p) the pager's port, (n) the
 * lock of names
 *
 * @ref: (a)
 * @cache: (c) where its memory came from; NULL: it is the object's reserve,
 *	or lent by Linux
 * @object: (c) referenced
 * @wait: woken when pages are settled and at the end
 * @operation: (c) MACH_OP_*
 * @flags: (c) MACH_MSG_*
 * @access: (c) MACH_ACCESS_*
 * @first: (c) first page index
 * @n: (c) pages
 * @offset: (c) first byte: of these pages, or of the range that a SET_SIZE allocates
 * @length: (c) bytes: of these pages, as far as the object went; or likewise; or of
 *	@text
 * @size: (c) the size that a SET_SIZE is about
 * @alive: (o) pages from the first on that have not been cut off since
 * @mandatory: (c) page whose failure somebody is told of
 * @waited: (c) somebody waits for it
 * @cookie: (c) for the message
 * @text: (c) what is asked about a name, freed with the request; or NULL
 * @asking: (n) who waits for that; NULL: nobody any more
 * @error: (o) 0, or -errno for who waits for the mandatory page, the return, the
 *	size, or the names
 * @sender: (p) number of the thread that sent it
 * @near: (p) it went to a pager thread that last ran on the sender's CPU
 * @laundry: (c) a data_return that makes room
 * @ended: (o) bool: nothing more will be settled; may be read without the lock
 * @link: (o) in object->requests or object->returns
 * @subtree_last: (o) last page of all below it there
 * @whole: (o) in object->whole
 * @port_link: (p) while it waits for a slot
 * @due_link: (p) until the port has let go of it, or ended it
 * @deadline: (p) jiffies
 * @nr_settled: (o) pages that are supplied, refused, taken or cut off; who answers
 *	the request looks without the lock whether there are any
 * @settled: (o) bit i: page first + i is one of them
 * @cut: (o) bit i: page first + i was cut off from a return; read without the lock by
 *	who drops the last reference
 * @kept: (o) of its frames, those that are not the object's any more, and on its user's
 *	account until the request goes
 * @frames: page i's frame; NULL once it was supplied or taken: it is the
 *	object's alone then. Who answers the request uses those that are not
 *	settled, without a lock. Of pages that were cut off from a return, both the
 *	return's and the object's reference are the request's.
 */
struct mach_request {
	refcount_t ref;
	struct mach_kmem *cache;
	struct mach_object *object;
	wait_queue_head_t wait;
	u16 operation;
	u16 flags;
	u32 access;
	pgoff_t first;
	unsigned int n;
	unsigned int alive;
	u64 offset;
	u64 length;
	u64 size;
	pgoff_t mandatory;
	bool waited;
	u64 cookie;
	struct mach_name_request *text;
	struct mach_asking *asking;
	int error;
	pid_t sender;
	bool near;
	bool laundry;
	u8 ended;
	struct rb_node link;
	unsigned long subtree_last;
	struct hlist_node whole;
	struct list_head port_link;
	struct list_head due_link;
	unsigned long deadline;
	unsigned int nr_settled;
	unsigned int kept;
	DECLARE_BITMAP(settled, MACH_CLUSTER_MAX_PAGES);
	DECLARE_BITMAP(cut, MACH_CLUSTER_MAX_PAGES);
	struct bio_vec frames[];
};

static inline void mach_request_get(struct mach_request *request)
{
	refcount_inc(&request->ref);
}

static inline bool mach_request_is_return(const struct mach_request *request)
{
	return request->operation == MACH_OP_DATA_RETURN;
}

static inline bool mach_request_has_ended(const struct mach_request *request)
{
	/* what came of it is known as well; pairs with mach_request_end() */
	return smp_load_acquire(&request->ended);
}

static inline bool mach_request_is_name(const struct mach_request *request)
{
	return request->operation >= MACH_OP_CREATE &&
	       request->operation <= MACH_OP_SET_ATTRIBUTES;
}

/* One without pages that a client waits for */
static inline bool mach_request_is_whole(const struct mach_request *request)
{
	return request->operation == MACH_OP_SYNCHRONIZE ||
	       request->operation == MACH_OP_SET_SIZE ||
	       request->operation == MACH_OP_LIST ||
	       mach_request_is_name(request);
}

/* Is the page that somebody waits for among [first, first + n)? */
static inline bool mach_request_awaits(const struct mach_request *request,
				       pgoff_t first, unsigned int n)
{
	return request->waited && request->mandatory - first < n;
}

/* The first page that may not be sent now, because a SET_SIZE may cut it off */
static inline pgoff_t mach_object_barred(const struct mach_object *object)
{
	const struct mach_request *resizing = object->resizing;

	lockdep_assert_held(&object->lock);
	return resizing && resizing->size < object->size ?
	       resizing->size >> PAGE_SHIFT : ULONG_MAX;
}

void mach_request_link(struct mach_request *request);
void mach_request_submit(struct mach_request *request);

struct mach_request *mach_request_find(struct mach_object *object,
				       pgoff_t index);
struct mach_request *mach_request_find_return(struct mach_object *object,
					      pgoff_t first, pgoff_t end);
struct mach_request *mach_request_any(struct mach_object *object);
struct mach_request *mach_request_find_resizing(struct mach_object *object);
int mach_request_wait_page(struct mach_request *request, pgoff_t index,
			   enum mach_manner manner);
int mach_request_wait_end(struct mach_request *request);

int mach_request_supply(struct mach_request *request, pgoff_t first,
			unsigned int n);
int mach_request_supply_zeros(struct mach_request *request, pgoff_t first,
			      unsigned int n);
int mach_request_refuse(struct mach_request *request, pgoff_t first,
			unsigned int n, int error);
int mach_request_taken(struct mach_request *request, pgoff_t first,
		       unsigned int n);
int mach_request_end(struct mach_request *request, int error);
void mach_requests_cut(struct mach_object *object, u64 size);

#endif /* MACH_MEMORY_OBJECT_H */
