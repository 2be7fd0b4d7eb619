/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * machbench - what a measurement is made of.
 *
 * A *row* is one case (what is touched, in which order, from where) tried on
 * one subject (who pages it in) with one cluster size. A *run* is the state of
 * a row while it is measured.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_PAGE		4096UL
#define BENCH_PAGE_WORDS	(BENCH_PAGE / sizeof(uint64_t))
#define BENCH_REPEATS_MAX	64

enum bench_kind {
	BENCH_READ,		/* nothing is resident: fault it in, reading */
	BENCH_WRITE,		/* the same, writing, until the store has it */
	BENCH_AGAIN,		/* all is resident: map and touch it again */
};

enum bench_order {
	BENCH_SEQUENTIAL,	/* every page, upwards */
	BENCH_RANDOM,		/* every page once, shuffled */
	BENCH_SPARSE,		/* one page of sixteen, shuffled */
};

/**
 * struct bench_case - What is touched.
 * @name: as on the command line and in the results
 * @kind: read, write or touch again
 * @order: which pages and in which order
 * @disk: the store is cold too: page cache dropped, pagers use O_DIRECT
 */
struct bench_case {
	const char *name;
	enum bench_kind kind;
	enum bench_order order;
	bool disk;
};

/**
 * struct bench_store - The file all subjects page from.
 * @path: where it is
 * @fd: open for reading and writing, through the page cache
 * @size: bytes, a multiple of the page size
 * @generation: what the latest dirty-seq run wrote, part of word 1 of each page
 */
struct bench_store {
	const char *path;
	int fd;
	size_t size;
	uint64_t generation;
};

/**
 * struct bench_options - The command line.
 * @file: path of the store
 * @bc: only this case, or NULL
 * @subject: only this subject, or NULL
 * @cluster: pages in a cluster of a single experiment; 0 is 64 pages
 * @size: bytes of the store
 * @repeat: timed repeats of each row
 * @ioctl: machvm's pager receives by ioctl, not by ring
 * @copy: machvm's pager reads into a buffer instead of naming its file
 * @queues: queues (and threads) of machvm's pager, 0 for its default
 * @raw: machvm's pager does without libuserpager
 * @icount: the clock counts instructions
 * @quick: a small table
 * @settle: wait for an idle machine first
 * @budget: seconds after which few repeats must do
 * @timeout: seconds a row may take
 * @csv: file to append results to, or NULL
 * @maps: file to copy the memory map to, or NULL
 */
struct bench_options {
	const char *file;
	const struct bench_case *bc;
	const struct bench_subject *subject;
	size_t cluster;
	size_t size;
	unsigned int repeat;
	bool ioctl;
	bool copy;
	unsigned int queues;
	bool raw;
	bool icount;
	bool quick;
	bool settle;
	unsigned int budget;
	unsigned int timeout;
	const char *csv;
	const char *maps;
};

/**
 * struct bench_run - A row while it is measured.
 * @options: the command line
 * @bc: the case
 * @subject: the subject
 * @store: the file
 * @cluster: bytes the subject asks for at a time; 0 leaves it to the kernel
 * @order: pages to touch, one after the other
 * @count: how many these are
 * @base: where the store is mapped, NULL when it is not
 * @private: the subject's own
 */
struct bench_run {
	const struct bench_options *options;
	const struct bench_case *bc;
	const struct bench_subject *subject;
	struct bench_store *store;
	size_t cluster;
	const size_t *order;
	size_t count;
	char *base;
	void *private;
};

/**
 * struct bench_subject - Who pages.
 * @name: as on the command line and in the results
 * @open: get ready for @run->bc; 0, or -1 with the reason printed
 * @cool: make every page absent; nothing is mapped
 * @map: set @run->base
 * @unmap: undo @map; what is resident stays so
 * @touch: the timed part: touch @run->order; the number of wrong pages
 * @sync: return when the store has what was written (BENCH_WRITE)
 * @page: a page's contents, for the thorough check
 * @close: undo @open
 *
 * Functions returning int give 0, or -1 with the reason printed.
 */
struct bench_subject {
	const char *name;
	int (*open)(struct bench_run *run);
	int (*cool)(struct bench_run *run);
	int (*map)(struct bench_run *run);
	void (*unmap)(struct bench_run *run);
	size_t (*touch)(struct bench_run *run);
	int (*sync)(struct bench_run *run);
	const void *(*page)(struct bench_run *run, size_t index);
	void (*close)(struct bench_run *run);
};

extern const struct bench_subject bench_machvm;
extern const struct bench_subject bench_uffd;
extern const struct bench_subject bench_mmap;
extern const struct bench_subject bench_pread;

/**
 * struct bench_row - A line of the plan, and its result.
 * @bc: the case
 * @subject: the subject
 * @cluster: pages, 0 when the kernel chooses
 * @value: median of the repeats, instructions or microseconds a page
 * @low: smallest of the repeats
 * @high: largest of the repeats
 */
struct bench_row {
	const struct bench_case *bc;
	const struct bench_subject *subject;
	size_t cluster;
	double value;
	double low;
	double high;
};

/* cases.c */
const struct bench_case *bench_case_find(const char *name);
const struct bench_subject *bench_subject_find(const char *name);
size_t bench_plan(struct bench_row *rows, size_t max,
		  const struct bench_options *options);

/* measure.c */
int bench_measure(struct bench_row *row, const struct bench_options *options,
		  struct bench_store *store);

/* options.c */
void bench_options_parse(struct bench_options *options, int argc, char **argv);

/**
 * bench_store_word() - What the store holds.
 * @store: the store
 * @page: index of the page
 * @word: index of the word in it; word 1 is the one that dirty-seq writes
 *
 * Cheap and inline, for it is part of what is timed.
 *
 * Return: the word
 */
static inline uint64_t bench_store_word(const struct bench_store *store,
					size_t page, size_t word)
{
	uint64_t value;

	value = (page * BENCH_PAGE_WORDS + word + 1) * 0x9e3779b97f4a7c15ULL;
	value ^= value >> 29;
	return word == 1 ? value + store->generation : value;
}

/* store.c */
int bench_store_open(struct bench_store *store, const char *path, size_t size);
int bench_store_warm(const struct bench_store *store);
int bench_store_drop(const struct bench_store *store);
int bench_store_check(const struct bench_store *store, const void *page,
		      size_t index);
int bench_store_verify(const struct bench_store *store);
void bench_store_close(struct bench_store *store);

/* touch.c */
size_t bench_touch(struct bench_run *run);
const void *bench_mapped_page(struct bench_run *run, size_t index);
int bench_map_fd(struct bench_run *run, int fd);
void bench_unmap(struct bench_run *run);

/* settle.c */
void bench_settle(void);

/* report.c */
void bench_report_row(const struct bench_row *row,
		      const struct bench_options *options);
void bench_report_table(const struct bench_row *rows, size_t nr,
			const struct bench_options *options);
int bench_report_csv(const struct bench_row *rows, size_t nr,
		     const struct bench_options *options);

/* say.c */
void bench_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
int bench_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* BENCH_H */
