/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The only file that knows kernel versions. Code is written for the newest
 * interface; what an older kernel lacks is made here.
 */
#ifndef MACH_COMPAT_H
#define MACH_COMPAT_H

#include <linux/fs.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/pagemap.h>
#include <linux/sched.h>
#include <linux/shrinker.h>
#include <linux/swap.h>
#include <linux/uio.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "machvm needs Linux 6.1 or newer"
#endif

/* Functions that unit tests may replace. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0) && IS_ENABLED(CONFIG_KUNIT)
#include <kunit/static_stub.h>
#define mach_compat_stub(fn, ...) KUNIT_STATIC_STUB_REDIRECT(fn, __VA_ARGS__)
#else
#define mach_compat_stub(...) do { } while (0)
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
#include <linux/io_uring/cmd.h>
#else
#include <linux/io_uring.h>
#endif
#include <linux/io_uring_types.h>

/* The command bytes of a 128-byte SQE: memory shared with the submitter. */
static inline const void *mach_compat_cmd(struct io_uring_cmd *ioucmd)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	return io_uring_sqe_cmd(ioucmd->sqe);
#else
	return ioucmd->cmd;
#endif
}

/* Does io_uring tell a waiting command, once marked, that it has to end? */
#define MACH_COMPAT_RING_CANCELS (LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0))

/* The thread that submitted it: who executes it may be a thread of io_uring's. */
static inline struct task_struct *
mach_compat_cmd_task(struct io_uring_cmd *ioucmd)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	return cmd_to_io_kiocb(ioucmd)->tctx->task;
#else
	return cmd_to_io_kiocb(ioucmd)->task;
#endif
}

/*
 * Can nobody read the command's completion any more? The ring is being closed, or the
 * thread that posted it begins another program. One that has just ended leaves its
 * commands to the others, unless they complete in itself alone.
 */
static inline bool mach_compat_ring_ends(struct io_uring_cmd *ioucmd)
{
	struct io_ring_ctx *ctx = cmd_to_io_kiocb(ioucmd)->ctx;
	struct task_struct *task = mach_compat_cmd_task(ioucmd);
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
	atomic_t *leaves = &task->io_uring->in_cancel;
#else
	atomic_t *leaves = &task->io_uring->in_idle;
#endif

	if (percpu_ref_is_dying(&ctx->refs))
		return true;
	return atomic_read(leaves) &&
	       (!(READ_ONCE(task->flags) & PF_EXITING) ||
		ctx->flags & IORING_SETUP_DEFER_TASKRUN);
}

#if MACH_COMPAT_RING_CANCELS
static inline bool mach_compat_ring_asks_cancel(unsigned int issue_flags)
{
	return issue_flags & IO_URING_F_CANCEL;
}

/* Before the command can be seen by whoever may complete it */
static inline void mach_compat_ring_mark(struct io_uring_cmd *ioucmd,
					 unsigned int issue_flags)
{
	io_uring_cmd_mark_cancelable(ioucmd, issue_flags);
}

/* What a marked command returns: only io_uring_cmd_done() takes the mark off. */
static inline int mach_compat_ring_return(struct io_uring_cmd *ioucmd, int ret,
					  unsigned int issue_flags)
{
	if (ret != -EIOCBQUEUED)
		io_uring_cmd_done(ioucmd, ret, 0, issue_flags);
	return -EIOCBQUEUED;
}

/*
 * Have @tell complete a command that waited. Taking off the mark needs the ring's
 * mutex, which the thread that posted it takes, and no fault may wait for.
 */
static inline void
mach_compat_ring_tell(struct io_uring_cmd *ioucmd,
		      void (*tell)(struct io_uring_cmd *, unsigned int))
{
	io_uring_cmd_complete_in_task(ioucmd, tell);
}
#else
static inline bool mach_compat_ring_asks_cancel(unsigned int issue_flags)
{
	return false;
}

static inline void mach_compat_ring_mark(struct io_uring_cmd *ioucmd,
					 unsigned int issue_flags)
{
}

static inline int mach_compat_ring_return(struct io_uring_cmd *ioucmd, int ret,
					  unsigned int issue_flags)
{
	return ret;
}

static inline void
mach_compat_ring_tell(struct io_uring_cmd *ioucmd,
		      void (*tell)(struct io_uring_cmd *, unsigned int))
{
	tell(ioucmd, IO_URING_F_UNLOCKED);
}
#endif

/* Can commands come by io_uring? Whether a process may is for io_uring to say. */
static inline bool mach_compat_has_ring(void)
{
	return IS_ENABLED(CONFIG_IO_URING);
}

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags &= ~flags;
}
#endif

/* Inode operations are told of a mount's mapping of ids, since 6.3 by its own type. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define MACH_COMPAT_IDMAP struct mnt_idmap
#define MACH_COMPAT_NO_IDMAP (&nop_mnt_idmap)
#else
#define MACH_COMPAT_IDMAP struct user_namespace
#define MACH_COMPAT_NO_IDMAP (&init_user_ns)
#endif

/*
 * What an inode has was changed just now. Nobody touches times by hand since 6.6. Linux
 * reads and sets them under one lock or none, as it comes; and so does the module.
 */
static inline void mach_compat_touch(struct inode *inode)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	/* as Linux's own */
	data_race(inode_set_mtime_to_ts(inode,
					inode_set_ctime_current(inode)));
#else
	inode->i_ctime = current_time(inode);
	inode->i_mtime = inode->i_ctime;
#endif
}

/* Of what an inode is, not of what it has, something was changed just now. */
static inline void mach_compat_touch_inode(struct inode *inode)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	inode_set_ctime_current(inode);
#else
	inode->i_ctime = current_time(inode);
#endif
}

/* A new inode's times */
static inline void mach_compat_init_times(struct inode *inode)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	simple_inode_init_ts(inode);
#else
	mach_compat_touch(inode);
	inode->i_atime = inode->i_ctime;
#endif
}

/* Time of the last change, in nanoseconds since 1970 */
static inline s64 mach_compat_mtime(const struct inode *inode)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	return timespec64_to_ns(&(struct timespec64) {
		.tv_sec = inode_get_mtime_sec(inode),
		.tv_nsec = inode_get_mtime_nsec(inode),
	});
#else
	return timespec64_to_ns(&inode->i_mtime);
#endif
}

/* An inode has been as it is since a time. */
static inline void mach_compat_set_times(struct inode *inode, s64 ns)
{
	const struct timespec64 time = ns_to_timespec64(ns);

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	inode_set_mtime_to_ts(inode, time);
	inode_set_atime_to_ts(inode, time);
	inode_set_ctime_to_ts(inode, time);
#else
	inode->i_mtime = time;
	inode->i_atime = time;
	inode->i_ctime = time;
#endif
}

/* What Linux says of an inode by itself */
static inline void mach_compat_fill_attributes(MACH_COMPAT_IDMAP *idmap,
					       u32 mask, struct inode *inode,
					       struct kstat *stat)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	generic_fillattr(idmap, mask, inode, stat);
#else
	generic_fillattr(idmap, inode, stat);
#endif
}

/* Splicing through read_iter got a name in 6.5. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#define mach_compat_splice_read copy_splice_read
#else
#define mach_compat_splice_read generic_file_splice_read
#endif

/* Since 6.8 this freezes and thaws with the file system by itself. */
static inline ssize_t mach_compat_iter_write(struct file *file,
					     struct iov_iter *iter,
					     loff_t *position)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
	return vfs_iter_write(file, iter, position, 0);
#else
	ssize_t done;

	file_start_write(file);
	done = vfs_iter_write(file, iter, position, 0);
	file_end_write(file);
	return done;
#endif
}

/* A fault came with the mmap lock or, since 6.4, with the lock of its area. */
static inline void mach_compat_fault_unlock(struct vm_fault *vmf)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	release_fault_lock(vmf);
#else
	mmap_read_unlock(vmf->vma->vm_mm);
#endif
}

/*
 * Take back the lock that the fault came with. False if the caller was killed
 * or the area is no longer the same mapping of @file; then no lock is held.
 */
static inline bool mach_compat_fault_relock(struct vm_fault *vmf,
					    struct mm_struct *mm,
					    struct file *file)
{
	struct vm_area_struct *vma;
	bool same;

	if (mmap_read_lock_killable(mm))
		return false;
	vma = vma_lookup(mm, vmf->address);
	/* the structure may have come back for another part of the file */
	same = vma && vma == vmf->vma && vma->vm_file == file &&
	       linear_page_index(vma, vmf->address) == vmf->pgoff;
#ifdef CONFIG_PER_VMA_LOCK
	if (vmf->flags & FAULT_FLAG_VMA_LOCK) {
		same = same && vma_start_read(vma);
		mmap_read_unlock(mm);
		return same;
	}
#endif
	if (!same)
		mmap_read_unlock(mm);
	return same;
}

/*
 * Let a pager thread that was just woken on this CPU run before the caller goes
 * to sleep: often it has answered when the caller comes back, which saves a
 * sleep and a wake-up. CFS passes over the caller once; since EEVDF (6.6) a
 * yield costs it a whole slice, so there it sleeps at once.
 */
static inline void mach_compat_hand_off(void)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
	yield();
#endif
}

/**
 * struct mach_compat_life - The end of a memory, by exit or exec
 * @notifier: Linux's, by its own locks, from mach_compat_life_follow() to
 *	mach_compat_life_leave()
 * @ops: const once followed
 * @ends: called at the end, at once or by mach_compat_life_leave(); set before it is
 *	followed and const from then on
 * @followed: set by mach_compat_life_follow(), read by mach_compat_life_leave(): the
 *	caller has one after the other
 *
 * A kernel without notifiers tells nobody, but all that have KVM have them.
 */
struct mach_compat_life {
#ifdef CONFIG_MMU_NOTIFIER
	struct mmu_notifier notifier;
	struct mmu_notifier_ops ops;
#endif
	void (*ends)(struct mach_compat_life *life);
	bool followed;
};

#ifdef CONFIG_MMU_NOTIFIER
static inline void mach_compat_life_release(struct mmu_notifier *notifier,
					    struct mm_struct *mm)
{
	struct mach_compat_life *life =
		container_of(notifier, struct mach_compat_life, notifier);

	life->ends(life);
}

static inline int mach_compat_life_follow(struct mach_compat_life *life,
					  struct mm_struct *mm)
{
	int err;

	life->ops.release = mach_compat_life_release;
	life->notifier.ops = &life->ops;
	err = mmu_notifier_register(&life->notifier, mm);
	life->followed = !err;
	return err;
}

static inline void mach_compat_life_leave(struct mach_compat_life *life,
					  struct mm_struct *mm)
{
	if (life->followed)
		mmu_notifier_unregister(&life->notifier, mm);
}
#else
static inline int mach_compat_life_follow(struct mach_compat_life *life,
					  struct mm_struct *mm)
{
	return 0;
}

static inline void mach_compat_life_leave(struct mach_compat_life *life,
					  struct mm_struct *mm)
{
}
#endif

/* Shrinkers are allocated since 6.7 and embedded before. */
struct mach_compat_shrinker {
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	struct shrinker *shrinker;
#else
	struct shrinker shrinker;
#endif
};

typedef unsigned long (*mach_compat_shrink_fn)(struct shrinker *s,
					       struct shrink_control *sc);

static inline int mach_compat_shrinker_add(struct mach_compat_shrinker *s,
					   mach_compat_shrink_fn count,
					   mach_compat_shrink_fn scan)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	s->shrinker = shrinker_alloc(0, "machvm");
	if (!s->shrinker)
		return -ENOMEM;
	s->shrinker->count_objects = count;
	s->shrinker->scan_objects = scan;
	shrinker_register(s->shrinker);
	return 0;
#else
	s->shrinker.count_objects = count;
	s->shrinker.scan_objects = scan;
	s->shrinker.seeks = DEFAULT_SEEKS;
	return register_shrinker(&s->shrinker, "machvm");
#endif
}

static inline void mach_compat_shrinker_remove(struct mach_compat_shrinker *s)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	shrinker_free(s->shrinker);
#else
	unregister_shrinker(&s->shrinker);
#endif
}

/* A shrinker tells its caller that so many pages went back. */
static inline void mach_compat_reclaimed(unsigned long pages)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
	mm_account_reclaimed_pages(pages);
#else
	if (current->reclaim_state)
		current->reclaim_state->reclaimed_slab += pages;
#endif
}

/* The kernel's own pages are charged to memory cgroups; since 6.11 always. */
#if defined(CONFIG_MEMCG_KMEM) || \
	(defined(CONFIG_MEMCG) && LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0))
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define memcg_kmem_online() memcg_kmem_enabled()
#endif

/* Are the caller's? The root's are not. */
static inline bool mach_compat_has_charges(void)
{
	bool has = false;

	if (memcg_kmem_online()) {
		rcu_read_lock();
		has = mem_cgroup_from_task(current)->css.parent;
		rcu_read_unlock();
	}
	return has;
}

/* What charges a page: its cgroup, with a reference, and a mark; or 0 */
static inline unsigned long mach_compat_charge(const struct page *page)
{
	return READ_ONCE(page->memcg_data);
}

static inline void mach_compat_set_charge(struct page *page,
					  unsigned long charge)
{
	WRITE_ONCE(page->memcg_data, charge);
}

static inline struct obj_cgroup *mach_compat_charged(unsigned long charge)
{
	return (struct obj_cgroup *)(charge & ~MEMCG_DATA_KMEM);
}

/* @n charges become that of one block of @n pages, which has one reference. */
static inline void mach_compat_merge_charges(unsigned long charge,
					     unsigned int n)
{
	while (--n)
		obj_cgroup_put(mach_compat_charged(charge));
}

/* Would the caller's pages be charged to the same cgroup? */
static inline bool mach_compat_charge_is_mine(unsigned long charge)
{
	bool same;

	rcu_read_lock();
	same = obj_cgroup_memcg(mach_compat_charged(charge)) ==
	       mem_cgroup_from_task(current);
	rcu_read_unlock();
	return same;
}
#else
static inline bool mach_compat_has_charges(void)
{
	return false;
}

static inline unsigned long mach_compat_charge(const struct page *page)
{
	return 0;
}

static inline void mach_compat_set_charge(struct page *page,
					  unsigned long charge)
{
}

static inline void mach_compat_merge_charges(unsigned long charge,
					     unsigned int n)
{
}

static inline bool mach_compat_charge_is_mine(unsigned long charge)
{
	return false;
}
#endif

#endif /* MACH_COMPAT_H */
