// SPDX-License-Identifier: LGPL-2.1-or-later
/* libmachvm - Mach's calls on the references to a port. */
#include <fcntl.h>

#include "mach_priv.h"

/* What is a port that can be given up */
static kern_return_t check(ipc_space_t task, mach_port_name_t name)
{
	if (!task || task != mach_task_self())
		return KERN_INVALID_TASK;
	if (!MACH_PORT_VALID(name) || mach_is_host(name) || name == task ||
	    fcntl(name, F_GETFD) < 0)
		return KERN_INVALID_NAME;
	return KERN_SUCCESS;
}

static kern_return_t change(ipc_space_t task, mach_port_name_t name,
			    mach_port_delta_t delta)
{
	kern_return_t error = check(task, name);

	return error ?: mach_port_change_refs(name, delta);
}

kern_return_t mach_port_deallocate(ipc_space_t task, mach_port_name_t name)
{
	return change(task, name, -1);
}

kern_return_t mach_port_mod_refs(ipc_space_t task, mach_port_name_t name,
				 mach_port_right_t right,
				 mach_port_delta_t delta)
{
	kern_return_t error = check(task, name);

	if (error == KERN_INVALID_TASK)
		return error;
	if (right > MACH_PORT_RIGHT_DEAD_NAME)
		return KERN_INVALID_VALUE;
	if (error)
		return error;
	if (right != MACH_PORT_RIGHT_SEND)
		return KERN_INVALID_RIGHT;
	return change(task, name, delta);
}

kern_return_t mach_port_insert_right(ipc_space_t task, mach_port_name_t name,
				     mach_port_t right,
				     mach_msg_type_name_t right_poly)
{
	if (!task || task != mach_task_self())
		return KERN_INVALID_TASK;
	if (!MACH_PORT_VALID(name) ||
	    (right_poly != MACH_MSG_TYPE_MAKE_SEND &&
	     right_poly != MACH_MSG_TYPE_COPY_SEND &&
	     right_poly != MACH_MSG_TYPE_MOVE_SEND))
		return KERN_INVALID_VALUE;
	if (!MACH_PORT_VALID(right))
		return KERN_INVALID_CAPABILITY;
	/* a descriptor has one number */
	if (right != name)
		return KERN_RIGHT_EXISTS;
	return change(task, name, right_poly == MACH_MSG_TYPE_MOVE_SEND ? 0 : 1);
}
