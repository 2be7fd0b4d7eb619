/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * machpagerd - messages: to stderr, or to the system log once in background.
 */
#ifndef MACHPAGERD_LOG_H
#define MACHPAGERD_LOG_H

#include <stdarg.h>
#include <stdbool.h>

#ifndef __printf
#define __printf(at, args)	__attribute__((__format__(__printf__, at, args)))
#endif

void log_verbose(bool on);
void log_to_system(void);

__printf(1, 2) void log_error(const char *format, ...);
__printf(1, 2) void log_info(const char *format, ...);
__printf(1, 2) void log_debug(const char *format, ...);

/* At most once in LOG_PAUSE seconds a format; from any thread. */
#define LOG_PAUSE	10
__printf(1, 2) void log_limited(const char *format, ...);
__printf(1, 0) void log_vlimited(const char *format, va_list args);

#endif /* MACHPAGERD_LOG_H */
