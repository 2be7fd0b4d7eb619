#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# limit: 400
# Objects of four times the pool, of twice where all is slow: what fio writes is
# right, in the object and in the store, whatever had to go meanwhile.
. "$(dirname "$0")/lib.sh"
command -v fio >/dev/null || {
	echo "skip $script: fio is not installed: apt-get install fio"
	exit 0
}

job=$project/tools/fio/small-pool.fio
pool=/sys/module/machvm/parameters/pool_max
before=$(<"$pool")
mebibytes=4	# a chunk
size=$((4 * mebibytes))
[ "${MACHVM_SLOW:-1}" = 1 ] || size=$((2 * mebibytes))
limit=$((2 * limit))	# fio at random, all of it evicted and brought again
trap 'echo "$before" >"$pool"; cleanup' EXIT
echo $mebibytes >"$pool"

# run NAME ENGINE [OPTION...]: write at random, and verify by reading.
run()
{
	local name=$1 engine=$2
	shift 2
	MACHVM_NODE=$nodes/$name MACHVM_SIZE=${size}M \
		MACHVM_ENGINE=$engine fio --output-format=terse "$@" "$job"
}

# Nothing is left of what was there before, and nothing but what was written.
saved()
{
	sync "$nodes/$1"
	same "$nodes/$1" "$work/$1"
	expect 1 cmp -s "$work/before" "$work/$1"
	stop "$1"
	MACHVM_NODE=$work/$1 MACHVM_SIZE=${size}M \
		MACHVM_ENGINE=psync expect 0 \
		fio --output-format=terse --verify_only "${@:2}" "$job"
}

# begin NAME [OPTION...]: an object that nothing was written to.
begin()
{
	local name=$1
	shift
	[ -e "$work/before" ] || store before ${size}M
	cp "$work/before" "$work/$name"
	pager "$name" "$work/$name" --cluster 16k "$@"
}

writes()
{
	local engine=$1
	shift
	begin data "$@"
	expect 0 run data "$engine"
	saved data
}

# Two programs, one by mapping and one by calls, on an object each.
two()
{
	local other
	begin one "$@"
	begin two "$@"
	run two psync --randseed=7 >"$work/other" 2>&1 & other=$!
	expect 0 run one mmap
	wait $other || { cat "$work/other"; fail "the other fio has failed"; }
	saved one
	saved two --randseed=7
}

# A program reads all the time what another one writes.
reader()
{
	local cat
	begin data "$@"
	while :; do cat "$nodes/data"; done >/dev/null & cat=$!
	expect 0 run data mmap
	kill $cat
	saved data
}

# The limit changes while fio writes.
changing()
{
	local fio n=0
	begin data "$@"
	run data mmap >"$work/fio" 2>&1 & fio=$!
	until gone $fio; do
		echo $((mebibytes * (1 + n++ % 2))) >"$pool"
		read -rt 0.3 -u 9 || true
	done
	echo $mebibytes >"$pool"
	wait $fio || { cat "$work/fio"; fail "fio has failed"; }
	[ $n -gt 3 ] || fail "fio was too fast"
	saved data
}

check mmap-ring writes mmap --transport ring
also psync-ioctl writes psync --transport ioctl
also two-ring two --transport ring
also two-ioctl two --transport ioctl --copy
also reader reader
also changing changing
finish
