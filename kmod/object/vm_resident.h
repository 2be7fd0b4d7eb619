/* SPDX-License-Identifier: GPL-2.0-only */
/* Which pages of an object are in memory, and which of them are dirty. */
#ifndef MACH_VM_RESIDENT_H
#define MACH_VM_RESIDENT_H

#include "vm_object.h"

struct page *mach_object_page(struct mach_object *object, pgoff_t index);
bool mach_object_is_dirty(struct mach_object *object, pgoff_t index);
unsigned int mach_object_resident_run(struct mach_object *object,
				      struct mach_run *around, pgoff_t index,
				      struct page **pages);
void mach_object_absent_run(struct mach_object *object, pgoff_t index,
			    struct mach_run *window);
int mach_object_place(struct mach_object *object, pgoff_t first,
		      const struct bio_vec *frames, unsigned int n);
void mach_object_erase(struct mach_object *object, pgoff_t first,
		       unsigned int n);
bool mach_object_mark(struct mach_object *object, pgoff_t index);
void mach_object_unmark(struct mach_object *object, pgoff_t index);
void mach_object_mark_written(struct mach_object *object, pgoff_t index);
void mach_object_mark_dirty(struct mach_object *object, pgoff_t index);
int mach_object_add(struct mach_object *object, const struct mach_run *run,
		    struct page *const *pages, u64 touched);
u64 mach_object_touched(struct mach_object *object, pgoff_t index);
unsigned int mach_object_take(struct mach_object *object, pgoff_t *first,
			      pgoff_t end, struct bio_vec *frames,
			      unsigned int n);
int mach_object_move(struct mach_object *to, pgoff_t first,
		     struct mach_object *from, pgoff_t from_first,
		     pgoff_t from_end);

#endif /* MACH_VM_RESIDENT_H */
