// SPDX-License-Identifier: GPL-2.0-only
/* Ports: birth, death, reaping, and the objects by number. */
#include "pager_port.h"
#include "pager_sweep.h"
#include "pager_watch.h"
#include "file/idle.h"
#include "file/kept.h"
#include "file/machobj.h"
#include "file/made.h"
#include "file/publish.h"
#include "request/data_return.h"
#include "request/object_end.h"
#include "request/request_memory.h"

#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/wait_bit.h>

/* Work that may wait for one pager at a time */
#define MACH_PORT_WORKERS	16

/* Objects that are gone through before others may run */
#define MACH_PORT_BATCH		64

/* How long who closes waits for the end of all objects */
#define MACH_PORT_PATIENCE	HZ

/*
 * For the end of dead pagers, which takes as long as what they have left: nobody waits
 * for that. What is bounded, as deadlines are, is done elsewhere (mach_port_wq).
 */
static struct workqueue_struct *mach_reap_wq __ro_after_init;

/* Ports that are not freed yet */
static atomic_t mach_ports = ATOMIC_INIT(0);

/*
 * Who makes one meanwhile sees the death himself. The table has a reference of each as
 * long as it is locked.
 */
static void mach_port_set_objects_dead(struct mach_port *port)
{
	struct mach_object *object;
	unsigned int n = 0;
	unsigned long id;

	xa_lock(&port->objects);
	xa_for_each(&port->objects, id, object) {
		mach_object_set_dead(object);
		if (++n % MACH_PORT_BATCH)
			continue;
		xa_unlock(&port->objects);
		cond_resched();
		xa_lock(&port->objects);
	}
	xa_unlock(&port->objects);
}

/*
 * Completes what it has posted, ends every request, and has the objects taken
 * down. Waits for nobody; may be called again.
 */
static void mach_port_end(struct mach_port *port, bool died)
{
	LLIST_HEAD(commands);
	bool first;

	spin_lock(&port->lock);
	first = !port->dead;
	if (first)
		WRITE_ONCE(port->pager.died, died);
	WRITE_ONCE(port->dead, true);
	mach_port_disarm_all(port, &commands);
	spin_unlock(&port->lock);
	if (!first)
		return;
	/* before anyone is told of the death, nobody finds an object alive */
	mach_port_set_objects_dead(port);
	mach_keeper_die(&port->keeper);
	mach_port_abort(port);
	queue_work(mach_reap_wq, &port->reap);
	mach_commands_done(&commands, -ENODEV);
}

/**
 * mach_port_die - The pager has resigned, closed or died
 * @port: its port
 *
 * What its program does itself is in order. It has died if its memory is not the
 * caller's: an exit or exec lets go of that before descriptors, and may leave these to a
 * worker of Linux. As mach_port_end().
 */
void mach_port_die(struct mach_port *port)
{
	mach_port_end(port, current->mm != port->pager.mm);
}
EXPORT_SYMBOL_IF_KUNIT(mach_port_die);

static void mach_port_drop_requests(struct mach_port *port)
{
	struct mach_slot *slot;
	unsigned int q, tag;

	for (q = 0; q < port->nr_queues; q++) {
		for (tag = 0; tag < port->depth; tag++) {
			slot = &port->queues[q].slots[tag];
			if (slot->request)
				mach_request_put(slot->request);
			slot->request = NULL;
		}
	}
}

/* Nobody has the descriptor, and all is reaped: the rest. */
static void mach_port_let_go(struct mach_port *port)
{
	struct mach_object *object;
	unsigned int n = 0;
	unsigned long id;

	cancel_delayed_work_sync(&port->watchdog);
	cancel_delayed_work_sync(&port->sweep);
	cancel_delayed_work_sync(&port->tick);
	mach_port_drop_requests(port);
	xa_for_each(&port->objects, id, object) {
		if (xa_cmpxchg(&port->objects, id, object, NULL, 0) == object)
			mach_object_put(object);
		if (!(++n % MACH_PORT_BATCH))
			cond_resched();
	}
	mach_pager_put(&port->pager);
}

/* For a while. Return: is it done? If not, the rest of the way is the worker's. */
static bool mach_port_await_reaping(struct mach_port *port)
{
	bool done;

	wait_event_idle_timeout(port->reaped, READ_ONCE(port->has_reaped),
				MACH_PORT_PATIENCE);
	spin_lock(&port->lock);
	done = port->has_reaped;
	port->unwatched = !done;
	spin_unlock(&port->lock);
	return done;
}

/**
 * mach_port_shutdown - The pager's descriptor is released
 * @port: its port; no call or command is under way; one reference is taken over
 *
 * It is the end of a pager with few objects. Of one with many, who closes it waits for
 * a second: all are dead and have no name that can be opened, and a worker takes them
 * down.
 */
void mach_port_shutdown(struct mach_port *port)
{
	/* before: leaving tells of the end of a life, too */
	mach_port_die(port);
	mach_compat_life_leave(&port->life, port->pager.mm);
	if (!mach_port_await_reaping(port))
		return;
	flush_work(&port->reap);
	mach_port_let_go(port);
}
EXPORT_SYMBOL_IF_KUNIT(mach_port_shutdown);

static void mach_port_forget(struct mach_pager *pager,
			     struct mach_object *object)
{
	struct mach_port *port = mach_port_of(pager);

	if (xa_cmpxchg(&port->objects, object->id, object, NULL, 0) == object)
		mach_object_put(object);
	if (object->made)
		mach_idle_ended(object);
}

/* What a pager is to have of its user's share */
static int mach_port_charge(struct mach_port *port)
{
	struct mach_user *user = port->pager.user;
	size_t slots = port->depth * sizeof(*port->queues->slots);
	unsigned long kib = DIV_ROUND_UP(port->nr_queues *
					 (port->array_size + slots), SZ_1K);
	int err = mach_user_charge(user, MACH_USER_PAGERS, 1);

	if (err)
		return err;
	err = mach_user_charge(user, MACH_USER_QUEUES, kib);
	if (err)
		mach_user_add(user, MACH_USER_PAGERS, -1);
	else
		port->charged = kib;
	return err;
}

static void mach_port_uncharge(struct mach_port *port)
{
	struct mach_user *user = port->pager.user;

	if (port->charged) {
		mach_user_add(user, MACH_USER_QUEUES, -(long)port->charged);
		mach_user_add(user, MACH_USER_PAGERS, -1);
	}
	mach_user_put(user);
}

static void mach_queue_forget_workers(struct mach_port *port,
				      struct mach_queue *queue)
{
	unsigned int tag;

	for (tag = 0; queue->slots && tag < port->depth; tag++)
		put_pid(queue->slots[tag].worker.thread);
}

static void mach_port_free_work(struct work_struct *work)
{
	struct mach_port *port = container_of(work, struct mach_port, free);
	unsigned int q;

	for (q = 0; q < port->nr_queues; q++) {
		vfree(port->queues[q].messages);
		mach_queue_forget_workers(port, &port->queues[q]);
		kvfree(port->queues[q].slots);
	}
	if (port->wq)
		destroy_workqueue(port->wq);
	mach_port_uncharge(port);
	xa_destroy(&port->objects);
	mach_pager_delist(&port->pager);
	mmdrop(port->pager.mm);
	put_pid(port->owner);
	kvfree(port);
	/* before: who waits for the last port unloads the module */
	mach_machobj_unpin();
	if (atomic_dec_and_test(&mach_ports))
		wake_up_var(&mach_ports);
}

/* The last reference may go in work of @wq, which cannot wait for its own end. */
static void mach_port_free(struct mach_pager *pager)
{
	mach_object_queue(&mach_port_of(pager)->free);
}

static void mach_port_queue(struct mach_pager *pager, struct work_struct *work)
{
	queue_work(mach_port_of(pager)->wq, work);
}

/* Of a listed directory, what is in it ends with it. */
static void mach_port_terminate(struct work_struct *work)
{
	struct mach_object *object =
		container_of(work, struct mach_object, terminate);

	if (object->listed)
		mach_listed_end(object);
	mach_object_terminate(work);
}

/* An object that nobody of the pager has asked for, so far */
static struct mach_object *mach_port_adopt(struct mach_pager *pager,
					   struct mach_object_setup *setup)
{
	struct mach_port *port = mach_port_of(pager);
	struct mach_object *object;
	int err;

	if (!pager->exempt && !mach_user_may(pager->user, MACH_USER_OBJECTS, 1))
		return ERR_PTR(-ENFILE);
	err = mach_port_number(port, &setup->id);
	if (err)
		return ERR_PTR(err);
	object = mach_object_create(setup);
	if (!object) {
		mach_port_unnumber(port, setup->id);
		return ERR_PTR(-ENOMEM);
	}
	/* the table's; it is dead if the pager is */
	mach_object_get(object);
	mach_port_add_object(port, object);
	return object;
}

/* Does the current thread hold a request? */
static bool mach_port_working(struct mach_pager *pager)
{
	return mach_workers_have(&mach_port_of(pager)->workers,
				 task_pid(current));
}

static const struct mach_pager_ops mach_port_ops = {
	.submit = mach_port_submit,
	.queue = mach_port_queue,
	.forget = mach_port_forget,
	.terminate = mach_port_terminate,
	.launder = mach_data_return_work,
	.adopt = mach_port_adopt,
	.working = mach_port_working,
	.free = mach_port_free,
};

/* The object with the lowest number from @id on, with a reference; or NULL */
static struct mach_object *mach_port_next_object(struct mach_port *port,
						 unsigned long *id)
{
	struct mach_object *object;

	xa_lock(&port->objects);
	object = xa_find(&port->objects, id, ULONG_MAX, XA_PRESENT);
	if (object)
		mach_object_get(object);
	xa_unlock(&port->objects);
	return object;
}

/* First all that is seen, so that nobody reads of names that are none. */
static void mach_port_reap_names(struct mach_port *port)
{
	struct mach_object *object;
	unsigned long id = 0;

	for (; (object = mach_port_next_object(port, &id)); id++) {
		/* it may have come to the table after the others were told */
		mach_object_set_dead(object);
		object->unnamed = mach_unpublish_keep(object);
		mach_object_put(object);
		cond_resched();
	}
	mach_keeper_reap(&port->keeper);
}

/* Whose last right was the name's ends here, and one that nobody has a right to itself. */
static void mach_port_reap_object(struct mach_object *object)
{
	if (object->unnamed && mach_object_right_put_here(object))
		return;
	if (atomic_read(&object->rights))
		mach_object_kill(object);
}

/* After a pager's death: names go, mappings are revoked, pages are dropped. */
static void mach_port_reap(struct work_struct *work)
{
	struct mach_port *port = container_of(work, struct mach_port, reap);
	struct mach_object *object;
	unsigned long id = 0;
	bool last;

	mach_port_reap_names(port);
	for (; (object = mach_port_next_object(port, &id)); id++) {
		mach_port_reap_object(object);
		mach_object_put(object);
		cond_resched();
	}
	spin_lock(&port->lock);
	WRITE_ONCE(port->has_reaped, true);
	last = port->unwatched;
	spin_unlock(&port->lock);
	if (last)
		mach_port_let_go(port);
	else
		wake_up_all(&port->reaped);
}

/* Pages that can be mapped, charged to the caller's memory cgroup */
static void *mach_array_alloc(size_t size)
{
	unsigned int i, n = size >> PAGE_SHIFT;
	struct page **pages = kvcalloc(n, sizeof(*pages), GFP_KERNEL_ACCOUNT);
	void *array = NULL;

	if (!pages)
		return NULL;
	for (i = 0; i < n; i++) {
		pages[i] = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
		if (!pages[i])
			break;
	}
	if (i == n)
		array = vmap(pages, n, VM_MAP | VM_MAP_PUT_PAGES | VM_USERMAP,
			     PAGE_KERNEL);
	if (array)
		return array;
	while (i--)
		__free_page(pages[i]);
	kvfree(pages);
	return NULL;
}

static int mach_queue_init(struct mach_port *port, struct mach_queue *queue,
			   u32 message_size)
{
	unsigned int tag;

	INIT_HLIST_HEAD(&queue->armed);
	queue->heard = jiffies;
	queue->more_at = jiffies;
	queue->patience = 1;
	queue->messages = mach_array_alloc(port->array_size);
	queue->slots = kvcalloc(port->depth, sizeof(*queue->slots),
				GFP_KERNEL_ACCOUNT);
	if (!queue->messages || !queue->slots)
		return -ENOMEM;
	for (tag = 0; tag < port->depth; tag++) {
		queue->slots[tag].queue = queue;
		queue->slots[tag].message = queue->messages + tag * message_size;
	}
	return 0;
}

/* What it takes memory for */
static int mach_port_outfit(struct mach_port *port,
			    const struct mach_pager_register *args)
{
	unsigned int q;
	int err = port->pager.user ? mach_port_charge(port) : -ENOMEM;

	if (err)
		return err;
	port->wq = alloc_workqueue("machvm/%d", WQ_UNBOUND, MACH_PORT_WORKERS,
				   task_tgid_nr(current));
	if (!port->wq)
		return -ENOMEM;
	for (q = 0; q < port->nr_queues && !err; q++)
		err = mach_queue_init(port, &port->queues[q],
				      args->message_size);
	return err;
}

/**
 * mach_port_create - Make a port for the calling process
 * @args: checked
 *
 * Return: a port with one reference; -ENOMEM; -EAGAIN when the user has too many.
 */
struct mach_port *mach_port_create(const struct mach_pager_register *args)
{
	struct mach_port *port;
	int err = mach_machobj_pin();

	if (err)
		return ERR_PTR(err);
	port = kvzalloc(struct_size(port, queues, args->queues),
			GFP_KERNEL_ACCOUNT);
	if (!port) {
		mach_machobj_unpin();
		return ERR_PTR(-ENOMEM);
	}
	atomic_inc(&mach_ports);
	refcount_set(&port->pager.ref, 1);
	port->pager.ops = &mach_port_ops;
	port->pager.request_pages = args->flags & MACH_PAGER_SINGLE_PAGE ?
				    1 : MACH_CLUSTER_MAX_PAGES;
	port->pager.mm = current->mm;
	mmgrab(port->pager.mm);
	RB_CLEAR_NODE(&port->pager.node);
	spin_lock_init(&port->lock);
	INIT_LIST_HEAD(&port->asking);
	INIT_LIST_HEAD(&port->due);
	port->nr_queues = args->queues;
	port->depth = args->depth;
	port->deadline = msecs_to_jiffies(args->deadline_ms ?:
					  min_t(u32, MACH_DEADLINE_DEFAULT,
						mach_deadline_most()));
	port->message_size = min_t(u32, args->message_size,
				   sizeof(struct mach_message));
	port->array_size = PAGE_ALIGN(args->depth * args->message_size);
	port->workers.lock = &port->lock;
	port->owner = get_pid(task_tgid(current));
	xa_init_flags(&port->objects, XA_FLAGS_ALLOC1);
	INIT_DELAYED_WORK(&port->watchdog, mach_port_watchdog);
	INIT_DELAYED_WORK(&port->sweep, mach_port_sweep);
	INIT_DELAYED_WORK(&port->tick, mach_port_tick);
	INIT_WORK(&port->reap, mach_port_reap);
	init_waitqueue_head(&port->reaped);
	INIT_WORK(&port->free, mach_port_free_work);
	port->pager.user = mach_user_get_current();
	port->pager.exempt = mach_user_is_exempt();
	mach_keeper_init(&port->keeper, &port->pager, mach_machobj_root());
	err = mach_port_outfit(port, args);
	if (err) {
		mach_pager_put(&port->pager);
		return ERR_PTR(err);
	}
	mach_pager_enlist(&port->pager);
	return port;
}
EXPORT_SYMBOL_IF_KUNIT(mach_port_create);

/* The process that registered exits or executes another program. */
static void mach_port_life_ends(struct mach_compat_life *life)
{
	mach_port_end(container_of(life, struct mach_port, life), true);
}

/**
 * mach_port_follow - Have the port die with the memory of the calling process
 * @port: new, of this process
 *
 * A pager need not map its arrays, and its descriptor may be in many tables and
 * processes; its memory is one. Return: 0, -ENOMEM, -EINTR.
 */
int mach_port_follow(struct mach_port *port)
{
	port->life.ends = mach_port_life_ends;
	return mach_compat_life_follow(&port->life, port->pager.mm);
}

/* Dead first: who publishes it sees that, or its name is found here. */
void mach_port_end_object(struct mach_port *port,
			  struct mach_object *object)
{
	mach_object_set_dead(object);
	mach_unpublish(object);
	if (object->listed)
		mach_listed_end(object);
	port->pager.ops->forget(&port->pager, object);
	mach_object_kill(object);
}

/* A number by which nobody finds an object before mach_port_add_object(). */
int mach_port_number(struct mach_port *port, u32 *id)
{
	int err = xa_alloc(&port->objects, id, NULL, xa_limit_31b, GFP_KERNEL);

	return err == -EBUSY ? -ENOSPC : err;
}
EXPORT_SYMBOL_IF_KUNIT(mach_port_number);

void mach_port_unnumber(struct mach_port *port, u32 id)
{
	xa_erase(&port->objects, id);
}

/* Other threads find it from here on; a reference of the caller is the table's. */
int mach_port_add_object(struct mach_port *port,
			 struct mach_object *object)
{
	/* has its place since the number was taken: it cannot fail */
	xa_store(&port->objects, object->id, object, GFP_KERNEL);
	/* whoever reaps after this finds it */
	if (READ_ONCE(port->dead)) {
		mach_port_end_object(port, object);
		return -ENODEV;
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(mach_port_add_object);

int mach_port_init(void)
{
	/* for deadlines: nobody else's work may hold it up, nor a lack of memory */
	mach_port_wq = alloc_workqueue("machvm_port",
				       WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!mach_port_wq)
		return -ENOMEM;
	/* without a rescuer, in which one work could not wait for another */
	mach_reap_wq = alloc_workqueue("machvm_reap", WQ_UNBOUND, 0);
	if (mach_reap_wq)
		return 0;
	destroy_workqueue(mach_port_wq);
	return -ENOMEM;
}

/* No descriptor is left; work of the last objects may still be. */
void mach_port_exit(void)
{
	wait_var_event(&mach_ports, !atomic_read(&mach_ports));
	destroy_workqueue(mach_reap_wq);
	destroy_workqueue(mach_port_wq);
}
