/* SPDX-License-Identifier: GPL-2.0-only */
/* A pager's calls on names: links and directories made, and all of them taken away. */
#ifndef MACHVM_TESTS_NAMING_H
#define MACHVM_TESTS_NAMING_H

#include "testpager.h"

long pager_link(const struct test_pager *p, const char *name,
		const char *target, unsigned int owner);
long pager_mkdir(const struct test_pager *p, const char *name,
		 unsigned int mode, unsigned int owner);
/* A link or directory */
long pager_remove(const struct test_pager *p, const char *name);
long object_unpublish(const struct test_pager *p, const struct test_object *o);

#endif /* MACHVM_TESTS_NAMING_H */
