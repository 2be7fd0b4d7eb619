#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# limit: 400
# kill -9 of the pager under load, again and again.
. "$(dirname "$0")/lib.sh"

# still_there PID: all in one line, which is what a summary shows.
still_there()
{
	fail "after its pager's death there is still:" \
		"$(tree "$1" | tr '\n' ';') files: $(ls -l "$nodes" 2>&1 |
			tr '\n' ';')"
}

# ended SECONDS PID...: they end by then; fails with what they wait in. It is looked at
# thirty times a second: of one that a busy host takes away it sees nothing either.
ended()
{
	local looks=$((30 * ($1 * ${MACHVM_SLOW:-1} + 1))) pid
	shift
	for pid in "$@"; do
		while ! gone "$pid"; do
			[ $((looks--)) -gt 0 ] || still_there "$pid"
			nap
		done
	done
}

# Read the object for ever, comparing; an end by an error of reading is right.
reader()
{
	while cmp "$nodes/data" "$work/data"; do :; done >"$1" 2>&1
}

# dd may come when its object is gone, and makes no file then.
writer()
{
	while dd if=/dev/urandom of="$nodes/other" bs=16k count=16 \
		conv=notrunc,fsync; do :; done >"$1" 2>&1
}

bad_end()
{
	grep -aE 'differ|EOF on' "$1"
}

rounds()
{
	local count=$1 round readers writer
	shift
	store data 2M
	for ((round = 1; round <= count; round++)); do
		store other 256k
		pager data "$work/data" --cluster 8k "$@"
		pager other "$work/other" --cluster 8k "$@"
		reader "$work/reader1" & readers=$!
		reader "$work/reader2" & readers="$readers $!"
		writer "$work/writer" & writer=$!
		# Another moment each time.
		read -rt "0.$((RANDOM % 900 + 100))" -u 9 || true
		signal other KILL
		# Together, or one while the other's object is there.
		[ $((round % 2)) = 0 ] || ended 2 $writer
		signal data KILL
		# shellcheck disable=SC2086
		ended 2 $readers $writer
		if bad_end "$work/reader1" || bad_end "$work/reader2"; then
			fail "round $round: data that is not the file's"
		fi
		wait_for 2 [ ! -e "$nodes/data" ]
		wait_for 2 [ ! -e "$nodes/other" ]
		rm -f "$work"/data.pid "$work"/other.pid
	done
}

# Programs that have it open or mapped get errors, and a successor serves anew.
successor()
{
	store data 1M
	pager data "$work/data"
	exec 5<"$nodes/data"
	head -c 4096 <&5 | cmp -n 4096 - "$work/data"
	crash data
	expect 1 cat <&5
	said 'Input/output error'
	pager data "$work/data"
	same "$nodes/data" "$work/data"
	expect 1 cat <&5
	exec 5<&-
}

# try_to_create: a shell's ">", which must not make a file.
try_to_create() { bash -c 'echo text >"$0"' "$nodes/other"; }

# A name is free as soon as its pager is dead, for a pager and for nobody else.
taken()
{
	local round
	store other 64k
	store data 64k
	for round in 1 2 3; do
		pager other "$work/other"
		# alive it is not cut
		expect 1 try_to_create
		said 'Operation not permitted'
		same "$nodes/other" "$work/other"
		pid_of other
		kill -KILL "$pid"
		wait_for 10 gone "$pid"
		rm "$work/other.pid"
		# the successor does not wait for what the dead one still has to do
		pager other "$work/other"
		same "$nodes/other" "$work/other"
		crash other
		expect 1 try_to_create
		said 'Permission denied'
		[ ! -e "$nodes/other" ]
	done
}

# Nobody but its user comes in its place.
claimed()
{
	store data 8192
	cp "$work/data" "$work/other"
	chown 65534 "$work/other"
	pager data "$work/data"
	chmod 666 /dev/machvm
	crash data
	expect 5 as_nobody machpagerd --name data --file "$work/other"
	said 'is kept for the user of a pager that has died'
	pager data "$work/data"
	same "$nodes/data" "$work/data"
	stop data
	expect 0 as_nobody machpagerd --name data --file "$work/other"
	chmod 600 /dev/machvm
	pgrep -u nobody machpagerd >"$work/other.pid"
	stop other
}

# What fsync has confirmed is in the file, whatever comes.
confirmed()
{
	local round
	for ((round = 0; round < 3; round++)); do
		store data 256k
		pager data "$work/data" --sync-interval 0 "$@"
		head -c 100000 /dev/urandom >"$work/new"
		dd if="$work/new" of="$nodes/data" bs=10000 conv=notrunc,fsync \
			status=none
		crash data
		cmp -n 100000 "$work/new" "$work/data"
	done
}

mapped()
{
	local pid
	store data 2M
	pager data "$work/data" --cluster 4k "$@"
	fio --name=load --ioengine=mmap --rw=randread --bs=4k --size=2M \
		--filename="$nodes/data" --thread --numjobs=4 --time_based \
		--runtime=60 --norandommap >"$work/fio" 2>&1 & pid=$!
	wait_for 20 grep -q "$nodes/data" "/proc/$pid/maps"
	signal data KILL
	ended 4 $pid
	! wait $pid || fail "fio did not notice: $(cat "$work/fio")"
}

stopped()
{
	local pid
	store data 1M
	pager data "$work/data" "$@"
	signal data STOP
	cat "$nodes/data" >"$work/got" 2>&1 & pid=$!
	wait_for 10 grep -q '^State:.*[DS]' "/proc/$pid/status"
	nap
	! gone $pid || fail "read from a pager that was stopped"
	signal data KILL
	ended 2 $pid
	! wait $pid || fail "cat did not notice"
}

check rounds-ring rounds $((${MACHVM_BRIEF:-0} ? 1 : 3)) --transport ring
also rounds-ioctl rounds 3 --transport ioctl
also rounds-copy rounds 1 --copy
also successor successor
check taken taken
check claimed claimed
also confirmed-ring confirmed --transport ring
check confirmed-ioctl confirmed --transport ioctl
also confirmed-copy confirmed --copy
also mapped-ring mapped --transport ring
also mapped-ioctl mapped --transport ioctl
check stopped-ring stopped --transport ring
also stopped-ioctl stopped --transport ioctl
finish
