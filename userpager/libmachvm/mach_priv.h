/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libmachvm - what its files have in common. */
#ifndef MACH_PRIV_H
#define MACH_PRIV_H

#include <linux/mach_task.h>

#include <mach/mach.h>
#include <mach/mach_vm.h>

/* What mach_host_self() is, and what stands for privileges: no descriptors. */
#define MACH_HOST		((host_t)~1U)
#define MACH_HOST_PRIV		((host_priv_t)~2U)

static inline boolean_t mach_is_host(host_t host)
{
	return host == MACH_HOST || host == MACH_HOST_PRIV;
}

/* An errno as a kern_return_t; it is left in errno too. */
kern_return_t mach_error_from_errno(int err);

/* A call that a task answers: 0, or errno as a kern_return_t. */
kern_return_t mach_task_call(task_t task, unsigned long call, void *arg);

/* The same descriptor under a number that can be a port: 0, or an errno. */
int mach_port_from_fd(int fd, mach_port_t *port);

/* That as a kern_return_t; errno has the rest. */
static inline kern_return_t mach_port_take(int fd, mach_port_t *port)
{
	int err = mach_port_from_fd(fd, port);

	return err ? mach_error_from_errno(err) : KERN_SUCCESS;
}

/* So many references to a descriptor's number more; without any it is closed. */
kern_return_t mach_port_change_refs(mach_port_name_t name,
				    mach_port_delta_t delta);

#endif /* MACH_PRIV_H */
