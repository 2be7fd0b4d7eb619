// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libuserpager - the worker threads: how they start, stop and are waited for.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "transport.h"

/* A faulting CPU prefers queue (cpu % queues): meet it there. */
static void pin_to_cpu(struct pager_queue *queue)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(queue->index, &set);
	/* a CPU that we may not use leaves the worker where it was */
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

/*
 * Restartable sequences make the kernel write to our memory at each wake-up;
 * nothing here uses them, and who asks for the CPU is answered without.
 */
static void leave_rseq(void)
{
#ifdef RSEQ_SIG
	char *area = (char *)__builtin_thread_pointer() + __rseq_offset;

	if (__rseq_size)
		syscall(SYS_rseq, area, sizeof(struct rseq),
			RSEQ_FLAG_UNREGISTER, RSEQ_SIG);
#endif
}

/*
 * Replacing the arrays tells the kernel that we resign, as unmapping them would,
 * but a worker that is about to read a message finds zeros and not SIGSEGV.
 */
static void resign(struct pager_queue *queue)
{
	if (queue->array)
		mmap((void *)queue->array, queue->session->array_size,
		     PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void wake(struct pager_queue *queue)
{
	const struct transport *transport = queue->session->transport;

	if (transport->wake)
		transport->wake(queue);
}

void pager_stop(struct pager_session *session)
{
	unsigned int i;

	if (atomic_exchange(&session->stopping, true))
		return;
	for (i = 0; session->queues && i < session->nr_queues; i++)
		resign(&session->queues[i]);
	for (i = 0; session->queues && i < session->nr_queues; i++)
		wake(&session->queues[i]);
	pthread_mutex_lock(&session->lock);
	pthread_cond_broadcast(&session->changed);
	pthread_mutex_unlock(&session->lock);
}

static void *worker_main(void *arg)
{
	struct pager_queue *queue = arg;
	struct pager_session *session = queue->session;
	int err;

	pager_this_worker = queue;
	leave_rseq();
	if (session->pin)
		pin_to_cpu(queue);
	err = session->transport->serve(queue);
	if (pager_stopping(session))
		err = 0;
	else
		pager_stop(session);
	pager_count_down(session, &session->running, err);
	return NULL;
}

static int start_worker(struct pager_queue *queue)
{
	struct pager_session *session = queue->session;
	int err;

	pthread_mutex_lock(&session->lock);
	session->starting++;
	session->running++;
	pthread_mutex_unlock(&session->lock);
	err = pthread_create(&queue->thread, NULL, worker_main, queue);
	if (err) {
		pager_count_down(session, &session->starting, err);
		pager_count_down(session, &session->running, err);
		return err;
	}
	queue->started = true;
	return 0;
}

static int await_start(struct pager_session *session)
{
	int err;

	pthread_mutex_lock(&session->lock);
	while (session->starting)
		pthread_cond_wait(&session->changed, &session->lock);
	err = session->error;
	pthread_mutex_unlock(&session->lock);
	return err;
}

int pager_start_workers(struct pager_session *session)
{
	sigset_t all, old;
	unsigned int i;
	int err = 0;

	if (pager_stopping(session))
		return ENODEV;
	if (session->queues[0].started)
		return EBUSY;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	for (i = 0; i < session->nr_queues && !err; i++)
		err = start_worker(&session->queues[i]);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!err)
		err = await_start(session);
	if (err)
		pager_stop(session);
	return err;
}

int pager_wait(struct pager_session *session, int timeout_ms)
{
	uint64_t deadline = pager_deadline(timeout_ms);
	int err = 0;

	pthread_mutex_lock(&session->lock);
	while (session->running && !err)
		err = pager_cond_wait(session, deadline);
	if (!session->running)
		err = session->error;
	pthread_mutex_unlock(&session->lock);
	return err;
}

int pager_run(struct pager_session *session)
{
	int err = pager_start_workers(session);

	return err ? err : pager_wait(session, PAGER_WAIT);
}

void pager_join_workers(struct pager_session *session)
{
	unsigned int i;

	for (i = 0; session->queues && i < session->nr_queues; i++) {
		if (session->queues[i].started)
			pthread_join(session->queues[i].thread, NULL);
		session->queues[i].started = false;
	}
}
