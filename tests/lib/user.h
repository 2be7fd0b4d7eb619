/* SPDX-License-Identifier: GPL-2.0-only */
/* Users without privilege. */
#ifndef MACHVM_TESTS_USER_H
#define MACHVM_TESTS_USER_H

#include <sys/types.h>

/* This process is another user's from here on. */
void user_become(uid_t uid);
/* Begin @deed in a process of this user, who may open the device. Return: its number */
pid_t user_begin(uid_t uid, void (*deed)(void));
/* Wait for its end; it has to succeed. */
void user_end(pid_t pid);
/* Both */
void as_user(uid_t uid, void (*deed)(void));

#define GREEDY		12341
#define OTHER		12342

/* GREEDY takes: when this returns he has what he gets, and holds it. */
pid_t greedy_begin(void (*take)(void));
/* At the end of what he takes: he keeps it while others try. */
void hold(void);
void greedy_end(pid_t pid);

#endif /* MACHVM_TESTS_USER_H */
