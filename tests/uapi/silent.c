// SPDX-License-Identifier: GPL-2.0-only
/* A pager that says nothing holds up those who use its objects, and nobody else. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "slowfile.h"
#include "tap.h"
#include "testpager.h"

#define SOON	(5000 * tap_slow())	/* ms */
#define ENDING	300			/* objects that end at once */

static const struct pager_setup by_ioctl = { .transport = BY_IOCTL };

/* Many objects of one pager end, and it hears nothing of it. */
static void end_many(struct test_pager *silent)
{
	pager_open(silent, &by_ioctl);
	for (unsigned int i = 0; i < ENDING; i++) {
		struct test_object o;

		object_create(silent, &o, PAGE, 0, 0);
		close(o.fd);
	}
}

static void test_ending(void)
{
	struct mach_pager_lock lock = {
		.size = sizeof(lock), .flags = MACH_LOCK_FLUSH | MACH_LOCK_REPLY,
		.cookie = 77,
	};
	struct test_pager silent, other;
	struct test_request r;
	struct test_object o;

	end_many(&silent);
	pager_open(&other, &by_ioctl);
	object_create(&other, &o, PAGE, 0, 0);
	lock.object = o.number;
	CHECK_IS(vm_ioctl(other.fd, MACH_PAGER_LOCK_REQUEST, &lock), 0);
	CHECK_IS(pager_next(&other, &r, SOON), 0);
	tap_is("lock-completed", r.m.operation, MACH_OP_LOCK_COMPLETED);
	pager_reply_none(&other, &r);
	close(o.fd);
	CHECK_IS(pager_next(&other, &r, SOON), 0);
	tap_is("terminate", r.m.operation, MACH_OP_TERMINATE);
	pager_reply_none(&other, &r);
	pager_close(&other);
	pager_close(&silent);
}

/* Memory whose faults nobody answers */
static void *unanswered(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	void *memory;

	CHECK(fd >= 0, "userfaultfd: %m");
	CHECK(!ioctl(fd, UFFDIO_API, &api), "UFFDIO_API: %m");
	memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	reg.range.start = (uintptr_t)memory;
	reg.range.len = PAGE;
	CHECK(!ioctl(fd, UFFDIO_REGISTER, &reg), "UFFDIO_REGISTER: %m");
	return memory;
}

static struct test_pager p;
static struct mach_pager_supply supply;

static void *supply_late(void *unused)
{
	(void)unused;
	vm_ioctl(p.fd, MACH_PAGER_SUPPLY, &supply);
	return NULL;
}

/* Data that is supplied unasked has the deadline, too: late it is dropped. */
static void test_late_supply(void)
{
	const struct pager_setup setup = {
		.transport = BY_IOCTL, .deadline_ms = 500,
	};
	uint8_t *buf = shared_alloc(PAGE);
	struct test_object o;
	struct actor client;
	pthread_t thread;

	pager_open(&p, &setup);
	object_create(&p, &o, PAGE, 0, 0);
	actor_start(&client, 1);
	supply = (struct mach_pager_supply) {
		.size = sizeof(supply), .object = o.number,
		.part = part_zero(0, PAGE),
	};
	supply.part.kind = MACH_PART_COPY;
	supply.part.source = (uintptr_t)unanswered();
	CHECK(!pthread_create(&thread, NULL, supply_late, NULL), "no thread");
	tap_pause_ms(100);	/* it has begun */
	actor_begin(&client, 0, do_pread, o.fd, (uintptr_t)buf, 1, 0);
	/* the page goes; the read asks for it anew, and nobody answers */
	tap_is("reader", actor_end_within(&client, 0, SOON), -EIO);
	actor_kill(&client);
}

/* Data of a file that comes late, too: nobody waits for it longer than the deadline. */

static struct test_request held;
static volatile bool told;
static long said;

static void *supply_file(void *file)
{
	supply.part.kind = MACH_PART_FILE;
	supply.part.fd = ((struct slowfile *)file)->fd;
	said = vm_ioctl(p.fd, MACH_PAGER_SUPPLY, &supply);
	told = true;
	return NULL;
}

static void *answer_file(void *file)
{
	struct mach_part part = part_file(0, PAGE,
					  ((struct slowfile *)file)->fd, 0);
	struct mach_pager_answer answer = pager_answer(&held, &part, 1);

	said = vm_ioctl(p.fd, MACH_PAGER_ANSWER, &answer);
	told = true;
	return NULL;
}

/* Whoever reads meanwhile, before the data comes and long before it does */
static void check_late(struct actor *client, struct test_object *o, void *buf,
		       struct slowfile *file)
{
	tap_is("reader", actor_end_within(client, 0, SOON), -EIO);
	CHECK(!told, "the data has come: %s", tap_result(said));
	CHECK_IS(object_info(o->fd).resident, 0);
	file->go = true;
	CHECK_WAIT(told, SOON, "the data does not come");
	tap_is("told", said, -ESTALE);
	CHECK_IS(object_info(o->fd).resident, 0);
	/* another one is served as ever */
	actor_begin(client, 0, do_pread, o->fd, (uintptr_t)buf, 1, 0);
	CHECK_IS(pager_next(&p, &held, SOON), 0);
	pager_reply_one(&p, &held, part_zero(0, PAGE));
	tap_is("then", actor_end(client, 0), 1);
	actor_kill(client);
	slowfile_close(file);
}

static void test_late_file(void)
{
	const struct pager_setup setup = {
		.transport = BY_IOCTL, .deadline_ms = 500 * tap_slow(),
	};
	struct slowfile *file = slowfile_open();
	uint8_t *buf = shared_alloc(PAGE);
	struct test_object o;
	struct actor client;
	pthread_t thread;

	pager_open(&p, &setup);
	object_create(&p, &o, PAGE, 0, 0);
	actor_start(&client, 1);
	supply = (struct mach_pager_supply) {
		.size = sizeof(supply), .object = o.number,
		.part = part_zero(0, PAGE),
	};
	if (tap_variant) {
		CHECK(!pthread_create(&thread, NULL, supply_file, file),
		      "no thread");
		CHECK_WAIT(file->asked, SOON, "the file is not read");
	}
	actor_begin(&client, 0, do_pread, o.fd, (uintptr_t)buf, 1, 0);
	if (!tap_variant) {
		CHECK_IS(pager_next(&p, &held, SOON), 0);
		CHECK(!pthread_create(&thread, NULL, answer_file, file),
		      "no thread");
	}
	check_late(&client, &o, buf, file);
}

static const struct tap_test tests[] = {
	{ .name = "ending", .run = test_ending, .seconds = 120 },
	{ .name = "late-supply", .run = test_late_supply },
	{ .name = "late-file-answer", .run = test_late_file, .variant = false },
	{ .name = "late-file-supply", .run = test_late_file, .variant = true },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
