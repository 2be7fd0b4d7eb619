/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A pager whose every answer is the test's. It speaks the interface bare, so
 * that a test can also say what no library would let it say.
 */
#ifndef MACHVM_TESTS_TESTPAGER_H
#define MACHVM_TESTS_TESTPAGER_H

#include <liburing.h>
#include <stdbool.h>
#include <stdint.h>
#include <linux/mach_pager.h>

#include "actor.h"
#include "part.h"

#define PAGE		4096ULL
#define KIB		1024ULL
#define MIB		(1024 * KIB)
#define WAIT_MS		ACTOR_TIMEOUT

enum transport { BY_RING, BY_IOCTL };

/* Zeros are: one queue, 8 slots, default deadline, our messages, ring. */
struct pager_setup {
	enum transport transport;
	unsigned int queues;
	unsigned int depth;
	unsigned int flags;
	unsigned int deadline_ms;
	unsigned int message_size;
};

struct test_pager {
	int fd;
	enum transport transport;
	unsigned int queues;
	unsigned int depth;
	uint64_t stride;
	uint64_t size;
	unsigned int message_size;
	const uint8_t *array[MACH_PAGER_QUEUES_MAX];
	struct io_uring ring;
	uint64_t commands;		/* numbers commands that are waited for */
	unsigned int nr_stash;		/* completions seen while waiting */
	struct { uint64_t user_data; int res; } stash[512];
};

/* A held request, whichever way it came. */
struct test_request {
	uint16_t queue;
	uint16_t tag;
	struct mach_message m;
};

struct test_object {
	int fd;
	uint32_t number;
	uint64_t size;
};

/* Results: value or -errno. */
long vm_open(void);
long vm_ioctl(int fd, unsigned long call, void *arg);

/* Become a pager; failing to is the test's failure. */
void pager_open(struct test_pager *p, const struct pager_setup *setup);
/* The steps of pager_open(), for tests of them. */
long pager_register(struct test_pager *p, const struct pager_setup *setup);
long pager_map(struct test_pager *p);
void pager_ring_setup(struct test_pager *p);
void pager_fetch_all(struct test_pager *p);
/* Close everything, without answering. */
void pager_close(struct test_pager *p);

const struct mach_message *pager_message(const struct test_pager *p,
					 unsigned int queue, unsigned int tag);
/* Next request: 0, -ETIMEDOUT, or the error a fetch or commit ended with. */
long pager_next(struct test_pager *p, struct test_request *r, int timeout_ms);
/* It must be a DATA_REQUEST, DATA_RETURN, ... of just this range. */
void pager_expect(struct test_pager *p, struct test_request *r, int operation,
		  uint64_t offset, uint64_t length);
/* It must be a SET_SIZE to so many bytes, without MACH_MSG_ALLOCATE. */
void pager_expect_size(struct test_pager *p, struct test_request *r,
		       uint64_t size);
/* Say that it is so. */
void pager_size_done(struct test_pager *p, const struct test_request *r);
void pager_expect_nothing(struct test_pager *p, int ms);

/*
 * End the request with these parts; with the ring by COMMIT_AND_FETCH. @more
 * keeps it held.
 */
long pager_reply(struct test_pager *p, const struct test_request *r,
		 const struct mach_part *parts, unsigned int nr, bool more);
void pager_reply_one(struct test_pager *p, const struct test_request *r,
		     struct mach_part part);
void pager_reply_none(struct test_pager *p, const struct test_request *r);
/* Take a return's data to @to, then say done. */
void pager_take(struct test_pager *p, const struct test_request *r, void *to);
long pager_collect(struct test_pager *p, const struct test_request *r,
		   uint64_t offset, uint64_t length, void *to);

/* What answers a request, by a call or a ring command. */
struct mach_pager_answer pager_answer(const struct test_request *r,
				      const struct mach_part *parts,
				      unsigned int nr);
/* What fetches into a slot. */
struct mach_pager_answer pager_fetch(unsigned int queue, unsigned int tag);
/*
 * Submit one ring command and wait for its end; -ETIMEDOUT if there is none. It
 * may be larger than the structure, as its size says.
 */
long pager_command(struct test_pager *p, unsigned int op,
		   const struct mach_pager_answer *cmd, int timeout_ms);
/* Submit it as the fetch of its slot: a request is what completes it. */
void pager_post(struct test_pager *p, unsigned int op,
		const struct mach_pager_answer *cmd);

void object_create(struct test_pager *p, struct test_object *o, uint64_t size,
		   uint32_t cluster, uint32_t flags);
struct mach_object_info object_info(int fd);
/* Say how large it is now. */
long object_resize(struct test_pager *p, const struct test_object *o,
		   uint64_t size);
long object_publish(struct test_pager *p, const struct test_object *o,
		    const char *name, unsigned int mode);
/* The same for an owner, of the group with the same number */
long object_publish_as(struct test_pager *p, const struct test_object *o,
		       const char *name, unsigned int mode, unsigned int owner);

/**
 * struct scene - A pager (the test itself), an object, and a client that maps
 * the whole object for reading and writing.
 * @p: the pager
 * @o: the object
 * @a: the client
 * @map: where in the client
 * @buf: 2 MiB that both share
 */
struct scene {
	struct test_pager p;
	struct test_object o;
	struct actor a;
	uint64_t map;
	uint8_t *buf;
};

/*
 * @threads of the client; transport from tap_variant unless @setup says. In a
 * resizable object's scene the client maps @room bytes.
 */
void scene_open(struct scene *s, const struct pager_setup *setup, uint64_t size,
		uint32_t cluster, unsigned int threads);
void scene_open_resizable(struct scene *s, const struct pager_setup *setup,
			  uint64_t size, uint64_t room, uint32_t cluster,
			  unsigned int threads);
/* Client: has the pattern / zeros been read at this range of the object? */
bool scene_reads(struct scene *s, uint64_t offset, size_t length,
		 uint32_t seed);
/* Make the range resident with the pattern, by supplying it. */
void scene_resident(struct scene *s, uint64_t offset, uint64_t length,
		    uint32_t seed);

#define SCENE_ROOM	(32 * PAGE)	/* that the next two have data for */

/* Have a thread of the client ask for another size. */
void scene_truncate(struct scene *s, unsigned int thread, uint64_t size);
/* It has another: by the pager, or by the client's thread 3, with the pager's consent. */
void scene_set_size(struct scene *s, bool by_pager, uint64_t size);
/* Answer: data up to @data is pattern 1, and there is nothing but zeros beyond. */
void scene_answer(struct scene *s, const struct test_request *r, uint64_t data);
/* Answer all so until the thread's call ends. Return: what that says. */
long scene_serve_until_end(struct scene *s, unsigned int thread, uint64_t data);

#endif /* MACHVM_TESTS_TESTPAGER_H */
