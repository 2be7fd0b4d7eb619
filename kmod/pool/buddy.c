// SPDX-License-Identifier: GPL-2.0-only
/* Blocks of frames: allocating, freeing and joining them, by bitmaps. */
#include "buddy.h"

/*
 * Of a segment that others can do without, this part of its frames is kept for
 * those who cannot: of one chunk, still a run of 512 KiB.
 */
#define PROTECTED_PART	8

#define NOT_FOUND	MACH_CHUNK_FRAMES

/* Which indices into a bitmap are meant */
struct fit {
	u64 word;		/* bits of each word */
	unsigned int set;	/* bits of the index that must be set, ... */
	unsigned int clear;	/* ... that must be clear; 0 to 5 do not count */
};

static const struct fit any_fit = { .word = ~0ULL };

static const u64 lasting_classes = ~0ULL << MACH_CLASS_LASTING;

/* The first of a chunk's words that are of an order */
static const u8 first_word[MACH_CHUNK_ORDERS + 1] = {
	0, 16, 24, 28, 30, 31, 32, 33, 34, 35, 36, MACH_CHUNK_WORDS,
};

static struct mach_segment *segment_of(const struct mach_chunk *chunk)
{
	return &chunk->buddy->segments[chunk->segment];
}

static u64 *word_of(struct mach_chunk *chunk, unsigned int order,
		    unsigned int i)
{
	mach_kern_step();
	return &chunk->free[first_word[order] + i / 64];
}

static bool block_is_free(struct mach_chunk *chunk, unsigned int order,
			  unsigned int i)
{
	return *word_of(chunk, order, i) >> (i % 64) & 1;
}

/* The chunk now has blocks of an order. */
static void chunk_list(struct mach_chunk *chunk, unsigned int order)
{
	struct mach_segment *segment = segment_of(chunk);

	mach_kern_step();
	list_add(&chunk->with[order], &segment->with[chunk->class][order]);
	segment->classes[order] |= 1ULL << chunk->class;
	chunk->orders |= 1U << order;
}

static void chunk_unlist(struct mach_chunk *chunk, unsigned int order)
{
	struct mach_segment *segment = segment_of(chunk);

	mach_kern_step();
	list_del(&chunk->with[order]);
	if (list_empty(&segment->with[chunk->class][order]))
		segment->classes[order] &= ~(1ULL << chunk->class);
	chunk->orders &= ~(1U << order);
}

static void block_insert(struct mach_chunk *chunk, unsigned int order,
			 unsigned int i)
{
	*word_of(chunk, order, i) |= 1ULL << (i % 64);
	chunk->frames[i << order].place = MACH_PLACE_FREE;
	if (!chunk->nr_blocks[order]++)
		chunk_list(chunk, order);
	segment_of(chunk)->nr_blocks[order]++;
}

static void block_remove(struct mach_chunk *chunk, unsigned int order,
			 unsigned int i)
{
	*word_of(chunk, order, i) &= ~(1ULL << (i % 64));
	segment_of(chunk)->nr_blocks[order]--;
	if (!--chunk->nr_blocks[order])
		chunk_unlist(chunk, order);
}

static u8 chunk_class(const struct mach_chunk *chunk)
{
	if (mach_chunk_idle(chunk))
		return MACH_CLASS_IDLE;
	return (chunk->lasting ? MACH_CLASS_LASTING : MACH_CLASS_PAGES) +
	       chunk->nr_free / (MACH_CHUNK_FRAMES / MACH_CLASS_LEVELS);
}

/* Into the lists of the class that it has now */
static void chunk_classify(struct mach_chunk *chunk)
{
	u8 class = chunk_class(chunk);
	u16 orders = chunk->orders;
	unsigned int left;

	if (class == chunk->class)
		return;
	for (left = orders; left; left &= left - 1)
		chunk_unlist(chunk, __ffs64(left));
	chunk->class = class;
	for (left = orders; left; left &= left - 1)
		chunk_list(chunk, __ffs64(left));
}

/* The caller took away frames, or gave some. */
static void chunk_count(struct mach_chunk *chunk, int frames)
{
	chunk->nr_free += frames;
	segment_of(chunk)->nr_free += frames;
	if (mach_chunk_idle(chunk))
		chunk->lasting = false;
	chunk_classify(chunk);
}

/*
 * Allocates the block of an order that begins at a frame, out of a free block
 * of an order at least as high that it is in; what is left of that stays free.
 */
static struct mach_frame *chunk_cut(struct mach_chunk *chunk, unsigned int from,
				    unsigned int first, unsigned int order)
{
	struct mach_frame *frame = &chunk->frames[first];

	block_remove(chunk, from, first >> from);
	while (from > order) {
		from--;
		block_insert(chunk, from, (first >> from) ^ 1);
	}
	frame->place = order;
	chunk_count(chunk, -(1 << order));
	return frame;
}

/* A free block of an order whose index fits, or NOT_FOUND */
static unsigned int chunk_find(struct mach_chunk *chunk, unsigned int order,
			       const struct fit *fit)
{
	unsigned int n = (first_word[order + 1] - first_word[order]) * 64;
	unsigned int i;
	u64 word;

	for (i = 0; i < n; i += 64) {
		if ((i & fit->set) != fit->set || i & fit->clear)
			continue;
		word = *word_of(chunk, order, i) & fit->word;
		if (word)
			return i + __ffs64(word);
	}
	return NOT_FOUND;
}

/* The classes in which there are blocks of an order or higher */
static u64 segment_classes(const struct mach_segment *segment,
			   unsigned int order)
{
	u64 classes = 0;

	for (; order < MACH_CHUNK_ORDERS; order++) {
		mach_kern_step();
		classes |= segment->classes[order];
	}
	return classes;
}

/*
 * Which class to look in first: the own kind's fullest chunks, so that others
 * get the time to become idle; then an idle one. Only then what lasts is put
 * among pages, into the emptiest chunk, so that there is room for more of it.
 */
static unsigned int class_best(u64 classes, bool lasting)
{
	if (!lasting)
		return __ffs64(classes);
	if (classes & lasting_classes)
		return __ffs64(classes & lasting_classes);
	return ilog2(classes);
}

/* The least order that will do and is there in a class */
static unsigned int class_order(const struct mach_segment *segment,
				unsigned int class, unsigned int order)
{
	while (!(segment->classes[order] >> class & 1)) {
		mach_kern_step();
		order++;
	}
	return order;
}

/*
 * Where there are blocks in chunks for what lasts, the least order goes before
 * the fullest chunk: larger blocks are asked for as well, and if there were none
 * they would spoil a chunk of pages. Pages are single, and do not care.
 */
static unsigned int class_lasting(const struct mach_segment *segment,
				  u64 classes, unsigned int order)
{
	while (classes & lasting_classes &&
	       !(segment->classes[order] & lasting_classes)) {
		mach_kern_step();
		order++;
	}
	if (classes & lasting_classes)
		classes = segment->classes[order];
	return class_best(classes, true);
}

static struct mach_chunk *segment_chunk(struct mach_segment *segment,
					unsigned int class, unsigned int order)
{
	return container_of(segment->with[class][order].next,
			    struct mach_chunk, with[order]);
}

/* Any block of an order */
static struct mach_frame *segment_alloc(struct mach_segment *segment,
					bool lasting, unsigned int order)
{
	u64 classes = segment_classes(segment, order);
	struct mach_chunk *chunk;
	unsigned int class, from, i;

	if (!classes)
		return NULL;
	class = lasting ? class_lasting(segment, classes, order) :
			  class_best(classes, false);
	from = class_order(segment, class, order);
	chunk = segment_chunk(segment, class, from);
	i = chunk_find(chunk, from, &any_fit);
	chunk->lasting |= lasting;
	return chunk_cut(chunk, from, i << from, order);
}

/* Up to n frames that are near each other; the segment has as many. */
static unsigned int segment_take(struct mach_segment *segment,
				 struct mach_frame **frames, unsigned int n)
{
	unsigned int class = class_best(segment_classes(segment, 0), false);
	unsigned int from = class_order(segment, class, 0);
	struct mach_chunk *chunk;
	unsigned int order, first, i;

	chunk = segment_chunk(segment, class, from);
	first = chunk_find(chunk, from, &any_fit) << from;
	order = min_t(unsigned int, from, ilog2(n));
	frames[0] = chunk_cut(chunk, from, first, order);
	for (i = 1; i < 1U << order; i++)
		frames[i] = frames[0] + i;
	for (i = 0; i < 1U << order; i++)
		frames[i]->place = 0;
	return 1U << order;
}

/* Which indices of an order's bitmap an address's constraint leaves */
static struct fit fit_of(const struct mach_block *block, unsigned int order)
{
	static const u64 has_bit[] = {
		0xaaaaaaaaaaaaaaaaULL, 0xccccccccccccccccULL,
		0xf0f0f0f0f0f0f0f0ULL, 0xff00ff00ff00ff00ULL,
		0xffff0000ffff0000ULL, 0xffffffff00000000ULL,
	};
	unsigned int mask = (MACH_CHUNK_FRAMES >> order) - 1;
	unsigned int set = block->set >> (PAGE_SHIFT + order) & mask;
	unsigned int clear = block->clear >> (PAGE_SHIFT + order) & mask;
	struct fit fit = { ~0ULL, set & ~63U, clear & ~63U };
	unsigned int bit;

	for (bit = 0; bit < 6; bit++) {
		if (set >> bit & 1)
			fit.word &= has_bit[bit];
		if (clear >> bit & 1)
			fit.word &= ~has_bit[bit];
	}
	return fit;
}

/* Whether the constraint leaves any address inside the chunk */
static bool chunk_fits(const struct mach_chunk *chunk,
		       const struct mach_block *block)
{
	u64 outer = ~(MACH_CHUNK_SIZE - 1);

	mach_kern_step();
	return !(block->set & outer & ~chunk->address) &&
	       !(block->clear & outer & chunk->address);
}

/* In the free block i of an order: the first block that the constraint allows */
static struct mach_frame *chunk_cut_fit(struct mach_chunk *chunk,
					unsigned int from, unsigned int i,
					const struct mach_block *block)
{
	unsigned int inner = block->set >> PAGE_SHIFT & ((1U << from) - 1);

	chunk->lasting |= block->lasting;
	return chunk_cut(chunk, from, i << from | inner, block->order);
}

static struct mach_frame *class_alloc_fit(struct mach_segment *segment,
					  unsigned int class, unsigned int from,
					  const struct mach_block *block)
{
	struct fit fit = fit_of(block, from);
	struct mach_chunk *chunk;
	struct list_head *link;
	unsigned int i;

	list_for_each(link, &segment->with[class][from]) {
		chunk = container_of(link, struct mach_chunk, with[from]);
		if (!chunk_fits(chunk, block))
			continue;
		i = chunk_find(chunk, from, &fit);
		if (i != NOT_FOUND)
			return chunk_cut_fit(chunk, from, i, block);
	}
	return NULL;
}

/* A block at an address that the constraint allows */
static struct mach_frame *segment_alloc_fit(struct mach_segment *segment,
					    const struct mach_block *block)
{
	u64 left = segment_classes(segment, block->order);
	struct mach_frame *frame;
	unsigned int class, from;

	for (; left; left &= ~(1ULL << class)) {
		class = class_best(left, block->lasting);
		for (from = block->order; from < MACH_CHUNK_ORDERS; from++) {
			if (!(segment->classes[from] >> class & 1))
				continue;
			frame = class_alloc_fit(segment, class, from, block);
			if (frame)
				return frame;
		}
	}
	return NULL;
}

static u64 segment_end(enum mach_segment_id id)
{
	static const u64 ends[] = { 1ULL << 24, 1ULL << 32, ~0ULL };

	return ends[id];
}

/**
 * mach_buddy_segment_of - The segment that an address is in
 * @address: physical
 */
enum mach_segment_id mach_buddy_segment_of(u64 address)
{
	enum mach_segment_id id = MACH_SEGMENT_DMA;

	while (address >= segment_end(id))
		id++;
	return id;
}
EXPORT_SYMBOL_IF_KUNIT(mach_buddy_segment_of);

/* Frames that a request which can do with more than this segment may take */
static unsigned long segment_spare(const struct mach_buddy *buddy,
				   unsigned int id, unsigned int highest)
{
	const struct mach_segment *segment = &buddy->segments[id];
	unsigned long keep = segment->nr_chunks *
			     (MACH_CHUNK_FRAMES / PROTECTED_PART);
	unsigned int higher;

	for (higher = id + 1; higher <= highest; higher++)
		if (buddy->segments[higher].nr_chunks)
			return segment->nr_free > keep ?
				       segment->nr_free - keep : 0;
	return segment->nr_free;
}

/* Whether any address at all will do */
static bool block_possible(const struct mach_block *block)
{
	return block->order <= MACH_CHUNK_ORDER &&
	       !(block->set & block->clear) &&
	       IS_ALIGNED(block->set, (u64)PAGE_SIZE << block->order);
}

/**
 * mach_buddy_alloc - Allocate a block of frames
 * @buddy: allocator
 * @block: what is wanted
 *
 * From the highest segment that will do, then from lower ones; but of those the
 * last eighth is left to requests that need it, as long as a higher segment has
 * any chunk. Return: the first frame, whose place is the block's order, or NULL.
 */
struct mach_frame *mach_buddy_alloc(struct mach_buddy *buddy,
				    const struct mach_block *block)
{
	struct mach_segment *segment;
	struct mach_frame *frame;
	int highest = block->highest;
	int id;

	if (!block_possible(block))
		return NULL;
	/* Those that only low addresses suit may have them. */
	while (highest && ~block->clear < segment_end(highest - 1))
		highest--;
	for (id = highest; id >= 0 && block->set < segment_end(id); id--) {
		segment = &buddy->segments[id];
		if (segment_spare(buddy, id, highest) < 1UL << block->order)
			continue;
		frame = block->set | block->clear ?
				segment_alloc_fit(segment, block) :
				segment_alloc(segment, block->lasting,
					      block->order);
		if (frame)
			return frame;
	}
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(mach_buddy_alloc);

/**
 * mach_buddy_alloc_frames - Allocate single frames for pages
 * @buddy: allocator
 * @highest: the highest segment that will do
 * @frames: where they go
 * @n: how many
 *
 * As mach_buddy_alloc() of order 0, but cheaper for many. Return: how many there
 * were.
 */
unsigned int mach_buddy_alloc_frames(struct mach_buddy *buddy,
				     enum mach_segment_id highest,
				     struct mach_frame **frames, unsigned int n)
{
	unsigned int got = 0, taken;
	unsigned long left;
	int id;

	for (id = highest; id >= 0 && got < n; id--) {
		left = min(segment_spare(buddy, id, highest),
			   (unsigned long)n - got);
		for (; left; left -= taken, got += taken)
			taken = segment_take(&buddy->segments[id], frames + got,
					     left);
	}
	return got;
}

/**
 * mach_buddy_would_mix - Would an allocation put pages beside what lasts?
 * @buddy: allocator
 * @lasting: is it for what lasts?
 * @order: of the block wanted
 *
 * Or, is there no such block in a chunk of its kind, nor in an idle one?
 */
bool mach_buddy_would_mix(const struct mach_buddy *buddy, bool lasting,
			  unsigned int order)
{
	const u64 own = lasting ? lasting_classes | 1ULL << MACH_CLASS_IDLE :
				  ~lasting_classes;
	int id;

	for (id = 0; id < MACH_SEGMENTS; id++)
		if (segment_classes(&buddy->segments[id], order) & own)
			return false;
	return true;
}

static bool free_is_valid(const struct mach_buddy *buddy,
			  const struct mach_frame *frame, unsigned int order)
{
	const struct mach_chunk *chunk = mach_frame_chunk(frame);

	return chunk && chunk->buddy == buddy && order <= MACH_CHUNK_ORDER &&
	       frame->place == order;
}

/**
 * mach_buddy_free - Free a block of frames
 * @buddy: allocator
 * @frame: its first
 * @order: as it was allocated
 *
 * The frame's place must say @order again if the owner has changed it. Return:
 * 0, or -EINVAL and nothing is changed: if no such block is allocated, or if it
 * is another allocator's. A pointer to no frame at all is not noticed.
 */
int mach_buddy_free(struct mach_buddy *buddy, struct mach_frame *frame,
		    unsigned int order)
{
	struct mach_chunk *chunk;
	unsigned int at = order;
	unsigned int i;

	if (!free_is_valid(buddy, frame, order))
		return -EINVAL;
	chunk = mach_frame_chunk(frame);
	i = (frame - chunk->frames) >> order;
	while (at < MACH_CHUNK_ORDER && block_is_free(chunk, at, i ^ 1)) {
		block_remove(chunk, at, i ^ 1);
		chunk->frames[(i | 1) << at].place = MACH_PLACE_TAIL;
		i >>= 1;
		at++;
	}
	block_insert(chunk, at, i);
	chunk_count(chunk, 1 << order);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(mach_buddy_free);

/**
 * mach_buddy_init - Make an allocator without chunks
 * @buddy: allocator
 */
void mach_buddy_init(struct mach_buddy *buddy)
{
	struct mach_segment *segment = buddy->segments;
	unsigned int class, order;

	memset(buddy, 0, sizeof(*buddy));
	for (; segment < buddy->segments + MACH_SEGMENTS; segment++) {
		INIT_LIST_HEAD(&segment->chunks);
		for (class = 0; class < MACH_CLASSES; class++)
			for (order = 0; order < MACH_CHUNK_ORDERS; order++)
				INIT_LIST_HEAD(&segment->with[class][order]);
	}
}
EXPORT_SYMBOL_IF_KUNIT(mach_buddy_init);

/**
 * mach_buddy_add - Give an allocator a chunk, all free
 * @buddy: allocator
 * @chunk: with its address and frames set
 *
 * Of the frames only their places are touched.
 */
void mach_buddy_add(struct mach_buddy *buddy, struct mach_chunk *chunk)
{
	struct mach_segment *segment;
	unsigned int i;

	chunk->buddy = buddy;
	chunk->segment = mach_buddy_segment_of(chunk->address);
	chunk->class = MACH_CLASS_IDLE;
	chunk->lasting = false;
	chunk->orders = 0;
	chunk->nr_free = 0;
	memset(chunk->nr_blocks, 0, sizeof(chunk->nr_blocks));
	memset(chunk->free, 0, sizeof(chunk->free));
	for (i = 0; i < MACH_CHUNK_FRAMES; i++)
		chunk->frames[i].place = MACH_PLACE_TAIL;
	segment = segment_of(chunk);
	list_add_tail(&chunk->link, &segment->chunks);
	segment->nr_chunks++;
	block_insert(chunk, MACH_CHUNK_ORDER, 0);
	chunk_count(chunk, MACH_CHUNK_FRAMES);
}
EXPORT_SYMBOL_IF_KUNIT(mach_buddy_add);

/**
 * mach_buddy_remove - Take an idle chunk away
 * @buddy: allocator
 * @chunk: of it
 *
 * Return: 0, or -EBUSY if frames are in use, -EINVAL if it is not @buddy's; then
 * nothing is changed.
 */
int mach_buddy_remove(struct mach_buddy *buddy, struct mach_chunk *chunk)
{
	struct mach_segment *segment;

	if (chunk->buddy != buddy)
		return -EINVAL;
	if (!mach_chunk_idle(chunk))
		return -EBUSY;
	segment = segment_of(chunk);
	block_remove(chunk, MACH_CHUNK_ORDER, 0);
	list_del(&chunk->link);
	segment->nr_chunks--;
	segment->nr_free -= MACH_CHUNK_FRAMES;
	chunk->buddy = NULL;
	return 0;
}

/**
 * mach_buddy_idle - A chunk that could be removed, or NULL
 * @buddy: allocator
 *
 * From the lowest segment: that memory others miss most.
 */
struct mach_chunk *mach_buddy_idle(struct mach_buddy *buddy)
{
	struct mach_segment *segment = buddy->segments;

	for (; segment < buddy->segments + MACH_SEGMENTS; segment++)
		if (segment->classes[MACH_CHUNK_ORDER])
			return segment_chunk(segment, MACH_CLASS_IDLE,
					     MACH_CHUNK_ORDER);
	return NULL;
}
