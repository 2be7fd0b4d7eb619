// SPDX-License-Identifier: GPL-2.0-only
/* Files of a tree: which there are, and their descriptors, opened when wanted. */
#include "tree_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Somebody renames there all the time */
#define OPEN_TRIES	16

int64_t tree_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

bool tree_time_equal(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/*
 * No symbolic link leads out of the directory, nothing that is mounted below it is
 * entered, and a FIFO that has taken a file's place does not hold us up.
 */
int tree_open_below(const struct tree *tree, const char *path, int flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
			   RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
	};
	int tries, fd = -1;

	if (flags & O_PATH)
		how.flags = flags | O_CLOEXEC | O_NOFOLLOW;
	for (tries = 0; tries < OPEN_TRIES; tries++) {
		fd = syscall(SYS_openat2, tree->directory, path, &how,
			     sizeof(how));
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return fd < 0 ? -errno : fd;
}

int tree_open_directory(const struct tree *tree,
			const struct tree_name *directory, int flags)
{
	char path[TREE_PATH];
	struct stat st;
	int fd;

	if (directory->gone)
		return -ENOENT;
	if (!tree_path(directory, path))
		return -ENAMETOOLONG;
	fd = tree_open_below(tree, path, flags | O_DIRECTORY);
	if (fd < 0 || (!fstat(fd, &st) && tree_facts_are(&directory->facts, &st)))
		return fd;
	close(fd);
	return -ENOENT;
}

static struct tree_files *bucket(struct tree *tree, const struct stat *st)
{
	uint64_t hash = (st->st_ino ^ st->st_dev << 32) * 0x9e3779b97f4a7c15ULL;

	return &tree->files[(hash >> 32) % TREE_BUCKETS];
}

struct tree_file *tree_file_find(struct tree *tree, const struct stat *st)
{
	struct tree_file *file;

	LIST_FOREACH(file, bucket(tree, st), chain) {
		if (file->inode == st->st_ino && file->device == st->st_dev)
			return file;
	}
	return NULL;
}

struct tree_file *tree_file_new(struct tree *tree, const struct stat *st,
				bool writable)
{
	struct tree_file *file = calloc(1, sizeof(*file));

	if (!file)
		return NULL;
	file->tree = tree;
	atomic_init(&file->refs, 1);
	descriptor_init(&file->descriptor);
	pthread_mutex_init(&file->lock, NULL);
	file->device = st->st_dev;
	file->inode = st->st_ino;
	file->writable = writable;
	atomic_init(&file->kept, -1);
	file->size = st->st_size;
	file->modified = st->st_mtim;
	LIST_INSERT_HEAD(bucket(tree, st), file, chain);
	return file;
}

void tree_file_get(struct tree_file *file)
{
	atomic_fetch_add(&file->refs, 1);
}

void tree_file_put(struct tree_file *file)
{
	int kept;

	if (atomic_fetch_sub(&file->refs, 1) != 1)
		return;
	kept = atomic_load(&file->kept);
	if (kept >= 0) {
		close(kept);
		atomic_fetch_sub(&file->tree->kept, 1);
	}
	descriptor_close(&file->tree->cache, &file->descriptor);
	pthread_mutex_destroy(&file->lock);
	free(file);
}

void tree_file_link(struct tree_file *file, struct tree_name *name)
{
	struct tree_name *first = LIST_FIRST(&file->names);

	name->file.file = file;
	if (first) {
		LIST_INSERT_AFTER(first, name, file.other);
		file->tree->others++;
	} else {
		LIST_INSERT_HEAD(&file->names, name, file.other);
	}
}

void tree_file_set_name(struct tree_file *file, struct tree_name *name)
{
	struct tree_name *other;

	pthread_mutex_lock(&file->tree->lock);
	file->name = name;
	pthread_mutex_unlock(&file->tree->lock);
	if (name) {
		LIST_REMOVE(name, file.other);
		LIST_INSERT_HEAD(&file->names, name, file.other);
	}
	LIST_FOREACH(other, &file->names, file.other)
		other->misled = other != name && other->shown;
}

void tree_file_unlink(struct tree_file *file, struct tree_name *name)
{
	if (file->name == name)
		tree_file_set_name(file, NULL);
	LIST_REMOVE(name, file.other);
	name->file.file = NULL;
	if (!LIST_EMPTY(&file->names)) {
		file->tree->others--;
		return;
	}
	LIST_REMOVE(file, chain);
	tree_file_put(file);
}

/* The main thread may be about to use the object. */
void tree_file_end_object(struct tree_file *file, struct pager *pager)
{
	struct tree *tree = file->tree;

	pthread_mutex_lock(&tree->lock);
	while (tree->using == file)
		pthread_cond_wait(&tree->unused, &tree->lock);
	if (file->pager == pager)
		file->pager = NULL;
	pthread_mutex_unlock(&tree->lock);
	tree_file_put(file);
}

struct pager *tree_file_use(struct tree_file *file)
{
	struct tree *tree = file->tree;
	struct pager *pager;

	pthread_mutex_lock(&tree->lock);
	pager = file->pager;
	tree->using = pager ? file : NULL;
	pthread_mutex_unlock(&tree->lock);
	return pager;
}

void tree_file_unuse(struct tree_file *file)
{
	struct tree *tree = file->tree;

	pthread_mutex_lock(&tree->lock);
	tree->using = NULL;
	pthread_cond_broadcast(&tree->unused);
	pthread_mutex_unlock(&tree->lock);
}

/* What has its name now may be another. */
static int check_same(const struct tree_file *file, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) && st.st_ino == file->inode &&
	       st.st_dev == file->device ? 0 : -ESTALE;
}

/* A program that runs may still be read. */
static bool only_to_read(int err)
{
	return err == -EACCES || err == -EPERM || err == -EROFS ||
	       err == -ETXTBSY;
}

static int open_path(const struct tree_file *file, const char *path)
{
	int fd = tree_open_below(file->tree, path,
				 file->writable ? O_RDWR : O_RDONLY);
	int err;

	if (file->writable && only_to_read(fd))
		fd = tree_open_below(file->tree, path, O_RDONLY);
	if (fd < 0)
		return fd;
	err = check_same(file, fd);
	if (!err)
		return fd;
	close(fd);
	return err;
}

static int open_file(void *of)
{
	struct tree_file *file = of;
	char path[TREE_PATH];
	bool found;

	pthread_mutex_lock(&file->tree->lock);
	found = file->name && tree_path(file->name, path);
	pthread_mutex_unlock(&file->tree->lock);
	return found ? open_path(file, path) : -ESTALE;
}

int tree_file_get_fd(struct tree_file *file, int *fd)
{
	*fd = atomic_load(&file->kept);
	if (*fd >= 0)
		return 0;
	return descriptor_get(&file->tree->cache, &file->descriptor, open_file,
			      file, fd);
}

void tree_file_put_fd(struct tree_file *file, int fd)
{
	if (fd != atomic_load(&file->kept))
		descriptor_put(&file->tree->cache, &file->descriptor);
}

static int take_fd(void *from)
{
	int *fd = from, taken = *fd;

	*fd = -1;
	return taken;
}

void tree_file_give_fd(struct tree_file *file, int fd)
{
	struct descriptor_cache *cache = &file->tree->cache;
	int same;

	if (!descriptor_get(cache, &file->descriptor, take_fd, &fd, &same))
		descriptor_put(cache, &file->descriptor);
	if (fd >= 0)
		close(fd);
}

/* Under the lock of the names; besides the cache, which needs room to serve others. */
int tree_file_keep(struct tree_file *file)
{
	struct tree *tree = file->tree;
	int fd, copy, err;

	if (atomic_load(&file->kept) >= 0)
		return 0;
	if (atomic_load(&tree->kept) >= tree->most_kept)
		return ENFILE;
	err = tree_file_get_fd(file, &fd);
	if (err)
		return err;
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	err = copy < 0 ? ENFILE : 0;
	tree_file_put_fd(file, fd);
	if (err)
		return err;
	atomic_fetch_add(&tree->kept, 1);
	atomic_store(&file->kept, copy);
	return 0;
}

const char *tree_file_say(struct tree_file *file, char *said)
{
	pthread_mutex_lock(&file->tree->lock);
	if (file->name)
		tree_say(file->tree, file->name, NULL, said);
	else
		snprintf(said, TREE_SHOWN, "a removed file of %s",
			 file->tree->path);
	pthread_mutex_unlock(&file->tree->lock);
	return said;
}

/* One that this round has not had yet, with a reference, or NULL */
static struct tree_file *next_file(struct tree *tree, struct tree_files *bucket)
{
	struct tree_file *file;

	tree_enter(tree);
	LIST_FOREACH(file, bucket, chain) {
		if (file->round != tree->round)
			break;
	}
	if (file) {
		file->round = tree->round;
		tree_file_get(file);
	}
	tree_leave(tree);
	return file;
}

void tree_each_file(struct tree *tree,
		    void (*what)(struct tree_file *file, void *with),
		    void *with)
{
	struct tree_file *file;
	unsigned int i;

	tree->round++;
	for (i = 0; i < TREE_BUCKETS; i++) {
		while ((file = next_file(tree, &tree->files[i]))) {
			what(file, with);
			tree_file_put(file);
		}
	}
}
