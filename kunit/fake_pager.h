/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A pager inside the kernel for unit tests: it answers as it is told, at once,
 * from a work item, or when the test does it by hand.
 */
#ifndef MACH_FAKE_PAGER_H
#define MACH_FAKE_PAGER_H

#include "request/data_return.h"
#include "request/request_memory.h"
#include "thread.h"

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/prandom.h>

#define FAKE_HELD_MAX	16

/**
 * enum fake_answer - What the pager does with a request
 * @FAKE_SETTLE: supply, or take, all pages
 * @FAKE_LATER: the same, a moment later, from another thread
 * @FAKE_REFUSE: refuse all pages with -ENXIO
 * @FAKE_NOTHING: end it without a word about its pages
 * @FAKE_HOLD: leave it to the test, in @held
 * @FAKE_DEAD: there is no pager any more
 */
enum fake_answer {
	FAKE_SETTLE,
	FAKE_LATER,
	FAKE_REFUSE,
	FAKE_NOTHING,
	FAKE_HOLD,
	FAKE_DEAD,
};

/**
 * struct fake_pager - A pager that does as it is told
 * @pager: what objects know of it
 * @answer: to data_requests
 * @take: to data_returns
 * @lock: guards what follows
 * @held: requests that the test has to answer, each referenced
 * @nr_held: how many
 * @later: answers @held
 * @store: one word for each page: what it supplies, and what it was returned
 * @pages: how many
 * @seen: requests by operation
 * @wrong: returned pages that were not filled with one word
 * @forgotten: objects that terminated
 * @freed: the last reference went
 */
struct fake_pager {
	struct mach_pager pager;
	enum fake_answer answer;
	enum fake_answer take;
	spinlock_t lock;	/* see above */
	struct mach_request *held[FAKE_HELD_MAX];
	unsigned int nr_held;
	struct work_struct later;
	u64 *store;
	unsigned int pages;
	unsigned int seen[MACH_OP_TERMINATE + 1];
	unsigned int wrong;
	unsigned int forgotten;
	struct completion freed;
};

struct fake_pager *fake_pager_create(struct kunit *test, unsigned int pages);
void fake_pager_destroy(struct kunit *test, struct fake_pager *fake);
struct mach_object *fake_object_create(struct kunit *test,
				       struct fake_pager *fake);
struct mach_request *fake_take_held(struct fake_pager *fake);
void fake_supply(struct fake_pager *fake, struct mach_request *request,
		 pgoff_t first, unsigned int n);

void fake_page_fill(struct page *page, u64 word);
bool fake_page_holds(struct page *page, u64 word);

void mach_random_init(struct kunit *test, struct rnd_state *random);

static inline u32 mach_random(struct rnd_state *random, u32 below)
{
	return prandom_u32_state(random) % below;
}

#endif /* MACH_FAKE_PAGER_H */
