// SPDX-License-Identifier: GPL-2.0-only
/* JSON on the standard output, in one line. */
#include "common/json.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

static bool follows;		/* something, inside of the same brackets */
static unsigned int depth;

static void string(const char *text)
{
	putchar('"');
	for (; *text; text++)
		if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else if ((unsigned char)*text < ' ')
			printf("\\u%04x", *text);
		else
			putchar(*text);
	putchar('"');
}

static void name_next(const char *name)
{
	if (follows)
		putchar(',');
	follows = true;
	if (!name)
		return;
	string(name);
	putchar(':');
}

/**
 * json_begin - Begin an object or an array
 * @name: or NULL
 * @bracket: '{' or '['
 */
void json_begin(const char *name, char bracket)
{
	name_next(name);
	putchar(bracket);
	follows = false;
	depth++;
}

/**
 * json_end - End it; the outermost ends the line
 * @bracket: '}' or ']'
 */
void json_end(char bracket)
{
	putchar(bracket);
	follows = true;
	if (--depth)
		return;
	putchar('\n');
	follows = false;
}

void json_number(const char *name, unsigned long long value)
{
	name_next(name);
	printf("%llu", value);
}

void json_text(const char *name, const char *value)
{
	name_next(name);
	string(value);
}

/**
 * json_fields - Numbers of a structure
 * @structure: where they are
 * @fields: which, JSON_FIELD() each
 * @n: how many
 */
void json_fields(const void *structure, const struct json_field *fields,
		 size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		const void *at = (const char *)structure + fields[i].offset;

		json_number(fields[i].name,
			    fields[i].size == sizeof(uint64_t) ?
			    *(const uint64_t *)at : *(const uint32_t *)at);
	}
}
