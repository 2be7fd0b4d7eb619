/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Clients that change names at random, some of whom are killed, and a pager that answers
 * them, changes names itself, dies and has a successor.
 */
#ifndef MACHVM_TESTS_NAMERACE_H
#define MACHVM_TESTS_NAMERACE_H

#include "asked.h"
#include "crowd.h"

/**
 * struct name_race - A race of names
 * @directories: that names are in, of pager and clients
 * @nr_directories: how many
 * @nr_names: "n0" and so on in each
 * @deeds: what clients do, each as often as it stands here
 * @nr_deeds: how many
 * @known: results that they may have beside those that any race has, ended by 0
 * @begin: a pager's life begins, with race_pager: it makes directories
 * @answer: to a request; of two threads
 * @tell: it changes a name itself; of one more
 * @life_ms: how long it lives at least
 * @more_ms: or by chance longer by as much
 * @gone: are the directories?
 * @gone_between: they are after each life, before the next
 * @also: what two threads more do, until race->stop; or NULL
 */
struct name_race {
	const char *const *directories;
	unsigned int nr_directories;
	unsigned int nr_names;
	const enum deed *deeds;
	unsigned int nr_deeds;
	const long *known;
	void (*begin)(void);
	void (*answer)(const struct test_request *r, unsigned int *seed);
	void (*tell)(unsigned int *seed);
	unsigned int life_ms;
	unsigned int more_ms;
	bool (*gone)(void);
	bool gone_between;
	crowd_deed also;
};

/**
 * struct raced - What has happened; shared by all processes of the test
 * @stop: it is over
 * @done: deeds that were done, by their kind
 * @lives: of pagers
 * @killed: clients
 */
struct raced {
	volatile bool stop;
	unsigned long done[DEED_UMASK + 1];
	unsigned long lives;
	unsigned long killed;
};

extern struct raced *raced;
extern struct test_pager race_pager;

unsigned int race_chance(unsigned int *seed, unsigned int n);
/* Return: @name, with one of the race's. */
const char *race_name(unsigned int *seed, char *name, size_t size);
/* A result of a client: 0 or more, or one that is known. */
void race_result(enum deed deed, const char *name, long got);
/* For so long; then nothing is left. */
void race_run(const struct name_race *race, long ms);

#endif /* MACHVM_TESTS_NAMERACE_H */
