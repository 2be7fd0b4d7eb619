// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a tree has in /dev/machobj: objects, links and directories.
 *
 * Paths may change while something is made there. Then it is not where it should be,
 * and is taken away again.
 */
#include "log.h"
#include "tree_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Somebody renames there all the time */
#define OPEN_TRIES	16

/* More than once only if clients change the names of the file meanwhile */
#define SHOW_TRIES	64

/* What clients change meanwhile is not lost: who changes names has their lock. */
int tree_open_shown(struct tree *tree, const struct tree_name *name, int flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC | O_NOFOLLOW,
		/* or it would wait for who has the directory */
		.resolve = RESOLVE_CACHED | RESOLVE_NO_SYMLINKS |
			   RESOLVE_NO_XDEV,
	};
	char path[TREE_PATH];
	int tries, fd = -1;

	if (!name->shown || tree->objects < 0 ||
	    !tree_object_path(tree, name, path))
		return -ENOENT;
	for (tries = 0; tries < OPEN_TRIES; tries++) {
		fd = syscall(SYS_openat2, tree->objects, path, &how,
			     sizeof(how));
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return fd < 0 ? -errno : fd;
}

static void times_of(const struct tree_facts *facts, struct timespec times[2])
{
	times[0] = facts->accessed;
	times[1] = facts->modified;
}

static bool same_facts(const struct tree_facts *a, const struct tree_facts *b)
{
	return a->mode == b->mode && a->uid == b->uid && a->gid == b->gid &&
	       tree_time_equal(&a->accessed, &b->accessed) &&
	       tree_time_equal(&a->modified, &b->modified);
}

/* Of what @fd is a descriptor, made by O_PATH */
static void set_rights(struct tree *tree, int fd,
		       const struct tree_facts *facts)
{
	char self[64];

	/* an owner who changes nothing but the group may do so */
	fchownat(fd, "", tree->may_chown ? tree_owner(tree, facts) : (uid_t)-1,
		 tree_group(tree, facts), AT_EMPTY_PATH);
	if (S_ISLNK(facts->mode))
		return;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	chmod(self, tree_mode(tree, facts));
}

static void set_times(int fd, const struct tree_facts *facts)
{
	struct timespec times[2];

	times_of(facts, times);
	utimensat(fd, "", times, AT_EMPTY_PATH);
}

/* Where machobj is not mounted it does not work, and nobody sees it. */
static void dress(struct tree *tree, struct tree_name *name, bool rights)
{
	struct tree_facts facts;
	int fd;

	do {
		facts = name->facts;
		name->undressed = false;
		fd = tree_open_shown(tree, name, O_PATH);
		if (fd < 0)
			break;
		tree_leave(tree);
		if (rights)
			set_rights(tree, fd, &facts);
		set_times(fd, &facts);
		close(fd);
		tree_enter(tree);
	} while (!name->gone && !same_facts(&facts, &name->facts));
	if (fd != -EAGAIN)
		return;
	name->undressed = true;
	if (name->parent)
		tree_note(tree, name->parent, name->name, false);
}

void tree_dress_times(struct tree *tree, struct tree_name *name)
{
	dress(tree, name, name->undressed);
}

void tree_dress(struct tree *tree, struct tree_name *name)
{
	dress(tree, name, true);
}

/* Its directory goes at once if it is empty, or with the last name in it. */
static void end_directory(struct tree_name *name)
{
	struct pager *pager = name->directory.pager;

	name->directory.pager = NULL;
	pager_shutdown(pager, PAGER_NO_WAIT);
}

int tree_make_asking(struct tree *tree, struct tree_name *name)
{
	int err;

	name->directory.tree = tree;
	err = pager_create_directory(tree->session, tree->asks, name,
				     &name->directory.pager);
	if (!err)
		tree_name_get(name);
	return err;
}

static int publish_directory(struct tree *tree, struct pager *pager,
			     const char *path, const struct tree_facts *facts,
			     mode_t mode)
{
	uid_t owner = tree_owner(tree, facts);
	gid_t group = tree_group(tree, facts);

	if (!pager)
		return pager_mkdir(tree->session, path, owner, group, mode);
	return pager_publish_directory(pager, path, owner, group, mode);
}

static int make_directory(struct tree *tree, struct tree_name *name,
			  const char *path)
{
	const struct tree_facts facts = name->facts;
	mode_t mode = tree_mode(tree, &facts);
	int err = 0;

	if (tree->asks)
		err = tree_make_asking(tree, name);
	if (err)
		return err;
	tree_leave(tree);
	err = publish_directory(tree, name->directory.pager, path, &facts,
				mode ? mode : 0700);
	tree_enter(tree);
	/* 0 asks for the usual one */
	name->undressed = !mode;
	if (err && name->directory.pager)
		end_directory(name);
	return err;
}

static int make_link(struct tree *tree, struct tree_name *name,
		     const char *path, const char *target)
{
	const struct tree_facts facts = name->facts;
	int err;

	name->misled = false;
	tree_leave(tree);
	err = pager_symlink(tree->session, path, target,
			    tree_owner(tree, &facts), tree_group(tree, &facts));
	tree_enter(tree);
	return err;
}

int tree_make_object(struct tree_file *file)
{
	struct tree *tree = file->tree;
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
	tree_file_get(file);
	pthread_mutex_lock(&tree->lock);
	file->pager = pager;
	pthread_mutex_unlock(&tree->lock);
	return 0;
}

static int publish(struct tree *tree, struct pager *pager,
		   const struct tree_facts *facts, const char *path)
{
	return pager_publish(pager, path, tree_owner(tree, facts),
			     tree_group(tree, facts), tree_mode(tree, facts));
}

/* An object that has lost its name. ENODEV: it has just ended, or there is none. */
static int publish_again(struct tree *tree, struct tree_file *file,
			 const struct tree_facts *facts, const char *path)
{
	struct pager *pager = tree_file_use(file);
	int err;

	if (!pager)
		return ENODEV;
	tree_leave(tree);
	err = publish(tree, pager, facts, path);
	/* who waits for the object's end may have the names */
	tree_file_unuse(file);
	tree_enter(tree);
	return err;
}

/* While we still have a descriptor of it */
static void dress_object(struct tree *tree, struct pager *pager,
			 const struct tree_facts *facts)
{
	struct timespec times[2];
	int fd;

	if (pager_get_fd(pager, &fd))
		return;
	/* 0 asks for the usual mode */
	if (!tree_mode(tree, facts))
		fchmod(fd, 0);
	times_of(facts, times);
	futimens(fd, times);
}

/* The object has a descriptor only until it has a name. */
static int publish_new(struct tree *tree, struct tree_file *file,
		       const struct tree_facts *facts, const char *path)
{
	struct pager *pager;
	int err = tree_make_object(file);

	if (err)
		return err;
	pager = file->pager;
	tree_leave(tree);
	err = publish(tree, pager, facts, path);
	if (!err)
		dress_object(tree, pager, facts);
	tree_enter(tree);
	if (err)
		pager_shutdown(pager, PAGER_NO_WAIT);
	else
		pager_drop_fd(pager);
	return err;
}

/* It has the name before, so that it can be opened. */
static int make_file(struct tree *tree, struct tree_name *name,
		     struct tree_file *file, const char *path)
{
	const struct tree_facts facts = name->facts;
	int err;

	tree_file_set_name(file, name);
	err = publish_again(tree, file, &facts, path);
	if (err == ENODEV) {
		pthread_mutex_lock(&tree->lock);
		file->pager = NULL;
		pthread_mutex_unlock(&tree->lock);
		err = publish_new(tree, file, &facts, path);
	}
	if (err && file->name == name)
		tree_file_set_name(file, NULL);
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
	struct tree_file *file;

	switch (name->kind) {
	case TREE_DIRECTORY:
		return make_directory(tree, name, path);
	case TREE_LINK:
		return make_link(tree, name, path, name->link.target);
	default:
		file = name->file.file;
		return file->name ? make_other(tree, name, path) :
				    make_file(tree, name, file, path);
	}
}

/* A link; a directory that clients have made there in its place stays. */
static void remove_by_path(struct tree *tree, const char *path)
{
	if (!tree->asks || tree->objects < 0)
		pager_remove(tree->session, path);
	else
		unlinkat(tree->objects, path, 0);
}

static bool is_link(const struct tree_name *name)
{
	return name->kind == TREE_LINK ||
	       (name->kind == TREE_FILE && name->file.file->name != name);
}

/* What clients have made there meanwhile may be what was removed: show it again. */
static void doubt(struct tree *tree, struct tree_name *name)
{
	if (!name || !name->shown || !is_link(name))
		return;
	name->misled = true;
	tree_note(tree, name->parent, name->name, false);
}

/* The same with what has a path in /dev/machobj now */
static void doubt_path(struct tree *tree, const char *path)
{
	char copy[TREE_PATH], *rest = copy, *entry;
	struct tree_name *name = tree->root;

	strcpy(copy, path + strlen(tree->config->name));
	strsep(&rest, "/");
	while (name && (entry = strsep(&rest, "/")))
		name = tree_name_find(tree, name, entry);
	doubt(tree, name);
}

/* By the path that it had */
static void remove_at(struct tree *tree, struct tree_name *parent,
		      const char *path, const char *entry)
{
	int fd = tree_open_shown(tree, parent, O_PATH | O_DIRECTORY);

	tree_name_get(parent);
	tree_leave(tree);
	/* of that very directory, if it can be had */
	if (fd < 0 || unlinkat(fd, entry, 0) < 0)
		remove_by_path(tree, path);
	if (fd >= 0)
		close(fd);
	tree_enter(tree);
	if (!parent->gone)
		doubt(tree, tree_name_find(tree, parent, entry));
	tree_name_put(parent);
}

/* It may have been moved on meanwhile. */
static void remove_link(struct tree *tree, struct tree_name *name)
{
	struct tree_name *parent = name->parent;
	char path[TREE_PATH], entry[MACH_NAME_MAX + 1];
	unsigned long moves = tree->moves;

	if (!tree_object_path(tree, name, path))
		return;
	strcpy(entry, name->name);
	name->shown = false;
	remove_at(tree, parent, path, entry);
	name->shown = !name->gone &&
		      (moves != tree->moves || name->parent != parent ||
		       strcmp(name->name, entry));
}

static void unpublish(struct tree *tree, struct tree_file *file)
{
	pthread_mutex_lock(&tree->lock);
	if (file->pager)
		pager_unpublish(file->pager);
	pthread_mutex_unlock(&tree->lock);
}

/* It is not where it should be, or should not be any more. */
static void take_back(struct tree *tree, struct tree_name *name,
		      struct tree_file *file, const char *path)
{
	if (name->kind == TREE_DIRECTORY) {
		if (name->directory.pager)
			end_directory(name);
	} else if (file && (name->gone || file->name == name)) {
		unpublish(tree, file);
	} else {
		tree_leave(tree);
		remove_by_path(tree, path);
		tree_enter(tree);
		doubt_path(tree, path);
	}
}

static int try_to_show(struct tree *tree, struct tree_name *name)
{
	struct tree_file *file = name->kind == TREE_FILE ? name->file.file :
							   NULL;
	unsigned long moves = tree->moves;
	char path[TREE_PATH];
	int err;

	if (!tree_object_path(tree, name, path))
		return ENAMETOOLONG;
	if (file)
		tree_file_get(file);
	err = make(tree, name, path);
	if (name->gone || moves != tree->moves) {
		if (!err)
			take_back(tree, name, file, path);
		err = EAGAIN;
	}
	name->shown = !err;
	if (file)
		tree_file_put(file);
	tree->shows++;
	return err;
}

int tree_show(struct tree *tree, struct tree_name *name)
{
	char said[TREE_SHOWN];
	int err = try_to_show(tree, name);

	if (!err && (name->kind != TREE_FILE || name->undressed))
		dress(tree, name, name->undressed);
	if (!err || err == EAGAIN)
		return err;
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

/* Its owner may have removed it meanwhile. */
void tree_hide(struct tree *tree, struct tree_name *name)
{
	if (!name->shown || !tree->session)
		return;
	tree->shows++;
	name->shown = false;
	if (name->kind == TREE_FILE && name->file.file->name == name)
		unpublish(tree, name->file.file);
	else if (name->kind == TREE_DIRECTORY && name->directory.pager)
		end_directory(name);
	else
		remove_link(tree, name);
}

/* One of a file's names that is not shown as it should be, or NULL */
static struct tree_name *unsettled(const struct tree_file *file)
{
	struct tree_name *name;

	if (!file->name)
		return LIST_FIRST(&file->names);
	LIST_FOREACH(name, &file->names, file.other) {
		if (name != file->name && name->misled)
			return name;
	}
	return NULL;
}

/* One step on the way; EAGAIN: another one */
static int settle_name(struct tree *tree, struct tree_name *name)
{
	int err;

	if (name->shown) {
		tree_hide(tree, name);
		return EAGAIN;
	}
	name->misled = false;
	err = tree_show(tree, name);
	return err ?: EAGAIN;
}

int tree_show_file(struct tree *tree, struct tree_file *file)
{
	struct tree_name *name;
	int tries, err = EAGAIN;

	for (tries = 0; tries < SHOW_TRIES && err == EAGAIN; tries++) {
		name = tree->session ? unsettled(file) : NULL;
		if (!name)
			return 0;
		tree_name_get(name);
		err = settle_name(tree, name);
		tree_name_put(name);
	}
	name = unsettled(file);
	if (err == EAGAIN && name)
		tree_note(tree, name->parent, name->name, false);
	return err;
}

/* A link that was shown as another, or may not be shown */
static int settle_link(struct tree *tree, struct tree_name *name)
{
	if (name->misled)
		tree_hide(tree, name);
	if (name->gone || name->shown)
		return name->gone || name->misled ? EAGAIN : 0;
	return tree_show(tree, name);
}

int tree_show_again(struct tree *tree, struct tree_name *name)
{
	if (name->kind == TREE_FILE)
		return tree_show_file(tree, name->file.file);
	if (name->kind == TREE_LINK)
		return settle_link(tree, name);
	return name->shown ? 0 : tree_show(tree, name);
}
