/* SPDX-License-Identifier: GPL-2.0-only */
/* The calls of a pager's descriptor; with RECEIVE the transport without ring. */
#ifndef MACH_PAGER_CALL_H
#define MACH_PAGER_CALL_H

#include "pager_answer.h"

struct mach_call_context;
union mach_call_args;

int mach_pager_receive(struct mach_call_context *context,
		       union mach_call_args *args);
void mach_pager_unreceive(struct mach_call_context *context,
			  union mach_call_args *args);
int mach_pager_answer(struct mach_call_context *context,
		      union mach_call_args *args);
int mach_pager_collect(struct mach_call_context *context,
		       union mach_call_args *args);
int mach_pager_supply(struct mach_call_context *context,
		      union mach_call_args *args);
int mach_pager_lock_request(struct mach_call_context *context,
			    union mach_call_args *args);
int mach_pager_get_attributes(struct mach_call_context *context,
			      union mach_call_args *args);
int mach_pager_change_attributes(struct mach_call_context *context,
				 union mach_call_args *args);

struct mach_object *mach_pager_object(struct mach_port *port, u32 id);

int mach_lock_init(void);
void mach_lock_exit(void);

#endif /* MACH_PAGER_CALL_H */
