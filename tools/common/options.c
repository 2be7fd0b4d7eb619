// SPDX-License-Identifier: GPL-2.0-only
/* What the command lines of all tools have in common. */
#include "common/options.h"

#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/**
 * bad_usage - End the program because its command line makes no sense
 * @format: of the reason, as for printf(); NULL if getopt has printed it
 */
_Noreturn void bad_usage(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (format)
		vwarnx(format, arguments);
	va_end(arguments);
	fprintf(stderr, "Try '%s --help'.\n", program_invocation_short_name);
	exit(2);
}

static bool parse(const char *text, int base, unsigned long *value)
{
	char *end;

	errno = 0;
	*value = strtoul(text, &end, base);
	return !errno && end != text && !*end && *text != '-';
}

/**
 * parse_number - A decimal number, or the end of the program
 * @text: of the command line
 * @what: it is, for the message
 * @low: the least that is allowed
 * @high: the most; ULONG_MAX stands for no bound
 */
unsigned long parse_number(const char *text, const char *what,
			   unsigned long low, unsigned long high)
{
	unsigned long value;

	if (parse(text, 10, &value) && value >= low && value <= high)
		return value;
	if (high == ULONG_MAX)
		bad_usage("%s: not %s", text, what);
	bad_usage("%s: not %s from %lu to %lu", text, what, low, high);
}

/**
 * parse_address - An address or a length, hexadecimal after 0x
 * @text: of the command line
 * @what: it is, for the message
 */
unsigned long parse_address(const char *text, const char *what)
{
	unsigned long value;

	if (!parse(text, 0, &value))
		bad_usage("%s: not %s", text, what);
	return value;
}
