#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# limit: 300
# A file served with --resizable: programs cut it and make it grow, as any file.
. "$(dirname "$0")/lib.sh"

# object BYTES [OPTION...]: sets $object, and $file behind it; $work/plain has the same
# on tmpfs.
object()
{
	local bytes=$1
	shift
	[ "${file:-}" ] || file=$work/data
	store plain "$bytes"
	cp "$work/plain" "$file"
	pager data "$file" --resizable "$@"
	object=$nodes/data
}

# both COMMAND...: with FILE in place of the name it does the same to both.
both()
{
	"${@//FILE/$work/plain}" || fail "on tmpfs: $*"
	"${@//FILE/$object}" || fail "status $?: $*"
	same "$object" "$work/plain"
}

# What is read of the object is also in its file, once that was synced.
stored()
{
	sync "$object"
	same "$file" "$work/plain"
}

by_shell()
{
	object 300001 "$@"
	both bash -c 'echo one >>FILE'
	both bash -c 'cat /etc/passwd >FILE'
	both bash -c 'echo two >>FILE'
	both cp /etc/services FILE
	both truncate -s 5000 FILE
	both truncate -s +100001 FILE
	both truncate -s %4096 FILE
	both truncate -s 0 FILE
	stored
}

by_dd()
{
	object 70001 "$@"
	store more 150000
	both dd if="$work/more" of=FILE bs=7001 status=none
	both dd if="$work/more" of=FILE bs=7001 status=none oflag=append conv=notrunc
	both dd if="$work/more" of=FILE bs=4096 seek=100 count=1 status=none conv=notrunc
	both dd if="$work/more" of=FILE bs=64k status=none conv=fsync
	stored
}

directly()
{
	disk
	file=$work/disk/data
	by_dd --direct "$@"
}

by_others()
{
	object 70001
	both fallocate -l 200001 FILE
	both fallocate -n -o 300000 -l 4096 FILE
	expect 1 fallocate -p -o 0 -l 4096 "$object"
	both tar -C /etc -cf FILE passwd group
	[ "$(tar -tf "$object")" = "$(tar -tf "$work/plain")" ]
	both sh -c 'gzip -nc /etc/services >FILE'
	gzip -t <"$object"
	stored
}

by_python()
{
	command -v python3 >/dev/null || skip 'no python3'
	object 10000
	both python3 -c '
import mmap, os
with open("FILE", "r+b") as f:
    m = mmap.mmap(f.fileno(), 0)
    m[9990:] = b"x" * 10
    m.resize(50000)
    m[49000:49010] = b"y" * 10
    m.flush()
    m.close()
    f.truncate(49005)
    f.seek(0, os.SEEK_END)
    f.write(b"z" * 3)
'
	stored
}

# One that is empty at first, and lines of several writers
lines()
{
	local writer
	: >"$work/data"
	pager data "$work/data" --resizable
	for writer in a b c d; do
		for ((i = 0; i < 40; i++)); do
			echo "$writer $i" >>"$nodes/data"
		done &
	done
	wait
	[ "$(wc -l <"$nodes/data")" = 160 ]
	[ "$(sort -u "$nodes/data" | grep -cE '^[abcd] [0-9]+$')" = 160 ]
	sync "$nodes/data"
	same "$nodes/data" "$work/data"
}

# What its file system has no room for is refused, and nothing is lost.
no_room()
{
	mkdir "$work/small"
	mount -t tmpfs -o size=256k tmpfs "$work/small"
	head -c 100000 /dev/urandom >"$work/small/data"
	cp "$work/small/data" "$work/plain"
	pager data "$work/small/data" --resizable
	expect 1 fallocate -l 400000 "$nodes/data"
	said 'No space left'
	same "$nodes/data" "$work/plain"
	fallocate -l 200000 "$nodes/data"
	truncate -s 200000 "$work/plain"
	same "$nodes/data" "$work/plain"
	truncate -s 3 "$nodes/data"
	stop data
	[ "$(stat -c %s "$work/small/data")" = 3 ]
	umount "$work/small"
}

# refused TEXT OPTION...: it does not start, and says why.
refused()
{
	local text=$1 status=$2
	shift 2
	expect "$status" machpagerd --name data --resizable "$@"
	said "$text"
	[ ! -e "$nodes/data" ]
}

options()
{
	local loop
	store data 8192
	refused 'exclude each other' 2 --file "$work/data" --read-only
	refused 'exclude each other: the size is' 2 --file "$work/data" --size 4k
	refused 'has a fixed size' 3 --store zero
	modprobe -q loop
	loop=$(losetup -f --show "$work/data")
	refused 'a block device, whose size is fixed' 3 --file "$loop"
	losetup -d "$loop"
	expect 3 machpagerd --name data --file /dev/null/x --resizable
	: >"$work/data"
	expect 3 machpagerd --name data --file "$work/data"
	said 'is empty'
}

# Its file is the size it was told last, whatever becomes of the pager.
killed()
{
	object 70001
	truncate -s 30000 "$object"
	signal data KILL
	wait_for 5 test ! -e "$object"
	[ "$(stat -c %s "$work/data")" = 30000 ]
	pager data "$work/data" --resizable
	cmp -n 30000 "$object" "$work/plain"
}

check by-shell by_shell
also by-shell-copied by_shell --copy
also by-shell-ioctl by_shell --transport ioctl
check by-dd by_dd
also by-dd-copied by_dd --copy
check directly directly
also directly-copied directly --copy
check by-others by_others
also by-python by_python
check lines lines
check no-room no_room
also options options
also killed killed
finish
