// SPDX-License-Identifier: GPL-2.0-only
/* The pager library hands in names, and serves the objects that are made for them. */
#include "lib/fixture.h"

#include <userpager/listed.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define TOP		"listed-library"
#define PLACE		MACH_VM_NODE_DIR "/" TOP
#define DIRECTORY	1000	/* cookies from there on; below are files' */
#define DEPTH		3

static struct fixture *now;
static atomic_int listed, opened, list_error, open_error;
static uint64_t last_size;

/* Each directory has one in it, and a file of cookie = its depth, and a link. */
static int list(struct pager *directory, struct pager_request *req,
		uint64_t cookie)
{
	const struct pager_listing names[] = {
		{ .size = sizeof(*names), .name = "file", .mode = S_IFREG | 0640,
		  .uid = 7, .gid = 8, .file_size = PAGES * PAGE,
		  .cookie = cookie - DIRECTORY, .mtime_ns = 99000000000 },
		{ .size = sizeof(*names), .name = "link", .target = "file",
		  .mode = S_IFLNK | 0777 },
		{ .size = sizeof(*names), .name = "sub", .mode = S_IFDIR | 0755,
		  .cookie = cookie + 1 },
	};
	bool last = cookie == DIRECTORY + DEPTH - 1;

	(void)req;
	listed++;
	if (list_error)
		return list_error;
	return pager_list_begin(directory) ?:
	       pager_list_add(directory, names, 1) ?:
	       pager_list_add(directory, names + 1, last ? 1 : 2) ?:
	       pager_list_end(directory);
}

static int set_size(struct pager *pager, struct pager_request *req)
{
	(void)pager;
	last_size = pager_message(req)->mandatory;
	return 0;
}

static int open_file(struct pager *file, uint64_t cookie,
		     struct pager_file *what)
{
	(void)file;
	opened++;
	if (open_error)
		return open_error;
	if (cookie >= DEPTH)
		return ENOENT;
	what->ops = &full_ops;
	what->set_size = set_size;
	what->upi = now;
	what->size = PAGES * PAGE;
	return 0;
}

static atomic_int gone;

static void terminate(struct pager *directory)
{
	(void)directory;
	gone++;
}

static const struct pager_listed_ops ops = {
	.size = sizeof(ops),
	.list = list,
	.open = open_file,
	.terminate = terminate,
};

static struct pager *top;

static void make_top(struct fixture *fixture)
{
	now = fixture;
	fixture->read = read_memory;
	listed = 0;
	opened = 0;
	gone = 0;
	list_error = 0;
	open_error = 0;
	CHECK(!pager_set_listed(fixture->session, &ops, fixture));
	CHECK(!pager_create_listed(fixture->session, DIRECTORY, &top));
	CHECK(!pager_publish_listed(top, TOP, getuid(), getgid(), 0755));
}

static const char * const files[] = {
	PLACE "/file", PLACE "/sub/file", PLACE "/sub/sub/file",
};

static int read_path(int unused, long file)
{
	int fd = open(files[file], O_RDONLY);

	(void)unused;
	return fd < 0 ? errno : client_read_all(fd, 0);
}

static int write_path(int unused, long file)
{
	int fd = open(files[file], O_RDWR);

	(void)unused;
	return fd < 0 ? errno : client_write(fd, 3 | 1 << 16);
}

static int stat_path(int unused, long file)
{
	struct stat st;

	(void)unused;
	if (lstat(files[file], &st) < 0)
		return errno;
	return st.st_mode == (S_IFREG | 0640) && st.st_uid == 7 &&
	       st.st_gid == 8 && st.st_size == PAGES * PAGE &&
	       st.st_mtime == 99 ? 0 : 255;
}

static int count_names(int unused, long file)
{
	char path[100];
	int names = 0;
	DIR *dir;

	(void)unused;
	snprintf(path, sizeof(path), "%.*s",
		 (int)(strrchr(files[file], '/') - files[file]), files[file]);
	dir = opendir(path);
	if (!dir)
		return 200;
	while (readdir(dir))
		names++;
	closedir(dir);
	return names;
}

static void test_read(struct fixture *fixture)
{
	int i;

	make_top(fixture);
	for (i = DEPTH; i-- > 0;) {
		CHECK(in_client(stat_path, -1, i) == 0);
		CHECK(in_client(count_names, -1, i) == (i < 2 ? 5 : 4));
	}
	CHECK(listed == DEPTH);
	CHECK(opened == 0);
	for (i = 0; i < DEPTH; i++)
		CHECK(in_client(read_path, -1, i) == 0);
	CHECK(opened == DEPTH);
	CHECK(in_client(read_path, -1, 0) == 0);
	CHECK(opened == DEPTH);
	CHECK(in_client(write_path, -1, 1) == 0);
	CHECK(fixture->writes > 0 && fixture->syncs == 1);
	CHECK(listed == DEPTH);
}

static void test_errors(struct fixture *fixture)
{
	make_top(fixture);
	list_error = EMFILE;
	CHECK(in_client(stat_path, -1, 0) == EMFILE);
	list_error = 0;
	CHECK(in_client(stat_path, -1, 0) == 0);
	open_error = ENOSPC;
	CHECK(in_client(read_path, -1, 0) == ENOSPC);
	open_error = 0;
	CHECK(in_client(read_path, -1, 0) == 0);
	CHECK(pager_set_listed(fixture->session, &ops, NULL) == EEXIST);
	CHECK(pager_create_listed(fixture->session, 1ULL << 63, &top) ==
	      EINVAL);
	CHECK(!make_object(fixture, &full_ops));
	CHECK(pager_list_begin(fixture->pager) == EINVAL);
	CHECK(pager_offer_page(top, 0, NULL) == EINVAL);
}

static void test_changes(struct fixture *fixture)
{
	struct pager_listing name = {
		.size = sizeof(name), .name = "file", .mode = S_IFREG | 0600,
		.file_size = PAGE, .cookie = 1,
	};

	make_top(fixture);
	CHECK(pager_list_change(top, &name, 1) == ENODATA);
	CHECK(in_client(read_path, -1, 0) == 0);
	CHECK(pager_list_change(top, &name, 1) == 0);
	CHECK(in_client(stat_path, -1, 0) == 255);
	CHECK(AWAIT(fixture->terminated == 1));
	CHECK(pager_list_remove(top, "file") == 0);
	CHECK(pager_list_remove(top, "file") == ENOENT);
	CHECK(in_client(stat_path, -1, 0) == ENOENT);
	name.size--;
	CHECK(pager_list_change(top, &name, 1) == EINVAL);
	name.size++;
	name.cookie = 1ULL << 63;
	CHECK(pager_list_change(top, &name, 1) == EINVAL);
	name.cookie = 0;
	name.name = "a/b";
	CHECK(pager_list_change(top, &name, 1) == EINVAL);
}

/* All of it goes with the directory at the top. */
static void test_end(struct fixture *fixture)
{
	int i;

	make_top(fixture);
	for (i = 0; i < DEPTH; i++)
		CHECK(in_client(read_path, -1, i) == 0);
	CHECK(pager_shutdown(top, PAGER_NO_WAIT) == 0);
	CHECK(in_client(stat_path, -1, 0) == ENOENT);
	CHECK(AWAIT(fixture->terminated == DEPTH));
	CHECK(AWAIT(gone == DEPTH));
}

static const struct test tests[] = {
	{ "read", test_read },
	{ "errors", test_errors },
	{ "changes", test_changes },
	{ "end", test_end },
};

int main(int argc, char **argv)
{
	return run_tests("listed", tests,
			 sizeof(tests) / sizeof(*tests), argc, argv);
}
