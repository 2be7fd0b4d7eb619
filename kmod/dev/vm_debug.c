// SPDX-License-Identifier: GPL-2.0-only
/* Text files of debugfs: totals, segments, caches, and lines for objects and users. */
#include "vm_debug.h"
#include "fault/zero_fill.h"
#include "file/publish.h"
#include "file/vm_statistics.h"

#include <linux/cred.h>
#include <linux/debugfs.h>
#include <linux/limits.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string_helpers.h>

/* Bytes of a path that would be taken for something else, or do something to a screen */
#define MACH_DEBUG_ESCAPED						\
	"\001\002\003\004\005\006\007\010\011\012\013\014\015\016\017\020"	\
	"\021\022\023\024\025\026\027\030\031\032\033\034\035\036\037\040"	\
	"\\\177"

static struct dentry *mach_debug_dir __ro_after_init;

static void mach_debug_number(struct seq_file *seq, const char *name, u64 value)
{
	seq_printf(seq, "%-16s %llu\n", name, value);
}

static int mach_debug_statistics_show(struct seq_file *seq, void *unused)
{
	struct mach_vm_statistics vm;

	mach_vm_get_statistics(&vm);
	mach_debug_number(seq, "page_size", vm.page_size);
	mach_debug_number(seq, "free_count", vm.free_count);
	mach_debug_number(seq, "active_count", vm.active_count);
	mach_debug_number(seq, "inactive_count", vm.inactive_count);
	mach_debug_number(seq, "wire_count", vm.wire_count);
	mach_debug_number(seq, "busy_count", vm.busy_count);
	mach_debug_number(seq, "dirty_count", vm.dirty_count);
	mach_debug_number(seq, "laundry_count", vm.laundry_count);
	mach_debug_number(seq, "aside_count", vm.aside_count);
	mach_debug_number(seq, "cached_count", vm.cached_count);
	mach_debug_number(seq, "faults", vm.faults);
	mach_debug_number(seq, "pageins", vm.pageins);
	mach_debug_number(seq, "pageouts", vm.pageouts);
	mach_debug_number(seq, "zero_fill_count", vm.zero_fill_count);
	mach_debug_number(seq, "reactivations", vm.reactivations);
	mach_debug_number(seq, "evictions", vm.evictions);
	mach_debug_number(seq, "requests", vm.requests);
	mach_debug_number(seq, "errors", vm.errors);
	mach_debug_number(seq, "limit_count", vm.limit_count);
	mach_debug_number(seq, "reserve_count", vm.reserve_count);
	mach_debug_number(seq, "chunk_count", vm.chunk_count);
	mach_debug_number(seq, "chunks", vm.chunks);
	mach_debug_number(seq, "chunks_taken", vm.chunks_taken);
	mach_debug_number(seq, "chunks_returned", vm.chunks_returned);
	mach_debug_number(seq, "chunks_refused", vm.chunks_refused);
	mach_debug_number(seq, "overhead", vm.overhead);
	mach_debug_number(seq, "objects", vm.objects);
	mach_debug_number(seq, "internal_count", vm.internal_count);
	mach_debug_number(seq, "zeros_ahead", mach_touch_count_ahead());
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(mach_debug_statistics);

static int mach_debug_segments_show(struct seq_file *seq, void *unused)
{
	struct mach_vm_segment segment;
	unsigned int i, order;

	seq_puts(seq, "start            end              chunks  pages    free     frag%  free blocks, of 1, 2, 4, ... pages\n");
	for (i = 0; mach_vm_get_segment(i, &segment); i++) {
		seq_printf(seq, "%016llx %016llx %-7llu %-8llu %-8llu %3u.%u ",
			   segment.start, segment.end, segment.chunks,
			   segment.page_count, segment.free_count,
			   segment.fragmentation / 10,
			   segment.fragmentation % 10);
		for (order = 0; order < MACH_VM_ORDERS; order++)
			seq_printf(seq, " %llu", segment.free_blocks[order]);
		seq_putc(seq, '\n');
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(mach_debug_segments);

static int mach_debug_caches_show(struct seq_file *seq, void *unused)
{
	struct mach_vm_cache cache;
	unsigned int i;

	seq_puts(seq, "name                 size stride   slab each  slabs empty   active  cached    freed misuse\n");
	for (i = 0; mach_vm_get_cache(i, &cache); i++)
		seq_printf(seq, "%-18s %6u %6u %6u %4u %6llu %5llu %8llu %7llu %8llu %6llu\n",
			   cache.name, cache.object_size, cache.stride,
			   cache.slab_size, cache.per_slab, cache.slabs,
			   cache.empty_slabs, cache.active, cache.cached,
			   cache.freed_slabs, cache.misuses);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(mach_debug_caches);

/* A column whatever bytes it is of; "-" is none */
static void mach_debug_path(struct seq_file *seq, struct mach_object *object,
			    char *buffer)
{
	const char *path = mach_published_path(object, buffer) ?: "-";

	seq_setwidth(seq, 16);
	seq_escape_str(seq, path, ESCAPE_OCTAL, MACH_DEBUG_ESCAPED);
	seq_pad(seq, ' ');
}

static void mach_debug_object(struct seq_file *seq, struct mach_object *object,
			      char *buffer)
{
	const struct mach_pager *pager = object->pager;
	struct mach_object_counts counts;

	mach_object_lock(object);
	counts = object->counts;
	mach_object_unlock(object);
	mach_debug_path(seq, object, buffer);
	seq_printf(seq, "%7u %8u %12llu %8llu %6llu %6llu %7llu %8llu %8llu %8llu %8llu %8llu %6llu %8llu %7d %s%s\n",
		   pager ? pager->id : 0, object->id, mach_object_size(object),
		   counts.resident, counts.busy, counts.dirty, counts.laundry,
		   counts.faults, counts.pageins, counts.pageouts,
		   counts.evictions, counts.reactivations, counts.errors,
		   object->serial, pager ? pager->pid : 0,
		   pager ? pager->comm : "-",
		   mach_object_is_dead(object) ? " dead" : "");
}

static int mach_debug_objects_show(struct seq_file *seq, void *unused)
{
	char *buffer = kmalloc(PATH_MAX + 1, GFP_KERNEL);
	struct mach_object *object = NULL;

	if (!buffer)
		return -ENOMEM;
	seq_puts(seq, "node               pager   number         size resident   busy  dirty laundry   faults  pageins pageouts  evicted reactive errors   object     pid comm\n");
	while ((object = mach_object_next(object)))
		mach_debug_object(seq, object, buffer);
	kfree(buffer);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(mach_debug_objects);

static void mach_debug_user(struct seq_file *seq, struct mach_user *user)
{
	unsigned int i;

	seq_printf(seq, "%-10u", from_kuid_munged(seq_user_ns(seq), user->uid));
	for (i = 0; i < MACH_USER_KINDS; i++)
		seq_printf(seq, " %10ld", atomic_long_read(&user->counts[i]));
	seq_putc(seq, '\n');
}

static int mach_debug_users_show(struct seq_file *seq, void *unused)
{
	struct mach_user *user = NULL;
	unsigned int i;

	seq_printf(seq, "%-10s", "uid");
	for (i = 0; i < MACH_USER_KINDS; i++)
		seq_printf(seq, " %10s", mach_user_kind_name(i));
	seq_putc(seq, '\n');
	while ((user = mach_user_next(user)))
		mach_debug_user(seq, user);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(mach_debug_users);

/* Without debugfs there is nothing, and nothing is wrong. */
void mach_debug_init(void)
{
	mach_debug_dir = debugfs_create_dir("machvm", NULL);
	debugfs_create_file("statistics", 0444, mach_debug_dir, NULL,
			    &mach_debug_statistics_fops);
	debugfs_create_file("segments", 0444, mach_debug_dir, NULL,
			    &mach_debug_segments_fops);
	debugfs_create_file("caches", 0444, mach_debug_dir, NULL,
			    &mach_debug_caches_fops);
	debugfs_create_file("objects", 0444, mach_debug_dir, NULL,
			    &mach_debug_objects_fops);
	debugfs_create_file("users", 0444, mach_debug_dir, NULL,
			    &mach_debug_users_fops);
}

void mach_debug_exit(void)
{
	debugfs_remove(mach_debug_dir);
}
