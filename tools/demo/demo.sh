#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A demonstration: a file becomes a memory object, and ordinary programs use it.
set -euo pipefail

project=$(cd "$(dirname "$0")/../.." && pwd)
PATH=$project/build/bin:/usr/sbin:/sbin:$PATH
jobs=$project/tools/fio
mib=64
transport=auto
node=/dev/machobj/demo
dir=
step=0
steps=9

usage()
{
	cat <<-END
	usage: tools/demo/demo.sh [--size MIB] [--transport auto|ring|ioctl]

	Serves a text file of MIB (default $mib, at least 64) MiB as a memory object
	and shows that cmp, grep, fio and dd work on it as on the file, that what
	they write comes to the file, and what it costs. Needs root, the module
	machvm, fio, and what 'make' has built; 'make demo' gives it a machine.

	Exit status: 0 if every step was right, 1 if not, 2 for wrong usage.
	END
}

parse()
{
	while [ $# -gt 0 ]; do
		case $1 in
		--size) mib=${2:?} && shift ;;
		--transport) transport=${2:?} && shift ;;
		-h | --help) usage; exit 0 ;;
		*) usage >&2; exit 2 ;;
		esac
		shift
	done
	[[ $mib =~ ^[0-9]+$ ]] || mib=0
	[ "$mib" -ge 64 ] || { usage >&2; exit 2; }
}

need()
{
	local program
	[ "$EUID" = 0 ] || die "must be root; try 'make demo'"
	[ -c /dev/machvm ] ||
		die "no /dev/machvm: load the module (modprobe machvm), or run 'make demo'"
	for program in machpagerd machbench; do
		command -v $program >/dev/null || die "no $program: run 'make'"
	done
	command -v fio >/dev/null || die "no fio: apt-get install fio"
}

die() { echo "demo: $*" >&2; exit 1; }

# say WHAT: the next step begins.
say()
{
	step=$((step + 1))
	printf '\n[%d/%d] %s\n' $step $steps "$*"
	start=${EPOCHREALTIME/./}
}

# good TEXT: the step was right.
good()
{
	local us=$((${EPOCHREALTIME/./} - start))
	printf '      ok: %s (%d.%d s)\n' "$*" \
		$((us / 1000000)) $((us / 100000 % 10))
}

bad() { printf '      FAILED: %s\n' "$*"; exit 1; }

# run COMMAND...: quietly, unless it fails.
run()
{
	"$@" >"$dir/said" 2>&1 || {
		sed 's/^/      | /' "$dir/said"
		bad "$* (status $?)"
	}
}

cleanup()
{
	local status=$?
	[ ! -s "$dir/pid" ] || kill -KILL "$(<"$dir/pid")" 2>/dev/null || true
	rm -rf "$dir"
	[ $status = 0 ] || echo "demo: FAILED"
}

# The licenses and this project's own text, doubled until it is enough, each
# time under a new heading, so that no two pages are alike.
make_text()
{
	local round=0
	cat /usr/share/common-licenses/* "$project"/README* "$project"/docs/* \
		"$project"/kmod/*/*.[ch] "$project"/userpager/*/*.[ch] \
		>"$dir/store" 2>/dev/null || true
	bytes=$(stat -c %s "$dir/store")
	[ "$bytes" -ge 100000 ] || bad "found only $bytes bytes of text"
	until [ "$bytes" -ge $((mib * 1048576)) ]; do
		round=$((round + 1))
		{ echo; echo "==== $round ===="; } >"$dir/heading"
		cat "$dir/store" "$dir/heading" "$dir/store" >"$dir/twice"
		mv "$dir/twice" "$dir/store"
		bytes=$(stat -c %s "$dir/store")
	done
	truncate -s "${mib}M" "$dir/store"
	printf '\na needle in %d MiB of hay\n' "$mib" >>"$dir/store"
}

pager()
{
	run machpagerd --name demo --file "$dir/store" --pidfile "$dir/pid" \
		--transport "$transport" "$@"
	[ -f "$node" ] || bad "machpagerd did not make $node"
}

stop_pager()
{
	local pid end=$((SECONDS + 30))
	pid=$(<"$dir/pid")
	kill -TERM "$pid"
	while kill -0 "$pid" 2>/dev/null; do
		[ $SECONDS -lt $end ] || bad "machpagerd does not end"
		sleep 0.05
	done
	[ ! -e "$node" ] || bad "$node outlives its pager"
}

# job FIELD SIZE JOB: run fio's job on the object. Sets $figures, from what fio
# says from FIELD of its line on: KiB a second, operations a second.
job()
{
	export MACHVM_NODE=$node MACHVM_SIZE=$2
	run fio --output-format=terse --terse-version=3 "$jobs/$3.fio"
	figures=$(awk -F ';' -v f="$1" 'NF > 50 {
		printf "%.1f MB/s, %d operations/s", $f / 1024, $(f + 1) }' \
		"$dir/said")
	[ "$figures" ] || bad "fio gave no figures: $(cat "$dir/said")"
}

demo_text()
{
	say "A text file of $mib MiB"
	make_text
	bytes=$(stat -c %s "$dir/store")
	good "$dir/store, $bytes bytes, $(((bytes + 4095) / 4096)) pages"
}

demo_start()
{
	say "machpagerd serves it as the memory object $node"
	pager --cluster 256k
	good "$(ls -l "$node")"
}

demo_cmp()
{
	say "cmp $node with the file"
	run cmp "$node" "$dir/store"
	good "all $bytes bytes are the same"
}

demo_grep()
{
	local found
	say "grep in $node"
	found=$(grep -ac '' "$node")
	[ "$found" = "$(grep -ac '' "$dir/store")" ] ||
		bad "$found lines, not as many as in the file"
	grep -aq "^a needle in $mib MiB of hay$" "$node" ||
		bad "the last line was not found"
	good "$found lines, and the needle in the last"
}

demo_random()
{
	stop_pager
	pager --cluster 4k
	say "fio: random reads through mmap, nothing in memory, 4 KiB clusters"
	job 7 32M rand-read
	good "$figures"
}

demo_sequential()
{
	stop_pager
	pager --cluster 256k --sync-interval 0
	say "fio: sequential reads through mmap, nothing in memory, 256 KiB clusters"
	job 7 "${mib}M" seq-read
	good "$figures"
}

demo_write()
{
	say "fio: random writes through mmap, msync, and verifying them"
	job 48 16M write-verify
	good "$figures, 16 MiB verified in the object"
}

demo_durable()
{
	say "The pager is killed: what fsync has confirmed must be in the file"
	printf 'written through the object' |
		dd of="$node" oflag=seek_bytes seek=$((20 * 1048576)) \
			conv=notrunc,fsync status=none
	kill -KILL "$(<"$dir/pid")"
	[ "$(dd if="$dir/store" iflag=skip_bytes,count_bytes status=none \
		skip=$((20 * 1048576)) count=26)" = 'written through the object' ] ||
		bad "the file does not have what was written"
	MACHVM_NODE=$dir/store MACHVM_SIZE=16M run fio --verify_only \
		"$jobs/write-verify.fio"
	[ "$(stat -c %s "$dir/store")" = "$bytes" ] || bad "the file's size changed"
	good "the file has it, and fio verifies its 16 MiB there"
}

demo_speed()
{
	say "Speed beside userfaultfd and the kernel's own mmap"
	rm -f "$dir/store"
	machbench --quick --file "$dir/bench" >"$dir/table" ||
		bad "machbench failed"
	cat <<-'END'
	      cold-seq: each page once, in order; only the file is in Linux's cache
	      cold-rand: the same, shuffled, and asked for page by page
	      warm-seq: pages that are in memory, mapped anew
	END
	sed -n '/ medians;/,$s/^/      /p' "$dir/table"
	! grep -q 'QEMU TCG' /proc/cpuinfo ||
		echo "      (emulated, times mean little: docs/performance.md has counts)"
	good "every page was checked"
}

parse "$@"
need
dir=$(mktemp -d /tmp/machvm-demo-XXXXXX)
trap cleanup EXIT
echo "machvm: Mach's memory objects on Linux $(uname -r)"
demo_text
demo_start
demo_cmp
demo_grep
demo_random
demo_sequential
demo_write
demo_durable
demo_speed
printf '\nAll %d steps were right.\n' $steps
