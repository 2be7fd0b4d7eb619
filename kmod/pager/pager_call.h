/* SPDX-License-Identifier: GPL-2.0-only */
/* The calls of a pager's descriptor; with RECEIVE the transport without ring. */
#ifndef MACH_PAGER_CALL_H
#define MACH_PAGER_CALL_H

#include "base/mach_call.h"

extern const struct mach_call_table mach_pager_table;

#endif /* MACH_PAGER_CALL_H */
