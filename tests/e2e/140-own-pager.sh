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

check lines lines
check written written
also refused refused
finish
