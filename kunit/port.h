/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of a port share. */
#ifndef MACH_KUNIT_PORT_H
#define MACH_KUNIT_PORT_H

#include "base/compat.h"
#include "fake_pager.h"
#include "pager/pager_port.h"
#include "pager/pager_sweep.h"

#define PORT_DEPTH	4

/**
 * struct fake_command - A command of no ring
 * @command: io_uring's part
 * @times: it was completed
 * @result: with that
 * @ends: so does its ring
 */
struct fake_command {
	struct io_uring_cmd command;
	unsigned int times;
	int result;
	bool ends;
};

/**
 * struct port_context - What each test starts with
 * @port: one queue, PORT_DEPTH slots
 * @object: of the port
 * @other: another one, if port_other() was called
 * @commands: one a slot
 */
struct port_context {
	struct mach_port *port;
	struct mach_object *object;
	struct mach_object *other;
	struct fake_command commands[PORT_DEPTH];
};

int port_arm(struct port_context *c, unsigned int tag);
struct mach_slot *port_slot_of(struct port_context *c, unsigned int tag);
/* By the generation that the slot has now */
struct mach_slot *port_hold(struct port_context *c, unsigned int tag);
/* Without waiting */
int port_receive(struct port_context *c, unsigned int *tag);
struct mach_request *port_submit_new(struct kunit *test);
struct mach_request *port_submit_for(struct kunit *test,
				     struct mach_object *object);
struct mach_object *port_other(struct kunit *test);
/* It has ended so, and the caller's is the last reference. */
void port_drop(struct kunit *test, struct mach_request *request, int error);

void port_random_steps(struct kunit *test);
void port_threads(struct kunit *test);

#endif /* MACH_KUNIT_PORT_H */
