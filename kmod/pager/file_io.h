/* SPDX-License-Identifier: GPL-2.0-only */
/* Moving pages between a request and a file of its pager. */
#ifndef MACH_FILE_IO_H
#define MACH_FILE_IO_H

#include "request/memory_object.h"

/**
 * struct mach_fill - Pages of a request that one part fills or empties
 * @request: being answered
 * @frames: the first one's frame
 * @first: page index
 * @n: pages
 * @length: bytes; less than the pages only at the object's end
 * @offset: of the first byte in the object
 */
struct mach_fill {
	struct mach_request *request;
	struct bio_vec *frames;
	pgoff_t first;
	unsigned int n;
	u64 length;
	u64 offset;
};

int mach_fill_transfer(const struct mach_fill *fill,
		       const struct mach_part *part, bool write);

#endif /* MACH_FILE_IO_H */
