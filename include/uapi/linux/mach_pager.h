/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * machvm - the pager's side: calls and ring commands of a pager descriptor.
 */
#ifndef _UAPI_LINUX_MACH_PAGER_H
#define _UAPI_LINUX_MACH_PAGER_H

#include <linux/ioctl.h>
#include <linux/mach_vm.h>
#include <linux/types.h>

/**
 * DOC: a pager's life
 *
 * open MACH_VM_DEVICE, MACH_PAGER_REGISTER, mmap each queue's message array,
 * MACH_PAGER_CREATE objects, MACH_PAGER_PUBLISH some, then fetch requests and
 * answer them until munmap (which is resigning), close or death.
 *
 * A queue has *depth* slots, named by tag. Each slot is in one state::
 *
 *   free --FETCH--> armed --request--> held --COMMIT_AND_FETCH--> armed
 *     ^               |                 |---COMMIT---> free
 *     '-- resigned ---'                 '-- deadline, death: aborted; a late
 *                                           answer gets ESTALE
 *
 * By ring: IORING_OP_URING_CMD on the pager descriptor, in a ring made with
 * IORING_SETUP_SQE128; cmd_op is MACH_RING_*, struct mach_pager_answer lies
 * in the SQE. A FETCH completes with res 0 when its slot holds a request, or
 * with a negative errno when there will be none. A COMMIT_AND_FETCH that is
 * refused completes with the errno, and the request is still held; after ESTALE
 * it had ended already, and the slot is free. A FETCH needs the array to be mapped
 * (ENODEV), and a ring without IORING_SETUP_IOPOLL (EOPNOTSUPP). It ends with
 * ECANCELED when its ring is closed or the thread that posted it executes another
 * program; before Linux 6.7 half a second later. A request that came too late to be
 * told of goes to another thread.
 *
 * By ioctl: MACH_PAGER_RECEIVE takes a free slot by itself and names its tag.
 *
 * Either way the request is the message at its tag in the queue's array, and is
 * valid until the request is committed.
 *
 * An answer is a list of parts. Each part is final for its pages when the call
 * returns; the commit ends the request, and what no part named is dropped
 * (neighbours) or fails with EIO (the mandatory page). A call with a bad part
 * changes nothing from that part on, and says so; the request stays held.
 *
 * ====================  ====================================================
 * operation             parts that answer it
 * ====================  ====================================================
 * DATA_REQUEST          COPY, FILE, UNAVAILABLE, ERROR
 * DATA_RETURN           DONE, FILE, ERROR; MACH_PAGER_COLLECT reads the data
 * SYNCHRONIZE           DONE, ERROR (range ignored)
 * SET_SIZE              DONE, ERROR (range ignored)
 * CREATE ... RENAME,    DONE, ERROR (range ignored); MACH_PAGER_COLLECT reads
 * SET_ATTRIBUTES        what is asked
 * LIST                  DONE, ERROR (range ignored)
 * LOCK_COMPLETED        none
 * TERMINATE             none
 * ====================  ====================================================
 *
 * A process may use objects of its own: another of its threads answers. A thread
 * that works on a request cannot wait for its own pager: where it would have to, it
 * gets SIGBUS or EDEADLK, and the kernel log says which.
 */

#define MACH_PAGER_QUEUES_MAX	64
#define MACH_PAGER_DEPTH_MAX	256
#define MACH_CLUSTER_MAX	(1U << 20)
#define MACH_OBJECT_SIZE_MAX	(1ULL << 60)
#define MACH_NAME_MAX		255	/* bytes between two slashes */
#define MACH_PATH_MAX		4095	/* of a path, and of a link's target */
#define MACH_PARTS_MAX		256
#define MACH_LOCKS_MAX		1024
#define MACH_ERRNO_MAX		133	/* EHWPOISON, the last of programs */
#define MACH_MESSAGE_MAX	512
#define MACH_DEADLINE_DEFAULT	30000

/* Flags of struct mach_pager_register */
#define MACH_PAGER_SINGLE_PAGE	(1U << 0)	/* deprecated: one page a request */

/**
 * struct mach_pager_register - Become a pager (MACH_PAGER_REGISTER, task).
 * @size: sizeof(struct mach_pager_register)
 * @flags: MACH_PAGER_SINGLE_PAGE
 * @queues: 1 to MACH_PAGER_QUEUES_MAX; a fault prefers queue (cpu % queues), if its
 *	thread has nothing else to do
 * @depth: slots of each queue, 1 to MACH_PAGER_DEPTH_MAX
 * @deadline_ms: time to answer a request, 0 for MACH_DEADLINE_DEFAULT, at most the
 *	module's parameter deadline_max; when it is over the request is aborted and
 *	who waits gets EIO or SIGBUS
 * @message_size: sizeof(struct mach_message), from one message of an array to the
 *	next; a multiple of 8, at most MACH_MESSAGE_MAX
 * @array_stride: out: the array of queue q is mapped at offset q * array_stride
 * @array_size: out: bytes to map, PROT_READ and MAP_SHARED, of each array
 *
 * The mapping is never writable and not inherited by fork. A pager resigns when
 * the last array mapping goes; at death it goes first of all.
 */
struct mach_pager_register {
	__u32 size;
	__u32 flags;
	__u32 queues;
	__u32 depth;
	__u32 deadline_ms;
	__u32 message_size;
	__aligned_u64 array_stride;
	__aligned_u64 array_size;
};

/* Flags of struct mach_pager_create */
#define MACH_CREATE_READ_ONLY	(1U << 0)	/* nobody may write to it */
#define MACH_CREATE_RESIZABLE	(1U << 1)	/* its size may change */
#define MACH_CREATE_DIRECTORY	(1U << 2)	/* a directory that asks */
#define MACH_CREATE_LISTED	(1U << 3)	/* with DIRECTORY: of names in a table */
#define MACH_CREATE_ASKS	(1U << 4)	/* with LISTED: clients may change it */

/**
 * struct mach_pager_create - Make a memory object (MACH_PAGER_CREATE, pager).
 * @size: sizeof(struct mach_pager_create)
 * @flags: MACH_CREATE_*
 * @object_size: bytes, 1 to MACH_OBJECT_SIZE_MAX, or 0 if it is resizable; what lies
 *	between it and the end of its last page reads as zero and is never returned.
 *	0 of a directory
 * @cookie: given back in each message
 * @cluster: bytes of a full request, a power of two from a page to
 *	MACH_CLUSTER_MAX; 0 for 64 KiB, and of a directory
 * @object: out: the object's number in this pager's calls
 * @fd: out: an object descriptor, close-on-exec, open for reading and (unless
 *	read-only) writing; -1 of a directory
 * @reserved: zero
 *
 * The object is ready at once (Mach's memory_object_init and _ready in one).
 * When its last object descriptor and mapping are gone and it has no name, its
 * dirty pages are returned and TERMINATE is sent; committing that frees @object.
 *
 * MACH_CREATE_DIRECTORY, which goes with no other flag but LISTED, and that with no other
 * but ASKS (<linux/mach_list.h>), makes what stands for one directory that asks its
 * pager: MACH_PAGER_MKDIR is given its number, or the answer to a MKDIR. It ends with
 * that directory. Calls about pages, sizes and names of objects refuse it (EINVAL), but
 * for MACH_PAGER_UNPUBLISH and _DESTROY.
 */
struct mach_pager_create {
	__u32 size;
	__u32 flags;
	__aligned_u64 object_size;
	__aligned_u64 cookie;
	__u32 cluster;
	__u32 object;
	__s32 fd;
	__u32 reserved;
};

/**
 * DOC: paths
 *
 * An object, a symbolic link or a directory of a pager has a path in the file system
 * machobj, which is mounted on MACH_VM_NODE_DIR; where nothing is mounted, it shows as
 * soon as somebody mounts. A path is relative to the root there, given by address and
 * length, without a zero byte at its end: 1 to MACH_PATH_MAX bytes (ENAMETOOLONG),
 * names of 1 to MACH_NAME_MAX bytes (ENAMETOOLONG) with one slash between two. A name
 * is of any bytes but zero and slash, and not "." or ".." (EINVAL).
 *
 * The caller may search each directory on the way, and write in the one where
 * something new comes (EACCES). What is on the way and no directory is ENOTDIR; links
 * there are not followed. Directories that are missing are made, the caller's own, with
 * mode 0755. They go with the last name below them, whoever takes it away. Each name and
 * each directory counts as one of the user's names (EDQUOT).
 *
 * What was at a path when its pager died, without having resigned, can be had again for
 * some time by the pagers of its user alone, by the owner of the directory that it is in,
 * and with CAP_FOWNER where that user has a number; others get EOWNERDEAD, also for what
 * would be below it.
 */

/**
 * struct mach_pager_publish - Give an object a name (MACH_PAGER_PUBLISH, pager).
 * @size: sizeof(struct mach_pager_publish)
 * @object: its number
 * @uid: owner: the caller's, or with CAP_CHOWN any (EPERM)
 * @gid: group: one of the caller's, or with CAP_CHOWN any (EPERM)
 * @mode: permission bits, of 0777; 0 for 0600
 * @name_length: bytes of @name
 * @name: address of the path
 *
 * The object becomes the regular file @name. It goes with the object and the pager,
 * when the pager takes it away (MACH_PAGER_UNPUBLISH), or its owner does (unlink); who
 * has it open goes on.
 */
struct mach_pager_publish {
	__u32 size;
	__u32 object;
	__u32 uid;
	__u32 gid;
	__u32 mode;
	__u32 name_length;
	__aligned_u64 name;
};

/**
 * struct mach_pager_symlink - Make a symbolic link (MACH_PAGER_SYMLINK, pager).
 * @size: sizeof(struct mach_pager_symlink)
 * @uid: owner: the caller's, or with CAP_CHOWN any (EPERM)
 * @gid: group: one of the caller's, or with CAP_CHOWN any (EPERM)
 * @name_length: bytes of @name
 * @name: address of the path
 * @target: address of what the link says: any bytes but zero
 * @target_length: bytes of it, 1 to MACH_PATH_MAX
 * @reserved: zero
 *
 * It goes with the pager, by MACH_PAGER_UNPUBLISH, or when its owner removes it.
 */
struct mach_pager_symlink {
	__u32 size;
	__u32 uid;
	__u32 gid;
	__u32 name_length;
	__aligned_u64 name;
	__aligned_u64 target;
	__u32 target_length;
	__u32 reserved;
};

/**
 * struct mach_pager_mkdir - Make a directory (MACH_PAGER_MKDIR, pager).
 * @size: sizeof(struct mach_pager_mkdir)
 * @uid: owner: the caller's, or with CAP_CHOWN any (EPERM)
 * @gid: group: one of the caller's, or with CAP_CHOWN any (EPERM)
 * @mode: permission bits and the sticky bit, of 01777; 0 for 0755
 * @name_length: bytes of @name
 * @object: 0; or the number of an object made with MACH_CREATE_DIRECTORY: the directory
 *	asks its pager. EINVAL if it is of another kind, EEXIST if it has a directory,
 *	ENODEV if that has gone
 * @name: address of the path
 *
 * Unlike one that is made by publishing below it, it stays when it is empty: until the
 * pager ends, or by MACH_PAGER_UNPUBLISH, and then until the last name below it goes;
 * or until its owner removes it (rmdir). One that is there already and that no living
 * pager keeps becomes such a one if it is the caller's; otherwise EEXIST.
 */
struct mach_pager_mkdir {
	__u32 size;
	__u32 uid;
	__u32 gid;
	__u32 mode;
	__u32 name_length;
	__u32 object;
	__aligned_u64 name;
};

/**
 * struct mach_pager_unpublish - Take a name away (MACH_PAGER_UNPUBLISH, pager).
 * @size: sizeof(struct mach_pager_unpublish)
 * @object: number of the object whose name goes (ENOENT: it has none), or of a
 *	directory, which is given up; 0: none
 * @name_length: bytes of @name; 0 with @object
 * @reserved: zero
 * @name: address of the path of a link or directory that this pager made (EPERM: it is
 *	none of these); 0 with @object
 *
 * An object that is a file goes on, and may be published again. A directory asks no
 * more, and what stood for it ends.
 */
struct mach_pager_unpublish {
	__u32 size;
	__u32 object;
	__u32 name_length;
	__u32 reserved;
	__aligned_u64 name;
};

/* Operations */
#define MACH_OP_DATA_REQUEST	1	/* memory_object_data_request */
#define MACH_OP_DATA_RETURN	2	/* memory_object_data_return */
#define MACH_OP_SYNCHRONIZE	3	/* make all returned data durable */
#define MACH_OP_LOCK_COMPLETED	4	/* memory_object_lock_completed */
#define MACH_OP_TERMINATE	5	/* memory_object_terminate */
#define MACH_OP_SET_SIZE	6	/* somebody wants another size */
#define MACH_OP_CREATE		7	/* somebody wants a file */
#define MACH_OP_MKDIR		8	/* a directory */
#define MACH_OP_SYMLINK		9	/* a symbolic link */
#define MACH_OP_UNLINK		10	/* a file or link to go */
#define MACH_OP_RMDIR		11	/* a directory to go */
#define MACH_OP_RENAME		12	/* another name for one of these */
#define MACH_OP_SET_ATTRIBUTES	13	/* other rights, owners or times */
#define MACH_OP_LIST		14	/* somebody looks into a listed directory */

/**
 * DOC: sizes that change
 *
 * The size of a resizable object is its pager's. A client's ftruncate, append, write
 * beyond the end or fallocate is a SET_SIZE: once it is answered by DONE, and before
 * the answering call returns, the object has that size. One is under way at a time.
 * While one that cuts is, no DATA_RETURN is, nor is sent, of pages with any byte
 * beyond the new end: the pager cuts its store first and answers then. By
 * MACH_PAGER_RESIZE the pager tells of a size that it has changed itself.
 *
 * Requests and answers meanwhile: a message's range ends with the object as it was
 * when the request was made. Of an answer, what lies beyond the end is ignored; so is
 * all of a page that was cut and has come back since.
 */

/**
 * DOC: directories that ask
 *
 * What other processes than the pager's own want to change in a directory that was made
 * with an object (MACH_CREATE_DIRECTORY) is asked of the pager, after Linux has found
 * that they may: CREATE, MKDIR, SYMLINK, UNLINK, RMDIR, RENAME, and SET_ATTRIBUTES for
 * chmod, chown and utimes of what lies in it and of itself. The message's object and
 * cookie are those of the directory. Its length is that of a struct mach_name_request
 * with what follows it, which MACH_PAGER_COLLECT reads, by any parts.
 *
 * DONE says that the store is so now. Before the answering call returns the name is
 * there, is gone, or is another, and the attributes are so. The part's source is 0, but
 *
 * - of CREATE the number of an object without a name, which becomes the file;
 * - of MKDIR the number of an object made with MACH_CREATE_DIRECTORY and without a
 *   directory, or 0 for a directory that does not ask.
 *
 * An answer with a source that cannot be (ENOENT, EINVAL, EEXIST, ENODEV) changes
 * nothing, and the request is still held. ERROR is what the client gets. ESTALE says
 * that the client does not wait any more, having been killed or met the deadline, or
 * that the directory has gone: nothing has changed. A pager whose store is so by then
 * undoes that, or tells of it as of any change.
 *
 * The pager's own process is not asked. By its unlink, rmdir, rename, chmod, chown and
 * utimes, and by MACH_PAGER_PUBLISH, _MKDIR, _SYMLINK and _UNPUBLISH it tells what has
 * changed in its store. While a request about a directory is under way, whatever makes
 * a name in it waits; a thread that works on a request gets EDEADLK instead. Taking
 * names away by MACH_PAGER_UNPUBLISH waits for nobody, nor does an answer.
 *
 * fsync of such a directory is a SYNCHRONIZE to its object: what the pager has answered
 * for it is to be durable.
 */

/* Flags of struct mach_name_request */
#define MACH_NAME_EXCLUSIVE	(1U << 0)	/* CREATE: with O_EXCL */
#define MACH_NAME_NOREPLACE	(1U << 1)	/* RENAME: with RENAME_NOREPLACE */

/* Bits of struct mach_name_request::valid */
#define MACH_ATTRIBUTE_MODE	(1U << 0)
#define MACH_ATTRIBUTE_UID	(1U << 1)
#define MACH_ATTRIBUTE_GID	(1U << 2)
#define MACH_ATTRIBUTE_ATIME	(1U << 3)
#define MACH_ATTRIBUTE_MTIME	(1U << 4)

/**
 * struct mach_name_request - What is asked of a directory's pager.
 * @size: bytes that the kernel has filled in; the name begins behind them. What a
 *	pager knows beyond is zero
 * @flags: MACH_NAME_*
 * @mode: kind (S_IFMT) and permission bits: of what is to be made, without those of the
 *	client's umask; that are to be (SET_ATTRIBUTES with MODE); otherwise of what
 *	there is
 * @uid: owner that what is made is to have, and gets by the answer; SET_ATTRIBUTES with
 *	UID: that is to be. In the pager's user namespace
 * @gid: group; likewise
 * @valid: MACH_ATTRIBUTE_* that are to change (SET_ATTRIBUTES)
 * @object: number of what the name is of, if it is an object of this pager, a file or a
 *	directory that asks (UNLINK, RMDIR, RENAME, SET_ATTRIBUTES); otherwise 0
 * @directory: number of the directory that a name moves to, which may be the same
 *	(RENAME)
 * @replaced: number of what has the new name, and goes (RENAME); 0: nothing has it, or
 *	what has no number
 * @name_length: bytes of the name in the directory; 0 if SET_ATTRIBUTES is about the
 *	directory itself
 * @to_length: bytes of what follows the name: the new name (RENAME), or what the link
 *	says (SYMLINK)
 * @replaces: bool: something has the new name (RENAME)
 * @atime_ns: time of the last access that is to be (SET_ATTRIBUTES with ATIME),
 *	nanoseconds since 1970
 * @mtime_ns: of the last change; likewise
 * @object_cookie: of @object, 0 without; in a listed directory of what the name is of
 * @directory_cookie: of @directory, 0 without
 * @replaced_cookie: of @replaced, 0 without; likewise
 *
 * Names have no zero byte at their end.
 */
struct mach_name_request {
	__u32 size;
	__u32 flags;
	__u32 mode;
	__u32 uid;
	__u32 gid;
	__u32 valid;
	__u32 object;
	__u32 directory;
	__u32 replaced;
	__u32 name_length;
	__u32 to_length;
	__u32 replaces;
	__s64 atime_ns;
	__s64 mtime_ns;
	__aligned_u64 object_cookie;
	__aligned_u64 directory_cookie;
	__aligned_u64 replaced_cookie;
};

#define MACH_NAME_REQUEST_SIZE_VER0	88	/* of the first version */

/* Flags of struct mach_message */
#define MACH_MSG_DIRTY		(1U << 0)	/* DATA_RETURN: contents changed */
#define MACH_MSG_SYNC		(1U << 1)	/* somebody waits for it (fsync) */
#define MACH_MSG_ALLOCATE	(1U << 2)	/* SET_SIZE: have room for a range */

/* Bits of struct mach_message::access */
#define MACH_ACCESS_READ	(1U << 0)
#define MACH_ACCESS_WRITE	(1U << 1)

/**
 * struct mach_message - One request, in a queue's array at its tag.
 * @size: bytes that the kernel fills in: those it knows, up to the pager's
 *	message_size; what follows them is zero
 * @generation: names this request among all that used the slot
 * @operation: MACH_OP_*
 * @flags: MACH_MSG_*
 * @object: the object's number
 * @access: MACH_ACCESS_* that is waited for (DATA_REQUEST)
 * @reserved: zero
 * @cookie: the object's cookie; for LOCK_COMPLETED that of the lock request
 * @offset: first byte, page aligned; 0 if the operation concerns no pages. SET_SIZE
 *	with ALLOCATE: of the range, not aligned
 * @length: bytes; a multiple of the page size, or to the end of the object; 0
 *	if the operation concerns no pages. SET_SIZE with ALLOCATE: of the range
 * @mandatory: offset of the page that somebody waits for (DATA_REQUEST); the size
 *	that is wanted (SET_SIZE)
 * @deadline_ns: CLOCK_MONOTONIC time at which the request is aborted
 */
struct mach_message {
	__u32 size;
	__u32 generation;
	__u16 operation;
	__u16 flags;
	__u32 object;
	__u32 access;
	__u32 reserved;
	__aligned_u64 cookie;
	__aligned_u64 offset;
	__aligned_u64 length;
	__aligned_u64 mandatory;
	__aligned_u64 deadline_ns;
};

#define MACH_MESSAGE_SIZE_VER0	64	/* of the first version */

/* Kinds of struct mach_part */
#define MACH_PART_COPY		1	/* data_supply from memory */
#define MACH_PART_FILE		2	/* data_supply from, data_return to a file */
#define MACH_PART_UNAVAILABLE	3	/* data_unavailable: zero fill */
#define MACH_PART_ERROR		4	/* data_error */
#define MACH_PART_DONE		5	/* the returned data is taken, it is so */

/**
 * struct mach_part - The answer for one range of a request.
 * @size: sizeof(struct mach_part); from one part of an array to the next
 * @kind: MACH_PART_*
 * @offset: first byte, page aligned, inside the request
 * @length: bytes; a multiple of the page size, or to the end of the object
 * @source: COPY: address of the data; FILE: its offset in the file; ERROR: an
 *	errno that calls report (a fault is SIGBUS): 1 to MACH_ERRNO_MAX, but
 *	not EINTR or EAGAIN; DONE of CREATE and MKDIR: number of an object, and of
 *	these and SYMLINK in a listed directory a cookie; otherwise zero
 * @fd: FILE: file with positions to read or write, with the caller's rights;
 *	otherwise zero
 * @reserved: zero
 *
 * Where a structure holds a part, the part is its last member, so that both can
 * grow.
 */
struct mach_part {
	__u32 size;
	__u32 kind;
	__aligned_u64 offset;
	__aligned_u64 length;
	__aligned_u64 source;
	__s32 fd;
	__u32 reserved;
};

#define MACH_PART_SIZE_VER0	40	/* of the first version */

/* Flags of struct mach_pager_answer */
#define MACH_ANSWER_MORE	(1U << 0)	/* do not end the request yet */

/**
 * struct mach_pager_answer - Answer a held request (MACH_PAGER_ANSWER, pager; ring).
 * @size: sizeof(struct mach_pager_answer)
 * @flags: MACH_ANSWER_MORE; zero in a ring command
 * @queue: the queue
 * @tag: the slot, less than the queue's depth
 * @generation: of the message that is answered; zero in a FETCH
 * @nr_parts: 0 to MACH_PARTS_MAX; zero in a FETCH
 * @reserved: zero
 * @parts: address of the parts, which are all of one size; zero if there is none,
 *	or just one and that in @part
 * @part: the part, if it is not at @parts; otherwise zeros
 *
 * Any thread may answer, whoever fetched and by whichever way. As a ring command
 * it lies in the 80 command bytes of a 128-byte SQE, and has no more room.
 */
struct mach_pager_answer {
	__u32 size;
	__u32 flags;
	__u16 queue;
	__u16 tag;
	__u32 generation;
	__u32 nr_parts;
	__u32 reserved;
	__aligned_u64 parts;
	struct mach_part part;
};

#define MACH_PAGER_ANSWER_SIZE_VER0	72	/* of the first version */

/* Ring commands (cmd_op) */
#define MACH_RING_FETCH			0x4d01	/* arm the slot */
#define MACH_RING_COMMIT_AND_FETCH	0x4d02	/* answer, end, arm again */
#define MACH_RING_COMMIT		0x4d03	/* answer, end, leave it free */
#define MACH_RING_ANSWER		0x4d04	/* answer in part, still held */

/* Flags of struct mach_pager_receive */
#define MACH_RECEIVE_ANSWER	(1U << 0)	/* end @answer's request first */
#define MACH_RECEIVE_NONBLOCK	(1U << 1)	/* ETIMEDOUT at once if none waits */

/**
 * struct mach_pager_receive - Wait for a request (MACH_PAGER_RECEIVE, pager).
 * @size: sizeof(struct mach_pager_receive)
 * @flags: MACH_RECEIVE_*
 * @queue: the queue to receive from; requests for others come when they are busy
 * @tag: out: the slot that now holds the request
 * @timeout_ms: 0 waits for ever, killably
 * @answer: with MACH_RECEIVE_ANSWER: as for MACH_PAGER_ANSWER, no flags;
 *	otherwise zeros. If it is refused nothing is received; once it is taken
 *	it stays so, even if receiving ends with ETIMEDOUT or EINTR.
 *
 * EBUSY when the queue has no free slot. The same as COMMIT_AND_FETCH for hosts
 * where io_uring is switched off.
 */
struct mach_pager_receive {
	__u32 size;
	__u32 flags;
	__u16 queue;
	__u16 tag;
	__u32 timeout_ms;
	struct mach_pager_answer answer;
};

/**
 * struct mach_pager_collect - Read returned data, or what is asked of a directory
 * (MACH_PAGER_COLLECT, pager).
 * @size: sizeof(struct mach_pager_collect)
 * @flags: zero
 * @queue: the queue
 * @tag: the slot
 * @generation: of the message
 * @reserved: zero
 * @offset: first byte, inside the request; need not be aligned
 * @length: bytes
 * @address: where to
 *
 * EEXIST at a page that was answered with DONE or FILE already.
 */
struct mach_pager_collect {
	__u32 size;
	__u32 flags;
	__u16 queue;
	__u16 tag;
	__u32 generation;
	__aligned_u64 reserved;
	__aligned_u64 offset;
	__aligned_u64 length;
	__aligned_u64 address;
};

/**
 * struct mach_pager_supply - Supply unasked (MACH_PAGER_SUPPLY, pager).
 * @size: sizeof(struct mach_pager_supply)
 * @object: its number
 * @supplied: out: bytes supplied before the first page that was already there
 * @part: COPY, FILE or UNAVAILABLE; at most MACH_CLUSTER_MAX bytes
 *
 * Stops with EEXIST at a page that is present or asked for; what lies before it
 * is supplied. Source: Mach's memory_object_data_supply.
 */
struct mach_pager_supply {
	__u32 size;
	__u32 object;
	__aligned_u64 supplied;
	struct mach_part part;
};

/* Flags of struct mach_pager_lock */
#define MACH_LOCK_CLEAN		(1U << 0)	/* return dirty pages */
#define MACH_LOCK_FLUSH		(1U << 1)	/* forget pages afterwards */
#define MACH_LOCK_REPLY		(1U << 2)	/* send LOCK_COMPLETED */

/**
 * struct mach_pager_lock - Clean or flush (MACH_PAGER_LOCK_REQUEST, pager).
 * @size: sizeof(struct mach_pager_lock)
 * @flags: MACH_LOCK_*; at least CLEAN or FLUSH
 * @object: its number
 * @reserved: zero
 * @offset: first byte
 * @length: bytes; 0 for all that follows
 * @cookie: for LOCK_COMPLETED
 *
 * All pages are meant of which the range has a part, and what lies beyond the
 * object's end is left out; before version 3 that was EINVAL. Returns at once; the
 * pages come as DATA_RETURN requests. FLUSH without CLEAN
 * throws modified data away. Pages that cannot be had (a return failed, or they
 * are pinned) stay. With MACH_LOCKS_MAX of the pager under way, EAGAIN.
 * Source: Mach's memory_object_lock_request.
 */
struct mach_pager_lock {
	__u32 size;
	__u32 flags;
	__u32 object;
	__u32 reserved;
	__aligned_u64 offset;
	__aligned_u64 length;
	__aligned_u64 cookie;
};

/**
 * struct mach_pager_destroy - End an object (MACH_PAGER_DESTROY, pager).
 * @size: sizeof(struct mach_pager_destroy)
 * @object: its number, free when the call returns
 *
 * Its name goes, its requests are aborted, its pages are dropped, who waits gets
 * EIO or SIGBUS; no TERMINATE follows. Who has it open gets EIO from then on, and
 * ENXIO from opening that descriptor again. Source: Mach's memory_object_destroy.
 */
struct mach_pager_destroy {
	__u32 size;
	__u32 object;
};

/**
 * struct mach_pager_resize - Change the size of an object (MACH_PAGER_RESIZE, pager).
 * @size: sizeof(struct mach_pager_resize)
 * @object: its number; EPERM if it is not resizable
 * @object_size: bytes, 0 to MACH_OBJECT_SIZE_MAX
 *
 * The pager's store has that size already. What lies beyond the new end is dropped,
 * modified or not: from mappings it is SIGBUS, and the rest of the last page is zero.
 * When the call returns no return of it is sent any more; of one that was, the answer
 * is accepted. When an object grows that ended within a page, that page is asked for
 * again, unless it is modified: then its rest is zero.
 * Source: pager_report_extent of the Hurd's libpager, which is asked for there.
 */
struct mach_pager_resize {
	__u32 size;
	__u32 object;
	__aligned_u64 object_size;
};

/**
 * struct mach_pager_attributes - MACH_PAGER_GET_ATTRIBUTES, _CHANGE_ATTRIBUTES.
 * @size: sizeof(struct mach_pager_attributes)
 * @object: its number
 * @cluster: bytes of a full request, as in struct mach_pager_create, not 0
 * @reserved: zero
 *
 * Source: Mach's memory_object_get_attributes and _change_attributes.
 */
struct mach_pager_attributes {
	__u32 size;
	__u32 object;
	__u32 cluster;
	__u32 reserved;
};

#define MACH_PAGER_REGISTER	_IOWR(MACH_VM_IOC, 0x40, struct mach_pager_register)
#define MACH_PAGER_CREATE	_IOWR(MACH_VM_IOC, 0x41, struct mach_pager_create)
#define MACH_PAGER_PUBLISH	_IOW(MACH_VM_IOC, 0x42, struct mach_pager_publish)
#define MACH_PAGER_RECEIVE	_IOWR(MACH_VM_IOC, 0x43, struct mach_pager_receive)
#define MACH_PAGER_ANSWER	_IOW(MACH_VM_IOC, 0x44, struct mach_pager_answer)
#define MACH_PAGER_COLLECT	_IOW(MACH_VM_IOC, 0x45, struct mach_pager_collect)
#define MACH_PAGER_SUPPLY	_IOWR(MACH_VM_IOC, 0x46, struct mach_pager_supply)
#define MACH_PAGER_LOCK_REQUEST	_IOW(MACH_VM_IOC, 0x47, struct mach_pager_lock)
#define MACH_PAGER_DESTROY	_IOW(MACH_VM_IOC, 0x48, struct mach_pager_destroy)
#define MACH_PAGER_GET_ATTRIBUTES \
	_IOWR(MACH_VM_IOC, 0x49, struct mach_pager_attributes)
#define MACH_PAGER_CHANGE_ATTRIBUTES \
	_IOW(MACH_VM_IOC, 0x4a, struct mach_pager_attributes)
#define MACH_PAGER_RESIZE	_IOW(MACH_VM_IOC, 0x4b, struct mach_pager_resize)
#define MACH_PAGER_SYMLINK	_IOW(MACH_VM_IOC, 0x4c, struct mach_pager_symlink)
#define MACH_PAGER_MKDIR	_IOW(MACH_VM_IOC, 0x4d, struct mach_pager_mkdir)
#define MACH_PAGER_UNPUBLISH	_IOW(MACH_VM_IOC, 0x4e, struct mach_pager_unpublish)

#endif /* _UAPI_LINUX_MACH_PAGER_H */
