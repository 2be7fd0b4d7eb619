/* SPDX-License-Identifier: GPL-2.0-only */
/* vminfo: the entries of a process's tasks, and ways to show them. */
#ifndef VMINFO_H
#define VMINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/mach_task.h>
#include <sys/types.h>

/* What of an entry */
#define SHOW_ADDRESSES	0x1
#define SHOW_SIZES	0x2
#define SHOW_DETAILS	0x4
#define SHOW_ALL	0x7

/**
 * struct settings - What to do
 * @pid: process to look into
 * @first: address to look from
 * @last: that entries may begin at
 * @whole: neither was given
 * @parts: SHOW_*
 * @decimal: numbers, not hexadecimal
 * @holes: tell where no entry is
 * @json: for programs
 * @users: who holds the module, instead of a process's tasks
 */
struct settings {
	pid_t pid;
	uint64_t first;
	uint64_t last;
	bool whole;
	unsigned int parts;
	bool decimal;
	bool holes;
	bool json;
	bool users;
};

/**
 * struct task - A task, as it was
 * @fd: descriptor of ours
 * @number: descriptor of it in the process
 * @info: the map as a whole
 * @entries: @nr_entries of them, by address
 * @room: that @entries has
 */
struct task {
	int fd;
	int number;
	struct mach_task_info info;
	struct mach_task_region *entries;
	size_t nr_entries;
	size_t room;
};

/* They end the program when it cannot be done, and say why. */
size_t tasks_find(pid_t pid, struct task **tasks);
void task_read(struct task *task, uint64_t first, uint64_t last);

void users_show(void);

/* Learns what is mounted where a process lives; calls @show for each machobj. */
void mounts_look(const char *pid, void (*show)(void *arg, const char *place),
		 void *arg);

/* Whether st_dev is machobj's, as far as it was seen */
bool device_is_machobj(dev_t device);

/* Whether a link in a process's directory of descriptors leads to an object */
bool file_is_object(int dir, const char *name);

/* The path of an object, by st_ino; NULL if none is published where we look */
const char *object_name(ino_t number);

void show_text(const struct settings *settings, const struct task *task);
void show_json(const struct settings *settings, const struct task *tasks,
	       size_t n);

#endif /* VMINFO_H */
