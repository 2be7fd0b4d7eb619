// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cache of descriptors: whoever has one has that of his file, there are never more
 * than may be, and what goes to make room has been idle for longest.
 */
#include "../../userpager/stores/descriptor_cache.h"
#include "property.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES		24
#define THREADS		8
#define THREAD_TURNS	3000

/* A file is an inode of its own each time it is opened. */
struct file {
	struct descriptor descriptor;
	ino_t inode;
	int fails;		/* errno of the next opening, or 0 */
	int got;		/* as the model counts */
	int has;
	bool open;
	unsigned long idle_at;
};

static struct descriptor_cache cache;
static struct file files[FILES];
static unsigned long clock_now;
static int room;		/* descriptors that this process may have, or 0 */

static int count(bool idle)
{
	int i, n = 0;

	for (i = 0; i < FILES; i++)
		n += files[i].open && (!idle || !files[i].got);
	return n;
}

static int open_file(void *of)
{
	struct file *file = of;
	struct stat st;
	int fd;

	if (file->fails)
		return -file->fails;
	if (room && (int)cache.open > room)
		return -EMFILE;
	fd = memfd_create("file", MFD_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	file->inode = st.st_ino;
	return fd;
}

static bool is_of(const struct file *file, int fd)
{
	struct stat st;

	return !fstat(fd, &st) && st.st_ino == file->inode;
}

static bool start_over(void)
{
	int i;

	for (i = 0; i < FILES; i++) {
		while (files[i].got) {
			descriptor_put(&cache, &files[i].descriptor);
			files[i].got--;
		}
		descriptor_close(&cache, &files[i].descriptor);
		files[i] = (struct file){ };
		descriptor_init(&files[i].descriptor);
	}
	if (cache.open)
		return property_fail("%u open of none", cache.open);
	descriptor_cache_destroy(&cache);
	descriptor_cache_init(&cache, 1 + property_below(FILES));
	room = property_below(3) ? 0 : 1 + property_below(FILES);
	return true;
}

/* The model's: what has to go first */
static void evict(void)
{
	struct file *victim = NULL;
	int i;

	for (i = 0; i < FILES; i++) {
		if (files[i].open && !files[i].got &&
		    (!victim || files[i].idle_at < victim->idle_at))
			victim = &files[i];
	}
	victim->open = false;
}

static int most_open(void)
{
	return room && room < (int)cache.most ? room : (int)cache.most;
}

/* It would wait for ever, as there is nobody else. */
static bool would_wait(const struct file *file)
{
	return !file->open && count(false) >= most_open() && !count(true);
}

static bool get(struct file *file)
{
	int fd, err, fails = property_below(8) ? 0 : EACCES;

	if (would_wait(file))
		return true;
	file->fails = fails;
	if (!file->open) {
		/* room is made before it is tried */
		while (count(false) >= (fails ? (int)cache.most : most_open()))
			evict();
	}
	err = descriptor_get(&cache, &file->descriptor, open_file, file, &fd);
	if (!file->open && fails)
		return err == fails || property_fail("error %d, not %d", err,
						     fails);
	if (err)
		return property_fail("error %d", err);
	file->open = true;
	file->got++;
	file->has = fd;
	return is_of(file, fd) || property_fail("descriptor of another file");
}

static void put(struct file *file)
{
	if (!file->got)
		return;
	descriptor_put(&cache, &file->descriptor);
	file->got--;
	file->idle_at = ++clock_now;
}

static void close_file(struct file *file)
{
	if (file->got)
		return;
	descriptor_close(&cache, &file->descriptor);
	file->open = false;
}

static void trim(void)
{
	int i;

	descriptor_cache_trim(&cache, property_below(2) ? -1 : 3600000);
	for (i = 0; i < FILES; i++)
		files[i].open = files[i].descriptor.fd >= 0;
}

static bool check(void)
{
	int i;

	if ((int)cache.open != count(false) || cache.open > cache.most)
		return property_fail("%u open, not %d, of %u", cache.open,
				     count(false), cache.most);
	for (i = 0; i < FILES; i++) {
		bool open = files[i].descriptor.fd >= 0;

		if (files[i].open != open)
			return property_fail("file %d is%s open", i,
					     files[i].open ? " not" : "");
		if (files[i].got && !is_of(&files[i], files[i].has))
			return property_fail("file %d was closed in use", i);
	}
	return true;
}

static bool alone(void)
{
	static unsigned long turns;
	struct file *file = &files[property_below(FILES)];
	bool fine = true;

	if (turns++ % 500 == 0)
		fine = start_over();
	switch (property_below(16)) {
	case 0:
		close_file(file);
		break;
	case 1:
		if (!property_below(20))
			trim();
		break;
	case 2 ... 8:
		put(file);
		break;
	default:
		fine = fine && get(file);
	}
	return fine && check();
}

/* Of many threads: opened by one, closed by another */
struct shared {
	struct descriptor descriptor;
	char name[16];
};

static struct shared shared[FILES];
static int directory;

static int open_shared(void *of)
{
	struct shared *file = of;
	int fd = openat(directory, file->name, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static void *worker(void *seed)
{
	unsigned int state = (uintptr_t)seed;
	struct shared *file;
	uintptr_t wrong = 0;
	int i, fd;
	char is;

	for (i = 0; i < THREAD_TURNS; i++) {
		file = &shared[rand_r(&state) % FILES];
		if (descriptor_get(&cache, &file->descriptor, open_shared, file,
				   &fd)) {
			wrong++;
			continue;
		}
		if (pread(fd, &is, 1, 0) != 1 || is != *file->name)
			wrong++;
		descriptor_put(&cache, &file->descriptor);
		if (rand_r(&state) % 64 == 0)
			descriptor_cache_trim(&cache, 0);
	}
	return (void *)wrong;
}

static bool make_shared(void)
{
	char path[] = "/tmp/descriptor-cache-XXXXXX";
	int i, fd;

	if (!mkdtemp(path))
		return false;
	directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (i = 0; i < FILES; i++) {
		snprintf(shared[i].name, sizeof(shared[i].name), "%c", 'A' + i);
		fd = openat(directory, shared[i].name, O_RDWR | O_CREAT, 0600);
		if (fd < 0 || write(fd, shared[i].name, 1) != 1)
			return false;
		close(fd);
	}
	return !rmdir(path) || errno == ENOTEMPTY;
}

static void remove_shared(void)
{
	char self[64], path[128];
	ssize_t length;
	int i;

	for (i = 0; i < FILES; i++)
		unlinkat(directory, shared[i].name, 0);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", directory);
	length = readlink(self, path, sizeof(path) - 1);
	if (length > 0) {
		path[length] = '\0';
		rmdir(path);
	}
	close(directory);
}

static bool together(void)
{
	pthread_t threads[THREADS];
	uintptr_t wrong = 0;
	void *one;
	int i;

	if (!start_over() || !make_shared())
		return property_fail("no files: error %d", errno);
	for (i = 0; i < FILES; i++)
		descriptor_init(&shared[i].descriptor);
	for (i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, worker,
			       (void *)(uintptr_t)property_random());
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &one);
		wrong += (uintptr_t)one;
	}
	if (cache.open > cache.most)
		wrong++;
	descriptor_cache_trim(&cache, -1);
	remove_shared();
	if (cache.open || wrong)
		return property_fail("%u left open, %lu wrong", cache.open,
				     (unsigned long)wrong);
	return true;
}

int main(int argc, char **argv)
{
	static const struct property properties[] = {
		{ "descriptors", 200000, alone },
		{ "descriptors-of-threads", 20, together },
	};
	int i;

	for (i = 0; i < FILES; i++)
		descriptor_init(&files[i].descriptor);
	descriptor_cache_init(&cache, 1);
	return property_main(properties,
			     sizeof(properties) / sizeof(*properties), argc,
			     argv);
}
