// SPDX-License-Identifier: GPL-2.0-only
/* A file on a loop device, if need be, so that direct transfers are possible. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "direct.h"
#include "tap.h"

int loop_device(int file, int flags)
{
	char path[32];
	int control, loop, nr;

	CHECK(!system("modprobe -q loop"), "cannot load the loop module");
	control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	nr = control < 0 ? -1 : ioctl(control, LOOP_CTL_GET_FREE);
	CHECK(nr >= 0, "no loop device: %m");
	snprintf(path, sizeof(path), "/dev/loop%d", nr);
	loop = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
	CHECK(loop >= 0, "%s: %m", path);
	CHECK(!ioctl(loop, LOOP_CONFIGURE, &(struct loop_config){
		.fd = file, .block_size = 512,
		.info.lo_flags = LO_FLAGS_AUTOCLEAR | flags }), "%s: %m", path);
	close(control);
	return loop;
}

int direct_file(const void *contents, size_t length)
{
	char path[] = "/tmp/machvm-direct-XXXXXX";
	int fd = mkstemp(path), direct;

	CHECK(fd >= 0, "%s: %m", path);
	CHECK_IS(RESULT(pwrite(fd, contents, length, 0)), length);
	CHECK(!fsync(fd), "fsync: %m");
	direct = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
	unlink(path);
	/* not every file system knows O_DIRECT */
	if (direct < 0)
		direct = loop_device(fd, 0);
	close(fd);
	return direct;
}
