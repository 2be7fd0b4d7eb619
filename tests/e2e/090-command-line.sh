#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# limit: 300
# The daemon's command line: what it says, and how it ends.
. "$(dirname "$0")/lib.sh"

usage_error()
{
	expect 2 machpagerd "$@"
	[ -s "$work/out" ]
	[ ! -e "$nodes/cl" ]
}

wrong()
{
	local file
	store data 8192
	file=$work/data
	usage_error
	usage_error --name cl
	usage_error --file "$file" --size 8k --dir "$work"
	usage_error --name cl --file "$file" --unknown
	usage_error --name cl --file "$file" --cluster 3000
	usage_error --name cl --file "$file" --cluster 2M
	usage_error --name cl --file "$file" --cluster 64q
	usage_error --name cl --file "$file" --threads 0
	usage_error --name cl --file "$file" --depth 257
	usage_error --name cl --file "$file" --mode 9
	usage_error --name cl --file "$file" --mode 01777
	usage_error --name cl --file "$file" --owner no-such-user
	usage_error --name cl --file "$file" --transport pigeon
	usage_error --name cl --file "$file" --size -1
	usage_error --name cl --file "$file" extra
	usage_error --name '' --file "$file"
	usage_error --name .. --file "$file"
	usage_error --name a//b --file "$file"
	usage_error --name /a --file "$file"
	usage_error --name a/.. --file "$file"
	usage_error --name "$(printf 'n%.0s' {1..256})" --file "$file"
}

# complains TEXT OPTION VALUE: it says what would be right.
complains()
{
	usage_error --name cl --file "$work/data" "$2" "$3"
	said "$2 $3: not $1"
}

messages()
{
	store data 8192
	complains "a user: give a name that 'getent passwd' knows" --owner nosuch
	complains "a group: give a name that 'getent group' knows" --group nosuch
	complains 'a user' --owner -1
	complains 'at least one byte: leave it out' --size 0
	complains 'a size such as' --size 64q
	complains 'a size such as' --size 1048577T
	complains 'a plain number of seconds from 1' --deadline 5s
	complains 'a plain number of seconds from 1' --deadline 0
	complains 'a plain number of seconds from 0' --sync-interval ' 5'
	complains 'a plain number of threads from 1 to 64' --threads two
	complains 'a power of two from 4k to 1M' --cluster 0
}

# Longer than the module lets anybody wait.
long_deadline()
{
	store data 8192
	expect 4 machpagerd --name cl --file "$work/data" --deadline 31
	said 'allows no deadline of 31 s'
	said 'parameters/deadline_max'
}

# The example, without and with the right to be a task.
mach_walk()
{
	expect 1 as_nobody mach-walk
	said '/dev/machvm: Permission denied'
	said 'group machvm'
	expect 0 mach-walk
	said 'written by the program'
}

help()
{
	expect 0 machpagerd --help
	said --cluster
	expect 0 machpagerd --version
}

taken()
{
	local file
	store data 8192
	file=$work/data
	pager data "$file"
	store other 8192
	expect 5 machpagerd --name data --file "$work/other"
	said "$nodes/data"
	same "$nodes/data" "$file"
	stop data
	pager data "$file"
}

longest()
{
	local file name
	store data 8192
	file=$work/data
	name=$(printf 'n%.0s' {1..250})
	pager "$name" "$file"
	same "$nodes/$name" "$file"
}

# In the foreground, as a service manager likes it.
foreground()
{
	local file pid
	store data 8192
	file=$work/data
	machpagerd --foreground --name data --file "$file" >"$work/log" 2>&1 &
	pid=$!
	wait_for 10 [ -f "$nodes/data" ]
	same "$nodes/data" "$file"
	kill -INT $pid
	wait $pid || fail "status $? after SIGINT: $(cat "$work/log")"
	[ ! -e "$nodes/data" ]
}

# modify NAME: a page of the object, and not yet of the file.
modify()
{
	head -c 4096 /dev/urandom >"$work/new"
	dd if="$work/new" of="$nodes/$1" bs=4k conv=notrunc status=none
	! cmp -s -n 4096 "$work/new" "$work/$1" || fail "it is in the file already"
}

# None but SIGKILL loses what was modified.
signals()
{
	local signal pid
	store data 65536
	for signal in TERM INT QUIT USR2 ALRM VTALRM PROF IO PWR STKFLT XCPU \
		RTMIN RTMAX; do
		pager data "$work/data" --sync-interval 0
		modify data
		pid_of data
		kill "-$signal" "$pid"
		wait_for 20 gone "$pid"
		cmp -n 4096 "$work/new" "$work/data" || fail "lost by SIG$signal"
		[ ! -e "$work/data.pid" ] || fail "no orderly end by SIG$signal"
	done
	pager data "$work/data" --sync-interval 0
	for signal in HUP USR1; do
		modify data
		signal data "$signal"
		wait_for 20 cmp -n 4096 "$work/new" "$work/data"
	done
	for signal in PIPE XFSZ CHLD WINCH URG CONT; do
		signal data "$signal"
	done
	same "$nodes/data" "$work/data"
	stop data
}

pidfile()
{
	local file pid
	store data 8192
	file=$work/data
	pager data "$file"
	pid_of data
	[ "$(<"/proc/$pid/comm")" = machpagerd ]
	stop data
	[ ! -e "$work/data.pid" ]
}

check wrong wrong
check messages messages
check long-deadline long_deadline
check mach-walk mach_walk
check help help
check taken taken
check longest longest
check foreground foreground
check pidfile pidfile
also signals signals
finish
