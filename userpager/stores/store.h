/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Stores: where a pager's data is. One table of operations a kind.
 */
#ifndef _USERPAGER_STORE_H
#define _USERPAGER_STORE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef __printf
#define __printf(at, args)	__attribute__((__format__(__printf__, at, args)))
#endif

/**
 * struct store_options - How to open a store.
 * @path: file, or NULL for stores that have none
 * @size: bytes to serve; 0 for all that there is
 * @read_only: nothing will be written
 * @resizable: it may be cut and extended
 * @direct: go around the page cache (O_DIRECT)
 */
struct store_options {
	const char *path;
	uint64_t size;
	bool read_only;
	bool resizable;
	bool direct;
};

/** enum store_extent_kind - Where a range's data is. */
enum store_extent_kind {
	STORE_MEMORY,		/* ask read() or write() */
	STORE_FILE,		/* in a file, at an offset */
	STORE_ZERO,		/* nowhere: it is zeros */
};

/**
 * struct store_extent - What store_class::map answers.
 * @kind: what the rest means
 * @fd: STORE_FILE: the file, which the store owns
 * @file_offset: STORE_FILE: where the range begins in it
 * @length: bytes for which this is so, not more than asked for
 */
struct store_extent {
	enum store_extent_kind kind;
	int fd;
	uint64_t file_offset;
	uint64_t length;
};

struct store;

/**
 * struct store_class - A kind of store.
 * @name: for --store
 * @help: one line
 * @needs_path: cannot be opened without a path
 * @open: prepare @store, set its size; 0 or errno, with a message in
 *	store->problem
 * @map: where the data of a range is, for reading or @write; 0 or errno
 * @read: fill @buf; bytes, less than @length only where the data ends, or a
 *	negative errno
 * @write: save @buf; 0 or errno
 * @sync: make what was written durable; 0 or errno; may be NULL
 * @resize: cut or extend it to @size, what is new being zeros; 0 or errno; NULL if
 *	its size is fixed
 * @allocate: see to it that writes to the range find room, also beyond the end;
 *	0 or errno; may be NULL
 * @watch_fd: descriptor to poll for changes that concern the store, or -1;
 *	may be NULL
 * @check: to be called when @watch_fd is readable; may be NULL
 * @close: free what @open made; also after a failed @open
 *
 * All but @open and @close are called from several threads at once, @resize from one
 * at a time. @read and @write get a page-aligned @buf and @offset; @read gives zeros
 * for what @resize has cut since it was asked for.
 */
struct store_class {
	const char *name;
	const char *help;
	bool needs_path;
	int (*open)(struct store *store, const struct store_options *options);
	int (*map)(struct store *store, uint64_t offset, uint64_t length,
		   bool write, struct store_extent *extent);
	long (*read)(struct store *store, void *buf, uint64_t offset,
		     uint64_t length);
	int (*write)(struct store *store, const void *buf, uint64_t offset,
		     uint64_t length);
	int (*sync)(struct store *store);
	int (*resize)(struct store *store, uint64_t size);
	int (*allocate)(struct store *store, uint64_t offset, uint64_t length);
	int (*watch_fd)(const struct store *store);
	void (*check)(struct store *store);
	void (*close)(struct store *store);
};

/**
 * struct store - An open store.
 * @class: what kind it is
 * @size: bytes served
 * @read_only: it cannot be written, or was opened so
 * @resizable: @size may change
 * @complain: called (from any thread) with what went wrong and how to help it;
 *	set by store_open()
 * @problem: why @open failed
 * @private: the class's own
 */
struct store {
	_Atomic uint64_t size;
	const struct store_class *class;
	bool read_only;
	bool resizable;
	void (*complain)(const char *format, va_list args);
	char problem[512];
	void *private;
};

extern const struct store_class store_file_class;
extern const struct store_class store_zero_class;
extern const struct store_class store_pattern_class;

/* All kinds; ends with NULL. */
extern const struct store_class *const store_classes[];

/**
 * store_find_class - A kind by name.
 * @name: its name
 *
 * Return: the class or NULL.
 */
const struct store_class *store_find_class(const char *name);

/**
 * store_open - Open a store.
 * @store: to be filled in; store->problem says what is wrong if it fails
 * @class: its kind
 * @options: how
 * @complain: for trouble later on
 *
 * Return: 0 or an errno; then there is nothing to close.
 */
int store_open(struct store *store, const struct store_class *class,
	       const struct store_options *options,
	       void (*complain)(const char *format, va_list args));

/**
 * store_close - Close it.
 * @store: an open store
 */
void store_close(struct store *store);

/* For store classes: fill store->problem, return @err. */
__printf(3, 4)
int store_fail(struct store *store, int err, const char *format, ...);

/* For store classes: report trouble while serving. */
__printf(2, 3)
void store_complain(struct store *store, const char *format, ...);

#endif /* _USERPAGER_STORE_H */
