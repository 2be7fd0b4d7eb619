// SPDX-License-Identifier: GPL-2.0-only
/* Deadlines: requests end that are overdue, or that nobody will answer. */
#include "pager_watch.h"
#include "base/mach_trace.h"
#include "request/request_memory.h"

/* Requests that one turn ends at most: the others' deadlines come in between. */
#define MACH_WATCH_BATCH	64

/**
 * mach_port_attend - Give a request a deadline that no slot will hold
 * @port: the pager's
 * @request: which the caller answers at once, if it can
 *
 * Until mach_port_dismiss(). Return: 0 or -ENODEV.
 */
int mach_port_attend(struct mach_port *port, struct mach_request *request)
{
	int err = 0;

	spin_lock(&port->lock);
	if (port->dead)
		err = -ENODEV;
	else
		mach_port_watch(port, request);
	spin_unlock(&port->lock);
	return err;
}

void mach_port_dismiss(struct mach_port *port, struct mach_request *request)
{
	spin_lock(&port->lock);
	list_del_init(&request->due_link);
	spin_unlock(&port->lock);
}

/*
 * A request to be ended now, with a reference: the first in order, if its deadline
 * is over or @all are meant. A slot that holds it stays the pager's.
 */
static struct mach_request *mach_port_pick(struct mach_port *port, bool all)
{
	struct mach_request *request;

	lockdep_assert_held(&port->lock);
	request = list_first_entry_or_null(&port->due, struct mach_request,
					   due_link);
	if (!request || (!all && time_before(jiffies, request->deadline)))
		return NULL;
	list_del_init(&request->due_link);
	if (list_empty(&request->port_link))
		mach_request_get(request);
	else
		mach_port_unask(port, request);
	return request;
}

/* The request may be what keeps its object, whose pages somebody else has to free. */
static void mach_port_let_request_go(struct mach_request *request)
{
	struct mach_object *object = request->object;

	mach_object_get(object);
	mach_request_put(request);
	mach_object_put_later(object);
}

/* End one that is overdue, or any. Return: was there one? */
static bool mach_port_abort_one(struct mach_port *port, bool any)
{
	struct mach_request *request;

	spin_lock(&port->lock);
	request = mach_port_pick(port, any);
	spin_unlock(&port->lock);
	if (!request)
		return false;
	if (!mach_request_end(request, -EIO))
		trace_mach_abort(request->operation, port->pager.id,
				 port->pager.pid, request->object->serial,
				 request->first, request->n);
	mach_port_let_request_go(request);
	cond_resched();
	return true;
}

/* The pager is dead: end all requests. */
void mach_port_abort(struct mach_port *port)
{
	while (mach_port_abort_one(port, true))
		;
}

void mach_port_watchdog(struct work_struct *work)
{
	struct mach_port *port =
		container_of(work, struct mach_port, watchdog.work);
	struct mach_request *next;
	unsigned int n = 0;

	while (n < MACH_WATCH_BATCH && mach_port_abort_one(port, false))
		n++;
	spin_lock(&port->lock);
	next = list_first_entry_or_null(&port->due, struct mach_request,
					due_link);
	port->watching = next && !port->dead;
	if (port->watching)
		mod_delayed_work(mach_port_wq, &port->watchdog,
				 max_t(long, next->deadline - jiffies, 0));
	spin_unlock(&port->lock);
}
