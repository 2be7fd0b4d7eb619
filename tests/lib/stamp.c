// SPDX-License-Identifier: GPL-2.0-only
/* Stamping pages, and looking whether a page has the stamp that it should have. */
#include "stamp.h"
#include "tap.h"
#include "testpager.h"

#define WORDS	(PAGE / 8)

/* From the lowest bit: 12 of the place, 20 of the generation, 24, 8. */
static uint64_t first_word(unsigned int object, uint64_t index,
			   unsigned int generation)
{
	return (uint64_t)object << 56 | index << 32 |
	       (uint64_t)generation << 12;
}

void stamp_page(void *page, unsigned int object, uint64_t index,
		unsigned int generation)
{
	uint64_t first = first_word(object, index, generation);
	uint64_t *words = page;

	for (unsigned int i = 0; i < WORDS; i++)
		words[i] = first | i;
}

static void explain(uint64_t word, unsigned int place, unsigned int object,
		    uint64_t index, unsigned int oldest, unsigned int newest)
{
	tap_note("object %u page %u word %u, generation %u to %u: there is object %u page %u word %u, generation %u",
		 object, (unsigned int)index, place, oldest, newest,
		 (unsigned int)(word >> 56),
		 (unsigned int)(word >> 32 & 0xffffff),
		 (unsigned int)(word & 0xfff),
		 (unsigned int)(word >> 12 & 0xfffff));
}

/* Most pages are right, and nobody writes to them. */
static bool is_exactly(const uint64_t *words, uint64_t first)
{
	uint64_t wrong = 0;

	for (unsigned int i = 0; i < WORDS; i++)
		wrong |= words[i] ^ (first | i);
	return !wrong;
}

bool stamp_is(const void *page, unsigned int object, uint64_t index,
	      unsigned int oldest, unsigned int newest)
{
	uint64_t low = first_word(object, index, oldest);
	uint64_t high = first_word(object, index, newest);
	const volatile uint64_t *words = page;

	if (is_exactly(page, low))
		return true;
	for (unsigned int i = 0; i < WORDS; i++) {
		uint64_t word = words[i], first = word & ~0xfffULL;

		if (first >= low && first <= high && (word & 0xfff) == i)
			continue;
		explain(word, i, object, index, oldest, newest);
		return false;
	}
	return true;
}
