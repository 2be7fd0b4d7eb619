/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory for requests. An object was made with enough for one (object->reserve):
 * when there is no other, its returns, and what is said of its end, go by that, one
 * at a time.
 */
#ifndef MACH_REQUEST_MEMORY_H
#define MACH_REQUEST_MEMORY_H

#include "memory_object.h"

unsigned int mach_request_fewer(unsigned int n);
struct mach_request *mach_request_create(struct mach_object *object,
					 u16 operation, unsigned int n);
struct mach_request *mach_request_create_reserved(struct mach_object *object,
						  u16 operation,
						  unsigned int n);
struct mach_request *mach_request_create_surely(struct mach_object *object,
						u16 operation);
int mach_request_await_reserve(struct mach_object *object);
void mach_request_put(struct mach_request *request);

int mach_request_init(void);
void mach_request_exit(void);

#endif /* MACH_REQUEST_MEMORY_H */
