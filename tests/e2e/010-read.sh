#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# limit: 400
# Programs that read an object: every way of serving gives the file's bytes.
. "$(dirname "$0")/lib.sh"

size=$((1048576 + 1234))

read_all()
{
	local file
	store data $size
	file=$work/data
	pager data "$file" "$@"
	same "$nodes/data" "$file"
	same "$nodes/data" "$file"
	[ "$(wc -c <"$nodes/data")" = $size ]
	stop data
	[ ! -e "$nodes/data" ]
}

direct()
{
	disk
	head -c $size /dev/urandom >"$work/disk/data"
	pager data "$work/disk/data" --direct "$@"
	same "$nodes/data" "$work/disk/data"
	stop data
	rm "$work/disk/data"
}

parts()
{
	local file block skip
	store data $size
	file=$work/data
	pager data "$file"
	for block in 511 65537; do
		for skip in 0 7; do
			dd if="$nodes/data" bs=$block skip=$skip count=3 \
				of="$work/a" status=none
			dd if="$file" bs=$block skip=$skip count=3 \
				of="$work/b" status=none
			same "$work/a" "$work/b"
		done
	done
	tail -c 1000 "$nodes/data" | cmp - <(tail -c 1000 "$file")
	head -c 100000 "$nodes/data" | cmp -n 100000 - "$file"
	# At its end there is nothing more.
	dd if="$nodes/data" iflag=skip_bytes skip=$size of="$work/a" status=none
	[ ! -s "$work/a" ]
}

text()
{
	seq -f 'line %06.0f of the text' 1 40000 >"$work/text"
	echo 'a needle in it' >>"$work/text"
	pager text "$work/text" --cluster 256k
	[ "$(grep -ac 'line 03999[0-9]' "$nodes/text")" = 10 ]
	[ "$(grep -a needle "$nodes/text")" = 'a needle in it' ]
	[ "$(md5sum <"$nodes/text")" = "$(md5sum <"$work/text")" ]
	same "$nodes/text" "$work/text"
}

# Sizes at which something ends.
sizes()
{
	local bytes file
	for bytes in 1 4096 65537; do
		store data $bytes
		file=$work/data
		pager data "$file"
		same "$nodes/data" "$file"
		[ "$(wc -c <"$nodes/data")" = $bytes ]
		stop data
	done
}

read_only()
{
	local file
	store data 65536
	file=$work/data
	pager data "$file" --read-only
	same "$nodes/data" "$file"
	expect 1 dd if=/dev/zero of="$nodes/data" bs=512 count=1 conv=notrunc
	same "$nodes/data" "$file"
}

two()
{
	local a b
	store a $size
	a=$work/a
	store b $size
	b=$work/b
	pager a "$a"
	pager b "$b" --transport ioctl
	same "$nodes/a" "$a"
	same "$nodes/b" "$b"
	expect 1 cmp "$nodes/a" "$nodes/b"
	dd if="$nodes/a" of="$nodes/b" bs=64k conv=notrunc,fsync status=none
	same "$nodes/a" "$nodes/b"
	same "$a" "$b"
}

computed()
{
	machpagerd --name zero --store zero --size 1M \
		--pidfile "$work/zero.pid"
	head -c 1M /dev/zero | cmp - "$nodes/zero"
	stop zero
	machpagerd --name pattern --store pattern --size 1M \
		--pidfile "$work/pattern.pid"
	[ "$(od -An -t u8 -j 524288 -N 8 "$nodes/pattern" | tr -d ' ')" = 524288 ]
	stop pattern
}

also ring-4k read_all --transport ring --cluster 4k
check ring-64k read_all --transport ring --cluster 64k
also ioctl-1M read_all --transport ioctl --cluster 1M
also ring-copy read_all --transport ring --copy
also ioctl-copy read_all --transport ioctl --copy
also one-thread read_all --threads 1 --depth 1
also many-threads read_all --threads 8
also single-page read_all --single-page
also direct-ring direct --transport ring
check direct-copy direct --copy
also parts parts
also text text
also sizes sizes
also read-only read_only
also two two
also computed computed
finish
