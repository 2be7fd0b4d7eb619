// SPDX-License-Identifier: GPL-2.0-only
/* The book of calls: right arguments for each ioctl. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "callbook.h"
#include "tap.h"

#define WORLD_SIZE	(64 * PAGE)
#define NO_OBJECT	0xfffffff0U

static void fill_version(const struct world *w, union any_call *c)
{
	(void)w;
	c->size = sizeof(c->version);
}

static void fill_statistics(const struct world *w, union any_call *c)
{
	(void)w;
	c->size = sizeof(c->statistics);
}

static void fill_segments(const struct world *w, union any_call *c)
{
	static struct mach_vm_segment segment;

	(void)w;
	c->size = sizeof(c->array);
	c->array.entry_size = sizeof(segment);
	c->array.count = 1;
	c->array.address = (uintptr_t)&segment;
}

static void fill_caches(const struct world *w, union any_call *c)
{
	static struct mach_vm_cache cache;

	(void)w;
	c->size = sizeof(c->array);
	c->array.entry_size = sizeof(cache);
	c->array.count = 1;
	c->array.address = (uintptr_t)&cache;
}

static void fill_info(const struct world *w, union any_call *c)
{
	(void)w;
	c->size = sizeof(c->info);
}

static void fill_name(const struct world *w, union any_call *c)
{
	(void)w;
	c->size = sizeof(c->name);
}

static void fill_compare(const struct world *w, union any_call *c)
{
	c->size = sizeof(c->compare);
	c->compare.fd = w->o.fd;
}

static void fill_register(const struct world *w, union any_call *c)
{
	(void)w;
	c->size = sizeof(c->reg);
	c->reg.queues = 2;
	c->reg.depth = 4;
}

static void fill_create(const struct world *w, union any_call *c)
{
	(void)w;
	c->size = sizeof(c->create);
	c->create.object_size = 5000;
	c->create.cluster = 8192;
}

/* Right but for the object, so that it can be said again and again. */
static void fill_publish(const struct world *w, union any_call *c)
{
	(void)w;
	c->size = sizeof(c->publish);
	c->publish.object = NO_OBJECT;
	c->publish.mode = 0640;
	strcpy(c->publish.name, "callbook");
}

static void fill_receive(const struct world *w, union any_call *c)
{
	(void)w;
	c->size = sizeof(c->receive);
	c->receive.flags = MACH_RECEIVE_NONBLOCK;
}

static void fill_answer(const struct world *w, union any_call *c)
{
	(void)w;
	c->size = sizeof(c->answer);
	c->answer.generation = 1;
}

static void fill_collect(const struct world *w, union any_call *c)
{
	(void)w;
	c->size = sizeof(c->collect);
	c->collect.generation = 1;
	c->collect.length = 1;
	c->collect.address = (uintptr_t)c;
}

/* Page 0 is there already. */
static void fill_supply(const struct world *w, union any_call *c)
{
	c->size = sizeof(c->supply);
	c->supply.object = w->o.number;
	c->supply.part = part_zero(0, PAGE);
}

/* Nothing is dirty: there is nothing to return. */
static void fill_lock(const struct world *w, union any_call *c)
{
	c->size = sizeof(c->lock);
	c->lock.object = w->o.number;
	c->lock.flags = MACH_LOCK_CLEAN;
	c->lock.length = PAGE;
}

static void fill_destroy(const struct world *w, union any_call *c)
{
	(void)w;
	c->size = sizeof(c->destroy);
	c->destroy.object = NO_OBJECT;
}

static void fill_get_attributes(const struct world *w, union any_call *c)
{
	c->size = sizeof(c->attributes);
	c->attributes.object = w->o.number;
}

static void fill_change_attributes(const struct world *w, union any_call *c)
{
	c->size = sizeof(c->attributes);
	c->attributes.object = w->o.number;
	c->attributes.cluster = 16384;
}

static uint64_t memory(const struct world *w)
{
	return (uintptr_t)w->t.window;
}

static void fill_allocate(const struct world *w, union any_call *c)
{
	(void)w;
	c->size = sizeof(c->allocate);
	c->allocate.flags = MACH_VM_ANYWHERE;
	c->allocate.length = PAGE;
}

/* A hole */
static void fill_deallocate(const struct world *w, union any_call *c)
{
	c->size = sizeof(c->range);
	c->range.address = memory(w) + WORLD_WINDOW - PAGE;
	c->range.length = PAGE;
}

static void fill_map(const struct world *w, union any_call *c)
{
	c->size = sizeof(c->map);
	c->map.flags = MACH_VM_ANYWHERE;
	c->map.length = PAGE;
	c->map.object = w->o.fd;
	c->map.protection = MACH_PROT_READ;
	c->map.max_protection = MACH_PROT_READ;
}

static void fill_protect(const struct world *w, union any_call *c)
{
	c->size = sizeof(c->protect);
	c->protect.address = memory(w);
	c->protect.length = PAGE;
	c->protect.protection = MACH_PROT_READ | MACH_PROT_WRITE;
}

static void fill_attribute(const struct world *w, union any_call *c,
			   uint32_t value)
{
	c->size = sizeof(c->attribute);
	c->attribute.address = memory(w);
	c->attribute.length = PAGE;
	c->attribute.value = value;
}

static void fill_inherit(const struct world *w, union any_call *c)
{
	fill_attribute(w, c, MACH_INHERIT_COPY);
}

static void fill_behavior(const struct world *w, union any_call *c)
{
	fill_attribute(w, c, MACH_BEHAVIOR_DEFAULT);
}

static void fill_wire(const struct world *w, union any_call *c)
{
	fill_attribute(w, c, MACH_PROT_READ);
}

static void fill_wire_all(const struct world *w, union any_call *c)
{
	(void)w;
	c->size = sizeof(c->wire_all);
}

static void fill_read(const struct world *w, union any_call *c)
{
	static char bytes[16];

	c->size = sizeof(c->data);
	c->data.address = memory(w) + 2 * PAGE - 8;
	c->data.length = sizeof(bytes);
	c->data.data = (uintptr_t)bytes;
}

static void fill_write(const struct world *w, union any_call *c)
{
	fill_read(w, c);
}

static void fill_copy(const struct world *w, union any_call *c)
{
	fill_read(w, c);
	c->data.data = memory(w) + 5 * PAGE;
}

static void fill_remap(const struct world *w, union any_call *c)
{
	c->size = sizeof(c->remap);
	c->remap.flags = MACH_VM_ANYWHERE;
	c->remap.length = PAGE;
	c->remap.source = -1;
	c->remap.source_address = memory(w) + 4 * PAGE;
}

static void fill_region(const struct world *w, union any_call *c)
{
	c->size = sizeof(c->region);
	c->region.address = memory(w);
}

static void fill_task_info(const struct world *w, union any_call *c)
{
	(void)w;
	c->size = sizeof(c->task);
}

static void fill_msync(const struct world *w, union any_call *c)
{
	c->size = sizeof(c->msync);
	c->msync.flags = MACH_SYNC_SYNCHRONOUS;
	c->msync.address = memory(w);
	c->msync.length = PAGE;
}

static void fill_set_limit(const struct world *w, union any_call *c)
{
	(void)w;
	c->size = sizeof(c->limit);
	c->limit.current_limit = ~0ULL;
	c->limit.maximum = ~0ULL;
}

static void fill_get_limit(const struct world *w, union any_call *c)
{
	(void)w;
	c->size = sizeof(c->limit);
}

static void fill_proxy(const struct world *w, union any_call *c)
{
	(void)w;
	c->size = sizeof(c->proxy);
	c->proxy.max_protection = MACH_PROT_READ;
	c->proxy.length = PAGE;
}

#define CALL(n, nr, str, k, r)						\
	{								\
		.name = #n, .number = nr, .size = sizeof(struct str),	\
		.kind = k, .fill = fill_##n, .right = r,		\
	}

const struct call callbook[] = {
	CALL(version, MACH_VM_VERSION, mach_vm_version, ON_ANY, 0),
	CALL(statistics, MACH_VM_STATISTICS, mach_vm_statistics, ON_ANY, 0),
	CALL(segments, MACH_VM_SEGMENTS, mach_vm_array, ON_ANY, 0),
	CALL(caches, MACH_VM_CACHES, mach_vm_array, ON_ANY, 0),
	CALL(info, MACH_OBJECT_INFO, mach_object_info, ON_OBJECT, 0),
	CALL(name, MACH_OBJECT_NAME, mach_object_name, ON_OBJECT, 0),
	CALL(compare, MACH_NAME_COMPARE, mach_name_compare, ON_OBJECT, 0),
	CALL(register, MACH_PAGER_REGISTER, mach_pager_register, ON_NEW, 0),
	CALL(proxy, MACH_OBJECT_PROXY, mach_object_proxy, ON_OBJECT, 0),
	CALL(allocate, MACH_TASK_ALLOCATE, mach_task_allocate, ON_TASK, 0),
	CALL(deallocate, MACH_TASK_DEALLOCATE, mach_task_range, ON_TASK, 0),
	CALL(map, MACH_TASK_MAP, mach_task_map, ON_TASK, 0),
	CALL(protect, MACH_TASK_PROTECT, mach_task_protect, ON_TASK, 0),
	CALL(inherit, MACH_TASK_INHERIT, mach_task_attribute, ON_TASK, 0),
	CALL(behavior, MACH_TASK_BEHAVIOR, mach_task_attribute, ON_TASK, 0),
	CALL(wire, MACH_TASK_WIRE, mach_task_attribute, ON_TASK, 0),
	{ "wire-all", MACH_TASK_WIRE_ALL, sizeof(struct mach_task_wire_all),
	  ON_TASK, fill_wire_all, 0 },
	CALL(read, MACH_TASK_READ, mach_task_data, ON_TASK, 0),
	CALL(write, MACH_TASK_WRITE, mach_task_data, ON_TASK, 0),
	CALL(copy, MACH_TASK_COPY, mach_task_data, ON_TASK, 0),
	CALL(remap, MACH_TASK_REMAP, mach_task_remap, ON_TASK, 0),
	CALL(region, MACH_TASK_REGION, mach_task_region, ON_TASK, 0),
	{ "task-info", MACH_TASK_INFO, sizeof(struct mach_task_info), ON_TASK,
	  fill_task_info, 0 },
	CALL(msync, MACH_TASK_MSYNC, mach_task_msync, ON_TASK, 0),
	{ "set-limit", MACH_TASK_SET_SIZE_LIMIT, sizeof(struct mach_task_limit),
	  ON_TASK, fill_set_limit, 0 },
	{ "get-limit", MACH_TASK_GET_SIZE_LIMIT, sizeof(struct mach_task_limit),
	  ON_TASK, fill_get_limit, 0 },
	CALL(create, MACH_PAGER_CREATE, mach_pager_create, ON_PAGER, 0),
	CALL(publish, MACH_PAGER_PUBLISH, mach_pager_publish, ON_PAGER,
	     -ENOENT),
	CALL(receive, MACH_PAGER_RECEIVE, mach_pager_receive, ON_PAGER,
	     -ETIMEDOUT),
	CALL(answer, MACH_PAGER_ANSWER, mach_pager_answer, ON_PAGER, -ESTALE),
	CALL(collect, MACH_PAGER_COLLECT, mach_pager_collect, ON_PAGER,
	     -ESTALE),
	CALL(supply, MACH_PAGER_SUPPLY, mach_pager_supply, ON_PAGER, -EEXIST),
	CALL(lock, MACH_PAGER_LOCK_REQUEST, mach_pager_lock, ON_PAGER, 0),
	CALL(destroy, MACH_PAGER_DESTROY, mach_pager_destroy, ON_PAGER,
	     -ENOENT),
	{ "get-attributes", MACH_PAGER_GET_ATTRIBUTES,
	  sizeof(struct mach_pager_attributes), ON_PAGER, fill_get_attributes,
	  0 },
	{ "change-attributes", MACH_PAGER_CHANGE_ATTRIBUTES,
	  sizeof(struct mach_pager_attributes), ON_PAGER, fill_change_attributes,
	  0 },
};

const size_t callbook_entries = ARRAY_SIZE(callbook);

const struct call *call_named(const char *name)
{
	for (size_t i = 0; i < callbook_entries; i++)
		if (!strcmp(callbook[i].name, name))
			return &callbook[i];
	tap_fail("no call %s in the book", name);
}

void world_open(struct world *w)
{
	struct pager_setup setup = { .transport = BY_IOCTL };
	struct mach_pager_supply sup = { .size = sizeof(sup) };

	memset(w, 0, sizeof(*w));
	task_open(&w->t, WORLD_WINDOW);
	actor_hide_fd(w->t.fd);
	CHECK_IS(task_allocate_at(&w->t, w->t.window, 8 * PAGE), 0);
	pager_open(&w->p, &setup);
	object_create(&w->p, &w->o, WORLD_SIZE, 16384, 0);
	sup.object = w->o.number;
	sup.part = part_pattern(0, PAGE, 7);
	CHECK_IS(vm_ioctl(w->p.fd, MACH_PAGER_SUPPLY, &sup), 0);
}

void world_check(struct world *w)
{
	struct mach_object_info info = object_info(w->o.fd);
	uint8_t *buf = shared_alloc(PAGE);
	struct test_request r;
	struct actor a;
	long map;

	CHECK(info.state == MACH_OBJECT_ALIVE, "state is now %#x", info.state);
	CHECK(info.object_size == WORLD_SIZE && info.cluster == 16384,
	      "size is now 0x%llx, cluster %u", info.object_size, info.cluster);
	CHECK(info.resident == 1 && info.dirty == 0 && info.requests == 0,
	      "now %llu pages resident, %llu dirty, %llu requests",
	      info.resident, info.dirty, info.requests);
	actor_start(&a, 1);
	map = actor_do(&a, do_map, w->o.fd, WORLD_SIZE, PROT_READ, MAP_SHARED);
	CHECK(map > 0, "map: %s", tap_result(map));
	CHECK_IS(actor_do(&a, do_copy, (uintptr_t)buf, map, PAGE), 0);
	CHECK(pattern_is(buf, 0, PAGE, 7), "page 0 has changed");
	actor_begin(&a, 0, do_load, map + 8 * PAGE);
	pager_expect(&w->p, &r, MACH_OP_DATA_REQUEST, 8 * PAGE, 4 * PAGE);
	pager_reply_one(&w->p, &r, part_zero(8 * PAGE, 4 * PAGE));
	CHECK_IS(actor_end(&a, 0), 0);
	actor_stop(&a);
}

/* What was entered goes; and what was wired is not. */
static void undo_task(struct world *w, const struct call *call)
{
	if (call->kind != ON_TASK)
		return;
	CHECK_IS(task_wire_all(&w->t, 0), 0);
	CHECK_IS(task_deallocate(&w->t, w->t.window + 8 * PAGE,
				 WORLD_WINDOW - 8 * PAGE), 0);
}

/* An object that is destroyed sends no TERMINATE for others to receive. */
static void undo(struct world *w, const struct call *call, union any_call *c)
{
	struct mach_pager_destroy d = { .size = sizeof(d) };

	undo_task(w, call);
	if (call->number == MACH_OBJECT_NAME)
		close(c->name.fd);
	if (call->number == MACH_OBJECT_PROXY)
		close(c->proxy.fd);
	if (call->number != MACH_PAGER_CREATE)
		return;
	d.object = c->create.object;
	CHECK_IS(vm_ioctl(w->p.fd, MACH_PAGER_DESTROY, &d), 0);
	close(c->create.fd);
}

long world_call(struct world *w, const struct call *call, union any_call *c)
{
	int fd = call->kind == ON_OBJECT ? w->o.fd : w->p.fd;
	long result;

	if (call->kind == ON_TASK)
		fd = w->t.fd;
	if (call->kind == ON_NEW)
		fd = vm_open();
	if (fd < 0)
		return fd;
	result = vm_ioctl(fd, call->number, c);
	if (!result)
		undo(w, call, c);
	if (call->kind == ON_NEW)
		close(fd);
	return result;
}
