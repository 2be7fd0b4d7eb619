/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracepoints, as they appear in /sys/kernel/tracing/events/machvm. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM machvm

#if !defined(MACH_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define MACH_TRACE_H

#include <linux/tracepoint.h>

DECLARE_EVENT_CLASS(mach_request_class,
	TP_PROTO(unsigned int operation, unsigned int object,
		 unsigned long first, unsigned int n),
	TP_ARGS(operation, object, first, n),
	TP_STRUCT__entry(
		__field(unsigned int, operation)
		__field(unsigned int, object)
		__field(unsigned long, first)
		__field(unsigned int, n)
	),
	TP_fast_assign(
		__entry->operation = operation;
		__entry->object = object;
		__entry->first = first;
		__entry->n = n;
	),
	TP_printk("op=%u object=%u page=%lu+%u", __entry->operation,
		  __entry->object, __entry->first, __entry->n)
);

/* a request goes to its pager */
DEFINE_EVENT(mach_request_class, mach_request,
	TP_PROTO(unsigned int operation, unsigned int object,
		 unsigned long first, unsigned int n),
	TP_ARGS(operation, object, first, n)
);

/* a request ends without the pager: deadline or death */
DEFINE_EVENT(mach_request_class, mach_abort,
	TP_PROTO(unsigned int operation, unsigned int object,
		 unsigned long first, unsigned int n),
	TP_ARGS(operation, object, first, n)
);

/* the pager has settled pages of a request */
DEFINE_EVENT(mach_request_class, mach_answer,
	TP_PROTO(unsigned int operation, unsigned int object,
		 unsigned long first, unsigned int n),
	TP_ARGS(operation, object, first, n)
);

#endif /* MACH_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH base
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE mach_trace
#include <trace/define_trace.h>
