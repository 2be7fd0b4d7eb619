/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Traces: the address-space calls of one program, a line each. The manual page
 * describes the format.
 */
#ifndef VMREPLAY_TRACE_H
#define VMREPLAY_TRACE_H

#include <linux/mach_task.h>

#include <stdio.h>

enum call_op {
	CALL_MAP,
	CALL_DEALLOCATE,
	CALL_PROTECT,
	CALL_INHERIT,
	CALL_BEHAVIOR,
	CALL_WIRE,
	CALL_TOUCH,
	CALL_OPS
};

#define OBJECTS_MAX	1000000
#define ADDRESS_END	(1ULL << 47)

/* What a map call maps */
enum call_what {
	WHAT_ZERO,
	WHAT_SHARE,	/* an object, as it is */
	WHAT_COPY,	/* a copy of it, made when it is first written to */
	WHAT_KINDS
};

/**
 * struct call - One line of a trace
 * @op: what to do
 * @start: first address
 * @end: the address after the last
 * @protection: map, protect: MACH_PROT_*; wire: 0 to unwire; touch: WRITE or READ
 * @max_protection: map: MACH_PROT_*
 * @inheritance: map, inherit: MACH_INHERIT_*
 * @behavior: behavior: MACH_BEHAVIOR_*
 * @what: map: zeros or an object
 * @object: map: its number in this trace, from 1
 * @offset: map: of @start in it
 */
struct call {
	enum call_op op;
	u64 start;
	u64 end;
	u8 protection;
	u8 max_protection;
	u8 inheritance;
	u8 behavior;
	enum call_what what;
	u32 object;
	u64 offset;
};

/**
 * struct trace - Calls in order
 * @calls: @n of them
 * @n: how many
 * @room: for how many there is memory
 */
struct trace {
	struct call *calls;
	unsigned long n;
	size_t room;
};

void trace_add(struct trace *trace, const struct call *call);
void trace_copy(struct trace *to, const struct trace *from);
void trace_free(struct trace *trace);
void trace_write(FILE *file, const struct trace *trace);
void trace_read(const char *path, struct trace *trace);
FILE *trace_open(const char *path);
void trace_close(FILE *file, const char *path);

#endif /* VMREPLAY_TRACE_H */
