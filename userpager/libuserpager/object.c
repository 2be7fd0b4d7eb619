// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libuserpager - memory objects: made, asked about, supplied, ended.
 */
#include <errno.h>
#include <string.h>

#include "transport.h"

/* No structure of the module is larger. */
#define INFO_MOST	4096

/* The kernel's object is gone or going: drop what stood for it. */
void pager_end(struct pager *pager)
{
	if (!atomic_exchange(&pager->alive, false))
		return;
	/* its number is another one's from the end of the request on */
	if (pager->opened)
		pager_made_leave(pager);
	pager_lock_abort(pager);
	pager_put(pager);
}

void pager_end_all(struct pager_session *session)
{
	unsigned int i;

	for (i = 0; i < session->nr_chunks * PAGER_CHUNK; i++) {
		struct pager *chunk = session->chunks[i / PAGER_CHUNK];

		pager_end(&chunk[i % PAGER_CHUNK]);
	}
}

static int create_object(struct pager *pager, const struct pager_setup *setup)
{
	struct mach_pager_create create = {
		.size = sizeof(create),
		.flags = setup->flags,
		.object_size = pager->size,
		.cookie = setup->cookie ?: pager_cookie(pager),
		.cluster = pager->cluster,
	};
	int err = pager_call(pager->session, MACH_PAGER_CREATE, &create);

	if (err)
		return err;
	pager->object = create.object;
	pager->fd = create.fd;
	return 0;
}

int pager_make(struct pager_session *session, const struct pager_setup *setup,
	       struct pager **out)
{
	struct pager *pager;
	int err = pager_alloc(session, &pager);

	if (err)
		return err;
	pager->ops = setup->ops;
	pager->names = setup->names;
	pager->set_size = setup->set_size;
	pager->upi = setup->upi;
	pager->size = setup->size;
	pager->cluster = setup->cluster;
	pager->opened = false;
	err = create_object(pager, setup);
	if (err) {
		pager_free(pager);
		return err;
	}
	/* nobody has the descriptor yet, so no message can be underway */
	atomic_store(&pager->alive, true);
	atomic_fetch_add(&pager->word, 1);
	*out = pager;
	return 0;
}

static int make_file(struct pager_session *session, struct pager_setup *setup,
		     const struct pager_attributes *attributes,
		     struct pager **out)
{
	if (!setup->ops || !setup->ops->read || !attributes)
		return EINVAL;
	setup->size = attributes->size;
	setup->cluster = attributes->cluster;
	if (attributes->read_only)
		setup->flags |= MACH_CREATE_READ_ONLY;
	return pager_make(session, setup, out);
}

int pager_create(struct pager_session *session, const struct pager_ops *ops,
		 void *upi, const struct pager_attributes *attributes,
		 struct pager **out)
{
	struct pager_setup setup = { .ops = ops, .upi = upi };

	return make_file(session, &setup, attributes, out);
}

int pager_create_resizable(struct pager_session *session,
			   const struct pager_ops *ops,
			   int (*set_size)(struct pager *pager,
					   struct pager_request *req),
			   void *upi, const struct pager_attributes *attributes,
			   struct pager **out)
{
	struct pager_setup setup = {
		.ops = ops,
		.set_size = set_size,
		.upi = upi,
		.flags = MACH_CREATE_RESIZABLE,
	};

	return make_file(session, &setup, attributes, out);
}

int pager_resize(struct pager *pager, uint64_t size)
{
	struct mach_pager_resize resize = {
		.size = sizeof(resize),
		.object = pager->object,
		.object_size = size,
	};
	int err = pager_call(pager->session, MACH_PAGER_RESIZE, &resize);

	if (!err)
		pager->size = size;
	return err;
}

int pager_get_fd(const struct pager *pager, int *fd)
{
	if (pager->fd < 0)
		return EBADF;
	*fd = pager->fd;
	return 0;
}

void *pager_get_upi(const struct pager *pager)
{
	return pager->upi;
}

/* As much as the caller was compiled with, which may be an older library's */
int pager_get_info(const struct pager *pager, struct mach_object_info *info)
{
	const uint32_t size = info->size;

	if (size < MACH_OBJECT_INFO_SIZE_VER0 || size > INFO_MOST)
		return EINVAL;
	memset(info, 0, size);
	info->size = size;
	return pager->session->transport->call(pager->fd, MACH_OBJECT_INFO,
					       info);
}

int pager_get_attributes(const struct pager *pager, uint32_t *cluster)
{
	struct mach_pager_attributes attributes = {
		.size = sizeof(attributes),
		.object = pager->object,
	};
	int err = pager_call(pager->session, MACH_PAGER_GET_ATTRIBUTES,
			     &attributes);

	if (!err)
		*cluster = attributes.cluster;
	return err;
}

int pager_change_attributes(struct pager *pager, uint32_t cluster)
{
	struct mach_pager_attributes attributes = {
		.size = sizeof(attributes),
		.object = pager->object,
		.cluster = cluster,
	};

	return pager_call(pager->session, MACH_PAGER_CHANGE_ATTRIBUTES,
			  &attributes);
}

int pager_shutdown(struct pager *pager, int timeout_ms)
{
	struct mach_pager_destroy destroy = {
		.size = sizeof(destroy),
		.object = pager->object,
	};
	int err = 0;

	if (timeout_ms != PAGER_NO_WAIT && pager->ops->read)
		err = pager_return(pager, timeout_ms);
	pager_call(pager->session, MACH_PAGER_DESTROY, &destroy);
	pager_end(pager);
	return err;
}

static int offer(struct pager *pager, const struct mach_part *part,
		 uint64_t *supplied)
{
	struct mach_pager_supply supply = {
		.size = sizeof(supply),
		.object = pager->object,
		.part = *part,
	};
	int err = pager_call(pager->session, MACH_PAGER_SUPPLY, &supply);

	if (supplied)
		*supplied = supply.supplied;
	return err;
}

int pager_offer_pages(struct pager *pager, uint64_t offset, uint64_t length,
		      const void *buf, uint64_t *supplied)
{
	struct mach_part part = {
		.size = sizeof(part),
		.kind = buf ? MACH_PART_COPY : MACH_PART_UNAVAILABLE,
		.offset = offset,
		.length = length,
		.source = (uintptr_t)buf,
	};

	return offer(pager, &part, supplied);
}

int pager_offer_file(struct pager *pager, uint64_t offset, uint64_t length,
		     int fd, uint64_t file_offset, uint64_t *supplied)
{
	struct mach_part part = {
		.size = sizeof(part),
		.kind = MACH_PART_FILE,
		.fd = fd,
		.offset = offset,
		.length = length,
		.source = file_offset,
	};

	return offer(pager, &part, supplied);
}

int pager_offer_page(struct pager *pager, uint64_t offset, const void *buf)
{
	uint64_t length = pager->session->page_size;
	uint64_t size = pager->size;

	if (offset < size && size - offset < length)
		length = size - offset;
	return pager_offer_pages(pager, offset, length, buf, NULL);
}
