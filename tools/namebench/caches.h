/* SPDX-License-Identifier: GPL-2.0-only */
/* Bytes in caches of structures: Linux's and the module's. */
#ifndef MACHVM_NAMEBENCH_CACHES_H
#define MACHVM_NAMEBENCH_CACHES_H

#define CACHES_MAX	512

/**
 * struct caches - How much all of them take
 * @n: how many there are
 * @cache: each: name and bytes, free ones of its slabs included
 */
struct caches {
	unsigned int n;
	struct cache {
		char name[48];
		unsigned long bytes;
	} cache[CACHES_MAX];
};

/* @device: any descriptor of the module's. Linux tells root alone of its own. */
void caches_read(struct caches *to, int device);
/* Those that have grown by a byte or more for each of @n files. */
void caches_print_growth(const struct caches *before,
			 const struct caches *after, unsigned long n);

#endif /* MACHVM_NAMEBENCH_CACHES_H */
