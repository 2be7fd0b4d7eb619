// SPDX-License-Identifier: GPL-2.0-only
/* The pager library is asked for another size of an object, and tells of one. */
#include "lib/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

#define SIZE	(8 * PAGE)

/* What was asked for last, and the answer to it */
static struct mach_message asked;
static atomic_int answer;
static struct pager_request *detached;

static int set_size(struct pager *pager, struct pager_request *req)
{
	(void)pager;
	asked = *pager_message(req);
	return answer;
}

static int set_size_later(struct pager *pager, struct pager_request *req)
{
	(void)pager;
	pager_detach(req);
	detached = req;
	return 0;
}

/* It is no range, so no part is of any. */
static int set_size_by_part(struct pager *pager, struct pager_request *req)
{
	(void)pager;
	answer = pager_done(req, 0, PAGE);
	return 0;
}

static int make_resizable(struct fixture *fixture,
			  int (*operation)(struct pager *pager,
					   struct pager_request *req))
{
	struct pager_attributes attributes = {
		.size = SIZE, .cluster = 4 * PAGE,
	};
	int err;

	answer = 0;
	detached = NULL;
	memset(&asked, 0, sizeof(asked));
	err = pager_create_resizable(fixture->session, &full_ops, operation,
				     fixture, &attributes, &fixture->pager);
	return err ?: pager_get_fd(fixture->pager, &fixture->object);
}

static off_t size_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? -1 : st.st_size;
}

static int client_truncate(int fd, long size)
{
	return ftruncate(fd, size) < 0 ? errno : 0;
}

static int client_allocate(int fd, long length)
{
	return fallocate(fd, 0, 100, length) < 0 ? errno : 0;
}

static void test_asked(struct fixture *fixture)
{
	CHECK(!make_resizable(fixture, set_size));
	CHECK(in_client(client_read, fixture->object, 7) == 0);
	CHECK(in_client(client_truncate, fixture->object, 5 * PAGE + 1) == 0);
	CHECK(asked.operation == MACH_OP_SET_SIZE);
	CHECK(asked.mandatory == 5 * PAGE + 1);
	CHECK(!asked.offset && !asked.length && !asked.flags);
	CHECK(size_of(fixture->object) == 5 * PAGE + 1);
	CHECK(in_client(client_write, fixture->object, 11) == 0);
	CHECK(asked.mandatory == 12 * PAGE);
	CHECK(size_of(fixture->object) == 12 * PAGE);
}

static void test_allocate(struct fixture *fixture)
{
	CHECK(!make_resizable(fixture, set_size));
	CHECK(in_client(client_allocate, fixture->object, SIZE) == 0);
	CHECK(asked.flags == MACH_MSG_ALLOCATE);
	CHECK(asked.offset == 100 && asked.length == SIZE);
	CHECK(asked.mandatory == SIZE + 100);
	CHECK(size_of(fixture->object) == SIZE + 100);
	CHECK(in_client(client_allocate, fixture->object, PAGE) == 0);
	CHECK(asked.mandatory == SIZE + 100);
	answer = ENOSPC;
	CHECK(in_client(client_allocate, fixture->object, PAGE) == ENOSPC);
}

static void test_refused(struct fixture *fixture)
{
	static const int errors[] = { ENOSPC, EPERM, EDQUOT, EFBIG, EIO };
	size_t i;

	CHECK(!make_resizable(fixture, set_size));
	for (i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		answer = errors[i];
		CHECK(in_client(client_truncate, fixture->object, 0) ==
		      errors[i]);
		CHECK(size_of(fixture->object) == SIZE);
	}
	CHECK(in_client(client_read, fixture->object, 7) == 0);
}

static void test_no_operation(struct fixture *fixture)
{
	CHECK(!make_resizable(fixture, NULL));
	CHECK(in_client(client_truncate, fixture->object, 0) == EPERM);
	CHECK(pager_resize(fixture->pager, PAGE) == 0);
	CHECK(size_of(fixture->object) == PAGE);
}

static void test_no_part(struct fixture *fixture)
{
	CHECK(!make_resizable(fixture, set_size_by_part));
	CHECK(in_client(client_truncate, fixture->object, PAGE) == 0);
	CHECK(answer == ERANGE);
	CHECK(size_of(fixture->object) == PAGE);
}

struct call {
	int fd;
	int err;
};

static void *truncate_now(void *arg)
{
	struct call *call = arg;

	call->err = client_truncate(call->fd, 3 * PAGE);
	return NULL;
}

/* Another thread answers, when it is ready to. */
static void test_detached(struct fixture *fixture)
{
	struct call call;
	pthread_t thread;

	CHECK(!make_resizable(fixture, set_size_later));
	call.fd = fixture->object;
	CHECK(!pthread_create(&thread, NULL, truncate_now, &call));
	CHECK(AWAIT(detached));
	CHECK(size_of(fixture->object) == SIZE);
	CHECK(pager_answer(detached, 0) == 0);
	CHECK(size_of(fixture->object) == 3 * PAGE);
	pthread_join(thread, NULL);
	CHECK(call.err == 0);
}

static void test_told(struct fixture *fixture)
{
	struct mach_object_info info = { .size = sizeof(info) };

	CHECK(!make_resizable(fixture, set_size));
	CHECK(in_client(client_read, fixture->object, 7) == 0);
	CHECK(in_client(client_write, fixture->object, 6) == 0);
	CHECK(pager_resize(fixture->pager, 2 * PAGE) == 0);
	CHECK(size_of(fixture->object) == 2 * PAGE);
	CHECK(!pager_get_info(fixture->pager, &info));
	CHECK(info.object_size == 2 * PAGE && info.dirty == 0);
	CHECK(in_client(client_read, fixture->object, 2) == 255);
	CHECK(pager_resize(fixture->pager, 9 * PAGE) == 0);
	CHECK(in_client(client_read, fixture->object, 8) == 0);
	CHECK(in_client(client_read, fixture->object, 6) == 0);
	CHECK(asked.operation == 0 && fixture->writes == 0);
	CHECK(pager_resize(fixture->pager, MACH_OBJECT_SIZE_MAX + 1) == EINVAL);
	CHECK(pager_resize(fixture->pager, 0) == 0);
	CHECK(size_of(fixture->object) == 0);
}

/* A page that is offered ends where the object does, as it is now. */
static void test_offered(struct fixture *fixture)
{
	CHECK(!make_resizable(fixture, set_size));
	CHECK(pager_resize(fixture->pager, 3 * PAGE + 10) == 0);
	CHECK(pager_offer_page(fixture->pager, 3 * PAGE,
			       fixture->data + 3 * PAGE) == 0);
	CHECK(in_client(client_truncate, fixture->object, 12) == 0);
	CHECK(pager_offer_page(fixture->pager, PAGE, fixture->data) == EINVAL);
	CHECK(pager_offer_page(fixture->pager, 0, fixture->data) == 0);
	CHECK(fixture->reads == 0);
}

static void test_fixed(struct fixture *fixture)
{
	struct pager_attributes attributes = { .cluster = 4 * PAGE };

	CHECK(!make_object(fixture, &full_ops));
	CHECK(pager_resize(fixture->pager, PAGE) == EPERM);
	CHECK(in_client(client_truncate, fixture->object, 0) == EPERM);
	CHECK(pager_create(fixture->session, &full_ops, fixture, &attributes,
			   &fixture->pager) == EINVAL);
	CHECK(pager_create_resizable(fixture->session, &full_ops, set_size,
				     fixture, &attributes,
				     &fixture->pager) == 0);
}

static const struct test tests[] = {
	{ "asked", test_asked },
	{ "allocate", test_allocate },
	{ "refused", test_refused },
	{ "no-operation", test_no_operation },
	{ "no-part", test_no_part },
	{ "detached", test_detached },
	{ "told", test_told },
	{ "offered", test_offered },
	{ "fixed", test_fixed },
};

int main(int argc, char **argv)
{
	return run_tests("resize", tests, sizeof(tests) / sizeof(*tests), argc,
			 argv);
}
