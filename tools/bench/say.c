// SPDX-License-Identifier: GPL-2.0-only
/*
 * machbench - messages for people.
 */
#include <stdarg.h>
#include <stdio.h>

#include "bench.h"

static void say(const char *format, va_list arguments)
{
	fputs("machbench: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
}

/* Say what goes on. */
void bench_say(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(format, arguments);
	va_end(arguments);
}

/* Say what went wrong; always -1, so that it can be returned. */
int bench_fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(format, arguments);
	va_end(arguments);
	return -1;
}
