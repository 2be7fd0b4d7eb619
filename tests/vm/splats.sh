# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What no kernel log of a good run contains. To be sourced.

splats='^(\[[ 0-9.]+\] ?)?(\[[ CT0-9]+\] ?)?'
splats+='(WARNING: |(watchdog: )?BUG[ :]|kernel BUG at|Oops: |Kernel panic'
splats+='|general protection fault|unable to handle|double fault'
splats+='|(rcu: )?INFO: (rcu_|task .* blocked)|UBSAN: |KASAN: |KFENCE: '
splats+='|refcount_t: |kmem_cache_destroy |sysfs: cannot create duplicate'
splats+='|Call Trace:|vm: FAILED)'

# first_splat: the first one in the log on the standard input; fails if there is
# none. Linux reports an allocation that fails, with a call trace; those that a
# test has fail, and says so, are no complaint; nor is a process that a memory cgroup
# ends at its limit; nor are races of Linux with itself.
first_splat()
{
	tr -d '\r' | awk '
		/machvm: allocations fail on purpose/ { purpose = 1 }
		/page allocation failure: |vmalloc error: / { skip = purpose }
		/BUG: KCSAN: / { theirs = !/\[machvm/ }
		!skip && !theirs
		/machvm: a cgroup is full on purpose/ { full = 1 }
		/ invoked oom-killer: / { skip = full }
		/memory: usage .* limit / { skip = 0 }
		/Mem-Info:/ { skip = 0 }
		/==========$/ { theirs = 0 }' | grep -a -m 1 -E "$splats"
}
