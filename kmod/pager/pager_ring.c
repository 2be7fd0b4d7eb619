// SPDX-License-Identifier: GPL-2.0-only
/* Ring commands: each is copied once, checked, and executed or cancelled. */
#include "pager_ring.h"
#include "base/check.h"
#include "base/compat.h"

/* The command bytes of a 128-byte SQE */
union mach_ring_bytes {
	struct mach_pager_answer command;
	u8 bytes[80];
};

static_assert(sizeof(union mach_ring_bytes) == 80);

/* A request is read in the array: who has none could do nothing with it. */
static int mach_ring_may_post(struct mach_port *port)
{
	return atomic_read(&port->mappings) ? 0 : -ENODEV;
}

/* From now on the command may wait, until its ring ends: nothing that takes long now. */
static struct pid *mach_ring_begin(struct mach_port *port,
				   struct io_uring_cmd *ioucmd,
				   unsigned int issue_flags)
{
	mach_command_init(ioucmd, port);
	mach_compat_ring_mark(ioucmd, issue_flags);
	return task_pid(mach_compat_cmd_task(ioucmd));
}

/* It waits, or has got a request, or has failed. */
static int mach_ring_end(struct io_uring_cmd *ioucmd, int ret,
			 unsigned int issue_flags)
{
	return mach_compat_ring_return(ioucmd, mach_command_outcome(ioucmd, ret),
				       issue_flags);
}

static int mach_ring_fetch(struct mach_port *port,
			   const struct mach_pager_answer *command,
			   struct io_uring_cmd *ioucmd,
			   unsigned int issue_flags)
{
	struct pid *thread;
	int ret;

	if (command->generation || command->nr_parts || command->reserved ||
	    command->parts ||
	    memchr_inv(&command->part, 0, sizeof(command->part)))
		return -EINVAL;
	ret = mach_ring_may_post(port);
	if (ret)
		return ret;
	thread = mach_ring_begin(port, ioucmd, issue_flags);
	ret = mach_port_arm(port, command->queue, command->tag, ioucmd, thread);
	return mach_ring_end(ioucmd, ret, issue_flags);
}

static int mach_ring_commit_and_fetch(struct mach_port *port,
				      const struct mach_pager_answer *command,
				      struct io_uring_cmd *ioucmd,
				      unsigned int issue_flags)
{
	struct mach_slot *slot;
	struct pid *thread;
	int ret = mach_ring_may_post(port);

	if (ret)
		return ret;
	slot = mach_answer_last(port, command);
	if (IS_ERR(slot))
		return PTR_ERR(slot);
	thread = mach_ring_begin(port, ioucmd, issue_flags);
	ret = mach_port_release_and_arm(port, slot, ioucmd, thread);
	return mach_ring_end(ioucmd, ret, issue_flags);
}

static int mach_ring_execute(struct mach_port *port,
			     struct io_uring_cmd *ioucmd,
			     unsigned int issue_flags)
{
	/* the submitter can still write to the command: look at a copy only */
	union mach_ring_bytes copy =
		*(const union mach_ring_bytes *)mach_compat_cmd(ioucmd);
	const struct mach_pager_answer *command = &copy.command;
	int err;

	barrier();
	err = mach_size_settle(&copy, MACH_PAGER_ANSWER_SIZE_VER0,
			       sizeof(copy.command), sizeof(copy));
	if (err)
		return err;
	if (command->flags)
		return -EINVAL;

	switch (ioucmd->cmd_op) {
	case MACH_RING_FETCH:
		return mach_ring_fetch(port, command, ioucmd, issue_flags);
	case MACH_RING_COMMIT_AND_FETCH:
		return mach_ring_commit_and_fetch(port, command, ioucmd,
						  issue_flags);
	case MACH_RING_COMMIT:
		return mach_answer_only(port, command, false);
	case MACH_RING_ANSWER:
		return mach_answer_only(port, command, true);
	}
	return -ENOTTY;
}

/**
 * mach_ring_command - Execute a command of the ring, or end one that waits
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
	if (mach_compat_ring_asks_cancel(issue_flags)) {
		mach_port_cancel(port, ioucmd, issue_flags);
		return 0;
	}
	if (!(issue_flags & IO_URING_F_SQE128))
		return -EINVAL;
	return mach_ring_execute(port, ioucmd, issue_flags);
}
