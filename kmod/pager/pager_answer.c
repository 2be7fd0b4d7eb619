// SPDX-License-Identifier: GPL-2.0-only
/* Answers: each part is located in its request, checked, and applied. */
#include "pager_answer.h"
#include "base/check.h"
#include "base/compat.h"
#include "base/mach_trace.h"
#include "file/asking.h"
#include "file_io.h"
#include "pager_watch.h"
#include "request/data_request.h"
#include "request/list_request.h"
#include "request/name_request.h"
#include "request/object_size.h"
#include "request/request_memory.h"

#include <linux/highmem.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

static_assert(sizeof(struct mach_part) == MACH_PART_SIZE_VER0);

/* How often the source of a supply may vanish while it is copied. */
#define MACH_SUPPLY_TRIES	16

/* What was cut off is nobody's. Return: -EEXIST: a page is answered already. */
static int mach_fill_clip(struct mach_fill *fill)
{
	struct mach_request *request = fill->request;
	struct mach_object *object = request->object;
	unsigned long i = fill->first - request->first;
	unsigned long end = i + fill->n;
	bool settled;

	/* of a cut at this moment who settles the pages takes notice */
	if (!data_race(request->nr_settled) &&
	    mach_object_size(object) >= fill->offset + fill->length)
		return 0;
	mach_object_lock(object);
	end = min_t(unsigned long, end, max_t(unsigned long, i, request->alive));
	settled = find_next_bit(request->settled, end, i) < end;
	fill->n = end - i;
	if (fill->n)
		fill->length = min3(fill->length, (u64)fill->n << PAGE_SHIFT,
				    object->size - fill->offset);
	mach_object_unlock(object);
	return settled ? -EEXIST : 0;
}

static int mach_fill_locate(struct mach_request *request,
			    const struct mach_part *part,
			    struct mach_fill *fill)
{
	if (!part->length)
		return -EINVAL;
	if (part->offset < request->offset ||
	    !mach_range_fits(part->offset - request->offset, part->length,
			     request->length))
		return -ERANGE;
	if (!mach_range_aligned(part->offset, part->length,
				request->offset + request->length))
		return -EINVAL;

	fill->request = request;
	fill->offset = part->offset;
	fill->length = part->length;
	fill->first = part->offset >> PAGE_SHIFT;
	fill->n = DIV_ROUND_UP_ULL(part->length, PAGE_SIZE);
	fill->frames = &request->frames[fill->first - request->first];
	return mach_fill_clip(fill);
}

/* The last page's rest, behind the object's end, reads as zero. */
static void mach_fill_tail(const struct mach_fill *fill)
{
	unsigned int rest = offset_in_page(fill->length);

	if (rest)
		memzero_page(fill->frames[fill->n - 1].bv_page, rest,
			     PAGE_SIZE - rest);
}

/* What is not there is not waited for, unless somebody waits for the whole. */
static unsigned long mach_fill_page(const struct mach_fill *fill,
				    struct page *page, const char __user *from,
				    unsigned int bytes)
{
	unsigned long left;

	if (fill->request->waited)
		return copy_from_user(page_address(page), from, bytes);
	pagefault_disable();
	left = copy_from_user(page_address(page), from, bytes);
	pagefault_enable();
	return left;
}

static int mach_fill_copy(const struct mach_fill *fill, u64 address)
{
	const char __user *from = u64_to_user_ptr(address);
	u64 left = fill->length;
	unsigned int i;

	for (i = 0; i < fill->n; i++) {
		unsigned int bytes = min_t(u64, left, PAGE_SIZE);

		if (mach_fill_page(fill, fill->frames[i].bv_page, from, bytes))
			return -EFAULT;
		from += bytes;
		left -= bytes;
	}
	return 0;
}

static void mach_fill_zero(const struct mach_fill *fill)
{
	unsigned int i;

	for (i = 0; i < fill->n; i++)
		clear_highpage(fill->frames[i].bv_page);
}

static int mach_part_supply(const struct mach_fill *fill,
			    const struct mach_part *part)
{
	int err;

	switch (part->kind) {
	case MACH_PART_COPY:
		err = mach_fill_copy(fill, part->source);
		break;
	case MACH_PART_FILE:
		err = mach_fill_transfer(fill, part, false);
		break;
	case MACH_PART_UNAVAILABLE:
		mach_fill_zero(fill);
		return mach_request_supply_zeros(fill->request, fill->first,
						 fill->n);
	case MACH_PART_ERROR:
		return mach_request_refuse(fill->request, fill->first, fill->n,
					   -(int)part->source);
	default:
		return -EPROTO;
	}
	if (err)
		return err;
	mach_fill_tail(fill);
	return mach_request_supply(fill->request, fill->first, fill->n);
}

static int mach_part_take(const struct mach_fill *fill,
			  const struct mach_part *part)
{
	int err = 0;

	switch (part->kind) {
	case MACH_PART_FILE:
		err = mach_fill_transfer(fill, part, true);
		fallthrough;
	case MACH_PART_DONE:
		return err ?: mach_request_taken(fill->request, fill->first,
						 fill->n);
	case MACH_PART_ERROR:
		return mach_request_refuse(fill->request, fill->first, fill->n,
					   -(int)part->source);
	}
	return -EPROTO;
}

/* Its pages, as far as they are the object's: it may be cut at the same time. */
static int mach_answer_pages(struct mach_request *request,
			     const struct mach_part *part)
{
	struct mach_fill fill;
	unsigned int n;
	int err;

	err = mach_fill_locate(request, part, &fill);
	if (err || !fill.n)
		return err;
	trace_mach_answer(part->kind, request->object->pager->id,
			  request->object->pager->pid, request->object->serial,
			  fill.first, fill.n);
	do {
		n = fill.n;
		err = request->operation == MACH_OP_DATA_RETURN ?
		      mach_part_take(&fill, part) :
		      mach_part_supply(&fill, part);
		/* a file may be shorter than what was cut off meanwhile */
	} while (err && !mach_fill_clip(&fill) && fill.n && fill.n < n);
	return fill.n ? err : 0;
}

/**
 * struct mach_verdict - What is said of a request as a whole
 * @given: is anything?
 * @error: 0 or -errno
 * @made: number of the object that becomes what the name is of, or 0; in a listed
 *	directory the cookie of what comes
 */
struct mach_verdict {
	bool given;
	int error;
	u64 made;
};

/* A size is so at once. */
static int mach_answer_verdict(struct mach_request *request,
			       const struct mach_part *part,
			       struct mach_verdict *verdict)
{
	if (part->kind != MACH_PART_DONE && part->kind != MACH_PART_ERROR)
		return -EPROTO;
	verdict->given = true;
	verdict->error = -(int)part->source;
	if (request->operation == MACH_OP_SET_SIZE)
		mach_size_answer(request, verdict->error);
	if (request->operation == MACH_OP_LIST)
		mach_list_answer(request, verdict->error);
	return 0;
}

/* Of a name DONE may have a source, and it is so when the request ends. */
static int mach_answer_name(const struct mach_part *part,
			    struct mach_verdict *verdict)
{
	struct mach_part plain = *part;

	if (part->kind == MACH_PART_DONE)
		plain.source = 0;
	if (!mach_part_valid(&plain))
		return -EINVAL;
	if (part->kind != MACH_PART_DONE && part->kind != MACH_PART_ERROR)
		return -EPROTO;
	verdict->given = true;
	verdict->error = -(int)plain.source;
	verdict->made = part->kind == MACH_PART_DONE ? part->source : 0;
	return 0;
}

/*
 * Apply one part. What concerns the request as a whole goes to *@verdict; it becomes
 * known when the request ends.
 */
static int mach_answer_part(struct mach_request *request,
			    const struct mach_part *part,
			    struct mach_verdict *verdict)
{
	if (mach_request_is_name(request))
		return mach_answer_name(part, verdict);
	if (!mach_part_valid(part))
		return -EINVAL;
	if (mach_request_is_whole(request))
		return mach_answer_verdict(request, part, verdict);
	return request->n ? mach_answer_pages(request, part) : -EPROTO;
}

/* One of an array, each of which has the size of the first */
static int mach_part_copy(struct mach_part *part, const void __user *from,
			  u32 size)
{
	int err = copy_struct_from_user(part, sizeof(*part), from, size);

	if (err)
		return err;
	return part->size == size ? 0 : -EINVAL;
}

static int mach_answer_array(struct mach_request *request,
			     const struct mach_pager_answer *answer,
			     struct mach_verdict *verdict)
{
	const char __user *from = u64_to_user_ptr(answer->parts);
	struct mach_part part;
	unsigned int i;
	u32 size;
	int err;

	if (get_user(size, (const u32 __user *)from))
		return -EFAULT;
	err = mach_size_check(size, MACH_PART_SIZE_VER0, PAGE_SIZE);
	for (i = 0; i < answer->nr_parts && !err; i++, from += size)
		err = mach_part_copy(&part, from, size) ?:
		      mach_answer_part(request, &part, verdict);
	return err;
}

/* Is the answer's only part in the answer? */
static bool mach_answer_embeds(const struct mach_pager_answer *answer)
{
	return answer->nr_parts == 1 && !answer->parts;
}

static int mach_answer_parts(struct mach_request *request,
			     const struct mach_pager_answer *answer,
			     struct mach_verdict *verdict)
{
	if (!answer->nr_parts)
		return 0;
	if (mach_answer_embeds(answer))
		return mach_answer_part(request, &answer->part, verdict);
	return mach_answer_array(request, answer, verdict);
}

static inline int mach_answer_check(const struct mach_pager_answer *answer)
{
	u32 left = answer->size - offsetof(struct mach_pager_answer, part);

	if (answer->reserved || answer->nr_parts > MACH_PARTS_MAX ||
	    (answer->parts && !answer->nr_parts))
		return -EINVAL;
	if (mach_answer_embeds(answer))
		return answer->part.size == left ? 0 : -EINVAL;
	return memchr_inv(&answer->part, 0, sizeof(answer->part)) ? -EINVAL : 0;
}

/* Of what comes into a table an answer says the cookie; of all else nothing. */
static struct mach_object *
mach_answer_listed(const struct mach_request *request, u64 cookie)
{
	switch (request->operation) {
	case MACH_OP_CREATE:
	case MACH_OP_MKDIR:
	case MACH_OP_SYMLINK:
		return NULL;
	}
	return cookie ? ERR_PTR(-EINVAL) : NULL;
}

/* What a DONE names: NULL, or with a reference */
static struct mach_object *mach_answer_made(struct mach_port *port,
					    const struct mach_request *request,
					    u64 number)
{
	if (request->object->listed)
		return mach_answer_listed(request, number);
	/* a file must be one; of a directory 0 means that it does not ask */
	if (request->operation != MACH_OP_CREATE &&
	    (request->operation != MACH_OP_MKDIR || !number))
		return number ? ERR_PTR(-EINVAL) : NULL;
	if (number > U32_MAX)
		return ERR_PTR(-ENOENT);
	return mach_port_object(port, number);
}

static int mach_answer_end_name(struct mach_port *port,
				struct mach_request *request,
				const struct mach_verdict *verdict)
{
	struct mach_object *made = NULL;
	int err = verdict->given ? verdict->error : -EIO;

	if (!err)
		made = mach_answer_made(port, request, verdict->made);
	if (IS_ERR(made))
		return PTR_ERR(made);
	err = mach_asking_answer(request, err, made, verdict->made);
	if (made)
		mach_object_put(made);
	return err;
}

/* A deadline that passes between the parts and the end does not undo them. */
static int mach_answer_end(struct mach_port *port, struct mach_request *request,
			   const struct mach_pager_answer *answer,
			   const struct mach_verdict *verdict)
{
	int err;

	if (mach_request_is_name(request))
		return mach_answer_end_name(port, request, verdict);
	err = mach_request_end(request, verdict->error);
	return answer->nr_parts && request->n ? 0 : err;
}

/* Begin to apply an answer. Return: the slot that holds the request, or ERR_PTR() */
static inline struct mach_slot *
mach_answer_begin(struct mach_port *port,
		  const struct mach_pager_answer *answer)
{
	int err = mach_answer_check(answer);

	if (err)
		return ERR_PTR(err);
	return mach_port_hold(port, answer->queue, answer->tag,
			      answer->generation);
}

static inline int mach_answer_apply(struct mach_port *port,
				    struct mach_slot *slot,
				    const struct mach_pager_answer *answer,
				    bool more)
{
	struct mach_request *request = slot->request;
	struct mach_verdict verdict = {};
	int err;

	err = mach_request_has_ended(request) ? -ESTALE :
	      mach_answer_parts(request, answer, &verdict);
	if (!err && !more)
		err = mach_answer_end(port, request, answer, &verdict);
	return err;
}

/**
 * mach_answer - Apply an answer to the request that a slot holds
 * @port: the pager's
 * @answer: what it answers, as either transport brings it: copied, its size
 *	checked, and its flags looked at
 * @more: do not end the request yet
 *
 * Return: 0; when refused, an errno of <linux/mach_vm.h> or one of the file
 * that a part names; the slot still holds the request, except after -ESTALE.
 */
int mach_answer(struct mach_port *port, const struct mach_pager_answer *answer,
		bool more)
{
	struct mach_slot *slot = mach_answer_begin(port, answer);
	int err;

	if (IS_ERR(slot))
		return PTR_ERR(slot);
	err = mach_answer_apply(port, slot, answer, more);
	mach_port_release(port, slot, err == -ESTALE || (!err && !more));
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(mach_answer);

/**
 * mach_answer_last - The same for an answer with which the request ends
 * @port: the pager's
 * @answer: as above
 *
 * Return: the slot, which is still to be released; or, when refused, an ERR_PTR() of
 * the same errors.
 */
struct mach_slot *mach_answer_last(struct mach_port *port,
				   const struct mach_pager_answer *answer)
{
	struct mach_slot *slot = mach_answer_begin(port, answer);
	int err;

	if (IS_ERR(slot))
		return slot;
	err = mach_answer_apply(port, slot, answer, false);
	if (!err)
		return slot;
	mach_port_release(port, slot, err == -ESTALE);
	return ERR_PTR(err);
}

/* Without fetching the next one: so others of the queue may be ready for it. */
int mach_answer_only(struct mach_port *port,
		     const struct mach_pager_answer *answer, bool more)
{
	int err = mach_answer(port, answer, more);

	if (mach_port_asks(port))
		mach_port_match(port);
	return err;
}

static int mach_collect(struct mach_request *request,
			const struct mach_pager_collect *args)
{
	char __user *to = u64_to_user_ptr(args->address);
	u64 at = args->offset - request->offset, left = args->length;

	if (mach_request_has_ended(request))
		return -ESTALE;
	if (mach_request_is_name(request))
		return mach_name_collect(request, args);
	if (request->operation != MACH_OP_DATA_RETURN)
		return -EPROTO;
	if (args->offset < request->offset ||
	    !mach_range_fits(at, left, request->length))
		return -ERANGE;
	while (left) {
		struct page *page = request->frames[at >> PAGE_SHIFT].bv_page;
		unsigned int in_page = offset_in_page(at);
		unsigned int bytes = min_t(u64, left, PAGE_SIZE - in_page);

		if (!page)
			return -EEXIST;
		if (copy_to_user(to, page_address(page) + in_page, bytes))
			return -EFAULT;
		to += bytes;
		at += bytes;
		left -= bytes;
	}
	return 0;
}

/**
 * mach_answer_collect - Let the pager read data that is returned to it
 * @port: the pager's
 * @args: checked but for the slot and the range
 */
int mach_answer_collect(struct mach_port *port,
			const struct mach_pager_collect *args)
{
	struct mach_slot *slot = mach_port_hold(port, args->queue, args->tag,
						args->generation);
	int err;

	if (IS_ERR(slot))
		return PTR_ERR(slot);
	err = mach_collect(slot->request, args);
	mach_port_release(port, slot, err == -ESTALE);
	return err;
}

static int mach_supply_unasked(struct mach_object *object,
			       const struct mach_part *part, u64 *supplied)
{
	struct mach_port *port = mach_port_of(object->pager);
	struct mach_request *request;
	struct mach_ask ask = {};
	struct mach_part piece = *part;
	struct mach_fill fill;
	int err;

	ask.index = part->offset >> PAGE_SHIFT;
	ask.window.first = ask.index;
	ask.window.n = DIV_ROUND_UP_ULL(part->length, PAGE_SIZE);
	request = mach_data_request_prepare(object, &ask);
	/* the pager is not kept waiting for what it was not asked for */
	if (request == ERR_PTR(-EAGAIN))
		return -ENOMEM;
	if (IS_ERR(request))
		return PTR_ERR(request);
	piece.length = min(part->length, (u64)ask.window.n << PAGE_SHIFT);
	/* its source may be slow: who meets the pages waits no longer for them */
	err = mach_port_attend(port, request) ?:
	      mach_fill_locate(request, &piece, &fill) ?:
	      mach_part_supply(&fill, &piece);
	mach_port_dismiss(port, request);
	mach_request_end(request, 0);
	mach_request_put(request);
	if (err)
		return err;
	*supplied = piece.length;
	return piece.length < part->length ? -EEXIST : 0;
}

/**
 * mach_answer_unasked - Supply pages that nobody has asked for
 * @object: where to
 * @part: COPY, FILE or UNAVAILABLE
 * @supplied: out: bytes supplied
 *
 * Return: 0; -EEXIST when a page was there, after supplying what lies before
 * it; otherwise nothing was supplied: -ESTALE when the deadline passed meanwhile.
 */
int mach_answer_unasked(struct mach_object *object,
			const struct mach_part *part, u64 *supplied)
{
	int err, tries = MACH_SUPPLY_TRIES;
	u64 size = mach_object_size(object);

	if (!mach_part_valid(part) || !part->length ||
	    part->length > MACH_CLUSTER_MAX ||
	    !mach_range_fits(part->offset, part->length, size) ||
	    !mach_range_aligned(part->offset, part->length, size))
		return -EINVAL;
	if (part->kind > MACH_PART_UNAVAILABLE)
		return -EPROTO;
	/*
	 * The source may be an object, of this pager too, even the same: it is waited
	 * for before any frame is reserved, and looked for again if it went meanwhile.
	 */
	do {
		if (part->kind == MACH_PART_COPY &&
		    fault_in_readable(u64_to_user_ptr(part->source),
				      part->length))
			return -EFAULT;
		err = mach_supply_unasked(object, part, supplied);
	} while (err == -EFAULT && --tries && !fatal_signal_pending(current));
	/* it did fit: the object was cut meanwhile */
	return err == -ERANGE ? -EINVAL : err;
}
