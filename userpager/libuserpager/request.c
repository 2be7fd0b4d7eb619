// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libuserpager - a request and the parts of its answer.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "transport.h"

const struct mach_message *pager_message(const struct pager_request *req)
{
	return &req->message;
}

static size_t buffer_wanted(const struct pager_request *req)
{
	size_t page = req->queue->session->page_size;
	size_t length = req->message.length;

	if (req->pager && length < req->pager->cluster)
		length = req->pager->cluster;
	return (length + page - 1) & ~(page - 1);
}

void *pager_buffer(struct pager_request *req)
{
	size_t size = buffer_wanted(req);
	void *buffer;

	req->buffered = true;
	if (req->buffer_size >= size)
		return req->buffer;
	buffer = mmap(NULL, size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (buffer == MAP_FAILED)
		return NULL;
	if (req->buffer)
		munmap(req->buffer, req->buffer_size);
	req->buffer = buffer;
	req->buffer_size = size;
	return buffer;
}

static bool in_buffer(const struct pager_request *req, const void *buf,
		      uint64_t length)
{
	size_t at = (uintptr_t)buf - (uintptr_t)req->buffer;

	return req->buffer && at < req->buffer_size &&
		length <= req->buffer_size - at;
}

static bool is_data(uint16_t operation)
{
	return operation == MACH_OP_DATA_REQUEST ||
	       operation == MACH_OP_DATA_RETURN;
}

static bool in_request(const struct pager_request *req, uint64_t offset,
		       uint64_t length)
{
	const struct mach_message *message = &req->message;

	return is_data(message->operation) && length &&
		offset >= message->offset &&
		offset - message->offset < message->length &&
		length <= message->length - (offset - message->offset);
}

void pager_request_begin(struct pager_request *req)
{
	req->nr_parts = 0;
	req->sent = false;
	req->buffered = false;
}

/* What each answer begins with: which request it is to */
void pager_request_name(const struct pager_request *req,
			struct mach_pager_answer *answer)
{
	answer->size = sizeof(*answer);
	answer->queue = req->queue->index;
	answer->tag = req->tag;
	answer->generation = req->message.generation;
}

void pager_request_fill(const struct pager_request *req,
			struct mach_pager_answer *answer)
{
	pager_request_name(req, answer);
	answer->nr_parts = req->nr_parts;
	if (req->nr_parts == 1)
		answer->part = req->parts[0];
	else if (req->nr_parts)
		answer->parts = (uintptr_t)req->parts;
}

int pager_flush_answer(struct pager_request *req)
{
	struct mach_pager_answer answer = { 0 };

	if (!req->nr_parts)
		return 0;
	pager_request_fill(req, &answer);
	answer.flags = MACH_ANSWER_MORE;
	req->nr_parts = 0;
	req->sent = true;
	return pager_call(req->queue->session, MACH_PAGER_ANSWER, &answer);
}

/* A part that just continues the one before, as page-wise answers do. */
static bool extend(struct mach_part *last, const struct mach_part *part)
{
	bool has_data = part->kind == MACH_PART_COPY ||
			part->kind == MACH_PART_FILE;
	uint64_t source = has_data ? last->source + last->length : last->source;

	if (part->kind != last->kind || part->fd != last->fd ||
	    part->offset != last->offset + last->length ||
	    part->source != source)
		return false;
	last->length += part->length;
	return true;
}

static int add_part(struct pager_request *req, const struct mach_part *part)
{
	int err;

	if (!in_request(req, part->offset, part->length))
		return ERANGE;
	if (req->nr_parts && extend(&req->parts[req->nr_parts - 1], part))
		return 0;
	if (req->nr_parts == PAGER_SLOT_PARTS) {
		err = pager_flush_answer(req);
		if (err)
			return err;
	}
	req->parts[req->nr_parts++] = *part;
	return 0;
}

/* Memory that the caller takes back at once cannot wait for the answer. */
static int supply_now(struct pager_request *req, const struct mach_part *part)
{
	struct mach_pager_answer answer = {
		.flags = MACH_ANSWER_MORE,
		.nr_parts = 1,
		.part = *part,
	};
	int err;

	if (!in_request(req, part->offset, part->length))
		return ERANGE;
	pager_request_name(req, &answer);
	err = pager_call(req->queue->session, MACH_PAGER_ANSWER, &answer);
	if (!err)
		req->sent = true;
	return err;
}

int pager_supply(struct pager_request *req, uint64_t offset, uint64_t length,
		 const void *buf)
{
	struct mach_part part = {
		.size = sizeof(part),
		.kind = MACH_PART_COPY,
		.offset = offset,
		.length = length,
		.source = (uintptr_t)buf,
	};

	if (in_buffer(req, buf, length))
		return add_part(req, &part);
	return supply_now(req, &part);
}

static int add(struct pager_request *req, uint32_t kind, uint64_t offset,
	       uint64_t length, int fd, uint64_t source)
{
	struct mach_part part = {
		.size = sizeof(part),
		.kind = kind,
		.fd = fd,
		.offset = offset,
		.length = length,
		.source = source,
	};

	return add_part(req, &part);
}

int pager_supply_file(struct pager_request *req, uint64_t offset,
		      uint64_t length, int fd, uint64_t file_offset)
{
	return add(req, MACH_PART_FILE, offset, length, fd, file_offset);
}

int pager_write_file(struct pager_request *req, uint64_t offset,
		     uint64_t length, int fd, uint64_t file_offset)
{
	return add(req, MACH_PART_FILE, offset, length, fd, file_offset);
}

int pager_unavailable(struct pager_request *req, uint64_t offset,
		      uint64_t length)
{
	return add(req, MACH_PART_UNAVAILABLE, offset, length, 0, 0);
}

int pager_done(struct pager_request *req, uint64_t offset, uint64_t length)
{
	return add(req, MACH_PART_DONE, offset, length, 0, 0);
}

/* Would the module hand it on? */
static bool errno_valid(int err)
{
	return err > 0 && err <= MACH_ERRNO_MAX && err != EINTR &&
	       err != EAGAIN;
}

int pager_error(struct pager_request *req, uint64_t offset, uint64_t length,
		int err)
{
	if (!errno_valid(err))
		return EINVAL;
	return add(req, MACH_PART_ERROR, offset, length, 0, err);
}

/* What the module would hand on of it */
int pager_errno(int err)
{
	return errno_valid(err) ? err : EIO;
}

int pager_collect_bytes(struct pager_request *req, uint64_t offset,
			uint64_t length, void *buf)
{
	struct mach_pager_collect collect = {
		.size = sizeof(collect),
		.queue = req->queue->index,
		.tag = req->tag,
		.generation = req->message.generation,
		.offset = offset,
		.length = length,
		.address = (uintptr_t)buf,
	};

	return pager_call(req->queue->session, MACH_PAGER_COLLECT, &collect);
}

int pager_collect(struct pager_request *req, uint64_t offset, uint64_t length,
		  void *buf)
{
	if (!in_request(req, offset, length))
		return ERANGE;
	return pager_collect_bytes(req, offset, length, buf);
}

/*
 * The whole range in one part. SYNCHRONIZE and SET_SIZE concern no pages, and the
 * range given is ignored, but no part may be empty.
 */
static void answer_whole(struct pager_request *req, uint32_t kind, int err)
{
	const struct mach_message *message = &req->message;
	bool data = is_data(message->operation);

	req->nr_parts = 1;
	req->parts[0] = (struct mach_part) {
		.size = sizeof(struct mach_part),
		.kind = kind,
		.offset = data ? message->offset : 0,
		.length = data ? message->length : req->queue->session->page_size,
		.source = err,
	};
}

void pager_request_finish(struct pager_request *req, int err)
{
	uint16_t operation = req->message.operation;

	if (req->nr_parts || req->sent)
		return;
	if (err)
		answer_whole(req, MACH_PART_ERROR, pager_errno(err));
	else if (operation == MACH_OP_DATA_RETURN ||
		 operation == MACH_OP_SYNCHRONIZE ||
		 operation == MACH_OP_SET_SIZE || operation == MACH_OP_LIST)
		answer_whole(req, MACH_PART_DONE, 0);
	/* others ask for the new end as soon as the kernel has the answer */
	if (!err && operation == MACH_OP_SET_SIZE)
		req->pager->size = req->message.mandatory;
}

/* An errno that a program understands: most of the kernel's are about us. */
static int public_errno(int err)
{
	return err == ENOSPC || err == EDQUOT || err == EFBIG || err == EROFS ?
		err : EIO;
}

/*
 * The kernel did not take the answer: fail the range, and if it will not have
 * that either (some of it is there already), end the request without a word:
 * that fails what is not there. For a SYNCHRONIZE it would mean success.
 */
void pager_request_refuse(struct pager_request *req, int err)
{
	uint16_t operation = req->message.operation;

	req->nr_parts = 0;
	if (operation == MACH_OP_SYNCHRONIZE ||
	    (is_data(operation) && req->refusals < 3))
		answer_whole(req, MACH_PART_ERROR, public_errno(err));
}
