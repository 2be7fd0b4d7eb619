// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests in the kernel: they run while the module is being loaded. */
#include "fake_pager.h"

#include <linux/module.h>

static unsigned long mach_seed = 1;
module_param_named(seed, mach_seed, ulong, 0444);
MODULE_PARM_DESC(seed, "Of the random tests (default: 1)");

/* Each test begins with the same numbers, whatever ran before it. */
void mach_random_init(struct kunit *test, struct rnd_state *random)
{
	kunit_info(test, "seed %lu", mach_seed);
	prandom_seed_state(random, mach_seed);
}

MODULE_DESCRIPTION("Unit tests of machvm");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(MACHVM);
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
