/* SPDX-License-Identifier: GPL-2.0-only */
/* User namespaces: what users do in one of their own. */
#ifndef MACHVM_TESTS_USERNS_H
#define MACHVM_TESTS_USERNS_H

#include <sys/types.h>

/*
 * Do it in a process of this user, with all capabilities in a new user namespace, as
 * user_begin() and user_end(). @map is what users and groups are there, as in
 * /proc/PID/uid_map; NULL: no number means anybody.
 */
void as_user_apart(uid_t uid, const char *map, void (*deed)(void));

#endif /* MACHVM_TESTS_USERNS_H */
