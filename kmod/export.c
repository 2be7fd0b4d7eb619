// SPDX-License-Identifier: GPL-2.0-only
/*
 * What kunit/ calls. Built only for kernels that have KUnit; for others the
 * module exports nothing.
 */
#include "fault/zero_fill.h"
#include "map/vm_map.h"
#include "map/vm_map_change.h"
#include "map/vm_map_range.h"
#include "object/vm_drop.h"
#include "object/vm_internal.h"
#include "object/vm_resident.h"
#include "object/vm_view.h"
#include "object/vm_wire.h"
#include "pager/pager_answer.h"
#include "pool/kmem.h"
#include "pool/slab.h"
#include "pool/vm_page.h"
#include "request/data_request.h"
#include "request/data_return.h"
#include "request/object_end.h"

#include <kunit/visibility.h>

EXPORT_SYMBOL_IF_KUNIT(mach_buddy_init);
EXPORT_SYMBOL_IF_KUNIT(mach_buddy_segment_of);
EXPORT_SYMBOL_IF_KUNIT(mach_buddy_add);
EXPORT_SYMBOL_IF_KUNIT(mach_buddy_alloc);
EXPORT_SYMBOL_IF_KUNIT(mach_buddy_free);

EXPORT_SYMBOL_IF_KUNIT(mach_slab_cache_init);
EXPORT_SYMBOL_IF_KUNIT(mach_slab_cache_destroy);
EXPORT_SYMBOL_IF_KUNIT(mach_slab_alloc);
EXPORT_SYMBOL_IF_KUNIT(mach_slab_free);
EXPORT_SYMBOL_IF_KUNIT(mach_slab_make);
EXPORT_SYMBOL_IF_KUNIT(mach_slab_add);
EXPORT_SYMBOL_IF_KUNIT(mach_kmem_shrink);

EXPORT_SYMBOL_IF_KUNIT(mach_entries_init);
EXPORT_SYMBOL_IF_KUNIT(mach_entry_lookup);
EXPORT_SYMBOL_IF_KUNIT(mach_entries_cover);
EXPORT_SYMBOL_IF_KUNIT(mach_entries_find_space);
EXPORT_SYMBOL_IF_KUNIT(mach_entries_minimum);
EXPORT_SYMBOL_IF_KUNIT(mach_range_enter);
EXPORT_SYMBOL_IF_KUNIT(mach_range_remove);
EXPORT_SYMBOL_IF_KUNIT(mach_range_heal);
EXPORT_SYMBOL_IF_KUNIT(mach_range_change);

EXPORT_SYMBOL_IF_KUNIT(mach_pool_look_aside);
EXPORT_SYMBOL_IF_KUNIT(mach_pool_limit);
EXPORT_SYMBOL_IF_KUNIT(mach_pool_set_limit);
EXPORT_SYMBOL_IF_KUNIT(mach_page_alloc_contig);
EXPORT_SYMBOL_IF_KUNIT(mach_page_free_contig);
EXPORT_SYMBOL_IF_KUNIT(mach_page_block_get);
EXPORT_SYMBOL_IF_KUNIT(mach_page_block_put);

EXPORT_SYMBOL_IF_KUNIT(mach_object_create);
EXPORT_SYMBOL_IF_KUNIT(mach_object_put);
EXPORT_SYMBOL_IF_KUNIT(mach_object_right_put);
EXPORT_SYMBOL_IF_KUNIT(mach_object_page);
EXPORT_SYMBOL_IF_KUNIT(mach_object_is_dirty);
EXPORT_SYMBOL_IF_KUNIT(mach_object_mark_dirty);
EXPORT_SYMBOL_IF_KUNIT(mach_object_flush);

EXPORT_SYMBOL_IF_KUNIT(mach_request_create);
EXPORT_SYMBOL_IF_KUNIT(mach_request_put);
EXPORT_SYMBOL_IF_KUNIT(mach_request_submit);
EXPORT_SYMBOL_IF_KUNIT(mach_request_find);
EXPORT_SYMBOL_IF_KUNIT(mach_request_wait_page);
EXPORT_SYMBOL_IF_KUNIT(mach_request_supply);
EXPORT_SYMBOL_IF_KUNIT(mach_request_refuse);
EXPORT_SYMBOL_IF_KUNIT(mach_request_taken);
EXPORT_SYMBOL_IF_KUNIT(mach_request_end);
EXPORT_SYMBOL_IF_KUNIT(mach_data_request);

EXPORT_SYMBOL_IF_KUNIT(mach_data_return_range);
EXPORT_SYMBOL_IF_KUNIT(mach_object_synchronize);
EXPORT_SYMBOL_IF_KUNIT(mach_object_kill);
EXPORT_SYMBOL_IF_KUNIT(mach_object_terminate);

EXPORT_SYMBOL_IF_KUNIT(mach_port_create);
EXPORT_SYMBOL_IF_KUNIT(mach_port_die);
EXPORT_SYMBOL_IF_KUNIT(mach_port_shutdown);
EXPORT_SYMBOL_IF_KUNIT(mach_port_arm);
EXPORT_SYMBOL_IF_KUNIT(mach_port_receive);
EXPORT_SYMBOL_IF_KUNIT(mach_port_unreceive);
EXPORT_SYMBOL_IF_KUNIT(mach_port_hold);
EXPORT_SYMBOL_IF_KUNIT(mach_port_release);
EXPORT_SYMBOL_IF_KUNIT(mach_port_command_done);
EXPORT_SYMBOL_IF_KUNIT(mach_answer);

EXPORT_SYMBOL_IF_KUNIT(mach_map_create);
EXPORT_SYMBOL_IF_KUNIT(mach_map_destroy);
EXPORT_SYMBOL_IF_KUNIT(mach_map_enter);
EXPORT_SYMBOL_IF_KUNIT(mach_map_remove);
EXPORT_SYMBOL_IF_KUNIT(mach_map_spot);
EXPORT_SYMBOL_IF_KUNIT(mach_map_make_object);
EXPORT_SYMBOL_IF_KUNIT(mach_internal_fill);
EXPORT_SYMBOL_IF_KUNIT(mach_object_internal_pages);
EXPORT_SYMBOL_IF_KUNIT(mach_object_wire);
EXPORT_SYMBOL_IF_KUNIT(mach_object_unwire);
EXPORT_SYMBOL_IF_KUNIT(mach_object_users);
EXPORT_SYMBOL_IF_KUNIT(mach_view_get);
EXPORT_SYMBOL_IF_KUNIT(mach_view_put);
EXPORT_SYMBOL_IF_KUNIT(mach_view_sole);
