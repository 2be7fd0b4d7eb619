// SPDX-License-Identifier: GPL-2.0-only
/* Modes, owners and times that clients change in a tree. */
#include "tree_asked.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* What the command line says holds for all. */
static bool is_fixed(const struct config *config, uint32_t valid)
{
	return (valid & MACH_ATTRIBUTE_MODE && config->mode) ||
	       (valid & MACH_ATTRIBUTE_UID && config->owner_given) ||
	       (valid & MACH_ATTRIBUTE_GID && config->group_given);
}

static struct tree_wish change_of(const struct pager_name *want)
{
	static const struct timespec omit = { .tv_nsec = UTIME_OMIT };
	const uint32_t valid = want->valid;

	return (struct tree_wish){
		.mode = valid & MACH_ATTRIBUTE_MODE ? want->mode : (mode_t)-1,
		.uid = valid & MACH_ATTRIBUTE_UID ? want->uid : (uid_t)-1,
		.gid = valid & MACH_ATTRIBUTE_GID ? want->gid : (gid_t)-1,
		.times[0] = valid & MACH_ATTRIBUTE_ATIME ? want->atime : omit,
		.times[1] = valid & MACH_ATTRIBUTE_MTIME ? want->mtime : omit,
	};
}

/* As it is now, and known to be our own doing */
static int change(struct tree_name *name, int fd, const struct tree_wish *wish)
{
	struct tree_file *file = name->kind == TREE_FILE ? name->file.file :
							   NULL;
	struct stat st;
	int err;

	if (file && wish->mode != (mode_t)-1)
		tree_keep_if_closed(file, wish->mode);
	if (file)
		pthread_mutex_lock(&file->lock);
	err = tree_store_change(fd, wish);
	if (!fstat(fd, &st)) {
		tree_facts_set(&name->facts, &st);
		if (file && !err)
			file->modified = st.st_mtim;
	}
	if (file)
		pthread_mutex_unlock(&file->lock);
	return err;
}

static int set_attributes_of(struct asked *asked, struct tree_name *name,
			     int fd, const struct pager_name *want)
{
	const struct tree_wish wish = change_of(want);
	struct stat st;
	int err;

	if (is_fixed(asked->tree->config, want->valid))
		return EPERM;
	if (fstat(fd, &st) < 0 || !tree_facts_are(&name->facts, &st))
		return ENOENT;
	err = change(name, fd, &wish);
	if (err)
		return err;
	tree_name_get(name);
	pager_detach(asked->req);
	if (!pager_answer_name(asked->req, NULL, 0)) {
		tree_check_dress(asked, name, &wish);
	} else {
		name->undressed = true;
		if (name->parent)
			tree_note(asked->tree, name->parent, name->name, false);
	}
	tree_name_put(name);
	return 0;
}

/* A link that stands for a file's further name has nothing of its own but its times. */
static int set_attributes_in(struct asked *asked, const struct pager_name *want)
{
	struct tree_name *name = tree_name_find(asked->tree, asked->directory,
						want->name);
	const uint32_t times = MACH_ATTRIBUTE_ATIME | MACH_ATTRIBUTE_MTIME;
	int fd, err;

	if (!name) {
		tree_note(asked->tree, asked->directory, want->name, false);
		return ENOENT;
	}
	if (name->kind == TREE_FILE && name->file.file->name != name) {
		if (want->valid & ~times)
			return EPERM;
		pager_detach(asked->req);
		pager_answer_name(asked->req, NULL, 0);
		return 0;
	}
	fd = openat(asked->fd, want->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno;
	err = set_attributes_of(asked, name, fd, want);
	close(fd);
	return err;
}

static int set_attributes(struct asked *asked, const struct pager_name *want)
{
	if (*want->name)
		return set_attributes_in(asked, want);
	return set_attributes_of(asked, asked->directory, asked->fd, want);
}

int tree_ask_attributes(struct pager *pager, struct pager_request *req,
			const struct pager_name *want)
{
	return tree_asked_do(pager, req, want, set_attributes);
}
