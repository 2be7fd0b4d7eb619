// SPDX-License-Identifier: GPL-2.0-only
/*
 * What releases memory, with each of its allocations failing in turn, with all of
 * its own failing, and with all of the module's: it succeeds, and nothing is lost.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "fail_nth.h"
#include "release_deeds.h"
#include "tap.h"

#define NTH_MAX		1000

static void done(const struct release_deed *d, long result)
{
	CHECK(result == d->right, "%s", tap_result(result));
	if (d->after)
		d->after();
	release_close();
}

static void prepare(const struct release_deed *d)
{
	release_open();
	if (d->before)
		d->before();
}

/* Return: was there an nth allocation? */
static bool fail_once(const struct release_deed *d, unsigned int nth)
{
	struct fail_call call = { .fn = d->fn, .nth = nth };

	prepare(d);
	fail_nth_call(&call);
	tap_note("allocation %u%s", nth, call.injected ? " fails" : ": none");
	CHECK(call.result == d->right, "%s at allocation %u",
	      tap_result(call.result), nth);
	done(d, call.result);
	return call.injected;
}

static void fail_all(const struct release_deed *d, bool everybody)
{
	long result;

	prepare(d);
	fail_all_begin(everybody);
	result = d->fn(NULL);
	fail_all_end();
	done(d, result);
}

static void test_deed(void)
{
	const struct release_deed *d = &release_deeds[tap_variant];
	unsigned int nth = 1;

	if (d->areas)
		tap_skip("Linux may lose an area by failing half-way");
	fail_nth_setup();
	for (; !d->others && fail_once(d, nth); nth = fail_next(nth))
		CHECK(nth < NTH_MAX, "no end after %d allocations", NTH_MAX);
	fail_all(d, false);
	fail_all(d, true);
	tap_note("%s: less than %u allocations", d->name, nth);
}

int main(int argc, char **argv)
{
	static struct tap_test tests[64];

	for (size_t i = 0; i < release_deeds_nr; i++)
		tests[i] = (struct tap_test){
			.name = release_deeds[i].name, .run = test_deed,
			.variant = i,
		};
	return tap_main(argc, argv, tests, release_deeds_nr);
}
