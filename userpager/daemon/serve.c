// SPDX-License-Identifier: GPL-2.0-only
/*
 * machpagerd - the operations: reads, writes and syncs of a store.
 *
 * Where the store is a file, the kernel moves the data itself. What it refuses
 * is done again by copying: that either works or tells what is wrong.
 */
#include "serve.h"
#include "log.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#define PAGE_MASK	4095ULL

static char *buffer_at(struct pager_request *req, uint64_t offset)
{
	char *buffer = pager_buffer(req);

	return buffer ? buffer + (offset - pager_message(req)->offset) : NULL;
}

static int read_copy(struct store *store, struct pager_request *req,
		     uint64_t offset, uint64_t length)
{
	char *buffer = buffer_at(req, offset);
	long got;
	int err;

	if (!buffer)
		return ENOMEM;
	got = store->class->read(store, buffer, offset, length);
	if (got < 0)
		return -got;
	if ((uint64_t)got == length)
		return pager_supply(req, offset, length, buffer);
	/* a page that is there in part is not there */
	got &= ~PAGE_MASK;
	err = got ? pager_supply(req, offset, got, buffer) : 0;
	return err ? err : pager_error(req, offset + got, length - got, EIO);
}

static int read_extent(struct store *store, struct pager_request *req,
		       uint64_t offset, const struct store_extent *extent)
{
	switch (extent->kind) {
	case STORE_FILE:
		return pager_supply_file(req, offset, extent->length,
					 extent->fd, extent->file_offset);
	case STORE_ZERO:
		return pager_unavailable(req, offset, extent->length);
	default:
		return read_copy(store, req, offset, extent->length);
	}
}

static int write_copy(struct store *store, struct pager_request *req,
		      uint64_t offset, uint64_t length)
{
	char *buffer = buffer_at(req, offset);
	int err;

	if (!buffer)
		return ENOMEM;
	err = pager_collect(req, offset, length, buffer);
	if (!err)
		err = store->class->write(store, buffer, offset, length);
	return err ? err : pager_done(req, offset, length);
}

static int write_extent(struct store *store, struct pager_request *req,
			uint64_t offset, const struct store_extent *extent)
{
	if (extent->kind == STORE_FILE)
		return pager_write_file(req, offset, extent->length, extent->fd,
					extent->file_offset);
	return write_copy(store, req, offset, extent->length);
}

static int each_extent(struct service *service, struct pager_request *req,
		       bool write, bool copy)
{
	const struct mach_message *message = pager_message(req);
	uint64_t offset = message->offset, end = offset + message->length;
	struct store *store = &service->store;
	struct store_extent extent;
	int err;

	for (; offset < end; offset += extent.length) {
		err = store->class->map(store, offset, end - offset, write,
					&extent);
		if (err)
			return err;
		if (copy && extent.kind == STORE_FILE)
			extent.kind = STORE_MEMORY;
		err = write ? write_extent(store, req, offset, &extent) :
			      read_extent(store, req, offset, &extent);
		if (err)
			return err;
	}
	return 0;
}

static int service_read(struct pager *pager, struct pager_request *req)
{
	struct service *service = pager_get_upi(pager);

	return each_extent(service, req, false, service->copy);
}

static int service_write(struct pager *pager, struct pager_request *req)
{
	struct service *service = pager_get_upi(pager);

	return each_extent(service, req, true, service->copy);
}

static int service_sync(struct pager *pager, struct pager_request *req)
{
	struct service *service = pager_get_upi(pager);
	struct store *store = &service->store;

	(void)req;
	return store->class->sync ? store->class->sync(store) : 0;
}

static int make_room(struct store *store, const struct mach_message *wanted)
{
	if (!(wanted->flags & MACH_MSG_ALLOCATE))
		return 0;
	if (!store->class->allocate)
		return EOPNOTSUPP;
	return store->class->allocate(store, wanted->offset, wanted->length);
}

static bool is_late(const struct mach_message *message)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec >= message->deadline_ns;
}

/*
 * One after the other: one that is late is no longer under way for the kernel, which
 * may have sent another. Who waited was told of an error, so the kernel is told what
 * came of it.
 */
int service_set_size(struct pager *pager, struct pager_request *req)
{
	struct service *service = pager_get_upi(pager);
	const struct mach_message *wanted = pager_message(req);
	struct store *store = &service->store;
	int err;

	pthread_mutex_lock(&service->resizing);
	err = make_room(store, wanted);
	if (!err && wanted->mandatory != store->size)
		err = store->class->resize(store, wanted->mandatory);
	if (!err && is_late(wanted))
		pager_resize(pager, store->size);
	pthread_mutex_unlock(&service->resizing);
	return err;
}

static int service_refused(struct pager *pager, struct pager_request *req,
			   int err)
{
	struct service *service = pager_get_upi(pager);
	const struct mach_message *message = pager_message(req);
	bool write = message->operation == MACH_OP_DATA_RETURN;

	log_limited("%s of %llu bytes at %llu by the kernel itself failed: %s: copying them",
		    write ? "write" : "read",
		    (unsigned long long)message->length,
		    (unsigned long long)message->offset,
		    err == ENODATA ? "it has ended" : strerror(err));
	return each_extent(service, req, write, true);
}

static void service_lock_completed(struct pager *pager, uint64_t cookie)
{
	struct service *service = pager_get_upi(pager);

	(void)cookie;
	atomic_store(&service->cleaning, false);
}

const struct pager_ops service_ops = {
	.read = service_read,
	.write = service_write,
	.sync = service_sync,
	.refused = service_refused,
	.lock_completed = service_lock_completed,
};

int service_clean(struct service *service)
{
	struct mach_object_info info = { .size = sizeof(info) };
	int err;

	if (service->store.read_only || atomic_load(&service->cleaning))
		return 0;
	err = pager_get_info(service->pager, &info);
	if (err || !info.dirty)
		return err;
	atomic_store(&service->cleaning, true);
	err = pager_lock_request(service->pager, 0, 0, MACH_LOCK_CLEAN, 0);
	if (err)
		atomic_store(&service->cleaning, false);
	return err;
}

static int report_dirty(struct service *service)
{
	struct mach_object_info info = { .size = sizeof(info) };
	int err = pager_get_info(service->pager, &info);

	if (err || !info.dirty)
		return err;
	log_error("%llu modified pages could not be written back and are lost",
		  (unsigned long long)info.dirty);
	return EIO;
}

int service_finish(struct service *service, int timeout_ms)
{
	struct store *store = &service->store;
	int err, sync_err = 0;

	if (store->read_only)
		return 0;
	err = pager_sync(service->pager, timeout_ms);
	if (err)
		log_error("modified data could not be written back: %s",
			  pager_strerror(err));
	else
		err = report_dirty(service);
	if (store->class->sync)
		sync_err = store->class->sync(store);
	if (sync_err)
		log_error("the store could not be made durable: %s",
			  strerror(sync_err));
	return err ? err : sync_err;
}
