#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# limit: 60
# Suspend and resume while programs wait for a pager that is stopped.
. "$(dirname "$0")/lib.sh"

state=/sys/power/state
level=/sys/power/pm_test

# Freeze every process, and thaw them a moment later: what suspend begins with, and
# all of it that a process can refuse.
sleep_machine()
{
	local result=0
	echo 1 >/sys/module/suspend/parameters/pm_test_delay
	echo freezer >$level
	echo freeze >$state || result=1
	echo none >$level
	return $result
}

suspend()
{
	local read
	grep -qs freezer $level || skip "no $level: a kernel without CONFIG_PM_DEBUG"
	store data 1M
	pager data "$work/data" "$@"
	signal data STOP
	cat "$nodes/data" >"$work/copy" & read=$!
	wait_for 10 grep -q '^State:.*S' "/proc/$read/status"
	sleep_machine || fail "the machine does not sleep: $(dmesg | tail -3)"
	signal data CONT
	wait $read || fail "cat: status $?"
	cmp "$work/copy" "$work/data"
}

check suspend-ring suspend --transport ring
also suspend-ioctl suspend --transport ioctl
finish
