#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# limit: 700
# Loading and unloading.
. "$(dirname "$0")/lib.sh"

module=$project/build/$(uname -r)/machvm.ko

load()
{
	insmod "$module"
	wait_for 5 [ -c /dev/machvm ]
}

reload()
{
	unload
	load
	mount_objects
}

# The module complains when it goes and a frame, a structure or a reference is left.
often()
{
	local i rounds=16
	[ -f "$module" ] || skip "no $module"
	[ ! "${MACHVM_SOAK:-}" ] || rounds=200
	rounds=$((rounds / ${MACHVM_SLOW:-1}))
	store data 256k
	for ((i = 0; i < rounds; i++)); do
		reload
		[ $((i % 3)) = 0 ] || continue
		pager data "$work/data"
		same "$nodes/data" "$work/data"
		if [ $((i % 6)) = 0 ]; then stop data; else crash data; fi
	done
}

# holds PID WHAT: the last command has told so.
holds() { grep -Eq "^ *$1 .* [1-9][0-9]* +[0-9]+ $2\$" "$work/out"; }

used()
{
	local file
	[ -f "$module" ] || skip "no $module"
	store data 256k
	file=$work/data
	pager data "$file"
	expect 1 rmmod machvm
	said 'in use'
	expect 0 vminfo --users
	pid_of data
	holds "$pid" /dev/machvm
	# The pager's own descriptor is told by the name that it has published.
	holds "$pid" "$nodes/data"
	same "$nodes/data" "$file"
	# An open object keeps it, too.
	exec 5<"$nodes/data"
	expect 0 vminfo --users
	holds $BASHPID "$nodes/data"
	rm "$nodes/data"
	expect 0 vminfo --users
	holds "$pid" 'object without a name'
	stop data
	expect 32 umount "$nodes"
	said 'busy'
	umount -l "$nodes"
	expect 1 rmmod machvm
	said 'in use'
	expect 0 vminfo --users
	holds $BASHPID '.*'
	exec 5<&-
	expect 0 vminfo --users
	[ "$(wc -l <"$work/out")" = 1 ]
	reload
	[ ! -e "$nodes/data" ]
}

# mounted_by PID WHERE: vminfo tells so.
mounted_by()
{
	expect 0 vminfo --users
	grep -Eq "^ *$1 .* 0 +0 mount on $2\$" "$work/out" ||
		fail "no mount on $2: $(<"$work/out")"
}

# Nothing but a mount: here, and where only another process sees it.
mounted()
{
	local pid
	[ -f "$module" ] || skip "no $module"
	expect 1 rmmod machvm
	said 'in use'
	mounted_by '[0-9]+' "$nodes"
	unshare --mount bash -c '
		mount --make-rprivate /
		echo >"$0"
		exec cat <"$1"' "$work/ready" "$work/never" & pid=$!
	wait_for 20 [ -e "$work/ready" ]
	umount "$nodes"
	expect 1 rmmod machvm
	said 'in use'
	mounted_by $pid "$nodes"
	kill $pid
	wait $pid || true
	wait_for 5 rmmod machvm
	load
	# no object, no mount: nothing keeps it
	wait_for 5 rmmod machvm
	load
	mount -t machobj -o nosuid,nodev,mode=0750,gid=12 machobj "$nodes"
	[ "$(stat -c '%a %u:%g' "$nodes")" = '750 0:12' ]
	unmount_objects
	[ -d /sys/fs/machobj ]
	mount -t machobj -o nosuid,nodev machobj /sys/fs/machobj
	mount_objects
	[ "$(stat -c %a "$nodes")" = 1777 ]
	# twice at one place would be one mount that hides the other
	expect 32 mount -t machobj machobj "$nodes"
	umount /sys/fs/machobj
}

# A pager alone keeps it, and its objects show when somebody mounts.
unmounted()
{
	[ -f "$module" ] || skip "no $module"
	store data 256k
	pager data "$work/data"
	umount "$nodes"
	[ ! -e "$nodes/data" ]
	expect 1 rmmod machvm
	said 'in use'
	mount_objects
	same "$nodes/data" "$work/data"
	stop data
}

# After a death in the middle of its work.
killed()
{
	local i pid
	[ -f "$module" ] || skip "no $module"
	store data 1M
	for i in 1 2 3; do
		pager data "$work/data" --cluster 4k "$@"
		cat "$nodes/data" >/dev/null 2>&1 & pid=$!
		dd if=/dev/zero of="$nodes/data" bs=64k count=2 conv=notrunc \
			status=none
		crash data
		wait_for 2 gone $pid
		reload
	done
}

# Memory is given back: what a round leaves does not grow with the rounds.
# Linux keeps some of what was freed in lists of the processors.
free_kib()
{
	awk '/MemFree|^Cached|^Buffers|SReclaimable/ { n += $2 }
		$1 == "count:" { n += 4 * $2 } END { print n }' \
		/proc/meminfo /proc/zoneinfo
}

# A page that a pipe still has when the module has gone is Linux's to free.
outlived()
{
	local pid
	[ -f "$module" ] || skip "no $module"
	cat >"$work/pipe.py" <<-'END'
	import ctypes, fcntl, os, struct, sys, time
	PAGE, WINDOW, RW, SHARED, ALLOCATE = 4096, 1 << 20, 3, 1, 0xc018b720
	libc = ctypes.CDLL(None, use_errno=True)
	libc.mmap.restype = ctypes.c_void_p
	libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int,
			      ctypes.c_int, ctypes.c_int, ctypes.c_long]
	libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
	task = os.open("/dev/machvm", os.O_RDWR)
	at = libc.mmap(None, WINDOW, RW, SHARED, task, 0)
	fcntl.ioctl(task, ALLOCATE, struct.pack("=IIQQ", 24, 0, at, PAGE))
	ctypes.memmove(at, b"outlives", 8)
	ends = os.pipe()
	page = struct.pack("=QQ", at, PAGE)
	assert libc.vmsplice(ends[1], page, ctypes.c_size_t(1), 0) == PAGE
	assert not libc.munmap(at, WINDOW)
	os.close(task)
	open(sys.argv[1], "w").close()
	while not os.path.exists(sys.argv[2]):
	    time.sleep(0.05)
	assert os.read(ends[0], 8) == b"outlives"
	END
	python3 "$work/pipe.py" "$work/spliced" "$work/go" & pid=$!
	wait_for 20 [ -e "$work/spliced" ]
	unload
	echo >"$work/go"
	wait $pid
	! dmesg | grep 'Bad page' || fail 'a page goes to Linux with a name'
	load
	mount_objects
}

# Three rounds leave as much free as one.
leak()
{
	local i before after
	[ -f "$module" ] || skip "no $module"
	store data 16M
	for i in 0 1 2 3; do
		pager data "$work/data"
		same "$nodes/data" "$work/data"
		crash data
		[ $i != 0 ] || { reload; before=$(free_kib); }
	done
	reload
	after=$(free_kib)
	[ $((before - after)) -lt 16384 ] ||
		fail "$((before - after)) KiB less free after three rounds of 16 MiB"
}

# The limit holds at once, and more than it is read through it.
pool_max()
{
	local file=/sys/module/machvm/parameters/pool_max was
	was=$(<"$file")
	[ "$was" -ge 4 ] || fail "the limit is $was MiB"
	! echo 3 >"$file" || fail "3 MiB were taken"
	dmesg | tail -n 5 | grep 'pool_max is 3: it has to be from 4 to' ||
		fail "the log does not say what would be right"
	! echo 99999999 >"$file" || fail "too many MiB were taken"
	[ "$(<"$file")" = "$was" ] || fail "a bad limit was kept"
	store data 16M
	pager data "$work/data"
	same "$nodes/data" "$work/data"
	echo 8 >"$file"
	same "$nodes/data" "$work/data"
	echo "$was" >"$file"
	same "$nodes/data" "$work/data"
	stop data
}

log()
{
	local file before after
	store data 64k
	file=$work/data
	before=$(dmesg | grep -c 'machvm.*deprecated' || true)
	pager data "$file" --single-page
	same "$nodes/data" "$file"
	after=$(dmesg | grep -c 'machvm.*deprecated')
	[ $((after - before)) = 1 ] || fail "$((after - before)) lines in the log"
	stop data
	pager data "$file"
	same "$nodes/data" "$file"
	[ "$(dmesg | grep -c 'machvm.*deprecated')" = "$after" ]
}

limit=$((limit * 6))
check often often
limit=$((limit / 6))
check used used
also mounted mounted
also unmounted unmounted
also killed-ring killed --transport ring
also killed-ioctl killed --transport ioctl
check outlived outlived
also leak leak
also pool-max pool_max
also deprecated log
finish
