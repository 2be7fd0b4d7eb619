// SPDX-License-Identifier: GPL-2.0-only
/* The pool's parameters and numbers, and objects that are larger than it. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pool.h"

#define PARAMETERS	"/sys/module/machvm/parameters/"

static struct {
	const char *name;
	char value[64];
} saved[] = {
	{ .name = "pool_max" }, { .name = "policy" }, { .name = "user_tasks" },
	{ .name = "user_pagers" }, { .name = "user_queues" },
	{ .name = "user_objects" }, { .name = "user_names" },
	{ .name = "user_requests" }, { .name = "user_locks" },
	{ .name = "user_entries" }, { .name = "user_memory" },
	{ .name = "listed_objects" }, { .name = "claim_time" },
};

static int parameter_open(const char *name, int flags)
{
	char path[128];

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	return open(path, flags | O_CLOEXEC);
}

static void parameter_read(const char *name, char *value, size_t size)
{
	int fd = parameter_open(name, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, value, size - 1);

	if (fd >= 0)
		close(fd);
	value[n > 0 ? n : 0] = 0;
	value[strcspn(value, "\n")] = 0;
}

long pool_set(const char *parameter, const char *value)
{
	int fd = parameter_open(parameter, O_WRONLY);
	long err;

	if (fd < 0)
		return -errno;
	err = RESULT(write(fd, value, strlen(value)));
	close(fd);
	return err < 0 ? err : 0;
}

void pool_set_number(const char *parameter, unsigned long value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lu", value);
	CHECK_IS(pool_set(parameter, text), 0);
}

unsigned long pool_max(void)
{
	char value[64];

	parameter_read("pool_max", value, sizeof(value));
	CHECK(value[0], "the module has no parameter pool_max");
	return strtoul(value, NULL, 0);
}

void pool_limit(unsigned long mib)
{
	pool_set_number("pool_max", mib);
	CHECK_IS(pool_max(), mib);
}

void pool_shrink(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);

	CHECK(fd >= 0 && write(fd, "2", 1) == 1, "drop_caches: %m");
	close(fd);
}

uint64_t pool_aside(int vm)
{
	struct mach_vm_statistics s = { .size = sizeof(s) };

	CHECK_IS(vm_ioctl(vm, MACH_VM_STATISTICS, &s), 0);
	return s.aside_count;
}

void pool_restore(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(saved); i++)
		if (saved[i].value[0])
			pool_set(saved[i].name, saved[i].value);
}

static void interrupted(int sig)
{
	pool_restore();
	_exit(128 + sig);
}

int pool_main(int argc, char **argv, const struct tap_test *tests, size_t nr)
{
	int status;

	for (size_t i = 0; i < ARRAY_SIZE(saved); i++)
		parameter_read(saved[i].name, saved[i].value,
			       sizeof(saved[i].value));
	signal(SIGTERM, interrupted);
	signal(SIGINT, interrupted);
	status = tap_main(argc, argv, tests, nr);
	pool_restore();
	return status;
}

struct serve *pool_object(uint64_t size, unsigned int id)
{
	struct serve *s = serve_new(PAGE, CLUSTER, 0);

	/* stamps instead of the pattern */
	s->size = size;
	s->store = shared_alloc(size);
	for (uint64_t i = 0; i < size / PAGE; i++)
		stamp_page(s->store + i * PAGE, id, i, 0);
	return s;
}

uint8_t *pool_map(struct serve *s)
{
	uint8_t *map = mmap(NULL, s->size, PROT_READ | PROT_WRITE, MAP_SHARED,
			    s->fd, 0);

	CHECK(map != MAP_FAILED, "mmap: %m");
	return map;
}

uint8_t *pool_start(struct serve *s)
{
	serve_start(s);
	return pool_map(s);
}

void pool_verify(const uint8_t *map, unsigned int id, uint64_t first,
		 uint64_t pages, unsigned int generation)
{
	for (uint64_t i = first; i < first + pages; i++)
		CHECK(stamp_is(map + i * PAGE, id, i, generation, generation),
		      "wrong data at page %u", (unsigned int)i);
}

uint64_t pool_resident(const struct serve *s)
{
	uint64_t resident = object_info(s->fd).resident;

	CHECK(resident <= pool_max() * MIB / PAGE,
	      "%u pages resident, more than fit in %lu MiB",
	      (unsigned int)resident, pool_max());
	return resident;
}
