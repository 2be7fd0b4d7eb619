/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Directories that ask their pager, which is the test, and clients that change what is
 * in them.
 */
#ifndef MACHVM_TESTS_ASKED_H
#define MACHVM_TESTS_ASKED_H

#include "testpager.h"

/* What a client is told to do; see do_name(). */
enum deed {
	DEED_CREATE,		/* open(2) with O_CREAT, and more flags; closes it */
	DEED_OPEN,		/* the same, and keeps it */
	DEED_MKDIR,
	DEED_SYMLINK,
	DEED_UNLINK,
	DEED_RMDIR,
	DEED_RENAME,		/* with flags */
	DEED_LINK,
	DEED_MKNOD,
	DEED_CHMOD,
	DEED_CHOWN,		/* to mode, of links as well */
	DEED_UTIMES,		/* to so many seconds */
	DEED_STAT,
	DEED_LIST,		/* how many there are */
	DEED_TRUNCATE,
	DEED_BECOME,		/* a user without privilege */
	DEED_UMASK,
};

/* arg: deed, name, new name or target, flags, mode; names below machobj */
long do_name(const uint64_t *arg);

#define NAME_ARGS(deed, name, to, flags, mode)				\
	deed, (uintptr_t)(name), (uintptr_t)(to), flags, mode

/* What was asked */
struct asked {
	struct mach_name_request head;
	char name[MACH_NAME_MAX + 1];
	char to[MACH_PATH_MAX + 1];
};

/* What clients ask of "d", in which are the file "f", the link "l" and the directory "sub" */
enum ask {
	ASK_CREATE,
	ASK_MKDIR,
	ASK_SYMLINK,
	ASK_UNLINK,
	ASK_UNLINK_LINK,
	ASK_RMDIR,
	ASK_RENAME,
	ASK_RENAME_ONTO,
	ASK_CHMOD,
	ASKS
};

/**
 * struct ask_how - How it is asked
 * @sub: its name in a test
 * @deed: of the client
 * @operation: that the pager gets
 * @path: what it is about
 * @to: the new name, or what a link says
 * @told: to the pager, of @to
 * @comes: something new comes by it
 */
struct ask_how {
	const char *sub;
	enum deed deed;
	int operation;
	const char *path;
	const char *to;
	const char *told;
	bool comes;
};

extern const struct ask_how asks[ASKS];

/* The first thread of a client asks the pager of "d", whose object this is, and that gets it. */
void ask_begin(struct actor *a, struct test_pager *p, struct test_request *r,
	       struct asked *asked, uint32_t d, enum ask what);

/* The number of a new object of a directory; -errno. */
long directory_create(const struct test_pager *p, uint64_t cookie);
/* A directory that asks by it, owned by a user with a group of the same number */
long directory_publish(const struct test_pager *p, const char *name,
		       unsigned int mode, unsigned int owner, uint32_t number);
long object_unname(const struct test_pager *p, uint32_t number);
long object_destroy(const struct test_pager *p, uint32_t number);
/* Both; failing to is the test's failure. */
uint32_t directory_make(const struct test_pager *p, const char *name,
			unsigned int mode, uint64_t cookie);

/* The next request, which must be this. */
void asked_next(struct test_pager *p, struct test_request *r,
		struct asked *asked, int operation, uint32_t object,
		const char *name, const char *to);
/*
 * What has happened in a watched directory since, a hexadecimal digit each, in order:
 * 1 created, 2 moved from, 3 moved to, 4 deleted, 5 attributes, 15 another event
 */
unsigned int watched(int watch);
/* The results of answers. */
long asked_done(struct test_pager *p, const struct test_request *r,
		uint64_t made);
long asked_error(struct test_pager *p, const struct test_request *r, int error);

#endif /* MACHVM_TESTS_ASKED_H */
