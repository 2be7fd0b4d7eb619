/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a pager answers, checked and applied. The pager is not trusted: every
 * part was copied once, and each field is looked at before it is used.
 */
#ifndef MACH_PAGER_ANSWER_H
#define MACH_PAGER_ANSWER_H

#include "pager_slot.h"

/**
 * struct mach_answer - An answer as both transports bring it
 * @queue: queue of the held slot
 * @tag: its tag
 * @generation: of the request
 * @nr_parts: 0 to MACH_PARTS_MAX
 * @parts: user address of the parts, if there is more than one
 * @part: the part, if there is just one; copied already
 * @more: do not end the request
 */
struct mach_answer {
	unsigned int queue;
	unsigned int tag;
	u32 generation;
	u32 nr_parts;
	u64 parts;
	const struct mach_part *part;
	bool more;
};

int mach_answer(struct mach_port *port, const struct mach_answer *answer);
int mach_answer_collect(struct mach_port *port,
			const struct mach_pager_collect *args);
int mach_answer_unasked(struct mach_object *object,
			const struct mach_part *part, u64 *supplied);

#endif /* MACH_PAGER_ANSWER_H */
