// SPDX-License-Identifier: GPL-2.0-only
/*
 * What inotify tells of a tree's directories, noted until there is a pause.
 *
 * More than can be noted, or than the kernel could keep, has all of the tree looked
 * at. Where there is no watch only that helps, and SIGHUP asks for it.
 */
#include "log.h"
#include "tree_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define NOTES_MAX	4096
#define PAUSE_MS	50
#define TELL		(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | \
			 IN_MODIFY | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF)

void tree_free_note(struct tree_note *note)
{
	tree_name_put(note->directory);
	free(note);
}

void tree_drop_notes(struct tree *tree)
{
	struct tree_note *note;

	while ((note = STAILQ_FIRST(&tree->notes))) {
		STAILQ_REMOVE_HEAD(&tree->notes, next);
		tree_free_note(note);
	}
	tree->nr_notes = 0;
}

void tree_watch_end(struct tree *tree)
{
	tree_drop_notes(tree);
	if (tree->inotify >= 0)
		close(tree->inotify);
	if (tree->timer >= 0)
		close(tree->timer);
	if (tree->poll >= 0)
		close(tree->poll);
}

struct tree_name *tree_watched(struct tree *tree, int watch)
{
	struct tree_name *name;

	LIST_FOREACH(name, &tree->watches[watch % TREE_BUCKETS],
		     directory.watched) {
		if (name->directory.watch == watch)
			return name;
	}
	return NULL;
}

static void forget_watch(struct tree_name *name)
{
	LIST_REMOVE(name, directory.watched);
	name->directory.watch = -1;
}

/* One that has moved has its watch already, by another name. */
void tree_watch_directory(struct tree *tree, struct tree_name *name, int fd)
{
	struct tree_name *other;
	char self[64];
	int watch;

	if (tree->inotify < 0 || name->directory.watch >= 0)
		return;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	watch = inotify_add_watch(tree->inotify, self, TELL | IN_ONLYDIR);
	if (watch < 0) {
		log_limited("%s: changes by others are not followed in all directories: %s",
			    tree->path, errno == ENOSPC ?
			    "raise fs.inotify.max_user_watches" :
			    strerror(errno));
		return;
	}
	other = tree_watched(tree, watch);
	if (other)
		forget_watch(other);
	name->directory.watch = watch;
	LIST_INSERT_HEAD(&tree->watches[watch % TREE_BUCKETS], name,
			 directory.watched);
}

void tree_unwatch_directory(struct tree *tree, struct tree_name *name)
{
	int watch = name->directory.watch;

	if (watch < 0)
		return;
	forget_watch(name);
	inotify_rm_watch(tree->inotify, watch);
}

static void set_timer(struct tree *tree, int milliseconds)
{
	struct itimerspec pause = {
		.it_value.tv_sec = milliseconds / 1000,
		.it_value.tv_nsec = milliseconds % 1000 * 1000000L,
	};

	timerfd_settime(tree->timer, 0, &pause, NULL);
}

/* All of the tree has to be looked at. */
static void overflow(struct tree *tree)
{
	if (tree->overflow)
		return;
	tree->overflow = true;
	set_timer(tree, PAUSE_MS);
}

static int poll_for(struct tree *tree, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(tree->poll, EPOLL_CTL_ADD, fd, &event) < 0 ? errno : 0;
}

int tree_watch_init(struct tree *tree)
{
	STAILQ_INIT(&tree->notes);
	tree->timer = timerfd_create(CLOCK_MONOTONIC,
				     TFD_CLOEXEC | TFD_NONBLOCK);
	tree->poll = epoll_create1(EPOLL_CLOEXEC);
	if (tree->timer < 0 || tree->poll < 0)
		return errno;
	tree->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (tree->inotify < 0)
		log_info("%s: changes by others are not followed: %s",
			 tree->path, strerror(errno));
	else if (poll_for(tree, tree->inotify))
		return errno;
	set_timer(tree, TREE_IDLE_MS);
	return poll_for(tree, tree->timer);
}

static void add_note(struct tree *tree, struct tree_name *directory,
		     const char *name)
{
	size_t size = strlen(name) + 1;
	struct tree_note *note;

	if (STAILQ_EMPTY(&tree->notes))
		set_timer(tree, PAUSE_MS);
	note = malloc(sizeof(*note) + size);
	if (!note || tree->nr_notes == NOTES_MAX) {
		free(note);
		overflow(tree);
		return;
	}
	note->directory = tree_name_get(directory);
	memcpy(note->name, name, size);
	STAILQ_INSERT_TAIL(&tree->notes, note, next);
	tree->nr_notes++;
}

void tree_note(struct tree *tree, struct tree_name *directory, const char *name,
	       bool changed)
{
	struct tree_name *known = tree_name_find(tree, directory, name);

	if (known) {
		known->changed |= changed;
		if (known->noted)
			return;
		known->noted = true;
	}
	if (!tree->overflow)
		add_note(tree, directory, name);
}

static void follow_root(struct tree *tree)
{
	struct stat st;

	if (fstat(tree->directory, &st) < 0)
		return;
	tree_facts_set(&tree->root->facts, &st);
	tree->root->undressed = true;
}

/* No directory above tells of it. */
static void tell_root(struct tree *tree, uint32_t mask)
{
	if (mask & IN_ATTRIB)
		follow_root(tree);
	if (mask & (IN_DELETE_SELF | IN_UNMOUNT))
		log_limited("%s: was removed while it is served: programs get errors now",
			    tree->path);
	else if (mask & IN_MOVE_SELF)
		log_limited("%s: was moved while it is served, and is served on",
			    tree->path);
}

static void take_event(struct tree *tree, const struct inotify_event *event)
{
	struct tree_name *directory;

	if (event->mask & IN_Q_OVERFLOW) {
		overflow(tree);
		return;
	}
	directory = tree_watched(tree, event->wd);
	if (!directory)
		return;
	if (event->len)
		tree_note(tree, directory, event->name,
			  event->mask & IN_MODIFY);
	else if (directory == tree->root)
		tell_root(tree, event->mask);
	if (!(event->mask & IN_IGNORED))
		return;
	/* it was removed; another may have its place and its number */
	forget_watch(directory);
	tree_queue(tree, directory);
}

void tree_take_events(struct tree *tree)
{
	char events[16384]
		__attribute__((aligned(__alignof__(struct inotify_event))));
	const struct inotify_event *event;
	ssize_t got, at;

	if (tree->inotify < 0)
		return;
	while ((got = read(tree->inotify, events, sizeof(events))) > 0) {
		for (at = 0; at < got; at += sizeof(*event) + event->len) {
			event = (const void *)(events + at);
			take_event(tree, event);
		}
	}
}

/* Since the first note, or since nothing has happened for long */
bool tree_pause_is_over(struct tree *tree)
{
	uint64_t ticks;

	return read(tree->timer, &ticks, sizeof(ticks)) == sizeof(ticks);
}

void tree_set_pause(struct tree *tree)
{
	bool noted = tree->overflow || !STAILQ_EMPTY(&tree->notes);

	set_timer(tree, noted ? PAUSE_MS : TREE_IDLE_MS);
}
