// SPDX-License-Identifier: GPL-2.0-only
/* One line, with the names that the interface gives to the numbers. */
#include "vminfo.h"

#include <stdio.h>

static void number(const char *name, unsigned long long value)
{
	printf("\"%s\":%llu,", name, value);
}

static void entry(const struct mach_task_region *e)
{
	putchar('{');
	number("address", e->address);
	number("length", e->length);
	number("offset", e->offset);
	number("protection", e->protection);
	number("max_protection", e->max_protection);
	number("inheritance", e->inheritance);
	number("behavior", e->behavior);
	number("wired", e->wired);
	number("state", e->state);
	number("references", e->references);
	printf("\"object\":%llu}", e->object);
}

static void info(const struct mach_task_info *info)
{
	number("pid", info->pid);
	number("start", info->start);
	number("end", info->end);
	number("entries", info->entries);
	number("mapped", info->mapped);
	number("none", info->none);
	number("wired", info->wired);
	number("merges", info->merges);
	number("refusals", info->refusals);
	printf("\"entry_size\":%u", info->entry_size);
}

static void task(const struct task *task)
{
	size_t i;

	printf("{\"fd\":%d,\"info\":{", task->number);
	info(&task->info);
	printf("},\"entries\":[");
	for (i = 0; i < task->nr_entries; i++) {
		if (i)
			putchar(',');
		entry(&task->entries[i]);
	}
	printf("]}");
}

void show_json(const struct settings *settings, const struct task *tasks,
	       size_t n)
{
	size_t i;

	printf("{\"pid\":%d,\"tasks\":[", settings->pid);
	for (i = 0; i < n; i++) {
		if (i)
			putchar(',');
		task(&tasks[i]);
	}
	puts("]}");
}
