// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libhurdpager - pagers and their memory objects, from the first right to the end.
 */
#include <fcntl.h>
#include <linux/mach_task.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "hurd_priv.h"

static struct pager *make_pager(struct port_bucket *bucket, size_t upi_size)
{
	struct pager *pager;
	error_t err = hurd_bucket_session(bucket);

	if (err) {
		errno = err;
		return NULL;
	}
	pager = calloc(1, sizeof(*pager) + upi_size);
	if (!pager)
		return NULL;
	pthread_rwlock_init(&pager->lock, NULL);
	pthread_mutex_init(&pager->errors_lock, NULL);
	hurd_queue_init(&pager->tasks);
	pager->bucket = bucket;
	pager->hard = 1;
	return pager;
}

struct pager *pager_create(struct user_pager_info *upi,
			   struct port_bucket *bucket, boolean_t may_cache,
			   memory_object_copy_strategy_t copy_strategy,
			   boolean_t notify_on_evict)
{
	struct pager *pager = make_pager(bucket, 0);

	(void)notify_on_evict;
	if (!pager)
		return NULL;
	pager->upi = upi;
	pager_change_attributes(pager, may_cache, copy_strategy, 0);
	hurd_enter_port(pager);
	return pager;
}

struct pager *pager_create_alloc(size_t upi_size, struct port_bucket *bucket,
				 boolean_t may_cache,
				 memory_object_copy_strategy_t copy_strategy,
				 boolean_t notify_on_evict)
{
	struct pager *pager = make_pager(bucket, upi_size);

	(void)notify_on_evict;
	if (!pager)
		return NULL;
	pager->upi = (struct user_pager_info *)(pager + 1);
	pager_change_attributes(pager, may_cache, copy_strategy, 0);
	hurd_enter_port(pager);
	return pager;
}

struct user_pager_info *pager_get_upi(struct pager *pager)
{
	return pager->upi;
}

void pager_change_attributes(struct pager *pager, boolean_t may_cache,
			     memory_object_copy_strategy_t copy_strategy,
			     int wait)
{
	(void)wait;
	pthread_rwlock_wrlock(&pager->lock);
	pager->may_cache = may_cache;
	pager->copy_strategy = copy_strategy;
	pthread_rwlock_unlock(&pager->lock);
}

/*
 * As large as can be: what pager_report_extent() says may change, and a fault behind
 * it is for pager_read_page() to refuse. With the pager's lock for writing.
 */
static error_t make_object(struct pager *pager)
{
	struct pager_attributes attributes = {
		.size = MACH_OBJECT_SIZE_MAX,
		.cluster = HURD_PAGE,
	};
	struct session_object *object;
	error_t err;

	err = session_create(pager->bucket->session, &hurd_pager_ops, pager,
			     &attributes, &object);
	if (err)
		return err;
	pthread_mutex_lock(&pager->bucket->lock);
	pager->object = object;
	pager->served = true;
	pthread_mutex_unlock(&pager->bucket->lock);
	return 0;
}

/* Made when it is first needed: pager_create_alloc()'s structure is filled by then. */
error_t hurd_use_object(struct pager *pager)
{
	error_t err = 0;

	pthread_rwlock_rdlock(&pager->lock);
	while (!pager->object && !pager->shut && !err) {
		pthread_rwlock_unlock(&pager->lock);
		pthread_rwlock_wrlock(&pager->lock);
		if (!pager->object && !pager->shut)
			err = make_object(pager);
		pthread_rwlock_unlock(&pager->lock);
		pthread_rwlock_rdlock(&pager->lock);
	}
	if (pager->object)
		return 0;
	pthread_rwlock_unlock(&pager->lock);
	return err ?: ENODEV;
}

void hurd_release_object(struct pager *pager)
{
	pthread_rwlock_unlock(&pager->lock);
}

/* 0 is no port's number. */
static mach_port_t port_from_fd(int fd)
{
	int other;

	if (fd > 0)
		return fd;
	if (fd < 0)
		return MACH_PORT_NULL;
	other = fcntl(fd, F_DUPFD_CLOEXEC, 1);
	close(fd);
	return other < 0 ? MACH_PORT_NULL : (mach_port_t)other;
}

mach_port_t pager_get_port(struct pager *pager)
{
	int fd = -1, copy = -1;
	error_t err = hurd_use_object(pager);

	if (!err) {
		/* it is not closed meanwhile: the caller has a reference */
		err = session_get_fd(pager->object, &fd);
		if (!err) {
			copy = fcntl(fd, F_DUPFD_CLOEXEC, 1);
			err = copy < 0 ? errno : 0;
		}
		hurd_release_object(pager);
	}
	if (err)
		errno = err == EBADF ? ENODEV : err;
	return err ? MACH_PORT_NULL : (mach_port_t)copy;
}

mach_port_t ports_get_right(void *port)
{
	return pager_get_port(port);
}

mach_port_t pager_create_ro_port(struct pager *pager)
{
	struct mach_object_proxy proxy = {
		.size = sizeof(proxy),
		.max_protection = VM_PROT_READ | VM_PROT_EXECUTE,
		.length = MACH_OBJECT_SIZE_MAX,
	};
	mach_port_t right = pager_get_port(pager);
	int err;

	if (!right)
		return MACH_PORT_NULL;
	err = ioctl(right, MACH_OBJECT_PROXY, &proxy) ? errno : 0;
	close(right);
	errno = err;
	return err ? MACH_PORT_NULL : port_from_fd(proxy.fd);
}

/* From now on no request comes, and none of it is answered. */
void pager_shutdown(struct pager *pager)
{
	struct session_object *object;

	pthread_rwlock_wrlock(&pager->lock);
	object = pager->object;
	pager->shut = true;
	pthread_mutex_lock(&pager->bucket->lock);
	pager->object = NULL;
	pthread_mutex_unlock(&pager->bucket->lock);
	pthread_rwlock_unlock(&pager->lock);
	/* its own worker cannot wait for what itself would have to write */
	if (object)
		session_shutdown(object, hurd_serving == pager ?
				 PAGER_NO_WAIT : PAGER_WAIT);
}
