/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * machpagerd - what the command line asks for.
 */
#ifndef MACHPAGERD_CONFIG_H
#define MACHPAGERD_CONFIG_H

#include <userpager/pager.h>
#include <store.h>

/* Exit statuses; the manual page explains them */
enum exit_status {
	EXIT_OK,
	EXIT_RUNTIME,
	EXIT_USAGE,
	EXIT_STORE,
	EXIT_DEVICE,
	EXIT_NODE,
};

/**
 * struct config - The command line.
 * @name: of the object
 * @store: kind of store
 * @store_options: how to open it
 * @pager: transport, threads, deadline
 * @cluster: bytes of a full request, 0 for the default
 * @copy: move data through our memory
 * @directory: to serve instead of a store, or NULL
 * @writable: programs may write to its files, and change its names
 * @open_files: of it at once
 * @mode: of its file; with @directory of all files, 0 for their own
 * @owner: of its file
 * @owner_given: with @directory: of all, not their own
 * @group: of its file
 * @group_given: with @directory: of all, not their own
 * @sync_interval: seconds between write-backs; 0 for never
 * @foreground: stay, and talk to stderr
 * @pidfile: where to write our number, or NULL
 * @verbose: talk more
 */
struct config {
	const char *name;
	const struct store_class *store;
	struct store_options store_options;
	struct pager_config pager;
	uint32_t cluster;
	bool copy;
	const char *directory;
	bool writable;
	unsigned int open_files;
	mode_t mode;
	uid_t owner;
	bool owner_given;
	gid_t group;
	bool group_given;
	unsigned int sync_interval;
	bool foreground;
	const char *pidfile;
	bool verbose;
};

/* Returns only if there is something to do; otherwise exits. */
void config_parse(struct config *config, int argc, char **argv);

#endif /* MACHPAGERD_CONFIG_H */
