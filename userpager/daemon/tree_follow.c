// SPDX-License-Identifier: GPL-2.0-only
/* After a pause, what others have changed in a tree is looked at, name by name. */
#include "tree_priv.h"

#include <fcntl.h>
#include <unistd.h>

int tree_watch_fd(const struct tree *tree)
{
	return tree->poll;
}

/* @fd: of the directory; what we make in the tree has changed its times there. */
static void look_at_name(struct tree *tree, struct tree_name *directory, int fd,
			 const char *name)
{
	const bool others = tree_directory_follow(directory, fd);
	const unsigned long shows = tree->shows;

	tree_look(tree, directory, fd, name);
	if (others || shows != tree->shows)
		tree_dress_times(tree, directory);
}

/* Of a directory that has moved, that is looked at where it is found again. */
static void look_at_note(struct tree *tree, const struct tree_note *note)
{
	struct tree_name *name = tree_name_find(tree, note->directory,
						note->name);
	int fd = tree_open_directory(tree, note->directory, O_PATH);

	if (name)
		name->noted = false;
	if (fd < 0)
		return;
	look_at_name(tree, note->directory, fd, note->name);
	close(fd);
}

/* What has to be looked at later is noted again. */
static void look_at_notes(struct tree *tree)
{
	struct tree_notes notes = STAILQ_HEAD_INITIALIZER(notes);
	struct tree_note *note;

	STAILQ_CONCAT(&notes, &tree->notes);
	tree->nr_notes = 0;
	while ((note = STAILQ_FIRST(&notes))) {
		STAILQ_REMOVE_HEAD(&notes, next);
		look_at_note(tree, note);
		tree_free_note(note);
		tree_give_way(tree);
	}
	tree_settle(tree);
}

void tree_check(struct tree *tree)
{
	tree_enter(tree);
	tree_take_events(tree);
	if (tree->root->undressed)
		tree_dress(tree, tree->root);
	if (tree_pause_is_over(tree)) {
		if (tree->overflow)
			tree_read_all(tree);
		else
			look_at_notes(tree);
		descriptor_cache_trim(&tree->cache, TREE_IDLE_MS);
		tree_set_pause(tree);
	}
	tree_leave(tree);
}

void tree_rescan(struct tree *tree)
{
	tree_enter(tree);
	tree_read_all(tree);
	tree_leave(tree);
}
