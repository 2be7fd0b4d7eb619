// SPDX-License-Identifier: GPL-2.0-only
/* Tables of names: blocks of entries in the order of their numbers, and a hash table. */
#include "listing.h"

/*
 * A block is of a power of two bytes, so that small directories are small; any entry
 * fits in the largest. A place is a slot's number and an offset in units, plus 1.
 */
#define MACH_LISTING_SMALLEST	256
#define MACH_LISTING_LARGEST	16384
#define MACH_LISTING_UNIT	sizeof(u64)
#define MACH_LISTING_UNITS	(MACH_LISTING_LARGEST / MACH_LISTING_UNIT)
#define MACH_LISTING_SLOTS_MAX	(U32_MAX / MACH_LISTING_UNITS)

#define MACH_LISTING_BUCKETS	16	/* at first */
/* Bytes of blocks that are copied to where there is room, rather than joined as they are */
#define MACH_LISTING_FEW	(16 * MACH_LISTING_LARGEST)
#define MACH_LISTING_LOAD	2	/* most entries a bucket, on average */

static u32 mach_entry_size(const struct mach_listing_entry *entry)
{
	u32 text = entry->name_length + entry->target_length;

	if (entry->flags & MACH_LISTING_RENAMED)
		text += sizeof(u64);
	return ALIGN(offsetof(struct mach_listing_entry, text) + text,
		     MACH_LISTING_UNIT);
}

/* The number of an entry's inode, whatever it was called before */
u64 mach_listing_inode(const struct mach_listing_entry *entry)
{
	u64 number = entry->number;

	if (entry->flags & MACH_LISTING_RENAMED)
		memcpy(&number, mach_listing_target(entry) +
		       entry->target_length, sizeof(number));
	return number;
}

static struct mach_listing_entry *
mach_block_entry(struct mach_listing_block *block, u32 at)
{
	return (void *)&block->data[at / MACH_LISTING_UNIT];
}

static u32 mach_listing_place(u32 slot, u32 at)
{
	return slot * MACH_LISTING_UNITS + at / MACH_LISTING_UNIT + 1;
}

static struct mach_listing_entry *
mach_listing_at(const struct mach_listing *listing, u32 place)
{
	u32 slot = (place - 1) / MACH_LISTING_UNITS;
	u32 unit = (place - 1) % MACH_LISTING_UNITS;

	return (void *)&listing->slots[slot].block->data[unit];
}

static u32 *mach_listing_bucket(const struct mach_listing *listing, u32 hash)
{
	return &listing->buckets[hash & (listing->nr_buckets - 1)];
}

/**
 * mach_listing_next - Go on to the next entry
 * @listing: table
 * @at: in, out: zeros at first
 *
 * Return: it, in the order of numbers; NULL at the end.
 */
struct mach_listing_entry *mach_listing_next(const struct mach_listing *listing,
					     struct mach_listing_cursor *at)
{
	struct mach_listing_entry *entry;
	struct mach_listing_block *block;

	while (at->slot < listing->nr_slots) {
		block = listing->slots[at->slot].block;
		if (at->at == block->used) {
			at->slot++;
			at->at = 0;
			continue;
		}
		entry = mach_block_entry(block, at->at);
		at->at += mach_entry_size(entry);
		mach_kern_step();
		if (!(entry->flags & MACH_LISTING_GONE))
			return entry;
	}
	return NULL;
}

/**
 * mach_listing_find - Find a name
 * @listing: table
 * @hash: of the name
 * @name: bytes
 * @length: how many
 *
 * Return: its entry, or NULL.
 */
struct mach_listing_entry *mach_listing_find(const struct mach_listing *listing,
					     u32 hash, const char *name,
					     unsigned int length)
{
	struct mach_listing_entry *entry;
	u32 place;

	if (!listing->nr_buckets)
		return NULL;
	for (place = *mach_listing_bucket(listing, hash); place;
	     place = entry->next) {
		entry = mach_listing_at(listing, place);
		mach_kern_step();
		if (entry->hash == hash && entry->name_length == length &&
		    !memcmp(entry->text, name, length))
			return entry;
	}
	return NULL;
}

/* The last slot that begins at @number or before, or 0 */
static u32 mach_listing_slot_of(const struct mach_listing *listing, u64 number)
{
	u32 low = 0, high = listing->nr_slots, middle;

	while (high - low > 1) {
		middle = low + (high - low) / 2;
		if (listing->slots[middle].first <= number)
			low = middle;
		else
			high = middle;
		mach_kern_step();
	}
	return low;
}

/**
 * mach_listing_from - The first entry from a number on
 * @listing: table
 * @number: where to begin
 * @at: out: to go on from there by mach_listing_next()
 *
 * Return: it, or NULL.
 */
struct mach_listing_entry *mach_listing_from(const struct mach_listing *listing,
					     u64 number,
					     struct mach_listing_cursor *at)
{
	struct mach_listing_entry *entry;

	*at = (struct mach_listing_cursor) {
		.slot = mach_listing_slot_of(listing, number),
	};
	do {
		entry = mach_listing_next(listing, at);
	} while (entry && entry->number < number);
	return entry;
}

/* All entries from a place on, into their buckets */
static void mach_listing_hash(struct mach_listing *listing,
			      struct mach_listing_cursor *at)
{
	struct mach_listing_entry *entry;
	u32 *bucket;

	while ((entry = mach_listing_next(listing, at))) {
		bucket = mach_listing_bucket(listing, entry->hash);
		entry->next = *bucket;
		*bucket = mach_listing_place(at->slot,
					     at->at - mach_entry_size(entry));
	}
}

/* Have buckets for so many entries */
static int mach_listing_grow_buckets(struct mach_listing *listing,
				     unsigned long n)
{
	u32 want = listing->nr_buckets ?: MACH_LISTING_BUCKETS;
	struct mach_listing_cursor at = {};
	u32 *buckets;

	while (n > (unsigned long)want * MACH_LISTING_LOAD)
		want *= 2;
	if (want == listing->nr_buckets)
		return 0;
	buckets = mach_kern_alloc(want * sizeof(*buckets));
	if (!buckets)
		return -ENOMEM;
	mach_kern_free(listing->buckets);
	listing->bytes += (want - listing->nr_buckets) * sizeof(*buckets);
	listing->buckets = buckets;
	listing->nr_buckets = want;
	mach_listing_hash(listing, &at);
	return 0;
}

/* Have room for so many slots */
static int mach_listing_grow_slots(struct mach_listing *listing, u64 n)
{
	struct mach_listing_slot *slots;
	u64 want = listing->max_slots ?: 1;

	if (n > MACH_LISTING_SLOTS_MAX)
		return -ENOMEM;
	while (want < n)
		want += want < 64 ? want : want / 8;
	if (want == listing->max_slots)
		return 0;
	slots = mach_kern_alloc(want * sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	if (listing->nr_slots)
		memcpy(slots, listing->slots, listing->nr_slots * sizeof(*slots));
	mach_kern_free(listing->slots);
	listing->bytes += (want - listing->max_slots) * sizeof(*slots);
	listing->slots = slots;
	listing->max_slots = want;
	return 0;
}

static u32 mach_block_size(const struct mach_listing_block *block)
{
	return sizeof(*block) + block->capacity;
}

/* As large as all so far, so that there are few and little is left over */
static int mach_listing_grow_blocks(struct mach_listing *listing, u32 bytes)
{
	u64 size = MACH_LISTING_SMALLEST;
	struct mach_listing_block *block;
	int err = mach_listing_grow_slots(listing, listing->nr_slots + 1ULL);

	if (err)
		return err;
	while (size < sizeof(*block) + bytes ||
	       (size < listing->bytes / 2 && size < MACH_LISTING_LARGEST))
		size *= 2;
	block = mach_kern_alloc(size);
	if (!block)
		return -ENOMEM;
	block->capacity = size - sizeof(*block);
	listing->slots[listing->nr_slots++] = (struct mach_listing_slot) {
		.first = U64_MAX,
		.block = block,
	};
	listing->bytes += size;
	return 0;
}

/* Where the next entry goes: the last block that is in use, or the first */
static struct mach_listing_cursor
mach_listing_end(const struct mach_listing *listing)
{
	struct mach_listing_cursor end = { .slot = listing->nr_slots };

	while (end.slot && !end.at)
		end.at = listing->slots[--end.slot].block->used;
	return end;
}

/*
 * Go on to where there is room for so many bytes, from the end of the table on. Return:
 * false when there is no memory.
 */
static bool mach_listing_room(struct mach_listing *listing,
			      struct mach_listing_cursor *at, u32 bytes)
{
	while (at->slot < listing->nr_slots) {
		if (bytes <= listing->slots[at->slot].block->capacity - at->at)
			return true;
		at->slot++;
		at->at = 0;
	}
	return !mach_listing_grow_blocks(listing, bytes);
}

/* @entry, at the end of a block, is the table's from here on. */
static void mach_listing_enter(struct mach_listing *listing, u32 slot,
			       struct mach_listing_entry *entry)
{
	struct mach_listing_block *block = listing->slots[slot].block;
	u32 *bucket = mach_listing_bucket(listing, entry->hash);

	if (!block->used)
		listing->slots[slot].first = entry->number;
	entry->next = *bucket;
	*bucket = mach_listing_place(slot, block->used);
	block->used += mach_entry_size(entry);
	listing->n++;
}

/**
 * mach_listing_add - Add a name
 * @listing: table
 * @entry: what it is; its number is that of its inode if it is RENAMED, and otherwise
 *	does not matter before mach_listing_join()
 * @name: so many bytes as @entry says
 * @target: likewise
 *
 * Return: 0; -EEXIST; -ENOMEM.
 */
int mach_listing_add(struct mach_listing *listing,
		     const struct mach_listing_entry *entry, const char *name,
		     const char *target)
{
	struct mach_listing_cursor end = mach_listing_end(listing);
	struct mach_listing_entry *added;
	int err;

	if (mach_listing_find(listing, entry->hash, name, entry->name_length))
		return -EEXIST;
	err = mach_listing_grow_buckets(listing, listing->n + 1);
	if (err)
		return err;
	if (!mach_listing_room(listing, &end, mach_entry_size(entry)))
		return -ENOMEM;
	added = mach_block_entry(listing->slots[end.slot].block, end.at);
	*added = *entry;
	memcpy(added->text, name, entry->name_length);
	memcpy(added->text + entry->name_length, target, entry->target_length);
	if (entry->flags & MACH_LISTING_RENAMED)
		memcpy(added->text + entry->name_length + entry->target_length,
		       &entry->number, sizeof(entry->number));
	mach_listing_enter(listing, end.slot, added);
	return 0;
}

/**
 * mach_listing_remove - Take a name away
 * @listing: table
 * @entry: of it
 *
 * Who goes through all may go on. Memory comes back by mach_listing_pack().
 */
void mach_listing_remove(struct mach_listing *listing,
			 struct mach_listing_entry *entry)
{
	u32 *place = mach_listing_bucket(listing, entry->hash);

	while (mach_listing_at(listing, *place) != entry) {
		place = &mach_listing_at(listing, *place)->next;
		mach_kern_step();
	}
	*place = entry->next;
	entry->flags |= MACH_LISTING_GONE;
	listing->n--;
	listing->gone += mach_entry_size(entry);
}

/* Free what blocks there are from a slot on */
static void mach_listing_drop_blocks(struct mach_listing *listing, u32 slot)
{
	u32 i;

	for (i = slot; i < listing->nr_slots; i++) {
		listing->bytes -= mach_block_size(listing->slots[i].block);
		mach_kern_free(listing->slots[i].block);
	}
	listing->nr_slots = slot;
}

/* Where the next entry goes while all move together: never behind where it was */
static struct mach_listing_entry *
mach_listing_pack_room(struct mach_listing *listing,
		       struct mach_listing_cursor *to, u64 number, u32 bytes)
{
	struct mach_listing_slot *slot = &listing->slots[to->slot];

	while (to->at + bytes > slot->block->capacity) {
		slot->block->used = to->at;
		slot = &listing->slots[++to->slot];
		slot->first = number;
		to->at = 0;
	}
	to->at += bytes;
	return mach_block_entry(slot->block, to->at - bytes);
}

/* Entries move together; the buckets are then wrong. */
static void mach_listing_move(struct mach_listing *listing)
{
	struct mach_listing_cursor from = {}, to = {};
	struct mach_listing_entry *entry;
	u32 bytes;

	while ((entry = mach_listing_next(listing, &from))) {
		bytes = mach_entry_size(entry);
		memmove(mach_listing_pack_room(listing, &to, entry->number,
					       bytes), entry, bytes);
	}
	listing->slots[to.slot].block->used = to.at;
	mach_listing_drop_blocks(listing, to.slot + 1);
}

/**
 * mach_listing_pack - Give memory of removed entries back, when that is much
 * @listing: table
 */
void mach_listing_pack(struct mach_listing *listing)
{
	struct mach_listing_cursor at = {};

	if (!listing->n) {
		mach_listing_clear(listing);
		return;
	}
	if (listing->gone <= listing->bytes / 2)
		return;
	mach_listing_move(listing);
	listing->gone = 0;
	memset(listing->buckets, 0,
	       listing->nr_buckets * sizeof(*listing->buckets));
	mach_listing_hash(listing, &at);
}

/* Is it copied? That is settled before entries go which need not be joined. */
static bool mach_listing_is_small(const struct mach_listing *listing)
{
	return listing->bytes <= MACH_LISTING_FEW;
}

/* Have room for copies of all */
static int mach_listing_grow(struct mach_listing *listing,
			     const struct mach_listing *more)
{
	struct mach_listing_cursor end = mach_listing_end(listing);
	const struct mach_listing_entry *entry;
	struct mach_listing_cursor at = {};

	while ((entry = mach_listing_next(more, &at))) {
		if (!mach_listing_room(listing, &end, mach_entry_size(entry)))
			return -ENOMEM;
		end.at += mach_entry_size(entry);
	}
	return 0;
}

/**
 * mach_listing_provide - Have memory for all of another table
 * @listing: table
 * @more: the other
 *
 * Return: 0: mach_listing_join() cannot fail; -ENOMEM.
 */
int mach_listing_provide(struct mach_listing *listing,
			 const struct mach_listing *more)
{
	int err = mach_listing_grow_buckets(listing, listing->n + more->n);

	if (err)
		return err;
	if (mach_listing_is_small(more))
		return mach_listing_grow(listing, more);
	return mach_listing_grow_slots(listing,
				       (u64)listing->nr_slots + more->nr_slots);
}

/* A copy of each, behind all others */
static void mach_listing_copy(struct mach_listing *listing,
			      const struct mach_listing *more)
{
	struct mach_listing_cursor end = mach_listing_end(listing), at = {};
	struct mach_listing_entry *entry, *added;
	u32 bytes;

	while ((entry = mach_listing_next(more, &at))) {
		bytes = mach_entry_size(entry);
		mach_listing_room(listing, &end, bytes);
		added = mach_block_entry(listing->slots[end.slot].block, end.at);
		memcpy(added, entry, bytes);
		mach_listing_enter(listing, end.slot, added);
		end.at += bytes;
	}
}

/* The blocks themselves, behind all others */
static void mach_listing_take(struct mach_listing *listing,
			      struct mach_listing *more)
{
	struct mach_listing_cursor at = {};
	u32 i;

	/* what was provided for copies, and is not in use */
	mach_listing_drop_blocks(listing, listing->n + listing->gone ?
				 mach_listing_end(listing).slot + 1 : 0);
	at.slot = listing->nr_slots;
	for (i = 0; i < more->nr_slots; i++) {
		listing->slots[listing->nr_slots + i] = more->slots[i];
		listing->bytes += mach_block_size(more->slots[i].block);
	}
	listing->nr_slots += more->nr_slots;
	listing->n += more->n;
	listing->gone += more->gone;
	mach_listing_hash(listing, &at);
	more->nr_slots = 0;
}

/* In order; of a block where all has gone it is the next one's. */
static void mach_listing_number(struct mach_listing *listing, u64 number)
{
	struct mach_listing_entry *entry;
	struct mach_listing_cursor at = {};
	u32 numbered = 0;

	while ((entry = mach_listing_next(listing, &at))) {
		while (numbered <= at.slot)
			listing->slots[numbered++].first = number;
		entry->number = number++;
	}
	while (numbered < listing->nr_slots)
		listing->slots[numbered++].first = number;
}

/**
 * mach_listing_join - Add all of another table
 * @listing: table, provided
 * @more: the other, of which no name is in @listing; empty afterwards
 * @number: of the first one of @more, which are numbered on from there; above all
 *	numbers that @listing has had
 */
void mach_listing_join(struct mach_listing *listing, struct mach_listing *more,
		       u64 number)
{
	mach_listing_number(more, number);
	if (mach_listing_is_small(more))
		mach_listing_copy(listing, more);
	else
		mach_listing_take(listing, more);
	mach_listing_clear(more);
}

/* It is empty, and has no memory. */
void mach_listing_clear(struct mach_listing *listing)
{
	mach_listing_drop_blocks(listing, 0);
	mach_kern_free(listing->slots);
	mach_kern_free(listing->buckets);
	*listing = (struct mach_listing) {};
}
