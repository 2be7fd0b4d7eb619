/* SPDX-License-Identifier: GPL-2.0-only */
/* Rows of build/bench/results.csv, which tools/bench/run collects. */
#ifndef TOOLS_ROWS_H
#define TOOLS_ROWS_H

void rows_open(const char *path);
void rows_of(const char *kernel);
void rows_add(const char *subject, const char *thing, const char *metric,
	      double value);
void rows_close(void);
void rows_parse(int argc, char **argv, const char *usage);

#endif /* TOOLS_ROWS_H */
