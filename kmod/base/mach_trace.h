/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracepoints, as they appear in /sys/kernel/tracing/events/machvm. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM machvm

#if !defined(MACH_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define MACH_TRACE_H

#include <linux/tracepoint.h>

/* Pagers and objects by the numbers that debugfs has: no two have the same. */
DECLARE_EVENT_CLASS(mach_request_class,
	TP_PROTO(unsigned int operation, unsigned int pager, pid_t pid,
		 unsigned long long object, unsigned long first,
		 unsigned int n),
	TP_ARGS(operation, pager, pid, object, first, n),
	TP_STRUCT__entry(
		__field(unsigned int, operation)
		__field(unsigned int, pager)
		__field(pid_t, pid)
		__field(unsigned long long, object)
		__field(unsigned long, first)
		__field(unsigned int, n)
	),
	TP_fast_assign(
		__entry->operation = operation;
		__entry->pager = pager;
		__entry->pid = pid;
		__entry->object = object;
		__entry->first = first;
		__entry->n = n;
	),
	TP_printk("op=%u pager=%u pid=%d object=%llu page=%lu+%u",
		  __entry->operation, __entry->pager, __entry->pid,
		  __entry->object, __entry->first, __entry->n)
);

/* a request goes to its pager */
DEFINE_EVENT(mach_request_class, mach_request,
	TP_PROTO(unsigned int operation, unsigned int pager, pid_t pid,
		 unsigned long long object, unsigned long first,
		 unsigned int n),
	TP_ARGS(operation, pager, pid, object, first, n)
);

/* a request ends without the pager: deadline or death */
DEFINE_EVENT(mach_request_class, mach_abort,
	TP_PROTO(unsigned int operation, unsigned int pager, pid_t pid,
		 unsigned long long object, unsigned long first,
		 unsigned int n),
	TP_ARGS(operation, pager, pid, object, first, n)
);

/* the pager has settled pages of a request */
DEFINE_EVENT(mach_request_class, mach_answer,
	TP_PROTO(unsigned int operation, unsigned int pager, pid_t pid,
		 unsigned long long object, unsigned long first,
		 unsigned int n),
	TP_ARGS(operation, pager, pid, object, first, n)
);

#endif /* MACH_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH base
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE mach_trace
#include <trace/define_trace.h>
