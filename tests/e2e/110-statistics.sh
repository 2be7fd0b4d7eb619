#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# limit: 300
# machvmstat: what people and programs read from it.
. "$(dirname "$0")/lib.sh"

header=$project/include/uapi/linux/mach_vm.h

# One number of the statistics, from JSON.
figure()
{
	local json
	json=$(machvmstat --json --summary)
	[[ $json =~ \"$1\":([0-9]+) ]] || fail "no $1 in $json"
	echo "${BASH_REMATCH[1]}"
}

summary()
{
	local in out
	store data 1M
	pager data "$work/data"
	in=$(figure pageins)
	same "$nodes/data" "$work/data"
	[ $(($(figure pageins) - in)) = 256 ] || fail "$(figure pageins) after $in"
	out=$(figure pageouts)
	dd if="$work/data" of="$nodes/data" bs=64k count=2 conv=notrunc,fsync \
		status=none
	[ $(($(figure pageouts) - out)) = 32 ] || fail "$(figure pageouts) after $out"
	expect 0 machvmstat
	said 'from Linux'
	said " $(figure pageins)  pages"
	said 'Segment '
	said 'below 4.0 GiB'
	said 'Cache '
	said 'request-16'
	expect 0 machvmstat --segments
	! grep -q Pool "$work/out"
}

# JSON that parses, with all that the header has and nothing else.
json()
{
	store data 64k
	pager data "$work/data"
	same "$nodes/data" "$work/data"
	machvmstat --json >"$work/json"
	expect 0 python3 - "$header" "$work/json" <<-'END'
		import json, re, sys
		header = open(sys.argv[1]).read()
		text = json.load(open(sys.argv[2]))
		def fields(name, without):
		    body = re.search(r"struct mach_vm_%s \{(.*?)\n\}" % name, header, re.S)
		    return set(re.findall(r"(\w+)(?:\[.*\])?;", body[1])) - set(without)
		assert set(text) == {"statistics", "segments", "caches"}, text.keys()
		assert set(text["statistics"]) == fields("statistics", ["size"])
		for name, member in ("segment", "segments"), ("cache", "caches"):
		    assert text[member], "no " + member
		    for entry in text[member]:
		        assert set(entry) == fields(name, ["size", "reserved"]), entry
		assert text["statistics"]["pageins"] >= 16
		assert sum(s["chunks"] for s in text["segments"]) == text["statistics"]["chunks"]
	END
	expect 0 machvmstat --json 0.05 3
	[ "$(wc -l <"$work/out")" = 3 ]
	expect 0 python3 -c 'import json, sys; [json.loads(l) for l in sys.stdin]' \
		<"$work/out"
}

rows()
{
	local pid
	store data 1M
	pager data "$work/data" --cluster 4k
	machvmstat 0.3 20 >"$work/rows" & pid=$!
	wait_for 20 [ -s "$work/rows" ]	# the header: it has begun to count
	cat "$nodes/data" >/dev/null
	wait $pid
	[ "$(wc -l <"$work/rows")" = 22 ] || fail "$(wc -l <"$work/rows") lines"
	# 256 pages came in some of the intervals, as many as requests; on a busy
	# machine intervals are longer, and rates less; rates are rounded, and a
	# page can come in the interval after its request's
	awk 'NR > 2 { if (NF != 13) bad = 1; in_ += $8; requests += $13 }
	     END { exit bad || in_ * 0.3 < 50 || in_ * 0.3 > 300 ||
		   (in_ - requests) ^ 2 > 25 }' "$work/rows" ||
		fail "$(<"$work/rows")"
}

# An object that may be read is enough.
rights()
{
	store data 64k
	pager data "$work/data" --mode 0644
	expect 1 as_nobody "$project/build/bin/machvmstat"
	said 'Permission denied'
	expect 0 as_nobody "$project/build/bin/machvmstat" -d "$nodes/data"
	said 'from Linux'
	expect 1 machvmstat --device /dev/null
	said 'not a device of machvm'
	expect 1 machvmstat --device "$work/none"
	said 'load the module (modprobe machvm)'
}

wrong()
{
	local arguments
	for arguments in --unknown '1 0' '0' '-- -1' '1x' '1 2 3' 'nan' '1 -1' \
		'--summary 1 1' '--device'; do
		# shellcheck disable=SC2086
		expect 2 machvmstat $arguments
		[ -s "$work/out" ]
	done
	expect 1 bash -c 'machvmstat >/dev/full'
	said 'No space left'
	expect 0 machvmstat --help
	said --json
	expect 0 machvmstat --version
	said 'module: interface '
	said ' ring '
	expect 0 machvmstat --version --device "$work/nothing"
	said 'No such file'
}

check summary summary
also json json
also rows rows
also rights rights
also wrong wrong
finish
