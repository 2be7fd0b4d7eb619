/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libhurdpager - the part of the Hurd's <hurd/ports.h> that pagers need.
 *
 * The only ports are those of pagers: pager_create() makes them. A right to one is
 * a descriptor of its memory object.
 */
#ifndef _HURD_PORTS_H
#define _HURD_PORTS_H

#include <errno.h>
#include <mach/mach.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The library hides what is not declared here. */
#pragma GCC visibility push(default)

#ifndef __error_t_defined
#define __error_t_defined 1
typedef int error_t;
#endif

/** struct port_bucket - Pagers whose requests the same workers serve. */
struct port_bucket;

/**
 * ports_create_bucket - Make a bucket.
 *
 * Return: it, for ever; or NULL, with errno.
 */
struct port_bucket *ports_create_bucket(void);

/**
 * ports_count_bucket - Count the ports, and have nobody make another.
 * @bucket: the bucket
 *
 * Until ports_enable_bucket() pager_create() waits.
 */
int ports_count_bucket(struct port_bucket *bucket);

/**
 * ports_enable_bucket - Let ports be made again.
 * @bucket: the bucket
 */
void ports_enable_bucket(struct port_bucket *bucket);

/**
 * ports_bucket_iterate - Do something for each port.
 * @bucket: the bucket
 * @fun: called with each port that is there now, which has a reference more
 *	meanwhile; an error ends it
 *
 * Return: 0, the error of @fun, or ENOMEM.
 */
error_t ports_bucket_iterate(struct port_bucket *bucket,
			     error_t (*fun)(void *port));

/**
 * ports_port_ref - One more reference.
 * @port: the port, of which the caller has a reference, hard or weak
 *
 * A port goes when it has no reference left, neither hard nor weak, and nobody
 * uses its object any more. When only weak ones are left of a port that was shut
 * down, pager_dropweak() asks for these.
 */
void ports_port_ref(void *port);
void ports_port_deref(void *port);
void ports_port_ref_weak(void *port);
void ports_port_deref_weak(void *port);

/**
 * ports_get_right - Another name of pager_get_port().
 * @port: the port
 */
mach_port_t ports_get_right(void *port);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* _HURD_PORTS_H */
