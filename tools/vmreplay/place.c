// SPDX-License-Identifier: GPL-2.0-only
/* Other addresses for recorded calls, and which recorded one each stands for. */
#include "place.h"

#include <err.h>
#include <stdlib.h>

/* Between programs at fixed addresses, with their heaps, and all others */
#define LOWEST		(1ULL << 40)

/* The first move that ends above an address: its index, or their number */
static unsigned long moves_from(const struct place_map *map, u64 address)
{
	unsigned long i = 0;

	while (i < map->n && map->moves[i].end <= address)
		i++;
	return i;
}

static void insert(struct place_map *map, unsigned long at, struct move move)
{
	map->moves = realloc(map->moves, (map->n + 1) * sizeof(move));
	if (!map->moves)
		err(1, "memory for moves");
	memmove(&map->moves[at + 1], &map->moves[at],
		(map->n - at) * sizeof(move));
	map->moves[at] = move;
	map->n++;
}

/**
 * place_forget - The program has unmapped this: what comes there is new
 * @map: of the process
 * @start: first address, as recorded
 * @end: the address after the last
 */
void place_forget(struct place_map *map, u64 start, u64 end)
{
	unsigned long i = moves_from(map, start);
	struct move rest;

	while (i < map->n && map->moves[i].start < end) {
		struct move *move = &map->moves[i];

		rest = *move;
		if (move->start < start && move->end > end) {
			move->end = start;
			rest.start = end;
			insert(map, i + 1, rest);
			return;
		}
		if (move->start < start) {
			move->end = start;
			i++;
		} else if (move->end > end) {
			move->start = end;
		} else {
			memmove(move, move + 1,
				(--map->n - i) * sizeof(*move));
		}
	}
}

static void add(struct place_map *map, u64 start, u64 end, u64 by)
{
	place_forget(map, start, end);
	insert(map, moves_from(map, start), (struct move){ start, end, by });
}

/* How far an address moves, and up to where the same holds */
static u64 moved_by(const struct place_map *map, u64 at, u64 *end)
{
	unsigned long i = moves_from(map, at);

	if (i == map->n || map->moves[i].start > at) {
		if (i < map->n && map->moves[i].start < *end)
			*end = map->moves[i].start;
		return 0;
	}
	for (; i + 1 < map->n && map->moves[i + 1].start == map->moves[i].end &&
	     map->moves[i + 1].by == map->moves[i].by; i++)
		;
	if (map->moves[i].end < *end)
		*end = map->moves[i].end;
	return map->moves[i].by;
}

static bool is_moved(const struct place_map *map, u64 address)
{
	unsigned long i = moves_from(map, address);

	return i < map->n && map->moves[i].start <= address;
}

static bool is_free(const struct place_map *map, u64 start, u64 end)
{
	unsigned long i = runs_from(&map->placed, start);

	return i == map->placed.n || map->placed.runs[i].start >= end;
}

static u64 lowest(const struct place_map *map, u64 size)
{
	u64 at = LOWEST;
	unsigned long i;

	for (i = 0; i < map->placed.n; i++) {
		if (map->placed.runs[i].start >= at &&
		    map->placed.runs[i].start - at >= size)
			break;
		if (map->placed.runs[i].end > at)
			at = map->placed.runs[i].end;
	}
	return at;
}

/* Where something new goes: it stays behind what it was put behind. */
static void choose(struct place_map *map, const struct call *call, bool anywhere)
{
	u64 size = call->end - call->start, end = call->end, by;

	if (anywhere) {
		by = lowest(map, size) - call->start;
		add(map, call->start, call->end, by);
	} else if (!is_moved(map, call->start) &&
		   is_moved(map, call->start - 1)) {
		by = moved_by(map, call->start - 1, &end);
		if (is_free(map, call->start + by, call->end + by))
			add(map, call->start, call->end, by);
	}
}

/**
 * place_call - Add a call to a trace, where it is to be made
 * @map: of the process
 * @call: as recorded
 * @anywhere: it maps, and the program did not care where
 * @trace: gets it, in parts if they have gone to different places
 *
 * Return: false if it makes no sense there.
 */
bool place_call(struct place_map *map, const struct call *call, bool anywhere,
		struct trace *trace)
{
	struct call part = *call;
	u64 at, end, by;

	if (map->upward && call->op == CALL_MAP)
		choose(map, call, anywhere);
	for (at = call->start; at < call->end; at = end) {
		end = call->end;
		by = moved_by(map, at, &end);
		part.start = at + by;
		part.end = end + by;
		if (call->what != WHAT_ZERO)
			part.offset = call->offset + (at - call->start);
		if (!runs_apply(&map->placed, &part))
			return false;
		trace_add(trace, &part);
	}
	return true;
}

void place_copy(struct place_map *to, const struct place_map *from)
{
	unsigned long i;

	for (i = 0; i < from->n; i++)
		insert(to, i, from->moves[i]);
	runs_copy(&to->placed, &from->placed);
	to->upward = from->upward;
}

void place_clear(struct place_map *map)
{
	free(map->moves);
	map->moves = NULL;
	map->n = 0;
	runs_clear(&map->placed);
}
