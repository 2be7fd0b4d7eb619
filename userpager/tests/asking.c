// SPDX-License-Identifier: GPL-2.0-only
/* The pager library is asked for changes in a directory, and answers. */
#include "lib/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#define PLACE	MACH_VM_NODE_DIR "/userpager-asking"

/* What was asked last, in the words of struct pager_name */
static struct {
	char name[256];
	char to[256];
	struct pager_name as;
	int calls;
} asked;

static struct pager *directory, *other;
static struct pager_session *session;
static atomic_int verdict, refused, ended, synced;
static struct pager_request *detached;
static struct pager *made_before;

static const struct pager_name_ops name_ops;

static int note(const struct pager_name *name)
{
	asked.as = *name;
	snprintf(asked.name, sizeof(asked.name), "%s", name->name);
	snprintf(asked.to, sizeof(asked.to), "%s", name->to);
	asked.calls++;
	return verdict;
}

static int make_file_object(struct pager **made)
{
	struct pager_attributes attributes = { .size = PAGE };

	return pager_create(session, &full_ops, pager_get_upi(directory),
			    &attributes, made);
}

static int create(struct pager *pager, struct pager_request *req,
		  const struct pager_name *name, struct pager **made)
{
	int err = note(name);

	(void)req;
	if (pager != directory)
		return EINVAL;
	if (made_before) {
		*made = made_before;
		return err;
	}
	return err ?: make_file_object(made);
}

static int create_later(struct pager *pager, struct pager_request *req,
			const struct pager_name *name, struct pager **made)
{
	(void)pager;
	(void)made;
	note(name);
	pager_detach(req);
	detached = req;
	return 0;
}

static int make_directory(struct pager *pager, struct pager_request *req,
			  const struct pager_name *name, struct pager **made)
{
	int err = note(name);

	(void)req;
	return err ?: pager_create_directory(session, &name_ops,
					     pager_get_upi(pager), made);
}

static int just_note(struct pager *pager, struct pager_request *req,
		     const struct pager_name *name)
{
	(void)pager;
	(void)req;
	return note(name);
}

static int sync_names(struct pager *pager, struct pager_request *req)
{
	(void)req;
	synced += pager == directory;
	return verdict;
}

static void not_taken(struct pager *pager, struct pager_request *req,
		      const struct pager_name *name, struct pager *made, int err)
{
	(void)pager;
	(void)req;
	(void)made;
	if (!strcmp(name->name, asked.name))
		refused = err;
}

static void terminate(struct pager *pager)
{
	(void)pager;
	ended++;
}

static const struct pager_name_ops name_ops = {
	.size = sizeof(name_ops),
	.create = create,
	.mkdir = make_directory,
	.symlink = just_note,
	.unlink = just_note,
	.rmdir = just_note,
	.rename = just_note,
	.set_attributes = just_note,
	.sync = sync_names,
	.refused = not_taken,
	.terminate = terminate,
};

static int begin(struct fixture *fixture, const struct pager_name_ops *ops)
{
	memset(&asked, 0, sizeof(asked));
	verdict = 0;
	refused = 0;
	ended = 0;
	synced = 0;
	detached = NULL;
	made_before = NULL;
	session = fixture->session;
	return pager_create_directory(session, ops, fixture, &directory) ?:
	       pager_publish_directory(directory, "userpager-asking", getuid(),
				       getgid(), 0755) ?:
	       pager_create_directory(session, ops, fixture, &other) ?:
	       pager_publish_directory(other, "userpager-asking/sub", getuid(),
				       getgid(), 0755);
}

static int there(const char *path)
{
	struct stat st;

	return lstat(path, &st) < 0 ? errno : 0;
}

/* What clients do */

static int client_create(int unused, long flags)
{
	int fd = open(PLACE "/file", O_CREAT | O_RDWR | flags, 0640);

	(void)unused;
	return fd < 0 ? errno : 0;
}

static int client_create_and_read(int unused, long page)
{
	int fd = open(PLACE "/file", O_CREAT | O_RDWR, 0640);

	(void)unused;
	return fd < 0 ? errno : client_read(fd, page);
}

static int client_mkdir(int unused, long mode)
{
	(void)unused;
	return mkdir(PLACE "/new", mode) < 0 ? errno : 0;
}

static int client_rmdir(int unused, long also)
{
	(void)unused;
	(void)also;
	return rmdir(PLACE "/new") < 0 ? errno : 0;
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
	return rename(PLACE "/file", PLACE "/sub/moved") < 0 ? errno : 0;
}

static int client_unlink(int unused, long also)
{
	(void)unused;
	(void)also;
	return unlink(PLACE "/sub/moved") < 0 ? errno : 0;
}

static int client_utimes(int unused, long seconds)
{
	const struct timespec times[2] = {
		{ .tv_sec = seconds, .tv_nsec = 999999999 },
		{ .tv_sec = 0, .tv_nsec = UTIME_OMIT },
	};

	(void)unused;
	return utimensat(AT_FDCWD, PLACE "/file", times, 0) < 0 ? errno : 0;
}

static int client_chmod(int unused, long mode)
{
	(void)unused;
	return chmod(PLACE, mode) < 0 ? errno : 0;
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
	CHECK(!begin(fixture, &name_ops));
	umask(0);
	CHECK(!in_client(client_create, -1, O_EXCL));
	CHECK(!strcmp(asked.name, "file") && !*asked.to);
	CHECK(asked.as.mode == (S_IFREG | 0640) && asked.as.uid == getuid());
	CHECK(asked.as.flags == MACH_NAME_EXCLUSIVE && asked.calls == 1);
	CHECK(!in_client(client_create_and_read, -1, 0));
	CHECK(asked.calls == 1);

	CHECK(!in_client(client_utimes, -1, -3));
	CHECK(asked.as.valid == MACH_ATTRIBUTE_ATIME && asked.as.object);
	CHECK(asked.as.atime.tv_sec == -3);
	CHECK(asked.as.atime.tv_nsec == 999999999);
	CHECK(pager_get_upi(asked.as.object) == fixture);
	CHECK(!in_client(client_chmod, -1, 0750));
	CHECK(!*asked.name && asked.as.object == directory);
	CHECK(asked.as.mode == (S_IFDIR | 0750));

	CHECK(!in_client(client_rename, -1, 0));
	CHECK(!strcmp(asked.name, "file") && !strcmp(asked.to, "moved"));
	CHECK(asked.as.directory == other && !asked.as.replaces);
	CHECK(there(PLACE "/file") == ENOENT && !there(PLACE "/sub/moved"));
	CHECK(!in_client(client_unlink, -1, 0));
	CHECK(there(PLACE "/sub/moved") == ENOENT);
	CHECK(!in_client(client_symlink, -1, 0));
	CHECK(!strcmp(asked.to, "says this") && !there(PLACE "/link"));
	CHECK(!in_client(client_mkdir, -1, 0711));
	CHECK(asked.as.mode == (S_IFDIR | 0711) && !there(PLACE "/new"));
	CHECK(!in_client(client_rmdir, -1, 0));
	CHECK(asked.as.object && there(PLACE "/new") == ENOENT);
	CHECK(AWAIT(ended == 1));
	CHECK(!in_client(client_sync, -1, 0));
	CHECK(synced == 1);
	CHECK(!refused);
}

static void test_refused(struct fixture *fixture)
{
	CHECK(!begin(fixture, &name_ops));
	verdict = ENOSPC;
	CHECK(in_client(client_create, -1, 0) == ENOSPC);
	CHECK(in_client(client_mkdir, -1, 0700) == ENOSPC);
	CHECK(in_client(client_symlink, -1, 0) == ENOSPC);
	CHECK(in_client(client_sync, -1, 0) == ENOSPC && synced == 1);
	verdict = EINTR;
	CHECK(in_client(client_mkdir, -1, 0700) == EIO);
	CHECK(there(PLACE "/new") == ENOENT && !refused);
	verdict = 0;
	/* an object that is something else already */
	made_before = other;
	CHECK(in_client(client_create, -1, 0) == EIO);
	CHECK(AWAIT(refused == EINVAL) && there(PLACE "/file") == ENOENT);
	made_before = NULL;
	CHECK(!in_client(client_create, -1, 0));
}

static void test_no_operations(struct fixture *fixture)
{
	static const struct pager_name_ops none = { .size = sizeof(none) };
	static const struct pager_name_ops small = { .size = 8 };
	struct pager *made;

	CHECK(pager_create_directory(fixture->session, NULL, NULL, &made) ==
	      EINVAL);
	CHECK(pager_create_directory(fixture->session, &small, NULL, &made) ==
	      EINVAL);
	CHECK(!begin(fixture, &none));
	CHECK(in_client(client_create, -1, 0) == EPERM);
	CHECK(in_client(client_mkdir, -1, 0700) == EPERM);
	CHECK(in_client(client_symlink, -1, 0) == EPERM);
	CHECK(in_client(client_chmod, -1, 0700) == EPERM);
	CHECK(!in_client(client_sync, -1, 0));
}

static int begin_create(pid_t *pid)
{
	*pid = fork();
	if (!*pid)
		_exit(client_create(-1, 0));
	return AWAIT(detached) ? 0 : ETIMEDOUT;
}

static void test_detached(struct fixture *fixture)
{
	/* until the session ends */
	static struct pager_name_ops later;
	struct pager *made;
	int status;
	pid_t pid;

	later = name_ops;
	later.create = create_later;
	CHECK(!begin(fixture, &later));
	CHECK(!begin_create(&pid));
	CHECK(!make_file_object(&made));
	CHECK(!pager_answer_name(detached, made, 0));
	CHECK(waitpid(pid, &status, 0) == pid && !status);
	CHECK(!there(PLACE "/file"));
	CHECK(!pager_unpublish(made));
	/* a client that does not wait any more */
	detached = NULL;
	CHECK(!begin_create(&pid));
	CHECK(!kill(pid, SIGKILL) && waitpid(pid, &status, 0) == pid);
	CHECK(pager_answer_name(detached, made, 0) == ESTALE);
	CHECK(there(PLACE "/file") == ENOENT);
	/* and the slot is good for another */
	detached = NULL;
	CHECK(!begin_create(&pid));
	CHECK(!pager_answer_name(detached, NULL, EROFS));
	CHECK(waitpid(pid, &status, 0) == pid &&
	      status == EROFS << 8);
}

/* Its own process tells: of what the store has become, and of its end. */
static void test_own(struct fixture *fixture)
{
	struct pager *made;

	CHECK(!begin(fixture, &name_ops));
	CHECK(!make_file_object(&made));
	CHECK(!pager_publish(made, "userpager-asking/file", getuid(), getgid(),
			     0600));
	CHECK(!rename(PLACE "/file", PLACE "/sub/moved"));
	CHECK(!there(PLACE "/sub/moved"));
	CHECK(!unlink(PLACE "/sub/moved"));
	CHECK(!chmod(PLACE, 0700));
	CHECK(mkdir(PLACE "/new", 0700) < 0 && errno == EPERM);
	CHECK(!asked.calls);
	CHECK(pager_resize(directory, 0) == EINVAL);
	CHECK(pager_publish(directory, "userpager-other", getuid(), getgid(),
			    0600) == EINVAL);
	CHECK(pager_publish_directory(made, "userpager-other", getuid(),
				      getgid(), 0) == EINVAL);
	CHECK(pager_publish_directory(other, "userpager-other", getuid(),
				      getgid(), 0) == EEXIST);
	CHECK(!pager_shutdown(other, 1000));
	CHECK(ended == 1 && there(PLACE "/sub") == ENOENT);
	CHECK(!pager_unpublish(directory));
	CHECK(AWAIT(ended == 2) && there(PLACE) == ENOENT);
}

static const struct test tests[] = {
	{ "all", test_all },
	{ "refused", test_refused },
	{ "no-operations", test_no_operations },
	{ "detached", test_detached },
	{ "own", test_own },
};

int main(int argc, char **argv)
{
	return run_tests("asking", tests, sizeof(tests) / sizeof(*tests), argc,
			 argv);
}
