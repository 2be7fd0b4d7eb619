/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libuserpager - what its files share.
 *
 * A session has queues, a queue has slots, a slot holds one request. Only the
 * queue's worker touches its slots, until an operation detaches a request:
 * then that slot is the answering thread's until pager_answer().
 *
 * Objects live in a table that is never shrunk, so that a message which names
 * an object that has just gone can be recognised instead of followed.
 *
 * The functions below stand as their files do, from the ground up: a file calls
 * lower ones, and a transport by its table.
 */
#ifndef _USERPAGER_PAGER_PRIV_H
#define _USERPAGER_PAGER_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include <userpager/listed.h>

#define PAGER_DEPTH_DEFAULT	8
#define PAGER_SLOT_PARTS	16
#define PAGER_CHUNK_SHIFT	7
#define PAGER_CHUNK		(1U << PAGER_CHUNK_SHIFT)
#define PAGER_CHUNKS		8192U
#define PAGER_MADE_BUCKETS	4096U

/* In cookies of listed names; generations of the others never come that far */
#define PAGER_COOKIE_LISTED	(1ULL << 63)
#define PAGER_GENERATION_MOST	0x7fffffffULL

/* Refusals of one request after which its slot is given up */
#define PAGER_REFUSALS_MAX	4

#define unlikely(x)		__builtin_expect(!!(x), 0)

/**
 * struct pager - An object; type-stable memory of the session's table.
 * @word: generation << 32 | references; a generation ends with the last one
 * @alive: holds the reference that pager_end() drops
 * @session: its session
 * @ops: its operations
 * @names: of a directory: its operations; NULL of others
 * @set_size: what asks for another size, or NULL
 * @upi: the user's pointer
 * @size: bytes, as far as we have been told
 * @object: the kernel's number for it
 * @cluster: bytes of a full request
 * @index: its place in the table
 * @fd: object descriptor or -1
 * @next_free: when free, under the session's lock
 * @opened: of a listed name, under the session's lock: it is known what it is
 * @failed: or the operation could not say
 * @next_made: in the table of these; likewise
 */
struct pager {
	_Atomic uint64_t word;
	atomic_bool alive;
	struct pager_session *session;
	const struct pager_ops *ops;
	const struct pager_name_ops *names;
	int (*set_size)(struct pager *pager, struct pager_request *req);
	void *upi;
	_Atomic uint64_t size;
	uint32_t object;
	uint32_t cluster;
	uint32_t index;
	int fd;
	struct pager *next_free;
	bool opened;
	bool failed;
	struct pager *next_made;
};

struct pager_asked;

/** struct pager_setup - What an object is to be; as in struct pager and its call. */
struct pager_setup {
	const struct pager_ops *ops;
	const struct pager_name_ops *names;
	int (*set_size)(struct pager *pager, struct pager_request *req);
	void *upi;
	uint64_t size;
	uint64_t cookie;
	uint32_t cluster;
	uint32_t flags;
};

/**
 * struct pager_request - A slot.
 * @queue: its queue
 * @pager: the object, with a reference, while an operation has the request
 * @message: our copy, which survives the array's unmapping
 * @tag: the slot's name
 * @state: what the kernel has of the slot, as its transport sees it
 * @refusals: answers to this request that the kernel refused
 * @sent: some parts have been sent
 * @nr_parts: parts that have not
 * @parts: these
 * @buffer: for pager_buffer(); stays with the slot
 * @buffer_size: bytes
 * @buffered: the data of this request went through memory
 * @asked: what a client wants of a directory, until that is answered
 */
struct pager_request {
	struct pager_queue *queue;
	struct pager *pager;
	struct mach_message message;
	uint16_t tag;
	uint8_t state;
	uint8_t refusals;
	bool sent;
	bool buffered;
	unsigned int nr_parts;
	void *buffer;
	size_t buffer_size;
	struct pager_asked *asked;
	struct mach_part parts[PAGER_SLOT_PARTS];
};

/**
 * struct pager_queue - A queue and its worker.
 * @session: its session
 * @index: its number
 * @array: the kernel's messages
 * @slots: depth of them
 * @detached: the running operation has detached its request
 * @thread: the worker, if @started
 * @started: there is a thread to join
 * @lost: what made a slot unusable, or 0
 * @transport: what the transport keeps of the queue, for the worker alone
 * @bell: eventfd that wakes the worker, or -1
 * @bell_value: what is read from it
 * @rearm: slots that other threads have answered, each until it is armed again
 * @answers: answers by other threads so far; raised under the session's lock
 */
struct pager_queue {
	struct pager_session *session;
	unsigned int index;
	const struct mach_message *array;
	struct pager_request *slots;
	bool detached;
	bool started;
	pthread_t thread;

	int lost;
	void *transport;

	int bell;
	uint64_t bell_value;
	_Atomic uint64_t rearm[MACH_PAGER_DEPTH_MAX / 64];
	atomic_ulong answers;
};

struct pager_lock_wait;
struct transport;

/**
 * struct pager_session - This process as a pager.
 * @fd: the pager descriptor
 * @event_fd: readable once the workers have ended
 * @transport: how requests travel
 * @nr_queues: queues
 * @depth: slots of each
 * @pin: worker q belongs on CPU q
 * @page_size: bytes
 * @array_size: bytes of a message array
 * @queues: the queues
 * @stopping: pager_stop() was called
 * @lock: guards what follows
 * @changed: something of it changed
 * @starting: workers that have not yet said how they started
 * @running: workers
 * @error: why a worker gave up, or 0
 * @waits: lock requests under way
 * @lock_serial: the last one's cookie
 * @free_pagers: objects that are free
 * @nr_chunks: how many of @chunks there are
 * @chunks: the table; slots are set once, read without the lock
 * @listed: operations of listed directories, set once before there is one; or NULL
 * @listed_upi: their user's pointer; likewise
 * @made: objects with a listed name's cookie, by their numbers
 */
struct pager_session {
	int fd;
	int event_fd;
	const struct transport *transport;
	unsigned int nr_queues;
	unsigned int depth;
	bool pin;
	size_t page_size;
	size_t array_size;
	struct pager_queue *queues;
	atomic_bool stopping;

	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned int starting;
	unsigned int running;
	int error;
	struct pager_lock_wait *waits;
	uint64_t lock_serial;
	struct pager *free_pagers;
	unsigned int nr_chunks;
	struct pager *_Atomic chunks[PAGER_CHUNKS];
	const struct pager_listed_ops *listed;
	void *listed_upi;
	struct pager **made;
};

static inline bool pager_stopping(struct pager_session *session)
{
	return atomic_load_explicit(&session->stopping, memory_order_acquire);
}

/* call.c: ioctl() that returns an errno and is not interrupted */
int pager_ioctl(int fd, unsigned long call, void *arg);

/* wait.c; pager_cond_wait() under the session's lock */
extern _Thread_local struct pager_queue *pager_this_worker;
uint64_t pager_deadline(int timeout_ms);
int pager_cond_wait(struct pager_session *session, uint64_t deadline);
void pager_count_down(struct pager_session *session, unsigned int *count,
		      int err);
void pager_worker_started(struct pager_queue *queue, int err);

/* table.c */
uint64_t pager_cookie(const struct pager *pager);
struct pager *pager_lookup(struct pager_session *session, uint64_t cookie);
int pager_alloc(struct pager_session *session, struct pager **pager);
void pager_free(struct pager *pager);
void pager_put(struct pager *pager);
void pager_free_table(struct pager_session *session);
/* Those of listed names, by number; pager_made_enter(), _find() under the session's lock */
void pager_made_enter(struct pager *pager);
struct pager *pager_made_find(struct pager_session *session, uint32_t object);
void pager_made_leave(struct pager *pager);

/* version.c: 0, E2BIG for a module that is too old, EPROTONOSUPPORT for one too new */
int pager_version_check(struct pager_session *session);

/* request.c; pager_errno(): what the module would hand on; the other for any bytes */
int pager_errno(int err);
int pager_collect_bytes(struct pager_request *req, uint64_t offset,
			uint64_t length, void *buf);
void pager_request_begin(struct pager_request *req);
void pager_request_finish(struct pager_request *req, int err);
void pager_request_refuse(struct pager_request *req, int err);
/* What each answer begins with: which request it is to. */
void pager_request_name(const struct pager_request *req,
			struct mach_pager_answer *answer);
/* The answer to it, into zeros; by a call or a ring command. */
void pager_request_fill(const struct pager_request *req,
			struct mach_pager_answer *answer);

/* lock.c */
void pager_lock_done(struct pager_session *session, uint64_t id);
void pager_lock_abort(struct pager *pager);

/* name.c */
int pager_name_directory(struct pager_session *session, uint32_t object,
			 const char *name, uid_t uid, gid_t gid, mode_t mode);

/* object.c */
int pager_make(struct pager_session *session, const struct pager_setup *setup,
	       struct pager **pager);
void pager_end(struct pager *pager);
void pager_end_all(struct pager_session *session);

/* directory.c: asks the operation and answers, unless that has detached it */
void pager_serve_name(struct pager_request *req);

/* listed.c */
int pager_made(struct pager_session *session, const struct mach_message *message,
	       struct pager **pager);
int pager_list(struct pager *directory, struct pager_request *req);

/* dispatch.c */
bool pager_dispatch(struct pager_request *req);
bool pager_dispatch_refused(struct pager_request *req, int err);

/* worker.c */
void pager_join_workers(struct pager_session *session);

#endif /* _USERPAGER_PAGER_PRIV_H */
