#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Programs make, write, rename and remove files in the listed directory of pager-notes:
# they say and leave what they say and leave on tmpfs.
. "$(dirname "$0")/lib.sh"

plain=$work/plain	# on tmpfs
notes=$nodes/notes

start()
{
	mkdir -p "$plain"
	pager-notes 9>&- & echo $! >"$work/notes.pid"
	wait_for 10 [ -d "$notes" ]
}

files()
{
	find . -type f -printf '%p %s %m %U:%G\n' | sort
	find . -type f -print0 | sort -z | xargs -0r sha256sum
}

program()
{
	echo one >a
	echo two >>a
	cp a b
	sed -i s/one/ONE/ a
	chmod 600 a
	mv b c
	mv c d
	seq 2000 >e
	sort -ro e e
	gzip -n e
	gzip -d e.gz
	mv e d
	truncate -s 5000 a
	truncate -s 4097 a
	truncate -s 5000 a
	cp d f
	rm d
	(set -C; ! : >f) 2>/dev/null
	[ ! -e d ] && [ ! -e b ]
	cat a f
	files
}

edited()
{
	start
	tells_alike "$plain" "$notes" program
	tells_alike "$plain" "$notes" files
}

refused()
{
	start
	expect 1 mkdir "$notes/directory"
	said 'not permitted'
	expect 1 ln -s x "$notes/link"
	expect 1 as_nobody touch "$notes/file"
	said 'denied'
	touch "$notes/file"
	expect 1 as_nobody rm -f "$notes/file"
	expect 1 truncate -s 65537 "$notes/file"
	said 'too large'
}

# All at once: none is lost, and none is left.
crowd()
{
	local i n pids=()
	start
	for i in 1 2 3 4; do
		(
			for n in {1..12}; do
				echo "$i $n" >"$notes/$i.new"
				mv "$notes/$i.new" "$notes/$i.$n"
				[ $((n % 3)) != 0 ] || rm "$notes/$i.$n"
			done
		) & pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	[ "$(find "$notes" -type f | wc -l)" = 32 ]
	[ "$(cat "$notes"/* | sort | tail -n 1)" = '4 8' ]
}

# With its pager all of it goes, also while a client waits for it.
killed()
{
	local pid
	start
	echo text >"$notes/file"
	pid_of notes
	kill -STOP "$pid"
	rm "$notes/file" 2>"$work/error" & pid=$!
	nap
	crash notes
	! wait "$pid" || fail 'it was removed, by nobody'
	wait_for 5 [ ! -e "$notes" ]
	start
	[ ! -e "$notes/file" ]
}

check edited edited
check refused refused
check crowd crowd
check killed killed
finish
