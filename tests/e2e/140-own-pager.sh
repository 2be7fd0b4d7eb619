#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A program that maps a file through a pager of its own.
. "$(dirname "$0")/lib.sh"

text()
{
	seq -f 'line %06.0f of the text' 1 40000 >"$work/text"
}

lines()
{
	text
	expect 0 pager-umap "$work/text"
	said '40000 lines'
}

written()
{
	text
	expect 0 pager-umap --upper "$work/text"
	said '40000 lines'
	same "$work/text" <(seq -f 'LINE %06.0f OF THE TEXT' 1 40000)
}

refused()
{
	expect 1 pager-umap "$work/nothing"
	expect 2 pager-umap
	expect 2 pager-umap --help
}

# A file of sysfs says that it has a page and has some bytes.
short()
{
	expect 135 pager-umap /sys/kernel/uevent_seqnum
}

check lines lines
check written written
also refused refused
also short short
finish
