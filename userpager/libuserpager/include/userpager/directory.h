/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libuserpager - directories in which clients may create, remove and rename: what they
 * want there is asked of the pager. <userpager/pager.h> includes this.
 */
#ifndef _USERPAGER_DIRECTORY_H
#define _USERPAGER_DIRECTORY_H

#include <userpager/pager.h>
/* struct timespec, also in strict C */
#include <sched.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/**
 * struct pager_name - What a client wants to change in a directory that asks.
 * @name: the name in the directory; "" when it is about the directory itself
 * @to: rename: the new name; symlink: what the link says; otherwise ""
 * @flags: MACH_NAME_*
 * @valid: MACH_ATTRIBUTE_* that are to change (set_attributes)
 * @mode: kind and permission bits: of what is to be made, or to be; otherwise of what
 *	there is
 * @uid: owner of what is to be made, or to be
 * @gid: group of that
 * @object: what the name is of, if that is an object or directory of the session with
 *	operations; otherwise NULL
 * @directory: rename: where it goes to, which may be the same directory
 * @replaced: rename: what has the new name and goes, if it is such as @object may be
 * @replaces: rename: something has the new name
 * @atime: time of the last access that is to be
 * @mtime: time of the last change that is to be
 * @cookie: in a listed directory (<userpager/listed.h>): of what the name is of, also
 *	where @object is NULL, as nobody has used it yet
 * @directory_cookie: of @directory, if that is listed
 * @replaced_cookie: of what has the new name there
 *
 * It is there until the request is answered, and so are the objects.
 */
struct pager_name {
	const char *name;
	const char *to;
	uint32_t flags;
	uint32_t valid;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	struct pager *object;
	struct pager *directory;
	struct pager *replaced;
	bool replaces;
	struct timespec atime;
	struct timespec mtime;
	uint64_t cookie;
	uint64_t directory_cookie;
	uint64_t replaced_cookie;
};

/**
 * struct pager_name_ops - What a pager does for a directory that asks.
 * @size: sizeof(struct pager_name_ops)
 * @create: make a file; out: its object, which has no name yet
 * @mkdir: make a directory; out: one from pager_create_directory(), which is not
 *	published yet; or left NULL: one that does not ask
 * @symlink: make a symbolic link, which says @to
 * @unlink: take a file or link away; who has it open goes on
 * @rmdir: take a directory away, in which machobj has no name
 * @rename: give another name, perhaps in another directory of this session that asks;
 *	what is replaced goes
 * @set_attributes: change mode, owner, group or times
 * @sync: make all that was changed in the directory durable (fsync), and that it is
 *	there. NULL if it is already
 * @refused: the module did not take the answer 0: the name is as it was. With ESTALE the
 *	client has been killed or met the deadline, or the directory has gone: undo what
 *	was done, or publish it. Another errno says what is wrong with @made, which is as
 *	it was too, and the client gets EIO. Not called for detached requests. May be NULL
 * @terminate: the directory has gone and @directory is about to. May be NULL
 *
 * Called from the session's workers as the operations of struct pager_ops are. The store
 * is as the client wants it when they return 0, and then the name is there or gone: they
 * do not publish or remove it. An errno is what the client gets, and nothing has
 * changed. What is NULL is EPERM.
 *
 * The client has the directory locked meanwhile: an operation, or a thread that it waits
 * for, that makes a name in that directory (pager_publish(), pager_mkdir(),
 * pager_symlink()) would wait for itself. In a thread that holds a request this is
 * EDEADLK.
 */
struct pager_name_ops {
	size_t size;
	int (*create)(struct pager *directory, struct pager_request *req,
		      const struct pager_name *name, struct pager **made);
	int (*mkdir)(struct pager *directory, struct pager_request *req,
		     const struct pager_name *name, struct pager **made);
	int (*symlink)(struct pager *directory, struct pager_request *req,
		       const struct pager_name *name);
	int (*unlink)(struct pager *directory, struct pager_request *req,
		      const struct pager_name *name);
	int (*rmdir)(struct pager *directory, struct pager_request *req,
		     const struct pager_name *name);
	int (*rename)(struct pager *directory, struct pager_request *req,
		      const struct pager_name *name);
	int (*set_attributes)(struct pager *directory,
			      struct pager_request *req,
			      const struct pager_name *name);
	int (*sync)(struct pager *directory, struct pager_request *req);
	void (*refused)(struct pager *directory, struct pager_request *req,
			const struct pager_name *name, struct pager *made,
			int err);
	void (*terminate)(struct pager *directory);
};

/**
 * pager_create_directory - Make what stands for a directory that asks.
 * @session: its session
 * @ops: its operations, which must outlive it
 * @upi: the user's own pointer, given back by pager_get_upi()
 * @directory: out: until it terminates or pager_shutdown()
 *
 * It becomes a directory by pager_publish_directory(), or as the answer to a mkdir, and
 * terminates with that. It has no pages and no descriptor: pager_shutdown() gives the
 * directory up, and other functions of objects return EINVAL or EBADF.
 *
 * Return: 0, EINVAL, ENOMEM or ENODEV (resigned).
 */
int pager_create_directory(struct pager_session *session,
			   const struct pager_name_ops *ops, void *upi,
			   struct pager **directory);

/**
 * pager_publish_directory - Make a directory that asks its session.
 * @directory: from pager_create_directory()
 * @name: a path
 * @uid: owner of the directory: the caller, or with CAP_CHOWN anybody
 * @gid: group of the directory: one of the caller's, or with CAP_CHOWN any
 * @mode: permission bits and the sticky bit; 0 for 0755
 *
 * As pager_mkdir(), but what other processes want to change in it is asked of the
 * operations of @directory. This process is not asked: its own unlink(2), rmdir(2),
 * rename(2), chmod(2), chown(2) and utimensat(2) there tell of changes in its store.
 *
 * Return: as said at paths; also EEXIST (it is a directory already), ENODEV (that has
 * gone).
 */
int pager_publish_directory(struct pager *directory, const char *name,
			    uid_t uid, gid_t gid, mode_t mode);

/**
 * pager_name_cookie - Say what is made in a listed directory.
 * @req: of a create, mkdir or symlink there, before it is answered
 * @cookie: the user's word for what comes, below 2^63; 0 if it is not said
 *
 * Return: 0; EINVAL.
 */
int pager_name_cookie(struct pager_request *req, uint64_t cookie);

/**
 * pager_answer_name - End a detached request about a name.
 * @req: the request, gone when this returns
 * @made: for a create or mkdir: the object; otherwise NULL
 * @err: 0 or an errno
 *
 * Return: 0; ESTALE or another errno, as said of @refused in struct pager_name_ops, also
 * when @err is not 0.
 */
int pager_answer_name(struct pager_request *req, struct pager *made, int err);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* _USERPAGER_DIRECTORY_H */
