/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For tests of the pool when it is small: its parameters, and objects of stamped
 * pages (stamp.h) that are larger.
 */
#ifndef MACHVM_TESTS_POOL_H
#define MACHVM_TESTS_POOL_H

#include "serve.h"
#include "stamp.h"
#include "tap.h"

/* What these tests make of it, and an object that is too large for it. */
#define POOL_MIB	4
#define POOL_PAGES	(POOL_MIB * MIB / PAGE)
#define LARGE		(4 * POOL_MIB * MIB)
#define LARGE_PAGES	(LARGE / PAGE)
#define CLUSTER		(16 * PAGE)

/* As tap_main(); the parameters are afterwards what they were before. */
int pool_main(int argc, char **argv, const struct tap_test *tests, size_t nr);

/* Write a module parameter: 0 or -errno. */
long pool_set(const char *parameter, const char *value);
/* The same with a number; must succeed. */
void pool_set_number(const char *parameter, unsigned long value);
/* All parameters as they were when the program began. */
void pool_restore(void);
/* The value of pool_max, in MiB. */
unsigned long pool_max(void);
/* Must succeed. */
void pool_limit(unsigned long mib);
/*
 * Linux asks all its caches for what they do not need, but those of files: chunks go
 * back to it, and frames aside are looked at.
 */
void pool_shrink(void);
/* Frames aside, told by @vm: any descriptor of the module's. */
uint64_t pool_aside(int vm);

/* Pages of generation 0 of object @id; set up the rest before pool_start(). */
struct serve *pool_object(uint64_t size, unsigned int id);
/* Map it in the test; begin to serve it first. */
uint8_t *pool_map(struct serve *s);
uint8_t *pool_start(struct serve *s);

/* Read the pages through a mapping: all of this object and generation? */
void pool_verify(const uint8_t *map, unsigned int id, uint64_t first,
		 uint64_t pages, unsigned int generation);
/* Pages resident, of which there may never be more than the limit. */
uint64_t pool_resident(const struct serve *s);

#endif /* MACHVM_TESTS_POOL_H */
