// SPDX-License-Identifier: GPL-2.0-only
/* Rules for arguments: ranges, clusters, names, and the parts of an answer. */
#include "check.h"

/**
 * mach_size_check - May a structure have this size?
 * @size: that it starts with
 * @first: bytes of its first version
 * @most: bytes that there is room for
 *
 * Return: 0, -EINVAL, -E2BIG.
 */
int mach_size_check(u32 size, u32 first, u32 most)
{
	if (size < first)
		return -EINVAL;
	return size > most ? -E2BIG : 0;
}

/**
 * mach_size_settle - Make a structure of any version the one that is known
 * @copy: the structure, @most bytes
 * @first: bytes of its first version
 * @known: bytes of the version known here
 * @most: bytes that there is room for
 *
 * What it lacks becomes zero; what it has beyond has to be zero. Return: 0,
 * -EINVAL, -E2BIG.
 */
int mach_size_settle(void *copy, u32 first, u32 known, u32 most)
{
	u32 size = *(u32 *)copy;
	int err = mach_size_check(size, first, most);

	if (err)
		return err;
	if (size > known)
		return memchr_inv(copy + known, 0, size - known) ? -E2BIG : 0;
	memset(copy + size, 0, known - size);
	return 0;
}

bool mach_cluster_valid(u32 bytes)
{
	return is_power_of_2(bytes) && bytes >= PAGE_SIZE &&
	       bytes <= MACH_CLUSTER_MAX;
}

static int mach_name_check(const char *name, size_t length)
{
	if (!length || (length <= 2 && !memcmp(name, "..", length)))
		return -EINVAL;
	return length > MACH_NAME_MAX ? -ENAMETOOLONG : 0;
}

/**
 * mach_path_check - May something be called so?
 * @path: names with a slash between two
 * @length: bytes
 *
 * Return: 0; -EINVAL; -ENAMETOOLONG when all of it or a name is too long.
 */
int mach_path_check(const char *path, size_t length)
{
	const char *end = path + length, *slash;
	int err = 0;

	if (length > MACH_PATH_MAX)
		return -ENAMETOOLONG;
	if (memchr(path, 0, length))
		return -EINVAL;
	do {
		slash = memchr(path, '/', end - path) ?: end;
		err = mach_name_check(path, slash - path);
		path = slash + 1;
	} while (!err && slash < end);
	return err;
}

/*
 * May a read or a write return it? By the others the kernel restarts a call, or goes
 * on with it: io_uring and aio would wait for ever, and read(2) has a BUG for one.
 */
static bool mach_errno_valid(u64 error)
{
	return error && error <= MACH_ERRNO_MAX && error != EINTR &&
	       error != EAGAIN;
}

/**
 * mach_part_valid - Is each field of a part one that its kind may have?
 * @part: a copy; its range is not looked at
 */
bool mach_part_valid(const struct mach_part *part)
{
	if (part->reserved)
		return false;
	if (part->kind != MACH_PART_FILE && part->fd)
		return false;
	switch (part->kind) {
	case MACH_PART_COPY:
		return true;
	case MACH_PART_FILE:
		return mach_range_fits(part->source, part->length, LLONG_MAX);
	case MACH_PART_UNAVAILABLE:
	case MACH_PART_DONE:
		return !part->source;
	case MACH_PART_ERROR:
		return mach_errno_valid(part->source);
	}
	return false;
}
