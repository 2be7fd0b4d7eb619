// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * libhurdpager - what became of the latest read of each page.
 */
#include <search.h>
#include <stdlib.h>

#include "hurd_priv.h"

struct page_error {
	vm_offset_t page;
	error_t err;
};

static int compare(const void *a, const void *b)
{
	const struct page_error *x = a, *y = b;

	return x->page < y->page ? -1 : x->page > y->page;
}

error_t hurd_plain_error(error_t err)
{
	return !err || err == ENOSPC || err == EDQUOT ? err : EIO;
}

static struct page_error *find(struct pager *pager, vm_offset_t page)
{
	struct page_error key = { .page = page };
	struct page_error **node = tfind(&key, &pager->errors, compare);

	return node ? *node : NULL;
}

static void forget(struct pager *pager, vm_offset_t page)
{
	struct page_error *error = find(pager, page);

	if (!error)
		return;
	tdelete(error, &pager->errors, compare);
	free(error);
}

/* Without memory an error is not kept: who asks is told of none. */
static void keep(struct pager *pager, vm_offset_t page, error_t err)
{
	struct page_error *error = find(pager, page);

	if (!error) {
		error = malloc(sizeof(*error));
		if (!error)
			return;
		error->page = page;
		if (!tsearch(error, &pager->errors, compare)) {
			free(error);
			return;
		}
	}
	error->err = err;
}

void hurd_mark_error(struct pager *pager, vm_offset_t page, error_t err)
{
	pthread_mutex_lock(&pager->errors_lock);
	if (err)
		keep(pager, page, err);
	else
		forget(pager, page);
	pthread_mutex_unlock(&pager->errors_lock);
}

void hurd_forget_errors(struct pager *pager)
{
	tdestroy(pager->errors, free);
	pager->errors = NULL;
}

error_t pager_get_error(struct pager *pager, vm_address_t addr)
{
	struct page_error *error;
	error_t err;

	pthread_mutex_lock(&pager->errors_lock);
	error = find(pager, addr & ~(HURD_PAGE - 1));
	err = error ? error->err : 0;
	pthread_mutex_unlock(&pager->errors_lock);
	return err;
}
