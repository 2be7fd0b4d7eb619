// SPDX-License-Identifier: GPL-2.0-only
/* Every field of every ioctl that can be wrong by itself. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "callbook.h"
#include "tap.h"

/**
 * struct wrong - One field made wrong in an otherwise right call.
 * @call: name in the callbook
 * @what: for the test's name
 * @at: offset of the field
 * @width: bytes of it
 * @value: to put there
 * @want: result
 */
struct wrong {
	const char *call;
	const char *what;
	size_t at;
	size_t width;
	uint64_t value;
	long want;
};

#define F(str, field)							\
	offsetof(struct str, field), sizeof(((struct str *)0)->field)

#define NONE	0xfffffff0U

static const struct wrong wrongs[] = {
	{ "version", "api", F(mach_vm_version, api), 1, -EINVAL },
	{ "statistics", "page-size", F(mach_vm_statistics, page_size), 1,
	  -EINVAL },
	{ "statistics", "faults-top", F(mach_vm_statistics, faults), 1ULL << 63,
	  -EINVAL },
	{ "statistics", "objects", F(mach_vm_statistics, objects), 1, -EINVAL },
	{ "statistics", "internal", F(mach_vm_statistics, internal_count), 1,
	  -EINVAL },
	{ "segments", "reserved", F(mach_vm_array, reserved), 1, -EINVAL },
	{ "segments", "entry-0", F(mach_vm_array, entry_size), 0, -EINVAL },
	{ "segments", "entry-1-less", F(mach_vm_array, entry_size),
	  sizeof(struct mach_vm_segment) - 1, -EINVAL },
	{ "segments", "entry-over", F(mach_vm_array, entry_size), PAGE + 1,
	  -EINVAL },
	{ "segments", "entry-max", F(mach_vm_array, entry_size), ~0U, -EINVAL },
	{ "segments", "address", F(mach_vm_array, address), 8, -EFAULT },
	{ "segments", "address-kernel", F(mach_vm_array, address), 1ULL << 63,
	  -EFAULT },
	{ "segments", "address-max", F(mach_vm_array, address), ~0ULL,
	  -EFAULT },
	{ "caches", "reserved", F(mach_vm_array, reserved), 1, -EINVAL },
	{ "caches", "entry-0", F(mach_vm_array, entry_size), 0, -EINVAL },
	{ "caches", "entry-1-less", F(mach_vm_array, entry_size),
	  sizeof(struct mach_vm_cache) - 1, -EINVAL },
	{ "caches", "entry-over", F(mach_vm_array, entry_size), PAGE + 1,
	  -EINVAL },
	{ "caches", "entry-max", F(mach_vm_array, entry_size), ~0U, -EINVAL },
	{ "caches", "address", F(mach_vm_array, address), 8, -EFAULT },
	{ "caches", "address-kernel", F(mach_vm_array, address), 1ULL << 63,
	  -EFAULT },
	{ "caches", "address-max", F(mach_vm_array, address), ~0ULL, -EFAULT },

	{ "info", "reserved", F(mach_object_info, reserved), 1, -EINVAL },
	{ "name", "flags", F(mach_object_name, flags), 1, -EINVAL },
	{ "name", "flags-top", F(mach_object_name, flags), 1U << 31, -EINVAL },
	{ "name", "reserved", F(mach_object_name, reserved), 1, -EINVAL },
	{ "compare", "flags", F(mach_name_compare, flags), 1, -EINVAL },
	{ "compare", "fd-closed", F(mach_name_compare, fd), 999, -EBADF },
	{ "compare", "fd-negative", F(mach_name_compare, fd), ~0U, -EBADF },
	{ "compare", "fd-other", F(mach_name_compare, fd), 1, -EBADF },

	{ "register", "flags", F(mach_pager_register, flags), 2, -EINVAL },
	{ "register", "flags-top", F(mach_pager_register, flags), 1U << 31,
	  -EINVAL },
	{ "register", "queues-0", F(mach_pager_register, queues), 0, -EINVAL },
	{ "register", "queues-65", F(mach_pager_register, queues),
	  MACH_PAGER_QUEUES_MAX + 1, -EINVAL },
	{ "register", "queues-max", F(mach_pager_register, queues), ~0U,
	  -EINVAL },
	{ "register", "depth-0", F(mach_pager_register, depth), 0, -EINVAL },
	{ "register", "depth-257", F(mach_pager_register, depth),
	  MACH_PAGER_DEPTH_MAX + 1, -EINVAL },
	{ "register", "depth-max", F(mach_pager_register, depth), ~0U,
	  -EINVAL },
	{ "register", "reserved", F(mach_pager_register, reserved), 1,
	  -EINVAL },

	{ "create", "flags", F(mach_pager_create, flags), 2, -EINVAL },
	{ "create", "flags-top", F(mach_pager_create, flags), 1U << 31,
	  -EINVAL },
	{ "create", "size-0", F(mach_pager_create, object_size), 0, -EINVAL },
	{ "create", "size-over", F(mach_pager_create, object_size),
	  MACH_OBJECT_SIZE_MAX + 1, -EINVAL },
	{ "create", "size-2^63", F(mach_pager_create, object_size),
	  1ULL << 63, -EINVAL },
	{ "create", "size-max", F(mach_pager_create, object_size), ~0ULL,
	  -EINVAL },
	{ "create", "cluster-1", F(mach_pager_create, cluster), 1, -EINVAL },
	{ "create", "cluster-half", F(mach_pager_create, cluster), PAGE / 2,
	  -EINVAL },
	{ "create", "cluster-page-1", F(mach_pager_create, cluster), PAGE - 1,
	  -EINVAL },
	{ "create", "cluster-page+1", F(mach_pager_create, cluster), PAGE + 1,
	  -EINVAL },
	{ "create", "cluster-3-pages", F(mach_pager_create, cluster), 3 * PAGE,
	  -EINVAL },
	{ "create", "cluster-over", F(mach_pager_create, cluster),
	  2 * MACH_CLUSTER_MAX, -EINVAL },
	{ "create", "cluster-2^31", F(mach_pager_create, cluster), 1U << 31,
	  -EINVAL },
	{ "create", "cluster-max", F(mach_pager_create, cluster), ~0U,
	  -EINVAL },
	{ "create", "reserved", F(mach_pager_create, reserved), 1, -EINVAL },

	{ "publish", "object", F(mach_pager_publish, object), NONE, -ENOENT },
	{ "publish", "object-max", F(mach_pager_publish, object), ~0U,
	  -ENOENT },

	{ "receive", "flags", F(mach_pager_receive, flags), 4, -EINVAL },
	{ "receive", "flags-top", F(mach_pager_receive, flags), 1U << 31,
	  -EINVAL },
	{ "receive", "queue", F(mach_pager_receive, queue), 1, -ENOENT },
	{ "receive", "queue-max", F(mach_pager_receive, queue), 0xffff,
	  -ENOENT },
	{ "receive", "answer-unasked", F(mach_pager_receive, answer.generation),
	  1, -EINVAL },
	{ "receive", "answer-size-unasked", F(mach_pager_receive, answer.size),
	  sizeof(struct mach_pager_answer), -EINVAL },

	{ "answer", "flags", F(mach_pager_answer, flags), 2, -EINVAL },
	{ "answer", "flags-top", F(mach_pager_answer, flags), 1U << 31,
	  -EINVAL },
	{ "answer", "queue", F(mach_pager_answer, queue), 1, -ENOENT },
	{ "answer", "queue-max", F(mach_pager_answer, queue), 0xffff,
	  -ENOENT },
	{ "answer", "tag", F(mach_pager_answer, tag), 8, -ENOENT },
	{ "answer", "tag-max", F(mach_pager_answer, tag), 0xffff, -ENOENT },
	{ "answer", "reserved", F(mach_pager_answer, reserved), 1, -EINVAL },
	{ "answer", "nr-parts", F(mach_pager_answer, nr_parts),
	  MACH_PARTS_MAX + 1, -EINVAL },
	{ "answer", "nr-parts-max", F(mach_pager_answer, nr_parts), ~0U,
	  -EINVAL },
	{ "answer", "parts-but-none", F(mach_pager_answer, parts), 4096,
	  -EINVAL },
	{ "answer", "part-but-none", F(mach_pager_answer, part.kind), 1,
	  -EINVAL },
	{ "answer", "part-tail-but-none", F(mach_pager_answer, part.reserved),
	  1, -EINVAL },

	{ "collect", "flags", F(mach_pager_collect, flags), 1, -EINVAL },
	{ "collect", "reserved", F(mach_pager_collect, reserved), 1, -EINVAL },
	{ "collect", "queue", F(mach_pager_collect, queue), 1, -ENOENT },
	{ "collect", "tag", F(mach_pager_collect, tag), 8, -ENOENT },

	{ "supply", "object", F(mach_pager_supply, object), NONE, -ENOENT },
	{ "supply", "kind-0", F(mach_pager_supply, part.kind), 0, -EINVAL },
	{ "supply", "kind-6", F(mach_pager_supply, part.kind), 6, -EINVAL },
	{ "supply", "kind-max", F(mach_pager_supply, part.kind), ~0U,
	  -EINVAL },
	{ "supply", "fd-unused", F(mach_pager_supply, part.fd), 1, -EINVAL },
	{ "supply", "source-unused", F(mach_pager_supply, part.source), 1,
	  -EINVAL },
	{ "supply", "reserved", F(mach_pager_supply, part.reserved), 1,
	  -EINVAL },
	{ "supply", "offset-1", F(mach_pager_supply, part.offset), 1,
	  -EINVAL },
	{ "supply", "offset-end", F(mach_pager_supply, part.offset),
	  64 * PAGE, -EINVAL },
	{ "supply", "offset-2^63", F(mach_pager_supply, part.offset),
	  1ULL << 63, -EINVAL },
	{ "supply", "offset-wrap", F(mach_pager_supply, part.offset),
	  -PAGE, -EINVAL },
	{ "supply", "length-0", F(mach_pager_supply, part.length), 0,
	  -EINVAL },
	{ "supply", "length-1", F(mach_pager_supply, part.length), 1,
	  -EINVAL },
	{ "supply", "length-page-1", F(mach_pager_supply, part.length),
	  PAGE - 1, -EINVAL },
	{ "supply", "length-page+1", F(mach_pager_supply, part.length),
	  PAGE + 1, -EINVAL },
	{ "supply", "length-over", F(mach_pager_supply, part.length),
	  65 * PAGE, -EINVAL },
	{ "supply", "length-2^32", F(mach_pager_supply, part.length),
	  1ULL << 32, -EINVAL },
	{ "supply", "length-max", F(mach_pager_supply, part.length), ~0ULL,
	  -EINVAL },

	{ "lock", "object", F(mach_pager_lock, object), NONE, -ENOENT },
	{ "lock", "flags-0", F(mach_pager_lock, flags), 0, -EINVAL },
	{ "lock", "flags-reply-only", F(mach_pager_lock, flags),
	  MACH_LOCK_REPLY, -EINVAL },
	{ "lock", "flags-8", F(mach_pager_lock, flags), 9, -EINVAL },
	{ "lock", "flags-top", F(mach_pager_lock, flags), 1U << 31 | 1,
	  -EINVAL },
	{ "lock", "reserved", F(mach_pager_lock, reserved), 1, -EINVAL },
	{ "lock", "offset-1", F(mach_pager_lock, offset), 1, -EINVAL },
	{ "lock", "offset-page-1", F(mach_pager_lock, offset), PAGE - 1,
	  -EINVAL },
	{ "lock", "offset-end", F(mach_pager_lock, offset), 64 * PAGE,
	  -EINVAL },
	{ "lock", "offset-2^63", F(mach_pager_lock, offset), 1ULL << 63,
	  -EINVAL },
	{ "lock", "offset-wrap", F(mach_pager_lock, offset), -PAGE, -EINVAL },
	{ "lock", "length-1", F(mach_pager_lock, length), 1, -EINVAL },
	{ "lock", "length-page+1", F(mach_pager_lock, length), PAGE + 1,
	  -EINVAL },
	{ "lock", "length-over", F(mach_pager_lock, length), 65 * PAGE,
	  -EINVAL },
	{ "lock", "length-2^32", F(mach_pager_lock, length), 1ULL << 32,
	  -EINVAL },
	{ "lock", "length-wrap", F(mach_pager_lock, length), -PAGE, -EINVAL },
	{ "lock", "length-max", F(mach_pager_lock, length), ~0ULL, -EINVAL },

	{ "destroy", "object", F(mach_pager_destroy, object), NONE, -ENOENT },
	{ "destroy", "object-max", F(mach_pager_destroy, object), ~0U,
	  -ENOENT },
	{ "get-attributes", "object", F(mach_pager_attributes, object), NONE,
	  -ENOENT },
	{ "get-attributes", "reserved", F(mach_pager_attributes, reserved), 1,
	  -EINVAL },
	{ "change-attributes", "object", F(mach_pager_attributes, object),
	  NONE, -ENOENT },
	{ "change-attributes", "reserved", F(mach_pager_attributes, reserved),
	  1, -EINVAL },
	{ "change-attributes", "cluster-0", F(mach_pager_attributes, cluster),
	  0, -EINVAL },
	{ "change-attributes", "cluster-1", F(mach_pager_attributes, cluster),
	  1, -EINVAL },
	{ "change-attributes", "cluster-3-pages",
	  F(mach_pager_attributes, cluster), 3 * PAGE, -EINVAL },
	{ "change-attributes", "cluster-over",
	  F(mach_pager_attributes, cluster), 2 * MACH_CLUSTER_MAX, -EINVAL },
	{ "change-attributes", "cluster-max",
	  F(mach_pager_attributes, cluster), ~0U, -EINVAL },
};

static void test_wrong(void)
{
	static struct world w;
	char sub[80];

	world_open(&w);
	for (size_t i = 0; i < ARRAY_SIZE(wrongs); i++) {
		const struct wrong *x = &wrongs[i];
		const struct call *call = call_named(x->call);
		union any_call c = { 0 };

		call->fill(&w, &c);
		memcpy(c.bytes + x->at, &x->value, x->width);
		snprintf(sub, sizeof(sub), "%s-%s", x->call, x->what);
		tap_is(sub, world_call(&w, call, &c), x->want);
	}
	world_check(&w);
}

static const struct tap_test tests[] = {
	{ .name = "wrong", .run = test_wrong, .seconds = 30 },
};

int main(int argc, char **argv)
{
	return tap_main(argc, argv, tests, ARRAY_SIZE(tests));
}
