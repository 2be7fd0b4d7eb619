// SPDX-License-Identifier: GPL-2.0-only
/* For people: a line for each entry, as the Hurd's vminfo prints it. */
#include "vminfo.h"

#include <stdio.h>

#define BOTH	(SHOW_ADDRESSES | SHOW_SIZES)

static const char *protection(char *text, unsigned int prot)
{
	char *at = text;

	if (prot & MACH_PROT_READ)
		*at++ = 'R';
	if (prot & MACH_PROT_WRITE)
		*at++ = 'W';
	if (prot & MACH_PROT_EXECUTE)
		*at++ = 'X';
	if (!(prot & MACH_PROT_ALL))
		*at++ = '0';
	*at = 0;
	return text;
}

static const char *named(const char *const *names, unsigned int n,
			 unsigned int value)
{
	return value < n ? names[value] : "unknown";
}

static const char *inheritance(unsigned int value)
{
	static const char *const names[] = { "share", "copy", "none" };

	return named(names, 3, value);
}

static const char *behavior(unsigned int value)
{
	static const char *const names[] = {
		"default", "random", "sequential", "reverse",
	};

	return named(names, 4, value);
}

static void number(const struct settings *settings, const char *prefix,
		   int width, uint64_t value)
{
	printf(settings->decimal ? "%s%*lu" : "%s%#*lx", prefix, width, value);
}

static void details(const struct settings *settings,
		    const struct mach_task_region *e)
{
	char text[4];

	printf(" (prot=%s", protection(text, e->protection));
	if (e->max_protection != e->protection)
		printf(", max_prot=%s", protection(text, e->max_protection));
	if (e->inheritance != MACH_INHERIT_COPY)
		printf(", inherit=%s", inheritance(e->inheritance));
	if (e->behavior != MACH_BEHAVIOR_DEFAULT)
		printf(", behavior=%s", behavior(e->behavior));
	if (e->state & MACH_REGION_SHARED)
		printf(", shared");
	if (e->state & MACH_REGION_NEEDS_COPY)
		printf(", needs_copy");
	if (e->state & MACH_REGION_IN_TRANSITION)
		printf(", in_transition");
	if (e->wired)
		printf(", wired=%u", e->wired);
	if (e->object) {
		printf(", mem_obj=%llu", e->object);
		number(settings, ", offs=", 0, e->offset);
		printf(", refs=%u", e->references);
		if (e->state & MACH_REGION_INTERNAL)
			printf(", internal");
	}
	putchar(')');
}

static void hole(const struct settings *settings, uint64_t size)
{
	if (!(settings->parts & SHOW_SIZES))
		return;
	if (settings->parts & SHOW_ADDRESSES) {
		printf("%14s", "");
		number(settings, "[", 0, size);
		puts("] (hole)");
		return;
	}
	number(settings, "", 14, size);
	puts(" (hole)");
}

static void entry(const struct settings *settings,
		  const struct mach_task_region *e)
{
	if (settings->parts & SHOW_ADDRESSES)
		number(settings, "", 14, e->address);
	if ((settings->parts & BOTH) == BOTH) {
		number(settings, "[", 0, e->length);
		putchar(']');
	} else if (settings->parts & SHOW_SIZES) {
		number(settings, "", 14, e->length);
	}
	if (settings->parts & SHOW_DETAILS)
		details(settings, e);
	putchar('\n');
}

/* What nobody may access as it is, though he may be given the right */
static uint64_t without_access(const struct task *task)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < task->nr_entries; i++)
		if (!(task->entries[i].protection & MACH_PROT_ALL))
			bytes += task->entries[i].length;
	return bytes;
}

static void totals(const struct task *task)
{
	const struct mach_task_info *info = &task->info;

	printf("total %llu entries, %llu KiB: %lu KiB without access, %llu KiB wired\n",
	       info->entries, info->mapped / 1024, without_access(task) / 1024,
	       info->wired / 1024);
	printf("      pairs of entries: %llu joined, %llu left apart; %u bytes an entry\n",
	       info->merges, info->refusals, info->entry_size);
}

void show_text(const struct settings *settings, const struct task *task)
{
	uint64_t at = settings->whole ? task->info.start : settings->first;
	size_t i;

	for (i = 0; i < task->nr_entries; i++) {
		const struct mach_task_region *e = &task->entries[i];

		if (settings->holes && e->address > at)
			hole(settings, e->address - at);
		entry(settings, e);
		at = e->address + e->length;
	}
	if (!settings->whole || !(settings->parts & SHOW_DETAILS))
		return;
	if (settings->holes && task->info.end > at)
		hole(settings, task->info.end - at);
	totals(task);
}
