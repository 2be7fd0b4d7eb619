#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# limit: 400
# A directory served by machpagerd: programs find in the tree of objects what they
# find in the same directory on tmpfs, and what they write comes to its files.
. "$(dirname "$0")/lib.sh"

# tree [OPTION...]: serve $work/tree; returns when its objects are there.
tree()
{
	machpagerd --name tree --dir "$work/tree" --pidfile "$work/tree.pid" \
		"$@" 9>&-
	[ -d "$nodes/tree" ] || fail "machpagerd ended, but no $nodes/tree"
}

# A directory with much that a directory can have: in one process, as each takes long.
template()
{
	cat <<-'END'
	import os, random, sys
	os.mkdir(sys.argv[1])
	os.chdir(sys.argv[1])
	for path, mode in (("sub", 0o755), ("sub/deep", 0o755), ("sub/deep/er", 0o750),
	                   ("empty", 0o1777), ("private", 0o700)):
	    os.mkdir(path)
	    os.chmod(path, mode)
	data = random.Random(1).randbytes(300001)
	files = {
	    b"nothing": b"", b"one": b"x", b"page": data[:4096], b"more": data[:4097],
	    b"sub/large": data, b"sub/deep/text": b"needle here\n",
	    b"sub/deep/er/.hidden": b"hidden\n", b"7" * 255: b"long\n",
	    b"new\nline": b"odd\n", b"\xff\xfe": b"odd\n", b"with space": b"odd\n",
	    b"private/file": b"secret\n", b"sub/hole": b"",
	}
	for path, what in files.items():
	    with open(path, "wb") as file:
	        file.write(what)
	    os.chmod(path, 0o644)
	with open("sub/hole", "r+b") as file:
	    file.truncate(200000)
	    file.seek(100000)
	    file.write(b"data")
	for target, link in (("sub/deep/text", "link"), ("../page", "sub/up"),
	                     ("nowhere", "dangling"), ("loop", "loop"),
	                     ("/etc/passwd", "outside")):
	    os.symlink(target, link)
	os.chmod("one", 0o640)
	os.chmod("page", 0)
	os.chmod("more", 0o755)
	os.chown("sub/large", 65534, 12)
	os.chown("link", 65534, 12, follow_symlinks=False)
	for top, directories, names in os.walk(".", topdown=False):
	    for name in directories + names + ["."]:
	        os.utime(top + "/" + name, (1e9, 1e9 + 0.25), follow_symlinks=False)
	END
}

# It stays for all: $work/template
make_template()
{
	template >"$work/template.py"
	python3 "$work/template.py" "$work/template"
}

make_tree()
{
	rm -rf "$work/tree"
	cp -a "$work/template" "$work/tree"
}

# alike COMMAND...: in the tree it says the same as in the directory behind it.
alike()
{
	tells_alike "$work/tree" "$nodes/tree" "$@"
}

# The size of a directory is of its file system alone.
found()
{
	find . ! -type d -printf '%p %y %s %m %U:%G %T@ %l\n' \
		-o -printf '%p %y %m %U:%G %T@\n' | sort
}

listed()
{
	ls -lRA --time-style=full-iso |
		sed -E 's/^(d[^ ]*) +[0-9]+ +([^ ]+) +([^ ]+) +[0-9]+/\1 \2 \3/; s/^total .*//'
}

summed() { find . -type f -exec sha256sum {} + | sort; }

# In the order of the directory, which is each file system's own
searched() { grep -rna 'needle\|secret' . | sort; }

mapped()
{
	python3 -c '
import mmap, sys
with open("sub/large", "rb") as f:
    sys.stdout.buffer.write(mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ))'
}

read_all()
{
	make_tree
	tree
	alike found
	alike listed
	alike summed
	alike searched
	alike gzip -nc sub/large
	same "$work/tree/sub/large" <(tells "$nodes/tree" mapped)
	# nothing of a hole is resident, and nothing is left out for that
	mkdir "$work/copy"
	tar -C "$nodes/tree" -S -cf - . | tar -C "$work/copy" -xf -
	diff -r --no-dereference "$work/copy" "$work/tree"
	rm -rf "$work/copy"
	cp -a "$nodes/tree" "$work/copy"
	cmp <(tells "$work/copy" found) <(tells "$work/tree" found)
	diff -r --no-dereference "$work/copy" "$work/tree"
	# nothing is writable, to nobody
	expect 1 truncate -s 0 "$nodes/tree/one"
	said 'Permission denied'
	# and rights are those of the files
	expect 1 as_nobody cat "$nodes/tree/one" "$nodes/tree/private/file"
	expect 0 as_nobody cat "$nodes/tree/more" "$nodes/tree/sub/large"
	stop tree
	[ ! -e "$nodes/tree" ]
}

# writes PLACE [DIRECT]: what it makes of files is compared; tmpfs has no O_DIRECT.
writes()
{
	cd "$1"
	echo more >>one
	echo all >'with space'
	: >./more
	dd if=sub/large of=page bs=4096 count=3 seek=1 conv=notrunc status=none
	truncate -s 100 sub/deep/text
	truncate -s 5000 sub/deep/text
	fallocate -l 9000 nothing
	head -c 8192 sub/large >$'new\nline'
	dd if=sub/large of=$'new\nline' bs=4096 count=2 "oflag=append${2-}" \
		conv=notrunc status=none
	python3 -c '
import mmap
with open("sub/large", "r+b") as f:
    area = mmap.mmap(f.fileno(), 0)
    area[5000:5004] = b"mmap"
    area[300000:300001] = b"!"
    area.flush()
    area[9000:9004] = b"late"'
	if command -v rsync >/dev/null; then
		rsync --inplace private/file $'\xff\xfe'
	fi
	cd - >/dev/null
}

lines()
{
	local writer=$1 i
	for ((i = 0; i < 20; i++)); do
		echo "$writer $i"
	done
}

written()
{
	local writer
	make_tree
	cp -a "$work/template" "$work/plain"
	tree --writable
	writes "$work/plain"
	writes "$nodes/tree" ,direct
	for writer in a b c; do
		lines $writer | while read -r line; do
			echo "$line" >>"$nodes/tree/private/file"
		done &
		lines $writer >>"$work/plain/private/file"
	done
	wait
	cmp <(sort "$nodes/tree/private/file") <(sort "$work/plain/private/file")
	cat "$nodes/tree/private/file" >"$work/plain/private/file"
	cmp <(tells "$nodes/tree" summed) <(tells "$work/plain" summed)
	stop tree
	cmp <(tells "$work/tree" summed) <(tells "$work/plain" summed)
}

# What the kernel does not read and write itself
copied()
{
	make_tree
	tree --writable --transport ioctl --copy
	same "$nodes/tree/sub/large" "$work/tree/sub/large"
	cat "$work/template/sub/large" >"$nodes/tree/page"
	truncate -s 200000 "$nodes/tree/page"
	cat "$work/template/more" >>"$nodes/tree/page"
	stop tree
	cmp "$work/tree/page" <(head -c 200000 "$work/template/sub/large" &&
		cat "$work/template/more")
}

# What a client confirmed by fsync outlives the pager; a second one finds it.
killed()
{
	make_tree
	tree --writable --sync-interval 0
	echo kept >>"$nodes/tree/one"
	sync "$nodes/tree/one"
	exec 8<"$nodes/tree/sub/large"
	crash tree
	expect 1 cat <&8
	exec 8<&-
	[ "$(<"$work/tree/one")" = xkept ]
	tree --writable
	[ "$(<"$nodes/tree/one")" = xkept ]
	same "$nodes/tree/sub/large" "$work/tree/sub/large"
	expect 3 machpagerd --name again --dir "$work/tree"
	said 'another pager serves it'
}

# Many files, few descriptors
many()
{
	local n
	rm -rf "$work/tree"
	python3 -c '
import os, sys
os.chdir(sys.argv[1])
os.mkdir("tree")
for d in range(20):
    os.mkdir("tree/%d" % d)
for n in range(2000):
    with open("tree/%d/%d" % (n % 20, n), "w") as file:
        print("file", n, file=file)' "$work"
	(ulimit -n 64 && tree --writable)
	pid_of tree
	cmp <(tells "$nodes/tree" grep -r . | sort) \
		<(tells "$work/tree" grep -r . | sort)
	for ((n = 0; n < 2000; n += 20)); do
		echo more >>"$nodes/tree/0/$n"
	done
	[ "$(find "/proc/$pid/fd" -mindepth 1 | wc -l)" -le 64 ]
	stop tree
	[ "$(cat "$work"/tree/0/* | grep -c more)" = 100 ]
}

has() { [ "$(cat "$nodes/tree/$1" 2>/dev/null)" = "$2" ]; }
has_mode() { [ "$(stat -c %a "$nodes/tree/$1")" = "$2" ]; }
is_there() { [ -e "$nodes/tree/$1" ] || [ -L "$nodes/tree/$1" ]; }
is_gone() { ! is_there "$1"; }

# What others do in the directory is seen in the tree.
followed()
{
	make_tree
	tree --writable
	cat "$nodes/tree/sub/deep/text" "$nodes/tree/more" >/dev/null
	mkdir -p "$work/tree/d1/d2"
	echo below >"$work/tree/d1/d2/file"
	wait_for 5 has d1/d2/file below
	echo changed here >"$work/tree/sub/deep/text"
	wait_for 5 has sub/deep/text 'changed here'
	printf tail >>"$work/tree/sub/deep/text"
	wait_for 5 has sub/deep/text $'changed here\ntail'
	: >"$work/tree/more"
	wait_for 5 [ ! -s "$nodes/tree/more" ]
	rm "$work/tree/link"
	wait_for 5 is_gone link
	mv "$work/tree/d1" "$work/tree/empty/moved"
	wait_for 5 has empty/moved/d2/file below
	is_gone d1
	echo other >"$work/tree/temporary"
	mv "$work/tree/temporary" "$work/tree/empty/moved/d2/file"
	wait_for 5 has empty/moved/d2/file other
	chmod 0604 "$work/tree/more"
	wait_for 5 has_mode more 604
	alike found
	alike summed
}

# Two names of one file are one object; the second is a link to it.
linked()
{
	make_tree
	ln "$work/tree/sub/deep/text" "$work/tree/second"
	tree --writable
	echo by second >>"$nodes/tree/second"
	[ "$(<"$nodes/tree/sub/deep/text")" = $'needle here\nby second' ]
	rm "$work/tree/sub/deep/text"
	wait_for 5 is_gone sub/deep/text
	wait_for 5 has second $'needle here\nby second'
	[ ! -L "$nodes/tree/second" ]
	stop tree
	[ "$(<"$work/tree/second")" = $'needle here\nby second' ]
}

# Also when this check fails; $instances is what it was
unmount_all()
{
	echo "$instances" >/proc/sys/fs/inotify/max_user_instances
	umount "$work/tree/objects" "$work/tree/mounted" 2>/dev/null || true
}

# Nothing leads out of the directory, or into what others have mounted there.
enclosed()
{
	make_tree
	mkfifo "$work/tree/fifo"
	mkdir "$work/tree/objects" "$work/tree/mounted"
	mount --bind "$nodes" "$work/tree/objects"
	mount -t tmpfs none "$work/tree/mounted"
	echo not ours >"$work/tree/mounted/file"
	instances=$(</proc/sys/fs/inotify/max_user_instances)
	trap unmount_all EXIT
	echo 0 >/proc/sys/fs/inotify/max_user_instances
	machpagerd --foreground --name tree --dir "$work/tree" \
		--pidfile "$work/tree.pid" 2>"$work/log" 9>&- &
	wait_for 20 is_there sub/deep/er/.hidden
	grep -q 'fifo: is left out' "$work/log"
	grep -q 'is mounted there' "$work/log"
	grep -q 'not followed' "$work/log"
	is_gone fifo
	is_gone mounted/file
	is_gone objects/tree
	# what takes a file's place unseen is not read
	ln -sf /etc/passwd "$work/tree/one"
	rm "$work/tree/more"
	mkfifo "$work/tree/more"
	mv "$work/tree/sub/deep" "$work/tree/sub/was"
	ln -s "$work/tree/sub/was" "$work/tree/sub/deep"
	expect 1 cat "$nodes/tree/one"
	[ ! -s "$work/out" ] || said 'cat:'
	expect 1 cat "$nodes/tree/more"
	expect 1 cat "$nodes/tree/sub/deep/text"
	# until it is looked for
	signal tree HUP
	wait_for 10 has sub/was/text 'needle here'
	[ "$(readlink "$nodes/tree/one")" = /etc/passwd ]
	is_gone more
	stop tree
	expect 3 machpagerd --name tree --dir "$nodes"
	said 'Too many levels'
	expect 3 machpagerd --name tree --dir "$work/tree/page"
	said '--file'
	expect 2 machpagerd --name tree --dir "$work" --file "$work/tree/page"
	expect 2 machpagerd --name tree --dir "$work" --writable --read-only
}

# Without privilege: his own objects, with what he may read.
unprivileged()
{
	make_tree
	chown -R 65534:65534 "$work/tree"
	chown 0:12 "$work/tree/one" "$work/tree/more"
	chmod 0600 "$work/tree/one"
	chmod 0664 "$work/tree/more"
	chmod 666 /dev/machvm
	mkdir -m 777 "$work/pid"
	# root's was killed
	claims 0
	as_nobody machpagerd --name tree --dir "$work/tree" --writable \
		--pidfile "$work/pid/tree.pid" 9>&-
	claims 60
	chmod 600 /dev/machvm
	ln -s "$work/pid/tree.pid" "$work/tree.pid"
	[ "$(stat -c '%u:%g %a' "$nodes/tree/more")" = '65534:65534 644' ]
	same "$nodes/tree/more" "$work/tree/more"
	expect 1 cat "$nodes/tree/one"
	said 'Permission denied'
	echo mine >>"$nodes/tree/sub/deep/text"
	expect 1 bash -c "echo no >>'$nodes/tree/more'"
	stop tree
	grep -q mine "$work/tree/sub/deep/text"
	rm "$work/tree.pid"
}

# The engines of fio, and their own check of what they read back
by_fio()
{
	make_tree
	tree --writable --cluster 16k
	truncate -s 256k "$nodes/tree/sub/large"
	expect 0 fio --name=psync --ioengine=psync --rw=randwrite --bs=4k \
		--size=256k --filename="$nodes/tree/sub/large" --thread \
		--verify=crc32c --verify_fatal=1 \
		--name=mmap --stonewall --ioengine=mmap --rw=randwrite --bs=4k \
		--size=256k --filename="$nodes/tree/sub/large" --thread \
		--verify=crc32c --verify_fatal=1
	cp "$nodes/tree/sub/large" "$work/fio"
	stop tree
	same "$work/tree/sub/large" "$work/fio"
}

# The short form: an object with the name of the file
short()
{
	store short.bin 5000
	machpagerd --file "$work/short.bin" --pidfile "$work/short.pid" 9>&-
	same "$nodes/short.bin" "$work/short.bin"
	stop short
	mkdir -p "$work/some.dir"
	echo file >"$work/some.dir/file"
	machpagerd --dir "$work/some.dir/" --pidfile "$work/short.pid" 9>&-
	[ "$(<"$nodes/some.dir/file")" = file ]
	expect 5 machpagerd --dir "$work/some.dir"
	said 'is there already'
	stop short
}

make_template
check read read_all
check written written
also copied copied
check killed killed
also many many
check followed followed
check linked linked
check enclosed enclosed
also unprivileged unprivileged
also fio by_fio
also short short
finish
