// SPDX-License-Identifier: GPL-2.0-only
/* Objects that end while they are being made, or published. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "place.h"
#include "tap.h"
#include "testpager.h"

#define GUESSES	3		/* numbers that the destroyer tries */

static struct test_pager p;
static volatile bool stop;

static uint32_t rounds(uint32_t usual)
{
	return usual / tap_slow();
}

static long destroy(uint32_t number)
{
	struct mach_pager_destroy d = {
		.size = sizeof(d), .object = number,
	};

	return vm_ioctl(p.fd, MACH_PAGER_DESTROY, &d);
}

/* Destroys what is just being made, by numbers that it guesses. */
static void *destroy_on(void *destroyed)
{
	while (!stop)
		for (uint32_t number = 1; number <= GUESSES; number++)
			*(volatile unsigned long *)destroyed +=
				!destroy(number);
	return NULL;
}

static void start(pthread_t *thread, void *(*fn)(void *arg), void *arg)
{
	stop = false;
	CHECK(!pthread_create(thread, NULL, fn, arg), "no thread");
}

static void end(pthread_t thread)
{
	stop = true;
	pthread_join(thread, NULL);
}

static void test_create_destroy(void)
{
	volatile unsigned long destroyed = 0;
	pthread_t thread;

	pager_open(&p, &(struct pager_setup){ .transport = BY_IOCTL });
	start(&thread, destroy_on, (void *)&destroyed);
	for (uint32_t i = 0; i < rounds(20000) || destroyed < 10; i++) {
		struct mach_pager_create create = {
			.size = sizeof(create), .object_size = MIB,
		};

		CHECK_IS(vm_ioctl(p.fd, MACH_PAGER_CREATE, &create), 0);
		CHECK(create.object, "round %u: no number", i);
		close(create.fd);
	}
	end(thread);
	pager_close(&p);
}

/* Where the kernel cannot tell the number, no object is left. */
static void test_create_untold(void)
{
	struct mach_pager_create *create;
	volatile unsigned long destroyed = 0;
	pthread_t thread;

	create = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(create != MAP_FAILED, "no memory");
	create->size = sizeof(*create);
	create->object_size = MIB;
	CHECK_IS(RESULT(mprotect(create, PAGE, PROT_READ)), 0);
	pager_open(&p, &(struct pager_setup){ .transport = BY_IOCTL });
	start(&thread, destroy_on, (void *)&destroyed);
	for (uint32_t i = 0; i < rounds(20000); i++)
		CHECK_IS(vm_ioctl(p.fd, MACH_PAGER_CREATE, create), -EFAULT);
	end(thread);
	CHECK_IS(destroy(1), -ENOENT);
	pager_close(&p);
}

/* Who writes to the page waits, and the descriptor that is returned tells of it. */
static int hold_writers(void *page)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range = { .start = (uintptr_t)page, .len = PAGE },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};
	struct uffdio_writeprotect protect = {
		.range = reg.range, .mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	CHECK(fd >= 0, "userfaultfd: %m");
	CHECK(!ioctl(fd, UFFDIO_API, &api), "UFFDIO_API: %m");
	CHECK(!ioctl(fd, UFFDIO_REGISTER, &reg), "UFFDIO_REGISTER: %m");
	CHECK(!ioctl(fd, UFFDIO_WRITEPROTECT, &protect), "WRITEPROTECT: %m");
	return fd;
}

static void *create_held(void *create)
{
	return (void *)vm_ioctl(p.fd, MACH_PAGER_CREATE, create);
}

/* Meanwhile another thread ends it, and the number is another object's: that stays. */
static void test_create_untold_late(void)
{
	struct mach_pager_create *create;
	struct uffd_msg message;
	struct test_object o;
	pthread_t thread;
	void *result;
	int held;

	create = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(create != MAP_FAILED, "no memory");
	create->size = sizeof(*create);
	create->object_size = MIB;
	held = hold_writers(create);
	pager_open(&p, &(struct pager_setup){ .transport = BY_IOCTL });
	CHECK(!pthread_create(&thread, NULL, create_held, create), "no thread");
	CHECK_IS(read(held, &message, sizeof(message)), sizeof(message));
	CHECK_IS(destroy(1), 0);
	object_create(&p, &o, MIB, 0, 0);
	CHECK_IS(o.number, 1);
	CHECK_IS(RESULT(mprotect(create, PAGE, PROT_READ)), 0);
	close(held);
	pthread_join(thread, &result);
	CHECK_IS((long)result, -EFAULT);
	CHECK(object_info(o.fd).state & MACH_OBJECT_ALIVE,
	      "another object has ended");
	CHECK_IS(destroy(o.number), 0);
	close(o.fd);
	pager_close(&p);
}

static const char name[] = "lifetime";

static void *publish_on(void *object)
{
	long got;

	while (!stop) {
		got = object_publish(&p, object, name, 0600);
		CHECK(!got || got == -ENOENT || got == -ENODEV ||
		      got == -EEXIST, "publish: %s", tap_result(got));
	}
	return NULL;
}

/* What was destroyed has no name, whoever was faster. */
static void test_publish_destroy(void)
{
	pager_open(&p, &(struct pager_setup){ .transport = BY_IOCTL });
	for (uint32_t i = 0; i < rounds(3000); i++) {
		struct test_object o;
		pthread_t thread;

		object_create(&p, &o, MIB, 0, 0);
		start(&thread, publish_on, &o);
		if (i % 2)
			usleep(i % 200);
		CHECK_IS(destroy(o.number), 0);
		end(thread);
		CHECK_IS(RESULT(access(node_path(name), F_OK)), -ENOENT);
		close(o.fd);
	}
	pager_close(&p);
}

#define NAMES		4	/* that racing threads speak of */
#define RACE_MS		tap_storm_ms(3000)

static const char *race_name(unsigned int i)
{
	static const char * const names[NAMES] = {
		"race-0", "race-1", "race-2", "race-3",
	};

	return names[i % NAMES];
}

/* Each result of these is one of the known, whoever was faster. */
static void known(const char *what, long got, const long *right, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (got == right[i])
			return;
	CHECK(got >= 0, "%s: %s", what, tap_result(got));
}

#define KNOWN(what, got, ...)						\
	known(what, got, (const long []){ __VA_ARGS__ },		\
	      ARRAY_SIZE(((const long []){ __VA_ARGS__ })))

static void *unlink_on(void *gone)
{
	for (unsigned int i = 0; !stop; i++) {
		long got = RESULT(unlink(node_path(race_name(i))));

		KNOWN("unlink", got, -ENOENT);
		*(volatile unsigned long *)gone += !got;
	}
	return NULL;
}

/* What is opened is an object that lives, or has just died. */
static void *open_on(void *had)
{
	for (unsigned int i = 0; !stop; i++) {
		long fd = RESULT(open(node_path(race_name(i)), O_RDWR));
		struct stat st;

		KNOWN("open", fd, -ENOENT, -ENXIO);
		if (fd < 0)
			continue;
		CHECK_IS(RESULT(fstat(fd, &st)), 0);
		CHECK(S_ISREG(st.st_mode) && st.st_size == MIB &&
		      st.st_nlink <= 1, "mode 0%o, %ld links", st.st_mode,
		      (long)st.st_nlink);
		CHECK_IS(object_info(fd).object_size, MIB);
		close(fd);
		++*(volatile unsigned long *)had;
	}
	return NULL;
}

static void *stat_on(void *arg)
{
	struct stat st;

	while (!stop) {
		const char *path = node_path(race_name((uintptr_t)arg));

		KNOWN("stat", RESULT(stat(path, &st)), -ENOENT);
		KNOWN("chmod", RESULT(chmod(path, 0640)), -ENOENT);
		KNOWN("truncate", RESULT(truncate(path, 1)), -ENOENT, -EPERM,
		      -EIO);
		KNOWN("rename", RESULT(rename(path, node_path("other"))),
		      -ENOENT, -EPERM);
		KNOWN("create", RESULT(open(path, O_RDONLY | O_CREAT | O_EXCL,
					    0600)), -EEXIST, -EACCES);
	}
	return NULL;
}

static void *list_on(void *arg)
{
	(void)arg;
	while (!stop) {
		DIR *dir = opendir(MACH_VM_NODE_DIR);
		struct dirent *entry;

		CHECK(dir, "opendir: %m");
		errno = 0;
		while ((entry = readdir(dir)))
			CHECK(entry->d_type == DT_REG ||
			      entry->d_type == DT_DIR, "%s: type %u",
			      entry->d_name, entry->d_type);
		CHECK(!errno, "readdir: %m");
		closedir(dir);
	}
	return NULL;
}

/* Publishes all names, and dies of it or destroys them: over and over. */
static void publish_all(unsigned int round)
{
	struct test_object each[NAMES];
	long got;

	pager_open(&p, &(struct pager_setup){ .transport = BY_IOCTL });
	for (unsigned int i = 0; i < NAMES; i++) {
		object_create(&p, &each[i], MIB, 0, 0);
		got = object_publish(&p, &each[i], race_name(i), 0600);
		CHECK(!got, "publish %s: %s", race_name(i), tap_result(got));
	}
	for (unsigned int i = 0; i < NAMES; i++) {
		got = object_publish(&p, &each[i], race_name(i), 0600);
		KNOWN("publish again", got, -EEXIST);
		if (round % 2)
			CHECK_IS(destroy(each[i].number), 0);
	}
	for (unsigned int i = 0; i < NAMES; i++)
		close(each[i].fd);
	pager_close(&p);
}

/* Everything that can be done to names, at once; nothing unheard-of comes. */
static void test_names(void)
{
	volatile unsigned long gone = 0, had = 0;
	long end_ms = tap_now_ms() + RACE_MS;
	pthread_t threads[5];
	unsigned int round = 0;

	stop = false;
	start(&threads[0], unlink_on, (void *)&gone);
	start(&threads[1], open_on, (void *)&had);
	start(&threads[2], list_on, NULL);
	start(&threads[3], stat_on, (void *)0);
	start(&threads[4], stat_on, (void *)1);
	while (tap_now_ms() < end_ms || !gone || !had)
		publish_all(round++);
	for (unsigned int i = 0; i < ARRAY_SIZE(threads); i++)
		end(threads[i]);
	for (unsigned int i = 0; i < NAMES; i++)
		CHECK_IS(RESULT(access(node_path(race_name(i)), F_OK)),
			 -ENOENT);
	tap_note("%u rounds, %lu unlinked, %lu opened", round, gone, had);
}

/* What is asked of a file while its pager dies */
static void *change_on(void *arg)
{
	int fd = *(int *)arg;

	while (!stop) {
		KNOWN("ftruncate", RESULT(ftruncate(fd, 0)), -EPERM, -EIO);
		KNOWN("truncate same", RESULT(ftruncate(fd, MIB)), -EIO);
		KNOWN("append", RESULT(pwrite(fd, "x", 1, MIB)), -ENOSPC, -EIO);
		KNOWN("reopen", opened(RESULT(open(fd_path(fd), O_RDWR))),
		      -ENXIO);
		KNOWN("fchmod", RESULT(fchmod(fd, 0600)), 0);
	}
	return NULL;
}

static void test_old_files(void)
{
	for (uint32_t i = 0; i < rounds(500); i++) {
		struct test_object o;
		pthread_t thread;

		pager_open(&p, &(struct pager_setup){ .transport = BY_IOCTL });
		object_create(&p, &o, MIB, 0, 0);
		CHECK_IS(object_publish(&p, &o, name, 0600), 0);
		start(&thread, change_on, &o.fd);
		usleep(i % 200);
		pager_close(&p);
		CHECK_IS(RESULT(open(fd_path(o.fd), O_RDWR)), -ENXIO);
		end(thread);
		close(o.fd);
	}
}

static const struct tap_test tests[] = {
	{ .name = "create-destroy", .run = test_create_destroy, .seconds = 60 },
	{ .name = "create-untold", .run = test_create_untold, .seconds = 60 },
	{ .name = "create-untold-late", .run = test_create_untold_late },
	{ .name = "publish-destroy", .run = test_publish_destroy,
	  .seconds = 120 },
	{ .name = "names", .run = test_names, .seconds = 60 },
	{ .name = "old-files", .run = test_old_files, .seconds = 60 },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
