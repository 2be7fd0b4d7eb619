// SPDX-License-Identifier: GPL-2.0-only
/* Objects, and the scene of most tests: a pager, an object and a client. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap.h"
#include "testpager.h"

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

long object_resize(struct test_pager *p, const struct test_object *o,
		   uint64_t size)
{
	struct mach_pager_resize resize = {
		.size = sizeof(resize),
		.object = o->number,
		.object_size = size,
	};

	return vm_ioctl(p->fd, MACH_PAGER_RESIZE, &resize);
}

long object_publish(struct test_pager *p, const struct test_object *o,
		    const char *name, unsigned int mode)
{
	return object_publish_as(p, o, name, mode, 0);
}

long object_publish_as(struct test_pager *p, const struct test_object *o,
		       const char *name, unsigned int mode, unsigned int owner)
{
	struct mach_pager_publish pub = {
		.size = sizeof(pub),
		.object = o->number,
		.uid = owner,
		.gid = owner,
		.mode = mode,
		.name_length = strlen(name),
		.name = (uintptr_t)name,
	};

	return vm_ioctl(p->fd, MACH_PAGER_PUBLISH, &pub);
}

static void open_pager(struct scene *s, const struct pager_setup *setup)
{
	struct pager_setup usual = { .transport = tap_variant };

	s->buf = shared_alloc(2 * MIB);
	pager_open(&s->p, setup ? setup : &usual);
}

static void start_client(struct scene *s, uint64_t length, unsigned int threads)
{
	long map;

	actor_start(&s->a, threads);
	map = actor_do(&s->a, do_map, s->o.fd, length, PROT_READ | PROT_WRITE,
		       MAP_SHARED, 0);
	CHECK(map > 0, "cannot map the object: %s", tap_result(map));
	s->map = map;
}

void scene_open(struct scene *s, const struct pager_setup *setup, uint64_t size,
		uint32_t cluster, unsigned int threads)
{
	open_pager(s, setup);
	object_create(&s->p, &s->o, size, cluster, 0);
	start_client(s, size, threads);
}

void scene_open_resizable(struct scene *s, const struct pager_setup *setup,
			  uint64_t size, uint64_t room, uint32_t cluster,
			  unsigned int threads)
{
	open_pager(s, setup);
	object_create(&s->p, &s->o, size, cluster, MACH_CREATE_RESIZABLE);
	start_client(s, room, threads);
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

void scene_truncate(struct scene *s, unsigned int thread, uint64_t size)
{
	actor_begin(&s->a, thread, do_truncate, s->o.fd, size);
}

void scene_set_size(struct scene *s, bool by_pager, uint64_t size)
{
	struct test_request r;

	if (by_pager) {
		CHECK_IS(object_resize(&s->p, &s->o, size), 0);
		return;
	}
	scene_truncate(s, 3, size);
	pager_expect_size(&s->p, &r, size);
	pager_size_done(&s->p, &r);
	CHECK_IS(actor_end(&s->a, 3), 0);
}

/* The pattern where the store has data, and beyond that zeros */
static struct mach_part contents(const struct test_request *r, uint64_t data)
{
	static uint8_t room[SCENE_ROOM];

	memset(room, 0, sizeof(room));
	pattern_fill(room, 0, data, 1);
	CHECK(r->m.offset + r->m.length <= SCENE_ROOM, "beyond all room");
	return part_copy(r->m.offset, r->m.length, room + r->m.offset);
}

void scene_answer(struct scene *s, const struct test_request *r, uint64_t data)
{
	if (r->m.operation == MACH_OP_DATA_REQUEST)
		pager_reply_one(&s->p, r, contents(r, data));
	else if (r->m.operation == MACH_OP_DATA_RETURN)
		pager_take(&s->p, r, s->buf + MIB + r->m.offset);
	else
		pager_size_done(&s->p, r);
}

long scene_serve_until_end(struct scene *s, unsigned int thread, uint64_t data)
{
	long end = tap_now_ms() + WAIT_MS;
	struct test_request r;

	while (actor_waits(&s->a, thread, 5)) {
		CHECK(tap_now_ms() < end, "the call does not end");
		if (!pager_next(&s->p, &r, 5))
			scene_answer(s, &r, data);
	}
	return actor_end(&s->a, thread);
}
