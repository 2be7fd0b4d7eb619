/* SPDX-License-Identifier: GPL-2.0-only */
/* The names of a listed directory are asked for. */
#ifndef MACH_LIST_REQUEST_H
#define MACH_LIST_REQUEST_H

#include "memory_object.h"

int mach_list_ask(struct mach_object *object);
void mach_list_answer(struct mach_request *request, int error);

#endif /* MACH_LIST_REQUEST_H */
