// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libuserpager - directories that ask: made, and what clients want to change in them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "transport.h"

/**
 * struct pager_asked - What a client wants, as long as the request is held.
 * @name: as the operations see it
 * @cookie: of what is made in a listed directory
 * @text: the name and what follows it, each with a zero byte at its end
 */
struct pager_asked {
	struct pager_name name;
	uint64_t cookie;
	char text[];
};

static void terminate(struct pager *directory)
{
	if (directory->names->terminate)
		directory->names->terminate(directory);
}

static int sync_names(struct pager *directory, struct pager_request *req)
{
	return directory->names->sync ? directory->names->sync(directory, req) :
					0;
}

/* It has no pages. */
static const struct pager_ops directory_ops = {
	.sync = sync_names,
	.terminate = terminate,
};

int pager_create_directory(struct pager_session *session,
			   const struct pager_name_ops *ops, void *upi,
			   struct pager **directory)
{
	if (!ops || ops->size < sizeof(*ops))
		return EINVAL;
	return pager_make(session, &(struct pager_setup) {
				  .ops = &directory_ops,
				  .names = ops,
				  .upi = upi,
				  .flags = MACH_CREATE_DIRECTORY,
			  }, directory);
}

int pager_publish_directory(struct pager *directory, const char *name,
			    uid_t uid, gid_t gid, mode_t mode)
{
	if (!directory->names)
		return EINVAL;
	return pager_name_directory(directory->session, directory->object, name,
				    uid, gid, mode);
}

static struct timespec time_of(int64_t ns)
{
	struct timespec time = {
		.tv_sec = ns / 1000000000,
		.tv_nsec = ns % 1000000000,
	};

	if (time.tv_nsec < 0) {
		time.tv_sec--;
		time.tv_nsec += 1000000000;
	}
	return time;
}

/* What has this number and cookie, with a reference, if we know it; or NULL */
static struct pager *find_named(struct pager_session *session, uint32_t number,
				uint64_t cookie)
{
	struct pager *pager;

	if (!number)
		return NULL;
	if (!(cookie & PAGER_COOKIE_LISTED))
		return pager_lookup(session, cookie);
	pthread_mutex_lock(&session->lock);
	pager = pager_made_find(session, number);
	pthread_mutex_unlock(&session->lock);
	return pager;
}

/* The user's word, of what is in a listed directory */
static uint64_t cookie_of(uint64_t cookie)
{
	return cookie & PAGER_COOKIE_LISTED ? cookie & ~PAGER_COOKIE_LISTED : 0;
}

/* What was read to @text: @at bytes, which are known, or less, then the names. */
static void decode(struct pager_asked *asked, struct pager_session *session,
		   const struct mach_name_request *from, size_t at)
{
	char *text = asked->text;

	memmove(text, text + at, from->name_length);
	text[from->name_length] = '\0';
	memmove(text + from->name_length + 1, text + at + from->name_length,
		from->to_length);
	text[from->name_length + 1 + from->to_length] = '\0';
	asked->name = (struct pager_name) {
		.name = text,
		.to = text + from->name_length + 1,
		.flags = from->flags,
		.valid = from->valid,
		.mode = from->mode,
		.uid = from->uid,
		.gid = from->gid,
		.replaces = from->replaces,
		.atime = time_of(from->atime_ns),
		.mtime = time_of(from->mtime_ns),
		.object = find_named(session, from->object,
				     from->object_cookie),
		.directory = find_named(session, from->directory,
					from->directory_cookie),
		.replaced = find_named(session, from->replaced,
				       from->replaced_cookie),
		.cookie = cookie_of(from->object_cookie),
		.directory_cookie = cookie_of(from->directory_cookie),
		.replaced_cookie = cookie_of(from->replaced_cookie),
	};
}

static void forget(struct pager_request *req)
{
	struct pager_asked *asked = req->asked;

	req->asked = NULL;
	if (!asked)
		return;
	if (asked->name.object)
		pager_put(asked->name.object);
	if (asked->name.directory)
		pager_put(asked->name.directory);
	if (asked->name.replaced)
		pager_put(asked->name.replaced);
	free(asked);
}

static int read_asked(struct pager_request *req)
{
	const size_t length = req->message.length;
	struct mach_name_request from = { 0 };
	struct pager_asked *asked;
	size_t at, known;
	int err;

	asked = calloc(1, sizeof(*asked) + length + 2);
	if (!asked)
		return ENOMEM;
	err = pager_collect_bytes(req, 0, length, asked->text);
	if (err) {
		free(asked);
		return err;
	}
	memcpy(&from, asked->text, sizeof(from.size));
	at = from.size;
	known = at < sizeof(from) ? at : sizeof(from);
	memcpy(&from, asked->text, known);
	decode(asked, req->queue->session, &from, at);
	req->asked = asked;
	return 0;
}

static int call_operation(struct pager *directory, struct pager_request *req,
			  struct pager **made)
{
	const struct pager_name_ops *ops = directory->names;
	const struct pager_name *name = &req->asked->name;

	switch (req->message.operation) {
	case MACH_OP_CREATE:
		return ops->create ? ops->create(directory, req, name, made) :
				     EPERM;
	case MACH_OP_MKDIR:
		return ops->mkdir ? ops->mkdir(directory, req, name, made) :
				    EPERM;
	case MACH_OP_SYMLINK:
		return ops->symlink ? ops->symlink(directory, req, name) : EPERM;
	case MACH_OP_UNLINK:
		return ops->unlink ? ops->unlink(directory, req, name) : EPERM;
	case MACH_OP_RMDIR:
		return ops->rmdir ? ops->rmdir(directory, req, name) : EPERM;
	case MACH_OP_RENAME:
		return ops->rename ? ops->rename(directory, req, name) : EPERM;
	default:
		return ops->set_attributes ?
		       ops->set_attributes(directory, req, name) : EPERM;
	}
}

/* One part about the request as a whole. Return: 0 or an errno. */
static int answer(struct pager_request *req, uint32_t kind, uint64_t source)
{
	struct mach_pager_answer answer = {
		.nr_parts = 1,
		.part = {
			.size = sizeof(struct mach_part),
			.kind = kind,
			.length = req->queue->session->page_size,
			.source = source,
		},
	};

	pager_request_name(req, &answer);
	return pager_call(req->queue->session, MACH_PAGER_ANSWER, &answer);
}

static bool makes(uint16_t operation)
{
	return operation == MACH_OP_CREATE || operation == MACH_OP_MKDIR ||
	       operation == MACH_OP_SYMLINK;
}

int pager_name_cookie(struct pager_request *req, uint64_t cookie)
{
	if (!req->asked || !makes(req->message.operation) ||
	    cookie & PAGER_COOKIE_LISTED)
		return EINVAL;
	req->asked->cookie = cookie;
	return 0;
}

/* What has come: an object's number, or in a listed directory a cookie */
static uint64_t source_of(const struct pager_request *req,
			  const struct pager *made)
{
	if (!(req->message.cookie & PAGER_COOKIE_LISTED))
		return made ? made->object : 0;
	return makes(req->message.operation) ?
	       req->asked->cookie | PAGER_COOKIE_LISTED : 0;
}

/* The request ends in any case, unless it has ended or the session has. */
static int answer_name(struct pager_request *req, const struct pager *made,
		       int err)
{
	int refused;

	if (err)
		return answer(req, MACH_PART_ERROR, pager_errno(err));
	refused = answer(req, MACH_PART_DONE, source_of(req, made));
	if (refused && refused != ESTALE && refused != ENODEV)
		answer(req, MACH_PART_ERROR, EIO);
	return refused;
}

/* The slot is free: it can take the next request. */
static void let_go(struct pager_request *req)
{
	struct pager *directory = req->pager;

	forget(req);
	req->pager = NULL;
	req->queue->session->transport->rearm(req);
	pager_put(directory);
}

int pager_answer_name(struct pager_request *req, struct pager *made, int err)
{
	int refused = answer_name(req, made, err);

	let_go(req);
	return refused;
}

/*
 * By a call of its own, whatever the transport: the operation learns at once whether
 * the client has got what was done for it.
 */
void pager_serve_name(struct pager_request *req)
{
	struct pager *directory = req->pager, *made = NULL;
	const struct pager_name_ops *ops = directory->names;
	int refused, err;

	if (!ops || read_asked(req)) {
		pager_detach(req);
		pager_answer_name(req, NULL, EIO);
		return;
	}
	err = call_operation(directory, req, &made);
	if (req->queue->detached)
		return;
	pager_detach(req);
	refused = answer_name(req, made, err);
	if (refused && !err && ops->refused)
		ops->refused(directory, req, &req->asked->name, made, refused);
	let_go(req);
}
