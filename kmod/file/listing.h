/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A table of names: what a listed directory has in it. Pure: without locks and inodes,
 * so that it runs beside a model in user space.
 *
 * Entries lie one behind the other in blocks, in the order of their numbers, which only
 * grow. So a number is a place for who reads the directory, and stays one when other
 * entries come and go. It is the inode's as well; but an entry that has been renamed is
 * at the end, as any that comes, and the number of its inode lies behind its text.
 * Buckets of a hash table lead to names. An entry's address holds
 * until the next call that adds, removes or joins.
 */
#ifndef MACH_LISTING_H
#define MACH_LISTING_H

#include "base/kern.h"

/* Flags of an entry; the others are the pager's */
#define MACH_LISTING_GONE	0x80	/* removed, and its room is not used again yet */
#define MACH_LISTING_KEPT	0x40	/* it stays when others go; the caller's */
#define MACH_LISTING_RENAMED	0x20	/* its inode is older than its place */

/**
 * struct mach_listing_entry - One name
 * @number: its place among all of the table; of its inode: mach_listing_inode()
 * @cookie: the pager's word for it
 * @size: bytes of a file
 * @mtime: ns since 1970
 * @uid: owner
 * @gid: group
 * @hash: of the name
 * @next: place of the next one in the bucket, or 0
 * @mode: kind and permission bits
 * @target_length: bytes of what a symbolic link says
 * @name_length: bytes of the name
 * @flags: see above
 * @text: the name, and then the target; then the inode's number, if RENAMED
 */
struct mach_listing_entry {
	u64 number;
	u64 cookie;
	u64 size;
	s64 mtime;
	u32 uid;
	u32 gid;
	u32 hash;
	u32 next;
	u16 mode;
	u16 target_length;
	u8 name_length;
	u8 flags;
	char text[];
};

/**
 * struct mach_listing_block - Entries, one behind the other
 * @capacity: bytes of @data
 * @used: of them, those with entries
 * @data: entries, each aligned
 */
struct mach_listing_block {
	u32 capacity;
	u32 used;
	u64 data[];
};

/**
 * struct mach_listing_slot - Where a block is
 * @first: number of its first entry, whether that is still there or not
 * @block: it
 */
struct mach_listing_slot {
	u64 first;
	struct mach_listing_block *block;
};

/**
 * struct mach_listing - A table; all zeros is an empty one
 * @slots: blocks in order
 * @nr_slots: how many
 * @max_slots: for how many there is room
 * @buckets: places of the first entry of each; a power of two of them
 * @nr_buckets: how many
 * @n: entries that are there
 * @gone: bytes of those that have gone
 * @bytes: of blocks, slots and buckets
 */
struct mach_listing {
	struct mach_listing_slot *slots;
	u32 nr_slots;
	u32 max_slots;
	u32 *buckets;
	u32 nr_buckets;
	unsigned long n;
	u64 gone;
	u64 bytes;
};

static inline const char *
mach_listing_target(const struct mach_listing_entry *entry)
{
	return entry->text + entry->name_length;
}

u64 mach_listing_inode(const struct mach_listing_entry *entry);
struct mach_listing_entry *mach_listing_find(const struct mach_listing *listing,
					     u32 hash, const char *name,
					     unsigned int length);
int mach_listing_add(struct mach_listing *listing,
		     const struct mach_listing_entry *entry, const char *name,
		     const char *target);
void mach_listing_remove(struct mach_listing *listing,
			 struct mach_listing_entry *entry);
void mach_listing_pack(struct mach_listing *listing);
int mach_listing_provide(struct mach_listing *listing,
			 const struct mach_listing *more);
void mach_listing_join(struct mach_listing *listing, struct mach_listing *more,
		       u64 number);
void mach_listing_clear(struct mach_listing *listing);

/**
 * struct mach_listing_cursor - A way through all entries
 * @slot: of the block
 * @at: the next entry's offset there, in bytes
 */
struct mach_listing_cursor {
	u32 slot;
	u32 at;
};

struct mach_listing_entry *mach_listing_next(const struct mach_listing *listing,
					     struct mach_listing_cursor *at);
struct mach_listing_entry *mach_listing_from(const struct mach_listing *listing,
					     u64 number,
					     struct mach_listing_cursor *at);

#endif /* MACH_LISTING_H */
