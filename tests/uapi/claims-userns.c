// SPDX-License-Identifier: GPL-2.0-only
/* Names and claims of users, seen and taken from inside user namespaces. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "actor.h"
#include "naming.h"
#include "place.h"
#include "pool.h"
#include "service.h"
#include "user.h"
#include "userns.h"

#define OWNER		12361	/* whose pagers are killed */
#define STRANGER	12362
#define THIRD		12363
#define NOBODY		65534	/* how Linux shows who has no number */

/* What users are in a namespace: OWNER as root, STRANGER, STRANGER above all, all */
#define OWNER_ALONE	"0 12361 1"
#define STRANGER_ALONE	"0 12362 1"
#define STRANGER_ABOVE	"0 12362 1\n1 12361 1\n2 12363 1"
#define ALL		"0 0 4294967295"

static const struct pager_setup by_ioctl = { .transport = BY_IOCTL };

/* Of the process that is the pager */
static struct test_pager p;
static struct test_object o;

/* What is to be tried inside, and what came of it; shared with the process there */
static struct attempt {
	const char *path;
	uid_t as;	/* in the namespace's numbers */
	long said;
	struct stat st;
} *attempt;

static void publish_here(void)
{
	if (attempt->as)
		user_become(attempt->as);
	pager_open(&p, &by_ioctl);
	object_create(&p, &o, PAGE, 0, 0);
	attempt->said = object_publish_as(&p, &o, attempt->path, 0644,
					  getuid());
	if (!attempt->said)
		CHECK_IS(node_stat(attempt->path, &attempt->st), 0);
	pager_close(&p);
}

static void unlink_here(void)
{
	attempt->said = RESULT(unlink(node_path(attempt->path)));
}

static long publish_apart(uid_t uid, const char *map, uid_t as,
			  const char *path)
{
	attempt->path = path;
	attempt->as = as;
	as_user_apart(uid, map, publish_here);
	return attempt->said;
}

static long unlink_apart(uid_t uid, const char *map, const char *path)
{
	attempt->path = path;
	as_user_apart(uid, map, unlink_here);
	return attempt->said;
}

static long publish_outside(uid_t uid, const char *path)
{
	attempt->path = path;
	attempt->as = 0;
	as_user(uid, publish_here);
	return attempt->said;
}

static void take_name(void)
{
	object_create(&p, &o, PAGE, 0, 0);
	CHECK_IS(object_publish_as(&p, &o, "apart", 0644, getuid()), 0);
}

static void take_way(void)
{
	object_create(&p, &o, PAGE, 0, 0);
	CHECK_IS(object_publish_as(&p, &o, "way/apart", 0644, getuid()), 0);
}

static void take_place(void)
{
	CHECK_IS(pager_mkdir(&p, "ground", 01777, getuid()), 0);
}

static void take_placed(void)
{
	object_create(&p, &o, PAGE, 0, 0);
	CHECK_IS(object_publish_as(&p, &o, "ground/apart", 0644, getuid()), 0);
}

static void end_in_order(void)
{
	pager_close(&p);
}

static void die(void (*begin)(void))
{
	struct service s;

	service_start(&s, &p, OWNER, begin, NULL);
	service_kill(&s);
}

static void begin(void)
{
	attempt = shared_alloc(sizeof(*attempt));
	pool_restore();
	/* those of the test before go */
	pool_set_number("claim_time", 0);
	pool_set_number("claim_time", 600);
}

/* It is the user who counts, whatever his number is inside. */
static void test_same(void)
{
	begin();
	die(take_name);
	tap_is("root-inside", publish_apart(OWNER, OWNER_ALONE, 0, "apart"), 0);
	tap_is("seen-inside", attempt->st.st_uid, 0);
	die(take_name);
	tap_is("becomes", publish_apart(STRANGER, STRANGER_ABOVE, 1, "apart"),
	       0);
	tap_is("seen-there", attempt->st.st_uid, 1);
	/* and it ended in order */
	tap_is("free", publish_outside(STRANGER, "apart"), 0);
}

/* What is root's inside is no privilege over users who have no number there. */
static void test_other(void)
{
	begin();
	die(take_name);
	tap_is("root-inside", publish_apart(STRANGER, STRANGER_ALONE, 0,
					    "apart"), -EOWNERDEAD);
	die(take_way);
	tap_is("on-the-way", publish_apart(STRANGER, STRANGER_ALONE, 0,
					   "way/other"), -EOWNERDEAD);
	tap_is("other", publish_apart(STRANGER, STRANGER_ALONE, 0, "aparx"), 0);
	tap_is("still", publish_outside(STRANGER, "apart"), -EOWNERDEAD);
	tap_is("successor", publish_outside(OWNER, "apart"), 0);
}

/* As of a name in a sticky directory: who might take it away may have it. */
static void test_above(void)
{
	struct service place, s;

	begin();
	service_start(&place, &p, THIRD, take_place, end_in_order);
	service_start(&s, &p, OWNER, take_placed, end_in_order);
	tap_is("unlink-alone", unlink_apart(STRANGER, STRANGER_ALONE,
					    "ground/apart"), -EPERM);
	tap_is("unlink-above", unlink_apart(STRANGER, STRANGER_ABOVE,
					    "ground/apart"), 0);
	service_end(&s);
	die(take_placed);
	tap_is("alone", publish_apart(STRANGER, STRANGER_ALONE, 0,
				      "ground/apart"), -EOWNERDEAD);
	tap_is("no-privilege", publish_apart(STRANGER, "0 12362 1\n1 12361 1\n"
					     "2 12364 1", 2, "ground/apart"),
	       -EOWNERDEAD);
	tap_is("above", publish_apart(STRANGER, STRANGER_ABOVE, 0,
				      "ground/apart"), 0);
	die(take_placed);
	tap_is("directory's", publish_apart(THIRD, "0 12363 1", 0,
					    "ground/apart"), 0);
	die(take_placed);
	tap_is("root", publish_apart(0, ALL, 0, "ground/apart"), 0);
	service_end(&place);
}

/* Who has no number inside cannot say whose the name is to be. */
static void test_unmapped(void)
{
	begin();
	die(take_name);
	tap_is("stranger", publish_apart(STRANGER, NULL, 0, "apart"), -EINVAL);
	tap_is("owner", publish_apart(OWNER, NULL, 0, "apart"), -EINVAL);
	tap_is("stranger-mapped", publish_apart(OWNER, STRANGER_ALONE, 0,
						"apart"), -EINVAL);
	tap_is("still", publish_outside(STRANGER, "apart"), -EOWNERDEAD);
	tap_is("successor", publish_outside(OWNER, "apart"), 0);
}

/* What a file of OWNER's looks like, and what may be done with it */
static struct view {
	struct stat file, directory;
	long reads, writes, chmod, unlink;
} *view;

static void look(void)
{
	const char *path = node_path("way/apart");

	CHECK_IS(node_stat("way/apart", &view->file), 0);
	CHECK_IS(node_stat("way", &view->directory), 0);
	view->reads = opened(node_open("way/apart", O_RDONLY));
	view->writes = opened(node_open("way/apart", O_RDWR));
	view->chmod = RESULT(chmod(path, 0644));
	view->unlink = RESULT(unlink(path));
}

static void check_view(uid_t uid, const char *map, uid_t seen, long may)
{
	as_user_apart(uid, map, look);
	tap_is("uid", view->file.st_uid, seen);
	tap_is("gid", view->file.st_gid, seen);
	tap_is("directory", view->directory.st_uid, seen);
	tap_is("reads", view->reads, 0);
	tap_is("writes", view->writes, may ? -EACCES : 0);
	tap_is("chmod", view->chmod, may);
	tap_is("unlink", view->unlink, may ? -EACCES : 0);
}

static void test_view(void)
{
	struct service s;

	begin();
	view = shared_alloc(sizeof(*view));
	service_start(&s, &p, OWNER, take_way, end_in_order);
	check_view(STRANGER, STRANGER_ALONE, NOBODY, -EPERM);
	check_view(STRANGER, NULL, NOBODY, -EPERM);
	check_view(OWNER, OWNER_ALONE, 0, 0);
	service_end(&s);
	/* the last way, when root inside is no user of his own */
	service_start(&s, &p, OWNER, take_way, end_in_order);
	check_view(STRANGER, STRANGER_ABOVE, 1, 0);
	service_end(&s);
	service_start(&s, &p, OWNER, take_way, end_in_order);
	check_view(OWNER, NULL, NOBODY, 0);
	service_end(&s);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		{ "same", test_same, 0, 0 },
		{ "other", test_other, 0, 0 },
		{ "above", test_above, 0, 0 },
		{ "unmapped", test_unmapped, 0, 0 },
		{ "view", test_view, 0, 0 },
	};
	int status = pool_main(argc, argv, tests, ARRAY_SIZE(tests));

	chmod(MACH_VM_DEVICE, 0600);
	return status;
}
