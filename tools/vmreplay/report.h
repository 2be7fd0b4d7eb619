/* SPDX-License-Identifier: GPL-2.0-only */
/* One trace under several sets of rules, and what came of it. */
#ifndef VMREPLAY_REPORT_H
#define VMREPLAY_REPORT_H

#include "rules.h"
#include "trace.h"

#define SETS_MAX	16

/**
 * struct settings - What to do with each trace
 * @sets: of rules
 * @n_sets: how many
 * @csv: print lines for programs
 * @series: write the numbers after each call there, or NULL
 * @check: compare each map with a model after each call
 * @untouched: nobody touches any memory
 * @kernel: ask Linux, too
 */
struct settings {
	struct rule_set sets[SETS_MAX];
	unsigned int n_sets;
	bool csv;
	FILE *series;
	bool check;
	bool untouched;
	bool kernel;
};

void report_begin(const struct settings *settings);
void report_trace(const struct settings *settings, const char *path);

#endif /* VMREPLAY_REPORT_H */
