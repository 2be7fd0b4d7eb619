// SPDX-License-Identifier: GPL-2.0-only
/* Names in the directories of a tree, their paths, and their lock. */
#include "tree_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* So long who looks at all lets those go first whom clients wait for */
#define WAY_NS		100000

void tree_enter(struct tree *tree)
{
	atomic_fetch_add(&tree->waiting, 1);
	pthread_mutex_lock(&tree->shape);
	atomic_fetch_sub(&tree->waiting, 1);
}

void tree_leave(struct tree *tree)
{
	pthread_mutex_unlock(&tree->shape);
}

void tree_give_way(struct tree *tree)
{
	static const struct timespec pause = { .tv_nsec = WAY_NS };

	if (!atomic_load_explicit(&tree->waiting, memory_order_relaxed))
		return;
	tree_leave(tree);
	nanosleep(&pause, NULL);
	tree_enter(tree);
}

static struct tree_names *bucket(struct tree *tree,
				 const struct tree_name *directory,
				 const char *name)
{
	uint64_t hash = (uintptr_t)directory;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 0x100000001b3ULL;
	return &tree->names[(hash ^ hash >> 29) % TREE_BUCKETS];
}

struct tree_name *tree_name_find(struct tree *tree,
				 const struct tree_name *directory,
				 const char *name)
{
	struct tree_name *found;

	LIST_FOREACH(found, bucket(tree, directory, name), chain) {
		if (found->parent == directory && !strcmp(found->name, name))
			return found;
	}
	return NULL;
}

void tree_facts_set(struct tree_facts *facts, const struct stat *st)
{
	*facts = (struct tree_facts){
		.device = st->st_dev,
		.inode = st->st_ino,
		.mode = st->st_mode,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.accessed = st->st_atim,
		.modified = st->st_mtim,
	};
}

bool tree_facts_are(const struct tree_facts *facts, const struct stat *st)
{
	return facts->inode == st->st_ino && facts->device == st->st_dev;
}

struct tree_name *tree_name_new(const char *name, enum tree_kind kind,
				const struct stat *st)
{
	struct tree_name *new = calloc(1, sizeof(*new));

	if (new)
		new->name = strdup(name);
	if (!new || !new->name) {
		free(new);
		return NULL;
	}
	atomic_init(&new->refs, 1);
	new->kind = kind;
	tree_facts_set(&new->facts, st);
	if (kind == TREE_DIRECTORY)
		new->directory.watch = -1;
	return new;
}

/* As workers see it, who have the tree's lock alone */
static void set_place(struct tree *tree, struct tree_name *name,
		      struct tree_name *directory, char *text)
{
	pthread_mutex_lock(&tree->lock);
	name->parent = directory;
	name->name = text;
	pthread_mutex_unlock(&tree->lock);
}

void tree_name_insert(struct tree *tree, struct tree_name *directory,
		      struct tree_name *name)
{
	set_place(tree, name, directory, name->name);
	name->seen = tree->serial;
	LIST_INSERT_HEAD(bucket(tree, directory, name->name), name, chain);
	if (directory)
		LIST_INSERT_HEAD(&directory->directory.children, name, sibling);
}

struct tree_name *tree_name_get(struct tree_name *name)
{
	atomic_fetch_add(&name->refs, 1);
	return name;
}

void tree_name_put(struct tree_name *name)
{
	if (atomic_fetch_sub(&name->refs, 1) != 1)
		return;
	if (name->kind == TREE_LINK)
		free(name->link.target);
	free(name->name);
	free(name);
}

void tree_name_spare(struct tree *tree, struct tree_name *name)
{
	if (!name->doomed)
		return;
	name->doomed = false;
	TAILQ_REMOVE(&tree->doomed, name, doom);
}

void tree_queue(struct tree *tree, struct tree_name *directory)
{
	if (directory->directory.queued)
		return;
	directory->directory.queued = true;
	TAILQ_INSERT_TAIL(&tree->to_read, directory, directory.queue);
}

static void take_out(struct tree_name *name)
{
	if (name->parent)
		LIST_REMOVE(name, sibling);
	LIST_REMOVE(name, chain);
}

void tree_name_drop(struct tree *tree, struct tree_name *name)
{
	tree_name_spare(tree, name);
	if (name->kind == TREE_DIRECTORY && name->directory.queued) {
		TAILQ_REMOVE(&tree->to_read, name, directory.queue);
		name->directory.queued = false;
	}
	take_out(name);
	name->gone = true;
	set_place(tree, name, NULL, name->name);
	tree_name_put(name);
}

/* A note of it is of the name that it had. */
void tree_name_move(struct tree *tree, struct tree_name *name,
		    struct tree_name *directory, char *to)
{
	char *old = name->name;

	tree_name_spare(tree, name);
	take_out(name);
	set_place(tree, name, directory, to);
	free(old);
	name->seen = tree->serial;
	name->noted = false;
	LIST_INSERT_HEAD(bucket(tree, directory, to), name, chain);
	LIST_INSERT_HEAD(&directory->directory.children, name, sibling);
}

/* Up from @name, from the end of @path: where it begins, or NULL. */
static char *write_path(const struct tree_name *name, char *path)
{
	char *at = path + TREE_PATH - 1;
	size_t length;

	*at = '\0';
	for (; name->parent; name = name->parent) {
		length = strlen(name->name);
		if ((size_t)(at - path) < length + 1)
			return NULL;
		at -= length;
		memcpy(at, name->name, length);
		*--at = '/';
	}
	return name->gone ? NULL : at;
}

bool tree_path(const struct tree_name *name, char *path)
{
	char *at = write_path(name, path);

	if (!at)
		return false;
	if (!*at)
		strcpy(path, ".");
	else
		memmove(path, at + 1, path + TREE_PATH - at - 1);
	return true;
}

bool tree_object_path(const struct tree *tree, const struct tree_name *name,
		      char *path)
{
	size_t length = strlen(tree->config->name);
	char *at = write_path(name, path);

	if (!at || (size_t)(at - path) < length)
		return false;
	memmove(path + length, at, path + TREE_PATH - at);
	memcpy(path, tree->config->name, length);
	return true;
}

const char *tree_say(const struct tree *tree, const struct tree_name *name,
		     const char *entry, char *said)
{
	char path[TREE_PATH];

	if (!name->parent)
		*path = '\0';
	else if (!tree_path(name, path))
		strcpy(path, "...");
	snprintf(said, TREE_SHOWN, "%.*s%s%.*s%s%s", TREE_SHOWN / 4, tree->path,
		 *path ? "/" : "", TREE_SHOWN / 2, path, entry ? "/" : "",
		 entry ? entry : "");
	return said;
}
