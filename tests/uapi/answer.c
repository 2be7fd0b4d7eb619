// SPDX-License-Identifier: GPL-2.0-only
/*
 * Answers that are wrong, by each way of answering. After all of them the
 * request must still be there to be answered properly.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap.h"
#include "testpager.h"

/* The request: 4 pages at FROM of an object of 16; page 1 of them mandatory. */
#define FROM	(4 * PAGE)
#define LENGTH	(4 * PAGE)

/* Ways to answer, as tap_variant. */
enum way {
	IOCTL_ANSWER, IOCTL_MORE, IOCTL_RECEIVE,
	RING_ANSWER, RING_COMMIT, RING_COMMIT_AND_FETCH,
};

static enum transport transport_of(enum way way)
{
	return way <= IOCTL_RECEIVE ? BY_IOCTL : BY_RING;
}

/* A fully specified answer, in the form of the ioctl. */
static long say_by_receive(struct scene *s, const struct mach_pager_answer *a)
{
	struct mach_pager_receive rec = {
		.size = sizeof(rec),
		.flags = MACH_RECEIVE_ANSWER | MACH_RECEIVE_NONBLOCK,
		.answer = *a,
	};
	long err = vm_ioctl(s->p.fd, MACH_PAGER_RECEIVE, &rec);

	/* Answered, and then there was nothing to receive. */
	return err == -ETIMEDOUT ? 0 : err;
}

static long say(struct scene *s, struct mach_pager_answer *a)
{
	static const unsigned int op[] = {
		[RING_ANSWER] = MACH_RING_ANSWER,
		[RING_COMMIT] = MACH_RING_COMMIT,
		[RING_COMMIT_AND_FETCH] = MACH_RING_COMMIT_AND_FETCH,
	};

	switch (tap_variant) {
	case IOCTL_RECEIVE:
		return say_by_receive(s, a);
	case IOCTL_MORE:
		a->flags |= MACH_ANSWER_MORE;
		/* fall through */
	case IOCTL_ANSWER:
		return vm_ioctl(s->p.fd, MACH_PAGER_ANSWER, a);
	default:
		return pager_command(&s->p, op[tap_variant], a, WAIT_MS);
	}
}

static void open_held(struct scene *s, struct test_request *r)
{
	struct pager_setup setup = {
		.transport = transport_of(tap_variant),
	};

	scene_open(s, &setup, 16 * PAGE, LENGTH, 2);
	actor_begin(&s->a, 0, do_load, s->map + FROM + PAGE);
	pager_expect(&s->p, r, MACH_OP_DATA_REQUEST, FROM, LENGTH);
	CHECK_IS(r->m.mandatory, FROM + PAGE);
}

/* The request was kept through everything: now it gets its due. */
static void finish(struct scene *s, const struct test_request *r)
{
	CHECK(actor_waits(&s->a, 0, 0), "the waiter was let go: %s",
	      tap_result(actor_end(&s->a, 0)));
	CHECK_IS(object_info(s->o.fd).resident, 0);
	pager_reply_one(&s->p, r, part_pattern(FROM, LENGTH, 9));
	CHECK(actor_end(&s->a, 0) > 0, "wrong data");
	CHECK(scene_reads(s, FROM, LENGTH, 9), "wrong data");
	CHECK_IS(object_info(s->o.fd).requests, 1);
}

struct wrong_part {
	const char *what;
	struct mach_part part;
	long want;
};

static const struct wrong_part wrong_parts[] = {
	{ "kind-0", { .kind = 0, .offset = FROM, .length = PAGE }, -EINVAL },
	{ "kind-6", { .kind = 6, .offset = FROM, .length = PAGE }, -EINVAL },
	{ "kind-max", { .kind = ~0U, .offset = FROM, .length = PAGE },
	  -EINVAL },
	{ "done", { .kind = MACH_PART_DONE, .offset = FROM, .length = PAGE },
	  -EPROTO },
	{ "reserved", { .kind = MACH_PART_UNAVAILABLE, .offset = FROM,
	  .length = PAGE, .reserved = 1 }, -EINVAL },
	{ "fd-unused", { .kind = MACH_PART_UNAVAILABLE, .fd = 1,
	  .offset = FROM, .length = PAGE }, -EINVAL },
	{ "copy-fd-unused", { .kind = MACH_PART_COPY, .fd = 1,
	  .offset = FROM, .length = PAGE, .source = 4096 }, -EINVAL },
	{ "source-unused", { .kind = MACH_PART_UNAVAILABLE, .offset = FROM,
	  .length = PAGE, .source = 1 }, -EINVAL },
	{ "error-0", { .kind = MACH_PART_ERROR, .offset = FROM,
	  .length = PAGE, .source = 0 }, -EINVAL },
	{ "error-4096", { .kind = MACH_PART_ERROR, .offset = FROM,
	  .length = PAGE, .source = 4096 }, -EINVAL },
	{ "error-134", { .kind = MACH_PART_ERROR, .offset = FROM,
	  .length = PAGE, .source = 134 }, -EINVAL },
	{ "error-restart", { .kind = MACH_PART_ERROR, .offset = FROM,
	  .length = PAGE, .source = 512 }, -EINVAL },
	{ "error-restart-block", { .kind = MACH_PART_ERROR, .offset = FROM,
	  .length = PAGE, .source = 516 }, -EINVAL },
	{ "error-queued", { .kind = MACH_PART_ERROR, .offset = FROM,
	  .length = PAGE, .source = 529 }, -EINVAL },
	{ "error-again", { .kind = MACH_PART_ERROR, .offset = FROM,
	  .length = PAGE, .source = EAGAIN }, -EINVAL },
	{ "error-interrupted", { .kind = MACH_PART_ERROR, .offset = FROM,
	  .length = PAGE, .source = EINTR }, -EINVAL },
	{ "error-negative", { .kind = MACH_PART_ERROR, .offset = FROM,
	  .length = PAGE, .source = -EIO }, -EINVAL },
	{ "error-fd-unused", { .kind = MACH_PART_ERROR, .fd = 1,
	  .offset = FROM, .length = PAGE, .source = 5 }, -EINVAL },
	{ "offset-1", { .kind = MACH_PART_UNAVAILABLE, .offset = FROM + 1,
	  .length = PAGE }, -EINVAL },
	{ "offset-page-1", { .kind = MACH_PART_UNAVAILABLE,
	  .offset = FROM + PAGE - 1, .length = PAGE }, -EINVAL },
	{ "length-0", { .kind = MACH_PART_UNAVAILABLE, .offset = FROM },
	  -EINVAL },
	{ "length-1", { .kind = MACH_PART_UNAVAILABLE, .offset = FROM,
	  .length = 1 }, -EINVAL },
	{ "length-page-1", { .kind = MACH_PART_UNAVAILABLE, .offset = FROM,
	  .length = PAGE - 1 }, -EINVAL },
	{ "length-page+1", { .kind = MACH_PART_UNAVAILABLE, .offset = FROM,
	  .length = PAGE + 1 }, -EINVAL },
	{ "before", { .kind = MACH_PART_UNAVAILABLE, .offset = FROM - PAGE,
	  .length = PAGE }, -ERANGE },
	{ "across-start", { .kind = MACH_PART_UNAVAILABLE,
	  .offset = FROM - PAGE, .length = 2 * PAGE }, -ERANGE },
	{ "at-0", { .kind = MACH_PART_UNAVAILABLE, .offset = 0,
	  .length = PAGE }, -ERANGE },
	{ "after", { .kind = MACH_PART_UNAVAILABLE, .offset = FROM + LENGTH,
	  .length = PAGE }, -ERANGE },
	{ "across-end", { .kind = MACH_PART_UNAVAILABLE,
	  .offset = FROM + 3 * PAGE, .length = 2 * PAGE }, -ERANGE },
	{ "length-over", { .kind = MACH_PART_UNAVAILABLE, .offset = FROM,
	  .length = LENGTH + PAGE }, -ERANGE },
	{ "length-2^31", { .kind = MACH_PART_UNAVAILABLE, .offset = FROM,
	  .length = 1ULL << 31 }, -ERANGE },
	{ "length-2^32", { .kind = MACH_PART_UNAVAILABLE, .offset = FROM,
	  .length = 1ULL << 32 }, -ERANGE },
	{ "length-2^63", { .kind = MACH_PART_UNAVAILABLE, .offset = FROM,
	  .length = 1ULL << 63 }, -ERANGE },
	{ "length-wrap", { .kind = MACH_PART_UNAVAILABLE, .offset = FROM,
	  .length = -PAGE }, -ERANGE },
	{ "offset-2^32", { .kind = MACH_PART_UNAVAILABLE,
	  .offset = (1ULL << 32) + FROM, .length = PAGE }, -ERANGE },
	{ "offset-2^63", { .kind = MACH_PART_UNAVAILABLE,
	  .offset = 1ULL << 63, .length = PAGE }, -ERANGE },
	{ "offset-wrap", { .kind = MACH_PART_UNAVAILABLE, .offset = -PAGE,
	  .length = 2 * PAGE }, -ERANGE },
	{ "copy-null", { .kind = MACH_PART_COPY, .offset = FROM,
	  .length = PAGE, .source = 0 }, -EFAULT },
	{ "copy-kernel", { .kind = MACH_PART_COPY, .offset = FROM,
	  .length = PAGE, .source = 0xffff888000000000ULL }, -EFAULT },
	{ "copy-wrap", { .kind = MACH_PART_COPY, .offset = FROM,
	  .length = 2 * PAGE, .source = -PAGE }, -EFAULT },
	{ "file-negative", { .kind = MACH_PART_FILE, .fd = -1, .offset = FROM,
	  .length = PAGE }, -EBADF },
	{ "file-closed", { .kind = MACH_PART_FILE, .fd = 999, .offset = FROM,
	  .length = PAGE }, -EBADF },
};

static void test_part(void)
{
	struct test_request r;
	struct scene s;

	open_held(&s, &r);
	for (size_t i = 0; i < ARRAY_SIZE(wrong_parts); i++) {
		const struct wrong_part *x = &wrong_parts[i];
		struct mach_pager_answer a = pager_answer(&r, &x->part, 1);

		a.part.size = sizeof(a.part);
		tap_is(x->what, say(&s, &a), x->want);
	}
	finish(&s, &r);
}

/* Fields around the parts. */
static void test_header(void)
{
	struct mach_part part = part_zero(FROM, PAGE);
	struct mach_pager_answer a;
	struct test_request r;
	struct scene s;

	open_held(&s, &r);
#define WRONG(sub, nr, field, value, want)				\
	do {								\
		a = pager_answer(&r, &part, nr);			\
		a.field = value;					\
		tap_is(sub, say(&s, &a), want);				\
	} while (0)
	WRONG("queue", 1, queue, 1, -ENOENT);
	WRONG("queue-max", 1, queue, 0xffff, -ENOENT);
	WRONG("tag", 1, tag, 8, -ENOENT);
	WRONG("tag-max", 1, tag, 0xffff, -ENOENT);
	WRONG("tag-free", 1, tag, (r.tag + 1) % 8, -ESTALE);
	WRONG("generation-0", 1, generation, 0, -ESTALE);
	WRONG("generation-before", 1, generation, r.m.generation - 1, -ESTALE);
	WRONG("generation-after", 1, generation, r.m.generation + 1, -ESTALE);
	WRONG("nr-257", 1, nr_parts, MACH_PARTS_MAX + 1, -EINVAL);
	WRONG("nr-max", 1, nr_parts, ~0U, -EINVAL);
	WRONG("parts-but-one", 1, parts, (uintptr_t)&part, -EINVAL);
	WRONG("part-but-none", 1, nr_parts, 0, -EINVAL);
	WRONG("parts-but-none", 0, parts, (uintptr_t)&part, -EINVAL);
	WRONG("parts-null", 2, parts, 0, -EFAULT);
	WRONG("parts-kernel", 2, parts, 0xffff888000000000ULL, -EFAULT);
	WRONG("part-but-two", 2, part.kind, MACH_PART_UNAVAILABLE, -EINVAL);
	WRONG("part-tail-but-two", 2, part.reserved, 1, -EINVAL);
#undef WRONG
	finish(&s, &r);
}

/* A bad part changes nothing from there on; what stood before it is final. */
static void test_later_part(void)
{
	struct mach_part parts[3];
	struct mach_pager_answer a;
	struct test_request r;
	struct scene s;

	open_held(&s, &r);
	parts[0] = part_pattern(FROM, 2 * PAGE, 4);
	parts[1] = part_zero(FROM + LENGTH, PAGE);
	parts[2] = part_pattern(FROM + 2 * PAGE, PAGE, 4);
	a = pager_answer(&r, parts, 3);
	tap_is("error", say(&s, &a), -ERANGE);
	CHECK(actor_end(&s.a, 0) > 0, "wrong data");
	CHECK(scene_reads(&s, FROM, 2 * PAGE, 4), "wrong data");
	tap_is("resident", object_info(s.o.fd).resident, 2);
	pager_reply_one(&s.p, &r, part_pattern(FROM + 2 * PAGE, 2 * PAGE, 5));
	CHECK(scene_reads(&s, FROM + 2 * PAGE, 2 * PAGE, 5), "wrong data");
}

/* Parts for pages that already have their answer. */
static void test_overlap(void)
{
	struct mach_part parts[2];
	struct mach_pager_answer a;
	struct test_request r;
	struct scene s;

	open_held(&s, &r);
	parts[0] = part_pattern(FROM, 2 * PAGE, 4);
	parts[1] = part_pattern(FROM + PAGE, 2 * PAGE, 5);
	a = pager_answer(&r, parts, 2);
	tap_is("error", say(&s, &a), -EEXIST);
	CHECK(actor_end(&s.a, 0) > 0, "wrong data");
	CHECK(scene_reads(&s, FROM, 2 * PAGE, 4), "a supplied page changed");
	pager_reply_one(&s.p, &r, part_pattern(FROM + 2 * PAGE, 2 * PAGE, 6));
	CHECK(scene_reads(&s, FROM + 2 * PAGE, 2 * PAGE, 6), "wrong data");
}

/* After the commit the generation is history. */
static void test_twice(void)
{
	struct mach_part part = part_pattern(FROM, LENGTH, 2);
	struct mach_pager_answer a;
	struct test_request r, r2;
	struct scene s;

	open_held(&s, &r);
	pager_reply_one(&s.p, &r, part);
	CHECK(actor_end(&s.a, 0) > 0, "wrong data");
	a = pager_answer(&r, &part, 1);
	tap_is("armed-or-free", say(&s, &a), -ESTALE);
	actor_begin(&s.a, 0, do_load, s.map);
	for (int i = 0; i < 8; i++) {
		pager_expect(&s.p, &r2, MACH_OP_DATA_REQUEST, 0, LENGTH);
		if (r2.tag == r.tag)
			break;
		/* Drop it: the page is asked for again, by another slot. */
		pager_reply_one(&s.p, &r2, part_error(0, PAGE, EIO));
		CHECK(actor_end(&s.a, 0) < 0, "no error");
		actor_begin(&s.a, 0, do_load, s.map);
	}
	part = part_zero(0, PAGE);
	a = pager_answer(&r, &part, 1);
	tap_is("next-request", say(&s, &a), -ESTALE);
	pager_reply_one(&s.p, &r2, part_pattern(0, LENGTH, 3));
	CHECK(actor_end(&s.a, 0) > 0, "wrong data");
	CHECK(scene_reads(&s, 0, LENGTH, 3), "wrong data");
	CHECK(scene_reads(&s, FROM, LENGTH, 2), "a committed page changed");
}

static void test_other_pager(void)
{
	struct mach_part part = part_zero(FROM, LENGTH);
	struct pager_setup setup = {
		.transport = transport_of(tap_variant),
	};
	struct mach_pager_answer a;
	struct test_request r;
	struct scene s, foreign;

	open_held(&s, &r);
	memset(&foreign, 0, sizeof(foreign));
	pager_open(&foreign.p, &setup);
	a = pager_answer(&r, &part, 1);
	for (unsigned int tag = 0; tag < foreign.p.depth; tag++) {
		a.tag = tag;
		CHECK_IS(say(&foreign, &a), -ESTALE);
	}
	finish(&s, &r);
	pager_close(&foreign.p);
}

#define ALL_WAYS(n, fn)							\
	{ .name = n "/answer", .run = fn, IOCTL_ANSWER },		\
	{ .name = n "/answer-more", .run = fn, IOCTL_MORE },		\
	{ .name = n "/receive", .run = fn, IOCTL_RECEIVE },		\
	{ .name = n "/ring-answer", .run = fn, RING_ANSWER },		\
	{ .name = n "/ring-commit", .run = fn, RING_COMMIT },		\
	{ .name = n "/ring-commit-and-fetch", .run = fn, RING_COMMIT_AND_FETCH }

static const struct tap_test tests[] = {
	ALL_WAYS("part", test_part),
	ALL_WAYS("header", test_header),
	ALL_WAYS("later-part", test_later_part),
	ALL_WAYS("overlap", test_overlap),
	ALL_WAYS("twice", test_twice),
	ALL_WAYS("other-pager", test_other_pager),
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
