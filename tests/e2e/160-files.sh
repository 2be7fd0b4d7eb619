#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# limit: 400
# Programs that know files only: on an object they do what they do on tmpfs.
. "$(dirname "$0")/lib.sh"

# object BYTES [OPTION...]: sets $object; $work/plain has the same on tmpfs.
object()
{
	local bytes=$1
	shift
	store data "$bytes"
	cp "$work/data" "$work/plain"
	pager data "$work/data" "$@"
	object=$nodes/data
}

# alike COMMAND...: with FILE in place of the name it says the same of both.
alike()
{
	"${@//FILE/$work/plain}" >"$work/one" 2>&1 || fail "on tmpfs: $*"
	"${@//FILE/$object}" >"$work/two" 2>&1 ||
		fail "$*: status $?: $(tail -n 1 "$work/two")"
	cmp "$work/one" "$work/two" || fail "not as on tmpfs: $*"
}

# Of a file with no blocks tar -S would store nothing, and nothing is resident yet.
archived()
{
	object 300001 --cluster 16k
	tar -C "$nodes" -S -cf "$work/sparse.tar" data
	mkdir "$work/got"
	tar -C "$work/got" -xf "$work/sparse.tar"
	same "$work/got/data" "$work/plain"
	tar -C "$nodes" -cf - data | tar -xOf - | cmp - "$work/plain"
}

copied()
{
	object 300001 --cluster 16k
	cp "$object" "$work/copy"
	same "$work/copy" "$work/plain"
	cp --sparse=always --preserve=all "$object" "$work/copy"
	same "$work/copy" "$work/plain"
	dd if="$object" of="$work/copy" bs=64k iflag=direct status=none
	same "$work/copy" "$work/plain"
	dd if="$object" of="$work/copy" bs=7001 status=none
	same "$work/copy" "$work/plain"
}

summed()
{
	object 300001
	alike bash -c 'sha256sum <FILE'
	alike gzip -nc FILE
	alike tail -c 12345 FILE
	alike od -A d -t x1 -j 200000 -N 4000 FILE
	alike split -n 2/3 FILE
	! command -v zstd >/dev/null || alike zstd -qc FILE
}

# What stat(2) and statfs(2) say
told()
{
	object 300001 --mode 0640
	chmod 640 "$work/plain"
	alike stat -c '%F %s %a %h %U %G' FILE
	# all blocks, however many pages are resident
	[ "$(stat -c '%b %B' "$object")" = '586 512' ]
	[ "$(stat -f -c '%t' "$object")" = 4d616368 ]
	df "$nodes" >"$work/df"
	grep -q "machobj .* $nodes\$" "$work/df"
	[ "$(find "$nodes" -type f -size 300001c -name 'd*')" = "$object" ]
	[ "$(find "$nodes" -inum "$(stat -c %i "$object")")" = "$object" ]
	touch -d '2001-01-01' "$object" "$work/old"
	printf 'new' | dd of="$object" conv=notrunc status=none
	[ "$object" -nt "$work/old" ] || fail 'writing moves no time'
	# number and device are the file's for as long as it lives, and not longer
	stat -c '%d %i' "$object" >"$work/first"
	stat -c '%d %i' "$object" | cmp - "$work/first"
	stop data
	pager data "$work/data"
	! stat -c '%d %i' "$object" | cmp - "$work/first" ||
		fail 'another object has the number'
}

# not_cut COMMAND...: refused, before a byte is lost.
not_cut()
{
	expect 1 "$@"
	said 'Operation not permitted'
	same "$object" "$work/plain"
}

written()
{
	object 300001
	store other 1000
	not_cut cp "$work/other" "$object"
	not_cut bash -c 'cat "$0" >"$1"' "$work/other" "$object"
	not_cut truncate -s 299999 "$object"
	not_cut truncate -s 300002 "$object"
	truncate -s 300001 "$object"
	# within its size it is written as any file
	alike dd if="$work/other" of=FILE conv=notrunc status=none
	alike dd if="$work/other" of=FILE conv=notrunc,fsync bs=100 seek=2990 \
		oflag=dsync status=none
	same "$object" "$work/plain"
	# and not beyond
	expect 1 dd if="$work/other" of="$object" conv=notrunc bs=1000 \
		oflag=seek_bytes seek=299500 status=none
	said 'No space left'
	dd if="$work/other" of="$work/plain" conv=notrunc bs=501 count=1 \
		oflag=seek_bytes seek=299500 status=none
	same "$object" "$work/plain"
	if command -v rsync >/dev/null; then
		head -c 300001 /dev/urandom >"$work/plain"
		# both are of this second, perhaps, and of one size
		rsync --ignore-times --inplace --no-whole-file "$work/plain" "$object"
		same "$object" "$work/plain"
	fi
	stop data
	same "$work/data" "$work/plain"
}

# What has no command: one program does it on both, and says what came of it.
calls()
{
	cat <<-'END'
	import fcntl, hashlib, mmap, os, sys
	path = sys.argv[1]
	def attempt(what, deed):
	    try:
	        got = deed()
	    except OSError as error:
	        got = error.strerror
	    if isinstance(got, (bytes, mmap.mmap)) and len(got) > 40:
	        got = hashlib.sha256(got).hexdigest()
	    print(what, got)
	fd = os.open(path, os.O_RDWR)
	size = os.fstat(fd).st_size
	out = os.open(sys.argv[2], os.O_RDWR | os.O_CREAT | os.O_TRUNC)
	attempt("read", lambda: os.read(fd, 10000))
	attempt("tell", lambda: os.lseek(fd, 0, os.SEEK_CUR))
	attempt("end", lambda: os.lseek(fd, -5, os.SEEK_END))
	attempt("read end", lambda: os.read(fd, 100))
	attempt("read behind", lambda: os.pread(fd, 100, size))
	attempt("negative", lambda: os.lseek(fd, -1, os.SEEK_SET))
	attempt("data", lambda: os.lseek(fd, 5000, os.SEEK_DATA))
	attempt("hole", lambda: os.lseek(fd, 5000, os.SEEK_HOLE))
	attempt("no data", lambda: os.lseek(fd, size, os.SEEK_DATA))
	attempt("pwrite", lambda: os.pwrite(fd, b"x" * 9000, 8000))
	attempt("pwritev", lambda: os.pwritev(fd, [b"a" * 100, b"b" * 5000], 4090))
	attempt("preadv", lambda: os.preadv(fd, [bytearray(100), bytearray(9000)], size - 5000))
	attempt("sendfile", lambda: os.sendfile(out, fd, 100, 50000))
	attempt("sent", lambda: os.pread(out, 50000, 0))
	ends = os.pipe()
	attempt("splice", lambda: os.splice(fd, ends[1], 30000, offset_src=4000))
	attempt("spliced", lambda: os.read(ends[0], 30000))
	os.write(ends[1], b"through a pipe" * 500)
	attempt("splice to", lambda: os.splice(ends[0], fd, 7000, offset_dst=70000))
	attempt("sync", lambda: (os.fsync(fd), os.fdatasync(fd)))
	attempt("advise", lambda: os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_WILLNEED))
	area = mmap.mmap(fd, 0)
	attempt("mapped", lambda: area)
	area[12345:12350] = b"store"
	attempt("stored", lambda: os.pread(fd, 8000, 8192))
	attempt("msync", lambda: area.flush())
	own = mmap.mmap(fd, 0, flags=mmap.MAP_PRIVATE)
	own[12345:12350] = b"mine!"
	attempt("private", lambda: own)
	attempt("shared", lambda: area)
	# the path in maps is the file
	maps = [line.split() for line in open("/proc/self/maps") if path in line]
	attempt("maps", lambda: (len(maps), {os.stat(m[5]).st_ino == int(m[4]) for m in maps}))
	again = os.open("/proc/self/fd/%d" % fd, os.O_RDONLY)
	attempt("again", lambda: os.pread(again, 20000, 0))
	attempt("flock", lambda: fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB))
	attempt("flocked", lambda: fcntl.flock(again, fcntl.LOCK_EX | fcntl.LOCK_NB))
	attempt("lock", lambda: fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB, 100))
	attempt("same size", lambda: os.ftruncate(fd, size))
	attempt("directory", lambda: os.open(path, os.O_DIRECTORY))
	attempt("exclusive", lambda: os.open(path, os.O_CREAT | os.O_EXCL))
	attempt("read only", lambda: os.write(again, b"no"))
	attempt("all", lambda: os.pread(fd, size, 0))
	END
}

like_tmpfs()
{
	object 200001 --cluster 8k
	calls >"$work/calls.py"
	alike python3 "$work/calls.py" FILE "$work/out2"
	[ "$(wc -l <"$work/two")" -ge 30 ]
	same "$object" "$work/plain"
	stop data
	same "$work/data" "$work/plain"
}

# A program whose text is an object's: it runs, and has a path.
executed()
{
	local pid
	cp "$(command -v sleep)" "$work/sleep"
	pager sleep "$work/sleep" --mode 0755
	"$nodes/sleep" 1000 & pid=$!
	wait_for 10 grep -q "r-xp .* $nodes/sleep\$" "/proc/$pid/maps"
	same "/proc/$pid/exe" "$work/sleep"
	expect 1 dd if=/dev/zero of="$nodes/sleep" conv=notrunc count=1
	said 'Text file busy'
	kill $pid
	wait $pid || true
	mount -o remount,bind,nosuid,nodev,noexec "$nodes"
	expect 126 bash -c '"$0" 0' "$nodes/sleep"
	said 'Permission denied'
	mount -o remount,bind,nosuid,nodev,exec "$nodes"
	expect 0 "$nodes/sleep" 0
}

# A disk in an object: what is written to it comes to the file behind.
disk_image()
{
	local loop
	modprobe -q loop || skip "no loop devices"
	truncate -s 8M "$work/image"
	pager image "$work/image" --sync-interval 0
	loop=$(losetup --find --show "$nodes/image")
	mkfs.ext4 -q "$loop"
	mkdir "$work/mounted"
	mount "$loop" "$work/mounted"
	cp -r "$project/tools/fio" "$project/docs" "$work/mounted"
	umount "$work/mounted"
	losetup -d "$loop"
	fsck.ext4 -fn "$nodes/image"
	stop image
	fsck.ext4 -fn "$work/image"
	mount -o loop,ro "$work/image" "$work/mounted"
	diff -r "$project/docs" "$work/mounted/docs"
	diff -r "$project/tools/fio" "$work/mounted/fio"
	umount "$work/mounted"
}

# Prints what inotify tells of a directory, until a file is deleted in it.
watcher()
{
	cat <<-'END'
	import ctypes, os, struct, sys
	names = {0x2: "modify", 0x4: "attrib", 0x100: "create", 0x200: "delete"}
	libc = ctypes.CDLL(None)
	fd = libc.inotify_init()
	assert libc.inotify_add_watch(fd, sys.argv[1].encode(), sum(names)) > 0
	open(sys.argv[2], "w").close()
	last = None
	while last != "delete":
	    data = os.read(fd, 65536)
	    while data:
	        _, mask, _, length = struct.unpack("iIII", data[:16])
	        name = data[16:16 + length].rstrip(b"\0").decode()
	        data = data[16 + length:]
	        if names[mask] != last:
	            last = names[mask]
	            print(last, name)
	END
}

watched()
{
	local pid
	watcher >"$work/watcher.py"
	python3 "$work/watcher.py" "$nodes" "$work/ready" >"$work/events" & pid=$!
	wait_for 20 [ -e "$work/ready" ]
	object 10000
	chmod 600 "$object"
	printf 'new' | dd of="$object" conv=notrunc status=none
	stop data
	wait $pid
	[ "$(tr '\n' ' ' <"$work/events")" = \
		'create data attrib data modify data delete data ' ] ||
		fail "inotify said: $(<"$work/events")"
}

check archived archived
also copied copied
also summed summed
check told told
check written written
also like-tmpfs like_tmpfs
check executed executed
also disk-image disk_image
also watched watched
finish
