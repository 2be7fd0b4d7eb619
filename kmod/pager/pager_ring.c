// SPDX-License-Identifier: GPL-2.0-only
/* Ring commands: each is copied once, checked, and executed. */
#include "pager_ring.h"
#include "base/compat.h"

static_assert(sizeof(struct mach_ring_command) == 80);
static_assert(sizeof(struct mach_message) == 64);

static int mach_ring_fetch(struct mach_port *port,
			   const struct mach_ring_command *command,
			   struct io_uring_cmd *ioucmd)
{
	if (command->generation || command->nr_parts || command->parts ||
	    memchr_inv(&command->part, 0, sizeof(command->part)))
		return -EINVAL;
	return mach_port_arm(port, command->queue, command->tag, ioucmd);
}

static int mach_ring_answer(struct mach_port *port,
			    const struct mach_ring_command *command, bool more)
{
	struct mach_answer answer = {
		.queue = command->queue,
		.tag = command->tag,
		.generation = command->generation,
		.nr_parts = command->nr_parts,
		.parts = command->parts,
		.part = &command->part,
		.more = more,
	};

	return mach_answer(port, &answer);
}

/**
 * mach_ring_command - Execute a command of the ring
 * @port: the pager's
 * @ioucmd: the command
 * @issue_flags: io_uring's
 *
 * Return: -EIOCBQUEUED when the command waits for a request; otherwise its
 * result: 0, or an errno of <linux/mach_vm.h>.
 */
int mach_ring_command(struct mach_port *port, struct io_uring_cmd *ioucmd,
		      unsigned int issue_flags)
{
	struct mach_ring_command command;
	int err;

	if (!(issue_flags & IO_URING_F_SQE128))
		return -EINVAL;
	/* the submitter can still write there: look at a copy only */
	memcpy(&command, mach_compat_cmd(ioucmd), sizeof(command));
	barrier();
	if (command.flags || command.reserved || command.reserved2)
		return -EINVAL;

	switch (ioucmd->cmd_op) {
	case MACH_RING_FETCH:
		return mach_ring_fetch(port, &command, ioucmd);
	case MACH_RING_COMMIT_AND_FETCH:
		err = mach_ring_answer(port, &command, false);
		return err ?: mach_port_arm(port, command.queue, command.tag,
					    ioucmd);
	case MACH_RING_COMMIT:
		return mach_ring_answer(port, &command, false);
	case MACH_RING_ANSWER:
		return mach_ring_answer(port, &command, true);
	}
	return -ENOTTY;
}
