/* SPDX-License-Identifier: GPL-2.0-only */
/* Arrays that grow. */
#ifndef TOOLS_ARRAY_H
#define TOOLS_ARRAY_H

#include <err.h>
#include <stdlib.h>

#define ARRAY_ROOM_FIRST	64

/**
 * array_grow - An array with room for one more, or the end of the program
 * @array: NULL while it has no room
 * @n: how many are in it
 * @room: for how many it has memory
 * @size: of one
 *
 * Return: where the array is now.
 */
static inline void *array_grow(void *array, size_t n, size_t *room,
			       size_t size)
{
	if (n < *room)
		return array;
	*room = *room ? 2 * *room : ARRAY_ROOM_FIRST;
	array = reallocarray(array, *room, size);
	if (!array)
		err(1, "memory");
	return array;
}

#endif /* TOOLS_ARRAY_H */
