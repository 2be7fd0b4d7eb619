// SPDX-License-Identifier: GPL-2.0-only
/*
 * An object gets another size with the nth allocation failing: by its pager, by the
 * answer to a client, and by clients. What failed has changed nothing.
 */
#define _GNU_SOURCE
#include "sweep.h"
#include "tap.h"

#define CUT	(PAGE + 10)

static struct test_request r;

static void set_size(uint64_t size)
{
	CHECK_IS(object_resize(&scene.p, &scene.o, size), 0);
}

static void before_grow(void)
{
	sweep_dirty();
	set_size(CUT);
}

/* As it was before the deed */
static void after_size(long result)
{
	(void)result;
	set_size(SWEEP_SIZE);
	sweep_drop_all();
}

static long op_resize(const uint64_t *arg)
{
	return object_resize(&scene.p, &scene.o, arg[0]);
}

static void arg_cut(uint64_t *arg)
{
	arg[0] = CUT;
}

static void arg_grow(uint64_t *arg)
{
	arg[0] = SWEEP_SIZE;
}

static void before_answer(void)
{
	sweep_dirty();
	actor_begin(&scene.a, 1, do_truncate, scene.o.fd, CUT);
	pager_expect_size(&scene.p, &r, CUT);
}

static long op_answer(const uint64_t *arg)
{
	struct mach_part part = part_done(0, PAGE);

	(void)arg;
	return pager_reply(&scene.p, &r, &part, 1, false);
}

static void after_answer(long result)
{
	CHECK_IS(actor_end(&scene.a, 1), 0);
	after_size(result);
}

static void arg_truncate(uint64_t *arg)
{
	arg[0] = scene.o.fd;
	arg[1] = CUT;
}

static void arg_write(uint64_t *arg)
{
	arg[0] = scene.o.fd;
	arg[1] = (uintptr_t)scene.buf;
	arg[2] = 2 * PAGE;
	arg[3] = SWEEP_SIZE;
}

static void arg_allocate(uint64_t *arg)
{
	arg[0] = scene.o.fd;
	arg[3] = SWEEP_SIZE + PAGE;
}

enum { RESIZE_CUT, RESIZE_GROW, ANSWER, TRUNCATE, WRITE, ALLOCATE };

static const struct sweep_op ops[] = {
	[RESIZE_CUT] = { sweep_dirty, op_resize, .arg = arg_cut,
			 .after = after_size },
	[RESIZE_GROW] = { before_grow, op_resize, .arg = arg_grow,
			  .after = after_size },
	[ANSWER] = { before_answer, op_answer, .after = after_answer },
	[TRUNCATE] = { sweep_dirty, .client = do_truncate, .arg = arg_truncate,
		       .after = after_size },
	[WRITE] = { sweep_dirty, .client = do_pwrite, .arg = arg_write,
		    .after = after_size, .right = 2 * PAGE,
		    /* of what it reads */
		    .by_kernel = true },
	[ALLOCATE] = { sweep_dirty, .client = do_allocate, .arg = arg_allocate,
		       .after = after_size },
};

static void test_op(void)
{
	sweep_open_resizable(BY_IOCTL);
	sweep(&ops[tap_variant]);
}

#define OP(n, v)	{ .name = n, .run = test_op, .variant = v }

static const struct tap_test tests[] = {
	OP("resize-cut", RESIZE_CUT),
	OP("resize-grow", RESIZE_GROW),
	OP("answer", ANSWER),
	OP("truncate", TRUNCATE),
	OP("write", WRITE),
	OP("allocate", ALLOCATE),
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
