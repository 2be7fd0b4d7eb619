// SPDX-License-Identifier: GPL-2.0-only
/* What a tree has in /dev/machobj: objects, links and directories. */
#include "log.h"
#include "tree_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void times_of(const struct tree_facts *facts, struct timespec times[2])
{
	times[0] = facts->accessed;
	times[1] = facts->modified;
}

/* Where machobj is not mounted it does not work, and nobody sees it. */
void tree_dress_times(struct tree *tree, struct tree_name *name)
{
	struct timespec times[2];
	char path[TREE_PATH];

	times_of(&name->facts, times);
	if (name->shown && tree_object_path(tree, name, path))
		utimensat(tree->objects, path, times, AT_SYMLINK_NOFOLLOW);
}

void tree_dress(struct tree *tree, struct tree_name *name)
{
	const struct tree_facts *facts = &name->facts;
	char path[TREE_PATH];

	if (!name->shown || !tree_object_path(tree, name, path))
		return;
	/* an owner who changes nothing but the group may do so */
	fchownat(tree->objects, path,
		 tree->may_chown ? tree_owner(tree, facts) : (uid_t)-1,
		 tree_group(tree, facts), AT_SYMLINK_NOFOLLOW);
	if (name->kind != TREE_LINK)
		fchmodat(tree->objects, path, tree_mode(tree, facts), 0);
	tree_dress_times(tree, name);
}

static int make_directory(struct tree *tree, struct tree_name *name,
			  const char *path)
{
	const struct tree_facts *facts = &name->facts;
	mode_t mode = tree_mode(tree, facts);
	int err;

	err = pager_mkdir(tree->session, path, tree_owner(tree, facts),
			  tree_group(tree, facts), mode ? mode : 0700);
	/* 0 asks for the usual one */
	if (!err && !mode)
		fchmodat(tree->objects, path, 0, 0);
	return err;
}

static int make_link(struct tree *tree, struct tree_name *name,
		     const char *path, const char *target)
{
	return pager_symlink(tree->session, path, target,
			     tree_owner(tree, &name->facts),
			     tree_group(tree, &name->facts));
}

static int make_object(struct tree *tree, struct tree_file *file)
{
	struct pager_attributes attributes = {
		.size = file->size,
		.cluster = tree->config->cluster,
		.read_only = !file->writable,
	};
	struct pager *pager;
	int err;

	err = pager_create_resizable(tree->session, &tree_file_ops,
				     file->writable ? tree_set_size : NULL,
				     file, &attributes, &pager);
	if (err)
		return err;
	atomic_fetch_add(&file->refs, 1);
	pthread_mutex_lock(&tree->lock);
	file->pager = pager;
	pthread_mutex_unlock(&tree->lock);
	return 0;
}

static int publish(struct tree *tree, struct tree_name *name, const char *path)
{
	const struct tree_facts *facts = &name->facts;

	return pager_publish(name->file.file->pager, path,
			     tree_owner(tree, facts), tree_group(tree, facts),
			     tree_mode(tree, facts));
}

/* An object that has lost its name. It may just end: then there will be another. */
static bool publish_again(struct tree *tree, struct tree_name *name,
			  const char *path)
{
	struct tree_file *file = name->file.file;
	bool done;

	pthread_mutex_lock(&tree->lock);
	done = file->pager && !publish(tree, name, path);
	if (!done)
		file->pager = NULL;
	pthread_mutex_unlock(&tree->lock);
	return done;
}

/* While we still have a descriptor of it */
static void dress_object(struct tree *tree, struct tree_name *name)
{
	struct timespec times[2];
	int fd;

	if (pager_get_fd(name->file.file->pager, &fd))
		return;
	/* 0 asks for the usual mode */
	if (!tree_mode(tree, &name->facts))
		fchmod(fd, 0);
	times_of(&name->facts, times);
	futimens(fd, times);
}

/* The object has a descriptor only until it has a name. */
static int publish_new(struct tree *tree, struct tree_name *name,
		       const char *path)
{
	struct tree_file *file = name->file.file;
	int err = make_object(tree, file);

	if (err)
		return err;
	err = publish(tree, name, path);
	if (err) {
		pager_shutdown(file->pager, PAGER_NO_WAIT);
		return err;
	}
	dress_object(tree, name);
	pager_drop_fd(file->pager);
	return 0;
}

static int make_file(struct tree *tree, struct tree_name *name,
		     const char *path)
{
	int err = 0;

	if (!publish_again(tree, name, path))
		err = publish_new(tree, name, path);
	if (!err)
		tree_file_set_name(name->file.file, name);
	return err;
}

/* The way from the directory of @name to @to, of the same tree */
static bool relative_path(const struct tree_name *name,
			  const struct tree_name *to, char *path)
{
	char from[TREE_PATH], target[TREE_PATH];
	size_t i, same = 0, used = 0;

	if (!tree_path(name, from) || !tree_path(to, target))
		return false;
	for (i = 0; from[i] && from[i] == target[i]; i++) {
		if (from[i] == '/')
			same = i + 1;
	}
	for (i = same; from[i] && used + 3 < TREE_PATH; i++) {
		if (from[i] == '/') {
			strcpy(path + used, "../");
			used += 3;
		}
	}
	return (size_t)snprintf(path + used, TREE_PATH - used, "%s",
				target + same) < TREE_PATH - used;
}

/* A further name of a file is a link to the one that the object has. */
static int make_other(struct tree *tree, struct tree_name *name,
		      const char *path)
{
	char target[TREE_PATH];

	if (!relative_path(name, name->file.file->name, target))
		return ENAMETOOLONG;
	return make_link(tree, name, path, target);
}

static int make(struct tree *tree, struct tree_name *name, const char *path)
{
	switch (name->kind) {
	case TREE_DIRECTORY:
		return make_directory(tree, name, path);
	case TREE_LINK:
		return make_link(tree, name, path, name->link.target);
	default:
		return name->file.file->name ? make_other(tree, name, path) :
					       make_file(tree, name, path);
	}
}

static int try_to_show(struct tree *tree, struct tree_name *name)
{
	char path[TREE_PATH];
	int err = ENAMETOOLONG;

	if (tree_object_path(tree, name, path))
		err = make(tree, name, path);
	name->shown = !err;
	return err;
}

int tree_show(struct tree *tree, struct tree_name *name)
{
	char said[TREE_SHOWN];
	int err = try_to_show(tree, name);

	if (!err && name->kind == TREE_LINK)
		tree_dress_times(tree, name);
	if (!err)
		return 0;
	tree->left_out++;
	log_limited("%s: is left out, as it cannot be made in %s: %s",
		    tree_say(tree, name, NULL, said), MACH_VM_NODE_DIR,
		    pager_strerror(err));
	return err;
}

int tree_show_root(struct tree *tree)
{
	int err = try_to_show(tree, tree->root);

	if (err == EEXIST)
		log_error("%s/%s is there already: choose another --name, or end its pager",
			  MACH_VM_NODE_DIR, tree->config->name);
	else if (err)
		log_error("%s/%s cannot be made: %s", MACH_VM_NODE_DIR,
			  tree->config->name, pager_strerror(err));
	return err;
}

static void unpublish(struct tree *tree, struct tree_file *file)
{
	pthread_mutex_lock(&tree->lock);
	if (file->pager)
		pager_unpublish(file->pager);
	pthread_mutex_unlock(&tree->lock);
}

/* Its owner may have removed it meanwhile. */
void tree_hide(struct tree *tree, struct tree_name *name)
{
	char path[TREE_PATH];

	if (!name->shown || !tree->session)
		return;
	name->shown = false;
	if (name->kind == TREE_FILE && name->file.file->name == name)
		unpublish(tree, name->file.file);
	else if (tree_object_path(tree, name, path))
		pager_remove(tree->session, path);
}

int tree_show_moved(struct tree *tree, struct tree_name *from,
		    struct tree_name *to)
{
	struct tree_file *file = from->file.file;
	char path[TREE_PATH];
	int err, fd = -1;

	/* without a name and a user it would end */
	if (from->shown && tree_object_path(tree, from, path))
		fd = openat(tree->objects, path, O_RDONLY | O_CLOEXEC |
			    O_NOFOLLOW | O_NONBLOCK);
	tree_hide(tree, from);
	tree_file_set_name(file, NULL);
	err = tree_show(tree, to);
	if (fd >= 0)
		close(fd);
	return err;
}
