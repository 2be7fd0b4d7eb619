// SPDX-License-Identifier: GPL-2.0-only
/* Names of pagers that were killed: for a while their user's, and nobody else's. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "asked.h"
#include "listing.h"
#include "naming.h"
#include "place.h"
#include "pool.h"
#include "service.h"
#include "user.h"

#define OWNER		12351	/* whose pagers are killed */
#define STRANGER	12352
#define THIRD		12353
#define USERS		"/sys/kernel/debug/machvm/users"
#define LONG		600	/* seconds: longer than any test */

static const struct pager_setup by_ioctl = { .transport = BY_IOCTL };

/* Of the process that is the pager */
static struct test_pager p;
static struct test_object o;

static long publish(const char *path)
{
	object_create(&p, &o, PAGE, 0, 0);
	return object_publish_as(&p, &o, path, 0644, getuid());
}

/* A user does it, and is killed. */
static void die(uid_t uid, void (*begin)(void))
{
	struct service s;

	service_start(&s, &p, uid, begin, NULL);
	service_kill(&s);
}

/* What a user is to try, and what was said; shared with his process */
static struct attempt {
	char path[MACH_PATH_MAX + 1];
	enum { PUBLISH, LINK, DIRECTORY, LISTED } kind;
	long said;
} *attempt;

static long try_kind(void)
{
	switch (attempt->kind) {
	case PUBLISH:
		return publish(attempt->path);
	case LINK:
		return pager_link(&p, attempt->path, "x", getuid());
	case DIRECTORY:
		return pager_mkdir(&p, attempt->path, 0755, getuid());
	default:
		return listed_mkdir(&p, attempt->path,
				    listed_number(&p, MACH_CREATE_LISTED, 1));
	}
}

static void try_as_self(void)
{
	pager_open(&p, &by_ioctl);
	attempt->said = try_kind();
	pager_close(&p);
}

/* He ends in order afterwards. */
static long try(uid_t uid, int kind, const char *path)
{
	attempt->kind = kind;
	strcpy(attempt->path, path);
	as_user(uid, try_as_self);
	return attempt->said;
}

/* How many of a kind a user has; 0 if nothing at all */
static long count(const char *kind, uid_t uid)
{
	static const char space[] = "\n ";
	FILE *file = fopen(USERS, "r");
	char line[1024], *word, *state;
	unsigned int column = 0, i;
	long n = 0;

	CHECK(file, USERS ": %m");
	while (fgets(line, sizeof(line), file)) {
		word = strtok_r(line, space, &state);
		if (!strcmp(word, "uid")) {
			for (i = 0; word && strcmp(word, kind); i++)
				word = strtok_r(NULL, space, &state);
			CHECK(word, "no column %s", kind);
			column = i;
		} else if (strtoul(word, NULL, 10) == uid) {
			for (i = 0; i < column; i++)
				word = strtok_r(NULL, space, &state);
			n = strtol(word, NULL, 10);
		}
	}
	fclose(file);
	return n;
}

/* What a death leaves is there a moment later. */
static void await_claims(long n)
{
	CHECK_WAIT(count("claims", OWNER) == n, WAIT_MS, "%ld claims",
		   count("claims", OWNER));
}

static void begin(void)
{
	attempt = shared_alloc(sizeof(*attempt));
	pool_restore();
	/* of the test before */
	pool_set_number("claim_time", 0);
	CHECK_IS(count("claims", OWNER), 0);
	pool_set_number("claim_time", LONG);
}

static void take_name(void)
{
	CHECK_IS(publish("claimed"), 0);
}

static void test_name(void)
{
	struct stat st;

	begin();
	die(OWNER, take_name);
	tap_is("stat", node_stat("claimed", &st), -ENOENT);
	tap_is("open", node_open("claimed", 0), -ENOENT);
	tap_is("publish", try(STRANGER, PUBLISH, "claimed"), -EOWNERDEAD);
	tap_is("link", try(STRANGER, LINK, "claimed"), -EOWNERDEAD);
	tap_is("directory", try(STRANGER, DIRECTORY, "claimed"), -EOWNERDEAD);
	tap_is("below", try(STRANGER, PUBLISH, "claimed/x"), -EOWNERDEAD);
	tap_is("other", try(STRANGER, PUBLISH, "claimes"), 0);
	CHECK_WAIT(!dir_lists(MACH_VM_NODE_DIR, "claimed"), WAIT_MS, "listed");
	tap_is("stat-again", node_stat("claimed", &st), -ENOENT);
	tap_is("still", try(STRANGER, PUBLISH, "claimed"), -EOWNERDEAD);
	tap_is("successor", try(OWNER, PUBLISH, "claimed"), 0);
	tap_is("free", try(STRANGER, PUBLISH, "claimed"), 0);
}

static void take_kinds(void)
{
	CHECK_IS(pager_link(&p, "link", "x", OWNER), 0);
	CHECK_IS(pager_mkdir(&p, "empty", 0777, OWNER), 0);
	CHECK_IS(listed_mkdir(&p, "listed",
			      listed_number(&p, MACH_CREATE_LISTED, 1)), 0);
}

static void test_kinds(void)
{
	static const char * const names[] = { "link", "empty", "listed" };

	begin();
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		die(OWNER, take_kinds);
		for (int kind = PUBLISH; kind <= LISTED; kind++)
			tap_is(names[i], try(STRANGER, kind, names[i]),
			       -EOWNERDEAD);
		for (size_t j = 0; j < ARRAY_SIZE(names); j++)
			tap_is("successor", try(OWNER, LISTED - j, names[j]), 0);
		tap_is("free", try(STRANGER, PUBLISH, names[i]), 0);
	}
}

static void take_path(void)
{
	CHECK_IS(publish("c/l/aim"), 0);
	CHECK_IS(pager_mkdir(&p, "all", 0777, OWNER), 0);
	CHECK_IS(publish("all/name"), 0);
}

static void take_way(void)
{
	CHECK_IS(pager_mkdir(&p, "c", 0777, OWNER), 0);
	CHECK_IS(pager_mkdir(&p, "c/l", 0777, OWNER), 0);
	CHECK_IS(pager_mkdir(&p, "all", 0777, OWNER), 0);
}

static void end_in_order(void)
{
	pager_close(&p);
}

/* Nobody comes in between on the way, and directories that are made again are the same. */
static void test_path(void)
{
	struct service s;
	struct stat st;

	begin();
	die(OWNER, take_path);
	CHECK_WAIT(node_stat("c", &st) == -ENOENT &&
		   node_stat("all", &st) == -ENOENT, WAIT_MS, "still there");
	tap_is("link", try(STRANGER, LINK, "c"), -EOWNERDEAD);
	tap_is("directory", try(STRANGER, DIRECTORY, "c"), -EOWNERDEAD);
	tap_is("way", try(STRANGER, PUBLISH, "c/l/other"), -EOWNERDEAD);
	tap_is("self", try(STRANGER, PUBLISH, "c/l/aim"), -EOWNERDEAD);
	tap_is("kept-directory", try(STRANGER, LINK, "all"), -EOWNERDEAD);
	service_start(&s, &p, OWNER, take_way, end_in_order);
	tap_is("in-new", try(STRANGER, PUBLISH, "c/l/aim"), -EOWNERDEAD);
	tap_is("in-kept", try(STRANGER, PUBLISH, "all/name"), -EOWNERDEAD);
	tap_is("beside", try(STRANGER, PUBLISH, "c/l/other"), 0);
	service_end(&s);
	/* the directories have ended in order, the names in them have not */
	tap_is("way-later", try(STRANGER, LINK, "c"), -EOWNERDEAD);
	tap_is("self-later", try(STRANGER, PUBLISH, "all/name"), -EOWNERDEAD);
	tap_is("successor", try(OWNER, PUBLISH, "c/l/aim"), 0);
	tap_is("successor-kept", try(OWNER, PUBLISH, "all/name"), 0);
	tap_is("free", try(STRANGER, LINK, "c"), 0);
	tap_is("free-kept", try(STRANGER, LINK, "all"), 0);
}

static void end_by_destroy(void)
{
	struct mach_pager_destroy d = { .size = sizeof(d), .object = o.number };

	CHECK_IS(vm_ioctl(p.fd, MACH_PAGER_DESTROY, &d), 0);
}

static void end_by_unpublish(void)
{
	CHECK_IS(object_unpublish(&p, &o), 0);
}

static void end_by_unlink(void)
{
	CHECK_IS(RESULT(unlink(node_path("claimed"))), 0);
}

static void end_by_exit(void)
{
}

static void end_by_exec(void)
{
	execl("/bin/true", "true", NULL);
}

static const struct {
	const char *name;
	void (*end)(void);
	long want;
} ends[] = {
	{ "resign", end_in_order, 0 },
	{ "destroy", end_by_destroy, 0 },
	{ "unpublish", end_by_unpublish, 0 },
	{ "unlink", end_by_unlink, 0 },
	{ "exit", end_by_exit, -EOWNERDEAD },
	{ "exec", end_by_exec, -EOWNERDEAD },
};

/* What ends in order leaves nothing behind, also at the pager's later death. */
static void test_ends(void)
{
	struct service s;

	begin();
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		service_start(&s, &p, OWNER, take_name, ends[i].end);
		service_end(&s);
		tap_is(ends[i].name, try(STRANGER, PUBLISH, "claimed"),
		       ends[i].want);
	}
}

static void take_place(void)
{
	CHECK_IS(pager_mkdir(&p, "place", 01777, getuid()), 0);
}

static void take_placed(void)
{
	CHECK_IS(publish("place/claimed"), 0);
}

/* As who may take away a name in a sticky directory. */
static void test_privilege(void)
{
	struct service s;

	begin();
	die(OWNER, take_name);
	tap_is("root", try(0, PUBLISH, "claimed"), 0);
	tap_is("taken", try(STRANGER, PUBLISH, "claimed"), 0);
	service_start(&s, &p, THIRD, take_place, end_in_order);
	die(OWNER, take_placed);
	tap_is("stranger", try(STRANGER, PUBLISH, "place/claimed"),
	       -EOWNERDEAD);
	tap_is("directory", try(THIRD, PUBLISH, "place/claimed"), 0);
	tap_is("stranger-then", try(STRANGER, PUBLISH, "place/claimed"), 0);
	service_end(&s);
	tap_is("place", try(STRANGER, LINK, "place"), 0);
}

static void take_beside(void)
{
	CHECK_IS(publish("place/other"), 0);
}

/* In a directory that its pager leaves behind there are others, which go in order. */
static void test_left(void)
{
	struct service owner, guest;
	struct stat st;

	begin();
	service_start(&owner, &p, OWNER, take_place, NULL);
	service_start(&guest, &p, STRANGER, take_beside, end_in_order);
	service_kill(&owner);
	tap_is("stays", node_stat("place", &st), 0);
	service_end(&guest);
	tap_is("gone", node_stat("place", &st), -ENOENT);
	tap_is("stranger", try(STRANGER, LINK, "place"), -EOWNERDEAD);
	/* one that a successor has taken over, and ended in order */
	service_start(&owner, &p, OWNER, take_place, NULL);
	service_start(&guest, &p, STRANGER, take_beside, end_in_order);
	service_kill(&owner);
	service_start(&owner, &p, OWNER, take_place, end_in_order);
	service_end(&owner);
	tap_is("stays-again", node_stat("place", &st), 0);
	service_end(&guest);
	tap_is("free", try(STRANGER, LINK, "place"), 0);
}

#define SECONDS	2

static void test_expiry(void)
{
	long start, end;

	begin();
	pool_set_number("claim_time", SECONDS);
	start = tap_now_ms();
	die(OWNER, take_name);
	end = start + SECONDS * 1000 + 2 * WAIT_MS;
	while (try(STRANGER, PUBLISH, "claimed") == -EOWNERDEAD)
		CHECK(tap_now_ms() < end, "no end of it");
	CHECK_IS(attempt->said, 0);
	CHECK(tap_now_ms() - start >= SECONDS * 1000, "after %ld ms",
	      tap_now_ms() - start);
	/* also where nobody looks */
	die(OWNER, take_path);
	CHECK_WAIT(!count("claims", OWNER), SECONDS * 1000 + 2 * WAIT_MS,
		   "%ld claims are left", count("claims", OWNER));
	CHECK_IS(count("names", OWNER), 0);
}

static void test_off(void)
{
	begin();
	die(OWNER, take_path);
	tap_is("on", try(STRANGER, PUBLISH, "c/l/aim"), -EOWNERDEAD);
	pool_set_number("claim_time", 0);
	CHECK_IS(count("names", OWNER), 0);
	/* and not again */
	pool_set_number("claim_time", LONG);
	tap_is("then-off", try(STRANGER, PUBLISH, "c/l/aim"), 0);
	tap_is("too-long", pool_set("claim_time", "1000001"), -EINVAL);
	tap_is("negative", pool_set("claim_time", "-1"), -EINVAL);
	pool_set_number("claim_time", 0);
	die(OWNER, take_path);
	tap_is("off", try(STRANGER, PUBLISH, "all/name"), 0);
	CHECK_IS(count("claims", OWNER), 0);
}

static void take_three(void)
{
	CHECK_IS(publish("first"), 0);
	CHECK_IS(publish("second"), 0);
	CHECK_IS(publish("third"), 0);
}

static void take_four(void)
{
	CHECK_IS(publish("second"), 0);
	CHECK_IS(publish("fourth"), 0);
	CHECK_IS(publish("fifth"), 0);
	CHECK_IS(publish("sixth"), -EDQUOT);
}

/* They are names of the user, and the first to go when he wants others. */
static void test_count(void)
{
	struct service s;

	begin();
	pool_set_number("user_names", 3);
	die(OWNER, take_three);
	await_claims(3);
	CHECK_IS(count("names", OWNER), 3);
	service_start(&s, &p, OWNER, take_four, end_in_order);
	CHECK_IS(count("names", OWNER), 3);
	CHECK_IS(count("claims", OWNER), 0);
	tap_is("displaced", try(STRANGER, PUBLISH, "first"), 0);
	service_end(&s);
	CHECK_IS(count("names", OWNER), 0);
}

static void take_asking(void)
{
	CHECK_IS(directory_publish(&p, "d", 0777, OWNER,
				   directory_create(&p, 1)), 0);
	CHECK_IS(publish("second"), 0);
}

static void take_more(void)
{
	CHECK_IS(publish("third"), 0);
	pager_close(&p);
}

/* They make room for the user's own pagers, and not for who asks one of those. */
static void test_client(void)
{
	struct service s;

	begin();
	pool_set_number("user_names", 3);
	die(OWNER, take_name);
	await_claims(1);
	service_start(&s, &p, OWNER, take_asking, take_more);
	tap_is("create", node_open("d/x", O_RDWR | O_CREAT), -EDQUOT);
	tap_is("mkdir", RESULT(mkdir(node_path("d/x"), 0700)), -EDQUOT);
	tap_is("still", try(STRANGER, PUBLISH, "claimed"), -EOWNERDEAD);
	service_end(&s);
	tap_is("displaced", try(STRANGER, PUBLISH, "claimed"), 0);
}

static uint32_t table;

static long hand_in(unsigned int n)
{
	static const struct test_name names[] = {
		{ .name = "a", .owner = OWNER },
		{ .name = "b", .owner = OWNER },
		{ .name = "c", .owner = OWNER },
	};

	return list_names(&p, table, MACH_LIST_BEGIN | MACH_LIST_END, names, n);
}

static void hand_in_three(void)
{
	table = listed_number(&p, MACH_CREATE_LISTED, 1);
	CHECK_IS(listed_mkdir(&p, "listed", table), 0);
	CHECK_IS(hand_in(3), -EDQUOT);
}

static void hand_in_two(void)
{
	CHECK_IS(hand_in(2), 0);
	pager_close(&p);
}

/* For what is refused all the same none of them goes. */
static void test_table(void)
{
	struct service s;

	begin();
	pool_set_number("user_names", 3);
	die(OWNER, take_name);
	service_start(&s, &p, OWNER, hand_in_three, hand_in_two);
	CHECK_IS(count("claims", OWNER), 1);
	tap_is("still", try(STRANGER, PUBLISH, "claimed"), -EOWNERDEAD);
	service_end(&s);
	tap_is("displaced", try(STRANGER, PUBLISH, "claimed"), 0);
}

#define MANY	(tap_slow() > 1 ? 300U : 3000U)

static const char *many_name(unsigned int i)
{
	static char name[64];

	snprintf(name, sizeof(name), "many/%u/a-name-of-%u", i % 16, i);
	return name;
}

static void take_many(void)
{
	for (unsigned int i = 0; i < MANY; i++) {
		CHECK_IS(publish(many_name(i)), 0);
		close(o.fd);
	}
}

/* One of its directories may have gone, while the one above is there and another's. */
static void try_many(void)
{
	long said;

	pager_open(&p, &by_ioctl);
	object_create(&p, &o, PAGE, 0, 0);
	for (unsigned int i = 0; i < MANY; i += 7) {
		said = object_publish_as(&p, &o, many_name(i), 0, getuid());
		CHECK(said == -EOWNERDEAD || said == -EACCES, "%u: %s", i,
		      tap_result(said));
	}
	pager_close(&p);
}

static void test_many(void)
{
	struct service s;
	struct stat st;

	begin();
	die(OWNER, take_many);
	as_user(STRANGER, try_many);
	CHECK_WAIT(node_stat("many", &st) == -ENOENT, 10 * WAIT_MS, "there");
	tap_is("one", try(STRANGER, PUBLISH, many_name(0)), -EOWNERDEAD);
	as_user(STRANGER, try_many);
	CHECK_IS(count("claims", OWNER), MANY + 17);
	service_start(&s, &p, OWNER, take_many, end_in_order);
	CHECK_IS(count("claims", OWNER), 0);
	service_end(&s);
	CHECK_WAIT(!count("names", OWNER), 10 * WAIT_MS, "%ld names are left",
		   count("names", OWNER));
}

/* The file system goes with its last mount and pager, and the claims do not. */
static void test_mounts(void)
{
	begin();
	die(OWNER, take_path);
	CHECK_IS(RESULT(umount(MACH_VM_NODE_DIR)), 0);
	tap_is("unmounted", try(STRANGER, LINK, "c"), -EOWNERDEAD);
	CHECK_IS(mount_objects(MACH_VM_NODE_DIR), 0);
	tap_is("mounted", try(STRANGER, PUBLISH, "all/name"), -EOWNERDEAD);
	tap_is("successor", try(OWNER, PUBLISH, "all/name"), 0);
}

#define ROUNDS	(tap_slow() > 1 ? 6U : 20U)
#define RACERS	60U

static volatile bool *stop;

static const char *race_name(unsigned int i)
{
	static __thread char name[32];

	snprintf(name, sizeof(name), i % 2 ? "race/%u" : "race-%u", i);
	return name;
}

static void take_race(void)
{
	for (unsigned int i = 0; i < RACERS; i++)
		CHECK_IS(publish(race_name(i)), 0);
}

/* A stranger never has one of the names, whenever he comes. */
static void want_race(void)
{
	unsigned long tries = 0;
	long said;

	pager_open(&p, &by_ioctl);
	object_create(&p, &o, PAGE, 0, 0);
	for (unsigned int i = 0; !*stop || tries < RACERS; i++, tries++) {
		said = object_publish_as(&p, &o, race_name(i % RACERS), 0,
					 getuid());
		/* the directory is the other's as long as it is there */
		CHECK(said == -EEXIST || said == -EOWNERDEAD ||
		      (said == -EACCES && i % 2), "%s: %s",
		      race_name(i % RACERS), tap_result(said));
	}
	pager_close(&p);
}

/* Who looks takes dead names out of sight before they have been cleared away. */
static void look_race(void)
{
	struct stat st;

	for (unsigned int i = 0; !*stop; i++)
		node_stat(race_name(i % RACERS), &st);
}

static void test_race(void)
{
	struct service now, next;
	pid_t stranger, looker;

	begin();
	stop = shared_alloc(sizeof(*stop));
	service_start(&now, &p, OWNER, take_race, NULL);
	stranger = user_begin(STRANGER, want_race);
	looker = user_begin(STRANGER, look_race);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		service_kill(&now);
		service_start(&next, &p, OWNER, take_race, NULL);
		now = next;
	}
	*stop = true;
	user_end(stranger);
	user_end(looker);
	service_kill(&now);
	await_claims(RACERS + 1);
	pool_set_number("claim_time", 0);
	CHECK_IS(count("names", OWNER), 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		{ "name", test_name, 0, 0 },
		{ "kinds", test_kinds, 0, 0 },
		{ "path", test_path, 0, 0 },
		{ "ends", test_ends, 0, 0 },
		{ "privilege", test_privilege, 0, 0 },
		{ "left", test_left, 0, 0 },
		{ "expiry", test_expiry, 0, 0 },
		{ "off", test_off, 0, 0 },
		{ "count", test_count, 0, 0 },
		{ "client", test_client, 0, 0 },
		{ "table", test_table, 0, 0 },
		{ "many", test_many, 0, 60 },
		{ "mounts", test_mounts, 0, 0 },
		{ "race", test_race, 0, 60 },
	};
	int status = pool_main(argc, argv, tests, ARRAY_SIZE(tests));

	chmod(MACH_VM_DEVICE, 0600);
	return status;
}
