// SPDX-License-Identifier: GPL-2.0-only
/* Names in the directories of a tree, and their paths. */
#include "tree_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

struct tree_name *tree_name_add(struct tree *tree, struct tree_name *directory,
				const char *name, enum tree_kind kind,
				const struct stat *st)
{
	struct tree_name *new = calloc(1, sizeof(*new));

	if (new)
		new->name = strdup(name);
	if (!new || !new->name) {
		free(new);
		return NULL;
	}
	new->kind = kind;
	new->parent = directory;
	tree_facts_set(&new->facts, st);
	if (kind == TREE_DIRECTORY)
		new->directory.watch = -1;
	LIST_INSERT_HEAD(bucket(tree, directory, name), new, chain);
	if (directory)
		LIST_INSERT_HEAD(&directory->directory.children, new, sibling);
	return new;
}

void tree_name_free(struct tree *tree, struct tree_name *name)
{
	if (name->doomed)
		TAILQ_REMOVE(&tree->doomed, name, doom);
	if (name->kind == TREE_DIRECTORY && name->directory.queued)
		TAILQ_REMOVE(&tree->to_read, name, directory.queue);
	if (name->kind == TREE_LINK)
		free(name->link.target);
	if (name->parent)
		LIST_REMOVE(name, sibling);
	LIST_REMOVE(name, chain);
	free(name->name);
	free(name);
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
	return at;
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
