// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * /dev/machobj/notes: a directory of small files in memory, which programs make, write,
 * rename and remove. The module has the names, and asks us before one changes.
 */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <userpager/listed.h>

#define NOTES	256
#define BYTES	65536

/*
 * A note; its place is its cookie. One that was removed is not used again: somebody may
 * have it open.
 */
static struct note {
	char name[MACH_NAME_MAX + 1];
	bool there;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	uint64_t size;
	char data[BYTES];
} notes[NOTES];

static unsigned int used;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int note_read(struct pager *pager, struct pager_request *req)
{
	const struct mach_message *want = pager_message(req);
	const struct note *note = pager_get_upi(pager);

	return pager_supply(req, want->offset, want->length,
			    note->data + want->offset);
}

static int note_write(struct pager *pager, struct pager_request *req)
{
	const struct mach_message *have = pager_message(req);
	struct note *note = pager_get_upi(pager);

	return pager_collect(req, have->offset, have->length,
			     note->data + have->offset);
}

static int note_set_size(struct pager *pager, struct pager_request *req)
{
	const uint64_t size = pager_message(req)->mandatory;
	struct note *note = pager_get_upi(pager);

	if (size > BYTES)
		return EFBIG;
	/* what is cut does not come back when it grows */
	if (size < note->size)
		memset(note->data + size, 0, note->size - size);
	note->size = size;
	return 0;
}

static const struct pager_ops note_ops = {
	.read = note_read,
	.write = note_write,
};

static int open_note(struct pager *file, uint64_t cookie,
		     struct pager_file *what)
{
	(void)file;
	*what = (struct pager_file) {
		.ops = &note_ops,
		.set_size = note_set_size,
		.upi = &notes[cookie],
		.size = notes[cookie].size,
	};
	return 0;
}

static int add(struct pager *directory, const struct note *note)
{
	const struct pager_listing listing = {
		.size = sizeof(listing),
		.name = note->name,
		.mode = note->mode,
		.uid = note->uid,
		.gid = note->gid,
		.flags = MACH_LIST_RESIZABLE,
		.file_size = note->size,
		.cookie = note - notes,
	};

	return pager_list_add(directory, &listing, 1);
}

/* Somebody looks into it, and the module has no names yet, or has given them back. */
static int list(struct pager *directory, struct pager_request *req,
		uint64_t cookie)
{
	unsigned int i;
	int err;

	(void)req;
	(void)cookie;
	pthread_mutex_lock(&lock);
	err = pager_list_begin(directory);
	for (i = 0; i < used && !err; i++)
		if (notes[i].there)
			err = add(directory, &notes[i]);
	pthread_mutex_unlock(&lock);
	return err ? err : pager_list_end(directory);
}

static int create(struct pager *directory, struct pager_request *req,
		  const struct pager_name *name, struct pager **made)
{
	struct note *note = NULL;

	(void)directory;
	(void)made;
	pthread_mutex_lock(&lock);
	if (used < NOTES) {
		note = &notes[used++];
		snprintf(note->name, sizeof(note->name), "%s", name->name);
		note->there = true;
		note->mode = name->mode;
		note->uid = name->uid;
		note->gid = name->gid;
	}
	pthread_mutex_unlock(&lock);
	return note ? pager_name_cookie(req, note - notes) : ENOSPC;
}

static int unlink_note(struct pager *directory, struct pager_request *req,
		       const struct pager_name *name)
{
	(void)directory;
	(void)req;
	pthread_mutex_lock(&lock);
	notes[name->cookie].there = false;
	pthread_mutex_unlock(&lock);
	return 0;
}

static void set_name(const struct pager_name *name, const char *to, bool replace)
{
	struct note *note = &notes[name->cookie];

	pthread_mutex_lock(&lock);
	snprintf(note->name, sizeof(note->name), "%s", to);
	if (name->replaces)
		notes[name->replaced_cookie].there = !replace;
	pthread_mutex_unlock(&lock);
}

/* There is one directory, so that it stays in that. */
static int rename_note(struct pager *directory, struct pager_request *req,
		       const struct pager_name *name)
{
	(void)directory;
	(void)req;
	set_name(name, name->to, true);
	return 0;
}

static int set_attributes(struct pager *directory, struct pager_request *req,
			  const struct pager_name *name)
{
	struct note *note = &notes[name->cookie];

	(void)directory;
	(void)req;
	if (!*name->name)
		return EPERM;
	pthread_mutex_lock(&lock);
	if (name->valid & MACH_ATTRIBUTE_MODE)
		note->mode = name->mode;
	if (name->valid & MACH_ATTRIBUTE_UID)
		note->uid = name->uid;
	if (name->valid & MACH_ATTRIBUTE_GID)
		note->gid = name->gid;
	pthread_mutex_unlock(&lock);
	return 0;
}

/* A note that was made and has not come, by its name */
static void forget(const char *name)
{
	unsigned int i;

	pthread_mutex_lock(&lock);
	for (i = 0; i < used; i++)
		if (notes[i].there && !strcmp(notes[i].name, name))
			notes[i].there = false;
	pthread_mutex_unlock(&lock);
}

/* Who wanted it waits no more, and the module has changed nothing: nor do we. */
static void refused(struct pager *directory, struct pager_request *req,
		    const struct pager_name *name, struct pager *made, int err)
{
	(void)directory;
	(void)made;
	(void)err;
	switch (pager_message(req)->operation) {
	case MACH_OP_CREATE:
		forget(name->name);
		break;
	case MACH_OP_UNLINK:
		notes[name->cookie].there = true;
		break;
	case MACH_OP_RENAME:
		set_name(name, name->name, false);
		break;
	}
}

static const struct pager_name_ops name_ops = {
	.size = sizeof(name_ops),
	.create = create,
	.unlink = unlink_note,
	.rename = rename_note,
	.set_attributes = set_attributes,
	.refused = refused,
};

static const struct pager_listed_ops ops = {
	.size = sizeof(ops),
	.list = list,
	.open = open_note,
	.names = &name_ops,
};

int main(void)
{
	struct pager_session *session;
	struct pager *directory;
	int err = pager_open(NULL, &session);

	if (!err)
		err = pager_mount();
	if (!err)
		err = pager_set_listed(session, &ops, NULL);
	if (!err)
		err = pager_create_listed(session, NOTES, &directory);
	if (!err)
		err = pager_publish_listed(directory, "notes", getuid(),
					   getgid(), 0755);
	if (!err)
		err = pager_run(session);
	if (err)
		fprintf(stderr, "notes: %s\n", pager_strerror(err));
	return err != 0;
}
