/* SPDX-License-Identifier: GPL-2.0-only */
/* Users without privilege. */
#ifndef MACHVM_TESTS_USER_H
#define MACHVM_TESTS_USER_H

#include <sys/types.h>

/* Run @deed in a process of this user, who may open the device; it has to succeed. */
void as_user(uid_t uid, void (*deed)(void));

#endif /* MACHVM_TESTS_USER_H */
