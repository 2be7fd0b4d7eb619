/* SPDX-License-Identifier: GPL-2.0-only */
/* Types and small rules that every rank shares. */
#ifndef MACH_TYPES_H
#define MACH_TYPES_H

#include <kunit/visibility.h>
#include <linux/mm.h>
#include <linux/types.h>
#include <linux/mach_pager.h>

struct mach_object;
struct mach_pager;
struct mach_request;

#define MACH_CLUSTER_MAX_PAGES	(MACH_CLUSTER_MAX >> PAGE_SHIFT)

#endif /* MACH_TYPES_H */
