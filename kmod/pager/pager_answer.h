/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a pager answers, checked and applied. The pager is not trusted: every
 * part was copied once, and each field is looked at before it is used.
 */
#ifndef MACH_PAGER_ANSWER_H
#define MACH_PAGER_ANSWER_H

#include "pager_slot.h"

int mach_answer(struct mach_port *port, const struct mach_pager_answer *answer,
		bool more);
struct mach_slot *mach_answer_last(struct mach_port *port,
				   const struct mach_pager_answer *answer);
int mach_answer_only(struct mach_port *port,
		     const struct mach_pager_answer *answer, bool more);
int mach_answer_collect(struct mach_port *port,
			const struct mach_pager_collect *args);
int mach_answer_unasked(struct mach_object *object,
			const struct mach_part *part, u64 *supplied);

#endif /* MACH_PAGER_ANSWER_H */
