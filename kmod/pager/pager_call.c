// SPDX-License-Identifier: GPL-2.0-only
/* A pager's calls: making objects, receiving, answering, attributes. */
#include "pager_call.h"
#include "base/check.h"
#include "base/mach_call.h"
#include "file/kept.h"
#include "file/listed_change.h"
#include "file/listed_name.h"
#include "file/machobj.h"
#include "file/object_file.h"
#include "file/publish.h"
#include "file/vm_statistics.h"
#include "lock_request.h"
#include "pager_answer.h"
#include "pager_port.h"
#include "pager_slot.h"
#include "request/object_size.h"

/* One that is a file, by its number, with a reference */
static struct mach_object *mach_pager_file(struct mach_port *port, u32 number)
{
	struct mach_object *object = mach_port_object(port, number);

	if (IS_ERR(object) || !object->directory)
		return object;
	mach_object_put(object);
	return ERR_PTR(-EINVAL);
}

static int mach_pager_answer(struct mach_call_context *context,
			     union mach_call_args *args)
{
	const struct mach_pager_answer *answer = &args->answer;

	if (answer->flags & ~MACH_ANSWER_MORE)
		return -EINVAL;
	mach_port_answers_apart(context->self, answer->queue, answer->tag,
				answer->generation);
	return mach_answer_only(context->self, answer,
				answer->flags & MACH_ANSWER_MORE);
}

static int mach_pager_receive_answer(struct mach_port *port,
				     const struct mach_pager_receive *args)
{
	const struct mach_pager_answer *answer = &args->answer;
	u32 left = args->size - offsetof(struct mach_pager_receive, answer);

	if (!(args->flags & MACH_RECEIVE_ANSWER))
		return memchr_inv(answer, 0, sizeof(*answer)) ? -EINVAL : 0;
	if (answer->size != left || answer->flags)
		return -EINVAL;
	return mach_answer(port, answer, false);
}

static int mach_pager_receive(struct mach_call_context *context,
			      union mach_call_args *args)
{
	struct mach_pager_receive *receive = &args->receive;
	struct mach_port *port = context->self;
	unsigned int tag;
	int err;

	if (receive->flags & ~(MACH_RECEIVE_ANSWER | MACH_RECEIVE_NONBLOCK) ||
	    receive->tag)
		return -EINVAL;
	/* nothing may be answered by a call that cannot receive */
	if (receive->queue >= port->nr_queues)
		return -ENOENT;
	err = mach_pager_receive_answer(port, receive);
	if (err)
		return err;
	err = mach_port_receive(port, receive->queue, receive->timeout_ms,
				!(receive->flags & MACH_RECEIVE_NONBLOCK),
				&tag, &context->generation);
	if (!err)
		receive->tag = tag;
	return err;
}

static void mach_pager_unreceive(struct mach_call_context *context,
				 union mach_call_args *args)
{
	mach_port_put_back(context->self, args->receive.queue,
			   args->receive.tag, context->generation);
}

static int mach_pager_collect(struct mach_call_context *context,
			      union mach_call_args *args)
{
	struct mach_pager_collect *collect = &args->collect;

	if (collect->flags || collect->reserved || !collect->length)
		return -EINVAL;
	return mach_answer_collect(context->self, collect);
}

static int mach_pager_supply(struct mach_call_context *context,
			     union mach_call_args *args)
{
	struct mach_pager_supply *supply = &args->supply;
	u32 left = supply->size - offsetof(struct mach_pager_supply, part);
	struct mach_object *object;
	int err;

	if (supply->supplied || supply->part.size != left)
		return -EINVAL;
	object = mach_pager_file(context->self, supply->object);
	if (IS_ERR(object))
		return PTR_ERR(object);
	err = mach_answer_unasked(object, &supply->part, &supply->supplied);
	mach_object_put(object);
	return err;
}

static int mach_pager_get_attributes(struct mach_call_context *context,
				     union mach_call_args *args)
{
	struct mach_pager_attributes *attributes = &args->attributes;
	struct mach_object *object;

	if (attributes->cluster || attributes->reserved)
		return -EINVAL;
	object = mach_pager_file(context->self, attributes->object);
	if (IS_ERR(object))
		return PTR_ERR(object);
	attributes->cluster = READ_ONCE(object->cluster) << PAGE_SHIFT;
	mach_object_put(object);
	return 0;
}

static int mach_pager_change_attributes(struct mach_call_context *context,
					union mach_call_args *args)
{
	struct mach_pager_attributes *attributes = &args->attributes;
	struct mach_object *object;

	if (!mach_cluster_valid(attributes->cluster) || attributes->reserved)
		return -EINVAL;
	object = mach_pager_file(context->self, attributes->object);
	if (IS_ERR(object))
		return PTR_ERR(object);
	WRITE_ONCE(object->cluster, attributes->cluster >> PAGE_SHIFT);
	mach_object_put(object);
	return 0;
}

/* The pager has made its store longer or shorter. */
static int mach_pager_resize(struct mach_call_context *context,
			     union mach_call_args *args)
{
	const struct mach_pager_resize *resize = &args->resize;
	struct mach_object *object;
	int err;

	if (resize->object_size > MACH_OBJECT_SIZE_MAX)
		return -EINVAL;
	object = mach_pager_file(context->self, resize->object);
	if (IS_ERR(object))
		return PTR_ERR(object);
	err = mach_size_tell(object, resize->object_size);
	if (!err)
		mach_published_modified(object);
	mach_object_put(object);
	return err;
}

/*
 * The pager was not told of its object, so it hears of no end either. Another thread may
 * have ended it already, and another object have the number.
 */
static void mach_pager_uncreate(struct mach_call_context *context,
				union mach_call_args *args)
{
	struct mach_port *port = context->self;
	struct mach_object *object = mach_port_object(port, args->create.object);

	if (IS_ERR(object))
		return;
	if (object->serial == context->serial)
		mach_port_end_object(port, object);
	mach_object_put(object);
}

/* A directory alone asks; of a listed one it is said whether it does. */
static int mach_pager_check_directory(const struct mach_pager_create *create)
{
	const u32 known = MACH_CREATE_DIRECTORY | MACH_CREATE_LISTED |
			  MACH_CREATE_ASKS;

	if (create->flags & ~known ||
	    (create->flags & MACH_CREATE_ASKS &&
	     !(create->flags & MACH_CREATE_LISTED)))
		return -EINVAL;
	return create->reserved || create->object || create->fd ||
	       create->object_size || create->cluster ? -EINVAL : 0;
}

static int mach_pager_create_check(struct mach_pager_create *create)
{
	const u32 known = MACH_CREATE_READ_ONLY | MACH_CREATE_RESIZABLE;

	if (create->flags & MACH_CREATE_DIRECTORY)
		return mach_pager_check_directory(create);
	if (!create->cluster)
		create->cluster = 64 * 1024;
	if (create->flags & ~known || create->reserved ||
	    create->object || create->fd ||
	    (!create->object_size && !(create->flags & MACH_CREATE_RESIZABLE)) ||
	    create->object_size > MACH_OBJECT_SIZE_MAX ||
	    !mach_cluster_valid(create->cluster))
		return -EINVAL;
	return 0;
}

/* The pager never heard of it: so it is not told of its end. */
static void mach_pager_give_up(struct mach_port *port,
			       struct mach_object *object)
{
	mach_object_set_dead(object);
	mach_port_unnumber(port, object->id);
	mach_object_put(object);
}

/* A descriptor for the caller, and then a place in the table for the object */
static int mach_pager_show(struct mach_call_context *context,
			   struct mach_object *object, __s32 *fd)
{
	struct mach_port *port = context->self;
	struct file *file;
	int err;

	/* the table's; the object's first right becomes the file's */
	mach_object_get(object);
	file = mach_machobj_file(object);
	if (IS_ERR(file)) {
		err = PTR_ERR(file);
		mach_object_put(object);
	} else {
		err = mach_call_make_fd(context, file, fd);
	}
	if (err) {
		mach_pager_give_up(port, object);
		return err;
	}
	return mach_port_add_object(port, object);
}

/* It is found by its number alone: the table's reference is one more. */
static int mach_pager_show_directory(struct mach_port *port,
				     struct mach_object *object, __s32 *fd)
{
	*fd = -1;
	mach_object_get(object);
	return mach_port_add_object(port, object);
}

static struct mach_object *
mach_pager_make_directory(struct mach_object_setup *setup)
{
	struct mach_object *object = mach_object_create(setup);

	if (!object && setup->listed)
		mach_listed_free(setup->listed, setup->pager->user);
	return object;
}

/* An object that is a file, or stands for a directory, which has an inode of its own */
static struct mach_object *mach_pager_make(struct mach_object_setup *setup)
{
	struct mach_object *object;

	if (setup->directory)
		return mach_pager_make_directory(setup);
	setup->inode = mach_machobj_inode(setup->size);
	if (IS_ERR(setup->inode))
		return NULL;
	object = mach_object_create(setup);
	if (!object)
		iput(setup->inode);
	return object;
}

static int mach_pager_create(struct mach_call_context *context,
			     union mach_call_args *args)
{
	struct mach_pager_create *create = &args->create;
	struct mach_port *port = context->self;
	struct mach_object_setup setup;
	struct mach_object *object;
	int err;

	err = mach_pager_create_check(create);
	if (err)
		return err;
	setup = (struct mach_object_setup) {
		.pager = &port->pager,
		.size = create->object_size,
		.cookie = create->cookie,
		.cluster = create->cluster >> PAGE_SHIFT,
		.read_only = create->flags & MACH_CREATE_READ_ONLY,
		.resizable = create->flags & MACH_CREATE_RESIZABLE,
		.directory = create->flags & MACH_CREATE_DIRECTORY,
	};
	err = mach_user_check(port->pager.user, MACH_USER_OBJECTS, 1) ?:
	      mach_port_number(port, &setup.id);
	if (err)
		return err;
	if (create->flags & MACH_CREATE_LISTED)
		setup.listed = mach_listed_create(&mach_listed_operations,
						  create->flags &
						  MACH_CREATE_ASKS);
	object = setup.listed || !(create->flags & MACH_CREATE_LISTED) ?
		 mach_pager_make(&setup) : NULL;
	if (!object) {
		mach_port_unnumber(port, setup.id);
		return -ENOMEM;
	}
	create->object = setup.id;
	context->serial = object->serial;
	if (setup.directory)
		return mach_pager_show_directory(port, object, &create->fd);
	return mach_pager_show(context, object, &create->fd);
}

static int mach_pager_publish(struct mach_call_context *context,
			      union mach_call_args *args)
{
	struct mach_port *port = context->self;
	struct mach_object *object;
	int err;

	object = mach_pager_file(port, args->publish.object);
	if (IS_ERR(object))
		return PTR_ERR(object);
	err = mach_publish(object, &args->publish);
	/* the reaper may have passed by before the name was there */
	if (!err && READ_ONCE(port->dead)) {
		mach_object_set_dead(object);
		mach_unpublish(object);
		err = -ENODEV;
	}
	mach_object_put(object);
	return err;
}

static int mach_pager_unpublish_object(struct mach_port *port, u32 number)
{
	struct mach_object *object = mach_port_object(port, number);
	bool had;

	if (IS_ERR(object))
		return PTR_ERR(object);
	/* the name is the table's */
	if (object->made) {
		mach_object_put(object);
		return -EPERM;
	}
	had = mach_unpublish(object);
	mach_object_put(object);
	return had ? 0 : -ENOENT;
}

static int mach_pager_unpublish(struct mach_call_context *context,
				union mach_call_args *args)
{
	const struct mach_pager_unpublish *unpublish = &args->unpublish;
	struct mach_port *port = context->self;

	if (unpublish->reserved)
		return -EINVAL;
	if (!unpublish->object)
		return mach_keep_no_more(&port->keeper, unpublish);
	if (unpublish->name || unpublish->name_length)
		return -EINVAL;
	return mach_pager_unpublish_object(port, unpublish->object);
}

static int mach_pager_symlink(struct mach_call_context *context,
			      union mach_call_args *args)
{
	struct mach_port *port = context->self;

	return mach_keep_link(&port->keeper, &args->symlink);
}

static int mach_pager_mkdir(struct mach_call_context *context,
			    union mach_call_args *args)
{
	struct mach_port *port = context->self;
	struct mach_object *object = NULL;
	int err;

	if (args->mkdir.object)
		object = mach_port_object(port, args->mkdir.object);
	if (IS_ERR(object))
		return PTR_ERR(object);
	err = mach_keep_directory(&port->keeper, object, &args->mkdir);
	if (object)
		mach_object_put(object);
	return err;
}

static int mach_pager_list(struct mach_call_context *context,
			   union mach_call_args *args)
{
	struct mach_object *object;
	int err;

	object = mach_port_object(context->self, args->list.object);
	if (IS_ERR(object))
		return PTR_ERR(object);
	err = mach_listed_change(object, &args->list);
	mach_object_put(object);
	return err;
}

static int mach_pager_destroy(struct mach_call_context *context,
			      union mach_call_args *args)
{
	struct mach_port *port = context->self;
	struct mach_object *object = mach_port_object(port, args->destroy.object);

	if (IS_ERR(object))
		return PTR_ERR(object);
	mach_port_end_object(port, object);
	mach_object_put(object);
	return 0;
}

static const struct mach_call mach_pager_calls[] = {
	MACH_CALL(MACH_PAGER_RECEIVE, mach_pager_receive,
		  .undo = mach_pager_unreceive),
	MACH_CALL(MACH_PAGER_SUPPLY, mach_pager_supply, .says_on_error = true),
	MACH_CALL(MACH_PAGER_CREATE, mach_pager_create,
		  .undo = mach_pager_uncreate),
	MACH_CALL(MACH_PAGER_PUBLISH, mach_pager_publish),
	MACH_CALL(MACH_PAGER_ANSWER, mach_pager_answer),
	MACH_CALL(MACH_PAGER_COLLECT, mach_pager_collect),
	MACH_CALL(MACH_PAGER_LOCK_REQUEST, mach_pager_lock_request),
	MACH_CALL(MACH_PAGER_DESTROY, mach_pager_destroy),
	MACH_CALL(MACH_PAGER_GET_ATTRIBUTES, mach_pager_get_attributes),
	MACH_CALL(MACH_PAGER_CHANGE_ATTRIBUTES, mach_pager_change_attributes),
	MACH_CALL(MACH_PAGER_RESIZE, mach_pager_resize),
	MACH_CALL(MACH_PAGER_SYMLINK, mach_pager_symlink),
	MACH_CALL(MACH_PAGER_MKDIR, mach_pager_mkdir),
	MACH_CALL(MACH_PAGER_UNPUBLISH, mach_pager_unpublish),
	MACH_CALL(MACH_PAGER_LIST, mach_pager_list),
};

/* What a pager's descriptor answers */
const struct mach_call_table mach_pager_table =
	MACH_CALL_TABLE(mach_pager_calls, &mach_vm_table);
