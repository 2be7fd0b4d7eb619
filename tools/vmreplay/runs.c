// SPDX-License-Identifier: GPL-2.0-only
/* The runs of pages of an address space, in a sorted array. */
#include "runs.h"
#include "common/array.h"

#include <stdlib.h>

static bool same(const struct attributes *a, const struct attributes *b)
{
	return a->protection == b->protection &&
	       a->max_protection == b->max_protection &&
	       a->inheritance == b->inheritance &&
	       a->behavior == b->behavior && a->what == b->what &&
	       a->object == b->object && a->copy == b->copy &&
	       a->wired == b->wired && a->delta == b->delta;
}

/**
 * runs_from - The first run that ends above an address
 * @runs: all of them
 * @address: anything
 *
 * Return: its index; their number if there is none.
 */
unsigned long runs_from(const struct runs *runs, u64 address)
{
	unsigned long low = 0, high = runs->n, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (runs->runs[middle].end > address)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

bool runs_cover(const struct runs *runs, u64 start, u64 end)
{
	unsigned long i = runs_from(runs, start);

	for (; start < end; start = runs->runs[i++].end)
		if (i == runs->n || runs->runs[i].start > start)
			return false;
	return true;
}

static void insert(struct runs *runs, unsigned long at, const struct run *run)
{
	runs->runs = array_grow(runs->runs, runs->n, &runs->room,
				sizeof(*runs->runs));
	memmove(&runs->runs[at + 1], &runs->runs[at],
		(runs->n - at) * sizeof(*run));
	runs->runs[at] = *run;
	runs->n++;
}

static void drop(struct runs *runs, unsigned long at, unsigned long n)
{
	runs->n -= n;
	memmove(&runs->runs[at], &runs->runs[at + n],
		(runs->n - at) * sizeof(*runs->runs));
}

/* A run shall begin at @at, if one is there; the index of what is above. */
static unsigned long cut(struct runs *runs, u64 at)
{
	unsigned long i = runs_from(runs, at);
	struct run upper;

	if (i == runs->n || runs->runs[i].start >= at)
		return i;
	upper = runs->runs[i];
	upper.start = at;
	runs->runs[i].end = at;
	insert(runs, i + 1, &upper);
	return i + 1;
}

/* Join what touches and is the same, from the run before @start to after @end. */
static void join(struct runs *runs, u64 start, u64 end)
{
	unsigned long i = runs_from(runs, start ? start - 1 : 0);

	while (i + 1 < runs->n && runs->runs[i].start <= end) {
		struct run *run = &runs->runs[i];

		if (run->end == run[1].start &&
		    same(&run->attributes, &run[1].attributes)) {
			run->end = run[1].end;
			drop(runs, i + 1, 1);
		} else {
			i++;
		}
	}
}

/* New attributes of a run that the call covers */
static void change(struct runs *runs, struct attributes *attributes,
		   const struct call *call)
{
	switch (call->op) {
	case CALL_PROTECT:
		attributes->protection = call->protection;
		break;
	case CALL_INHERIT:
		attributes->inheritance = call->inheritance;
		break;
	case CALL_BEHAVIOR:
		attributes->behavior = call->behavior;
		break;
	case CALL_WIRE:
		attributes->wired += call->protection ? 1 : -1;
		break;
	default:
		break;
	}
	if (call->op == CALL_TOUCH && attributes->what == WHAT_COPY &&
	    call->protection & attributes->protection & MACH_PROT_WRITE &&
	    !attributes->copy)
		attributes->copy = ++runs->copies;
}

static void enter(struct runs *runs, const struct call *call)
{
	struct run run = {
		.start = call->start,
		.end = call->end,
		.attributes = {
			.protection = call->protection,
			.max_protection = call->max_protection,
			.inheritance = call->inheritance,
			.what = call->what,
			.object = call->object,
		},
	};

	if (call->what != WHAT_ZERO)
		run.attributes.delta = call->start - call->offset;
	insert(runs, runs_from(runs, call->start), &run);
}

/* Touching what is mapped as a copy copies all of the run, as Mach does. */
static void touch(struct runs *runs, const struct call *call)
{
	unsigned long i = runs_from(runs, call->start);

	for (; i < runs->n && runs->runs[i].start < call->end; i++)
		change(runs, &runs->runs[i].attributes, call);
}

/* Does every run of the call's range allow it? */
static bool allowed(const struct runs *runs, const struct call *call)
{
	unsigned long i = runs_from(runs, call->start);

	if (!runs_cover(runs, call->start, call->end))
		return false;
	for (; i < runs->n && runs->runs[i].start < call->end; i++) {
		const struct attributes *has = &runs->runs[i].attributes;

		if (call->op == CALL_WIRE && !call->protection && !has->wired)
			return false;
		if (call->op == CALL_PROTECT &&
		    call->protection & ~has->max_protection)
			return false;
	}
	return true;
}

/**
 * runs_apply - Do what a call does
 * @runs: the address space
 * @call: the call
 *
 * Return: false if it makes no sense: it maps what is mapped, changes what is
 * not, unwires what is not wired, or wants more than the maximum. Nothing has
 * changed then.
 */
bool runs_apply(struct runs *runs, const struct call *call)
{
	unsigned long first, past, i;

	if (call->op == CALL_TOUCH) {
		touch(runs, call);
		return true;
	}
	if (call->op == CALL_MAP) {
		i = runs_from(runs, call->start);
		if (i < runs->n && runs->runs[i].start < call->end)
			return false;
		enter(runs, call);
		join(runs, call->start, call->end);
		return true;
	}
	if (call->op != CALL_DEALLOCATE && !allowed(runs, call))
		return false;
	first = cut(runs, call->start);
	past = cut(runs, call->end);
	if (call->op == CALL_DEALLOCATE)
		drop(runs, first, past - first);
	else
		for (i = first; i < past; i++)
			change(runs, &runs->runs[i].attributes, call);
	join(runs, call->start, call->end);
	return true;
}

void runs_copy(struct runs *to, const struct runs *from)
{
	unsigned long i;

	for (i = 0; i < from->n; i++)
		insert(to, i, &from->runs[i]);
	to->copies = from->copies;
}

void runs_clear(struct runs *runs)
{
	free(runs->runs);
	*runs = (struct runs){ };
}
