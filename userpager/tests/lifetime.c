// SPDX-License-Identifier: GPL-2.0-only
/* The pager library: sessions, objects and their ends. */
#include "lib/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

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
	CHECK(pager_publish(fixture->pager, "a/../b", 0, 0, 0) == EINVAL);
	pager_drop_fd(fixture->pager);
	CHECK(pager_get_fd(fixture->pager, &fd) == EBADF);
	fd = open(path, O_RDWR | O_CLOEXEC);
	CHECK(fd >= 0);
	CHECK(in_client(client_read, fd, 33) == 0);
	close(fd);
	CHECK(!pager_shutdown(fixture->pager, LIMIT_MS));
	CHECK(access(path, F_OK) < 0);
}

static bool objects_are_mounted(void)
{
	struct statfs fs;

	return !statfs(MACH_VM_NODE_DIR, &fs) && fs.f_type == MACH_OBJECT_MAGIC;
}

/* A process that sees no objects, and nobody else sees less for it. */
static bool unmount_here(void)
{
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return false;
	while (objects_are_mounted())
		if (umount(MACH_VM_NODE_DIR))
			return false;
	return true;
}

static void *mount_too(void *err)
{
	*(int *)err = pager_mount();
	return NULL;
}

/* However many do it: what one umount(2) takes away is all. */
static int client_mounts(int fd, long unused)
{
	struct stat own, seen;
	pthread_t threads[4];
	int errs[4], i;

	(void)unused;
	if (!unmount_here())
		return 1;
	for (i = 0; i < 4; i++)
		if (pthread_create(&threads[i], NULL, mount_too, &errs[i]))
			return 2;
	for (i = 0; i < 4; i++)
		if (pthread_join(threads[i], NULL) || errs[i])
			return 3;
	if (pager_mount() || !objects_are_mounted())
		return 4;
	if (fstat(fd, &own) || stat(MACH_VM_NODE_DIR "/library-test", &seen))
		return 5;
	if (own.st_dev != seen.st_dev || own.st_ino != seen.st_ino)
		return 6;
	return umount(MACH_VM_NODE_DIR) || objects_are_mounted() ? 7 : 0;
}

static int client_may_not_mount(int fd, long unused)
{
	(void)fd;
	(void)unused;
	if (!unmount_here())
		return 1;
	if (setresuid(65534, 65534, 65534))
		return 2;
	return pager_mount() == EPERM && !objects_are_mounted() ? 0 : 3;
}

/* A thread that sees another directory, with another file of that name */
static void *publish_hidden(void *arg)
{
	static const char path[] = MACH_VM_NODE_DIR "/hidden";
	struct fixture *fixture = arg;
	int fd;

	if (!unmount_here() || mount("other", MACH_VM_NODE_DIR, "tmpfs", 0, NULL))
		return "it sees no other directory";
	fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return "no file can be made";
	close(fd);
	return pager_publish(fixture->pager, "hidden", 0, 0, 0) == EEXIST ?
		NULL : "what nobody sees is taken for published";
}

static void test_hidden(struct fixture *fixture)
{
	pthread_t thread;
	void *wrong;

	CHECK(!make_object(fixture, &full_ops));
	CHECK(!pthread_create(&thread, NULL, publish_hidden, fixture));
	CHECK(!pthread_join(thread, &wrong));
	CHECK(!wrong);
	/* it is there all the same, for who sees machobj */
	CHECK(!access(MACH_VM_NODE_DIR "/hidden", F_OK));
}

static void test_mount(struct fixture *fixture)
{
	CHECK(!make_object(fixture, &full_ops));
	CHECK(!pager_publish(fixture->pager, "library-test", 0, 0, 0));
	CHECK(in_client(client_mounts, fixture->object, 0) == 0);
	CHECK(in_client(client_may_not_mount, fixture->object, 0) == 0);
	CHECK(objects_are_mounted());
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
	/* no kind will ever have this number */
	config.transport = 1000;
	CHECK(pager_open(&config, &session) == EINVAL);
}

/* What the module is to say of itself, if anything */
static struct mach_vm_version pretended;

/* Stands before the C library's: the module may be another than the loaded one. */
int ioctl(int fd, unsigned long call, ...)
{
	struct mach_vm_version *version;
	va_list args;
	void *arg;

	va_start(args, call);
	arg = va_arg(args, void *);
	va_end(args);
	if (call != MACH_VM_VERSION || !pretended.api)
		return syscall(SYS_ioctl, fd, call, arg);
	version = arg;
	version->api = pretended.api;
	version->api_oldest = pretended.api_oldest;
	return 0;
}

static int open_beside(__u32 api, __u32 oldest)
{
	struct pager_session *session;
	int err;

	pretended.api = api;
	pretended.api_oldest = oldest;
	err = pager_open(NULL, &session);
	pretended.api = 0;
	if (!err)
		pager_close(session);
	return err;
}

/* An older module knows less, and a newer one as much as it still serves. */
static void test_version(struct fixture *fixture)
{
	const __u32 own = MACH_VM_API_VERSION;

	(void)fixture;
	CHECK(open_beside(own - 1, 0) == E2BIG);
	CHECK(open_beside(own, own) == 0);
	CHECK(open_beside(own + 7, own - 1) == 0);
	CHECK(open_beside(own + 7, own) == 0);
	CHECK(open_beside(own + 7, own + 1) == EPROTONOSUPPORT);
	CHECK(strstr(pager_strerror(E2BIG), "modprobe"));
}

static const struct test tests[] = {
	{ "transport", test_transport },
	{ "detached-answers", test_detached_answers },
	{ "stop-ends-waiters", test_stop_ends_waiters },
	{ "attributes", test_attributes },
	{ "terminate", test_terminate },
	{ "shutdown", test_shutdown },
	{ "many-objects", test_many_objects },
	{ "publish", test_publish },
	{ "mount", test_mount },
	{ "hidden", test_hidden },
	{ "version", test_version },
};

int main(int argc, char **argv)
{
	return run_tests("lifetime", tests, sizeof(tests) / sizeof(*tests), argc,
			 argv);
}
