/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmachvm - for source that was written for Mach: its types, and GNU Mach's calls.
 *
 * A program that has included <mach/vm_map.h> before has XNU's instead.
 */
#ifndef _MACH_MACH_H
#define _MACH_MACH_H

#include <mach/mach_types.h>
#ifndef _MACH_VM_MAP_H
#include <mach/mach_interface.h>
#endif

#endif /* _MACH_MACH_H */
