// SPDX-License-Identifier: GPL-2.0-only
/* After a pause, what others have changed in a tree is looked at, name by name. */
#include "tree_priv.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int tree_watch_fd(const struct tree *tree)
{
	return tree->poll;
}

/* @fd: of the directory; what happens in the tree has changed its times there. */
static void look_at_name(struct tree *tree, struct tree_name *directory, int fd,
			 const char *name)
{
	struct stat st;

	if (!fstat(fd, &st))
		tree_facts_set(&directory->facts, &st);
	tree_look(tree, directory, fd, name);
	tree_dress_times(tree, directory);
}

/* What has to be looked at later is noted again. */
static void look_at_notes(struct tree *tree)
{
	struct tree_notes notes = STAILQ_HEAD_INITIALIZER(notes);
	struct tree_name *directory;
	struct tree_note *note;
	char path[TREE_PATH];
	int fd;

	STAILQ_CONCAT(&notes, &tree->notes);
	tree->nr_notes = 0;
	while ((note = STAILQ_FIRST(&notes))) {
		STAILQ_REMOVE_HEAD(&notes, next);
		directory = tree_watched(tree, note->watch);
		fd = directory && tree_path(directory, path) ?
			tree_open_below(tree, path, O_PATH | O_DIRECTORY) : -1;
		if (fd >= 0) {
			look_at_name(tree, directory, fd, note->name);
			close(fd);
		}
		free(note);
	}
	tree_settle(tree);
}

void tree_check(struct tree *tree)
{
	tree_take_events(tree);
	if (!tree_pause_is_over(tree))
		return;
	if (tree->overflow)
		tree_rescan(tree);
	else
		look_at_notes(tree);
	descriptor_cache_trim(&tree->cache, TREE_IDLE_MS);
	tree_set_pause(tree);
}
