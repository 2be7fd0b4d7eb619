// SPDX-License-Identifier: GPL-2.0-only
/* The pager library gives what is asked for, or an error. */
#include "lib/fixture.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

static void test_read(struct fixture *fixture)
{
	CHECK(!make_object(fixture, &full_ops));
	CHECK(in_client(client_read_all, fixture->object, 0) == 0);
	CHECK(fixture->reads == PAGES / 4);
	CHECK(in_client(client_touch, fixture->object, 5) == 0);
	CHECK(fixture->reads == PAGES / 4);
}

static int read_from_stack(struct fixture *fixture, struct pager_request *req)
{
	const struct mach_message *want = pager_message(req);
	char page[PAGE];
	uint64_t at;
	int err = 0;

	for (at = want->offset; at < want->offset + want->length && !err;
	     at += PAGE) {
		memcpy(page, fixture->data + at, PAGE);
		err = pager_supply(req, at, PAGE, page);
	}
	return err;
}

static void test_supply_foreign_memory(struct fixture *fixture)
{
	fixture->read = read_from_stack;
	CHECK(!make_object(fixture, &full_ops));
	CHECK(in_client(client_read_all, fixture->object, 0) == 0);
}

/* Of four pages: data, zeros, an error; nothing, until it is asked for. */
static int answer_mixed(struct pager_request *req, uint64_t at, char *buf)
{
	switch (at / PAGE % 4) {
	case 0:
		return pager_supply(req, at, PAGE, buf);
	case 1:
		return pager_unavailable(req, at, PAGE);
	case 2:
		return pager_error(req, at, PAGE, EILSEQ);
	default:
		return at == pager_message(req)->mandatory ?
			pager_supply(req, at, PAGE, buf) : 0;
	}
}

static int read_mixed(struct fixture *fixture, struct pager_request *req)
{
	const struct mach_message *want = pager_message(req);
	char *buf = pager_buffer(req);
	uint64_t at;
	int err = 0;

	for (at = 0; at < want->length && !err; at += PAGE) {
		memcpy(buf + at, fixture->data + want->offset + at, PAGE);
		err = answer_mixed(req, want->offset + at, buf + at);
	}
	return err;
}

static void test_mixed_parts(struct fixture *fixture)
{
	int fd;

	fixture->read = read_mixed;
	CHECK(!make_object(fixture, &full_ops));
	fd = fixture->object;
	CHECK(in_client(client_read, fd, 8) == 0);
	CHECK(in_client(client_read_zeros, fd, 9) == 0);
	CHECK(fixture->reads == 1);
	/* what failed, and what nothing was said of, is asked for again */
	CHECK(in_client(client_read, fd, 11) == 0);
	CHECK(fixture->reads == 2);
	CHECK(in_client(client_read, fd, 10) == EILSEQ);
	CHECK(fixture->reads == 3);
}

static int read_error(struct fixture *fixture, struct pager_request *req)
{
	if (fixture->reads > 1)
		return read_memory(fixture, req);
	return EILSEQ;
}

static void test_error_is_not_remembered(struct fixture *fixture)
{
	int fd;

	fixture->read = read_error;
	CHECK(!make_object(fixture, &full_ops));
	fd = fixture->object;
	CHECK(in_client(client_read, fd, 3) == EILSEQ);
	CHECK(in_client(client_read, fd, 3) == 0);
}

static int read_nothing(struct fixture *fixture, struct pager_request *req)
{
	(void)fixture;
	(void)req;
	return 0;
}

static void test_no_answer_is_eio(struct fixture *fixture)
{
	fixture->read = read_nothing;
	CHECK(!make_object(fixture, &full_ops));
	CHECK(in_client(client_read, fixture->object, 3) == EIO);
	CHECK(in_client(client_touch, fixture->object, 3) == -SIGBUS);
}

static int read_out_of_range(struct fixture *fixture, struct pager_request *req)
{
	const struct mach_message *want = pager_message(req);
	uint64_t end = want->offset + want->length;

	if (pager_unavailable(req, end, PAGE) != ERANGE ||
	    pager_unavailable(req, want->offset, want->length + 1) != ERANGE ||
	    pager_unavailable(req, want->offset, UINT64_MAX) != ERANGE ||
	    pager_unavailable(req, want->offset, 0) != ERANGE ||
	    pager_error(req, want->offset, PAGE, 0) != EINVAL ||
	    pager_error(req, want->offset, PAGE, 4096) != EINVAL)
		return EUCLEAN;
	return read_memory(fixture, req);
}

static void test_bad_parts_are_refused(struct fixture *fixture)
{
	fixture->read = read_out_of_range;
	CHECK(!make_object(fixture, &full_ops));
	CHECK(in_client(client_read, fixture->object, 3) == 0);
}

static int read_file(struct fixture *fixture, struct pager_request *req)
{
	const struct mach_message *want = pager_message(req);

	return pager_supply_file(req, want->offset, want->length, fixture->fd,
				 want->offset);
}

static void test_supply_file(struct fixture *fixture)
{
	fixture->read = read_file;
	fixture->fd = make_file(fixture, PAGES * PAGE);
	CHECK(fixture->fd >= 0);
	CHECK(!make_object(fixture, &full_ops));
	CHECK(in_client(client_read_all, fixture->object, 0) == 0);
	CHECK(fixture->refusals == 0);
}

static void test_refused_may_answer_again(struct fixture *fixture)
{
	fixture->read = read_file;
	fixture->fd = make_file(fixture, 2 * PAGE);
	CHECK(fixture->fd >= 0);
	CHECK(!make_object(fixture, &full_ops));
	CHECK(in_client(client_read, fixture->object, 1) == 0);
	CHECK(fixture->refusals == 1);
	CHECK(fixture->refusal == ENODATA);
	/* the slot is in use again */
	CHECK(in_client(client_read_all, fixture->object, 0) == 0);
}

static void test_refused_is_eio(struct fixture *fixture)
{
	int page;

	fixture->read = read_file;
	fixture->fd = make_file(fixture, 2 * PAGE);
	CHECK(fixture->fd >= 0);
	CHECK(!make_object(fixture, &plain_ops));
	for (page = 0; page < PAGES; page++)
		CHECK(in_client(client_read, fixture->object, page) == EIO);
}

static void test_offer(struct fixture *fixture)
{
	uint64_t supplied = 0;
	int fd;

	CHECK(!make_object(fixture, &full_ops));
	fd = fixture->object;
	CHECK(!pager_offer_page(fixture->pager, 2 * PAGE,
				fixture->data + 2 * PAGE));
	CHECK(pager_offer_page(fixture->pager, 2 * PAGE, fixture->data) ==
	      EEXIST);
	CHECK(pager_offer_pages(fixture->pager, 0, 4 * PAGE, fixture->data,
				&supplied) == EEXIST);
	CHECK(supplied == 2 * PAGE);
	CHECK(in_client(client_read, fd, 1) == 0);
	CHECK(in_client(client_read, fd, 2) == 0);
	CHECK(fixture->reads == 0);
	CHECK(!pager_offer_pages(fixture->pager, 8 * PAGE, PAGE, NULL, NULL));
	CHECK(in_client(client_read_zeros, fd, 8) == 0);
	fixture->fd = make_file(fixture, PAGES * PAGE);
	CHECK(!pager_offer_file(fixture->pager, 16 * PAGE, 4 * PAGE,
				fixture->fd, 16 * PAGE, NULL));
	CHECK(in_client(client_read, fd, 19) == 0);
	CHECK(fixture->reads == 0);
}

static const struct test tests[] = {
	{ "read", test_read },
	{ "supply-foreign-memory", test_supply_foreign_memory },
	{ "mixed-parts", test_mixed_parts },
	{ "error-is-not-remembered", test_error_is_not_remembered },
	{ "no-answer-is-eio", test_no_answer_is_eio },
	{ "bad-parts-are-refused", test_bad_parts_are_refused },
	{ "supply-file", test_supply_file },
	{ "refused-may-answer-again", test_refused_may_answer_again },
	{ "refused-is-eio", test_refused_is_eio },
	{ "offer", test_offer },
};

int main(int argc, char **argv)
{
	return run_tests("supply", tests, sizeof(tests) / sizeof(*tests), argc,
			 argv);
}
