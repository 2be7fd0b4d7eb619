// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libuserpager - what an errno means here, and what to do about it.
 */
#include <errno.h>
#include <string.h>

#include <userpager/pager.h>

static const struct {
	int err;
	const char *text;
} meanings[] = {
	{ ENOENT, "no " MACH_VM_DEVICE ": load the module (modprobe machvm), or try 'make shell'" },
	{ ENXIO, "nothing behind " MACH_VM_DEVICE ": load the module (modprobe machvm)" },
	{ EACCES, "no permission on " MACH_VM_DEVICE ": be root or in its group; "
		  "or none to publish in that directory" },
	{ EPERM, "no privilege for this owner, or to mount; or no io_uring (use ioctl)" },
	{ ENOSYS, "this kernel has no io_uring: use the ioctl transport" },
	{ ENOTTY, "library and module are of different versions" },
	{ E2BIG, "the loaded module is older: modprobe -r machvm, then modprobe machvm" },
	{ EPROTONOSUPPORT, "the loaded module is too new for this program: build it anew" },
	{ EEXIST, "the name is taken, or a page is already there" },
	{ EOWNERDEAD, "the name is kept for the user of a pager that has died (claim_time)" },
	{ ENOSPC, "the store is full" },
	{ EDQUOT, "your user has as many names and directories as one may have (user_names)" },
	{ ENODEV, "the pager has resigned, or the object was destroyed" },
	{ ESTALE, "too late: the request was given up at its deadline" },
	{ ERANGE, "the part lies outside the request" },
	{ EPROTO, "the answer does not fit the request" },
	{ ENODATA, "the file ended before the range was filled" },
	{ ELOOP, "a machvm descriptor cannot be a store" },
	{ EDEADLK, "waiting here would wait for ourselves" },
	{ ETIMEDOUT, "it did not happen in the time given" },
};

const char *pager_strerror(int err)
{
	const char *text;
	size_t i;

	for (i = 0; i < sizeof(meanings) / sizeof(*meanings); i++) {
		if (meanings[i].err == err)
			return meanings[i].text;
	}
	text = strerrordesc_np(err);
	return text ? text : "unknown error";
}
