/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pages whose every word says which page of which object it belongs to and how
 * often that was written: a foreign page, an old one and a torn one all show.
 */
#ifndef MACHVM_TESTS_STAMP_H
#define MACHVM_TESTS_STAMP_H

#include <stdbool.h>
#include <stdint.h>

/* Objects are 1 to 255, pages less than 2^24, generations less than 2^20. */
void stamp_page(void *page, unsigned int object, uint64_t index,
		unsigned int generation);
/* Is all of it this page, of a generation between the two? Says what is not. */
bool stamp_is(const void *page, unsigned int object, uint64_t index,
	      unsigned int oldest, unsigned int newest);

#endif /* MACHVM_TESTS_STAMP_H */
