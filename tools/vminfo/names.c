// SPDX-License-Identifier: GPL-2.0-only
/* The names of objects by their numbers, as they are published now. */
#include "vminfo.h"
#include "common/array.h"

#include <err.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define OPEN_DIRECTORIES	16

/**
 * struct name - An object's
 * @number: st_ino of the object
 * @path: where it is seen
 */
struct name {
	ino_t number;
	char *path;
};

static struct name *names;
static size_t nr_names;
static size_t room;

static int compare(const void *a, const void *b)
{
	const struct name *one = a, *other = b;

	return (one->number > other->number) - (one->number < other->number);
}

static int take_name(const char *path, const struct stat *st, int type,
		     struct FTW *ftw)
{
	(void)ftw;
	if (type != FTW_F)
		return 0;
	names = array_grow(names, nr_names, &room, sizeof(*names));
	names[nr_names].number = st->st_ino;
	names[nr_names].path = strdup(path);
	if (!names[nr_names++].path)
		err(1, "memory for a name");
	return 0;
}

static void take_names(void *arg, const char *place)
{
	(void)arg;
	nftw(place, take_name, OPEN_DIRECTORIES, FTW_PHYS | FTW_MOUNT);
}

/* All names are read when the first is asked for: there may be many objects. */
const char *object_name(ino_t number)
{
	const struct name wanted = { .number = number }, *found;
	static bool read;

	if (!read) {
		mounts_look("self", take_names, NULL);
		if (nr_names)
			qsort(names, nr_names, sizeof(*names), compare);
		read = true;
	}
	found = nr_names ? bsearch(&wanted, names, nr_names, sizeof(*names), compare) :
			   NULL;
	return found ? found->path : NULL;
}
