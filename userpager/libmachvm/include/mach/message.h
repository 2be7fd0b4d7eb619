/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmachvm - the types of rights that calls name; there are no messages.
 */
#ifndef _MACH_MESSAGE_H
#define _MACH_MESSAGE_H

#include <mach/port.h>

typedef natural_t mach_msg_type_name_t;
typedef natural_t mach_msg_type_number_t;

#define MACH_MSG_TYPE_MOVE_SEND	17
#define MACH_MSG_TYPE_COPY_SEND	19
#define MACH_MSG_TYPE_MAKE_SEND	20

#endif /* _MACH_MESSAGE_H */
