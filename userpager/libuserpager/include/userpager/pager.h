/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libuserpager - write a pager for machvm.
 *
 * The verbs are those of the Hurd's libpager; where that library speaks of a
 * page, this one speaks of a range, because requests come in clusters.
 */
#ifndef _USERPAGER_PAGER_H
#define _USERPAGER_PAGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/mach_pager.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The library hides what is not declared here. */
#pragma GCC visibility push(default)

/**
 * DOC: a pager in a few calls
 *
 * pager_open() makes the process a pager, pager_mount() sees to it that objects
 * can be seen, pager_create() makes a memory object whose contents the operations
 * in struct pager_ops supply, pager_publish() makes it a file that other programs
 * open and map, pager_run() serves until somebody calls pager_stop(),
 * pager_close() gives everything back. userpager/examples/hello.c is all of one.
 *
 * A pager that is ended by a signal loses what was modified and not yet returned. To
 * end in order it blocks the signal before all this, serves by pager_start_workers(),
 * waits by sigwait() or a signalfd, then calls pager_shutdown() for each object, with
 * some time, and pager_close(): userpager/daemon/machpagerd.c does.
 *
 * Functions that can fail return 0 or a positive errno; pager_strerror() puts
 * it in words. Offsets and lengths are bytes; an offset is page aligned, and a
 * length is a multiple of the page size or reaches the end of the object.
 *
 * Operations are called from the session's worker threads, several at a time,
 * also for one object. Other threads of the process may map its objects and use
 * them; an operation that touches one that is not there gets SIGBUS or EDEADLK.
 * None of this survives fork(): open the session in the process that serves.
 */

/** struct pager_session - This process as a pager: its queues and workers. */
struct pager_session;

/** struct pager - One memory object that the session serves. */
struct pager;

/** struct pager_request - One request that waits for its answer. */
struct pager_request;

/**
 * enum pager_transport - How requests travel.
 * @PAGER_TRANSPORT_AUTO: the ring if this host lets us, otherwise ioctl
 * @PAGER_TRANSPORT_RING: io_uring commands, one system call a request
 * @PAGER_TRANSPORT_IOCTL: MACH_PAGER_RECEIVE, for hosts without io_uring
 */
enum pager_transport {
	PAGER_TRANSPORT_AUTO,
	PAGER_TRANSPORT_RING,
	PAGER_TRANSPORT_IOCTL,
};

/**
 * struct pager_config - Wishes for pager_open(); zeros are the defaults.
 * @transport: how requests travel
 * @queues: worker threads, one a queue, up to MACH_PAGER_QUEUES_MAX; 0 for one
 *	a CPU, but at least two, so that one slow answer does not stop all
 * @depth: requests that a queue can hold, up to MACH_PAGER_DEPTH_MAX; 0 for 8
 * @deadline_ms: time to answer a request; 0 for MACH_DEADLINE_DEFAULT
 * @single_page: ask for one page a request, as old pagers do (deprecated)
 * @no_pin: leave workers unpinned; otherwise worker q runs on CPU q if there
 *	are as many queues as CPUs
 * @reserved: zero
 */
struct pager_config {
	enum pager_transport transport;
	unsigned int queues;
	unsigned int depth;
	unsigned int deadline_ms;
	bool single_page;
	bool no_pin;
	unsigned char reserved[46];
};

/**
 * struct pager_ops - What a pager does for its objects.
 * @read: supply the range of pager_message() (Mach's data_request; the Hurd's
 *	pager_read_page). Only the page at message->mandatory is waited for.
 *	Required.
 * @write: take modified data back (data_return; pager_write_page). NULL for
 *	objects that are read-only or whose changes are forgotten with EIO.
 * @sync: make all that was written durable (fsync). NULL if it is already.
 * @refused: the kernel did not take the answer to a @read or @write and @err
 *	says why (ENODATA: a file was too short). The request is there again, as
 *	if unanswered: answer it in another way. NULL reports EIO.
 * @lock_completed: the request made by pager_lock_request() with @cookie is
 *	done. May be NULL.
 * @terminate: nobody uses the object any more or it was shut down, and it is
 *	about to go (pager_clear_user_data): last call, @pager is gone when it
 *	returns. May be NULL.
 *
 * @read, @write, @sync and @refused return 0 or an errno. 0 means: answer with
 * the parts given so far, or, if a write or sync got none, done. An errno fails
 * the range if no part was given yet; whatever was given stays. They need not
 * answer at once, see pager_detach().
 */
struct pager_ops {
	int (*read)(struct pager *pager, struct pager_request *req);
	int (*write)(struct pager *pager, struct pager_request *req);
	int (*sync)(struct pager *pager, struct pager_request *req);
	int (*refused)(struct pager *pager, struct pager_request *req, int err);
	void (*lock_completed)(struct pager *pager, uint64_t cookie);
	void (*terminate)(struct pager *pager);
};

/**
 * pager_open - Become a pager.
 * @config: wishes, or NULL
 * @session: out: the session, until pager_close()
 *
 * Return: 0, ENOENT or ENXIO (module not loaded), EACCES (no right to
 * MACH_VM_DEVICE), EINVAL (bad config), ENOSYS or EPERM (the ring was demanded
 * and io_uring is off), EMFILE, ENOMEM.
 */
int pager_open(const struct pager_config *config,
	       struct pager_session **session);

/**
 * pager_mount - Have the published objects in MACH_VM_NODE_DIR.
 *
 * Mounts the file system machobj there, with nosuid and nodev, and makes the
 * directory if it is missing; nothing is done where machobj is mounted already.
 * It stays mounted. Usually the system has done this when the module was loaded.
 * Without it an object can be published, and is seen when somebody mounts.
 *
 * Return: 0, EPERM (not mounted, and no CAP_SYS_ADMIN to do it), ENOENT (module
 * not loaded), or what else mkdir(2) or mount(2) said.
 */
int pager_mount(void);

/**
 * pager_start_workers - Begin to serve; returns at once.
 * @session: the session
 *
 * The workers block all signals, and have fetched before it returns.
 *
 * Return: 0 or what kept a thread or its ring from starting; nothing is served
 * then, and only pager_close() is left.
 */
int pager_start_workers(struct pager_session *session);

/**
 * pager_wait - Wait until the workers have ended.
 * @session: the session
 * @timeout_ms: -1 for ever
 *
 * Return: 0 after pager_stop(), ETIMEDOUT, or what made a worker give up.
 */
int pager_wait(struct pager_session *session, int timeout_ms);

/**
 * pager_run - pager_start_workers() and pager_wait() for ever.
 * @session: the session
 *
 * Return: as these.
 */
int pager_run(struct pager_session *session);

/**
 * pager_stop - Resign: no request comes any more, the workers end.
 * @session: the session
 *
 * Who waits for pages gets EIO or SIGBUS, and data not yet returned is lost:
 * pager_sync() first. Callable from any thread, also from an operation, but
 * not from a signal handler. Returns at once.
 */
void pager_stop(struct pager_session *session);

/**
 * pager_close - Resign, wait for the workers, shut all objects down, free.
 * @session: the session, or NULL
 *
 * Not from an operation. Detached requests must have been answered.
 */
void pager_close(struct pager_session *session);

/**
 * pager_event_fd - A descriptor that becomes readable when the workers ended.
 * @session: the session, which owns the descriptor
 */
int pager_event_fd(const struct pager_session *session);

/**
 * pager_transport_in_use - What PAGER_TRANSPORT_AUTO came to.
 * @session: the session
 */
enum pager_transport pager_transport_in_use(const struct pager_session *session);

/**
 * pager_queues - How many worker threads the session has.
 * @session: the session
 */
unsigned int pager_queues(const struct pager_session *session);

/**
 * struct pager_attributes - What an object is made with.
 * @size: bytes, 1 to MACH_OBJECT_SIZE_MAX; need not be a multiple of the page
 * @cluster: bytes of a full request, a power of two from a page to
 *	MACH_CLUSTER_MAX; 0 for 64 KiB
 * @read_only: nobody may write to it
 */
struct pager_attributes {
	uint64_t size;
	uint32_t cluster;
	bool read_only;
};

/**
 * pager_create - Make a memory object of a fixed size.
 * @session: its session
 * @ops: its operations, which must outlive it
 * @upi: the user's own pointer, given back by pager_get_upi()
 * @attributes: size, cluster, rights
 * @pager: out: the object, until it terminates or pager_shutdown()
 *
 * The library keeps an object descriptor, so the object lives until
 * pager_drop_fd().
 *
 * Return: 0, EINVAL, ENOMEM, EMFILE or ENODEV (resigned).
 */
int pager_create(struct pager_session *session, const struct pager_ops *ops,
		 void *upi, const struct pager_attributes *attributes,
		 struct pager **pager);

/**
 * pager_create_resizable - Make a memory object whose size may change.
 * @session: its session
 * @ops: its operations, which must outlive it
 * @set_size: a client wants another size, or room, or NULL: as below
 * @upi: the user's own pointer, given back by pager_get_upi()
 * @attributes: size, which may be 0, cluster, rights
 * @pager: out: the object, until it terminates or pager_shutdown()
 *
 * As pager_create(). Who truncates the object, or writes beyond its end, waits for
 * @set_size, an operation like those of struct pager_ops: it returns 0 when the
 * store is so, and the library answers; or an errno, which the client gets, and
 * nothing has changed. Detached it may be answered later. NULL stands for EPERM:
 * then only pager_resize() changes the size.
 *
 * pager_message() has the size wanted, in bytes, as mandatory. With MACH_MSG_ALLOCATE
 * among its flags the store is to have room for length bytes from offset on, which
 * are not aligned; the size wanted may be the one that it has. While a request for
 * less is under way, no operation has data of what would go, nor of the page in which
 * the new end is. An object has one such request at a time.
 *
 * Return: as pager_create().
 */
int pager_create_resizable(struct pager_session *session,
			   const struct pager_ops *ops,
			   int (*set_size)(struct pager *pager,
					   struct pager_request *req),
			   void *upi, const struct pager_attributes *attributes,
			   struct pager **pager);

/**
 * pager_resize - Say how large the object is now (the Hurd's report_extent).
 * @pager: the object, made by pager_create_resizable()
 * @size: bytes, at most MACH_OBJECT_SIZE_MAX
 *
 * Make the store larger before, and smaller afterwards. Where the object is cut, data
 * beyond is dropped, modified or not, and mappings of it get SIGBUS. A write that is
 * under way may still have some of it.
 *
 * Return: 0, EPERM (of a fixed size), EINVAL, ENODEV.
 */
int pager_resize(struct pager *pager, uint64_t size);

/**
 * DOC: paths
 *
 * The name of an object, a link or a directory is a path below MACH_VM_NODE_DIR, at
 * most MACH_PATH_MAX bytes in names of at most MACH_NAME_MAX (ENAMETOOLONG), without a
 * slash at either end. Directories that are missing are made, the caller's, with mode
 * 0755; they go with the last name below them.
 *
 * Whatever makes a name returns: 0, EINVAL (the path is none), ENAMETOOLONG, EEXIST
 * (name taken, or another file is seen there), EOWNERDEAD (it is for some time that of
 * the user of a pager that has died), EACCES (the caller may not search a
 * directory on the way, or write in the last), ENOTDIR (something on the way is none),
 * EPERM (@uid or @gid), EDQUOT (the user has too many names and directories), ENOMEM,
 * EINTR (killed), ENODEV (resigned).
 */

/**
 * pager_publish - Make the object the file MACH_VM_NODE_DIR/name.
 * @pager: the object
 * @name: a path: "file", "directory/file"
 * @uid: owner of the file: the caller, or with CAP_CHOWN anybody
 * @gid: group of the file: one of the caller's, or with CAP_CHOWN any
 * @mode: permission bits; 0 for 0600
 *
 * The file goes with the object. Where machobj is mounted, see pager_mount(), it
 * can be opened when this returns.
 *
 * Return: as said at paths.
 */
int pager_publish(struct pager *pager, const char *name, uid_t uid, gid_t gid,
		  mode_t mode);

/**
 * pager_unpublish - Take the object's name away; the object goes on.
 * @pager: the object
 *
 * Who has it open does not notice. Without a descriptor (pager_drop_fd()) the object
 * terminates when its last user is gone. It may be published again.
 *
 * Return: 0, ENOENT (it has no name; its owner may have removed that), ENODEV.
 */
int pager_unpublish(struct pager *pager);

/**
 * pager_symlink - Make a symbolic link MACH_VM_NODE_DIR/name.
 * @session: the session, with which it goes
 * @name: a path
 * @target: what it says, 1 to MACH_PATH_MAX bytes
 * @uid: owner of the link: the caller, or with CAP_CHOWN anybody
 * @gid: group of the link: one of the caller's, or with CAP_CHOWN any
 *
 * Return: as said at paths.
 */
int pager_symlink(struct pager_session *session, const char *name,
		  const char *target, uid_t uid, gid_t gid);

/**
 * pager_mkdir - Make a directory that is there also when it is empty.
 * @session: the session, with which it goes
 * @name: a path
 * @uid: owner of the directory: the caller, or with CAP_CHOWN anybody
 * @gid: group of the directory: one of the caller's, or with CAP_CHOWN any
 * @mode: permission bits and the sticky bit; 0 for 0755
 *
 * One that is there without a living pager to keep it, as those made by publishing
 * below it, is taken if it is the caller's, and gets owner, group and mode.
 *
 * Return: as said at paths.
 */
int pager_mkdir(struct pager_session *session, const char *name, uid_t uid,
		gid_t gid, mode_t mode);

/**
 * pager_remove - Take a link away, or give a directory up.
 * @session: the session that made it
 * @name: its path
 *
 * A directory goes at once if it is empty, otherwise with the last name below it.
 *
 * Return: 0, ENOENT (no such name; its owner may have removed it), EPERM (it is no link
 * or directory that this session made), ENOTDIR, EACCES, EINVAL, ENAMETOOLONG, EINTR
 * (killed).
 */
int pager_remove(struct pager_session *session, const char *name);

/**
 * pager_get_fd - The object's descriptor: pass it on to let others map it.
 * @pager: the object, which owns the descriptor
 * @fd: out: the descriptor
 *
 * Return: 0, or EBADF after pager_drop_fd().
 */
int pager_get_fd(const struct pager *pager, int *fd);

/**
 * pager_drop_fd - Close our own descriptor of the object.
 * @pager: the object
 *
 * From now on an object without a name terminates when its last user is gone.
 */
void pager_drop_fd(struct pager *pager);

/**
 * pager_get_upi - The pointer given to pager_create() (user pager info).
 * @pager: the object
 */
void *pager_get_upi(const struct pager *pager);

/**
 * pager_get_info - Counts of resident, dirty, supplied, failed pages.
 * @pager: the object, with its descriptor still there
 * @info: in: its size, as the caller was compiled; out: that much of it
 *
 * Return: 0, EBADF after pager_drop_fd(), ENODEV; EINVAL for other sizes.
 */
int pager_get_info(const struct pager *pager, struct mach_object_info *info);

/**
 * pager_get_attributes - Ask for the cluster size.
 * @pager: the object
 * @cluster: out: bytes
 *
 * Return: 0 or ENODEV.
 */
int pager_get_attributes(const struct pager *pager, uint32_t *cluster);

/**
 * pager_change_attributes - Set the cluster size of requests to come.
 * @pager: the object
 * @cluster: bytes, as in struct pager_attributes, not 0
 *
 * Return: 0, EINVAL, ENODEV.
 */
int pager_change_attributes(struct pager *pager, uint32_t cluster);

/* Special values of timeout_ms */
#define PAGER_NO_WAIT	0
#define PAGER_WAIT	(-1)

/**
 * pager_sync - Have modified pages written back; they stay in memory.
 * @pager: the object
 * @timeout_ms: how long to wait for it, PAGER_NO_WAIT or PAGER_WAIT
 *
 * pager_return() also has the pages forgotten; pager_flush() has them forgotten
 * with their modifications. The _some forms do it for the pages that a range
 * touches, as far as the object has them; length 0 means all that follows. A page
 * whose write failed stays; pager_get_info() counts it as dirty.
 *
 * Return: 0, ETIMEDOUT, EDEADLK (waiting inside an operation), EINVAL, ENODEV.
 */
int pager_sync(struct pager *pager, int timeout_ms);
int pager_sync_some(struct pager *pager, uint64_t offset, uint64_t length,
		    int timeout_ms);
int pager_flush(struct pager *pager, int timeout_ms);
int pager_flush_some(struct pager *pager, uint64_t offset, uint64_t length,
		     int timeout_ms);
int pager_return(struct pager *pager, int timeout_ms);
int pager_return_some(struct pager *pager, uint64_t offset, uint64_t length,
		      int timeout_ms);

/**
 * pager_lock_request - The same, answered by the lock_completed operation.
 * @pager: the object
 * @offset: first byte
 * @length: bytes, 0 for all that follows
 * @flags: MACH_LOCK_CLEAN, MACH_LOCK_FLUSH
 * @cookie: given to lock_completed
 *
 * Return: 0, EINVAL, ENOMEM, ENODEV.
 */
int pager_lock_request(struct pager *pager, uint64_t offset, uint64_t length,
		       uint32_t flags, uint64_t cookie);

/**
 * pager_offer_pages - Supply without having been asked.
 * @pager: the object
 * @offset: first byte
 * @length: bytes, at most MACH_CLUSTER_MAX
 * @buf: the data, or NULL for zeros
 * @supplied: out: bytes taken before a page that was there; or NULL
 *
 * Return: 0, EEXIST (a page was there or asked for), EINVAL, EFAULT, ENODEV.
 */
int pager_offer_pages(struct pager *pager, uint64_t offset, uint64_t length,
		      const void *buf, uint64_t *supplied);

/**
 * pager_offer_file - pager_offer_pages() from a file.
 * @pager: the object
 * @offset: first byte
 * @length: bytes, at most MACH_CLUSTER_MAX
 * @fd: file to read
 * @file_offset: where the data begins in it
 * @supplied: out: bytes taken before a page that was there; or NULL
 *
 * Return: as pager_offer_pages(), EBADF, ELOOP, ENODATA (file too short).
 */
int pager_offer_file(struct pager *pager, uint64_t offset, uint64_t length,
		     int fd, uint64_t file_offset, uint64_t *supplied);

/**
 * pager_offer_page - pager_offer_pages() for one page.
 * @pager: the object
 * @offset: first byte
 * @buf: a page of data
 *
 * Return: as pager_offer_pages().
 */
int pager_offer_page(struct pager *pager, uint64_t offset, const void *buf);

/**
 * pager_shutdown - Have the object written back, then end it.
 * @pager: the object; gone when this returns
 * @timeout_ms: how long to wait for the data; 0 throws modifications away
 *
 * Later users of the object get EIO or SIGBUS. Not from an operation of the
 * same object with a timeout other than 0.
 *
 * Return: 0, or what kept the data from being written; the object ends anyway.
 */
int pager_shutdown(struct pager *pager, int timeout_ms);

/**
 * pager_message - What is asked for.
 * @req: the request
 *
 * Return: operation, offset, length, mandatory page; valid until the answer.
 */
const struct mach_message *pager_message(const struct pager_request *req);

/**
 * pager_buffer - Memory for the data of this request.
 * @req: the request
 *
 * Page aligned, as long as the request rounded up to pages, not cleared. Data
 * given from here to pager_supply() travels with the answer, without a system
 * call of its own. It belongs to the request: gone when that is answered.
 *
 * Return: the memory, or NULL if there is none (ENOMEM).
 */
void *pager_buffer(struct pager_request *req);

/**
 * pager_supply - Part of an answer to read: data from memory.
 * @req: the request
 * @offset: first byte in the object, inside the request
 * @length: bytes
 * @buf: the data. In pager_buffer() it must stay until the request ends,
 *	elsewhere it is the caller's again when this returns.
 *
 * Return: 0, ERANGE (outside the request), or, where data travels at once: EINVAL,
 * EFAULT, EEXIST, ESTALE (too late), ENODEV.
 */
int pager_supply(struct pager_request *req, uint64_t offset, uint64_t length,
		 const void *buf);

/**
 * pager_supply_file - Part of an answer to read: the kernel reads it itself.
 * @req: the request
 * @offset: first byte in the object, inside the request
 * @length: bytes
 * @fd: file to read, open until the request ends
 * @file_offset: where the data begins in it
 *
 * Return: 0, ERANGE, ESTALE, ENODEV. A file that cannot be read leads to the
 * refused operation.
 */
int pager_supply_file(struct pager_request *req, uint64_t offset,
		      uint64_t length, int fd, uint64_t file_offset);

/**
 * pager_unavailable - Part of an answer to read: there is no data, give zeros.
 * @req: the request
 * @offset: first byte in the object, inside the request
 * @length: bytes
 *
 * Return: 0, ERANGE, ESTALE, ENODEV.
 */
int pager_unavailable(struct pager_request *req, uint64_t offset,
		      uint64_t length);

/**
 * pager_error - Part of any answer: this range failed.
 * @req: the request
 * @offset: first byte in the object, inside the request
 * @length: bytes
 * @err: errno for calls; a fault gets SIGBUS
 *
 * Return: 0, ERANGE, EINVAL (no errno), ESTALE, ENODEV.
 */
int pager_error(struct pager_request *req, uint64_t offset, uint64_t length,
		int err);

/**
 * pager_collect - Read the data of a write.
 * @req: the request
 * @offset: first byte in the object, inside the request
 * @length: bytes
 * @buf: where to
 *
 * Return: 0, ERANGE, EFAULT, EPROTO (not a write), ESTALE, ENODEV.
 */
int pager_collect(struct pager_request *req, uint64_t offset, uint64_t length,
		  void *buf);

/**
 * pager_done - Part of an answer to write: this range is saved.
 * @req: the request
 * @offset: first byte in the object, inside the request
 * @length: bytes
 *
 * Return: 0, ERANGE, ESTALE, ENODEV.
 */
int pager_done(struct pager_request *req, uint64_t offset, uint64_t length);

/**
 * pager_write_file - Part of an answer to write: the kernel writes it itself.
 * @req: the request
 * @offset: first byte in the object, inside the request
 * @length: bytes
 * @fd: file to write, open until the request ends
 * @file_offset: where the data goes in it
 *
 * Return: 0, ERANGE, ESTALE, ENODEV. A file that cannot be written leads to the
 * refused operation.
 */
int pager_write_file(struct pager_request *req, uint64_t offset,
		     uint64_t length, int fd, uint64_t file_offset);

/**
 * pager_flush_answer - Send the parts given so far; the request goes on.
 * @req: the request
 *
 * Who waits for one of these pages goes on at once.
 *
 * Return: 0 or what the kernel said.
 */
int pager_flush_answer(struct pager_request *req);

/**
 * pager_detach - Answer after the operation has returned.
 * @req: the request of the operation that is running
 *
 * Call it before any other thread gets @req. From then on any one thread at a
 * time gives parts, then calls pager_answer(). What the operation returns is
 * ignored.
 */
void pager_detach(struct pager_request *req);

/**
 * pager_take_over - This thread works on a detached request from now on.
 * @req: the request
 *
 * The kernel knows whose work a request is, and refuses to let that thread wait for
 * the session. Without this it takes the worker for it until another thread gives
 * the first part that travels at once, or collects.
 *
 * Return: 0, ESTALE (too late), ENODEV.
 */
int pager_take_over(struct pager_request *req);

/**
 * pager_answer - End a detached request.
 * @req: the request; gone when this returns
 * @err: as an operation returns it
 *
 * There is no refused operation: the request then fails with EIO.
 *
 * Return: 0, or why the kernel refused; ESTALE if the deadline had passed.
 */
int pager_answer(struct pager_request *req, int err);

/**
 * pager_strerror - An errno from this library, in words.
 * @err: the errno
 *
 * Return: a constant text that says what it means for a pager; for others that
 * of strerrordesc_np(); never NULL.
 */
const char *pager_strerror(int err);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#include <userpager/directory.h>

#endif /* _USERPAGER_PAGER_H */
