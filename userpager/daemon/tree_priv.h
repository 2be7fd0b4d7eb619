/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * machpagerd - what the files of the tree share.
 *
 * A name is what a directory has; a file is what one or several names lead to, and
 * has the object. Files outlive their names as objects do. The main thread brings
 * names in line with what others have done; a worker does what a client asks for in
 * the directory, and changes names when the kernel has done so.
 *
 * Locks: that of the names, inside of it a file's, inside of that the tree's, and
 * inside of that the cache's. Whoever changes names has the first from the store to
 * the answer, so what is shown and what is known are the same to the next. But the
 * main thread must not have it while it makes something in /dev/machobj: that waits
 * for clients in the same directory, and these for a worker. It leaves the names
 * then, see tree_leave(), holds what it needs afterwards, and looks again.
 *
 * The functions below stand as their files do, from the ground up.
 */
#ifndef MACHPAGERD_TREE_PRIV_H
#define MACHPAGERD_TREE_PRIV_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include <descriptor_cache.h>
#include <userpager/directory.h>
#include "tree.h"

#define TREE_BUCKETS	16384U
#define TREE_PATH	(MACH_PATH_MAX + 1)
/* So long descriptors are kept that nobody uses */
#define TREE_IDLE_MS	10000
/* A path for people, cut if it is long */
#define TREE_SHOWN	400

enum tree_kind {
	TREE_DIRECTORY,
	TREE_FILE,
	TREE_LINK,
	TREE_SPECIAL,		/* left out */
};

/**
 * struct tree_facts - What is shown of a file, link or directory, and tells which.
 */
struct tree_facts {
	dev_t device;
	ino_t inode;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	struct timespec accessed;
	struct timespec modified;
};

/**
 * struct tree_file - A file with its object.
 * @tree: const: its tree
 * @refs: one of the names together, one of the object
 * @descriptor: of the file, under the cache's lock
 * @pager: the object, or NULL, under the tree's lock
 * @name: the name that the object has, or NULL, under the tree's lock
 * @names: all of its names, the first is @name
 * @chain: in the tree's table, while it has names
 * @round: of tree_each_file(), which has had it
 * @device: const: with @inode which file it is
 * @inode: const
 * @writable: const: the object may be written to
 * @kept: a descriptor that stays, as there is no way to another, or -1
 * @touched: pages of it may be in memory
 * @unsynced: written to since it was made durable
 * @failed: the last write failed
 * @lock: guards what follows, and is held while the file's size is changed
 * @size: bytes that the object has
 * @writing: writes of ours under way
 * @modified: time of modification that is known: ours, or seen
 * @own: when we wrote to it ourselves, milliseconds
 * @resized: when a client changed its size, milliseconds
 *
 * Names are under their lock.
 */
struct tree_file {
	LIST_ENTRY(tree_file) chain;
	LIST_HEAD(, tree_name) names;
	unsigned int round;
	struct tree *tree;
	atomic_uint refs;
	struct descriptor descriptor;
	struct pager *pager;
	struct tree_name *name;
	dev_t device;
	ino_t inode;
	bool writable;
	atomic_int kept;
	atomic_bool touched;
	atomic_bool unsynced;
	atomic_bool failed;

	pthread_mutex_t lock;
	uint64_t size;
	unsigned int writing;
	struct timespec modified;
	int64_t own;
	int64_t resized;
};

/**
 * struct tree_name - A name in a directory.
 * @parent: its directory; NULL for the root; changes under the tree's lock, too
 * @chain: in the tree's table of names
 * @sibling: in @parent
 * @doom: in the list of those that are to be removed, if @doomed
 * @refs: one of the tree, one of the object of a directory, those of who holds it
 * @name: its name; changes under the tree's lock, too
 * @facts: what is shown of it
 * @kind: what it is
 * @shown: it has been made in /dev/machobj
 * @doomed: it is not there any more
 * @gone: it is no name of the tree any more
 * @undressed: it may be shown with others than its rights
 * @misled: a link to a file, which has moved, or the link; or one that may be hidden
 * @noted: there is a note of it
 * @changed: of its contents, too
 * @seen: number of the scan that has seen it last
 * @directory.children: what is in it
 * @directory.tree: its tree, if it has @directory.pager; const
 * @directory.pager: the object by which clients ask for changes, or NULL
 * @directory.changes: how often a client has changed a name in it
 * @directory.durable: as many of these will outlive the machine's end
 * @directory.queue: in the list of those that are to be read, if @directory.queued
 * @directory.watch: number of its watch, or -1
 * @directory.watched: in the table of watches, if it has one
 * @file.file: the file
 * @file.other: among its names
 * @link.target: what it says
 *
 * Under the lock of the names.
 */
struct tree_name {
	LIST_ENTRY(tree_name) chain;
	LIST_ENTRY(tree_name) sibling;
	TAILQ_ENTRY(tree_name) doom;
	atomic_uint refs;
	struct tree_name *parent;
	char *name;
	struct tree_facts facts;
	enum tree_kind kind;
	bool shown;
	bool doomed;
	bool gone;
	bool undressed;
	bool misled;
	bool noted;
	bool changed;
	unsigned int seen;
	union {
		struct {
			TAILQ_ENTRY(tree_name) queue;
			LIST_ENTRY(tree_name) watched;
			LIST_HEAD(, tree_name) children;
			struct tree *tree;
			struct pager *pager;
			unsigned long changes;
			unsigned long durable;
			int watch;
			bool queued;
		} directory;
		struct {
			LIST_ENTRY(tree_name) other;
			struct tree_file *file;
		} file;
		struct {
			char *target;
		} link;
	};
};

/**
 * struct tree_wish - Whose something is to be, and with which rights and times.
 * @mode: permission bits; of a change all ones for those that there are; so below
 * @uid: owner
 * @gid: group
 * @times: of the last access and change, as for utimensat()
 */
struct tree_wish {
	mode_t mode;
	uid_t uid;
	gid_t gid;
	struct timespec times[2];
};

/**
 * struct tree_note - A name in a directory, which it holds, that has to be looked at.
 */
struct tree_note {
	STAILQ_ENTRY(tree_note) next;
	struct tree_name *directory;
	char name[];
};

LIST_HEAD(tree_names, tree_name);
LIST_HEAD(tree_files, tree_file);
TAILQ_HEAD(tree_list, tree_name);
STAILQ_HEAD(tree_notes, tree_note);

/**
 * struct tree - A directory that is served.
 * @config: the command line
 * @path: of the directory, for messages
 * @session: we as a pager
 * @asks: what clients may ask for; NULL: nothing
 * @root: the directory
 * @directory: its descriptor
 * @objects: /dev/machobj, or -1
 * @may_chown: objects can be other users'
 * @groups: what we are in, @nr_groups of them
 * @names: all names by directory and name
 * @files: all files by device and number
 * @watches: directories by the number of their watch
 * @to_read: directories that have to be read
 * @doomed: names that have to be removed
 * @serial: number of the last scan
 * @round: number of the last tree_each_file(); the main thread's
 * @rescanning: all directories are to be read
 * @left_out: names that could not be made
 * @inotify: where changes are told
 * @timer: when to look at @notes
 * @poll: readable if one of the two is
 * @notes: what has changed, @nr_notes of them
 * @overflow: more has changed than was told or can be noted
 * @moves: how often a client has renamed a directory
 * @others: names of files besides the first of each
 * @changes: how often a client has changed a name
 * @shows: how often something was shown or hidden
 * @cache: descriptors of files
 * @most_kept: so many descriptors may be kept besides
 * @kept: so many are
 * @shape: the lock of the names, and of all above that changes but @cache
 * @waiting: threads that wait for it
 * @lock: guards how names hang together, as files see it, and objects
 * @unused: @using changed
 * @using: the file whose object is used without the lock, or NULL
 */
struct tree {
	const struct config *config;
	char *path;
	struct pager_session *session;
	const struct pager_name_ops *asks;
	struct tree_name *root;
	int directory;
	int objects;
	bool may_chown;
	gid_t *groups;
	int nr_groups;
	struct tree_names names[TREE_BUCKETS];
	struct tree_files files[TREE_BUCKETS];
	struct tree_names watches[TREE_BUCKETS];
	struct tree_list to_read;
	struct tree_list doomed;
	unsigned int serial;
	unsigned int round;
	bool rescanning;
	unsigned long left_out;
	int inotify;
	int timer;
	int poll;
	struct tree_notes notes;
	unsigned int nr_notes;
	bool overflow;
	unsigned long moves;
	unsigned long others;
	unsigned long changes;
	unsigned long shows;
	struct descriptor_cache cache;
	unsigned int most_kept;
	atomic_uint kept;

	pthread_mutex_t shape;
	atomic_uint waiting;
	pthread_mutex_t lock;
	pthread_cond_t unused;
	struct tree_file *using;
};

/* tree_name.c: all under the lock of the names */
void tree_enter(struct tree *tree);
void tree_leave(struct tree *tree);
/* Let others have the lock, if they wait for it. */
void tree_give_way(struct tree *tree);
struct tree_name *tree_name_find(struct tree *tree,
				 const struct tree_name *directory,
				 const char *name);
/* One that is in no directory yet: for tree_name_insert() or tree_name_put() */
struct tree_name *tree_name_new(const char *name, enum tree_kind kind,
				const struct stat *st);
void tree_name_insert(struct tree *tree, struct tree_name *directory,
		      struct tree_name *name);
struct tree_name *tree_name_get(struct tree_name *name);
void tree_name_put(struct tree_name *name);
/* It has no children, and no file, and is gone for who holds it. */
void tree_name_drop(struct tree *tree, struct tree_name *name);
/* @to, from malloc(), is taken over. */
void tree_name_move(struct tree *tree, struct tree_name *name,
		    struct tree_name *directory, char *to);
void tree_name_spare(struct tree *tree, struct tree_name *name);
/* It is to be read. */
void tree_queue(struct tree *tree, struct tree_name *directory);
void tree_facts_set(struct tree_facts *facts, const struct stat *st);
bool tree_facts_are(const struct tree_facts *facts, const struct stat *st);
/* Its path below the directory, "." for that; TREE_PATH bytes. False: too long. */
bool tree_path(const struct tree_name *name, char *path);
/* Its path below /dev/machobj */
bool tree_object_path(const struct tree *tree, const struct tree_name *name,
		      char *path);
/* The path of @name, or of @entry in it, for a message */
const char *tree_say(const struct tree *tree, const struct tree_name *name,
		     const char *entry, char *said);

/* tree_file.c */
int64_t tree_now_ms(void);
bool tree_time_equal(const struct timespec *a, const struct timespec *b);
/* Open what is below the directory, and nowhere else: descriptor or -errno. */
int tree_open_below(const struct tree *tree, const char *path, int flags);
/* A directory, if it is still the one that is known: descriptor or -errno */
int tree_open_directory(const struct tree *tree,
			const struct tree_name *directory, int flags);
struct tree_file *tree_file_find(struct tree *tree, const struct stat *st);
struct tree_file *tree_file_new(struct tree *tree, const struct stat *st,
				bool writable);
void tree_file_get(struct tree_file *file);
void tree_file_put(struct tree_file *file);
/* @name leads to it from now on, or no more. */
void tree_file_link(struct tree_file *file, struct tree_name *name);
void tree_file_unlink(struct tree_file *file, struct tree_name *name);
/* Its object gets @name, or is without one. */
void tree_file_set_name(struct tree_file *file, struct tree_name *name);
/* From any thread: */
void tree_file_end_object(struct tree_file *file, struct pager *pager);
/* Use the object while nobody has the lock: it does not end. NULL: none. */
struct pager *tree_file_use(struct tree_file *file);
void tree_file_unuse(struct tree_file *file);
int tree_file_get_fd(struct tree_file *file, int *fd);
void tree_file_put_fd(struct tree_file *file, int fd);
/* @fd, which is taken over, is the file's until others need the room. */
void tree_file_give_fd(struct tree_file *file, int fd);
/* Its name may go, or its rights: it can be read and written as long as it is used. */
int tree_file_keep(struct tree_file *file);
const char *tree_file_say(struct tree_file *file, char *said);
/* Do @what to all files that have names; these may change meanwhile. */
void tree_each_file(struct tree *tree,
		    void (*what)(struct tree_file *file, void *with),
		    void *with);

/* tree_store.c: in open directories; a descriptor or -errno */
int tree_store_file(int directory, const char *name,
		    const struct tree_wish *wish, struct stat *st);
int tree_store_directory(int directory, const char *name,
			 const struct tree_wish *wish, struct stat *st);
/* 0 or errno */
int tree_store_link(int directory, const char *name, const char *target,
		    const struct tree_wish *wish, struct stat *st);
int tree_store_remove(int directory, const char *name, int flags);
int tree_store_rename(int directory, const char *name, int to_directory,
		      const char *to, unsigned int flags);
int tree_store_change(int fd, const struct tree_wish *wish);
/* See to it that the names in a directory and on the way to it are durable. Leaves. */
int tree_sync_names(struct tree *tree, struct tree_name *directory);
/* The same of a file's own, for who has not the lock */
int tree_sync_name(struct tree_file *file);

/* tree_io.c */
extern const struct pager_ops tree_file_ops;
int tree_set_size(struct pager *pager, struct pager_request *req);

/* tree_rights.c */
int tree_rights_init(struct tree *tree);
bool tree_same_rights(const struct tree_facts *facts, const struct stat *st);
uid_t tree_owner(const struct tree *tree, const struct tree_facts *facts);
gid_t tree_group(const struct tree *tree, const struct tree_facts *facts);
mode_t tree_mode(const struct tree *tree, const struct tree_facts *facts);

/*
 * tree_show.c: for the main thread. What leaves the names has @name held by the caller,
 * who looks again afterwards what has become of it.
 */
/* The object of @file by the name that it has, or NULL; it leaves nothing. */
int tree_open_shown(struct tree *tree, const struct tree_name *name, int flags);
/* Make an object of @file. 0 or errno; it leaves nothing. */
int tree_make_object(struct tree_file *file);
/* An object by which clients ask for changes in @name. 0 or errno; leaves nothing. */
int tree_make_asking(struct tree *tree, struct tree_name *name);
/* Make @name in /dev/machobj. 0; errno with a message; EAGAIN: look again. Leaves. */
int tree_show(struct tree *tree, struct tree_name *name);
int tree_show_root(struct tree *tree);
/* Leaves if it is a link, which is still shown then if a client has moved it. */
void tree_hide(struct tree *tree, struct tree_name *name);
/*
 * Owner, group, mode and times again, as others have changed the facts. Leaves, and what
 * a client sets meanwhile is shown again only afterwards: not for what clients alone do.
 */
void tree_dress(struct tree *tree, struct tree_name *name);
void tree_dress_times(struct tree *tree, struct tree_name *name);
/* The object of a file, and links to it, where its names are now. Leaves. */
int tree_show_file(struct tree *tree, struct tree_file *file);
/* What is not shown as it is, or may not be. As tree_show(). */
int tree_show_again(struct tree *tree, struct tree_name *name);

/* tree_change.c: false if it has to be looked at later. Leaves. */
bool tree_file_follow(struct tree *tree, struct tree_name *name, int directory);
/* @fd: of a directory. Have others given it another time? Then that is known now. */
bool tree_directory_follow(struct tree_name *directory, int fd);
/* The file has the time that its object has. Under both locks; it leaves nothing. */
void tree_file_stamp(struct tree_file *file);

/* tree_watch.c */
int tree_watch_init(struct tree *tree);
void tree_watch_end(struct tree *tree);
void tree_watch_directory(struct tree *tree, struct tree_name *name, int fd);
void tree_unwatch_directory(struct tree *tree, struct tree_name *name);
struct tree_name *tree_watched(struct tree *tree, int watch);
void tree_note(struct tree *tree, struct tree_name *directory,
	       const char *name, bool changed);
void tree_free_note(struct tree_note *note);
void tree_drop_notes(struct tree *tree);
void tree_take_events(struct tree *tree);
bool tree_pause_is_over(struct tree *tree);
void tree_set_pause(struct tree *tree);

/* tree_scan.c: for the main thread; what leaves is said above */
void tree_look(struct tree *tree, struct tree_name *directory, int fd,
	       const char *name);
/* With all that is below. Leaves. */
void tree_remove(struct tree *tree, struct tree_name *top);
/* As clients had it done: only from the names. Leaves nothing. */
void tree_forget(struct tree *tree, struct tree_name *top);
/* Read what is queued, then remove what is doomed. Leaves. */
void tree_settle(struct tree *tree);
/* All of it anew. Leaves. */
void tree_read_all(struct tree *tree);

/* tree_ask.c: for the workers */
extern const struct pager_name_ops tree_ask_ops;

#endif /* MACHPAGERD_TREE_PRIV_H */
