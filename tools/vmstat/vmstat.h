/* SPDX-License-Identifier: GPL-2.0-only */
/* machvmstat: the module's numbers, read once, and ways to show them. */
#ifndef MACHVMSTAT_H
#define MACHVMSTAT_H

#include <stdbool.h>
#include <linux/mach_vm.h>

/* What of it */
#define SHOW_STATISTICS	0x1
#define SHOW_SEGMENTS	0x2
#define SHOW_CACHES	0x4
#define SHOW_ALL	0x7

/**
 * struct sample - The numbers of one moment, nearly.
 * @parts: SHOW_* that were read
 * @seconds: on a clock that only goes forward
 * @vm: statistics
 * @segments: @nr_segments of them
 * @caches: @nr_caches of them
 */
struct sample {
	unsigned int parts;
	double seconds;
	struct mach_vm_statistics vm;
	struct mach_vm_segment *segments;
	unsigned int nr_segments;
	struct mach_vm_cache *caches;
	unsigned int nr_caches;
};

/* Ends the program when the module does not answer. */
void sample_read(struct sample *sample, int fd, unsigned int parts);
void sample_free(struct sample *sample);

void show_text(const struct sample *sample);
void show_json(const struct sample *sample);
void show_rates_header(void);
void show_rates(const struct sample *before, const struct sample *now);

#endif /* MACHVMSTAT_H */
