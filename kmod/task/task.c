// SPDX-License-Identifier: GPL-2.0-only
/* The table of a task's calls: arguments are checked here and maps do the work. */
#include "task.h"
#include "file/object_file.h"
#include "file/vm_statistics.h"
#include "map/vm_map_change.h"
#include "map/vm_map_exec.h"
#include "object/vm_internal.h"
#include "object/vm_view.h"
#include "vm_map_data.h"
#include "vm_map_msync.h"
#include "vm_map_pages.h"
#include "vm_map_protect.h"
#include "vm_map_proxy.h"
#include "vm_map_ready.h"
#include "vm_map_remap.h"
#include "vm_map_wire.h"

#include <linux/file.h>

/* Flags of map and remap */
#define MACH_TASK_MAP_FLAGS						\
	(MACH_VM_ANYWHERE | MACH_VM_COPY | MACH_VM_OVERWRITE)

/* Whole pages, not none: address and length are rounded each by itself. */
static int mach_task_place(const struct mach_map *map, u64 address, u64 length,
			   u64 mask, u32 flags, struct mach_map_place *place)
{
	*place = (struct mach_map_place) {
		.address = address & PAGE_MASK,
		.length = PAGE_ALIGN(length),
		.mask = mask & PAGE_MASK,
		.anywhere = flags & MACH_VM_ANYWHERE,
		.overwrite = flags & MACH_VM_OVERWRITE,
	};
	if (mach_map_unused(map))
		return -EADDRNOTAVAIL;
	if (!place->length || (place->anywhere && place->overwrite))
		return -EINVAL;
	if (!place->anywhere && place->mask & place->address)
		return -ENOSPC;
	return 0;
}

/* Enter it; a right to its object is taken over, if it has one. */
static int mach_task_enter(struct mach_call_context *context,
			   struct mach_map_place *place,
			   const struct mach_map_entry *like)
{
	struct mach_piece piece = { .entry = *like };
	LIST_HEAD(pieces);
	int err;

	piece.entry.end = piece.entry.start + place->length;
	list_add(&piece.link, &pieces);
	err = mach_map_enter_ready(context->self, context->file, place, &pieces);
	if (piece.entry.object)
		mach_object_right_put(piece.entry.object);
	return err;
}

static int mach_task_allocate(struct mach_call_context *context,
			      union mach_call_args *args)
{
	struct mach_task_allocate *allocate = &args->allocate;
	const struct mach_map_entry like = {
		.protection = MACH_PROT_READ | MACH_PROT_WRITE,
		.max_protection = MACH_PROT_ALL,
		.inheritance = MACH_INHERIT_COPY,
	};
	struct mach_map_place place;
	int err;

	if (allocate->flags & ~(MACH_VM_ANYWHERE | MACH_VM_OVERWRITE))
		return -EINVAL;
	if (!allocate->length)
		return 0;
	err = mach_task_place(context->self, allocate->address,
			      allocate->length, 0, allocate->flags, &place);
	if (!err)
		err = mach_task_enter(context, &place, &like);
	if (!err)
		allocate->address = place.address;
	return err;
}

/*
 * Rights were taken away. What is executable still, because Linux has no memory to
 * cut its area, is cut by the next fault there.
 */
static int mach_task_settle_less(struct mach_call_context *context, u64 start,
				 u64 end)
{
	int err = mach_map_exec_settle(context->self, context->file, start, end);

	return err == -ENOMEM ? 0 : err;
}

static int mach_task_deallocate(struct mach_call_context *context,
				union mach_call_args *args)
{
	struct mach_map *map = context->self;
	u64 start, end;
	int err;

	if (args->range.reserved)
		return -EINVAL;
	err = mach_map_round(map, args->range.address, args->range.length,
			     &start, &end);
	/* an end that only rounding takes too far is Mach's way to free nothing */
	if (err == -EINVAL &&
	    args->range.length <= U64_MAX - args->range.address)
		return 0;
	if (!err)
		err = mach_map_exec_lower(map, context->file, start, end, 0);
	if (err)
		return err;
	err = mach_map_remove(map, start, end);
	return mach_task_settle_less(context, start, end) ?: err;
}

/*
 * What the descriptor in @args gives of its object, for @length whole pages. A copy
 * has to be read, and may then be given any right.
 */
static int mach_task_map_object(const struct mach_task_map *args, u64 length,
				struct mach_map_entry *entry)
{
	struct mach_grant grant;
	int err = mach_grant_get(args->object, &grant);

	if (err)
		return err;
	if (args->offset > grant.length ||
	    length > PAGE_ALIGN(grant.length) - args->offset)
		err = -EINVAL;
	else if (args->flags & MACH_VM_COPY &&
		 !(grant.protection & MACH_PROT_READ))
		err = -EACCES;
	else if (mach_object_is_dead(grant.object))
		err = -ENODEV;
	if (err) {
		mach_object_right_put(grant.object);
		return err;
	}
	if (!(args->flags & MACH_VM_COPY)) {
		entry->max_protection &= grant.protection;
		entry->protection &= grant.protection;
	}
	entry->object = grant.object;
	/* memory without a pager is somebody's: he sees it as well */
	entry->shared = mach_object_is_internal(grant.object);
	entry->offset = grant.start + args->offset;
	return 0;
}

/* A copy takes the place of the object. */
static int mach_task_map_copy(u64 length, struct mach_map_entry *entry)
{
	struct mach_object *copy = mach_internal_create();
	int err;

	if (!copy)
		return -ENOMEM;
	err = mach_object_copy(entry->object, entry->offset >> PAGE_SHIFT,
			       length >> PAGE_SHIFT, copy,
			       MACH_INTERNAL_MIDDLE >> PAGE_SHIFT);
	if (err) {
		mach_object_right_put(copy);
		return err;
	}
	mach_object_right_put(entry->object);
	entry->object = copy;
	entry->offset = MACH_INTERNAL_MIDDLE;
	entry->shared = 0;
	return 0;
}

/* What is to be entered: untouched memory, an object, or a copy of one */
static int mach_task_map_like(const struct mach_task_map *args, u64 length,
			      struct mach_map_entry *entry)
{
	int err;

	*entry = (struct mach_map_entry) {
		.protection = args->protection & args->max_protection,
		.max_protection = args->max_protection,
		.inheritance = args->inheritance,
	};
	if (args->object < 0)
		return 0;
	err = mach_task_map_object(args, length, entry);
	if (err || !(args->flags & MACH_VM_COPY))
		return err;
	err = mach_task_map_copy(length, entry);
	if (err)
		mach_object_right_put(entry->object);
	return err;
}

static int mach_task_map(struct mach_call_context *context,
			 union mach_call_args *args)
{
	struct mach_task_map *map = &args->map;
	struct mach_map_place place;
	struct mach_map_entry like;
	int err;

	if (map->flags & ~MACH_TASK_MAP_FLAGS ||
	    map->inheritance > MACH_INHERIT_NONE || map->object < -1 ||
	    !IS_ALIGNED(map->offset, PAGE_SIZE) || !map->length ||
	    (map->protection | map->max_protection) & ~MACH_PROT_ALL)
		return -EINVAL;
	err = mach_task_place(context->self, map->address, map->length,
			      map->mask, map->flags, &place);
	if (err)
		return err;
	err = mach_task_map_like(map, place.length, &like);
	if (err)
		return err;
	err = mach_task_enter(context, &place, &like);
	if (!err)
		map->address = place.address;
	return err;
}

static int mach_task_protect(struct mach_call_context *context,
			     union mach_call_args *args)
{
	struct mach_task_protect *protect = &args->protect;
	struct mach_map *map = context->self;
	struct mach_change change = {
		.what = protect->set_maximum ? MACH_CHANGE_MAXIMUM :
					       MACH_CHANGE_PROTECTION,
		.protection = protect->protection,
	};
	const bool raise = !protect->set_maximum &&
			   protect->protection & MACH_PROT_EXECUTE;
	u64 start, end;
	int err, settled;

	if (protect->set_maximum > 1 || protect->flags & ~MACH_RANGE_WHOLE ||
	    protect->protection & ~(MACH_PROT_ALL | MACH_PROT_NOTIFY))
		return -EINVAL;
	if (protect->flags & MACH_RANGE_WHOLE)
		change.what |= MACH_CHANGE_WHOLE;
	err = mach_map_round(map, protect->address, protect->length, &start,
			     &end);
	if (!err && !protect->set_maximum)
		err = mach_map_exec_check(map, protect->protection);
	if (!err)
		err = mach_map_exec_lower(map, context->file, start, end,
					  protect->protection);
	if (err)
		return err;
	if (raise)
		err = mach_map_exec_raise(map, context->file, start, end,
					  protect->protection);
	if (!err)
		err = mach_map_protect(map, start, end, &change);
	if (protect->protection & MACH_PROT_EXECUTE)
		settled = mach_map_exec_settle(map, context->file, start, end);
	else
		settled = mach_task_settle_less(context, start, end);
	if (raise)
		mach_map_exec_raised(map);
	return err ?: settled;
}

static int mach_task_inherit(struct mach_call_context *context,
			     union mach_call_args *args)
{
	const struct mach_change change = {
		.what = MACH_CHANGE_INHERITANCE,
		.inheritance = args->attribute.value,
	};
	u64 start, end;
	int err;

	if (args->attribute.value > MACH_INHERIT_NONE)
		return -EINVAL;
	err = mach_map_round(context->self, args->attribute.address,
			     args->attribute.length, &start, &end);
	return err ?: mach_map_change(context->self, start, end, &change);
}

/* Some are remembered, some are done at once. */
static bool mach_behavior_acts(u32 behavior)
{
	return behavior == MACH_BEHAVIOR_WILLNEED ||
	       behavior == MACH_BEHAVIOR_DONTNEED ||
	       behavior == MACH_BEHAVIOR_FREE ||
	       behavior == MACH_BEHAVIOR_ZERO;
}

static int mach_task_behavior(struct mach_call_context *context,
			      union mach_call_args *args)
{
	const struct mach_change change = {
		.what = MACH_CHANGE_BEHAVIOR | MACH_CHANGE_WHOLE,
		.behavior = args->attribute.value,
	};
	struct mach_map *map = context->self;
	u32 behavior = args->attribute.value;
	u64 start, end;
	int err;

	if (behavior > MACH_BEHAVIOR_REVERSE && !mach_behavior_acts(behavior))
		return -EINVAL;
	err = mach_map_round(map, args->attribute.address,
			     args->attribute.length, &start, &end);
	if (err || start == end)
		return err;
	if (start < map->entries.min || end > map->entries.max)
		return -ENOSPC;
	if (mach_behavior_acts(behavior))
		return mach_map_advise(map, start, end, behavior);
	return mach_map_change(map, start, end, &change);
}

static int mach_task_wire(struct mach_call_context *context,
			  union mach_call_args *args)
{
	u32 access = args->attribute.value & ~MACH_UNPRIVILEGED;
	u64 start, end;
	int err;

	if (access & ~MACH_PROT_ALL)
		return -EINVAL;
	err = mach_map_round(context->self, args->attribute.address,
			     args->attribute.length, &start, &end);
	if (err)
		return err;
	if (!access)
		return mach_map_unwire(context->self, start, end);
	return mach_map_wire(context->self, start, end, access,
			     !(args->attribute.value & MACH_UNPRIVILEGED));
}

static int mach_task_wire_all(struct mach_call_context *context,
			      union mach_call_args *args)
{
	if (args->wire_all.flags & ~(MACH_WIRE_CURRENT | MACH_WIRE_FUTURE))
		return -EINVAL;
	return mach_map_wire_all(context->self, args->wire_all.flags);
}

static int mach_task_transfer(struct mach_call_context *context,
			      union mach_call_args *args,
			      int (*transfer)(struct mach_map *map,
					      struct mach_task_data *data))
{
	if (args->data.flags & ~MACH_DATA_CHECK || args->data.done)
		return -EINVAL;
	return transfer(context->self, &args->data);
}

static int mach_task_read(struct mach_call_context *context,
			  union mach_call_args *args)
{
	return mach_task_transfer(context, args, mach_map_read);
}

static int mach_task_write(struct mach_call_context *context,
			   union mach_call_args *args)
{
	return mach_task_transfer(context, args, mach_map_write);
}

static int mach_task_copy(struct mach_call_context *context,
			  union mach_call_args *args)
{
	return mach_task_transfer(context, args, mach_map_copy);
}

static int mach_task_pages(struct mach_call_context *context,
			   union mach_call_args *args)
{
	if (args->data.flags || args->data.done)
		return -EINVAL;
	return mach_map_pages(context->self, &args->data);
}

static int mach_task_remap_from(struct mach_call_context *context,
				struct mach_task_remap *args,
				struct mach_map *source)
{
	struct mach_remap remap = {
		.source = source,
		.copy = args->flags & MACH_VM_COPY,
		.all_rights = args->flags & MACH_VM_ALL_RIGHTS,
		.protect = args->flags & MACH_VM_PROTECT,
		.cut = args->flags & MACH_VM_MAXIMUM,
		.protection = args->protection,
		.max_protection = args->max_protection,
		.inheritance = args->inheritance,
	};
	struct mach_map *map = context->self;
	int err;

	err = mach_task_place(map, args->address, args->length, args->mask,
			      args->flags, &remap.place);
	if (err)
		return err;
	if (mach_map_unused(source))
		return -EADDRNOTAVAIL;
	remap.start = args->source_address & PAGE_MASK;
	if (remap.start > U64_MAX - remap.place.length)
		return -EINVAL;
	err = mach_map_remap(map, context->file, &remap);
	if (err)
		return err;
	args->address = remap.place.address;
	args->protection = remap.protection;
	args->max_protection = remap.max_protection;
	return 0;
}

/* The map of another task's descriptor, or NULL if it is none */
static struct mach_map *mach_task_map_of(struct mach_call_context *context,
					 struct file *file)
{
	struct mach_task *task = file->private_data;

	if (file->f_op != context->file->f_op || mach_dev_port(file))
		return NULL;
	return task->map;
}

/* Rights go with a copy alone, and which they are with a flag for each alone. */
static bool mach_task_remap_valid(const struct mach_task_remap *remap)
{
	const u32 which = MACH_VM_PROTECT | MACH_VM_MAXIMUM;
	const u32 now = remap->flags & MACH_VM_PROTECT ? MACH_PROT_ALL : 0;
	const u32 most = remap->flags & MACH_VM_MAXIMUM ? MACH_PROT_ALL : 0;

	if (remap->flags & ~(MACH_TASK_MAP_FLAGS | MACH_VM_ALL_RIGHTS | which) ||
	    (remap->flags & MACH_VM_ALL_RIGHTS &&
	     !(remap->flags & MACH_VM_COPY)) ||
	    (remap->flags & which && !(remap->flags & MACH_VM_ALL_RIGHTS)))
		return false;
	return remap->inheritance <= MACH_INHERIT_NONE && remap->source >= -1 &&
	       !(remap->protection & ~now) &&
	       !(remap->max_protection & ~most) && remap->length;
}

static int mach_task_remap(struct mach_call_context *context,
			   union mach_call_args *args)
{
	struct mach_task_remap *remap = &args->remap;
	struct mach_map *source = context->self;
	struct file *file;
	int err;

	if (!mach_task_remap_valid(remap))
		return -EINVAL;
	if (remap->source < 0)
		return mach_task_remap_from(context, remap, source);
	file = fget(remap->source);
	if (!file)
		return -EBADF;
	source = mach_task_map_of(context, file);
	err = source ? mach_task_remap_from(context, remap, source) : -EBADF;
	fput(file);
	return err;
}

static u32 mach_region_state(const struct mach_map_entry *entry)
{
	bool internal = !entry->object ||
			mach_object_is_internal(entry->object);

	return (entry->shared ? MACH_REGION_SHARED : 0) |
	       (internal ? MACH_REGION_INTERNAL : 0) |
	       (entry->needs_copy ? MACH_REGION_NEEDS_COPY : 0) |
	       (entry->in_transition ? MACH_REGION_IN_TRANSITION : 0);
}

/* Return: the object, with a reference, or NULL. */
static struct mach_object *mach_region_tell(const struct mach_map_entry *entry,
					    struct mach_task_region *region)
{
	region->address = entry->start;
	region->length = mach_entry_size(entry);
	region->offset = entry->offset;
	region->protection = entry->protection;
	region->max_protection = entry->max_protection;
	region->inheritance = entry->inheritance;
	region->behavior = entry->behavior;
	region->wired = entry->wired;
	region->state = mach_region_state(entry);
	if (entry->object)
		mach_object_get(entry->object);
	return entry->object;
}

/* A name authorises nothing but comparing and asking. */
static int mach_region_name(struct mach_call_context *context,
			    struct mach_object *object,
			    struct mach_task_region *region)
{
	struct file *file = mach_object_name_file(object);

	if (IS_ERR(file))
		return PTR_ERR(file);
	return mach_call_make_fd(context, file, &region->name);
}

static int mach_task_region(struct mach_call_context *context,
			    union mach_call_args *args)
{
	struct mach_task_region region = {
		.size = args->region.size,
		.flags = args->region.flags,
		.name = -1,
	};
	struct mach_map *map = context->self;
	struct mach_map_entry *entry;
	struct mach_object *object = NULL;
	int err = 0;

	if (region.flags & ~MACH_REGION_NAME ||
	    memchr_inv(&args->region.length, 0, sizeof(region) -
		       offsetof(struct mach_task_region, length)))
		return -EINVAL;
	down_read(&map->lock);
	entry = mach_entry_from(&map->entries, args->region.address);
	if (entry)
		object = mach_region_tell(entry, &region);
	mach_map_unlock(map);
	if (!entry)
		return -EADDRNOTAVAIL;
	if (object) {
		region.object = object->serial;
		region.references = mach_object_users(object);
		if (region.flags & MACH_REGION_NAME)
			err = mach_region_name(context, object, &region);
		mach_object_put(object);
	}
	args->region = region;
	return err;
}

static int mach_task_info(struct mach_call_context *context,
			  union mach_call_args *args)
{
	struct mach_task_info info = {
		.size = args->task.size,
		.entry_size = sizeof(struct mach_map_entry),
	};
	struct mach_map *map = context->self;
	unsigned int i;

	if (mach_call_says_more(args, sizeof(info)))
		return -EINVAL;
	down_read(&map->lock);
	if (map->pid && pid_has_task(map->pid, PIDTYPE_TGID))
		info.pid = pid_vnr(map->pid);
	info.start = map->entries.min;
	info.end = map->entries.max;
	info.entries = map->entries.n;
	info.mapped = map->entries.size;
	info.none = map->entries.none;
	info.wired = map->entries.wired;
	info.merges = map->entries.merges;
	for (i = 0; i < MACH_REFUSALS; i++)
		info.refusals += map->entries.refusals[i];
	mach_map_unlock(map);
	args->task = info;
	return 0;
}

static int mach_task_msync(struct mach_call_context *context,
			   union mach_call_args *args)
{
	const u32 how = MACH_SYNC_ASYNCHRONOUS | MACH_SYNC_SYNCHRONOUS;
	u32 flags = args->msync.flags;
	u64 start, end;
	int err;

	if (flags & ~(how | MACH_SYNC_INVALIDATE | MACH_SYNC_KILLPAGES |
		      MACH_SYNC_DEACTIVATE | MACH_SYNC_CONTIGUOUS))
		return -EINVAL;
	if (!args->msync.length)
		return 0;
	if ((flags & how) == how)
		return -EINVAL;
	err = mach_map_round_inside(context->self, args->msync.address,
				    args->msync.length, &start, &end);
	return err ?: mach_map_msync(context->self, start, end, flags);
}

static int mach_task_set_size_limit(struct mach_call_context *context,
				    union mach_call_args *args)
{
	if (args->limit.flags & ~MACH_UNPRIVILEGED ||
	    args->limit.current_limit > args->limit.maximum)
		return -EINVAL;
	return mach_map_set_limit(context->self, args->limit.current_limit,
				  args->limit.maximum,
				  !(args->limit.flags & MACH_UNPRIVILEGED));
}

static int mach_task_get_size_limit(struct mach_call_context *context,
				    union mach_call_args *args)
{
	u64 limit, limit_max;

	if (args->limit.flags || args->limit.current_limit ||
	    args->limit.maximum)
		return -EINVAL;
	mach_map_get_limit(context->self, &limit, &limit_max);
	args->limit.current_limit = limit;
	args->limit.maximum = limit_max;
	return 0;
}

static const struct mach_call mach_task_calls[] = {
	MACH_CALL(MACH_TASK_ALLOCATE, mach_task_allocate, .probe = true),
	MACH_CALL(MACH_TASK_DEALLOCATE, mach_task_deallocate),
	MACH_CALL(MACH_TASK_PROTECT, mach_task_protect),
	MACH_CALL(MACH_TASK_MAP, mach_task_map, .probe = true),
	MACH_CALL(MACH_TASK_INHERIT, mach_task_inherit),
	MACH_CALL(MACH_TASK_BEHAVIOR, mach_task_behavior),
	MACH_CALL(MACH_TASK_WIRE, mach_task_wire),
	MACH_CALL(MACH_TASK_WIRE_ALL, mach_task_wire_all),
	MACH_CALL(MACH_TASK_READ, mach_task_read, .says_on_error = true),
	MACH_CALL(MACH_TASK_WRITE, mach_task_write, .says_on_error = true),
	MACH_CALL(MACH_TASK_COPY, mach_task_copy, .says_on_error = true),
	MACH_CALL(MACH_TASK_REMAP, mach_task_remap, .probe = true),
	MACH_CALL(MACH_TASK_REGION, mach_task_region),
	MACH_CALL(MACH_TASK_INFO, mach_task_info),
	MACH_CALL(MACH_TASK_MSYNC, mach_task_msync),
	MACH_CALL(MACH_TASK_SET_SIZE_LIMIT, mach_task_set_size_limit),
	MACH_CALL(MACH_TASK_GET_SIZE_LIMIT, mach_task_get_size_limit),
	MACH_CALL(MACH_TASK_PROXY, mach_task_proxy, .probe = true),
	MACH_CALL(MACH_TASK_PAGES, mach_task_pages, .says_on_error = true),
};

/* What a task's descriptor answers */
const struct mach_call_table mach_task_table =
	MACH_CALL_TABLE(mach_task_calls, &mach_vm_table);
