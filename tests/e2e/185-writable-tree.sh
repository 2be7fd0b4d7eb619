#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# limit: 500
# A directory that machpagerd serves writable: what programs make, rename and remove
# in the tree of objects is as on tmpfs, and so in the directory behind.
. "$(dirname "$0")/lib.sh"
limit=$((2 * limit))

# tree [OPTION...]: serve $work/tree, which is empty; $work/plain is so, too.
tree()
{
	rm -rf "$work/tree" "$work/plain"
	mkdir -m 1777 "$work/tree" "$work/plain"
	serve "$@"
}

serve()
{
	machpagerd --name tree --dir "$work/tree" --writable \
		--pidfile "$work/tree.pid" "$@" 9>&-
	[ -d "$nodes/tree" ] || fail "machpagerd ended, but no $nodes/tree"
}

# Times of what was not given any are those of the clock; a directory's size is of its
# file system alone.
found()
{
	find . -mindepth 1 \( ! -type d -printf '%p %y %s %m %U:%G %l\n' \
		-o -printf '%p %y %m %U:%G\n' \) | sort
}

timed()
{
	find . -mindepth 1 -printf '%p %T@\n' | sort
}

# alike COMMAND...: in the tree it says the same as on tmpfs.
alike()
{
	tells_alike "$work/plain" "$nodes/tree" "$@"
}

# same_as PLACE: it has what $work/plain has.
same_as()
{
	local what
	for what in found ${2-}; do
		diff <(tells "$work/plain" "$what") <(tells "$1" "$what") |
			head -n 20 >"$work/diff"
		[ ! -s "$work/diff" ] || {
			cat "$work/diff"
			fail "$1 is not as tmpfs: $what"
		}
	done
	diff -r --no-dereference "$work/plain" "$1"
}

# Now, after the end of the pager, and for its successor
same_everywhere()
{
	same_as "$nodes/tree" "$@"
	stop tree
	same_as "$work/tree" "$@"
	serve
	same_as "$nodes/tree" "$@"
	stop tree
}

# What each call says, in one process, as a command takes long
calls()
{
	cat <<-'END'
	import ctypes, errno, mmap, os, stat
	libc = ctypes.CDLL(None, use_errno=True)

	def rename2(old, new, flags):
	    if libc.renameat2(-100, old.encode(), -100, new.encode(), flags):
	        raise OSError(ctypes.get_errno(), "")

	def put(path, data, flags=os.O_CREAT | os.O_TRUNC, mode=0o644):
	    fd = os.open(path, flags | os.O_RDWR, mode)
	    try:
	        return os.write(fd, data)
	    finally:
	        os.close(fd)

	def get(path):
	    with open(path, "rb") as file:
	        return file.read()

	def say(what, *args, **named):
	    try:
	        got = what(*args, **named)
	    except OSError as error:
	        got = errno.errorcode[error.errno]
	    print(what.__name__, *args[:2], got, flush=True)
	    return got

	def kept(path):
	    "What was unlinked, or replaced, goes on while it is open."
	    fd = os.open(path, os.O_RDWR | os.O_CREAT)
	    os.write(fd, b"kept" * 5000)
	    os.unlink(path)
	    area = mmap.mmap(fd, 20000)
	    area[10000:10004] = b"mmap"
	    os.ftruncate(fd, 30000)
	    os.pwrite(fd, b"end", 29997)
	    area.flush()
	    os.fsync(fd)
	    put(path, b"another")
	    said = (os.pread(fd, 8, 9998), os.pread(fd, 9, 29996),
	            os.fstat(fd).st_nlink, os.fstat(fd).st_size, get(path))
	    os.close(fd)
	    return said

	def many(top, n):
	    "More than a listing takes at once, removed while it is listed"
	    os.mkdir(top)
	    for i in range(n):
	        put("%s/%d" % (top, i), b"%d" % i)
	    names = sorted(os.listdir(top))
	    for i in range(0, n, 2):
	        os.rename("%s/%d" % (top, i), "%s/moved-%d" % (top, i))
	    for name in os.listdir(top):
	        if not name.startswith("moved"):
	            os.unlink(top + "/" + name)
	    return len(names), len(os.listdir(top))

	os.umask(0o027)
	say(put, "file", b"data")
	say(put, "file", b"again", os.O_CREAT | os.O_EXCL)
	say(put, "file", b"longer data", os.O_CREAT | os.O_APPEND)
	say(get, "file")
	say(put, "file", b"x")
	say(get, "file")
	say(put, "read-only", b"data", os.O_CREAT | os.O_EXCL, 0o444)
	say(put, "missing/file", b"data")
	say(put, "file/file", b"data")
	say(put, "n" * 256, b"data")
	say(put, "n" * 255, b"data")
	say(put, "new\nline \xff", b"data")
	say(os.mkdir, "a")
	say(os.mkdir, "a")
	say(os.mkdir, "a/b", 0o777)
	say(os.mkdir, "a/b/c", 0o1777)
	say(os.makedirs, "a/b/c/d/e")
	say(os.rmdir, "a")
	say(os.rmdir, "file")
	say(os.unlink, "a")
	say(os.unlink, "missing")
	say(os.symlink, "a/b", "link")
	say(os.symlink, "nowhere", "link")
	say(os.symlink, "loop", "loop")
	say(os.readlink, "link")
	say(put, "link/by-link", b"data")
	say(get, "a/b/by-link")
	say(put, "loop", b"data")
	say(os.rename, "file", "a/b/c/file")
	say(get, "a/b/c/file")
	say(get, "file")
	say(os.rename, "a/b", "a/b/c/inside")
	say(os.rename, "a/b/c/d", "moved")
	say(os.listdir, "moved")
	say(put, "moved/e/deep", b"deep")
	say(os.rename, "moved", "a/b/c")
	say(os.rename, "read-only", "a")
	say(os.rename, "a", "read-only")
	say(rename2, "read-only", "moved", 1)
	say(rename2, "read-only", "other", 1)
	say(rename2, "other", "link", 0)
	say(get, "link")
	say(os.mkdir, "empty")
	say(os.rename, "moved", "empty")
	say(get, "empty/e/deep")
	say(os.chmod, "link", 0o600)
	say(os.chmod, "a/b", 0o1700)
	say(os.chown, "link", 12, 34)
	say(os.chown, "loop", 56, 78, follow_symlinks=False)
	say(os.utime, "link", (1e9, 1.5e9))
	say(os.utime, "a/b", (1e9, 1.25e9))
	say(os.utime, "loop", (1e9, 1e9), follow_symlinks=False)
	for path in "link", "a/b", "loop":
	    st = os.lstat(path)
	    print(path, oct(st.st_mode), st.st_uid, st.st_gid, st.st_mtime)
	say(os.access, "link", os.R_OK)
	say(kept, "kept")
	say(many, "many", 100)
	say(put, "written", b"w" * 100000)
	os.utime("written", (1e9, 1.125e9))
	os.sync()
	say(lambda: os.stat("written").st_mtime)
	fd = os.open("a/b", os.O_RDONLY)
	say(os.fsync, fd)
	os.rename("a/b", "renamed")
	say(lambda: put("renamed/new", b"new"))
	say(lambda: os.open("by-handle", os.O_CREAT | os.O_WRONLY, dir_fd=fd) > 0)
	say(get, "renamed/by-handle")
	here = os.getcwd()
	os.mkdir("gone")
	os.chdir("gone")
	os.rmdir("../gone")
	say(put, "file", b"data")
	say(os.mkdir, "directory")
	os.chdir(here)
	END
}

# What programs do all day
programs()
{
	mkdir -p made/of/some/parts
	echo one >made/one
	printf 'two\nlines\n' >made/of/two
	cp made/one made/of/some/copy
	cp -a made copied
	mv copied/one copied/of/some/parts/
	mv copied/of moved
	ln -s ../made/one moved/link
	ln -sfn of/two made/link
	touch -d 2001-02-03 made/one
	touch empty
	chmod -R go-rwx moved
	sed -i s/two/2/ made/of/two
	local name
	name=$(mktemp ./.new.XXXXXX)
	echo saved >"$name"
	chmod 644 "$name"
	mv "$name" made/of/two.saved
	tar -cf all.tar made
	mkdir unpacked
	tar -C unpacked -xpf all.tar
	rm all.tar
	install -m 0750 -o 3 -g 4 made/one installed
	rm -r copied
	mkdir moved/away
	rmdir moved/away
	split -b 3 made/of/two part-
	cat part-* | sort -o sorted
	dd if=/dev/zero of=direct bs=4096 count=3 status=none
	truncate -s 1234567 sparse
	find . -type f -exec sha256sum {} + | sort
	find . -exec touch -h -d 2002-03-04 {} +
}

# What processes call, and what programs make of that
done_all()
{
	python3 "$work/calls.py"
	programs
}

programmed()
{
	calls >"$work/calls.py"
	tree
	alike done_all
	same_everywhere timed
}

saved_by_git()
{
	export HOME=$PWD GIT_CONFIG_NOSYSTEM=1
	export GIT_AUTHOR_DATE='2020-01-01 00:00:00 +0000'
	export GIT_COMMITTER_DATE=$GIT_AUTHOR_DATE
	git config --global user.name Somebody
	git config --global user.email somebody@example.org
	git -c init.defaultBranch=main init -q one
	cd one || return
	mkdir sub
	seq 1000 >sub/numbers
	echo text >text
	git add .
	git commit -qm first
	git mv text sub/text
	echo more >>sub/text
	git commit -qam second
	git checkout -q HEAD~
	cat text
	git checkout -q main
	git gc -q
	cd "$HOME" || return
	git clone -q one two 2>/dev/null
	git -C two fsck --full --strict
	git -C two log --format=%H
	git -C two status --short
	rm -rf one
	git -C two rev-parse HEAD
	sha256sum two/sub/*
}

by_git()
{
	tree
	alike saved_by_git
	git -C "$nodes/tree/two" fsck --full --strict
	stop tree
	git -c safe.directory='*' -C "$work/tree/two" fsck --full --strict
	git -c safe.directory='*' -C "$work/tree/two" diff --exit-code HEAD
}

stored_by_sqlite()
{
	python3 - <<-'END'
	import os, sqlite3
	for mode in "delete", "truncate", "persist", "wal":
	    base = sqlite3.connect(mode + ".db", isolation_level=None)
	    print(base.execute("pragma journal_mode=" + mode).fetchone())
	    base.execute("create table t (a integer primary key, b text)")
	    for i in range(20):
	        base.execute("begin")
	        base.execute("insert into t values (?, ?)", (i, "x" * i * 50))
	        base.execute("rollback" if i % 5 == 4 else "commit")
	    base.execute("vacuum")
	    print(base.execute("select count(*), sum(length(b)) from t").fetchone(),
	          base.execute("pragma integrity_check").fetchone())
	    base.close()
	print(sorted(os.listdir(".")))
	END
}

by_sqlite()
{
	tree
	alike stored_by_sqlite
	stop tree
	cd "$work/tree"
	python3 -c '
import sqlite3
for mode in "delete", "truncate", "persist", "wal":
    base = sqlite3.connect(mode + ".db")
    assert base.execute("pragma integrity_check").fetchone() == ("ok",)
    assert base.execute("select count(*) from t").fetchone() == (16,)'
}

built_by_gcc()
{
	mkdir src obj
	printf '%s\n' 'int twice(int n);' >src/twice.h
	printf '%s\n' '#include "twice.h"' 'int twice(int n) { return 2 * n; }' \
		>src/twice.c
	printf '%s\n' '#include <stdio.h>' '#include "twice.h"' \
		'int main(void) { return printf("%d\n", twice(21)) < 0; }' \
		>src/main.c
	printf '%s\n' 'obj/%.o: src/%.c src/twice.h' \
		'	gcc -c -o $@ $<' \
		'program: obj/main.o lib.a' \
		'	gcc -o $@ $^' \
		'lib.a: obj/twice.o' \
		'	ar rcD $@ $^' >Makefile
	TMPDIR=$PWD make -s program
	./program
	touch -d +1min src/twice.c
	make -s program 2>/dev/null
	make -s program 2>/dev/null
	./program
	nm lib.a
}

by_gcc()
{
	tree
	alike built_by_gcc
	stop tree
	"$work/tree/program"
}

has() { [ "$(cat "$nodes/tree/$1" 2>/dev/null)" = "$2" ]; }
has_rights() { [ "$(stat -c '%u:%g %a' "$nodes/tree/$1")" = "$2" ]; }
is_object() { [ -f "$nodes/tree/$1" ] && [ ! -L "$nodes/tree/$1" ]; }
is_one_link() { [ -L "$nodes/tree/$1" ] || [ -L "$nodes/tree/$2" ]; }

# What is made is of who makes it, and who may not is told so.
owned()
{
	tree
	mkdir -m 755 "$nodes/tree/mine"
	mkdir -m 2775 "$work/tree/group"
	chgrp 12 "$work/tree/group"
	wait_for 5 [ -d "$nodes/tree/group" ]
	chmod 2777 "$work/tree/group"
	wait_for 5 has_rights group '0:12 777'
	echo root >"$nodes/tree/mine/file"
	as_nobody bash -c "umask 022; cd $nodes/tree; echo x >his; mkdir dir;
		echo y >dir/file; ln -s his link; echo g >group/file; chmod 600 his"
	[ "$(stat -c '%u:%g %a' "$work/tree/his")" = '65534:65534 600' ]
	[ "$(stat -c '%u:%g %a' "$work/tree/dir")" = '65534:65534 755' ]
	[ "$(stat -c '%u:%g' "$work/tree/link")" = '65534:65534' ]
	[ "$(stat -c '%u:%g %a' "$work/tree/group/file")" = '65534:12 644' ]
	wait_for 5 has_rights group/file '65534:12 644'
	expect 1 as_nobody bash -c "echo x >'$nodes/tree/mine/new'"
	said 'Permission denied'
	expect 1 as_nobody rm -f "$nodes/tree/mine/file"
	expect 1 as_nobody mv "$nodes/tree/mine" "$nodes/tree/his2"
	expect 1 as_nobody chmod 777 "$nodes/tree/mine"
	expect 1 as_nobody chown 0 "$nodes/tree/his"
	expect 0 as_nobody rm -rf "$nodes/tree/his" "$nodes/tree/dir" "$nodes/tree/link"
	[ -e "$work/tree/mine/file" ]
	[ ! -e "$work/tree/his" ] && [ ! -e "$work/tree/dir" ]
	# as the command line says, whoever it is of
	stop tree
	serve --mode 0664 --group 12
	echo x >"$nodes/tree/new"
	wait_for 5 has_rights new '0:12 664'
	expect 1 chmod 600 "$nodes/tree/new"
}

# confirmed N: a program that makes files and says of each when it is sure to stay
confirmed()
{
	python3 - "$@" <<-'END'
	import os, sys
	os.chdir(sys.argv[1])
	try:
	    for i in range(100000):
	        top = "d%d" % (i % 7)
	        os.makedirs(top, exist_ok=True)
	        with open("new", "w") as file:
	            file.write("%d\n" % i)
	            file.flush()
	            os.fsync(file.fileno())
	        os.rename("new", "%s/%d" % (top, i))
	        if i >= 10 and i % 3 == 0:
	            os.unlink("d%d/%d" % ((i - 10) % 7, i - 10))
	            print("-", i - 10, flush=True)
	        print("+", i, flush=True)
	except OSError as error:
	    print("end", error, flush=True)
	END
}

# After kill -9 the directory is as programs were told, but for the last call.
killed()
{
	local sign number last=
	tree --sync-interval 0
	confirmed "$nodes/tree" >"$work/told" &
	wait_for 20 grep -q '+ 20' "$work/told"
	crash tree
	wait $!
	grep -q '^end' "$work/told"
	while read -r sign number; do
		case $sign in
		+) echo "$number" >"$work/plain/$number"; last=$number ;;
		-) rm "$work/plain/$number" ;;
		esac
	done < <(grep -v end "$work/told")
	for number in "$work/plain"/*; do
		number=${number##*/}
		# the last removal may have been done, and not told of
		[ "$number" != $((last - 9)) ] || continue
		same "$work/plain/$number" "$work/tree/d$((number % 7))/$number"
	done
	# nothing but these is there, and what was under way
	[ "$(find "$work/tree" -type f | wc -l)" -le \
		$(($(ls "$work/plain" | wc -l) + 1)) ]
	serve
	rm -f "$nodes/tree/new"
	mv "$nodes/tree/d0" "$nodes/tree/e0"
	echo on >"$nodes/tree/e0/on"
	rm -r "$nodes/tree/d1"
	stop tree
	[ "$(<"$work/tree/e0/on")" = on ]
	[ ! -e "$work/tree/d1" ] && [ ! -e "$work/tree/d0" ]
}

# Others change the directory behind, while programs do so in the tree.
strewn()
{
	python3 - "$@" <<-'END'
	import os, random, shutil, sys
	os.chdir(sys.argv[1])
	chance = random.Random(int(sys.argv[2]))
	def path():
	    return "/".join(chance.choice("abcd") for _ in range(chance.randint(1, 3)))
	def make(path):
	    with open(path, "w") as file:
	        file.write(path)
	deeds = [make, make, os.mkdir, os.mkdir, os.unlink, os.rmdir,
	         lambda p: os.rename(p, path()), lambda p: os.rename(p, path()),
	         lambda p: os.symlink(path(), p), lambda p: os.chmod(p, 0o750),
	         lambda p: os.utime(p, (1e9, 1e9)), os.listdir]
	for _ in range(int(sys.argv[3])):
	    try:
	        chance.choice(deeds)(path())
	    except OSError:
	        pass
	END
}

# agree: the tree has what is behind it.
agree()
{
	[ "$(tells "$nodes/tree" found)" = "$(tells "$work/tree" found)" ] &&
		diff -r --no-dereference "$nodes/tree" "$work/tree" >/dev/null
}

mixed()
{
	local seed=$RANDOM deeds=400
	[ -z "${MACHVM_SOAK:-}" ] || deeds=5000
	echo "seed $seed"
	tree
	strewn "$nodes/tree" "$seed" "$deeds" &
	strewn "$nodes/tree" $((seed + 1)) "$deeds" &
	strewn "$work/tree" $((seed + 2)) $((deeds / 2)) &
	wait
	sync
	wait_for 20 agree
	stop tree
}

# Names of one file that others have made: one of them is the object, by whatever.
linked()
{
	tree
	echo data >"$work/tree/one"
	mkdir "$work/tree/sub"
	ln "$work/tree/one" "$work/tree/sub/two"
	wait_for 5 is_one_link one sub/two
	mv "$nodes/tree/sub" "$nodes/tree/moved"
	wait_for 5 has moved/two data
	rm "$nodes/tree/one"
	wait_for 5 is_object moved/two
	has moved/two data
	echo more >>"$nodes/tree/moved/two"
	stop tree
	[ "$(<"$work/tree/moved/two")" = $'data\nmore' ]
	[ ! -e "$work/tree/one" ]
}

# Without privilege: what its user could do himself
unprivileged()
{
	tree
	stop tree
	chown -R 65534:65534 "$work/tree"
	chmod 755 "$work/tree"
	chmod 666 /dev/machvm
	mkdir -m 777 "$work/pid"
	# names in it that were killed are root's for a while
	claims 0
	as_nobody machpagerd --name tree --dir "$work/tree" --writable \
		--threads 1 --pidfile "$work/pid/tree.pid" 9>&-
	claims 60
	chmod 600 /dev/machvm
	ln -s "$work/pid/tree.pid" "$work/tree.pid"
	as_nobody bash -c "cd $nodes/tree; mkdir a; echo x >a/x; mv a b; umask 0777;
		echo closed >closed; ln -s b/x c"
	expect 1 bash -c "echo root >'$nodes/tree/of-root'"
	said 'not permitted'
	stop tree
	rm "$work/tree.pid"
	[ "$(cat "$work/tree/c")" = x ]
	[ "$(<"$work/tree/closed")" = closed ]
	[ ! -e "$work/tree/of-root" ]
}

# More unlinked files than may be open at once: the last is refused, and is still there.
crowded()
{
	tree
	stop tree
	(ulimit -n 64 && serve)
	python3 - "$nodes/tree" <<-'END'
	import errno, os, sys
	os.chdir(sys.argv[1])
	fds = []
	for i in range(100):
	    fds.append(os.open("f%d" % i, os.O_CREAT | os.O_RDWR))
	    os.write(fds[i], b"%d" % i)
	    try:
	        os.unlink("f%d" % i)
	    except OSError as error:
	        assert error.errno == errno.ENFILE, error
	        break
	assert 4 < i < 64, i
	for j, fd in enumerate(fds):
	    assert os.pread(fd, 10, 0) == b"%d" % j
	    os.close(fd)
	assert os.listdir(".") == ["f%d" % i]
	for j in range(200):
	    os.close(os.open("g", os.O_CREAT | os.O_RDWR))
	    os.unlink("g")
	END
	rm "$nodes/tree"/f*
	stop tree
	[ "$(ls -A "$work/tree")" = '' ]
}

check programs programmed
check killed killed
check mixed mixed
check owned owned
check linked linked
check unprivileged unprivileged
check crowded crowded
soak git by_git
soak sqlite by_sqlite
soak gcc by_gcc
finish
