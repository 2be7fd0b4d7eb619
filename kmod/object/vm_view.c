// SPDX-License-Identifier: GPL-2.0-only
/* The views of an object: each counts the entries of one map at one distance. */
#include "vm_view.h"
#include "pool/kmem.h"

static struct mach_kmem *mach_view_cache __ro_after_init;

static int mach_view_compare(const struct mach_view *view,
			     const struct address_space *mapping, u64 delta)
{
	if (view->mapping != mapping)
		return view->mapping < mapping ? -1 : 1;
	if (view->delta != delta)
		return view->delta < delta ? -1 : 1;
	return 0;
}

/* The view, or NULL and where it would have to be linked */
static struct mach_view *mach_view_find(struct mach_object *object,
					struct address_space *mapping,
					u64 delta, struct rb_node **parent,
					struct rb_node ***link)
{
	struct rb_node **at = &object->views.rb_node;

	lockdep_assert_held(&object->residence);
	*parent = NULL;
	while (*at) {
		struct mach_view *view = rb_entry(*at, struct mach_view, node);
		int side = mach_view_compare(view, mapping, delta);

		if (!side)
			return view;
		*parent = *at;
		at = side > 0 ? &(*at)->rb_left : &(*at)->rb_right;
	}
	*link = at;
	return NULL;
}

/* The first entry of a map that shows the object so brings one right. */
static int mach_view_create(struct mach_object *object,
			    struct address_space *mapping, u64 delta,
			    struct rb_node *parent, struct rb_node **link)
{
	struct mach_view *view;

	lockdep_assert_held_write(&object->residence);
	if (!mach_object_right_try_get(object))
		return -ENODEV;
	view = mach_kmem_alloc(mach_view_cache, GFP_KERNEL);
	if (!view) {
		mach_object_right_put(object);
		return -ENOMEM;
	}
	view->mapping = mapping;
	view->delta = delta;
	view->entries = 1;
	rb_link_node(&view->node, parent, link);
	rb_insert_color(&view->node, &object->views);
	return 0;
}

/**
 * mach_view_get - One more entry of a map shows an object
 * @object: with a right or a view of the caller
 * @mapping: the map's address space
 * @delta: address less offset
 *
 * Return: 0; -ENOMEM, -ENODEV only if the object had no such view yet.
 */
int mach_view_get(struct mach_object *object, struct address_space *mapping,
		  u64 delta)
{
	struct rb_node *parent, **link;
	struct mach_view *view;
	int err = 0;

	mach_residence_change(object);
	view = mach_view_find(object, mapping, delta, &parent, &link);
	if (view)
		view->entries++;
	else
		err = mach_view_create(object, mapping, delta, parent, link);
	mach_residence_changed(object);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(mach_view_get);

/**
 * mach_view_put - One entry less shows an object
 * @object: may be gone afterwards
 * @mapping: the map's address space
 * @delta: address less offset
 */
void mach_view_put(struct mach_object *object, struct address_space *mapping,
		   u64 delta)
{
	struct rb_node *parent, **link;
	struct mach_view *view;
	bool last;

	mach_residence_change(object);
	view = mach_view_find(object, mapping, delta, &parent, &link);
	last = !--view->entries;
	if (last)
		rb_erase(&view->node, &object->views);
	mach_residence_changed(object);
	if (last) {
		mach_kmem_free(mach_view_cache, view);
		mach_object_right_put(object);
	}
}
EXPORT_SYMBOL_IF_KUNIT(mach_view_put);

/**
 * mach_view_sole - Does only one map show the object, at one place?
 * @object: internal, so that it is seen through maps alone
 *
 * Each view has a right; another one is of somebody who copies it, or is about
 * to show it elsewhere. Return: entries of that map, or 0.
 */
unsigned long mach_view_sole(struct mach_object *object)
{
	struct rb_node *first;
	unsigned long n = 0;

	down_read(&object->residence);
	first = rb_first(&object->views);
	if (first && !rb_next(first) && atomic_read(&object->rights) == 1)
		n = rb_entry(first, struct mach_view, node)->entries;
	up_read(&object->residence);
	return n;
}
EXPORT_SYMBOL_IF_KUNIT(mach_view_sole);

/**
 * mach_object_users - How many hold an object
 * @object: any
 *
 * Return: entries of all maps, descriptors and its node.
 */
unsigned int mach_object_users(struct mach_object *object)
{
	struct rb_node *node;
	unsigned int n;

	down_read(&object->residence);
	n = atomic_read(&object->rights);
	/* each view has a right for all of its entries */
	for (node = rb_first(&object->views); node; node = rb_next(node))
		n += rb_entry(node, struct mach_view, node)->entries - 1;
	up_read(&object->residence);
	return n;
}
EXPORT_SYMBOL_IF_KUNIT(mach_object_users);

int mach_view_init(void)
{
	mach_view_cache = mach_kmem_create("view", sizeof(struct mach_view),
					   __alignof__(struct mach_view), NULL);
	return mach_view_cache ? 0 : -ENOMEM;
}

void mach_view_exit(void)
{
	mach_kmem_destroy(mach_view_cache);
}
