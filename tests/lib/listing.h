/* SPDX-License-Identifier: GPL-2.0-only */
/* Listed directories for tests: made, their tables handed in, and looked into. */
#ifndef MACHVM_TESTS_LISTING_H
#define MACHVM_TESTS_LISTING_H

#include <sys/stat.h>
#include <linux/mach_list.h>

#include "testpager.h"

#define LISTED_OWNER	1234	/* and group of all names that say no other */
#define LISTED_MTIME	1111111111000000222LL

/**
 * struct test_name - A name for a table; what is zero is as usual
 * @name: it
 * @mode: 0: a regular file, 0640
 * @size: of a regular file; 0: a page
 * @cookie: of its object
 * @target: of a link
 * @flags: MACH_LIST_* of an entry
 * @owner: and group
 * @mtime: ns
 */
struct test_name {
	const char *name;
	unsigned int mode;
	uint64_t size;
	uint64_t cookie;
	const char *target;
	unsigned int flags;
	unsigned int owner;
	int64_t mtime;
};

/* The number of an object that stands for a directory, or -errno */
long listed_number(const struct test_pager *p, unsigned int flags,
		   uint64_t cookie);
/* A listed directory in sight, whose table nobody has asked for */
uint32_t listed_create(const struct test_pager *p, const char *path,
		       uint64_t cookie);
/* The same of one that asks, and so all below it */
uint32_t listed_create_asking(const struct test_pager *p, const char *path,
			      uint64_t cookie);
long listed_mkdir(const struct test_pager *p, const char *path, uint32_t number);

struct mach_list_entry list_entry(const struct test_name *name);
long list_entries(const struct test_pager *p, uint32_t number,
		  unsigned int flags, const struct mach_list_entry *entries,
		  unsigned int nr);
/* At most 64 names */
long list_names(const struct test_pager *p, uint32_t number, unsigned int flags,
		const struct test_name *names, unsigned int nr);
/* Of names that are to go, which say no more than their name */
long list_remove(const struct test_pager *p, uint32_t number, const char *name);
/* The whole table */
void list_all(const struct test_pager *p, uint32_t number,
	      const struct test_name *names, unsigned int nr);
/* The next request is LIST of this directory. */
void expect_list(struct test_pager *p, struct test_request *r, uint32_t number);
void list_done(struct test_pager *p, const struct test_request *r);

/*
 * Read at most so many bytes of a listing, and count the names "stays-N" by their
 * numbers; the bytes that came.
 */
long list_stays(int dir, size_t bytes, unsigned int *seen);

/* For actors: path below the root; the result of lstat(2), into shared memory */
long do_lstat(const uint64_t *arg);
/* The same: how many names, but for "." and "..", does a listing show? */
long do_names(const uint64_t *arg);

#endif /* MACHVM_TESTS_LISTING_H */
