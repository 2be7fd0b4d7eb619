#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# limit: 400
# Store files that are not as they should be: a message, an error, no data made
# up.
. "$(dirname "$0")/lib.sh"

refused()
{
	local name=$1
	shift
	expect 3 machpagerd --name refused "$@"
	said "$name"
	[ ! -e "$nodes/refused" ]
}

missing()
{
	refused "$work/none" --file "$work/none"
	said 'No such file'
}

directory() { refused "$work" --file "$work"; }

empty()
{
	: >"$work/empty"
	refused "$work/empty" --file "$work/empty"
}

shorter()
{
	store short 10000
	refused "$work/short" --file "$work/short" --size 10001
	pager short "$work/short" --size 10000
	same "$nodes/short" "$work/short"
}

special()
{
	mkfifo "$work/fifo"
	refused "$work/fifo" --file "$work/fifo"
	refused /dev/tty --file /dev/tty
}

own_object()
{
	store data 65536
	pager data "$work/data"
	refused "$nodes/data" --file "$nodes/data"
	said 'is a memory object'
	refused "$nodes/data" --file "$nodes/data" --read-only
	# also where it is seen under another name
	mkdir "$work/else"
	mount --bind "$nodes" "$work/else"
	ln -s else/data "$work/symlink"
	refused "$work/else/data" --file "$work/symlink"
	umount "$work/else"
}

# Only a part of the file.
part()
{
	store data 100000
	pager data "$work/data" --size 50k
	[ "$(wc -c <"$nodes/data")" = 51200 ]
	cmp -n 51200 "$nodes/data" "$work/data"
}

# Cut off while it is served: an error for what is gone, the rest stays.
truncated()
{
	local file
	store data 1M
	file=$work/data
	cp "$file" "$work/copy"
	pager data "$file" --cluster 64k --sync-interval 0 "$@"
	cmp -n 65536 "$nodes/data" "$work/copy"
	truncate -s 500000 "$file"
	expect 1 dd if="$nodes/data" of="$work/got" bs=4096 skip=200 count=1
	said 'Input/output error'
	[ ! -s "$work/got" ]
	expect 1 cat "$nodes/data"
	said 'Input/output error'
	cat "$nodes/data" >"$work/got" 2>/dev/null || true
	# Whole pages that are still there, and nothing that never was.
	[ "$(wc -c <"$work/got")" -ge 65536 ]
	[ "$(wc -c <"$work/got")" -le 500000 ]
	cmp -n "$(wc -c <"$work/got")" "$work/got" "$work/copy"
	dd if="$nodes/data" bs=4096 skip=100 count=1 status=none |
		cmp - <(dd if="$work/copy" bs=4096 skip=100 count=1 status=none)
	# The store comes back, and so does the data.
	cp "$work/copy" "$file"
	same "$nodes/data" "$work/copy"
}

# A mapping learns it by SIGBUS, as with any file.
truncated_mapping()
{
	local file
	store data 1M
	file=$work/data
	pager data "$file" --sync-interval 0
	truncate -s 0 "$file"
	# 128 + SIGBUS
	expect 135 fio --name=bus --ioengine=mmap --rw=read --bs=4k --size=64k \
		--filename="$nodes/data" --thread --norandommap
}

# Removed while it is served: that is told, and is an error from then on.
unlinked()
{
	local pid
	store data 300000
	machpagerd --foreground --name data --file "$work/data" \
		--cluster 4k --pidfile "$work/data.pid" >"$work/log" 2>&1 9>&- &
	pid=$!
	wait_for 10 [ -f "$nodes/data" ]
	cmp -n 4096 "$nodes/data" "$work/data"
	rm "$work/data"
	wait_for 10 grep -q "$work/data.*removed" "$work/log"
	expect 1 dd if="$nodes/data" of=/dev/null bs=4k skip=40 count=1
	said 'Input/output error'
	kill -TERM $pid
	wait $pid || true
	[ ! -e "$nodes/data" ]
}

# Two who write would not know of each other's pages; who only read may be many.
locked()
{
	store data 65536
	pager data "$work/data"
	refused "$work/data" --file "$work/data"
	said 'another pager serves it'
	said '--read-only'
	ln "$work/data" "$work/link"
	refused "$work/link" --file "$work/link"
	refused "$work/data" --file "$work/data" --read-only
	said 'may write to it'
	same "$nodes/data" "$work/data"
	# A lock does not outlive its pager, however it ends.
	crash data
	pager data "$work/data" --read-only
	pager other "$work/data" --read-only
	same "$nodes/other" "$work/data"
	refused "$work/data" --file "$work/data"
	stop data
	stop other
	pager data "$work/data"
}

also missing missing
also directory directory
also empty empty
also shorter shorter
also special special
also own-object own_object
also part part
check truncated-ring truncated --transport ring
also truncated-ioctl truncated --transport ioctl
also truncated-copy truncated --copy
also truncated-mapping truncated_mapping
also unlinked unlinked
also locked locked
finish
