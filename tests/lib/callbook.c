// SPDX-License-Identifier: GPL-2.0-only
/* Every ioctl with arguments that are right. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/mach_list.h>

#include "callbook.h"
#include "naming.h"
#include "tap.h"

#define WORLD_SIZE	(64 * PAGE)
#define NO_OBJECT	0xfffffff0U

static struct mach_vm_segment segment;
static struct mach_vm_cache cache;
static char bytes[16];

static uint64_t memory(const struct world *w)
{
	return (uintptr_t)w->t.window;
}

static void fill_compare(const struct world *w, void *args)
{
	struct mach_name_compare *compare = args;

	compare->fd = w->o.fd;
}

static void fill_collect(const struct world *w, void *args)
{
	struct mach_pager_collect *collect = args;

	(void)w;
	collect->generation = 1;
	collect->length = 1;
	collect->address = (uintptr_t)args;
}

/* Page 0 is there already. */
static void fill_supply(const struct world *w, void *args)
{
	struct mach_pager_supply *supply = args;

	supply->object = w->o.number;
	supply->part = part_zero(0, PAGE);
}

static const char some_name[] = "callbook/name";

static void fill_publish(const struct world *w, void *args)
{
	struct mach_pager_publish *publish = args;

	(void)w;
	publish->name = (uintptr_t)some_name;
	publish->name_length = strlen(some_name);
}

static void fill_symlink(const struct world *w, void *args)
{
	struct mach_pager_symlink *symlink = args;

	(void)w;
	symlink->name = (uintptr_t)some_name;
	symlink->name_length = strlen(some_name);
	symlink->target = (uintptr_t)some_name;
	symlink->target_length = strlen(some_name);
}

static void fill_mkdir(const struct world *w, void *args)
{
	struct mach_pager_mkdir *mkdir = args;

	(void)w;
	mkdir->name = (uintptr_t)some_name;
	mkdir->name_length = strlen(some_name);
}

static void fill_unpublish(const struct world *w, void *args)
{
	struct mach_pager_unpublish *unpublish = args;

	(void)w;
	unpublish->name = (uintptr_t)some_name;
	unpublish->name_length = strlen(some_name);
}

/* The object is no directory. */
static void fill_list(const struct world *w, void *args)
{
	struct mach_pager_list *list = args;

	list->object = w->o.number;
	list->flags = MACH_LIST_BEGIN | MACH_LIST_END;
}

/* Nothing is dirty: there is nothing to return. */
static void fill_lock(const struct world *w, void *args)
{
	struct mach_pager_lock *lock = args;

	lock->object = w->o.number;
	lock->flags = MACH_LOCK_CLEAN;
	lock->length = PAGE;
}

static void fill_get_attributes(const struct world *w, void *args)
{
	struct mach_pager_attributes *attributes = args;

	attributes->object = w->o.number;
}

static void fill_change_attributes(const struct world *w, void *args)
{
	struct mach_pager_attributes *attributes = args;

	attributes->object = w->o.number;
	attributes->cluster = 16384;
}

/* The size that it has */
static void fill_resize(const struct world *w, void *args)
{
	struct mach_pager_resize *resize = args;

	resize->object = w->o.number;
	resize->object_size = WORLD_SIZE;
}

/* A hole */
static void fill_deallocate(const struct world *w, void *args)
{
	struct mach_task_range *range = args;

	range->address = memory(w) + WORLD_WINDOW - PAGE;
	range->length = PAGE;
}

static void fill_map(const struct world *w, void *args)
{
	struct mach_task_map *map = args;

	map->flags = MACH_VM_ANYWHERE;
	map->length = PAGE;
	map->object = w->o.fd;
	map->protection = MACH_PROT_READ;
	map->max_protection = MACH_PROT_READ;
}

static void fill_protect(const struct world *w, void *args)
{
	struct mach_task_protect *protect = args;

	protect->address = memory(w);
	protect->length = PAGE;
	protect->protection = MACH_PROT_READ | MACH_PROT_WRITE;
}

static void fill_attribute(const struct world *w, void *args, uint32_t value)
{
	struct mach_task_attribute *attribute = args;

	attribute->address = memory(w);
	attribute->length = PAGE;
	attribute->value = value;
}

static void fill_inherit(const struct world *w, void *args)
{
	fill_attribute(w, args, MACH_INHERIT_COPY);
}

static void fill_behavior(const struct world *w, void *args)
{
	fill_attribute(w, args, MACH_BEHAVIOR_DEFAULT);
}

static void fill_wire(const struct world *w, void *args)
{
	fill_attribute(w, args, MACH_PROT_READ);
}

static void fill_data(const struct world *w, void *args)
{
	struct mach_task_data *data = args;

	data->address = memory(w) + 2 * PAGE - 8;
	data->length = sizeof(bytes);
	data->data = (uintptr_t)bytes;
}

static void fill_pages(const struct world *w, void *args)
{
	struct mach_task_data *data = args;

	fill_data(w, args);
	data->length = 6 * PAGE;
}

static void fill_copy(const struct world *w, void *args)
{
	struct mach_task_data *data = args;

	fill_data(w, args);
	data->data = memory(w) + 5 * PAGE;
}

static void fill_remap(const struct world *w, void *args)
{
	struct mach_task_remap *remap = args;

	remap->flags = MACH_VM_ANYWHERE;
	remap->length = PAGE;
	remap->source = -1;
	remap->source_address = memory(w) + 4 * PAGE;
}

static void fill_region(const struct world *w, void *args)
{
	struct mach_task_region *region = args;

	region->address = memory(w);
}

static void fill_entry_proxy(const struct world *w, void *args)
{
	struct mach_task_proxy *proxy = args;

	proxy->flags = MACH_PROXY_HERE;
	proxy->address = memory(w) + 7 * PAGE;
	proxy->length = PAGE;
	proxy->max_protection = MACH_PROT_READ;
}

static void fill_msync(const struct world *w, void *args)
{
	struct mach_task_msync *msync = args;

	msync->flags = MACH_SYNC_SYNCHRONOUS;
	msync->address = memory(w);
	msync->length = PAGE;
}

/* The right arguments of a call, where they speak of nothing in the world */
#define ARGS(structure, ...)						\
	.args = &(const struct structure){ __VA_ARGS__ }

#define CALL(call, ioctl, descriptor, ...)				\
	{								\
		.name = (call), .number = (ioctl),			\
		.kind = (descriptor), __VA_ARGS__			\
	}

const struct call callbook[] = {
	CALL("version", MACH_VM_VERSION, ON_ANY),
	CALL("statistics", MACH_VM_STATISTICS, ON_ANY),
	CALL("segments", MACH_VM_SEGMENTS, ON_ANY,
	     ARGS(mach_vm_array, .entry_size = sizeof(segment), .count = 1,
		  .address = (uintptr_t)&segment)),
	CALL("caches", MACH_VM_CACHES, ON_ANY,
	     ARGS(mach_vm_array, .entry_size = sizeof(cache), .count = 1,
		  .address = (uintptr_t)&cache)),
	CALL("info", MACH_OBJECT_INFO, ON_OBJECT),
	CALL("name", MACH_OBJECT_NAME, ON_OBJECT),
	CALL("compare", MACH_NAME_COMPARE, ON_OBJECT, .fill = fill_compare),
	CALL("register", MACH_PAGER_REGISTER, ON_NEW,
	     ARGS(mach_pager_register, .queues = 2, .depth = 4,
		  .message_size = sizeof(struct mach_message))),
	CALL("proxy", MACH_OBJECT_PROXY, ON_OBJECT,
	     ARGS(mach_object_proxy, .max_protection = MACH_PROT_READ,
		  .length = PAGE)),
	CALL("object-msync", MACH_OBJECT_MSYNC, ON_OBJECT,
	     ARGS(mach_task_msync, .flags = MACH_SYNC_ASYNCHRONOUS)),
	CALL("allocate", MACH_TASK_ALLOCATE, ON_TASK,
	     ARGS(mach_task_allocate, .flags = MACH_VM_ANYWHERE,
		  .length = PAGE)),
	CALL("deallocate", MACH_TASK_DEALLOCATE, ON_TASK,
	     .fill = fill_deallocate),
	CALL("map", MACH_TASK_MAP, ON_TASK, .fill = fill_map),
	CALL("protect", MACH_TASK_PROTECT, ON_TASK, .fill = fill_protect),
	CALL("inherit", MACH_TASK_INHERIT, ON_TASK, .fill = fill_inherit),
	CALL("behavior", MACH_TASK_BEHAVIOR, ON_TASK, .fill = fill_behavior),
	CALL("wire", MACH_TASK_WIRE, ON_TASK, .fill = fill_wire),
	CALL("wire-all", MACH_TASK_WIRE_ALL, ON_TASK),
	CALL("read", MACH_TASK_READ, ON_TASK, .fill = fill_data),
	CALL("write", MACH_TASK_WRITE, ON_TASK, .fill = fill_data),
	CALL("copy", MACH_TASK_COPY, ON_TASK, .fill = fill_copy),
	CALL("pages", MACH_TASK_PAGES, ON_TASK, .fill = fill_pages),
	CALL("remap", MACH_TASK_REMAP, ON_TASK, .fill = fill_remap),
	CALL("region", MACH_TASK_REGION, ON_TASK, .fill = fill_region),
	CALL("task-info", MACH_TASK_INFO, ON_TASK),
	CALL("msync", MACH_TASK_MSYNC, ON_TASK, .fill = fill_msync),
	CALL("set-limit", MACH_TASK_SET_SIZE_LIMIT, ON_TASK,
	     ARGS(mach_task_limit, .current_limit = ~0ULL, .maximum = ~0ULL)),
	CALL("get-limit", MACH_TASK_GET_SIZE_LIMIT, ON_TASK),
	CALL("entry-proxy", MACH_TASK_PROXY, ON_TASK,
	     .fill = fill_entry_proxy),
	CALL("create", MACH_PAGER_CREATE, ON_PAGER,
	     ARGS(mach_pager_create, .object_size = 5000, .cluster = 8192)),
	/* Right but for the object, so that it can be said again and again. */
	CALL("publish", MACH_PAGER_PUBLISH, ON_PAGER,
	     ARGS(mach_pager_publish, .object = NO_OBJECT, .mode = 0640),
	     .fill = fill_publish, .right = -ENOENT),
	CALL("receive", MACH_PAGER_RECEIVE, ON_PAGER,
	     ARGS(mach_pager_receive, .flags = MACH_RECEIVE_NONBLOCK),
	     .right = -ETIMEDOUT),
	CALL("answer", MACH_PAGER_ANSWER, ON_PAGER,
	     ARGS(mach_pager_answer, .generation = 1), .right = -ESTALE),
	CALL("collect", MACH_PAGER_COLLECT, ON_PAGER, .fill = fill_collect,
	     .right = -ESTALE),
	CALL("supply", MACH_PAGER_SUPPLY, ON_PAGER, .fill = fill_supply,
	     .right = -EEXIST),
	CALL("lock", MACH_PAGER_LOCK_REQUEST, ON_PAGER, .fill = fill_lock),
	CALL("destroy", MACH_PAGER_DESTROY, ON_PAGER,
	     ARGS(mach_pager_destroy, .object = NO_OBJECT), .right = -ENOENT),
	CALL("get-attributes", MACH_PAGER_GET_ATTRIBUTES, ON_PAGER,
	     .fill = fill_get_attributes),
	CALL("change-attributes", MACH_PAGER_CHANGE_ATTRIBUTES, ON_PAGER,
	     .fill = fill_change_attributes),
	CALL("resize", MACH_PAGER_RESIZE, ON_PAGER, .fill = fill_resize),
	CALL("symlink", MACH_PAGER_SYMLINK, ON_PAGER, .fill = fill_symlink),
	CALL("mkdir", MACH_PAGER_MKDIR, ON_PAGER, .fill = fill_mkdir),
	CALL("unpublish", MACH_PAGER_UNPUBLISH, ON_PAGER,
	     .fill = fill_unpublish, .right = -ENOENT),
	CALL("list", MACH_PAGER_LIST, ON_PAGER, .fill = fill_list,
	     .right = -EINVAL),
};

const size_t callbook_entries = ARRAY_SIZE(callbook);

const struct call *call_named(const char *name)
{
	for (size_t i = 0; i < callbook_entries; i++)
		if (!strcmp(callbook[i].name, name))
			return &callbook[i];
	tap_fail("no call %s in the book", name);
}

size_t call_size(const struct call *call)
{
	return _IOC_SIZE(call->number);
}

void call_fill(const struct call *call, const struct world *w,
	       union any_call *args)
{
	memset(args, 0, sizeof(*args));
	if (call->args)
		memcpy(args, call->args, call_size(call));
	if (call->fill)
		call->fill(w, args);
	args->size = call_size(call);
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
	object_create(&w->p, &w->o, WORLD_SIZE, 16384, MACH_CREATE_RESIZABLE);
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
static void undo_create(struct world *w, const struct mach_pager_create *create)
{
	struct mach_pager_destroy d = {
		.size = sizeof(d), .object = create->object,
	};

	CHECK_IS(vm_ioctl(w->p.fd, MACH_PAGER_DESTROY, &d), 0);
	close(create->fd);
}

static void undo_name(struct world *w)
{
	CHECK_IS(pager_remove(&w->p, some_name), 0);
}

static void undo(struct world *w, const struct call *call, const void *args)
{
	const struct mach_object_name *name = args;
	const struct mach_object_proxy *proxy = args;
	const struct mach_task_proxy *entry_proxy = args;

	undo_task(w, call);
	switch (_IOC_NR(call->number)) {
	case _IOC_NR(MACH_OBJECT_NAME):
		close(name->fd);
		break;
	case _IOC_NR(MACH_OBJECT_PROXY):
		close(proxy->fd);
		break;
	case _IOC_NR(MACH_TASK_PROXY):
		close(entry_proxy->fd);
		break;
	case _IOC_NR(MACH_PAGER_CREATE):
		undo_create(w, args);
		break;
	case _IOC_NR(MACH_PAGER_SYMLINK):
	case _IOC_NR(MACH_PAGER_MKDIR):
		undo_name(w);
		break;
	}
}

long world_call(struct world *w, const struct call *call, void *args)
{
	int fd = call->kind == ON_OBJECT ? w->o.fd : w->p.fd;
	long result;

	if (call->kind == ON_TASK)
		fd = w->t.fd;
	if (call->kind == ON_NEW)
		fd = vm_open();
	if (fd < 0)
		return fd;
	result = vm_ioctl(fd, call->number, args);
	if (!result)
		undo(w, call, args);
	if (call->kind == ON_NEW)
		close(fd);
	return result;
}

long world_change(struct world *w, const struct call_change *change, char *sub,
		  size_t sub_size)
{
	const struct call *call = call_named(change->call);
	union any_call args;

	call_fill(call, w, &args);
	memcpy(args.bytes + change->at, &change->value, change->width);
	snprintf(sub, sub_size, "%s-%s", change->call, change->what);
	return world_call(w, call, &args);
}

void world_each_call(struct world *w, const char *what, call_fn one)
{
	char sub[80];

	world_open(w);
	for (size_t i = 0; i < callbook_entries; i++) {
		snprintf(sub, sizeof(sub), "%s-%s", callbook[i].name, what);
		one(&callbook[i], sub);
	}
	world_check(w);
}
