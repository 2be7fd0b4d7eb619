# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Ending what a command left behind. To be sourced, in the test machine only.

# Sets $others: processes other than the first, this one and those given. Neither
# the kernel's own threads nor the dead have an executable.
find_others()
{
	local dir pid
	others=()
	for dir in /proc/[0-9]*; do
		pid=${dir#/proc/}
		case " 1 $$ $* " in
		*" $pid "*) continue ;;
		esac
		[ ! -e "$dir/exe" ] || others+=("$pid")
	done
}

# end_others PID...: kill all but these. A process that outlives SIGKILL is a
# hang: then fails, and $others holds who is left.
end_others()
{
	local tries
	for ((tries = 0; tries < 200; tries++)); do
		find_others "$@"
		[ ${#others[@]} -gt 0 ] || return 0
		kill -KILL "${others[@]}" 2>/dev/null
		/bin/busybox usleep 50000
	done
	return 1
}

# What $others are stuck in.
describe_others()
{
	local pid
	for pid in "${others[@]}"; do
		echo "process $pid, $(cat "/proc/$pid/comm"):"
		grep State: "/proc/$pid/status"
		cat "/proc/$pid/stack"
	done
}
