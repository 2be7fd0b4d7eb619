/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmachvm - ports, which are descriptors.
 */
#ifndef _MACH_PORT_H
#define _MACH_PORT_H

typedef unsigned int natural_t;
typedef int integer_t;

typedef natural_t mach_port_t;
typedef natural_t mach_port_name_t;
typedef mach_port_t *mach_port_array_t;
typedef mach_port_name_t *mach_port_name_array_t;
typedef natural_t mach_port_right_t;
typedef integer_t mach_port_delta_t;
typedef natural_t mach_port_urefs_t;

#define MACH_PORT_NULL		((mach_port_t)0)
#define MACH_PORT_DEAD		(~(mach_port_t)0)
#define MACH_PORT_VALID(port)	\
	((port) != MACH_PORT_NULL && (port) != MACH_PORT_DEAD)

#define MACH_PORT_RIGHT_SEND	((mach_port_right_t)0)
#define MACH_PORT_RIGHT_RECEIVE	((mach_port_right_t)1)
#define MACH_PORT_RIGHT_SEND_ONCE ((mach_port_right_t)2)
#define MACH_PORT_RIGHT_PORT_SET ((mach_port_right_t)3)
#define MACH_PORT_RIGHT_DEAD_NAME ((mach_port_right_t)4)

#endif /* _MACH_PORT_H */
