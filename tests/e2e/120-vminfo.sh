#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# limit: 300
# vminfo: what people and programs read from it, of a live process that makes
# its entries by the shared library.
. "$(dirname "$0")/lib.sh"

# Waits until it is killed. Its entries: 4 pages of which the second may be read
# only, with a behavior; a hole of a page; and 2 pages of the object, shared.
cat >"$work/task.py" <<'END'
import ctypes, os, sys, time

mach = ctypes.CDLL(sys.argv[1] + "/build/lib/libmachvm.so")
PAGE, ANYWHERE, SHARE, COPY = 4096, 1, 0, 1

def call(name, *arguments):
    got = getattr(mach, name)(*arguments)
    if got:
        sys.exit("%s gives %d" % (name, got))

def number(value):
    return ctypes.c_ulong(value)

task = mach.mach_task_self()
base = ctypes.c_ulong()
call("vm_allocate", task, ctypes.byref(base), number(7 * PAGE), ANYWHERE)
at = base.value
call("vm_deallocate", task, number(at + 4 * PAGE), number(3 * PAGE))
ctypes.memset(at, 1, 3 * PAGE)
call("vm_protect", task, number(at + PAGE), number(PAGE), 1, 1)
call("vm_behavior_set", task, number(at + PAGE), number(PAGE), 1)
node = os.open(sys.argv[2], os.O_RDWR)
place = ctypes.c_ulong(at + 5 * PAGE)
call("vm_map", task, ctypes.byref(place), number(2 * PAGE), number(0), 0, node,
     number(8 * PAGE), 0, 3, 7, SHARE)
with open(sys.argv[3] + ".new", "w") as file:
    print(at, file=file)
os.rename(sys.argv[3] + ".new", sys.argv[3])
time.sleep(1000)
END

# Sets $task, its process, and $at, where its entries are.
task()
{
	store data 64k
	[ -f "$nodes/data" ] || pager data "$work/data"
	rm -f "$work/at"
	python3 "$work/task.py" "$project" "$nodes/data" "$work/at" & task=$!
	wait_for 20 [ -s "$work/at" ]
	at=$(<"$work/at")
}

hex() { printf '%#x' "$1"; }

# As the Hurd's prints it; a mapped object has a number and an offset.
text()
{
	local want
	task
	expect 0 vminfo "$task"
	for want in "$(hex "$at")[0x1000] (prot=RW, max_prot=RWX" \
		"$(hex $((at + 4096)))[0x1000] (prot=R, behavior=random" \
		"$(hex $((at + 8192)))[0x2000] (prot=RW, max_prot=RWX" \
		"$(hex $((at + 20480)))[0x2000] (prot=RW, max_prot=RWX, inherit=share, mem_obj=" \
		', offs=0x8000, refs=' \
		'total 4 entries, 24 KiB: 0 KiB without access, 0 KiB wired'; do
		said "$want"
	done
	[ "$(grep -c prot= "$work/out")" = 4 ]
	expect 0 vminfo --decimal --sizes "$task"
	[ "$(tr -d '\n' <"$work/out" | tr -s ' ')" = ' 4096 4096 8192 8192' ]
}

# What is reserved has no access, though it may get some.
reserved()
{
	local walk
	mach-walk --wait >"$work/walk" & walk=$!
	wait_for 20 grep -q "^'vminfo" "$work/walk"
	expect 0 vminfo "$walk"
	said 'prot=0, max_prot=RW'
	said 'total 4 entries, 68 KiB: 56 KiB without access, 0 KiB wired'
	kill "$walk"
}

holes()
{
	task
	expect 0 vminfo --holes "$task" "$at" 24576
	said '[0x1000] (hole)'
	[ "$(grep -c hole "$work/out")" = 1 ]
	expect 0 vminfo --holes "$task"
	[ "$(grep -c hole "$work/out")" -ge 2 ]
}

# Only what is at an address, or in a range
range()
{
	task
	expect 0 vminfo -a "$task" $((at + 4097))
	[ "$(<"$work/out")" = "$(hex $((at + 4096)))" ]
	expect 0 vminfo -a "$task" "$(hex $((at + 4 * 4096)))"
	[ ! -s "$work/out" ]
	expect 0 vminfo -a "$task" "$at" 4096
	[ "$(wc -l <"$work/out")" = 2 ]
	expect 0 vminfo -a "$task" 0 0xffffffffffffffff
	[ "$(wc -l <"$work/out")" = 4 ]
}

# JSON that parses, with all that the header has and nothing else.
json()
{
	task
	vminfo --json "$task" >"$work/json"
	[ "$(wc -l <"$work/json")" = 1 ]
	expect 0 python3 - "$project/include/uapi/linux/mach_task.h" \
		"$work/json" "$task" "$at" <<-'END'
		import json, re, sys
		header = open(sys.argv[1]).read()
		text = json.load(open(sys.argv[2]))
		pid, at = int(sys.argv[3]), int(sys.argv[4])
		def fields(name, without):
		    body = re.search(r"struct %s \{(.*?)\n\}" % name, header, re.S)
		    return set(re.findall(r"(\w+);", body[1])) - set(without)
		assert text["pid"] == pid and len(text["tasks"]) == 1, text
		task = text["tasks"][0]
		info, entries = task["info"], task["entries"]
		assert set(info) == fields("mach_task_info", ["size", "reserved"])
		for e in entries:
		    assert set(e) == fields("mach_task_region", ["size", "flags", "name"])
		assert info["pid"] == pid and info["entries"] == len(entries) == 4
		assert info["mapped"] == sum(e["length"] for e in entries) == 24576
		assert [e["address"] - at for e in entries] == [0, 4096, 8192, 20480]
		assert [e["protection"] for e in entries] == [3, 1, 3, 3]
		assert entries[3]["offset"] == 32768 and entries[3]["references"] > 1
		assert entries[0]["object"] != entries[3]["object"] > 0
	END
}

# A child that keeps the parent's task shows it, with whose it is.
several()
{
	task
	python3 - "$task" "$work/ready" <<-'END' &
		import os, sys, time
		pidfd = os.pidfd_open(int(sys.argv[1]))
		for number in map(int, os.listdir("/proc/%s/fd" % sys.argv[1])):
		    if os.readlink("/proc/%s/fd/%d" % (sys.argv[1], number)) == "/dev/machvm":
		        import ctypes
		        fd = ctypes.CDLL(None).syscall(438, pidfd, number, 0)
		        os.dup(fd)
		open(sys.argv[2], "w").close()
		time.sleep(1000)
	END
	wait_for 20 [ -e "$work/ready" ]
	expect 0 vminfo $!
	said "task of process $task:"
	[ "$(grep -c 'total 4 entries' "$work/out")" = 1 ] || fail 'shown twice'
}

refusals()
{
	local arguments none=4194304
	task
	expect 1 vminfo $$
	said "process $$ has no task"
	expect 1 vminfo "$none"
	said "no process $none"
	expect 1 as_nobody "$project/build/bin/vminfo" "$task"
	said 'be root'
	expect 1 vminfo 0
	for arguments in '' --unknown '1x' '-1' '-- -1' "$task x" "$task 1 y" \
		"$task 1 2 3" "$task -1"; do
		# shellcheck disable=SC2086
		expect 2 vminfo $arguments
		[ -s "$work/out" ]
	done
	expect 1 bash -c "vminfo $task >/dev/full"
	said 'No space left'
	expect 0 vminfo --help
	said --json
	expect 0 vminfo --version
	# a pager has no window
	pid_of data
	expect 1 vminfo "$pid"
	said 'has no task'
}

check text text
check reserved reserved
check holes holes
check range range
check json json
check several several
check refusals refusals
finish
