/* SPDX-License-Identifier: GPL-2.0-only */
/* Which rules of merging new maps get: a choice of whoever tries them out. */
#ifndef MACH_VM_MAP_RULES_H
#define MACH_VM_MAP_RULES_H

#include <linux/types.h>

u32 mach_map_rules(void);

#endif /* MACH_VM_MAP_RULES_H */
