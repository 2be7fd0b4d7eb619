#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# limit: 400
# Programs that write to an object: what they write comes to the file.
. "$(dirname "$0")/lib.sh"

size=$((1048576 + 777))

# Everything but the ends is replaced, in odd pieces; fsync makes it durable.
write_all()
{
	local file=$1 count=$(((size - 2000) / 3001))
	shift
	head -c $size /dev/urandom >"$file"
	cp "$file" "$work/want"
	head -c $((count * 3001)) /dev/urandom >"$work/new"
	dd if="$work/new" of="$work/want" bs=1M oflag=seek_bytes seek=1000 \
		conv=notrunc status=none
	pager data "$file" --sync-interval 0 "$@"
	dd if="$work/new" of="$nodes/data" bs=3001 \
		oflag=seek_bytes seek=1000 conv=notrunc,fsync status=none
	same "$file" "$work/want"
	same "$nodes/data" "$work/want"
	stop data
	same "$file" "$work/want"
	rm "$file"
}

plain() { write_all "$work/data" "$@"; }

direct()
{
	disk
	write_all "$work/disk/data" --direct "$@"
}

# Without fsync the bytes are saved when the pager ends.
term()
{
	local file
	store data 262144
	file=$work/data
	cp "$file" "$work/want"
	printf 'saved at the end' |
		dd of="$work/want" bs=1 seek=70000 conv=notrunc status=none
	pager data "$file" --sync-interval 0 "$@"
	printf 'saved at the end' |
		dd of="$nodes/data" bs=16 oflag=seek_bytes seek=70000 \
			conv=notrunc status=none
	expect 1 cmp "$file" "$work/want"
	stop data
	same "$file" "$work/want"
	[ ! -e "$nodes/data" ]
}

# Nor do they stay in memory for ever.
interval()
{
	local file
	store data 262144
	file=$work/data
	pager data "$file" --sync-interval 1
	printf 'by itself' | dd of="$nodes/data" conv=notrunc status=none
	wait_for 20 grep -aq 'by itself' "$file"
}

hup()
{
	local file
	store data 262144
	file=$work/data
	pager data "$file" --sync-interval 0
	printf 'when told' | dd of="$nodes/data" conv=notrunc status=none
	signal data HUP
	wait_for 20 grep -aq 'when told' "$file"
	same "$nodes/data" "$file"
}

# The last byte is the last.
at_end()
{
	local file
	store data 10000
	file=$work/data
	pager data "$file"
	expect 1 dd if=/dev/zero of="$nodes/data" bs=4k count=1 \
		oflag=seek_bytes seek=10000 conv=notrunc
	said 'No space left'
	printf 'end' | dd of="$nodes/data" oflag=seek_bytes seek=9997 \
		conv=notrunc,fsync status=none
	[ "$(tail -c 3 "$file")" = end ]
	[ "$(wc -c <"$file")" = 10000 ]
}

# What the store cannot take is an error to who asks, and is not forgotten.
full()
{
	local file
	mkdir -p "$work/small"
	mount -t tmpfs -o size=256k tmpfs "$work/small"
	file=$work/small/data
	truncate -s 1M "$file"
	pager data "$file" --sync-interval 0
	expect 1 dd if=/dev/urandom of="$nodes/data" bs=64k count=16 \
		conv=notrunc,fsync
	said 'No space left'
	mount -o remount,size=4M "$work/small"
	sync "$nodes/data"
	same "$nodes/data" "$file"
	stop data
	umount "$work/small"
}

check ring plain --transport ring
also ioctl plain --transport ioctl
also ring-copy plain --transport ring --copy
check ioctl-copy plain --transport ioctl --copy
also small-clusters plain --cluster 4k
also large-clusters plain --cluster 1M
also direct direct
also direct-copy direct --copy
also term-ring term --transport ring
also term-ioctl term --transport ioctl
also term-copy term --copy
also interval interval
also hup hup
also at-end at_end
check full full
finish
