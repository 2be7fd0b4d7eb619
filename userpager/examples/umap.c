// SPDX-License-Identifier: LGPL-2.1-or-later
/* A program that maps a file through a pager of its own: umap() and uunmap(). */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <userpager/pager.h>

/* umap: memory that threads of this process fill from a file, page by page. */

struct umap {
	struct umap *next;
	struct pager *pager;
	void *at;
	size_t length;
	int fd;
};

static struct pager_session *umap_session;
static struct umap *umaps;

static int umap_read(struct pager *pager, struct pager_request *req)
{
	const struct mach_message *want = pager_message(req);
	struct umap *map = pager_get_upi(pager);
	char *buf = pager_buffer(req);
	size_t have = map->length - want->offset, got = 0;
	ssize_t n;

	if (!buf)
		return ENOMEM;
	if (have > want->length)
		have = want->length;
	while (got < have) {
		n = pread(map->fd, buf + got, have - got, want->offset + got);
		if (n < 0)
			return errno;
		if (!n)		/* it was cut: zeros would be invented */
			return EIO;
		got += n;
	}
	/* of the last page, what lies beyond the file */
	memset(buf + have, 0, want->length - have);
	return pager_supply(req, want->offset, want->length, buf);
}

static int umap_write(struct pager *pager, struct pager_request *req)
{
	const struct mach_message *have = pager_message(req);
	struct umap *map = pager_get_upi(pager);
	char *buf = pager_buffer(req);
	ssize_t n;
	int err;

	if (!buf)
		return ENOMEM;
	err = pager_collect(req, have->offset, have->length, buf);
	if (err)
		return err;
	n = pwrite(map->fd, buf, have->length, have->offset);
	if (n < 0)
		return errno;
	return n == (ssize_t)have->length ? 0 : EIO;
}

static int umap_object(struct umap *map, int *fd)
{
	static const struct pager_ops ops = {
		.read = umap_read, .write = umap_write,
	};
	struct pager_attributes attributes = { .size = map->length };
	int err;

	err = pager_create(umap_session, &ops, map, &attributes, &map->pager);
	return err ?: pager_get_fd(map->pager, fd);
}

/* The first @length bytes of a file; with MAP_FAILED errno says what is wrong. */
static void *umap(size_t length, int prot, int fd)
{
	struct umap *map = calloc(1, sizeof(*map));
	int object, err = 0;

	if (!map)
		return MAP_FAILED;
	map->fd = fd;
	map->length = length;
	if (!umap_session)
		err = pager_open(NULL, &umap_session) ?:
		      pager_start_workers(umap_session);
	if (!err)
		err = umap_object(map, &object);
	if (err) {
		free(map);
		errno = err;
		return MAP_FAILED;
	}
	map->at = mmap(NULL, length, prot, MAP_SHARED, object, 0);
	if (map->at == MAP_FAILED) {
		pager_shutdown(map->pager, PAGER_NO_WAIT);
		free(map);
		return MAP_FAILED;
	}
	map->next = umaps;
	umaps = map;
	return map->at;
}

/* What was modified is in the file when this returns 0. */
static int uunmap(void *at)
{
	struct umap **link, *map;
	int err;

	for (link = &umaps; *link && (*link)->at != at; link = &(*link)->next)
		;
	map = *link;
	if (!map)
		return EINVAL;
	*link = map->next;
	munmap(map->at, map->length);
	err = pager_shutdown(map->pager, PAGER_WAIT);
	free(map);
	return err;
}

/* The program: counts lines with several threads, and can write letters large. */

#define THREADS	4

struct share {
	pthread_t thread;
	char *at;
	size_t length;
	bool upper;
	unsigned long lines;
};

static void *go_through(void *arg)
{
	struct share *share = arg;
	size_t i;

	for (i = 0; i < share->length; i++) {
		char c = share->at[i];

		share->lines += c == '\n';
		if (share->upper && c >= 'a' && c <= 'z')
			share->at[i] = c - 'a' + 'A';
	}
	return NULL;
}

static unsigned long all_shares(char *at, size_t length, bool upper)
{
	struct share shares[THREADS] = { 0 };
	size_t part = length / THREADS;
	unsigned long lines = 0;
	int i;

	for (i = 0; i < THREADS; i++) {
		shares[i].at = at + i * part;
		shares[i].length = i < THREADS - 1 ? part : length - i * part;
		shares[i].upper = upper;
		if (pthread_create(&shares[i].thread, NULL, go_through,
				   &shares[i]))
			abort();
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(shares[i].thread, NULL);
		lines += shares[i].lines;
	}
	return lines;
}

int main(int argc, char **argv)
{
	bool upper = argc == 3 && !strcmp(argv[1], "--upper");
	const char *name = argv[argc - 1];
	struct stat st;
	char *at;
	int fd, err;

	if (argc != 2 + upper || (argc == 2 && name[0] == '-')) {
		fprintf(stderr, "Usage: pager-umap [--upper] FILE\n");
		return 2;
	}
	fd = open(name, upper ? O_RDWR : O_RDONLY);
	if (fd < 0 || fstat(fd, &st) < 0) {
		perror(name);
		return 1;
	}
	at = umap(st.st_size, upper ? PROT_READ | PROT_WRITE : PROT_READ, fd);
	if (at == MAP_FAILED) {
		fprintf(stderr, "pager-umap: %s: %s\n", name,
			pager_strerror(errno));
		return 1;
	}
	printf("%lu lines\n", all_shares(at, st.st_size, upper));
	err = uunmap(at);
	if (err)
		fprintf(stderr, "pager-umap: %s: %s\n", name,
			pager_strerror(err));
	pager_close(umap_session);
	return err != 0;
}
