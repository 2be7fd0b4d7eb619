// SPDX-License-Identifier: GPL-2.0-only
/*
 * A pager that does everything at once, and wrongly: several threads at each call,
 * rings of each kind, clients that are killed, pagers that die, over and over. What is
 * asked of it ends, nothing is left of it, and another user beside works as ever.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "naming.h"
#include "place.h"
#include "pool.h"
#include "task.h"
#include "user.h"

#define WICKED		12341
#define OTHER		12342
#define STORM_MS	tap_storm_ms(4000)
#define SOON		(10000 * tap_slow())	/* ms */
#define DEADLINE	200			/* ms, of each pager */
#define NUMBERS		8			/* objects that calls guess */
#define NAMES		4
#define SIZE		(64 * PAGE)
#define QUEUES		2
#define DEPTH		8
#define MEMORY_MIB	64
#define OWN		(64 * PAGE)		/* what the other one works on */

/* The pager of the moment: its descriptor is closed and made anew meanwhile. */
static struct test_pager p;

static const char *name_of(unsigned int n)
{
	static const char * const names[NAMES] = {
		"storm-0", "storm-1", "storm-d/2", "storm-d/e/3",
	};

	return names[n % NAMES];
}

static unsigned int any(unsigned int *seed, unsigned int n)
{
	return rand_r(seed) % n;
}

/* A part that is right more often than not */
static struct mach_part any_part(unsigned int *seed, uint64_t offset,
				 uint64_t length)
{
	static char data[SIZE];
	static int file = -1;

	if (file < 0)
		file = pattern_file(SIZE, 1);
	if (!any(seed, 4))
		length = PAGE;
	switch (any(seed, 8)) {
	case 0:
		return part_error(offset, length, 1 + any(seed, 140));
	case 1:
		return part_done(offset, length);
	case 2:
		return part_file(offset, length, file, any(seed, 2) * PAGE);
	case 3:
		return part_file(offset, length, p.fd, 0);
	case 4:
		/* no memory of this process */
		return part_copy(offset, length, (void *)(PAGE * any(seed, 9)));
	case 5:
		return part_zero(offset, length);
	default:
		return part_copy(offset, length, data);
	}
}

/* The answer to what lies in a slot now, or did a moment ago */
static struct mach_pager_answer any_answer(unsigned int *seed,
					   struct mach_part *part)
{
	unsigned int queue = any(seed, QUEUES), tag = any(seed, DEPTH);
	const struct mach_message *m = pager_message(&p, queue, tag);
	struct test_request r = { .queue = queue, .tag = tag, .m = *m };

	*part = any_part(seed, r.m.offset, r.m.length);
	if (!any(seed, 8))
		r.m.generation--;
	if (r.m.operation == MACH_OP_LOCK_COMPLETED ||
	    r.m.operation == MACH_OP_TERMINATE)
		return pager_answer(&r, NULL, 0);
	return pager_answer(&r, part, any(seed, 3) ? 1 : 0);
}

static void answer_any(unsigned int *seed)
{
	struct mach_part part;
	struct mach_pager_answer answer = any_answer(seed, &part);

	if (!any(seed, 4))
		answer.flags = MACH_ANSWER_MORE;
	vm_ioctl(p.fd, MACH_PAGER_ANSWER, &answer);
}

static void receive_any(unsigned int *seed)
{
	struct mach_pager_receive receive = {
		.size = sizeof(receive), .queue = any(seed, QUEUES),
		.timeout_ms = 1 + any(seed, 10),
		.flags = any(seed, 2) ? MACH_RECEIVE_NONBLOCK : 0,
	};

	vm_ioctl(p.fd, MACH_PAGER_RECEIVE, &receive);
	for (int i = any(seed, 4); i; i--)
		answer_any(seed);
}

static void collect_any(unsigned int *seed)
{
	static char data[SIZE];
	unsigned int queue = any(seed, QUEUES), tag = any(seed, DEPTH);
	const struct mach_message *m = pager_message(&p, queue, tag);
	struct test_request r = { .queue = queue, .tag = tag, .m = *m };

	pager_collect(&p, &r, r.m.offset, PAGE, data);
}

static void create_any(unsigned int *seed)
{
	struct mach_pager_create create = {
		.size = sizeof(create), .object_size = SIZE, .cluster = 4 * PAGE,
		.flags = any(seed, 3) ? MACH_CREATE_RESIZABLE : 0,
	};
	struct test_object o;

	if (vm_ioctl(p.fd, MACH_PAGER_CREATE, &create))
		return;
	o = (struct test_object){ .number = create.object };
	object_publish_as(&p, &o, name_of(any(seed, NAMES)), 0666, WICKED);
	close(create.fd);
}

static void destroy_any(unsigned int *seed)
{
	struct mach_pager_destroy destroy = {
		.size = sizeof(destroy), .object = 1 + any(seed, NUMBERS),
	};

	vm_ioctl(p.fd, MACH_PAGER_DESTROY, &destroy);
}

static void lock_any(unsigned int *seed)
{
	struct mach_pager_lock lock = {
		.size = sizeof(lock), .object = 1 + any(seed, NUMBERS),
		.flags = 1 + any(seed, 7), .offset = any(seed, 64) * PAGE,
		.length = any(seed, 64) * PAGE,
	};

	vm_ioctl(p.fd, MACH_PAGER_LOCK_REQUEST, &lock);
}

static void supply_any(unsigned int *seed)
{
	struct mach_pager_supply supply = {
		.size = sizeof(supply), .object = 1 + any(seed, NUMBERS),
	};

	supply.part = any_part(seed, any(seed, 64) * PAGE,
			       (1 + any(seed, 8)) * PAGE);
	vm_ioctl(p.fd, MACH_PAGER_SUPPLY, &supply);
}

static void resize_any(unsigned int *seed)
{
	struct test_object o = { .number = 1 + any(seed, NUMBERS) };

	object_resize(&p, &o, any(seed, 64) * PAGE + any(seed, PAGE));
}

static void name_any(unsigned int *seed)
{
	struct test_object o = { .number = 1 + any(seed, NUMBERS) };
	const char *name = name_of(any(seed, NAMES));

	switch (any(seed, 5)) {
	case 0:
		pager_mkdir(&p, name, 0, WICKED);
		break;
	case 1:
		pager_link(&p, name, "storm-0", WICKED);
		break;
	case 2:
		pager_remove(&p, name);
		break;
	case 3:
		object_unpublish(&p, &o);
		break;
	default:
		object_publish_as(&p, &o, name, 0666, WICKED);
	}
}

static void attribute_any(unsigned int *seed)
{
	struct mach_pager_attributes attributes = {
		.size = sizeof(attributes), .object = 1 + any(seed, NUMBERS),
		.cluster = PAGE << any(seed, 5),
	};

	vm_ioctl(p.fd, MACH_PAGER_CHANGE_ATTRIBUTES, &attributes);
}

static const struct {
	unsigned int setup, flags;
} rings[] = {
	{ 0, 0 }, { 0, IOSQE_ASYNC }, { 0, IOSQE_IO_LINK }, { 0, IOSQE_IO_DRAIN },
	{ IORING_SETUP_SQPOLL, 0 }, { IORING_SETUP_COOP_TASKRUN, 0 },
	{ IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN, 0 },
};

static void command_any(struct io_uring *ring, unsigned int flags,
			unsigned int *seed)
{
	static const unsigned int commands[] = {
		MACH_RING_FETCH, MACH_RING_FETCH, MACH_RING_COMMIT,
		MACH_RING_COMMIT_AND_FETCH, MACH_RING_ANSWER,
	};
	unsigned int op = commands[any(seed, 5)];
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
	struct mach_pager_answer command;
	struct mach_part part;

	if (!sqe)
		return;
	command = op == MACH_RING_FETCH ?
		  pager_fetch(any(seed, QUEUES), any(seed, DEPTH)) :
		  any_answer(seed, &part);
	/* the part is this function's, and is read when it is submitted, or never */
	if (command.parts) {
		command.parts = 0;
		command.part = part;
	}
	memset(sqe, 0, 2 * sizeof(*sqe));
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->flags = flags;
	sqe->fd = p.fd;
	sqe->cmd_op = op;
	memcpy(sqe->cmd, &command, sizeof(command));
}

/* Of some kind, with some commands, closed while some of them wait */
static void ring_any(unsigned int *seed)
{
	unsigned int kind = any(seed, ARRAY_SIZE(rings));
	struct __kernel_timespec little = { .tv_nsec = 1000000 };
	struct io_uring_cqe *cqe;
	struct io_uring ring;

	if (io_uring_queue_init(16, &ring, IORING_SETUP_SQE128 |
				rings[kind].setup))
		return;
	for (int i = any(seed, 12); i; i--) {
		command_any(&ring, rings[kind].flags, seed);
		if (any(seed, 2))
			io_uring_submit(&ring);
		if (!any(seed, 3) &&
		    !io_uring_wait_cqe_timeout(&ring, &cqe, &little))
			io_uring_cqe_seen(&ring, cqe);
	}
	io_uring_submit(&ring);
	io_uring_queue_exit(&ring);
}

static void (*const deeds[])(unsigned int *seed) = {
	receive_any, receive_any, answer_any, collect_any, create_any, create_any,
	destroy_any, lock_any, supply_any, resize_any, name_any, attribute_any,
	ring_any,
};

static void *do_any(void *arg)
{
	unsigned int seed = (uintptr_t)arg;

	for (;;)
		deeds[any(&seed, ARRAY_SIZE(deeds))](&seed);
	return NULL;
}

/* In a process of its own, which is killed some time */
static void use_once(unsigned int *seed, volatile char *map, int fd)
{
	static char buf[8 * PAGE];
	uint64_t at = any(seed, 64) * PAGE;

	switch (any(seed, 7)) {
	case 0:
		task_touch(map + at, false);
		break;
	case 1:
		task_touch(map + at, true);
		break;
	case 2:
		if (pread(fd, buf, sizeof(buf), at) < 0)
			break;
		break;
	case 3:
		if (pwrite(fd, buf, sizeof(buf), at) < 0)
			break;
		break;
	case 4:
		msync((void *)map, SIZE, MS_SYNC);
		break;
	case 5:
		if (ftruncate(fd, at + any(seed, PAGE)))
			break;
		break;
	default:
		fsync(fd);
	}
}

static void client(unsigned int seed)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		int fd = open(node_path(name_of(any(&seed, NAMES))), O_RDWR);
		char *map;

		if (fd < 0) {
			tap_pause_ms(1);
			continue;
		}
		map = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		for (int i = any(&seed, 20); i && map != MAP_FAILED; i--)
			use_once(&seed, map, fd);
		if (map != MAP_FAILED)
			munmap(map, SIZE);
		close(fd);
	}
}

static void register_anew(unsigned int *seed)
{
	const struct pager_setup setup = {
		.transport = BY_IOCTL, .queues = QUEUES, .depth = DEPTH,
		.deadline_ms = DEADLINE,
	};
	struct test_pager next;

	/* as many as a user may have live on, whose arrays are still mapped */
	if (pager_register(&next, &setup) || pager_map(&next)) {
		actor_unhide_fd(next.fd);
		close(next.fd);
		return;
	}
	for (unsigned int q = 0; q < QUEUES && p.fd > 0; q++)
		/* others read messages there: what they read may be nonsense */
		if (any(seed, 2))
			mmap((void *)p.array[q], p.size, PROT_READ,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (p.fd > 0) {
		actor_unhide_fd(p.fd);
		close(p.fd);
	}
	p = next;
}

#define THREADS		10
#define CLIENTS		3

static unsigned int first_seed(void)
{
	const char *given = getenv("MACHVM_SEED");
	unsigned int seed = given ? strtoul(given, NULL, 0) : (unsigned long)time(NULL);

	tap_note("MACHVM_SEED=%u", seed);
	return seed;
}

/* Until it is killed */
static void be_wicked(void)
{
	unsigned int seed = first_seed();
	pid_t clients[CLIENTS] = {};
	pthread_t thread;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	register_anew(&seed);
	for (uintptr_t i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&thread, NULL, do_any,
				      (void *)(seed + i)), "no thread");
	for (;;) {
		unsigned int i = any(&seed, CLIENTS);

		if (clients[i]) {
			kill(clients[i], SIGKILL);
			CHECK_IS(RESULT(waitpid(clients[i], NULL, 0)),
				 clients[i]);
		}
		clients[i] = fork();
		if (!clients[i])
			client(seed + i);
		tap_pause_ms(20 + any(&seed, 100));
		if (!any(&seed, 3))
			register_anew(&seed);
	}
}

static pid_t start_wicked(void)
{
	pid_t pid = fork();

	CHECK(pid >= 0, "fork: %m");
	if (!pid) {
		CHECK_IS(RESULT(setresgid(WICKED, WICKED, WICKED)), 0);
		CHECK_IS(RESULT(setresuid(WICKED, WICKED, WICKED)), 0);
		be_wicked();
	}
	return pid;
}

/* What the other one does, all of which is right. */
static void work_once(struct serve *s, uint8_t *map, unsigned int generation)
{
	struct test_task t;
	char *at;

	pool_verify(map, 1, 0, OWN / PAGE, generation - 1);
	for (uint64_t i = 0; i < OWN / PAGE; i++)
		stamp_page(map + i * PAGE, 1, i, generation);
	CHECK_IS(RESULT(fsync(s->fd)), 0);
	s->lock = MACH_LOCK_CLEAN | MACH_LOCK_FLUSH;
	task_open(&t, MIB);
	at = task_allocate(&t, OWN);
	memset(at, 1, OWN);
	CHECK_IS(task_wire(&t, at, 4 * PAGE, MACH_PROT_READ), 0);
	CHECK_IS(task_deallocate(&t, at, OWN), 0);
	task_close(&t);
}

static void work(void)
{
	const long end = tap_now_ms() + STORM_MS;
	struct serve *s = pool_object(OWN, 1);
	uint8_t *map = pool_start(s);
	unsigned int generation = 0;

	while (tap_now_ms() < end)
		work_once(s, map, ++generation);
	serve_stop(s);
	tap_note("%u turns of the other user", generation);
}

static int references(void)
{
	int count = -1;
	FILE *file = fopen("/sys/module/machvm/refcnt", "re");

	CHECK(file && fscanf(file, "%d", &count) == 1, "no module");
	fclose(file);
	return count;
}

static void test_storm(void)
{
	const int before = references();
	pid_t pid;

	CHECK_IS(RESULT(chmod(MACH_VM_DEVICE, 0666)), 0);
	pool_limit(MEMORY_MIB);
	pid = start_wicked();
	as_user(OTHER, work);
	kill(pid, SIGKILL);
	CHECK_IS(RESULT(waitpid(pid, NULL, 0)), pid);
	CHECK_WAIT(references() == before, SOON, "%d references are left",
		   references() - before);
}

static const struct tap_test tests[] = {
	{ "storm-ring", test_storm, BY_RING, 60 },
	{ "storm-ioctl", test_storm, BY_IOCTL, 60 },
};

int main(int argc, char **argv)
{
	int status = pool_main(argc, argv, tests, ARRAY_SIZE(tests));

	chmod(MACH_VM_DEVICE, 0600);
	return status;
}
