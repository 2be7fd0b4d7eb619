// SPDX-License-Identifier: GPL-2.0-only
/*
 * A client changes names in a directory that asks, a listed one as well, and the pager
 * answers, with the nth allocation failing: what failed has changed nothing.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "asked.h"
#include "fail_nth.h"
#include "listing.h"
#include "naming.h"
#include "place.h"
#include "tap.h"

#define NTH_MAX	1000

static struct test_pager p;
static struct test_object f, made;
static struct actor a;
static struct fail_call *call;
static uint32_t d;
static bool listed;

/* The deeds; each is undone by the pager. */
static const struct {
	enum deed deed;
	const char *name;
	const char *to;
	int flags;
} ops[] = {
	{ DEED_CREATE, "d/new", "", O_RDWR },
	{ DEED_MKDIR, "d/new", "", 0 },
	{ DEED_SYMLINK, "d/new", "text", 0 },
	{ DEED_UNLINK, "d/f", "", 0 },
	{ DEED_RENAME, "d/f", "d/new", 0 },
	{ DEED_CHMOD, "d/f", "", 0 },
};

#define LISTED	ARRAY_SIZE(ops)	/* from this variant on, the same in a listed one */
#define OPS	ops[tap_variant % LISTED]

/* As it was at first. What has been opened ends, and its pager hears of it. */
static void list_again(void)
{
	static const struct test_name name = {
		.name = "f", .cookie = 1, .flags = MACH_LIST_RESIZABLE,
	};

	list_all(&p, d, &name, 1);
}

static void setup(void)
{
	fail_nth_setup();
	pager_open(&p, &(struct pager_setup){ .transport = BY_IOCTL });
	listed = (unsigned int)tap_variant >= LISTED;
	if (listed) {
		d = listed_create_asking(&p, "d", 1);
		list_again();
	} else {
		d = directory_make(&p, "d", 0777, 1);
		object_create(&p, &f, PAGE, 0, 0);
		object_create(&p, &made, PAGE, 0, MACH_CREATE_RESIZABLE);
		CHECK_IS(object_publish(&p, &f, "d/f", 0), 0);
	}
	call = shared_alloc(sizeof(*call));
	actor_start(&a, 1);
}

static long answer(const uint64_t *arg)
{
	const struct test_request *r = (void *)(uintptr_t)arg[0];

	return asked_done(&p, r, r->m.operation != MACH_OP_CREATE ? 0 :
			  listed ? 2 : made.number);
}

/* As it was, whether it has been done or not */
static void undo(void)
{
	if (listed) {
		list_again();
		CHECK_IS(node_there("d/new"), -ENOENT);
		return;
	}
	object_unname(&p, made.number);
	object_unname(&p, f.number);
	pager_remove(&p, "d/new");
	CHECK_IS(node_there("d/new"), -ENOENT);
	CHECK_IS(object_publish(&p, &f, "d/f", 0), 0);
}

static void begin(void)
{
	const uint64_t arg[] = {
		NAME_ARGS(OPS.deed, OPS.name,
			  OPS.to, OPS.flags, 0700)
	};

	memset(call, 0, sizeof(*call));
	call->fn = do_name;
	memcpy(call->arg, arg, sizeof(arg));
}

/* Return: was it asked and answered? */
static bool serve(void)
{
	struct test_request r;
	bool asked = false;

	while (actor_waits(&a, 0, 1)) {
		if (pager_next(&p, &r, 0))
			continue;
		/* of a turn before */
		if (r.m.operation == MACH_OP_TERMINATE) {
			pager_reply_none(&p, &r);
			continue;
		}
		CHECK_IS(answer((const uint64_t []){ (uintptr_t)&r }), 0);
		asked = true;
	}
	return asked;
}

/* The client's allocations, until none fails */
static void test_client(void)
{
	unsigned int nth = 0;
	bool asked;

	setup();
	do {
		begin();
		nth = fail_next(nth);
		call->nth = nth;
		actor_begin(&a, 0, do_fail_nth, (uintptr_t)call);
		asked = serve();
		CHECK_IS(actor_end(&a, 0), 0);
		/* what comes behind the answer changes nothing of it */
		CHECK(!call->result || (call->injected &&
					call->result == -ENOMEM),
		      "%s with allocation %u", tap_result(call->result), nth);
		CHECK(asked || call->result, "done, but not asked");
		CHECK(call->result || OPS.deed == DEED_UNLINK ||
		      OPS.deed == DEED_CHMOD || !node_there("d/new"),
		      "done, but not there");
		if (!asked)
			CHECK(node_there("d/new") == -ENOENT && !node_there("d/f"),
			      "failed, and something has changed");
		undo();
		CHECK(nth < NTH_MAX, "no end of allocations");
	} while (call->injected);
	tap_note("less than %u allocations", nth);
	actor_stop(&a);
	pager_close(&p);
}

/* The answer's: it may be repeated. */
static void test_answer(void)
{
	struct fail_call deed = {};
	struct test_request r;
	unsigned int nth = 0;

	setup();
	do {
		begin();
		actor_begin_args(&a, 0, do_name, call->arg);
		do {
			CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
			if (r.m.operation == MACH_OP_TERMINATE)
				pager_reply_none(&p, &r);
		} while (r.m.operation == MACH_OP_TERMINATE);
		nth = fail_next(nth);
		deed = (struct fail_call){ .fn = answer, .nth = nth,
					   .arg[0] = (uintptr_t)&r };
		fail_nth_call(&deed);
		if (deed.result) {
			CHECK(deed.injected && deed.result == -ENOMEM,
			      "%s with allocation %u",
			      tap_result(deed.result), nth);
			CHECK(node_there("d/new") == -ENOENT && !node_there("d/f"),
			      "refused, and something has changed");
			CHECK_IS(answer(deed.arg), 0);
		}
		CHECK_IS(actor_end(&a, 0), 0);
		undo();
		CHECK(nth < NTH_MAX, "no end of allocations");
	} while (deed.injected);
	tap_note("less than %u allocations", nth);
	actor_stop(&a);
	pager_close(&p);
}

#define OP(n, v)							\
	{ .name = n, .run = test_client, .variant = v, .seconds = 60 },	\
	{ .name = n "-answer", .run = test_answer, .variant = v }

static const struct tap_test tests[] = {
	OP("create", 0),
	OP("mkdir", 1),
	OP("symlink", 2),
	OP("unlink", 3),
	OP("rename", 4),
	OP("chmod", 5),
	OP("listed-create", 6),
	OP("listed-mkdir", 7),
	OP("listed-symlink", 8),
	OP("listed-unlink", 9),
	OP("listed-rename", 10),
	OP("listed-chmod", 11),
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
