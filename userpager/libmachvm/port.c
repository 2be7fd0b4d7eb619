// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libmachvm - how many references the number of a descriptor has.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "mach_priv.h"

#define LOWEST_PORT	3	/* neither MACH_PORT_NULL nor a standard stream */
#define UREFS_MAX	((mach_port_urefs_t)0xffff)

/* References beyond the first, by number, under @lock; most have none. */
static mach_port_urefs_t *more;
static mach_port_t nr_more;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void forget(mach_port_t port)
{
	pthread_mutex_lock(&lock);
	if (port < nr_more)
		more[port] = 0;
	pthread_mutex_unlock(&lock);
}

int mach_port_from_fd(int fd, mach_port_t *port)
{
	int moved = fd, err = 0;

	if (fd < LOWEST_PORT) {
		moved = fcntl(fd, F_DUPFD_CLOEXEC, LOWEST_PORT);
		err = moved < 0 ? errno : 0;
		close(fd);
	}
	if (!err) {
		/* who had the number before may have closed it as a descriptor */
		forget(moved);
		*port = moved;
	}
	return err;
}

/* With @lock held: room for the references of a number */
static kern_return_t grow(mach_port_t name)
{
	mach_port_t n = 2 * name + 16;
	mach_port_urefs_t *grown;

	if (name < nr_more)
		return KERN_SUCCESS;
	grown = realloc(more, n * sizeof(*more));
	if (!grown)
		return KERN_RESOURCE_SHORTAGE;
	more = grown;
	while (nr_more < n)
		more[nr_more++] = 0;
	return KERN_SUCCESS;
}

/* With @lock held */
static kern_return_t add(mach_port_name_t name, mach_port_delta_t delta)
{
	long refs = 1 + (long)delta + (name < nr_more ? more[name] : 0);
	kern_return_t error;

	if (refs < 0)
		return KERN_INVALID_VALUE;
	if (refs > (long)UREFS_MAX)
		return KERN_UREFS_OVERFLOW;
	error = refs > 1 ? grow(name) : KERN_SUCCESS;
	if (error)
		return error;
	if (name < nr_more)
		more[name] = refs ? refs - 1 : 0;
	if (!refs)
		close(name);
	return KERN_SUCCESS;
}

kern_return_t mach_port_change_refs(mach_port_name_t name,
				    mach_port_delta_t delta)
{
	kern_return_t error;

	pthread_mutex_lock(&lock);
	error = add(name, delta);
	pthread_mutex_unlock(&lock);
	return error;
}
