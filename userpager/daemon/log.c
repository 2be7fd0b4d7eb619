// SPDX-License-Identifier: GPL-2.0-only
/* What the daemon says: to standard error or the system log, each trouble once. */
#include "log.h"

#include <pthread.h>
#include <stdio.h>
#include <syslog.h>
#include <time.h>

/* More kinds of trouble than there are; a full table repeats messages. */
#define LOG_KINDS	32

static bool verbose;
static bool to_system;

/* One kind of message, known by its format; under @lock. */
static struct kind {
	const char *format;
	time_t last;
	unsigned long swallowed;
} kinds[LOG_KINDS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void log_verbose(bool on)
{
	verbose = on;
}

void log_to_system(void)
{
	openlog("machpagerd", LOG_PID, LOG_DAEMON);
	to_system = true;
}

/* Names may be of any bytes: none of them begins a line of its own, or moves a cursor. */
static void escape(char *to, size_t size, const char *from)
{
	const char *end = to + size - sizeof("\\000");

	for (; *from && to < end; from++) {
		if ((unsigned char)*from < ' ' || *from == 0x7f)
			to += sprintf(to, "\\%03o", (unsigned char)*from);
		else
			*to++ = *from;
	}
	*to = 0;
}

static void emit(int priority, const char *format, va_list args)
{
	char said[1024], line[2048];

	vsnprintf(said, sizeof(said), format, args);
	escape(line, sizeof(line), said);
	if (to_system)
		syslog(priority, "%s", line);
	else
		fprintf(stderr, "machpagerd: %s\n", line);
}

void log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	emit(LOG_ERR, format, args);
	va_end(args);
}

void log_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	emit(LOG_INFO, format, args);
	va_end(args);
}

void log_debug(const char *format, ...)
{
	va_list args;

	if (!verbose)
		return;
	va_start(args, format);
	emit(LOG_DEBUG, format, args);
	va_end(args);
}

/* The entry of @format, or NULL if the table is full; under @lock. */
static struct kind *find_kind(const char *format)
{
	struct kind *kind;

	for (kind = kinds; kind < kinds + LOG_KINDS; kind++) {
		if (!kind->format)
			kind->format = format;
		if (kind->format == format)
			return kind;
	}
	return NULL;
}

/* Whether it may be said now, and how often it was not. */
static bool may_say(const char *format, unsigned long *swallowed)
{
	struct timespec now;
	struct kind *kind;
	bool may;

	clock_gettime(CLOCK_MONOTONIC, &now);
	pthread_mutex_lock(&lock);
	kind = find_kind(format);
	may = !kind || !kind->last || now.tv_sec - kind->last >= LOG_PAUSE;
	*swallowed = 0;
	if (kind && may) {
		*swallowed = kind->swallowed;
		kind->swallowed = 0;
		kind->last = now.tv_sec ? now.tv_sec : 1;
	} else if (kind) {
		kind->swallowed++;
	}
	pthread_mutex_unlock(&lock);
	return may;
}

void log_vlimited(const char *format, va_list args)
{
	unsigned long swallowed;

	if (!may_say(format, &swallowed))
		return;
	if (swallowed)
		log_error("the next one came %lu times more", swallowed);
	emit(LOG_ERR, format, args);
}

void log_limited(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_vlimited(format, args);
	va_end(args);
}
