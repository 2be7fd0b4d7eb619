// SPDX-License-Identifier: GPL-2.0-only
/* What actors are told to do: open, map, touch, read, write, sync. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "actor.h"
#include "tap.h"

static void *pointer(uint64_t address)
{
	return (void *)(uintptr_t)address;
}

long do_map(const uint64_t *arg)
{
	return RESULT(mmap(NULL, arg[1], arg[2], arg[3], arg[0], arg[4]));
}

long do_unmap(const uint64_t *arg)
{
	return RESULT(munmap(pointer(arg[0]), arg[1]));
}

long do_load(const uint64_t *arg)
{
	return *(volatile uint8_t *)pointer(arg[0]);
}

long do_store(const uint64_t *arg)
{
	*(volatile uint8_t *)pointer(arg[0]) = arg[1];
	return 0;
}

long do_copy(const uint64_t *arg)
{
	memcpy(pointer(arg[0]), pointer(arg[1]), arg[2]);
	return 0;
}

long do_msync(const uint64_t *arg)
{
	return RESULT(msync(pointer(arg[0]), arg[1], arg[2]));
}

long do_madvise(const uint64_t *arg)
{
	return RESULT(madvise(pointer(arg[0]), arg[1], arg[2]));
}

long do_mprotect(const uint64_t *arg)
{
	return RESULT(mprotect(pointer(arg[0]), arg[1], arg[2]));
}

long do_pread(const uint64_t *arg)
{
	return RESULT(pread(arg[0], pointer(arg[1]), arg[2], arg[3]));
}

long do_pwrite(const uint64_t *arg)
{
	return RESULT(pwrite(arg[0], pointer(arg[1]), arg[2], arg[3]));
}

long do_fsync(const uint64_t *arg)
{
	return RESULT(fsync(arg[0]));
}

long do_truncate(const uint64_t *arg)
{
	return RESULT(ftruncate(arg[0], arg[1]));
}

long do_allocate(const uint64_t *arg)
{
	return RESULT(fallocate(arg[0], arg[1], arg[2], arg[3]));
}

long do_open(const uint64_t *arg)
{
	return RESULT(open(pointer(arg[0]), arg[1]));
}

long do_close(const uint64_t *arg)
{
	return RESULT(close(arg[0]));
}
