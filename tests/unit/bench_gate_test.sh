#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What tools/bench/gate lets through, and what not.
set -uo pipefail

root=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=

# rows FILE LINE...: kernel,mode,subject,case,cluster,value
rows()
{
	local file=$1 line
	shift
	{
		echo kernel,mode,subject,case,cluster_pages,metric,value
		for line; do
			echo "${line%,*},insn_per_page,${line##*,}"
		done
	} >"$file"
}

# gives NAME STATUS TEXT: what the gate says of now.csv beside committed.csv
gives()
{
	local status
	"$root/tools/bench/gate" "$work/now.csv" "$work/committed.csv" \
		>"$work/output" 2>&1
	status=$?
	if [ "$status" -eq "$2" ] && grep -qF -- "$3" "$work/output"; then
		echo "ok $1"
	else
		echo "not ok $1: status $status, and it said:"
		cat "$work/output"
		failed=yes
	fi
}

old=6.1,icount,machvm,cold-seq,1
rows "$work/committed.csv" $old,10000 6.12,icount,machvm,cold-seq,1,20000
rows "$work/now.csv" $old,10300
gives as-much-as-allowed 0 '1 counts compared, 0 above'
rows "$work/now.csv" $old,10301
gives above 1 'not ok 6.1 cold-seq 1: 10,301, committed 10,000 (+3.0%)'
rows "$work/now.csv" $old,9000
gives less 0 'less   6.1 cold-seq 1: 9,000'
rows "$work/now.csv" 6.1,icount,machvm,cold-rand,1,7
gives missing 1 'not ok 6.1 cold-seq 1: committed is 10,000, now there is none'
gives new 1 'new    6.1 cold-rand 1: 7'
rows "$work/now.csv" 5.10,icount,machvm,cold-seq,1,7
gives nothing-to-compare 1 '0 counts compared'
rows "$work/now.csv" $old,10000 6.1,smp2,machvm,cold-seq,1,7 \
	6.1,icount,uffd,cold-seq,1,7
gives other-subjects-and-times 0 '1 counts compared, 0 above'
rows "$work/now.csv"
gives no-counts 1 'has no counts of machvm'
rows "$work/now.csv" $old,10000 $old,10000
gives twice 1 'has 6.1 cold-seq 1 twice'
rows "$work/now.csv" $old,many
gives no-number 1 'could not convert'
rm "$work/now.csv"
gives no-file 1 'No such file'

rows "$work/now.csv" $old,12345
mv "$work/committed.csv" "$work/kept.csv"
"$root/tools/bench/gate" --renew "$work/now.csv" "$work/committed.csv"
gives made-anew 0 '1 counts compared, 0 above'
mv "$work/kept.csv" "$work/committed.csv"
"$root/tools/bench/gate" --renew "$work/now.csv" "$work/committed.csv"
gives renewed 0 '1 counts compared, 0 above'
rows "$work/now.csv" 6.12,icount,machvm,cold-seq,1,20000
gives others-stay 0 '1 counts compared, 0 above'
[ -z "$failed" ]
