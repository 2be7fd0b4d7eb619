/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * machpagerd - life in the background, and the pid file.
 */
#ifndef MACHPAGERD_BACKGROUND_H
#define MACHPAGERD_BACKGROUND_H

/*
 * Go on in a child. The caller's process stays until background_ready(), or
 * until the child has ended, and exits with the child's status.
 */
void background_enter(void);

/* The child serves: let the parent go, and the terminal. */
void background_ready(void);

/* Hold @path as our pid file. 0 or -1, with a message. */
int pidfile_take(const char *path);
void pidfile_drop(void);

#endif /* MACHPAGERD_BACKGROUND_H */
