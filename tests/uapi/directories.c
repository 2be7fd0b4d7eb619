// SPDX-License-Identifier: GPL-2.0-only
/* Directories and symbolic links of pagers: made, searched, taken away, and a death. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "naming.h"
#include "place.h"
#include "tap.h"

#define SIZE	(16 * PAGE)
#define OWNER	1234
#define OTHER	4321

static const struct pager_setup by_ioctl = { .transport = BY_IOCTL };
static struct test_pager p;
static struct test_object o, o2;

static void setup(void)
{
	pager_open(&p, &by_ioctl);
	object_create(&p, &o, SIZE, 0, 0);
	object_create(&p, &o2, PAGE, 0, 0);
}

static void end(void)
{
	close(o.fd);
	close(o2.fd);
	pager_close(&p);
}

static long root_links(void)
{
	struct stat st;

	CHECK_IS(RESULT(stat(MACH_VM_NODE_DIR, &st)), 0);
	return st.st_nlink;
}

static void check_directory(const char *sub, const char *name, mode_t mode,
			    uid_t owner, nlink_t links)
{
	struct stat st;

	CHECK_IS(node_stat(name, &st), 0);
	tap_sub(sub, st.st_mode == (S_IFDIR | mode) && st.st_uid == owner &&
		st.st_gid == owner && st.st_nlink == links,
		"mode 0%o, owner %u:%u, %ld links", st.st_mode, st.st_uid,
		st.st_gid, (long)st.st_nlink);
}

/* Made by publishing, and gone with the last name. */
static void test_made(void)
{
	long links;

	setup();
	links = root_links();
	tap_is("publish", object_publish(&p, &o, "a/b/c", 0), 0);
	check_directory("outer", "a", 0755, 0, 3);
	check_directory("inner", "a/b", 0755, 0, 2);
	tap_is("root-links", root_links(), links + 1);
	tap_is("opens", opened(node_open("a/b/c", O_RDWR)), 0);
	tap_is("listed", dir_lists(node_path("a"), "b"), 1);
	tap_is("listed-inner", dir_lists(node_path("a/b"), "c"), 1);
	tap_is("same", object_publish(&p, &o2, "a/b/c", 0), -EEXIST);
	tap_is("second", object_publish(&p, &o2, "a/b/d", 0), 0);
	tap_is("unpublish", object_unpublish(&p, &o), 0);
	tap_is("stays", node_there("a/b/d"), 0);
	tap_is("gone", node_there("a/b/c"), -ENOENT);
	tap_is("rmdir-full", RESULT(rmdir(node_path("a/b"))), -ENOTEMPTY);
	tap_is("unlink", RESULT(unlink(node_path("a/b/d"))), 0);
	tap_is("inner-gone", node_there("a/b"), -ENOENT);
	tap_is("outer-gone", node_there("a"), -ENOENT);
	tap_is("root-links-again", root_links(), links);
	tap_is("again", object_publish(&p, &o, "a/b/c", 0), 0);
	end();
	CHECK_WAIT(node_there("a") == -ENOENT, WAIT_MS, "a directory outlives all");
}

static void test_unpublish(void)
{
	struct test_request r;
	struct stat st;

	setup();
	tap_is("none", object_unpublish(&p, &o), -ENOENT);
	CHECK_IS(object_publish(&p, &o, "name", 0), 0);
	tap_is("unpublish", object_unpublish(&p, &o), 0);
	tap_is("gone", node_there("name"), -ENOENT);
	tap_is("unlisted", dir_lists(MACH_VM_NODE_DIR, "name"), 0);
	tap_is("state", object_info(o.fd).state, MACH_OBJECT_ALIVE);
	CHECK_IS(RESULT(fstat(o.fd, &st)), 0);
	tap_is("links", st.st_nlink, 0);
	tap_is("again", object_unpublish(&p, &o), -ENOENT);
	tap_is("other-name", object_publish(&p, &o, "d/name", 0), 0);
	close(o.fd);
	pager_expect_nothing(&p, 50);
	tap_is("last", object_unpublish(&p, &o), 0);
	CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
	tap_is("terminate", r.m.operation, MACH_OP_TERMINATE);
	pager_reply_none(&p, &r);
	o.fd = -1;
	tap_is("no-object", object_unpublish(&p, &(struct test_object){
		.number = 4711 }), -ENOENT);
	end();
}

/* What cannot be made leaves nothing half made. */
static void test_refused(void)
{
	setup();
	CHECK_IS(object_publish(&p, &o, "file", 0), 0);
	tap_is("has-name", object_publish(&p, &o, "x/y/z", 0), -EEXIST);
	tap_is("nothing", node_there("x"), -ENOENT);
	tap_is("below-file", object_publish(&p, &o2, "file/x", 0), -ENOTDIR);
	tap_is("below-file-2", object_publish(&p, &o2, "file/x/y", 0),
	       -ENOTDIR);
	CHECK_IS(pager_link(&p, "link", ".", 0), 0);
	tap_is("below-link", object_publish(&p, &o2, "link/x", 0), -ENOTDIR);
	CHECK_IS(object_publish(&p, &o2, "d/e", 0), 0);
	tap_is("directory", pager_link(&p, "d", ".", 0), -EEXIST);
	tap_is("over-link", pager_mkdir(&p, "link", 0, 0), -EEXIST);
	tap_is("over-file", pager_mkdir(&p, "d/e", 0, 0), -EEXIST);
	tap_is("link-dangling", pager_link(&p, "d/e", "", 0), -EINVAL);
	CHECK_IS(object_unpublish(&p, &o), 0);
	tap_is("publish-directory", object_publish(&p, &o, "d", 0), -EEXIST);
	CHECK_IS(vm_ioctl(p.fd, MACH_PAGER_DESTROY, &(struct mach_pager_destroy)
			  { .size = sizeof(struct mach_pager_destroy),
			    .object = o2.number }), 0);
	tap_is("destroyed", node_there("d"), -ENOENT);
	end();
}

/* Linux's rights, with the publisher's directories */
static void test_rights(void)
{
	setup();
	become(OWNER);
	CHECK_IS(object_publish_as(&p, &o, "home/sub/file", 0644, OWNER), 0);
	check_directory("owner", "home", 0755, OWNER, 3);
	become(OTHER);
	tap_is("other-publish", object_publish_as(&p, &o2, "home/x", 0, OTHER),
	       -EACCES);
	tap_is("other-mkdir", object_publish_as(&p, &o2, "home/x/y", 0, OTHER),
	       -EACCES);
	tap_is("other-unlink", RESULT(unlink(node_path("home/sub/file"))),
	       -EACCES);
	tap_is("other-rmdir", RESULT(rmdir(node_path("home/sub"))), -EACCES);
	tap_is("other-chmod", RESULT(chmod(node_path("home"), 0777)), -EPERM);
	tap_is("other-opens", opened(node_open("home/sub/file", O_RDONLY)), 0);
	become(OWNER);
	CHECK_IS(RESULT(chmod(node_path("home"), 0700)), 0);
	become(OTHER);
	tap_is("no-search", object_publish_as(&p, &o2, "home/sub/x", 0, OTHER),
	       -EACCES);
	tap_is("no-search-open", node_open("home/sub/file", O_RDONLY), -EACCES);
	tap_is("no-search-remove", pager_remove(&p, "home/sub/x"), -EACCES);
	become(OWNER);
	CHECK_IS(RESULT(chmod(node_path("home"), 01777)), 0);
	become(OTHER);
	tap_is("open-publish", object_publish_as(&p, &o2, "home/x", 0, OTHER),
	       0);
	become(OWNER + 1);
	tap_is("sticky", RESULT(unlink(node_path("home/x"))), -EPERM);
	become(OWNER);
	tap_is("directory-owner", RESULT(unlink(node_path("home/x"))), 0);
	tap_is("owner-rmdir", RESULT(rmdir(node_path("home"))), -ENOTEMPTY);
	become_root();
	end();
}

/* The longest and the deepest path there is */
static void test_deep(void)
{
	char path[MACH_PATH_MAX + 1];
	long dir;

	setup();
	memset(path, 'd', sizeof(path));
	for (size_t i = 1; i < MACH_PATH_MAX; i += 2)
		path[i] = '/';
	path[MACH_PATH_MAX] = 0;
	tap_is("publish", object_publish(&p, &o, path, 0), 0);
	dir = RESULT(open(MACH_VM_NODE_DIR, O_PATH));
	tap_is("opens", opened(RESULT(openat(dir, path, O_RDONLY))), 0);
	/* too long to be told, and no harm */
	tap_sub("maps", mmap(NULL, PAGE, PROT_READ, MAP_SHARED,
			     openat(dir, path, O_RDWR), 0) != MAP_FAILED, "%m");
	tap_is("unpublish", object_unpublish(&p, &o), 0);
	tap_is("gone", node_there("d"), -ENOENT);
	tap_is("again", object_publish(&p, &o, path, 0), 0);
	close(dir);
	end();
	CHECK_WAIT(node_there("d") == -ENOENT, WAIT_MS, "it outlives its pager");
}

/* Other pagers' names keep a directory, whoever made it. */
static void test_shared(void)
{
	struct test_object other;
	struct test_pager p2;

	setup();
	pager_open(&p2, &by_ioctl);
	object_create(&p2, &other, PAGE, 0, 0);
	CHECK_IS(object_publish(&p, &o, "s/mine", 0), 0);
	CHECK_IS(pager_mkdir(&p, "s/kept", 0, 0), 0);
	CHECK_IS(pager_link(&p, "s/link", "mine", 0), 0);
	CHECK_IS(object_publish(&p2, &other, "s/kept/other", 0), 0);
	tap_is("not-his", pager_remove(&p2, "s/link"), -EPERM);
	tap_is("not-his-directory", pager_remove(&p2, "s/kept"), -EPERM);
	tap_is("no-link", pager_remove(&p2, "s/kept/other"), -EPERM);
	tap_is("no-keeper", pager_remove(&p, "s"), -EPERM);
	end();
	CHECK_WAIT(!dir_lists(node_path("s"), "mine"), WAIT_MS,
		   "a dead pager's name stays");
	tap_is("stays", node_there("s/kept/other"), 0);
	tap_is("link-gone", node_there("s/link"), -ENOENT);
	tap_is("unpublish", object_unpublish(&p2, &other), 0);
	/* the dead one's reaper may be at it */
	CHECK_WAIT(node_there("s") == -ENOENT, WAIT_MS, "it stays without a name");
	pager_close(&p2);
	close(other.fd);
}

static void pager_of_child(void)
{
	setup();
	CHECK_IS(object_publish(&p, &o, "killed/by/9", 0), 0);
	CHECK_IS(object_publish(&p, &o2, "killed/file", 0), 0);
	CHECK_IS(pager_mkdir(&p, "killed/kept/empty", 0700, 0), 0);
	CHECK_IS(pager_link(&p, "killed/link", "file", 0), 0);
	CHECK_IS(pager_link(&p, "killed-link", "killed/file", 0), 0);
	CHECK_IS(RESULT(raise(SIGSTOP)), 0);
}

static bool listed_but_not_there(void)
{
	DIR *dir = opendir(MACH_VM_NODE_DIR);
	struct dirent *entry;
	bool found = false;

	CHECK(dir, "opendir: %m");
	while ((entry = readdir(dir)))
		found |= node_there(entry->d_name) == -ENOENT;
	closedir(dir);
	return found;
}

/* kill -9: links lead nowhere at once, and a moment later nothing is left. */
static void test_killed(void)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		pager_of_child();
		_exit(0);
	}
	CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status),
	      "the pager ended");
	tap_is("follows", opened(node_open("killed-link", O_RDONLY)), 0);
	CHECK_IS(RESULT(kill(pid, SIGKILL)), 0);
	CHECK(waitpid(pid, &status, 0) == pid, "wait: %m");
	tap_is("link", node_there("killed-link"), -ENOENT);
	tap_is("file", node_there("killed/by/9"), -ENOENT);
	CHECK_WAIT(node_there("killed") == -ENOENT, WAIT_MS,
		   "the directory of a killed pager stays");
	CHECK_WAIT(!listed_but_not_there(), 500,
		   "a name is listed that is not there");
}

/* One that a pager keeps is there also when it is empty. */
static void test_kept(void)
{
	setup();
	tap_is("mkdir", pager_mkdir(&p, "k/deep", 01770, OWNER), 0);
	check_directory("kept", "k/deep", 01770, OWNER, 2);
	check_directory("on-the-way", "k", 0755, 0, 3);
	tap_is("again", pager_mkdir(&p, "k/deep", 0, 0), -EEXIST);
	CHECK_IS(object_publish(&p, &o, "k/deep/o", 0), 0);
	CHECK_IS(object_unpublish(&p, &o), 0);
	tap_is("stays", node_there("k/deep"), 0);
	become(OTHER);
	tap_is("other-rmdir", RESULT(rmdir(node_path("k/deep"))), -EACCES);
	become_root();
	CHECK_IS(object_publish(&p, &o, "k/deep/o", 0), 0);
	tap_is("rmdir-full", RESULT(rmdir(node_path("k/deep"))), -ENOTEMPTY);
	tap_is("remove-full", pager_remove(&p, "k/deep"), 0);
	tap_is("with-a-name", node_there("k/deep"), 0);
	tap_is("remove-again", pager_remove(&p, "k/deep"), -EPERM);
	CHECK_IS(object_unpublish(&p, &o), 0);
	tap_is("gone", node_there("k"), -ENOENT);
	tap_is("remove-none", pager_remove(&p, "k/deep"), -ENOENT);
	tap_is("default", pager_mkdir(&p, "k", 0, 0), 0);
	check_directory("default-mode", "k", 0755, 0, 2);
	tap_is("rmdir", RESULT(rmdir(node_path("k"))), 0);
	tap_is("rmdir-gone", node_there("k"), -ENOENT);
	tap_is("remove-empty", pager_mkdir(&p, "k", 0, 0) ?:
	       pager_remove(&p, "k"), 0);
	tap_is("remove-gone", node_there("k"), -ENOENT);
	tap_is("root", pager_remove(&p, "."), -EINVAL);
	end();
}

/* One that is there is taken over by who might chmod it, if nobody keeps it. */
static void test_taken_over(void)
{
	struct test_pager p2;

	setup();
	pager_open(&p2, &by_ioctl);
	CHECK_IS(object_publish(&p, &o, "t/o", 0), 0);
	become(OTHER);
	tap_is("other", pager_mkdir(&p2, "t", 0, OTHER), -EEXIST);
	become_root();
	tap_is("owner", pager_mkdir(&p2, "t", 0711, OWNER), 0);
	check_directory("changed", "t", 0711, OWNER, 2);
	tap_is("kept", pager_mkdir(&p, "t", 0, 0), -EEXIST);
	CHECK_IS(object_unpublish(&p, &o), 0);
	tap_is("stays", node_there("t"), 0);
	pager_close(&p2);
	/* a successor need not wait until the dead one is cleared away */
	tap_is("successor", pager_mkdir(&p, "t", 0755, 0), 0);
	check_directory("successor's", "t", 0755, 0, 2);
	tap_pause_ms(50);
	tap_is("successor-stays", node_there("t"), 0);
	end();
	CHECK_WAIT(node_there("t") == -ENOENT, WAIT_MS, "it stays");
}

static void test_links(void)
{
	char target[MACH_PATH_MAX + 1], text[MACH_PATH_MAX + 1];
	struct stat st;

	setup();
	memset(target, '\n', sizeof(target));
	target[MACH_PATH_MAX] = 0;
	CHECK_IS(object_publish(&p, &o, "d/file", 0644), 0);
	tap_is("symlink", pager_link(&p, "d/link", "file", OWNER), 0);
	CHECK_IS(RESULT(lstat(node_path("d/link"), &st)), 0);
	tap_sub("lstat", st.st_mode == (S_IFLNK | 0777) && st.st_size == 4 &&
		st.st_uid == OWNER && st.st_nlink == 1,
		"mode 0%o, %ld bytes, owner %u", st.st_mode, (long)st.st_size,
		st.st_uid);
	tap_is("readlink", RESULT(readlink(node_path("d/link"), text, 99)), 4);
	CHECK_IS(node_stat("d/link", &st), 0);
	tap_is("follows", st.st_size, SIZE);
	tap_is("nofollow", node_open("d/link", O_RDONLY | O_NOFOLLOW), -ELOOP);
	tap_is("taken", pager_link(&p, "d/link", "x", 0), -EEXIST);
	tap_is("long", pager_link(&p, "long", target, 0), 0);
	tap_is("readlink-long", RESULT(readlink(node_path("long"), text,
						sizeof(text))), MACH_PATH_MAX);
	tap_sub("same", !memcmp(target, text, MACH_PATH_MAX), "other bytes");
	tap_is("loop", pager_link(&p, "loop", "loop-2", 0) ?:
	       pager_link(&p, "loop-2", "loop", 0), 0);
	tap_is("loops", node_open("loop", O_RDONLY), -ELOOP);
	tap_is("itself", pager_link(&p, "itself", "itself/x", 0), 0);
	tap_is("loops-itself", node_open("itself", O_RDONLY), -ELOOP);
	tap_is("dangling", pager_link(&p, "dangling", "nowhere", 0), 0);
	tap_is("dangles", node_open("dangling", O_RDONLY), -ENOENT);
	tap_is("to-directory", pager_link(&p, "to-d", "d", 0), 0);
	tap_is("through", opened(node_open("to-d/link", O_RDWR)), 0);
	tap_is("listed-through", dir_lists(node_path("to-d"), "file"), 1);
	tap_is("publish-there", object_publish(&p, &o2, "loop", 0), -EEXIST);
	end();
	tap_is("death", node_there("d/link"), -ENOENT);
	tap_is("death-long", node_there("long"), -ENOENT);
}

static void test_links_taken_away(void)
{
	struct stat st;

	setup();
	become(OTHER);
	tap_is("for-another", pager_link(&p, "link", "x", OWNER), -EPERM);
	become(OWNER);
	CHECK_IS(pager_link(&p, "link", "x", OWNER), 0);
	become(OTHER);
	tap_is("other", RESULT(unlink(node_path("link"))), -EPERM);
	become(OWNER);
	tap_is("owner", RESULT(unlink(node_path("link"))), 0);
	become_root();
	tap_is("gone", node_there("link"), -ENOENT);
	tap_is("remove-none", pager_remove(&p, "link"), -ENOENT);
	CHECK_IS(pager_link(&p, "sub/link", "x", 0), 0);
	tap_is("remove", pager_remove(&p, "sub/link"), 0);
	tap_is("directory-gone", node_there("sub"), -ENOENT);
	CHECK_IS(pager_link(&p, "sub/link", "x", 0), 0);
	tap_is("chown", RESULT(lchown(node_path("sub/link"), OTHER, -1)), 0);
	CHECK_IS(RESULT(lstat(node_path("sub/link"), &st)), 0);
	tap_is("chowned", st.st_uid, OTHER);
	tap_is("unlink", RESULT(unlink(node_path("sub/link"))), 0);
	tap_is("sub-gone", node_there("sub"), -ENOENT);
	end();
}

/* A directory that has gone is one in which nothing is, or can be. */
static void test_open_directory(void)
{
	char entries[1024];
	struct stat st;
	long dir;

	setup();
	CHECK_IS(object_publish(&p, &o, "was/here", 0), 0);
	dir = node_open("was", O_RDONLY | O_DIRECTORY);
	CHECK(dir >= 0, "open: %s", tap_result(dir));
	CHECK_IS(RESULT(fchdir(dir)), 0);
	CHECK_IS(object_unpublish(&p, &o), 0);
	CHECK_IS(RESULT(fstat(dir, &st)), 0);
	tap_is("links", st.st_nlink, 0);
	tap_is("list", RESULT(syscall(SYS_getdents64, dir, entries,
				      sizeof(entries))), -ENOENT);
	tap_is("open", RESULT(openat(dir, "here", O_RDONLY)), -ENOENT);
	tap_is("here", RESULT(getcwd(entries, sizeof(entries)) ? 0 : -1),
	       -ENOENT);
	tap_is("again", object_publish(&p, &o, "was/here", 0), 0);
	tap_is("another", RESULT(openat(dir, "here", O_RDONLY)), -ENOENT);
	tap_is("opens", opened(node_open("was/here", O_RDONLY)), 0);
	close(dir);
	end();
}

static bool is_mounted(const char *path)
{
	char line[512];
	bool found = false;
	FILE *file = fopen("/proc/self/mountinfo", "re");

	CHECK(file, "mountinfo: %m");
	while (fgets(line, sizeof(line), file))
		found |= !!strstr(line, path);
	fclose(file);
	return found;
}

/* What is mounted on it hides nothing from its pager, and goes with it. */
static void test_mounted_on(void)
{
	setup();
	own_mounts();
	CHECK_IS(object_publish(&p, &o, "m/n/file", 0), 0);
	CHECK_IS(RESULT(mount("t", node_path("m/n"), "tmpfs", 0, NULL)), 0);
	tap_is("hidden", node_there("m/n/file"), -ENOENT);
	tap_is("below", object_publish(&p, &o2, "m/n/second", 0), 0);
	tap_is("busy", RESULT(rmdir(node_path("m/n"))), -EBUSY);
	CHECK_IS(object_unpublish(&p, &o), 0);
	tap_is("stays", is_mounted("/m/n "), 1);
	CHECK_IS(object_unpublish(&p, &o2), 0);
	tap_is("gone", is_mounted("/m/n "), 0);
	tap_is("directory", node_there("m"), -ENOENT);
	end();
}

static void expect_event(int fd, const char *sub, uint32_t mask,
			 const char *name)
{
	static char events[4096];
	static long left, at;
	const struct inotify_event *event;

	if (at == left) {
		left = RESULT(read(fd, events, sizeof(events)));
		at = 0;
	}
	CHECK(left > 0, "%s: no event: %s", sub, tap_result(left));
	event = (void *)(events + at);
	at += sizeof(*event) + event->len;
	tap_sub(sub, event->mask == mask && !strcmp(event->name, name),
		"%#x of %s", event->mask, event->name);
}

static void test_watched(void)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	setup();
	CHECK(inotify_add_watch(fd, MACH_VM_NODE_DIR, IN_CREATE | IN_DELETE) >= 0,
	      "watch: %m");
	CHECK_IS(object_publish(&p, &o, "w/file", 0), 0);
	expect_event(fd, "made", IN_CREATE | IN_ISDIR, "w");
	CHECK_IS(pager_link(&p, "w-link", "w", 0), 0);
	expect_event(fd, "linked", IN_CREATE, "w-link");
	CHECK_IS(object_unpublish(&p, &o), 0);
	expect_event(fd, "gone", IN_DELETE | IN_ISDIR, "w");
	CHECK_IS(pager_remove(&p, "w-link"), 0);
	expect_event(fd, "unlinked", IN_DELETE, "w-link");
	CHECK_IS(pager_mkdir(&p, "w", 0, 0), 0);
	expect_event(fd, "kept", IN_CREATE | IN_ISDIR, "w");
	CHECK_IS(RESULT(rmdir(node_path("w"))), 0);
	expect_event(fd, "removed", IN_DELETE | IN_ISDIR, "w");
	close(fd);
	end();
}

static long do_getdents(const uint64_t *arg)
{
	return RESULT(syscall(SYS_getdents64, (int)arg[0], arg[1], arg[2]));
}

/*
 * Who lists a directory into memory that this pager has to bring holds up none of what
 * the pager makes there.
 */
static void test_listed_into(void)
{
	struct test_request r;
	struct actor reader;
	long dir;
	char *map;

	setup();
	CHECK_IS(object_publish(&p, &o, "list/first", 0), 0);
	map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, o.fd, 0);
	CHECK(map != MAP_FAILED, "mmap: %m");
	dir = node_open("list", O_RDONLY | O_DIRECTORY);
	CHECK(dir >= 0, "open: %s", tap_result(dir));
	actor_start(&reader, 1);
	actor_begin(&reader, 0, do_getdents, dir, (uintptr_t)map, PAGE);
	CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
	tap_is("publish", object_publish(&p, &o2, "list/sub/second", 0), 0);
	tap_is("link", pager_link(&p, "list/link", "first", 0), 0);
	tap_is("mkdir", pager_mkdir(&p, "list/kept", 0, 0), 0);
	tap_is("remove", pager_remove(&p, "list/kept"), 0);
	tap_is("unpublish", object_unpublish(&p, &o2), 0);
	tap_is("gone", node_there("list/sub"), -ENOENT);
	pager_reply_one(&p, &r, part_zero(r.m.offset, r.m.length));
	tap_sub("listed", actor_end(&reader, 0) > 0, "nothing is listed");
	actor_stop(&reader);
	munmap(map, SIZE);
	close(dir);
	end();
}

static const struct tap_test tests[] = {
	{ .name = "made", .run = test_made },
	{ .name = "unpublish", .run = test_unpublish },
	{ .name = "refused", .run = test_refused },
	{ .name = "rights", .run = test_rights },
	{ .name = "deep", .run = test_deep },
	{ .name = "shared", .run = test_shared },
	{ .name = "killed", .run = test_killed },
	{ .name = "kept", .run = test_kept },
	{ .name = "taken-over", .run = test_taken_over },
	{ .name = "links", .run = test_links },
	{ .name = "links-taken-away", .run = test_links_taken_away },
	{ .name = "open-directory", .run = test_open_directory },
	{ .name = "mounted-on", .run = test_mounted_on },
	{ .name = "watched", .run = test_watched },
	{ .name = "listed-into", .run = test_listed_into },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
