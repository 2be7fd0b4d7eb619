# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For the end-to-end scripts: real programs against machpagerd, in the test
# machine. A script defines functions and runs each by "check NAME FUNCTION
# [ARGUMENT...]", or by "also ..." what is left out with MACHVM_BRIEF, where each
# of them takes a minute, or by "soak ..." what runs with MACHVM_SOAK alone; the last
# line is "finish".
#
# Under emulation a command takes a tenth of a second to start: what the shell
# can do itself it does.
set -euo pipefail

e2e_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
project=$(cd "$e2e_dir/../.." && pwd)
script=${0##*/}
script=${script%.sh}
PATH=$project/build/bin:/usr/sbin:/sbin:$PATH
nodes=/dev/machobj
limit=$((60 * ${MACHVM_SLOW:-1}))	# seconds for one check
failed=0

case ${1-} in
-h | --help)
	echo "usage: $0"
	echo "Runs these end-to-end tests; needs root, the module machvm and what"
	echo "'make' has built. 'tests/vm/run -- $0' has a machine for it."
	exit 0 ;;
esac
[ "$EUID" = 0 ] || { echo "$0: must be root" >&2; exit 2; }
[ -c /dev/machvm ] || { echo "$0: no /dev/machvm, load the module" >&2; exit 2; }
# What goes wrong outside of a check ends it all, but not without a word.
trap 'echo "not ok $script: line $LINENO: $BASH_COMMAND"' ERR
set -E
# shellcheck source=tests/vm/objects.sh
. "$project/tests/vm/objects.sh"
work=$(mktemp -d "/tmp/machvm-$script-XXXXXX")
chmod 755 "$work"
mkfifo "$work/never"
exec 9<>"$work/never"

# tells PLACE COMMAND...: what it says there
tells()
{
	(
		cd "$1" || exit
		shift
		"$@"
	) 2>&1
}

# tells_alike MODEL PLACE COMMAND...: it says in PLACE what it says in MODEL.
tells_alike()
{
	local model=$1 place=$2
	shift 2
	tells "$model" "$@" >"$work/said1" ||
		fail "in $model: $*: $(tail -n 1 "$work/said1")"
	tells "$place" "$@" >"$work/said2" ||
		fail "$*: status $?: $(tail -n 1 "$work/said2")"
	cmp "$work/said1" "$work/said2" || {
		diff -a "$work/said1" "$work/said2" | head -n 10
		fail "not as in $model: $*"
	}
}

# nap [SECONDS]: a short sleep
nap() { read -rt "${1:-0.03}" -u 9 || true; }

now() { echo "${EPOCHREALTIME/./}"; }

# gone PID: it has ended; bash does not always notice when a child of it does.
gone()
{
	local stat
	read -r stat 2>/dev/null <"/proc/$1/stat" || return 0
	stat=${stat##*) }
	[ "${stat%% *}" = Z ]
}

# tree PID: it and its descendants, one a line: what each is and waits in. They
# may end meanwhile.
tree()
(
	trap - ERR
	set +e
	exec 2>/dev/null
	[ -e "/proc/$1/exe" ] || exit 0
	echo "$1 $(tr '\0' ' ' <"/proc/$1/cmdline")" \
		"$(sed -n 's/^State:\t//p' "/proc/$1/status")" \
		"$(sed 's/.* //; s/+.*//' "/proc/$1/stack" | tr '\n' ' ')"
	for child in $(<"/proc/$1/task/$1/children"); do
		[ "$child" = "$BASHPID" ] || tree "$child"
	done
	exit 0
)

# Where everybody is who runs a program, when something hangs. They may end meanwhile.
show_stacks()
{
	local task
	for task in /proc/[0-9]*/task/[0-9]*; do
		[ -e "$task/exe" ] || continue
		echo "$task $(<"$task/comm"):" || true
		cat "$task/stack" || true
	done 2>/dev/null
}

# Sets $status: how the process group ended, 124 if it was not in time.
await()
{
	local end=$((SECONDS + limit))
	until gone "$1"; do
		[ $SECONDS -lt $end ] || {
			show_stacks
			echo "no end after $limit s"
			kill -KILL -- "-$1" 2>/dev/null || true
			wait "$1" 2>/dev/null || true
			status=124
			return
		}
		nap 0.1
	done
	status=0
	wait "$1" || status=$?
}

# end_group PID: what a check that failed has left running.
end_group()
{
	local tries
	for ((tries = 0; tries < 300; tries++)); do
		kill -KILL -- "-$1" 2>/dev/null || return 0
		nap
	done
	echo "processes of group $1 cannot be killed"
	status=1
}

# Each function runs by itself with set -e; what it says is shown if it fails.
check()
{
	local name=$script/$1 status why pid start
	shift
	start=$SECONDS
	set -m
	(
		set +m
		trap 'echo "line $LINENO: $BASH_COMMAND"' ERR
		set -E
		"$@"
	) >"$work/said" 2>&1 </dev/null &
	pid=$!
	set +m
	await "$pid" >>"$work/said"
	end_group "$pid" >>"$work/said"
	stop_all
	case $status in
	0) echo "ok $name" ;;
	77) echo "skip $name: $(tail -n 1 "$work/said")" ;;
	*)
		failed=1
		# it may have said nothing
		why=$(sed '/^$/d' "$work/said" | tail -n 3 | tr '\n' ';')
		echo "not ok $name: ${why:-status $status}"
		sed 's/^/# /' "$work/said" ;;
	esac
	[ $((SECONDS - start)) -lt 10 ] ||
		echo "# $name took $((SECONDS - start)) s"
}

also()
{
	[ "${MACHVM_BRIEF:-}" ] || check "$@"
}

soak()
{
	[ ! "${MACHVM_SOAK:-}" ] || check "$@"
}

finish()
{
	exit "$failed"
}

# To be called by tests.
fail() { echo "$*"; exit 1; }
skip() { echo "$*"; exit 77; }

# expect STATUS COMMAND...: it must end so; its output is in $work/out.
expect()
{
	local want=$1 status=0
	shift
	"$@" >"$work/out" 2>&1 || status=$?
	[ "$status" = "$want" ] || {
		cat "$work/out"
		fail "status $status, not $want, from: $*"
	}
}

# said TEXT: the command of the last expect has said this.
said()
{
	local text
	text=$(<"$work/out")
	case $text in
	*"$1"*) ;;
	*) fail "'$1' is missing in: $text" ;;
	esac
}

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for()
{
	local end=$((SECONDS + $1 * ${MACHVM_SLOW:-1} + 1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || fail "did not come true: $*"
		nap
	done
}

# unload: nobody sees or has an object any more.
unload()
{
	unmount_objects
	wait_for 5 rmmod machvm
}

same() { cmp "$1" "$2" || fail "$1 and $2 differ"; }

# store NAME BYTES: a file $work/NAME that has no two pages alike.
store() { head -c "$2" /dev/urandom >"$work/$1"; }

# pager NAME FILE [OPTION...]: serve it; returns when its file is there.
pager()
{
	local name=$1 file=$2
	shift 2
	machpagerd --name "$name" --file "$file" \
		--pidfile "$work/${name//\//+}.pid" "$@" 9>&-
	[ -f "$nodes/$name" ] || fail "machpagerd ended, but no $nodes/$name"
}

# Sets $pid.
pid_of() { pid=$(<"$work/${1//\//+}.pid"); }

# signal NAME SIGNAL
signal()
{
	local pid
	pid_of "$1"
	kill "-$2" "$pid"
}

# stop NAME: as its administrator would.
stop()
{
	local pid
	pid_of "$1"
	kill -TERM "$pid"
	wait_for 20 gone "$pid"
}

# crash NAME: without a word; returns when its file has gone.
crash()
{
	local pid
	pid_of "$1"
	kill -KILL "$pid"
	wait_for 2 [ ! -e "$nodes/$1" ]
	rm "$work/${1//\//+}.pid"
}

# What a test left running.
stop_all()
{
	local file pid
	for file in "$work"/*.pid; do
		[ -s "$file" ] || continue
		# one that ends by itself takes its file along
		pid=$(cat "$file" 2>/dev/null) || continue
		kill -KILL "$pid" 2>/dev/null || true
		wait_for 10 gone "$pid"
		rm -f "$file"
	done
}

cleanup()
{
	stop_all
	! mountpoint -q "$work/disk" || umount "$work/disk"
	rm -rf "$work"
}
trap cleanup EXIT

# A file system on a disk, so that O_DIRECT means something: $work/disk
disk()
{
	! mountpoint -q "$work/disk" || return 0
	modprobe -q loop || skip "no loop devices"
	truncate -s 48M "$work/disk.img"
	mkfs.ext4 -q -F "$work/disk.img"
	mkdir -p "$work/disk"
	mount -o loop "$work/disk.img" "$work/disk"
}

# claims SECONDS: for which names of pagers that were killed are their users' alone.
claims() { echo "$1" >/sys/module/machvm/parameters/claim_time; }

as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
