// SPDX-License-Identifier: GPL-2.0-only
/* The pager library takes what was written, and flushes. */
#include "lib/fixture.h"

#include <errno.h>

static void test_write_and_fsync(struct fixture *fixture)
{
	CHECK(!make_object(fixture, &full_ops));
	CHECK(in_client(client_write, fixture->object, 9 | 1 << 16) == 0);
	CHECK(fixture->writes == 1);
	CHECK(fixture->syncs == 1);
	CHECK(fixture->data[9 * PAGE] == (char)0x89);
	CHECK(fixture->data[10 * PAGE - 1] == (char)0x89);
	CHECK(fixture->data[10 * PAGE] == 11);
	CHECK(fixture->nested == EDEADLK);
}

static void test_write_refused(struct fixture *fixture)
{
	CHECK(!make_object(fixture, &plain_ops));
	CHECK(in_client(client_write, fixture->object, 9 | 1 << 16) == EIO);
}

static void test_sync_and_return(struct fixture *fixture)
{
	struct mach_object_info info = { .size = sizeof(info) };
	int fd;

	CHECK(!make_object(fixture, &full_ops));
	fd = fixture->object;
	CHECK(in_client(client_write, fd, 1) == 0);
	CHECK(in_client(client_write, fd, 40) == 0);
	CHECK(!pager_get_info(fixture->pager, &info));
	CHECK(info.dirty == 2);
	CHECK(pager_sync(fixture->pager, LIMIT_MS) == 0);
	CHECK(fixture->writes == 2);
	CHECK(fixture->data[40 * PAGE] == (char)(0x80 | 40));
	CHECK(!pager_get_info(fixture->pager, &info));
	CHECK(info.dirty == 0 && info.resident > 0);
	CHECK(in_client(client_write, fd, 2) == 0);
	CHECK(pager_return(fixture->pager, LIMIT_MS) == 0);
	CHECK(fixture->writes == 3);
	CHECK(!pager_get_info(fixture->pager, &info));
	CHECK(info.resident == 0);
}

static void test_flush_forgets(struct fixture *fixture)
{
	struct mach_object_info info = { .size = sizeof(info) };
	int fd;

	CHECK(!make_object(fixture, &full_ops));
	fd = fixture->object;
	CHECK(in_client(client_write, fd, 1) == 0);
	CHECK(pager_flush_some(fixture->pager, 8 * PAGE, 4 * PAGE,
			       LIMIT_MS) == 0);
	CHECK(!pager_get_info(fixture->pager, &info));
	CHECK(info.dirty == 1);
	CHECK(pager_flush(fixture->pager, LIMIT_MS) == 0);
	CHECK(fixture->writes == 0);
	CHECK(in_client(client_read, fd, 1) == 0);
}

static void test_lock_completed(struct fixture *fixture)
{
	CHECK(!make_object(fixture, &full_ops));
	CHECK(in_client(client_write, fixture->object, 1) == 0);
	CHECK(!pager_lock_request(fixture->pager, 0, 0, MACH_LOCK_CLEAN, 77));
	CHECK(AWAIT(fixture->locked == 77));
	CHECK(fixture->writes == 1);
	CHECK(pager_lock_request(fixture->pager, 0, 0, 0, 78) == EINVAL);
}

static const struct test tests[] = {
	{ "write-and-fsync", test_write_and_fsync },
	{ "write-refused", test_write_refused },
	{ "sync-and-return", test_sync_and_return },
	{ "flush-forgets", test_flush_forgets },
	{ "lock-completed", test_lock_completed },
};

int main(int argc, char **argv)
{
	return run_tests("writeback", tests, sizeof(tests) / sizeof(*tests), argc,
			 argv);
}
