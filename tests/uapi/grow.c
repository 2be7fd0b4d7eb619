// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs that were made for an older or a newer version of the interface: each
 * structure in its first version, in one that is not yet known, and too small.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "callbook.h"
#include "tap.h"

#define MORE		8U	/* bytes of a newer version */
#define RING_ROOM	80U	/* command bytes of a 128-byte SQE */

static struct world w;

static size_t first_size(const struct call *call)
{
	if (call->number == MACH_OBJECT_INFO)
		return MACH_OBJECT_INFO_SIZE_VER0;
	return call->number == MACH_VM_VERSION ? MACH_VM_VERSION_SIZE_VER0 :
						 call_size(call);
}

/* The first version is enough; what it has not is not written. */
static void older(const struct call *call, const char *sub)
{
	size_t size = first_size(call);
	union any_call c = { 0 };

	call_fill(call, &w, &c);
	c.size = size;
	memset(c.bytes + size, 0xaa, MORE);
	tap_is(sub, world_call(&w, call, &c), call->right);
	for (size_t i = size; i < size + MORE; i++)
		CHECK(c.bytes[i] == 0xaa, "%s: byte %zu was written", sub, i);
}

/* Nothing is smaller than the first version; and nothing is written to it. */
static void smaller(const struct call *call, const char *sub)
{
	union any_call before = { 0 }, c;

	call_fill(call, &w, &before);
	before.size = first_size(call) - 1;
	c = before;
	tap_is(sub, world_call(&w, call, &c), -EINVAL);
	CHECK(!memcmp(&c, &before, sizeof(c)), "%s: something was written", sub);
}

/* Make a call of a newer version; where an answer or a part ends it, of that. */
static void grow(const struct call *call, union any_call *c, uint32_t more)
{
	call_fill(call, &w, c);
	c->size += more;
	if (call->number == MACH_PAGER_SUPPLY)
		((struct mach_pager_supply *)c)->part.size += more;
}

/* What the module does not know of comes back as it was. */
static void newer(const struct call *call, const char *sub)
{
	union any_call c = { 0 };

	grow(call, &c, 2 * MORE);
	tap_is(sub, world_call(&w, call, &c), call->right);
	CHECK(c.size == call_size(call) + 2 * MORE &&
	      zeros(c.bytes + call_size(call), sizeof(c) - call_size(call)),
	      "%s: the size or the tail is another", sub);
}

static void unknown(const struct call *call, const char *sub)
{
	union any_call before = { 0 }, c;

	grow(call, &before, 2 * MORE);
	before.bytes[call_size(call) + 2 * MORE - 1] = 1;
	c = before;
	tap_is(sub, world_call(&w, call, &c), -E2BIG);
	CHECK(!memcmp(&c, &before, sizeof(c)), "%s: something was written", sub);
}

/* The number of a call has a size too; it is the structure's that counts. */
static void number(const struct call *call, const char *sub)
{
	struct call other = *call;
	union any_call c = { 0 };

	other.number = _IOC(_IOC_DIR(call->number), MACH_VM_IOC,
			    _IOC_NR(call->number), call_size(call) + MORE);
	call_fill(call, &w, &c);
	tap_is(sub, world_call(&w, &other, &c), call->right);
}

#define EACH(what)							\
	static void test_##what(void)					\
	{								\
		world_each_call(&w, #what, what);			\
	}

EACH(older)
EACH(smaller)
EACH(newer)
EACH(unknown)
EACH(number)

/* Programs that know 16 bytes only still learn which version the module has. */
static void test_version(void)
{
	struct mach_vm_version v = { .size = MACH_VM_VERSION_SIZE_VER0 };

	CHECK_IS(vm_ioctl(vm_open(), MACH_VM_VERSION, &v), 0);
	CHECK_IS(v.size, MACH_VM_VERSION_SIZE_VER0);
	CHECK_IS(v.api, MACH_VM_API_VERSION);
	CHECK(!v.features && !v.api_oldest, "more was written");
}

/* A part, an answer or a receive that a newer program makes */
union newer_part {
	struct mach_part part;
	uint8_t bytes[sizeof(struct mach_part) + MORE];
};

union newer_answer {
	struct mach_pager_answer answer;
	uint8_t bytes[RING_ROOM + MORE];
};

union newer_receive {
	struct mach_pager_receive receive;
	uint8_t bytes[sizeof(struct mach_pager_receive) + MORE];
};

static struct scene s;

/* A request for page 0 is held, and somebody waits for it. */
static void open_held(struct test_request *r)
{
	scene_open(&s, NULL, 16 * PAGE, 4 * PAGE, 1);
	actor_begin(&s.a, 0, do_load, s.map);
	pager_expect(&s.p, r, MACH_OP_DATA_REQUEST, 0, 4 * PAGE);
}

static void check_served(uint32_t seed)
{
	CHECK(actor_end(&s.a, 0) > 0, "wrong data");
	CHECK(scene_reads(&s, 0, 4 * PAGE, seed), "wrong data");
}

/* An answer to the request that fills it, its part growing with it */
static union newer_answer make_answer(const struct test_request *r, int more)
{
	struct mach_part part = part_pattern(0, 4 * PAGE, 3);
	union newer_answer a = { .bytes = { 0 } };

	a.answer = pager_answer(r, &part, 1);
	a.answer.size += more;
	a.answer.part.size += more;
	return a;
}

static long say(const union newer_answer *a)
{
	union newer_answer copy = *a;

	if (s.p.transport == BY_RING)
		return pager_command(&s.p, MACH_RING_COMMIT, &copy.answer,
				     WAIT_MS);
	return vm_ioctl(s.p.fd, MACH_PAGER_ANSWER, &copy);
}

static void test_answer(void)
{
	union newer_answer a;
	struct test_request r;

	open_held(&r);
	a = make_answer(&r, -1);
	tap_is("smaller", say(&a), -EINVAL);
	a = make_answer(&r, MORE);
	a.bytes[RING_ROOM - 1] = 1;
	tap_is("unknown", say(&a), -E2BIG);
	a = make_answer(&r, MORE);
	a.answer.part.size -= MORE;
	tap_is("part-ends-early", say(&a), -EINVAL);
	a = make_answer(&r, 0);
	a.answer.part.size += MORE;
	tap_is("part-ends-late", say(&a), -EINVAL);
	a = make_answer(&r, 0);
	a.answer.part.size = 0;
	tap_is("part-without", say(&a), -EINVAL);
	CHECK(actor_waits(&s.a, 0, 0), "the waiter was let go");
	a = make_answer(&r, MORE);
	tap_is("newer", say(&a), 0);
	check_served(3);
}

/* Commands of all kinds, and their room in the SQE */
static void test_ring(void)
{
	static const struct { const char *name; unsigned int op; } ops[] = {
		{ "fetch", MACH_RING_FETCH },
		{ "answer", MACH_RING_ANSWER },
		{ "commit", MACH_RING_COMMIT },
		{ "commit-and-fetch", MACH_RING_COMMIT_AND_FETCH },
	};
	static const struct { const char *name; uint32_t size; long want; } is[] = {
		{ "0", 0, -EINVAL },
		{ "3", 3, -EINVAL },
		{ "smaller", MACH_PAGER_ANSWER_SIZE_VER0 - 1, -EINVAL },
		{ "over", RING_ROOM + 1, -E2BIG },
		{ "page", PAGE, -E2BIG },
		{ "max", ~0U, -E2BIG },
		{ "unknown", RING_ROOM, -E2BIG },
	};
	union newer_answer a;
	struct test_request r;
	char sub[64];

	open_held(&r);
	for (size_t op = 0; op < ARRAY_SIZE(ops); op++)
		for (size_t i = 0; i < ARRAY_SIZE(is); i++) {
			a = make_answer(&r, 0);
			a.answer.size = is[i].size;
			a.bytes[RING_ROOM - 1] = 1;
			snprintf(sub, sizeof(sub), "%s-%s", ops[op].name,
				 is[i].name);
			tap_is(sub, pager_command(&s.p, ops[op].op, &a.answer,
						  WAIT_MS), is[i].want);
		}
	a = make_answer(&r, MORE);
	pager_post(&s.p, MACH_RING_COMMIT_AND_FETCH, &a.answer);
	check_served(3);
}

/* A newer program's FETCH arms the slot. */
static void test_fetch(void)
{
	union newer_answer fetch = { .bytes = { 0 } };
	struct pager_setup one = { .transport = BY_RING, .depth = 1 };
	struct mach_part part = part_pattern(0, 4 * PAGE, 3);
	struct mach_pager_answer commit;
	struct test_request r;

	scene_open(&s, &one, 16 * PAGE, 4 * PAGE, 1);
	actor_begin(&s.a, 0, do_load, s.map);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 0, 4 * PAGE);
	commit = pager_answer(&r, &part, 1);
	CHECK_IS(pager_command(&s.p, MACH_RING_COMMIT, &commit, WAIT_MS), 0);
	check_served(3);
	fetch.answer = pager_fetch(0, 0);
	fetch.answer.size += MORE;
	pager_post(&s.p, MACH_RING_FETCH, &fetch.answer);
	actor_begin(&s.a, 0, do_load, s.map + 4 * PAGE);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 4 * PAGE, 4 * PAGE);
	pager_reply_one(&s.p, &r, part_pattern(4 * PAGE, 4 * PAGE, 4));
	CHECK(actor_end(&s.a, 0) > 0, "wrong data");
}

/* Four parts of a page each in an array of a newer program */
static void make_parts(union newer_part *parts)
{
	memset(parts, 0, 4 * sizeof(*parts));
	for (unsigned int i = 0; i < 4; i++) {
		parts[i].part = part_pattern(i * PAGE, PAGE, 3);
		parts[i].part.size = sizeof(*parts);
	}
}

static long say_parts(const struct test_request *r, const void *parts,
		      unsigned int nr)
{
	union newer_answer a = { .bytes = { 0 } };

	a.answer = pager_answer(r, NULL, 0);
	a.answer.nr_parts = nr;
	a.answer.parts = (uintptr_t)parts;
	return say(&a);
}

static void test_parts(void)
{
	union newer_part parts[4];
	struct test_request r;

	open_held(&r);
	make_parts(parts);
	parts[0].part.size = MACH_PART_SIZE_VER0 - 1;
	tap_is("smaller", say_parts(&r, parts, 4), -EINVAL);
	parts[0].part.size = 0;
	tap_is("zero", say_parts(&r, parts, 4), -EINVAL);
	parts[0].part.size = PAGE + 8;
	tap_is("over", say_parts(&r, parts, 4), -E2BIG);
	make_parts(parts);
	parts[0].bytes[sizeof(struct mach_part)] = 1;
	tap_is("unknown", say_parts(&r, parts, 4), -E2BIG);
	make_parts(parts);
	CHECK_IS(object_info(s.o.fd).resident, 0);
	tap_is("newer", say_parts(&r, parts, 4), 0);
	check_served(3);
}

/* Wrong in the third of them: those before it are final. */
static void test_parts_later(void)
{
	union newer_part parts[4];
	struct test_request r;

	open_held(&r);
	make_parts(parts);
	parts[2].part.size = sizeof(struct mach_part);
	tap_is("another-size", say_parts(&r, parts, 4), -EINVAL);
	CHECK_IS(object_info(s.o.fd).resident, 2);
	make_parts(parts);
	parts[3].bytes[sizeof(struct mach_part)] = 1;
	tap_is("unknown", say_parts(&r, parts + 2, 2), -E2BIG);
	CHECK_IS(object_info(s.o.fd).resident, 3);
	make_parts(parts);
	tap_is("one-by-address", say_parts(&r, parts + 3, 1), 0);
	check_served(3);
}

/* An answer that comes with a receive grows with that. */
static union newer_receive make_receive(const struct test_request *r, int more)
{
	union newer_receive c = { .bytes = { 0 } };

	c.receive.size = sizeof(c.receive) + more;
	c.receive.flags = MACH_RECEIVE_ANSWER | MACH_RECEIVE_NONBLOCK;
	c.receive.answer = make_answer(r, more).answer;
	return c;
}

static long receive(union newer_receive c)
{
	return vm_ioctl(s.p.fd, MACH_PAGER_RECEIVE, &c);
}

static void test_receive(void)
{
	struct test_request r;
	union newer_receive c;

	open_held(&r);
	c = make_receive(&r, -1);
	tap_is("smaller", receive(c), -EINVAL);
	c = make_receive(&r, MORE);
	c.bytes[sizeof(c) - 1] = 1;
	tap_is("unknown", receive(c), -E2BIG);
	c = make_receive(&r, MORE);
	c.receive.answer.size -= MORE;
	tap_is("answer-ends-early", receive(c), -EINVAL);
	c = make_receive(&r, 0);
	c.receive.answer.size += MORE;
	tap_is("answer-ends-late", receive(c), -EINVAL);
	c = make_receive(&r, MORE);
	c.receive.answer.part.size -= MORE;
	tap_is("part-ends-early", receive(c), -EINVAL);
	CHECK(actor_waits(&s.a, 0, 0), "the waiter was let go");
	c = make_receive(&r, MORE);
	tap_is("newer", receive(c), -ETIMEDOUT);
	check_served(3);
}

/* All slots that one object may have hold requests: each message where its tag says. */
static void check_messages(uint32_t size)
{
	const uint32_t known = sizeof(struct mach_message);
	struct test_request r[8];

	for (int i = 0; i < 8; i++)
		actor_begin(&s.a, i, do_load, s.map + i * PAGE);
	for (int i = 0; i < 8; i++)
		CHECK_IS(pager_next(&s.p, &r[i], WAIT_MS), 0);
	for (int i = 0; i < 8; i++) {
		const uint8_t *at = s.p.array[0] + r[i].tag * size;

		CHECK_IS(r[i].m.size, size < known ? size : known);
		CHECK_IS(r[i].m.length, PAGE);
		CHECK(!memcmp(at, &r[i].m, sizeof(r[i].m)),
		      "the message of tag %u is not at its place", r[i].tag);
		CHECK(zeros(at + known, size - known),
		      "what the module does not know is not zero");
		pager_reply_one(&s.p, &r[i],
				part_pattern(r[i].m.offset, PAGE, 5));
	}
	for (int i = 0; i < 8; i++)
		CHECK(actor_end(&s.a, i) > 0, "wrong data");
	CHECK(scene_reads(&s, 0, 8 * PAGE, 5), "wrong data");
}

static void serve_with(uint32_t size)
{
	struct pager_setup setup = {
		.transport = tap_variant, .message_size = size, .depth = 9,
	};

	scene_open(&s, &setup, 16 * PAGE, PAGE, 8);
	CHECK_IS(s.p.size, (9 * size + PAGE - 1) / PAGE * PAGE);
	check_messages(size);
}

static void test_message_first(void)
{
	serve_with(MACH_MESSAGE_SIZE_VER0);
}

static void test_message_newer(void)
{
	serve_with(sizeof(struct mach_message) + MORE);
}

static void test_message_largest(void)
{
	serve_with(MACH_MESSAGE_MAX);
}

#define BOTH(n, fn)							\
	{ .name = n "-ring", .run = fn, BY_RING },			\
	{ .name = n "-ioctl", .run = fn, BY_IOCTL }

static const struct tap_test tests[] = {
	{ .name = "older", .run = test_older },
	{ .name = "smaller", .run = test_smaller },
	{ .name = "newer", .run = test_newer },
	{ .name = "unknown", .run = test_unknown },
	{ .name = "number", .run = test_number },
	{ .name = "version", .run = test_version },
	BOTH("answer", test_answer),
	{ .name = "ring", .run = test_ring, BY_RING },
	{ .name = "fetch", .run = test_fetch, BY_RING },
	BOTH("parts", test_parts),
	BOTH("parts-later", test_parts_later),
	{ .name = "receive", .run = test_receive, BY_IOCTL },
	BOTH("message-first", test_message_first),
	BOTH("message-newer", test_message_newer),
	BOTH("message-largest", test_message_largest),
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
