/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which page goes next when frames run short.
 *
 * Resident pages of objects, but for those in a data_return, are on one of two
 * queues, active or inactive. A policy says where a page enters, who is judged
 * next, and what becomes of one that was used meanwhile. Judging itself - revoke
 * it, was it used, is it dirty - is in vm_drop.c and vm_pageout.c and the same for
 * all policies.
 */
#ifndef MACH_PAGE_QUEUE_H
#define MACH_PAGE_QUEUE_H

#include "pool/vm_page.h"

/**
 * struct mach_queues - All resident pages, in the order a policy wants
 * @active: not to be judged yet
 * @inactive: to be judged, first one next
 * @nr_active: how many
 * @nr_inactive: how many
 *
 * Guarded by the queue lock, a leaf.
 */
struct mach_queues {
	struct list_head active;
	struct list_head inactive;
	unsigned long nr_active;
	unsigned long nr_inactive;
};

/**
 * struct mach_policy - Page replacement
 * @name: of the module parameter "policy"
 * @enter: put a new page on a queue; @asked: somebody waits for it
 * @next: the page to be judged next, which stays where it is; or NULL
 * @used: put a judged page where it belongs: it was used since its last judging
 *
 * Each is called under the queue lock.
 */
struct mach_policy {
	const char *name;
	void (*enter)(struct mach_queues *queues, struct mach_frame *frame,
		      bool asked);
	struct mach_frame *(*next)(struct mach_queues *queues);
	void (*used)(struct mach_queues *queues, struct mach_frame *frame);
};

void mach_queue_enter(const struct bio_vec *frames, unsigned int n,
		      const struct page *asked);
void mach_queue_leave(struct page *page);
void mach_queue_wire(struct page *page, bool judged);
void mach_queue_unwire(struct page *page, bool judged);
bool mach_queue_inactive(struct page *page);
void mach_queue_used(struct page *page);
void mach_queue_unused(struct page *page);
void mach_queue_enter_first(struct page *page);
struct mach_object *mach_queue_next(bool (*grab)(struct mach_object *object),
				    pgoff_t *index);
struct mach_chunk *mach_queue_oldest_chunk(void);
struct mach_object *mach_queue_next_in(struct mach_chunk *chunk,
				       unsigned int *at,
				       bool (*grab)(struct mach_object *object),
				       pgoff_t *index);
unsigned long mach_queue_count_wired(bool judged);
void mach_queue_count(unsigned long *active, unsigned long *inactive);

#endif /* MACH_PAGE_QUEUE_H */
