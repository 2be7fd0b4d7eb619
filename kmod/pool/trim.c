// SPDX-License-Identifier: GPL-2.0-only
/* The size of the pool: the parameter pool_max, idle chunks, and what Linux asks for. */
#include "trim.h"
#include "base/compat.h"
#include "charge.h"
#include "kmem.h"
#include "vm_page.h"

#include <linux/module.h>
#include <linux/oom.h>
#include <linux/workqueue.h>

#define MACH_TRIM_PERIOD	(5 * HZ)
/* Of the chunks in use, so many are kept idle for those to come. */
#define MACH_TRIM_KEEP_PART	8

#define MACH_FRAMES_PER_MB	(SZ_1M / PAGE_SIZE)

/* Frames aside that one turn looks at */
#define MACH_TRIM_LOOK		4096

/* Chunks whose pages are judged for one that goes */
#define MACH_TRIM_TRIES		4

static unsigned long mach_pool_max;
static bool mach_trim_ready;
static struct mach_compat_shrinker mach_trim_shrinker;

/*
 * Who gives chunks back. It may be waited for wherever memory is allocated: under it
 * nothing is that would reclaim.
 */
static DEFINE_MUTEX(mach_trim_lock);

static void mach_trim_run(struct work_struct *work);
static DECLARE_DELAYED_WORK(mach_trim_work, mach_trim_run);

static unsigned long mach_trim_release(unsigned long chunks)
{
	unsigned long n;

	lockdep_assert_held(&mach_trim_lock);
	for (n = 0; n < chunks && mach_pool_release(); n++)
		cond_resched();
	return n;
}

static void mach_trim_collect(void)
{
	mach_kmem_shrink();
	mach_page_drain();
	mach_charge_drain();
	mach_user_look_aside(MACH_TRIM_LOOK);
}

/* A pool that was not used at all goes as a whole. */
static unsigned long mach_trim_surplus(void)
{
	struct mach_pool_counts counts;
	unsigned long idle = mach_pool_long_idle(), keep;

	mach_pool_get_counts(&counts);
	if (idle == counts.chunks)
		return idle;
	keep = (counts.chunks - idle) / MACH_TRIM_KEEP_PART + 1;
	return idle > keep ? idle - keep : 0;
}

/* Frames that could go back to Linux: free ones, and those of clean pages */
static unsigned long mach_trim_reclaimable(void)
{
	struct mach_pool_counts counts;

	mach_pool_get_counts(&counts);
	return counts.chunks * MACH_CHUNK_FRAMES - counts.used +
	       mach_page_evictable();
}

static void mach_trim_run(struct work_struct *work)
{
	mutex_lock(&mach_trim_lock);
	mach_trim_collect();
	mach_trim_release(max(mach_pool_excess(), mach_trim_surplus()));
	mutex_unlock(&mach_trim_lock);
	mach_pool_tell(mach_trim_reclaimable());
	queue_delayed_work(system_unbound_wq, &mach_trim_work,
			   MACH_TRIM_PERIOD);
}

static unsigned long mach_trim_count(struct shrinker *s,
				     struct shrink_control *sc)
{
	return mach_trim_reclaimable() ?: SHRINK_EMPTY;
}

/*
 * Empty a chunk and give it back, the one with the oldest page first. Pages that
 * were used lately are spared until there are no others.
 */
static bool mach_trim_evict(void)
{
	unsigned int tries;

	lockdep_assert_held(&mach_trim_lock);
	for (tries = 0; tries < MACH_TRIM_TRIES; tries++) {
		if (!mach_page_empty_chunk(tries == MACH_TRIM_TRIES - 1))
			break;
		if (mach_trim_release(1))
			return true;
	}
	return false;
}

/* Give chunks back: idle ones, then what lies about, then clean pages. */
static unsigned long mach_trim_shrink(unsigned long chunks, bool evict)
{
	unsigned long n;

	lockdep_assert_held(&mach_trim_lock);
	n = mach_trim_release(chunks);
	if (n < chunks) {
		mach_trim_collect();
		n += mach_trim_release(chunks - n);
	}
	while (evict && n < chunks && mach_trim_evict())
		n++;
	if (n)
		mach_pool_refrain();
	return n * MACH_CHUNK_FRAMES;
}

/* For the pool's own sake no page is taken away from it. */
static unsigned long mach_trim_scan(struct shrinker *s,
				    struct shrink_control *sc)
{
	unsigned long chunks = DIV_ROUND_UP(sc->nr_to_scan, MACH_CHUNK_FRAMES);
	unsigned long frames;
	bool evict;

	if (!mutex_trylock(&mach_trim_lock))
		return SHRINK_STOP;
	evict = sc->gfp_mask & __GFP_FS && !mach_pool_is_growing();
	frames = mach_trim_shrink(chunks, evict);
	mutex_unlock(&mach_trim_lock);
	mach_compat_reclaimed(frames);
	sc->nr_scanned = max(sc->nr_to_scan, frames);
	return frames ?: SHRINK_STOP;
}

/* Before Linux ends a process: all that can go. */
static int mach_trim_oom(struct notifier_block *block, unsigned long unused,
			 void *freed)
{
	unsigned long frames;

	mutex_lock(&mach_trim_lock);
	frames = mach_trim_shrink(ULONG_MAX, true);
	mutex_unlock(&mach_trim_lock);
	*(unsigned long *)freed += frames;
	return NOTIFY_OK;
}

static struct notifier_block mach_trim_oom_block = {
	.notifier_call = mach_trim_oom,
};

static int mach_pool_max_set(const char *text, const struct kernel_param *param)
{
	const unsigned long most = totalram_pages() / MACH_FRAMES_PER_MB;
	const unsigned long least = MACH_CHUNK_SIZE / SZ_1M;
	unsigned long megabytes;

	if (kstrtoul(text, 0, &megabytes) || megabytes < least ||
	    megabytes > most) {
		pr_err("machvm: pool_max is %.*s: it has to be from %lu to %lu, in MiB\n",
		       (int)min(strcspn(text, "\n"), 32UL), text, least, most);
		return -EINVAL;
	}
	mach_pool_max = megabytes;
	if (!mach_trim_ready)
		return 0;
	mach_pool_set_limit(megabytes * MACH_FRAMES_PER_MB);
	mach_page_check_low();
	mod_delayed_work(system_unbound_wq, &mach_trim_work, 0);
	return 0;
}

static const struct kernel_param_ops mach_pool_max_ops = {
	.set = mach_pool_max_set,
	.get = param_get_ulong,
};

module_param_cb(pool_max, &mach_pool_max_ops, &mach_pool_max, 0644);
__MODULE_PARM_TYPE(pool_max, "ulong");
MODULE_PARM_DESC(pool_max,
		 "Most MiB of memory for objects (default: a quarter of it)");

int mach_trim_init(void)
{
	int err = mach_compat_shrinker_add(&mach_trim_shrinker, mach_trim_count,
					   mach_trim_scan);

	if (err)
		return err;
	err = register_oom_notifier(&mach_trim_oom_block);
	if (err) {
		mach_compat_shrinker_remove(&mach_trim_shrinker);
		return err;
	}
	kernel_param_lock(THIS_MODULE);
	if (!mach_pool_max)
		mach_pool_max = max(totalram_pages() / 4 / MACH_FRAMES_PER_MB,
				    (unsigned long)MACH_CHUNK_SIZE / SZ_1M);
	mach_pool_set_limit(mach_pool_max * MACH_FRAMES_PER_MB);
	mach_trim_ready = true;
	kernel_param_unlock(THIS_MODULE);
	queue_delayed_work(system_unbound_wq, &mach_trim_work,
			   MACH_TRIM_PERIOD);
	return 0;
}

void mach_trim_exit(void)
{
	kernel_param_lock(THIS_MODULE);
	mach_trim_ready = false;
	kernel_param_unlock(THIS_MODULE);
	cancel_delayed_work_sync(&mach_trim_work);
	unregister_oom_notifier(&mach_trim_oom_block);
	mach_compat_shrinker_remove(&mach_trim_shrinker);
}
