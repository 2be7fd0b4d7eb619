// SPDX-License-Identifier: GPL-2.0-only
/* Requests about names: their text is made, and read by the pager. */
#include "name_request.h"
#include "base/check.h"
#include "request_memory.h"

#include <linux/cred.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uidgid.h>

static_assert(sizeof(struct mach_name_request) == MACH_NAME_REQUEST_SIZE_VER0);

/* Charged to the client, who waits as long as there is any */
static struct mach_name_request *mach_name_text(const struct mach_name_wish *wish)
{
	const struct qstr *name = &wish->name, *to = &wish->to;
	struct mach_name_request *head;
	char *text;

	head = kmalloc(sizeof(*head) + name->len + to->len, GFP_KERNEL_ACCOUNT);
	if (!head)
		return NULL;
	*head = wish->head;
	head->size = sizeof(*head);
	head->name_length = name->len;
	head->to_length = to->len;
	text = (char *)(head + 1);
	memcpy(text, name->name, name->len);
	memcpy(text + name->len, to->name, to->len);
	return head;
}

/**
 * mach_name_request - Make a request about a name
 * @object: of the directory; with a right of the caller
 * @wish: what is asked
 *
 * Return: with one reference, not sent yet; ERR_PTR(): -EDEADLK when the caller is a
 * thread of the pager that works on a request; -ENOMEM; -EIO when the pager is dead.
 */
struct mach_request *mach_name_request(struct mach_object *object,
				       const struct mach_name_wish *wish)
{
	struct mach_name_request *text;
	struct mach_request *request;

	if (mach_pager_is_stuck(object->pager, object->id))
		return ERR_PTR(-EDEADLK);
	text = mach_name_text(wish);
	if (!text)
		return ERR_PTR(-ENOMEM);
	request = mach_request_create_surely(object, wish->operation);
	if (IS_ERR(request)) {
		kfree(text);
		return request;
	}
	request->text = text;
	request->length = sizeof(*text) + text->name_length + text->to_length;
	return request;
}

/* Ids as the caller, who is the pager, has them */
static void mach_name_translate(struct mach_name_request *head)
{
	struct user_namespace *own = current_user_ns();

	head->uid = from_kuid_munged(own, make_kuid(&init_user_ns, head->uid));
	head->gid = from_kgid_munged(own, make_kgid(&init_user_ns, head->gid));
}

/**
 * mach_name_collect - Let the pager read what it is asked
 * @request: about a name
 * @args: checked but for the range
 *
 * Return: 0, -ERANGE, -EFAULT.
 */
int mach_name_collect(const struct mach_request *request,
		      const struct mach_pager_collect *args)
{
	const struct mach_name_request *text = request->text;
	struct mach_name_request head = *text;
	void __user *to = u64_to_user_ptr(args->address);
	u64 at = args->offset, left = args->length;
	size_t n;

	if (!mach_range_fits(at, left, request->length))
		return -ERANGE;
	mach_name_translate(&head);
	if (at < sizeof(head)) {
		n = min_t(u64, left, sizeof(head) - at);
		if (copy_to_user(to, (void *)&head + at, n))
			return -EFAULT;
		to += n;
		at += n;
		left -= n;
	}
	return left && copy_to_user(to, (void *)text + at, left) ? -EFAULT : 0;
}
