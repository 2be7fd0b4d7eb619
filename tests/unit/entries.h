/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of map entries share: memory, and what always holds. */
#ifndef ENTRIES_H
#define ENTRIES_H

#include "../../kmod/map/vm_map_entry.h"
#include "property.h"

void entries_stock_fill(struct mach_entry_stock *stock, unsigned int n);
void entries_stock_drain(struct mach_entry_stock *stock);
/* Put an entry, with everything but its links, where it belongs. */
void entries_link(struct mach_entries *entries, struct mach_map_entry *entry);
/* Order, links, balance, room and sums; false after property_fail(). */
bool entries_hold(const struct mach_entries *entries);

#endif /* ENTRIES_H */
