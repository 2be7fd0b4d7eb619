/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * JSON on the standard output, in one line. A name is NULL where there is none:
 * in an array, and at the outermost.
 */
#ifndef TOOLS_JSON_H
#define TOOLS_JSON_H

#include <stddef.h>

/**
 * struct json_field - A number of a structure
 * @name: of the member
 * @offset: of it
 * @size: of it, 4 or 8
 */
struct json_field {
	const char *name;
	size_t offset;
	size_t size;
};

#define JSON_FIELD(type, member)					\
	{ #member, offsetof(type, member), sizeof(((type *)0)->member) }

#define JSON_FIELDS(array)	(array), sizeof(array) / sizeof((array)[0])

void json_begin(const char *name, char bracket);
void json_end(char bracket);
void json_number(const char *name, unsigned long long value);
void json_text(const char *name, const char *value);
void json_fields(const void *structure, const struct json_field *fields,
		 size_t n);

#endif /* TOOLS_JSON_H */
