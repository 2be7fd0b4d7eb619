/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tests of the pager library: each runs in a session of its own, by both transports,
 * on an object whose pager the fixture is.
 *
 * Clients are forked, as programs that know nothing of the pager. They use the
 * object's descriptor, which they inherit.
 */
#ifndef USERPAGER_TESTS_FIXTURE_H
#define USERPAGER_TESTS_FIXTURE_H

#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

#include <userpager/pager.h>

#define PAGE		4096UL
#define PAGES		64
#define LIMIT_MS	20000

/* How the object under test behaves; set before anybody touches it */
struct fixture {
	struct pager_session *session;
	enum pager_transport transport;
	struct pager *pager;
	int (*read)(struct fixture *fixture, struct pager_request *req);
	char *data;			/* PAGES pages */
	int object;			/* descriptor of @pager */
	int fd;				/* a file for pager_supply_file() */
	atomic_int reads;
	atomic_int writes;
	atomic_int syncs;
	atomic_int refusals;
	atomic_int refusal;
	atomic_int terminated;
	atomic_int locked;
	atomic_int nested;
};

struct test {
	const char *name;
	void (*run)(struct fixture *fixture);
};

extern const struct pager_ops full_ops;
extern const struct pager_ops plain_ops;

_Noreturn void test_fail(int line, const char *condition);

/* From the test's own thread only; it ends the test. */
#define CHECK(condition)						\
	do {								\
		if (!(condition))					\
			test_fail(__LINE__, #condition);			\
	} while (0)

/* Until @condition holds; every use ends when the pager does its part. */
#define AWAIT(condition)						\
	({								\
		int left = LIMIT_MS;					\
		while (!(condition) && left-- > 0)			\
			usleep(1000);					\
		(condition);						\
	})

int make_object(struct fixture *fixture, const struct pager_ops *ops);
int in_client(int (*client)(int fd, long arg), int fd, long arg);
int client_read(int fd, long page);
int client_read_zeros(int fd, long page);
int client_touch(int fd, long page);
int client_read_all(int fd, long unused);
int client_write(int fd, long arg);
int make_file(const struct fixture *fixture, size_t length);
int read_memory(struct fixture *fixture, struct pager_request *req);

/* Those of @argv, or all; the program's exit status. */
int run_tests(const char *name, const struct test *tests, size_t n, int argc,
	      char **argv);

#endif /* USERPAGER_TESTS_FIXTURE_H */
