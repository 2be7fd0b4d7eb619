// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pager library against the module: every verb, by both transports.
 *
 * Clients are forked, because a process cannot fault on what it is itself the
 * pager of. They use the object's descriptor, which they inherit.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
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

static const char *transport_name;
static const char *test_name;
static int failures;

static jmp_buf test_end;

static _Noreturn void fail(int line, const char *condition)
{
	printf("not ok library/%s/%s: line %d: %s\n", transport_name,
	       test_name, line, condition);
	failures++;
	longjmp(test_end, 1);
}

/* From the test's own thread only; it ends the test. */
#define CHECK(condition)						\
	do {								\
		if (!(condition))					\
			fail(__LINE__, #condition);			\
	} while (0)

static int read_memory(struct fixture *fixture, struct pager_request *req)
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

static const struct pager_ops full_ops = {
	.read = ops_read,
	.write = ops_write,
	.sync = ops_sync,
	.refused = ops_refused,
	.lock_completed = ops_lock_completed,
	.terminate = ops_terminate,
};

static const struct pager_ops plain_ops = {
	.read = ops_read,
	.terminate = ops_terminate,
};

static int make_object(struct fixture *fixture, const struct pager_ops *ops)
{
	struct pager_attributes attributes = {
		.size = PAGES * PAGE,
		.cluster = 4 * PAGE,
	};

	int err = pager_create(fixture->session, ops, fixture, &attributes,
			       &fixture->pager);

	return err ?: pager_get_fd(fixture->pager, &fixture->object);
}

/* Until @condition holds; every use ends when the pager does its part. */
#define AWAIT(condition)						\
	({								\
		int left = LIMIT_MS;					\
		while (!(condition) && left-- > 0)			\
			usleep(1000);					\
		(condition);						\
	})

/* Run @client in a process of its own; its result, or -signal. */
static int in_client(int (*client)(int fd, long arg), int fd, long arg)
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
static int client_read(int fd, long page)
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

static int client_read_zeros(int fd, long page)
{
	char got[PAGE], zeros[PAGE] = "";

	if (pread(fd, got, PAGE, page * PAGE) != (ssize_t)PAGE)
		return errno;
	return memcmp(got, zeros, PAGE) ? 255 : 0;
}

static int client_touch(int fd, long page)
{
	const char *map = mmap(NULL, PAGES * PAGE, PROT_READ, MAP_SHARED,
			       fd, 0);

	if (map == MAP_FAILED)
		return errno;
	return map[page * PAGE] == (char)(page + 1) ? 0 : 255;
}

static int client_read_all(int fd, long unused)
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
static int client_write(int fd, long arg)
{
	char data[PAGE];
	long page = arg & 0xff;

	memset(data, 0x80 | page, PAGE);
	if (pwrite(fd, data, PAGE, page * PAGE) != (ssize_t)PAGE)
		return errno;
	return arg & 1 << 16 && fsync(fd) < 0 ? errno : 0;
}

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

static int make_file(const struct fixture *fixture, size_t length)
{
	int fd = memfd_create("store", MFD_CLOEXEC);

	if (fd >= 0 && pwrite(fd, fixture->data, length, 0) != (ssize_t)length) {
		close(fd);
		return -1;
	}
	return fd;
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

/* Answers that detached threads have got back from, in the running test */
static atomic_int answered;

static void *answer_later(void *arg)
{
	struct pager_request *req = arg;
	const struct mach_message *want = pager_message(req);
	char buf[PAGE];

	memset(buf, want->mandatory / PAGE + 1, PAGE);
	pager_supply(req, want->mandatory, PAGE, buf);
	pager_answer(req, 0);
	answered++;
	return NULL;
}

static int read_later(struct fixture *fixture, struct pager_request *req)
{
	pthread_t thread;

	(void)fixture;
	pager_detach(req);
	if (pthread_create(&thread, NULL, answer_later, req))
		pager_answer(req, EAGAIN);
	else
		pthread_detach(thread);
	return 0;
}

static void test_detached_answers(struct fixture *fixture)
{
	fixture->read = read_later;
	answered = 0;
	CHECK(!make_object(fixture, &full_ops));
	/* four times as many requests as there are slots */
	CHECK(in_client(client_read_all, fixture->object, 0) == 0);
	CHECK(fixture->reads == PAGES);
	/* the client goes on before them, and closing does not wait for them */
	CHECK(AWAIT(answered == PAGES));
}

static int client_read_and_wait(int fd, long page)
{
	return client_read(fd, page) == EIO ? 0 : 255;
}

static int read_never(struct fixture *fixture, struct pager_request *req)
{
	(void)fixture;
	pager_detach(req);
	return 0;
}

static void test_stop_ends_waiters(struct fixture *fixture)
{
	pid_t child;
	int status;

	fixture->read = read_never;
	CHECK(!make_object(fixture, &full_ops));
	child = fork();
	CHECK(child >= 0);
	if (!child) {
		alarm(LIMIT_MS / 1000);
		_exit(client_read_and_wait(fixture->object, 7));
	}
	CHECK(AWAIT(fixture->reads));
	pager_stop(fixture->session);
	CHECK(pager_wait(fixture->session, LIMIT_MS) == 0);
	CHECK(waitpid(child, &status, 0) == child);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

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
	struct mach_object_info info;
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
	struct mach_object_info info;
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
	CHECK(pager_lock_request(fixture->pager, 1, 0, MACH_LOCK_CLEAN, 78) ==
	      EINVAL);
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

static void test_attributes(struct fixture *fixture)
{
	uint32_t cluster = 0;

	CHECK(!make_object(fixture, &full_ops));
	CHECK(!pager_get_attributes(fixture->pager, &cluster));
	CHECK(cluster == 4 * PAGE);
	CHECK(!pager_change_attributes(fixture->pager, 16 * PAGE));
	CHECK(in_client(client_read_all, fixture->object, 0) == 0);
	CHECK(fixture->reads == PAGES / 16);
	CHECK(pager_change_attributes(fixture->pager, 5000) == EINVAL);
}

static void test_terminate(struct fixture *fixture)
{
	CHECK(!make_object(fixture, &full_ops));
	CHECK(in_client(client_write, fixture->object, 1) == 0);
	CHECK(fixture->terminated == 0);
	pager_drop_fd(fixture->pager);
	CHECK(AWAIT(fixture->terminated));
	CHECK(fixture->writes == 1);
	CHECK(fixture->data[PAGE] == (char)0x81);
}

static void test_shutdown(struct fixture *fixture)
{
	int fd;

	CHECK(!make_object(fixture, &full_ops));
	fd = dup(fixture->object);
	CHECK(in_client(client_write, fd, 1) == 0);
	CHECK(pager_shutdown(fixture->pager, LIMIT_MS) == 0);
	CHECK(fixture->terminated == 1);
	CHECK(fixture->writes == 1);
	CHECK(in_client(client_read, fd, 5) != 0);
	close(fd);
}

static void test_many_objects(struct fixture *fixture)
{
	struct pager_attributes attributes = { .size = PAGE };
	static struct pager *pagers[300];
	int round, fd, i;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < 300; i++)
			CHECK(!pager_create(fixture->session, &full_ops,
					    fixture, &attributes, &pagers[i]));
		CHECK(!pager_get_fd(pagers[123], &fd));
		CHECK(in_client(client_read, fd, 0) == 0);
		for (i = 0; i < 300; i++)
			CHECK(pager_shutdown(pagers[i], PAGER_NO_WAIT) == 0);
	}
	CHECK(fixture->terminated == 900);
}

static void test_publish(struct fixture *fixture)
{
	static const char path[] = MACH_VM_NODE_DIR "/library-test";
	int fd;

	CHECK(!make_object(fixture, &full_ops));
	CHECK(!pager_publish(fixture->pager, "library-test", 0, 0, 0));
	CHECK(pager_publish(fixture->pager, "a/b", 0, 0, 0) == EINVAL);
	pager_drop_fd(fixture->pager);
	CHECK(pager_get_fd(fixture->pager, &fd) == EBADF);
	fd = open(path, O_RDWR | O_CLOEXEC);
	CHECK(fd >= 0);
	CHECK(in_client(client_read, fd, 33) == 0);
	close(fd);
	CHECK(!pager_shutdown(fixture->pager, LIMIT_MS));
	CHECK(access(path, F_OK) < 0);
}

static void test_transport(struct fixture *fixture)
{
	struct pager_config config = { .transport = PAGER_TRANSPORT_AUTO };
	struct pager_session *session;

	CHECK(pager_transport_in_use(fixture->session) == fixture->transport);
	CHECK(!pager_open(&config, &session));
	/* the ring is to be had here, or the session of this test were not */
	CHECK(fixture->transport != PAGER_TRANSPORT_RING ||
	      pager_transport_in_use(session) == PAGER_TRANSPORT_RING);
	pager_close(session);
	config.transport = PAGER_TRANSPORT_IOCTL + 1;
	CHECK(pager_open(&config, &session) == EINVAL);
}

static const struct {
	const char *name;
	void (*run)(struct fixture *fixture);
} tests[] = {
	{ "transport", test_transport },
	{ "read", test_read },
	{ "supply-foreign-memory", test_supply_foreign_memory },
	{ "mixed-parts", test_mixed_parts },
	{ "error-is-not-remembered", test_error_is_not_remembered },
	{ "no-answer-is-eio", test_no_answer_is_eio },
	{ "bad-parts-are-refused", test_bad_parts_are_refused },
	{ "supply-file", test_supply_file },
	{ "refused-may-answer-again", test_refused_may_answer_again },
	{ "refused-is-eio", test_refused_is_eio },
	{ "detached-answers", test_detached_answers },
	{ "stop-ends-waiters", test_stop_ends_waiters },
	{ "write-and-fsync", test_write_and_fsync },
	{ "write-refused", test_write_refused },
	{ "sync-and-return", test_sync_and_return },
	{ "flush-forgets", test_flush_forgets },
	{ "lock-completed", test_lock_completed },
	{ "offer", test_offer },
	{ "attributes", test_attributes },
	{ "terminate", test_terminate },
	{ "shutdown", test_shutdown },
	{ "many-objects", test_many_objects },
	{ "publish", test_publish },
};

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

static void run_test(size_t index, enum pager_transport transport)
{
	struct pager_config config = {
		.transport = transport,
		.queues = 2,
		.depth = 2,
	};
	static struct fixture fixture;
	int before = failures;

	test_name = tests[index].name;
	memset(&fixture, 0, sizeof(fixture));
	fixture.transport = transport;
	fixture.read = read_memory;
	fixture.fd = -1;
	fixture.data = malloc(PAGES * PAGE);
	if (!fixture.data)
		exit(2);
	run_in_session(&fixture, &config, tests[index].run);
	pager_close(fixture.session);
	if (fixture.fd >= 0)
		close(fixture.fd);
	free(fixture.data);
	if (failures == before)
		printf("ok library/%s/%s\n", transport_name, test_name);
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

static void usage(void)
{
	size_t i;

	printf("Usage: library [TEST]...\nTests of the pager library:\n");
	for (i = 0; i < sizeof(tests) / sizeof(*tests); i++)
		printf("  %s\n", tests[i].name);
	exit(0);
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "", "ring", "ioctl" };
	enum pager_transport transport;
	size_t i;

	if (argc > 1 && !strcmp(argv[1], "--help"))
		usage();
	for (transport = PAGER_TRANSPORT_RING;
	     transport <= PAGER_TRANSPORT_IOCTL; transport++) {
		transport_name = names[transport];
		for (i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
			if (wanted(tests[i].name, argc, argv))
				run_test(i, transport);
		}
	}
	return failures != 0;
}
