/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For source that was written for Mach: its calls are in <mach/mach_vm.h>. */
#ifndef _MACH_MACH_H
#define _MACH_MACH_H

#include <mach/mach_vm.h>

#endif /* _MACH_MACH_H */
