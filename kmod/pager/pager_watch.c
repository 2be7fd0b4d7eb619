// SPDX-License-Identifier: GPL-2.0-only
/* Deadlines: requests end that are overdue, or that nobody will answer. */
#include "pager_watch.h"
#include "base/mach_trace.h"

/* Is the deadline over, or does @all mean it anyway? Notes the earliest left. */
static bool mach_port_overdue(struct mach_port *port,
			      struct mach_request *request, bool all)
{
	lockdep_assert_held(&port->lock);
	if (all || time_after_eq(jiffies, request->deadline))
		return true;
	if (!port->watching || time_before(request->deadline, port->next))
		port->next = request->deadline;
	port->watching = true;
	return false;
}

/* A request to be ended now, with a reference. Held slots stay the pager's. */
static struct mach_request *mach_port_pick(struct mach_port *port, bool all)
{
	struct mach_request *request = mach_port_next(port);
	struct mach_slot *slot;
	unsigned int i;

	lockdep_assert_held(&port->lock);
	if (request && mach_port_overdue(port, request, all)) {
		list_del_init(&request->port_link);
		return request;
	}
	for (i = 0; i < port->nr_queues * port->depth; i++) {
		slot = &port->queues[i / port->depth].slots[i % port->depth];
		request = slot->request;
		if (!request || mach_request_has_ended(request) ||
		    !mach_port_overdue(port, request, all))
			continue;
		mach_request_get(request);
		return request;
	}
	return NULL;
}

/* End requests that are overdue, or all. */
void mach_port_abort(struct mach_port *port, bool all)
{
	struct mach_request *request;

	for (;;) {
		spin_lock(&port->lock);
		request = mach_port_pick(port, all);
		spin_unlock(&port->lock);
		if (!request)
			break;
		trace_mach_abort(request->operation, request->object->id,
				 request->first, request->n);
		mach_request_end(request, -EIO);
		mach_request_put(request);
	}
}

void mach_port_watchdog(struct work_struct *work)
{
	struct mach_port *port =
		container_of(work, struct mach_port, watchdog.work);

	spin_lock(&port->lock);
	port->watching = false;
	spin_unlock(&port->lock);
	mach_port_abort(port, false);
	spin_lock(&port->lock);
	if (port->watching && !port->dead)
		mod_delayed_work(mach_port_wq, &port->watchdog,
				 max_t(long, port->next - jiffies, 1));
	spin_unlock(&port->lock);
}
