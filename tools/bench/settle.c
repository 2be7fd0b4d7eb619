// SPDX-License-Identifier: GPL-2.0-only
/*
 * machbench - the clock, and waiting for a quiet machine.
 *
 * A machine that has just booted still works on its own account, and what it
 * does would be counted as ours.
 */
#include <stdio.h>
#include <time.h>

#include "bench.h"

#define SETTLE_INTERVAL_MS	500
#define SETTLE_LIMIT_MS		10000
#define SETTLE_QUIET		2	/* intervals in a row */
#define SETTLE_BUSY_PERCENT	3

struct cpu_time {
	unsigned long long busy;
	unsigned long long idle;
};

static int cpu_time_read(struct cpu_time *time)
{
	unsigned long long user, nice, system, idle, iowait, irq, softirq;
	FILE *file = fopen("/proc/stat", "re");
	int fields;

	if (!file)
		return -1;
	fields = fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu", &user,
			&nice, &system, &idle, &iowait, &irq, &softirq);
	fclose(file);
	if (fields != 7)
		return -1;
	time->busy = user + nice + system + irq + softirq;
	time->idle = idle + iowait;
	return 0;
}

static bool interval_is_quiet(void)
{
	const struct timespec interval = {
		.tv_sec = 0,
		.tv_nsec = SETTLE_INTERVAL_MS * 1000000L,
	};
	struct cpu_time before, after;
	unsigned long long busy, idle;

	if (cpu_time_read(&before))
		return false;
	nanosleep(&interval, NULL);
	if (cpu_time_read(&after))
		return false;
	busy = after.busy - before.busy;
	idle = after.idle - before.idle;
	return busy * 100 <= (busy + idle) * SETTLE_BUSY_PERCENT;
}

/* Return when the machine is idle, or with a warning when it never is. */
void bench_settle(void)
{
	unsigned int waited, quiet = 0;

	for (waited = 0; waited < SETTLE_LIMIT_MS;
	     waited += SETTLE_INTERVAL_MS) {
		quiet = interval_is_quiet() ? quiet + 1 : 0;
		if (quiet == SETTLE_QUIET)
			return;
	}
	bench_say("the machine is busy with something else: expect noise");
}
