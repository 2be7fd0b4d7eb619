/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stands in for kmod/base/kern.h in user space. It is included first, by the
 * compiler's command line, and takes the other's guard.
 */
#ifndef MACH_KERN_H
#define MACH_KERN_H

#include <linux/mach_pager.h>

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define u8	uint8_t
#define u16	uint16_t
#define u32	uint32_t
#define u64	uint64_t
#define s64	int64_t
#define U32_MAX	UINT32_MAX
#define U64_MAX	UINT64_MAX
#define pgoff_t	unsigned long
#define gfp_t	unsigned int
#define noinline	__attribute__((noinline))

#define PAGE_SHIFT		12
#define PAGE_SIZE		(1UL << PAGE_SHIFT)
#define MAX_ERRNO		4095
#define ALIGN(x, a)		(((x) + (a) - 1) & ~((a) - 1))
#define ALIGN_DOWN(x, a)	((x) & ~((a) - 1))
#define IS_ALIGNED(x, a)	(!((x) & ((a) - 1)))

static inline bool is_power_of_2(unsigned long n)
{
	return n && !(n & (n - 1));
}

#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define min(a, b)		((a) < (b) ? (a) : (b))
#define min_t(type, a, b)	min((type)(a), (type)(b))
#define container_of(pointer, type, member) \
	((type *)((char *)(pointer) - offsetof(type, member)))

static inline int ilog2(unsigned long n)
{
	return 63 - __builtin_clzl(n);
}

static inline unsigned int __ffs64(u64 word)
{
	return __builtin_ctzll(word);
}

static inline unsigned int hweight64(u64 word)
{
	return __builtin_popcountll(word);
}

/* The first byte that is not @byte, or NULL. */
static inline const void *memchr_inv(const void *start, int byte, size_t bytes)
{
	const unsigned char *at = start;

	for (; bytes; bytes--, at++)
		if (*at != (unsigned char)byte)
			return at;
	return NULL;
}

/* Lists as the kernel's */
struct list_head {
	struct list_head *next, *prev;
};

#define list_for_each(at, head) \
	for ((at) = (head)->next; (at) != (head); (at) = (at)->next)

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	list->next = list;
	list->prev = list;
}

static inline bool list_empty(const struct list_head *list)
{
	return list->next == list;
}

static inline void list_add(struct list_head *link, struct list_head *list)
{
	link->next = list->next;
	link->prev = list;
	list->next->prev = link;
	list->next = link;
}

static inline void list_add_tail(struct list_head *link,
				 struct list_head *list)
{
	list_add(link, list->prev);
}

static inline void list_del(struct list_head *link)
{
	link->next->prev = link->prev;
	link->prev->next = link->next;
	link->next = NULL;
	link->prev = NULL;
}

#define list_first_entry(head, type, member) \
	container_of((head)->next, type, member)

static inline void list_move(struct list_head *link, struct list_head *list)
{
	list_del(link);
	list_add(link, list);
}

/*
 * Frame tables are 32 KiB, aligned to their size, and the owner's address stands
 * behind them.
 */
#define MACH_KERN_TABLE		(1UL << 15)

static inline void *mach_kern_owner(const void *address)
{
	return *(void **)(((uintptr_t)address & ~(MACH_KERN_TABLE - 1)) +
			  MACH_KERN_TABLE);
}

/* What algorithms did, for tests to hold them to their bounds */
extern unsigned long mach_kern_steps;

static inline void mach_kern_step(void)
{
	mach_kern_steps++;
}

/* Bytes that are allocated, and how many allocations succeed before all fail */
extern size_t mach_kern_bytes;
extern unsigned long mach_kern_allocations;

void *mach_kern_alloc(size_t bytes);
void mach_kern_free(void *memory);

/* Exports concern the kernel alone. */
#define EXPORT_SYMBOL_IF_KUNIT(symbol)	_Static_assert(1, #symbol)

#endif /* MACH_KERN_H */
