/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where published objects are: their paths, the mounts that show them, and users
 * that may do less with them than root.
 */
#ifndef MACHVM_TESTS_PLACE_H
#define MACHVM_TESTS_PLACE_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <linux/mach_vm.h>

/* The path of a published object; good until 8 calls of the thread later. */
const char *node_path(const char *name);
/* Results of stat(2) and open(2) of it; the descriptor is not inherited. */
long node_stat(const char *name, struct stat *st);
long node_open(const char *name, int flags);
/* Is it there? 0 or -errno, of a link for itself. */
long node_there(const char *name);
/* /proc's path of a descriptor; good as long. */
const char *fd_path(int fd);
/* Does a directory list this name? */
bool dir_lists(const char *path, const char *name);

/* A result of open(2), with the descriptor closed: 0 or -errno. */
long opened(long fd);

/*
 * Be a user without privilege, group of the same number and no other; and root
 * again. For all of the test's process.
 */
void become(uid_t uid);
void become_root(void);

/* Have mounts of the test's own, which nobody else sees. */
void own_mounts(void);
/* The files of objects, mounted at @path; the result of mount(2). */
long mount_objects(const char *path);
/* A new directory in /tmp; good until it is called again. */
const char *new_directory(void);

#endif /* MACHVM_TESTS_PLACE_H */
