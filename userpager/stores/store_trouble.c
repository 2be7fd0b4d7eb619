// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Stores: what a store says of its trouble, when opened and later.
 */
#include <stdio.h>

#include "store.h"

int store_fail(struct store *store, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(store->problem, sizeof(store->problem), format, args);
	va_end(args);
	return err;
}

void store_complain(struct store *store, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	store->complain(format, args);
	va_end(args);
}
