// SPDX-License-Identifier: GPL-2.0-only
/* The module parameter that names the rules of merging. */
#include "vm_map_rules.h"
#include "vm_map_coalesce.h"

#include <linux/module.h>
#include <linux/string.h>
#include <linux/sysfs.h>

static const struct mach_rules {
	const char *name;
	u32 rules;
} mach_rules[] = {
	{ "machvm", MACH_RULES_MACHVM },
	{ "gnumach2023", MACH_RULES_GNUMACH2023 },
	{ "backward", MACH_RULES_BACKWARD },
	{ "none", MACH_RULES_NONE },
};

static const struct mach_rules *mach_rules_chosen = &mach_rules[0];

/* The rules for a map that is made now, MACH_MERGE_*; it keeps them. */
u32 mach_map_rules(void)
{
	return READ_ONCE(mach_rules_chosen)->rules;
}

static int mach_rules_set(const char *name, const struct kernel_param *param)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mach_rules); i++) {
		if (!sysfs_streq(name, mach_rules[i].name))
			continue;
		WRITE_ONCE(mach_rules_chosen, &mach_rules[i]);
		return 0;
	}
	return -EINVAL;
}

static int mach_rules_get(char *buffer, const struct kernel_param *param)
{
	return sysfs_emit(buffer, "%s\n", READ_ONCE(mach_rules_chosen)->name);
}

static const struct kernel_param_ops mach_rules_ops = {
	.set = mach_rules_set,
	.get = mach_rules_get,
};

module_param_cb(rules, &mach_rules_ops, NULL, 0644);
MODULE_PARM_DESC(rules, "How new tasks' map entries are merged: machvm (default), gnumach2023, backward or none");
