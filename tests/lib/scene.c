// SPDX-License-Identifier: GPL-2.0-only
/* A test that is the pager of one object: parts, patterns, and its client. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap.h"
#include "testpager.h"

struct mach_part part_copy(uint64_t offset, uint64_t length, const void *from)
{
	return (struct mach_part){
		.kind = MACH_PART_COPY, .offset = offset, .length = length,
		.source = (uintptr_t)from,
	};
}

struct mach_part part_file(uint64_t offset, uint64_t length, int fd,
			   uint64_t from)
{
	return (struct mach_part){
		.kind = MACH_PART_FILE, .fd = fd, .offset = offset,
		.length = length, .source = from,
	};
}

struct mach_part part_zero(uint64_t offset, uint64_t length)
{
	return (struct mach_part){
		.kind = MACH_PART_UNAVAILABLE, .offset = offset,
		.length = length,
	};
}

struct mach_part part_error(uint64_t offset, uint64_t length, int error)
{
	return (struct mach_part){
		.kind = MACH_PART_ERROR, .offset = offset, .length = length,
		.source = error,
	};
}

struct mach_part part_done(uint64_t offset, uint64_t length)
{
	return (struct mach_part){
		.kind = MACH_PART_DONE, .offset = offset, .length = length,
	};
}

static uint8_t pattern_byte(uint64_t at, uint32_t seed)
{
	uint64_t x = (at / 8 + 1) * 0x9e3779b97f4a7c15ULL ^
		     seed * 0xd1342543de82ef95ULL;

	/* Never zero: a byte that was not supplied must show. */
	return (x >> (8 * (at % 8))) | 1;
}

void pattern_fill(void *buf, uint64_t offset, size_t length, uint32_t seed)
{
	uint8_t *b = buf;

	for (size_t i = 0; i < length; i++)
		b[i] = pattern_byte(offset + i, seed);
}

bool pattern_is(const void *buf, uint64_t offset, size_t length, uint32_t seed)
{
	const uint8_t *b = buf;

	for (size_t i = 0; i < length; i++) {
		if (b[i] == pattern_byte(offset + i, seed))
			continue;
		tap_note("byte 0x%llx is %02x, not %02x",
			 (unsigned long long)(offset + i), b[i],
			 pattern_byte(offset + i, seed));
		return false;
	}
	return true;
}

bool zeros(const void *buf, size_t length)
{
	const uint8_t *b = buf;

	for (size_t i = 0; i < length; i++)
		if (b[i])
			return false;
	return true;
}

struct mach_part part_pattern(uint64_t offset, uint64_t length, uint32_t seed)
{
	static uint8_t arena[16 * MIB];
	static size_t used;

	CHECK(length <= MIB, "a part of 0x%llx bytes",
	      (unsigned long long)length);
	if (used + length > sizeof(arena))
		used = 0;
	used += length;
	pattern_fill(arena + used - length, offset, length, seed);
	return part_copy(offset, length, arena + used - length);
}

int pattern_file(size_t length, uint32_t seed)
{
	int fd = memfd_create("pattern", MFD_CLOEXEC);
	uint8_t *map;

	CHECK(fd >= 0 && !ftruncate(fd, length), "memfd: %m");
	map = mmap(NULL, length, PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED, "mmap: %m");
	pattern_fill(map, 0, length, seed);
	munmap(map, length);
	return fd;
}

void object_create(struct test_pager *p, struct test_object *o, uint64_t size,
		   uint32_t cluster, uint32_t flags)
{
	struct mach_pager_create c = {
		.size = sizeof(c),
		.flags = flags,
		.object_size = size,
		.cookie = 0xc00c1e,
		.cluster = cluster,
	};

	CHECK_IS(vm_ioctl(p->fd, MACH_PAGER_CREATE, &c), 0);
	o->fd = c.fd;
	o->number = c.object;
	o->size = size;
}

struct mach_object_info object_info(int fd)
{
	struct mach_object_info info = { .size = sizeof(info) };

	CHECK_IS(vm_ioctl(fd, MACH_OBJECT_INFO, &info), 0);
	return info;
}

long object_publish(struct test_pager *p, const struct test_object *o,
		    const char *name, unsigned int mode)
{
	struct mach_pager_publish pub = {
		.size = sizeof(pub),
		.object = o->number,
		.mode = mode,
	};

	memcpy(pub.name, name, strnlen(name, sizeof(pub.name)));
	return vm_ioctl(p->fd, MACH_PAGER_PUBLISH, &pub);
}

void scene_open(struct scene *s, const struct pager_setup *setup, uint64_t size,
		uint32_t cluster, unsigned int threads)
{
	struct pager_setup usual = { .transport = tap_variant };
	long map;

	s->buf = shared_alloc(2 * MIB);
	pager_open(&s->p, setup ? setup : &usual);
	object_create(&s->p, &s->o, size, cluster, 0);
	actor_start(&s->a, threads);
	map = actor_do(&s->a, do_map, s->o.fd, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED, 0);
	CHECK(map > 0, "cannot map the object: %s", tap_result(map));
	s->map = map;
}

bool scene_reads(struct scene *s, uint64_t offset, size_t length,
		 uint32_t seed)
{
	long err = actor_do(&s->a, do_copy, (uintptr_t)s->buf, s->map + offset,
			    length);

	CHECK(!err, "reading 0x%llx: %s", (unsigned long long)offset,
	      tap_result(err));
	return pattern_is(s->buf, offset, length, seed);
}

void scene_resident(struct scene *s, uint64_t offset, uint64_t length,
		    uint32_t seed)
{
	struct mach_pager_supply sup = {
		.size = sizeof(sup),
		.object = s->o.number,
		.part = part_pattern(offset, length, seed),
	};

	CHECK_IS(vm_ioctl(s->p.fd, MACH_PAGER_SUPPLY, &sup), 0);
	CHECK(sup.supplied == length, "only 0x%llx bytes supplied",
	      sup.supplied);
}
