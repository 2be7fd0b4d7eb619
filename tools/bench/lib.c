// SPDX-License-Identifier: GPL-2.0-only
/*
 * machbench - a pager on the project's library, as a user would write it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <userpager/pager.h>

#include "bench.h"
#include "backend.h"

static struct pager_session *session;
static struct pager *object;
static int file;
static bool by_copy;

static int supply_copy(struct pager_request *req,
		       const struct mach_message *message)
{
	void *buffer = pager_buffer(req);

	if (!buffer)
		return ENOMEM;
	if (pread(file, buffer, message->length, message->offset) !=
	    (ssize_t)message->length)
		return EIO;
	return pager_supply(req, message->offset, message->length, buffer);
}

static int lib_read(struct pager *pager, struct pager_request *req)
{
	const struct mach_message *message = pager_message(req);

	(void)pager;
	if (by_copy)
		return supply_copy(req, message);
	return pager_supply_file(req, message->offset, message->length, file,
				 message->offset);
}

static int take_copy(struct pager_request *req,
		     const struct mach_message *message)
{
	void *buffer = pager_buffer(req);
	int error;

	if (!buffer)
		return ENOMEM;
	error = pager_collect(req, message->offset, message->length, buffer);
	if (error)
		return error;
	if (pwrite(file, buffer, message->length, message->offset) !=
	    (ssize_t)message->length)
		return EIO;
	return pager_done(req, message->offset, message->length);
}

static int lib_write(struct pager *pager, struct pager_request *req)
{
	const struct mach_message *message = pager_message(req);

	(void)pager;
	if (by_copy)
		return take_copy(req, message);
	return pager_write_file(req, message->offset, message->length, file,
				message->offset);
}

static int lib_sync(struct pager *pager, struct pager_request *req)
{
	(void)pager;
	(void)req;
	return fdatasync(file) ? errno : 0;
}

static const struct pager_ops operations = {
	.read = lib_read,
	.write = lib_write,
	.sync = lib_sync,
};

static int failed(const char *what, int error)
{
	return bench_fail("machvm: pager: %s: %s", what, pager_strerror(error));
}

static int lib_start(const struct bench_pager_config *config)
{
	const struct pager_config wishes = {
		.transport = config->ioctl ? PAGER_TRANSPORT_IOCTL :
					     PAGER_TRANSPORT_RING,
		.queues = config->queues,
	};
	const struct pager_attributes attributes = {
		.size = config->size,
		.cluster = config->cluster,
	};
	int error, fd;

	by_copy = config->copy;
	file = open(config->path, O_RDWR | O_CLOEXEC |
		    (config->direct ? O_DIRECT : 0));
	if (file < 0)
		return failed(config->path, errno);
	error = pager_open(&wishes, &session);
	if (error)
		return failed("pager_open", error);
	error = pager_create(session, &operations, NULL, &attributes, &object);
	if (error)
		return failed("pager_create", error);
	error = pager_start_workers(session);
	if (error)
		return failed("pager_start_workers", error);
	error = pager_get_fd(object, &fd);
	if (error)
		return failed("pager_get_fd", error);
	return dup(fd);
}

static int lib_flush(void)
{
	int error = pager_return(object, PAGER_WAIT);

	return error ? failed("pager_return", error) : 0;
}

const struct bench_backend bench_backend_lib = {
	.start = lib_start,
	.flush = lib_flush,
};
