/* SPDX-License-Identifier: GPL-2.0-only */
/* The io_uring transport: FETCH, COMMIT_AND_FETCH and their kin. */
#ifndef MACH_PAGER_RING_H
#define MACH_PAGER_RING_H

#include "pager_answer.h"

int mach_ring_command(struct mach_port *port, struct io_uring_cmd *ioucmd,
		      unsigned int issue_flags);

#endif /* MACH_PAGER_RING_H */
