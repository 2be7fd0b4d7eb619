#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# limit: 400
# Databases, archivers and exercisers of files on one object: they say and leave what
# they say and leave on tmpfs. A soak takes longer ones.
. "$(dirname "$0")/lib.sh"

plain=$work/plain	# on tmpfs
behind=$work/behind	# what machpagerd serves
times=1			# so much more of it
[ -z "${MACHVM_SOAK:-}" ] || times=20 limit=$((10 * limit))
mkdir "$plain" "$behind"

# serve NAME BYTES [OPTION...]: the same bytes on tmpfs and as an object
serve()
{
	rm -f "$plain/$1"
	store "behind/$1" "$2"
	cp "$behind/$1" "$plain/$1"
	pager "$1" "$behind/$1" "${@:3}"
}

# alike COMMAND...: it says the same there and here, and does the same to "data".
alike()
{
	tells_alike "$plain" "$nodes" "$@"
	same "$nodes/data" "$plain/data"
}

# What was written is in the file behind when its pager has ended.
kept()
{
	stop data
	same "$behind/data" "$plain/data"
}

need() { command -v "$1" >/dev/null || skip "$1 is not installed: apt-get install $2"; }

python_program()
{
	cat <<-'END'
	import array, gzip, hashlib, io, mmap, os, re, shutil, sys, tarfile, zipfile
	def digest():
	    with open("data", "rb") as file:
	        return hashlib.file_digest(file, "sha256").hexdigest()
	out = sys.argv[1]
	with open("data", "r+b") as file, mmap.mmap(file.fileno(), 0) as area:
	    print("find", area.find(b"\x17\x2a"), area.rfind(b"\x17\x2a"))
	    print("matches", len(re.findall(rb"[a-z]{3}", area)))
	    area[4090:4102] = b"across pages"
	    area.move(100000, 4000, 30000)
	    area.flush(8192, 4096)
	    print("line", area[4090:].split(b" ", 1)[0])
	print("stored", digest())
	shutil.copyfile("data", out + "/copied")
	os.truncate(out + "/copied", 123456)
	os.utime(out + "/copied", (1e9, 1e9 + 0.5))
	shutil.copy2(out + "/copied", "data")
	print("copied", digest(), os.stat("data").st_mtime_ns)
	with open(out + "/copied", "rb") as source, open("data", "ab") as file:
	    shutil.copyfileobj(source, file, 7001)
	print("appended", digest())
	with open("data", "rb", buffering=0) as file:
	    words = array.array("I")
	    words.fromfile(io.BufferedReader(file, 10000), 30000)
	    print("words", sum(words))
	with zipfile.ZipFile("data", "w", zipfile.ZIP_DEFLATED) as archive:
	    for n in range(20):
	        archive.writestr(zipfile.ZipInfo("file%d" % n), words[n:n + 999].tobytes())
	with zipfile.ZipFile("data", "a") as archive:
	    archive.writestr(zipfile.ZipInfo("more"), b"appended")
	    print("zip", archive.testzip(), len(archive.namelist()), digest())
	with tarfile.open("data", "w") as archive:
	    for n in range(5):
	        entry = tarfile.TarInfo("file%d" % n)
	        entry.size = 4 * 999
	        archive.addfile(entry, io.BytesIO(words[n:n + 999].tobytes()))
	with tarfile.open("data") as archive:
	    print("tar", archive.getnames(), digest())
	with gzip.GzipFile("data", "wb", mtime=0) as file:
	    file.write(words.tobytes())
	with gzip.open("data") as file:
	    print("gzip", file.read() == words.tobytes(), digest())
	END
}

by_python()
{
	need python3 python3
	serve data 300001 --resizable --cluster 16k
	python_program >"$work/program.py"
	alike python3 "$work/program.py" "$work"
	[ "$(wc -l <"$work/two")" = 10 ]
	kept
}

# By pipes, as what gzip and zstd write with a name they make anew
archived()
{
	local n
	need zstd zstd
	serve data 300001 --resizable
	alike bash -c 'gzip -nc data | gzip -dc | cmp - data'
	alike bash -c 'zstd -qc data | zstd -qdc | cmp - data'
	for n in 1 2 3; do
		store "$n" $((n * 70001))
	done
	truncate -s 200000 "$work/1"
	alike tar -C "$work" --mtime=@0 --transform 's/.*/data/' -cf data 1
	alike tar -C "$work" --mtime=@0 -rf data 2 3
	tar -C "$work" -S --transform 's/.*/data/' -cf "$work/sparse.tar" 1
	alike tar --overwrite -xf "$work/sparse.tar"
	same "$nodes/data" "$work/1"
	kept
}

# With pieces moved, without its end, longer, and full of zeros
synchronized()
{
	need rsync rsync
	serve data 300001 --resizable
	{
		head -c 50000 "$plain/data"
		echo something new
		tail -c 200000 "$plain/data"
	} >"$work/new"
	alike rsync --inplace --no-whole-file "$work/new" data
	same "$nodes/data" "$work/new"
	truncate -s 90000 "$work/new"
	truncate -s 270000 "$work/new"
	alike rsync --inplace --sparse --no-whole-file "$work/new" data
	store more 30001
	cat "$work/more" >>"$work/new"
	alike rsync --append-verify "$work/new" data
	same "$nodes/data" "$work/new"
	touch -d '2001-01-01' "$work/new"
	alike rsync --inplace --times "$work/new" data
	[ -z "$(rsync --times --itemize-changes "$work/new" "$nodes/data")" ] ||
		fail 'rsync thinks that it has changed'
	rsync --checksum --whole-file "$nodes/data" "$work/copy"
	same "$work/copy" "$plain/data"
	kept
}

# tmpfs has no O_DIRECT everywhere.
directly()
{
	serve data 8192 --resizable
	store new 120000
	tells "$plain" dd if="$work/new" of=data bs=8k count=9 status=none \
		conv=notrunc oflag=append
	tells "$nodes" dd if="$work/new" of=data bs=8k count=9 status=none \
		conv=notrunc oflag=append,direct
	same "$nodes/data" "$plain/data"
	tells "$plain" dd if="$work/new" of=data bs=4k seek=40 count=20 \
		status=none conv=notrunc
	tells "$nodes" dd if="$work/new" of=data bs=4k seek=40 count=20 \
		status=none conv=notrunc,fsync oflag=direct
	same "$nodes/data" "$plain/data"
	same "$behind/data" "$plain/data"
	dd if="$nodes/data" of="$work/copy" bs=12k iflag=direct status=none
	same "$work/copy" "$plain/data"
	kept
}

# What was touched needs no pager any more.
resident()
{
	need vmtouch vmtouch
	serve data 300001 --cluster 16k
	alike bash -c 'vmtouch -t data | grep -v Elapsed'
	grep -q 'Touched Pages: 74 ' "$work/two"
	signal data STOP
	alike sha256sum data
	signal data CONT
	alike bash -c 'vmtouch -e data | grep -v Elapsed'
}

# exercise FILE MIB ENGINE...: fio writes the same to each file, and reads it back.
exercise()
{
	local file=$1 kib=$(($2 * 1024)) engine n=0
	shift 2
	{
		printf '%s\n' '[global]' rw=randwrite randseed=190 bsrange=4k-12k \
			bs_unaligned size="${kib}k" thread end_fsync=1 invalidate=0 \
			allow_file_create=0 verify=pattern verify_state_save=0 \
			'verify_pattern=%o"machvm"-190' verify_fatal=1
		for engine; do
			printf '%s\n' "[$engine]" ioengine="$engine" stonewall \
				offset=$((n++ * kib))k iodepth=8
		done | sed '/^ioengine=io_uring$/a registerfiles\nfixedbufs'
	} >"$work/job"
	fio --output="$work/fio" --filename="$file" "$work/job" ||
		fail "fio, $file: $(tail -n 1 "$work/fio")"
}

engines=(psync mmap pvsync2 libaio io_uring splice)

# What they leave does not depend on where it is.
exercised()
{
	need fio fio
	serve data $((${#engines[@]} * times))M --cluster 16k "$@"
	exercise "$plain/data" $times "${engines[@]}"
	exercise "$nodes/data" $times "${engines[@]}"
	same "$nodes/data" "$plain/data"
	kept
}

# A disk in an object, whatever the loop device does with it
disk_image()
{
	local loop
	modprobe -q loop || skip 'no loop devices'
	need fio fio
	truncate -s $((8 * times))M "$behind/data"
	head -c $((2 * times))M /dev/zero >"$plain/file"
	pager data "$behind/data" --sync-interval 0 --cluster 32k
	loop=$(losetup --find --show "$@" "$nodes/data")
	mkfs.ext4 -q "$loop"
	mkdir -p "$work/mounted"
	mount "$loop" "$work/mounted"
	cp "$plain/file" "$work/mounted"
	exercise "$plain/file" $times psync libaio
	exercise "$work/mounted/file" $times psync libaio
	umount "$work/mounted"
	fsck.ext4 -fn "$loop"
	losetup -d "$loop"
	fsck.ext4 -fn "$nodes/data"
	stop data
	mount -o loop,ro "$behind/data" "$work/mounted"
	same "$work/mounted/file" "$plain/file"
	umount "$work/mounted"
}

# Keys and values for mdb_load, from one number to another
entries()
{
	printf '%s\n' VERSION=3 format=print type=btree mapsize=$((times << 23)) \
		HEADER=END
	awk -v first="$1" -v last="$2" 'BEGIN {
		for (n = first; n < last; n++) {
			printf " key %08d\n", n * 7919 % 1000003
			printf " value %d %0*d\n", n, n % 300, n
		}
	}'
}

# Each is sorted, and what one transaction has left: mdb_load commits after 100.
reader()
{
	local n=0 lines
	until [ -e "$work/written" ] && [ $n -gt 0 ]; do
		mdb_dump -np data >"$work/dump.$1"
		sed -n '/^ key/p' "$work/dump.$1" >"$work/keys.$1"
		LC_ALL=C sort -c "$work/keys.$1"
		lines=$(wc -l <"$work/keys.$1")
		[ $((lines % 100)) = 0 ] || fail "a reader found $lines entries"
		n=$((n + 1))
	done
}

tells_of_lmdb()
{
	mdb_dump -np data
	mdb_stat -na data
	mdb_copy -n -c data >"$work/copy"
	mdb_dump -np "$work/copy" | sha256sum
}

# The lock file, with mutexes that are shared by processes, is an object, too.
by_lmdb()
{
	local half=$((300 * times)) pids=() pid n
	need mdb_load lmdb-utils
	rm -f "$plain"/* "$behind"/*
	entries 0 $half | tells "$plain" mdb_load -n data
	"$@"
	entries 0 $half | tells "$nodes" mdb_load -n data
	cmp -n "$(stat -c %s "$plain/data")" "$nodes/data" "$plain/data"
	for n in 1 2; do
		tells "$nodes" reader $n & pids+=($!)
	done
	entries $half $((2 * half)) | tells "$plain" mdb_load -n data
	entries $half $((2 * half)) | tells "$nodes" mdb_load -n data
	: >"$work/written"
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
	rm "$work/written"
	tells "$plain" tells_of_lmdb >"$work/one"
	tells "$nodes" tells_of_lmdb | cmp - "$work/one"
	[ "$(nr_entries)" = $((2 * half)) ]
	stop data
	stop data-lock
	tells "$behind" tells_of_lmdb | cmp - "$work/one"
}

# Both empty, and made what they are to be by the programs
lmdb_resizable()
{
	: >"$behind/data"
	: >"$behind/data-lock"
	pager data "$behind/data" --resizable
	pager data-lock "$behind/data-lock" --resizable
}

# Prepared with an empty database and the size that they may grow to
lmdb_fixed()
{
	entries 0 0 | tells "$behind" mdb_load -n data
	truncate -s $((times * 8))M "$behind/data"
	pager data "$behind/data" --cluster 4k
	pager data-lock "$behind/data-lock" --cluster 4k
}

nr_entries() { tells "$nodes" mdb_dump -np data | grep -c '^ key'; }
has_more_entries() { [ "$(nr_entries)" -gt "$1" ]; }

# A writer that is killed has the mutex, and others go on; what it had committed stays.
lmdb_killed()
{
	local round pid last=0
	need mdb_load lmdb-utils
	rm -f "$behind"/*
	lmdb_resizable
	mkfifo "$work/entries"
	for ((round = 1; round <= 2 + times; round++)); do
		exec 7<>"$work/entries"
		(cd "$nodes" && exec mdb_load -n data <"$work/entries") & pid=$!
		entries $((round * 1000)) $((round * 1000 + 950)) >&7
		wait_for 20 has_more_entries $last
		kill -KILL $pid
		wait $pid || true
		exec 7>&-
		# until somebody looks for the dead
		tells "$nodes" mdb_stat -nrr data >"$work/out" || true
		grep -q '^(no active readers)' "$work/out"
		last=$(nr_entries)
		[ $((last % 100)) = 0 ] || fail "$last entries"
	done
	entries 0 100 | tells "$nodes" mdb_load -n data
	[ "$(nr_entries)" = $((last + 100)) ]
}

# Its journal, for which there is no place beside one object, in memory
by_sqlite()
{
	local rows=$((2000 * times))
	need sqlite3 sqlite3
	serve data 0 --resizable
	cat >"$work/program.sql" <<-END
		PRAGMA journal_mode = memory;
		CREATE TABLE t (id INTEGER PRIMARY KEY, word TEXT, number INTEGER);
		CREATE INDEX i ON t (word);
		WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < $rows)
			INSERT INTO t SELECT n, printf('word %d', n * 7919 % 1000), n * n FROM c;
		UPDATE t SET number = -number WHERE id % 3 = 0;
		BEGIN;
		DELETE FROM t;
		ROLLBACK;
		DELETE FROM t WHERE id % 2;
		VACUUM;
		SELECT count(*), sum(number), max(word) FROM t;
		PRAGMA mmap_size = 1000000;
		SELECT sum(length(word)) FROM t;
		PRAGMA integrity_check;
	END
	alike sqlite3 data ".read $work/program.sql"
	grep -qx ok "$work/two"
	kept
}

check python by_python
check archived archived
check synchronized synchronized
check directly directly
check resident resident
check exercised exercised
soak exercised-resizable exercised --resizable --transport ioctl
soak disk-image disk_image
soak disk-image-direct disk_image --direct-io=on
check lmdb by_lmdb lmdb_resizable
soak lmdb-fixed by_lmdb lmdb_fixed
soak lmdb-killed lmdb_killed
check sqlite by_sqlite
finish
