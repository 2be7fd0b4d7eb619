// SPDX-License-Identifier: GPL-2.0-only
/* Clients of a tree, and what the kernel does for them when it has the answer. */
#include "tree_fake.h"
#include "property.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void create_done(struct pager_request *req, struct pager *pager)
{
	struct made *made = fake_add(req->path, TREE_FILE);

	if (!pager || pager->published || pager->names)
		fake_broken = "a file without an object of its own";
	made->pager = pager;
	pager->published = true;
}

static void mkdir_done(struct pager_request *req, struct pager *pager)
{
	struct made *made = fake_add(req->path, TREE_DIRECTORY);

	if (!pager || pager->published || !pager->names)
		fake_broken = "a directory without an object of its own";
	made->pager = pager;
	made->kept = true;
	pager->published = true;
}

static void symlink_done(struct pager_request *req, struct pager *pager)
{
	struct made *made = fake_add(req->path, TREE_LINK);

	(void)pager;
	snprintf(made->target, sizeof(made->target), "%s", req->to);
}

static void unlink_done(struct pager_request *req, struct pager *pager)
{
	struct made *made = fake_find(req->path);

	(void)pager;
	if (made->kind == TREE_FILE) {
		fake_lose_name(made);
		return;
	}
	if (made->kind == TREE_DIRECTORY && made->pager)
		fake_end_pager(made->pager);
	fake_take_out(made);
}

static void move_to(struct made *made, const char *from, const char *to)
{
	char rest[512];

	snprintf(rest, sizeof(rest), "%s", made->path + strlen(from));
	if (snprintf(made->path, sizeof(made->path), "%s%s", to, rest) >=
	    (int)sizeof(made->path))
		abort();
}

static void rename_done(struct pager_request *req, struct pager *pager)
{
	struct pager_request replaced = { .done = NULL };
	struct made *made;

	strcpy(replaced.path, req->to);
	if (fake_find(req->to))
		unlink_done(&replaced, pager);
	LIST_FOREACH(made, &fake_all, list) {
		if (!strcmp(made->path, req->path) ||
		    fake_is_below(made->path, req->path))
			move_to(made, req->path, req->to);
	}
}

static void nothing_done(struct pager_request *req, struct pager *pager)
{
	(void)req;
	(void)pager;
}

static const char *last_of(const char *path)
{
	return strrchr(path, '/') + 1;
}

/* What the kernel asks who has made the directory of @path, or NULL */
static struct pager *asked_of(const char *path)
{
	const struct made *made;
	char above[512];

	fake_above_of(path, above);
	made = fake_find(above);
	return made && made->kind == TREE_DIRECTORY ? made->pager : NULL;
}

/* So many bytes are in the directory behind. */
static const char *real_path(const char *path)
{
	return strchr(path, '/') + 1;
}

static void check_result(struct pager_request *req, int err)
{
	if (!req->detached && !err)
		fake_broken = "a success that was not answered";
	if (err == EINTR || err == EAGAIN || err < 0)
		fake_broken = "an errno that the kernel does not take";
}

static void client_makes(struct pager *pager, struct pager_request *req)
{
	struct pager_name want = {
		.name = last_of(req->path),
		.to = "",
		.mode = 0640,
		.uid = geteuid(),
		.gid = getegid(),
	};
	struct pager *made = NULL;

	switch (property_below(3)) {
	case 0:
		req->done = create_done;
		want.flags = property_below(2) ? MACH_NAME_EXCLUSIVE : 0;
		check_result(req, pager->names->create(pager, req, &want,
						       &made));
		break;
	case 1:
		req->done = mkdir_done;
		want.mode = 0750;
		check_result(req, pager->names->mkdir(pager, req, &want, &made));
		break;
	default:
		req->done = symlink_done;
		want.to = req->to;
		check_result(req, pager->names->symlink(pager, req, &want));
	}
}

/* Is what a client has there what the directory has? */
static bool is_in(int real, const struct made *made)
{
	const struct tree_file *file;
	struct stat st;

	if (made->kind != TREE_FILE ||
	    fstatat(real, real_path(made->path), &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	file = made->pager->upi;
	return st.st_ino == file->inode;
}

static void client_removes(struct pager *pager, struct pager_request *req,
			   struct made *made, int real)
{
	struct pager_name want = {
		.name = last_of(req->path),
		.to = "",
		.object = made->pager,
	};

	req->done = unlink_done;
	if (made->kind == TREE_DIRECTORY) {
		if (fake_is_empty(made))
			check_result(req, pager->names->rmdir(pager, req,
							      &want));
		return;
	}
	if (made->kind == TREE_FILE)
		made->pager->sure = is_in(real, made);
	check_result(req, pager->names->unlink(pager, req, &want));
}

static void client_changes(struct pager *pager, struct pager_request *req)
{
	struct pager_name want = {
		.name = last_of(req->path),
		.to = "",
		.valid = MACH_ATTRIBUTE_MODE | MACH_ATTRIBUTE_MTIME,
		.mode = 0700,
		.mtime = { .tv_sec = property_below(1000000) },
	};

	req->done = nothing_done;
	check_result(req, pager->names->set_attributes(pager, req, &want));
}

/* As far as Linux lets it come */
static bool may_rename(const struct made *made, const struct made *to,
		       const struct pager_request *req)
{
	if (fake_is_below(req->to, req->path) || !strcmp(req->to, req->path))
		return false;
	if (!to)
		return true;
	if (to->kind != TREE_DIRECTORY)
		return made->kind != TREE_DIRECTORY;
	return made->kind == TREE_DIRECTORY && fake_is_empty(to);
}

static void client_renames(struct pager *pager, struct pager_request *req,
			   struct made *made, int real)
{
	struct made *to = fake_find(req->to);
	struct pager_name want = {
		.name = last_of(req->path),
		.to = last_of(req->to),
		.directory = asked_of(req->to),
		.object = made->pager,
		.replaced = to ? to->pager : NULL,
		.replaces = to,
		.flags = to ? 0 : property_below(2) * MACH_NAME_NOREPLACE,
	};

	if (!want.directory || !may_rename(made, to, req))
		return;
	req->done = rename_done;
	if (to && to->kind == TREE_FILE)
		to->pager->sure = is_in(real, to);
	check_result(req, pager->names->rename(pager, req, &want));
}

/* A path that is there, most of the time */
static void some_made(char *path, void (*some_path)(char *path))
{
	struct made *made;
	unsigned int n = 0;

	some_path(path);
	if (!property_below(4))
		return;
	LIST_FOREACH(made, &fake_all, list)
		n++;
	n = property_below(n);
	LIST_FOREACH(made, &fake_all, list) {
		if (!n--)
			snprintf(path, 512, "%s", made->path);
	}
}

bool fake_patient;
unsigned int fake_dressed;
static bool working;

int __real_utimensat(int directory, const char *path,
		     const struct timespec times[2], int flags);
int __wrap_utimensat(int directory, const char *path,
		     const struct timespec times[2], int flags);

int __wrap_utimensat(int directory, const char *path,
		     const struct timespec times[2], int flags)
{
	if (!working)
		fake_dressed++;
	return __real_utimensat(directory, path, times, flags);
}

static void client(int real, void (*some_path)(char *path))
{
	struct pager_request req = {
		.killed = !fake_patient && !property_below(8),
	};
	struct pager *pager;
	struct made *made;

	some_made(req.path, some_path);
	some_path(req.to);
	made = fake_find(req.path);
	pager = strchr(req.path, '/') ? asked_of(req.path) : NULL;
	if (!pager)
		return;
	if (!made)
		client_makes(pager, &req);
	else if (!property_below(3))
		client_removes(pager, &req, made, real);
	else if (!property_below(4))
		client_changes(pager, &req);
	else
		client_renames(pager, &req, made, real);
}

void fake_client(int real, void (*some_path)(char *path))
{
	bool before = working;

	working = true;
	client(real, some_path);
	working = before;
}
