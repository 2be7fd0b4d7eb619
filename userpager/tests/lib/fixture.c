// SPDX-License-Identifier: GPL-2.0-only
/* Tests of the pager library: their pager, their clients, and how they are run. */
#include "fixture.h"

#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *program;
static const char *transport_name;
static const char *test_name;
static int failures;

static jmp_buf test_end;

_Noreturn void test_fail(int line, const char *condition)
{
	printf("not ok %s/%s/%s: line %d: %s\n", program,
	       transport_name, test_name, line, condition);
	failures++;
	longjmp(test_end, 1);
}

int read_memory(struct fixture *fixture, struct pager_request *req)
{
	const struct mach_message *want = pager_message(req);
	char *buf = pager_buffer(req);

	if (!buf)
		return ENOMEM;
	memcpy(buf, fixture->data + want->offset, want->length);
	return pager_supply(req, want->offset, want->length, buf);
}

static int ops_read(struct pager *pager, struct pager_request *req)
{
	struct fixture *fixture = pager_get_upi(pager);

	fixture->reads++;
	return fixture->read(fixture, req);
}

static int ops_write(struct pager *pager, struct pager_request *req)
{
	struct fixture *fixture = pager_get_upi(pager);
	const struct mach_message *have = pager_message(req);

	fixture->writes++;
	return pager_collect(req, have->offset, have->length,
			     fixture->data + have->offset);
}

static int ops_sync(struct pager *pager, struct pager_request *req)
{
	struct fixture *fixture = pager_get_upi(pager);

	(void)req;
	fixture->syncs++;
	fixture->nested = pager_sync(pager, LIMIT_MS);
	return 0;
}

static int ops_refused(struct pager *pager, struct pager_request *req, int err)
{
	struct fixture *fixture = pager_get_upi(pager);

	fixture->refusals++;
	fixture->refusal = err;
	return read_memory(fixture, req);
}

static void ops_lock_completed(struct pager *pager, uint64_t cookie)
{
	struct fixture *fixture = pager_get_upi(pager);

	fixture->locked = cookie;
}

static void ops_terminate(struct pager *pager)
{
	struct fixture *fixture = pager_get_upi(pager);

	fixture->terminated++;
}

const struct pager_ops full_ops = {
	.read = ops_read,
	.write = ops_write,
	.sync = ops_sync,
	.refused = ops_refused,
	.lock_completed = ops_lock_completed,
	.terminate = ops_terminate,
};

const struct pager_ops plain_ops = {
	.read = ops_read,
	.terminate = ops_terminate,
};

int make_object(struct fixture *fixture, const struct pager_ops *ops)
{
	struct pager_attributes attributes = {
		.size = PAGES * PAGE,
		.cluster = 4 * PAGE,
	};

	int err = pager_create(fixture->session, ops, fixture, &attributes,
			       &fixture->pager);

	return err ?: pager_get_fd(fixture->pager, &fixture->object);
}

/* Run @client in a process of its own; its result, or -signal. */
int in_client(int (*client)(int fd, long arg), int fd, long arg)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		return -1000;
	if (!child) {
		alarm(LIMIT_MS / 1000);
		_exit(client(fd, arg));
	}
	if (waitpid(child, &status, 0) < 0)
		return -1001;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* The errno of reading page @page, or 255 if it is not what was expected. */
int client_read(int fd, long page)
{
	char got[PAGE];
	ssize_t n = pread(fd, got, PAGE, page * PAGE);
	size_t i;

	if (n < 0)
		return errno;
	for (i = 0; i < PAGE; i++) {
		if (n != (ssize_t)PAGE || got[i] != (char)(page + 1))
			return 255;
	}
	return 0;
}

int client_read_zeros(int fd, long page)
{
	char got[PAGE], zeros[PAGE] = "";

	if (pread(fd, got, PAGE, page * PAGE) != (ssize_t)PAGE)
		return errno;
	return memcmp(got, zeros, PAGE) ? 255 : 0;
}

int client_touch(int fd, long page)
{
	const char *map = mmap(NULL, PAGES * PAGE, PROT_READ, MAP_SHARED,
			       fd, 0);

	if (map == MAP_FAILED)
		return errno;
	return map[page * PAGE] == (char)(page + 1) ? 0 : 255;
}

int client_read_all(int fd, long unused)
{
	int page, err;

	(void)unused;
	for (page = 0; page < PAGES; page++) {
		err = client_read(fd, page);
		if (err)
			return err;
	}
	return 0;
}

/* Write @arg's low byte over its page, and fsync if bit 16 is set. */
int client_write(int fd, long arg)
{
	char data[PAGE];
	long page = arg & 0xff;

	memset(data, 0x80 | page, PAGE);
	if (pwrite(fd, data, PAGE, page * PAGE) != (ssize_t)PAGE)
		return errno;
	return arg & 1 << 16 && fsync(fd) < 0 ? errno : 0;
}

int make_file(const struct fixture *fixture, size_t length)
{
	int fd = memfd_create("store", MFD_CLOEXEC);

	if (fd >= 0 && pwrite(fd, fixture->data, length, 0) != (ssize_t)length) {
		close(fd);
		return -1;
	}
	return fd;
}

static void run_in_session(struct fixture *fixture,
			   const struct pager_config *config,
			   void (*run)(struct fixture *fixture))
{
	int page;

	for (page = 0; page < PAGES; page++)
		memset(fixture->data + page * PAGE, page + 1, PAGE);
	if (setjmp(test_end))
		return;
	CHECK(!pager_open(config, &fixture->session));
	CHECK(!pager_start_workers(fixture->session));
	run(fixture);
}

static void run_test(const struct test *test, enum pager_transport transport)
{
	struct pager_config config = {
		.transport = transport,
		.queues = 2,
		.depth = 2,
	};
	static struct fixture fixture;
	int before = failures;

	test_name = test->name;
	memset(&fixture, 0, sizeof(fixture));
	fixture.transport = transport;
	fixture.read = read_memory;
	fixture.fd = -1;
	fixture.data = malloc(PAGES * PAGE);
	if (!fixture.data)
		exit(2);
	run_in_session(&fixture, &config, test->run);
	pager_close(fixture.session);
	if (fixture.fd >= 0)
		close(fixture.fd);
	free(fixture.data);
	if (failures == before)
		printf("ok %s/%s/%s\n", program, transport_name,
		       test_name);
	fflush(stdout);
}

static bool wanted(const char *name, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], name))
			return true;
	}
	return argc < 2;
}

static void usage(const struct test *tests, size_t n)
{
	size_t i;

	printf("Usage: userpager-%s [TEST]...\nTests of the pager library:\n", program);
	for (i = 0; i < n; i++)
		printf("  %s\n", tests[i].name);
	exit(0);
}

int run_tests(const char *name, const struct test *tests, size_t n, int argc,
	      char **argv)
{
	static const char *const names[] = { "", "ring", "ioctl" };
	enum pager_transport transport;
	size_t i;

	program = name;
	if (argc > 1 && !strcmp(argv[1], "--help"))
		usage(tests, n);
	for (transport = PAGER_TRANSPORT_RING;
	     transport <= PAGER_TRANSPORT_IOCTL; transport++) {
		transport_name = names[transport];
		for (i = 0; i < n; i++) {
			if (wanted(tests[i].name, argc, argv))
				run_test(&tests[i], transport);
		}
	}
	return failures != 0;
}
