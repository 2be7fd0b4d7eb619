# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What no kernel log of a good run contains. To be sourced; use as
# grep -E "$splats".

splats='^(\[[ 0-9.]+\] ?)?(\[[ CT0-9]+\] ?)?'
splats+='(WARNING: |(watchdog: )?BUG[ :]|kernel BUG at|Oops: |Kernel panic'
splats+='|general protection fault|unable to handle|double fault'
splats+='|(rcu: )?INFO: (rcu_|task .* blocked)|UBSAN: |KASAN: |KFENCE: '
splats+='|refcount_t: |kmem_cache_destroy |sysfs: cannot create duplicate'
splats+='|Call Trace:|vm: FAILED)'
export splats
