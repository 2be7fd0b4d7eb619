// SPDX-License-Identifier: GPL-2.0-only
/* A directory and all below it, served: from opening it to the last write-back. */
#include "log.h"
#include "tree_priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mach_vm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

/* So long a pager that was killed may take to let go, and to be cleared away: 2 s */
#define KILLED_PAUSE_MS	20
#define KILLED_TRIES	100

/* For what is opened for a moment: a new object, a directory, a log */
#define SPARE_FDS	16

/* So often a full queue of lock requests is tried again, 1 ms each */
#define CLEAN_TRIES	1000

static void sleep_ms(long milliseconds)
{
	struct timespec pause = { .tv_nsec = milliseconds * 1000000 };

	nanosleep(&pause, NULL);
}

static bool is_object(int fd)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && fs.f_type == MACH_OBJECT_MAGIC;
}

/* One who writes to the directory's files, or any number who only read. */
static int lock_directory(const struct tree *tree)
{
	int how = tree->config->writable ? LOCK_EX : LOCK_SH;
	int tries;

	for (tries = 0; tries < KILLED_TRIES; tries++) {
		if (tries)
			sleep_ms(KILLED_PAUSE_MS);
		if (!flock(tree->directory, how | LOCK_NB))
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			break;
	}
	if (errno == EWOULDBLOCK)
		return EBUSY;
	log_info("%s: cannot be locked: %s: see to it that no other pager writes there",
		 tree->path, strerror(errno));
	return 0;
}

static bool open_directory(struct tree *tree)
{
	const char *path = tree->config->directory;
	int err;

	tree->directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	tree->path = tree->directory < 0 ? NULL : realpath(path, NULL);
	if (!tree->path) {
		log_error("%s: %s%s", path, strerror(errno), errno == ENOTDIR ?
			  ": serve a file with --file" : "");
		return false;
	}
	if (is_object(tree->directory)) {
		log_error("%s: is in the file system of memory objects, which have a pager already: serve the directory behind it: %s",
			  tree->path, strerror(ELOOP));
		return false;
	}
	err = lock_directory(tree);
	if (err)
		log_error("%s: another pager serves it: end that one, or start both without --writable",
			  tree->path);
	return !err;
}

static void init(struct tree *tree, const struct config *config)
{
	tree->config = config;
	tree->asks = config->writable ? &tree_ask_ops : NULL;
	tree->directory = -1;
	tree->objects = -1;
	tree->inotify = -1;
	tree->timer = -1;
	tree->poll = -1;
	TAILQ_INIT(&tree->to_read);
	TAILQ_INIT(&tree->doomed);
	STAILQ_INIT(&tree->notes);
	pthread_mutex_init(&tree->shape, NULL);
	pthread_mutex_init(&tree->lock, NULL);
	pthread_cond_init(&tree->unused, NULL);
	descriptor_cache_init(&tree->cache, config->open_files);
}

enum exit_status tree_open(const struct config *config, struct tree **out)
{
	struct tree *tree = calloc(1, sizeof(*tree));
	struct stat st;

	*out = tree;
	if (!tree) {
		log_error("out of memory");
		return EXIT_STORE;
	}
	init(tree, config);
	if (!open_directory(tree))
		return EXIT_STORE;
	if (!fstat(tree->directory, &st))
		tree->root = tree_name_new("", TREE_DIRECTORY, &st);
	if (tree->root)
		tree_name_insert(tree, NULL, tree->root);
	if (tree->root && !tree_rights_init(tree))
		return EXIT_OK;
	log_error("out of memory");
	return EXIT_STORE;
}

static unsigned int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int n = 0;

	if (!dir)
		return 64;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* As many as we may have, less those that are ours otherwise. */
static void limit_descriptors(struct tree *tree)
{
	unsigned int used = count_fds() + SPARE_FDS;
	struct rlimit limit;
	rlim_t most;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		getrlimit(RLIMIT_NOFILE, &limit);
	most = limit.rlim_cur > used ? limit.rlim_cur - used : 1;
	/* half of them for what has lost its name and is open */
	tree->most_kept = tree->config->writable ? most / 2 : 0;
	most -= tree->most_kept;
	if (tree->cache.most > most)
		tree->cache.most = most;
	log_debug("at most %u files are open at once", tree->cache.most);
}

static void open_objects(struct tree *tree)
{
	tree->objects = open(MACH_VM_NODE_DIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (tree->objects < 0 || is_object(tree->objects))
		return;
	close(tree->objects);
	tree->objects = -1;
}

/* Names of a pager that was killed may still be there, and one by one they go. */
static void await_name(const struct tree *tree)
{
	struct stat st;
	int tries;

	for (tries = 0; tries < KILLED_TRIES; tries++) {
		if (fstatat(tree->objects, tree->config->name, &st,
			    AT_SYMLINK_NOFOLLOW) < 0)
			break;
		sleep_ms(KILLED_PAUSE_MS);
	}
}

enum exit_status tree_publish(struct tree *tree, struct pager_session *session)
{
	int err;

	tree->session = session;
	open_objects(tree);
	err = tree_watch_init(tree);
	if (err) {
		log_error("%s: cannot be watched: %s", tree->path,
			  strerror(err));
		return EXIT_RUNTIME;
	}
	limit_descriptors(tree);
	await_name(tree);
	/* what clients make has the mode that they want */
	umask(0);
	tree_enter(tree);
	err = tree_show_root(tree);
	if (!err) {
		tree_queue(tree, tree->root);
		tree_settle(tree);
	}
	tree_leave(tree);
	if (err)
		return EXIT_NODE;
	if (tree->left_out)
		log_info("%s: %lu names are left out", tree->path,
			 tree->left_out);
	return EXIT_OK;
}

/* Any file can become dirty that has ever been touched. */
static bool may_be_dirty(struct tree_file *file)
{
	return file->writable &&
	       atomic_load_explicit(&file->touched, memory_order_relaxed);
}

static int clean_file(struct tree_file *file)
{
	struct tree *tree = file->tree;
	int err = 0;

	pthread_mutex_lock(&tree->lock);
	if (file->pager)
		err = pager_lock_request(file->pager, 0, 0, MACH_LOCK_CLEAN, 0);
	pthread_mutex_unlock(&tree->lock);
	return err;
}

/**
 * struct cleaning - What tree_clean() tells each file.
 * @tries: so often it may be tried again
 * @err: the last error, or 0
 */
struct cleaning {
	int tries;
	int err;
};

static void clean(struct tree_file *file, void *with)
{
	struct cleaning *cleaning = with;
	int err;

	if (!may_be_dirty(file))
		return;
	while ((err = clean_file(file)) == EAGAIN && cleaning->tries-- > 0)
		sleep_ms(1);
	if (err)
		cleaning->err = err;
}

int tree_clean(struct tree *tree)
{
	struct cleaning cleaning = { .tries = CLEAN_TRIES };

	tree_each_file(tree, clean, &cleaning);
	return cleaning.err;
}

/* The object stays while we wait; its end may come meanwhile. */
static int sync_file(struct tree_file *file, int timeout_ms)
{
	struct pager *pager = tree_file_use(file);
	int err;

	if (!pager)
		return 0;
	err = pager_sync(pager, timeout_ms);
	tree_file_unuse(file);
	/* of a removed file nobody can want it */
	if (!err && atomic_load(&file->failed))
		err = EIO;
	return err;
}

static void stamp(struct tree_file *file)
{
	tree_enter(file->tree);
	pthread_mutex_lock(&file->lock);
	tree_file_stamp(file);
	pthread_mutex_unlock(&file->lock);
	tree_leave(file->tree);
}

/**
 * struct finishing - What tree_finish() does with each file.
 * @timeout_ms: how long it may take
 * @lost: files that have lost something
 * @written: something was written
 * @err: the first error, or 0
 */
struct finishing {
	int timeout_ms;
	unsigned long lost;
	bool written;
	int err;
};

static void finish(struct tree_file *file, void *with)
{
	struct finishing *finishing = with;
	int err = 0;

	if (may_be_dirty(file)) {
		err = sync_file(file, finishing->timeout_ms);
		stamp(file);
	}
	finishing->written |= atomic_load(&file->unsynced);
	finishing->lost += !!err;
	finishing->err = finishing->err ?: err;
}

int tree_finish(struct tree *tree, int timeout_ms)
{
	struct finishing finishing = {
		.timeout_ms = timeout_ms,
		.written = tree->changes,
	};
	int err;

	tree_each_file(tree, finish, &finishing);
	err = finishing.err;
	if (finishing.lost)
		log_error("%s: modified data of %lu files could not be written back and is lost: %s",
			  tree->path, finishing.lost, pager_strerror(err));
	/* also what was written by descriptors that are closed again */
	if (finishing.written && syncfs(tree->directory) < 0) {
		err = errno;
		log_error("%s: could not be made durable: %s", tree->path,
			  strerror(err));
	}
	return err;
}

void tree_close(struct tree *tree)
{
	if (!tree)
		return;
	tree->session = NULL;
	tree_enter(tree);
	if (tree->root)
		tree_remove(tree, tree->root);
	tree_leave(tree);
	tree_watch_end(tree);
	if (tree->objects >= 0)
		close(tree->objects);
	if (tree->directory >= 0)
		close(tree->directory);
	descriptor_cache_destroy(&tree->cache);
	pthread_cond_destroy(&tree->unused);
	pthread_mutex_destroy(&tree->lock);
	pthread_mutex_destroy(&tree->shape);
	free(tree->groups);
	free(tree->path);
	free(tree);
}
