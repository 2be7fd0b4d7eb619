/* SPDX-License-Identifier: GPL-2.0-only */
/* Sets of rules, by name. */
#ifndef VMREPLAY_RULES_H
#define VMREPLAY_RULES_H

#include "../../kmod/map/vm_map_coalesce.h"

/* Anonymous objects begin in the middle of their offsets: no rule of the map's. */
#define RULE_MIDDLE	(1U << 31)

/**
 * struct rule_set - Rules with a name
 * @name: as the user gave it
 * @rules: MACH_MERGE_* and RULE_MIDDLE
 */
struct rule_set {
	const char *name;
	u32 rules;
};

#define RULE_SETS	4

extern const struct rule_set rule_sets[RULE_SETS];

bool rules_parse(const char *name, struct rule_set *set);

#endif /* VMREPLAY_RULES_H */
