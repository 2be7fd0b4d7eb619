// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Stores: which kinds there are, and opening one.
 */
#include <errno.h>
#include <string.h>

#include "store.h"

const struct store_class *const store_classes[] = {
	&store_file_class,
	&store_zero_class,
	&store_pattern_class,
	NULL,
};

const struct store_class *store_find_class(const char *name)
{
	const struct store_class *const *class;

	for (class = store_classes; *class; class++) {
		if (!strcmp((*class)->name, name))
			return *class;
	}
	return NULL;
}

int store_open(struct store *store, const struct store_class *class,
	       const struct store_options *options,
	       void (*complain)(const char *format, va_list args))
{
	int err;

	memset(store, 0, sizeof(*store));
	store->class = class;
	store->read_only = options->read_only;
	store->resizable = options->resizable;
	store->complain = complain;
	if (store->resizable && !class->resize)
		return store_fail(store, EINVAL, "the %s store has a fixed size: leave out --resizable",
				  class->name);
	err = class->open(store, options);
	if (err)
		class->close(store);
	return err;
}

void store_close(struct store *store)
{
	store->class->close(store);
}
