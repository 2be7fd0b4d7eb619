// SPDX-License-Identifier: GPL-2.0-only
/* The pager library is asked for changes in listed directories, and answers. */
#include "lib/fixture.h"

#include <userpager/listed.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define TOP		"listed-ask-library"
#define PLACE		MACH_VM_NODE_DIR "/" TOP
#define DIRECTORY	1000	/* cookie of the one at the top */
#define FIRST		2000	/* those of what clients make, from there on */

static struct fixture *now;
static struct pager *top;
static atomic_int made, verdict, refused, synced, gone;
static atomic_ullong opened;
static struct pager_request *detached;

/* What was asked last */
static struct {
	char name[256];
	char to[256];
	struct pager_name as;
	int calls;
} asked;

static int list(struct pager *directory, struct pager_request *req,
		uint64_t cookie)
{
	const struct pager_listing names[] = {
		{ .size = sizeof(*names), .name = "file", .mode = S_IFREG | 0640,
		  .file_size = PAGES * PAGE, .cookie = 7,
		  .flags = MACH_LIST_RESIZABLE },
		{ .size = sizeof(*names), .name = "sub", .mode = S_IFDIR | 0755,
		  .cookie = DIRECTORY + 1 },
	};

	(void)req;
	return pager_list_begin(directory) ?:
	       pager_list_add(directory, names, cookie == DIRECTORY ? 2 : 0) ?:
	       pager_list_end(directory);
}

static int set_size(struct pager *pager, struct pager_request *req)
{
	(void)pager;
	(void)req;
	return 0;
}

static int open_file(struct pager *file, uint64_t cookie,
		     struct pager_file *what)
{
	(void)file;
	opened = cookie;
	what->ops = &full_ops;
	what->set_size = set_size;
	what->upi = now;
	what->size = cookie < FIRST ? PAGES * PAGE : 0;
	return 0;
}

static void terminate(struct pager *directory)
{
	(void)directory;
	gone++;
}

static int note(const struct pager_name *name)
{
	asked.as = *name;
	snprintf(asked.name, sizeof(asked.name), "%s", name->name);
	snprintf(asked.to, sizeof(asked.to), "%s", name->to);
	asked.calls++;
	return verdict;
}

static int make(struct pager *pager, struct pager_request *req,
		const struct pager_name *name, struct pager **object)
{
	(void)pager;
	(void)object;
	return note(name) ?: pager_name_cookie(req, FIRST + made++);
}

static int make_link(struct pager *pager, struct pager_request *req,
		     const struct pager_name *name)
{
	return make(pager, req, name, NULL);
}

static int make_later(struct pager *pager, struct pager_request *req,
		      const struct pager_name *name, struct pager **object)
{
	(void)pager;
	(void)object;
	note(name);
	pager_detach(req);
	detached = req;
	return 0;
}

/* Nothing is made: there is no cookie to say. */
static int just_note(struct pager *pager, struct pager_request *req,
		     const struct pager_name *name)
{
	(void)pager;
	if (pager_name_cookie(req, 1) != EINVAL)
		return EPROTO;
	return note(name);
}

static int sync_names(struct pager *pager, struct pager_request *req)
{
	(void)req;
	synced += pager == top;
	return verdict;
}

static void not_taken(struct pager *pager, struct pager_request *req,
		      const struct pager_name *name, struct pager *object,
		      int err)
{
	(void)pager;
	(void)req;
	(void)name;
	(void)object;
	refused = err;
}

static const struct pager_name_ops name_ops = {
	.size = sizeof(name_ops),
	.create = make,
	.mkdir = make,
	.symlink = make_link,
	.unlink = just_note,
	.rmdir = just_note,
	.rename = just_note,
	.set_attributes = just_note,
	.sync = sync_names,
	.refused = not_taken,
};

static const struct pager_listed_ops ops = {
	.size = sizeof(ops),
	.list = list,
	.open = open_file,
	.terminate = terminate,
	.names = &name_ops,
};

static void make_top(struct fixture *fixture,
		     const struct pager_listed_ops *listed)
{
	now = fixture;
	fixture->read = read_memory;
	memset(&asked, 0, sizeof(asked));
	made = 0;
	verdict = 0;
	refused = 0;
	synced = 0;
	gone = 0;
	detached = NULL;
	CHECK(!pager_set_listed(fixture->session, listed, fixture));
	CHECK(!pager_create_listed(fixture->session, DIRECTORY, &top));
	CHECK(!pager_publish_listed(top, TOP, getuid(), getgid(), 0755));
}

static int there(const char *path)
{
	struct stat st;

	return lstat(path, &st) < 0 ? errno : 0;
}

/* What clients do */

static int client_create(int unused, long flags)
{
	int fd = open(PLACE "/new", O_CREAT | O_RDWR | flags, 0640);

	(void)unused;
	if (fd < 0)
		return errno;
	/* it grows, and becomes an object that the library has to know */
	return ftruncate(fd, PAGE) < 0 ? errno : 0;
}

static int client_just_create(int unused, long flags)
{
	(void)unused;
	return open(PLACE "/new", O_CREAT | O_RDWR | flags, 0640) < 0 ? errno :
									0;
}

static int client_create_below(int unused, long flags)
{
	(void)unused;
	return open(PLACE "/sub/in", O_CREAT | O_RDWR | flags, 0640) < 0 ?
	       errno : 0;
}

static int client_read_file(int unused, long page)
{
	int fd = open(PLACE "/file", O_RDONLY);

	(void)unused;
	return fd < 0 ? errno : client_read(fd, page);
}

static int client_mkdir(int unused, long mode)
{
	(void)unused;
	return mkdir(PLACE "/dir", mode) < 0 ? errno : 0;
}

static int client_rmdir(int unused, long also)
{
	(void)unused;
	(void)also;
	return rmdir(PLACE "/dir") < 0 ? errno : 0;
}

static int client_symlink(int unused, long also)
{
	(void)unused;
	(void)also;
	return symlink("says this", PLACE "/link") < 0 ? errno : 0;
}

static int client_rename(int unused, long also)
{
	(void)unused;
	(void)also;
	return rename(PLACE "/new", PLACE "/file") < 0 ? errno : 0;
}

static int client_unlink(int unused, long also)
{
	(void)unused;
	(void)also;
	return unlink(PLACE "/file") < 0 ? errno : 0;
}

static int client_chmod(int unused, long mode)
{
	(void)unused;
	return chmod(PLACE "/file", mode) < 0 ? errno : 0;
}

static int client_sync(int unused, long also)
{
	int fd = open(PLACE, O_RDONLY | O_DIRECTORY);

	(void)unused;
	(void)also;
	return fd < 0 || fsync(fd) < 0 ? errno : 0;
}

/* Each operation, one after the other */
static void test_all(struct fixture *fixture)
{
	make_top(fixture, &ops);
	CHECK(!in_client(client_create, -1, O_EXCL));
	CHECK(!strcmp(asked.name, "new") && asked.calls == 1);
	CHECK(opened == FIRST);
	CHECK(!in_client(client_chmod, -1, 0600));
	CHECK(asked.as.cookie == 7 && !asked.as.object);
	CHECK(!in_client(client_read_file, -1, 1));
	CHECK(!in_client(client_chmod, -1, 0640));
	CHECK(asked.as.cookie == 7 && asked.as.object);
	CHECK(pager_get_upi(asked.as.object) == fixture);
	CHECK(!in_client(client_rename, -1, 0));
	CHECK(!strcmp(asked.name, "new") && !strcmp(asked.to, "file"));
	CHECK(asked.as.cookie == FIRST && asked.as.replaced_cookie == 7);
	CHECK(asked.as.directory == top && asked.as.replaced);
	CHECK(asked.as.directory_cookie == DIRECTORY && asked.as.replaces);
	CHECK(AWAIT(fixture->terminated == 1));
	CHECK(!in_client(client_unlink, -1, 0));
	CHECK(asked.as.cookie == FIRST && there(PLACE "/file") == ENOENT);
	CHECK(AWAIT(fixture->terminated == 2));
	CHECK(!in_client(client_symlink, -1, 0));
	CHECK(!strcmp(asked.to, "says this") && !there(PLACE "/link"));
	CHECK(!in_client(client_mkdir, -1, 0711));
	CHECK(asked.as.mode == (S_IFDIR | 0711) && !there(PLACE "/dir"));
	CHECK(!in_client(client_rmdir, -1, 0));
	CHECK(asked.as.cookie == FIRST + 2 && there(PLACE "/dir") == ENOENT);
	CHECK(!in_client(client_create_below, -1, 0));
	CHECK(!strcmp(asked.name, "in") && asked.as.cookie == 0);
	CHECK(!in_client(client_sync, -1, 0) && synced == 1);
	CHECK(!refused);
}

static void test_refused(struct fixture *fixture)
{
	struct pager_listing other = {
		.size = sizeof(other), .name = "new", .mode = S_IFREG | 0600,
		.cookie = 5, .flags = MACH_LIST_RESIZABLE,
	};

	make_top(fixture, &ops);
	verdict = ENOSPC;
	CHECK(in_client(client_just_create, -1, 0) == ENOSPC);
	CHECK(in_client(client_mkdir, -1, 0700) == ENOSPC);
	CHECK(in_client(client_symlink, -1, 0) == ENOSPC);
	CHECK(in_client(client_sync, -1, 0) == ENOSPC && synced == 1);
	CHECK(there(PLACE "/new") == ENOENT && !refused);
	verdict = 0;
	CHECK(!pager_list_change(top, &other, 1));
	CHECK(in_client(client_just_create, -1, O_EXCL) == EEXIST);
	CHECK(!in_client(client_just_create, -1, 0));
}

static int begin_create(pid_t *pid)
{
	*pid = fork();
	if (!*pid)
		_exit(client_just_create(-1, 0));
	return AWAIT(detached) ? 0 : ETIMEDOUT;
}

/* By another thread, which hands in another name before */
static void test_detached(struct fixture *fixture)
{
	/* until the session ends */
	static struct pager_name_ops later;
	static struct pager_listed_ops listed;
	struct pager_listing other = {
		.size = sizeof(other), .name = "new", .mode = S_IFREG | 0600,
		.cookie = 5, .flags = MACH_LIST_RESIZABLE,
	};
	int status;
	pid_t pid;

	later = name_ops;
	later.create = make_later;
	listed = ops;
	listed.names = &later;
	make_top(fixture, &listed);
	CHECK(!begin_create(&pid));
	CHECK(pager_name_cookie(detached, 1ULL << 63) == EINVAL);
	CHECK(!pager_name_cookie(detached, FIRST + 9));
	CHECK(!pager_answer_name(detached, NULL, 0));
	CHECK(waitpid(pid, &status, 0) == pid && !status);
	CHECK(!there(PLACE "/new"));
	CHECK(!pager_list_remove(top, "new"));
	detached = NULL;
	CHECK(!begin_create(&pid));
	CHECK(!pager_list_change(top, &other, 1));
	CHECK(!pager_name_cookie(detached, FIRST + 10));
	CHECK(pager_answer_name(detached, NULL, 0) == EEXIST);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == EIO);
	CHECK(!pager_list_remove(top, "new"));
	detached = NULL;
	CHECK(!begin_create(&pid));
	kill(pid, SIGKILL);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(pager_answer_name(detached, NULL, 0) == ESTALE);
	CHECK(there(PLACE "/new") == ENOENT);
}

/* Without the operations nothing is asked; nor is it of programs that know none. */
static void test_no_operations(struct fixture *fixture)
{
	static const struct pager_name_ops small = { .size = 8 };
	static struct pager_listed_ops listed;

	listed = ops;
	listed.names = &small;
	CHECK(pager_set_listed(fixture->session, &listed, NULL) == EINVAL);
	listed.names = &name_ops;
	listed.size = offsetof(struct pager_listed_ops, names);
	make_top(fixture, &listed);
	CHECK(in_client(client_just_create, -1, 0) == EACCES);
	CHECK(in_client(client_mkdir, -1, 0700) == EPERM);
	CHECK(in_client(client_chmod, -1, 0700) == EPERM);
	CHECK(!in_client(client_sync, -1, 0));
	CHECK(!asked.calls && !synced);
}

static const struct test tests[] = {
	{ "all", test_all },
	{ "refused", test_refused },
	{ "detached", test_detached },
	{ "no-operations", test_no_operations },
};

int main(int argc, char **argv)
{
	return run_tests("listed-ask", tests, sizeof(tests) / sizeof(*tests),
			 argc, argv);
}
