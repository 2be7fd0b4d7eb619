/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The size of an object that may change: clients ask for one, and its pager says.
 */
#ifndef MACH_OBJECT_SIZE_H
#define MACH_OBJECT_SIZE_H

#include "memory_object.h"

#include <linux/blk_types.h>
#include <linux/fs.h>

/**
 * struct mach_size_wish - What a client asks of an object's pager
 * @size: bytes that the object is to have
 * @offset: first byte of a range that there is to be room for
 * @length: bytes of it
 * @flags: MACH_MSG_ALLOCATE, if there is such a range
 */
struct mach_size_wish {
	u64 size;
	u64 offset;
	u64 length;
	u16 flags;
};

/* What Linux says of a file of this size; no file has holes here */
static inline void mach_inode_set_size(struct inode *inode, u64 size)
{
	i_size_write(inode, size);
	/* for stat(2), which locks nothing */
	data_race(inode->i_blocks = DIV_ROUND_UP_ULL(size, SECTOR_SIZE));
}

int mach_size_ask(struct mach_object *object,
		  const struct mach_size_wish *wish);
void mach_size_answer(struct mach_request *request, int error);
int mach_size_tell(struct mach_object *object, u64 size);

void mach_size_init(void);

#endif /* MACH_OBJECT_SIZE_H */
