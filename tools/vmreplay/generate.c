// SPDX-License-Identifier: GPL-2.0-only
/*
 * The Hurd's ext2fs while "grep -r NR /usr" runs: the calls of the file system's
 * process, as its sources have them (glibc's brk, libpager's pager_memcpy, ext2fs'
 * lookups), with sizes by chance.
 *
 * A file is looked up: its directory is mapped, and gone again. It becomes a node,
 * which stays: the heap grows. Each read takes a buffer, maps a window of the file,
 * copies and unmaps; the buffer goes with the reply. Meanwhile the heap lends some
 * pages, which it gives back.
 */
#include "generate.h"
#include "replay.h"

#include <err.h>
#include <stdlib.h>

#define SPACE_START	0x1000ULL
#define SPACE_END	0xc0000000ULL
#define TEXT		0x08048000ULL
#define STACK_SIZE	(64 * PAGE_SIZE)
#define HEAP_RESERVED	(128ULL << 20)	/* as glibc's */
#define CACHE_SIZE	(64ULL << 20)	/* where the disk's blocks are mapped */
#define WINDOW_MAX	(32 * PAGE_SIZE)
#define READ_MAX	(8 * PAGE_SIZE)	/* what grep reads at a time */
#define NODE_MIN	1024		/* with its pager, ports and name */
#define NODE_SPREAD	1024
#define LENT_MAX	4		/* pages of the heap that a request borrows */
#define REQUESTS	3		/* at a time: grep is not alone */
#define WORKERS		8
#define FILES_PER_DIRECTORY 16

enum stage { LOOK_UP, MAKE_NODE, TAKE_BUFFER, MAP_WINDOW, COPY, REPLY };

/* What a file system's thread is at */
struct request {
	enum stage stage;
	u32 object;
	u64 offset;
	u64 size;	/* of the file */
	u64 window;	/* where it is mapped, or the directory */
	u64 window_end;
	u64 buffer;
	u64 buffer_end;
};

static const struct generate *how;
static struct trace *output;
static struct replay map;
static struct request requests[REQUESTS];
static u64 heap_start, heap_end, heap_used, heap_limit;
static u64 chance_state;
static u32 n_objects;
static unsigned long n_files;

static u64 chance(u64 limit)
{
	u64 z = chance_state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (z ^ (z >> 31)) % limit;
}

static void emit(const struct call *call)
{
	replay_call(&map, call);
	trace_add(output, call);
}

static void do_map(u64 start, u64 size, u8 protection, u8 inheritance,
		   enum call_what what, u32 object, u64 offset)
{
	struct call call = {
		.op = CALL_MAP,
		.start = start,
		.end = start + size,
		.protection = protection,
		.max_protection = MACH_PROT_ALL,
		.inheritance = inheritance,
		.what = what,
		.object = object,
		.offset = offset,
	};

	if (what == WHAT_SHARE)
		call.max_protection = protection;
	emit(&call);
}

static void do_range(enum call_op op, u64 start, u64 end, u8 protection)
{
	struct call call = {
		.op = op,
		.start = start,
		.end = end,
		.protection = protection,
	};

	if (start < end)
		emit(&call);
}

/* The lowest room */
static u64 find(u64 size)
{
	u64 address;

	if (mach_entries_find_space(&map.entries, SPACE_START, size, 0,
				    &address) ||
	    address + size > SPACE_END)
		errx(1, "the address space is full: a smaller scale, please");
	return address;
}

/* vm_allocate, and data in it */
static u64 allocate(u64 size)
{
	u64 address = find(size);

	do_map(address, size, MACH_PROT_READ | MACH_PROT_WRITE,
	       MACH_INHERIT_COPY, WHAT_ZERO, 0, 0);
	do_range(CALL_TOUCH, address, address + size, MACH_PROT_WRITE);
	return address;
}

/* The break goes to @end. */
static void heap_move(u64 end)
{
	end = ALIGN(end, PAGE_SIZE);
	if (end > heap_limit)
		errx(1, "the heap is full");
	if (end > heap_end) {
		do_range(CALL_PROTECT, heap_end, end, MACH_PROT_ALL);
		do_range(CALL_TOUCH, heap_end, end, MACH_PROT_WRITE);
	} else if (how->remap && end < heap_end) {
		do_range(CALL_DEALLOCATE, end, heap_end, 0);
		do_map(end, heap_end - end, MACH_PROT_NONE, MACH_INHERIT_COPY,
		       WHAT_ZERO, 0, 0);
	} else {
		do_range(CALL_PROTECT, end, heap_end, MACH_PROT_NONE);
	}
	heap_end = end;
}

/* Half of all files are of a page, some are large. */
static u64 file_size(void)
{
	u64 kind = chance(100);

	if (kind < 50)
		return 1 + chance(4 << 10);
	if (kind < 80)
		return (4 << 10) + chance(28 << 10);
	if (kind < 97)
		return (32 << 10) + chance(224 << 10);
	return (256 << 10) + chance(1 << 20);
}

static void look_up(struct request *request)
{
	u64 size = (1 + chance(3)) * PAGE_SIZE;
	u32 directory = 3 + n_files / FILES_PER_DIRECTORY;

	request->window = find(size);
	request->window_end = request->window + size;
	do_map(request->window, size, MACH_PROT_READ, MACH_INHERIT_SHARE,
	       WHAT_SHARE, directory, 0);
	do_range(CALL_TOUCH, request->window, request->window_end,
		 MACH_PROT_READ);
	request->stage = MAKE_NODE;
}

static void unmap_window(struct request *request)
{
	do_range(CALL_DEALLOCATE, request->window, request->window_end, 0);
}

static void make_node(struct request *request)
{
	unmap_window(request);
	heap_used += NODE_MIN + chance(NODE_SPREAD);
	heap_move(heap_start + heap_used);
	request->object = ++n_objects;
	request->size = file_size();
	request->offset = 0;
	request->stage = TAKE_BUFFER;
	n_files++;
}

static void take_buffer(struct request *request)
{
	u64 left = request->size - request->offset;
	u64 size = ALIGN(min(left, READ_MAX), PAGE_SIZE);

	heap_move(heap_start + heap_used + chance(LENT_MAX * PAGE_SIZE));
	request->buffer = allocate(size);
	request->buffer_end = request->buffer + size;
	request->stage = MAP_WINDOW;
}

static void map_window(struct request *request)
{
	u64 size = min(request->buffer_end - request->buffer, WINDOW_MAX);

	request->window = find(size);
	request->window_end = request->window + size;
	do_map(request->window, size, MACH_PROT_READ, MACH_INHERIT_NONE,
	       WHAT_SHARE, request->object, request->offset);
	do_range(CALL_TOUCH, request->window, request->window_end,
		 MACH_PROT_READ);
	request->stage = COPY;
}

static void reply(struct request *request)
{
	do_range(CALL_DEALLOCATE, request->buffer, request->buffer_end, 0);
	heap_move(heap_start + heap_used);
	request->offset += request->buffer_end - request->buffer;
	request->stage = request->offset < request->size ? TAKE_BUFFER :
							   LOOK_UP;
}

static void advance(struct request *request)
{
	switch (request->stage) {
	case LOOK_UP:
		look_up(request);
		break;
	case MAKE_NODE:
		make_node(request);
		break;
	case TAKE_BUFFER:
		take_buffer(request);
		break;
	case MAP_WINDOW:
		map_window(request);
		break;
	case COPY:
		unmap_window(request);
		request->stage = REPLY;
		break;
	case REPLY:
		reply(request);
	}
}

/* The program, which is linked statically, its heap and stacks */
static void start(void)
{
	u64 at = ALIGN_DOWN(TEXT, PAGE_SIZE);
	unsigned int i;

	do_map(at, 300 * PAGE_SIZE, MACH_PROT_READ | MACH_PROT_EXECUTE,
	       MACH_INHERIT_COPY, WHAT_COPY, 1, 0);
	at += 300 * PAGE_SIZE;
	do_map(at, 10 * PAGE_SIZE, MACH_PROT_READ | MACH_PROT_WRITE,
	       MACH_INHERIT_COPY, WHAT_COPY, 1, 300 * PAGE_SIZE);
	do_range(CALL_TOUCH, at, at + 10 * PAGE_SIZE, MACH_PROT_WRITE);
	at += 10 * PAGE_SIZE;
	do_map(at, 20 * PAGE_SIZE, MACH_PROT_READ | MACH_PROT_WRITE,
	       MACH_INHERIT_COPY, WHAT_ZERO, 0, 0);
	do_range(CALL_TOUCH, at, at + 20 * PAGE_SIZE, MACH_PROT_WRITE);
	heap_start = at + 20 * PAGE_SIZE;
	heap_end = heap_start;
	heap_limit = heap_start + HEAP_RESERVED;
	do_map(heap_start, HEAP_RESERVED, MACH_PROT_NONE, MACH_INHERIT_COPY,
	       WHAT_ZERO, 0, 0);
	do_map(find(CACHE_SIZE), CACHE_SIZE, MACH_PROT_READ | MACH_PROT_WRITE,
	       MACH_INHERIT_NONE, WHAT_SHARE, 2, 0);
	for (i = 0; i < WORKERS; i++)
		allocate(STACK_SIZE);
}

/**
 * generate_ext2fs_grep - Make the calls of ext2fs while files are read
 * @wanted: how many files
 * @trace: gets the calls
 */
void generate_ext2fs_grep(const struct generate *wanted, struct trace *trace)
{
	unsigned long files = wanted->scale * 1000;
	unsigned int busy, i;

	how = wanted;
	output = trace;
	chance_state = wanted->seed;
	n_objects = 3 + files / FILES_PER_DIRECTORY + 1;
	replay_begin(&map, rule_sets[RULE_SETS - 1].rules);
	start();
	do {
		busy = 0;
		i = chance(REQUESTS);
		if (requests[i].stage != LOOK_UP || n_files < files)
			advance(&requests[i]);
		for (i = 0; i < REQUESTS; i++)
			busy += requests[i].stage != LOOK_UP;
	} while (busy || n_files < files);
	replay_end(&map);
}
