// SPDX-License-Identifier: GPL-2.0-only
/* Objects that end while they are being made, or published. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap.h"
#include "testpager.h"

#define GUESSES	3		/* numbers that the destroyer tries */

static struct test_pager p;
static volatile bool stop;

static uint32_t rounds(uint32_t usual)
{
	return usual / tap_slow();
}

static long destroy(uint32_t number)
{
	struct mach_pager_destroy d = {
		.size = sizeof(d), .object = number,
	};

	return vm_ioctl(p.fd, MACH_PAGER_DESTROY, &d);
}

/* Destroys what is just being made, by numbers that it guesses. */
static void *destroy_on(void *destroyed)
{
	while (!stop)
		for (uint32_t number = 1; number <= GUESSES; number++)
			*(volatile unsigned long *)destroyed +=
				!destroy(number);
	return NULL;
}

static void start(pthread_t *thread, void *(*fn)(void *arg), void *arg)
{
	stop = false;
	CHECK(!pthread_create(thread, NULL, fn, arg), "no thread");
}

static void end(pthread_t thread)
{
	stop = true;
	pthread_join(thread, NULL);
}

static void test_create_destroy(void)
{
	volatile unsigned long destroyed = 0;
	pthread_t thread;

	pager_open(&p, &(struct pager_setup){ .transport = BY_IOCTL });
	start(&thread, destroy_on, (void *)&destroyed);
	for (uint32_t i = 0; i < rounds(20000) || destroyed < 10; i++) {
		struct mach_pager_create create = {
			.size = sizeof(create), .object_size = MIB,
		};

		CHECK_IS(vm_ioctl(p.fd, MACH_PAGER_CREATE, &create), 0);
		CHECK(create.object, "round %u: no number", i);
		close(create.fd);
	}
	end(thread);
	pager_close(&p);
}

/* Where the kernel cannot tell the number, no object is left. */
static void test_create_untold(void)
{
	struct mach_pager_create *create;
	volatile unsigned long destroyed = 0;
	pthread_t thread;

	create = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(create != MAP_FAILED, "no memory");
	create->size = sizeof(*create);
	create->object_size = MIB;
	CHECK_IS(RESULT(mprotect(create, PAGE, PROT_READ)), 0);
	pager_open(&p, &(struct pager_setup){ .transport = BY_IOCTL });
	start(&thread, destroy_on, (void *)&destroyed);
	for (uint32_t i = 0; i < rounds(20000); i++)
		CHECK_IS(vm_ioctl(p.fd, MACH_PAGER_CREATE, create), -EFAULT);
	end(thread);
	CHECK_IS(destroy(1), -ENOENT);
	pager_close(&p);
}

static const char name[] = "lifetime";

static void *publish_on(void *object)
{
	long got;

	while (!stop) {
		got = object_publish(&p, object, name, 0600);
		CHECK(!got || got == -ENOENT || got == -ENODEV ||
		      got == -EEXIST, "publish: %s", tap_result(got));
	}
	return NULL;
}

/* What was destroyed has no name, whoever was faster. */
static void test_publish_destroy(void)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", MACH_VM_NODE_DIR, name);
	pager_open(&p, &(struct pager_setup){ .transport = BY_IOCTL });
	for (uint32_t i = 0; i < rounds(3000); i++) {
		struct test_object o;
		pthread_t thread;

		object_create(&p, &o, MIB, 0, 0);
		start(&thread, publish_on, &o);
		if (i % 2)
			usleep(i % 200);
		CHECK_IS(destroy(o.number), 0);
		end(thread);
		CHECK_IS(RESULT(access(path, F_OK)), -ENOENT);
		close(o.fd);
	}
	pager_close(&p);
}

static const struct tap_test tests[] = {
	{ .name = "create-destroy", .run = test_create_destroy, .seconds = 60 },
	{ .name = "create-untold", .run = test_create_untold, .seconds = 60 },
	{ .name = "publish-destroy", .run = test_publish_destroy,
	  .seconds = 120 },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
