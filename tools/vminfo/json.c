// SPDX-License-Identifier: GPL-2.0-only
/* For programs: one line, with the names that the interface gives to the numbers. */
#include "vminfo.h"
#include "common/json.h"

#define REGION(member)	JSON_FIELD(struct mach_task_region, member)
static const struct json_field entry_fields[] = {
	REGION(address), REGION(length), REGION(offset), REGION(protection),
	REGION(max_protection), REGION(inheritance), REGION(behavior),
	REGION(wired), REGION(state), REGION(references), REGION(object),
};

#define INFO(member)	JSON_FIELD(struct mach_task_info, member)
static const struct json_field info_fields[] = {
	INFO(pid), INFO(start), INFO(end), INFO(entries), INFO(mapped),
	INFO(none), INFO(wired), INFO(merges), INFO(refusals), INFO(entry_size),
};

static void task_show(const struct task *task)
{
	size_t i;

	json_begin(NULL, '{');
	json_number("fd", task->number);
	json_begin("info", '{');
	json_fields(&task->info, JSON_FIELDS(info_fields));
	json_end('}');
	json_begin("entries", '[');
	for (i = 0; i < task->nr_entries; i++) {
		json_begin(NULL, '{');
		json_fields(&task->entries[i], JSON_FIELDS(entry_fields));
		json_end('}');
	}
	json_end(']');
	json_end('}');
}

void show_json(const struct settings *settings, const struct task *tasks,
	       size_t n)
{
	size_t i;

	json_begin(NULL, '{');
	json_number("pid", settings->pid);
	json_begin("tasks", '[');
	for (i = 0; i < n; i++)
		task_show(&tasks[i]);
	json_end(']');
	json_end('}');
}
