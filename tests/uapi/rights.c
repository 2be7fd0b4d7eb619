// SPDX-License-Identifier: GPL-2.0-only
/* What each kind of descriptor refuses: rights never grow. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "callbook.h"
#include "tap.h"

static int name_of(int fd)
{
	struct mach_object_name n = { .size = sizeof(n) };

	CHECK_IS(vm_ioctl(fd, MACH_OBJECT_NAME, &n), 0);
	CHECK(fcntl(n.fd, F_GETFD) == FD_CLOEXEC, "not close-on-exec");
	return n.fd;
}

/* Say every call of one kind to a descriptor that must not answer it. */
static void refuse(struct world *w, const char *who, int fd,
		   enum call_kind kind, long want)
{
	char sub[80];

	for (size_t i = 0; i < callbook_entries; i++) {
		const struct call *call = &callbook[i];
		union any_call c;

		if (call->kind != kind)
			continue;
		call_fill(call, w, &c);
		snprintf(sub, sizeof(sub), "%s-to-%s", call->name, who);
		tap_is(sub, vm_ioctl(fd, call->number, &c), want);
	}
}

static void test_refused(void)
{
	struct world w;
	int name, node;
	long task;

	world_open(&w);
	task = vm_open();
	name = name_of(w.o.fd);
	refuse(&w, "object", w.o.fd, ON_NEW, -ENOTTY);
	refuse(&w, "object", w.o.fd, ON_TASK, -ENOTTY);
	refuse(&w, "name", name, ON_NEW, -ENOTTY);
	refuse(&w, "name", name, ON_TASK, -ENOTTY);
	refuse(&w, "pager", w.p.fd, ON_NEW, -EPERM);
	refuse(&w, "pager", w.p.fd, ON_TASK, -EPERM);
	refuse(&w, "object", w.o.fd, ON_PAGER, -ENOTTY);
	refuse(&w, "name", name, ON_PAGER, -ENOTTY);
	refuse(&w, "task", task, ON_PAGER, -EPERM);
	refuse(&w, "pager", w.p.fd, ON_OBJECT, -ENOTTY);
	refuse(&w, "task", task, ON_OBJECT, -ENOTTY);
	world_check(&w);
	CHECK_IS(object_publish(&w.p, &w.o, "rights", 0), 0);
	node = open(MACH_VM_NODE_DIR "/rights", O_RDWR | O_CLOEXEC);
	CHECK(node >= 0, "open: %m");
	refuse(&w, "node", node, ON_NEW, -ENOTTY);
	refuse(&w, "node", node, ON_TASK, -ENOTTY);
	refuse(&w, "node", node, ON_PAGER, -ENOTTY);
}

/* What every kind of descriptor answers, whatever it is good for. */
static void answered(struct world *w, const char *who, int fd)
{
	char sub[80];

	for (size_t i = 0; i < callbook_entries; i++) {
		const struct call *call = &callbook[i];
		union any_call c;

		if (call->kind != ON_ANY)
			continue;
		call_fill(call, w, &c);
		snprintf(sub, sizeof(sub), "%s-from-%s", call->name, who);
		tap_is(sub, vm_ioctl(fd, call->number, &c), call->right);
	}
}

static void test_answered(void)
{
	struct world w;
	int node;

	world_open(&w);
	answered(&w, "task", vm_open());
	answered(&w, "pager", w.p.fd);
	answered(&w, "object", w.o.fd);
	answered(&w, "name", name_of(w.o.fd));
	world_check(&w);
	CHECK_IS(object_publish(&w.p, &w.o, "answered", 0), 0);
	node = open(MACH_VM_NODE_DIR "/answered", O_RDONLY | O_CLOEXEC);
	CHECK(node >= 0, "open: %m");
	answered(&w, "node", node);
}

/* A process that may map an object, and has no more, cannot act as its pager. */
static long act_as_pager(const uint64_t *arg)
{
	struct mach_pager_destroy d = {
		.size = sizeof(d), .object = arg[1],
	};
	struct mach_pager_register reg = {
		.size = sizeof(reg), .queues = 1, .depth = 1,
		.message_size = sizeof(struct mach_message),
	};
	long task = vm_open();

	if (vm_ioctl(arg[0], MACH_PAGER_DESTROY, &d) != -ENOTTY)
		return 1;
	if (vm_ioctl(task, MACH_PAGER_DESTROY, &d) != -EPERM)
		return 2;
	/* As a pager of its own it has other objects. */
	if (vm_ioctl(task, MACH_PAGER_REGISTER, &reg))
		return 3;
	if (vm_ioctl(task, MACH_PAGER_DESTROY, &d) != -ENOENT)
		return 4;
	close(task);
	return 0;
}

static void test_mapper(void)
{
	struct test_request r;
	struct scene s;

	scene_open(&s, NULL, 16 * PAGE, PAGE, 2);
	actor_begin(&s.a, 1, do_load, s.map);
	pager_expect(&s.p, &r, MACH_OP_DATA_REQUEST, 0, PAGE);
	CHECK_IS(actor_do(&s.a, act_as_pager, s.o.fd, s.o.number), 0);
	pager_reply_one(&s.p, &r, part_pattern(0, PAGE, 3));
	CHECK(actor_end(&s.a, 1) > 0, "wrong data");
	CHECK_IS(object_info(s.o.fd).state, MACH_OBJECT_ALIVE);
}

static void test_name(void)
{
	struct world w;
	uint8_t byte;
	int name, again;
	void *map;

	world_open(&w);
	name = name_of(w.o.fd);
	again = name_of(name);
	tap_is("info", object_info(name).object_size, 64 * PAGE);
	tap_is("info-again", object_info(again).object_size, 64 * PAGE);
	map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, name, 0);
	tap_sub("map-shared", map == MAP_FAILED, "a name was mapped");
	map = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, name, 0);
	tap_sub("map-private", map == MAP_FAILED, "a name was mapped");
	tap_sub("read", read(name, &byte, 1) < 0, "a name was read");
	tap_sub("pread", pread(name, &byte, 1, 0) < 0, "a name was read");
	tap_sub("write", write(name, "x", 1) < 0, "a name was written to");
	world_check(&w);
}

static long compare(int fd, int with)
{
	struct mach_name_compare c = { .size = sizeof(c), .fd = with };
	long err = vm_ioctl(fd, MACH_NAME_COMPARE, &c);

	return err ? err : c.equal;
}

static void test_compare(void)
{
	struct test_object other;
	struct world w;
	int name;

	world_open(&w);
	name = name_of(w.o.fd);
	object_create(&w.p, &other, 64 * PAGE, 0, 0);
	tap_is("object-itself", compare(w.o.fd, w.o.fd), 1);
	tap_is("object-name", compare(w.o.fd, name), 1);
	tap_is("name-object", compare(name, w.o.fd), 1);
	tap_is("name-name", compare(name, name_of(name)), 1);
	tap_is("object-other", compare(w.o.fd, other.fd), 0);
	tap_is("name-other", compare(name, other.fd), 0);
	tap_is("name-other-name", compare(name, name_of(other.fd)), 0);
	tap_is("pager", compare(name, w.p.fd), -EBADF);
	tap_is("task", compare(name, vm_open()), -EBADF);
	tap_is("file", compare(name, 1), -EBADF);
	tap_is("closed", compare(name, 999), -EBADF);
	tap_is("negative", compare(name, -1), -EBADF);
}

/* A name keeps nothing alive. */
static void test_name_terminate(void)
{
	struct test_request r;
	struct test_object o;
	struct test_pager p;
	int name;

	pager_open(&p, &(struct pager_setup){ .transport = BY_IOCTL });
	object_create(&p, &o, PAGE, 0, 0);
	name = name_of(o.fd);
	close(o.fd);
	CHECK_IS(pager_next(&p, &r, WAIT_MS), 0);
	CHECK_IS(r.m.operation, MACH_OP_TERMINATE);
	pager_reply_none(&p, &r);
	close(name);
	pager_close(&p);
}

static long receive_fd(const uint64_t *arg)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	int fd;

	if (recvmsg(arg[0], &msg, 0) != 1 || !CMSG_FIRSTHDR(&msg))
		return -errno;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

static void send_fd(int sock, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { "x", 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	CHECK(sendmsg(sock, &msg, 0) == 1, "sendmsg: %m");
}

/* A read-only right that travels is a read-only right. */
static void test_passed(void)
{
	const uint64_t rw = PROT_READ | PROT_WRITE;
	struct world w;
	struct actor a;
	long fd, map;
	int pair[2];

	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair: %m");
	actor_start(&a, 1);
	world_open(&w);
	CHECK_IS(object_publish(&w.p, &w.o, "passed", 0), 0);
	send_fd(pair[0], open(MACH_VM_NODE_DIR "/passed", O_RDONLY));
	fd = actor_do(&a, receive_fd, pair[1]);
	CHECK(fd >= 0, "recvmsg: %s", tap_result(fd));
	map = actor_do(&a, do_map, fd, PAGE, PROT_READ, MAP_SHARED);
	CHECK(map > 0, "map: %s", tap_result(map));
	tap_is("contents", actor_do(&a, do_load, map) > 0, 1);
	tap_is("upgrade", actor_do(&a, do_mprotect, map, PAGE, rw), -EACCES);
	tap_is("map-writable", actor_do(&a, do_map, fd, PAGE, rw, MAP_SHARED),
	       -EACCES);
	tap_is("store", actor_do(&a, do_store, map, 1), TAP_SIGNAL(SIGSEGV));
	tap_is("write", actor_do(&a, do_pwrite, fd, map, 1, 0), -EBADF);
	send_fd(pair[0], w.o.fd);
	fd = actor_do(&a, receive_fd, pair[1]);
	tap_is("full-right", actor_do(&a, do_map, fd, PAGE, rw, MAP_SHARED) > 0,
	       1);
}

static const struct tap_test tests[] = {
	{ .name = "refused", .run = test_refused },
	{ .name = "answered", .run = test_answered },
	{ .name = "mapper", .run = test_mapper },
	{ .name = "name", .run = test_name },
	{ .name = "compare", .run = test_compare },
	{ .name = "name-terminate", .run = test_name_terminate },
	{ .name = "passed", .run = test_passed },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
