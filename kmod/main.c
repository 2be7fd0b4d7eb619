// SPDX-License-Identifier: GPL-2.0-only
/* The init ladder. */
#include "base/fail.h"
#include "dev/dev.h"
#include "dev/vm_debug.h"
#include "file/claim.h"
#include "file/machobj.h"
#include "file/made.h"
#include "map/vm_map.h"
#include "object/inode.h"
#include "object/vm_view.h"
#include "pager/lock_request.h"
#include "pager/pager_port.h"
#include "pool/kmem.h"
#include "pool/trim.h"
#include "pool/vm_page.h"
#include "request/object_size.h"
#include "request/request_memory.h"
#include "request/vm_pageout.h"

#include <linux/module.h>

static void mach_exit_pool(void)
{
	mach_trim_exit();
	mach_kmem_exit();
	mach_page_exit();
}

static int __init mach_init_pool(void)
{
	int err = mach_page_init();

	if (err)
		return err;
	mach_kmem_init();
	err = mach_trim_init();
	if (err) {
		mach_kmem_exit();
		mach_page_exit();
	}
	return err;
}

/* Objects that ports make for names go with the ports. */
static void mach_exit_port(void)
{
	mach_port_exit();
	mach_made_exit();
	mach_claim_exit();
}

static int __init mach_init_port(void)
{
	int err = mach_made_init();

	if (err)
		return err;
	err = mach_port_init();
	if (err)
		mach_made_exit();
	return err;
}

static int __init mach_init(void)
{
	int err;

	err = mach_init_pool();
	if (err)
		return err;
	err = mach_request_init();
	if (err)
		goto err_pool;
	err = mach_lock_init();
	if (err)
		goto err_request;
	err = mach_inode_init();
	if (err)
		goto err_lock;
	err = mach_object_init();
	if (err)
		goto err_inode;
	err = mach_view_init();
	if (err)
		goto err_object;
	err = mach_map_init();
	if (err)
		goto err_view;
	mach_pageout_init();
	mach_size_init();
	err = mach_init_port();
	if (err)
		goto err_pageout;
	err = mach_machobj_init();
	if (err)
		goto err_port;
	err = mach_dev_init();
	if (err)
		goto err_machobj;
	mach_fail_init();
	mach_debug_init();
	return 0;

err_machobj:
	mach_machobj_exit();
err_port:
	mach_exit_port();
err_pageout:
	mach_pageout_exit();
	mach_map_exit();
err_view:
	mach_view_exit();
err_object:
	mach_object_exit();
err_inode:
	mach_inode_exit();
err_lock:
	mach_lock_exit();
err_request:
	mach_request_exit();
err_pool:
	mach_exit_pool();
	return err;
}

/* Ports go first: their last work ends the last objects. */
static void __exit mach_exit(void)
{
	mach_fail_exit();
	mach_debug_exit();
	mach_dev_exit();
	mach_machobj_exit();
	mach_exit_port();
	mach_pageout_exit();
	mach_map_exit();
	mach_view_exit();
	mach_object_exit();
	mach_inode_exit();
	mach_lock_exit();
	mach_request_exit();
	mach_exit_pool();
}

module_init(mach_init);
module_exit(mach_exit);

MODULE_DESCRIPTION("Mach's memory objects, supplied by user-space pagers");
MODULE_LICENSE("GPL");
