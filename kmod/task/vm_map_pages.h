/* SPDX-License-Identifier: GPL-2.0-only */
/* What is in memory of what a map shows. */
#ifndef MACH_VM_MAP_PAGES_H
#define MACH_VM_MAP_PAGES_H

#include "map/vm_map.h"

int mach_map_pages(struct mach_map *map, struct mach_task_data *data);

#endif /* MACH_VM_MAP_PAGES_H */
