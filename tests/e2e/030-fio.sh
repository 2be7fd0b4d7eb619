#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# limit: 400
# fio's mmap engine on an object, with the jobs of tools/fio.
. "$(dirname "$0")/lib.sh"
command -v fio >/dev/null || {
	echo "skip $script: fio is not installed: apt-get install fio"
	exit 0
}

jobs=$project/tools/fio

job()
{
	MACHVM_NODE=$nodes/data MACHVM_SIZE=2M expect 0 \
		fio --output-format=terse "$jobs/$1.fio"
}

reads()
{
	local name=$1 file
	shift
	store data 2M
	file=$work/data
	pager data "$file" "$@"
	job "$name"
	same "$nodes/data" "$file"
}

# fio verifies by reading; then the file itself is verified, without the pager.
writes()
{
	local file
	store data 2M
	file=$work/data
	cp "$file" "$work/before"
	pager data "$file" --sync-interval 0 "$@"
	job write-verify
	same "$nodes/data" "$file"
	expect 1 cmp "$work/before" "$file"
	crash data
	MACHVM_NODE=$file MACHVM_SIZE=2M expect 0 \
		fio --output-format=terse --verify_only "$jobs/write-verify.fio"
}

threads()
{
	local file
	store data 2M
	file=$work/data
	pager data "$file" --cluster 16k
	MACHVM_NODE=$nodes/data MACHVM_SIZE=1M expect 0 \
		fio --output-format=terse --numjobs=4 --thread "$jobs/rand-read.fio"
	same "$nodes/data" "$file"
}

for transport in ring ioctl; do
	also "rand-read-$transport" reads rand-read --transport $transport \
		--cluster 4k
	also "seq-read-$transport" reads seq-read --transport $transport \
		--cluster 256k
	check "write-verify-$transport" writes --transport $transport
done
also write-verify-copy writes --copy
also threads threads
finish
