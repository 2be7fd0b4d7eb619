#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# limit: 600
# Programs that make, rename and remove files, in a directory of machpagerd --writable:
# they say and leave what they say and leave on tmpfs. A soak takes longer ones.
. "$(dirname "$0")/lib.sh"

plain=$work/plain	# on tmpfs
behind=$work/behind	# what machpagerd serves
tree=$nodes/tree	# as this
times=1			# so much more of it
transactions=15		# of a database
limit=$((2 * limit))
[ -z "${MACHVM_SOAK:-}" ] || times=20 transactions=10000 limit=$((20 * limit))
export HOME=$work

need() { command -v "$1" >/dev/null || skip "$1 is not installed: apt-get install $2"; }

start()
{
	machpagerd --name tree --dir "$behind" --writable \
		--pidfile "$work/tree.pid" "$@" 9>&-
	[ -d "$tree" ] || fail "machpagerd ended, but no $tree"
}

# empty [OPTION...]: nothing is there, and nothing is in the directory served.
empty()
{
	rm -rf "$plain" "$behind"
	mkdir "$plain" "$behind"
	start "$@"
}

# The size of a directory, and times, are each file system's own.
listed()
{
	find . ! -type d -printf '%p %y %s %m %U:%G %l\n' -o -printf '%p %y %m %U:%G\n' |
		sort
	find . -type f -print0 | sort -z | xargs -0r sha256sum
}

# But for what a program writes of the moment: "find" leaves that out.
same_trees()
{
	tells "$1" listed | grep -v "${left_out:-^$}" >"$work/one"
	tells "$2" listed | grep -v "${left_out:-^$}" >"$work/two"
	cmp "$work/one" "$work/two" || {
		diff -a "$work/one" "$work/two" | head -n 10
		fail "$1 and $2 differ"
	}
}

# alike COMMAND...: it says the same there and here, and leaves the same.
alike()
{
	tells_alike "$plain" "$tree" "$@"
	same_trees "$plain" "$tree"
}

# What was written is in the directory behind when its pager has ended.
kept()
{
	stop tree
	same_trees "$plain" "$behind"
}

# Transactions, each told once it is durable: JOURNAL FIRST LAST
transaction_program()
{
	cat <<-'END'
	import random, sqlite3, sys
	journal, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
	db = sqlite3.connect("db", isolation_level=None, timeout=300)
	db.execute("PRAGMA journal_mode = " + journal)
	db.execute("PRAGMA synchronous = FULL")
	db.execute("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, what BLOB)")
	db.execute("CREATE TABLE IF NOT EXISTS latest (id INTEGER PRIMARY KEY, n INTEGER)")
	for n in range(first, last):
	    chance = random.Random(n)
	    db.execute("BEGIN IMMEDIATE")
	    db.execute("INSERT INTO t VALUES (?, ?)", (n, chance.randbytes(chance.randrange(3000))))
	    db.execute("UPDATE t SET what = ? WHERE id = ?", (b"changed", chance.randrange(n + 1)))
	    db.execute("INSERT OR REPLACE INTO latest VALUES (0, ?)", (n,))
	    if n % 10 == 9:
	        db.execute("ROLLBACK")
	        continue
	    db.execute("COMMIT")
	    print(n, flush=True)
	END
}

# The journals are files of their own, made and removed, cut, or left with zeros.
by_sqlite()
{
	local left_out=db-journal	# it begins with a number by chance
	need python3 python3
	need sqlite3 sqlite3
	empty
	transaction_program >"$work/transactions.py"
	alike python3 "$work/transactions.py" "$1" 0 $transactions
	alike sqlite3 db 'PRAGMA integrity_check; SELECT count(*) FROM t;
		PRAGMA journal_mode = delete; VACUUM'
	kept
}

# Several at once, with what they share in memory
sqlite_shared()
{
	local n pids=()
	need python3 python3
	need sqlite3 sqlite3
	empty
	transaction_program >"$work/transactions.py"
	for n in 0 1 2; do
		tells "$tree" python3 "$work/transactions.py" "$1" \
			$((n * 10000)) $((n * 10000 + 20 * times)) >"$work/said.$n" &
		pids+=($!)
	done
	for n in 0 1 2; do
		wait "${pids[n]}" || fail "$(tail -n 1 "$work/said.$n")"
	done
	[ "$(sqlite3 "$tree/db" 'PRAGMA integrity_check; SELECT count(*) FROM t')" = \
		$'ok\n'$((3 * 18 * times)) ]
}

# writer JOURNAL FIRST: sets $writer; it has told $work/told that some are durable.
writer()
{
	: >"$work/told"
	(
		cd "$tree"
		exec python3 "$work/transactions.py" "$1" "$2" 1000000
	) >"$work/told" 2>"$work/error" & writer=$!
	wait_for 60 [ -s "$work/told" ]
	# another moment each time
	read -rt "0.$((RANDOM % 900 + 100))" -u 9 || true
}

# whole PLACE: all that was told is in the database there, and at most one more. Sets
# $next.
whole()
{
	local last latest ok counted
	last=$(tail -n 1 "$work/told")
	latest=$(sqlite3 "$1/db" 'PRAGMA integrity_check; SELECT n FROM latest;
		SELECT count(*) = max(id) - (max(id) + 1) / 10 + 1 FROM t')
	read -rd '' ok next counted <<<"$latest" || true
	[ "$ok $counted" = 'ok 1' ] || fail "the database: $latest"
	[ "$next" -ge "$last" ] && [ "$next" -le $((last + 2)) ] ||
		fail "$last was committed, $next is there"
	next=$((next + 1))
}

sqlite_writer_killed()
{
	local round next=0 writer
	need python3 python3
	need sqlite3 sqlite3
	empty
	transaction_program >"$work/transactions.py"
	for ((round = 0; round < 1 + times; round++)); do
		writer "$1" $next
		kill -KILL $writer
		wait $writer || true
		whole "$tree"
	done
	stop tree
	whole "$behind"
}

sqlite_pager_killed()
{
	local round next=0 writer
	need python3 python3
	need sqlite3 sqlite3
	empty --sync-interval 0
	transaction_program >"$work/transactions.py"
	for ((round = 0; round < 1 + times; round++)); do
		writer "$1" $next
		crash tree
		! wait $writer || fail 'a writer without a pager goes on'
		if [ $((round % 2)) = 0 ]; then
			whole "$behind"
		fi
		start --sync-interval 0
		whole "$tree"
	done
}

git_program()
{
	cat <<-'END'
	set -e
	export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a \
		GIT_COMMITTER_EMAIL=a@b GIT_AUTHOR_DATE='@1000000000 +0000' \
		GIT_COMMITTER_DATE='@1000000000 +0000' GIT_CONFIG_NOSYSTEM=1
	git init -q -b main repository
	cd repository
	git config pack.threads 1
	mkdir directory
	for n in $(seq "$1"); do
		seq "$n" $((n * 100)) >"directory/file$n"
		echo "$n" >>log
		git add .
		git commit -qm "commit $n"
	done
	git checkout -qb other HEAD~1
	git mv directory/file1 directory/moved
	git commit -qm moved
	git checkout -q main
	git merge -q --no-edit other
	git fsck --strict --no-progress
	git gc -q
	cd ..
	git clone -q repository copy
	git clone -q --no-local --bare repository bare.git
	cd copy
	echo more >>directory/moved
	git commit -qam more
	git push -q ../bare.git main
	git status --porcelain
	git -C ../bare.git log --format='%H %T %s'
	git fsck --strict --no-progress
	END
}

# What git notes of inodes and times is its own affair, and so are names by chance.
by_git()
{
	local left_out='/\.git/\|^\./bare\.git/\|/bare\.git/'
	need git git
	empty
	git_program >"$work/program.sh"
	alike bash "$work/program.sh" $((1 + times))
	kept
}

# A program of three files, one of them of a library, that knows what it was made of
project_files()
{
	mkdir library
	cat >library/sum.c <<-'END'
	#include "sum.h"
	long sum(const int *numbers, int n)
	{
	    return n ? numbers[0] + sum(numbers + 1, n - 1) : 0;
	}
	END
	echo 'long sum(const int *numbers, int n);' >library/sum.h
	cat >main.c <<-'END'
	#include <stdio.h>
	#include "generated.h"
	#include "library/sum.h"
	int main(void)
	{
	    static const int numbers[] = NUMBERS;
	    printf("%ld\n", sum(numbers, sizeof(numbers) / sizeof(numbers[0])));
	}
	END
	cat >Makefile <<-'END'
	.RECIPEPREFIX = >
	program: main.o library/libsum.a
	>$(CC) $(CFLAGS) -o $@ $^
	library/libsum.a: library/sum.o
	>$(AR) rcs $@ $^
	main.o: generated.h
	generated.h: Makefile
	>printf '#define NUMBERS { 0' >$@.new
	>for n in 1 2 3 4 5 6 7 8; do printf ", $$n"; done >>$@.new
	>echo ' }' >>$@.new
	>mv $@.new $@
	clean:
	>rm -f program generated.h *.o library/*.o library/*.a
	END
}

# Made there, run there, and made anew
by_gcc()
{
	need gcc gcc
	need make make
	empty
	alike project_files
	alike make --no-print-directory CFLAGS=-O1
	alike ./program
	grep -qx 36 "$work/said2"
	alike make -q CFLAGS=-O1
	alike make clean
	alike make -s CFLAGS='-O2 -static' program
	kept
}

# A new file gets its name when it is whole.
by_rsync()
{
	need rsync rsync
	empty
	cp -r "$project/tools/fio" "$work/source"
	cp "$project/docs/files.md" "$work/source"
	mkdir "$work/source/directory"
	ln -s ../files.md "$work/source/directory/link"
	alike rsync -a "$work/source/" copy
	echo more >>"$work/source/files.md"
	rm "$work/source/seq-read.fio"
	mv "$work/source/rand-read.fio" "$work/source/directory"
	chmod 640 "$work/source/small-pool.fio"
	alike rsync -a --delete --backup --suffix=.old "$work/source/" copy
	# times as well
	[ -z "$(rsync -ain --delete --exclude='*.old' "$work/source/" "$tree/copy")" ]
	alike rsync -a --remove-source-files copy/ moved
	kept
}

# What takes the place of a file, with its mode and times
compressed()
{
	need zstd zstd
	empty
	alike cp --preserve=mode,timestamps "$project/docs/files.md" "$project/docs/pool.md" .
	alike gzip -n files.md
	alike gzip -d files.md.gz
	alike zstd -q --rm files.md pool.md
	alike zstd -qd --rm files.md.zst pool.md.zst
	alike xz -0 pool.md
	[ "$(stat -c %Y "$tree/pool.md.xz")" = "$(stat -c %Y "$project/docs/pool.md")" ]
	alike tar -C "$project" --mtime=@0 --sort=name -czf archive.tgz docs
	alike tar -xzf archive.tgz
	alike sed -i 's/object/OBJECT/g' docs/files.md docs/protocol.md
	alike sort -o docs/files.md docs/files.md
	kept
}

python_program()
{
	cat <<-'END'
	import os, pathlib, shutil, sys, tempfile
	os.mkdir("a")
	for n in range(int(sys.argv[1])):
	    pathlib.Path("a", "file%d" % n).write_text("text %d\n" % n * n)
	    with tempfile.NamedTemporaryFile("w", dir="a", delete=False) as file:
	        print("whole", n, file=file)
	        os.fsync(file.fileno())
	    os.replace(file.name, "a/same")
	with tempfile.TemporaryFile(dir=".") as file:
	    file.write(b"nobody sees this")
	    file.seek(7)
	    print(file.read(), len(os.listdir(".")))
	with open("open", "w+") as file:
	    os.unlink("open")
	    file.write("goes on")
	    file.truncate(5000)
	    file.seek(0)
	    print(len(file.read()), os.fstat(file.fileno()).st_nlink, os.path.exists("open"))
	shutil.copytree("a", "b/c/d")
	os.symlink("c/d/same", "b/link")
	shutil.move("b/c", "c")
	shutil.make_archive("archive", "tar", "a")
	shutil.rmtree("a")
	for attempt in ("os.mkdir('b')", "os.rmdir('c')", "open('c', 'w')", "os.unlink('c')",
	                "os.rename('c', 'b')", "os.rename('c', 'c/d/e')", "os.rmdir('c/d/same')",
	                "os.open('b/link', os.O_CREAT | os.O_EXCL)", "open('none/file', 'w')",
	                "os.unlink('none')", "os.symlink('x', 'b')", "os.mkdir('b/' + 256 * 'n')"):
	    try:
	        print(attempt, eval(attempt))
	    except OSError as error:
	        print(attempt, error.strerror)
	END
}

by_python()
{
	need python3 python3
	empty
	python_program >"$work/program.py"
	left_out=archive.tar alike python3 "$work/program.py" $((10 * times))
	left_out=archive.tar kept
}

by_lmdb()
{
	need mdb_load lmdb-utils
	empty
	seq $((500 * times)) | sed 'p; s/.*/value &/' >"$work/entries"
	mkdir "$plain/database" "$tree/database"
	left_out=lock.mdb
	alike mdb_load -T -f "$work/entries" database
	alike mdb_copy -c database .
	alike mdb_stat -a .
	kept
}

# Files that are laid out, written, read back and removed
by_fio()
{
	local way
	need fio fio
	empty
	printf '%s\n' '[global]' rw=randwrite randseed=195 bs=4k nrfiles=5 \
		size=$((100 * times))k thread fallocate=posix create_fsync=1 \
		verify=pattern 'verify_pattern=%o"machvm"-195' verify_fatal=1 \
		verify_state_save=0 \
		'[psync]' ioengine=psync '[mmap]' ioengine=mmap stonewall \
		'[libaio]' ioengine=libaio iodepth=4 unlink=1 stonewall >"$work/job"
	for way in "$plain" "$tree"; do
		fio --output="$work/fio" --directory="$way/" "$work/job" ||
			fail "fio, $way: $(tail -n 1 "$work/fio")"
	done
	same_trees "$plain" "$tree"
	kept
}

check sqlite-delete by_sqlite delete
soak sqlite-truncate by_sqlite truncate
soak sqlite-persist by_sqlite persist
soak sqlite-wal by_sqlite wal
soak sqlite-shared-delete sqlite_shared delete
soak sqlite-shared-wal sqlite_shared wal
soak sqlite-writer-killed-delete sqlite_writer_killed delete
soak sqlite-writer-killed-wal sqlite_writer_killed wal
soak sqlite-pager-killed-delete sqlite_pager_killed delete
check sqlite-pager-killed-wal sqlite_pager_killed wal
check git by_git
soak gcc by_gcc
check rsync by_rsync
soak compressed compressed
check python by_python
soak lmdb by_lmdb
soak fio by_fio
finish
