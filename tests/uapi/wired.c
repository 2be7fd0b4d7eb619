// SPDX-License-Identifier: GPL-2.0-only
/*
 * Wired pages whose object is cut and grows again meanwhile: it is the place that is
 * wired, by each who has wired it. And all of a map, wired by who does not get it.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "serve.h"
#include "tap.h"
#include "task.h"
#include "testpager.h"

#define RW	(MACH_PROT_READ | MACH_PROT_WRITE)
#define CLUSTER	(8 * PAGE)
#define SIZE	(4 * PAGE)
#define ROOM	SCENE_ROOM
#define LEFT	PAGE			/* when it is cut */

/* @variant: of the test: who cuts */
enum { BY_PAGER = 2 };

static struct scene s;
static struct test_task t;
static char *at, *other;	/* two places that show all of the object */

static void open_all(void)
{
	struct pager_setup setup = { .transport = tap_variant & 1 };

	scene_open_resizable(&s, &setup, SIZE, ROOM, CLUSTER, 4);
	scene_resident(&s, 0, SIZE, 1);
	task_open(&t, 64 * MIB);
	CHECK_IS(task_map(&t, s.o.fd, 0, SIZE, RW, 0, &at), 0);
}

static void set_size(uint64_t size)
{
	scene_set_size(&s, tap_variant & BY_PAGER, size);
}

/* What was there beyond LEFT goes, and other pages come in its place. */
static void cut_and_grow(void)
{
	set_size(LEFT);
	set_size(SIZE);
	scene_resident(&s, LEFT, SIZE - LEFT, 1);
}

/* Pages that stay, though all are to be forgotten */
static unsigned long kept(void)
{
	struct mach_task_msync args = {
		.size = sizeof(args), .flags = MACH_SYNC_INVALIDATE,
		.length = ROOM,
	};

	CHECK_IS(vm_ioctl(s.o.fd, MACH_OBJECT_MSYNC, &args), 0);
	return object_info(s.o.fd).resident;
}

static void check_all_go(void)
{
	CHECK_IS(task_wire(&t, at, SIZE, 0), 0);
	CHECK_IS(kept(), 0);
	task_close(&t);
}

static void *wire_both(void *result)
{
	*(long *)result = task_wire(&t, at, SIZE + PAGE, MACH_PROT_READ);
	return NULL;
}

/*
 * Who wires the object and what lies behind it does not get that. Meanwhile another
 * one has wired a page that has come anew.
 */
static void test_undone(void)
{
	struct test_object behind;
	struct test_request asked;
	pthread_t thread;
	long result;
	char *last;

	open_all();
	object_create(&s.p, &behind, PAGE, PAGE, 0);
	CHECK_IS(task_map(&t, behind.fd, 0, PAGE, RW, 0, &last), 0);
	CHECK(last == at + SIZE, "mapped at %p, not behind %p", last, at);
	CHECK_IS(task_map(&t, s.o.fd, 0, SIZE, RW, 0, &other), 0);
	CHECK(!pthread_create(&thread, NULL, wire_both, &result), "no thread");
	pager_expect(&s.p, &asked, MACH_OP_DATA_REQUEST, 0, PAGE);
	cut_and_grow();
	CHECK_IS(task_wire(&t, other + LEFT, PAGE, MACH_PROT_READ), 0);
	pager_reply_one(&s.p, &asked, part_error(0, PAGE, EIO));
	CHECK(!pthread_join(thread, NULL), "the thread is left");
	tap_is("fails", result, -EIO);
	tap_is("kept", kept(), 1);
	CHECK_IS(task_wire(&t, other + LEFT, PAGE, 0), 0);
	check_all_go();
}

/* What comes in the place of a wired page is wired. */
static void test_kept(void)
{
	open_all();
	CHECK_IS(task_wire(&t, at, SIZE, MACH_PROT_READ), 0);
	CHECK_IS(task_wire(&t, at, SIZE, MACH_PROT_READ), 0);
	tap_is("before", kept(), SIZE / PAGE);
	cut_and_grow();
	tap_is("grown", kept(), SIZE / PAGE);
	CHECK_IS(task_wire(&t, at, SIZE, 0), 0);
	tap_is("once", kept(), SIZE / PAGE);
	set_size(LEFT);
	CHECK_IS(task_wire(&t, at, SIZE, 0), 0);
	set_size(SIZE);
	scene_resident(&s, LEFT, SIZE - LEFT, 1);
	tap_is("unwired-while-cut", kept(), 0);
	check_all_go();
}

/* Each takes away what he has wired himself, whichever page it was. */
static void test_two(void)
{
	open_all();
	CHECK_IS(task_map(&t, s.o.fd, 0, SIZE, RW, 0, &other), 0);
	CHECK_IS(task_wire(&t, at, SIZE, MACH_PROT_READ), 0);
	cut_and_grow();
	CHECK_IS(task_wire(&t, other, SIZE, MACH_PROT_READ), 0);
	CHECK_IS(task_wire(&t, at, SIZE, 0), 0);
	tap_is("other", kept(), SIZE / PAGE);
	/* nobody may access it: it is let go, and comes back */
	CHECK_IS(task_protect(&t, other, SIZE, 0), 0);
	tap_is("none", kept(), 0);
	scene_resident(&s, 0, SIZE, 1);
	CHECK_IS(task_protect(&t, other, SIZE, RW), 0);
	tap_is("again", kept(), SIZE / PAGE);
	CHECK_IS(task_deallocate(&t, other, SIZE), 0);
	check_all_go();
}

/* A page that its pager is just taking is cut off. */
static void test_returned(void)
{
	struct test_request taken;

	open_all();
	CHECK_IS(task_map(&t, s.o.fd, 0, SIZE, RW, 0, &other), 0);
	CHECK_IS(task_wire(&t, at, SIZE, MACH_PROT_READ), 0);
	CHECK_IS(task_touch(at + 2 * PAGE, true), 0);
	CHECK_IS(task_msync(&t, at, SIZE, MACH_SYNC_ASYNCHRONOUS), 0);
	pager_expect(&s.p, &taken, MACH_OP_DATA_RETURN, 2 * PAGE, PAGE);
	cut_and_grow();
	CHECK_IS(task_wire(&t, other + 2 * PAGE, PAGE, MACH_PROT_READ), 0);
	pager_reply_one(&s.p, &taken, part_done(2 * PAGE, PAGE));
	tap_is("all", kept(), SIZE / PAGE);
	CHECK_IS(task_wire(&t, at, SIZE, 0), 0);
	tap_is("other", kept(), 1);
	CHECK_IS(task_deallocate(&t, other, SIZE), 0);
	check_all_go();
}

/* Memory, some of it out of reach, an object, and memory behind it */
static struct serve *v;
static char *memory, *object, *more;

/* Return: the variant, which is flags of the call. */
static unsigned int open_map(void)
{
	const unsigned int flags = tap_variant;

	tap_variant = BY_RING;
	v = serve_new(SIZE, PAGE, 1);
	serve_start(v);
	/* a descriptor that a fork inherits */
	task_open(&t, 64 * MIB);
	memory = task_allocate(&t, 4 * PAGE);
	CHECK_IS(task_protect(&t, memory + PAGE, PAGE, 0), 0);
	CHECK_IS(task_map(&t, v->fd, 0, SIZE, RW, 0, &object), 0);
	more = task_allocate(&t, PAGE);
	CHECK(memory < object && object < more, "not in order");
	CHECK_IS(task_touch(memory, true), 0);
	CHECK_IS(task_touch(memory + 2 * PAGE, true), 0);
	CHECK_IS(task_wire(&t, more, PAGE, MACH_PROT_READ), 0);
	return flags;
}

static long wire_all(const uint64_t *arg)
{
	return task_wire_all(&t, arg[0]);
}

static long deallocate(const uint64_t *arg)
{
	return task_deallocate(&t, (void *)(uintptr_t)arg[0], arg[1]);
}

static void check_as_before(uint64_t digest)
{
	CHECK(task_digest(&t) == digest, "entries have changed");
	CHECK_IS(task_info(&t).wired, PAGE);
	CHECK_IS(task_deallocate(&t, task_allocate(&t, PAGE), PAGE), 0);
	CHECK_IS(task_info(&t).wired, PAGE);
}

static void test_all_refused(void)
{
	const unsigned int flags = open_map();
	const uint64_t was = task_digest(&t);

	v->fail_read = EIO;
	CHECK_IS(task_wire_all(&t, flags), -EIO);
	check_as_before(was);
	v->fail_read = 0;
	CHECK_IS(task_wire_all(&t, flags), 0);
	CHECK_IS(task_info(&t).wired, 4 * PAGE + SIZE);
	/* what was wired before is not, twice */
	CHECK_IS(task_wire(&t, memory, SIZE, 0), 0);
	CHECK_IS(task_wire(&t, object, SIZE, 0), 0);
	CHECK_IS(task_info(&t).wired, PAGE);
}

/* Who is killed while he waits for a page leaves nothing behind. */
static void test_all_killed(void)
{
	const unsigned int flags = open_map();
	const uint64_t was = task_digest(&t);
	struct actor user, second;

	actor_start(&user, 1);
	actor_start(&second, 1);
	v->hold = SERVE_HOLD(MACH_OP_DATA_REQUEST);
	actor_begin(&user, 0, wire_all, flags);
	CHECK_WAIT(v->held, WAIT_MS, "nothing is asked for");
	/* what it may have to give back stays as it is, and the rest does not wait */
	actor_begin(&second, 0, deallocate, (uintptr_t)memory, PAGE);
	CHECK(actor_waits(&second, 0, 30), "taken away while it is wired");
	CHECK_IS(task_inherit(&t, more, PAGE, MACH_INHERIT_NONE), 0);
	CHECK_IS(task_inherit(&t, more, PAGE, MACH_INHERIT_COPY), 0);
	actor_kill(&second);
	actor_kill(&user);
	check_as_before(was);
	v->hold = 0;
	CHECK_IS(task_wire_all(&t, MACH_WIRE_CURRENT), 0);
	CHECK_IS(task_info(&t).wired, 4 * PAGE + SIZE);
}

/* Two at a time: the one that fails takes nothing from the one that succeeds. */
static void test_all_twice(void)
{
	struct actor user[2];

	open_map();
	v->hold = SERVE_HOLD(MACH_OP_DATA_REQUEST);
	for (int i = 0; i < 2; i++) {
		actor_start(&user[i], 1);
		actor_begin(&user[i], 0, wire_all,
			    MACH_WIRE_CURRENT | MACH_WIRE_FUTURE);
	}
	CHECK_WAIT(v->held, WAIT_MS, "nothing is asked for");
	actor_kill(&user[0]);
	v->hold = 0;
	CHECK_IS(actor_end(&user[1], 0), 0);
	CHECK_IS(task_info(&t).wired, 4 * PAGE + SIZE);
	task_allocate(&t, PAGE);
	CHECK_IS(task_info(&t).wired, 5 * PAGE + SIZE);
	CHECK_IS(task_wire_all(&t, 0), 0);
	CHECK_IS(task_info(&t).wired, 0);
	actor_stop(&user[1]);
}

#define WAYS(n, fn)							\
	{ .name = n "-ring", .run = fn, BY_RING },			\
	{ .name = n "-ioctl", .run = fn, BY_IOCTL },			\
	{ .name = n "-by-pager", .run = fn, BY_PAGER | BY_IOCTL }

static const struct tap_test tests[] = {
	WAYS("undone", test_undone),
	WAYS("kept", test_kept),
	WAYS("two", test_two),
	{ .name = "returned", .run = test_returned, BY_PAGER | BY_IOCTL },
	{ .name = "all-refused", .run = test_all_refused, MACH_WIRE_CURRENT },
	{ .name = "all-future-refused", .run = test_all_refused,
	  MACH_WIRE_CURRENT | MACH_WIRE_FUTURE },
	{ .name = "all-killed", .run = test_all_killed, MACH_WIRE_CURRENT },
	{ .name = "all-future-killed", .run = test_all_killed,
	  MACH_WIRE_CURRENT | MACH_WIRE_FUTURE },
	{ .name = "all-twice", .run = test_all_twice },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
