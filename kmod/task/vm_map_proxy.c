// SPDX-License-Identifier: GPL-2.0-only
/* vm_region_create_proxy: what an entry shows is shared, and a proxy stands for it. */
#include "vm_map_proxy.h"
#include "file/object_file.h"
#include "map/vm_map_change.h"
#include "vm_map_remap.h"

/* Which addresses are meant, as the entries are now */
static int mach_proxy_place(struct mach_map *map,
			    const struct mach_task_proxy *args, u64 *start,
			    u64 *end)
{
	const bool here = args->flags & MACH_PROXY_HERE;
	struct mach_map_entry *entry;
	u64 length = PAGE_ALIGN(args->length);
	int err = 0;

	down_read(&map->lock);
	entry = mach_entry_from(&map->entries, args->address);
	if (!entry || (here && entry->start > args->address)) {
		err = -EADDRNOTAVAIL;
	} else {
		*start = here ? args->address & PAGE_MASK : entry->start;
		*end = *start + min(length, entry->end - *start);
		if (!here && *end - *start < length)
			err = -EINVAL;
	}
	mach_map_unlock(map);
	return err;
}

/* A descriptor that shows the piece, for the caller */
static int mach_proxy_make(struct mach_call_context *context,
			   const struct mach_map_entry *piece,
			   struct mach_task_proxy *proxy)
{
	const struct mach_grant grant = {
		.object = piece->object,
		.protection = proxy->max_protection & piece->max_protection,
		.start = piece->offset,
		.length = piece->end - piece->start,
	};
	struct file *file = mach_grant_file(&grant);

	if (IS_ERR(file))
		return PTR_ERR(file);
	return mach_call_make_fd(context, file, &proxy->fd);
}

int mach_task_proxy(struct mach_call_context *context,
		    union mach_call_args *args)
{
	const struct mach_change share = { .what = MACH_CHANGE_SHARED };
	struct mach_task_proxy *proxy = &args->entry_proxy;
	struct mach_map *map = context->self;
	struct mach_map_entry piece;
	u64 start, end;
	int err;

	if (proxy->flags & ~MACH_PROXY_HERE || proxy->fd ||
	    proxy->max_protection & ~MACH_PROT_ALL || !PAGE_ALIGN(proxy->length))
		return -EINVAL;
	err = mach_proxy_place(map, proxy, &start, &end) ?:
	      mach_map_share(map, start, end, &piece);
	if (err)
		return err;
	err = mach_proxy_make(context, &piece, proxy);
	/* who has it sees what is written there */
	if (!err)
		mach_map_change(map, start, piece.end, &share);
	mach_object_right_put(piece.object);
	if (err)
		mach_map_share_undo(map, start, piece.end);
	proxy->address = start;
	proxy->length = piece.end - piece.start;
	return err;
}
