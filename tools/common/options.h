/* SPDX-License-Identifier: GPL-2.0-only */
/* What the command lines of all tools have in common. */
#ifndef TOOLS_OPTIONS_H
#define TOOLS_OPTIONS_H

_Noreturn void bad_usage(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

unsigned long parse_number(const char *text, const char *what,
			   unsigned long low, unsigned long high);
unsigned long parse_address(const char *text, const char *what);

#endif /* TOOLS_OPTIONS_H */
