/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A fake of libuserpager and of /dev/machobj behind it: a list of what was made there,
 * and clients who ask for changes.
 */
#ifndef TREE_FAKE_H
#define TREE_FAKE_H

#include "../../userpager/daemon/tree_priv.h"

/**
 * struct pager - An object, or what stands for a directory.
 * @list: in the list of those whose end is not told yet, or that are open
 * @ops: of an object
 * @names: of a directory
 * @upi: the tree's
 * @size: bytes
 * @published: it has a name
 * @ended: nobody has it any more, and that is not told yet
 * @held: open, without a name
 * @sure: it was in the directory when a client unlinked it
 */
struct pager {
	LIST_ENTRY(pager) list;
	const struct pager_ops *ops;
	const struct pager_name_ops *names;
	void *upi;
	uint64_t size;
	bool published;
	bool ended;
	bool held;
	bool sure;
};

LIST_HEAD(fake_pagers, pager);

/** struct made - Something in /dev/machobj; @kept: a directory made by hand */
struct made {
	LIST_ENTRY(made) list;
	char path[512];
	char target[512];
	struct pager *pager;
	enum tree_kind kind;
	bool kept;
};

LIST_HEAD(fake_names, made);

extern struct fake_names fake_all;
extern struct fake_pagers fake_held;
extern const char *fake_broken;	/* a rule that the tree did not keep */
/* Clients are at work: called where a pager waits, under no lock. */
extern void (*fake_gap)(void);
/* Clients are never killed. */
extern bool fake_patient;
/* How often the tree has set times by itself, not for a client */
extern unsigned int fake_dressed;

struct made *fake_find(const char *path);
/* One request, and what is to happen when it is answered with success */
struct pager_request {
	bool detached;
	bool killed;
	void (*done)(struct pager_request *req, struct pager *made);
	char path[512];
	char to[512];
};

void fake_forget(struct made *made);
bool fake_is_below(const char *path, const char *top);
/* @above: 512 bytes */
void fake_above_of(const char *path, char *above);
struct made *fake_add(const char *path, enum tree_kind kind);
void fake_take_out(struct made *made);
/* Nobody has it any more. */
void fake_end_pager(struct pager *pager);
/* A file loses its name, and may be open. */
void fake_lose_name(struct made *made);
bool fake_is_empty(const struct made *directory);
/* A client asks for something at random; @real: the directory behind */
void fake_client(int real, void (*some_path)(char *path));
/* Objects that nobody has any more end. */
void fake_tell_of_ends(void);
/* Who has something open closes it, at random. */
void fake_close_some(void);

#endif /* TREE_FAKE_H */
