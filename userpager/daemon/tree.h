/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * machpagerd - a directory and all below it, served as a tree of objects.
 *
 * All functions are for the main thread, but not under any lock.
 */
#ifndef MACHPAGERD_TREE_H
#define MACHPAGERD_TREE_H

#include "config.h"

/** struct tree - A directory that is served. */
struct tree;

/* The directory of @config, or an exit status and a message. */
enum exit_status tree_open(const struct config *config, struct tree **tree);

/* Read it, and make its objects; @session lives until tree_close(). */
enum exit_status tree_publish(struct tree *tree, struct pager_session *session);

/* To poll, and what to do when it is readable: follow what others change there. */
int tree_watch_fd(const struct tree *tree);
void tree_check(struct tree *tree);

/* Look at all of it anew. */
void tree_rescan(struct tree *tree);

/* Begin to write modified data back. 0 or errno. */
int tree_clean(struct tree *tree);

/* Write all back and make it durable; errors are reported. 0 or errno. */
int tree_finish(struct tree *tree, int timeout_ms);

/* After the session, which has ended its objects; @tree may be NULL. */
void tree_close(struct tree *tree);

#endif /* MACHPAGERD_TREE_H */
