/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmachvm - truth, as Mach's calls have it.
 */
#ifndef _MACH_BOOLEAN_H
#define _MACH_BOOLEAN_H

typedef int boolean_t;

#ifndef TRUE
#define TRUE			1
#define FALSE			0
#endif

#endif /* _MACH_BOOLEAN_H */
