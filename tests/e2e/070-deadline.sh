#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A pager that is silent: its clients get errors in time, and can be killed.
. "$(dirname "$0")/lib.sh"

silent()
{
	local start
	store data 1M
	pager data "$work/data" --deadline 1 "$@"
	signal data STOP
	start=$SECONDS
	expect 1 cat "$nodes/data"
	said 'Input/output error'
	[ $((SECONDS - start)) -le 5 ] || fail "waited $((SECONDS - start)) s"
	# It was only slow, and serves again.
	signal data CONT
	same "$nodes/data" "$work/data"
}

killable()
{
	local pid
	store data 1M
	pager data "$work/data" "$@"
	signal data STOP
	cat "$nodes/data" >/dev/null 2>&1 & pid=$!
	wait_for 10 grep -q '^State:.*[DS]' "/proc/$pid/status"
	kill -KILL $pid
	wait_for 2 gone $pid
	signal data CONT
	same "$nodes/data" "$work/data"
}

also silent-ring silent --transport ring
also silent-ioctl silent --transport ioctl
check killable-ring killable --transport ring
also killable-ioctl killable --transport ioctl
finish
