/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All that pure files need of the kernel. tests/unit/kern.h stands in for it,
 * so that they run in user space under sanitizers.
 */
#ifndef MACH_KERN_H
#define MACH_KERN_H

#include <linux/align.h>
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/mach_pager.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/types.h>

#endif /* MACH_KERN_H */
