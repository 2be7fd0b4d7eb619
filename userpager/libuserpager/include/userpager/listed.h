/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libuserpager - directories of which the names are handed in.
 */
#ifndef _USERPAGER_LISTED_H
#define _USERPAGER_LISTED_H

#include <linux/mach_list.h>
#include <userpager/directory.h>
#include <userpager/pager.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * struct pager_listing - A name of a listed directory.
 * @size: sizeof(struct pager_listing)
 * @name: 1 to 255 bytes, none of them a slash, and neither "." nor ".."
 * @target: of a symbolic link: what it says; otherwise NULL
 * @mode: S_IFREG, S_IFDIR or S_IFLNK, and permission bits
 * @uid: owner: the caller, or with CAP_CHOWN anybody
 * @gid: group: one of the caller's, or with CAP_CHOWN any
 * @flags: of a file: MACH_LIST_READ_ONLY, MACH_LIST_RESIZABLE
 * @file_size: of a file
 * @cookie: the user's word for it, below 2^63
 * @mtime_ns: time of the last change, nanoseconds since 1970
 */
struct pager_listing {
	size_t size;
	const char *name;
	const char *target;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	uint32_t flags;
	uint64_t file_size;
	uint64_t cookie;
	int64_t mtime_ns;
};

/**
 * struct pager_file - What a file of a listed directory is.
 * @ops: its operations
 * @set_size: as in pager_create_resizable(), or NULL
 * @upi: the user's own pointer, given back by pager_get_upi(); that of
 *	pager_set_listed() before
 * @size: bytes
 */
struct pager_file {
	const struct pager_ops *ops;
	int (*set_size)(struct pager *pager, struct pager_request *req);
	void *upi;
	uint64_t size;
};

/**
 * struct pager_listed_ops - What a pager does for listed directories.
 * @size: sizeof(struct pager_listed_ops)
 * @list: somebody looks into a directory that has no names yet: hand them in by
 *	pager_list_begin(), _add() and _end(), and return 0. Another errno is what all who
 *	look get. @cookie says which directory it is
 * @open: the module has made an object for the file with this cookie, and has the first
 *	request for it: say what it is. From here to @terminate of its operations @file is
 *	an object as any other, but without a descriptor. An errno is the answer to that
 *	request. NULL: EIO
 * @terminate: a directory has gone, or its names may be forgotten: when somebody looks
 *	into it again, it is listed again. May be NULL
 * @names: what clients may change in listed directories; NULL: nothing but sizes. May be
 *	left out by programs that were built without it
 *
 * Called from the session's workers.
 *
 * Operations of @names are as in a directory that asks, but for these. What is made has
 * no object yet: @made is left NULL, and pager_name_cookie() says which it is. When they
 * return 0 the module's table has the change, by the answer: the entry that comes has
 * the mode, owner and target that were wanted, and a file no bytes and
 * MACH_LIST_RESIZABLE. Whatever is otherwise is told by pager_list_change(), which may
 * be called at any time: it waits for nobody. A name that it brings before the answer
 * must be the one that the answer is about; otherwise the answer is refused with
 * EEXIST. @terminate there is not called: there is one of all listed directories.
 */
struct pager_listed_ops {
	size_t size;
	int (*list)(struct pager *directory, struct pager_request *req,
		    uint64_t cookie);
	int (*open)(struct pager *file, uint64_t cookie,
		    struct pager_file *what);
	void (*terminate)(struct pager *directory);
	const struct pager_name_ops *names;
};

/**
 * pager_set_listed - Say how listed directories of a session are served.
 * @session: a session, before there is a listed directory
 * @ops: operations, which must outlive it
 * @upi: the user's own pointer, for all listed directories
 *
 * Return: 0; EINVAL; EEXIST: it has been said; ENOMEM.
 */
int pager_set_listed(struct pager_session *session,
		     const struct pager_listed_ops *ops, void *upi);

/**
 * pager_create_listed - Make a directory of which the names are handed in.
 * @session: after pager_set_listed()
 * @cookie: the user's word for it, below 2^63
 * @directory: out: until it terminates or pager_shutdown()
 *
 * Its names are in the module, which needs some 60 bytes for each beside the name, and
 * makes objects of files that are opened, and listed directories of those that are
 * looked into. It gives them back when nobody uses them. pager_publish_listed() puts it
 * in sight.
 *
 * Return: 0, EINVAL, ENOMEM or ENODEV (resigned).
 */
int pager_create_listed(struct pager_session *session, uint64_t cookie,
			struct pager **directory);

/**
 * pager_publish_listed - Put a listed directory in sight.
 * @directory: from pager_create_listed()
 * @name: a path
 * @uid: owner of the directory: the caller, or with CAP_CHOWN anybody
 * @gid: group of the directory: one of the caller's, or with CAP_CHOWN any
 * @mode: permission bits and the sticky bit; 0 for 0755
 *
 * Return: as said at paths; EEXIST when there is something already.
 */
int pager_publish_listed(struct pager *directory, const char *name, uid_t uid,
			 gid_t gid, mode_t mode);

/**
 * pager_list_begin - Begin to hand in all names of a directory.
 * @directory: listed; from pager_create_listed(), or that of a list operation
 *
 * What was begun and not ended is forgotten. Return: 0; EINVAL; ENODEV: it has ended.
 */
int pager_list_begin(struct pager *directory);

/**
 * pager_list_add - Hand in more names.
 * @directory: after pager_list_begin()
 * @names: the names
 * @n: how many
 *
 * Return: 0; or nothing of it was done: EEXIST: a name is there twice; EINVAL,
 * ENAMETOOLONG, EPERM: one that cannot be; EDQUOT; ENOMEM; ENODEV.
 */
int pager_list_add(struct pager *directory, const struct pager_listing *names,
		   uint32_t n);

/**
 * pager_list_end - All names have been handed in: they are in sight, and no others.
 * @directory: after pager_list_begin()
 *
 * A name of the same kind, cookie, flags, and target or fixed size as before is the same
 * file: who has it open sees what else has changed. Return: as pager_list_add().
 */
int pager_list_end(struct pager *directory);

/**
 * pager_list_change - Add or replace names.
 * @directory: whose names have been handed in
 * @names: the names
 * @n: how many
 *
 * Return: as pager_list_add(); ENODATA: nothing has been handed in.
 */
int pager_list_change(struct pager *directory,
		      const struct pager_listing *names, uint32_t n);

/**
 * pager_list_remove - Take a name away; who has the file open goes on.
 * @directory: whose names have been handed in
 * @name: the name
 *
 * Return: 0; ENOENT: there is no such name; ENODATA; EINVAL; ENODEV.
 */
int pager_list_remove(struct pager *directory, const char *name);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* _USERPAGER_LISTED_H */
