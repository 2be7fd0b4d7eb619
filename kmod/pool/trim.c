// SPDX-License-Identifier: GPL-2.0-only
/* The size of the pool: the parameter pool_max, idle chunks, the shrinker. */
#include "trim.h"
#include "base/compat.h"
#include "charge.h"
#include "kmem.h"
#include "vm_page.h"

#include <linux/module.h>
#include <linux/workqueue.h>

#define MACH_TRIM_PERIOD	(5 * HZ)
/* Of the chunks in use, so many are kept idle for those to come. */
#define MACH_TRIM_KEEP_PART	8

#define MACH_FRAMES_PER_MB	(SZ_1M / PAGE_SIZE)

/* Frames aside that one turn looks at */
#define MACH_TRIM_LOOK		4096

static unsigned long mach_pool_max;
static bool mach_trim_ready;
static struct mach_compat_shrinker mach_trim_shrinker;

static void mach_trim_run(struct work_struct *work);
static DECLARE_DELAYED_WORK(mach_trim_work, mach_trim_run);

static unsigned long mach_trim_release(unsigned long chunks)
{
	unsigned long n;

	for (n = 0; n < chunks && mach_pool_release(); n++)
		cond_resched();
	return n;
}

static void mach_trim_collect(void)
{
	mach_kmem_shrink();
	mach_page_drain();
	mach_charge_drain();
	mach_pool_look_aside(MACH_TRIM_LOOK);
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

static void mach_trim_run(struct work_struct *work)
{
	mach_trim_collect();
	mach_trim_release(max(mach_pool_excess(), mach_trim_surplus()));
	queue_delayed_work(system_unbound_wq, &mach_trim_work,
			   MACH_TRIM_PERIOD);
}

static unsigned long mach_trim_count(struct shrinker *s,
				     struct shrink_control *sc)
{
	struct mach_pool_counts counts;

	mach_pool_get_counts(&counts);
	return counts.chunks * MACH_CHUNK_FRAMES - counts.used ?: SHRINK_EMPTY;
}

static unsigned long mach_trim_scan(struct shrinker *s,
				    struct shrink_control *sc)
{
	unsigned long chunks = DIV_ROUND_UP(sc->nr_to_scan, MACH_CHUNK_FRAMES);
	unsigned long n;

	n = mach_trim_release(chunks);
	if (!n) {
		mach_trim_collect();
		n = mach_trim_release(chunks);
	}
	return n ? n * MACH_CHUNK_FRAMES : SHRINK_STOP;
}

static int mach_pool_max_set(const char *text, const struct kernel_param *param)
{
	unsigned long megabytes;
	int err = kstrtoul(text, 0, &megabytes);

	if (err)
		return err;
	if (megabytes < MACH_CHUNK_SIZE / SZ_1M ||
	    megabytes > totalram_pages() / MACH_FRAMES_PER_MB)
		return -EINVAL;
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
	mach_compat_shrinker_remove(&mach_trim_shrinker);
}
