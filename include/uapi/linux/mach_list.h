/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * machvm - listed directories: names that a pager hands in.
 */
#ifndef _UAPI_LINUX_MACH_LIST_H
#define _UAPI_LINUX_MACH_LIST_H

#include <linux/mach_pager.h>

/**
 * DOC: listed directories
 *
 * A directory that was made with MACH_CREATE_LISTED beside MACH_CREATE_DIRECTORY has the
 * names that its pager hands in by MACH_PAGER_LIST: a table, which lookups and listings
 * read without the pager. When somebody looks into the directory for the first time,
 * and there is no table, the pager gets a LIST, and all who look wait for its answer.
 * DONE says that the table has been handed in, whole; without a table they get EIO.
 *
 * A file of the table becomes an object of the pager when it is first opened or mapped,
 * and a directory, itself a listed one, when somebody first looks into it. The pager
 * hears of it by the first message about it: of a number that it does not know yet,
 * with the cookie from the table. Objects that nobody uses are given back, when memory
 * is short or there are many: what is modified is returned, then comes TERMINATE. Who
 * opens the name anew waits for its answer, and gets another object. The size that the
 * file had is the table's then.
 *
 * In a listed directory nothing is published or made. Nor do clients change anything in
 * it (EPERM), but for files' sizes; unless it was made with MACH_CREATE_ASKS.
 */

/**
 * DOC: listed directories that ask
 *
 * With MACH_CREATE_ASKS beside MACH_CREATE_LISTED clients ask the pager for changes, by
 * the requests of a directory that asks (struct mach_name_request), and the answer
 * changes the table. All directories in the table do likewise. An older module, in which
 * listed directories never ask, refuses the flag (EINVAL).
 *
 * What a name is of is told by the table's cookie, whether there is an object or not;
 * @object is 0 if there is none. A name that lies in the table, also a directory's, is
 * always the request of the directory that it lies in.
 *
 * Of CREATE, MKDIR and SYMLINK the source of a DONE is the cookie of the new entry. Its
 * kind, mode, owner, group and what a link says are those of the request; a file has no
 * bytes, and MACH_LIST_RESIZABLE; its time is that of the request. No object is made
 * before somebody opens it. What the pager's store says otherwise it tells by
 * MACH_LIST_CHANGE, before or after the answer.
 *
 * A RENAME leaves the entry what it is, with its cookie and the number of its inode; in
 * a listing it comes behind all others. It leads to another listed directory of the
 * pager that asks, and nowhere else (EXDEV).
 *
 * MACH_PAGER_LIST goes on meanwhile. An answer finds what the table says by then:
 *
 * - what was to go and is not there any more, or is another, may have gone: DONE;
 * - what was to come and is there with the kind, the cookie and the target that the
 *   answer says has come; any other is EEXIST, and the request is still held;
 * - what was to move or to change and is not there is ESTALE; what has come meanwhile
 *   where it was to move to is EEXIST;
 * - what is in a directory that was to go is ENOTEMPTY, and the request still held.
 *
 * So it is of ENOMEM, when there is none for the entry. A new table that is begun before
 * an answer, and ended behind it, has to have what that has changed.
 */

/* Flags of struct mach_pager_list */
#define MACH_LIST_BEGIN		(1U << 0)	/* a new table begins, not in sight yet */
#define MACH_LIST_END		(1U << 1)	/* it is whole, and in sight */
#define MACH_LIST_CHANGE	(1U << 2)	/* of the table in sight: add or replace */
#define MACH_LIST_REMOVE	(1U << 3)	/* of the table in sight: these names go */

/* Flags of struct mach_list_entry */
#define MACH_LIST_READ_ONLY	(1U << 0)	/* nobody may write to the file */
#define MACH_LIST_RESIZABLE	(1U << 1)	/* its size may change */

/**
 * struct mach_list_entry - One name of a listed directory.
 * @size: sizeof(struct mach_list_entry), from one to the next
 * @mode: S_IFREG, S_IFDIR or S_IFLNK, and permission bits, of 0777, of a directory 01777
 * @flags: MACH_LIST_*; zero of what is no file
 * @uid: owner: the caller's, or with CAP_CHOWN any (EPERM)
 * @gid: group: one of the caller's, or with CAP_CHOWN any (EPERM)
 * @name_length: bytes of @name, 1 to MACH_NAME_MAX
 * @target_length: bytes of @target, 1 to MACH_PATH_MAX; 0 of what is no link
 * @reserved: zero
 * @object_size: bytes of a file, 0 to MACH_OBJECT_SIZE_MAX; otherwise 0
 * @cookie: of the object that is made for it
 * @mtime_ns: time of the last change, nanoseconds since 1970
 * @name: address of the name
 * @target: address of what a link says; otherwise 0
 *
 * For REMOVE all but the size, the name and its length is zero.
 */
struct mach_list_entry {
	__u32 size;
	__u32 mode;
	__u32 flags;
	__u32 uid;
	__u32 gid;
	__u32 name_length;
	__u32 target_length;
	__u32 reserved;
	__aligned_u64 object_size;
	__aligned_u64 cookie;
	__s64 mtime_ns;
	__aligned_u64 name;
	__aligned_u64 target;
};

#define MACH_LIST_ENTRY_SIZE_VER0	72	/* of the first version */

/**
 * struct mach_pager_list - Hand in names of a listed directory (MACH_PAGER_LIST, pager).
 * @size: sizeof(struct mach_pager_list)
 * @object: number of the directory's object
 * @flags: MACH_LIST_*: BEGIN, END, both or none of them; or CHANGE; or REMOVE
 * @nr_entries: how many
 * @entry_size: @size of each entry; 0 if there is none
 * @reserved: zero
 * @entries: address of the entries; 0 if there is none
 *
 * BEGIN starts a new table, and forgets one that was begun and not ended; without it the
 * entries are added to that (EINVAL: there is none). By END it takes the place of the
 * one in sight, at once: a name whose kind, cookie, flags, and target or fixed size are
 * the same stays what it is, with the new attributes, and so does who has it open; all
 * others are unlinked. CHANGE does so for its names alone. CHANGE and REMOVE need a
 * table in sight (ENODATA).
 *
 * EEXIST: a name is there twice; ENOENT: one that is to go is not there; EINVAL,
 * ENAMETOOLONG, EPERM: an entry that cannot be; EDQUOT: too many names of the user.
 * Then nothing of the call has happened. The call waits for nobody who looks into the
 * directory.
 */
struct mach_pager_list {
	__u32 size;
	__u32 object;
	__u32 flags;
	__u32 nr_entries;
	__u32 entry_size;
	__u32 reserved;
	__aligned_u64 entries;
};

#define MACH_PAGER_LIST		_IOW(MACH_VM_IOC, 0x4f, struct mach_pager_list)

#endif /* _UAPI_LINUX_MACH_LIST_H */
