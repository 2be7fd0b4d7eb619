/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Execute permission. Linux has it by area, not by page-table entry: an
 * instruction fetch from a page that is mapped otherwise would be retried for
 * ever. So a window is made of areas that are executable where its entries are,
 * and in such areas only executable entries are mapped. Where Linux has no memory
 * to make an area not executable, that is put off until somebody has a fault there.
 */
#ifndef MACH_VM_MAP_EXEC_H
#define MACH_VM_MAP_EXEC_H

#include "vm_map.h"

int mach_map_exec_check(struct mach_map *map, u32 protection);
int mach_map_exec_lower(struct mach_map *map, struct file *file, u64 start,
			u64 end, u32 protection);
int mach_map_exec_raise(struct mach_map *map, struct file *file, u64 start,
			u64 end, u32 protection);
int mach_map_exec_may_go(struct mach_map *map, u64 start, u64 end);
void mach_map_exec_ahead(struct mach_map *map);
int mach_map_exec_raise_place(struct mach_map *map, struct file *file, u64 start,
			      u64 end);
void mach_map_exec_raised(struct mach_map *map);
int mach_map_exec_settle(struct mach_map *map, struct file *file, u64 start,
			 u64 end);

#endif /* MACH_VM_MAP_EXEC_H */
