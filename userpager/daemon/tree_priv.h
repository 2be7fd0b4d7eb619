/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * machpagerd - what the files of the tree share.
 *
 * A name is what a directory has; a file is what one or several names lead to, and
 * has the object. The main thread alone makes, moves and removes names. Workers have
 * files, which outlive their names as objects do.
 *
 * Locks: a file's, and inside of it the tree's, and inside of that the cache's.
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
 * @names: all of its names, the first is @name; the main thread's
 * @chain: in the tree's table, while it has names; the main thread's
 * @device: const: with @inode which file it is
 * @inode: const
 * @writable: const: the object may be written to
 * @touched: pages of it may be in memory
 * @unsynced: written to since it was made durable
 * @failed: the last write failed
 * @lock: guards what follows, and is held while the file's size is changed
 * @size: bytes that the object has
 * @writing: writes of ours under way
 * @modified: time of modification that is known: ours, or seen
 * @own: when we wrote to it ourselves, milliseconds
 * @resized: when a client changed its size, milliseconds
 */
struct tree_file {
	LIST_ENTRY(tree_file) chain;
	LIST_HEAD(, tree_name) names;
	struct tree *tree;
	atomic_uint refs;
	struct descriptor descriptor;
	struct pager *pager;
	struct tree_name *name;
	dev_t device;
	ino_t inode;
	bool writable;
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
 * @parent: its directory; NULL for the root; under the tree's lock
 * @chain: in the tree's table of names
 * @sibling: in @parent
 * @doom: in the list of those that are to be removed, if @doomed
 * @name: its name; const
 * @facts: what is shown of it
 * @kind: what it is
 * @shown: it has been made in /dev/machobj
 * @doomed: it is not there any more
 * @noted: there is a note of it
 * @changed: of its contents, too
 * @seen: number of the scan that has seen it last
 * @directory.children: what is in it
 * @directory.queue: in the list of those that are to be read, if @directory.queued
 * @directory.watch: number of its watch, or -1
 * @directory.watched: in the table of watches, if it has one
 * @file.file: the file
 * @file.other: among its names
 * @link.target: what it says
 *
 * But for @parent all is the main thread's.
 */
struct tree_name {
	LIST_ENTRY(tree_name) chain;
	LIST_ENTRY(tree_name) sibling;
	TAILQ_ENTRY(tree_name) doom;
	struct tree_name *parent;
	char *name;
	struct tree_facts facts;
	enum tree_kind kind;
	bool shown;
	bool doomed;
	bool noted;
	bool changed;
	unsigned int seen;
	union {
		struct {
			TAILQ_ENTRY(tree_name) queue;
			LIST_ENTRY(tree_name) watched;
			LIST_HEAD(, tree_name) children;
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
 * struct tree_note - A name in a watched directory that has to be looked at.
 */
struct tree_note {
	STAILQ_ENTRY(tree_note) next;
	int watch;
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
 * @rescanning: all directories are to be read
 * @left_out: names that could not be made
 * @inotify: where changes are told
 * @timer: when to look at @notes
 * @poll: readable if one of the two is
 * @notes: what has changed, @nr_notes of them
 * @overflow: more has changed than was told or can be noted
 * @cache: descriptors of files
 * @lock: guards how names hang together, as workers see it, and objects
 * @synced: @syncing changed
 * @syncing: the file whose object is used without the lock, or NULL
 */
struct tree {
	const struct config *config;
	char *path;
	struct pager_session *session;
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
	bool rescanning;
	unsigned long left_out;
	int inotify;
	int timer;
	int poll;
	struct tree_notes notes;
	unsigned int nr_notes;
	bool overflow;
	struct descriptor_cache cache;

	pthread_mutex_t lock;
	pthread_cond_t synced;
	struct tree_file *syncing;
};

/* tree_name.c */
struct tree_name *tree_name_find(struct tree *tree,
				 const struct tree_name *directory,
				 const char *name);
struct tree_name *tree_name_add(struct tree *tree, struct tree_name *directory,
				const char *name, enum tree_kind kind,
				const struct stat *st);
/* It has no children, and no file. */
void tree_name_free(struct tree *tree, struct tree_name *name);
void tree_facts_set(struct tree_facts *facts, const struct stat *st);
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
struct tree_file *tree_file_find(struct tree *tree, const struct stat *st);
struct tree_file *tree_file_new(struct tree *tree, const struct stat *st,
				bool writable);
void tree_file_put(struct tree_file *file);
/* The main thread's: @name leads to it from now on, or no more. */
void tree_file_link(struct tree_file *file, struct tree_name *name);
void tree_file_unlink(struct tree_file *file, struct tree_name *name);
/* Its object gets @name, or is without one. */
void tree_file_set_name(struct tree_file *file, struct tree_name *name);
/* From any thread: */
void tree_file_end_object(struct tree_file *file, struct pager *pager);
int tree_file_get_fd(struct tree_file *file, int *fd);
void tree_file_put_fd(struct tree_file *file);
const char *tree_file_say(struct tree_file *file, char *said);

/* tree_io.c */
extern const struct pager_ops tree_file_ops;
int tree_set_size(struct pager *pager, struct pager_request *req);

/* tree_rights.c */
int tree_rights_init(struct tree *tree);
uid_t tree_owner(const struct tree *tree, const struct tree_facts *facts);
gid_t tree_group(const struct tree *tree, const struct tree_facts *facts);
mode_t tree_mode(const struct tree *tree, const struct tree_facts *facts);

/* tree_show.c */
/* Make @name in /dev/machobj. 0 or errno, with a message. */
int tree_show(struct tree *tree, struct tree_name *name);
int tree_show_root(struct tree *tree);
void tree_hide(struct tree *tree, struct tree_name *name);
/* Owner, group, mode and times again, as the facts have changed */
void tree_dress(struct tree *tree, struct tree_name *name);
void tree_dress_times(struct tree *tree, struct tree_name *name);
/* The file of @from gets the name @to, if that can be made. */
int tree_show_moved(struct tree *tree, struct tree_name *from,
		    struct tree_name *to);

/* tree_change.c: false if it has to be looked at later */
bool tree_file_follow(struct tree *tree, struct tree_name *name, int directory);

/* tree_watch.c */
int tree_watch_init(struct tree *tree);
void tree_watch_end(struct tree *tree);
void tree_watch_directory(struct tree *tree, struct tree_name *name, int fd);
void tree_unwatch_directory(struct tree *tree, struct tree_name *name);
struct tree_name *tree_watched(struct tree *tree, int watch);
void tree_note(struct tree *tree, struct tree_name *directory,
	       const char *name, bool changed);
void tree_drop_notes(struct tree *tree);
void tree_take_events(struct tree *tree);
bool tree_pause_is_over(struct tree *tree);
void tree_set_pause(struct tree *tree);

/* tree_scan.c */
void tree_look(struct tree *tree, struct tree_name *directory, int fd,
	       const char *name);
void tree_queue(struct tree *tree, struct tree_name *directory);
/* With all that is below */
void tree_remove(struct tree *tree, struct tree_name *top);
/* Read what is queued, then remove what is doomed. */
void tree_settle(struct tree *tree);

#endif /* MACHPAGERD_TREE_PRIV_H */
